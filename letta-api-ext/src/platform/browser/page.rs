//! The page, or the worker, that this runs in.

use url::Url;
use wasm_bindgen::JsValue;

use crate::platform;

/// The URL that the page means by a relative one. `Err` is the rest of a sentence that begins with the URL.
pub(crate) fn resolve(text: &str) -> Result<Url, &'static str> {
    let resolved = address().and_then(|page| page.join(text).ok());
    resolved
        .ok_or("must be the whole URL: this page has no address that a path could be relative to")
}

/// Whether a URL has the origin of the page. What the page itself came by is good enough for what it asks there.
pub(crate) fn is_of_page(url: &Url) -> bool {
    address().is_some_and(|page| page.origin() == url.origin())
}

/// Sends a request past the browser's cache. Cookies go to the page's own origin, or to any.
pub(crate) async fn fetch_fresh(
    client: &reqwest::Client,
    request: reqwest::Request,
    sends_cookies_elsewhere: bool,
) -> reqwest::Result<reqwest::Response> {
    let request =
        reqwest::RequestBuilder::from_parts(client.clone(), request).fetch_cache_no_store();
    let request = match sends_cookies_elsewhere {
        true => request.fetch_credentials_include(),
        false => request.fetch_credentials_same_origin(),
    };
    platform::execute(client, request.build()?).await
}

/// `location.href`, which pages and workers have.
fn address() -> Option<Url> {
    let location = member(&js_sys::global(), "location")?;
    let href = member(&location, "href")?;
    Url::parse(&href.as_string()?).ok()
}

fn member(object: &JsValue, name: &str) -> Option<JsValue> {
    js_sys::Reflect::get(object, &name.into()).ok()
}
