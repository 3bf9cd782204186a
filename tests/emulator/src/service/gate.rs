//! What every operation goes through before it is carried out: faults first, as from a proxy before the
//! service, then who calls, and whether they may.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::rejection::RawPathParamsRejection;
use axum::extract::{RawPathParams, Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::MethodRouter;

use letta_api::types::AccessRight;

use crate::clock::passed;
use crate::faults::present::{Effect, Strike};
use crate::http::refusal::Refusal;
use crate::http::server::HangUp;
use crate::operation::Operation;
use crate::service::account::{Account, Answered};
use crate::service::caller::Caller;
use crate::stream::struck;

#[derive(Clone)]
struct Gate {
    account: Arc<Account>,
    operation: Operation,
}

/// Counts a request, even if it is given up before there is an answer.
struct Count<'a> {
    account: &'a Account,
    operation: Operation,
    answered: Answered,
}

impl Drop for Count<'_> {
    fn drop(&mut self) {
        self.account.count_answer(self.operation, self.answered);
    }
}

/// Puts the gate before the handler of an operation. The handler finds the [`Caller`] among the
/// extensions of its request.
pub(crate) fn guard(
    account: &Arc<Account>,
    operation: Operation,
    handler: MethodRouter<Arc<Account>>,
) -> MethodRouter<Arc<Account>> {
    let gate = Gate {
        account: Arc::clone(account),
        operation,
    };
    handler.route_layer(from_fn_with_state(gate, pass))
}

/// Lets through who may make a call that needs `right` on the agent of the path. For what is not an operation of the emulator's,
/// so that neither faults strike nor requests are counted.
pub(crate) fn open(
    account: &Arc<Account>,
    right: AccessRight,
    handler: MethodRouter<Arc<Account>>,
) -> MethodRouter<Arc<Account>> {
    handler.route_layer(from_fn_with_state((Arc::clone(account), right), check))
}

async fn check(
    State((account, right)): State<(Arc<Account>, AccessRight)>,
    path: Result<RawPathParams, RawPathParamsRejection>,
    request: Request,
    next: Next,
) -> Response {
    match admit(&account, Some(right), path, &request) {
        Ok(_) => next.run(request).await,
        Err(refusal) => refusal.into_response(),
    }
}

async fn pass(
    State(gate): State<Gate>,
    path: Result<RawPathParams, RawPathParamsRejection>,
    request: Request,
    next: Next,
) -> Response {
    let Gate { account, operation } = gate;
    account.count_arrival(operation);
    let mut count = Count {
        account: &account,
        operation,
        answered: None,
    };
    let strike = account.faults.strike(operation, account.now());
    let idle_limit = strike.idle_limit;
    let answer = answer(&account, operation, strike, path, request, next);
    let response = match idle_limit {
        None => answer.await,
        Some(limit) => {
            let clock = account.clock();
            tokio::select! {
                biased;
                response = answer => response,
                () = passed(&*clock, clock.now(), limit) => HangUp::response(),
            }
        }
    };
    if response.extensions().get::<HangUp>().is_none() {
        count.answered = Some(response.status().as_u16());
    }
    if !struck::is_stream(&response) {
        return response;
    }
    let faults = account.faults.strike_stream(operation);
    struck::strike(response, &faults, idle_limit, account.clock())
}

/// What a request is answered, struck by what strikes it before its body begins.
async fn answer(
    account: &Account,
    operation: Operation,
    strike: Strike,
    path: Result<RawPathParams, RawPathParamsRejection>,
    mut request: Request,
    next: Next,
) -> Response {
    pause(strike.delay).await;
    match strike.effect {
        Some(Effect::Answer(refusal)) => refusal.into_response(),
        Some(Effect::Disconnect) => HangUp::response(),
        Some(Effect::LoseAnswer) => {
            carry_out(account, operation, path, request, next).await;
            HangUp::response()
        }
        Some(Effect::Agent(fault)) => {
            request.extensions_mut().insert(fault);
            carry_out(account, operation, path, request, next).await
        }
        Some(Effect::LateAnswer(delay)) => {
            let response = carry_out(account, operation, path, request, next).await;
            pause(delay).await;
            response
        }
        None => carry_out(account, operation, path, request, next).await,
    }
}

async fn pause(delay: Duration) {
    if !delay.is_zero() {
        tokio::time::sleep(delay).await;
    }
}

async fn carry_out(
    account: &Account,
    operation: Operation,
    path: Result<RawPathParams, RawPathParamsRejection>,
    mut request: Request,
    next: Next,
) -> Response {
    let right = match operation {
        Operation::ModifyAgent if account.token_rules.update_by_post => None,
        _ => operation.right(),
    };
    let caller = admit(account, right, path, &request);
    match caller {
        Ok(caller) => {
            request.extensions_mut().insert(caller);
            next.run(request).await
        }
        Err(refusal) => refusal.into_response(),
    }
}

/// Who calls, if they may.
fn admit(
    account: &Account,
    right: Option<AccessRight>,
    path: Result<RawPathParams, RawPathParamsRejection>,
    request: &Request,
) -> Result<Caller, Refusal> {
    let caller = Caller::from_headers(request.headers(), account, account.now())?;
    // The rejection's own text quotes the path, which may hold a token.
    let path = path.map_err(|_| Refusal::bad_request("what the path names is not UTF-8"))?;
    let agent = path.iter().find(|(name, _)| *name == "agent_id");
    caller.authorize(account, right, agent.map(|(_, id)| id))?;
    Ok(caller)
}
