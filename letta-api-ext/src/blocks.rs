//! Blocks: pieces of memory that stand in the prompts of agents.
//!
//! A block has a label and a text. An agent reads its blocks with every prompt, and may change them. Agents that share a
//! block see each other's changes.
//!
//! ```no_run
//! # async fn run(letta: letta_api_ext::Letta) -> Result<(), letta_api_ext::Error> {
//! let block = letta.blocks().create("human", "Name: Sam").limit(5_000).send().await?;
//! letta.block(&block.id).update().value("Name: Sam. Likes tea.").send().await?;
//! # Ok(())
//! # }
//! ```

mod agents;
mod create;
mod delete;
mod get;
mod handle;
mod list;
mod update;

pub use agents::ListBlockAgents;
pub use create::CreateBlock;
pub use delete::DeleteBlock;
pub use get::GetBlock;
pub use handle::BlockHandle;
pub use list::ListBlocks;
pub use update::UpdateBlock;

use crate::client::Letta;

impl Letta {
    /// Blocks of memory: create and list them. For one block, see [`block`](Self::block).
    ///
    /// ```
    /// let blocks = letta_api_ext::Letta::local()?.blocks();
    /// let request = blocks.create("human", "Name: Sam");
    /// # Ok::<(), letta_api_ext::Error>(())
    /// ```
    pub fn blocks(&self) -> Blocks {
        Blocks {
            letta: self.clone(),
        }
    }
}

/// All blocks. From [`Letta::blocks`]. Each method returns a request, which is sent by `send()` or by awaiting it.
#[derive(Clone, Debug)]
pub struct Blocks {
    letta: Letta,
}

impl Blocks {
    /// Creates a block that no agent has yet. `label` is what agents know it by, such as `human`, and `value` the text.
    ///
    /// ```no_run
    /// # async fn run(letta: letta_api_ext::Letta) -> Result<(), letta_api_ext::Error> {
    /// let block = letta
    ///     .blocks()
    ///     .create("house_rules", "Answer in one sentence.")
    ///     .description("How to answer.")
    ///     .read_only(true)
    ///     .send()
    ///     .await?;
    /// println!("{}", block.id);
    /// # Ok(())
    /// # }
    /// ```
    pub fn create(&self, label: impl Into<String>, value: impl Into<String>) -> CreateBlock {
        CreateBlock::new(self.letta.call(), label, value)
    }

    /// Lists blocks: a page, all pages, or block by block.
    ///
    /// ```no_run
    /// # async fn run(letta: letta_api_ext::Letta) -> Result<(), letta_api_ext::Error> {
    /// let mut blocks = letta.blocks().list().label("human").items();
    /// while let Some(block) = blocks.next().await {
    ///     println!("{}", block?.value);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn list(&self) -> ListBlocks {
        ListBlocks::new(self.letta.call())
    }
}
