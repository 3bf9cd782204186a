//! Updates: only what was set is sent.

use crate::error::{Error, Result};

/// Refuses an update that sets nothing.
pub(crate) fn check<B: Default + PartialEq>(body: &B) -> Result<()> {
    match *body == B::default() {
        true => {
            let rule = "must set something";
            Err(Error::invalid_input("update", rule, None))
        }
        false => Ok(()),
    }
}
