//! Deleting a token.

use std::fmt;

use letta_api::{Response, ResponseValue, Secret, ServiceError};
use reqwest::StatusCode;
use serde_json::Value;

use super::token::AccessToken;
use super::token_text;
use crate::client::answer::{Answer, Known};
use crate::client::request::{Call, request};
use crate::error::{Error, Result};
use crate::transport::CallFacts;

/// The problem with an answer that came after a redirect to another path.
const ELSEWHERE: &str =
    "a redirect led to another path, so the answer does not say whether the token was deleted";

/// The problem with a success status that is not the documented one.
const UNDOCUMENTED: &str = "the status is not the documented 204; the token may still be live";

/// Like [`UNDOCUMENTED`], if the body is a page of HTML.
const UNDOCUMENTED_PAGE: &str = "the answer is a page of HTML instead of the documented 204; check the base URL: a proxy, a sign-in \
                                 page or another server may have answered, and the token may still be live";

/// A request to delete a token. From [`AccessTokens::revoke`](crate::AccessTokens::revoke).
#[derive(Clone, Debug)]
#[must_use = "a request does nothing until it is sent"]
pub struct RevokeAccessToken {
    call: Call,
    token: Secret,
    source: Source,
}

/// Where a token to delete comes from, which decides what is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Source {
    /// A text from the caller, which may be anything.
    Text,
    /// An answer of the service, which the caller has held since.
    Answer,
    /// An answer to one of our creates. It must be deleted, whatever it looks like.
    Create,
}

/// A token to delete, for [`AccessTokens::revoke`](crate::AccessTokens::revoke): an [`AccessToken`], or the text of a
/// token.
///
/// A text must [have the form of a token](RevokeAccessToken::send). The service made an [`AccessToken`], so it is
/// only checked not to be an API key.
///
/// ```
/// use letta_api_ext::TokenToRevoke;
///
/// let token = TokenToRevoke::from("ck-let-b3JnLTE6M2Y4OGQ0Y2U=");
/// assert_eq!(format!("{token:?}"), "TokenToRevoke([redacted])");
/// ```
#[derive(Clone)]
pub struct TokenToRevoke {
    secret: Secret,
    source: Source,
}

impl fmt::Debug for TokenToRevoke {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenToRevoke([redacted])")
    }
}

impl From<AccessToken> for TokenToRevoke {
    fn from(token: AccessToken) -> Self {
        Self::from(&token)
    }
}

impl From<&AccessToken> for TokenToRevoke {
    fn from(token: &AccessToken) -> Self {
        Self {
            secret: token.into(),
            source: Source::Answer,
        }
    }
}

impl From<Secret> for TokenToRevoke {
    fn from(secret: Secret) -> Self {
        Self {
            secret,
            source: Source::Text,
        }
    }
}

/// The text is a secret from here on, so that it is wiped and never printed.
macro_rules! from_text {
    ($($text:ty),+) => {
        $(impl From<$text> for TokenToRevoke {
            fn from(text: $text) -> Self {
                Self::from(Secret::from(text))
            }
        })+
    };
}
from_text!(&Secret, String, &String, &str);

impl RevokeAccessToken {
    pub(super) fn new(call: Call, token: TokenToRevoke) -> Self {
        // Like a key, a token from a file ends in a newline.
        let secret = Secret::new(token.secret.expose_secret().trim());
        Self {
            call,
            token: secret,
            source: token.source,
        }
    }

    /// For a token that was found in an answer: it must be deleted, whatever it looks like.
    pub(super) fn of_answered(call: Call, token: &Secret) -> Self {
        Self {
            source: Source::Create,
            ..Self::new(call, token.into())
        }
    }

    /// Sends the request, and repeats it if the answer is lost. The [result](Revocation) says what the service
    /// answered. **A token that a page has used may still work until it expires.**
    ///
    /// # Errors
    ///
    /// Before anything is sent: a text that cannot be a token. The error has the field `token`, and never shows the
    /// text. White space around the text is dropped first. These are refused:
    ///
    /// - an API key: this client's own, and any text that contains `sk-let-`. The token goes into a URL, and URLs end up
    ///   in access logs;
    /// - an empty text, and a text with white space, quotes, commas or other characters than ASCII letters, digits and
    ///   `-._~+/=:`;
    /// - a text with other text before `ck-let-`. A text without `ck-let-` is accepted, since newer tokens may begin
    ///   otherwise;
    /// - `ck-let-` alone, or with `...` at the end: the token was cut short;
    /// - a percent-encoded token, and a token of today's form that was changed: decoded (`<organization id>:<UUID>`),
    ///   without its `ck-let-` or the `=` at its end, or in the URL alphabet of base64. The service answers 204 for a
    ///   token that it does not know (published source of 2025), so nothing would show that the token lives on;
    /// - a text with `.` or `..` between slashes, which would name another resource.
    ///
    /// An [`AccessToken`] is refused only if it is or contains an API key: the service made it, so it may have a form
    /// that this version does not know. To delete any other text, use `delete_client_side_access_token` of
    /// [`Letta::api`](crate::Letta::api).
    ///
    /// `/` is percent-encoded, so that the token is one segment of the path. `+` and `=` are valid in a path and stay
    /// as they are. A proxy that decodes `%2F` or merges `//` changes the path of such a token. Configure it to
    /// forward paths unchanged.
    ///
    /// After that: any failure of the service or the network. A token that was not deleted must not look deleted. So:
    ///
    /// - only the documented 204 counts as success. Any other success status is an [invalid
    ///   response](Error::is_invalid_response) that [may have happened](Error::may_have_happened), even if its body
    ///   is empty: a proxy may have answered instead of the service;
    /// - a 404 or 410 counts as [not found](Revocation::NotFound) only in the service's own form, a JSON object with
    ///   a `message` and nothing else. A gateway that answers in exactly this form cannot be told from the service;
    /// - after a redirect to another path, neither counts. A slash at the end is not another path. A browser follows
    ///   redirects by itself, and there a redirect that returns to the same path with a GET cannot be detected.
    pub async fn send(self) -> Result<Revocation> {
        let (token, key) = (self.token.expose_secret(), self.call.key());
        let checked = match self.source {
            Source::Text => token_text::check(token, key),
            Source::Answer => token_text::check_is_no_key(token, key),
            Source::Create => Ok(()),
        };
        checked.map_err(|rule| Error::invalid_input("token", rule, None))?;
        let api = self.call.api();
        match api.delete_client_side_access_token(&self.token).await {
            Ok(answer) if CallFacts::of(&answer).is_some_and(CallFacts::is_redirected) => {
                Err(Answer::from(answer).invalid(ELSEWHERE))
            }
            Ok(_) => Ok(Revocation::Deleted),
            Err(letta_api::Error::UnexpectedResponse(response)) => undocumented(response),
            Err(letta_api::Error::ErrorResponse(answer)) => match gone(&answer) {
                Some(revocation) => Ok(revocation),
                None => Err(letta_api::Error::ErrorResponse(answer).into()),
            },
            Err(error) => Err(error.into()),
        }
    }
}

/// The result for a 404 or 410 of the service itself. `None` for any other error.
fn gone(answer: &ResponseValue<ServiceError>) -> Option<Revocation> {
    let facts = answer.extension::<CallFacts>();
    let is_gone = matches!(answer.status(), StatusCode::NOT_FOUND | StatusCode::GONE);
    let is_believed = !facts.is_some_and(CallFacts::is_redirected);
    if !is_gone || !is_believed || !is_the_services_own(answer.body()) {
        return None;
    }
    Some(
        match facts.is_some_and(CallFacts::earlier_may_have_happened) {
            true => Revocation::Deleted,
            false => Revocation::NotFound,
        },
    )
}

/// The result for a success status that is not documented.
fn undocumented(response: Response) -> Result<Revocation> {
    let (status, body) = (response.status(), response.buffered_body());
    let facts = response.extension::<CallFacts>();
    let is_believed = !facts.is_some_and(CallFacts::is_redirected);
    if !status.is_success() {
        return Err(letta_api::Error::<()>::UnexpectedResponse(response).into());
    }
    let headers = response.headers();
    let problem = match is_believed {
        true if letta_api::is_html(headers, body) => UNDOCUMENTED_PAGE,
        true => UNDOCUMENTED,
        false => ELSEWHERE,
    };
    Err(Known::of(facts, status, headers, |known| {
        Error::invalid_response(known.operation, status, headers, problem, known.secrets)
    }))
}

/// Whether the body of a 404 has exactly the documented form of an error. Routers and gateways usually answer in
/// another form.
fn is_the_services_own(body: &[u8]) -> bool {
    match serde_json::from_slice(body) {
        Ok(Value::Object(members)) => {
            members.len() == 1 && members.get("message").is_some_and(Value::is_string)
        }
        _ => false,
    }
}

request!(RevokeAccessToken => Revocation);

/// The service's answer to a delete.
///
/// Both mean that the service has no record of the token now. **Neither means that the token has stopped working.**
/// By the service's published source of 2025, a used token is also in a cache, which a delete does not clear. So a
/// token that a page has used may work until it [expires](crate::AccessToken::expires_at). A token that was never
/// used stops at once. The source may have changed since. Only its expiry surely ends a token, so give it a [short
/// life](crate::CreateAccessToken::expires_in).
///
/// ```no_run
/// # async fn run(letta: letta_api_ext::Letta, token: letta_api_ext::AccessToken)
/// # -> Result<(), letta_api_ext::Error> {
/// use letta_api_ext::Revocation;
///
/// match letta.access_tokens().revoke(&token).await? {
///     Revocation::Deleted => println!("deleted"),
///     _ => println!("the service had no record of it"),
/// }
/// println!("a page that has used it may go on until {}", token.expires_at_text());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Revocation {
    /// The service answered 204: it has no record of the token now.
    ///
    /// There need not have been one. By its published source of 2025, the service answers 204 for any token, even one
    /// that was deleted before or never existed.
    ///
    /// A 404 also counts as this, if an earlier attempt of the same call may have deleted the token and its answer
    /// was lost.
    Deleted,
    /// The service answered 404 or 410 in its own form: it had no record of the token before this call. The token was
    /// deleted before, was cleared away after it expired, or never existed. Or it belongs to another project: it is
    /// not documented whether the service looks beyond the client's project.
    ///
    /// By its published source of 2025, the service never answers so. A token that was deleted before may work until
    /// it expires.
    NotFound,
}
