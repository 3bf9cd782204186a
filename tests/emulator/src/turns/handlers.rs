//! The operations that take part in turns: sending, reading again, cancelling.

use std::sync::Arc;

use axum::response::Response;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;

use crate::call::Call;
use crate::http::refusal::Refusal;
use crate::resources::agents;
use crate::turns::stage::Stage;

mod cancel;
mod read;
mod send;
mod target;

pub(crate) use self::cancel::{cancel_conversation, cancel_runs};
pub(crate) use self::read::{resume_conversation_stream, resume_run_stream};
pub(crate) use self::send::{
    send_conversation_message, send_conversation_message_stream, send_message, send_message_stream,
    start_run, stream_message,
};

type Answer = Result<Response, Refusal>;

/// Deletes an agent, and forgets how far it has come in its script.
pub(crate) fn delete_agent(stage: Arc<Stage>, call: Call) -> BoxFuture<'static, Answer> {
    async move {
        let answer = agents::delete(&call, &mut stage.world())?;
        stage.parts().forget(call.path("agent_id"));
        stage.live().forget_agent(call.path("agent_id"));
        Ok(answer)
    }
    .boxed()
}
