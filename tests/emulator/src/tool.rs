//! Tools as tests make them.

use std::fmt;
use std::io;

use serde_json::Value;

use crate::resources::tools;
use crate::world::World;
use crate::world::mcp_server::McpOffer;

/// A tool to be made. The emulator runs no code: a tool gives what it is told to. `Debug` shows no texts but the name.
///
/// ```
/// use letta_api_emulator::{Emulator, NewAgent, NewTool};
/// use serde_json::json;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// let roll = NewTool::new("roll_dice")
///     .description("Rolls a die.")
///     .parameters(json!({"type": "object", "properties": {"sides": {"type": "integer"}}, "required": ["sides"]}))
///     .returns(4);
/// let emulator = Emulator::builder().agent(NewAgent::new("agent-1").tool(roll)).start().await?;
/// let agent = emulator.agent("agent-1").snapshot().unwrap();
/// assert_eq!(agent.state().tools[0].name.as_deref(), Some("roll_dice"));
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
#[must_use = "a tool is there once it is given to an emulator"]
pub struct NewTool {
    name: String,
    description: Option<String>,
    parameters: Option<Value>,
    returns: Option<Value>,
    requires_approval: bool,
}

impl NewTool {
    /// With this name: 1 to 64 letters, digits, `_` and `-`. It takes no parameters unless told otherwise.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            description: None,
            parameters: None,
            returns: None,
            requires_approval: false,
        }
    }

    /// What it is for, as models are told. Nothing unless set.
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.description = Some(description.into());
        self
    }

    /// The JSON Schema of its arguments: an object with `type`, `properties` and `required`.
    pub fn parameters(mut self, schema: impl Into<Value>) -> Self {
        self.parameters = Some(schema.into());
        self
    }

    /// What it gives if the service is asked to run it. Unless set, a text that repeats the call.
    pub fn returns(mut self, value: impl Into<Value>) -> Self {
        self.returns = Some(value.into());
        self
    }

    /// Has calls of it wait for an approval, whichever agent makes them.
    ///
    /// ```
    /// use letta_api_emulator::{Emulator, NewTool};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let delete = NewTool::new("delete_file").requires_approval();
    /// let emulator = Emulator::builder().tool(delete).start().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn requires_approval(mut self) -> Self {
        self.requires_approval = true;
        self
    }

    /// Puts it into the state, and gives its ID. The name alone means the tool of that name, if there is one.
    pub(crate) fn add_unless_there(self, world: &mut World) -> io::Result<String> {
        let is_name_alone =
            self.description.is_none() && self.parameters.is_none() && !self.requires_approval;
        if let Some(present) = tools::named(world, &self.name).filter(|_| is_name_alone) {
            let id = present.id.to_string();
            if let Some(returns) = self.returns {
                world.tool_returns.insert(self.name, returns);
            }
            return Ok(id);
        }
        let description = self.description.unwrap_or_default();
        let id = tools::add(
            world,
            &self.name,
            &description,
            self.parameters,
            self.returns,
        )?;
        if let Some(tool) = world.tools.get_mut(&id) {
            tool.default_requires_approval = self.requires_approval.then_some(true);
        }
        Ok(id)
    }

    /// Has a server of the Model Context Protocol offer it.
    pub(crate) fn offer(self, world: &mut World, server: &str) -> io::Result<()> {
        tools::check_name(&self.name)?;
        if let Some(returns) = self.returns {
            world.tool_returns.insert(self.name.clone(), returns);
        }
        let offers = world.mcp_offers.entry(server.to_owned()).or_default();
        offers.retain(|offer| offer.name != self.name);
        offers.push(McpOffer {
            name: self.name,
            description: self.description.unwrap_or_default(),
            parameters: self.parameters.unwrap_or_else(tools::no_parameters),
        });
        Ok(())
    }
}

impl From<&str> for NewTool {
    fn from(name: &str) -> Self {
        Self::new(name)
    }
}

impl From<String> for NewTool {
    fn from(name: String) -> Self {
        Self::new(name)
    }
}

impl fmt::Debug for NewTool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewTool")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}
