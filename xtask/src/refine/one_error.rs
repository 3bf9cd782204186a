//! One error body for all operations: letta-api's `ServiceError`, whatever the status.
//!
//! The arrange stage has removed the bodies of errors, so progenitor has written a method whose errors have none:
//!
//! ```text
//! pub async fn get_agent(&self, …) -> Result<ResponseValue<types::Agent>, Error<()>> {
//!     …
//!     match response.status().as_u16() {
//!         200u16 => call::read(response).await,
//!         404u16 => Err(call::error(call::empty(response))),
//!         _ => Err(call::undocumented(response)),
//!     }
//! }
//! ```
//!
//! It becomes this one, and [`super::answers`] makes a call of the match:
//!
//! ```text
//! pub async fn get_agent(&self, …) -> Result<ResponseValue<types::Agent>, Error<crate::ServiceError>> {
//!     …
//!     match response.status().as_u16() {
//!         200u16 => call::read(response).await,
//!         _ => Err(one_error::refused(response).await),
//!     }
//! }
//! ```

use quote::ToTokens;
use syn::visit_mut::VisitMut;
use syn::{
    Expr, ExprMatch, ExprMethodCall, GenericArgument, ImplItemFn, Pat, PathArguments, ReturnType,
    Stmt, Type, parse_quote,
};

use super::unexpected;
use crate::diagnostic::Failure;

/// Gives a method this error body. A method in another form than the one above is an error: it would lose errors.
pub(super) fn refine(method: &mut ImplItemFn) -> Result<(), Failure> {
    let id = method.sig.ident.to_string();
    let missing = |what: &str| unexpected(&format!("`{id}` has no {what}"));
    let body = error_body(&mut method.sig.output).ok_or_else(|| missing("error without a body"))?;
    *body = parse_quote!(crate::ServiceError);
    let Some(Stmt::Expr(Expr::Match(answer), None)) = method.block.stmts.last_mut() else {
        return Err(missing("match of the status at its end"));
    };
    arms(answer).ok_or_else(|| missing("arms that are known"))?;
    if text(&method.sig.output).contains("ResponseValue < () >") {
        AcceptJson.visit_block_mut(&mut method.block);
    }
    Ok(())
}

/// Asks for JSON. progenitor writes the header only if it knows of an answer that is JSON, and errors are.
struct AcceptJson;

impl VisitMut for AcceptJson {
    fn visit_expr_method_call_mut(&mut self, call: &mut ExprMethodCall) {
        let receiver = &call.receiver;
        if call.method == "build" && !text(receiver).contains(":: ACCEPT") {
            *call.receiver = parse_quote!(#receiver.header(
                ::reqwest::header::ACCEPT,
                ::reqwest::header::HeaderValue::from_static("application/json"),
            ));
        }
    }
}

/// Leaves the arms of successes, and one for all else. `None` if an arm is none of those that are known.
fn arms(answer: &mut ExprMatch) -> Option<()> {
    let last = answer.arms.last_mut()?;
    let is_last = matches!(last.pat, Pat::Wild(_))
        && text(&last.body) == "Err (call :: undocumented (response))";
    if !is_last {
        return None;
    }
    *last.body = parse_quote!(Err(one_error::refused(response).await));
    let mut are_known = true;
    answer.arms.retain(|arm| {
        let body = text(&arm.body);
        let is_error = body.contains("call :: error (");
        are_known &= !is_error || body.contains("call :: error (call :: empty (response))");
        !is_error
    });
    are_known.then_some(())
}

/// The `()` of `Result<…, Error<()>>`.
fn error_body(output: &mut ReturnType) -> Option<&mut Type> {
    let ReturnType::Type(_, ty) = output else {
        return None;
    };
    let body = argument(argument(ty, "Result", 1)?, "Error", 0)?;
    matches!(body, Type::Tuple(tuple) if tuple.elems.is_empty()).then_some(body)
}

/// An argument of a generic type of this name.
fn argument<'a>(ty: &'a mut Type, of: &str, place: usize) -> Option<&'a mut Type> {
    let Type::Path(path) = ty else { return None };
    let last = path.path.segments.last_mut()?;
    let is_it = last.ident == of;
    match &mut last.arguments {
        PathArguments::AngleBracketed(arguments) if is_it => {
            match arguments.args.iter_mut().nth(place)? {
                GenericArgument::Type(ty) => Some(ty),
                _ => None,
            }
        }
        _ => None,
    }
}

fn text(tokens: &impl ToTokens) -> String {
    tokens.to_token_stream().to_string()
}
