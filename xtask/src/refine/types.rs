//! Types. Those that may grow are `#[non_exhaustive]` and have constructors. All are comparable, documented and
//! safe to print.
//!
//! For a schema `Agent` with the required property `id` and the optional one `name`, typify writes the struct, and this module adds
//! `#[non_exhaustive]` and
//!
//! ```text
//! impl Agent {
//!     /// Made of its required fields; the others are left out. They have setters.
//!     pub fn new(id: impl Into<String>) -> Self
//!     /// Sets `name`.
//!     pub fn with_name(mut self, name: impl Into<String>) -> Self
//! }
//! ```
//!
//! Enums of texts are opened by `open_enum`, texts with a name are written by `named_text`, unions that typify writes by `open_unions`, and other unions are written by `union`.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use heck::ToSnakeCase;
use proc_macro2::{TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote};
use syn::punctuated::Punctuated;
use syn::{
    Attribute, Expr, ExprPath, ExprStruct, Field, FieldValue, Fields, FnArg, GenericArgument,
    Ident, ImplItem, ImplItemFn, Item, ItemEnum, ItemImpl, ItemStruct, Lit, LitStr, Member, Meta,
    Path, PathArguments, Stmt, Token, Type, Variant, parse_quote,
};

use super::{
    docs, named_text, open_enum, open_unions, optional_fields, unexpected, union, uploads,
};
use crate::diagnostic::Failure;
use crate::markdown;
use crate::model::{Model, Schema};
use crate::naming::UNKNOWN_MEMBERS;
use crate::template::template;

/// The refined types.
pub(super) struct Types {
    /// The types with their impls, and typify's helper modules.
    pub(super) items: Vec<Item>,
    /// How many types there are.
    pub(super) count: usize,
}

/// The types that any text fits, by name.
pub(super) struct Texts {
    /// Open enums. typify's conversions fail for an unknown value, and an open enum has none.
    enums: BTreeSet<String>,
    /// Texts with a name, such as IDs.
    named: BTreeSet<String>,
}

impl Texts {
    fn of(items: &[Item], model: &Model) -> Self {
        let enums = items.iter().filter_map(|item| match item {
            Item::Enum(item) if open_enum::is_text(item) => Some(item.ident.to_string()),
            _ => None,
        });
        let is_open = |name: &String| model.schemas.get(name).is_some_and(|it| it.open);
        Self {
            enums: enums.filter(is_open).collect(),
            named: named_text::all(items, model),
        }
    }

    /// Whether a type of this name is one of them.
    pub(super) fn contains(&self, name: &str) -> bool {
        self.enums.contains(name) || self.named.contains(name)
    }
}

/// Refines all items of typify's module.
///
/// Types are found by name in the model. Every schema with a marker must be found. If the names of the two ever differ, a secret might be
/// printed, or an enum stay closed, so that is an error.
pub(super) fn refine(items: Vec<Item>, model: &Model) -> Result<Types, Failure> {
    let mut out = Types {
        items: Vec::new(),
        count: 0,
    };
    // The schemas that a type was found for.
    let mut found = BTreeSet::new();
    let texts = Texts::of(&items, model);

    let unions: BTreeMap<&str, &Schema> = model
        .schemas
        .values()
        .filter_map(|schema| Some((schema.union.as_ref()?.branches_type.as_str(), schema)))
        .collect();
    // Types that keep unknown members, and types with a field that the constructor asks for and typify does not require.
    let keeping: BTreeSet<&str> = model
        .schemas
        .iter()
        .filter(|(_, schema)| schema.keeps_unknown.is_some())
        .map(|(name, _)| name.as_str())
        .collect();
    let asking: BTreeSet<&str> = model
        .schemas
        .iter()
        .filter(|(_, schema)| {
            !schema.required_to_send.is_empty() || optional_fields::is_asked(schema)
        })
        .map(|(name, _)| name.as_str())
        .collect();
    // The struct of a union's branches exists only to have typify make the types of its fields. The union takes its place.
    let is_parts = |name: &str| unions.contains_key(name);
    for item in items {
        match item {
            Item::Struct(item) if is_parts(&item.ident.to_string()) => {
                let schema = unions[item.ident.to_string().as_str()];
                if let Some(how) = &schema.union {
                    out.count += 1;
                    found.insert(schema.name.as_str());
                    out.items.extend(union::write(schema, how, &item)?);
                }
            }
            // Its impls go with the struct of branches.
            Item::Impl(block)
                if self_name(&block.self_ty).is_some_and(|name| is_parts(&name.to_string())) => {}
            Item::Struct(item) => {
                let schema = model.schemas.get(&item.ident.to_string());
                found.extend(schema.map(|schema| schema.name.as_str()));
                out.count += 1;
                out.items
                    .extend(refine_struct(item, schema, model, &texts)?);
            }
            Item::Enum(item) => {
                let schema = model.schemas.get(&item.ident.to_string());
                found.extend(schema.map(|schema| schema.name.as_str()));
                out.count += 1;
                out.items.extend(refine_enum(item, schema, model, &texts)?);
            }
            // Conversions of an open enum, which `open_enum` has written anew.
            Item::Impl(block)
                if block.trait_.is_some()
                    && self_name(&block.self_ty)
                        .is_some_and(|name| texts.enums.contains(&name.to_string())) => {}
            Item::Impl(block) if named_text::writes(&block, &texts.named) => {}
            // A type with a field that must be given to send it has no default.
            Item::Impl(block) if makes_default_of(&block, &asking) => {}
            // typify's `Default` lacks the field for unknown members. The constructor has it.
            Item::Impl(mut block) if makes_default_of(&block, &keeping) => {
                for item in &mut block.items {
                    if let syn::ImplItem::Fn(function) = item {
                        function.block = parse_quote!({ Self::new() });
                    }
                }
                out.items.push(Item::Impl(block));
            }
            item => out.items.push(item),
        }
    }

    // typify's module `error` is only needed for conversions that can fail, and those of open enums cannot.
    let converts = out.items.iter().any(|item| match item {
        Item::Impl(block) => block.items.iter().any(|item| match item {
            syn::ImplItem::Type(error) => is_called(&error.ty, "ConversionError"),
            _ => false,
        }),
        _ => false,
    });
    if !converts {
        out.items
            .retain(|item| !matches!(item, Item::Mod(module) if module.ident == "error"));
    }

    for schema in model.schemas.values() {
        let marked = schema.union.is_some()
            || !schema.sensitive.is_empty()
            || !schema.variant_names.is_empty();
        if marked && !found.contains(schema.name.as_str()) {
            return Err(unexpected(&format!(
                "the schema `{}` is marked, and no type of that name was generated",
                schema.name
            )));
        }
    }
    uploads::finish(&mut out.items, model)?;
    Ok(out)
}

/// A struct: its documentation, the order and direction of its fields, its constructor and setters.
fn refine_struct(
    mut item: ItemStruct,
    schema: Option<&Schema>,
    model: &Model,
    texts: &Texts,
) -> Result<Vec<Item>, Failure> {
    let name = item.ident.clone();
    docs::tidy(&mut item.attrs, || {
        format!("The schema `{name}` of the description.")
    });
    let deprecated = schema.and_then(|schema| schema.deprecated.as_ref());
    item.attrs.extend(docs::deprecated(deprecated));
    if texts.named.contains(&name.to_string()) {
        let call = named_text::refine(&mut item)?;
        return Ok(vec![Item::Struct(item), call]);
    }
    derive(&mut item.attrs, &["PartialEq"])?;
    // A newtype of another type has no fields to add.
    let Fields::Named(fields) = &mut item.fields else {
        return Ok(vec![Item::Struct(item)]);
    };
    item.attrs.push(non_exhaustive());
    // A type without a schema is one that typify has made within another, and keeps its order.
    let order = schema
        .map(|schema| schema.properties.as_slice())
        .unwrap_or(&[]);
    reorder(&mut fields.named, order, model)?;
    if let Some(name) = schema.and_then(|schema| schema.keeps_unknown.as_deref()) {
        open_unions::keep_unknown_members(&mut fields.named, name)?;
        if let Some(field) = fields.named.last_mut() {
            field.vis = parse_quote!(pub);
        }
    }
    let (not_sent, to_send) = match schema {
        Some(schema) => (&schema.not_sent[..], &schema.required_to_send[..]),
        None => (&[][..], &[][..]),
    };
    for field in &mut fields.named {
        document_field(field)?;
        if let Some(schema) = schema {
            optional_fields::arrange(field, schema)?;
        }
        give_direction(field, not_sent, to_send)?;
        let note = match schema {
            Some(schema) => schema.deprecated_properties.get(&wire_name(field)?),
            None => None,
        };
        field.attrs.extend(docs::deprecated(note));
    }

    // After all fields are in place, the one for unknown members included: a constructor sets every field.
    let parts = Parts::of(&fields.named, schema, texts)?;
    let constructor = parts.constructor(&format_ident!("new"), parse_quote!(Self), true);
    let methods = std::iter::once(constructor).chain(parts.setters());
    let mut items = vec![inherent(&name, methods)];
    if let Some(schema) = schema.filter(|schema| !schema.sensitive.is_empty()) {
        let is_hidden = |wire: &str| schema.sensitive.iter().any(|it| it == wire);
        let unknown = schema.keeps_unknown.as_deref();
        items.push(redacted_debug(&mut item, is_hidden, unknown)?);
    }
    items.insert(0, Item::Struct(item));
    Ok(items)
}

/// An enum: its documentation, constructors of variants with fields, and opening it if the model says so.
fn refine_enum(
    mut item: ItemEnum,
    schema: Option<&Schema>,
    model: &Model,
    texts: &Texts,
) -> Result<Vec<Item>, Failure> {
    let name = item.ident.clone();
    docs::tidy(&mut item.attrs, || {
        format!("The schema `{name}` of the description.")
    });
    let deprecated = schema.and_then(|schema| schema.deprecated.as_ref());
    item.attrs.extend(docs::deprecated(deprecated));
    derive(&mut item.attrs, &["PartialEq"])?;
    item.attrs.push(non_exhaustive());

    let is_open_union = schema.is_some_and(|schema| schema.open) && !open_enum::is_text(&item);
    let mut constructors = Vec::new();
    for variant in &mut item.variants {
        let wire = serde_name(&variant.attrs)?.unwrap_or_else(|| variant.ident.to_string());
        docs::tidy(&mut variant.attrs, || markdown::code(&wire));
        // A branch with nothing but its tag. It needs braces to hold unknown members.
        if is_open_union && matches!(variant.fields, Fields::Unit) {
            variant.fields = Fields::Named(parse_quote!({}));
        }
        if let Fields::Named(fields) = &mut variant.fields {
            reorder(&mut fields.named, &[], model)?;
            if is_open_union {
                open_unions::keep_unknown_members(&mut fields.named, UNKNOWN_MEMBERS)?;
            }
            for field in &mut fields.named {
                document_field(field)?;
            }
            let parts = Parts::of(&fields.named, None, texts)?;
            let ident = &variant.ident;
            let method = method_ident(&variant.ident.to_string());
            let path = path([format_ident!("Self"), ident.clone()]);
            constructors.push(parts.constructor(&method, path, false));
            variant.attrs.push(non_exhaustive());
        }
    }

    let mut items = Vec::new();
    match schema.filter(|schema| schema.open) {
        Some(schema) if open_enum::is_text(&item) => {
            items.extend(open_enum::open(&mut item, schema)?)
        }
        Some(schema) => items.extend(open_unions::union(&mut item, schema, texts)?),
        None => {}
    }
    if !constructors.is_empty() {
        items.push(inherent(&name, constructors));
    }
    items.insert(0, Item::Enum(item));
    Ok(items)
}

/// Adds derives that are not there yet, and `JsonSchema` behind the feature `schemars`: an application that does not need it should not
/// compile it.
fn derive(attrs: &mut Vec<Attribute>, more: &[&str]) -> Result<(), Failure> {
    add_derives(attrs, more)?;
    attrs.push(template!(Attribute: {
        #[cfg_attr(feature = "schemars", derive(::schemars::JsonSchema))]
    }));
    Ok(())
}

/// Adds derives that are not there yet.
pub(super) fn add_derives(attrs: &mut [Attribute], more: &[&str]) -> Result<(), Failure> {
    edit_derives(attrs, |derives| {
        for name in more {
            if !derives.iter().any(|derive| derive.name == name) {
                let name = format_ident!("{name}");
                let path = name.to_token_stream();
                derives.push(Derive { name, path });
            }
        }
    })
}

/// A trait that is derived.
pub(super) struct Derive {
    /// The last name of the path to it.
    pub(super) name: Ident,
    path: TokenStream,
}

/// Changes the list of derives of a type. Every generated type has one, so a type without is an error.
pub(super) fn edit_derives(
    attrs: &mut [Attribute],
    edit: impl FnOnce(&mut Vec<Derive>),
) -> Result<(), Failure> {
    for attr in attrs {
        if let Meta::List(list) = &mut attr.meta
            && list.path.is_ident("derive")
        {
            let tokens: Vec<TokenTree> = list.tokens.clone().into_iter().collect();
            let is_comma =
                |token: &TokenTree| matches!(token, TokenTree::Punct(it) if it.as_char() == ',');
            let mut derives = Vec::new();
            for path in tokens.split(is_comma).filter(|path| !path.is_empty()) {
                let Some(TokenTree::Ident(name)) = path.last() else {
                    return Err(unexpected("a derive does not end in a name"));
                };
                derives.push(Derive {
                    name: name.clone(),
                    path: path.iter().cloned().collect(),
                });
            }
            edit(&mut derives);
            let paths = derives.iter().map(|derive| &derive.path);
            list.tokens = quote!(#(#paths),*);
            return Ok(());
        }
    }
    Err(unexpected("a type derives nothing"))
}

/// The arguments of serde's attributes. `#[serde(rename = "type", flatten)]` gives `rename` with the text `type`, and `flatten` without
/// a text.
pub(super) fn serde_arguments(
    attrs: &[Attribute],
) -> Result<Vec<(Ident, Option<LitStr>)>, Failure> {
    let mut arguments = Vec::new();
    for attr in attrs {
        let Meta::List(list) = &attr.meta else {
            continue;
        };
        if !list.path.is_ident("serde") {
            continue;
        }
        // Read token by token: there are many attributes, and to parse each takes a good part of this stage's time.
        for token in list.tokens.clone() {
            match (token, arguments.last_mut()) {
                (TokenTree::Ident(name), _) => arguments.push((name, None)),
                (TokenTree::Literal(value), Some((_, text @ None))) => match Lit::new(value) {
                    Lit::Str(value) => *text = Some(value),
                    _ => {
                        return Err(unexpected(
                            "a serde attribute is given something that is not a text",
                        ));
                    }
                },
                (TokenTree::Punct(punct), Some(_)) if matches!(punct.as_char(), '=' | ',') => {}
                _ => return Err(unexpected("a serde attribute does not parse")),
            }
        }
    }
    Ok(arguments)
}

/// The name that serde uses for a field or a variant, if an attribute gives one.
pub(super) fn serde_name(attrs: &[Attribute]) -> Result<Option<String>, Failure> {
    let mut arguments = serde_arguments(attrs)?.into_iter();
    let name = arguments.find_map(|(name, text)| text.filter(|_| name == "rename"));
    Ok(name.map(|text| text.value()))
}

/// The value that serde gives a field that is missing. `None` if the field must be there.
pub(super) fn default(field: &Field) -> Result<Option<Expr>, Failure> {
    for (name, text) in serde_arguments(&field.attrs)? {
        match text {
            // The description's own default, made by a function of the generated code.
            Some(text) if name == "default" => {
                let path: ExprPath = text
                    .parse()
                    .map_err(|error| unexpected(&format!("a default is not a path: {error}")))?;
                return Ok(Some(parse_quote!(#path())));
            }
            None if name == "default" || name == "flatten" => return Ok(Some(default_value())),
            _ => {}
        }
    }
    Ok(None)
}

/// `Default::default()`
fn default_value() -> Expr {
    template!(Expr: { ::std::default::Default::default() })
}

/// Puts fields in the order in which the description declares the properties. The generator sorts them by
/// name. A body should look as it does in the service's documentation, and so should the arguments of `new`.
fn reorder(
    fields: &mut Punctuated<Field, Token![,]>,
    declared: &[String],
    model: &Model,
) -> Result<(), Failure> {
    if fields.len() < 2 {
        return Ok(());
    }
    // Properties are compared by their names on the wire. A field's own name may differ.
    let mut named = Vec::new();
    for field in std::mem::take(fields) {
        let ident = field
            .ident
            .as_ref()
            .map(Ident::to_string)
            .unwrap_or_default();
        let ident = ident.trim_start_matches("r#").to_owned();
        named.push((serde_name(&field.attrs)?.unwrap_or(ident), field));
    }
    let order = if declared.is_empty() {
        // A variant has no schema with a name. Any schema with the same properties gives the order. It may have one more: the
        // discriminator, which is not a field.
        model
            .property_orders
            .iter()
            .filter(|order| named.iter().all(|(name, _)| order.contains(name)))
            .min_by_key(|order| order.len())
            .map(Vec::as_slice)
            .unwrap_or(&[])
    } else {
        declared
    };
    // A field that the schema does not list, such as one that is merged in, comes after those that it does.
    let places: HashMap<&str, usize> = order
        .iter()
        .enumerate()
        .map(|(place, name)| (name.as_str(), place))
        .collect();
    named.sort_by_key(|(name, _)| places.get(name.as_str()).copied().unwrap_or(usize::MAX));
    fields.extend(named.into_iter().map(|(_, field)| field));
    Ok(())
}

/// Documents a field. Without a text in the description, that is its name on the wire and a link to its type.
fn document_field(field: &mut Field) -> Result<(), Failure> {
    let wire = wire_name(field)?;
    let inner = optional(&field.ty).unwrap_or(&field.ty);
    let wire = markdown::code(&wire);
    let default = match docs::link(inner) {
        Some(link) => format!("{wire}: see {link}."),
        None => wire,
    };
    docs::tidy(&mut field.attrs, || default);
    Ok(())
}

/// Applies the notes about `readOnly` and `writeOnly` to a field: one that is not sent is skipped in writing, and one that must be sent
/// is always written.
fn give_direction(
    field: &mut Field,
    not_sent: &[String],
    to_send: &[String],
) -> Result<(), Failure> {
    let wire = wire_name(field)?;
    let said = if not_sent.contains(&wire) {
        "Read-only: the service gives it, and it is not sent."
    } else if to_send.contains(&wire) {
        "Write-only: requests must have it, and answers do not."
    } else {
        return Ok(());
    };
    let arguments = serde_arguments(&field.attrs)?;
    let kept = arguments
        .iter()
        // `skip_serializing_if` stays for an `Option` that must be sent, which is `Some` then. An empty list that must be sent is
        // written.
        .filter(|(name, _)| {
            let is_condition = name == "skip_serializing_if";
            !is_condition || (to_send.contains(&wire) && optional(&field.ty).is_some())
        })
        .map(|(name, text)| match text {
            Some(text) => quote!(#name = #text),
            None => quote!(#name),
        });
    let skip = not_sent.contains(&wire).then(|| quote!(skip_serializing));
    let all: Vec<TokenStream> = kept.chain(skip).collect();
    set_serde_arguments(field, all);
    docs::add(&mut field.attrs, said);
    Ok(())
}

/// Writes serde's attribute of a field anew, with these arguments: serde takes several in one.
pub(super) fn set_serde_arguments(field: &mut Field, arguments: Vec<TokenStream>) {
    field.attrs.retain(|attr| !attr.path().is_ident("serde"));
    if !arguments.is_empty() {
        field.attrs.push(parse_quote!(#[serde(#(#arguments),*)]));
    }
}

/// The name of a field as it goes over the wire.
pub(super) fn wire_name(field: &Field) -> Result<String, Failure> {
    let ident = field.ident.as_ref().map(Ident::to_string);
    let plain = ident.map(|it| it.trim_start_matches("r#").to_owned());
    Ok(serde_name(&field.attrs)?.or(plain).unwrap_or_default())
}

/// A field that must be given to the constructor.
struct Asked<'a> {
    ident: &'a Ident,
    /// The type of the value to give.
    ty: &'a Type,
    /// Whether the field is an `Option` nevertheless: answers do not have it.
    is_optional: bool,
}

/// A field that may be left out.
struct Left<'a> {
    ident: &'a Ident,
    ty: &'a Type,
    attrs: &'a [Attribute],
    /// Whether it is sent. If not, there is no setter for it.
    is_sent: bool,
}

/// The fields of a struct or a variant, by whether they must be given.
struct Parts<'a> {
    texts: &'a Texts,
    required: Vec<Asked<'a>>,
    optional: Vec<Left<'a>>,
    /// The initial values of the optional ones.
    defaults: Vec<Expr>,
}

impl<'a> Parts<'a> {
    /// Sorts the fields. The schema knows which are only read, and which must be given, though answers may lack them. A variant has
    /// none.
    fn of(
        fields: &'a Punctuated<Field, Token![,]>,
        schema: Option<&Schema>,
        texts: &'a Texts,
    ) -> Result<Self, Failure> {
        let mut parts = Self {
            texts,
            required: Vec::new(),
            optional: Vec::new(),
            defaults: Vec::new(),
        };
        for field in fields {
            let ident = field
                .ident
                .as_ref()
                .ok_or_else(|| unexpected("a field without a name"))?;
            // A field is optional if serde has a value for it when it is missing, or if it is an `Option`.
            let wire = wire_name(field)?;
            let begins_empty = optional(&field.ty).is_some()
                || schema.is_some_and(|schema| optional_fields::begins_empty(schema, &wire));
            let default = match default(field)? {
                None if begins_empty => Some(default_value()),
                default => default,
            };
            let inner = optional(&field.ty);
            let is_asked = schema.is_some_and(|it| it.required_to_send.contains(&wire));
            let is_sent = schema.is_none_or(|it| !it.not_sent.contains(&wire));
            match default {
                Some(default) if !is_asked => {
                    parts.optional.push(Left {
                        ident,
                        ty: &field.ty,
                        attrs: &field.attrs,
                        is_sent,
                    });
                    parts.defaults.push(default);
                }
                default => parts.required.push(Asked {
                    ident,
                    ty: inner.filter(|_| default.is_some()).unwrap_or(&field.ty),
                    is_optional: default.is_some() && inner.is_some(),
                }),
            }
        }
        Ok(parts)
    }

    /// A function that makes a value. `#[non_exhaustive]` keeps users from writing a struct literal, so this is their only way:
    ///
    /// ```text
    /// pub fn new(id: impl Into<String>, size: u32) -> Self { Self { id: id.into(), size, name: Default::default() } }
    /// ```
    ///
    /// A required field that the description adds later becomes another argument, which breaks callers. That is meant: without it, the
    /// service would refuse the request.
    fn constructor(&self, name: &Ident, path: Path, has_setters: bool) -> ImplItemFn {
        // Fields that are only read have no setters.
        let has_setters = has_setters && self.optional.iter().any(|left| left.is_sent);
        let setters = if has_setters {
            " They have setters."
        } else {
            ""
        };
        let doc = match (self.required.is_empty(), self.optional.is_empty()) {
            (false, true) => "Made of all its fields.".to_owned(),
            (false, false) => {
                format!("Made of its required fields; the others are left out.{setters}")
            }
            (true, _) => format!("Made with every field left out.{setters}"),
        };

        let mut parameters = Punctuated::new();
        let mut values = Punctuated::new();
        for Asked {
            ident,
            ty,
            is_optional,
        } in &self.required
        {
            // Texts are taken as `impl Into<String>`. A number must have its type: `impl Into<u32>` would not take the literal 5.
            let value = if converts(ty, self.texts) {
                parameters.push(template!(
                    FnArg: { field: impl ::std::convert::Into<Type> },
                    field = *ident,
                    Type = *ty,
                ));
                template!(Expr: { field.into() }, field = *ident)
            } else {
                parameters.push(template!(FnArg: { field: Type }, field = *ident, Type = *ty));
                Expr::Path(ExprPath {
                    attrs: Vec::new(),
                    qself: None,
                    path: Path::from((*ident).clone()),
                })
            };
            values.push(if *is_optional {
                let value = template!(
                    Expr: { ::std::option::Option::Some(value) },
                    value = &value,
                );
                field_value(ident, value)
            } else if matches!(value, Expr::Path(_)) {
                FieldValue {
                    colon_token: None,
                    ..field_value(ident, value)
                }
            } else {
                field_value(ident, value)
            });
        }
        for (left, default) in self.optional.iter().zip(&self.defaults) {
            values.push(field_value(left.ident, default.clone()));
        }
        let value = Expr::Struct(ExprStruct {
            attrs: Vec::new(),
            qself: None,
            path,
            brace_token: Default::default(),
            fields: values,
            dot2_token: None,
            rest: None,
        });
        let mut method = template!(
            ImplItemFn: {
                #[must_use]
                pub fn name() -> Self { value }
            },
            name = name,
            value = &value,
        );
        method.sig.inputs = parameters;
        method.attrs.insert(0, docs::line(&doc));
        method
    }

    /// A setter for each optional field that is sent, and one more for each that may be null.
    fn setters(&self) -> Vec<ImplItemFn> {
        let sent = || self.optional.iter().filter(|left| left.is_sent);
        let mut taken: BTreeSet<Ident> = sent().map(|left| setter_name(left.ident)).collect();
        let mut setters = Vec::new();
        for Left {
            ident, ty, attrs, ..
        } in sent()
        {
            if let Some(inner) = optional(ty) {
                setters.push(setter(ident, inner, attrs));
                continue;
            }
            let inner = nullable(ty);
            let mut method = setter(ident, inner.unwrap_or(ty), attrs);
            method.block.stmts[0] = match inner {
                Some(_) => template!(
                    Stmt: { self.field = crate::Nullable::Value(field.into()); },
                    field = *ident,
                ),
                None => template!(Stmt: { self.field = field.into(); }, field = *ident),
            };
            setters.push(method);
            if inner.is_some() {
                setters.push(null_setter(ident, attrs, &mut taken));
            }
        }
        setters
    }
}

/// The method that sends null for a field: `AgentChange::new().with_model_null()`. Its name is added to those that are taken.
fn null_setter(field: &Ident, attrs: &[Attribute], taken: &mut BTreeSet<Ident>) -> ImplItemFn {
    let set = setter_name(field).to_string();
    // `type_` has `with_type_null`: a name with two `_` in it is not in snake case.
    let mut name = format_ident!("{}_null", set.trim_end_matches('_'));
    // A field `model_null` has the setter `with_model_null`.
    while !taken.insert(name.clone()) {
        name = format_ident!("{name}_");
    }
    let mut method = template!(
        ImplItemFn: {
            #[must_use]
            pub fn method(mut self) -> Self {
                self.field = crate::Nullable::Null;
                self
            }
        },
        method = &name,
        field = field,
    );
    let doc = format!("Sets `{}` to null.", plain(field));
    method.attrs.insert(0, docs::line(&doc));
    method.attrs.extend(of_age(attrs));
    method
}

/// A field's name without `r#`.
fn plain(field: &Ident) -> String {
    field.to_string().trim_start_matches("r#").to_owned()
}

/// The name of a field's setter. A name that would begin with a digit begins with `_`, which `with_` makes needless.
fn setter_name(field: &Ident) -> Ident {
    format_ident!("with_{}", plain(field).trim_start_matches('_'))
}

/// What a field's attributes say of its deprecation.
fn of_age(attrs: &[Attribute]) -> impl Iterator<Item = Attribute> {
    let deprecated = attrs.iter().filter(|it| it.path().is_ident("deprecated"));
    deprecated.cloned()
}

/// The method that sets an optional field: `AgentCreate::new("Ada").with_model("gpt-4.1")`. If the field is deprecated, so is the method.
pub(super) fn setter(field: &Ident, inner: &Type, attrs: &[Attribute]) -> ImplItemFn {
    let mut method = template!(
        ImplItemFn: {
            #[must_use]
            pub fn method(mut self, field: impl ::std::convert::Into<Type>) -> Self {
                self.field = ::std::option::Option::Some(field.into());
                self
            }
        },
        method = &setter_name(field),
        field = field,
        Type = inner,
    );
    method
        .attrs
        .insert(0, docs::line(&format!("Sets `{}`.", plain(field))));
    method.attrs.extend(of_age(attrs));
    method
}

/// `impl Name { … }`
pub(super) fn inherent(name: &Ident, methods: impl IntoIterator<Item = ImplItemFn>) -> Item {
    let mut block = template!(ItemImpl: { impl Name {} }, Name = name);
    block.items.extend(methods.into_iter().map(ImplItem::Fn));
    Item::Impl(block)
}

/// `#[non_exhaustive]`
fn non_exhaustive() -> Attribute {
    template!(Attribute: { #[non_exhaustive] })
}

/// `ident: expr`, in a struct expression.
fn field_value(ident: &Ident, expr: Expr) -> FieldValue {
    FieldValue {
        attrs: Vec::new(),
        member: Member::Named(ident.clone()),
        colon_token: Some(Default::default()),
        expr,
    }
}

/// A path of these names.
fn path<const N: usize>(names: [Ident; N]) -> Path {
    Path {
        leading_colon: None,
        segments: names.into_iter().map(syn::PathSegment::from).collect(),
    }
}

/// Whether this is the last name in the path to a type.
pub(super) fn is_called(ty: &Type, name: &str) -> bool {
    match ty {
        Type::Path(path) => path.path.segments.last().is_some_and(|it| it.ident == name),
        _ => false,
    }
}

/// The name of a type, if the item is one.
pub(super) fn name(item: &Item) -> Option<String> {
    match item {
        Item::Struct(item) => Some(item.ident.to_string()),
        Item::Enum(item) => Some(item.ident.to_string()),
        Item::Type(item) => Some(item.ident.to_string()),
        _ => None,
    }
}

/// The `T` of an `Option<T>`. `None` for any other type.
pub(super) fn optional(ty: &Type) -> Option<&Type> {
    argument(ty, "Option")
}

/// The `T` of a `crate::Nullable<T>`. `None` for any other type.
fn nullable(ty: &Type) -> Option<&Type> {
    match ty {
        Type::Path(path) if path.path.segments.len() == 2 => argument(ty, "Nullable"),
        _ => None,
    }
}

/// The argument of a type of this name.
fn argument<'t>(ty: &'t Type, name: &str) -> Option<&'t Type> {
    let Type::Path(path) = ty else { return None };
    let last = path.path.segments.last()?;
    if last.ident != name {
        return None;
    }
    first(&last.arguments)
}

/// The first of a path's arguments, if it is a type.
pub(super) fn first(arguments: &PathArguments) -> Option<&Type> {
    match arguments {
        PathArguments::AngleBracketed(arguments) => match arguments.args.first()? {
            GenericArgument::Type(inner) => Some(inner),
            _ => None,
        },
        _ => None,
    }
}

/// Whether a parameter of this type is handier as `impl Into<_>`: text, with a name or without, and our own types that
/// replace it.
fn converts(ty: &Type, texts: &Texts) -> bool {
    let Type::Path(path) = ty else { return false };
    let segments = &path.path.segments;
    let is_ours = segments.first().is_some_and(|it| it.ident == "crate");
    let is_text =
        |name: &Ident| name == "String" || texts.named.contains(name.to_string().as_str());
    is_ours || segments.last().is_some_and(|it| is_text(&it.ident))
}

/// The name of the type of an impl, if it has no path.
pub(super) fn self_name(ty: &Type) -> Option<&Ident> {
    match ty {
        Type::Path(path) => path.path.get_ident(),
        _ => None,
    }
}

/// Whether this is `Default` for one of these types.
fn makes_default_of(block: &syn::ItemImpl, types: &BTreeSet<&str>) -> bool {
    let is_default = block.trait_.as_ref().is_some_and(|implemented| {
        let path = &implemented.0;
        path.segments.last().is_some_and(|it| it.ident == "Default")
    });
    is_default
        && self_name(&block.self_ty).is_some_and(|name| types.contains(name.to_string().as_str()))
}

/// The name of the constructor of a variant.
fn method_ident(variant: &str) -> Ident {
    let name = variant.to_snake_case();
    syn::parse_str::<Ident>(&name).unwrap_or_else(|_| format_ident!("{name}_"))
}

/// A `Debug` that does not print the fields that are marked sensitive, by their names on the wire: `ApiError { message: [redacted] }`. The
/// name stays, to show that the field is there.
///
/// A member that the description does not know may be a secret as well as one that it does. `unknown` is the field that keeps those. It
/// shows whether there are any.
pub(super) fn redacted_debug(
    item: &mut ItemStruct,
    is_hidden: impl Fn(&str) -> bool,
    unknown: Option<&str>,
) -> Result<Item, Failure> {
    edit_derives(&mut item.attrs, |derives| {
        derives.retain(|derive| derive.name != "Debug");
    })?;
    let name = &item.ident;
    let text = name.to_string();
    let mut lines = Vec::new();
    for field in &item.fields {
        let ident = field
            .ident
            .as_ref()
            .ok_or_else(|| unexpected("a field without a name"))?;
        let plain = ident.to_string();
        let wire = serde_name(&field.attrs)?.unwrap_or_else(|| plain.clone());
        lines.push(if unknown == Some(plain.as_str()) {
            quote!(.field(#plain, &::std::format_args!("{}", if self.#ident.is_empty() { "{}" } else { "[redacted]" })))
        } else if is_hidden(&wire) {
            quote!(.field(#plain, &::std::format_args!("[redacted]")))
        } else {
            quote!(.field(#plain, &self.#ident))
        });
    }
    Ok(parse_quote! {
        impl ::std::fmt::Debug for #name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.debug_struct(#text)#(#lines)*.finish()
            }
        }
    })
}

/// The variant that keeps a value that the description does not know. serde tries an untagged variant last, when no tag has matched.
pub(super) fn unknown_variant(ty: &Type) -> Variant {
    parse_quote! {
        /// A value that the description does not have. It is kept and sent back unchanged.
        #[serde(untagged)]
        Unknown(#ty)
    }
}
