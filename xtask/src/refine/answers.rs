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
//! becomes `call::json(self, request, &operations::GET_AGENT, &[200u16], &[404u16]).await`.

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
    let (Some(execute), Some((read, successes, errors))) = (call(response), read(&answer.arms))
    else {
        return;
    };
    let (request, operation) = execute;
    let receive = match read {
        Read::Json => quote!(json),
        Read::Nothing => quote!(nothing),
        Read::Stream => quote!(stream),
    };
    let end: Stmt = Stmt::Expr(
        parse_quote!(call::#receive(self, #request, #operation, &[#(#successes),*], &[#(#errors),*]).await),
        None,
    );
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
#[derive(Clone, Copy, PartialEq)]
enum Read {
    Json,
    Nothing,
    Stream,
}

/// How successes are read, and the statuses of successes and of errors that are JSON. `None` if the match has an arm of any other form,
/// such as a range of statuses.
fn read(arms: &[Arm]) -> Option<(Read, Vec<u16>, Vec<u16>)> {
    let (last, arms) = arms.split_last()?;
    if !matches!(last.pat, Pat::Wild(_))
        || text(&last.body) != "Err (call :: undocumented (response))"
    {
        return None;
    }
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
        let read = match text(inner(&arm.body)).as_str() {
            "call :: read (response) . await" => Read::Json,
            "Ok (call :: empty (response))" => Read::Nothing,
            "Ok (call :: arriving (response))" => Read::Stream,
            "Err (call :: error (call :: read (response) . await ?))" => {
                errors.push(status);
                continue;
            }
            _ => return None,
        };
        if how.is_some_and(|before| before != read) {
            return None;
        }
        how = Some(read);
        successes.push(status);
    }
    Some((how?, successes, errors))
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
