//! What an HTTP client's error says, without what may be secret: its URL, and what the server said.

use std::error::Error;

use url::Url;

use crate::credentials::wiped::Wiped;
use crate::platform::failure::substitute;

/// What a `reqwest::Error` and its causes say, without what the server said.
pub(crate) struct Printable {
    text: String,
    source: Option<Box<Printable>>,
}

impl Printable {
    pub(crate) fn of(error: &(dyn Error + 'static)) -> Self {
        if let Some(text) = substitute(error) {
            return Self { text, source: None };
        }
        let text = error.to_string();
        if may_quote_the_server(&text) {
            let text = "HTTP/2".to_owned();
            return Self { text, source: None };
        }
        Self {
            text,
            source: error.source().map(|source| Box::new(Self::of(source))),
        }
    }
}

impl std::fmt::Display for Printable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::fmt::Debug for Printable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let texts: Vec<String> = chain(self).map(ToString::to_string).collect();
        f.write_str(&texts.join(": "))
    }
}

impl Error for Printable {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&**self.source.as_ref()?)
    }
}

/// The error without its URL, which may hold a secret.
pub(crate) fn without_url(mut error: reqwest::Error) -> reqwest::Error {
    if let Some(url) = error.url_mut() {
        let nothing = Url::parse("a:").expect("it is a URL");
        let url = std::mem::replace(url, nothing);
        drop(Wiped::from(String::from(url).into_bytes()));
    }
    error.without_url()
}

/// Whether this is h2's message for the end of a connection, which quotes the server. The type tells only if the error is
/// not wrapped and the feature `http2` is on. A client may speak HTTP/2 without the feature.
fn may_quote_the_server(text: &str) -> bool {
    ["sent by user: ", "detected: ", "received: "]
        .iter()
        .any(|how| {
            text.strip_prefix("connection error ")
                .is_some_and(|rest| rest.starts_with(how))
        })
}

fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    let mut next = Some(error);
    std::iter::from_fn(move || {
        let error = next?;
        next = error.source();
        Some(error)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_reads_like_the_end_of_an_http_2_connection_is_not_printed() {
        // As h2 writes it, in a type that is not h2's.
        for how in ["sent by user", "detected", "received"] {
            let said = format!("connection error {how}: unspecific (b\"sk-let-0f3c\")");
            let error = std::io::Error::other(said);
            assert_eq!(Printable::of(&error).to_string(), "HTTP/2");
        }
        let error = std::io::Error::other("connection error: reset by peer");
        assert_eq!(Printable::of(&error).to_string(), error.to_string());
    }
}
