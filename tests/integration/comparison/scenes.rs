//! What is asked of each server, as data: scenes, and the steps of each.
//!
//! A step whose name begins with a number is the exchange that was captured from a real server by that name. What the model does is
//! in what the user says: `TOOL:name {arguments}` calls a tool, `MULTI:a,b` several at once, `DRIP:n:s` says n words, one every s
//! seconds, `SLOW:s` waits s seconds first, `BREAK:how:n` breaks after n words, `FAIL:status` refuses, `LONG` says more. All else is answered with a sentence.

use std::time::Duration;

use serde_json::{Value, json};

/// Some exchanges in an order, with an agent of their own.
pub(super) struct Scene {
    pub(super) name: &'static str,
    pub(super) steps: Vec<Step>,
}

/// A request. In its path, `{name.path}` is a value in the answer to the step of that name, and so is `$name.path` in its body.
#[derive(Clone, Debug)]
pub(super) struct Step {
    pub(super) name: String,
    /// The method, and the path with its query.
    pub(super) call: String,
    pub(super) body: Option<Value>,
    /// What a file says that is sent as a form.
    pub(super) file: Option<&'static str>,
    pub(super) how: How,
    /// Whether the request is that of a client of an older generation.
    pub(super) legacy: bool,
    /// Whether all items of a list are compared as one, because what the list has depends on more than the scene.
    pub(super) merged: bool,
    /// Whether only the status is compared, because the step is but a preparation.
    pub(super) quiet: bool,
}

/// How the answer to a request is read.
#[derive(Clone, Debug)]
pub(super) enum How {
    /// To its end.
    Whole,
    /// Until it has so many events. What follows is read while other steps are made, until `End` of the same name.
    Begin(usize),
    /// The rest of what was begun.
    End,
    /// What was begun is left: the connection is closed.
    Leave,
    /// To its end, but no longer than this.
    Within(Duration),
    /// Again and again until there is a value at the path, one of these if there are any.
    Until(&'static str, Vec<Value>),
}

impl Step {
    fn how(self, how: How) -> Self {
        Self { how, ..self }
    }

    fn begin(self, events: usize) -> Self {
        self.how(How::Begin(events))
    }

    /// A step that does not end by itself.
    fn endless(self) -> Self {
        self.how(How::Within(Duration::from_secs(3)))
    }

    fn until(self, path: &'static str, is: &[&str]) -> Self {
        let is = is.iter().map(|it| json!(it)).collect();
        self.how(How::Until(path, is))
    }

    fn legacy(self) -> Self {
        Self {
            legacy: true,
            ..self
        }
    }

    fn merged(self) -> Self {
        Self {
            merged: true,
            ..self
        }
    }

    fn quiet(self) -> Self {
        Self {
            quiet: true,
            ..self
        }
    }

    /// The name of the capture that the step is.
    pub(super) fn capture(&self) -> Option<&str> {
        let is_capture = self.name.starts_with(|it: char| it.is_ascii_digit());
        is_capture.then_some(self.name.as_str())
    }
}

fn step(name: &str, call: String, body: Option<Value>) -> Step {
    Step {
        name: name.to_owned(),
        call,
        body,
        file: None,
        how: How::Whole,
        legacy: false,
        merged: false,
        quiet: false,
    }
}

fn get(name: &str, path: &str) -> Step {
    step(name, format!("GET {path}"), None)
}

fn delete(name: &str, path: &str) -> Step {
    step(name, format!("DELETE {path}"), None)
}

fn patch(name: &str, path: &str, body: Value) -> Step {
    step(name, format!("PATCH {path}"), Some(body))
}

fn patch_bare(name: &str, path: &str) -> Step {
    step(name, format!("PATCH {path}"), None)
}

fn post(name: &str, path: &str, body: Value) -> Step {
    step(name, format!("POST {path}"), Some(body))
}

fn post_bare(name: &str, path: &str) -> Step {
    step(name, format!("POST {path}"), None)
}

fn upload(name: &str, path: &str, file: &'static str) -> Step {
    Step {
        file: Some(file),
        ..post_bare(name, path)
    }
}

/// The rest of what the step of this name began.
fn end(name: &str) -> Step {
    step(name, String::new(), None).how(How::End)
}

/// The reader of what the step of this name began goes away.
fn leave(name: &str) -> Step {
    step(name, String::new(), None).how(How::Leave)
}

/// Two objects in one.
fn and(mut one: Value, other: Value) -> Value {
    let members = one.as_object_mut().expect("an object");
    members.extend(other.as_object().expect("an object").clone());
    one
}

/// An agent of the scene's own, called `name`, with these members beside those that each has.
fn an_agent(name: &str, members: Value) -> Step {
    let base = json!({
        "name": "a-comparison",
        "agent_type": "letta_v1_agent",
        "memory_blocks": [],
        "model": "$task.model",
        "embedding": "$task.embedding",
        "include_base_tools": false,
    });
    post(name, "/v1/agents/", and(base, members)).quiet()
}

/// A tool that returns a text.
fn a_tool(name: &str) -> Step {
    let source = format!(
        "def {name}(x: str) -> str:\n    \"\"\"Does {name}.\n\n    Args:\n        x (str): What to do it with.\n\n    Returns:\n        str: What came of it.\n    \"\"\"\n    return x\n"
    );
    let body = json!({ "source_code": source, "tags": ["a-comparison"] });
    step(name, "PUT /v1/tools/".to_owned(), Some(body)).quiet()
}

/// What a user says.
fn says(text: &str) -> Value {
    json!({ "messages": [{ "role": "user", "content": text }] })
}

/// What a user says, with one of the run's own otids.
fn says_once(text: &str, otid: usize) -> Value {
    let otid = format!("$otids.{otid}");
    json!({ "messages": [{ "role": "user", "content": text, "otid": otid }] })
}

fn with(body: Value, members: Value) -> Value {
    and(body, members)
}

fn in_steps() -> Value {
    json!({ "streaming": true })
}

fn in_tokens() -> Value {
    json!({ "streaming": true, "stream_tokens": true })
}

fn in_background() -> Value {
    json!({ "streaming": true, "background": true })
}

fn in_background_and_tokens() -> Value {
    json!({ "streaming": true, "stream_tokens": true, "background": true })
}

/// Client tools of these names.
fn offers(names: &[&str]) -> Value {
    let tools = names.iter().map(|name| {
        json!({
            "name": name,
            "description": "A tool of the client.",
            "parameters": {
                "type": "object", "properties": { "x": { "type": "string" } }, "required": ["x"],
            },
        })
    });
    json!({ "client_tools": tools.collect::<Vec<_>>() })
}

/// The path to the ID of a call that a step asked to have answered, in JSON and in a stream.
fn call_of(step: &str, number: usize) -> String {
    format!(
        "${step}.messages[message_type=approval_request_message].tool_calls.{number}.tool_call_id"
    )
}

fn call_of_stream(step: &str, number: usize) -> String {
    format!("${step}[message_type=approval_request_message].tool_calls.{number}.tool_call_id")
}

/// A tool's return, as the client gives it.
fn returned(call: &str, text: &str, status: &str) -> Value {
    json!({ "type": "tool", "tool_call_id": call, "tool_return": text, "status": status })
}

fn tool_returns(returns: &[Value]) -> Value {
    json!({ "messages": [{ "type": "tool_return", "tool_returns": returns }] })
}

fn approved(call: &str) -> Value {
    json!({ "type": "approval", "tool_call_id": call, "approve": true })
}

fn denied(call: &str) -> Value {
    json!({ "type": "approval", "tool_call_id": call, "approve": false, "reason": "not now" })
}

fn answers(approvals: &[Value]) -> Value {
    json!({ "messages": [{ "type": "approval", "approvals": approvals }] })
}

/// Tools that need approval.
fn guarded(names: &[&str]) -> Value {
    let rules = names
        .iter()
        .map(|name| json!({ "type": "requires_approval", "tool_name": name }));
    let tools = names.iter().map(|name| format!("${name}.id"));
    json!({
        "tool_ids": tools.collect::<Vec<_>>(),
        "tool_rules": rules.collect::<Vec<_>>(),
        "parallel_tool_calls": true,
    })
}

const AGENT: &str = "/v1/agents/{agent.id}";
const MESSAGES: &str = "/v1/agents/{agent.id}/messages";
const STREAM: &str = "/v1/agents/{agent.id}/messages/stream";
const CANCEL: &str = "/v1/agents/{agent.id}/messages/cancel";
const CONVERSATION: &str = "/v1/conversations/{conversation.id}/messages";

/// A conversation of the scene's agent.
fn a_conversation() -> Step {
    post(
        "conversation",
        "/v1/conversations/?agent_id={agent.id}",
        json!({}),
    )
    .quiet()
}

pub(super) fn all() -> Vec<Scene> {
    let mut scenes = vec![agents(), lists_of_agents(), what_agents_have(), turns()];
    scenes.extend([lists_of_messages(), client_tools(), parallel_client_tools()]);
    scenes.extend([approvals(), several_approvals(), old_denials()]);
    scenes.extend([
        pending_in_a_conversation(),
        conversations(),
        otids(),
        busy(),
    ]);
    scenes.extend([
        runs(),
        lists_of_runs(),
        disconnects(),
        cancels(),
        failures(),
    ]);
    scenes.extend([refusals(), archives(), folders()]);
    scenes
}

fn agents() -> Scene {
    let create = json!({
        "name": "cap-agent", "description": "capture agent", "agent_type": "letta_v1_agent",
        "memory_blocks": [{ "label": "human", "value": "Name: Ada" }, { "label": "persona", "value": "I am a test agent." }],
        "model": "$task.model", "embedding": "$task.embedding", "tags": ["cap", "rust"], "metadata": { "k": "v" },
    });
    let bare = json!({
        "name": "cap-noembed", "agent_type": "letta_v1_agent", "memory_blocks": [],
        "model": "$task.model", "include_base_tools": false,
    });
    let agent = "/v1/agents/{03-agent-create-v1.id}";
    let all = "include=agent.blocks&include=agent.tools&include=agent.tags";
    let steps = vec![
        get("01-health-slash", "/v1/health/").legacy(),
        get("health without a slash", "/v1/health"),
        get("agents without a slash", "/v1/agents?limit=1"),
        post("03-agent-create-noembedding", "/v1/agents/", bare).legacy(),
        post("03-agent-create-v1", "/v1/agents/", create.clone()).legacy(),
        post("a current client's create", "/v1/agents/", create),
        get("04-agent-retrieve", agent).legacy(),
        get("04-agent-retrieve-include", &format!("{agent}?{all}")).legacy(),
        get("a current client's retrieve", agent),
        get(
            "all of an agent",
            &format!("{agent}?{all}&include=agent.pending_approval"),
        ),
        patch(
            "05-agent-patch-name",
            agent,
            json!({ "name": "cap-agent-renamed" }),
        )
        .legacy(),
        patch("null in a patch", agent, json!({ "description": null })),
        get("after null in a patch", agent),
        get(
            "14-agent-core-memory-blocks",
            &format!("{agent}/core-memory/blocks"),
        )
        .legacy()
        .merged(),
        get(
            "a block by its label",
            &format!("{agent}/core-memory/blocks/human"),
        ),
        get(
            "no block by this label",
            &format!("{agent}/core-memory/blocks/nothing"),
        ),
        patch(
            "a block by its label, changed",
            &format!("{agent}/core-memory/blocks/human"),
            json!({ "value": "Name: Eve" }),
        ),
        get("18-agent-export", &format!("{agent}/export")).legacy(),
        delete("deleted", agent),
        delete("deleted again", agent),
        get("after it was deleted", agent),
        delete(
            "one without embedding deleted",
            "/v1/agents/{03-agent-create-noembedding.id}",
        ),
        delete(
            "a current client's deleted",
            "/v1/agents/{a current client's create.id}",
        ),
    ];
    Scene {
        name: "agents",
        steps,
    }
}

fn lists_of_agents() -> Scene {
    let tagged = |name: &str| an_agent(name, json!({ "tags": ["$task.unique"] }));
    let list =
        |name: &str, query: &str| get(name, &format!("/v1/agents/?tags={{task.unique}}&{query}"));
    let unknown = "agent-00000000-0000-4000-8000-000000000000";
    let steps = vec![
        tagged("first"),
        tagged("second"),
        tagged("third"),
        list("all", ""),
        list("06-agents-list-sdk1-header", "limit=2"),
        list(
            "the next page",
            "limit=2&after={06-agents-list-sdk1-header.-1.id}",
        ),
        list(
            "06-agents-list-after",
            "limit=2&after={second.id}&order=desc",
        )
        .legacy(),
        list("in ascending order", "limit=2&order=asc"),
        list(
            "the next in ascending order",
            "limit=2&order=asc&after={in ascending order.-1.id}",
        ),
        list("before one", "limit=2&before={first.id}"),
        list(
            "before one, in ascending order",
            "limit=2&order=asc&before={third.id}",
        ),
        list("after an unknown one", &format!("limit=2&after={unknown}")),
        list("by name", "name=a-comparison"),
        list("by another name", "name=nobody"),
        list("with their blocks", "limit=1&include=agent.blocks"),
        list("no more than none", "limit=0"),
        list("a limit that is no number", "limit=many"),
        list("an order that is none", "order=sideways"),
        get("tags", "/v1/tags/").merged(),
        delete("first deleted", "/v1/agents/{first.id}").quiet(),
        delete("second deleted", "/v1/agents/{second.id}").quiet(),
        delete("third deleted", "/v1/agents/{third.id}").quiet(),
        list("none is left", ""),
    ];
    Scene {
        name: "lists of agents",
        steps,
    }
}

fn what_agents_have() -> Scene {
    let blocks = format!("{AGENT}/core-memory/blocks");
    let tools = format!("{AGENT}/tools");
    let steps = vec![
        a_tool("alpha"),
        an_agent(
            "agent",
            json!({ "memory_blocks": [{ "label": "human", "value": "Name: Ada" }] }),
        ),
        post(
            "14-block-create",
            "/v1/blocks/",
            json!({ "label": "notes", "value": "v1", "limit": 500 }),
        )
        .legacy(),
        patch(
            "14-block-patch",
            "/v1/blocks/{14-block-create.id}",
            json!({ "value": "v2" }),
        )
        .legacy(),
        patch_bare(
            "attach a block",
            &format!("{blocks}/attach/{{14-block-create.id}}"),
        ),
        patch_bare(
            "attach it again",
            &format!("{blocks}/attach/{{14-block-create.id}}"),
        ),
        get("blocks", &blocks).merged(),
        get("a block's agents", "/v1/blocks/{14-block-create.id}/agents"),
        patch_bare(
            "detach a block",
            &format!("{blocks}/detach/{{14-block-create.id}}"),
        ),
        patch_bare(
            "detach it again",
            &format!("{blocks}/detach/{{14-block-create.id}}"),
        ),
        delete("delete a block", "/v1/blocks/{14-block-create.id}"),
        get("the deleted block", "/v1/blocks/{14-block-create.id}"),
        post(
            "a block beyond its limit",
            "/v1/blocks/",
            json!({ "label": "notes", "value": "too long", "limit": 3 }),
        ),
        get("a tool", "/v1/tools/{alpha.id}"),
        get("tools by name", "/v1/tools/?name=alpha"),
        patch_bare(
            "06-tool-attach-sdk1-header",
            &format!("{tools}/attach/{{alpha.id}}"),
        ),
        patch_bare(
            "attach a tool, for an old client",
            &format!("{tools}/attach/{{alpha.id}}"),
        )
        .legacy(),
        get("tools", &tools).merged(),
        patch(
            "approval is required",
            &format!("{tools}/approval/alpha"),
            json!({ "requires_approval": true }),
        ),
        get("after approval is required", AGENT),
        post(
            "run a tool",
            &format!("{tools}/alpha/run"),
            json!({ "args": { "x": "y" } }),
        ),
        patch_bare("detach a tool", &format!("{tools}/detach/{{alpha.id}}")),
        get("no tools", &tools),
        delete("gone", AGENT).quiet(),
    ];
    Scene {
        name: "what agents have",
        steps,
    }
}

fn turns() -> Scene {
    let search = "TOOL:conversation_search {\"query\":\"hi\"}";
    let one_by_one = json!({ "stream_tokens": false });
    let tokens = json!({ "stream_tokens": true });
    let streaming = with(says("streaming flag on the plain path"), in_tokens());
    let run = "/v1/runs/{11-stream-background[message_type=assistant_message].run_id}";
    let steps = vec![
        an_agent("agent", json!({ "tools": ["conversation_search"] })),
        post("07-message-send", MESSAGES, says("hi there")).legacy(),
        post("07-message-send-tool", MESSAGES, says(search)).legacy(),
        post(
            "08-stream-steps",
            STREAM,
            with(says("stream steps please"), one_by_one.clone()),
        )
        .legacy(),
        post(
            "08-stream-steps-tool",
            STREAM,
            with(says(search), one_by_one),
        )
        .legacy(),
        post(
            "09-stream-tokens",
            STREAM,
            with(says("stream tokens LONG"), tokens.clone()),
        )
        .legacy(),
        post(
            "09-stream-tokens-tool",
            STREAM,
            with(says(search), tokens.clone()),
        )
        .legacy(),
        post(
            "09-messages-streaming-true-legacy-ua",
            MESSAGES,
            streaming.clone(),
        )
        .legacy(),
        post(
            "09-messages-streaming-true-sdk1-header",
            MESSAGES,
            streaming,
        ),
        post("in steps", MESSAGES, with(says("hi"), in_steps())),
        post(
            "with a tool in tokens",
            MESSAGES,
            with(says(search), in_tokens()),
        ),
        post("by input", MESSAGES, json!({ "input": "hi there" })),
        post(
            "without pings",
            MESSAGES,
            with(
                says("hi"),
                json!({ "streaming": true, "include_pings": false }),
            ),
        ),
        post(
            "11-stream-background",
            STREAM,
            with(says("bg"), and(json!({ "background": true }), tokens)),
        )
        .legacy(),
        post(
            "11-run-stream-resume",
            &format!("{run}/stream"),
            json!({ "starting_after": 3 }),
        )
        .legacy(),
        get("11-run-retrieve", run).legacy(),
        get("11-run-messages", &format!("{run}/messages")).legacy(),
        get("11-run-steps", &format!("{run}/steps")).legacy(),
        get("11-run-usage", &format!("{run}/usage")).legacy(),
        get("a step", "/v1/steps/{11-run-steps.0.id}"),
        get(
            "a step's messages",
            "/v1/steps/{11-run-steps.0.id}/messages",
        ),
        post(
            "12-message-async",
            &format!("{MESSAGES}/async"),
            says("async please"),
        )
        .legacy(),
        get(
            "the run of an asynchronous message",
            "/v1/runs/{12-message-async.id}",
        )
        .until("status", &["completed", "failed"]),
        get("its messages", "/v1/runs/{12-message-async.id}/messages"),
        get("16-runs-list", "/v1/runs/?agent_id={agent.id}&limit=2").legacy(),
        get(
            "13-messages-list",
            &format!("{MESSAGES}?limit=50&order=asc"),
        )
        .legacy(),
        get("13-messages-list-limit2", &format!("{MESSAGES}?limit=2")).legacy(),
        get("a message", "/v1/messages/{07-message-send.messages.0.id}"),
        delete("gone", AGENT).quiet(),
    ];
    Scene {
        name: "turns",
        steps,
    }
}

fn lists_of_messages() -> Scene {
    let list = |name: &str, query: &str| get(name, &format!("{MESSAGES}?{query}"));
    let of_conversation = |name: &str, query: &str| get(name, &format!("{CONVERSATION}?{query}"));
    let unknown = "message-00000000-0000-4000-8000-000000000000";
    let plain = json!({ "streaming": false });
    let steps = vec![
        an_agent("agent", json!({})),
        post("one", MESSAGES, says("one")).quiet(),
        post("two", MESSAGES, says("two")).quiet(),
        list("all", ""),
        list("62-messages-list-default", "limit=2"),
        list("62-messages-list-desc", "limit=2&order=desc"),
        list("62-messages-list-asc", "limit=2&order=asc"),
        list(
            "before the first of a page",
            "limit=2&before={62-messages-list-desc.0.id}",
        ),
        list(
            "before the last of a page",
            "limit=2&before={62-messages-list-desc.-1.id}",
        ),
        list(
            "after the last of a page",
            "limit=2&after={62-messages-list-desc.-1.id}",
        ),
        list(
            "after the last in ascending order",
            "limit=2&order=asc&after={62-messages-list-asc.-1.id}",
        ),
        list(
            "before an unknown one",
            &format!("limit=2&before={unknown}"),
        ),
        list("after an unknown one", &format!("limit=2&after={unknown}")),
        a_conversation(),
        post("three", CONVERSATION, with(says("three"), plain.clone())).quiet(),
        post("four", CONVERSATION, with(says("four"), plain)).quiet(),
        of_conversation("all of a conversation", ""),
        of_conversation("62-conversation-messages-list-default", "limit=2"),
        of_conversation("in ascending order", "limit=2&order=asc"),
        of_conversation(
            "before the last of a conversation",
            "limit=2&before={62-conversation-messages-list-default.-1.id}",
        ),
        of_conversation(
            "after the last of a conversation",
            "limit=2&order=asc&after={in ascending order.-1.id}",
        ),
        of_conversation(
            "before an unknown one of a conversation",
            &format!("limit=2&before={unknown}"),
        ),
        of_conversation(
            "after an unknown one of a conversation",
            &format!("limit=2&after={unknown}"),
        ),
        list("the agent's own thread is another", ""),
        delete("gone", AGENT).quiet(),
    ];
    Scene {
        name: "lists of messages",
        steps,
    }
}

fn client_tools() -> Scene {
    let call = call_of("50-client-tool-send", 0);
    let cat = |call: &str| tool_returns(&[returned(call, "a cat", "success")]);
    let asks = || with(says("TOOL:look_up {\"x\":\"cat\"}"), offers(&["look_up"]));
    let again = call_of("asked again", 0);
    let outside = json!({ "messages": [returned(&again, "a cat", "success")] });
    let without_status = json!({
        "messages": [{ "type": "tool_return", "tool_returns": [{ "type": "tool", "tool_call_id": again, "tool_return": "a cat" }] }],
    });
    let without_type = json!({
        "messages": [{ "type": "approval", "approvals": [{ "tool_call_id": again, "tool_return": "a cat", "status": "success" }] }],
    });
    let by_parts = json!({
        "messages": [{ "type": "tool_return", "tool_returns": [{
            "type": "tool", "tool_call_id": again, "status": "success", "tool_return": [{ "type": "text", "text": "a cat" }],
        }] }],
    });
    let of_stream = call_of_stream("asked in steps", 0);
    let steps = vec![
        an_agent("agent", json!({})),
        post("50-client-tool-send", MESSAGES, asks()),
        get(
            "the agent that waits",
            &format!("{AGENT}?include=agent.pending_approval"),
        ),
        get("the agent that waits, without include", AGENT),
        get("its messages", &format!("{MESSAGES}?order=asc")),
        post(
            "50-client-tool-return-no-client-tools",
            MESSAGES,
            cat(&call),
        ),
        post("50-client-tool-return-twice", MESSAGES, cat(&call)),
        get(
            "messages after it returned twice",
            &format!("{MESSAGES}?order=asc"),
        ),
        post("asked again", MESSAGES, asks()),
        post("a return that is no message", MESSAGES, outside),
        post("a return without status", MESSAGES, without_status),
        post("a return without type", MESSAGES, without_type),
        post(
            "a return by parts",
            MESSAGES,
            with(by_parts, offers(&["look_up"])),
        ),
        post("asked in steps", MESSAGES, with(asks(), in_steps())),
        post(
            "approved, which does nothing",
            MESSAGES,
            with(answers(&[approved(&of_stream)]), offers(&["look_up"])),
        ),
        post("asked in tokens", MESSAGES, with(asks(), in_tokens())),
        post(
            "returned in tokens",
            MESSAGES,
            with(
                with(
                    tool_returns(&[returned(
                        "$asked in tokens[message_type=approval_request_message].tool_call.tool_call_id",
                        "a cat",
                        "success",
                    )]),
                    offers(&["look_up"]),
                ),
                in_tokens(),
            ),
        ),
        delete("gone", AGENT).quiet(),
    ];
    Scene {
        name: "client tools",
        steps,
    }
}

fn parallel_client_tools() -> Scene {
    let tools = || offers(&["look_up", "open_file"]);
    let asks = |how: Value| with(with(says("MULTI:look_up,open_file"), tools()), how);
    let (one, two) = (
        call_of("51-client-tools-parallel", 0),
        call_of("51-client-tools-parallel", 1),
    );
    let stream = "51-client-tools-parallel-steps";
    let (third, fourth) = (call_of_stream(stream, 0), call_of_stream(stream, 1));
    let both = answers(&[
        returned(&two, "two", "success"),
        returned(&one, "one", "error"),
    ]);
    let mut both_and_more = tool_returns(&[
        returned(&fourth, "two", "success"),
        returned(&third, "one", "error"),
    ]);
    let messages = both_and_more["messages"].as_array_mut().expect("a list");
    messages.push(json!({ "role": "user", "content": "and now?" }));
    let background = "51-client-tools-background";
    let of_background = [call_of_stream(background, 0), call_of_stream(background, 1)];
    let mixed = call_of("52-client-and-server-tool", 0);
    let steps = vec![
        an_agent(
            "agent",
            json!({ "tools": ["conversation_search"], "parallel_tool_calls": true }),
        ),
        post("51-client-tools-parallel", MESSAGES, asks(json!({}))),
        post(
            "51-client-tools-partial",
            MESSAGES,
            with(answers(&[returned(&one, "one", "success")]), tools()),
        ),
        post(
            "a wrong call",
            MESSAGES,
            with(answers(&[returned("call_none", "one", "success")]), tools()),
        ),
        post(
            "one call too many",
            MESSAGES,
            with(
                answers(&[
                    returned(&one, "one", "success"),
                    returned(&two, "two", "success"),
                    returned("call_none", "three", "success"),
                ]),
                tools(),
            ),
        ),
        post("51-client-tools-both", MESSAGES, with(both, tools())),
        post(stream, MESSAGES, asks(in_steps())),
        post(
            "51-client-tools-partial-stream",
            MESSAGES,
            with(
                with(answers(&[returned(&third, "one", "success")]), tools()),
                in_steps(),
            ),
        ),
        post(
            "51-client-tools-both-and-user-stream",
            MESSAGES,
            with(with(both_and_more, tools()), in_steps()),
        ),
        post(background, MESSAGES, asks(in_background())),
        post(
            "both returned in background",
            MESSAGES,
            with(
                with(
                    tool_returns(&of_background.map(|it| returned(&it, "it", "success"))),
                    tools(),
                ),
                in_background(),
            ),
        ),
        post(
            "52-client-and-server-tool",
            MESSAGES,
            with(says("MULTI:look_up,conversation_search"), tools()),
        ),
        post(
            "52-client-and-server-tool-return",
            MESSAGES,
            with(tool_returns(&[returned(&mixed, "r", "success")]), tools()),
        ),
        post(
            "51-client-tools-parallel-tokens",
            MESSAGES,
            asks(in_tokens()),
        ),
        get("messages", &format!("{MESSAGES}?order=asc&limit=100")),
        delete("gone", AGENT).quiet(),
        an_agent("agent", json!({})),
        post("one at a time", MESSAGES, asks(json!({}))),
        delete("gone too", AGENT).quiet(),
    ];
    Scene {
        name: "parallel client tools",
        steps,
    }
}

fn approvals() -> Scene {
    let search = |query: &str| {
        says(&format!(
            "TOOL:conversation_search {{\"query\":\"{query}\"}}"
        ))
    };
    let create = json!({
        "name": "cap-approval", "agent_type": "letta_v1_agent", "memory_blocks": [], "model": "$task.model",
        "tools": ["conversation_search"], "include_base_tools": false,
        "tool_rules": [{ "tool_name": "conversation_search", "type": "requires_approval" }],
    });
    let tokens = json!({ "stream_tokens": true });
    let old_form = json!({ "messages": [{
        "type": "approval", "approve": true,
        "approval_request_id": "$25-approval-request-send.messages[message_type=approval_request_message].id",
    }] });
    let of_stream =
        "$25-approval-request-stream[message_type=approval_request_message].tool_call.tool_call_id";
    let steps = vec![
        post("25-agent-create-approval", "/v1/agents/", create.clone()).legacy(),
        post("agent", "/v1/agents/", create).quiet(),
        post("60-cancel-no-runs", CANCEL, json!({})),
        post("25-approval-request-send", MESSAGES, search("x")).legacy(),
        get(
            "the agent that waits",
            &format!("{AGENT}?include=agent.pending_approval"),
        ),
        post(
            "25-err-409-pending-approval",
            MESSAGES,
            says("something else"),
        )
        .legacy(),
        post("25-approval-reply", MESSAGES, old_form).legacy(),
        post(
            "53-approval-none-pending",
            MESSAGES,
            answers(&[approved("call_none")]),
        ),
        post(
            "25-approval-request-stream",
            STREAM,
            with(search("y"), tokens.clone()),
        )
        .legacy(),
        post(
            "25-err-409-pending-approval-stream",
            STREAM,
            with(says("something else"), tokens),
        )
        .legacy(),
        post(
            "denied in tokens",
            MESSAGES,
            with(answers(&[denied(of_stream)]), in_tokens()),
        ),
        post("asked in steps", MESSAGES, with(search("z"), in_steps())),
        post(
            "approved in steps",
            MESSAGES,
            with(
                answers(&[approved(&call_of_stream("asked in steps", 0))]),
                in_steps(),
            ),
        ),
        post(
            "asked in background",
            MESSAGES,
            with(search("z"), in_background()),
        ),
        post(
            "denied in background",
            MESSAGES,
            with(
                answers(&[denied(&call_of_stream("asked in background", 0))]),
                in_background(),
            ),
        ),
        post("asked before it is cancelled", MESSAGES, search("z")),
        post("60-cancel-pending-approval", CANCEL, json!({})),
        get(
            "the agent after it was cancelled",
            &format!("{AGENT}?include=agent.pending_approval"),
        ),
        post("free after it was cancelled", MESSAGES, says("hello")),
        post("asked before it is refused", MESSAGES, search("z")),
        post("refused", MESSAGES, says("something else")),
        post("54-cancel-while-pending", CANCEL, json!({})),
        post("still refused", MESSAGES, says("something else")),
        get("messages", &format!("{MESSAGES}?order=asc&limit=100")),
        delete("gone", AGENT).quiet(),
        delete("gone too", "/v1/agents/{25-agent-create-approval.id}").quiet(),
    ];
    Scene {
        name: "approvals",
        steps,
    }
}

fn several_approvals() -> Scene {
    let call = |step: &str, number| call_of(step, number);
    let mut deny_and_more = answers(&[
        denied(&call("asked a fourth time", 0)),
        denied(&call("asked a fourth time", 1)),
    ]);
    let messages = deny_and_more["messages"].as_array_mut().expect("a list");
    messages.push(json!({ "role": "user", "content": "do something else" }));
    let mut more_and_deny = deny_and_more.clone();
    more_and_deny["messages"]
        .as_array_mut()
        .expect("a list")
        .reverse();
    let asks = || says("MULTI:alpha,beta");
    let all = and(
        guarded(&["alpha", "beta"]),
        json!({ "tools": ["conversation_search"] }),
    );
    let steps = vec![
        a_tool("alpha"),
        a_tool("beta"),
        an_agent("agent", all),
        post("asked", MESSAGES, asks()),
        post(
            "53-approval-one-of-two",
            MESSAGES,
            answers(&[approved(&call("asked", 0))]),
        ),
        post(
            "53-approval-one-yes-one-no",
            MESSAGES,
            answers(&[
                approved(&call("asked", 0)),
                json!({ "type": "approval", "tool_call_id": call("asked", 1), "approve": false, "reason": "not now" }),
            ]),
        ),
        post("asked again", MESSAGES, asks()),
        post(
            "both approved",
            MESSAGES,
            answers(&[
                approved(&call("asked again", 1)),
                approved(&call("asked again", 0)),
            ]),
        ),
        post(
            "53-approval-again-after-done",
            MESSAGES,
            answers(&[
                approved(&call("asked again", 0)),
                approved(&call("asked again", 1)),
            ]),
        ),
        post("one asked", MESSAGES, says("TOOL:alpha {\"x\":\"1\"}")),
        post(
            "53-approval-answered-with-tool-return",
            MESSAGES,
            answers(&[returned(&call("one asked", 0), "client did it", "success")]),
        ),
        post(
            "54-approval-and-auto-tool",
            MESSAGES,
            says("MULTI:alpha,conversation_search"),
        ),
        post(
            "approval and automatic tool answered",
            MESSAGES,
            answers(&[approved(&call("54-approval-and-auto-tool", 0))]),
        ),
        post("asked a fourth time", MESSAGES, asks()),
        post("a user message before the denial", MESSAGES, more_and_deny),
        post("54-deny-and-user-message", MESSAGES, deny_and_more),
        post("asked in tokens", MESSAGES, with(asks(), in_tokens())),
        get(
            "pending",
            &format!("{AGENT}?include=agent.pending_approval"),
        ),
        get("messages", &format!("{MESSAGES}?order=asc&limit=100")),
        delete("gone", AGENT).quiet(),
    ];
    Scene {
        name: "several approvals",
        steps,
    }
}

fn old_denials() -> Scene {
    let old_form = |step: &str, approve: bool| {
        let id = format!("${step}.messages[message_type=approval_request_message].id");
        json!({ "messages": [{ "type": "approval", "approve": approve, "approval_request_id": id, "reason": "because" }] })
    };
    let steps = vec![
        a_tool("alpha"),
        a_tool("beta"),
        an_agent("agent", guarded(&["alpha", "beta"])),
        post("asked", MESSAGES, says("TOOL:alpha {\"x\":\"1\"}")),
        post(
            "53-approval-old-form-deny",
            MESSAGES,
            old_form("asked", false),
        ),
        post("53-after-old-form-deny", MESSAGES, says("next")),
        post(
            "still to be answered",
            MESSAGES,
            answers(&[denied(&call_of("asked", 0))]),
        ),
        post("two asked", MESSAGES, says("MULTI:alpha,beta")),
        post(
            "two approved in the old form",
            MESSAGES,
            old_form("two asked", true),
        ),
        delete("gone", AGENT).quiet(),
    ];
    Scene {
        name: "old denials",
        steps,
    }
}

fn pending_in_a_conversation() -> Scene {
    let plain = json!({ "streaming": false });
    let steps = vec![
        a_tool("alpha"),
        an_agent("agent", guarded(&["alpha"])),
        a_conversation(),
        post(
            "asked",
            CONVERSATION,
            with(says("TOOL:alpha {\"x\":\"1\"}"), plain.clone()),
        ),
        post(
            "54-conversation-pending-409",
            CONVERSATION,
            with(says("hello"), plain.clone()),
        ),
        post("pending, on a stream", CONVERSATION, says("hello")),
        get(
            "the agent does not wait",
            &format!("{AGENT}?include=agent.pending_approval"),
        ),
        get("the newest message", &format!("{CONVERSATION}?limit=1")),
        post(
            "answered",
            CONVERSATION,
            with(answers(&[approved(&call_of("asked", 0))]), plain),
        ),
        delete("gone", AGENT).quiet(),
    ];
    Scene {
        name: "pending in a conversation",
        steps,
    }
}

fn conversations() -> Scene {
    let unknown = "conv-00000000-0000-4000-8000-000000000000";
    let conversation = "/v1/conversations/{15-conversation-create.id}";
    let messages = format!("{conversation}/messages");
    let list = |name: &str, query: &str| {
        get(
            name,
            &format!("/v1/conversations/?agent_id={{agent.id}}&{query}"),
        )
    };
    let steps = vec![
        an_agent("agent", json!({})),
        post(
            "15-conversation-create",
            "/v1/conversations/?agent_id={agent.id}",
            json!({}),
        )
        .legacy(),
        post(
            "15-conversation-message-stream",
            &messages,
            with(says("hi conv"), json!({ "stream_tokens": true })),
        )
        .legacy(),
        post(
            "15-conversation-message-nonstream",
            &messages,
            with(says("hi conv"), json!({ "streaming": false })),
        )
        .legacy(),
        post(
            "62-conversation-send-default",
            &messages,
            says("default streaming?"),
        ),
        post(
            "in background",
            &messages,
            with(says("hi"), json!({ "background": true })),
        ),
        post(
            "62-conversation-unknown",
            &format!("/v1/conversations/{unknown}/messages"),
            says("x"),
        ),
        post(
            "62-conversation-default-without-agent",
            "/v1/conversations/default/messages",
            says("x"),
        ),
        post(
            "the default conversation",
            "/v1/conversations/default/messages",
            with(says("x"), json!({ "agent_id": "$agent.id" })),
        ),
        get(
            "the default conversation's messages",
            "/v1/conversations/default/messages?agent_id={agent.id}&order=asc",
        ),
        get("the agent's own messages", &format!("{MESSAGES}?order=asc")),
        get("retrieved", conversation),
        patch("changed", conversation, json!({ "summary": "A test" })),
        post(
            "nothing to cancel",
            &format!("{conversation}/cancel"),
            json!({}),
        )
        .quiet(),
        post_bare("forked", &format!("{conversation}/fork")),
        post(
            "second",
            "/v1/conversations/?agent_id={agent.id}",
            json!({}),
        ),
        post("third", "/v1/conversations/?agent_id={agent.id}", json!({})),
        list("all", ""),
        list("a page", "limit=2"),
        list("the next page", "limit=2&after={a page.-1.id}"),
        list("in ascending order", "limit=2&order=asc"),
        list(
            "the next in ascending order",
            "limit=2&order=asc&after={in ascending order.-1.id}",
        ),
        list("after an unknown one", &format!("after={unknown}")),
        delete("deleted", conversation),
        get("after it was deleted", conversation),
        post("sent to the deleted", &messages, says("x")),
        delete("gone", AGENT).quiet(),
    ];
    Scene {
        name: "conversations",
        steps,
    }
}

fn otids() -> Scene {
    let conversation = "/v1/conversations/{conversation.id}/stream";
    let default = "/v1/conversations/default/messages";
    let background = || json!({ "background": true });
    let agents = || json!({ "background": true, "agent_id": "$agent.id" });
    let plain = || json!({ "streaming": false });
    let steps = vec![
        an_agent("agent", json!({})),
        a_conversation(),
        post("on an agent's path", MESSAGES, says_once("one", 0)),
        post("55-otid-foreground-again", MESSAGES, says_once("one", 0)),
        post(
            "in background",
            MESSAGES,
            with(says_once("three", 1), in_background()),
        ),
        post(
            "55-otid-background-again-agent-path",
            MESSAGES,
            with(says_once("three", 1), in_background()),
        ),
        post(
            "in a conversation",
            CONVERSATION,
            with(says_once("two", 2), plain()),
        ),
        post(
            "in a conversation again",
            CONVERSATION,
            with(says_once("two", 2), plain()),
        ),
        post(
            "in a conversation, in background",
            CONVERSATION,
            with(says_once("four", 3), background()),
        ),
        post(
            "55-otid-conversation-background-again",
            CONVERSATION,
            with(says_once("four", 3), background()),
        ),
        post(
            "another text",
            CONVERSATION,
            with(says_once("nine", 3), background()),
        ),
        post(
            "by the default conversation",
            default,
            with(says_once("five", 4), agents()),
        ),
        post(
            "55-otid-default-conversation-again",
            default,
            with(says_once("five", 4), agents()),
        ),
        get(
            "what was said to the agent",
            &format!("{MESSAGES}?order=asc"),
        ),
        get(
            "what was said in the conversation",
            &format!("{CONVERSATION}?order=asc"),
        ),
        post(
            "55-stream-by-otid",
            conversation,
            json!({ "otid": "$otids.3" }),
        ),
        post(
            "55-stream-by-unknown-otid",
            conversation,
            json!({ "otid": "nosuch" }),
        ),
        post(
            "a stream of a conversation that is not running",
            conversation,
            json!({}),
        ),
        post("in the foreground", CONVERSATION, says_once("eight", 5)),
        post(
            "55-otid-foreground-then-background-hangs",
            CONVERSATION,
            with(says_once("eight", 5), background()),
        )
        .endless(),
        delete("gone", AGENT).quiet(),
    ];
    Scene {
        name: "otids",
        steps,
    }
}

fn busy() -> Scene {
    let slow = "DRIP:20:0.15";
    let background = || json!({ "background": true });
    let tokens = || json!({ "stream_tokens": true });
    let steps = vec![
        an_agent("agent", json!({})),
        a_conversation(),
        post("a slow turn", CONVERSATION, with(says(slow), tokens())).begin(3),
        post("57-busy-conversation-stream", CONVERSATION, says("second")),
        post(
            "busy, in background",
            CONVERSATION,
            with(says("second"), background()),
        ),
        post(
            "57-busy-conversation-json",
            CONVERSATION,
            with(says("second"), json!({ "streaming": false })),
        ),
        end("a slow turn"),
        post("free", CONVERSATION, says("third")),
        post(
            "a slow turn in background",
            CONVERSATION,
            with(says_once(slow, 6), background()),
        )
        .begin(1),
        post(
            "56-otid-while-running-background",
            CONVERSATION,
            with(says_once(slow, 6), background()),
        )
        .begin(1),
        end("a slow turn in background"),
        end("56-otid-while-running-background"),
        post(
            "a slow turn of the agent",
            MESSAGES,
            with(says(slow), in_tokens()),
        )
        .begin(3),
        post("another at the same time", MESSAGES, says("second")),
        end("a slow turn of the agent"),
        get(
            "in the order of finishing",
            &format!("{MESSAGES}?order=asc"),
        ),
        delete("gone", AGENT).quiet(),
    ];
    Scene {
        name: "busy",
        steps,
    }
}

fn runs() -> Scene {
    let unknown = "run-00000000-0000-4000-8000-000000000000";
    let slow = || says("DRIP:20:0.1");
    let run = "/v1/runs/{a long turn[message_type=assistant_message].run_id}";
    let running = "/v1/runs/{a slow turn.[message_type=assistant_message].run_id}";
    let foreground = "/v1/runs/{in the foreground.messages.0.run_id}";
    let resume = |name: &str, after: Value| {
        post(
            name,
            &format!("{run}/stream"),
            json!({ "starting_after": after }),
        )
    };
    let last = "$a long turn.-4.seq_id";
    let steps = vec![
        an_agent("agent", json!({})),
        post(
            "a long turn",
            MESSAGES,
            with(says("LONG"), in_background_and_tokens()),
        ),
        post("from the start", &format!("{run}/stream"), json!({})),
        resume("from nothing", json!(0)),
        resume("from the middle", json!(20)),
        resume("58-resume-near-end", json!(last)),
        resume("58-resume-beyond-end", json!(81)).endless(),
        post_bare("without a body", &format!("{run}/stream")),
        get("58-resume-get", &format!("{run}/stream")),
        get("the run", run),
        get("its steps", &format!("{run}/steps")),
        get("its usage", &format!("{run}/usage")),
        post("in the foreground", MESSAGES, says("hi")),
        post(
            "58-resume-foreground-run",
            &format!("{foreground}/stream"),
            json!({}),
        ),
        get("a run of the foreground", foreground),
        post(
            "58-resume-unknown-run",
            &format!("/v1/runs/{unknown}/stream"),
            json!({}),
        ),
        get("an unknown run", &format!("/v1/runs/{unknown}")),
        get(
            "messages of an unknown run",
            &format!("/v1/runs/{unknown}/messages"),
        ),
        get("not a run's ID", "/v1/runs/not-an-id"),
        post(
            "a slow turn",
            MESSAGES,
            with(slow(), in_background_and_tokens()),
        )
        .begin(3),
        get(
            "runs while one runs",
            "/v1/runs/?agent_id={agent.id}&active=true",
        )
        .until("0.id", &[]),
        post(
            "58-resume-running",
            "/v1/runs/{runs while one runs.0.id}/stream",
            json!({ "starting_after": 5 }),
        ),
        end("a slow turn"),
        get("after it ran", running).quiet(),
        delete("gone", AGENT).quiet(),
    ];
    Scene {
        name: "runs",
        steps,
    }
}

fn lists_of_runs() -> Scene {
    let list =
        |name: &str, query: &str| get(name, &format!("/v1/runs/?agent_id={{agent.id}}&{query}"));
    let unknown = "run-00000000-0000-4000-8000-000000000000";
    let steps = vec![
        an_agent("agent", json!({})),
        post("one", MESSAGES, says("one")).quiet(),
        post("two", MESSAGES, says("two")).quiet(),
        post("three", MESSAGES, with(says("three"), in_background())).quiet(),
        list("all", ""),
        list("a page", "limit=2"),
        list("the next page", "limit=2&before={a page.-1.id}"),
        list("after the last of a page", "limit=2&after={a page.-1.id}"),
        list("in ascending order", "limit=2&order=asc"),
        list(
            "the next in ascending order",
            "limit=2&order=asc&before={in ascending order.-1.id}",
        ),
        list(
            "after the last in ascending order",
            "limit=2&order=asc&after={in ascending order.-1.id}",
        ),
        list("after an unknown one", &format!("limit=2&after={unknown}")),
        list("in background", "background=true"),
        list("completed", "statuses=completed&limit=1"),
        list("failed", "statuses=failed"),
        list("a status that is none", "statuses=dreaming"),
        delete("gone", AGENT).quiet(),
    ];
    Scene {
        name: "lists of runs",
        steps,
    }
}

fn disconnects() -> Scene {
    let slow = || says("DRIP:10:0.1");
    let run = |name: &str| {
        get(name, "/v1/runs/?agent_id={agent.id}&limit=1")
            .until("0.status", &["completed", "failed", "cancelled"])
    };
    let steps = vec![
        an_agent("agent", json!({})),
        post("left", MESSAGES, with(slow(), in_tokens())).begin(3),
        leave("left"),
        run("its run"),
        get("its messages", &format!("{MESSAGES}?order=asc")),
        post(
            "left in background",
            MESSAGES,
            with(slow(), in_background_and_tokens()),
        )
        .begin(3),
        leave("left in background"),
        run("its run in background"),
        post(
            "resumed",
            "/v1/runs/{its run in background.0.id}/stream",
            json!({ "starting_after": 3 }),
        ),
        get("all messages", &format!("{MESSAGES}?order=asc")),
        delete("gone", AGENT).quiet(),
    ];
    Scene {
        name: "disconnects",
        steps,
    }
}

fn cancels() -> Scene {
    let slow = || says("DRIP:30:0.2");
    let steps = vec![
        an_agent("agent", json!({})),
        post("60-cancel-stream", MESSAGES, with(slow(), in_tokens())).begin(4),
        post("60-cancel-stream-cancel", CANCEL, json!({})),
        end("60-cancel-stream"),
        get("the cancelled run", "/v1/runs/?agent_id={agent.id}&limit=1"),
        get("nothing is stored", &format!("{MESSAGES}?order=asc")),
        post("free", MESSAGES, says("hi")),
        post("60-cancel-nothing-running", CANCEL, json!({})),
        get(
            "the finished run stays as it was",
            "/v1/runs/?agent_id={agent.id}&limit=1",
        ),
        post(
            "60-cancel-background",
            MESSAGES,
            with(slow(), in_background_and_tokens()),
        )
        .begin(4),
        post("60-cancel-background-cancel", CANCEL, json!({})),
        end("60-cancel-background"),
        post(
            "60-resume-cancelled-run",
            "/v1/runs/{60-cancel-background[message_type=assistant_message].run_id}/stream",
            json!({ "starting_after": 2 }),
        ),
        post("60-cancel-json", MESSAGES, says("SLOW:2")).begin(0),
        get("a run of JSON", "/v1/runs/?agent_id={agent.id}&limit=1")
            .until("0.status", &["created", "running"]),
        post("60-cancel-json-cancel", CANCEL, json!({})),
        end("60-cancel-json"),
        post(
            "a step that is cancelled",
            MESSAGES,
            with(says("SLOW:2"), in_steps()),
        )
        .begin(1),
        get("its run", "/v1/runs/?agent_id={agent.id}&limit=1")
            .until("0.status", &["created", "running"]),
        post("cancel a step", CANCEL, json!({})),
        end("a step that is cancelled"),
        get("what is stored of a step", &format!("{MESSAGES}?order=asc")),
        a_conversation(),
        post_bare(
            "60-cancel-conversation-nothing-running",
            "/v1/conversations/{conversation.id}/cancel",
        ),
        post(
            "60-cancel-conversation",
            CONVERSATION,
            with(slow(), json!({ "stream_tokens": true })),
        )
        .begin(4),
        post_bare(
            "60-cancel-conversation-cancel",
            "/v1/conversations/{conversation.id}/cancel",
        ),
        end("60-cancel-conversation"),
        post("free too", CONVERSATION, says("hi")),
        delete("gone", AGENT).quiet(),
    ];
    Scene {
        name: "cancels",
        steps,
    }
}

fn failures() -> Scene {
    let last = |name: &str| {
        get(name, "/v1/runs/?agent_id={agent.id}&limit=1")
            .until("0.status", &["completed", "failed", "cancelled"])
    };
    let breaks = |how: &str| says(&format!("BREAK:{how}:3"));
    let steps = vec![
        an_agent("agent", json!({})),
        post("23-err-llm-429-send", MESSAGES, says("FAIL:429")).legacy(),
        last("its run"),
        post(
            "23-err-llm-429-stream",
            STREAM,
            with(says("FAIL:429"), json!({ "stream_tokens": true })),
        )
        .legacy(),
        last("its run too"),
        post(
            "59-background-model-429",
            MESSAGES,
            with(says("FAIL:429"), in_background()),
        ),
        last("the failed run"),
        post(
            "59-resume-failed-run",
            "/v1/runs/{the failed run.0.id}/stream",
            json!({}),
        ),
        post(
            "refused in steps",
            MESSAGES,
            with(says("FAIL:429"), in_steps()),
        ),
        post("refused for another reason", MESSAGES, says("FAIL:400")),
        post("a model without a key", MESSAGES, says("FAIL:401")),
        post("a model that is broken", MESSAGES, says("FAIL:500")),
        post("61-model-error-midway-json", MESSAGES, breaks("error")),
        post(
            "61-model-error-midway-tokens",
            MESSAGES,
            with(breaks("error"), in_tokens()),
        ),
        last("a run that broke"),
        post(
            "61-model-drop-midway-tokens",
            MESSAGES,
            with(breaks("drop"), in_tokens()),
        ),
        post(
            "61-model-error-midway-background",
            MESSAGES,
            with(breaks("error"), in_background_and_tokens()),
        ),
        last("a run that broke in background"),
        post(
            "without a finish reason",
            MESSAGES,
            with(breaks("end"), in_tokens()),
        ),
        get("what is stored", &format!("{MESSAGES}?order=asc")),
        post("free", MESSAGES, says("hi")),
        delete("gone", AGENT).quiet(),
    ];
    Scene {
        name: "failures",
        steps,
    }
}

fn refusals() -> Scene {
    let nobody = "/v1/agents/agent-00000000-0000-4000-8000-000000000000";
    let steps = vec![
        an_agent("agent", json!({})),
        get("20-err-404-agent-get", nobody).legacy(),
        post(
            "20-err-404-agent-stream",
            &format!("{nobody}/messages/stream"),
            with(says("x"), json!({ "stream_tokens": true })),
        )
        .legacy(),
        post(
            "messages of nobody",
            &format!("{nobody}/messages"),
            says("x"),
        ),
        get("the list of nobody", &format!("{nobody}/messages")),
        patch("a change of nobody", nobody, json!({ "name": "x" })),
        get("21-err-422-bad-agent-id", "/v1/agents/not-an-id").legacy(),
        post(
            "21-err-422-message-missing",
            MESSAGES,
            json!({ "messages": [{ "role": "nobody" }] }),
        )
        .legacy(),
        post("no messages", MESSAGES, json!({ "messages": [] })),
        post("nothing said", MESSAGES, json!({})),
        post(
            "both ways of saying",
            MESSAGES,
            with(says("x"), json!({ "input": "x" })),
        ),
        post(
            "a number for a text",
            MESSAGES,
            json!({ "messages": [{ "role": "user", "content": 5 }] }),
        ),
        post(
            "steps that are no number",
            MESSAGES,
            with(says("x"), json!({ "max_steps": "many" })),
        ),
        post(
            "a member that nobody knows",
            MESSAGES,
            with(says("x"), json!({ "nobody": "knows" })),
        ),
        post(
            "background without streaming",
            MESSAGES,
            with(says("x"), json!({ "background": true })),
        ),
        post(
            "a model that is not there",
            "/v1/agents/",
            json!({ "model": "nobody/has-it", "embedding": "$task.embedding" }),
        ),
        post(
            "a name that is a number",
            "/v1/agents/",
            json!({ "name": 5 }),
        ),
        step("22-err-405", "PUT /v1/agents/".to_owned(), Some(json!({}))).legacy(),
        get("a path that is not there", "/v1/nothing"),
        get(
            "a block that is not there",
            "/v1/blocks/block-00000000-0000-4000-8000-000000000000",
        ),
        get(
            "a tool that is not there",
            "/v1/tools/tool-00000000-0000-4000-8000-000000000000",
        ),
        get(
            "a message that is not there",
            "/v1/messages/message-00000000-0000-4000-8000-000000000000",
        ),
        get(
            "a folder that is not there",
            "/v1/folders/source-00000000-0000-4000-8000-000000000000",
        ),
        get(
            "an archive that is not there",
            "/v1/archives/archive-00000000-0000-4000-8000-000000000000",
        ),
        delete("gone", AGENT).quiet(),
    ];
    Scene {
        name: "refusals",
        steps,
    }
}

fn archives() -> Scene {
    let memory = format!("{AGENT}/archival-memory");
    let archive = "/v1/archives/{archive.id}";
    let steps = vec![
        an_agent("agent", json!({})),
        post(
            "14-archival-insert",
            &memory,
            json!({ "text": "the sky is blue", "tags": ["t"] }),
        )
        .legacy(),
        get("14-archival-list", &memory).legacy(),
        get("14-archival-search", &format!("{memory}/search?query=sky")).legacy(),
        delete(
            "a passage deleted",
            &format!("{memory}/{{14-archival-insert.0.id}}"),
        ),
        get("none is left", &memory),
        post(
            "archive",
            "/v1/archives/",
            json!({ "name": "a-comparison", "embedding": "$task.embedding" }),
        ),
        get("retrieved", archive),
        patch("changed", archive, json!({ "description": "Changed" })),
        post(
            "a passage",
            &format!("{archive}/passages"),
            json!({ "text": "The shop closes at six.", "tags": ["hours"] }),
        ),
        post(
            "two passages",
            &format!("{archive}/passages/batch"),
            json!({ "passages": [{ "text": "One." }, { "text": "Two." }] }),
        ),
        delete(
            "one deleted",
            &format!("{archive}/passages/{{a passage.id}}"),
        ),
        delete("deleted", archive),
        get("after it was deleted", archive),
        delete("gone", AGENT).quiet(),
    ];
    Scene {
        name: "archives",
        steps,
    }
}

fn folders() -> Scene {
    let folder = "/v1/folders/{17-folder-create.id}";
    let file = format!("{folder}/files/{{17-folder-upload-multipart.id}}");
    let files = format!("{AGENT}/files");
    let own = format!("{files}/{{17-folder-upload-multipart.id}}");
    let steps = vec![
        an_agent("agent", json!({})),
        post(
            "17-folder-create",
            "/v1/folders/",
            json!({ "name": "$task.unique", "embedding": "$task.embedding" }),
        )
        .legacy(),
        post(
            "a folder of the same name",
            "/v1/folders/",
            json!({ "name": "$task.unique", "embedding": "$task.embedding" }),
        ),
        get("retrieved", folder),
        patch("changed", folder, json!({ "description": "Changed" })),
        patch_bare(
            "attached",
            &format!("{AGENT}/folders/attach/{{17-folder-create.id}}"),
        ),
        get("folders", &format!("{AGENT}/folders")),
        upload(
            "17-folder-upload-multipart",
            &format!("{folder}/upload"),
            "hello file\n",
        )
        .legacy(),
        get("the file in the end", &file).until("processing_status", &["completed", "error"]),
        get("its agents", &format!("{folder}/agents")),
        get("its files", &format!("{folder}/files")),
        get("the agent's files", &files).until("files.0.file_name", &[]),
        patch_bare("opened", &format!("{own}/open")),
        patch_bare("closed", &format!("{own}/close")),
        patch_bare("all closed", &format!("{files}/close-all")),
        delete(
            "file deleted",
            &format!("{folder}/{{17-folder-upload-multipart.id}}"),
        ),
        get("no file is left", &format!("{folder}/files")),
        patch_bare(
            "detached",
            &format!("{AGENT}/folders/detach/{{17-folder-create.id}}"),
        ),
        delete("deleted", folder),
        get("after it was deleted", folder),
        delete("gone", AGENT).quiet(),
    ];
    Scene {
        name: "folders",
        steps,
    }
}
