//! How an error is printed.

use std::fmt;
use std::time::Duration;

use reqwest::StatusCode;

use super::Error;
use super::attempts::Stopped;
use super::kind::{Kind, TimeLimit};

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(operation) = self.operation() {
            write!(f, "{operation}: ")?;
        }
        match &self.inner.kind {
            Kind::InvalidInput { field, rule, got } => {
                write!(f, "`{field}` {rule}")?;
                if let Some(got) = got {
                    write!(f, "; got {got}")?;
                }
            }
            Kind::Status { status, is_html } => {
                write!(f, "the service answered {status}")?;
                if let Some(message) = self.message() {
                    write!(f, ": {message}")?;
                }
                if *status == StatusCode::PROXY_AUTHENTICATION_REQUIRED {
                    f.write_str("; a proxy asks for a user name and a password")?;
                }
                if *is_html {
                    f.write_str(
                        " with a page of HTML; a proxy or another server may have answered instead",
                    )?;
                }
            }
            Kind::InvalidResponse { status, problem } => write!(
                f,
                "the service answered {status}, but the answer is invalid: {problem}"
            )?,
            Kind::Redirect { redirect, .. } => write!(
                f,
                "the service redirects from {} to {}: {}",
                redirect.from, redirect.to, redirect.rule
            )?,
            Kind::Connect(route) => write!(f, "cannot connect to {route}")?,
            Kind::Unprocessed => {
                f.write_str("the service refused the request without processing it")?
            }
            Kind::NoAnswer(route) => write!(f, "no answer from {route}")?,
            Kind::Timeout { status, limit } => {
                match status {
                    None => f.write_str("the service did not answer")?,
                    Some(status) => {
                        write!(
                            f,
                            "the service answered {status}, but the rest of the answer did not arrive"
                        )?;
                    }
                }
                match limit {
                    None => f.write_str(" in time")?,
                    Some(TimeLimit::Attempt(limit)) => {
                        write!(f, " within the {limit:?} that an attempt may take")?;
                    }
                    Some(TimeLimit::Silence(limit)) => {
                        write!(
                            f,
                            ", and nothing moved for the {limit:?} that an upload may stand still"
                        )?;
                    }
                    Some(TimeLimit::Deadline(limit)) => {
                        write!(f, " within the call's deadline of {limit:?}")?;
                    }
                }
            }
            Kind::Interrupted {
                status: None,
                route,
            } => {
                f.write_str("the connection to the service broke before it answered")?;
                if route.to.is_some() || route.reason.is_some() {
                    write!(f, " ({route})")?;
                }
            }
            Kind::Interrupted {
                status: Some(status),
                ..
            } => write!(
                f,
                "the service answered {status}, but the connection broke during the answer"
            )?,
            Kind::LostBody {
                limit: Some(limit), ..
            } => write!(f, "the body of the answer is longer than {limit} bytes")?,
            Kind::LostBody {
                is_timeout: true, ..
            } => f.write_str("the rest of the answer's body did not come in time")?,
            Kind::LostBody { .. } => {
                f.write_str("the connection to the service broke within the answer's body")?;
            }
            Kind::Event => {
                f.write_str("the service reported an error in its stream")?;
                if let Some(code) = self.code() {
                    write!(f, ": {code}")?;
                }
                for text in [self.message(), self.detail()].into_iter().flatten() {
                    write!(f, ": {text}")?;
                }
                if let Some(run) = self.run_id() {
                    write!(f, " (run {run})")?;
                }
            }
            Kind::Added(added) => fmt::Display::fmt(added, f)?,
        }
        if let Some(id) = &self.inner.request_id {
            write!(f, " (request {id})")?;
        }
        if let Some(left) = self.hold_off_left() {
            let left = Duration::from_millis(u64::try_from(left.as_millis()).unwrap_or(u64::MAX));
            write!(f, "; held off for another {left:?}")?;
        }
        if self.attempts.count > 1 {
            write!(f, "; tried {} times", self.attempts.count)?;
        }
        match (self.attempts.stopped, self.asked_wait()) {
            (None, _) => Ok(()),
            (Some(Stopped::Deadline), Some(wait)) => {
                write!(f, "; it asks to wait {wait:?}, past the call's deadline")
            }
            (Some(Stopped::Deadline), None) => {
                f.write_str("; the call's deadline leaves no time to try again")
            }
            (Some(Stopped::LongWait), Some(wait)) => write!(
                f,
                "; it asks to wait {wait:?}, which is long for a call without a deadline"
            ),
            (Some(Stopped::LongWait), None) => {
                f.write_str("; the back-off is long for a call without a deadline")
            }
            (Some(Stopped::Budget), _) => {
                f.write_str("; not tried again, because the retry budget is spent")
            }
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("Error");
        out.field("message", &self.to_string());
        if let Some(wait) = &self.retry_after() {
            out.field("retry_after", wait);
        }
        if let Some(source) = &self.inner.source {
            out.field("source", source);
        }
        out.finish()
    }
}
