//! The streams that are read, as a server sends them: envelopes of the same members in the same order.

use bytes::Bytes;

/// A stream of events.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    /// An answer in tokens: a message comes in many pieces, of about 350 bytes each.
    Tokens,
    /// Whole messages of about 2 KB.
    Steps,
    /// Reasoning, calls of tools and what they return, and an answer in tokens.
    Mixed,
}

impl Kind {
    /// All.
    pub const ALL: [Self; 3] = [Self::Tokens, Self::Steps, Self::Mixed];

    /// What it is called.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Tokens => "tokens",
            Self::Steps => "steps",
            Self::Mixed => "mixed",
        }
    }

    /// The data of so many events, and of those that end a turn.
    #[must_use]
    pub fn events(self, count: usize) -> Vec<String> {
        let mut events: Vec<String> = (0..count).map(|number| self.event(number)).collect();
        events.push(r#"{"message_type":"stop_reason","stop_reason":"end_turn"}"#.to_owned());
        events.push(
            r#"{"message_type":"usage_statistics","completion_tokens":7,"prompt_tokens":11,"total_tokens":18,"step_count":1,"run_ids":null,"cached_input_tokens":0,"cache_write_tokens":null,"reasoning_tokens":0,"context_tokens":18}"#
                .to_owned(),
        );
        events
    }

    fn event(self, number: usize) -> String {
        let long =
            "All work is done in small steps, \\\"each\\\" of them told: größer.\\n".repeat(24);
        // What an agent thinks, calls and says in a step has the same ID.
        let step = number / 10;
        match self {
            Self::Tokens => message(number, 0, "assistant_message", r#""content":"word ""#),
            Self::Steps => message(
                number,
                number,
                ["assistant_message", "reasoning_message"][number % 2],
                &match number % 2 {
                    0 => format!(r#""content":"{long}""#),
                    _ => format!(
                        r#""source":"reasoner_model","reasoning":"{long}","signature":null"#
                    ),
                },
            ),
            Self::Mixed => match number % 10 {
                0 | 1 => message(
                    number,
                    step,
                    "reasoning_message",
                    r#""source":"reasoner_model","reasoning":"so then ","signature":null"#,
                ),
                2..=4 => {
                    let call = r#"{"name":null,"arguments":"{\"query\": \"wo","tool_call_id":"call_4f0c9d12-000014"}"#;
                    let calls = format!(r#""tool_call":{call},"tool_calls":{call}"#);
                    message(number, step, "tool_call_message", &calls)
                }
                5 => {
                    let returned = r#""tool_return":"{'message': 'No results found.', 'results': []}","status":"success","tool_call_id":"call_4f0c9d12-000014","stdout":null,"stderr":null"#;
                    let returns =
                        format!(r#"{returned},"tool_returns":[{{"type":"tool",{returned}}}]"#);
                    message(number, step, "tool_return_message", &returns)
                }
                _ => message(number, step, "assistant_message", r#""content":"word ""#),
            },
        }
    }

    /// A body of these events, with the word for the end.
    #[must_use]
    pub fn body(self, count: usize) -> String {
        let mut body = String::new();
        for event in self.events(count) {
            body += &format!("data: {event}\n\n");
        }
        body + "data: [DONE]\n\n"
    }

    /// A body in pieces of this length, or of one event each.
    #[must_use]
    pub fn pieces(self, count: usize, length: Option<usize>) -> Vec<Bytes> {
        let body = self.body(count);
        match length {
            Some(length) => body
                .as_bytes()
                .chunks(length)
                .map(Bytes::copy_from_slice)
                .collect(),
            None => {
                let events = body.split_inclusive("\n\n");
                events
                    .map(|event| Bytes::copy_from_slice(event.as_bytes()))
                    .collect()
            }
        }
    }
}

/// A message, or a piece of that with this ID.
fn message(number: usize, id: usize, kind: &str, rest: &str) -> String {
    format!(
        r#"{{"id":"message-3297ae32-ebfe-4d01-9dcb-{id:012}","date":"2026-11-23T16:39:43+00:00","name":null,"message_type":"{kind}","otid":"3297ae32-ebfe-4d01-9dcb-62175b4dab80","sender_id":null,"step_id":"step-0ec4834a-63a3-4df5-8289-89282e567001","is_err":null,"seq_id":{number},"run_id":"run-a6dfcecf-5b2b-42b4-a873-45f8fb3eac6b",{rest}}}"#
    )
}
