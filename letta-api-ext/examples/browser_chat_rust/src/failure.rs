//! Failures, by what the user can do about them.

use std::error::Error as _;
use std::time::Duration;

use letta_api_ext::Error;

use crate::browser;

/// All that is known about a refusal of the token.
const ACCESS_REFUSED: &str = "The service refused this page’s access. It may have expired or been revoked, or it may not allow \
                              this. The service does not say which.";

/// At most an hour: a longer wait is not worth a countdown.
const LONGEST_WAIT: u32 = 3_600;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// No answer came, or only a part of it. The message may have arrived all the same.
    Lost,
    /// Too many requests.
    Limited,
    /// The token has expired, and could not be renewed. Another one helps.
    Ended,
    /// The service refused the token, and the one that replaced it. It does not say why.
    AccessRefused,
    /// The session has ended. Signing in helps.
    SignedOut,
    /// The service does not do this, however often it is asked.
    Refused,
    /// Something broke at the other end. Trying again may help.
    Failed,
}

/// What the page asked for.
#[derive(Clone, Copy)]
pub(crate) enum During {
    /// To read the conversation.
    Reading,
    /// To hear the agent. Nothing has come yet.
    Sending,
    /// To hear the rest of an answer.
    Hearing,
}

pub(crate) struct Failure {
    pub(crate) kind: Kind,
    pub(crate) message: String,
    /// Seconds to wait before another try.
    pub(crate) wait: Option<u32>,
    /// Whether the service certainly did not do what was asked, so that asking again does it once.
    pub(crate) is_unsent: bool,
}

impl Failure {
    pub(crate) fn new(kind: Kind, message: &str) -> Self {
        Self {
            kind,
            message: message.to_owned(),
            wait: None,
            is_unsent: false,
        }
    }

    pub(crate) fn signed_out() -> Self {
        Self::new(Kind::SignedOut, "You are signed out.")
    }

    /// The failure of a call at the service.
    pub(crate) fn of(error: &Error, during: During) -> Self {
        let is_unsent = !error.may_have_happened();
        let failure = match error.is_signed_out() {
            true => Self::signed_out(),
            false if error.is_without_token() => Self::of_application(error),
            false => Self::of_service(error, during),
        };
        Self {
            is_unsent,
            ..failure
        }
    }

    /// The application gave no token.
    fn of_application(error: &Error) -> Self {
        let Some(status) = error.status() else {
            return Self::new(Kind::Lost, "This application cannot be reached.");
        };
        let kind = match status.as_u16() {
            429 => Kind::Limited,
            _ => Kind::Failed,
        };
        let message = error
            .message()
            .unwrap_or("This application gave no access.");
        // After a failure, the application does not ask the service again for about a second.
        Self::new(kind, message).after(error.retry_after(), 1)
    }

    fn of_service(error: &Error, during: During) -> Self {
        // A turn says what became of it, and its source why.
        let answer = with_status(error).unwrap_or(error);
        let Some(status) = answer.status().map(|status| status.as_u16()) else {
            return Self::without_status(error, during);
        };
        let says =
            |otherwise: &str| Self::new(Kind::Refused, answer.message().unwrap_or(otherwise));
        match status {
            200..=299 => Self::new(
                Kind::Lost,
                match during {
                    During::Reading => "The conversation could not be read.",
                    _ if error.is_interrupted() => "The connection to the service broke.",
                    _ => "The answer cannot be read.",
                },
            ),
            401 => Self::new(Kind::AccessRefused, ACCESS_REFUSED),
            // A page may read this header only if the service exposes it by CORS.
            429 => Self::new(Kind::Limited, "The service has had too many requests.")
                .after(answer.retry_after(), 5),
            403 => says("This access does not allow it."),
            408 | 500.. => Self::new(Kind::Failed, "The service is in trouble."),
            _ => says(&format!("The service answered with status {status}.")),
        }
    }

    fn without_status(error: &Error, during: During) -> Self {
        // A bug of this page.
        if error.is_invalid_input() {
            browser::complain(&error.to_string());
            return Self::new(Kind::Failed, "Something went wrong in this page.");
        }
        let is_lost = error.is_interrupted() || error.is_timeout() || error.is_connect();
        if is_lost {
            return Self::new(
                Kind::Lost,
                match during {
                    During::Reading | During::Sending => {
                        "This page got no answer from the service."
                    }
                    During::Hearing if error.source().is_some() => {
                        "The connection to the service broke."
                    }
                    During::Hearing => "The answer broke off.",
                },
            );
        }
        if error.is_invalid_response() {
            return Self::new(Kind::Lost, "The answer cannot be read.");
        }
        // Within the answer, the service said that the agent failed.
        let said = error.message().filter(|said| !said.is_empty());
        Self::new(Kind::Failed, said.unwrap_or("The agent could not answer."))
    }

    fn after(self, wait: Option<Duration>, otherwise: u32) -> Self {
        let wait = wait.map_or(otherwise, whole_seconds);
        Self {
            wait: Some(wait),
            ..self
        }
    }
}

/// The error of the answer that has a status, if one of the causes does.
fn with_status(error: &Error) -> Option<&Error> {
    let mut next = Some(error);
    while let Some(error) = next {
        if error.status().is_some() {
            return Some(error);
        }
        next = error.source().and_then(|source| source.downcast_ref());
    }
    None
}

fn whole_seconds(wait: Duration) -> u32 {
    let seconds = u32::try_from(wait.as_millis().div_ceil(1_000));
    seconds.map_or(LONGEST_WAIT, |seconds| seconds.clamp(1, LONGEST_WAIT))
}

/// The same text as a sentence. `upper` gives a letter its upper case.
pub(crate) fn sentence(text: &str, upper: fn(&str) -> String) -> String {
    let first = text.chars().next().map_or(0, char::len_utf8);
    let (first, rest) = text.split_at(first);
    let mut whole = upper(first) + rest;
    if !whole.ends_with(['.', '!', '?', '…']) {
        whole.push('.');
    }
    whole
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_whole_seconds_and_at_most_an_hour() {
        for (milliseconds, seconds) in [
            (0, 1),
            (1, 1),
            (1_001, 2),
            (3_600_000, 3_600),
            (3_600_001, 3_600),
            (u64::MAX, 3_600),
        ] {
            assert_eq!(whole_seconds(Duration::from_millis(milliseconds)), seconds);
        }
    }

    #[test]
    fn a_message_is_shown_as_a_sentence() {
        for (text, shown) in [
            ("", "."),
            ("élan", "Élan."),
            ("it ends.", "It ends."),
            ("does it?", "Does it?"),
            ("and so on…", "And so on…"),
        ] {
            assert_eq!(sentence(text, |letter| letter.to_uppercase()), shown);
        }
    }
}
