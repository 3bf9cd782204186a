//! The IDs of letta-api's types.

use letta_api::types::{Archive, Block, Folder, Identity, Passage, Tool};

use crate::world::table::Entity;

macro_rules! entities {
    ($($kind:ty),* $(,)?) => {$(
        impl Entity for $kind {
            fn id(&self) -> &str {
                self.id.as_str()
            }
        }
    )*};
}

entities!(Archive, Block, Folder, Identity, Passage, Tool);
