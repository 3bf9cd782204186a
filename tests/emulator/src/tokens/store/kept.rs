//! Tokens as they are kept between runs. They hold the secrets: a token still works after a restart.

use jiff::Timestamp;
use letta_api::Secret;
use letta_api::types::AccessPolicy;
use serde::{Deserialize, Serialize};

use crate::project::Project;
use crate::tokens::secret::TokenForm;
use crate::tokens::store::{IssuedToken, Record, TokenStore, Tokens};

/// All tokens that were ever made.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct KeptTokens {
    /// How many were made. The place of a token in lists comes of its number, so numbers are not given twice.
    made: u64,
    tokens: Vec<KeptToken>,
}

#[derive(Clone, Serialize, Deserialize)]
struct KeptToken {
    /// `None` if it was deleted: it stands in no list then.
    number: Option<u64>,
    secret: Secret,
    project: KeptProject,
    hostname: String,
    origin: String,
    policy: AccessPolicy,
    created_at: Timestamp,
    expires_at: Timestamp,
    is_used: bool,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum KeptProject {
    Default,
    Slug(String),
    Id(String),
}

impl KeptToken {
    fn of(number: Option<u64>, record: &Record) -> Self {
        let token = record.token.clone();
        Self {
            number,
            secret: token.secret,
            project: match token.project {
                Project::Default => KeptProject::Default,
                Project::Slug(slug) => KeptProject::Slug(slug),
                Project::Id(id) => KeptProject::Id(id),
            },
            hostname: token.hostname,
            origin: token.origin,
            policy: token.policy,
            created_at: token.created_at,
            expires_at: token.expires_at,
            is_used: record.is_used,
        }
    }

    fn into_record(self) -> Record {
        Record {
            token: IssuedToken {
                secret: self.secret,
                project: match self.project {
                    KeptProject::Default => Project::Default,
                    KeptProject::Slug(slug) => Project::Slug(slug),
                    KeptProject::Id(id) => Project::Id(id),
                },
                hostname: self.hostname,
                policy: self.policy,
                origin: self.origin,
                created_at: self.created_at,
                expires_at: self.expires_at,
                live: true,
            },
            is_used: self.is_used,
        }
    }
}

impl TokenStore {
    pub(crate) fn keep(&self) -> KeptTokens {
        let tokens = self.lock();
        let present = tokens.by_number.iter();
        let present = present.map(|(number, record)| KeptToken::of(Some(*number), record));
        let deleted = tokens.deleted.values();
        let deleted = deleted.map(|record| KeptToken::of(None, record));
        KeptTokens {
            made: tokens.made,
            tokens: present.chain(deleted).collect(),
        }
    }

    /// Takes tokens that were kept, in place of all that are there. Says what is wrong with them, without a secret.
    pub(crate) fn restore(&self, kept: KeptTokens, form: &TokenForm) -> Result<(), String> {
        let mut tokens = Tokens {
            made: kept.made,
            ..Tokens::default()
        };
        for (place, token) in kept.tokens.into_iter().enumerate() {
            let secret = token.secret.expose_secret().to_owned();
            if !form.made(&secret) {
                return Err(format!(
                    "the token {place} was not made by an emulator of this organization: start it with the organization that \
                     the file was written with"
                ));
            }
            if tokens.numbers.contains_key(&secret) || tokens.deleted.contains_key(&secret) {
                return Err(format!("the token {place} is there twice"));
            }
            let number = token.number;
            let record = token.into_record();
            tokens.origins.insert(record.token.origin.clone());
            let Some(number) = number else {
                tokens.deleted.insert(secret, record);
                continue;
            };
            if number >= kept.made || tokens.by_number.contains_key(&number) {
                return Err(format!(
                    "the token {place} has a number that cannot be its own"
                ));
            }
            tokens.numbers.insert(secret, number);
            tokens.listed.insert(self.place(number));
            tokens.by_number.insert(number, record);
        }
        if kept.made > 1 << 53 {
            return Err("more tokens were made than can be".to_owned());
        }
        *self.lock() = tokens;
        Ok(())
    }
}
