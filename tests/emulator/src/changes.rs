//! Who wants to know that something changed: what writes the state file, and the page.

use tokio::sync::watch;

/// Counts changes. Counting one costs a few atomic operations, whoever waits.
pub(crate) struct Changes {
    /// Changes of what is kept between runs.
    kept: watch::Sender<u64>,
    /// All changes that the page shows.
    shown: watch::Sender<u64>,
}

impl Changes {
    pub(crate) fn new() -> Self {
        Self {
            kept: watch::Sender::new(0),
            // Whoever asks for what came after 0 is answered at once.
            shown: watch::Sender::new(1),
        }
    }

    /// Something changed that is kept between runs.
    pub(crate) fn kept(&self) {
        self.kept.send_modify(|count| *count += 1);
        self.shown();
    }

    /// Something changed that is shown and not kept.
    pub(crate) fn shown(&self) {
        self.shown.send_modify(|count| *count += 1);
    }

    pub(crate) fn watch_kept(&self) -> watch::Receiver<u64> {
        self.kept.subscribe()
    }

    pub(crate) fn watch_shown(&self) -> watch::Receiver<u64> {
        self.shown.subscribe()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_shown_and_what_is_shown_need_not_be_kept() {
        let changes = Changes::new();
        let (kept, shown) = (changes.watch_kept(), changes.watch_shown());
        let counts = || (*kept.borrow(), *shown.borrow());
        assert_eq!(counts(), (0, 1));
        changes.kept();
        assert_eq!(counts(), (1, 2));
        changes.shown();
        assert_eq!(counts(), (1, 3));
    }
}
