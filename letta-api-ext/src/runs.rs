//! Runs: what the service does for each turn.
//!
//! A run goes on when the connection breaks. So it says what became of a turn whose answer was lost.
//!
//! ```no_run
//! # async fn run(letta: letta_api_ext::Letta) -> Result<(), letta_api_ext::Error> {
//! let mut runs = letta.runs().list().agent_id("agent-1").active(true).items();
//! while let Some(run) = runs.next().await {
//!     let run = run?;
//!     println!("{}: {:?}", run.id, run.status);
//! }
//! # Ok(())
//! # }
//! ```

mod get;
mod handle;
mod list;
mod messages;
mod steps;
mod trace;
mod usage;

pub use get::GetRun;
pub use handle::RunHandle;
pub use list::ListRuns;
pub use messages::ListRunMessages;
pub use steps::ListRunSteps;
pub use trace::GetRunTrace;
pub use usage::GetRunUsage;

use crate::client::Letta;

impl Letta {
    /// Runs: list them. For one run, see [`run`](Self::run).
    ///
    /// ```
    /// let runs = letta_api_ext::Letta::local()?.runs();
    /// let request = runs.list().agent_id("agent-1");
    /// # Ok::<(), letta_api_ext::Error>(())
    /// ```
    pub fn runs(&self) -> Runs {
        Runs {
            letta: self.clone(),
        }
    }
}

/// All runs. From [`Letta::runs`]. Each method returns a request, which is sent by `send()` or by awaiting it.
#[derive(Clone, Debug)]
pub struct Runs {
    letta: Letta,
}

impl Runs {
    /// Lists runs: a page, all pages, or run by run.
    ///
    /// ```no_run
    /// # async fn run(letta: letta_api_ext::Letta) -> Result<(), letta_api_ext::Error> {
    /// for run in letta.runs().list().conversation_id("conv-1").limit(10).await? {
    ///     println!("{}: {:?}", run.id, run.status);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn list(&self) -> ListRuns {
        ListRuns::new(self.letta.call())
    }
}
