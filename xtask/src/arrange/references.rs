//! References to parts of the description that have no name. What they lead to is put in their place (`openapi/copies.rs`).
//!
//! progenitor takes the last part of any reference for the name of a component. So
//!
//! ```yaml
//! agent_id: {$ref: '#/components/schemas/Message/properties/agent_id'}
//! ```
//!
//! would be a reference to a component `agent_id`. Here it becomes a copy of that property, `{type: string}`. If the copy would be a
//! type, it is still one type: `hoist` finds schemas that say the same.

use crate::openapi::Node;
use crate::openapi::copies::put_copies;
use crate::openapi::walk::Reach;

pub(super) fn arrange(document: &mut Node) {
    put_copies(document, Reach::V3_0, |_| true);
}
