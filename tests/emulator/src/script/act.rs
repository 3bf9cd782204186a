//! One thing that an agent does.

use std::fmt;
use std::time::Duration;

use serde_json::{Map, Value};

use crate::script::limits;
use crate::script::model_failure::ModelFailure;
use crate::script::stop_reason::StopReason;

/// One thing that an agent does in its turn. A [`Reply`](crate::Reply) is a series of them.
///
/// `Debug` shows no texts, in which anything may stand: it shows how long they are.
///
/// ```
/// use letta_api_emulator::{Act, Reply};
/// use serde_json::json;
///
/// let reply = Reply::from([
///     Act::reasoning("I have to look that up."),
///     Act::call("lookup_weather", json!({"city": "Paris"})).returns("Sunny, 21 degrees."),
///     Act::text("It is sunny in Paris."),
/// ]);
/// ```
#[derive(Clone, PartialEq)]
#[must_use = "an act is carried out if it is part of a script"]
pub struct Act {
    pub(crate) kind: Kind,
    /// A method that makes sense for a single call alone, called on another act.
    misused: Option<&'static str>,
}

/// What an act is.
#[derive(Clone, PartialEq)]
pub(crate) enum Kind {
    Text(String),
    Reasoning(String),
    Echo,
    /// At least one. They end the model step.
    Calls(Vec<Call>),
    Pause(Duration),
    ModelFails(ModelFailure),
    Refuses(String),
    Stops(StopReason),
}

/// A tool that is called, and with what.
#[derive(Clone, PartialEq)]
pub(crate) struct Call {
    pub(crate) tool: String,
    pub(crate) arguments: Value,
    /// What the tool gives if it runs at the server. A stand-in text if `None`.
    pub(crate) outcome: Option<Outcome>,
    /// Whether it needs approval even if the tool's rule does not say so.
    pub(crate) needs_approval: bool,
    /// The ID of the call. One of the emulator's choice if `None`.
    pub(crate) id: Option<String>,
}

/// What a tool at the server gives.
#[derive(Clone, PartialEq)]
pub(crate) enum Outcome {
    Returns(String),
    Fails(String),
}

impl Act {
    /// Says a text. If there are several in one model step, each is a message of its own.
    pub fn text(text: impl Into<String>) -> Self {
        Self::of(Kind::Text(text.into()))
    }

    /// Thinks aloud, before it says something or calls a tool.
    pub fn reasoning(text: impl Into<String>) -> Self {
        Self::of(Kind::Reasoning(text.into()))
    }

    /// Repeats what the user said: `You said: `, and the user's last text. It is what an agent without a script does.
    pub fn echo() -> Self {
        Self::of(Kind::Echo)
    }

    /// Calls a tool with these arguments, which must be an object. It ends the model step: the next act is what the model
    /// does after the tool returned.
    ///
    /// Whether the tool runs at the server or at the client, and whether it needs approval, is decided by the agent's
    /// tools and by the client tools of the request, as the service decides it. For a tool at the server, say what it
    /// [returns](Self::returns) or how it [fails](Self::fails): no code of a tool runs in the emulator. For a client
    /// tool, that is ignored.
    pub fn call(tool: impl Into<String>, arguments: impl Into<Value>) -> Self {
        Self::of(Kind::Calls(vec![Call {
            tool: tool.into(),
            arguments: arguments.into(),
            outcome: None,
            needs_approval: false,
            id: None,
        }]))
    }

    /// Calls several tools at once, in one model step.
    ///
    /// ```
    /// use letta_api_emulator::Act;
    /// use serde_json::json;
    ///
    /// let both = Act::calls([
    ///     Act::call("read_file", json!({"path": "a.txt"})).returns("Hello"),
    ///     Act::call("read_file", json!({"path": "b.txt"})).fails("No such file"),
    /// ]);
    /// ```
    pub fn calls(calls: impl IntoIterator<Item = Self>) -> Self {
        let mut all = Vec::new();
        let mut misused = None;
        for act in calls {
            misused = misused.or(act.misused);
            match act.kind {
                Kind::Calls(mut calls) => all.append(&mut calls),
                _ => misused = misused.or(Some("calls")),
            }
        }
        Self {
            kind: Kind::Calls(all),
            misused,
        }
    }

    /// Waits, by the emulator's clock. A day at most.
    pub fn pause(pause: Duration) -> Self {
        Self::of(Kind::Pause(pause))
    }

    /// The model fails, which ends the turn. It fails before the first token if nothing comes before it in its model
    /// step, and midway otherwise.
    pub fn model_fails(failure: ModelFailure) -> Self {
        Self::of(Kind::ModelFails(failure))
    }

    /// The model refuses, with this text, which ends the turn. The service has no stop reason for that: it is a message
    /// as any other, and the turn ends with `end_turn`.
    pub fn refuses(text: impl Into<String>) -> Self {
        Self::of(Kind::Refuses(text.into()))
    }

    /// The turn ends for this reason. Without it, a turn ends with `end_turn` after its last act.
    pub fn stops(reason: StopReason) -> Self {
        Self::of(Kind::Stops(reason))
    }

    /// Of a [call](Self::call): what the tool returns if it runs at the server.
    pub fn returns(self, text: impl Into<String>) -> Self {
        let outcome = Outcome::Returns(text.into());
        self.change_call("returns", |call| call.outcome = Some(outcome))
    }

    /// Of a [call](Self::call): how the tool fails if it runs at the server. The model sees the text.
    pub fn fails(self, text: impl Into<String>) -> Self {
        let outcome = Outcome::Fails(text.into());
        self.change_call("fails", |call| call.outcome = Some(outcome))
    }

    /// Of a [call](Self::call): asks for approval, even if the tool's rule does not say so.
    pub fn needs_approval(self) -> Self {
        self.change_call("needs_approval", |call| call.needs_approval = true)
    }

    /// Of a [call](Self::call): its ID, of at most 29 ASCII letters, digits, `_` and `-`. Of the emulator's choice unless
    /// set. A script that uses the reply again uses the ID again.
    pub fn with_id(self, id: impl Into<String>) -> Self {
        let id = id.into();
        self.change_call("with_id", |call| call.id = Some(id))
    }

    fn of(kind: Kind) -> Self {
        Self {
            kind,
            misused: None,
        }
    }

    fn change_call(mut self, method: &'static str, change: impl FnOnce(&mut Call)) -> Self {
        match &mut self.kind {
            Kind::Calls(calls) if calls.len() == 1 => change(&mut calls[0]),
            _ => self.misused = self.misused.or(Some(method)),
        }
        self
    }

    /// Whether nothing can come after it in a turn.
    pub(crate) fn ends_the_turn(&self) -> bool {
        matches!(
            self.kind,
            Kind::ModelFails(_) | Kind::Refuses(_) | Kind::Stops(_)
        )
    }

    /// Whether the model step ends with it.
    pub(crate) fn ends_the_step(&self) -> bool {
        self.ends_the_turn() || matches!(self.kind, Kind::Calls(_))
    }

    /// The calls that it is.
    pub(crate) fn calls_of(&self) -> &[Call] {
        match &self.kind {
            Kind::Calls(calls) => calls,
            _ => &[],
        }
    }

    /// The calls that it is, to be changed.
    pub(crate) fn calls_of_mut(&mut self) -> &mut [Call] {
        match &mut self.kind {
            Kind::Calls(calls) => calls,
            _ => &mut [],
        }
    }

    /// Bytes of its texts and arguments, to be bounded.
    pub(crate) fn size(&self) -> usize {
        match &self.kind {
            Kind::Text(text) | Kind::Reasoning(text) | Kind::Refuses(text) => text.len(),
            Kind::Calls(calls) => calls.iter().map(Call::size).sum(),
            Kind::Echo | Kind::Pause(_) | Kind::ModelFails(_) | Kind::Stops(_) => 0,
        }
    }

    /// What is wrong with it, and what to do.
    pub(crate) fn check(&self) -> Result<(), String> {
        if let Some(method) = self.misused {
            return Err(match method {
                "calls" => "`calls` takes calls alone: make each with `Act::call`".to_owned(),
                _ => format!("`{method}` is for a single call: use it on `Act::call`"),
            });
        }
        match &self.kind {
            Kind::Text(text) => check_said("text", text),
            Kind::Reasoning(text) => check_said("reasoning", text),
            Kind::Refuses(text) => check_said("refusal", text),
            Kind::Calls(calls) => check_calls(calls),
            Kind::Pause(pause) if *pause > limits::PAUSE => {
                Err("a pause lasts longer than 24 hours: make it shorter".to_owned())
            }
            Kind::Echo | Kind::Pause(_) | Kind::ModelFails(_) | Kind::Stops(_) => Ok(()),
        }
    }
}

impl Call {
    fn size(&self) -> usize {
        let outcome = match &self.outcome {
            Some(Outcome::Returns(text) | Outcome::Fails(text)) => text.len(),
            None => 0,
        };
        self.tool.len() + outcome + weight(&self.arguments)
    }

    /// The arguments, as an object.
    pub(crate) fn arguments(&self) -> Option<&Map<String, Value>> {
        self.arguments.as_object()
    }

    fn check(&self) -> Result<(), String> {
        check_tool_name(&self.tool)?;
        if depth(&self.arguments) > limits::NESTING {
            let most = limits::NESTING;
            return Err(format!(
                "the arguments of a call are nested more than {most} levels deep: make them flatter"
            ));
        }
        if self.arguments().is_none() {
            return Err(format!(
                "the arguments of the call of {:?} are not an object: write `json!({{…}})`",
                self.tool
            ));
        }
        check_length("the arguments of a call", weight(&self.arguments))?;
        match &self.outcome {
            Some(Outcome::Returns(text)) => check_length("what a tool returns", text.len())?,
            Some(Outcome::Fails(text)) => check_length("what a tool fails with", text.len())?,
            None => {}
        }
        let is_id = |id: &str| {
            let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
            (1..=limits::CALL_ID).contains(&id.len()) && id.bytes().all(is_allowed)
        };
        match &self.id {
            Some(id) if !is_id(id) => Err(format!(
                "the ID of a call is not 1 to {} letters, digits, `_` and `-`",
                limits::CALL_ID
            )),
            _ => Ok(()),
        }
    }
}

fn check_calls(calls: &[Call]) -> Result<(), String> {
    if calls.is_empty() {
        return Err("no tool is called: give `calls` at least one call".to_owned());
    }
    if calls.len() > limits::CALLS {
        let most = limits::CALLS;
        return Err(format!(
            "more than {most} tools are called at once: call fewer"
        ));
    }
    calls.iter().try_for_each(Call::check)
}

/// A name that the server takes for a tool.
pub(crate) fn check_tool_name(name: &str) -> Result<(), String> {
    let most = limits::TOOL_NAME;
    if name.is_empty() {
        return Err(
            "the name of a tool is empty: give the name that the agent or the client has for it"
                .to_owned(),
        );
    }
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
    if name.len() > most || !name.bytes().all(is_allowed) {
        return Err(format!(
            "the name of a tool is not 1 to {most} letters, digits, `_` and `-`"
        ));
    }
    Ok(())
}

fn check_said(what: &str, text: &str) -> Result<(), String> {
    if text.is_empty() {
        return Err(format!(
            "the {what} is empty: write something, or leave the act out"
        ));
    }
    check_length(&format!("the {what}"), text.len())
}

fn check_length(what: &str, length: usize) -> Result<(), String> {
    if length > limits::TEXT {
        let most = limits::TEXT / 1024;
        return Err(format!("{what} is longer than {most} KiB: make it shorter"));
    }
    Ok(())
}

/// About as many bytes as it has in memory, which bounds it well enough.
fn weight(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => 8,
        Value::String(text) => 2 + text.len(),
        Value::Array(items) => 2 + items.iter().map(weight).sum::<usize>(),
        Value::Object(members) => {
            let member = |(name, value): (&String, &Value)| 4 + name.len() + weight(value);
            2 + members.iter().map(member).sum::<usize>()
        }
    }
}

fn depth(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Value::Object(members) => 1 + members.values().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}

impl fmt::Debug for Act {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            Kind::Text(text) => write!(f, "text({} bytes)", text.len()),
            Kind::Reasoning(text) => write!(f, "reasoning({} bytes)", text.len()),
            Kind::Echo => f.write_str("echo"),
            Kind::Calls(calls) => {
                f.write_str("calls")?;
                f.debug_list().entries(calls).finish()
            }
            Kind::Pause(pause) => write!(f, "pause({pause:?})"),
            Kind::ModelFails(failure) => write!(f, "model_fails({})", failure.as_str()),
            Kind::Refuses(text) => write!(f, "refuses({} bytes)", text.len()),
            Kind::Stops(reason) => write!(f, "stops({})", reason.as_str()),
        }
    }
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            tool,
            arguments,
            outcome,
            needs_approval,
            id,
        } = self;
        let mut call = f.debug_struct("Call");
        // A name that could not be one may be something else.
        if check_tool_name(tool).is_ok() {
            call.field("tool", tool);
        }
        call.field("arguments", &format_args!("{} bytes", weight(arguments)));
        match outcome {
            Some(Outcome::Returns(text)) => {
                call.field("returns", &format_args!("{} bytes", text.len()));
            }
            Some(Outcome::Fails(text)) => {
                call.field("fails", &format_args!("{} bytes", text.len()));
            }
            None => {}
        }
        call.field("needs_approval", needs_approval)
            .field("has_id", &id.is_some())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn nested(levels: usize) -> Value {
        (1..levels).fold(json!({}), |inner, _| json!({"in": inner}))
    }

    #[test]
    fn an_act_that_cannot_be_carried_out_says_what_is_wrong() {
        let call = |tool: &str| Act::call(tool, json!({}));
        let long = "x".repeat(limits::TEXT + 1);
        for (act, says) in [
            (Act::text(""), "the text is empty"),
            (Act::reasoning(""), "the reasoning is empty"),
            (Act::refuses(""), "the refusal is empty"),
            (Act::text(long.clone()), "longer than 256 KiB"),
            (call("a").returns(long.clone()), "longer than 256 KiB"),
            (call("a").fails(long.clone()), "longer than 256 KiB"),
            (Act::call("a", json!({"x": long})), "longer than 256 KiB"),
            (Act::call("a", nested(33)), "more than 32 levels"),
            (Act::call("a", json!([])), "not an object"),
            (Act::call("a", "text"), "not an object"),
            (call(""), "the name of a tool is empty"),
            (call(&"a".repeat(49)), "not 1 to 48 letters"),
            (call("a b"), "not 1 to 48 letters"),
            (call("a").with_id(""), "the ID of a call is not 1 to 29"),
            (
                call("a").with_id("a".repeat(30)),
                "the ID of a call is not 1 to 29",
            ),
            (call("a").with_id("a:1"), "the ID of a call is not 1 to 29"),
            (Act::calls([]), "no tool is called"),
            (Act::calls(vec![call("a"); 129]), "more than 128 tools"),
            (Act::calls([Act::text("a")]), "`calls` takes calls alone"),
            (
                Act::calls([Act::text("a").returns("b")]),
                "`returns` is for a single call",
            ),
            (
                Act::calls([call("a"), call("b")]).returns("c"),
                "`returns` is for a single call",
            ),
            (Act::text("a").fails("b"), "`fails` is for a single call"),
            (
                Act::echo().needs_approval(),
                "`needs_approval` is for a single call",
            ),
            (Act::echo().with_id("a"), "`with_id` is for a single call"),
            (
                Act::pause(limits::PAUSE + Duration::from_nanos(1)),
                "longer than 24 hours",
            ),
        ] {
            let error = act.check().unwrap_err();
            assert!(error.contains(says), "{act:?}: {error}");
        }
    }

    #[test]
    fn an_act_at_its_limits_is_valid() {
        for act in [
            Act::text("x".repeat(limits::TEXT)),
            Act::call("a".repeat(48), nested(32))
                .with_id("a".repeat(29))
                .returns("")
                .needs_approval(),
            Act::calls(vec![Act::call("A-_9", json!({})).fails(""); 128]),
            Act::calls([Act::calls([Act::call("a", json!({}))])]),
            Act::pause(limits::PAUSE),
            Act::pause(Duration::ZERO),
            Act::echo(),
            Act::model_fails(ModelFailure::Timeout),
            Act::stops(StopReason::MaxSteps),
        ] {
            assert_eq!(act.check(), Ok(()), "{act:?}");
        }
    }

    #[test]
    fn debug_shows_how_long_texts_are_and_not_what_they_say() {
        let acts = [
            Act::text("hush 1"),
            Act::reasoning("hush 1"),
            Act::refuses("hush 1"),
            Act::call("tool", json!({"hush": "hush"}))
                .returns("hush 1")
                .with_id("hush"),
            Act::call("tool", json!({})).fails("hush 1"),
            Act::call("hush hush", json!({})),
        ];
        let shown = format!("{acts:?}");
        assert!(!shown.contains("hush"), "{shown}");
        assert!(
            shown.contains("text(6 bytes)") && shown.contains("\"tool\""),
            "{shown}"
        );
    }
}
