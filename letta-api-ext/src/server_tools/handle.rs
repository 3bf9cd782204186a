//! A handle to a tool.

use letta_api::types::ToolId;

use super::{DeleteServerTool, GetServerTool, UpdateServerTool};
use crate::client::Letta;

/// One tool that the service runs. From [`Letta::server_tool`]. Making it sends nothing.
#[derive(Clone, Debug)]
pub struct ServerToolHandle {
    letta: Letta,
    id: ToolId,
}

impl Letta {
    /// A handle to the tool with this ID. It sends nothing, so the tool need not exist. For a tool by its name, see
    /// [`ListServerTools::name`](crate::server_tools::ListServerTools::name).
    ///
    /// Text that would name another resource, such as an empty one, is refused when a request is sent.
    ///
    /// ```
    /// use letta_api_ext::Letta;
    ///
    /// let tool = Letta::local()?.server_tool("tool-1");
    /// assert_eq!(tool.id().as_str(), "tool-1");
    /// # Ok::<(), letta_api_ext::Error>(())
    /// ```
    pub fn server_tool(&self, id: impl Into<ToolId>) -> ServerToolHandle {
        ServerToolHandle {
            letta: self.clone(),
            id: id.into(),
        }
    }
}

impl ServerToolHandle {
    /// The tool's ID.
    ///
    /// ```
    /// let tool = letta_api_ext::Letta::local()?.server_tool("tool-1");
    /// assert_eq!(tool.id().as_str(), "tool-1");
    /// # Ok::<(), letta_api_ext::Error>(())
    /// ```
    pub fn id(&self) -> &ToolId {
        &self.id
    }

    /// The tool with its code and its schema.
    ///
    /// ```no_run
    /// # async fn run(letta: letta_api_ext::Letta) -> Result<(), letta_api_ext::Error> {
    /// let tool = letta.server_tool("tool-1").get().await?;
    /// println!("{}", tool.source_code.unwrap_or_default());
    /// # Ok(())
    /// # }
    /// ```
    pub fn get(&self) -> GetServerTool {
        GetServerTool::new(self.letta.call(), self.id.clone())
    }

    /// Changes the tool. Only what is set is sent, and the rest stays as it is. All agents that have the tool see the change.
    ///
    /// ```no_run
    /// # async fn run(letta: letta_api_ext::Letta) -> Result<(), letta_api_ext::Error> {
    /// letta.server_tool("tool-1").update().tags(["games"]).send().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn update(&self) -> UpdateServerTool {
        UpdateServerTool::new(self.letta.call(), self.id.clone())
    }

    /// Deletes the tool, and takes it from all agents that have it. A tool that is not there is [no
    /// error](crate::Deletion).
    ///
    /// ```no_run
    /// # async fn run(letta: letta_api_ext::Letta) -> Result<(), letta_api_ext::Error> {
    /// letta.server_tool("tool-1").delete().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn delete(&self) -> DeleteServerTool {
        DeleteServerTool::new(self.letta.call(), self.id.clone())
    }
}
