//! Who calls, and what of it is let through.

use axum::http::{HeaderMap, header};
use jiff::Timestamp;
use letta_api::types::{AccessPolicy, AccessPolicyEntry, AccessRight};

use crate::http::refusal::Refusal;
use crate::project::Project;
use crate::service::account::Account;
use crate::tokens::store::{IssuedToken, Shown};

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
        let shows_the_key =
            bearer(headers).is_ok_and(|it| it == account.api_key.secret().expose_secret());
        Self::of(headers, account, now).map_err(|refusal| match shows_the_key {
            true => refusal,
            false => account.token_rules.refuse(refusal),
        })
    }

    fn of(headers: &HeaderMap, account: &Account, now: Timestamp) -> Result<Self, Refusal> {
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
        if !account.token_rules.any_origin {
            check_origin(headers, &token)?;
        }
        if named != Project::Default && project != *token.project() {
            return Err(Refusal::forbidden(
                "the token was made in another project than the request names",
            ));
        }
        Ok(Self::Page { token })
    }

    /// Refuses what the caller may not do: a call on `agent` that needs `right`. Without one of them, no token may do it.
    pub(crate) fn authorize(
        &self,
        account: &Account,
        right: Option<AccessRight>,
        agent: Option<&str>,
    ) -> Result<(), Refusal> {
        let Self::Page { token } = self else {
            return Ok(());
        };
        let result = match (right, agent) {
            (Some(right), Some(agent)) => check_policy(token.policy(), agent, &right),
            _ => Err(Refusal::takes_the_key()),
        };
        result.map_err(|refusal| account.token_rules.refuse(refusal))
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
        match account.tokens.find_and_use(credential, now) {
            Some(Shown::Live(token)) => return Ok(token),
            Some(Shown::Expired(_)) => "the client-side token has expired",
            Some(Shown::Deleted(_)) => "the client-side token was deleted",
            None => {
                "the credential is neither the API key of this service nor a client-side token of it"
            }
        },
    ))
}

/// Every entry must allow the call, and an entry allows calls on its own agent alone.
fn check_policy(policy: &AccessPolicy, agent: &str, right: &AccessRight) -> Result<(), Refusal> {
    let entry = |entry: &AccessPolicyEntry| match entry {
        AccessPolicyEntry::Agent { id, access, .. } if id == agent => Some(access.contains(right)),
        _ => None,
    };
    let entries = || policy.data.iter().map(entry);
    let message = if entries().all(|entry| entry.is_none()) {
        "the policy of the token does not name this agent".to_owned()
    } else if entries().any(|entry| entry.is_none()) {
        "each entry of a policy must allow a call, and the policy of the token names other agents too, \
         so that it opens nothing; use a token for each agent"
            .to_owned()
    } else if entries().all(|entry| entry == Some(true)) {
        return Ok(());
    } else if entries().any(|entry| entry == Some(true)) {
        format!(
            "each entry of a policy must allow a call, and not every entry of the token's gives `{right}` on this agent"
        )
    } else {
        format!("the policy of the token does not give `{right}` on this agent")
    };
    Err(Refusal::forbidden(message))
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
