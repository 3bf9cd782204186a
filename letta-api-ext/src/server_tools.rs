//! Tools that the service keeps and runs: code in Python or TypeScript that agents call.
//!
//! They are not the tools of turns, which are Rust functions that your own program runs.
//!
//! To attach a tool to an agent, to run it there or to ask for approval before it runs, see the agent's handle (feature
//! `agents`): `attach_tool`, `run_tool`, `require_approval`.
//!
//! ```no_run
//! # async fn run(letta: letta_api_ext::Letta) -> Result<(), letta_api_ext::Error> {
//! let source = r#"
//! def roll(sides: int) -> int:
//!     """Roll a die.
//!
//!     Args:
//!         sides: How many sides the die has.
//!     """
//!     import random
//!     return random.randint(1, sides)
//! "#;
//! let tool = letta.server_tools().upsert(source).tags(["games"]).send().await?;
//! println!("{}", tool.id);
//! # Ok(())
//! # }
//! ```

mod create;
mod delete;
mod get;
mod handle;
mod list;
mod search;
mod update;
mod upsert;

pub use create::CreateServerTool;
pub use delete::DeleteServerTool;
pub use get::GetServerTool;
pub use handle::ServerToolHandle;
pub use list::ListServerTools;
pub use search::SearchServerTools;
pub use update::UpdateServerTool;
pub use upsert::UpsertServerTool;

use crate::client::Letta;

impl Letta {
    /// Tools that the service runs: create, list and search them. For one tool, see [`server_tool`](Self::server_tool).
    ///
    /// ```
    /// let tools = letta_api_ext::Letta::local()?.server_tools();
    /// let request = tools.list().name("roll");
    /// # Ok::<(), letta_api_ext::Error>(())
    /// ```
    pub fn server_tools(&self) -> ServerTools {
        ServerTools {
            letta: self.clone(),
        }
    }
}

/// All tools that the service runs. From [`Letta::server_tools`]. Each method returns a request, which is sent by `send()` or
/// by awaiting it.
#[derive(Clone, Debug)]
pub struct ServerTools {
    letta: Letta,
}

impl ServerTools {
    /// Creates a tool from its code. Its name and its schema are read from the last function: from its signature with type
    /// annotations, and from its docstring, which must describe each argument. Or set
    /// [`json_schema`](CreateServerTool::json_schema).
    ///
    /// A server 0.16.8 changes the tool of the same name if there is one. [`upsert`](Self::upsert) says so, and is repeated
    /// if its answer is lost.
    ///
    /// ```no_run
    /// # async fn run(letta: letta_api_ext::Letta) -> Result<(), letta_api_ext::Error> {
    /// let source = "def hello() -> str:\n    \"\"\"Say hello.\"\"\"\n    return 'hello'\n";
    /// let tool = letta.server_tools().create(source).default_requires_approval(true).send().await?;
    /// println!("{}", tool.id);
    /// # Ok(())
    /// # }
    /// ```
    pub fn create(&self, source_code: impl Into<String>) -> CreateServerTool {
        CreateServerTool::new(self.letta.call(), source_code)
    }

    /// Creates a tool, or changes the one of the same name, which keeps its ID. Use it to bring tools up to date when a
    /// program starts.
    ///
    /// ```no_run
    /// # async fn run(letta: letta_api_ext::Letta) -> Result<(), letta_api_ext::Error> {
    /// let source = "def hello() -> str:\n    \"\"\"Say hello.\"\"\"\n    return 'hello'\n";
    /// let tool = letta.server_tools().upsert(source).await?;
    /// println!("{}", tool.id);
    /// # Ok(())
    /// # }
    /// ```
    pub fn upsert(&self, source_code: impl Into<String>) -> UpsertServerTool {
        UpsertServerTool::new(self.letta.call(), source_code)
    }

    /// Lists tools: a page, all pages, or tool by tool. The tools that the server comes with are among them.
    ///
    /// ```no_run
    /// # async fn run(letta: letta_api_ext::Letta) -> Result<(), letta_api_ext::Error> {
    /// let mut tools = letta.server_tools().list().tool_types(["custom"]).items();
    /// while let Some(tool) = tools.next().await {
    ///     println!("{}", tool?.id);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn list(&self) -> ListServerTools {
        ListServerTools::new(self.letta.call())
    }

    /// Finds tools by meaning, by words, or by both. A server that does not embed its tools refuses this (400).
    ///
    /// ```no_run
    /// # async fn run(letta: letta_api_ext::Letta) -> Result<(), letta_api_ext::Error> {
    /// for found in letta.server_tools().search("roll a die").limit(3).await? {
    ///     println!("{:.2} {}", found.combined_score, found.tool.id);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn search(&self, query: impl Into<String>) -> SearchServerTools {
        SearchServerTools::new(self.letta.call(), query)
    }
}
