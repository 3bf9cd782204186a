//! The JSON Schema of a policy, for editors of configuration files.

use std::borrow::Cow;

use letta_api::types::AccessRight;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::{AccessPolicy, Preset, StrictPolicy};
use crate::ids::AgentId;

impl JsonSchema for AccessPolicy {
    fn schema_name() -> Cow<'static, str> {
        "AccessPolicy".into()
    }

    /// Narrower than deserialization: it has only the rights that this version knows, so that an editor marks a
    /// mistake.
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let agent = generator.subschema_for::<AgentId>();
        let rights: Vec<&str> = AccessRight::KNOWN.iter().map(AccessRight::as_str).collect();
        // Each keyword applies to one type only: `pattern` to text, the others to a list.
        json_schema!({
            "type": ["array", "string"],
            "description": "What a client-side access token may do: a list of entries, or text like `agent-1:chat`. If it names several agents, a token is needed for each.",
            "pattern": text_pattern(),
            "minItems": 1,
            "items": {
                "type": "object",
                "description": "Rights on one agent.",
                "properties": {
                    "type": {"const": "agent"},
                    "id": agent,
                    "access": {
                        "type": "array",
                        "description": "What the token may do to the agent.",
                        "minItems": 1,
                        "uniqueItems": true,
                        "items": {"enum": rights},
                    },
                },
                "required": ["type", "id", "access"],
                "additionalProperties": false,
            },
        })
    }
}

impl JsonSchema for StrictPolicy {
    fn schema_name() -> Cow<'static, str> {
        "StrictPolicy".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        AccessPolicy::json_schema(generator)
    }
}

/// A regular expression for the text form, without unknown parts.
fn text_pattern() -> String {
    let rights = AccessRight::KNOWN.iter().map(AccessRight::as_str);
    let presets = Preset::ALL.iter().map(|preset| preset.as_str());
    let right = rights.chain(presets).collect::<Vec<_>>().join("|");
    let right = format!(r"\s*({right})\s*");
    let grant = format!(r"\s*agent-[A-Za-z0-9._-]+\s*:{right}(,{right})*");
    format!("^{grant}(;{grant})*$")
}
