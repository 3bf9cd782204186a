//! Uploading a file.

use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use letta_api::types::{self, FileMetadata, FolderId, UploadFileBody};
use letta_api::{FilePart, MaybeSend};

use super::{FolderHandle, WaitProcessed, media_type};
use crate::client::answer::Answer;
use crate::client::fields::fields;
use crate::client::request::{Call, request};
use crate::error::{Error, Result};
use crate::platform;
use crate::transport::Progress;

impl FolderHandle {
    /// Uploads a file that is in memory. `name` is the name of the file, whose end such as `.txt` says its
    /// [media type](UploadFile::media_type).
    ///
    /// The service then reads the file in the background. [`wait_processed`](UploadFile::wait_processed) waits for that.
    ///
    /// ```no_run
    /// # async fn run(letta: letta_api_ext::Letta) -> Result<(), letta_api_ext::Error> {
    /// let file = letta.folder("source-1").upload("notes.txt", "Buy milk.").wait_processed().await?;
    /// println!("{:?} in {:?} pieces", file.file_name, file.total_chunks);
    /// # Ok(())
    /// # }
    /// ```
    pub fn upload(&self, name: impl Into<String>, content: impl Into<Bytes>) -> UploadFile {
        let (name, bytes) = (name.into(), content.into());
        UploadFile::new(self, Content::Bytes { name, bytes })
    }
}

platform::native_only! {
    impl FolderHandle {
        /// Uploads a file of this machine, under its own name. It is read while it is sent, 64 KiB at a time, so it may be of
        /// any length. Not in a browser, which has no paths: see [`upload`](Self::upload).
        ///
        /// What is read while it is sent cannot be sent again. So there is one attempt, whatever the
        /// [`RetryPolicy`](crate::RetryPolicy) says, and a redirect is an error. To have a small file sent again, read it and
        /// use [`upload`](Self::upload).
        ///
        /// ```no_run
        /// # async fn run(letta: letta_api_ext::Letta) -> Result<(), letta_api_ext::Error> {
        /// let upload = letta.folder("source-1").upload_file("contracts/2026.pdf");
        /// let file = upload
        ///     .with_progress(|sent, total| eprintln!("{sent} of {total} bytes"))
        ///     .wait_processed()
        ///     .await?;
        /// println!("{}", file.id);
        /// # Ok(())
        /// # }
        /// ```
        pub fn upload_file(&self, path: impl Into<PathBuf>) -> UploadFile {
            UploadFile::new(self, Content::Path(path.into()))
        }
    }
}

/// A request to upload a file. From [`FolderHandle::upload`] and `FolderHandle::upload_file`.
///
/// # How long it may take
///
/// An upload has no deadline by default, since the length of the file says how long it takes. It may not stand still: an
/// attempt fails after 60 s in which the connection takes no byte of it, or after its last byte no answer begins. That is
/// more than other calls have, because what the connection has taken may still wait in buffers of this machine. The rest
/// of the answer has the time that it has for any call.
///
/// [`with_attempt_timeout`](Self::with_attempt_timeout) sets how long it may stand still, and
/// [`with_deadline`](Self::with_deadline) how long the whole call may take. What is set for the client holds, too. A browser
/// does not tell how far an upload is. There, a time for an attempt is for the whole attempt, and there is none by default.
#[derive(Clone)]
#[must_use = "a request does nothing until it is sent"]
pub struct UploadFile {
    call: Call,
    folder: FolderId,
    content: Content,
    media_type: Option<String>,
    params: types::UploadFileParams,
    progress: Option<Progress>,
}

#[derive(Clone)]
enum Content {
    Bytes {
        name: String,
        bytes: Bytes,
    },
    #[allow(dead_code, reason = "a browser has no paths")]
    Path(PathBuf),
}

/// A file to be sent.
struct Opened {
    part: FilePart,
    length: u64,
    /// Why a file could not be read to its end.
    failure: Option<Arc<OnceLock<String>>>,
}

impl UploadFile {
    fn new(folder: &FolderHandle, content: Content) -> Self {
        Self {
            call: folder.letta().call(),
            folder: folder.id().clone(),
            content,
            media_type: None,
            params: types::UploadFileParams::default(),
            progress: None,
        }
    }

    pub(super) fn folder(&self) -> &FolderId {
        &self.folder
    }

    fields! { params: types::UploadFileParams;
        /// What to do if the folder has a file of this name. By default the new file gets another name. With
        /// [`Skip`](types::DuplicateFileHandling::Skip), the answer is the file that is there.
        duplicate_handling: types::DuplicateFileHandling,
        /// The name to store the file under. By default its own name.
        name: String,
    }

    /// The media type, such as `text/plain`. By default it is guessed from the end of the file's own name, as
    /// `application/octet-stream` if that is not known. The service takes texts, code, JSON and PDF.
    pub fn media_type(mut self, media_type: impl Into<String>) -> Self {
        self.media_type = Some(media_type.into());
        self
    }

    /// Calls `tell` with the number of bytes of the file that the connection has taken, and with the file's length. It is
    /// called for each piece of at most 64 KiB, and the last time with both equal. If the file is sent again, it begins
    /// anew.
    ///
    /// The connection is ahead of the network by what buffers hold, up to a few MiB. That all was taken does not mean that
    /// the service has it: that is known when the request returns.
    ///
    /// `tell` runs where the connection is served: it should return soon, and must not block. A browser does not tell how
    /// far it is, so there it is called once, when the service has the file.
    pub fn with_progress(mut self, tell: impl FnMut(u64, u64) + MaybeSend + 'static) -> Self {
        self.progress = Some(Progress::new(0, Box::new(tell)));
        self
    }

    /// Uploads the file, and then waits until the service has processed it: read, cut into pieces and embedded. By default
    /// it waits for 10 minutes, see [`with_limit`](WaitProcessed::with_limit).
    ///
    /// Options that were set hold for the upload and for each question about the file. Those that are set on the result
    /// hold for the questions alone.
    ///
    /// ```no_run
    /// # use std::time::Duration;
    /// # async fn run(letta: letta_api_ext::Letta) -> Result<(), letta_api_ext::Error> {
    /// let upload = letta.folder("source-1").upload("notes.txt", "Buy milk.");
    /// let file = upload.wait_processed().with_limit(Duration::from_secs(60)).await?;
    /// println!("{}", file.id);
    /// # Ok(())
    /// # }
    /// ```
    pub fn wait_processed(self) -> WaitProcessed {
        WaitProcessed::of_upload(self.call.clone(), self)
    }

    /// Sends the file, and returns what the service has about it. It is not processed yet.
    ///
    /// The request is sent again only after a failure that cannot have stored the file, unless
    /// [`RetryPolicy::repeat_unsafe`](crate::RetryPolicy::repeat_unsafe) is set. If the connection breaks while the file is
    /// sent, nothing was stored. A file that is read while it is sent (`upload_file`) is never sent again.
    ///
    /// # Errors
    ///
    /// Before anything is sent: an empty name (`name`), a file that cannot be read (`path`), a name with a control character
    /// or an invalid media type (`file`), an ID that would name another resource (`folder_id`). After that: any failure
    /// of the service or the network. A file that cannot be read to its end is an error about the `path`, too: nothing was
    /// stored then. A folder that does not exist is [not found](crate::Error::is_not_found).
    ///
    /// If an error [may have happened](crate::Error::may_have_happened), the file may be in the folder.
    pub async fn send(mut self) -> Result<FileMetadata> {
        let opened = self.open().await?;
        if let Some(progress) = self.progress.take() {
            let progress = progress.of_length(opened.length);
            self.call
                .change(|options| options.progress = Some(progress));
        }
        let body = UploadFileBody::new(opened.part);
        let api = self.call.api();
        let outcome = api.upload_file(&self.folder, &self.params, body).await;
        let result = Answer::of(outcome).map(Answer::into_inner);
        let failure = opened.failure.as_ref().and_then(|failure| failure.get());
        match (result, failure, &self.content) {
            (Err(_), Some(failure), Content::Path(path)) => {
                let rule = format!("could not be read to its end: {failure}");
                Err(Error::invalid_input("path", rule, path.to_str()))
            }
            (result, ..) => result,
        }
    }

    /// The file, and its length.
    async fn open(&self) -> Result<Opened> {
        let name = match &self.content {
            Content::Bytes { name, .. } => &**name,
            Content::Path(path) => {
                let name = path.file_name().and_then(|name| name.to_str());
                name.ok_or_else(|| {
                    let rule = "must end in the name of a file, in UTF-8";
                    Error::invalid_input("path", rule, path.to_str())
                })?
            }
        };
        if name.trim().is_empty()
            || self
                .params
                .name
                .as_ref()
                .is_some_and(|it| it.trim().is_empty())
        {
            return Err(Error::invalid_input("name", "must not be empty", None));
        }
        let (part, length, failure) = match &self.content {
            Content::Bytes { bytes, .. } => {
                let part = FilePart::bytes(name, bytes.clone());
                (part, bytes.len() as u64, None)
            }
            Content::Path(path) => {
                let file = platform::open_file(path).await;
                let file =
                    file.map_err(|rule| Error::invalid_input("path", rule, path.to_str()))?;
                let part = FilePart::body(name, file.body);
                (part, file.length, Some(file.failure))
            }
        };
        let media_type = self.media_type.as_deref().or(media_type::of_name(name));
        Ok(Opened {
            part: match media_type {
                Some(media_type) => part.with_media_type(media_type),
                None => part,
            },
            length,
            failure,
        })
    }
}

impl fmt::Debug for UploadFile {
    /// Shows neither the name nor the content.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UploadFile")
            .field("call", &self.call)
            .field("folder", &self.folder)
            .field("media_type", &self.media_type)
            .finish_non_exhaustive()
    }
}

request!(UploadFile => FileMetadata);
