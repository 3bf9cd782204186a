//! What a request says to an agent.

use letta_api::types::{
    ApprovalResult, ApprovalReturn, ClientTool, MessageType, ToolReturn, ToolReturnValue,
};
use serde_json::Value;

use crate::http::refusal::Refusal;
use crate::turns::speech::text_of;

/// A request that says something to an agent.
pub(crate) struct Said {
    pub(crate) first: First,
    /// What comes after an answer to a request for approval, or all of it.
    pub(crate) messages: Vec<Input>,
    pub(crate) options: Options,
    /// The `otid`s that were given.
    pub(crate) otids: Vec<String>,
}

/// What a request begins with, which decides what it is.
pub(crate) enum First {
    /// Messages alone.
    Messages {
        /// The server's name for the first item that is no message.
        stray: Option<&'static str>,
    },
    /// The answer to a request for approval.
    Answer { answers: Vec<ApprovalResult> },
    /// The answer to a request for approval, in the form that names the request and not its calls.
    OldAnswer {
        approve: bool,
        /// The ID of the message that requests it.
        request: Option<String>,
    },
}

/// A message that somebody said.
pub(crate) struct Input {
    pub(crate) role: String,
    pub(crate) content: Value,
    pub(crate) otid: Option<String>,
    pub(crate) name: Option<String>,
}

/// How a turn is to be.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    pub(crate) background: bool,
    pub(crate) include_pings: bool,
    pub(crate) max_steps: usize,
    /// Only messages of these types are answered. All if `None`.
    pub(crate) types: Option<Vec<MessageType>>,
    /// The names of the tools that the client runs.
    pub(crate) client_tools: Vec<String>,
}

const DEFAULT_MAX_STEPS: usize = 50;

impl Said {
    /// Reads a body, which is valid by the description.
    pub(crate) fn from_json(body: &Value) -> Result<Self, Refusal> {
        let options = Options::from_json(body);
        let given = |name: &str| body.get(name).filter(|value| !value.is_null());
        let items = match (given("messages"), given("input")) {
            (Some(_), Some(_)) => {
                return Err(Refusal::unprocessable(
                    "messages and input are both set; input stands for one message of the user's",
                ));
            }
            (Some(messages), None) => messages.as_array().cloned().unwrap_or_default(),
            (None, Some(input)) => {
                vec![serde_json::json!({"role": "user", "content": input})]
            }
            (None, None) => Vec::new(),
        };
        let Some(first) = items.first() else {
            return Err(Refusal::unprocessable("Messages must not be empty"));
        };
        let otids = items.iter().filter_map(|item| text(item, "otid")).collect();
        let (first, rest) = match first.get("type").and_then(Value::as_str) {
            Some("tool_return") => {
                let answers = returns(first.get("tool_returns"))
                    .into_iter()
                    .map(ApprovalResult::from)
                    .collect();
                (First::Answer { answers }, &items[1..])
            }
            Some("approval") => {
                let first = match first.get("approvals").filter(|it| !it.is_null()) {
                    Some(approvals) => First::Answer {
                        answers: approvals
                            .as_array()
                            .map_or_else(Vec::new, |all| all.iter().filter_map(answer).collect()),
                    },
                    None => First::OldAnswer {
                        approve: first
                            .get("approve")
                            .and_then(Value::as_bool)
                            .unwrap_or_default(),
                        request: text(first, "approval_request_id"),
                    },
                };
                (first, &items[1..])
            }
            _ => {
                let stray = items.iter().find_map(other_than_a_message);
                (First::Messages { stray }, &items[..])
            }
        };
        // Of what comes after an answer, the server leaves out what is no message.
        let messages: Vec<Input> = rest.iter().filter_map(Input::from_json).collect();
        Ok(Self {
            first,
            messages,
            options,
            otids,
        })
    }
}

/// What the user said last. `None` if it was not the user who spoke.
pub(crate) fn last_text(messages: &[Input]) -> Option<String> {
    let last = messages.iter().rev().find(|it| it.role == "user");
    last.map(|input| text_of(&input.content))
}

/// All that the user said, line by line.
pub(crate) fn user_text(messages: &[Input]) -> String {
    let texts = messages.iter().filter(|it| it.role == "user");
    texts
        .map(|input| text_of(&input.content))
        .collect::<Vec<_>>()
        .join("\n")
}

impl Input {
    fn from_json(item: &Value) -> Option<Self> {
        if !matches!(
            item.get("type").and_then(Value::as_str),
            None | Some("message")
        ) {
            return None;
        }
        Some(Self {
            role: text(item, "role")?,
            content: item.get("content")?.clone(),
            otid: text(item, "otid"),
            name: text(item, "name"),
        })
    }
}

/// The server's name for an item that is no message.
fn other_than_a_message(item: &Value) -> Option<&'static str> {
    match item.get("type").and_then(Value::as_str) {
        Some("approval") => Some("ApprovalCreate"),
        Some("tool_return") => Some("ToolReturnCreate"),
        _ => None,
    }
}

impl Options {
    fn from_json(body: &Value) -> Self {
        let flag = |name: &str, default| body.get(name).and_then(Value::as_bool).unwrap_or(default);
        let tools = body.get("client_tools").and_then(Value::as_array);
        let types = body
            .get("include_return_message_types")
            .and_then(Value::as_array);
        Self {
            background: flag("background", false),
            include_pings: flag("include_pings", true),
            max_steps: body
                .get("max_steps")
                .and_then(Value::as_i64)
                .map_or(DEFAULT_MAX_STEPS, |steps| {
                    usize::try_from(steps).unwrap_or_default()
                }),
            types: types.filter(|types| !types.is_empty()).map(|types| {
                types
                    .iter()
                    .filter_map(|it| serde_json::from_value(it.clone()).ok())
                    .collect()
            }),
            client_tools: tools
                .into_iter()
                .flatten()
                .filter_map(|tool| serde_json::from_value::<ClientTool>(tool.clone()).ok())
                .map(|tool| tool.name)
                .collect(),
        }
    }
}

fn text(item: &Value, name: &str) -> Option<String> {
    item.get(name).and_then(Value::as_str).map(str::to_owned)
}

fn returns(value: Option<&Value>) -> Vec<ToolReturn> {
    let items = value.and_then(Value::as_array);
    items
        .into_iter()
        .flatten()
        .filter_map(tool_return)
        .collect()
}

/// A return of a client's tool. The types of the description need `type`, which may be left out of a `tool_return` message.
fn tool_return(item: &Value) -> Option<ToolReturn> {
    let mut tool_return = ToolReturn::new(
        serde_json::from_value::<ToolReturnValue>(item.get("tool_return")?.clone()).ok()?,
        serde_json::from_value(item.get("status")?.clone()).ok()?,
        text(item, "tool_call_id")?.as_str(),
    );
    let lines = |name: &str| {
        item.get(name)
            .and_then(|it| serde_json::from_value(it.clone()).ok())
    };
    if let Some(stdout) = lines("stdout") {
        tool_return.stdout = stdout;
    }
    if let Some(stderr) = lines("stderr") {
        tool_return.stderr = stderr;
    }
    Some(tool_return)
}

fn answer(item: &Value) -> Option<ApprovalResult> {
    if item.get("type").and_then(Value::as_str) == Some("tool") {
        return tool_return(item).map(ApprovalResult::from);
    }
    serde_json::from_value::<ApprovalReturn>(item.clone())
        .ok()
        .map(ApprovalResult::from)
}

/// The call that an answer is about.
pub(crate) fn call_id(answer: &ApprovalResult) -> &str {
    match answer {
        ApprovalResult::ApprovalReturn(answer) => answer.tool_call_id.as_str(),
        ApprovalResult::ToolReturn(answer) => answer.tool_call_id.as_str(),
        _ => "",
    }
}
