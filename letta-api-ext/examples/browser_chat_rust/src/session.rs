//! Who the user is, which agent it is, and where.

use serde_json::Value;
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{RequestCache, RequestInit, Response};

use crate::browser::window;
use crate::failure::{Failure, Kind};

pub(crate) struct Session {
    pub(crate) user: String,
    pub(crate) agent: Agent,
    /// The URL of the service.
    pub(crate) service: String,
    pub(crate) is_emulator: bool,
}

pub(crate) struct Agent {
    pub(crate) id: String,
    pub(crate) name: String,
}

impl Session {
    /// `None` if a text is missing. A type for serde would be another kilobyte for each struct.
    fn of(json: &Value) -> Option<Self> {
        let text = |json: &Value, name: &str| Some(json.get(name)?.as_str()?.to_owned());
        let agent = json.get("agent")?;
        Some(Self {
            user: text(json, "user")?,
            agent: Agent {
                id: text(agent, "id")?,
                name: text(agent, "name")?,
            },
            service: text(json, "service")?,
            is_emulator: json.get("isEmulator")?.as_bool()?,
        })
    }
}

/// Asks the application.
pub(crate) async fn read() -> Result<Session, Failure> {
    let lost = || Failure::new(Kind::Lost, "This application cannot be reached.");
    let (status, body) = fetch("/api/session").await.map_err(|_| lost())?;
    let body: Value = serde_json::from_slice(body.as_bytes()).map_err(|_| lost())?;
    match status {
        401 => Err(Failure::signed_out()),
        200..=299 => Session::of(&body).ok_or_else(lost),
        _ => {
            // What the application says if something is wrong.
            let detail = body.get("detail").and_then(Value::as_str);
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
