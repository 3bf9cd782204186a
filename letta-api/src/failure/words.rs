//! Why there is no connection, or why a connection broke, in our own words. Libraries say it in nested errors, and what a
//! server says may be anything.

use std::borrow::Cow;
use std::error::Error;
use std::io;

use crate::platform::failure::is_dns;

/// An error and all its causes. `source()` of an `io::Error` skips the error within it; this does not.
fn chain<'a>(error: &'a (dyn Error + 'static)) -> Vec<&'a (dyn Error + 'static)> {
    let mut all = Vec::new();
    let mut next = Some(error);
    while let Some(error) = next {
        all.push(error);
        let inner = error
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref);
        next = match inner {
            Some(inner) => Some(inner),
            None => error.source(),
        };
    }
    all
}

/// Why no connection was made. `is_https` tells the scheme of the URL.
///
/// The types of errors tell most of it. Those of the TLS and proxy libraries are private, or may be of any version, so they
/// are recognised by how their texts begin. An unknown text is not shown. What was being done is told instead.
pub(crate) fn no_connection(error: &(dyn Error + 'static), is_https: bool) -> Cow<'static, str> {
    let chain = chain(error);
    let texts: Vec<String> = chain.iter().map(ToString::to_string).collect();
    let proxy = texts.iter().find_map(|text| proxy(text));
    if let Some(words) = proxy
        && words != PROXY_UNREACHED
    {
        return words.into();
    }
    let words = reached_nobody(&chain, &texts)
        .or_else(|| {
            texts
                .iter()
                .find_map(|text| no_tls(text))
                .map(Cow::Borrowed)
        })
        .unwrap_or_else(|| handshake(&chain, is_https));
    match proxy {
        Some(unreached) => format!("{unreached}: {words}").into(),
        None => words,
    }
}

/// What went wrong before any server or proxy was reached.
fn reached_nobody(chain: &[&(dyn Error + 'static)], texts: &[String]) -> Option<Cow<'static, str>> {
    let is_dns = chain
        .iter()
        .filter_map(|error| error.downcast_ref::<reqwest::Error>())
        .any(is_dns);
    let begins = |start: &str| texts.iter().any(|text| text.starts_with(start));
    if is_dns || begins("dns error") || begins("failed to lookup address information") {
        return Some("no such host: its name could not be resolved".into());
    }
    if begins("unsupported scheme") || begins("invalid URL, scheme is not http") {
        return Some("the HTTP client cannot go through a proxy of this kind".into());
    }
    if let Some(words) = begins("tcp ").then(|| io_words(chain)).flatten() {
        return Some(words);
    }
    let is_late = begins("operation timed out")
        || begins("deadline has elapsed")
        || io_kind(chain) == Some(io::ErrorKind::TimedOut);
    is_late.then_some("timed out".into())
}

/// What went wrong in the TLS handshake, if the URL is `https`.
fn handshake(chain: &[&(dyn Error + 'static)], is_https: bool) -> Cow<'static, str> {
    let words = io_words(chain);
    if !is_https {
        return words.unwrap_or("the connection failed".into());
    }
    match io_kind(chain) {
        Some(
            io::ErrorKind::UnexpectedEof
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::BrokenPipe,
        ) => NO_TLS_CLOSED.into(),
        _ => "the TLS handshake failed".into(),
    }
}

const PROXY_UNREACHED: &str = "the proxy cannot be reached";

const NO_TLS: &str =
    "the TLS handshake failed: what came back is not TLS; does the server speak http there?";

const NO_TLS_CLOSED: &str =
    "the TLS handshake failed: the server closed the connection; does it speak http there?";

const UNTRUSTED: &str = "the TLS handshake failed: the server's certificate is not signed by an authority that this machine trusts";

const OTHER_NAME: &str = "the TLS handshake failed: the server's certificate is for another name";

const EXPIRED: &str =
    "the TLS handshake failed: the server's certificate is not valid at this time";

const BAD_CERTIFICATE: &str = "the TLS handshake failed: the server's certificate is not accepted";

/// What hyper-util says about a proxy.
fn proxy(text: &str) -> Option<&'static str> {
    if let Some(problem) = text.strip_prefix("SOCKS error: ") {
        return Some(match problem {
            "failed to create underlying connection" => PROXY_UNREACHED,
            _ => "the SOCKS proxy refused",
        });
    }
    Some(match text.strip_prefix("tunnel error: ")? {
        "failed to create underlying connection" => PROXY_UNREACHED,
        "proxy authorization required" => "the proxy asks for a user name and a password (407)",
        "unsuccessful" => "the proxy refused to connect to it",
        "unexpected end of file" | "io error establishing tunnel" => {
            "the proxy closed the connection"
        }
        _ => "the proxy's answer cannot be understood",
    })
}

/// How rustls and OpenSSL say that the other side does not speak TLS.
const SAYS_NO_TLS: [&str; 5] = [
    "received corrupt message",
    "wrong version number",
    "packet length too long",
    "ssl routines::http request",
    "record layer failure",
];

/// How they say that the other side closed the connection.
const SAYS_CLOSED: [&str; 2] = ["tls handshake eof", "unexpected eof"];

/// How OpenSSL and the platforms say that no authority has signed a certificate.
const SAYS_UNTRUSTED: [&str; 6] = [
    "issuer",
    "self-signed",
    "self signed",
    "not trusted",
    "signature failure",
    "untrusted",
];

/// What TLS libraries say about a handshake.
fn no_tls(text: &str) -> Option<&'static str> {
    let text = text.to_ascii_lowercase();
    let has = |parts: &[&str]| parts.iter().any(|part| text.contains(part));
    if text.starts_with("invalid peer certificate: ") {
        return Some(match () {
            () if has(&["not valid for name", "notvalidforname"]) => OTHER_NAME,
            () if has(&["unknownissuer", "unknown issuer", "badsignature"]) => UNTRUSTED,
            () if has(&["expired", "not valid yet", "notvalidyet"]) => EXPIRED,
            () => BAD_CERTIFICATE,
        });
    }
    if has(&["certificate verify failed", "certificate was not trusted"]) {
        return Some(match () {
            () if has(&["hostname mismatch", "ip address mismatch"]) => OTHER_NAME,
            () if has(&["has expired", "not yet valid"]) => EXPIRED,
            () if has(&SAYS_UNTRUSTED) => UNTRUSTED,
            () => BAD_CERTIFICATE,
        });
    }
    if has(&SAYS_NO_TLS) {
        return Some(NO_TLS);
    }
    if has(&SAYS_CLOSED) {
        return Some(NO_TLS_CLOSED);
    }
    if text.starts_with("received fatal alert") || (has(&["ssl routines"]) && has(&[" alert "])) {
        return Some("the TLS handshake failed: the server refused it");
    }
    let have_nothing_in_common = text.starts_with("peer is incompatible")
        || has(&["no protocols available", "no shared cipher"]);
    have_nothing_in_common.then_some(
        "the TLS handshake failed: server and client have no TLS version or cipher in common",
    )
}

/// Why a connection broke. `None` if it is not known. `is_https` tells the scheme of the URL.
pub(crate) fn broken(error: &(dyn Error + 'static), is_https: bool) -> Option<Cow<'static, str>> {
    let chain = chain(error);
    let texts: Vec<String> = chain.iter().map(ToString::to_string).collect();
    // hyper's words.
    let begins = |start: &str| texts.iter().any(|text| text.starts_with(start));
    if begins("operation timed out") {
        return Some("timed out".into());
    }
    if begins("invalid HTTP version parsed") && !is_https {
        return Some("what came back is not HTTP; does the server speak https there?".into());
    }
    if begins("invalid HTTP") {
        return Some("what came back is not HTTP".into());
    }
    if begins("message head is too large") {
        return Some("the head of the answer is too long".into());
    }
    if begins("connection closed before message completed") {
        return Some("it was closed".into());
    }
    io_words(&chain)
}

/// The deepest error of the operating system.
fn io_error<'a>(chain: &[&'a (dyn Error + 'static)]) -> Option<&'a io::Error> {
    let mut errors = chain.iter().rev();
    errors.find_map(|error| error.downcast_ref::<io::Error>())
}

fn io_kind(chain: &[&(dyn Error + 'static)]) -> Option<io::ErrorKind> {
    io_error(chain).map(io::Error::kind)
}

/// What the operating system says, in the standard library's words.
fn io_words(chain: &[&(dyn Error + 'static)]) -> Option<Cow<'static, str>> {
    let error = io_error(chain)?;
    #[cfg(unix)]
    if matches!(error.raw_os_error(), Some(23 | 24)) {
        return Some("too many files are open".into());
    }
    let kind = error.kind();
    let is_known = error.raw_os_error().is_some()
        || !matches!(kind, io::ErrorKind::Other | io::ErrorKind::InvalidData);
    is_known.then(|| kind.to_string().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Said(&'static str, Option<Box<dyn Error + Send + Sync>>);

    impl std::fmt::Display for Said {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str(self.0)
        }
    }

    impl Error for Said {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            Some(&**self.1.as_ref()?)
        }
    }

    fn said(text: &'static str, cause: impl Error + Send + Sync + 'static) -> Said {
        Said(text, Some(Box::new(cause)))
    }

    #[test]
    fn why_there_is_no_connection_is_told_in_our_words() {
        let os = io::Error::from_raw_os_error;
        let tls = |text| io::Error::new(io::ErrorKind::InvalidData, Said(text, None));
        let tcp = |error: io::Error| said("tcp connect error", error);
        let refused = || io::Error::from(io::ErrorKind::ConnectionRefused);
        for (error, words) in [
            (tcp(refused()), "connection refused"),
            (
                tcp(io::ErrorKind::HostUnreachable.into()),
                "host unreachable",
            ),
            (
                tcp(io::ErrorKind::ConnectionReset.into()),
                "connection reset",
            ),
            (tcp(io::ErrorKind::TimedOut.into()), "timed out"),
            (
                said("dns error", io::Error::other("hunter2")),
                "no such host",
            ),
            (said("x", Said("operation timed out", None)), "timed out"),
            (
                said(
                    "x",
                    tls("received corrupt message of type InvalidContentType"),
                ),
                "does the server speak http there?",
            ),
            (
                said(
                    "x",
                    io::Error::new(io::ErrorKind::UnexpectedEof, "tls handshake eof"),
                ),
                "closed the connection",
            ),
            (
                said("x", io::Error::from(io::ErrorKind::ConnectionReset)),
                "closed the connection",
            ),
            (
                said("x", tls("invalid peer certificate: UnknownIssuer")),
                "this machine trusts",
            ),
            (
                said(
                    "x",
                    tls("invalid peer certificate: certificate not valid for name \"a\"; hunter2"),
                ),
                "another name",
            ),
            (
                said(
                    "x",
                    tls("invalid peer certificate: certificate expired: hunter2"),
                ),
                "not valid at this time",
            ),
            (
                said("x", tls("invalid peer certificate: BadEncoding")),
                "not accepted",
            ),
            (
                said("x", tls("received fatal alert: HandshakeFailure")),
                "refused",
            ),
            (said("x", tls("peer is incompatible: hunter2")), "in common"),
            (said("x", tls("hunter2")), "the TLS handshake failed"),
            (
                said(
                    "x",
                    Said(
                        "error:0A000086:SSL routines::certificate verify failed:hunter2 (unable to get local issuer certificate)",
                        None,
                    ),
                ),
                "this machine trusts",
            ),
            (
                said(
                    "x",
                    Said("error:0A00010B:SSL routines::wrong version number:", None),
                ),
                "speak http there?",
            ),
            (
                said("x", Said("unexpected EOF", None)),
                "closed the connection",
            ),
            (
                said("tunnel error: unsuccessful", refused()),
                "the proxy refused to connect",
            ),
            (
                said("tunnel error: proxy authorization required", refused()),
                "407",
            ),
            (
                said(
                    "tunnel error: failed to create underlying connection",
                    tcp(refused()),
                ),
                "the proxy cannot be reached: connection refused",
            ),
            (
                said("tunnel error: unexpected end of file", refused()),
                "the proxy closed",
            ),
            (
                said("SOCKS error: hunter2", refused()),
                "the SOCKS proxy refused",
            ),
        ] {
            let said = no_connection(&error, true);
            assert!(said.contains(words), "{error:?}: {said}");
            assert!(!said.contains("hunter2"), "{said}");
        }
        #[cfg(unix)]
        assert_eq!(no_connection(&tcp(os(24)), true), "too many files are open");
        let _ = os;
        assert_eq!(
            no_connection(&said("x", io::Error::other("hunter2")), false),
            "the connection failed"
        );
    }

    #[test]
    fn why_a_connection_broke_is_told_as_far_as_it_is_known() {
        for (error, words) in [
            (
                said("x", io::Error::from(io::ErrorKind::ConnectionReset)),
                Some("connection reset"),
            ),
            (
                said(
                    "x",
                    Said("connection closed before message completed", None),
                ),
                Some("it was closed"),
            ),
            (
                said("x", Said("invalid HTTP version parsed", None)),
                Some("what came back is not HTTP; does the server speak https there?"),
            ),
            (
                said("x", Said("invalid HTTP header parsed", None)),
                Some("what came back is not HTTP"),
            ),
            (said("x", Said("hunter2", None)), None),
            (said("x", io::Error::other("hunter2")), None),
        ] {
            assert_eq!(broken(&error, false).as_deref(), words, "{error:?}");
        }
    }
}
