//! What a line at the prompt means.

use crate::failure::Failure;

/// What a line means.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// It is said to the agent.
    Say(String),
    Help,
    Last(Option<usize>),
    Verbose,
    Quit,
}

/// All words that begin with a slash.
pub(super) const WORDS: [&str; 5] = ["/exit", "/help", "/last", "/quit", "/verbose"];

impl Order {
    pub(super) fn of(line: &str) -> Result<Self, Failure> {
        // The line goes on after a backslash.
        let line = line.replace("\\\n", "\n");
        if let Some(said) = line.strip_prefix("//") {
            return Ok(Self::Say(format!("/{said}")));
        }
        if !line.starts_with('/') {
            return Ok(Self::Say(line));
        }
        let mut words = line.split_whitespace();
        let word = words.next().unwrap_or_default();
        let rest: Vec<&str> = words.collect();
        match (word, &rest[..]) {
            ("/help", []) => Ok(Self::Help),
            ("/verbose", []) => Ok(Self::Verbose),
            ("/quit" | "/exit", []) => Ok(Self::Quit),
            ("/last", []) => Ok(Self::Last(None)),
            ("/last", [count]) => match count.parse() {
                Ok(count) => Ok(Self::Last(Some(count))),
                Err(_) => Err(unknown(format!("`{count}` is not a number of messages"))),
            },
            (word, _) if WORDS.contains(&word) => {
                Err(unknown(format!("`{word}` takes nothing after it")))
            }
            _ => {
                let failure = unknown(format!("there is no `{word}`"));
                let near = WORDS
                    .iter()
                    .find(|known| strsim::osa_distance(known, word) <= 2);
                Err(match near {
                    Some(near) => failure.advise(format!("Did you mean {near}?")),
                    None => failure,
                })
            }
        }
    }
}

fn unknown(message: String) -> Failure {
    Failure::usage(message)
        .advise("/help shows what can be typed. To say it to the agent, begin with //.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_said_unless_it_begins_with_a_slash() {
        let say = |text: &str| Order::Say(text.to_owned());
        for (line, expected) in [
            ("Hello", say("Hello")),
            ("a / b", say("a / b")),
            ("//help", say("/help")),
            ("a\\\nb", say("a\nb")),
            ("/help", Order::Help),
            ("/last", Order::Last(None)),
            ("/last  3", Order::Last(Some(3))),
            ("/exit", Order::Quit),
        ] {
            assert_eq!(Order::of(line).unwrap(), expected, "{line}");
        }
        for line in ["/hepl", "/", "/last x", "/last -1", "/quit now"] {
            assert!(Order::of(line).is_err(), "{line}");
        }
    }
}
