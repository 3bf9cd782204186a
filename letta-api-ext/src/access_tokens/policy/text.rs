//! The text form of a policy. The docs of the module above have the grammar.

use std::fmt;
use std::str::FromStr;

use letta_api::types::{AccessPolicyEntry, AccessRight};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use super::preset::Preset;
use super::rights::Rights;
use super::{AccessPolicy, Draft, mistakes};
use crate::error::{Error, Result};
use crate::ids::AgentId;

/// The characters that are encoded in an unknown part: all but those of usual IDs and rights.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.');

const GRANTS: &str =
    "must be grants like `agent-1:read_messages,write_messages`, with `;` between them";

impl fmt::Display for AccessPolicy {
    /// Writes the [text form](crate::policy#the-text-form), with rights instead of presets. It parses back to the
    /// same policy, unless it is [empty](AccessPolicy::is_empty).
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
    /// A text without a grant, an agent without a right, an invalid ID, or a right that this version does not know
    /// and that is not a [`Preset`]. Parts marked with `?` are accepted.
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
                return Err(Error::invalid_input("policy", GRANTS, Some(grant)));
            };
            let agent = AgentId::new(agent.trim())?;
            draft.grant(agent, parse_rights(rights)?)?;
        }
        draft.into_policy()
    }
}

/// Reads the text form in a file. A text that does not look like a policy is not shown in the error, because a key
/// may be in the wrong place there.
pub(super) fn in_a_file(text: &str) -> Result<AccessPolicy> {
    let is_grants = |text: &str| text.contains(':') || text.trim_start().starts_with('?');
    if !text.trim().is_empty() && !is_grants(text) {
        return Err(Error::invalid_input("policy", GRANTS, None));
    }
    text.parse()
}

fn parse_rights(text: &str) -> Result<Rights> {
    let mut rights = Rights::default();
    for text in text.split(',').map(str::trim) {
        match text.strip_prefix('?') {
            Some(unknown) => rights.insert(AccessRight::Unknown(decode(unknown)?)),
            None => match (Preset::named(text), AccessRight::from(text)) {
                (Some(preset), _) => rights.extend(preset),
                (None, AccessRight::Unknown(text)) => {
                    return Err(mistakes::unknown_right_in_text(&text));
                }
                (None, known) => rights.insert(known),
            },
        }
    }
    Ok(rights)
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
