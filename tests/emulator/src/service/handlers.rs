//! What carries out each operation. An operation without a handler is answered 501.

use std::sync::Arc;

use axum::response::Response;
use futures_util::future::BoxFuture;
use letta_api::Operation;

use crate::call::Call;
use crate::http::refusal::Refusal;
use crate::resources::agents::{attach, blocks as agent_blocks, tools as agent_tools};
use crate::resources::transfer::{export, import};
use crate::resources::{agents, blocks, mcp_servers, messages, models, tags, tools};
use crate::service::account::Account;
use crate::service::tokens as access_tokens;
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
        "create_client_side_access_token" => Account(access_tokens::create),
        "list_client_side_access_tokens" => Account(access_tokens::list),
        "delete_client_side_access_token" => Account(access_tokens::delete),

        "list_agents" => World(agents::list),
        "create_agent" => World(agents::create),
        "get_agent" => World(agents::get),
        "update_agent" => World(agents::update),
        "delete_agent" => World(agents::delete),
        "export_agent" => World(export::export),
        "import_agent" => World(import::import),
        "recompile_agent" => World(agents::recompile),

        "list_agent_tools" => World(attach::list_tools),
        "attach_tool" => World(attach::attach_tool),
        "detach_tool" => World(attach::detach_tool),
        "update_tool_approval" => World(agent_tools::update_approval),
        "run_agent_tool" => World(agent_tools::run),

        "list_agent_blocks" => World(attach::list_blocks),
        "attach_block" => World(attach::attach_block),
        "detach_block" => World(attach::detach_block),
        "get_agent_block" => World(agent_blocks::get),
        "update_agent_block" => World(agent_blocks::update),

        "attach_archive" => World(attach::attach_archive),
        "detach_archive" => World(attach::detach_archive),
        "attach_identity" => World(attach::attach_identity),
        "detach_identity" => World(attach::detach_identity),
        "list_agent_folders" => World(attach::list_folders),
        "attach_folder" => World(attach::attach_folder),
        "detach_folder" => World(attach::detach_folder),

        "list_blocks" => World(blocks::list),
        "create_block" => World(blocks::create),
        "get_block" => World(blocks::get),
        "update_block" => World(blocks::update),
        "delete_block" => World(blocks::delete),
        "list_block_agents" => World(blocks::list_agents),

        "list_tools" => World(tools::list),
        "create_tool" | "upsert_tool" => World(tools::create),
        "search_tools" => World(tools::search),
        "get_tool" => World(tools::get),
        "update_tool" => World(tools::update),
        "delete_tool" => World(tools::delete),

        "list_tags" => World(tags::list),
        "list_models" => World(models::list),
        "list_embedding_models" => World(models::list_embedding),

        "list_mcp_servers" => World(mcp_servers::list),
        "create_mcp_server" => World(mcp_servers::create),
        "get_mcp_server" => World(mcp_servers::get),
        "update_mcp_server" => World(mcp_servers::update),
        "delete_mcp_server" => World(mcp_servers::delete),
        "refresh_mcp_server" => World(mcp_servers::refresh),
        "list_mcp_server_tools" => World(mcp_servers::list_tools),
        "get_mcp_server_tool" => World(mcp_servers::get_tool),
        "run_mcp_server_tool" => World(mcp_servers::run_tool),

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
