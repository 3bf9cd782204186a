//! Who calls, and in which project.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use letta_api::ApiKey;

use crate::account::Account;
use crate::project::Project;
use crate::refusal::Refusal;

/// A caller who has shown the API key.
///
/// Handlers take it as their first argument: a handler that has one runs for authorised callers only,
/// and the key is looked at before anything else in the request.
#[derive(Debug)]
pub(crate) struct Caller {
    pub(crate) project: Project,
}

impl FromRequestParts<Arc<Account>> for Caller {
    type Rejection = Refusal;

    async fn from_request_parts(
        parts: &mut Parts,
        account: &Arc<Account>,
    ) -> Result<Self, Refusal> {
        check_key(&parts.headers, account.api_key())?;
        let project = Project::from_headers(&parts.headers)?;
        let project = account.projects().resolve(project)?;
        Ok(Self { project })
    }
}

fn check_key(headers: &HeaderMap, expected: &ApiKey) -> Result<(), Refusal> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return Err(Refusal::unauthorized(
            "one Authorization header is needed: `Bearer`, a space, the API key",
        ));
    };
    let Some((scheme, presented)) = value.to_str().ok().and_then(|text| text.split_once(' '))
    else {
        return Err(Refusal::unauthorized(
            "the Authorization header is not `Bearer`, a space, the API key",
        ));
    };
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(Refusal::unauthorized(
            "the scheme of the Authorization header is not Bearer",
        ));
    }
    // RFC 9110 lets a sender put more spaces than one between the two.
    if presented.trim_start_matches(' ') != expected.secret().expose_secret() {
        return Err(Refusal::unauthorized(
            "the API key is not that of this service",
        ));
    }
    Ok(())
}
