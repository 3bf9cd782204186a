//! Where the service is.

use std::fmt::{self, Write};
use std::sync::Arc;

use url::{Host, Position, Url};

use crate::credentials::{Secret, slip};
use crate::service::VERSION;

/// Room for a path, in bytes. A path with a token in it has about 140.
const ROOM: usize = 192;

/// The URL that the paths of the API are appended to: scheme, host, port, perhaps a path stem.
///
/// It holds no credentials, no query and no fragment, so it is safe to print. A `/` or a `/v1` at the end is
/// dropped: every path of the API begins with `/v1`.
///
/// ```
/// use letta_api::BaseUrl;
///
/// let url: BaseUrl = "https://proxy.example.com/letta/v1/".parse()?;
/// assert_eq!(url.as_str(), "https://proxy.example.com/letta");
/// # Ok::<(), letta_api::InvalidBaseUrl>(())
/// ```
///
/// Cheap to clone.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct BaseUrl(Arc<Parts>);

#[derive(PartialEq, Eq, Hash)]
struct Parts {
    text: String,
    url: Url,
    /// The URL's path, without a slash at the end.
    stem: String,
    /// The URL with a path that is longer than most. A copy of it has room for any path.
    roomy: Url,
}

impl BaseUrl {
    /// Checks a base URL. White space around it is dropped.
    ///
    /// # Errors
    ///
    /// - A text that is not an absolute URL, and a scheme other than `http` or `https`.
    /// - A URL with a user name, a password, a query, a fragment or a control character.
    /// - A URL in quotes or with a placeholder (`${NAME}`, `$NAME`, `{name}`, `<name>`, `%NAME%`), and a line of an env
    ///   file.
    ///
    /// The error says what to do. It does not hold the text, which may hold a password.
    pub fn parse(text: &str) -> Result<Self, InvalidBaseUrl> {
        let fail = |rule| Err(InvalidBaseUrl { rule });
        let text = text.trim();
        if let Some(rule) = slip::slip_in_url(text) {
            return fail(rule);
        }
        // URL libraries remove line breaks.
        if text.contains(|character: char| character.is_control()) {
            return fail(
                "it holds a line break or another control character; give one URL and nothing else",
            );
        }
        let Ok(mut url) = Url::parse(text) else {
            return fail("it is not an absolute URL; write it like https://api.letta.com");
        };
        if !matches!(url.scheme(), "http" | "https") {
            return fail(
                "its scheme is neither https nor http; write it like https://api.letta.com",
            );
        }
        if !url.username().is_empty() || url.password().is_some() {
            return fail(
                "it holds a user name or a password, which would be sent in place of the API key; \
                 leave it out",
            );
        }
        if url.query().is_some() {
            return fail("it holds a query; leave out the part from `?`");
        }
        if url.fragment().is_some() {
            return fail("it holds a fragment; leave out the part from `#`");
        }
        let stem = url.path().trim_end_matches('/');
        let stem = stem.strip_suffix(VERSION).unwrap_or(stem);
        let stem = stem.trim_end_matches('/').to_owned();
        url.set_path(&stem);
        let mut roomy = url.clone();
        roomy.set_path(&"x".repeat(url.path().len() + ROOM));
        Ok(Self(Arc::new(Parts {
            roomy,
            text: url.as_str().trim_end_matches('/').to_owned(),
            stem: url.path().trim_end_matches('/').to_owned(),
            url,
        })))
    }

    /// The URL, without a slash at the end.
    pub fn as_str(&self) -> &str {
        &self.0.text
    }

    /// The URL, parsed.
    pub fn as_url(&self) -> &Url {
        &self.0.url
    }

    /// The URL with `path` appended. The path begins with a slash, and its segments are percent-encoded.
    pub(crate) fn with_path(&self, path: &str) -> Url {
        if self.0.stem.is_empty() {
            self.with_whole_path(path)
        } else {
            self.with_path_of(format_args!("{path}"))
        }
    }

    /// Like [`with_path`](Self::with_path), for a path that is not written yet. It may hold a secret, so all copies of it
    /// are wiped, except for the URL itself.
    pub(crate) fn with_path_of(&self, path: fmt::Arguments<'_>) -> Url {
        let stem = &self.0.stem;
        let path = written(format_args!("{stem}{path}"));
        self.with_whole_path(path.expose_secret())
    }

    fn with_whole_path(&self, path: &str) -> Url {
        let Parts { roomy, url, .. } = &*self.0;
        if path.len() > roomy.path().len() {
            // A URL that grows moves, and leaves a copy of its path behind.
            let whole = written(format_args!("{}{path}", &url[..Position::BeforePath]));
            if let Ok(url) = Url::parse(whole.expose_secret()) {
                return url;
            }
        }
        let mut url = roomy.clone();
        url.set_path(path);
        url
    }

    /// Whether the host is this machine: `localhost`, `127.0.0.0/8` or `::1`. Names under `localhost`
    /// do not count, since not every resolver keeps them here.
    pub fn is_loopback(&self) -> bool {
        match self.0.url.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.to_canonical().is_loopback(),
            None => false,
        }
    }

    /// Whether what is sent there can be read on the way: `http` to another machine.
    pub fn is_cleartext(&self) -> bool {
        self.0.url.scheme() == "http" && !self.is_loopback()
    }
}

/// Writes a text into memory that is wiped. Room for all of it is made first, since a text that grows leaves copies
/// behind.
fn written(text: fmt::Arguments<'_>) -> Secret {
    struct Length(usize);

    impl Write for Length {
        fn write_str(&mut self, text: &str) -> fmt::Result {
            self.0 += text.len();
            Ok(())
        }
    }

    let mut length = Length(0);
    // Writing to these two does not fail.
    let _ = length.write_fmt(text);
    let mut written = String::with_capacity(length.0);
    let _ = written.write_fmt(text);
    Secret::new(written)
}

impl From<BaseUrl> for String {
    fn from(url: BaseUrl) -> Self {
        Self::from(&url)
    }
}

impl From<&BaseUrl> for String {
    fn from(url: &BaseUrl) -> Self {
        url.as_str().to_owned()
    }
}

impl std::str::FromStr for BaseUrl {
    type Err = InvalidBaseUrl;

    /// As [`BaseUrl::parse`].
    fn from_str(text: &str) -> Result<Self, InvalidBaseUrl> {
        Self::parse(text)
    }
}

impl TryFrom<&str> for BaseUrl {
    type Error = InvalidBaseUrl;

    fn try_from(text: &str) -> Result<Self, InvalidBaseUrl> {
        Self::parse(text)
    }
}

impl std::fmt::Debug for BaseUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("BaseUrl").field(&self.0.text).finish()
    }
}

impl std::fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0.text)
    }
}

/// Why a text cannot be a base URL. Does not hold the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidBaseUrl {
    rule: &'static str,
}

impl InvalidBaseUrl {
    /// The rule that it breaks, in words: `it is not an absolute URL; …`.
    pub fn rule(&self) -> &str {
        self.rule
    }
}

impl std::fmt::Display for InvalidBaseUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the base URL cannot be used: {}", self.rule)
    }
}

impl std::error::Error for InvalidBaseUrl {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_url_loses_its_closing_slash_and_version() {
        for (given, kept) in [
            ("https://api.letta.com", "https://api.letta.com"),
            ("https://api.letta.com/", "https://api.letta.com"),
            ("https://api.letta.com/v1", "https://api.letta.com"),
            ("https://api.letta.com/v1/", "https://api.letta.com"),
            ("  https://api.letta.com\n", "https://api.letta.com"),
            ("https://API.letta.com:443", "https://api.letta.com"),
            ("http://127.0.0.1:8283/", "http://127.0.0.1:8283"),
            ("https://example.com/letta//", "https://example.com/letta"),
            ("https://example.com/letta/v1", "https://example.com/letta"),
            ("https://example.com/v10", "https://example.com/v10"),
            ("https://example.com/av1", "https://example.com/av1"),
        ] {
            assert_eq!(BaseUrl::parse(given).unwrap().as_str(), kept, "{given}");
        }
    }

    #[test]
    fn a_path_is_appended_as_if_the_whole_had_been_parsed() {
        for base in [
            "https://api.letta.com",
            "http://127.0.0.1:8283",
            "http://[::1]:1",
            "https://example.com/letta/v1",
            "https://example.com/a%20b",
            "https://exämple.com/é",
        ] {
            let base = BaseUrl::parse(base).unwrap();
            for path in [
                "/v1/agents",
                "/v1/agents/",
                "/v1/a/%2E%2E%2Fb/c",
                "/v1/a%20b/%3Fx%23y/z",
                "/v1/%5C/%25/é~!$&'()*+,;=:@",
            ] {
                // Short enough for the room that a URL has, and too long for it.
                for path in [path.to_owned(), path.repeat(20)] {
                    let whole = Url::parse(&format!("{base}{path}")).unwrap();
                    assert_eq!(base.with_path(&path), whole);
                    assert_eq!(base.with_path_of(format_args!("{path}")), whole);
                }
            }
        }
    }

    #[test]
    fn a_bad_base_url_is_refused_without_being_shown() {
        for (given, says) in [
            ("", "absolute URL"),
            ("api.letta.com", "absolute URL"),
            ("//api.letta.com", "absolute URL"),
            ("http://", "absolute URL"),
            ("ftp://hunter2.example.com", "scheme"),
            ("localhost:8283", "scheme"),
            ("https://hunter2@example.com", "user name"),
            ("https://user:hunter2@example.com", "user name"),
            ("https://example.com?hunter2", "query"),
            ("https://example.com/#hunter2", "fragment"),
            ("https://user:hunter2@exa mple.com", "absolute URL"),
        ] {
            let error = BaseUrl::parse(given).unwrap_err();
            assert!(error.to_string().contains(says), "{given}: {error}");
            assert!(!format!("{error} {error:?}").contains("hunter2"), "{given}");
        }
    }

    #[test]
    fn only_http_to_another_machine_is_cleartext() {
        for (given, cleartext) in [
            ("https://api.letta.com", false),
            ("http://localhost:8283", false),
            ("http://[::ffff:127.0.0.1]", false),
            ("http://letta.localhost", true),
            ("http://127.8.9.1", false),
            ("http://[::1]:1", false),
            ("http://api.letta.com", true),
            ("http://10.0.0.1", true),
            ("http://localhost.example.com", true),
            ("http://notlocalhost", true),
        ] {
            assert_eq!(
                BaseUrl::parse(given).unwrap().is_cleartext(),
                cleartext,
                "{given}"
            );
        }
    }
}
