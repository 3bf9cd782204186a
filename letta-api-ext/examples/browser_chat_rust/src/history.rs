//! The conversation so far, in order.

use letta_api_ext::letta_api::types::{
    AssistantContent, AssistantContentPart, Message, UserContent, UserContentPart,
};

/// How many messages are read at most, of all types.
pub(crate) const LIMIT: usize = 50;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Speaker {
    User,
    Agent,
}

impl Speaker {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Agent => "agent",
        }
    }
}

/// The last messages of the user's and the agent's, oldest first.
pub(crate) struct History {
    pub(crate) messages: Vec<Entry>,
    /// Whether there may be earlier ones.
    pub(crate) may_be_more: bool,
}

/// What somebody said.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Entry {
    pub(crate) from: Speaker,
    pub(crate) text: String,
    /// The page's own ID of the message.
    pub(crate) otid: Option<String>,
    run: Option<String>,
    /// When it was said, in milliseconds. NaN if the service's date is invalid.
    at: f64,
}

impl History {
    /// Of a list as the service gives it, newest first or oldest first. `date` reads a date.
    pub(crate) fn of(list: Vec<Message>, date: fn(&str) -> f64) -> Self {
        let may_be_more = list.len() >= LIMIT;
        let entries = list.into_iter();
        let mut messages: Vec<Entry> = entries.filter_map(|message| entry(message, date)).collect();
        if is_newest_first(&messages) {
            messages.reverse();
        }
        messages.retain(|entry| !entry.text.is_empty());
        Self {
            messages,
            may_be_more,
        }
    }
}

fn entry(message: Message, date: fn(&str) -> f64) -> Option<Entry> {
    match message {
        Message::UserMessage(it) => Some(Entry {
            from: Speaker::User,
            text: user_text(it.content),
            otid: it.otid,
            run: it.run_id.map(|run| run.to_string()),
            at: date(&it.date),
        }),
        Message::AssistantMessage(it) => Some(Entry {
            from: Speaker::Agent,
            text: agent_text(it.content),
            otid: it.otid,
            run: it.run_id.map(|run| run.to_string()),
            at: date(&it.date),
        }),
        _ => None,
    }
}

/// The text, without parts of other kinds.
fn user_text(content: UserContent) -> String {
    match content {
        UserContent::Text(text) => text,
        UserContent::Parts(parts) => {
            let texts = parts.into_iter().filter_map(|part| match part {
                UserContentPart::TextContent(part) => Some(part.text),
                _ => None,
            });
            texts.collect()
        }
        _ => String::new(),
    }
}

fn agent_text(content: AssistantContent) -> String {
    match content {
        AssistantContent::Text(text) => text,
        AssistantContent::Parts(parts) => {
            let texts = parts.into_iter().filter_map(|part| match part {
                AssistantContentPart::TextContent(part) => Some(part.text),
                _ => None,
            });
            texts.collect()
        }
        _ => String::new(),
    }
}

/// Whether the newest message is the first one. The service documents so. The self-hosted server answers with the newest
/// messages, and the oldest of them first. So the list itself has to tell.
fn is_newest_first(messages: &[Entry]) -> bool {
    let (Some(first), Some(last)) = (messages.first(), messages.last()) else {
        return false;
    };
    if (first.at - last.at).abs() > 0.0 {
        return first.at > last.at;
    }
    // All within the same second. Within a run, an agent answers after it was asked.
    for (place, asked) in messages.iter().enumerate() {
        if asked.from != Speaker::User || asked.run.is_none() {
            continue;
        }
        let answers = |other: &Entry| other.from == Speaker::Agent && other.run == asked.run;
        if let Some(answer) = messages.iter().position(answers) {
            return answer < place;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use letta_api_ext::letta_api::types::{AssistantMessage, UserMessage};

    use super::*;

    fn message(from: Speaker, run: Option<&str>, date: &str) -> Message {
        let text = format!("{} {run:?} {date}", from.name());
        let run = run.map(|run| run.to_owned().into());
        match from {
            Speaker::User => {
                let mut message = UserMessage::new("message-1", date, UserContent::Text(text));
                message.run_id = run;
                Message::UserMessage(Box::new(message))
            }
            Speaker::Agent => {
                let mut message =
                    AssistantMessage::new("message-1", date, AssistantContent::Text(text));
                message.run_id = run;
                Message::AssistantMessage(Box::new(message))
            }
        }
    }

    /// A date of these tests is a number, or invalid.
    fn date(text: &str) -> f64 {
        text.parse().unwrap_or(f64::NAN)
    }

    #[test]
    fn messages_are_put_oldest_first_whichever_way_the_service_lists_them() {
        use Speaker::{Agent, User};
        for list in [
            vec![],
            vec![(User, Some("a"), "1")],
            // By their dates, though they were asked for in no run.
            vec![(User, None, "1"), (User, None, "1"), (Agent, None, "2")],
            // All within a second: by who speaks first in a run.
            vec![
                (Agent, Some("a"), "1"),
                (User, Some("b"), "1"),
                (Agent, Some("b"), "1"),
            ],
            vec![(User, Some("a"), "?"), (Agent, Some("a"), "?")],
        ] {
            let list = list.into_iter();
            let list: Vec<Message> = list.map(|(from, run, at)| message(from, run, at)).collect();
            let texts = |list: Vec<Message>| -> Vec<String> {
                let messages = History::of(list, date).messages.into_iter();
                messages.map(|entry| entry.text).collect()
            };
            let expected: Vec<String> = list
                .iter()
                .filter_map(|message| entry(message.clone(), date))
                .map(|entry| entry.text)
                .collect();
            assert_eq!(texts(list.clone()), expected);
            assert_eq!(texts(list.into_iter().rev().collect()), expected);
        }
    }

    #[test]
    fn messages_whose_order_nothing_tells_stay_as_they_came() {
        let list = vec![
            message(Speaker::User, Some("a"), "1"),
            message(Speaker::User, Some("b"), "1"),
        ];
        let history = History::of(list, date);
        assert!(history.messages[0].text.contains('a'));
    }

    #[test]
    fn a_full_list_may_not_be_the_whole_conversation() {
        let list = |length| vec![message(Speaker::User, None, "1"); length];
        assert!(History::of(list(LIMIT), date).may_be_more);
        assert!(!History::of(list(LIMIT - 1), date).may_be_more);
    }
}
