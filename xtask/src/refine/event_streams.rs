//! The second method of an operation that answers with JSON or with server-sent events, as the caller asks.
//!
//! An operation that answers with a `Reply` as JSON has these methods:
//!
//! ```text
//! pub async fn send_message(&self, body: &types::Message) -> Result<ResponseValue<types::Reply>, …>
//! pub async fn send_message_stream(&self, body: &types::Message) -> Result<ResponseValue<ByteStream>, …>
//! ```
//!
//! The second is a copy of the first. It asks for `text/event-stream` in place of `application/json`, names its own constant, and hands over
//! the bytes of a success in place of reading them as JSON. Errors are read as before.

use quote::{ToTokens, format_ident};
use syn::visit_mut::VisitMut;
use syn::{
    Expr, GenericArgument, Ident, ImplItemFn, PathArguments, ReturnType, Stmt, Type, parse_quote,
};

use super::unexpected;
use crate::diagnostic::Failure;
use crate::model::EventStream;
use crate::naming::type_name;

/// Makes the method that asks for events of the one that asks for JSON.
///
/// The changes are counted, as in [`super::operations`]: a copy that still asks for JSON would compile.
pub(super) fn twin(
    method: &ImplItemFn,
    constant: &Ident,
    stream: &EventStream,
) -> Result<ImplItemFn, Failure> {
    let id = method.sig.ident.to_string();
    let mut twin = method.clone();
    twin.sig.ident = syn::parse_str(&stream.method).map_err(|_| {
        unexpected(&format!(
            "`{}` cannot be the name of a method",
            stream.method
        ))
    })?;

    let mut change = ToEvents {
        constant: constant.clone(),
        accepts: 0,
        answers: 0,
        constants: 0,
    };
    change.visit_block_mut(&mut twin.block);
    let result = success(&mut twin.sig.output);
    for (found, what) in [
        (change.accepts == 1, "one `Accept` of JSON"),
        (change.constants == 1, "one mention of its constant"),
        (change.answers > 0, "success that is read as JSON"),
        (result.is_some(), "result with a `ResponseValue`"),
    ] {
        if !found {
            return Err(unexpected(&format!("`{id}` has no {what}")));
        }
    }
    if let Some(value) = result {
        *value = parse_quote!(ByteStream);
    }

    Ok(twin)
}

/// The sentences about events for the method that asks for JSON, and for the other.
pub(super) fn said(stream: &EventStream) -> (String, Vec<String>) {
    let name = &stream.method;
    let mut said =
        "Asks for server-sent events, and hands over their bytes as they arrive.".to_owned();
    if let Some(event) = &stream.event {
        let event = type_name(event);
        said +=
            &format!(" The `data` of each event is a [`types::{event}`] as JSON, if it is JSON.");
    }
    let mut of_twin = vec![said];
    let mut other = format!("For the answer as server-sent events, see [`{name}`](Self::{name}).");
    if let Some(switch) = &stream.switch {
        of_twin.push(format!(
            "Set `{switch}` of the body to `true`. The service goes by it, and this method does not set it."
        ));
        other += &format!(" `{switch}` of the body must not be `true` here.");
    }
    (other, of_twin)
}

/// The `T` of `Result<ResponseValue<T>, …>`.
fn success(output: &mut ReturnType) -> Option<&mut Type> {
    let ReturnType::Type(_, ty) = output else {
        return None;
    };
    argument(argument(ty, "Result")?, "ResponseValue")
}

/// The first argument of a generic type of this name.
fn argument<'a>(ty: &'a mut Type, of: &str) -> Option<&'a mut Type> {
    let Type::Path(path) = ty else { return None };
    let last = path.path.segments.last_mut()?;
    if last.ident != of {
        return None;
    }
    match &mut last.arguments {
        PathArguments::AngleBracketed(arguments) => match arguments.args.first_mut()? {
            GenericArgument::Type(ty) => Some(ty),
            _ => None,
        },
        _ => None,
    }
}

/// Changes the copy, and counts what it has changed.
struct ToEvents {
    constant: Ident,
    accepts: usize,
    answers: usize,
    constants: usize,
}

impl VisitMut for ToEvents {
    fn visit_expr_method_call_mut(&mut self, call: &mut syn::ExprMethodCall) {
        syn::visit_mut::visit_expr_method_call_mut(self, call);
        let first = call.args.first().map(text).unwrap_or_default();
        if call.method == "header"
            && first.ends_with(":: ACCEPT")
            && let Some(value) = call.args.last_mut()
            && text(value).contains("\"application/json\"")
        {
            *value = parse_quote!(::reqwest::header::HeaderValue::from_static(
                "text/event-stream"
            ));
            self.accepts += 1;
        }
    }

    fn visit_expr_call_mut(&mut self, call: &mut syn::ExprCall) {
        syn::visit_mut::visit_expr_call_mut(self, call);
        if text(&call.func) == "call :: send"
            && let Some(operation) = call.args.last_mut()
        {
            let constant = &self.constant;
            *operation = parse_quote!(&operations::#constant);
            self.constants += 1;
        }
    }

    fn visit_arm_mut(&mut self, arm: &mut syn::Arm) {
        // Errors are read as JSON too, but within an `Err`, which this pattern does not match.
        if let Expr::Await(awaited) = last(&arm.body)
            && let Expr::Call(call) = &*awaited.base
            && text(&call.func) == "call :: read"
        {
            let response = call.args.clone();
            *arm.body = parse_quote!(Ok(call::arriving(#response)));
            self.answers += 1;
        }
        syn::visit_mut::visit_arm_mut(self, arm);
    }
}

/// What a block comes to, if it does nothing else; or the expression.
fn last(expr: &Expr) -> &Expr {
    match expr {
        Expr::Block(block) => match block.block.stmts.as_slice() {
            [Stmt::Expr(expr, None)] => last(expr),
            _ => expr,
        },
        expr => expr,
    }
}

fn text(tokens: &impl ToTokens) -> String {
    tokens.to_token_stream().to_string()
}

/// The constant of the second method.
pub(super) fn constant(stream: &EventStream) -> Ident {
    format_ident!("{}", stream.method.to_uppercase())
}
