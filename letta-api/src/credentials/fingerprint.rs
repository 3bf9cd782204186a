//! What tells one token from another, and is safe to print.

use std::fmt;

use serde::{Serialize, Serializer};

use super::secret::Secret;

/// How many bytes of the hash are kept.
const LENGTH: usize = 6;

/// So that the hash of a token's secret that is made for another purpose has nothing in common with its fingerprint. It names
/// the crate that fingerprints began in, and stays: fingerprints that somebody keeps must not change.
const DOMAIN: &[u8] = b"letta-api-ext token fingerprint 1\0";

/// Tells tokens apart in logs and lists. Safe to print: it does not give the secret away.
///
/// Twelve hex digits, from a SHA-256 hash of the token's secret. The same token has the same fingerprint in every
/// process, on every machine, and in later versions of this crate. Of a million tokens, two have the same one with a
/// probability of 0.2 %, so do not use it as a key where that matters.
///
/// A token cannot be found from its fingerprint by trying: a random UUID is a part of it, which has 122 random bits (from the
/// service's published source of 2025). The rest is the organization's ID, which is no secret. This holds for tokens of the
/// service. It does not hold for a text that somebody made up.
///
/// The fingerprint is that of the text, byte by byte. A copy of the token that is percent-encoded (`%3D` for `=`), or has lost the
/// `=` at its end, is another text and has another fingerprint.
///
/// ```
/// use letta_api::{Fingerprint, Secret};
///
/// let token = "ck-let-b3JnLTEyOjdjOWU2Njc5LTc0MjUtNDBkZS05NDRiLWUwN2ZjMWY5MGFlNw==";
/// let fingerprint = Fingerprint::of(&Secret::new(token));
/// assert_eq!(fingerprint.to_string(), "09fe8d98a857");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint([u8; LENGTH]);

impl Fingerprint {
    /// The fingerprint of the token with this secret.
    ///
    /// Do not use it for other secrets, such as passwords: a text that somebody made up can be found from its
    /// fingerprint by trying.
    #[must_use]
    pub fn of(secret: &Secret) -> Self {
        let mut hash = hmac_sha256::Hash::new();
        hash.update(DOMAIN);
        hash.update(secret.expose_secret());
        let hash = hash.finalize();
        let mut kept = [0; LENGTH];
        kept.copy_from_slice(&hash[..LENGTH]);
        Self(kept)
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = [0; 2 * LENGTH];
        for (digits, byte) in text.chunks_exact_mut(2).zip(self.0) {
            digits[0] = hex_digit(byte >> 4);
            digits[1] = hex_digit(byte & 15);
        }
        f.pad(std::str::from_utf8(&text).unwrap_or_default())
    }
}

fn hex_digit(value: u8) -> u8 {
    b"0123456789abcdef"[usize::from(value)]
}

impl fmt::Debug for Fingerprint {
    /// `Fingerprint(3f9a0c51d2e7)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fingerprint({self})")
    }
}

impl Serialize for Fingerprint {
    /// As text, as it is printed.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whoever keeps fingerprints relies on it. Checked against another implementation of SHA-256:
    /// `printf 'letta-api-ext token fingerprint 1\0ck-let-0f3c' | sha256sum`.
    #[test]
    fn a_fingerprint_stays_what_it_is() {
        let fingerprint = Fingerprint::of(&Secret::new("ck-let-0f3c"));
        assert_eq!(fingerprint.to_string(), "1d1f0172ce40");
        assert_eq!(format!("{fingerprint:?}"), "Fingerprint(1d1f0172ce40)");
        assert_eq!(
            format!("{fingerprint:>14}|{fingerprint:.4}"),
            "  1d1f0172ce40|1d1f"
        );
        assert_eq!(
            serde_json::to_string(&fingerprint).unwrap(),
            "\"1d1f0172ce40\""
        );
    }

    /// As above, with a token as the service makes them.
    #[test]
    fn a_fingerprint_is_that_of_the_text() {
        let token = "ck-let-b3JnLTEyOjdjOWU2Njc5LTc0MjUtNDBkZS05NDRiLWUwN2ZjMWY5MGFlNw==";
        let fingerprint = Fingerprint::of(&Secret::new(token));
        assert_eq!(fingerprint.to_string(), "09fe8d98a857");
        for other in [token.replace('=', "%3D"), token.replace('=', "")] {
            assert_ne!(fingerprint, Fingerprint::of(&Secret::new(other)));
        }
    }
}
