//! Ctrl-C, which stops a turn and not the program.

use tokio::sync::mpsc::{Receiver, channel};

#[cfg(unix)]
fn interrupts() -> std::io::Result<tokio::signal::unix::Signal> {
    tokio::signal::unix::signal(tokio::signal::unix::SignalKind::interrupt())
}

#[cfg(windows)]
fn interrupts() -> std::io::Result<tokio::signal::windows::CtrlC> {
    tokio::signal::windows::ctrl_c()
}

/// Each Ctrl-C since this was made. From then on, Ctrl-C does not end the program by itself.
pub(crate) struct Stops(Receiver<()>);

impl Stops {
    pub(crate) fn listen() -> Self {
        let (stop, stops) = channel(1);
        // At once, and not when the task begins: one that comes with the first request counts, too.
        if let Ok(mut interrupts) = interrupts() {
            tokio::spawn(async move {
                while interrupts.recv().await.is_some() && stop.send(()).await.is_ok() {}
            });
        }
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
