//! What every operation goes through before it is carried out: faults first, as from a proxy before the
//! service, then who calls, and whether they may.

use std::sync::Arc;

use axum::extract::{RawPathParams, Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::MethodRouter;

use crate::account::Account;
use crate::caller::Caller;
use crate::faults::Effect;
use crate::operation::Operation;
use crate::server::HangUp;

#[derive(Clone)]
struct Gate {
    account: Arc<Account>,
    operation: Operation,
}

/// Marks a request whose agent's model is to fail.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ModelFails;

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

async fn pass(
    State(gate): State<Gate>,
    path: Result<RawPathParams, axum::extract::rejection::RawPathParamsRejection>,
    request: Request,
    next: Next,
) -> Response {
    let Gate { account, operation } = gate;
    let strike = account.faults.strike(operation, account.now());
    if !strike.delay.is_zero() {
        tokio::time::sleep(strike.delay).await;
    }
    let response = match strike.effect {
        Some(Effect::Answer(refusal)) => refusal.into_response(),
        Some(Effect::Disconnect) => HangUp::response(),
        Some(Effect::LoseAnswer) => {
            carry_out(&account, operation, path.ok(), request, next).await;
            HangUp::response()
        }
        effect => {
            let mut request = request;
            if matches!(effect, Some(Effect::ModelFails)) {
                request.extensions_mut().insert(ModelFails);
            }
            carry_out(&account, operation, path.ok(), request, next).await
        }
    };
    let hangs_up = response.extensions().get::<HangUp>().is_some();
    let answered = (!hangs_up).then(|| response.status().as_u16());
    account.count_answer(operation, answered);
    response
}

async fn carry_out(
    account: &Account,
    operation: Operation,
    path: Option<RawPathParams>,
    mut request: Request,
    next: Next,
) -> Response {
    let agent = path.iter().flatten().find(|(name, _)| *name == "agent_id");
    let caller =
        Caller::from_headers(request.headers(), account, account.now()).and_then(|caller| {
            caller.authorize(operation, agent.map(|(_, id)| id))?;
            Ok(caller)
        });
    match caller {
        Ok(caller) => {
            request.extensions_mut().insert(caller);
            next.run(request).await
        }
        Err(refusal) => refusal.into_response(),
    }
}
