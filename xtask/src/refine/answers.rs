//! The end of each method: how its answer is read, in one call.
//!
//! progenitor writes a match with an `.await` in each arm. A compiler takes longer for those than for all the
//! rest of a method. So
//!
//! ```text
//! let response = call::send(self, request, &operations::GET_AGENT).await?;
//! match response.status().as_u16() {
//!     200u16 => call::read(response).await,
//!     404u16 => Err(call::error(call::read(response).await?)),
//!     _ => Err(call::undocumented(response)),
//! }
//! ```
//!
//! becomes `call::json(self, request, &operations::GET_AGENT, &[200u16], &[404u16]).await`. If all operations have one error body
//! (see [`super::one_error`]), it becomes `one_error::json(self, request, &operations::GET_AGENT, &[200u16]).await`.

use quote::{ToTokens, quote};
use syn::{Arm, Expr, ImplItemFn, Lit, Local, Pat, Stmt, parse_quote};

/// Replaces the end of a method if all successes are read in one way, and all errors as JSON. Any other end stays a match, which is
/// rare and correct.
pub(super) fn shorten(method: &mut ImplItemFn) {
    let [
        ..,
        Stmt::Local(response),
        Stmt::Expr(Expr::Match(answer), None),
    ] = method.block.stmts.as_slice()
    else {
        return;
    };
    let (Some(execute), Some(answers)) = (call(response), read(&answer.arms)) else {
        return;
    };
    let (request, operation) = execute;
    let receive = match &answers.read {
        Read::Json => quote!(json),
        Read::Nothing => quote!(nothing),
        Read::Stream => quote!(stream),
        Read::Events(_) => quote!(events),
    };
    let end = match &answers.read {
        Read::Events(end) => Some(end),
        _ => None,
    }
    .into_iter();
    let Answers {
        successes, errors, ..
    } = answers;
    let end: Expr = match errors {
        Some(errors) => parse_quote!(
            call::#receive(self, #request, #operation, &[#(#successes),*], &[#(#errors),*] #(, #end)*).await
        ),
        None => parse_quote!(
            one_error::#receive(self, #request, #operation, &[#(#successes),*] #(, #end)*).await
        ),
    };
    let end = Stmt::Expr(end, None);
    let length = method.block.stmts.len();
    method.block.stmts.truncate(length - 2);
    method.block.stmts.push(end);
}

/// The arguments of `let response = call::send(self, …).await?;`.
fn call(local: &Local) -> Option<(&Expr, &Expr)> {
    let Expr::Try(tried) = &*local.init.as_ref()?.expr else {
        return None;
    };
    let Expr::Await(awaited) = &*tried.expr else {
        return None;
    };
    match &*awaited.base {
        Expr::Call(call) if text(&call.func) == "call :: send" && call.args.len() == 3 => {
            Some((&call.args[1], &call.args[2]))
        }
        _ => None,
    }
}

/// How the body of a success is read.
#[derive(PartialEq)]
enum Read {
    Json,
    Nothing,
    Stream,
    /// As events of a type, which this ends.
    Events(Expr),
}

/// What the arms of a match come to.
struct Answers {
    /// How successes are read.
    read: Read,
    /// Their statuses.
    successes: Vec<u16>,
    /// The statuses of errors that are JSON. `None` if there is one error body for all.
    errors: Option<Vec<u16>>,
}

/// Reads the arms. `None` if one has any other form, such as a range of statuses.
fn read(arms: &[Arm]) -> Option<Answers> {
    let (last, arms) = arms.split_last()?;
    if !matches!(last.pat, Pat::Wild(_)) {
        return None;
    }
    let has_one_error = match text(&last.body).as_str() {
        "Err (call :: undocumented (response))" => false,
        "Err (one_error :: refused (response) . await)" => true,
        _ => return None,
    };
    // Arms are compared as texts. progenitor writes them in one way, and any other is left as it is.
    let (mut how, mut successes, mut errors) = (None, Vec::new(), Vec::new());
    for arm in arms {
        let Pat::Lit(literal) = &arm.pat else {
            return None;
        };
        let Lit::Int(status) = &literal.lit else {
            return None;
        };
        let status: u16 = status.base10_parse().ok()?;
        let body = inner(&arm.body);
        let read = match text(body).as_str() {
            of_events if of_events.starts_with("call :: arriving_events (response") => {
                let Expr::Call(call) = body else { return None };
                Read::Events(call.args.last()?.clone())
            }
            "call :: read (response) . await" => Read::Json,
            "Ok (call :: empty (response))" => Read::Nothing,
            "Ok (call :: arriving (response))" => Read::Stream,
            "Err (call :: error (call :: read (response) . await ?))" => {
                errors.push(status);
                continue;
            }
            _ => return None,
        };
        if how.as_ref().is_some_and(|before| *before != read) {
            return None;
        }
        how = Some(read);
        successes.push(status);
    }
    Some(Answers {
        read: how?,
        successes,
        errors: (!has_one_error).then_some(errors),
    })
}

/// What a block comes to, if it does nothing else; or the expression.
fn inner(expr: &Expr) -> &Expr {
    match expr {
        Expr::Block(block) => match block.block.stmts.as_slice() {
            [Stmt::Expr(expr, None)] => inner(expr),
            _ => expr,
        },
        expr => expr,
    }
}

fn text(tokens: &impl ToTokens) -> String {
    tokens.to_token_stream().to_string()
}
