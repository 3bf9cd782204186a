//! URLs that may contain a secret, such as a token that is to be deleted.

use url::Url;
use zeroize::{Zeroize, Zeroizing};

/// A URL whose memory is wiped when it is dropped.
pub(crate) struct WipedUrl(Url);

impl WipedUrl {
    pub(crate) fn new(url: Url) -> Self {
        Self(url)
    }

    /// Resolves a reference against a base URL. `None` if the reference is invalid.
    pub(crate) fn join(base: &Url, reference: &str) -> Option<Self> {
        // A URL that grows while it is parsed leaves copies of itself behind. The parser reserves as many bytes as
        // its input has, so spaces are added, which it ignores. An encoded byte takes three bytes, and a character of
        // a host more.
        let room = base.as_str().len() + 8 * reference.len();
        let mut padded = Zeroizing::new(String::with_capacity(reference.len() + room));
        padded.push_str(reference);
        padded.extend(std::iter::repeat_n(' ', room));
        base.join(&padded).ok().map(Self)
    }
}

impl std::ops::Deref for WipedUrl {
    type Target = Url;

    fn deref(&self) -> &Url {
        &self.0
    }
}

impl std::ops::DerefMut for WipedUrl {
    fn deref_mut(&mut self) -> &mut Url {
        &mut self.0
    }
}

impl Drop for WipedUrl {
    fn drop(&mut self) {
        wipe(&mut self.0);
    }
}

/// Replaces a URL, and wipes the old one.
pub(crate) fn replace(url: &mut Url, other: Url) {
    String::from(std::mem::replace(url, other)).zeroize();
}

/// Takes a URL out, and leaves one without a secret.
pub(crate) fn take(url: &mut Url) -> Url {
    std::mem::replace(url, nowhere())
}

/// Wipes a URL, and leaves one without a secret.
pub(crate) fn wipe(url: &mut Url) {
    replace(url, nowhere());
}

fn nowhere() -> Url {
    Url::parse("a:").expect("it is a URL")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_leads_where_it_would_by_itself() {
        let base = Url::parse("https://a.b/c/d?e=f").unwrap();
        for reference in [
            "",
            " ",
            "x",
            "../y",
            "/z",
            "?q",
            "#f",
            "//h/i",
            "https://j.k/l?m#n",
            "https://",
            "x y ",
            "\u{e9}",
            "?\u{e9}",
            "data:text/plain,x",
            "data:x ",
            "blob:https://a.b/x",
        ] {
            let joined = WipedUrl::join(&base, reference);
            assert_eq!(
                joined.map(|url| url.0.clone()),
                base.join(reference).ok(),
                "{reference}"
            );
        }
    }
}
