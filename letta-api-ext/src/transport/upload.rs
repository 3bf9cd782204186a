//! Bodies that take long to send: how far one is, and whether it moves.
//!
//! A time-out for the whole attempt would cut off an upload that is long and goes well. So an upload may take as long as it
//! moves: see [`Times::silence`](super::options::Times::silence).

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use reqwest::Request;
use reqwest::header::CONTENT_LENGTH;

use crate::platform::{self, BoxTell};
use crate::time::clock::Instant;

/// Who is told how far an upload is.
#[derive(Clone)]
pub(crate) struct Progress {
    /// The length of the file. The body is longer: it has a head and an end of the form.
    file: u64,
    tell: Arc<Mutex<BoxTell>>,
}

#[cfg(feature = "folders")]
impl Progress {
    pub(crate) fn new(file: u64, tell: BoxTell) -> Self {
        Self {
            file,
            tell: Arc::new(Mutex::new(tell)),
        }
    }

    /// The same, for a file of this length.
    pub(crate) fn of_length(self, file: u64) -> Self {
        Self { file, ..self }
    }
}

impl Progress {
    fn tell(&self, sent: u64) {
        let mut tell = self.tell.lock().unwrap_or_else(PoisonError::into_inner);
        tell(sent.min(self.file), self.file);
    }
}

/// Watches the body of one attempt.
pub(super) struct Watch {
    state: Mutex<State>,
    progress: Option<Progress>,
}

struct State {
    /// When the body moved last, or when the attempt began.
    moved: Instant,
    /// How much was handed to the connection.
    sent: u64,
    /// How long the body is. `None` if that is not known.
    length: Option<u64>,
}

impl Watch {
    pub(super) fn new(progress: Option<Progress>) -> Self {
        Self {
            state: Mutex::new(State {
                moved: Instant::now(),
                sent: 0,
                length: None,
            }),
            progress,
        }
    }

    /// Watches the body of a request that is about to be sent.
    pub(super) fn begin(self: &Arc<Self>, request: &mut Request) {
        let header = request.headers().get(CONTENT_LENGTH);
        let header = header.and_then(|it| it.to_str().ok()?.parse().ok());
        let whole = request.body().and_then(reqwest::Body::as_bytes);
        *self.state() = State {
            moved: Instant::now(),
            sent: 0,
            length: header.or(whole.map(|bytes| bytes.len() as u64)),
        };
        let watch = self.clone();
        platform::watch_body(request, move |count| watch.moved(count));
    }

    fn moved(&self, count: u64) {
        let mut state = self.state();
        state.moved = Instant::now();
        state.sent = state.sent.saturating_add(count);
        let (sent, length) = (state.sent, state.length);
        // The caller's function may take its time.
        drop(state);
        if let Some(progress) = &self.progress {
            let around = length.map_or(0, |length| length.saturating_sub(progress.file));
            progress.tell(sent.saturating_sub(around));
        }
    }

    /// An answer came. Where a body cannot be watched, this is the first that is known of it.
    pub(super) fn answered(&self, is_success: bool) {
        if let Some(progress) = &self.progress
            && !platform::TELLS_PROGRESS
            && is_success
        {
            progress.tell(progress.file);
        }
    }

    /// When the body moved last.
    pub(super) fn last_moved(&self) -> Instant {
        self.state().moved
    }

    /// Whether a part of the body was not handed to the connection, so that nobody can have got it whole.
    pub(super) fn is_cut(&self) -> bool {
        let state = self.state();
        platform::TELLS_PROGRESS && state.length.is_some_and(|length| state.sent < length)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
