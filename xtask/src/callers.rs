//! Beside the stages: code for tests that calls every method by its name, with JSON in and out.
//!
//! Rust has no reflection, so a test cannot ask a client for its methods. This writes the file that a package of tests includes
//! (`tests/operations`): a function for each method, which takes the arguments as JSON, and a list of all of them. What a method takes
//! and gives is read from its signature, so whatever a later marker changes is called as it is.
//!
//! Of `get_block(&self, block_id: &str, params: &types::GetBlockParams)` it makes
//!
//! ```text
//! fn get_block<'a>(client: &'a Client, args: &'a Args) -> Calling<'a> {
//!     Box::pin(async move {
//!         let block_id: String = args.required("path", "block_id")?;
//!         let mut params = types::GetBlockParams::default();
//!         params.include = args.optional("query", "include")?;
//!         Answer::json(client.get_block(&block_id, &params).await)
//!     })
//! }
//! ```

use std::collections::BTreeMap;

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::visit_mut::VisitMut;
use syn::{
    File, FnArg, GenericArgument, Ident, ImplItem, ImplItemFn, Item, ItemStruct, Pat, Path,
    PathArguments, ReturnType, Type,
};

use crate::diagnostic::Failure;
use crate::model::{Model, Operation, Parameter};
use crate::refine::Refined;

/// The file, for the methods of the description's operations.
///
/// # Errors
///
/// A method takes or gives what no operation is known to.
pub fn callers(refined: &Refined, model: &Model) -> Result<File, Failure> {
    let structs = Structs::of(refined);
    // The method for events is called as its first is, and stands beside it.
    let seconds: BTreeMap<&str, &Operation> = model
        .operations
        .values()
        .filter_map(|it| Some((it.event_stream.as_ref()?.method.as_str(), it)))
        .collect();
    let mut functions = Vec::new();
    let mut entries = Vec::new();
    for method in &refined.methods {
        let name = method.sig.ident.to_string();
        let operation = model.operations.get(&name);
        // Others are made of these, as those that walk pages.
        let Some(operation) = operation.or_else(|| seconds.get(name.as_str()).copied()) else {
            continue;
        };
        let (function, entry) = caller(method, operation, model, &structs)?;
        functions.push(function);
        entries.push(entry);
    }
    let code = quote! {
        //! A function for each method of the client, which takes its arguments as JSON.

        use letta_api::{Client, operations, types};

        use crate::{Answer, Args, Body, Calling, Gives, Method, reader};

        /// All methods, in the description's order.
        pub const METHODS: &[Method] = &[#(#entries),*];

        #(#functions)*
    };
    syn::parse2(code).map_err(|error| unexpected(&format!("it does not parse: {error}")))
}

/// The function for a method, and its place in the list.
fn caller(
    method: &ImplItemFn,
    operation: &Operation,
    model: &Model,
    structs: &Structs<'_>,
) -> Result<(TokenStream, TokenStream), Failure> {
    let ident = &method.sig.ident;
    let name = ident.to_string();
    let mut lines = Vec::new();
    let mut arguments = Vec::new();
    let mut body = quote!(Body::None);
    for input in &method.sig.inputs {
        let FnArg::Typed(input) = input else { continue };
        let Pat::Ident(argument) = &*input.pat else {
            return Err(unexpected(&format!(
                "`{name}` has an argument without a name"
            )));
        };
        let argument = &argument.ident;
        let plain = argument.to_string();
        let parameter = operation
            .parameters
            .iter()
            .find(|it| !it.optional && it.argument == plain);
        if let Some(Parameter {
            place, name: wire, ..
        }) = parameter
        {
            let ty = owned(&input.ty);
            lines.push(quote!(let #argument: #ty = args.required(#place, #wire)?;));
            arguments.push(quote!(&#argument));
        } else if plain == "params" {
            let ty = owned(&input.ty);
            lines.push(quote!(let mut params = #ty::default();));
            for (field, ty) in structs.fields(&ty)? {
                let parameter = operation
                    .parameters
                    .iter()
                    .find(|it| *field == it.argument)
                    .ok_or_else(|| unexpected(&format!("`{name}` has no parameter `{field}`")))?;
                lines.push(set(
                    &quote!(params),
                    field,
                    ty,
                    &parameter.place,
                    &parameter.name,
                ));
            }
            arguments.push(quote!(&params));
        } else if operation.upload {
            let (form, made) = form(&input.ty, model, structs)?;
            lines.extend(form);
            arguments.push(made);
            body = quote!(Body::Form);
        } else if let Some(optional) = argument_of(&input.ty, "Option") {
            let ty = owned(optional);
            lines.push(quote!(let #argument: Option<#ty> = args.optional_body()?;));
            arguments.push(quote!(#argument.as_ref()));
            body = quote!(Body::Optional(reader::<#ty>));
        } else {
            let ty = owned(&input.ty);
            lines.push(quote!(let #argument: #ty = args.body()?;));
            arguments.push(quote!(&#argument));
            body = quote!(Body::Required(reader::<#ty>));
        }
    }
    let success = success(&method.sig.output)
        .ok_or_else(|| unexpected(&format!("`{name}` has no result with a `ResponseValue`")))?;
    let call = quote!(client.#ident(#(#arguments),*).await);
    let (answer, gives) = if let Some(event) = argument_of(success, "EventStream") {
        let event = owned(event);
        (
            quote!(Answer::events(#call).await),
            quote!(Gives::Events(reader::<#event>)),
        )
    } else if is(success, "ByteStream") {
        return Err(unexpected(&format!(
            "`{name}` gives bytes, which tests cannot hold against anything"
        )));
    } else if matches!(success, Type::Tuple(it) if it.elems.is_empty()) {
        (quote!(Answer::json(#call)), quote!(Gives::Nothing))
    } else {
        let ty = owned(success);
        (
            quote!(Answer::json(#call)),
            quote!(Gives::Json(reader::<#ty>)),
        )
    };
    let constant = format_ident!("{}", name.to_uppercase());
    // Each of the two methods sends its own value of the flag.
    let pins = operation
        .event_stream
        .as_ref()
        .and_then(|it| Some((it.pin.as_ref()?, it.method == name)));
    let pins = match pins {
        Some((member, value)) => quote!(Some((#member, #value))),
        None => quote!(None),
    };
    let tag = operation.tags.first().map_or("", String::as_str);
    let args = if lines.is_empty() {
        quote!(_)
    } else {
        quote!(args)
    };
    Ok((
        quote! {
            fn #ident<'a>(client: &'a Client, #args: &'a Args) -> Calling<'a> {
                Box::pin(async move {
                    #(#lines)*
                    #answer
                })
            }
        },
        quote! {
            Method {
                name: #name,
                tag: #tag,
                operation: &operations::#constant,
                body: #body,
                pins: #pins,
                gives: #gives,
                call: #ident,
            }
        },
    ))
}

/// A form with files: what it must have is given to its constructor, and the rest is set.
fn form(
    ty: &Type,
    model: &Model,
    structs: &Structs<'_>,
) -> Result<(Vec<TokenStream>, TokenStream), Failure> {
    let ty = owned(ty);
    let last = last_ident(&ty).ok_or_else(|| unexpected("a form without a name"))?;
    let schema = model.schemas.get(&last);
    let wire = |field: &Ident| {
        let mut properties = schema
            .into_iter()
            .flat_map(|it| it.fields.iter().zip(&it.properties));
        let found = properties.find(|(it, _)| *field == it);
        found
            .map(|(_, wire)| wire)
            .ok_or_else(|| unexpected(&format!("`{last}` has no property for `{field}`")))
    };
    let required = structs.constructor(&last)?;
    let mut given = Vec::new();
    let mut lines = Vec::new();
    for (field, ty) in structs.fields(&ty)? {
        let name = wire(field)?;
        if !required.contains(&field) {
            lines.push(set(&quote!(body), field, ty, "form", name));
        } else if is(ty, "FilePart") {
            given.push(quote!(args.file(#name)?));
        } else {
            let ty = owned(ty);
            given.push(quote!(args.required::<#ty>("form", #name)?));
        }
    }
    let mutable = (!lines.is_empty()).then(|| quote!(mut));
    lines.insert(0, quote!(let #mutable body = #ty::new(#(#given),*);));
    Ok((lines, quote!(body)))
}

/// Sets a field to what the arguments have, if they have it.
fn set(holder: &TokenStream, field: &Ident, ty: &Type, place: &str, name: &str) -> TokenStream {
    if argument_of(ty, "Option").is_some() {
        quote!(#holder.#field = args.optional(#place, #name)?;)
    } else {
        quote!(if let Some(value) = args.optional(#place, #name)? { #holder.#field = value; })
    }
}

/// The structs of the generated types, by name, and what their constructors ask for.
struct Structs<'a> {
    structs: BTreeMap<String, &'a ItemStruct>,
    constructors: BTreeMap<String, &'a ImplItemFn>,
}

impl<'a> Structs<'a> {
    fn of(refined: &'a Refined) -> Self {
        let mut found = Self {
            structs: BTreeMap::new(),
            constructors: BTreeMap::new(),
        };
        for item in &refined.types {
            match item {
                Item::Struct(item) => {
                    found.structs.insert(item.ident.to_string(), item);
                }
                Item::Impl(block) if block.trait_.is_none() => {
                    let new = block.items.iter().find_map(|item| match item {
                        ImplItem::Fn(function) if function.sig.ident == "new" => Some(function),
                        _ => None,
                    });
                    if let (Some(new), Some(name)) = (new, last_ident(&block.self_ty)) {
                        found.constructors.insert(name, new);
                    }
                }
                _ => {}
            }
        }
        found
    }

    /// The fields of a struct, with their types.
    fn fields(&self, ty: &Type) -> Result<Vec<(&'a Ident, &'a Type)>, Failure> {
        let name = last_ident(ty).unwrap_or_default();
        let item = self.structs.get(&name);
        let item = item.ok_or_else(|| unexpected(&format!("`{name}` is not a struct")))?;
        let fields = item.fields.iter();
        Ok(fields
            .filter_map(|it| Some((it.ident.as_ref()?, &it.ty)))
            .collect())
    }

    /// The names of what `new` asks for.
    fn constructor(&self, name: &str) -> Result<Vec<&'a Ident>, Failure> {
        let new = self.constructors.get(name);
        let new = new.ok_or_else(|| unexpected(&format!("`{name}` has no constructor")))?;
        let inputs = new.sig.inputs.iter().filter_map(|input| match input {
            FnArg::Typed(input) => match &*input.pat {
                Pat::Ident(it) => Some(&it.ident),
                _ => None,
            },
            FnArg::Receiver(_) => None,
        });
        Ok(inputs.collect())
    }
}

/// The type of a value that can be lent as this one, as it is written outside of the crate.
fn owned(ty: &Type) -> Type {
    let mut ty = match ty {
        Type::Reference(reference) => (*reference.elem).clone(),
        ty => ty.clone(),
    };
    if is(&ty, "str") {
        return syn::parse_quote!(String);
    }
    Outside.visit_type_mut(&mut ty);
    ty
}

/// `crate::types::X` is `letta_api::types::X` elsewhere.
struct Outside;

impl VisitMut for Outside {
    fn visit_path_mut(&mut self, path: &mut Path) {
        syn::visit_mut::visit_path_mut(self, path);
        if let Some(first) = path.segments.first_mut()
            && first.ident == "crate"
        {
            first.ident = format_ident!("letta_api");
        }
    }
}

/// The `T` of `Result<ResponseValue<T>, …>`.
fn success(output: &ReturnType) -> Option<&Type> {
    let ReturnType::Type(_, ty) = output else {
        return None;
    };
    argument_of(argument_of(ty, "Result")?, "ResponseValue")
}

/// The first argument of a generic type of this name.
fn argument_of<'a>(ty: &'a Type, of: &str) -> Option<&'a Type> {
    let Type::Path(path) = ty else { return None };
    let last = path.path.segments.last()?;
    if last.ident != of {
        return None;
    }
    match &last.arguments {
        PathArguments::AngleBracketed(arguments) => match arguments.args.first()? {
            GenericArgument::Type(ty) => Some(ty),
            _ => None,
        },
        _ => None,
    }
}

/// Whether a type has this name, whatever module it is in.
fn is(ty: &Type, name: &str) -> bool {
    last_ident(ty).is_some_and(|it| it == name)
}

fn last_ident(ty: &Type) -> Option<String> {
    match ty {
        Type::Path(path) => Some(path.path.segments.last()?.ident.to_string()),
        _ => None,
    }
}

/// The code is not what this stage knows.
fn unexpected(what: &str) -> Failure {
    Failure::Message(format!(
        "the refined code is not what the code for tests is made of: {what}\nSee xtask/src/callers.rs."
    ))
}
