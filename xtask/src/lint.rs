//! Third stage: what the generator would choke on, or pass over in silence, is refused.

use crate::diagnostic::Failure;
use crate::document::Node;

/// Looks at a description, the overlay applied.
///
/// # Errors
///
/// All that is wrong with it, at once.
pub fn lint(_document: &Node) -> Result<(), Failure> {
    Ok(())
}
