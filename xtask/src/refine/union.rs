//! Unions that were set aside (`arrange/unions.rs`), written here: read by the tag if there is one, else by the kind of JSON.
//!
//! For the union `Source` of that module's example, this is the code that chooses a branch:
//!
//! ```text
//! fn of(value: &Json<'_>) -> Option<Self> {
//!     match crate::support::union::tag(value, "type") {
//!         Some("url") => return crate::support::union::branch(value).map(Box::new).map(Self::Url),
//!         Some("base64") => return crate::support::union::branch(value).map(Box::new).map(Self::Base64),
//!         _ => {}
//!     }
//!     match value {
//!         _ => None,
//!     }
//! }
//! ```
//!
//! `None` becomes `Source::Unknown(value.into())`, or an error if the union is closed. A branch is not tried if the
//! tag or the kind rules it out. So a value is never taken for a branch that only happens to parse.

use std::collections::BTreeMap;

use proc_macro2::{Literal, TokenStream};
use quote::{ToTokens, format_ident, quote};
use syn::{Expr, Fields, Ident, Item, ItemImpl, ItemStruct, Type, parse_quote};

use super::{docs, unexpected};
use crate::diagnostic::Failure;
use crate::markdown;
use crate::model::{Branch, Schema, Tag, Union};
use crate::template::{template, text};

/// How many kinds of JSON value a union distinguishes. A branch with all of them may be anything.
const KINDS: usize = 6;

/// A branch and its type.
struct Variant<'a> {
    branch: &'a Branch,
    ident: Ident,
    /// The type that it holds, without the box.
    ty: Type,
}

/// Writes the type of a union and its impls. `parts` is the struct that typify made of its branches, which has their types.
pub(super) fn write(
    schema: &Schema,
    union: &Union,
    parts: &ItemStruct,
) -> Result<Vec<Item>, Failure> {
    let name = format_ident!("{}", crate::naming::type_name(&schema.name));
    let variants = variants(union, parts)?;
    Ok([
        vec![declaration(&name, schema, union, &variants)],
        redacted_debug(&name, schema, &variants),
        methods(&name, schema, union, &variants),
        serde(&name, schema, &variants),
        conversions(&name, &variants),
        vec![json_schema(&name, schema, &variants)],
    ]
    .concat())
}

/// The branches with their types, which are those of the fields of `parts`.
fn variants<'a>(union: &'a Union, parts: &ItemStruct) -> Result<Vec<Variant<'a>>, Failure> {
    let missing = |what: &str| {
        unexpected(&format!(
            "the parts `{}` of a union have no field `{what}`",
            union.branches_type
        ))
    };
    let Fields::Named(fields) = &parts.fields else {
        return Err(missing("b0"));
    };
    let variant = |branch: &'a Branch| {
        let field = fields
            .named
            .iter()
            .find(|field| field.ident.as_ref().is_some_and(|it| *it == branch.field))
            .ok_or_else(|| missing(&branch.field))?;
        Ok(Variant {
            branch,
            ident: syn::parse_str(&branch.variant).map_err(|_| missing(&branch.field))?,
            ty: field.ty.clone(),
        })
    };
    union.branches.iter().map(variant).collect()
}

/// The enum itself:
///
/// ```text
/// pub enum Source {
///     /// If `type` is `url`.
///     Url(Box<Url>),
///     /// If `type` is `base64`.
///     Base64(Box<Base64>),
///     /// A value that the description does not have. It is kept and sent back unchanged.
///     Unknown(Value),
/// }
/// ```
fn declaration(name: &Ident, schema: &Schema, union: &Union, variants: &[Variant<'_>]) -> Item {
    let doc = schema.description.as_deref().map(markdown::docs);
    let doc = doc
        .filter(|doc| !doc.is_empty())
        .unwrap_or_else(|| format!("The schema `{name}` of the description: one of several."));
    let docs = doc.lines().map(docs::line);
    let list = variants.iter().map(|variant| {
        let (ident, ty) = (&variant.ident, &variant.ty);
        let doc = match (&union.tag, variant.branch.tags.as_slice()) {
            (Some(tag), [_, ..]) => {
                let values: Vec<String> = variant
                    .branch
                    .tags
                    .iter()
                    .map(|value| markdown::code(&value.to_string()))
                    .collect();
                let tag = markdown::code(tag);
                format!(" If {tag} is {}.", values.join(" or "))
            }
            _ => format!(" {}.", kinds(variant.branch)),
        };
        // A branch that is a component is boxed: it may contain the union, and a type cannot contain itself.
        let ty = match variant.branch.boxed {
            true => quote!(::std::boxed::Box<#ty>),
            false => quote!(#ty),
        };
        quote! {
            #[doc = #doc]
            #ident(#ty)
        }
    });
    let unknown = schema.open.then(|| {
        quote! {
            /// A value that the description does not have. It is kept and sent back unchanged.
            Unknown(::serde_json::Value)
        }
    });
    let list = list.chain(unknown);
    let deprecated = docs::deprecated(schema.deprecated.as_ref());
    let derives = match hides_unknown(schema) {
        true => quote!(#[derive(Clone, PartialEq)]),
        false => quote!(#[derive(Clone, Debug, PartialEq)]),
    };
    parse_quote! {
        #(#docs)*
        #deprecated
        #derives
        #[non_exhaustive]
        pub enum #name {
            #(#list),*
        }
    }
}

/// Whether a value that no branch reads may hold a secret: a branch holds one, and what it reads tomorrow may be a little different.
fn hides_unknown(schema: &Schema) -> bool {
    schema.open && schema.holds_secret
}

/// A `Debug` that does not print a value that no branch reads, if it may hold a secret: `McpServer::Unknown([redacted])`.
fn redacted_debug(name: &Ident, schema: &Schema, variants: &[Variant<'_>]) -> Vec<Item> {
    if !hides_unknown(schema) {
        return Vec::new();
    }
    let known = variants.iter().map(|variant| {
        let (ident, text) = (&variant.ident, variant.ident.to_string());
        quote!(Self::#ident(value) => f.debug_tuple(#text).field(value).finish())
    });
    vec![parse_quote! {
        impl ::std::fmt::Debug for #name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                match self {
                    #(#known,)*
                    Self::Unknown(_) => f
                        .debug_tuple("Unknown")
                        .field(&::std::format_args!("[redacted]"))
                        .finish(),
                }
            }
        }
    }]
}

/// When a branch without a tag is chosen, for its documentation.
fn kinds(branch: &Branch) -> String {
    let words: Vec<&str> = branch
        .kinds
        .iter()
        .map(|kind| match kind.as_str() {
            "object" => "an object",
            "array" => "an array",
            "string" => "a text",
            "integer" => "a whole number",
            "number" => "a number",
            _ => "a truth value",
        })
        .collect();
    match words.as_slice() {
        [one] => format!("If it is {one}"),
        _ => "If nothing before fits".to_owned(),
    }
}

/// The places of the branches that values of the tag lead to, and these values.
type Arm<'a> = (Vec<usize>, Vec<&'a Tag>);

/// The pattern of a value of the tag.
fn pattern(value: &Tag) -> TokenStream {
    match value {
        Tag::Text(text) => quote!(#text),
        Tag::Truth(truth) => quote!(crate::support::union::Plain::Truth(#truth)),
        Tag::Whole(number) => {
            let sign = (*number < 0).then(|| quote!(-));
            let number = Literal::u128_unsuffixed(number.unsigned_abs());
            quote!(crate::support::union::Plain::Whole(#sign #number))
        }
    }
}

/// The function that chooses a branch, and `is_known`.
fn methods(name: &Ident, schema: &Schema, union: &Union, variants: &[Variant<'_>]) -> Vec<Item> {
    // The expression that tries one branch, and one that tries several in order.
    let attempt = |variant: &Variant<'_>| {
        let ident = &variant.ident;
        let into_box = variant
            .branch
            .boxed
            .then(|| quote!(.map(::std::boxed::Box::new)));
        quote!(crate::support::union::branch(value) #into_box .map(Self::#ident))
    };
    let first_of = |attempts: Vec<TokenStream>| {
        let mut attempts = attempts.into_iter();
        let first = attempts
            .next()
            .unwrap_or_else(|| quote!(::std::option::Option::None));
        attempts.fold(first, |before, next| quote!(#before.or_else(|| #next)))
    };

    // Objects with a known tag: one attempt each, except for a value that several branches have.
    let mut by_tag: BTreeMap<&Tag, Vec<usize>> = BTreeMap::new();
    if union.tag.is_some() {
        for (index, variant) in variants.iter().enumerate() {
            for value in &variant.branch.tags {
                by_tag.entry(value).or_default().push(index);
            }
        }
    }
    // Values that lead to the same branches share an arm of the match. Texts are looked at apart from numbers and truth values.
    let mut of_texts: Vec<Arm<'_>> = Vec::new();
    let mut of_others: Vec<Arm<'_>> = Vec::new();
    for (value, indexes) in by_tag {
        let arms = match value {
            Tag::Text(_) => &mut of_texts,
            Tag::Whole(_) | Tag::Truth(_) => &mut of_others,
        };
        match arms.iter_mut().find(|(known, _)| *known == indexes) {
            Some((_, values)) => values.push(value),
            None => arms.push((indexes, vec![value])),
        }
    }
    let by_value = |tag: &str, mut arms: Vec<Arm<'_>>, look: TokenStream| {
        // In the order of the branches, so that the code changes little when a value is added.
        arms.sort();
        let arms = arms.iter().map(|(indexes, values)| {
            let attempts = indexes.iter().map(|index| attempt(&variants[*index]));
            let attempts = first_of(attempts.collect());
            let values = values.iter().map(|it| pattern(it));
            quote!(::std::option::Option::Some(#(#values)|*) => return #attempts,)
        });
        (arms.len() > 0).then(|| {
            quote! {
                match crate::support::union::#look(value, #tag) {
                    #(#arms)*
                    _ => {}
                }
            }
        })
    };
    let tagged = union.tag.as_ref().map(|tag| {
        let texts = by_value(tag, of_texts, quote!(tag));
        let others = by_value(tag, of_others, quote!(plain_tag));
        quote!(#texts #others)
    });

    // Everything else by its kind. Of several objects, the one with most required properties is tried first: an object that has them
    // all may fit a branch that requires fewer, too.
    let of_kind = |kind: &str| {
        let mut fitting: Vec<&Variant<'_>> = variants
            .iter()
            .filter(|variant| {
                // An object whose tag is known was dealt with above. One without a known tag is no branch that has one.
                let has_tag = union.tag.is_some() && !variant.branch.tags.is_empty();
                let is_kind = variant.branch.kinds.iter().any(|it| it == kind);
                is_kind && !(kind == "object" && has_tag)
            })
            .collect();
        fitting.sort_by_key(|variant| {
            let branch = variant.branch;
            std::cmp::Reverse(branch.required.len() + branch.in_answers.len())
        });
        fitting
    };
    let mut by_kind = Vec::new();
    for (kinds, pattern) in [
        (
            &["object"][..],
            quote!(crate::support::borrowed::Json::Object(_)),
        ),
        (&["array"], quote!(crate::support::borrowed::Json::Array(_))),
        (
            &["string"],
            quote!(crate::support::borrowed::Json::String(_)),
        ),
        (
            &["integer", "number"],
            quote!(crate::support::borrowed::Json::Number(_)),
        ),
        (
            &["boolean"],
            quote!(crate::support::borrowed::Json::Bool(_)),
        ),
    ] {
        let mut fitting: Vec<&Variant<'_>> = Vec::new();
        for variant in kinds.iter().flat_map(|kind| of_kind(kind)) {
            if !fitting.iter().any(|it| it.ident == variant.ident) {
                fitting.push(variant);
            }
        }
        // Enums come before a branch that takes any text, and a branch that may be anything is last.
        fitting.sort_by_key(|variant| {
            let is_any = variant.branch.kinds.len() == KINDS;
            (is_any, variant.branch.texts.is_empty())
        });
        let is_one_of_several = fitting.len() > 1;
        if fitting.is_empty() {
            continue;
        }
        // A value that is read is usually an answer, so the properties that every answer has are looked for first. A request that
        // is read again lacks them. It is recognised in a second round, by the properties that requests have.
        let in_requests = fitting
            .iter()
            .filter(|it| kinds == ["object"] && !it.branch.in_answers.is_empty())
            .map(|it| (it, it.branch.required.clone()));
        let in_answers = fitting.iter().map(|it| {
            (
                it,
                [&it.branch.required[..], &it.branch.in_answers].concat(),
            )
        });
        let attempts = in_answers.chain(in_requests).map(|(variant, required)| {
            let plain = attempt(variant);
            // A branch that takes only fractions takes an integer too, if an `f64` holds it without rounding.
            let is_number =
                kinds.contains(&"number") && variant.branch.kinds.iter().all(|it| it == "number");
            let texts = &variant.branch.texts;
            if is_one_of_several && !texts.is_empty() {
                quote!(crate::support::union::one_of(value, &[#(#texts),*]).and_then(|value| #plain))
            } else if kinds == ["object"] && !required.is_empty() {
                quote!(crate::support::union::has(value, &[#(#required),*]).and_then(|value| #plain))
            } else if is_number {
                quote!(crate::support::union::exact(value).and_then(|value| #plain))
            } else {
                plain
            }
        });
        let attempts = first_of(attempts.collect());
        by_kind.push(quote!(#pattern => #attempts,));
    }
    let known = schema.open.then(|| {
        quote! {
            /// Whether the description knows it.
            #[must_use]
            pub fn is_known(&self) -> bool {
                !::std::matches!(self, Self::Unknown(_))
            }
        }
    });
    vec![parse_quote! {
        impl #name {
            #known

            fn of(value: &crate::support::borrowed::Json<'_>) -> ::std::option::Option<Self> {
                #tagged
                match value {
                    #(#by_kind)*
                    _ => ::std::option::Option::None,
                }
            }
        }
    }]
}

/// How the union is read and written. A value is read as JSON first, since it may have to be tried for several branches. That JSON
/// borrows its texts: see `letta-api/src/support/borrowed.rs`.
fn serde(name: &Ident, schema: &Schema, variants: &[Variant<'_>]) -> Vec<Item> {
    let idents: Vec<&Ident> = variants.iter().map(|variant| &variant.ident).collect();
    // An open union keeps a value that no branch fits. A closed one fails, which the overlay has asked for.
    let (written, read) = if schema.open {
        (
            Some(quote!(Self::Unknown(value) => value.serialize(serializer),)),
            template!(Expr: {
                ::std::result::Result::Ok(match Self::of(&value) {
                    ::std::option::Option::Some(known) => known,
                    ::std::option::Option::None => Self::Unknown(value.into()),
                })
            }),
        )
    } else {
        let message = format!("no branch of `{}` fits", schema.name);
        (
            None,
            template!(
                Expr: { Self::of(&value).ok_or_else(|| <D::Error as ::serde::de::Error>::custom(message)) },
                message = &text(&message),
            ),
        )
    };
    vec![
        parse_quote! {
            impl ::serde::Serialize for #name {
                fn serialize<S: ::serde::Serializer>(
                    &self,
                    serializer: S,
                ) -> ::std::result::Result<S::Ok, S::Error> {
                    match self {
                        #(Self::#idents(value) => value.serialize(serializer),)*
                        #written
                    }
                }
            }
        },
        Item::Impl(template!(
            ItemImpl: {
                impl<'de> ::serde::Deserialize<'de> for Name {
                    fn deserialize<D: ::serde::Deserializer<'de>>(
                        deserializer: D,
                    ) -> ::std::result::Result<Self, D::Error> {
                        let value = crate::support::borrowed::Json::deserialize(deserializer)?;
                        read
                    }
                }
            },
            Name = name,
            read = &read,
        )),
    ]
}

/// `From` for the type of each branch, so that a setter takes a branch as it takes the union. There is none for a type that two branches
/// have: it would not say which branch is meant.
fn conversions(name: &Ident, variants: &[Variant<'_>]) -> Vec<Item> {
    let texts: Vec<String> = variants
        .iter()
        .map(|variant| variant.ty.to_token_stream().to_string())
        .collect();
    let mut items = Vec::new();
    for (variant, text) in variants.iter().zip(&texts) {
        if texts.iter().filter(|it| *it == text).count() > 1 {
            continue;
        }
        let (ident, ty) = (&variant.ident, &variant.ty);
        let held = match variant.branch.boxed {
            true => template!(Expr: { ::std::boxed::Box::new(value) }),
            false => template!(Expr: { value }),
        };
        items.push(Item::Impl(template!(
            ItemImpl: {
                impl ::std::convert::From<Held> for Name {
                    fn from(value: Held) -> Self {
                        Self::Variant(held)
                    }
                }
            },
            Held = ty,
            Name = name,
            Variant = ident,
            held = &held,
        )));
        if text == ":: std :: string :: String" {
            items.push(Item::Impl(template!(
                ItemImpl: {
                    impl ::std::convert::From<&str> for Name {
                        fn from(value: &str) -> Self {
                            Self::Variant(value.to_owned())
                        }
                    }
                },
                Name = name,
                Variant = ident,
            )));
        }
    }
    items
}

/// The JSON Schema of the union, behind the feature.
fn json_schema(name: &Ident, schema: &Schema, variants: &[Variant<'_>]) -> Item {
    let types = variants.iter().map(|variant| &variant.ty);
    let text = name.to_string();
    let open = schema.open;
    parse_quote! {
        #[cfg(feature = "schemars")]
        impl ::schemars::JsonSchema for #name {
            fn schema_name() -> ::std::borrow::Cow<'static, str> {
                #text.into()
            }

            fn json_schema(generator: &mut ::schemars::SchemaGenerator) -> ::schemars::Schema {
                let branches = ::std::vec![#(generator.subschema_for::<#types>()),*];
                crate::support::union::schema(branches, #open)
            }
        }
    }
}
