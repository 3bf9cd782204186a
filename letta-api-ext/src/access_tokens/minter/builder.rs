//! How a minter is configured.

use std::time::Duration;

use super::TokenMinter;
use super::mint::DOCUMENTED_LIFETIME;
use crate::client::Letta;
use crate::error::{Error, Result};
use crate::ids::Origin;

/// HTTP tells the service's clock to the second, so shorter lives would be mostly guesswork.
const SHORTEST_LIFETIME: Duration = Duration::from_secs(10);

/// Dates of the service have years of four digits, and a platform's clock cannot represent every instant.
const LONGEST_LIFETIME: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);

/// A token takes a moment to arrive, so none is good for its whole life.
const MARGIN: Duration = Duration::from_secs(5);

pub(super) fn check_valid_for(valid_for: Duration, lifetime: Duration) -> Result<()> {
    if valid_for <= lifetime.saturating_sub(MARGIN) {
        return Ok(());
    }
    let rule = format!("must be {MARGIN:?} less than the lifetime of {lifetime:?}, or less");
    Err(Error::invalid_input_got(
        "valid_for",
        rule,
        format!("{valid_for:?}"),
    ))
}

/// Configures a [`TokenMinter`]. Nothing is checked before [`build`](Self::build).
///
/// ```
/// use std::time::Duration;
/// use letta_api_ext::{Letta, TokenMinter};
///
/// let letta = Letta::new("sk-let-0f3c")?;
/// let minter = TokenMinter::builder(&letta, "https://chat.example.com")
///     .lifetime(Duration::from_secs(2 * 60))
///     .capacity(100_000)
///     .build()?;
/// # Ok::<(), letta_api_ext::Error>(())
/// ```
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until `build`"]
pub struct TokenMinterBuilder {
    pub(super) letta: Letta,
    origin: Result<Origin>,
    lifetime: Duration,
    valid_for: Option<Duration>,
    renew_ahead: Option<Duration>,
    capacity: u64,
    max_concurrent_creates: usize,
}

/// The same, checked.
pub(super) struct Settings {
    pub(super) letta: Letta,
    pub(super) origin: Origin,
    pub(super) lifetime: Duration,
    pub(super) valid_for: Duration,
    pub(super) renew_ahead: Duration,
    pub(super) capacity: u64,
    pub(super) max_concurrent_creates: usize,
}

impl TokenMinterBuilder {
    pub(super) fn new(letta: Letta, origin: Result<Origin>) -> Self {
        Self {
            letta,
            origin,
            lifetime: DOCUMENTED_LIFETIME,
            valid_for: None,
            renew_ahead: None,
            capacity: 10_000,
            max_concurrent_creates: 8,
        }
    }

    /// How long tokens live. By default 5 minutes, which is the service's own default (documented). At least 10
    /// seconds, at most 100 years.
    ///
    /// **A short life is the protection.** Whoever copies a token can use it until it expires. After a sign-out, a
    /// page that has used its token may go on with it for what is left of its life, even though the token was
    /// [deleted](crate::Revocation). That is at most this long.
    ///
    /// | lifetime | creates for a page that stays open | creates at most | longest outage without effect | when to choose it |
    /// |--:|--:|--:|--:|---|
    /// | 15 min | 5 an hour | 8 an hour | 3 min | rarely: a leaked token works for a quarter of an hour |
    /// | 5 min | 15 an hour | 24 an hour | 60 s | by default: a chat with the user's own agent |
    /// | 2 min | 38 an hour | 60 an hour | 24 s | an agent that can change or reveal something important; shared machines |
    /// | 1 min | 75 an hour | 120 an hour | 12 s | access that must end soon after a sign-out |
    /// | 30 s | 150 an hour | 240 an hour | 6 s | only if service and network are fast and rarely fail |
    ///
    /// The numbers are for each user, or for all users who share a token. They follow from when tokens are renewed. A
    /// page that asks when a fifth of the life is left causes a create in each four fifths of a life, and an outage
    /// shorter than that fifth does not affect it. However often pages ask, a token is renewed at most once in half
    /// of its life (with the default of [`renew_ahead`](Self::renew_ahead)).
    ///
    /// Up to 2 seconds of each life are not used, and neither is the time that the answer took to arrive: HTTP tells
    /// the service's clock only to the second. A token of 10 seconds is good for 8 or 9. If a create takes longer
    /// than two thirds of the life, the request fails with a [time-out](crate::Error::is_timeout).
    pub fn lifetime(mut self, lifetime: Duration) -> Self {
        self.lifetime = lifetime;
        self
    }

    /// How long a token must be good for when it is served. A request can [ask for another
    /// time](super::TokenRequest::valid_for). By default a third of the [`lifetime`](Self::lifetime). Must be at
    /// least 5 seconds less than the lifetime.
    ///
    /// A page that asks again when less than this is left gets a new token, and not the same token again.
    pub fn valid_for(mut self, left: Duration) -> Self {
        self.valid_for = Some(left);
        self
    }

    /// The most that is left of a token's life when it is renewed in the background. A token is renewed only if
    /// somebody asks for it. For each token, the moment is chosen at random between this and
    /// [`valid_for`](Self::valid_for), so that a fleet does not renew at once. By default half of the
    /// [`lifetime`](Self::lifetime), or halfway between `valid_for` and the lifetime if `valid_for` is more than a
    /// third of it. Must be at least `valid_for`, and less than the lifetime.
    pub fn renew_ahead(mut self, left: Duration) -> Self {
        self.renew_ahead = Some(left);
        self
    }

    /// The largest number of tokens that are kept in memory. By default 10,000. Must be at least 1. A token takes
    /// about 2 KiB.
    ///
    /// The least recently used tokens are evicted first. An evicted token works until it expires, but the minter does
    /// not know it any more and cannot have it deleted. A token that was renewed counts too, until it expires.
    pub fn capacity(mut self, tokens: u64) -> Self {
        self.capacity = tokens;
        self
    }

    /// The largest number of tokens that are minted at the same time. Each revocation and each shutdown also deletes
    /// as many at the same time. By default 8. Must be at least 1. Further creates wait for their turn, for as long
    /// as a call's [deadline](crate::LettaBuilder::deadline) allows.
    pub fn max_concurrent_creates(mut self, creates: usize) -> Self {
        self.max_concurrent_creates = creates;
        self
    }

    /// Makes the minter. Nothing is sent.
    ///
    /// # Errors
    ///
    /// An invalid origin (`origin`), or a `lifetime`, `valid_for`, `renew_ahead`, `capacity` or
    /// `max_concurrent_creates` out of its bounds.
    pub fn build(self) -> Result<TokenMinter> {
        let lifetime = self.lifetime;
        let bad = |field, rule: String, got: Duration| {
            Err(Error::invalid_input_got(field, rule, format!("{got:?}")))
        };
        if lifetime < SHORTEST_LIFETIME {
            let rule = format!("must be at least {SHORTEST_LIFETIME:?}");
            return bad("lifetime", rule, lifetime);
        }
        if lifetime > LONGEST_LIFETIME {
            return bad("lifetime", "must be at most 100 years".to_owned(), lifetime);
        }
        let valid_for = self.valid_for.unwrap_or(lifetime / 3);
        check_valid_for(valid_for, lifetime)?;
        let renew_ahead = self.renew_ahead.unwrap_or_else(|| match valid_for {
            long if long > lifetime / 3 => long + (lifetime - long) / 2,
            _ => lifetime / 2,
        });
        if renew_ahead < valid_for || renew_ahead >= lifetime {
            let rule = format!(
                "must be at least `valid_for`, which is {valid_for:?}, and less than the lifetime of {lifetime:?}"
            );
            return bad("renew_ahead", rule, renew_ahead);
        }
        for (field, got) in [
            ("capacity", self.capacity),
            ("max_concurrent_creates", self.max_concurrent_creates as u64),
        ] {
            if got == 0 {
                return Err(Error::invalid_input(field, "must be at least 1", Some("0")));
            }
        }
        Ok(TokenMinter::with(Settings {
            letta: self.letta,
            origin: self.origin?,
            lifetime,
            valid_for,
            renew_ahead,
            capacity: self.capacity,
            // The most that a semaphore can count.
            max_concurrent_creates: self
                .max_concurrent_creates
                .min(tokio::sync::Semaphore::MAX_PERMITS),
        }))
    }
}
