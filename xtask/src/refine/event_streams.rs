//! The second method of an operation that answers with JSON or with server-sent events, as the caller asks.
//!
//! An operation that answers with a `Reply` as JSON has these methods:
//!
//! ```text
//! pub async fn send_message(&self, body: &types::Message) -> Result<ResponseValue<types::Reply>, …>
//! pub async fn send_message_stream(&self, body: &types::Message) -> Result<ResponseValue<EventStream<types::Event>>, …>
//! ```
//!
//! The second is a copy of the first. It asks for `text/event-stream` in place of `application/json`, names its own constant, and hands over
//! the events of a success, each decoded, in place of reading the whole as JSON: its bytes, if the description does not say what an event
//! is. Errors are read as before. If the overlay names the flag of the body by which the service goes, each method sends its own.

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

    let end = match &stream.end {
        Some(end) => parse_quote!(Some(#end)),
        None => parse_quote!(None),
    };
    let mut change = ToEvents {
        constant: constant.clone(),
        end: event_type(stream).map(|_| end),
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
        *value = match event_type(stream) {
            Some(event) => parse_quote!(EventStream<types::#event>),
            None => parse_quote!(ByteStream),
        };
    }

    Ok(twin)
}

/// The type of an event, if it has one.
fn event_type(stream: &EventStream) -> Option<Ident> {
    let event = stream.event.as_deref()?;
    Some(format_ident!("{}", type_name(event)))
}

/// Has a method set this member of its body, whatever the caller gives: `.json(&body)` becomes
/// `.json(&pinned::Pinned(&body, "streaming", true))`.
pub(super) fn pin(method: &mut ImplItemFn, member: &str, value: bool) -> Result<(), Failure> {
    let mut change = Pin {
        member,
        value,
        changed: 0,
    };
    change.visit_block_mut(&mut method.block);
    match change.changed {
        1 => Ok(()),
        _ => Err(unexpected(&format!(
            "`{}` has no one place where its body is sent as JSON",
            method.sig.ident
        ))),
    }
}

struct Pin<'a> {
    member: &'a str,
    value: bool,
    changed: usize,
}

impl VisitMut for Pin<'_> {
    fn visit_expr_mut(&mut self, expr: &mut Expr) {
        syn::visit_mut::visit_expr_mut(self, expr);
        let (member, value) = (self.member, self.value);
        match expr {
            Expr::MethodCall(call) if call.method == "json" && call.args.len() == 1 => {
                let body = &call.args[0];
                call.args = parse_quote!(&pinned::Pinned(#body, #member, #value));
            }
            // Without a body, the member is sent alone.
            Expr::Call(call)
                if text(&call.func) == "body :: json_if_any" && call.args.len() == 2 =>
            {
                let (request, body) = (&call.args[0], &call.args[1]);
                *expr = parse_quote!(#request.json(&pinned::Pinned(&#body, #member, #value)));
            }
            _ => return,
        }
        self.changed += 1;
    }
}

/// The sentences about events for the method that asks for JSON, and for the other.
pub(super) fn said(stream: &EventStream) -> (String, Vec<String>) {
    let name = &stream.method;
    let mut said =
        "Asks for server-sent events, and hands over their bytes as they arrive.".to_owned();
    if let Some(event) = event_type(stream) {
        said = format!(
            "Asks for server-sent events, and decodes each as a [`types::{event}`] as it arrives. See [`EventStream`](crate::EventStream)."
        );
    }
    let mut of_twin = vec![said];
    let mut other = format!("For the answer as server-sent events, see [`{name}`](Self::{name}).");
    if let Some(switch) = &stream.switch {
        of_twin.push(format!(
            "Set `{switch}` of the body to `true`. The service goes by it, and this method does not set it."
        ));
        other += &format!(" `{switch}` of the body must not be `true` here.");
    }
    if let Some(pin) = &stream.pin {
        let said = |value| format!("This method sends `{pin}: {value}`, whatever the body holds.");
        of_twin.push(said(true));
        other += " ";
        other += &said(false);
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
    /// What ends the events, if they have a type.
    end: Option<Expr>,
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
            *arm.body = match &self.end {
                Some(end) => parse_quote!(call::arriving_events(#response, #end)),
                None => parse_quote!(Ok(call::arriving(#response))),
            };
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
