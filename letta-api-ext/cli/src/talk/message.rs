//! A stored message in words: who said it, and what.

use letta_api_ext::letta_api::types::Message;

use crate::output::Tree;

/// A stored message, as people see it.
pub(crate) struct Shown {
    pub(crate) id: String,
    pub(crate) date: String,
    pub(crate) who: &'static str,
    pub(crate) text: String,
}

impl Shown {
    pub(crate) fn of(message: &Message) -> Self {
        let tree = Tree::of(message).unwrap_or(Tree::Null);
        let (who, text) = match message {
            Message::UserMessage(_) => ("you", text_of(tree.get("content"))),
            Message::AssistantMessage(_) => ("agent", text_of(tree.get("content"))),
            Message::SystemMessage(_) => ("system", text_of(tree.get("content"))),
            Message::ReasoningMessage(_) => ("thought", text_of(tree.get("reasoning"))),
            Message::HiddenReasoningMessage(_) => ("thought", "(hidden)".to_owned()),
            Message::ToolCallMessage(_) => ("call", calls_of(&tree)),
            Message::ApprovalRequestMessage(_) => ("asks", calls_of(&tree)),
            Message::ApprovalResponseMessage(_) => ("decided", decided(&tree)),
            Message::ToolReturnMessage(_) => ("returned", returned(&tree)),
            Message::SummaryMessage(_) => ("summary", text_of(tree.get("summary"))),
            _ => ("other", text_of(tree.get("message_type"))),
        };
        let member = |name| text_of(tree.get(name));
        Self {
            id: member("id"),
            date: member("date"),
            who,
            text,
        }
    }
}

/// A text, or the texts of its parts.
fn text_of(content: Option<&Tree>) -> String {
    match content {
        Some(Tree::Text(text)) => text.clone(),
        Some(Tree::List(parts)) => {
            let texts = parts.iter().map(|part| match part.get("text") {
                Some(text) => text_of(Some(text)),
                None => format!("({})", text_of(part.get("type"))),
            });
            texts.collect::<Vec<_>>().join("\n")
        }
        _ => String::new(),
    }
}

/// The first of these members that is neither empty nor null, as a list. A single value is a list of one.
fn each<'a>(tree: &'a Tree, names: [&str; 2]) -> Vec<&'a Tree> {
    let there = names.into_iter().filter_map(|name| tree.get(name));
    let found = there.into_iter().find(|found| match found {
        Tree::List(items) => !items.is_empty(),
        found => **found != Tree::Null,
    });
    match found {
        Some(Tree::List(items)) => items.iter().collect(),
        Some(item) => vec![item],
        None => Vec::new(),
    }
}

fn calls_of(tree: &Tree) -> String {
    let calls = each(tree, ["tool_calls", "tool_call"]).into_iter();
    let calls = calls.map(|call| {
        let (name, arguments) = (text_of(call.get("name")), text_of(call.get("arguments")));
        format!("{name} {arguments}")
    });
    calls.collect::<Vec<_>>().join("\n")
}

fn returned(tree: &Tree) -> String {
    let returns = each(tree, ["tool_returns", "tool_return"]).into_iter();
    let returns = returns.map(|done| match done.get("tool_return") {
        Some(text) => text_of(Some(text)),
        None => text_of(Some(done)),
    });
    returns.collect::<Vec<_>>().join("\n")
}

fn decided(tree: &Tree) -> String {
    let all = each(tree, ["approvals", "approve"]).into_iter();
    let all = all.map(|one| {
        let is_approved = one.get("approve").unwrap_or(one);
        let reason = text_of(one.get("reason"));
        match is_approved {
            Tree::Bool(true) => "approved".to_owned(),
            Tree::Bool(false) if reason.is_empty() => "denied".to_owned(),
            Tree::Bool(false) => format!("denied: {reason}"),
            _ => "answered".to_owned(),
        }
    });
    all.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_who_said_it_and_what() {
        for (message, who, text) in [
            (
                r#"{"message_type":"user_message","content":"Hi"}"#,
                "you",
                "Hi",
            ),
            (
                r#"{"message_type":"user_message","content":[{"type":"text","text":"Hi"},{"type":"image","source":{"type":"url","url":"u"}}]}"#,
                "you",
                "Hi\n(image)",
            ),
            (
                r#"{"message_type":"assistant_message","content":[{"type":"text","text":"Hi"}]}"#,
                "agent",
                "Hi",
            ),
            (
                r#"{"message_type":"reasoning_message","reasoning":"Hm"}"#,
                "thought",
                "Hm",
            ),
            (
                r#"{"message_type":"tool_call_message","tool_call":{"name":"a","arguments":"{}","tool_call_id":"1"}}"#,
                "call",
                "a {}",
            ),
            (
                r#"{"message_type":"approval_request_message","tool_call":{"name":"a","arguments":"{}","tool_call_id":"1"},"tool_calls":[{"name":"a","arguments":"{}","tool_call_id":"1"},{"name":"b","arguments":"{}","tool_call_id":"2"}]}"#,
                "asks",
                "a {}\nb {}",
            ),
            (
                r#"{"message_type":"tool_return_message","tool_return":"x","status":"success","tool_call_id":"1"}"#,
                "returned",
                "x",
            ),
            (
                r#"{"message_type":"approval_response_message","approvals":[{"type":"approval","tool_call_id":"1","approve":true},{"type":"approval","tool_call_id":"2","approve":false,"reason":"no"}]}"#,
                "decided",
                "approved\ndenied: no",
            ),
        ] {
            let mut json: serde_json::Value = serde_json::from_str(message).unwrap();
            json["id"] = "message-1".into();
            json["date"] = "2026-01-01T00:00:00Z".into();
            let message: Message = serde_json::from_value(json).unwrap();
            let shown = Shown::of(&message);
            assert_eq!((shown.who, shown.text.as_str()), (who, text));
            assert_eq!(shown.id, "message-1");
        }
    }
}
