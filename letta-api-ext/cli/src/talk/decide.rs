//! What an agent asks for, in words: everything that whoever decides has to know.

use letta_api_ext::turns::ToolCall;

use crate::output::Tree;

/// What is asked. `place` is the call's place in the request, and `count` how many there are.
pub(crate) fn title(call: &ToolCall, place: usize, count: usize) -> String {
    let name = call.name();
    match count {
        1 => format!("The agent asks to call {name}:"),
        count => format!("The agent asks to call {name} ({place} of {count}):"),
    }
}

/// The arguments of a call, whole, each line indented. What is not JSON is shown as it is.
pub(crate) fn describe(call: &ToolCall) -> String {
    arguments(call.arguments())
}

fn arguments(text: &str) -> String {
    let written = match serde_json::from_str::<Tree>(text) {
        Ok(Tree::Map(members)) if members.is_empty() => "(no arguments)".to_owned(),
        Ok(tree) => serde_json::to_string_pretty(&tree).unwrap_or_else(|_| text.to_owned()),
        Err(_) if text.trim().is_empty() => "(no arguments)".to_owned(),
        Err(_) => text.to_owned(),
    };
    let lines = written.lines().map(|line| format!("  {line}"));
    lines.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_shown_whole_and_in_their_order() {
        for (text, expected) in [
            ("", "  (no arguments)"),
            ("{}", "  (no arguments)"),
            (
                r#"{"z":"a\nb","a":[]}"#,
                "  {\n    \"z\": \"a\\nb\",\n    \"a\": []\n  }",
            ),
            // The model's slip is what would be called.
            (r#"{"path": "a""#, "  {\"path\": \"a\""),
            // The tool may take either.
            (r#"{"a":1,"a":2}"#, "  {\n    \"a\": 1,\n    \"a\": 2\n  }"),
        ] {
            assert_eq!(arguments(text), expected);
        }
    }
}
