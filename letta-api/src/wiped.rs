//! Memory that held a secret.

use zeroize::Zeroize;

/// Memory that is wiped when it is dropped, all at once: what zeroize does for a `Vec` goes byte by byte.
#[derive(Default)]
pub(crate) struct Wiped(pub(crate) Vec<u8>);

impl AsRef<[u8]> for Wiped {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl Drop for Wiped {
    fn drop(&mut self) {
        self.0.as_mut_slice().zeroize();
        self.0.spare_capacity_mut().zeroize();
    }
}
