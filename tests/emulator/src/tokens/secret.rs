//! The secrets of tokens.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use letta_api::Secret;
use uuid::Builder;

use crate::http::refusal::Refusal;

pub(crate) const PREFIX: &str = "ck-let-";

/// How long a UUID is as text.
const UUID_LENGTH: usize = 36;

/// The tokens of one organization: `ck-let-`, and the base64 of its ID, a colon and a random UUID.
#[derive(Debug)]
pub(crate) struct TokenForm {
    organization: String,
}

impl TokenForm {
    pub(crate) fn new(organization: String) -> Self {
        Self { organization }
    }

    pub(crate) fn organization(&self) -> &str {
        &self.organization
    }

    /// A new one. The UUID has 122 bits of the operating system's own randomness.
    pub(crate) fn generate(&self) -> Result<Secret, Refusal> {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes).map_err(|_| Refusal::no_randomness())?;
        let uuid = Builder::from_random_bytes(bytes).into_uuid();
        Ok(Secret::new(self.encode(&uuid.to_string())))
    }

    /// How long each of them is, in bytes.
    pub(crate) fn length(&self) -> usize {
        PREFIX.len() + self.decoded_length().div_ceil(3) * 4
    }

    /// What each of them begins with once it is decoded.
    pub(crate) fn decoded_prefix(&self) -> String {
        format!("{}:", self.organization)
    }

    /// How long each of them is once it is decoded, in bytes.
    pub(crate) fn decoded_length(&self) -> usize {
        self.organization.len() + 1 + UUID_LENGTH
    }

    /// Whether this has the form of its tokens.
    pub(crate) fn made(&self, secret: &str) -> bool {
        let decoded = secret.strip_prefix(PREFIX).map(|it| STANDARD.decode(it));
        let Some(Ok(decoded)) = decoded else {
            return false;
        };
        let uuid = decoded.strip_prefix(self.decoded_prefix().as_bytes());
        uuid.is_some_and(|uuid| uuid::Uuid::try_parse_ascii(uuid).is_ok())
            && secret.len() == self.length()
    }

    /// The token of this UUID.
    pub(crate) fn encode(&self, uuid: &str) -> String {
        let decoded = format!("{}:{uuid}", self.organization);
        format!("{PREFIX}{}", STANDARD.encode(decoded))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_the_prefix_and_base64_and_never_the_same() {
        for organization in ["org-1", "o", "ab~cd?", "é"] {
            let form = TokenForm::new(organization.to_owned());
            let secrets: std::collections::HashSet<String> = (0..100)
                .map(|_| form.generate().unwrap().expose_secret().to_owned())
                .collect();
            assert_eq!(secrets.len(), 100);
            for secret in secrets {
                assert_eq!(secret.len(), form.length());
                let decoded = STANDARD.decode(secret.strip_prefix(PREFIX).unwrap());
                let decoded = String::from_utf8(decoded.unwrap()).unwrap();
                assert_eq!(decoded.len(), form.decoded_length());
                let uuid = decoded.strip_prefix(&form.decoded_prefix()).unwrap();
                assert!(form.made(&secret) && !form.made(&secret[1..]));
                assert!(!TokenForm::new("other".to_owned()).made(&secret));
                let parsed: uuid::Uuid = uuid.parse().unwrap();
                assert_eq!((parsed.get_version_num(), &*parsed.to_string()), (4, uuid));
                assert_eq!(form.encode(uuid), secret);
            }
        }
    }

    #[test]
    fn an_organization_can_give_every_character_of_base64() {
        let form = TokenForm::new("ab~cd?".to_owned());
        let secret = form.encode("123e4567-e89b-42d3-8456-426614174000");
        for character in ['+', '/', '='] {
            assert!(secret.contains(character), "{secret}");
        }
    }
}
