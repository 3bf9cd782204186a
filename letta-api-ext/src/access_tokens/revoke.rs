//! Ending a token.

use letta_api::types::ApiError;
use letta_api::{Secret, operations};
use reqwest::StatusCode;

use super::awaitable;
use crate::error::{Error, Result};
use crate::letta::Letta;

/// A request to end a token. From [`AccessTokens::revoke`](crate::AccessTokens::revoke).
#[derive(Clone, Debug)]
#[must_use = "a request does nothing until it is sent"]
pub struct RevokeAccessToken {
    letta: Letta,
    token: Secret,
}

impl RevokeAccessToken {
    pub(super) fn new(letta: Letta, token: Secret) -> Self {
        Self { letta, token }
    }

    /// Sends the request, once. Succeeds where the token is gone already, and says which it was.
    ///
    /// # Errors
    ///
    /// Before anything is sent: a token that is empty, or has `.` or `..` between slashes, which
    /// would name another resource. After that, whatever the service or the network has to say. A
    /// 404 counts as gone only where it has the service's own form, a JSON object with a `message`:
    /// a proxy, or a server without this call, must not make a live token look dead.
    pub async fn send(self) -> Result<Revocation> {
        let operation = &operations::DELETE_CLIENT_SIDE_ACCESS_TOKEN;
        let secrets = [self.token.expose_secret(), self.letta.key().expose_secret()];
        let error = match self
            .letta
            .api()
            .delete_client_side_access_token(&self.token)
            .await
        {
            Ok(_) => return Ok(Revocation::Revoked),
            Err(error) => error,
        };
        match error.status() {
            // Whatever the body of a success is, the token is no more.
            Some(status) if status.is_success() => Ok(Revocation::Revoked),
            Some(status @ (StatusCode::NOT_FOUND | StatusCode::GONE)) => {
                let headers = error.headers().cloned().unwrap_or_default();
                let body = error.into_body().await.unwrap_or_default();
                // Tells the service's word that there is no such token from any other 404.
                if serde_json::from_slice::<ApiError>(&body).is_ok() {
                    return Ok(Revocation::AlreadyGone);
                }
                Err(Error::from_status(
                    operation, status, &headers, &body, &secrets,
                ))
            }
            _ => Err(Error::from_api(error, operation, &secrets).await),
        }
    }
}

awaitable!(RevokeAccessToken => Revocation);

/// How a token came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Revocation {
    /// This call ended it.
    Revoked,
    /// It was gone already: revoked before, expired, or never there.
    AlreadyGone,
}

impl Revocation {
    /// Whether the token was live until this call.
    pub fn was_live(self) -> bool {
        matches!(self, Self::Revoked)
    }
}
