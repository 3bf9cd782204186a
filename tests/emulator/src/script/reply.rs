//! What an agent does in one turn.

use std::collections::HashSet;
use std::fmt;

use crate::script::act::{Act, Kind};
use crate::script::limits;

/// What an agent does from one message of the user's to the end of the turn: a series of [`Act`]s.
///
/// A model step ends with a call, or with [several at once](Act::calls). The acts after it are what the model does once the
/// tools have returned. After the last act, the turn ends with `end_turn`.
///
/// ```
/// use letta_api_emulator::{Act, Reply};
///
/// assert_eq!(Reply::from("Hello."), Reply::from([Act::text("Hello.")]));
/// ```
#[derive(Clone, PartialEq)]
#[must_use = "a reply is made if it is part of a script"]
pub struct Reply {
    acts: Vec<Act>,
}

/// What is wrong with a reply: in which act, counted from 0, if in one of them.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) act: Option<usize>,
    pub(crate) message: String,
}

impl Reply {
    /// Does these in their order. Without any, the turn ends at once, and nothing is said.
    pub fn new(acts: impl IntoIterator<Item = Act>) -> Self {
        Self {
            acts: acts.into_iter().collect(),
        }
    }

    /// What it does, in order.
    pub(crate) fn acts(&self) -> &[Act] {
        &self.acts
    }

    /// What it does, to be changed.
    pub(crate) fn acts_mut(&mut self) -> &mut [Act] {
        &mut self.acts
    }

    /// Bytes of its texts and arguments, to be bounded.
    pub(crate) fn size(&self) -> usize {
        self.acts.iter().map(Act::size).sum()
    }

    /// What is wrong with it, and what to do.
    pub(crate) fn check(&self) -> Result<(), Fault> {
        if self.acts.len() > limits::ACTS {
            return Err(Fault {
                act: None,
                message: format!(
                    "a reply has more than {} acts: make it shorter",
                    limits::ACTS
                ),
            });
        }
        let mut ids = HashSet::new();
        let mut has_ended = false;
        for (place, act) in self.acts.iter().enumerate() {
            let fault = |message| Fault {
                act: Some(place),
                message,
            };
            if has_ended {
                let message = "the act before it ends the turn: remove one of the two";
                return Err(fault(message.to_owned()));
            }
            act.check().map_err(fault)?;
            has_ended = act.ends_the_turn();
            let Kind::Calls(calls) = &act.kind else {
                continue;
            };
            if !calls
                .iter()
                .flat_map(|call| &call.id)
                .all(|id| ids.insert(id))
            {
                let message = "two calls of the reply have the same ID: give each its own";
                return Err(fault(message.to_owned()));
            }
        }
        Ok(())
    }
}

impl From<&str> for Reply {
    fn from(text: &str) -> Self {
        Self::new([Act::text(text)])
    }
}

impl From<String> for Reply {
    fn from(text: String) -> Self {
        Self::new([Act::text(text)])
    }
}

impl From<Act> for Reply {
    fn from(act: Act) -> Self {
        Self::new([act])
    }
}

impl<const N: usize> From<[Act; N]> for Reply {
    fn from(acts: [Act; N]) -> Self {
        Self::new(acts)
    }
}

impl From<Vec<Act>> for Reply {
    fn from(acts: Vec<Act>) -> Self {
        Self { acts }
    }
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.acts).finish()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::script::model_failure::ModelFailure;
    use crate::script::stop_reason::StopReason;

    fn call(id: &str) -> Act {
        Act::call("tool", json!({})).with_id(id)
    }

    #[test]
    fn a_reply_that_cannot_be_made_names_the_act() {
        let both = Act::calls([call("1"), call("1")]);
        for (acts, act, says) in [
            (vec![Act::echo(), Act::text("")], Some(1), "is empty"),
            (
                vec![Act::refuses("No."), Act::echo()],
                Some(1),
                "ends the turn",
            ),
            (
                vec![Act::stops(StopReason::EndTurn), Act::echo()],
                Some(1),
                "ends the turn",
            ),
            (
                vec![
                    Act::model_fails(ModelFailure::Timeout),
                    Act::pause(std::time::Duration::ZERO),
                ],
                Some(1),
                "ends the turn",
            ),
            (vec![both], Some(0), "same ID"),
            (vec![call("1"), call("2"), call("1")], Some(2), "same ID"),
            (vec![Act::echo(); 1001], None, "more than 1000 acts"),
        ] {
            let fault = Reply::from(acts).check().unwrap_err();
            assert_eq!(fault.act, act, "{fault:?}");
            assert!(fault.message.contains(says), "{fault:?}");
        }
        assert_eq!(Reply::new([]).check(), Ok(()));
        assert_eq!(Reply::from(vec![Act::echo(); 1000]).check(), Ok(()));
    }
}
