//! A web origin.

use std::sync::Arc;

use url::{Host, Url};

use crate::error::{Error, Result};
use crate::ids::checked_text::checked_text;

/// The origin of a web application: scheme, host, and port unless it is the scheme's default.
///
/// A token is made for one origin (`hostname` on the wire). Browsers send it in the `Origin` header. It is kept in
/// the form that they use: no path, host in lower case (punycode for characters beyond ASCII), no default port, no
/// slash at the end. The scheme must be `http` or `https` (documented).
///
/// ```
/// use letta_api_ext::Origin;
///
/// let origin: Origin = "https://Chat.Example.com:443/".parse()?;
/// assert_eq!(origin.as_str(), "https://chat.example.com");
///
/// let error = Origin::new("chat.example.com").unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "`origin` must be a URL with its scheme, like https://chat.example.com; \
///      got `chat.example.com`",
/// );
/// # Ok::<(), letta_api_ext::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin(Arc<str>);

impl Origin {
    /// Parses an origin. White space around it and a slash at its end are dropped.
    ///
    /// # Errors
    ///
    /// An invalid origin (`origin`): no scheme, a scheme other than `http` or `https`, a wildcard, `null`, or a part
    /// that an origin does not have (user name or password, path, query, fragment).
    pub fn new(origin: impl AsRef<str>) -> Result<Self> {
        let text = origin.as_ref().trim();
        // The text before an `@` may be a password, and a query or fragment may have a token.
        let shown = text.split(['?', '#']).next().unwrap_or(text);
        let may_hide = text.contains(['@', '\u{ff20}', '\u{fe6b}']) || text.contains("%40");
        let value = (!may_hide).then_some(shown);
        let fail = |rule| Err(Error::invalid_input("origin", rule, value));

        if text.is_empty() {
            return fail("must not be empty; give the web application's URL");
        }
        if text.contains(|c: char| c.is_control() || c == '\\') {
            return fail("must not hold control characters or backslashes");
        }
        // The URL parser accepts `https:example.com` and `https:///example.com`. The service does not.
        let lower = text.to_ascii_lowercase();
        let rest = lower
            .strip_prefix("https://")
            .or_else(|| lower.strip_prefix("http://"));
        let has_scheme = rest.is_some_and(|rest| !rest.starts_with('/'));
        let url = match Url::parse(text) {
            Ok(url) if has_scheme => url,
            Ok(url) if text.contains("://") && !matches!(url.scheme(), "http" | "https") => {
                return fail("must have the scheme `https` or `http`");
            }
            Err(_) if rest.is_some() => return fail("must be a URL with a valid host and port"),
            _ => {
                return fail("must be a URL with its scheme, like https://chat.example.com");
            }
        };
        let authority = rest.and_then(|rest| rest.split(['/', '?', '#']).next());
        if authority.is_some_and(|authority| authority.contains('@')) {
            return fail("must not hold a user name or a password");
        }
        if matches!(url.host(), Some(Host::Domain(name)) if name.contains('*')) {
            return fail("must name one host, without a wildcard");
        }
        if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
            return fail("must end after the host and port, since a token is bound to an origin");
        }
        Ok(Self(url.origin().ascii_serialization().into()))
    }

    /// The origin as browsers write it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

checked_text!(
    Origin,
    "A web origin: scheme, host, and port unless it is the scheme's default.",
    "^(http|https)://"
);
