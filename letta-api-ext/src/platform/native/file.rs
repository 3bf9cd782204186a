//! Files that are read while they are sent.

use std::path::Path;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, ready};
use std::{io, mem};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::fs::File;
use tokio::io::{AsyncRead, ReadBuf};

use super::super::OpenFile;

/// How much is read at a time, in bytes. More is never in memory here.
const PIECE: usize = 64 * 1024;

/// Opens a file to be sent.
///
/// # Errors
///
/// Why it cannot be read: the rest of a sentence that begins with the path.
pub(crate) async fn open(path: &Path) -> Result<OpenFile, String> {
    let unreadable = |error: io::Error| format!("must name a file that can be read: {error}");
    // Before it is opened: opening a pipe would wait for who writes into it.
    let kind = tokio::fs::metadata(path).await.map_err(unreadable)?;
    if !kind.is_file() {
        return Err("must name a file, and not a folder, a pipe or a device".to_owned());
    }
    let mut file = File::open(path).await.map_err(unreadable)?;
    let length = file.metadata().await.map_err(unreadable)?.len();
    file.set_max_buf_size(PIECE);
    let failure = Arc::new(OnceLock::new());
    let body = reqwest::Body::wrap(Reading {
        file,
        left: length,
        piece: Vec::new(),
        failure: failure.clone(),
    });
    Ok(OpenFile {
        length,
        body,
        failure,
    })
}

struct Reading {
    file: File,
    /// How many bytes are still to come.
    left: u64,
    piece: Vec<u8>,
    failure: Arc<OnceLock<String>>,
}

impl Body for Reading {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let reading = self.get_mut();
        if reading.left == 0 {
            return Poll::Ready(None);
        }
        let length = usize::try_from(reading.left).map_or(PIECE, |left| left.min(PIECE));
        reading.piece.resize(length, 0);
        let mut buffer = ReadBuf::new(&mut reading.piece);
        let read = ready!(Pin::new(&mut reading.file).poll_read(context, &mut buffer));
        let count = buffer.filled().len();
        let read = match (read, count) {
            (Ok(()), 0) => Err(io::Error::new(
                io::ErrorKind::UnexpectedEof,
                "it became shorter while it was sent",
            )),
            (read, _) => read,
        };
        if let Err(error) = read {
            // Only the first failure counts, and there is no other.
            let _ = reading.failure.set(error.to_string());
            return Poll::Ready(Some(Err(error)));
        }
        reading.left -= count as u64;
        let mut piece = mem::take(&mut reading.piece);
        piece.truncate(count);
        Poll::Ready(Some(Ok(Frame::data(piece.into()))))
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}
