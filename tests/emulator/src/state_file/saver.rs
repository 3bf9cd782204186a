//! Writes the state while the emulator runs, and when it ends.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::state_file::StateFile;
use crate::state_file::form::Kept;

/// The shortest time between two writings.
const INTERVAL: Duration = Duration::from_secs(1);

/// A writing of a large state takes at most this part of the time.
const PART: u32 = 10;

/// Takes what is to be kept, as it is now.
type Take = Box<dyn Fn() -> Kept + Send + Sync>;

type Tell = Box<dyn Fn(Option<String>) + Send + Sync>;

pub(crate) struct Saver {
    writing: Arc<Writing>,
    task: JoinHandle<()>,
}

struct Writing {
    take: Take,
    changes: watch::Receiver<u64>,
    /// Locked while it is written.
    written: Mutex<Written>,
    /// Told why a writing failed, or that one succeeded.
    tell: Tell,
}

struct Written {
    /// `None` once the emulator is gone. Others may have the file then.
    file: Option<StateFile>,
    /// The change that was written last.
    change: Option<u64>,
}

impl Saver {
    /// Writes what `take` gives after each change that `changes` counts. `is_new` if nothing is in the file.
    pub(crate) fn start(
        file: StateFile,
        take: impl Fn() -> Kept + Send + Sync + 'static,
        tell: impl Fn(Option<String>) + Send + Sync + 'static,
        changes: watch::Receiver<u64>,
        is_new: bool,
    ) -> Self {
        let now = *changes.borrow();
        let writing = Arc::new(Writing {
            take: Box::new(take),
            changes,
            written: Mutex::new(Written {
                file: Some(file),
                change: (!is_new).then_some(now),
            }),
            tell: Box::new(tell),
        });
        let task = tokio::spawn(run(Arc::clone(&writing)));
        Self { writing, task }
    }

    /// Writes what is not written yet.
    pub(crate) async fn save(&self) -> io::Result<()> {
        save(&self.writing).await
    }
}

impl Drop for Saver {
    fn drop(&mut self) {
        self.task.abort();
        // The task and a writing may be there for a while. The file is free at once.
        locked(&self.writing.written).file = None;
    }
}

async fn run(writing: Arc<Writing>) {
    let mut changes = writing.changes.clone();
    loop {
        let began = Instant::now();
        // What failed is tried again, and told to whoever asks.
        let is_written = save(&writing).await.is_ok();
        let pause = INTERVAL.max(began.elapsed().saturating_mul(PART));
        tokio::time::sleep(pause).await;
        if is_written && changes.changed().await.is_err() {
            return;
        }
    }
}

async fn save(writing: &Arc<Writing>) -> io::Result<()> {
    let writing = Arc::clone(writing);
    let saved = tokio::task::spawn_blocking(move || writing.write()).await;
    saved.unwrap_or_else(|error| Err(io::Error::other(error)))
}

impl Writing {
    fn write(&self) -> io::Result<()> {
        let mut written = locked(&self.written);
        // Before the state is taken: what changes after that is written the next time.
        let now = *self.changes.borrow();
        let Some(file) = &written.file else {
            return Ok(());
        };
        if written.change == Some(now) {
            return Ok(());
        }
        let result = file.write(&(self.take)());
        (self.tell)(result.as_ref().err().map(ToString::to_string));
        if result.is_ok() {
            written.change = Some(now);
        }
        result
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
