//! A file that was not processed.

use std::fmt;
use std::time::Duration;

use letta_api::types::FileMetadata;

use crate::client::answer::Answer;
use crate::error::kind::Added;
use crate::error::said::{ErrorEvent, Said};
use crate::error::{Error, redact};

/// The service has the file, and it is not ready.
struct NotProcessed {
    /// Its ID, safe to print.
    file: String,
    /// The last state that the service told, safe to print.
    state: Option<String>,
    why: Why,
}

enum Why {
    /// The service says that it failed. It may say why.
    Failed(Box<Said>),
    OutOfTime(Duration),
}

impl Error {
    /// The service could not process a file. [`message`](Self::message) is the reason that it gives.
    ///
    /// ```no_run
    /// # async fn run(letta: letta_api_ext::Letta) -> Result<(), letta_api_ext::Error> {
    /// let file = letta.folder("source-1").file("file-1");
    /// match file.wait_processed().await {
    ///     Err(error) if error.is_file_failed() => eprintln!("not readable: {:?}", error.message()),
    ///     other => println!("{:?}", other?.file_name),
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn is_file_failed(&self) -> bool {
        let found = self.added::<NotProcessed>();
        found.is_some_and(|it| matches!(it.why, Why::Failed(_)))
    }

    /// The ID of the file that is in its folder and was not processed. `None` for other errors.
    ///
    /// ```no_run
    /// # async fn run(letta: letta_api_ext::Letta) -> Result<(), letta_api_ext::Error> {
    /// let folder = letta.folder("source-1");
    /// if let Err(error) = folder.upload("a.txt", "Buy milk.").wait_processed().await
    ///     && let Some(file) = error.file_id()
    /// {
    ///     folder.file(file).delete().await?;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn file_id(&self) -> Option<&str> {
        Some(&self.added::<NotProcessed>()?.file)
    }

    /// The last state of the file that was not processed, such as `embedding`. `None` for other errors, and if the service
    /// did not tell.
    ///
    /// ```no_run
    /// # async fn run(letta: letta_api_ext::Letta) -> Result<(), letta_api_ext::Error> {
    /// if let Err(error) = letta.folder("source-1").file("file-1").wait_processed().await {
    ///     eprintln!("{error}; last seen as {:?}", error.file_status());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn file_status(&self) -> Option<&str> {
        self.added::<NotProcessed>()?.state.as_deref()
    }
}

/// The ID of a file, safe to print.
fn shown(id: &str, secrets: &[&str]) -> String {
    redact::text(id, secrets).unwrap_or_else(|| "file".to_owned())
}

/// The service says in this answer that processing failed.
pub(super) fn failed(answer: &Answer<FileMetadata>, secrets: &[&str]) -> Error {
    answer.error(|known| {
        let event = ErrorEvent {
            error_type: "",
            message: answer.error_message.as_deref().unwrap_or_default(),
            detail: None,
            run_id: None,
        };
        let status = answer.processing_status.as_ref();
        let fault = NotProcessed {
            file: shown(answer.id.as_str(), secrets),
            state: status.and_then(|it| redact::text(it.as_str(), known.secrets)),
            why: Why::Failed(Said::by_event(&event, known.secrets)),
        };
        Error::of_answer(fault, None, known.operation, known.headers, known.secrets)
    })
}

/// The file was not ready within the limit. `state` is the last one, and `cause` why the last question was not answered.
pub(super) fn out_of_time(
    limit: Duration,
    id: &str,
    state: Option<&str>,
    cause: Option<Error>,
    secrets: &[&str],
) -> Error {
    let fault = NotProcessed {
        file: shown(id, secrets),
        state: state.and_then(|it| redact::text(it, secrets)),
        why: Why::OutOfTime(limit),
    };
    Error::added_with(fault, cause)
}

impl Added for NotProcessed {
    fn error_type(&self) -> &'static str {
        match self.why {
            Why::Failed(_) => "file_failed",
            Why::OutOfTime(_) => "timeout",
        }
    }

    fn is_timeout(&self) -> bool {
        matches!(self.why, Why::OutOfTime(_))
    }

    fn said(&self) -> Option<&Said> {
        match &self.why {
            Why::Failed(said) => Some(said),
            Why::OutOfTime(_) => None,
        }
    }

    fn is_retryable(&self) -> bool {
        self.is_timeout()
    }

    /// The file is there.
    fn may_have_happened(&self) -> bool {
        true
    }
}

impl fmt::Display for NotProcessed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let file = &self.file;
        match &self.why {
            Why::Failed(said) => match &said.message {
                Some(reason) => write!(f, "the service could not process {file}: {reason}"),
                None => write!(
                    f,
                    "the service could not process {file}, and gives no reason"
                ),
            },
            Why::OutOfTime(limit) => {
                write!(f, "{file} was not processed within {limit:?}")?;
                match &self.state {
                    Some(state) => write!(f, "; its last state was `{state}`"),
                    None => f.write_str("; the service told no state of it"),
                }
            }
        }
    }
}
