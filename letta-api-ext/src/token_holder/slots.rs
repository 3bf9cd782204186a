//! What a holder knows: its tokens, what became of the last ones, and so its state.
//!
//! A *slot* is a place for one token: there is one for all calls, or one for each agent, as the source gives them. Everything here is
//! decided at once, without waiting. Time comes in as a [`Moment`].

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use letta_api::{ApiKey, Secret};

use super::life::{Life, Moment, UNKNOWN_LIFE};
use super::source::{End, Given, SourcedToken, SourcedTokens};
use super::source_error::{TokenSourceError, Why};
use super::state::TokenState;
use crate::access_tokens::policy::AccessPolicy;
use crate::error::redact;
use crate::ids::AgentId;
use crate::platform;
use crate::transport::credentials::HeldToken;

/// How many agents are remembered. What is known of others is forgotten, those whose tokens end first.
const MOST_AGENTS: usize = 1_000;

/// A token, and what it opens.
#[derive(Clone)]
pub(super) struct Ready {
    pub(super) token: HeldToken,
    /// `None` if that is not known.
    pub(super) policy: Option<Arc<AccessPolicy>>,
}

/// Whether two tokens are one.
pub(super) fn is_same(one: &HeldToken, other: &HeldToken) -> bool {
    *one.secret == *other.secret
}

/// The place for one token.
#[derive(Default)]
struct Slot {
    kept: Option<Kept>,
    /// Whether the service refused the last token. The source is told, since its cache would give the same one again.
    is_refused: bool,
    /// The refused token, which the application may repeat in what it says. Kept until another one comes.
    refused: Option<Arc<Secret>>,
    /// Whether no other token is tried until somebody asks anew.
    has_given_up: bool,
    /// How often a renewal has failed in a row.
    failures: u32,
}

struct Kept {
    ready: Ready,
    life: Life,
    /// Whether it replaces a refused token, and was not accepted yet.
    is_trial: bool,
    /// Whether the last call with it got no answer that a page may read. The next call tries another one first.
    is_doubtful: bool,
    /// Whether a call has tried another one, and there was none. The source is told of a refusal until an answer ends the doubt.
    is_suspect: bool,
    /// Whether a call has used it. Others are not renewed ahead, if there is a token for each agent.
    is_used: bool,
}

impl Kept {
    fn lives(&self, now: &Moment) -> bool {
        !self.life.left(now).is_zero()
    }
}

/// All tokens of a holder.
#[derive(Default)]
pub(super) struct Slots {
    /// For all calls. Not used any more once the source gives a token for each agent.
    for_all: Slot,
    /// `None` if the source gives one token for all calls.
    per_agent: Option<HashMap<AgentId, Slot>>,
    /// Whether the source gave a token for all calls last.
    is_for_all: bool,
    is_signed_out: bool,
    /// Whether the holder was told to forget.
    is_over: bool,
}

/// What a holder has for a call.
pub(super) enum Found {
    /// A token to use. `is_due` says that it is time to renew it.
    Ready { ready: Ready, is_due: bool },
    /// A token that the service may have refused. Another one is to be used, if there is one.
    Doubtful(Ready),
    /// Nothing. `is_refused` says that the service refused the last one.
    Nothing { is_refused: bool },
    /// The source gives tokens for agents, and the call names none.
    NoAgent,
}

/// What a refusal leads to.
pub(super) enum AfterRefusal {
    /// The token was renewed meanwhile.
    Use(Ready),
    /// Another one is to be fetched.
    Fetch,
    /// There is no other to try.
    GiveUp,
}

/// When a token is to be renewed ahead.
#[derive(Debug, PartialEq)]
pub(super) enum Due {
    Now(Option<AgentId>),
    In(Duration),
    /// There is none to renew.
    Never,
}

/// What a source gave, in the form that calls need.
pub(super) enum Fetched {
    ForAll(Ready),
    PerAgent(HashMap<AgentId, Ready>),
}

impl Fetched {
    pub(super) fn for_agent(&self, agent: Option<&AgentId>) -> Option<&Ready> {
        match self {
            Self::ForAll(ready) => Some(ready),
            Self::PerAgent(tokens) => tokens.get(agent?),
        }
    }
}

impl Slots {
    fn slot(&self, agent: Option<&AgentId>) -> Option<&Slot> {
        match (&self.per_agent, agent) {
            (None, _) => Some(&self.for_all),
            (Some(slots), Some(agent)) => slots.get(agent),
            (Some(_), None) => None,
        }
    }

    /// `None` if the source gives tokens for agents, and there is no agent.
    fn slot_mut(&mut self, agent: Option<&AgentId>) -> Option<&mut Slot> {
        match (&mut self.per_agent, agent) {
            (None, _) => Some(&mut self.for_all),
            (Some(slots), Some(agent)) => Some(slots.entry(agent.clone()).or_default()),
            (Some(_), None) => None,
        }
    }

    fn all(&self) -> impl Iterator<Item = &Slot> {
        let per_agent = self.per_agent.iter().flat_map(HashMap::values);
        let for_all = self.per_agent.is_none().then_some(&self.for_all);
        for_all.into_iter().chain(per_agent)
    }

    fn kept(&self) -> impl Iterator<Item = &Kept> {
        self.all().filter_map(|slot| slot.kept.as_ref())
    }

    /// What there is for a call about this agent.
    pub(super) fn find(&mut self, agent: Option<&AgentId>, now: &Moment) -> Found {
        let Some(slot) = self.slot_mut(agent) else {
            return Found::NoAgent;
        };
        let is_refused = slot.tells_refusal();
        match &mut slot.kept {
            Some(kept) if kept.lives(now) => {
                kept.is_used = true;
                let ready = kept.ready.clone();
                if std::mem::take(&mut kept.is_doubtful) {
                    kept.is_suspect = true;
                    return Found::Doubtful(ready);
                }
                let is_due = kept.life.until_renewal(now).is_zero();
                Found::Ready { ready, is_due }
            }
            _ => Found::Nothing { is_refused },
        }
    }

    /// The token for this agent that has not ended.
    pub(super) fn peek(&self, agent: Option<&AgentId>, now: &Moment) -> Option<&Ready> {
        let kept = self.slot(agent)?.kept.as_ref()?;
        kept.lives(now).then_some(&kept.ready)
    }

    /// Whether the source is told that the service refused the last token for this agent.
    pub(super) fn tells_refusal(&self, agent: Option<&AgentId>) -> bool {
        self.slot(agent).is_some_and(Slot::tells_refusal)
    }

    /// Takes what the source gave. `began` is when it was asked.
    ///
    /// # Errors
    ///
    /// The token that was needed cannot be used.
    pub(super) fn store(
        &mut self,
        tokens: SourcedTokens,
        needed: Option<&AgentId>,
        says_refused: bool,
        began: &Moment,
        now: &Moment,
    ) -> Result<Fetched, TokenSourceError> {
        let fetched = match tokens.0 {
            Given::ForAll(token) => {
                let kept = kept(token, says_refused, began, now)?;
                let fetched = Fetched::ForAll(kept.ready.clone());
                self.for_all = Slot::with(kept);
                self.per_agent = None;
                self.is_for_all = true;
                fetched
            }
            Given::PerAgent(tokens) => {
                let mut all = HashMap::with_capacity(tokens.len());
                for (agent, token) in tokens {
                    let is_needed = needed == Some(&agent);
                    match kept(token, says_refused && is_needed, began, now) {
                        Ok(kept) => _ = all.insert(agent, kept),
                        Err(error) if is_needed => return Err(error),
                        // It may never be needed.
                        Err(_) => {}
                    }
                }
                let ready = |(agent, kept): (&AgentId, &Kept)| (agent.clone(), kept.ready.clone());
                let fetched = Fetched::PerAgent(all.iter().map(ready).collect());
                let slots = self.per_agent.get_or_insert_default();
                self.for_all = Slot::default();
                self.is_for_all = false;
                slots.extend(
                    all.into_iter()
                        .map(|(agent, kept)| (agent, Slot::with(kept))),
                );
                if fetched.for_agent(needed).is_none() {
                    self.left_out(needed, now);
                }
                self.prune(needed, now);
                fetched
            }
        };
        self.is_signed_out = false;
        Ok(fetched)
    }

    /// The source gave tokens, and none for this agent. That is a failed renewal. If there was no token, nothing is known of the agent.
    fn left_out(&mut self, agent: Option<&AgentId>, now: &Moment) {
        match self.peek(agent, now) {
            Some(_) => self.not_renewed(agent, None, now, fastrand::f64()),
            None => {
                if let (Some(slots), Some(agent)) = (&mut self.per_agent, agent) {
                    slots.remove(agent);
                }
            }
        }
    }

    /// Bounds how much is remembered of agents.
    fn prune(&mut self, needed: Option<&AgentId>, now: &Moment) {
        let Some(slots) = &mut self.per_agent else {
            return;
        };
        if slots.len() <= MOST_AGENTS {
            return;
        }
        let left = |slot: &Slot| slot.kept.as_ref().map(|kept| kept.life.left(now));
        let mut by_end: Vec<_> = (slots.iter())
            .filter(|(agent, _)| Some(*agent) != needed)
            .map(|(agent, slot)| (left(slot), agent.clone()))
            .collect();
        platform::sort(&mut by_end);
        for (_, agent) in by_end.iter().take(slots.len() - MOST_AGENTS) {
            slots.remove(agent);
        }
    }

    /// The source gave no token. `luck` is a random number from 0 to 1.
    pub(super) fn failed(
        &mut self,
        error: &TokenSourceError,
        agent: Option<&AgentId>,
        now: &Moment,
        luck: f64,
    ) {
        if error.why == Why::SignedOut {
            self.drop_all();
            self.is_signed_out = true;
            return;
        }
        self.is_signed_out = false;
        for slot in self.per_agent.iter_mut().flat_map(HashMap::values_mut) {
            if let Some(kept) = &mut slot.kept {
                kept.life.other_failed(now, error.retry_after);
            }
        }
        self.not_renewed(agent, error.retry_after, now, luck);
        self.prune(agent, now);
    }

    /// The token for this agent was not renewed. `asked` is how long the application asks to wait.
    fn not_renewed(
        &mut self,
        agent: Option<&AgentId>,
        asked: Option<Duration>,
        now: &Moment,
        luck: f64,
    ) {
        if let Some(slot) = self.slot_mut(agent) {
            slot.failures = slot.failures.saturating_add(1);
            match &mut slot.kept {
                Some(kept) if kept.lives(now) => {
                    kept.life.renewal_failed(now, slot.failures, asked, luck);
                }
                _ => slot.kept = None,
            }
        }
    }

    /// The service refused a token.
    pub(super) fn refused(
        &mut self,
        agent: Option<&AgentId>,
        refused: &HeldToken,
        now: &Moment,
    ) -> AfterRefusal {
        if let Some(ready) = self.peek(agent, now)
            && !is_same(&ready.token, refused)
        {
            return AfterRefusal::Use(ready.clone());
        }
        let Some(slot) = self.slot_mut(agent) else {
            return AfterRefusal::GiveUp;
        };
        let is_trial = slot.kept.as_ref().is_some_and(|kept| kept.is_trial);
        if slot.has_given_up || is_trial {
            slot.give_up(true);
            return AfterRefusal::GiveUp;
        }
        slot.give_up(false);
        AfterRefusal::Fetch
    }

    /// The service refused a token, and the call that sent it tries no other. `is_last` says that no other is to be tried at all.
    pub(super) fn give_up(&mut self, agent: Option<&AgentId>, refused: &HeldToken, is_last: bool) {
        if let Some(slot) = self.slot_mut(agent) {
            let other = |kept: &Kept| !is_same(&kept.ready.token, refused);
            if !slot.kept.as_ref().is_some_and(other) {
                let is_trial = slot.kept.as_ref().is_some_and(|kept| kept.is_trial);
                slot.give_up(is_last || is_trial || slot.has_given_up);
            }
        }
    }

    /// The service took this token.
    pub(super) fn accepted(&mut self, agent: Option<&AgentId>, token: &HeldToken) {
        self.with_token(agent, token, |kept| {
            kept.is_trial = false;
            kept.is_doubtful = false;
            kept.is_suspect = false;
        });
    }

    /// A call uses this token, which was fetched for it.
    pub(super) fn used(&mut self, agent: Option<&AgentId>, token: &HeldToken) {
        self.with_token(agent, token, |kept| kept.is_used = true);
    }

    /// A call with this token got no answer that a page may read.
    pub(super) fn doubted(&mut self, agent: Option<&AgentId>, token: &HeldToken) {
        self.with_token(agent, token, |kept| kept.is_doubtful = true);
    }

    fn with_token(
        &mut self,
        agent: Option<&AgentId>,
        token: &HeldToken,
        change: impl FnOnce(&mut Kept),
    ) {
        let slot = match (&mut self.per_agent, agent) {
            (None, _) => Some(&mut self.for_all),
            (Some(slots), Some(agent)) => slots.get_mut(agent),
            (Some(_), None) => None,
        };
        if let Some(kept) = slot.and_then(|slot| slot.kept.as_mut())
            && is_same(&kept.ready.token, token)
        {
            change(kept);
        }
    }

    /// Drops all tokens for good.
    pub(super) fn forget(&mut self) {
        self.is_over = true;
        self.drop_all();
    }

    fn drop_all(&mut self) {
        self.for_all = Slot::default();
        // What the source gives stays known.
        if let Some(slots) = &mut self.per_agent {
            slots.clear();
        }
    }

    /// Whether the source gives a token for all calls, as far as is known.
    pub(super) fn are_for_all(&self) -> bool {
        self.is_for_all
    }

    pub(super) fn is_over(&self) -> bool {
        self.is_over
    }

    /// `is_fetching` says that the source is being asked.
    pub(super) fn state(&self, is_fetching: bool, now: &Moment) -> TokenState {
        if self.is_over || self.is_signed_out {
            return TokenState::SignedOut;
        }
        let is_live = |slot: &&Slot| slot.kept.as_ref().is_some_and(|kept| kept.lives(now));
        let mut live = self.all().filter(is_live).peekable();
        if live.peek().is_some() {
            return match live.any(|slot| slot.failures > 0) {
                true => TokenState::Retrying,
                false => TokenState::Live,
            };
        }
        let is_refused = |slot: &Slot| slot.has_given_up || slot.is_refused && slot.failures > 0;
        if self.all().any(is_refused) {
            TokenState::Refused
        } else if self.all().any(|slot| slot.failures > 0)
            || !is_fetching && self.kept().next().is_some()
        {
            TokenState::Ended
        } else {
            TokenState::None
        }
    }

    /// How long the token lives that ends first. `None` if none lives.
    pub(super) fn left(&self, now: &Moment) -> Option<Duration> {
        let lives = self.kept().map(|kept| kept.life.left(now));
        lives.filter(|left| !left.is_zero()).min()
    }

    /// When a token is to be renewed ahead. Tokens of agents that no call has used are not.
    pub(super) fn due(&self, now: &Moment) -> Due {
        let of_agents = self.per_agent.iter().flatten();
        let of_agents = of_agents.map(|(agent, slot)| (Some(agent), slot));
        let for_all = self.per_agent.is_none().then_some((None, &self.for_all));
        let waits = for_all
            .into_iter()
            .chain(of_agents)
            .filter_map(|(agent, slot)| {
                let kept = slot.kept.as_ref()?;
                let is_unused = agent.is_some() && !kept.is_used;
                let is_lost = slot.failures > 0 && !kept.lives(now);
                let is_kept = !is_unused && !is_lost && !kept.life.is_short();
                is_kept.then(|| (kept.life.until_renewal(now), agent))
            });
        match waits.min_by_key(|(wait, _)| *wait) {
            Some((wait, agent)) if wait.is_zero() => Due::Now(agent.cloned()),
            Some((wait, _)) => Due::In(wait),
            None => Due::Never,
        }
    }

    /// The agents whose tokens are older than this moment. If there is no token at all, the agents that need one. `None` in the list
    /// stands for the token for all calls, or for no agent in particular.
    pub(super) fn older_than(&self, moment: &Moment) -> Vec<Option<AgentId>> {
        let has_none = self.kept().next().is_none();
        let is_wanted = |slot: &Slot| match &slot.kept {
            Some(kept) => kept.life.is_older_than(moment),
            None => has_none,
        };
        match &self.per_agent {
            Some(slots) if !slots.is_empty() => {
                let slots = slots.iter().filter(|(_, slot)| is_wanted(slot));
                slots.map(|(agent, _)| Some(agent.clone())).collect()
            }
            _ => vec![None],
        }
    }

    /// The texts of all tokens, which no message may contain.
    pub(super) fn secrets(&self) -> Vec<Arc<Secret>> {
        let kept = self.kept().map(|kept| &kept.ready.token.secret);
        let refused = self.all().filter_map(|slot| slot.refused.as_ref());
        kept.chain(refused).cloned().collect()
    }
}

impl Slot {
    fn with(kept: Kept) -> Self {
        Self {
            kept: Some(kept),
            ..Self::default()
        }
    }

    fn tells_refusal(&self) -> bool {
        self.is_refused || self.kept.as_ref().is_some_and(|kept| kept.is_suspect)
    }

    /// Drops a refused token.
    fn give_up(&mut self, is_last: bool) {
        if let Some(kept) = self.kept.take() {
            self.refused = Some(kept.ready.token.secret);
        }
        self.is_refused = true;
        self.has_given_up = is_last;
    }
}

fn kept(
    token: SourcedToken,
    is_trial: bool,
    began: &Moment,
    now: &Moment,
) -> Result<Kept, TokenSourceError> {
    let length = match token.end {
        End::Unknown => UNKNOWN_LIFE,
        End::In(life) => life,
        End::At(end) => end.saturating_duration_since(began.steady),
    };
    let key = ApiKey::new(token.secret).map_err(|error| {
        TokenSourceError::new(format!("the token cannot be used: {}", error.rule()))
    })?;
    Ok(Kept {
        ready: Ready {
            token: HeldToken::of(key),
            policy: token.policy.map(Arc::new),
        },
        life: Life::new(*began, now, length, fastrand::f64()),
        is_trial,
        is_doubtful: false,
        is_suspect: false,
        is_used: false,
    })
}

/// The same error without these texts in its message, and without a cause that has one.
pub(super) fn without_secrets(
    mut error: TokenSourceError,
    secrets: &[Arc<Secret>],
) -> TokenSourceError {
    let secrets: Vec<&str> = secrets
        .iter()
        .map(|secret| secret.expose_secret())
        .collect();
    if !secrets.is_empty() {
        error.message = error.message.and_then(|text| redact::text(&text, &secrets));
        let cause = error.cause.take();
        error.cause = cause.filter(|cause| {
            let text = format!("{cause} {cause:?}");
            !secrets.iter().any(|secret| text.contains(secret))
        });
    }
    error
}
