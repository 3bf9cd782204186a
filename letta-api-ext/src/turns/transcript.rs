//! What was said in a turn: pieces are joined to messages, and each is told to the caller once.
//!
//! In go messages as they crossed the wire, whole or in pieces. Out come events, and at the end all messages.

#![allow(
    deprecated,
    reason = "the deprecated fields have what the others lack: pieces of calls, and returns of servers before"
)]

use std::collections::VecDeque;
use std::sync::Arc;

use letta_api::types::{
    ApprovalRequestMessage, AssistantContent, AssistantContentPart, AssistantMessage, Message,
    MessageId, ReasoningMessage, ToolCall as RawCall, ToolCallDelta, ToolCallMessage,
    ToolCallOrDelta, ToolCalls, ToolReturnContentPart, ToolReturnMessage, ToolReturnValue,
};
use serde::de::IgnoredAny;
use serde_json::Value;

use super::event::{Event, Piece, ToolCall, ToolReturned};
use super::lean::{Delta, Lean, New};

/// How many messages back a piece may belong to. The pieces of a message come one after the other, except for what stands between
/// them.
const REMEMBERED: usize = 1_000;

/// The longest that their IDs may be together, in bytes.
const REMEMBERED_IDS: usize = 256 * 1024;

/// The longest that the calls of a message may be together, in bytes. Half of the arguments would be other arguments, so none are cut.
const CALLS_LIMIT: usize = 8 * 1024 * 1024;

/// What a call is counted as besides its texts, in bytes.
const CALL: usize = 128;

/// What a message is counted as besides its texts, in bytes.
const ENVELOPE: usize = 512;

/// What was said so far.
pub(super) struct Transcript {
    messages: Vec<Message>,
    /// The last messages, whose pieces may still come.
    told: VecDeque<Told>,
    /// How long the IDs of `told` are together.
    ids: usize,
    /// Whether messages were told that are not in `told` any more.
    has_forgotten: bool,
    /// Whether a stored message was found among those that were told, or there was none to find.
    is_placed: bool,
    /// Whether events hold pieces of messages.
    is_in_pieces: bool,
    /// The calls of a message that is still being told.
    open: Option<Open>,
    /// The last message with calls that was closed. More of them may come.
    closed: Option<Open>,
    pending: Option<Pending>,
    /// How many bytes may be kept, and how many are.
    limit: usize,
    kept: usize,
    is_cut: bool,
    /// Why the turn cannot go on.
    fault: Option<&'static str>,
}

/// A message that was told.
struct Told {
    kind: Kind,
    id: Arc<str>,
    /// Where it is kept. `None` if it is not.
    at: Option<usize>,
    /// How many bytes of its text were told.
    length: usize,
    /// How many of its calls were told.
    calls: usize,
}

/// A kind of message, as far as messages are joined.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Assistant,
    Reasoning,
    Call,
    Request,
    Other,
}

/// A message with calls, the last of which may be incomplete.
struct Open {
    kind: Kind,
    id: Arc<str>,
    calls: Vec<RawCall>,
    told: usize,
    /// How much the calls are counted as, in bytes.
    size: usize,
    /// Whether the last call is known to be complete.
    is_whole: bool,
}

impl Open {
    /// Whether nothing more can come of the last call: half of an object is not JSON.
    fn is_complete(&self) -> bool {
        self.is_whole
            || self.calls.last().is_none_or(|call| {
                call.arguments.trim_end().ends_with('}')
                    && serde_json::from_str::<IgnoredAny>(&call.arguments).is_ok()
            })
    }
}

/// A request that waits for an answer.
#[derive(Clone, Debug)]
pub(super) struct Pending {
    pub(super) request: MessageId,
    pub(super) calls: Vec<ToolCall>,
}

impl Transcript {
    pub(super) fn new(is_in_pieces: bool, limit: usize) -> Self {
        Self {
            messages: Vec::new(),
            told: VecDeque::new(),
            ids: 0,
            has_forgotten: false,
            is_placed: false,
            is_in_pieces,
            open: None,
            closed: None,
            pending: None,
            limit,
            kept: 0,
            is_cut: false,
            fault: None,
        }
    }

    /// Why what the service sends cannot be taken, if it cannot.
    pub(super) fn fault(&self) -> Option<&'static str> {
        self.fault
    }

    /// Whether events hold pieces of messages.
    pub(super) fn is_in_pieces(&self) -> bool {
        self.is_in_pieces
    }

    /// Whether a piece belongs to a message of which one has been taken. Of such a piece nothing is kept but what it adds.
    pub(super) fn is_continued_by(&self, piece: &Lean<'_>) -> bool {
        self.is_in_pieces
            && (self.told.iter().rev()).any(|told| told.kind == piece.kind && *told.id == *piece.id)
    }

    /// Takes a piece of a message that [is continued](Self::is_continued_by) by it.
    pub(super) fn take_piece(&mut self, piece: Lean<'_>, tell: &mut dyn FnMut(Event)) {
        match piece.new {
            New::Text(text) => {
                self.close(tell);
                let id = self.shared_id(&piece.id);
                let at = self.join(piece.kind, &id, text.len()).flatten();
                match at.map(|at| &mut self.messages[at]) {
                    Some(Message::AssistantMessage(kept)) => {
                        if let AssistantContent::Text(kept) = &mut kept.content {
                            kept.push_str(&text);
                        }
                    }
                    Some(Message::ReasoningMessage(kept)) => kept.reasoning.push_str(&text),
                    _ => {}
                }
                if text.is_empty() {
                    return;
                }
                let text = text.into_owned();
                tell(match piece.kind {
                    Kind::Reasoning => Event::Reasoning(Piece { text, message: id }),
                    _ => Event::Text(Piece { text, message: id }),
                });
            }
            New::Call(delta) => {
                let id = self.shared_id(&piece.id);
                self.calls(piece.kind, &id, Said::Delta(delta), None, tell);
            }
        }
    }

    /// Takes a message or a piece of one, and says what is new. `size` is how long it was on the wire, in bytes.
    pub(super) fn take(&mut self, message: Message, size: usize, tell: &mut dyn FnMut(Event)) {
        let whole = !self.is_in_pieces;
        match message {
            Message::AssistantMessage(it) => self.assistant(it, whole, size, tell),
            Message::ReasoningMessage(it) => self.reasoning(it, whole, size, tell),
            Message::ToolCallMessage(it) => self.call(it, size, tell),
            Message::ApprovalRequestMessage(it) => self.request(it, size, tell),
            Message::ToolReturnMessage(it) => self.returned(it, size, tell),
            Message::Unknown(value) => self.other(value, tell),
            message => {
                self.close(tell);
                tell(Event::Message(Box::new(message.clone())));
                self.keep(Kind::Other, &id_of(&message), size, message);
            }
        }
    }

    /// An event of no known kind.
    pub(super) fn other(&mut self, value: Value, tell: &mut dyn FnMut(Event)) {
        // It may stand between two pieces of a call, which goes on after it.
        if self.open.as_ref().is_none_or(Open::is_complete) {
            self.close(tell);
        }
        let id: Arc<str> = value.get("id").and_then(Value::as_str).unwrap_or("").into();
        let is_message = value.get("message_type").is_some();
        if is_message {
            let size = weight(&value);
            self.keep(Kind::Other, &id, size, Message::Unknown(value.clone()));
        }
        tell(Event::Other(value));
    }

    /// Whether the messages that the service has stored may be those that were told, or others: none was found that is still known.
    pub(super) fn is_lost(&self) -> bool {
        self.has_forgotten && !self.is_placed
    }

    /// Takes a whole message that the service has stored, of which a part may have been told, or all.
    pub(super) fn take_stored(&mut self, message: Message, tell: &mut dyn FnMut(Event)) {
        let size = length(&message);
        let (kind, id, stored) = match &message {
            Message::AssistantMessage(it) => (Kind::Assistant, &it.id, text_of(&it.content)),
            Message::ReasoningMessage(it) => (Kind::Reasoning, &it.id, it.reasoning.clone()),
            Message::ToolCallMessage(it) => (Kind::Call, &it.id, String::new()),
            Message::ApprovalRequestMessage(it) => (Kind::Request, &it.id, String::new()),
            // Such messages come from the caller, and no stream has them.
            Message::UserMessage(_)
            | Message::SystemMessage(_)
            | Message::ApprovalResponseMessage(_) => return,
            other => {
                let id = id_of(other);
                let is_told =
                    (self.told.iter()).any(|told| told.kind == Kind::Other && *told.id == *id);
                self.is_placed |= is_told;
                if !is_told && !self.is_lost() {
                    self.take(message, size, tell);
                }
                return;
            }
        };
        let told = self
            .told
            .iter()
            .rev()
            .find(|told| told.kind == kind && *told.id == *id.as_str());
        let Some(told) = told else {
            // It comes before the oldest message that is still known.
            if self.is_lost() {
                return;
            }
            let is_in_pieces = std::mem::replace(&mut self.is_in_pieces, false);
            self.take(message, size, tell);
            self.is_in_pieces = is_in_pieces;
            return;
        };
        self.is_placed = true;
        let is_complete = told.calls > 0;
        let is_open =
            (self.open.as_ref()).is_some_and(|open| open.kind == kind && *open.id == *id.as_str());
        match message {
            Message::ToolCallMessage(_) | Message::ApprovalRequestMessage(_)
                if is_complete && !is_open => {}
            Message::AssistantMessage(mut it) => {
                if let Some(rest) = stored.get(told.length..).filter(|rest| !rest.is_empty()) {
                    it.content = AssistantContent::Text(rest.to_owned());
                    self.assistant(it, false, size, tell);
                }
            }
            Message::ReasoningMessage(mut it) => {
                if let Some(rest) = stored.get(told.length..).filter(|rest| !rest.is_empty()) {
                    it.reasoning = rest.to_owned();
                    self.reasoning(it, false, size, tell);
                }
            }
            message => {
                let is_in_pieces = std::mem::replace(&mut self.is_in_pieces, false);
                match message {
                    Message::ToolCallMessage(it) => self.call(it, size, tell),
                    Message::ApprovalRequestMessage(it) => self.request(it, size, tell),
                    _ => {}
                }
                self.is_in_pieces = is_in_pieces;
            }
        }
    }

    /// The turn stops: what is open is complete.
    pub(super) fn close(&mut self, tell: &mut dyn FnMut(Event)) {
        let Some(mut open) = self.open.take() else {
            return;
        };
        tell_calls(&mut open, true, tell);
        self.write(&open);
        self.closed = Some(open);
    }

    /// A run begins: what is stored of it is not what was told before.
    pub(super) fn begin_run(&mut self) {
        self.closed = None;
        self.pending = None;
        (self.has_forgotten, self.is_placed) = (false, false);
    }

    /// The turn broke off at the service: what is open is not complete, and is not told.
    pub(super) fn abandon(&mut self, tell: &mut dyn FnMut(Event)) {
        match &mut self.open {
            Some(open) if !open.is_whole => {
                open.calls.truncate(open.told);
                if open.calls.is_empty() {
                    let (kind, id) = (open.kind, open.id.clone());
                    self.open = None;
                    self.take_back(kind, &id);
                }
                self.close(tell);
                self.pending = None;
            }
            _ => self.close(tell),
        }
    }

    /// Whether this run has a request that waits for an answer.
    pub(super) fn has_request(&self) -> bool {
        self.pending.is_some()
    }

    /// The request of this run that waits for an answer, if it has one.
    pub(super) fn pending(&mut self) -> Option<Pending> {
        self.pending.take()
    }

    /// All messages, and whether some were left out.
    pub(super) fn finish(self) -> (Vec<Message>, bool) {
        (self.messages, self.is_cut)
    }

    fn assistant(
        &mut self,
        it: Box<AssistantMessage>,
        whole: bool,
        size: usize,
        tell: &mut dyn FnMut(Event),
    ) {
        self.close(tell);
        let text = text_of(&it.content);
        let is_text = matches!(it.content, AssistantContent::Text(_));
        let id = self.shared_id(it.id.as_str());
        let joined = match whole || !is_text {
            true => None,
            false => self.join(Kind::Assistant, &id, text.len()),
        };
        if !is_text && text.is_empty() {
            tell(Event::Message(Box::new(Message::AssistantMessage(
                it.clone(),
            ))));
        }
        match joined {
            Some(at) => {
                if let Some(Message::AssistantMessage(kept)) = at.map(|at| &mut self.messages[at])
                    && let AssistantContent::Text(kept) = &mut kept.content
                {
                    kept.push_str(&text);
                }
            }
            None => {
                let message = Message::AssistantMessage(it);
                self.keep(Kind::Assistant, &id, size, message);
                self.has_told(text.len());
            }
        }
        if !text.is_empty() {
            tell(Event::Text(Piece { text, message: id }));
        }
    }

    fn reasoning(
        &mut self,
        it: Box<ReasoningMessage>,
        whole: bool,
        size: usize,
        tell: &mut dyn FnMut(Event),
    ) {
        self.close(tell);
        let text = it.reasoning.clone();
        let id = self.shared_id(it.id.as_str());
        let joined = match whole {
            true => None,
            false => self.join(Kind::Reasoning, &id, text.len()),
        };
        match joined {
            Some(at) => {
                if let Some(Message::ReasoningMessage(kept)) = at.map(|at| &mut self.messages[at]) {
                    kept.reasoning.push_str(&text);
                    if it.signature.is_some() {
                        kept.signature = it.signature;
                    }
                }
            }
            None => {
                let message = Message::ReasoningMessage(it);
                self.keep(Kind::Reasoning, &id, size, message);
                self.has_told(text.len());
            }
        }
        if !text.is_empty() {
            tell(Event::Reasoning(Piece { text, message: id }));
        }
    }

    fn call(&mut self, it: Box<ToolCallMessage>, size: usize, tell: &mut dyn FnMut(Event)) {
        let said = Said::of(&it.tool_call, it.tool_calls.as_ref(), self.is_in_pieces);
        let id = self.shared_id(it.id.as_str());
        let message = Message::ToolCallMessage(it);
        self.calls(Kind::Call, &id, said, Some((message, size)), tell);
    }

    fn request(
        &mut self,
        it: Box<ApprovalRequestMessage>,
        size: usize,
        tell: &mut dyn FnMut(Event),
    ) {
        let said = Said::of(&it.tool_call, it.tool_calls.as_ref(), self.is_in_pieces);
        let id = self.shared_id(it.id.as_str());
        let message = Message::ApprovalRequestMessage(it);
        self.calls(Kind::Request, &id, said, Some((message, size)), tell);
    }

    fn calls(
        &mut self,
        kind: Kind,
        id: &Arc<str>,
        said: Said<'_>,
        // None for a piece of a message that was told.
        message: Option<(Message, usize)>,
        tell: &mut dyn FnMut(Event),
    ) {
        let is_same = (self.open.as_ref()).is_some_and(|open| open.kind == kind && open.id == *id);
        let mut open = match self.open.take() {
            Some(open) if is_same => open,
            other => {
                self.open = other;
                // Something else may stand between two calls of a message.
                let closed = self.closed.take_if(|it| it.kind == kind && it.id == *id);
                self.close(tell);
                closed.unwrap_or_else(|| self.opened(kind, id, message))
            }
        };
        let whole = matches!(said, Said::Calls(_));
        open.is_whole = whole;
        match said {
            // They are all, and begin with those that were told.
            Said::Calls(calls) => open.calls = calls,
            Said::Delta(delta) => self.add(&mut open, &delta),
        }
        tell_calls(&mut open, whole, tell);
        match whole && !self.is_in_pieces {
            true => self.write(&open),
            false => self.open = Some(open),
        }
    }

    /// A message with calls, of which none is known yet.
    fn opened(&mut self, kind: Kind, id: &Arc<str>, message: Option<(Message, usize)>) -> Open {
        let told = (self.told.iter().rev())
            .find(|told| told.kind == kind && told.id == *id)
            .map(|told| told.calls);
        if told.is_none()
            && let Some((message, size)) = message
        {
            self.keep(kind, id, size, message);
        }
        Open {
            kind,
            id: id.clone(),
            calls: Vec::new(),
            told: told.unwrap_or(0),
            size: 0,
            is_whole: false,
        }
    }

    /// Adds a piece of a call: to the last one, or the first piece of a new one.
    fn add(&mut self, open: &mut Open, delta: &Delta<'_>) {
        let id = delta.tool_call_id.as_deref();
        let is_new = match (id, open.calls.last()) {
            (_, None) => true,
            (Some(id), Some(last)) => *id != *last.tool_call_id.as_str(),
            (None, Some(_)) => false,
        };
        let name = delta.name.as_deref().unwrap_or_default();
        let piece = delta.arguments.as_deref().unwrap_or_default();
        open.size += name.len() + piece.len();
        if is_new {
            let id = id.unwrap_or_default();
            open.size += id.len() + CALL;
            open.calls.push(RawCall::new("", "", id));
        }
        if open.size > CALLS_LIMIT {
            self.fault = Some("the calls of a message are longer than 8 MiB");
        } else if let Some(last) = open.calls.last_mut() {
            // Some models' names come once, and some with each piece.
            if *last.name != *name {
                last.name.push_str(name);
            }
            last.arguments.push_str(piece);
        }
    }

    /// Notes the calls of a message that is complete.
    fn write(&mut self, open: &Open) {
        // The first call is kept twice. Whole messages were counted once when they came.
        let size = match open.is_whole {
            true => (open.calls.iter())
                .map(|call| CALL + call.name.len() + call.arguments.len())
                .sum(),
            false => open.size.saturating_mul(2),
        };
        let place =
            (self.told.iter()).rposition(|told| told.kind == open.kind && told.id == open.id);
        if let Some(at) = place.and_then(|place| self.told[place].at) {
            match size <= self.limit.saturating_sub(self.kept) {
                true => self.kept += size,
                // A message of which calls are missing would look whole.
                false => self.cut(at),
            }
        }
        if let Some(told) = place.map(|place| &mut self.told[place]) {
            told.calls = open.calls.len();
            let first = open.calls.first().cloned();
            let all = ToolCalls::Calls(open.calls.clone());
            match told.at.map(|at| &mut self.messages[at]) {
                Some(Message::ToolCallMessage(kept)) => {
                    kept.tool_calls = Some(all);
                    if let Some(first) = first {
                        kept.tool_call = ToolCallOrDelta::ToolCall(Box::new(first));
                    }
                }
                Some(Message::ApprovalRequestMessage(kept)) => {
                    kept.tool_calls = Some(all);
                    if let Some(first) = first {
                        kept.tool_call = ToolCallOrDelta::ToolCall(Box::new(first));
                    }
                }
                _ => {}
            }
        }
        if open.kind == Kind::Request {
            self.pending = Some(Pending {
                request: MessageId::from(&*open.id),
                calls: open.calls.iter().map(|call| shown(call, true)).collect(),
            });
        }
    }

    fn returned(&mut self, it: Box<ToolReturnMessage>, size: usize, tell: &mut dyn FnMut(Event)) {
        self.close(tell);
        let id = self.shared_id(it.id.as_str());
        match it.tool_returns.as_deref() {
            Some(returns @ [_, ..]) => {
                for one in returns {
                    let text = text_of_return(&one.tool_return);
                    tell(Event::ToolReturn(ToolReturned {
                        call_id: one.tool_call_id.clone(),
                        text,
                        status: one.status.clone(),
                    }));
                }
            }
            _ => tell(Event::ToolReturn(ToolReturned {
                call_id: it.tool_call_id.clone(),
                text: it.tool_return.clone(),
                status: it.status.clone(),
            })),
        }
        self.keep(Kind::Other, &id, size, Message::ToolReturnMessage(it));
    }

    /// The message that a piece belongs to, and where it is kept. `None` if the piece is the first.
    fn join(&mut self, kind: Kind, id: &Arc<str>, length: usize) -> Option<Option<usize>> {
        let told = (self.told.iter_mut().rev()).find(|told| told.kind == kind && told.id == *id)?;
        told.length = told.length.saturating_add(length);
        let Some(at) = told.at else {
            return Some(None);
        };
        if length > self.limit.saturating_sub(self.kept) {
            // The rest is left out, also what would fit again.
            told.at = None;
            self.is_cut = true;
            self.limit = self.kept;
            return Some(None);
        }
        self.kept += length;
        Some(Some(at))
    }

    /// Keeps a message, if there is room. `size` is how long it was on the wire, in bytes.
    fn keep(&mut self, kind: Kind, id: &Arc<str>, size: usize, message: Message) {
        let size = size.saturating_add(ENVELOPE);
        let at = match size <= self.limit.saturating_sub(self.kept) {
            true => {
                self.kept += size;
                self.messages.push(message);
                Some(self.messages.len() - 1)
            }
            false => {
                self.is_cut = true;
                // What follows is left out as well, so that what is there has no gap.
                self.limit = self.kept;
                None
            }
        };
        self.ids += id.len();
        self.told.push_back(Told {
            kind,
            id: id.clone(),
            at,
            length: 0,
            calls: 0,
        });
        while self.told.len() > REMEMBERED || (self.ids > REMEMBERED_IDS && self.told.len() > 1) {
            self.ids -= self.told.pop_front().map_or(0, |told| told.id.len());
            self.has_forgotten = true;
        }
    }

    /// Keeps nothing from this place on.
    fn cut(&mut self, at: usize) {
        self.messages.truncate(at);
        for told in &mut self.told {
            told.at = told.at.filter(|it| *it < at);
        }
        self.is_cut = true;
        self.limit = self.kept;
    }

    /// Takes a message out of which nothing was told. Others of unknown kinds may stand after it.
    fn take_back(&mut self, kind: Kind, id: &Arc<str>) {
        let place = (self.told.iter()).rposition(|told| told.kind == kind && told.id == *id);
        let Some(taken) = place.and_then(|place| self.told.remove(place)) else {
            return;
        };
        self.ids -= taken.id.len();
        if let Some(at) = taken.at {
            self.messages.remove(at);
            for after in self.told.iter_mut().filter_map(|told| told.at.as_mut()) {
                *after -= usize::from(*after > at);
            }
        }
    }

    /// Notes how much of the last message's text was told.
    fn has_told(&mut self, length: usize) {
        if let Some(told) = self.told.back_mut() {
            told.length = length;
        }
    }

    /// The ID, without a copy if it is that of the last message.
    fn shared_id(&self, id: &str) -> Arc<str> {
        match self.told.back() {
            Some(last) if *last.id == *id => last.id.clone(),
            _ => id.into(),
        }
    }
}

/// How long a message is as JSON, in bytes. Written to a list, as requests are, so that both are the same code.
fn length(message: &Message) -> usize {
    serde_json::to_vec(message).map_or(usize::MAX, |json| json.len())
}

/// What a value takes in memory, about: short numbers take more of it than on the wire.
fn weight(value: &Value) -> usize {
    let own = size_of::<Value>();
    own + match value {
        Value::String(text) => text.len(),
        Value::Array(values) => values.iter().map(weight).sum(),
        Value::Object(members) => (members.iter())
            .map(|(name, value)| name.len() + size_of::<String>() + weight(value))
            .sum(),
        _ => 0,
    }
}

/// What an event says of calls.
enum Said<'a> {
    Calls(Vec<RawCall>),
    Delta(Delta<'a>),
}

impl Said<'static> {
    fn of(one: &ToolCallOrDelta, all: Option<&ToolCalls>, is_in_pieces: bool) -> Self {
        match (all, one) {
            (Some(ToolCalls::Calls(calls)), _) if !calls.is_empty() => Self::Calls(calls.clone()),
            (Some(ToolCalls::ToolCallDelta(delta)), _) => Self::Delta(Delta::of(delta)),
            // A first piece may have all that a call has.
            (_, ToolCallOrDelta::ToolCall(call)) if is_in_pieces => {
                let delta = ToolCallDelta::new()
                    .with_name(call.name.as_str())
                    .with_arguments(call.arguments.as_str())
                    .with_tool_call_id(call.tool_call_id.clone());
                Self::Delta(Delta::of(&delta))
            }
            (_, ToolCallOrDelta::ToolCall(call)) => Self::Calls(vec![(**call).clone()]),
            (_, ToolCallOrDelta::ToolCallDelta(delta)) => Self::Delta(Delta::of(delta)),
            _ => Self::Calls(Vec::new()),
        }
    }
}

/// Tells the calls that are complete: all but the last, or all.
fn tell_calls(open: &mut Open, with_last: bool, tell: &mut dyn FnMut(Event)) {
    let complete = match with_last {
        true => open.calls.len(),
        false => open.calls.len().saturating_sub(1),
    };
    while open.told < complete {
        let call = &open.calls[open.told];
        tell(Event::ToolCall(shown(call, open.kind == Kind::Request)));
        open.told += 1;
    }
}

fn shown(call: &RawCall, waits: bool) -> ToolCall {
    ToolCall {
        id: call.tool_call_id.clone(),
        name: call.name.clone(),
        arguments: call.arguments.clone(),
        waits,
    }
}

/// The text of what an agent said, without parts of other kinds.
pub(super) fn text_of(content: &AssistantContent) -> String {
    match content {
        AssistantContent::Text(text) => text.clone(),
        AssistantContent::Parts(parts) => parts
            .iter()
            .filter_map(|part| match part {
                AssistantContentPart::TextContent(part) => Some(part.text.as_str()),
                _ => None,
            })
            .collect(),
        _ => String::new(),
    }
}

fn text_of_return(value: &ToolReturnValue) -> String {
    match value {
        ToolReturnValue::Text(text) => text.clone(),
        ToolReturnValue::Parts(parts) => parts
            .iter()
            .filter_map(|part| match part {
                ToolReturnContentPart::TextContent(part) => Some(part.text.as_str()),
                _ => None,
            })
            .collect(),
        _ => String::new(),
    }
}

/// The ID of a message of any kind. Empty if it has none.
fn id_of(message: &Message) -> Arc<str> {
    let id = match message {
        Message::SystemMessage(it) => it.id.as_str(),
        Message::UserMessage(it) => it.id.as_str(),
        Message::ReasoningMessage(it) => it.id.as_str(),
        Message::HiddenReasoningMessage(it) => it.id.as_str(),
        Message::ToolCallMessage(it) => it.id.as_str(),
        Message::ToolReturnMessage(it) => it.id.as_str(),
        Message::AssistantMessage(it) => it.id.as_str(),
        Message::ApprovalRequestMessage(it) => it.id.as_str(),
        Message::ApprovalResponseMessage(it) => it.id.as_str(),
        Message::SummaryMessage(it) => it.id.as_str(),
        Message::EventMessage(it) => it.id.as_str(),
        Message::Unknown(value) => value.get("id").and_then(Value::as_str).unwrap_or(""),
        _ => "",
    };
    id.into()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// The calls that are told, of pieces of messages.
    fn told(pieces: &[Value]) -> (Vec<String>, Option<Pending>) {
        let mut transcript = Transcript::new(true, usize::MAX);
        let mut told = Vec::new();
        let mut tell = |event| {
            if let Event::ToolCall(call) = event {
                told.push(format!(
                    "{} {} {}",
                    call.id(),
                    call.name(),
                    call.arguments()
                ));
            }
        };
        for piece in pieces {
            let message = serde_json::from_value(piece.clone()).unwrap();
            transcript.take(message, 100, &mut tell);
        }
        transcript.close(&mut tell);
        (told, transcript.pending())
    }

    fn piece(kind: &str, id: &str, name: Option<&str>, arguments: Option<&str>) -> Value {
        let delta = json!({"name": name, "arguments": arguments, "tool_call_id": id});
        json!({"message_type": kind, "id": "message-1", "date": "2026-11-28T02:39:12+00:00", "tool_call": delta, "tool_calls": delta})
    }

    /// As with the models of Anthropic, by the server's source.
    #[test]
    fn a_name_that_comes_with_each_piece_is_one_name() {
        let pieces = [
            piece(
                "approval_request_message",
                "call-1",
                Some("weather"),
                Some("{\"city\": "),
            ),
            piece(
                "approval_request_message",
                "call-1",
                Some("weather"),
                Some("\"Oslo\"}"),
            ),
        ];
        let (told, pending) = told(&pieces);
        assert_eq!(told, ["call-1 weather {\"city\": \"Oslo\"}"]);
        assert_eq!(pending.unwrap().calls.len(), 1);
    }

    /// Calls of one step have one ID, and each its own kind.
    #[test]
    fn calls_of_another_kind_between_those_of_a_request_take_none_away() {
        let (request, call) = ("approval_request_message", "tool_call_message");
        let pieces = [
            piece(request, "call-1", Some("weather"), None),
            piece(request, "call-1", None, Some("{}")),
            piece(call, "call-2", Some("look_up"), Some("{}")),
            piece(request, "call-3", Some("coat"), None),
            piece(request, "call-3", None, Some("{\"a\": 1}")),
            piece(call, "call-4", Some("look_up"), Some("{}")),
        ];
        let (told, pending) = told(&pieces);
        assert_eq!(
            told,
            [
                "call-1 weather {}",
                "call-2 look_up {}",
                "call-3 coat {\"a\": 1}",
                "call-4 look_up {}"
            ]
        );
        let ids: Vec<String> = pending
            .unwrap()
            .calls
            .iter()
            .map(|call| call.id().to_string())
            .collect();
        assert_eq!(ids, ["call-1", "call-3"]);
    }
}
