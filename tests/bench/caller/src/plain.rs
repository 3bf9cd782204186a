//! What goes over the wire, in the plainest types that serde can derive: no member is passed over, none is kept that is
//! not known, and rights are numbers once they are read.

use serde::{Deserialize, Serialize};

use crate::{AGENTS, EXPIRES_AT, ORIGIN};

/// The secret of each token.
pub const SECRET: &str = "ck-let-5e0c4f6a9d2b4c7f8e1a3b5d7f90c2e4a6b8d0f2e4c6a8b0d2f4e6c8a0b2d4f6";

/// The body of a request to create a token.
#[derive(Debug, Serialize)]
pub struct Create {
    /// The origin.
    pub hostname: &'static str,
    /// The grants.
    pub policy: Vec<Entry>,
    /// When it expires.
    pub expires_at: &'static str,
}

/// A token.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Token {
    /// The secret.
    pub token: String,
    /// The origin.
    pub hostname: String,
    /// When it expires.
    pub expires_at: String,
    /// What it may do.
    pub policy: Policy,
}

/// What a token may do.
#[derive(Debug, Serialize, Deserialize)]
pub struct Policy {
    /// Of the format.
    pub version: String,
    /// The grants.
    pub data: Vec<Entry>,
}

/// A grant.
#[derive(Debug, Serialize, Deserialize)]
pub struct Entry {
    /// To what.
    #[serde(rename = "type")]
    pub kind: Kind,
    /// To which.
    pub id: String,
    /// What may be done.
    pub access: Vec<Right>,
}

/// What a grant is to.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// An agent.
    Agent,
}

/// What a grant allows.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "they are named in the service's documentation")]
pub enum Right {
    ReadMessages,
    WriteMessages,
    ReadAgent,
    WriteAgent,
}

/// A page of tokens.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Page {
    /// The tokens.
    pub tokens: Vec<Token>,
    /// Whether there are more.
    pub has_next_page: bool,
}

impl Create {
    /// For the token that all clients create.
    #[must_use]
    pub fn new() -> Self {
        Self {
            hostname: ORIGIN,
            policy: chat(),
            expires_at: EXPIRES_AT,
        }
    }
}

impl Default for Create {
    fn default() -> Self {
        Self::new()
    }
}

impl Token {
    /// The one that is created.
    #[must_use]
    pub fn new() -> Self {
        Self {
            token: SECRET.to_owned(),
            hostname: ORIGIN.to_owned(),
            expires_at: EXPIRES_AT.to_owned(),
            policy: Policy {
                version: "1".to_owned(),
                data: chat(),
            },
        }
    }
}

impl Default for Token {
    fn default() -> Self {
        Self::new()
    }
}

impl Page {
    /// One of so many tokens.
    #[must_use]
    pub fn new(length: u32) -> Self {
        Self {
            tokens: (0..length).map(|_| Token::new()).collect(),
            has_next_page: false,
        }
    }
}

fn chat() -> Vec<Entry> {
    let entry = |agent: &str| Entry {
        kind: Kind::Agent,
        id: agent.to_owned(),
        access: vec![Right::ReadMessages, Right::WriteMessages],
    };
    AGENTS.map(entry).into()
}
