//! Calls of a client that holds tokens: each attempt has a token, and a refused one is replaced once.

use std::sync::Arc;

use letta_api::{Response, Secret};
use reqwest::StatusCode;
use reqwest::header::AUTHORIZATION;

use super::Running;
use super::credentials::{Asking, HeldToken, TokenKeeper};
use crate::error::{Error, Result};
use crate::platform;
use crate::time::clock::{self, Instant};

/// The tokens of a call.
pub(super) struct Holding {
    /// That of the last attempt.
    last: HeldToken,
    /// All that the call has used, since no message about it may contain them.
    used: Vec<Arc<Secret>>,
    /// Whether a refused token was replaced. That is done once.
    has_replaced: bool,
}

impl Holding {
    pub(super) fn secrets(&self) -> &[Arc<Secret>] {
        &self.used
    }

    /// How many attempts there were that the retry policy does not count.
    pub(super) fn uncounted(&self) -> u32 {
        self.has_replaced.into()
    }
}

/// What the token of an attempt has to do with its outcome.
#[derive(Clone, Copy, PartialEq)]
enum Outcome {
    Accepted,
    Refused,
    Doubtful,
    Neither,
}

impl Outcome {
    fn of(result: &Result<Response>) -> Self {
        match result {
            Ok(response) => match response.status() {
                StatusCode::UNAUTHORIZED => Self::Refused,
                status if status.is_success() => Self::Accepted,
                // The service looks at the token before it looks at the rest.
                StatusCode::NOT_FOUND
                | StatusCode::BAD_REQUEST
                | StatusCode::CONFLICT
                | StatusCode::UNPROCESSABLE_ENTITY => Self::Accepted,
                _ => Self::Neither,
            },
            Err(error) if !platform::TELLS_FAILURES && is_unanswered(error) => Self::Doubtful,
            Err(_) => Self::Neither,
        }
    }
}

/// Whether there was no answer, for a reason that is not known here.
fn is_unanswered(error: &Error) -> bool {
    error.status().is_none() && !error.is_timeout() && !error.is_invalid_input()
}

impl Running<'_> {
    /// Gives the next attempt a token.
    pub(super) async fn hold_token(
        &mut self,
        keeper: &dyn TokenKeeper,
        deadline: Instant,
    ) -> Result<()> {
        let asked = clock::timeout_at(deadline, keeper.token(self.asking())).await;
        let token = self.given(keeper, asked)?;
        self.send_with(token);
        Ok(())
    }

    /// Tells the keeper what became of an attempt. Returns whether its token was refused, and the next attempt has another one.
    pub(super) async fn settle_token(
        &mut self,
        keeper: &dyn TokenKeeper,
        deadline: Instant,
        result: &Result<Response>,
    ) -> Result<bool> {
        let Some(holding) = &self.call.holding else {
            return Ok(false);
        };
        let (token, has_replaced) = (holding.last.clone(), holding.has_replaced);
        match Outcome::of(result) {
            Outcome::Accepted => keeper.accepted(self.asking(), &token),
            Outcome::Doubtful => keeper.doubted(self.asking(), &token),
            Outcome::Neither => {}
            Outcome::Refused if has_replaced => {
                keeper.give_up(self.asking(), &token, true);
            }
            Outcome::Refused if !self.outgoing.can_be_sent() => {
                keeper.give_up(self.asking(), &token, false);
            }
            Outcome::Refused => {
                let asked = keeper.replace(self.asking(), &token);
                let asked = clock::timeout_at(deadline, asked).await;
                let other = self.given(keeper, asked)?;
                if let Some(other) = other {
                    self.send_with(other);
                    if let Some(holding) = &mut self.call.holding {
                        holding.has_replaced = true;
                    }
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    /// What a keeper gave in time. Its errors do not name the operation: one may be for all calls that wait.
    fn given<T, E>(&self, keeper: &dyn TokenKeeper, asked: Result<Result<T>, E>) -> Result<T> {
        let given = asked.unwrap_or_else(|_| Err(keeper.out_of_time(self.call.times.deadline)));
        given.map_err(|error| error.waited_for_by(self.call.operation))
    }

    fn asking(&self) -> Asking<'_> {
        Asking {
            operation: self.call.operation,
            template: self.call.template.as_str(),
            url: self.outgoing.url(),
        }
    }

    fn send_with(&mut self, token: HeldToken) {
        let authorization = token.authorization.clone();
        self.outgoing.change_headers(|headers| {
            headers.insert(AUTHORIZATION, authorization);
        });
        let secret = token.secret.clone();
        match &mut self.call.holding {
            Some(holding) => {
                if !holding.used.iter().any(|it| Arc::ptr_eq(it, &secret)) {
                    holding.used.push(secret);
                }
                holding.last = token;
            }
            None => {
                self.call.holding = Some(Box::new(Holding {
                    last: token,
                    used: vec![secret],
                    has_replaced: false,
                }));
            }
        }
    }
}
