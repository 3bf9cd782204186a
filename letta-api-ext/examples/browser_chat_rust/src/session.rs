//! Who the user is, which agent it is, and where.

use serde::Deserialize;
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{RequestCache, RequestInit, Response};

use crate::browser::window;
use crate::failure::{Failure, Kind};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Session {
    pub(crate) user: String,
    pub(crate) agent: Agent,
    /// The URL of the service.
    pub(crate) service: String,
    pub(crate) is_emulator: bool,
}

#[derive(Deserialize)]
pub(crate) struct Agent {
    pub(crate) id: String,
    pub(crate) name: String,
}

/// What the application says if something is wrong.
#[derive(Deserialize)]
struct Problem {
    detail: Option<String>,
}

/// Asks the application.
pub(crate) async fn read() -> Result<Session, Failure> {
    let lost = || Failure::new(Kind::Lost, "This application cannot be reached.");
    let (status, body) = fetch("/api/session").await.map_err(|_| lost())?;
    match status {
        401 => Err(Failure::signed_out()),
        200..=299 => serde_json::from_str(&body).map_err(|_| lost()),
        _ => {
            let problem: Problem = serde_json::from_str(&body).map_err(|_| lost())?;
            let detail = problem.detail.as_deref();
            let message = detail.unwrap_or("This application is in trouble.");
            Err(Failure::new(Kind::Failed, message))
        }
    }
}

/// The status and the body of an answer of the application's.
async fn fetch(path: &str) -> Result<(u16, String), JsValue> {
    let options = RequestInit::new();
    options.set_cache(RequestCache::NoStore);
    let answer = JsFuture::from(window().fetch_with_str_and_init(path, &options)).await?;
    let answer: Response = answer.unchecked_into();
    let body = JsFuture::from(answer.text()?).await?;
    Ok((answer.status(), body.as_string().unwrap_or_default()))
}
