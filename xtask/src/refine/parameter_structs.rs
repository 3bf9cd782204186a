//! Optional parameters become one struct, from the first on. The struct is `#[non_exhaustive]`, so that another parameter
//! breaks no caller. A call such as `list(None, None, Some(10), None)` could not be read, either.
//!
//! ```text
//! pub async fn list_agents<'a>(&'a self, limit: Option<u32>, name: Option<&'a str>) -> …
//! ```
//!
//! becomes
//!
//! ```text
//! pub async fn list_agents<'a>(&'a self, params: &'a types::ListAgentsParams) -> … {
//!     let types::ListAgentsParams { limit, name } = params;
//! ```

use std::collections::BTreeSet;

use quote::format_ident;
use syn::visit_mut::VisitMut;
use syn::{
    Attribute, Field, Fields, FnArg, Ident, ImplItemFn, Item, ItemStruct, Pat, PatType, Type,
    parse_quote,
};

use super::method_docs::MethodDocs;
use super::{docs, types, unexpected};
use crate::diagnostic::Failure;
use crate::markdown;
use crate::model::Operation;
use crate::naming::type_name;
use crate::template::template;

/// Puts the optional parameters of a method into a struct, and returns the struct and its setters. Empty if there are no optional
/// parameters. `taken` are the names of types, to which that of the struct is added.
pub(super) fn refine(
    method: &mut ImplItemFn,
    operation: &Operation,
    taken: &mut BTreeSet<String>,
    method_docs: &mut MethodDocs,
) -> Result<Vec<Item>, Failure> {
    let optional: Vec<_> = operation
        .parameters
        .iter()
        .filter(|it| it.optional)
        .collect();
    if optional.is_empty() {
        return Ok(Vec::new());
    }
    let id = method.sig.ident.to_string();
    let mut fields = Vec::new();
    for parameter in &optional {
        let at = method
            .sig
            .inputs
            .iter()
            .position(|it| name_of(it).is_some_and(|it| *it == parameter.argument));
        let argument = match at.map(|at| remove(method, at)) {
            Some(FnArg::Typed(PatType { ty, .. })) => ty,
            _ => {
                return Err(unexpected(&format!(
                    "`{id}` has no argument `{}`",
                    parameter.argument
                )));
            }
        };
        let Some(inner) = types::optional(&argument) else {
            return Err(unexpected(&format!(
                "`{}` of `{id}` is not an `Option`",
                parameter.argument
            )));
        };
        let mut inner = inner.clone();
        // The struct owns its values: a caller may keep one and call with it several times.
        Owned.visit_type_mut(&mut inner);
        let mut attrs = Vec::new();
        let mut said = parameter.docs();
        if !parameter.is_described() {
            let wire = format!(
                "{} in the {}.",
                markdown::code(&parameter.name),
                parameter.place
            );
            said = format!("{wire} {said}").trim_end().to_owned();
        }
        docs::set(&mut attrs, &said);
        attrs.extend(docs::deprecated(parameter.deprecated.as_ref()));
        fields.push((format_ident!("{}", parameter.argument), inner, attrs));
    }

    let name = name(&operation.id, taken).ok_or_else(|| {
        unexpected(&format!(
            "there is no free name for the type of the parameters of `{id}`"
        ))
    })?;
    let argument = names("params", "parameters", "_")
        .find(|name| {
            method
                .sig
                .inputs
                .iter()
                .all(|it| name_of(it).is_none_or(|it| *it != **name))
        })
        .ok_or_else(|| {
            unexpected(&format!(
                "there is no free name for the parameters of `{id}`"
            ))
        })?;
    let argument_ident = format_ident!("{argument}");
    // Before the body, which progenitor puts last.
    let inputs = &mut method.sig.inputs;
    let at = inputs
        .iter()
        .position(|it| name_of(it).is_some_and(|it| it == "body"))
        .unwrap_or(inputs.len());
    inputs.insert(at, parse_quote!(#argument_ident: &'a types::#name));
    let idents: Vec<&Ident> = fields.iter().map(|(ident, ..)| ident).collect();
    // The fields are taken apart at the start, so that the rest of the method uses the names that progenitor gave them.
    method.block.stmts.insert(
        0,
        parse_quote! {
            let types::#name { #(#idents),* } = #argument_ident;
        },
    );
    let said = format!("The optional parameters, see [`types::{name}`].");
    method_docs.more_arguments.push((argument, said));
    let stream = operation.event_stream.as_ref();
    let first = stream.is_none_or(|it| !it.only).then_some(id.as_str());
    let second = stream.map(|it| it.method.as_str());
    let pages = operation.pages_method();
    let methods = [first, second, pages.as_deref()];
    let hidden = optional.iter().filter(|it| it.sensitive);
    let hidden: Vec<&str> = hidden.map(|it| it.argument.as_str()).collect();
    items(&name, methods, operation.upload, &fields, &hidden)
}

/// The struct with its setters. It looks like the structs of schemas. Fields that are hidden are not printed.
fn items(
    name: &Ident,
    methods: [Option<&str>; 3],
    uploads: bool,
    fields: &[(Ident, Type, Vec<Attribute>)],
    hidden: &[&str],
) -> Result<Vec<Item>, Failure> {
    let methods = methods.into_iter().flatten();
    let methods: Vec<String> = methods
        .map(|it| match uploads {
            // The method may be left out by its feature, and a link to it would be broken.
            true => markdown::code(it),
            false => format!("[`{it}`](crate::Client::{it})"),
        })
        .collect();
    let doc = format!("The optional parameters of {}.", methods.join(" and of "));
    let default = "`default()` leaves all of them out, and a setter sets one.";
    let mut item = template!(
        ItemStruct: {
            #[derive(Clone, Debug, Default, PartialEq)]
            #[non_exhaustive]
            pub struct Name {}
        },
        Name = name,
    );
    docs::set(&mut item.attrs, &format!("{doc}\n\n{default}"));
    if let Fields::Named(named) = &mut item.fields {
        named.named = fields.iter().map(declared).collect();
    }
    let setters = fields
        .iter()
        .map(|(ident, ty, attrs)| types::setter(ident, ty, attrs));
    let mut impls = vec![types::inherent(name, setters)];
    if !hidden.is_empty() {
        // Fields have no other names here.
        let is_hidden = |field: &str| hidden.contains(&field);
        impls.push(types::redacted_debug(&mut item, is_hidden, None)?);
    }
    impls.insert(0, Item::Struct(item));
    Ok(impls)
}

/// A field of the struct.
fn declared((ident, ty, attrs): &(Ident, Type, Vec<Attribute>)) -> Field {
    let mut field = template!(
        Field: { pub field: ::std::option::Option<Type> },
        field = ident,
        Type = ty,
    );
    field.attrs.clone_from(attrs);
    field
}

/// Names to try, one after the other. There is always one that nothing else has.
fn names(first: &str, second: &str, before_word: &str) -> impl Iterator<Item = String> {
    let plain = [
        first.to_owned(),
        second.to_owned(),
        format!("optional{before_word}{second}"),
    ];
    let numbered = first.to_owned();
    let numbered = (2..10_000).map(move |number| format!("{numbered}{number}"));
    plain.into_iter().chain(numbered)
}

/// A name that no type has.
fn name(operation: &str, taken: &mut BTreeSet<String>) -> Option<Ident> {
    let names = names("params", "parameters", "-");
    let mut names = names.map(|suffix| type_name(&format!("{operation}-{suffix}")));
    let name = names.find(|name| !taken.contains(name))?;
    taken.insert(name.clone());
    syn::parse_str(&name).ok()
}

/// The name of an argument. `None` for `self`.
fn name_of(input: &FnArg) -> Option<&Ident> {
    match input {
        FnArg::Typed(argument) => match &*argument.pat {
            Pat::Ident(pat) => Some(&pat.ident),
            _ => None,
        },
        FnArg::Receiver(_) => None,
    }
}

/// Removes an argument. A `Punctuated` cannot remove an item in the middle, so the list is built anew.
fn remove(method: &mut ImplItemFn, at: usize) -> FnArg {
    let mut inputs: Vec<FnArg> = std::mem::take(&mut method.sig.inputs).into_iter().collect();
    let removed = inputs.remove(at);
    method.sig.inputs.extend(inputs);
    removed
}

/// Makes the type of an argument one for a field in the module of types: owned, and without its `types::`.
struct Owned;

impl VisitMut for Owned {
    fn visit_type_mut(&mut self, ty: &mut Type) {
        if let Type::Reference(reference) = ty {
            *ty = (*reference.elem).clone();
        }
        if let Type::Path(path) = ty
            && path.path.is_ident("str")
        {
            *ty = parse_quote!(::std::string::String);
        }
        if let Type::Path(path) = ty
            && path.path.leading_colon.is_none()
            && path.path.segments.len() > 1
            && path.path.segments[0].ident == "types"
        {
            path.path.segments = std::mem::take(&mut path.path.segments)
                .into_iter()
                .skip(1)
                .collect();
        }
        syn::visit_mut::visit_type_mut(self, ty);
    }
}
