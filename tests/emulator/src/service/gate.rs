//! What every operation goes through before it is carried out: faults first, as from a proxy before the
//! service, then who calls, whether they may, and whether the request is valid.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::rejection::RawPathParamsRejection;
use axum::extract::{RawPathParams, Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::MethodRouter;
use letta_api::Operation;
use letta_api::types::AccessRight;

use crate::call::{Call, written_out};
use crate::clock::passed;
use crate::description::check::{self, Checked, Sent};
use crate::faults::present::{AgentFault, Effect, Strike};
use crate::http::refusal::Refusal;
use crate::http::server::HangUp;
use crate::operation;
use crate::service::account::{Account, Answered};
use crate::service::caller::Caller;
use crate::service::handlers::{self, Handler};
use crate::service::incoming::Incoming;
use crate::stream::struck;

/// The path's parameters, or why they cannot be read.
pub(crate) type PathParams = Result<RawPathParams, RawPathParamsRejection>;

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

/// Lets through who may make a call that needs `right` on the agent of the path. For what is not an operation of the description,
/// so that neither faults strike nor requests are counted.
pub(crate) fn open(
    account: &Arc<Account>,
    right: AccessRight,
    handler: MethodRouter<Arc<Account>>,
) -> MethodRouter<Arc<Account>> {
    handler.route_layer(from_fn_with_state(
        (Arc::clone(account), right),
        check_right,
    ))
}

async fn check_right(
    State((account, right)): State<(Arc<Account>, AccessRight)>,
    path: PathParams,
    request: Request,
    next: Next,
) -> Response {
    match admit(&account, Some(right), path, request.headers()) {
        Ok(_) => next.run(request).await,
        Err(refusal) => refusal.into_response(),
    }
}

/// Answers a request for an operation.
pub(crate) async fn pass(
    account: Arc<Account>,
    operation: Operation,
    path: PathParams,
    request: Request,
) -> Response {
    let incoming = Incoming::read(operation, request).await;
    let operation = incoming.operation;
    account.count_arrival(operation);
    let mut count = Count {
        account: &account,
        operation,
        answered: None,
    };
    let strike = account.faults.strike(operation, account.now());
    let idle_limit = strike.idle_limit;
    let answer = answer(&account, incoming, strike, path);
    let response = match idle_limit {
        None => answer.await,
        Some(limit) => {
            let clock = Arc::clone(&account.stage.clock);
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
    let clock = Arc::clone(&account.stage.clock);
    struck::strike(response, &faults, idle_limit, clock)
}

/// What a request is answered, struck by what strikes it before its body begins.
async fn answer(
    account: &Arc<Account>,
    incoming: Incoming,
    strike: Strike,
    path: PathParams,
) -> Response {
    pause(strike.delay).await;
    match strike.effect {
        Some(Effect::Answer(refusal)) => refusal.into_response(),
        Some(Effect::Disconnect) => HangUp::response(),
        Some(Effect::LoseAnswer) => {
            carry_out(account, incoming, path, None).await;
            HangUp::response()
        }
        Some(Effect::Agent(fault)) => carry_out(account, incoming, path, Some(fault)).await,
        Some(Effect::LateAnswer(delay)) => {
            let response = carry_out(account, incoming, path, None).await;
            pause(delay).await;
            response
        }
        None => carry_out(account, incoming, path, None).await,
    }
}

async fn pause(delay: Duration) {
    if !delay.is_zero() {
        tokio::time::sleep(delay).await;
    }
}

async fn carry_out(
    account: &Arc<Account>,
    incoming: Incoming,
    path: PathParams,
    fault: Option<AgentFault>,
) -> Response {
    let operation = incoming.operation;
    let handler = handlers::of(&operation);
    let answer = match call(account, incoming, path, fault) {
        Ok(call) => match handler {
            Some(Handler::Account(handler)) => handler(&call, account),
            Some(Handler::World(handler)) if call.operation.method == "GET" => {
                handler(&call, account.stage.world().unmarked())
            }
            Some(Handler::World(handler)) => handler(&call, &mut account.stage.world()),
            Some(Handler::Turn(handler)) => handler(Arc::clone(&account.stage), call).await,
            None => Err(Refusal::not_emulated(call.operation.id)),
        },
        Err(refusal) => Err(refusal),
    };
    match answer {
        Ok(response) => written_out(&operation, response),
        Err(refusal) => refusal.into_response(),
    }
}

/// The call, if it may be made and is valid.
fn call(
    account: &Account,
    incoming: Incoming,
    path: PathParams,
    fault: Option<AgentFault>,
) -> Result<Call, Refusal> {
    let operation = incoming.operation;
    let right = match operation.id {
        "update_agent" if account.token_rules.update_by_post => None,
        _ => operation::right(&operation),
    };
    let (caller, path) = admit(account, right, path, &incoming.headers)?;
    let (body, bytes) = incoming.body?;
    let checked = match handlers::of(&operation) {
        // What is told of a token's body is the hosted service's, and in another form.
        None | Some(Handler::Account(_)) => Checked::default(),
        Some(_) => {
            let path: Vec<(&str, &str)> = path
                .iter()
                .map(|(name, value)| (&**name, &**value))
                .collect();
            let sent = Sent {
                path: &path,
                query: &incoming.query,
                body: &body,
            };
            check::check(operation.id, &sent)?
        }
    };
    Ok(Call {
        operation,
        path,
        query: incoming.query,
        headers: incoming.headers,
        body,
        bytes,
        checked,
        by_token: matches!(caller, Caller::Page { .. }),
        project: caller.project().clone(),
        fault,
        now: account.now(),
    })
}

/// Who calls, if they may, and the parameters of the path.
fn admit(
    account: &Account,
    right: Option<AccessRight>,
    path: PathParams,
    headers: &axum::http::HeaderMap,
) -> Result<(Caller, Vec<(String, String)>), Refusal> {
    let caller = Caller::from_headers(headers, account, account.now())?;
    // The rejection's own text quotes the path, which may hold a token.
    let path = path.map_err(|_| Refusal::bad_request("what the path names is not UTF-8"))?;
    let path: Vec<_> = path
        .iter()
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let agent = path.iter().find(|(name, _)| name == "agent_id");
    caller.authorize(account, right, agent.map(|(_, id)| &**id))?;
    Ok((caller, path))
}
