//! The documentation of a method: the description's text, and ours. What the generator writes is not used, since it
//! mixes the description's text with its own, unescaped.
//!
//! The order is: summary, description, sentences about the method's form, the request and whether it is safe to repeat,
//! arguments, answers, errors:
//!
//! ```text
//! List agents
//!
//! Lists the agents of the account, a page at a time.
//!
//! Sends `GET /v1/agents`. It is safe to repeat.
//!
//! # Arguments
//!
//! - `params`: The optional parameters, see [`types::ListAgentsParams`].
//!
//! # Answers
//!
//! - `200`: A page of agents.
//!
//! # Errors
//!
//! [`Error::ErrorResponse`] with [`types::ApiError`], if the service answers:
//!
//! - `400`: The request was refused.
//!
//! See [`Error`] for what else can go wrong.
//! ```

use quote::ToTokens;
use syn::{Expr, FnArg, GenericArgument, ImplItemFn, Pat, PathArguments, ReturnType, Stmt, Type};

use super::docs;
use crate::markdown;
use crate::model::{Answer, Operation};

/// What other steps add to the documentation of a method, until it is written.
#[derive(Clone, Default)]
pub(super) struct MethodDocs {
    /// Paragraphs of ours, before the one that names the request.
    pub(super) paragraphs: Vec<String>,
    /// Arguments that are not parameters of the operation, each with its text.
    pub(super) more_arguments: Vec<(String, String)>,
}

impl MethodDocs {
    /// Writes the documentation, for the arguments that the method has now.
    pub(super) fn write(&self, method: &mut ImplItemFn, operation: &Operation) {
        // Blocks with an empty line between. Text of the description goes through `markdown`, and ours does not: our links are meant.
        let mut blocks = Vec::new();
        let summary = operation.summary.as_deref().map(markdown::docs);
        // A title ends without a full stop.
        let summary = summary.map(|it| it.trim_end_matches(['.', ',']).to_owned());
        blocks.extend(summary);
        blocks.extend(operation.description.as_deref().map(markdown::docs));
        blocks.extend(self.paragraphs.iter().cloned());
        blocks.push(request(operation));
        blocks.extend(list("# Arguments", self.arguments(method, operation)));
        let (errors, answers): (Vec<&Answer>, Vec<&Answer>) =
            operation.answers.iter().partition(|it| it.is_error());
        blocks.extend(list(
            "# Answers",
            answers.into_iter().filter_map(meaning).collect(),
        ));
        blocks.push("# Errors".to_owned());
        blocks.extend(self::errors(method, &errors));
        blocks.retain(|block| !block.is_empty());
        method.attrs.retain(|attr| !attr.path().is_ident("doc"));
        docs::set(&mut method.attrs, &blocks.join("\n\n"));
    }

    /// A list item for each argument that has a description or a note.
    fn arguments(&self, method: &ImplItemFn, operation: &Operation) -> Vec<String> {
        let names = method.sig.inputs.iter().filter_map(|input| match input {
            FnArg::Typed(argument) => match &*argument.pat {
                Pat::Ident(pat) => Some((pat.ident.to_string(), &*argument.ty)),
                _ => None,
            },
            FnArg::Receiver(_) => None,
        });
        let said = |(argument, ty): (String, &Type)| {
            let head = markdown::code(&argument);
            let made = self.more_arguments.iter();
            if let Some((_, said)) = made.clone().find(|(name, _)| *name == argument) {
                return Some(format!("- {head}: {said}"));
            }
            let parameters = &operation.parameters;
            let parameter = parameters.iter().find(|it| it.argument == argument);
            let said = match parameter {
                Some(parameter) => parameter.said(),
                None if argument == "body" => {
                    let said = markdown::docs(operation.body_description.as_deref().unwrap_or(""));
                    return body(&head, &said, ty);
                }
                None => String::new(),
            };
            (!said.is_empty()).then(|| markdown::item(&head, &said))
        };
        names.filter_map(said).collect()
    }
}

/// An item for the body: what the description says of it, and a link to its type. The fields are explained there.
fn body(head: &str, said: &str, ty: &Type) -> Option<String> {
    let tokens = text(ty);
    let name = tokens.rsplit_once("types :: ").map(|(_, rest)| {
        let is_name = |it: &char| it.is_alphanumeric() || *it == '_';
        rest.chars().take_while(is_name).collect::<String>()
    });
    match (said.is_empty(), name) {
        (true, None) => None,
        (true, Some(name)) => Some(format!("- {head}: What is sent, see [`types::{name}`].")),
        (false, None) => Some(markdown::item(head, said)),
        (false, Some(name)) => {
            let item = markdown::item(head, said);
            Some(format!("{item}\n\n  See [`types::{name}`]."))
        }
    }
}

/// The request, and whether it may be sent again.
fn request(operation: &Operation) -> String {
    let request = markdown::code(&format!("{} {}", operation.method, operation.path));
    let again = match operation.safe_to_repeat {
        true => "It is safe to repeat",
        false => {
            "It is not safe to repeat: a call whose outcome is unknown may have had its effect"
        }
    };
    format!("Sends {request}. {again}.")
}

/// A heading with a list below it, unless the list is empty.
fn list(heading: &str, items: Vec<String>) -> Option<String> {
    (!items.is_empty()).then(|| format!("{heading}\n\n{}", items.join("\n")))
}

/// An item of a list of answers.
fn meaning(answer: &Answer) -> Option<String> {
    let said = markdown::docs(&answer.description);
    (!said.is_empty()).then(|| markdown::item(&markdown::code(&answer.status), &said))
}

/// The part on errors: those that the service documents, by the variant of `Error` that they become, and a link for the rest.
fn errors(method: &ImplItemFn, errors: &[&Answer]) -> Vec<String> {
    const ELSE: &str = "See [`Error`] for what else can go wrong.";

    if text(&method.sig.output).contains("crate :: ServiceError") {
        return one_error(errors);
    }
    // An error that the method does not decode arrives as `UnexpectedResponse`, even if it is documented: one without a schema, for example.
    let body = error_body(&method.sig.output);
    let decoded = decoded(method);
    let (with, without): (Vec<&Answer>, Vec<&Answer>) = errors
        .iter()
        .partition(|it| decoded.contains(&it.status.to_uppercase()));
    let mut blocks = Vec::new();
    for (answers, variant, holds) in [
        (with, "ErrorResponse", body),
        (without, "UnexpectedResponse", None),
    ] {
        if answers.is_empty() {
            continue;
        }
        let holds = holds.map_or_else(String::new, |body| format!(" with {body}"));
        let items = answers.into_iter().map(|answer| {
            meaning(answer).unwrap_or_else(|| format!("- {}", markdown::code(&answer.status)))
        });
        let items: Vec<String> = items.collect();
        blocks.push(format!(
            "[`Error::{variant}`]{holds}, if the service answers:\n\n{}",
            items.join("\n")
        ));
    }
    blocks.push(match blocks.is_empty() {
        true => "The description documents none. See [`Error`] for what can go wrong.".to_owned(),
        false => ELSE.to_owned(),
    });
    blocks
}

/// The same, if all operations have one error body.
fn one_error(errors: &[&Answer]) -> Vec<String> {
    let mut said = "[`Error::ErrorResponse`] with a [`ServiceError`](crate::ServiceError), if the service answers with an error of any \
                    status"
        .to_owned();
    let items: Vec<String> = errors.iter().filter_map(|it| meaning(it)).collect();
    said += &match items.is_empty() {
        true => ".".to_owned(),
        false => format!(", among them:\n\n{}", items.join("\n")),
    };
    vec![said, "See [`Error`] for what else can go wrong.".to_owned()]
}

/// The statuses of the errors that the method decodes, in the description's form, in capitals: `404`, `4XX`, `DEFAULT`. They are the
/// arms of the match at the end of the method.
fn decoded(method: &ImplItemFn) -> Vec<String> {
    let Some(Stmt::Expr(Expr::Match(answer), None)) = method.block.stmts.last() else {
        return Vec::new();
    };
    let arms = answer.arms.iter();
    let errors = arms.filter(|arm| text(&arm.body).contains("call :: error"));
    errors
        .map(|arm| match &arm.pat {
            Pat::Range(range) => format!("{:.1}XX", text(range)),
            Pat::Wild(_) => "DEFAULT".to_owned(),
            status => text(status).trim_end_matches("u16").to_owned(),
        })
        .collect()
}

fn text(tokens: &impl ToTokens) -> String {
    tokens.to_token_stream().to_string()
}

/// The `E` of `Result<…, Error<E>>` for a reader. `None` if it is `()`.
fn error_body(output: &ReturnType) -> Option<String> {
    let ReturnType::Type(_, ty) = output else {
        return None;
    };
    let body = argument(argument(ty, "Result", 1)?, "Error", 0)?;
    let words = match body {
        Type::Tuple(_) => return None,
        Type::Path(path) if path.path.segments.len() == 2 => {
            let name = text(path).replace(' ', "");
            format!("[`{name}`]")
        }
        Type::Path(path) if path.path.is_ident("ByteStream") => "the bytes of the body".to_owned(),
        _ => "the body as JSON".to_owned(),
    };
    Some(words)
}

/// An argument of a generic type of this name.
fn argument<'a>(ty: &'a Type, of: &str, place: usize) -> Option<&'a Type> {
    let Type::Path(path) = ty else { return None };
    let last = path.path.segments.last()?;
    match &last.arguments {
        PathArguments::AngleBracketed(arguments) if last.ident == of => {
            match arguments.args.iter().nth(place)? {
                GenericArgument::Type(ty) => Some(ty),
                _ => None,
            }
        }
        _ => None,
    }
}
