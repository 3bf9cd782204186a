//! The text form of a policy. Its grammar is in the documentation of the module above.

use std::fmt;
use std::str::FromStr;

use letta_api::types::{AccessPolicyEntry, AccessRight};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use super::{AccessPolicy, Draft};
use crate::agent_id::AgentId;
use crate::error::{Error, Result};

/// What is encoded in an unknown part: all but what IDs and rights usually consist of.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.');

impl fmt::Display for AccessPolicy {
    /// The text form, see the [module](crate::policy#the-text-form). Parses back to the same policy, unless
    /// it is [empty](AccessPolicy::is_empty).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut grants = 0..;
        let mut separate = |f: &mut fmt::Formatter<'_>| match grants.next() {
            Some(0) => Ok(()),
            _ => f.write_str(";"),
        };
        for (agent, rights) in self.grants() {
            separate(f)?;
            write!(f, "{}:", agent.as_str())?;
            for (number, right) in rights.enumerate() {
                if number > 0 {
                    f.write_str(",")?;
                }
                if right.is_known() {
                    f.write_str(right.as_str())?;
                } else {
                    write!(f, "?{}", utf8_percent_encode(right.as_str(), ENCODED))?;
                }
            }
        }
        for json in &self.parts.unknown {
            separate(f)?;
            write!(f, "?{}", utf8_percent_encode(json, ENCODED))?;
        }
        Ok(())
    }
}

impl FromStr for AccessPolicy {
    type Err = Error;

    /// Reads the text form, see the [module](crate::policy#the-text-form).
    ///
    /// # Errors
    ///
    /// A text without a grant, an agent without a right, an ID that is none, and a right that this
    /// version does not know. What is marked with `?` is taken as it is.
    fn from_str(text: &str) -> Result<Self> {
        let mut draft = Draft::default();
        if text.trim().is_empty() {
            return draft.into_policy();
        }
        for grant in text.split(';').map(str::trim) {
            if let Some(unknown) = grant.strip_prefix('?') {
                let json = decode(unknown)?;
                let entry = serde_json::from_str::<AccessPolicyEntry>(&json).map_err(|_| {
                    let rule = "must hold a JSON object, percent-encoded, after `?`";
                    Error::invalid_input("policy", rule, Some(grant))
                })?;
                draft.absorb(&entry)?;
                continue;
            }
            let Some((agent, rights)) = grant.split_once(':') else {
                let rule = "must be grants like `agent-1:read_messages,write_messages`, \
                            with `;` between them";
                return Err(Error::invalid_input("policy", rule, Some(grant)));
            };
            let agent = AgentId::new(agent.trim())?;
            let rights = rights
                .split(',')
                .map(|right| parse_right(right.trim()))
                .collect::<Result<_>>()?;
            draft.grant(agent, rights)?;
        }
        draft.into_policy()
    }
}

fn parse_right(text: &str) -> Result<AccessRight> {
    match text.strip_prefix('?') {
        Some(unknown) => Ok(AccessRight::Unknown(decode(unknown)?)),
        None => match AccessRight::from(text) {
            AccessRight::Unknown(text) => Err(Error::unknown_right(&text)),
            known => Ok(known),
        },
    }
}

fn decode(text: &str) -> Result<String> {
    match percent_decode_str(text).decode_utf8() {
        Ok(decoded) => Ok(decoded.into_owned()),
        Err(_) => {
            let rule = "must be UTF-8, percent-encoded, after `?`";
            Err(Error::invalid_input("policy", rule, Some(text)))
        }
    }
}
