//! The form of the service's tokens: `ck-let-`, and base64 of `<organization id>:<UUID>` (published source of 2025).
//! Nothing relies on it: a token of another form is a token too.

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use zeroize::Zeroizing;

/// The prefix of the service's tokens.
pub(crate) const TOKEN_PREFIX: &str = "ck-let-";

/// The prefix of its API keys.
pub(crate) const KEY_PREFIX: &str = "sk-let-";

/// The longest text that is decoded whole. A token of the service has about 110 characters.
const LONGEST: usize = 4 * 1024;

/// Base64 without padding. A text that was cut may have bits left over.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_encode_padding(false)
        .with_decode_padding_mode(base64::engine::DecodePaddingMode::RequireNone)
        .with_decode_allow_trailing_bits(true),
);

/// A secret without [`TOKEN_PREFIX`] or [`KEY_PREFIX`].
pub(crate) fn without_prefix(secret: &str) -> &str {
    let begins = |prefix: &&str| {
        let start = secret.get(..prefix.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(prefix))
    };
    let prefix = [TOKEN_PREFIX, KEY_PREFIX].into_iter().find(begins);
    &secret[prefix.map_or(0, str::len)..]
}

/// The decoded text of base64, in either alphabet, with or without padding, whole or cut. Of a very long text, only
/// the end. `None` if it is not base64, or decodes to anything but printable ASCII.
pub(crate) fn decode(base64: &str) -> Option<Zeroizing<String>> {
    let base64 = base64.trim_end_matches('=').as_bytes();
    // Four characters decode to three bytes.
    let start = base64.len().saturating_sub(LONGEST).next_multiple_of(4);
    let base64 = base64.get(start..)?;
    // One character left over is less than a byte.
    let length = base64.len() - usize::from(base64.len() % 4 == 1);
    let mut standard = Zeroizing::new(Vec::with_capacity(length));
    standard.extend(base64[..length].iter().map(|byte| match byte {
        b'-' => b'+',
        b'_' => b'/',
        other => *other,
    }));
    let mut bytes = Zeroizing::new(vec![0; length.div_ceil(4) * 3]);
    let count = BASE64.decode_slice(&*standard, &mut bytes).ok()?;
    let text = std::str::from_utf8(&bytes[..count]).ok()?;
    let is_printable = |byte: u8| byte == b' ' || byte.is_ascii_graphic();
    let is_text = !text.is_empty() && text.bytes().all(is_printable);
    is_text.then(|| Zeroizing::new(text.to_owned()))
}

/// The organization and the UUID of a decoded token. Only the UUID is secret.
pub(crate) fn parts(decoded: &str) -> Option<(&str, &str)> {
    let (organization, uuid) = decoded.rsplit_once(':')?;
    (!organization.is_empty() && is_uuid(uuid)).then_some((organization, uuid))
}

fn is_uuid(text: &str) -> bool {
    let is_dash = |index: usize| matches!(index, 8 | 13 | 18 | 23);
    let mut bytes = text.bytes().enumerate();
    match text.len() {
        32 => bytes.all(|(_, byte)| byte.is_ascii_hexdigit()),
        36 => bytes.all(|(index, byte)| match is_dash(index) {
            true => byte == b'-',
            false => byte.is_ascii_hexdigit(),
        }),
        _ => false,
    }
}

/// The token of an organization's ID and a UUID.
pub(crate) fn encode(decoded: &str) -> Zeroizing<String> {
    // Reserves room for everything: a text that grows leaves copies behind.
    let room = TOKEN_PREFIX.len() + decoded.len().div_ceil(3) * 4;
    let mut token = Zeroizing::new(String::with_capacity(room));
    token.push_str(TOKEN_PREFIX);
    BASE64.encode_string(decoded, &mut token);
    while !(token.len() - TOKEN_PREFIX.len()).is_multiple_of(4) {
        token.push('=');
    }
    token
}

#[cfg(test)]
mod tests {
    use super::*;

    const DECODED: &str = "org-1:3f88d4ce-8d5f-4a11-9c1e-0b6a2f7d9e55";

    #[test]
    fn a_token_is_read_in_either_alphabet_with_and_without_padding() {
        // From `printf %s … | base64`.
        for (base64, text) in [
            ("b3JnLTE6M2Y4OGQ0Y2U=", Some("org-1:3f88d4ce")),
            ("b3JnLTE6M2Y4OGQ0Y2U", Some("org-1:3f88d4ce")),
            ("b3JnLTE6M2Y4OGQ0Y", Some("org-1:3f88d4")),
            ("YT8/Pz9+fg==", Some("a????~~")),
            ("YT8_Pz9-fg", Some("a????~~")),
            ("", None),
            ("=", None),
            ("b", None),
            ("/////w==", None),
            ("b3Jn LTE6", None),
            ("b3Jn%3D", None),
            ("AAAA", None),
        ] {
            assert_eq!(decode(base64).as_deref().map(|it| &**it), text, "{base64}");
        }
    }

    #[test]
    fn a_token_is_made_as_the_service_makes_it() {
        let mut lengths = [0; 3];
        for organization in ["org-1", "org-12", "org-123", "~?~?>>"] {
            let decoded = DECODED.replace("org-1", organization);
            let token = encode(&decoded);
            assert_eq!(**decode(without_prefix(&token)).unwrap(), *decoded);
            assert_eq!(parts(&decoded).unwrap().0, organization);
            lengths[token.matches('=').count()] += 1;
        }
        assert!(lengths.iter().all(|count| *count > 0), "{lengths:?}");
        assert_eq!(
            encode("org-1:3f88d4ce").as_str(),
            "ck-let-b3JnLTE6M2Y4OGQ0Y2U="
        );
    }

    #[test]
    fn only_an_organization_and_a_uuid_are_the_parts_of_a_token() {
        assert!(parts(DECODED).is_some());
        assert!(parts(&DECODED.to_uppercase().replace('-', "")).is_some());
        for text in [
            "",
            ":",
            &DECODED[6..],
            &DECODED[5..],
            &DECODED[..40],
            "ct-1:2",
        ] {
            assert_eq!(parts(text), None, "{text}");
        }
    }

    #[test]
    fn of_what_is_very_long_the_end_is_read() {
        for length in 0..9 {
            let long = format!("{}:{}", "o".repeat(3 * LONGEST + length), &DECODED[6..]);
            let decoded = decode(without_prefix(&encode(&long))).unwrap();
            assert!(decoded.len() < LONGEST && long.ends_with(&**decoded));
            assert_eq!(parts(&decoded).unwrap().1, &DECODED[6..]);
        }
    }
}
