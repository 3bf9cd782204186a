//! Waiting until the service has read a file.

use std::time::Duration;

use letta_api::types::{FileId, FileMetadata, FileProcessingStatus, FolderId, GetFileParams};

use super::UploadFile;
use super::fault;
use crate::client::answer::Answer;
use crate::client::request::{Call, request};
use crate::error::{Error, Result};
use crate::time::clock::{self, Instant};

/// How long is waited by default.
const LIMIT: Duration = Duration::from_secs(10 * 60);

/// The pause after the first question. It doubles up to the longest one.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// A request that waits until a file is processed: read, cut into pieces and embedded. From
/// [`FileHandle::wait_processed`](super::FileHandle::wait_processed) and [`UploadFile::wait_processed`].
///
/// Options such as [`with_deadline`](Self::with_deadline) are for each question to the service, and
/// [`with_limit`](Self::with_limit) is for the whole.
#[derive(Clone, Debug)]
#[must_use = "a request does nothing until it is sent"]
pub struct WaitProcessed {
    call: Call,
    what: What,
    limit: Duration,
}

#[derive(Clone, Debug)]
enum What {
    File(FolderId, FileId),
    /// It is uploaded first.
    Upload(Box<UploadFile>),
}

impl WaitProcessed {
    pub(super) fn of_file(call: Call, folder: FolderId, id: FileId) -> Self {
        Self {
            call,
            what: What::File(folder, id),
            limit: LIMIT,
        }
    }

    pub(super) fn of_upload(call: Call, upload: UploadFile) -> Self {
        Self {
            call,
            what: What::Upload(Box::new(upload)),
            limit: LIMIT,
        }
    }

    /// How long to wait at most. By default 10 minutes. The time of an upload before it does not count. With zero, the
    /// request fails.
    pub fn with_limit(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// Asks for the file's state until it is processed, and returns the file as it is then, without its text. The first
    /// pause between two questions is 250 ms, and each is twice as long as the one before, up to 5 s. A question that fails
    /// for a reason that may pass is asked again.
    ///
    /// To stop waiting, drop the future. The service goes on with the file.
    ///
    /// # Errors
    ///
    /// - The service [could not process](Error::is_file_failed) the file.
    /// - The [limit](Self::with_limit) passed: a [time-out](Error::is_timeout) that has the
    ///   [last state](Error::file_status). Its cause is the failure of the last question, if that failed.
    /// - Before anything is sent: a limit of zero (`limit`), or an ID that would name another resource (`folder_id`,
    ///   `file_id`).
    /// - Those of the upload, if there is one, and those of [getting a file](super::GetFile::send) that do not pass. A file
    ///   that does not exist is [not found](Error::is_not_found).
    ///
    /// Errors of the first two kinds have the [file's ID](Error::file_id) and [may have happened](Error::may_have_happened): the file is in
    /// the folder. Wait for it by [`FileHandle::wait_processed`](super::FileHandle::wait_processed), and do not upload it again.
    pub async fn send(self) -> Result<FileMetadata> {
        if self.limit.is_zero() {
            let rule = "must be positive";
            return Err(Error::invalid_input_got("limit", rule, "0s".to_owned()));
        }
        let (folder, id) = match self.what {
            What::File(folder, id) => (folder, id),
            What::Upload(upload) => {
                let folder = upload.folder().clone();
                (folder, upload.send().await?.id)
            }
        };
        wait(&self.call, &folder, &id, self.limit).await
    }
}

request!(WaitProcessed => FileMetadata);

async fn wait(
    call: &Call,
    folder: &FolderId,
    id: &FileId,
    limit: Duration,
) -> Result<FileMetadata> {
    let end = clock::after(Instant::now(), limit);
    let (mut state, mut cause) = (None, None);
    let mut pause = FIRST_PAUSE;
    loop {
        let mut asked = Duration::ZERO;
        match clock::timeout_at(end, ask(call, folder, id)).await {
            Ok(Ok(file)) => {
                if file.processing_status == Some(FileProcessingStatus::Completed) {
                    return Ok(file);
                }
                (state, cause) = (file.processing_status, None);
            }
            Ok(Err(error)) if error.is_retryable() => {
                asked = error.retry_after().unwrap_or_default();
                cause = Some(error);
            }
            Ok(Err(error)) => return Err(error),
            Err(_) => break,
        }
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            break;
        }
        clock::sleep(pause.max(asked).min(left)).await;
        pause = (2 * pause).min(LONGEST_PAUSE);
    }
    let state = state.as_ref().map(FileProcessingStatus::as_str);
    Err(fault::out_of_time(
        limit,
        id.as_str(),
        state,
        cause,
        &call.secrets(),
    ))
}

/// The file as it is now. A failure of its processing is an error.
async fn ask(call: &Call, folder: &FolderId, id: &FileId) -> Result<FileMetadata> {
    let params = GetFileParams::default();
    let outcome = call.api().get_file(folder, id, &params).await;
    let answer = Answer::of(outcome)?;
    match answer.processing_status {
        Some(FileProcessingStatus::Error) => Err(fault::failed(&answer, &call.secrets())),
        _ => Ok(answer.into_inner()),
    }
}
