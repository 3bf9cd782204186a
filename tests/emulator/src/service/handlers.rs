//! What carries out each operation. An operation without a handler is answered 501.

use std::sync::Arc;

use axum::response::Response;
use futures_util::future::BoxFuture;
use letta_api::Operation;

use crate::call::Call;
use crate::http::refusal::Refusal;
use crate::resources::{agents, messages};
use crate::service::account::Account;
use crate::service::tokens;
use crate::turns::handlers as turns;
use crate::turns::stage::Stage;
use crate::world::World;

type Answer = Result<Response, Refusal>;

/// What carries out an operation.
pub(crate) enum Handler {
    /// It is about the account, which has the tokens.
    Account(fn(&Call, &Account) -> Answer),
    /// It reads or changes the state, at once.
    World(fn(&Call, &mut World) -> Answer),
    /// It takes part in a turn, which takes time.
    Turn(fn(Arc<Stage>, Call) -> BoxFuture<'static, Answer>),
}

/// What carries out this operation. `None` if it is not emulated.
pub(crate) fn of(operation: &Operation) -> Option<Handler> {
    use Handler::{Account, Turn, World};
    Some(match operation.id {
        "create_client_side_access_token" => Account(tokens::create),
        "list_client_side_access_tokens" => Account(tokens::list),
        "delete_client_side_access_token" => Account(tokens::delete),

        "list_agents" => World(agents::list),
        "create_agent" => World(agents::create),
        "get_agent" => World(agents::get),
        "update_agent" => World(agents::update),
        "delete_agent" => World(agents::delete),

        "list_messages" => World(messages::list),

        "send_message" => Turn(turns::send_message),
        "send_message_stream" => Turn(turns::send_message_stream),
        "stream_message" => Turn(turns::stream_message),
        "send_conversation_message" => Turn(turns::send_conversation_message),
        "send_conversation_message_stream" => Turn(turns::send_conversation_message_stream),
        "start_run" => Turn(turns::start_run),
        "cancel_runs" => Turn(turns::cancel_runs),
        "cancel_conversation" => Turn(turns::cancel_conversation),
        "resume_run_stream" => Turn(turns::resume_run_stream),
        "resume_conversation_stream" => Turn(turns::resume_conversation_stream),
        _ => return None,
    })
}
