//! The tokens of an account, in memory.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use jiff::Timestamp;
use letta_api::Secret;
use letta_api::types::{
    AccessPolicy, AccessPolicyEntry, AccessPolicyVersion, ClientSideAccessToken,
};
use url::Url;

use crate::changes::Changes;
use crate::clock::system_time;
use crate::project::Project;
use crate::tokens::expiry;
use crate::tokens::page::PageRequest;
use crate::tokens::request::TokenRequest;
use crate::tokens::rules::TokenRules;

pub(crate) mod kept;

/// A token that an emulator issued and nobody deleted, as it was when asked for.
///
/// `Debug` shows neither the secret nor a password in the hostname.
#[derive(Clone)]
pub struct IssuedToken {
    secret: Secret,
    project: Project,
    hostname: String,
    policy: AccessPolicy,
    origin: String,
    created_at: Timestamp,
    expires_at: Timestamp,
    live: bool,
}

impl IssuedToken {
    /// The token itself, `ck-let-…`.
    pub fn secret(&self) -> &Secret {
        &self.secret
    }

    /// The project that it was made in.
    pub fn project(&self) -> &Project {
        &self.project
    }

    /// The web application that it is bound to, as the request had it.
    pub fn hostname(&self) -> &str {
        &self.hostname
    }

    /// The origin of [`hostname`](Self::hostname) as a browser writes it in `Origin`: the page must have
    /// it that uses the token.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// [`hostname`](Self::hostname) without the user and the password that it may have.
    pub(crate) fn hostname_to_show(&self) -> String {
        match Url::parse(&self.hostname) {
            Ok(mut url) if !url.username().is_empty() || url.password().is_some() => {
                // Both fail for URLs that have no host, and so none of these.
                let _ = url.set_username("");
                let _ = url.set_password(None);
                url.into()
            }
            _ => self.hostname.clone(),
        }
    }

    /// What it may do.
    pub fn policy(&self) -> &AccessPolicy {
        &self.policy
    }

    /// When it was made, by the emulator's clock.
    pub fn created_at(&self) -> SystemTime {
        system_time(self.created_at)
    }

    /// When it ends: from this very instant on it is expired. Whole milliseconds.
    pub fn expires_at(&self) -> SystemTime {
        system_time(self.expires_at)
    }

    /// Whether it had not expired when this was asked for, by the emulator's clock.
    pub fn is_live(&self) -> bool {
        self.live
    }

    fn is_live_at(&self, now: Timestamp) -> bool {
        now < self.expires_at
    }

    /// As the service shows it.
    pub(crate) fn to_wire(&self) -> ClientSideAccessToken {
        ClientSideAccessToken::new(
            self.secret.clone(),
            &*self.hostname,
            expiry::to_wire(self.expires_at),
            self.policy.clone(),
        )
    }
}

impl fmt::Debug for IssuedToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IssuedToken")
            .field("secret", &self.secret)
            .field("project", &self.project)
            .field("hostname", &self.hostname_to_show())
            .field("policy", &self.policy)
            .field("created_at", &self.created_at)
            .field("expires_at", &self.expires_at)
            .field("live", &self.live)
            .finish()
    }
}

/// How many tokens an emulator holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TokenCount {
    /// Those that have not expired.
    pub live: usize,
    /// Those that have expired, and that nobody deleted before.
    pub expired: usize,
}

pub(crate) struct TokenStore {
    /// For the order of lists.
    seed: u64,
    rules: TokenRules,
    changes: Arc<Changes>,
    tokens: Mutex<Tokens>,
}

#[derive(Default)]
struct Tokens {
    /// By order of making.
    by_number: BTreeMap<u64, Record>,
    numbers: HashMap<String, u64>,
    /// The numbers in the order of lists, see [`TokenStore::place`].
    listed: BTreeSet<(u64, u64)>,
    made: u64,
    /// Deleted tokens, by their secrets. To tell a page that its token was deleted, one must know that it was its own.
    deleted: HashMap<String, Record>,
    /// All that a token was ever bound to.
    origins: HashSet<String>,
}

struct Record {
    token: IssuedToken,
    /// Whether a call has shown it while it was live, be the call refused or not.
    is_used: bool,
}

/// A token that a caller shows.
#[derive(Debug)]
pub(crate) enum Shown {
    Live(Box<IssuedToken>),
    Expired(Box<IssuedToken>),
    Deleted(Box<IssuedToken>),
}

impl Shown {
    pub(crate) fn token(&self) -> &IssuedToken {
        match self {
            Self::Live(token) | Self::Expired(token) | Self::Deleted(token) => token,
        }
    }
}

impl TokenStore {
    pub(crate) fn new(seed: u64, rules: TokenRules, changes: Arc<Changes>) -> Self {
        Self {
            seed,
            rules,
            changes,
            tokens: Mutex::default(),
        }
    }

    /// Where a token stands in lists. The place is random, so that a client that relies on an order fails its tests. It is
    /// always the same for a token, so that reading a list twice gives the same list.
    fn place(&self, number: u64) -> (u64, u64) {
        let mut random = fastrand::Rng::with_seed(self.seed ^ number.rotate_left(32));
        (random.u64(..), number)
    }

    pub(crate) fn add(
        &self,
        secret: Secret,
        project: Project,
        request: TokenRequest,
        now: Timestamp,
    ) -> ClientSideAccessToken {
        let token = IssuedToken {
            secret,
            project,
            origin: request.origin,
            hostname: request.hostname,
            policy: AccessPolicy::new(AccessPolicyVersion::V1, request.policy),
            created_at: now,
            expires_at: request
                .expires_at
                .unwrap_or_else(|| expiry::default_from(now)),
            live: true,
        };
        let answer = token.to_wire();
        let mut tokens = self.lock();
        let number = tokens.made;
        tokens.made += 1;
        tokens.origins.insert(token.origin.clone());
        tokens
            .numbers
            .insert(token.secret.expose_secret().to_owned(), number);
        tokens.listed.insert(self.place(number));
        let record = Record {
            token,
            is_used: false,
        };
        tokens.by_number.insert(number, record);
        drop(tokens);
        self.changes.kept();
        answer
    }

    /// A page of the tokens of a project, expired ones among them, and whether any come after it.
    pub(crate) fn page(
        &self,
        project: &Project,
        request: &PageRequest,
    ) -> (Vec<ClientSideAccessToken>, bool) {
        let tokens = self.lock();
        let mut rest = tokens
            .listed
            .iter()
            .filter_map(|(_, number)| tokens.by_number.get(number))
            .map(|record| &record.token)
            .filter(|token| token.project == *project)
            .filter(|token| match &request.agent_id {
                Some(agent) => names_agent(&token.policy, agent),
                None => true,
            })
            .skip(request.offset);
        let page = rest
            .by_ref()
            .take(request.limit)
            .map(IssuedToken::to_wire)
            .collect();
        (page, rest.next().is_some())
    }

    /// Deletes a token of a project, if there is such a token.
    pub(crate) fn delete(&self, project: &Project, secret: &str) {
        let mut tokens = self.lock();
        let found = tokens.numbers.get(secret).copied().filter(|number| {
            tokens
                .by_number
                .get(number)
                .is_some_and(|record| record.token.project == *project)
        });
        let Some(number) = found else {
            return;
        };
        tokens.numbers.remove(secret);
        tokens.listed.remove(&self.place(number));
        if let Some(record) = tokens.by_number.remove(&number) {
            tokens.deleted.insert(secret.to_owned(), record);
        }
        drop(tokens);
        self.changes.kept();
    }

    /// The token of this secret. `None` if no such token was ever made.
    pub(crate) fn find(&self, secret: &str, now: Timestamp) -> Option<Shown> {
        self.lock().find(secret, now, self.rules)
    }

    /// As [`find`](Self::find), for a call that is made with the token. From now on, a live one counts as used.
    pub(crate) fn find_and_use(&self, secret: &str, now: Timestamp) -> Option<Shown> {
        let mut tokens = self.lock();
        let shown = tokens.find(secret, now, self.rules)?;
        if matches!(shown, Shown::Live(_)) {
            let number = tokens.numbers.get(secret).copied();
            if let Some(record) = number.and_then(|number| tokens.by_number.get_mut(&number)) {
                let is_first = !std::mem::replace(&mut record.is_used, true);
                if is_first {
                    self.changes.kept();
                }
            }
        }
        Some(shown)
    }

    /// Whether a token was ever bound to this origin.
    pub(crate) fn knows_origin(&self, origin: &str) -> bool {
        self.lock().origins.contains(origin)
    }

    /// The secrets of all tokens that were ever made.
    pub(crate) fn secrets(&self) -> HashSet<String> {
        let tokens = self.lock();
        tokens
            .numbers
            .keys()
            .chain(tokens.deleted.keys())
            .cloned()
            .collect()
    }

    pub(crate) fn snapshot(&self, now: Timestamp) -> Vec<IssuedToken> {
        let mut snapshot: Vec<_> = self
            .lock()
            .by_number
            .values()
            .map(|record| record.token.clone())
            .collect();
        for token in &mut snapshot {
            token.live = token.is_live_at(now);
        }
        snapshot
    }

    pub(crate) fn count(&self, now: Timestamp) -> TokenCount {
        let tokens = self.lock();
        let live = tokens
            .by_number
            .values()
            .filter(|record| record.token.is_live_at(now))
            .count();
        TokenCount {
            live,
            expired: tokens.by_number.len() - live,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Tokens> {
        // Nothing here panics half way through a change.
        self.tokens.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Tokens {
    fn find(&self, secret: &str, now: Timestamp, rules: TokenRules) -> Option<Shown> {
        let (record, is_deleted) = match self.deleted.get(secret) {
            Some(record) => (record, true),
            None => (self.by_number.get(self.numbers.get(secret)?)?, false),
        };
        let token = Box::new(record.token.clone());
        let outlives = rules.used_tokens_outlive_deletion && record.is_used;
        Some(if is_deleted && !outlives {
            Shown::Deleted(token)
        } else if token.is_live_at(now) {
            Shown::Live(token)
        } else {
            Shown::Expired(token)
        })
    }
}

fn names_agent(policy: &AccessPolicy, agent: &str) -> bool {
    policy
        .data
        .iter()
        .any(|entry| matches!(entry, AccessPolicyEntry::Agent { id, .. } if id == agent))
}
