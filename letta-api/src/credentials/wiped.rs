//! Memory that held a secret.

use zeroize::Zeroize;

/// Bytes whose memory is wiped when they are dropped. It is wiped all at once: zeroize wipes a `Vec` byte by byte.
///
/// Bytes can be added and not removed, so it is known what has to be wiped. Memory that was never written to is not wiped:
/// that would cost time, and the operating system would have to provide it.
#[derive(Default)]
pub(crate) struct Wiped {
    bytes: Vec<u8>,
    /// How many bytes of the vector's memory may hold something, from its start. At least its length.
    written: usize,
}

impl Wiped {
    /// No bytes yet, and room for `capacity`.
    pub(crate) fn with_capacity(capacity: usize) -> Self {
        Self {
            bytes: Vec::with_capacity(capacity),
            written: 0,
        }
    }

    pub(crate) fn capacity(&self) -> usize {
        self.bytes.capacity()
    }

    /// Adds bytes. If there is too little room, all bytes move to new memory, and the old memory is wiped. The new memory has
    /// `capacity` bytes, or more if more are needed. A vector that grows by itself would leave a copy behind.
    pub(crate) fn append(&mut self, bytes: &[u8], capacity: usize) {
        let needed = self.bytes.len() + bytes.len();
        if needed > self.bytes.capacity() {
            let mut larger = Self::with_capacity(capacity.max(needed));
            larger.bytes.extend_from_slice(&self.bytes);
            larger.written = larger.bytes.len();
            *self = larger;
        }
        self.bytes.extend_from_slice(bytes);
        self.written = self.written.max(needed);
    }
}

/// Takes over the vector's memory. All of it may hold something: the vector may have been longer.
impl From<Vec<u8>> for Wiped {
    fn from(bytes: Vec<u8>) -> Self {
        let written = bytes.capacity();
        Self { bytes, written }
    }
}

impl AsRef<[u8]> for Wiped {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Wiped {
    fn drop(&mut self) {
        let spare = self.written - self.bytes.len();
        self.bytes.as_mut_slice().zeroize();
        self.bytes.spare_capacity_mut()[..spare].zeroize();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_added_and_what_may_hold_something_is_known() {
        let mut wiped = Wiped::with_capacity(10);
        assert_eq!((wiped.capacity(), wiped.written), (10, 0));
        wiped.append(b"12345", 99);
        assert_eq!((wiped.capacity(), wiped.written), (10, 5));
        wiped.append(b"67890", 99);
        assert_eq!((wiped.capacity(), wiped.written), (10, 10));
        wiped.append(b"x", 99);
        assert_eq!((wiped.capacity(), wiped.written), (99, 11));
        assert_eq!(wiped.as_ref(), b"1234567890x");
        // Too little room was asked for.
        let mut wiped = Wiped::default();
        wiped.append(b"12345", 0);
        assert_eq!(wiped.as_ref(), b"12345");
    }

    #[test]
    fn what_a_vector_held_before_counts_as_written() {
        let mut vector = b"secret, and more".to_vec();
        let capacity = vector.capacity();
        vector.truncate(3);
        let mut wiped = Wiped::from(vector);
        assert_eq!(wiped.written, capacity);
        wiped.append(b"rets", 0);
        assert_eq!((wiped.as_ref(), wiped.written), (&b"secrets"[..], capacity));
    }
}
