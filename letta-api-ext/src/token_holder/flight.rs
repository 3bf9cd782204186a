//! One question to the source, which runs by itself: dropping the call that began it affects nobody.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{Either, select};
use tokio::sync::watch;

use super::holder::TokenHolder;
use super::life::Moment;
use super::slots::Fetched;
use super::source::TokenNeed;
use super::source_error::TokenSourceError;
use crate::error::Error;
use crate::ids::AgentId;
use crate::time::clock::{self, Instant};

/// How long a source may take.
const LIMIT: Duration = Duration::from_secs(60);

/// How long after this limit callers stop waiting.
const GRACE: Duration = Duration::from_secs(5);

/// A question that is under way. Each caller that waits for it has a clone.
#[derive(Clone)]
pub(super) struct Flight {
    landing: Arc<watch::Sender<Option<Landing>>>,
    /// When it should have landed.
    limit: Instant,
    /// The agent that a token is fetched for.
    pub(super) agent: Option<AgentId>,
    /// Whether the source was told that the service refused the last token.
    pub(super) says_refused: bool,
}

/// What became of it.
#[derive(Clone)]
pub(super) enum Landing {
    Tokens(Arc<Fetched>),
    Failed(Error),
    /// The future of the source panicked, or its runtime was shut down or stands still.
    Lost,
}

impl Flight {
    pub(super) fn new(agent: Option<AgentId>, says_refused: bool) -> Self {
        Self {
            landing: Arc::new(watch::Sender::new(None)),
            limit: clock::after(Instant::now(), LIMIT + GRACE),
            agent,
            says_refused,
        }
    }

    pub(super) fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.landing, &other.landing)
    }

    /// Tells all who wait.
    pub(super) fn land(&self, landing: Landing) {
        self.landing.send_replace(Some(landing));
    }

    /// Waits for the end, and not longer than it can take. `None` if the task of the question stands still, as one does if nobody runs
    /// its runtime.
    pub(super) async fn landed_in_time(self) -> Option<Landing> {
        let limit = self.limit;
        clock::timeout_at(limit, self.landed()).await.ok()
    }

    async fn landed(self) -> Landing {
        let mut landing = self.landing.subscribe();
        let landed = landing.wait_for(Option::is_some).await;
        let landed = landed.ok().and_then(|landed| landed.clone());
        landed.unwrap_or(Landing::Lost)
    }
}

/// Asks the source, and tells the holder. If it is dropped before that, the question was lost.
pub(super) struct Pilot {
    pub(super) holder: TokenHolder,
    pub(super) flight: Flight,
    pub(super) began: Moment,
}

impl Pilot {
    pub(super) async fn fly(self) {
        let need = TokenNeed {
            agent: self.flight.agent.clone(),
            is_refused: self.flight.says_refused,
            origin: self.holder.inner.origin.clone(),
        };
        let source = self.holder.inner.source.clone();
        let limit = clock::after(self.began.steady, LIMIT);
        let asked = async { clock::timeout_at(limit, source.tokens(need)).await };
        // It lands by itself if the holder is told to forget, perhaps before the source was asked. So that is looked at first.
        let landed = self.flight.clone().landed();
        let given = match select(Box::pin(landed), Box::pin(asked)).await {
            Either::Left(_) => return,
            Either::Right((Ok(given), _)) => given,
            Either::Right((Err(_), _)) => Err(TokenSourceError::out_of_time(format!(
                "the source of tokens did not answer within {LIMIT:?}"
            ))),
        };
        self.holder.land(&self.flight, &self.began, Some(given));
    }
}

impl Drop for Pilot {
    fn drop(&mut self) {
        // Nothing happens if it has landed.
        self.holder.land(&self.flight, &self.began, None);
    }
}
