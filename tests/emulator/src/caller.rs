//! Who calls, and what of it is let through.

use axum::http::{HeaderMap, header};
use jiff::Timestamp;

use crate::account::Account;
use crate::operation::Operation;
use crate::project::Project;
use crate::refusal::Refusal;
use crate::token_store::{IssuedToken, Shown};

/// A caller whose credential is good.
#[derive(Clone, Debug)]
pub(crate) enum Caller {
    /// A server, which has shown the API key.
    Server { project: Project },
    /// A page, which has shown a client-side token, from the origin that the token is bound to.
    Page { token: Box<IssuedToken> },
}

impl Caller {
    /// Reads the headers that say who calls.
    pub(crate) fn from_headers(
        headers: &HeaderMap,
        account: &Account,
        now: Timestamp,
    ) -> Result<Self, Refusal> {
        let credential = bearer(headers)?;
        let token = if credential == account.api_key.secret().expose_secret() {
            None
        } else {
            Some(live_token(account, credential, now)?)
        };
        let named = Project::from_headers(headers)?;
        let project = account.projects.resolve(named.clone())?;
        let Some(token) = token else {
            return Ok(Self::Server { project });
        };
        check_origin(headers, &token)?;
        if named != Project::Default && project != *token.project() {
            return Err(Refusal::forbidden(
                "the token was made in another project than the request names",
            ));
        }
        Ok(Self::Page { token })
    }

    /// Refuses what the caller may not do. `agent` is that of the path, where there is one.
    pub(crate) fn authorize(
        &self,
        operation: Operation,
        agent: Option<&str>,
    ) -> Result<(), Refusal> {
        let Self::Page { token } = self else {
            return Ok(());
        };
        let (Some(right), Some(agent)) = (operation.right(), agent) else {
            return Err(Refusal::takes_the_key());
        };
        let Some(rights) = token.rights_on(agent) else {
            return Err(Refusal::forbidden(
                "the policy of the token does not name this agent",
            ));
        };
        if !rights.contains(&&right) {
            return Err(Refusal::forbidden(format!(
                "the policy of the token does not give `{right}` on this agent"
            )));
        }
        Ok(())
    }

    /// The project that the caller is in.
    pub(crate) fn project(&self) -> &Project {
        match self {
            Self::Server { project } => project,
            Self::Page { token } => token.project(),
        }
    }
}

/// What stands behind `Bearer`.
pub(crate) fn bearer(headers: &HeaderMap) -> Result<&str, Refusal> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return Err(Refusal::unauthorized(
            "one Authorization header is needed: `Bearer`, a space, the API key or a client-side token",
        ));
    };
    let Some((scheme, credential)) = value.to_str().ok().and_then(|text| text.split_once(' '))
    else {
        return Err(Refusal::unauthorized(
            "the Authorization header is not `Bearer`, a space, the API key or a client-side token",
        ));
    };
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(Refusal::unauthorized(
            "the scheme of the Authorization header is not Bearer",
        ));
    }
    // RFC 9110 lets a sender put more spaces than one between the two.
    Ok(credential.trim_start_matches(' '))
}

fn live_token(
    account: &Account,
    credential: &str,
    now: Timestamp,
) -> Result<Box<IssuedToken>, Refusal> {
    Err(Refusal::unauthorized(
        match account.tokens.find(credential, now) {
            Some(Shown::Live(token)) => return Ok(token),
            Some(Shown::Expired { .. }) => "the client-side token has expired",
            Some(Shown::Deleted { .. }) => "the client-side token was deleted",
            None => {
                "the credential is neither the API key of this service nor a client-side token of it"
            }
        },
    ))
}

fn check_origin(headers: &HeaderMap, token: &IssuedToken) -> Result<(), Refusal> {
    let bound = token.origin();
    let mut values = headers.get_all(header::ORIGIN).iter();
    match (values.next(), values.next()) {
        (None, _) => Err(Refusal::forbidden(format!(
            "the token is bound to {bound}, and the request has no Origin header, which a page's requests have"
        ))),
        (Some(origin), None) if origin == bound => Ok(()),
        _ => Err(Refusal::forbidden(format!(
            "the token is bound to {bound}, and the request's Origin header is not that"
        ))),
    }
}
