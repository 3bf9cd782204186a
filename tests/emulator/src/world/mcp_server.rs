//! A server of the Model Context Protocol.

use letta_api::types::{McpServer, McpServerId, ToolId};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::world::table::Entity;

#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct McpServerRecord {
    pub(crate) id: McpServerId,
    pub(crate) server: McpServer,
    pub(crate) tool_ids: Vec<ToolId>,
}

impl Entity for McpServerRecord {
    fn id(&self) -> &str {
        self.id.as_str()
    }
}

/// A tool that a server offers.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct McpOffer {
    pub(crate) name: String,
    pub(crate) description: String,
    /// A JSON Schema.
    pub(crate) parameters: Value,
}
