//! A page for people: what the emulator holds, as it changes.
//!
//! It is served on loopback alone. The page itself holds nothing. What it shows, it asks for with a key of its own, which stands
//! in the part of its address that no browser sends (`#…`). So nobody reads it who was not given the address: no other user of the
//! machine, and no page of another origin.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use url::form_urlencoded;

use crate::http::refusal::Refusal;
use crate::service::account::Account;

mod look;

const PAGE: &str = include_str!("page/index.html");

/// What a page sends its key in. A page of another origin cannot send it without being asked first, and is not.
const KEY: &str = "x-emulator-page";

/// The longest wait for a change.
const WAIT: Duration = Duration::from_secs(25);

/// The key of the page, made anew by each emulator.
pub(crate) struct PageKey(String);

impl PageKey {
    pub(crate) fn generate() -> Result<Self, getrandom::Error> {
        random().map(Self)
    }

    /// As it stands in the address.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }

    /// Takes as long for each key of the right length.
    fn is(&self, other: &[u8]) -> bool {
        let pairs = self.0.bytes().zip(other);
        let difference = pairs.fold(0, |difference, (one, other)| difference | (one ^ other));
        self.0.len() == other.len() && difference == 0
    }
}

/// 256 bits of the operating system's own randomness.
fn random() -> Result<String, getrandom::Error> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes)?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

/// The page, without anything of the emulator's in it.
pub(crate) async fn page(State(account): State<Arc<Account>>) -> Result<Response, Refusal> {
    if account.page_key.is_none() {
        return Err(not_served());
    }
    let nonce = random().map_err(|_| Refusal::no_randomness())?;
    let policy = format!(
        "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; img-src data:; connect-src 'self'; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"
    );
    let headers = [
        (header::CONTENT_SECURITY_POLICY.as_str(), policy.as_str()),
        (header::CACHE_CONTROL.as_str(), "no-store"),
        (header::REFERRER_POLICY.as_str(), "no-referrer"),
        (header::X_CONTENT_TYPE_OPTIONS.as_str(), "nosniff"),
        (header::X_FRAME_OPTIONS.as_str(), "DENY"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()));
    Ok((headers, Html(PAGE.replace("NONCE", &nonce))).into_response())
}

/// What there is, once it is another version than the page has. Nothing new if none comes for a while.
pub(crate) async fn changes(
    State(account): State<Arc<Account>>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response, Refusal> {
    check(&account, &headers)?;
    let query = query.unwrap_or_default();
    let (mut after, mut agent) = (0, None);
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        match &*name {
            "after" => {
                let number = value.parse();
                after = number.map_err(|_| Refusal::bad_request("after must be a number"))?;
            }
            "agent" => agent = Some(value.into_owned()),
            _ => {}
        }
    }
    let mut changes = account.changes.watch_shown();
    let changed = changes.wait_for(|version| *version != after);
    let version = match tokio::time::timeout(WAIT, changed).await {
        Ok(Ok(version)) => *version,
        _ => return Ok(StatusCode::NO_CONTENT.into_response()),
    };
    // As for the whole state.
    let written = tokio::task::spawn_blocking(move || {
        let state = look::at(&account, version, agent.as_deref());
        let headers = [
            (header::CACHE_CONTROL, "no-store"),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        ];
        (headers, Json(state)).into_response()
    });
    written.await.map_err(|_| Refusal::shutting_down())
}

/// Refuses who is not the page.
fn check(account: &Account, headers: &HeaderMap) -> Result<(), Refusal> {
    let Some(key) = &account.page_key else {
        return Err(not_served());
    };
    let shown = headers.get(KEY).map_or(&[][..], |key| key.as_bytes());
    if !key.is(shown) {
        return Err(Refusal::forbidden(
            "this is for the page of the emulator alone: open the address that it prints when it starts",
        ));
    }
    // The key is enough. Browsers say where a request comes from, too.
    let site = headers.get("sec-fetch-site");
    let is_elsewhere = site.is_some_and(|site| site != "same-origin");
    if is_elsewhere || headers.contains_key(header::ORIGIN) {
        return Err(Refusal::forbidden(
            "this is for the page of the emulator alone, and the request is from another page",
        ));
    }
    Ok(())
}

fn not_served() -> Refusal {
    Refusal::not_found("the page is served only if the emulator listens on a loopback address")
}
