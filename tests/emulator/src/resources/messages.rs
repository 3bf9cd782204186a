//! The operations that read messages, or take them out of the context.

use std::collections::HashSet;

use axum::response::Response;
use letta_api::types::{
    AgentId, AssistantContent, AssistantContentPart, AssistantMessageResult, ConversationId,
    Message, MessageSearchResult, ReasoningMessageResult, SystemMessageResult, UserContent,
    UserContentPart, UserMessageResult,
};
use serde_json::Value;

use crate::call::{Call, ok, ok_value, written};
use crate::http::refusal::Refusal;
use crate::resources::agents::{self, prompt, shown};
use crate::resources::dates::Span;
use crate::resources::members::text;
use crate::resources::passages::search_limit;
use crate::resources::words::Words;
use crate::world::World;
use crate::world::agent::AgentRecord;
use crate::world::page::CursorPage;
use crate::world::thread::StoredMessage;

const DEFAULT_LIMIT: usize = 100;

/// A message, and where it was said first. Forks share messages.
#[derive(Clone, Copy)]
pub(crate) struct Told<'a> {
    pub(crate) message: &'a StoredMessage,
    pub(crate) agent: &'a AgentId,
    /// `None` if it was said in the agent's own thread.
    pub(crate) conversation: Option<&'a ConversationId>,
    /// Whether a conversation has it.
    is_in_conversation: bool,
}

impl std::borrow::Borrow<StoredMessage> for Told<'_> {
    fn borrow(&self) -> &StoredMessage {
        self.message
    }
}

/// Which messages a list has.
pub(crate) struct Filter {
    conversation: Option<String>,
    group: bool,
    types: Vec<String>,
}

impl Filter {
    /// As the query says. `conversation` takes precedence.
    pub(crate) fn of(call: &Call, conversation: Option<&str>) -> Self {
        let conversation = conversation.map(str::to_owned);
        let of_query = call.query("conversation_id");
        let group = call.query("group_id");
        let types = call.query_all("include_return_message_types");
        Self {
            conversation: conversation.or(of_query),
            group: group.is_some_and(|group| !group.is_empty()),
            types: types.map(Into::into).collect(),
        }
    }

    /// There are no groups, so no message is of one.
    pub(crate) fn has_group(&self) -> bool {
        !self.group
    }

    fn has(&self, told: &Told<'_>) -> bool {
        let by_conversation = match self.conversation.as_deref() {
            None => true,
            Some("default") => told.conversation.is_none() && !told.is_in_conversation,
            Some(id) => told.conversation.is_some_and(|it| it.as_str() == id),
        };
        by_conversation && self.has_group()
    }

    /// Whether a message is of a type that is wanted. This is asked once a page is full, as the server does.
    pub(crate) fn has_type(&self, message: &Value) -> bool {
        let of_message = text(message, "message_type").unwrap_or_default();
        self.types.is_empty() || self.types.iter().any(|it| it == of_message)
    }
}

/// All messages of these agents, in the order of their making, each once.
pub(crate) fn history<'a>(
    world: &'a World,
    agents: impl Iterator<Item = &'a AgentRecord> + Clone,
) -> Vec<Told<'a>> {
    let mut history = Vec::new();
    for agent in agents {
        let id = &agent.state.id;
        let of_agent =
            |it: &&crate::world::conversation::ConversationRecord| it.conversation.agent_id == *id;
        let own = agent.thread.messages.iter().map(|message| Told {
            message,
            agent: id,
            conversation: None,
            is_in_conversation: false,
        });
        let begin = history.len();
        history.extend(own);
        let mut conversations = world.conversations.iter().filter(of_agent).peekable();
        if conversations.peek().is_none() {
            continue;
        }
        let mut shared: HashSet<&str> = HashSet::new();
        let mut seen: HashSet<&str> = history[begin..]
            .iter()
            .map(|told| told.message.id.as_str())
            .collect();
        for record in conversations {
            for message in &record.thread.messages {
                shared.insert(message.id.as_str());
                if seen.insert(message.id.as_str()) {
                    history.push(Told {
                        message,
                        agent: id,
                        conversation: Some(&record.conversation.id),
                        is_in_conversation: true,
                    });
                }
            }
        }
        for told in &mut history[begin..] {
            told.is_in_conversation = shared.contains(told.message.id.as_str());
        }
    }
    // Those of one time stay as they are.
    history.sort_by_key(|told| told.message.date);
    history
}

pub(crate) fn list(call: &Call, world: &mut World) -> Result<Response, Refusal> {
    of_agent(call, world, call.path("agent_id"), &Filter::of(call, None))
}

/// The messages of an agent, those of its conversations among them.
pub(crate) fn of_agent(
    call: &Call,
    world: &World,
    agent: &str,
    filter: &Filter,
) -> Result<Response, Refusal> {
    let page = CursorPage::from_query(&call.query, DEFAULT_LIMIT)?;
    let agent = agents::found(world, agent)?;
    let history = history(world, std::iter::once(agent));
    shown_page(&page, &history, filter)
}

fn shown_page(
    page: &CursorPage,
    history: &[Told<'_>],
    filter: &Filter,
) -> Result<Response, Refusal> {
    let page = page.of_messages(history, |told| filter.has(told))?;
    let shown = page.into_iter().flat_map(|told| told.message.to_wire());
    let shown: Vec<Value> = shown.filter(|message| filter.has_type(message)).collect();
    Ok(ok_value(shown.into()))
}

pub(crate) fn list_all(call: &Call, world: &mut World) -> Result<Response, Refusal> {
    let page = CursorPage::from_query(&call.query, DEFAULT_LIMIT)?;
    let history = history(world, world.agents.iter());
    shown_page(&page, &history, &Filter::of(call, None))
}

/// The message of this ID, in whatever thread.
pub(crate) fn get(call: &Call, world: &mut World) -> Result<Response, Refusal> {
    let id = call.path("message_id");
    let mut messages = world.messages();
    let message = messages.find(|(_, message)| message.id.as_str() == id);
    let (_, message) = message.ok_or_else(|| Refusal::no_such("Message", id))?;
    Ok(ok_value(raw(message).into()))
}

/// A message as it is shown where the server does not know that the agent speaks in plain text: what it said is shown as what it
/// thought, and the last part comes first.
pub(crate) fn raw(message: &StoredMessage) -> Vec<Value> {
    let mut shown: Vec<Value> = message.to_wire().collect();
    shown.reverse();
    for (value, message) in shown.iter_mut().zip(message.shown.iter().rev()) {
        if let (Value::Object(members), Message::AssistantMessage(_)) = (value, message) {
            members.remove("content");
            members.insert("message_type".to_owned(), "reasoning_message".into());
            members.insert("reasoning".to_owned(), text_of(message).into());
            members.insert("source".to_owned(), "non_reasoner_model".into());
            members.insert("signature".to_owned(), Value::Null);
        }
    }
    shown
}

/// What a message says, if it is a text.
pub(crate) fn text_of(message: &Message) -> String {
    match message {
        Message::SystemMessage(message) => message.content.clone(),
        Message::UserMessage(message) => match &message.content {
            UserContent::Text(text) => text.clone(),
            UserContent::Parts(parts) => parts
                .iter()
                .filter_map(|part| match part {
                    UserContentPart::TextContent(part) => Some(part.text.as_str()),
                    _ => None,
                })
                .collect::<Vec<_>>()
                .join("\n"),
            _ => String::new(),
        },
        Message::AssistantMessage(message) => match &message.content {
            AssistantContent::Text(text) => text.clone(),
            AssistantContent::Parts(parts) => parts
                .iter()
                .filter_map(|part| match part {
                    AssistantContentPart::TextContent(part) => Some(part.text.as_str()),
                    _ => None,
                })
                .collect::<Vec<_>>()
                .join("\n"),
            _ => String::new(),
        },
        Message::ReasoningMessage(message) => message.reasoning.clone(),
        _ => String::new(),
    }
}

/// Searches in what was said and thought, by words.
pub(crate) fn search(call: &Call, world: &mut World) -> Result<Response, Refusal> {
    let body = call.json();
    let words = Words::of(text(body, "query").unwrap_or_default());
    let limit = search_limit(body)?;
    let span = Span::of_body(body, "start_date", "end_date")?;
    let agent = text(body, "agent_id");
    let filter = Filter {
        conversation: text(body, "conversation_id").map(str::to_owned),
        group: false,
        types: Vec::new(),
    };
    let history = history(world, world.agents.iter());
    let wanted = history.into_iter().filter(|told| {
        agent.is_none_or(|agent| told.agent.as_str() == agent)
            && filter.has(told)
            && span.has(told.message.date)
    });
    let messages = wanted.flat_map(|told| told.message.shown.iter().map(move |it| (told, it)));
    let found = words.best(messages, |(_, message)| text_of(message), limit);
    let results: Vec<MessageSearchResult> = found
        .into_iter()
        .filter_map(|((told, message), _)| result(told, message))
        .collect();
    Ok(ok(&results))
}

fn result(told: Told<'_>, message: &Message) -> Option<MessageSearchResult> {
    let id = told.message.id.clone();
    let created = written(told.message.date);
    let agent = Some(told.agent.clone());
    let conversation = told.conversation.cloned();
    Some(match message {
        Message::SystemMessage(message) => {
            let mut result = SystemMessageResult::new(message.content.as_str(), id, created);
            (result.agent_id, result.conversation_id) = (agent, conversation);
            MessageSearchResult::SystemMessageResult(Box::new(result))
        }
        Message::UserMessage(message) => {
            let mut result = UserMessageResult::new(message.content.clone(), id, created);
            (result.agent_id, result.conversation_id) = (agent, conversation);
            MessageSearchResult::UserMessageResult(Box::new(result))
        }
        Message::ReasoningMessage(message) => {
            let mut result = ReasoningMessageResult::new(message.reasoning.as_str(), id, created);
            (result.agent_id, result.conversation_id) = (agent, conversation);
            MessageSearchResult::ReasoningMessageResult(Box::new(result))
        }
        Message::AssistantMessage(message) => {
            let mut result = AssistantMessageResult::new(message.content.clone(), id, created);
            (result.agent_id, result.conversation_id) = (agent, conversation);
            MessageSearchResult::AssistantMessageResult(Box::new(result))
        }
        _ => return None,
    })
}

/// Takes all out of the context but the system prompt, which is written anew. Nothing is deleted.
pub(crate) fn reset(call: &Call, world: &mut World) -> Result<Response, Refusal> {
    let id = call.path("agent_id");
    let prompt = prompt::compiled(world, agents::found(world, id)?, &[]);
    let agent = agents::found_mut(world, id)?;
    let thread = &mut agent.thread;
    prompt::set(&mut thread.messages, &prompt);
    thread.forgotten = thread.messages.len();
    thread.summary = None;
    thread.pending = None;
    agent.state.updated_at = Some(written(call.now));
    Ok(ok(&shown(world, agents::found(world, id)?)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resources::fixture::{Filled, after, answer, call, filled, members, of_agent};
    use crate::resources::{compaction, conversations};
    use serde_json::json;

    /// Which messages a list has: the ends of their IDs.
    fn ids(list: &Value) -> String {
        let ids = members(list, "id");
        let ids = ids.iter().map(|id| match id.strip_prefix("message-") {
            Some(short) if short.len() < 10 => short.to_owned(),
            _ => "s".to_owned(),
        });
        ids.collect::<Vec<_>>().join(" ")
    }

    fn listed(filled: &mut Filled, query: &str) -> Result<Value, Refusal> {
        let call = call(&[("agent_id", "agent-1")], query, Value::Null);
        answer(&mut filled.world, list, &call)
    }

    #[test]
    fn an_agents_messages_are_those_of_its_conversations_too() {
        let mut filled = filled();
        for (query, expected) in [
            ("", "s conv-1 u1 a1 a1 u2 a2 a2 u4 a4 a4 u5 a5 a5"),
            ("order=asc&limit=3", "s conv-1 u1"),
            ("limit=1", "a5 a5"),
            ("before=message-u2&limit=2", "u1 a1 a1"),
            ("order=asc&after=message-a4", "u5 a5 a5"),
            ("conversation_id=default", "s u1 a1 a1 u4 a4 a4"),
            ("conversation_id=conv-1&limit=2", "u5 a5 a5"),
            ("conversation_id=conv-1&before=message-u4&limit=1", "a2 a2"),
            ("conversation_id=conv-9", ""),
            ("group_id=group-1", ""),
            (
                "limit=2&include_return_message_types=assistant_message",
                "a5",
            ),
            ("limit=1&include_return_message_types=user_message", ""),
            (
                "limit=2&include_return_message_types=user_message&include_return_message_types=reasoning_message",
                "u5 a5",
            ),
            (
                "limit=1&use_assistant_message=false&include_err=true",
                "a5 a5",
            ),
        ] {
            assert_eq!(
                ids(&listed(&mut filled, query).unwrap()),
                expected,
                "{query}"
            );
        }
        assert!(listed(&mut filled, "after=message-9").is_err());
        let none = call(&[("agent_id", "agent-9")], "", Value::Null);
        assert!(answer(&mut filled.world, list, &none).is_err());
    }

    #[test]
    fn what_a_fork_shares_is_listed_once_and_is_not_of_the_default_any_more() {
        let mut filled = filled();
        let fork = call(
            &[("conversation_id", "default")],
            "agent_id=agent-1",
            Value::Null,
        );
        let fork = answer(&mut filled.world, conversations::fork, &fork).unwrap();
        let fork = fork["id"].as_str().unwrap();
        let all = "s conv-1 u1 a1 a1 u2 a2 a2 u4 a4 a4 u5 a5 a5 s";
        for (query, expected) in [
            ("", all),
            ("conversation_id=default", "s"),
            (&*format!("conversation_id={fork}"), "s"),
        ] {
            assert_eq!(
                ids(&listed(&mut filled, query).unwrap()),
                expected,
                "{query}"
            );
        }
        let of_fork = call(&[("conversation_id", fork)], "", Value::Null);
        let of_fork = answer(&mut filled.world, conversations::list_messages, &of_fork);
        assert_eq!(ids(&of_fork.unwrap()), "a4 a4 u4 a1 a1 u1 s");
        // What is deleted with a conversation stays where it is shared.
        for conversation in ["conv-1", fork] {
            let delete = call(&[("conversation_id", conversation)], "", Value::Null);
            answer(&mut filled.world, conversations::delete, &delete).unwrap();
        }
        let left = listed(&mut filled, "").unwrap();
        assert_eq!(ids(&left), "s u1 a1 a1 u4 a4 a4");
    }

    #[test]
    fn a_conversations_messages_are_the_newest_first_by_default() {
        let mut filled = filled();
        for (id, query, expected) in [
            ("conv-1", "", "a5 a5 u5 a2 a2 u2 conv-1"),
            ("conv-1", "order=asc&limit=2", "conv-1 u2"),
            ("conv-1", "limit=2", "a5 a5 u5"),
            ("conv-1", "before=message-u5", "a2 a2 u2 conv-1"),
            ("conv-1", "after=message-u5", "a5 a5"),
            ("conv-1", "order=asc&before=message-u5", "conv-1 u2 a2 a2"),
            ("conv-1", "after=message-9", "a5 a5 u5 a2 a2 u2 conv-1"),
            (
                "conv-1",
                "include_return_message_types=user_message",
                "u5 u2",
            ),
            ("conv-1", "group_id=group-1", ""),
            ("conv-9", "", ""),
            ("default", "", ""),
            ("default", "agent_id=agent-1&limit=2", "u4 a4 a4"),
            ("agent-1", "limit=2", "u4 a4 a4"),
            ("default", "agent_id=agent-1&order=asc&limit=2", "s u1"),
        ] {
            let call = call(&[("conversation_id", id)], query, Value::Null);
            let found = answer(&mut filled.world, conversations::list_messages, &call).unwrap();
            assert_eq!(ids(&found), expected, "{id} {query}");
        }
        let unknown = "agent_id=agent-1&after=message-9";
        let unknown = call(&[("conversation_id", "default")], unknown, Value::Null);
        let answer = answer(&mut filled.world, conversations::list_messages, &unknown);
        assert!(answer.is_err());
    }

    #[test]
    fn all_messages_are_listed_and_any_is_found_by_its_id() {
        let mut filled = filled();
        for (query, expected) in [
            ("limit=3", "a5 a5 u6 a6 a6"),
            ("order=asc&limit=4", "s conv-1 s u1"),
            ("after=message-a5", "u6 a6 a6"),
            ("conversation_id=conv-1&limit=2", "u5 a5 a5"),
            (
                "limit=1&include_return_message_types=reasoning_message",
                "a6",
            ),
        ] {
            let found = answer(&mut filled.world, list_all, &call(&[], query, Value::Null));
            assert_eq!(ids(&found.unwrap()), expected, "{query}");
        }
        let unknown = call(&[], "before=message-9", Value::Null);
        assert!(answer(&mut filled.world, list_all, &unknown).is_err());

        let found = call(&[("message_id", "message-a5")], "", Value::Null);
        let found = answer(&mut filled.world, get, &found).unwrap();
        assert_eq!(
            members(&found, "message_type"),
            ["reasoning_message", "reasoning_message"]
        );
        assert_eq!(members(&found, "reasoning"), ["You said: five", "Hm."]);
        assert!(found[0].get("content").is_none());
        let unknown = call(&[("message_id", "message-9")], "", Value::Null);
        assert!(answer(&mut filled.world, get, &unknown).is_err());
    }

    #[test]
    fn messages_are_found_by_their_words() {
        let mut filled = filled();
        filled.turn(&of_agent("agent-1"), "Six or five?");
        for (body, expected) in [
            (json!({"query": "five"}), "a7 u7 a5 u5"),
            (json!({"query": "said five"}), "a7 a5 u7 a6 u5 a4 a3 a2 a1"),
            (json!({"query": "FIVE", "limit": 1}), "a7"),
            (json!({"query": "five", "agent_id": "agent-2"}), ""),
            (
                json!({"query": "five", "conversation_id": "conv-1"}),
                "a5 u5",
            ),
            (
                json!({"query": "five", "conversation_id": "default"}),
                "a7 u7",
            ),
            (
                json!({"query": "five", "end_date": after(50).to_string()}),
                "a5 u5",
            ),
            (
                json!({"query": "five", "start_date": after(51).to_string()}),
                "a7 u7",
            ),
            (json!({"query": "nothing"}), ""),
        ] {
            let found = answer(&mut filled.world, search, &call(&[], "", body.clone())).unwrap();
            let ids = members(&found, "message_id")
                .join(" ")
                .replace("message-", "");
            assert_eq!(ids, expected, "{body}");
        }
        let found = call(
            &[],
            "",
            json!({"query": "five", "conversation_id": "conv-1"}),
        );
        let found = answer(&mut filled.world, search, &found).unwrap();
        assert_eq!(found[1]["message_type"], "user_message");
        assert_eq!(found[1]["content"], "five");
        assert_eq!(found[1]["agent_id"], "agent-1");
        assert_eq!(found[1]["conversation_id"], "conv-1");
        let wrong = call(&[], "", json!({"query": "five", "limit": 0}));
        assert!(answer(&mut filled.world, search, &wrong).is_err());
    }

    #[test]
    fn a_reset_empties_the_context_and_deletes_nothing() {
        let mut filled = filled();
        let before = listed(&mut filled, "").unwrap();
        let call = call(
            &[("agent_id", "agent-1")],
            "",
            json!({"add_default_initial_messages": true}),
        );
        let agent = answer(&mut filled.world, reset, &call).unwrap();
        assert_eq!(agent["message_ids"].as_array().unwrap().len(), 1);
        assert_eq!(listed(&mut filled, "").unwrap(), before);
        filled.turn(&of_agent("agent-1"), "seven");
        let agent = filled.world.agents.get("agent-1").unwrap();
        let context: Vec<&str> = agent.thread.context().map(|id| id.as_str()).collect();
        assert_eq!(context[1..], ["message-u7", "message-a7"]);
        // There is nothing to sum up then.
        answer(&mut filled.world, reset, &call).unwrap();
        assert!(answer(&mut filled.world, compaction::of_agent, &call).is_err());
    }
}
