//! What carries out each operation. An operation without a handler is answered 501.

use std::sync::Arc;

use axum::response::Response;
use futures_util::future::BoxFuture;
use letta_api::Operation;

use crate::call::Call;
use crate::http::refusal::Refusal;
use crate::resources::agents::{attach, blocks as agent_blocks, tools as agent_tools};
use crate::resources::transfer::{export, import};
use crate::resources::{
    agent_files, agents, archives, blocks, compaction, conversations, files, folders, mcp_servers,
    messages, models, passages, runs, steps, tags, tools,
};
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
        "delete_agent" => Turn(turns::delete_agent),
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
        "reset_messages" => World(messages::reset),
        "compact_messages" => World(compaction::of_agent),
        "list_all_messages" => World(messages::list_all),
        "search_messages" => World(messages::search),
        "get_message" => World(messages::get),

        "list_archives" => World(archives::list),
        "create_archive" => World(archives::create),
        "get_archive" => World(archives::get),
        "update_archive" => World(archives::update),
        "delete_archive" => World(archives::delete),
        "create_archive_passage" => World(passages::create),
        "create_archive_passages" => World(passages::create_many),
        "delete_archive_passage" => World(passages::delete),
        "list_agent_passages" => World(passages::list_of_agent),
        "create_agent_passage" => World(passages::create_of_agent),
        "search_agent_passages" => World(passages::search_of_agent),
        "delete_agent_passage" => World(passages::delete_of_agent),
        "search_passages" => World(passages::search),

        "list_folders" => World(folders::list),
        "create_folder" => World(folders::create),
        "get_folder" => World(folders::get),
        "update_folder" => World(folders::update),
        "delete_folder" => World(folders::delete),
        "list_folder_agents" => World(folders::agents),
        "list_folder_files" => World(files::list),
        "get_file" => World(files::get),
        "upload_file" => World(files::upload),
        "delete_file" => World(files::delete),
        "list_agent_files" => World(agent_files::list),
        "open_file" => World(agent_files::open_one),
        "close_file" => World(agent_files::close_one),
        "close_all_files" => World(agent_files::close_all),

        "list_conversations" => World(conversations::list),
        "create_conversation" => World(conversations::create),
        "get_conversation" => World(conversations::get),
        "update_conversation" => World(conversations::update),
        "delete_conversation" => World(conversations::delete),
        "fork_conversation" => World(conversations::fork),
        "recompile_conversation" => World(conversations::recompile),
        "list_conversation_messages" => World(conversations::list_messages),
        "compact_conversation" => World(compaction::of_conversation),

        "list_runs" => World(runs::list),
        "get_run" => World(runs::get),
        "list_run_messages" => World(runs::messages),
        "list_run_steps" => World(runs::steps),
        "get_run_usage" => World(runs::usage),
        "get_run_trace" => World(runs::trace),
        "list_steps" => World(steps::list),
        "get_step" => World(steps::get),
        "update_step_feedback" => World(steps::update_feedback),
        "list_step_messages" => World(steps::messages),
        "get_step_metrics" => World(steps::metrics),
        "get_step_trace" => World(steps::trace),
        _ => return None,
    })
}

#[cfg(test)]
mod tests;
