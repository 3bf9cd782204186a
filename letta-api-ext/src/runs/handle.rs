//! A handle to a run.

use letta_api::types::RunId;

use super::{GetRun, GetRunTrace, GetRunUsage, ListRunMessages, ListRunSteps};
use crate::Letta;

/// One run. From [`Letta::run`]. Making it sends nothing.
#[derive(Clone, Debug)]
pub struct RunHandle {
    letta: Letta,
    id: RunId,
}

impl Letta {
    /// A handle to the run with this ID. It sends nothing, so the run need not exist.
    ///
    /// Text that would name another resource, such as an empty one, is refused when a request is sent.
    ///
    /// ```
    /// use letta_api_ext::Letta;
    ///
    /// let run = Letta::local()?.run("run-1");
    /// assert_eq!(run.id().as_str(), "run-1");
    /// # Ok::<(), letta_api_ext::Error>(())
    /// ```
    pub fn run(&self, id: impl Into<RunId>) -> RunHandle {
        RunHandle {
            letta: self.clone(),
            id: id.into(),
        }
    }
}

impl RunHandle {
    /// The run's ID.
    pub fn id(&self) -> &RunId {
        &self.id
    }

    /// The run with its status.
    ///
    /// A run that was sent as JSON to a conversation stays `created` for ever on a server 0.16.8. So do not wait for it.
    ///
    /// ```no_run
    /// # async fn run(letta: letta_api_ext::Letta) -> Result<(), letta_api_ext::Error> {
    /// let run = letta.run("run-1").get().await?;
    /// println!("{:?}", run.status);
    /// # Ok(())
    /// # }
    /// ```
    pub fn get(&self) -> GetRun {
        GetRun::new(self.letta.call(), self.id.clone())
    }

    /// Lists what was said in the run.
    ///
    /// ```no_run
    /// # async fn run(letta: letta_api_ext::Letta) -> Result<(), letta_api_ext::Error> {
    /// for message in letta.run("run-1").messages().await? {
    ///     println!("{message:?}");
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn messages(&self) -> ListRunMessages {
        ListRunMessages::new(self.letta.call(), self.id.clone())
    }

    /// Lists the steps of the run: its calls of a model.
    ///
    /// ```no_run
    /// # async fn run(letta: letta_api_ext::Letta) -> Result<(), letta_api_ext::Error> {
    /// for step in letta.run("run-1").steps().await? {
    ///     println!("{}", step.id);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn steps(&self) -> ListRunSteps {
        ListRunSteps::new(self.letta.call(), self.id.clone())
    }

    /// How many tokens all steps of the run took together.
    ///
    /// ```no_run
    /// # async fn run(letta: letta_api_ext::Letta) -> Result<(), letta_api_ext::Error> {
    /// let usage = letta.run("run-1").usage().await?;
    /// println!("{:?}", usage.total_tokens);
    /// # Ok(())
    /// # }
    /// ```
    pub fn usage(&self) -> GetRunUsage {
        GetRunUsage::new(self.letta.call(), self.id.clone())
    }

    /// The spans that the service recorded. A server needs a store for traces.
    ///
    /// ```no_run
    /// # async fn run(letta: letta_api_ext::Letta) -> Result<(), letta_api_ext::Error> {
    /// let spans = letta.run("run-1").trace().limit(100).await?;
    /// println!("{} spans", spans.len());
    /// # Ok(())
    /// # }
    /// ```
    pub fn trace(&self) -> GetRunTrace {
        GetRunTrace::new(self.letta.call(), self.id.clone())
    }
}
