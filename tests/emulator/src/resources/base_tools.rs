//! The tools that a server has from the start.

use letta_api::types::{AgentType, Tool, ToolRule, ToolType};
use serde_json::{Map, Value, json};

use crate::id;
use crate::resources::agents::draft::USER;
use crate::world::World;

/// What agents talk to each other with.
pub(crate) const MULTI_AGENT: [&str; 3] = [
    "send_message_to_agent_and_wait_for_reply",
    "send_message_to_agents_matching_tags",
    "send_message_to_agent_async",
];

/// What an agent reads the files of its folders with.
pub(crate) const FILES: [&str; 3] = ["open_files", "grep_files", "semantic_search_files"];

/// A base tool: name, type, description, parameters.
///
/// A parameter is its name, with `?` if it may be left out, and its type: `s` text, `i` whole number, `b` true or false, `S` texts, `O` objects.
type BaseTool = (
    &'static str,
    ToolType,
    &'static str,
    &'static [(&'static str, char)],
);

const TOOLS: [BaseTool; 26] = [
    (
        "memory",
        ToolType::LettaMemoryCore,
        "Changes blocks of memory: makes, edits, renames and deletes them.",
        &[
            ("command", 's'),
            ("path?", 's'),
            ("file_text?", 's'),
            ("description?", 's'),
            ("old_string?", 's'),
            ("new_string?", 's'),
            ("insert_line?", 'i'),
            ("insert_text?", 's'),
            ("old_path?", 's'),
            ("new_path?", 's'),
        ],
    ),
    (
        "send_message_to_agents_matching_tags",
        ToolType::LettaMultiAgentCore,
        "Sends a message to all agents that have certain tags.",
        &[("message", 's'), ("match_all", 'S'), ("match_some", 'S')],
    ),
    (
        "run_code_with_tools",
        ToolType::LettaBuiltin,
        "Runs Python code that may call the agent's tools.",
        &[("code", 's')],
    ),
    (
        "search_memory",
        ToolType::LettaVoiceSleeptimeCore,
        "Searches earlier conversations for what the user asks about.",
        &[
            ("convo_keyword_queries?", 'S'),
            ("start_minutes_ago?", 'i'),
            ("end_minutes_ago?", 'i'),
        ],
    ),
    (
        "send_message",
        ToolType::LettaCore,
        "Says something to the user.",
        &[("message", 's')],
    ),
    (
        "memory_finish_edits",
        ToolType::LettaSleeptimeCore,
        "Says that the memory is as it should be.",
        &[],
    ),
    (
        "archival_memory_insert",
        ToolType::LettaCore,
        "Keeps a text in the archive.",
        &[("content", 's'), ("tags?", 'S')],
    ),
    (
        "core_memory_append",
        ToolType::LettaMemoryCore,
        "Adds a text at the end of a block.",
        &[("label", 's'), ("content", 's')],
    ),
    (
        "semantic_search_files",
        ToolType::LettaFilesCore,
        "Searches files by meaning.",
        &[("query", 's'), ("limit?", 'i')],
    ),
    (
        "send_message_to_agent_async",
        ToolType::LettaMultiAgentCore,
        "Sends a message to an agent, and does not wait for the answer.",
        &[("message", 's'), ("other_agent_id", 's')],
    ),
    (
        "memory_apply_patch",
        ToolType::LettaMemoryCore,
        "Applies a patch to a block.",
        &[("label", 's'), ("patch", 's')],
    ),
    (
        "memory_replace",
        ToolType::LettaSleeptimeCore,
        "Replaces a text in a block by another.",
        &[("label", 's'), ("old_string", 's'), ("new_string", 's')],
    ),
    (
        "run_code",
        ToolType::LettaBuiltin,
        "Runs code in a sandbox.",
        &[("code", 's'), ("language", 's')],
    ),
    (
        "fetch_webpage",
        ToolType::LettaBuiltin,
        "Fetches a page of the web as text.",
        &[("url", 's')],
    ),
    (
        "grep_files",
        ToolType::LettaFilesCore,
        "Searches files for a pattern.",
        &[
            ("pattern", 's'),
            ("include?", 's'),
            ("context_lines?", 'i'),
            ("offset?", 'i'),
        ],
    ),
    (
        "memory_rethink",
        ToolType::LettaSleeptimeCore,
        "Writes a block anew.",
        &[("label", 's'), ("new_memory", 's')],
    ),
    (
        "finish_rethinking_memory",
        ToolType::LettaVoiceSleeptimeCore,
        "Says that the memory is thought over.",
        &[],
    ),
    (
        "archival_memory_search",
        ToolType::LettaCore,
        "Searches the archive.",
        &[
            ("query", 's'),
            ("tags?", 'S'),
            ("tag_match_mode?", 's'),
            ("top_k?", 'i'),
            ("start_datetime?", 's'),
            ("end_datetime?", 's'),
        ],
    ),
    (
        "rethink_user_memory",
        ToolType::LettaVoiceSleeptimeCore,
        "Writes anew what is known about the user.",
        &[("new_memory", 's')],
    ),
    (
        "conversation_search",
        ToolType::LettaCore,
        "Searches earlier messages.",
        &[
            ("query?", 's'),
            ("roles?", 'S'),
            ("limit?", 'i'),
            ("start_date?", 's'),
            ("end_date?", 's'),
        ],
    ),
    (
        "memory_insert",
        ToolType::LettaSleeptimeCore,
        "Puts a text into a block at a line.",
        &[("label", 's'), ("new_string", 's'), ("insert_line?", 'i')],
    ),
    (
        "store_memories",
        ToolType::LettaVoiceSleeptimeCore,
        "Keeps parts of a conversation that leave the context.",
        &[("chunks", 'O')],
    ),
    (
        "core_memory_replace",
        ToolType::LettaMemoryCore,
        "Replaces a text in a block by another, or by nothing.",
        &[("label", 's'), ("old_content", 's'), ("new_content", 's')],
    ),
    (
        "send_message_to_agent_and_wait_for_reply",
        ToolType::LettaMultiAgentCore,
        "Sends a message to an agent, and waits for the answer.",
        &[("message", 's'), ("other_agent_id", 's')],
    ),
    (
        "open_files",
        ToolType::LettaFilesCore,
        "Opens files, so that they stand in the prompt.",
        &[("file_requests", 'O'), ("close_all_others?", 'b')],
    ),
    (
        "web_search",
        ToolType::LettaBuiltin,
        "Searches the web.",
        &[
            ("query", 's'),
            ("num_results?", 'i'),
            ("category?", 's'),
            ("include_text?", 'b'),
            ("include_domains?", 'S'),
            ("exclude_domains?", 'S'),
            ("start_published_date?", 's'),
            ("end_published_date?", 's'),
            ("user_location?", 's'),
        ],
    ),
];

/// Parameters that take certain texts alone.
const ENUMS: [(&str, &str, &[&str]); 4] = [
    (
        "conversation_search",
        "roles",
        &["assistant", "user", "tool"],
    ),
    ("run_code", "language", &["python", "js", "ts", "r", "java"]),
    ("archival_memory_search", "tag_match_mode", &["any", "all"]),
    (
        "web_search",
        "category",
        &[
            "company",
            "research paper",
            "news",
            "pdf",
            "github",
            "tweet",
            "personal site",
            "linkedin profile",
            "financial report",
        ],
    ),
];

/// Those that several calls may run of at once.
const PARALLEL: [&str; 7] = [
    "archival_memory_search",
    "conversation_search",
    "fetch_webpage",
    "grep_files",
    "run_code",
    "semantic_search_files",
    "web_search",
];

/// The base tools that an agent of this type is given.
pub(crate) fn of(kind: &AgentType, sleeptime: bool) -> &'static [&'static str] {
    match kind {
        AgentType::VoiceSleeptimeAgent => &[
            "store_memories",
            "rethink_user_memory",
            "finish_rethinking_memory",
        ],
        AgentType::VoiceConvoAgent => &["send_message", "search_memory"],
        AgentType::SleeptimeAgent => &[
            "memory_replace",
            "memory_insert",
            "memory_rethink",
            "memory_finish_edits",
        ],
        _ if sleeptime => &[
            "send_message",
            "conversation_search",
            "archival_memory_search",
        ],
        AgentType::MemgptV2Agent => &[
            "memory_replace",
            "memory_insert",
            "conversation_search",
            "send_message",
        ],
        AgentType::LettaV1Agent => &["memory_replace", "memory_insert", "conversation_search"],
        AgentType::ReactAgent | AgentType::WorkflowAgent => &[],
        _ => &[
            "core_memory_append",
            "core_memory_replace",
            "conversation_search",
            "send_message",
            "memory_apply_patch",
            "memory",
        ],
    }
}

/// The tool rule that a base tool brings along.
pub(crate) fn rule_of(name: &str) -> Option<ToolRule> {
    let kind = match name {
        "send_message" | "send_message_to_agent_async" | "memory_finish_edits" => "exit_loop",
        "memory"
        | "memory_apply_patch"
        | "memory_replace"
        | "memory_insert"
        | "memory_rethink"
        | "core_memory_append"
        | "core_memory_replace"
        | "conversation_search"
        | "archival_memory_insert"
        | "archival_memory_search" => "continue_loop",
        _ => return None,
    };
    let rule = json!({"tool_name": name, "type": kind, "prompt_template": null});
    serde_json::from_value(rule).ok()
}

/// Gives a world the base tools that it does not have.
pub(crate) fn add(world: &mut World) {
    for (name, kind, description, parameters) in TOOLS {
        let has = |tool: &Tool| tool.name.as_deref() == Some(name);
        if world.tools.iter().any(has) {
            continue;
        }
        let mut tool = Tool::new(id::generate("tool"));
        tool.tags = vec![kind.to_string()];
        tool.tool_type = Some(kind);
        tool.name = Some(name.to_owned());
        tool.description = Some(description.to_owned());
        tool.source_type = Some("python".to_owned());
        tool.json_schema = Some(schema(name, description, parameters));
        tool.enable_parallel_execution = Some(PARALLEL.contains(&name));
        tool.created_by_id = Some(USER.into());
        tool.last_updated_by_id = Some(USER.into());
        tool.metadata = Some(Map::new());
        // None has the ID, which is random.
        let _ = world.tools.insert(tool);
    }
}

fn schema(name: &str, description: &str, parameters: &[(&str, char)]) -> Map<String, Value> {
    let mut properties = Map::new();
    let mut required = Vec::new();
    for (parameter, kind) in parameters {
        let plain = parameter.trim_end_matches('?');
        if plain == *parameter {
            required.push(plain);
        }
        let mut property = match kind {
            'i' => json!({"type": "integer"}),
            'b' => json!({"type": "boolean"}),
            'S' => json!({"type": "array", "items": {"type": "string"}}),
            'O' => json!({"type": "array", "items": {"type": "object"}}),
            _ => json!({"type": "string"}),
        };
        let mut enums = ENUMS.iter();
        if let Some((.., values)) = enums.find(|(tool, it, _)| (*tool, *it) == (name, plain)) {
            match kind {
                'S' => property["items"]["enum"] = json!(values),
                _ => property["enum"] = json!(values),
            }
        }
        property["description"] = json!(plain.replace('_', " "));
        properties.insert(plain.to_owned(), property);
    }
    let schema = json!({
        "name": name,
        "description": description,
        "parameters": {"type": "object", "properties": properties, "required": required},
    });
    match schema {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}
