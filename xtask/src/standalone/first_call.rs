//! The call that the README begins with: one that asks for little, changes nothing if there is such a one, and compiles.

use syn::{FnArg, GenericArgument, ImplItemFn, Pat, PathArguments, ReturnType, Type};

use crate::model::{Model, Operation};
use crate::refine::Refined;

/// A call, as code.
#[derive(Clone, Debug)]
pub struct FirstCall {
    /// The method's name.
    pub(super) method: String,
    /// What it does, if the description says so.
    pub(super) operation: String,
    /// The arguments, each as an expression that compiles.
    arguments: Vec<String>,
    /// What must be filled in by a person, in words.
    pub(super) to_fill: Option<String>,
    /// Whether the answer has a value that can be printed.
    prints: bool,
}

impl FirstCall {
    /// The best of all methods. `None` if each sends a form, which cannot be made up.
    pub fn of(refined: &Refined, model: &Model) -> Option<Self> {
        let methods = refined.methods.iter();
        let known = methods.filter_map(|method| {
            let operation = model.operations.get(&method.sig.ident.to_string())?;
            // Its second method has another signature.
            let is_plain = operation.event_stream.as_ref().is_none_or(|it| !it.only);
            (is_plain && !operation.upload).then_some((method, operation))
        });
        let best = known.min_by_key(|(method, operation)| cost(method, operation));
        best.map(|(method, operation)| Self::to(method, operation))
    }

    fn to(method: &ImplItemFn, operation: &Operation) -> Self {
        let mut to_fill: Vec<String> = Vec::new();
        let arguments = arguments(method).map(|(name, ty)| {
            let (expression, is_made_up) = match is_generic(method, ty) {
                true => ("Vec::<u8>::new()".to_owned(), true),
                false => expression(ty, name == "body"),
            };
            if is_made_up {
                let what = match (name == "body", body_type(ty)) {
                    (true, Some(ty)) => format!("the body, a `{ty}`"),
                    (true, None) => "the body".to_owned(),
                    (false, _) => "values that your service knows".to_owned(),
                };
                if !to_fill.contains(&what) {
                    to_fill.push(what);
                }
            }
            expression
        });
        let arguments = arguments.collect();
        let to_fill = (!to_fill.is_empty()).then(|| to_fill.join(", and "));
        Self {
            method: method.sig.ident.to_string(),
            operation: format!("{} {}", operation.method, operation.path),
            arguments,
            to_fill,
            prints: value(method).is_some_and(is_printable),
        }
    }

    /// The lines that make the call and print what it gives.
    pub(super) fn lines(&self) -> Vec<String> {
        let call = format!(
            "let answer = client.{}({}).await?;",
            self.method,
            self.arguments.join(", ")
        );
        let print = match self.prints {
            true => "println!(\"{:#?}\", answer.into_inner());",
            false => "println!(\"{}\", answer.status());",
        };
        vec![call, print.to_owned()]
    }
}

/// How far a call is from one that everybody can make.
fn cost(method: &ImplItemFn, operation: &Operation) -> usize {
    let required = arguments(method).map(|(name, ty)| {
        if name == "body" && !is(ty, "Option") {
            20
        } else {
            usize::from(expression(ty, false).1)
        }
    });
    let verb = match operation.method.as_str() {
        "GET" => 0,
        "POST" if operation.safe_to_repeat => 10,
        _ => 40,
    };
    let prints = if value(method).is_some_and(is_printable) {
        0
    } else {
        5
    };
    required.sum::<usize>() + verb + prints + 5 * usize::from(operation.deprecated.is_some())
}

/// The arguments after `self`, by name and type.
fn arguments(method: &ImplItemFn) -> impl Iterator<Item = (String, &Type)> {
    method.sig.inputs.iter().filter_map(|input| match input {
        FnArg::Typed(it) => match &*it.pat {
            Pat::Ident(pat) => Some((pat.ident.to_string(), &*it.ty)),
            _ => None,
        },
        FnArg::Receiver(_) => None,
    })
}

/// An expression for an argument, and whether a person has to put something else in its place.
fn expression(ty: &Type, is_body: bool) -> (String, bool) {
    if is(ty, "Option") {
        return ("None".to_owned(), false);
    }
    let (inner, sign) = match ty {
        Type::Reference(reference) => (&*reference.elem, "&"),
        ty => (ty, ""),
    };
    let last = last(inner).unwrap_or_default();
    let json = |value: &str| format!("{sign}serde_json::from_value(serde_json::json!({value}))?");
    let made = match last.as_str() {
        _ if is_body && body_type(inner).is_some() => json("{}"),
        "str" => "\"1\"".to_owned(),
        "String" => format!("{sign}\"1\".to_owned()"),
        "bool" => format!("{sign}true"),
        "f32" | "f64" => format!("{sign}1.0"),
        "Secret" => format!("{sign}\"secret\".into()"),
        name if is_integer(name) => format!("{sign}1"),
        name if name.ends_with("Params") || name.ends_with("Parameters") => {
            return (format!("{sign}Default::default()"), false);
        }
        "Vec" if is_body => json("[]"),
        "Vec" => json("[\"1\"]"),
        _ if matches!(inner, Type::Slice(_)) => format!("{sign}[]"),
        _ if is_body => json("{}"),
        _ => json("\"1\""),
    };
    (made, true)
}

/// Whether an argument has a type parameter of the method: a body of bytes is anything that becomes a `reqwest::Body`.
fn is_generic(method: &ImplItemFn, ty: &Type) -> bool {
    let mut parameters = method.sig.generics.type_params();
    parameters.any(|it| is(ty, &it.ident.to_string()))
}

/// The type of the description that a body has: `types::Pet`.
fn body_type(ty: &Type) -> Option<String> {
    let ty = match ty {
        Type::Reference(reference) => &*reference.elem,
        ty => ty,
    };
    let Type::Path(path) = ty else { return None };
    let segments = path.path.segments.iter();
    let names: Vec<String> = segments.map(|it| it.ident.to_string()).collect();
    (names.len() == 2 && names[0] == "types").then(|| names.join("::"))
}

fn is_integer(name: &str) -> bool {
    let width = name.strip_prefix(['i', 'u']);
    width.is_some_and(|it| ["8", "16", "32", "64", "128", "size"].contains(&it))
}

/// The `T` of `Result<ResponseValue<T>, …>`.
fn value(method: &ImplItemFn) -> Option<&Type> {
    let ReturnType::Type(_, ty) = &method.sig.output else {
        return None;
    };
    argument(argument(ty)?)
}

fn is_printable(ty: &Type) -> bool {
    !matches!(ty, Type::Tuple(it) if it.elems.is_empty())
        && !is(ty, "ByteStream")
        && !is(ty, "EventStream")
}

/// The first argument of a generic type.
fn argument(ty: &Type) -> Option<&Type> {
    let Type::Path(path) = ty else { return None };
    match &path.path.segments.last()?.arguments {
        PathArguments::AngleBracketed(arguments) => match arguments.args.first()? {
            GenericArgument::Type(ty) => Some(ty),
            _ => None,
        },
        _ => None,
    }
}

fn is(ty: &Type, name: &str) -> bool {
    last(ty).is_some_and(|it| it == name)
}

fn last(ty: &Type) -> Option<String> {
    match ty {
        Type::Path(path) => Some(path.path.segments.last()?.ident.to_string()),
        _ => None,
    }
}
