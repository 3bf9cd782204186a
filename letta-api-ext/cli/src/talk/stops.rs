//! Ctrl-C, which stops a turn and not the program.

use tokio::sync::mpsc::{Receiver, channel};

/// Each Ctrl-C since this was made. From then on, Ctrl-C does not end the program by itself.
pub(crate) struct Stops(Receiver<()>);

impl Stops {
    pub(crate) fn listen() -> Self {
        let (stop, stops) = channel(1);
        tokio::spawn(async move {
            while tokio::signal::ctrl_c().await.is_ok() && stop.send(()).await.is_ok() {}
        });
        Self(stops)
    }

    /// Waits for the next one.
    pub(crate) async fn next(&mut self) {
        if self.0.recv().await.is_none() {
            // Ctrl-C cannot be listened for here.
            std::future::pending::<()>().await;
        }
    }

    /// Forgets those that came when nobody listened.
    pub(crate) fn forget(&mut self) {
        while self.0.try_recv().is_ok() {}
    }
}
