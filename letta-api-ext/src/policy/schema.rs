//! The JSON Schema of a policy, for editors of configuration files.

use std::borrow::Cow;

use letta_api::types::AccessRight;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::AccessPolicy;
use crate::agent_id::AgentId;

impl JsonSchema for AccessPolicy {
    fn schema_name() -> Cow<'static, str> {
        "AccessPolicy".into()
    }

    /// Narrower than what is read: it names the rights that this version knows, so that an editor
    /// marks a slip.
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let agent = generator.subschema_for::<AgentId>();
        let rights: Vec<&str> = AccessRight::KNOWN.iter().map(AccessRight::as_str).collect();
        json_schema!({
            "type": "array",
            "description": "What a client-side access token may do.",
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
