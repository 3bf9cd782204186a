//! There is no page here.

use url::Url;

use crate::platform;

/// The URL that a page means by a relative one. `Err` is the rest of a sentence that begins with the URL.
pub(crate) fn resolve(_: &str) -> Result<Url, &'static str> {
    Err(
        "must be the whole URL, like https://chat.example.com/api/letta-token; only a page in a browser can ask its own \
         origin by a path",
    )
}

/// Whether a URL has the origin of the page.
pub(crate) fn is_of_page(_: &Url) -> bool {
    false
}

/// Sends a request past all caches. Cookies are the HTTP client's own matter.
pub(crate) async fn fetch_fresh(
    client: &reqwest::Client,
    request: reqwest::Request,
    _sends_cookies_elsewhere: bool,
) -> reqwest::Result<reqwest::Response> {
    platform::execute(client, request).await
}
