//! What an agent does, whatever is said to it.

use std::collections::HashMap;
use std::fmt;
use std::io;

use crate::script::act::{Act, Call, Outcome};
use crate::script::limits;
use crate::script::reply::Reply;
use crate::script::rule::Rule;

/// What an agent does, whatever is said to it: a series of [`Rule`]s.
///
/// For each message of the user's, the first rule that fits is used. A rule fits if its condition does, and if it was not yet
/// used as often as it may be. If none fits, the agent repeats what it was told, as an agent without a script does.
///
/// ```
/// use letta_api_emulator::{Act, Rule, Script};
///
/// // In order: the first message is answered with the first text.
/// let in_order = Script::from(["Hello.", "How are you?"]);
///
/// // By what the user says.
/// let by_words = Script::from([
///     Rule::new("Hello.").when("good morning"),
///     Rule::new([Act::reasoning("They leave."), Act::text("Bye.")]).when("bye"),
///     Rule::new("I do not understand.").always(),
/// ]);
/// ```
#[derive(Clone, Default, PartialEq)]
#[must_use = "an agent follows a script that it was given"]
pub struct Script {
    rules: Vec<Rule>,
}

/// What is wrong with a script: in which rule and act, counted from 0, if in one of them.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) rule: Option<usize>,
    pub(crate) act: Option<usize>,
    pub(crate) message: String,
}

impl Script {
    /// Without rules: the agent repeats what it is told.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a rule after the others.
    pub fn rule(mut self, rule: impl Into<Rule>) -> Self {
        self.rules.push(rule.into());
        self
    }

    /// In order.
    pub(crate) fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// The same, with what these tools return for calls that do not say so. An error if that makes it too large.
    pub(crate) fn returning(&self, returns: &HashMap<&str, &str>) -> Result<Self, Fault> {
        let text_of = |call: &Call| {
            returns
                .get(call.tool.as_str())
                .filter(|_| call.outcome.is_none())
                .copied()
        };
        let added = |act: &Act| {
            act.calls_of()
                .iter()
                .filter_map(text_of)
                .map(str::len)
                .sum::<usize>()
        };
        let acts = self.rules.iter().flat_map(|rule| rule.reply().acts());
        // Before anything is copied: a text may be returned by many calls.
        if self.size().saturating_add(acts.map(added).sum()) > limits::SCRIPT {
            return Err(Fault::too_large());
        }
        let mut script = self.clone();
        let acts = script
            .rules
            .iter_mut()
            .flat_map(|rule| rule.reply_mut().acts_mut());
        for call in acts.flat_map(Act::calls_of_mut) {
            if let Some(text) = text_of(call) {
                call.outcome = Some(Outcome::Returns(text.to_owned()));
            }
        }
        Ok(script)
    }

    /// Bytes of its texts and arguments.
    fn size(&self) -> usize {
        self.rules.iter().map(Rule::size).sum()
    }

    /// What is wrong with it, and what to do.
    pub(crate) fn check(&self) -> Result<(), Fault> {
        let of_script = |message| {
            Err(Fault {
                rule: None,
                act: None,
                message,
            })
        };
        if self.rules.len() > limits::RULES {
            let most = limits::RULES;
            return of_script(format!(
                "a script has more than {most} rules: make it shorter"
            ));
        }
        for (place, rule) in self.rules.iter().enumerate() {
            rule.check().map_err(|fault| Fault {
                rule: Some(place),
                act: fault.act,
                message: fault.message,
            })?;
        }
        if self.size() > limits::SCRIPT {
            return Err(Fault::too_large());
        }
        Ok(())
    }

    /// Refuses a script that cannot be followed. `whose` is the agent's ID. The error holds no text of the script.
    pub(crate) fn check_of(&self, whose: &str) -> io::Result<()> {
        self.check().map_err(|fault| fault.of(whose))
    }
}

impl Fault {
    fn too_large() -> Self {
        let most = limits::SCRIPT / 1024 / 1024;
        Self {
            rule: None,
            act: None,
            message: format!("the texts of a script are longer than {most} MiB: make it shorter"),
        }
    }

    /// As an error. `whose` is the agent's ID.
    pub(crate) fn of(&self, whose: &str) -> io::Error {
        let error = format!("the script of {whose:?} is invalid: {self}");
        io::Error::new(io::ErrorKind::InvalidInput, error)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.rule, self.act) {
            (Some(rule), Some(act)) => write!(f, "rule {}, act {}: ", rule + 1, act + 1)?,
            (Some(rule), None) => write!(f, "rule {}: ", rule + 1)?,
            _ => {}
        }
        f.write_str(&self.message)
    }
}

impl From<Rule> for Script {
    fn from(rule: Rule) -> Self {
        Self { rules: vec![rule] }
    }
}

impl From<Vec<Rule>> for Script {
    fn from(rules: Vec<Rule>) -> Self {
        Self { rules }
    }
}

impl<const N: usize> From<[Rule; N]> for Script {
    fn from(rules: [Rule; N]) -> Self {
        Self::from(Vec::from(rules))
    }
}

/// One reply a message, in order.
impl<const N: usize> From<[Reply; N]> for Script {
    fn from(replies: [Reply; N]) -> Self {
        Self::from(Vec::from(replies.map(Rule::new)))
    }
}

/// One text a message, in order.
impl<const N: usize> From<[&str; N]> for Script {
    fn from(texts: [&str; N]) -> Self {
        Self::from(Vec::from(texts.map(Rule::new)))
    }
}

/// One reply of all these acts, to the first message. For several replies, make a [`Reply`] or a [`Rule`] of each.
impl<const N: usize> From<[Act; N]> for Script {
    fn from(acts: [Act; N]) -> Self {
        Self::from(Rule::new(acts))
    }
}

impl fmt::Debug for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.rules).finish()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_script_that_cannot_be_followed_names_the_agent_the_rule_and_the_act() {
        let text = "x".repeat(limits::TEXT);
        for (script, says) in [
            (
                Script::from([
                    Rule::new("Hello."),
                    Rule::new([Act::echo(), Act::call("", json!({}))]),
                ]),
                r#"the script of "agent-1" is invalid: rule 2, act 2: the name of a tool is empty"#,
            ),
            (
                Script::new().rule(Rule::new("Hello.").when(" ")),
                r#"the script of "agent-1" is invalid: rule 1: `when` has no words"#,
            ),
            (
                Script::new().rule(Rule::new("Hello.").times(0)),
                "rule 1: `times` is 0",
            ),
            (
                Script::new().rule(Rule::new("Hello.").when_exactly(format!("{text}x"))),
                "rule 1: a condition is longer",
            ),
            (
                Script::from(vec![Rule::new("a"); 10_001]),
                "invalid: a script has more than 10000 rules",
            ),
            (
                Script::from(vec![Rule::new(text); 33]),
                "invalid: the texts of a script are longer than 8 MiB",
            ),
        ] {
            let error = script.check_of("agent-1").unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
            assert!(error.to_string().contains(says), "{error}");
        }
        assert!(Script::new().check_of("agent-1").is_ok());
        assert!(
            Script::from(vec![Rule::new("a"); 10_000])
                .check_of("agent-1")
                .is_ok()
        );
    }

    #[test]
    fn a_script_is_made_of_what_it_is_made_for() {
        let rules = Script::new().rule(Rule::new("a")).rule(Rule::new("b"));
        assert_eq!(Script::from(["a", "b"]), rules);
        assert_eq!(Script::from([Reply::from("a"), Reply::from("b")]), rules);
        assert_eq!(Script::from([Rule::new("a"), Rule::new("b")]), rules);
        let one = Script::from([Act::text("a"), Act::text("b")]);
        assert_eq!(one.rules().len(), 1);
        assert_eq!(one.rules()[0].reply().acts().len(), 2);
    }

    #[test]
    fn what_a_tool_returns_is_for_calls_that_do_not_say_so() {
        let call = |tool: &str| Act::call(tool, json!({}));
        let script = Script::from([
            Rule::new([
                call("a"),
                Act::calls([call("a").returns("own"), call("b"), call("a").fails("own")]),
            ]),
            Rule::new(call("a")).when("x"),
        ]);
        let expected = Script::from([
            Rule::new([
                call("a").returns("A"),
                Act::calls([call("a").returns("own"), call("b"), call("a").fails("own")]),
            ]),
            Rule::new(call("a").returns("A")).when("x"),
        ]);
        assert_eq!(
            script
                .returning(&HashMap::from([("a", "A"), ("c", "C")]))
                .unwrap(),
            expected
        );

        let text = "x".repeat(limits::TEXT);
        let fault =
            Script::from(vec![Rule::new(call("a")); 33]).returning(&HashMap::from([("a", &*text)]));
        assert!(fault.unwrap_err().message.contains("longer than 8 MiB"));
    }

    #[test]
    fn debug_shows_no_texts() {
        let script = Script::from([
            Rule::new("hush").when("hush"),
            Rule::new("hush").when_exactly("hush").times(2),
        ]);
        let shown = format!("{script:?}");
        assert!(!shown.contains("hush"), "{shown}");
        assert!(
            shown.contains("Times(2)") && shown.contains("4 bytes"),
            "{shown}"
        );
    }
}
