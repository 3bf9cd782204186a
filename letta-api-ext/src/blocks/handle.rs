//! A handle to a block.

use letta_api::types::BlockId;

use super::{DeleteBlock, GetBlock, ListBlockAgents, UpdateBlock};
use crate::client::Letta;

/// One block. From [`Letta::block`]. Making it sends nothing.
#[derive(Clone, Debug)]
pub struct BlockHandle {
    letta: Letta,
    id: BlockId,
}

impl Letta {
    /// A handle to the block with this ID. It sends nothing, so the block need not exist.
    ///
    /// Text that would name another resource, such as an empty one, is refused when a request is sent.
    ///
    /// ```
    /// use letta_api_ext::Letta;
    ///
    /// let block = Letta::local()?.block("block-1");
    /// assert_eq!(block.id().as_str(), "block-1");
    /// # Ok::<(), letta_api_ext::Error>(())
    /// ```
    pub fn block(&self, id: impl Into<BlockId>) -> BlockHandle {
        BlockHandle {
            letta: self.clone(),
            id: id.into(),
        }
    }
}

impl BlockHandle {
    /// The block's ID.
    pub fn id(&self) -> &BlockId {
        &self.id
    }

    /// The block with its text.
    ///
    /// ```no_run
    /// # async fn run(letta: letta_api_ext::Letta) -> Result<(), letta_api_ext::Error> {
    /// println!("{}", letta.block("block-1").get().await?.value);
    /// # Ok(())
    /// # }
    /// ```
    pub fn get(&self) -> GetBlock {
        GetBlock::new(self.letta.call(), self.id.clone())
    }

    /// Changes the block. Only what is set is sent, and the rest stays as it is. All agents that share the block see the
    /// change.
    ///
    /// ```no_run
    /// # async fn run(letta: letta_api_ext::Letta) -> Result<(), letta_api_ext::Error> {
    /// letta.block("block-1").update().value("Name: Sam. Likes tea.").send().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn update(&self) -> UpdateBlock {
        UpdateBlock::new(self.letta.call(), self.id.clone())
    }

    /// Deletes the block, and takes it out of all agents that have it. A block that is not there is
    /// [no error](crate::Deletion).
    ///
    /// ```no_run
    /// # async fn run(letta: letta_api_ext::Letta) -> Result<(), letta_api_ext::Error> {
    /// letta.block("block-1").delete().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn delete(&self) -> DeleteBlock {
        DeleteBlock::new(self.letta.call(), self.id.clone())
    }

    /// Lists the agents that have the block.
    ///
    /// ```no_run
    /// # async fn run(letta: letta_api_ext::Letta) -> Result<(), letta_api_ext::Error> {
    /// for agent in letta.block("block-1").agents().await? {
    ///     println!("{}", agent.name);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn agents(&self) -> ListBlockAgents {
        ListBlockAgents::new(self.letta.call(), self.id.clone())
    }
}
