//! The secret of a new token.

use std::fmt::Write as _;

use letta_api::Secret;

use crate::refusal::Refusal;

pub(crate) const PREFIX: &str = "ck-let-";
const RANDOM_BYTES: usize = 32;

/// How long every token is, in bytes.
pub(crate) const LENGTH: usize = PREFIX.len() + 2 * RANDOM_BYTES;

/// `ck-let-` and 256 bits of the operating system's own randomness, in lower-case hex.
pub(crate) fn generate() -> Result<Secret, Refusal> {
    let mut bytes = [0; RANDOM_BYTES];
    getrandom::fill(&mut bytes).map_err(|_| Refusal::no_randomness())?;
    let mut text = String::with_capacity(LENGTH);
    text.push_str(PREFIX);
    for byte in bytes {
        // Writing to a String does not fail.
        let _ = write!(text, "{byte:02x}");
    }
    Ok(Secret::new(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_the_prefix_and_64_hex_digits_and_never_the_same() {
        let secrets: std::collections::HashSet<String> = (0..1000)
            .map(|_| generate().unwrap().expose_secret().to_owned())
            .collect();
        assert_eq!(secrets.len(), 1000);
        for secret in secrets {
            let digits = secret.strip_prefix("ck-let-").unwrap();
            assert_eq!((digits.len(), secret.len()), (64, LENGTH));
            assert!(
                digits
                    .bytes()
                    .all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
            );
        }
    }
}
