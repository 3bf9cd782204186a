//! Checks the proxy settings of the environment, for the default HTTP client.
//!
//! In go the base URL and the environment. Out comes the proxy that the HTTP library will use, or an error.
//!
//! The HTTP library ignores an invalid setting, and then uses no proxy or another one. An application that was told
//! to use a proxy must not bypass it unnoticed.

use std::ffi::OsString;

use hyper_util::client::proxy::matcher::Matcher;
use letta_api::BaseUrl;

use crate::platform::UnusableProxy;

/// An environment variable, and its value if that is text.
struct Setting {
    name: &'static str,
    value: Option<String>,
}

impl Setting {
    /// The variables with these names that are set, up to the first that is text: the HTTP library uses that one.
    /// Those before it are invalid.
    fn find(names: [&'static str; 2], variable: &dyn Fn(&str) -> Option<OsString>) -> Vec<Self> {
        let mut found = Vec::new();
        for name in names {
            let Some(value) = variable(name) else {
                continue;
            };
            let value = value.into_string().ok();
            let is_text = value.is_some();
            found.push(Self { name, value });
            if is_text {
                break;
            }
        }
        found.retain(|setting| !setting.is_blank());
        found
    }

    fn is_blank(&self) -> bool {
        self.value
            .as_deref()
            .is_some_and(|value| value.trim().is_empty())
    }

    /// Host and port of the proxy, or what is wrong with the setting. The message does not have the value, which may
    /// have a password.
    fn proxy(&self) -> Result<String, &'static str> {
        let value = self.value.as_deref().ok_or("it is not valid UTF-8")?;
        if let Some(slip) = letta_api::slip(value) {
            return Err(slip);
        }
        let anywhere = "http://proxied.invalid".parse().map_err(|_| UNUSABLE)?;
        // The URL as the HTTP library parses it.
        let matcher = Matcher::builder().all(value.to_owned()).build();
        let intercept = matcher.intercept(&anywhere).ok_or(UNUSABLE)?;
        let uri = intercept.uri();
        let scheme = uri.scheme_str().unwrap_or_default();
        if scheme.starts_with("socks") && !cfg!(feature = "socks") {
            return Err("it names a SOCKS proxy, which needs the feature `socks` of letta-api-ext");
        }
        // The library takes everything before the first of these as host and port.
        let (_, rest) = value.split_once("://").unwrap_or(("", value));
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        // And everything before the first `@` as user name and password.
        if rest[end..].contains('@') || rest[..end].matches('@').count() > 1 {
            return Err(
                "its user name or password has a `/`, `?`, `#` or `@`, which must be percent-encoded",
            );
        }
        let authority = uri.authority().map_or("", |authority| authority.as_str());
        let host = uri.host().filter(|host| !host.is_empty()).ok_or(UNUSABLE)?;
        let port = match authority.strip_prefix(host).unwrap_or_default() {
            "" => match scheme {
                "https" => 443,
                "http" => 80,
                _ => 1080,
            },
            _ => uri
                .port_u16()
                .ok_or("its port is not a number from 1 to 65535")?,
        };
        match port {
            0 => Err("its port is not a number from 1 to 65535"),
            port => Ok(format!("{host}:{port}")),
        }
    }
}

const UNUSABLE: &str = "it is not a proxy's URL; write it like http://proxy.example.com:3128";

/// Host and port of the proxy for this base URL. `None` if there is none.
///
/// # Errors
///
/// A setting that applies and is invalid. An invalid setting that does not apply causes a warning event.
pub(crate) fn of_environment(
    base_url: &BaseUrl,
    variable: &dyn Fn(&str) -> Option<OsString>,
) -> Result<Option<String>, UnusableProxy> {
    let https = Setting::find(["HTTPS_PROXY", "https_proxy"], variable);
    let http = Setting::find(["HTTP_PROXY", "http_proxy"], variable);
    let all = Setting::find(["ALL_PROXY", "all_proxy"], variable);
    // In a CGI program, anyone who sends a request can set `HTTP_PROXY`, so the HTTP library ignores all of them.
    if variable("REQUEST_METHOD").is_some() {
        for setting in https.iter().chain(&http).chain(&all) {
            warn(
                setting,
                "REQUEST_METHOD is set, so this may be a CGI program, and proxy settings are ignored",
            );
        }
        return Ok(None);
    }
    let (mine, others) = match base_url.as_url().scheme() {
        "https" => (https, http),
        _ => (http, https),
    };
    let mut is_direct = base_url.is_loopback() || is_exempt(base_url, variable);
    let mut proxy = None;
    for setting in mine.iter().chain(&all) {
        match setting.proxy() {
            Ok(found) if !is_direct => {
                proxy = Some(found);
                // Proxies after this one are not used.
                is_direct = true;
            }
            Ok(_) => {}
            Err(problem) if is_direct => warn(setting, problem),
            Err(problem) => {
                return Err(UnusableProxy {
                    variable: setting.name,
                    problem,
                });
            }
        }
    }
    for setting in &others {
        if let Err(problem) = setting.proxy() {
            warn(setting, problem);
        }
    }
    Ok(proxy)
}

/// Whether `NO_PROXY` names the service.
fn is_exempt(base_url: &BaseUrl, variable: &dyn Fn(&str) -> Option<OsString>) -> bool {
    let no_proxy = ["NO_PROXY", "no_proxy"]
        .into_iter()
        .find_map(|name| variable(name)?.into_string().ok());
    let matcher = Matcher::builder()
        .all("http://proxy.invalid".to_owned())
        .no(no_proxy.unwrap_or_default())
        .build();
    let url = base_url.as_str().parse();
    url.is_ok_and(|url| matcher.intercept(&url).is_none())
}

fn warn(setting: &Setting, problem: &'static str) {
    tracing::warn!(
        target: "letta_api_ext::proxy",
        { variable = setting.name, problem },
        "a proxy setting of the environment is invalid here, and is ignored"
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{Error, Result};

    fn of(url: &str, variables: &[(&str, &str)]) -> Result<Option<String>> {
        let url = BaseUrl::parse(url).unwrap();
        of_environment(&url, &|name| {
            let found = variables.iter().find(|(key, _)| *key == name);
            found.map(|(_, value)| value.into())
        })
        .map_err(|proxy| Error::invalid_input(proxy.variable, proxy.to_string(), None))
    }

    const SERVICE: &str = "https://api.letta.com";

    #[test]
    fn a_proxy_is_named_by_host_and_port_without_its_password() {
        for (value, named) in [
            ("http://proxy:3128", "proxy:3128"),
            ("proxy:3128", "proxy:3128"),
            ("proxy.example.com", "proxy.example.com:80"),
            ("https://proxy.example.com/", "proxy.example.com:443"),
            ("http://user:hunter2@proxy:3128", "proxy:3128"),
            ("http://user:hunter%232@[::1]:3128", "[::1]:3128"),
        ] {
            let proxy = of(SERVICE, &[("HTTPS_PROXY", value)]).unwrap();
            assert_eq!(proxy.as_deref(), Some(named), "{value}");
        }
    }

    #[test]
    fn a_setting_that_applies_and_cannot_be_used_is_an_error_that_names_the_variable() {
        for value in [
            "http://",
            "http://user:hunter2@",
            "not a url hunter2",
            " http://hunter2:3128",
            "ftp://hunter2:21",
            "http://hunter2:99999",
            "http://hunter2:port",
            "http://hunter2:0",
            "\"http://hunter2:3128\"",
            "'http://hunter2:3128'",
            "${hunter2}",
            "http://${hunter2}:3128",
            "http://user:hunter2#x@proxy:3128",
            "http://user:1#hunter2@proxy:3128",
            "http://user:1/hunter2@proxy:3128",
            "http://user:1@hunter2@proxy:3128",
            "user@example.com:hunter2@proxy:3128",
            "http://pr\u{f6}xy-hunter2:3128",
            "file:///hunter2",
            #[cfg(not(feature = "socks"))]
            "socks5://hunter2:1080",
        ] {
            for name in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
                let error = of(SERVICE, &[(name, value)]).expect_err(value);
                assert_eq!(error.field(), Some(name), "{value}");
                assert!(error.is_invalid_input());
                let text = format!("{error} {error:?}");
                assert!(text.contains(name) && text.contains("NO_PROXY"), "{text}");
                assert!(!text.contains("hunter2"), "{text}");
                // It does not apply to another scheme, to this machine, or to an exempt host.
                let is_all = name.to_uppercase() == "ALL_PROXY";
                assert_eq!(of("http://10.0.0.1", &[(name, value)]).is_err(), is_all);
                assert_eq!(of("https://localhost", &[(name, value)]).unwrap(), None);
                for exempt in ["*", "letta.com", "other.example, .letta.com"] {
                    let proxy = of(SERVICE, &[(name, value), ("NO_PROXY", exempt)]);
                    assert_eq!(proxy.unwrap(), None, "{exempt}");
                }
            }
        }
    }

    #[cfg(feature = "socks")]
    #[test]
    fn a_socks_proxy_is_one() {
        let proxy = of(SERVICE, &[("ALL_PROXY", "socks5h://user:hunter2@proxy")]);
        assert_eq!(proxy.unwrap().as_deref(), Some("proxy:1080"));
    }

    #[test]
    fn the_setting_that_the_http_library_heeds_is_the_one_that_counts() {
        let (good, bad) = ("http://good:1", "http://");
        for (variables, proxy) in [
            (&[][..], Some(None)),
            (&[("HTTPS_PROXY", "")][..], Some(None)),
            (&[("HTTPS_PROXY", " ")], Some(None)),
            (&[("HTTP_PROXY", bad)], Some(None)),
            (
                &[("HTTPS_PROXY", good), ("ALL_PROXY", bad)],
                Some(Some("good:1")),
            ),
            (&[("HTTPS_PROXY", bad), ("ALL_PROXY", good)], None),
            (
                &[("HTTPS_PROXY", ""), ("ALL_PROXY", good)],
                Some(Some("good:1")),
            ),
            (
                &[("HTTPS_PROXY", good), ("https_proxy", bad)],
                Some(Some("good:1")),
            ),
            (&[("HTTPS_PROXY", bad), ("https_proxy", good)], None),
            (
                &[("HTTPS_PROXY", bad), ("REQUEST_METHOD", "GET")],
                Some(None),
            ),
        ] {
            let found = of(SERVICE, variables).ok();
            let found = found.as_ref().map(|found| found.as_deref());
            assert_eq!(found, proxy, "{variables:?}");
        }
    }

    /// A setting that does not apply causes a warning with the variable, and never with the value.
    #[test]
    fn a_setting_that_does_not_apply_and_cannot_be_used_is_a_warning_event() {
        use std::io::Write;
        use std::sync::{Arc, Mutex};

        #[derive(Clone, Default)]
        struct Log(Arc<Mutex<Vec<u8>>>);

        impl Write for Log {
            fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
                self.0.lock().unwrap().write(bytes)
            }

            fn flush(&mut self) -> std::io::Result<()> {
                Ok(())
            }
        }

        // With one subscriber, another thread that reaches the event first may disable it for all.
        let _second = tracing::Dispatch::new(tracing_subscriber::registry());
        for (url, variables, names) in [
            (
                SERVICE,
                &[("HTTP_PROXY", "http://hunter2:x")][..],
                &["HTTP_PROXY"][..],
            ),
            (
                SERVICE,
                &[("https_proxy", "ftp://hunter2"), ("NO_PROXY", "*")],
                &["https_proxy"],
            ),
            (
                "http://127.0.0.1:1",
                &[("ALL_PROXY", "ftp://hunter2"), ("http_proxy", "'hunter2'")],
                &["ALL_PROXY", "http_proxy"],
            ),
            (
                SERVICE,
                &[
                    ("HTTPS_PROXY", "http://hunter2:1"),
                    ("ALL_PROXY", "x://hunter2"),
                ],
                &["ALL_PROXY"],
            ),
            (
                SERVICE,
                &[
                    ("HTTPS_PROXY", "http://hunter2:1"),
                    ("HTTP_PROXY", "hunter2:1"),
                ],
                &[],
            ),
            // In a CGI program, all settings are ignored.
            (
                SERVICE,
                &[
                    ("HTTPS_PROXY", "http://hunter2:1"),
                    ("REQUEST_METHOD", "GET"),
                ],
                &["HTTPS_PROXY"],
            ),
        ] {
            let log = Log::default();
            let writer = log.clone();
            let subscriber = tracing_subscriber::fmt()
                .with_ansi(false)
                .with_writer(move || writer.clone())
                .finish();
            tracing::subscriber::with_default(subscriber, || of(url, variables)).unwrap();
            let said = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
            assert_eq!(said.matches(" WARN ").count(), names.len(), "{said}");
            assert!(
                names
                    .iter()
                    .all(|name| said.contains(&format!("variable=\"{name}\""))),
                "{said}"
            );
            assert!(!said.contains("hunter2"), "{said}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_setting_that_is_no_text_is_not_passed_over() {
        use std::os::unix::ffi::OsStringExt;

        let url = BaseUrl::parse(SERVICE).unwrap();
        let variable = |name: &str| match name {
            "HTTPS_PROXY" => Some(OsString::from_vec(b"http://\xff".to_vec())),
            "https_proxy" => Some("http://good:1".into()),
            _ => None,
        };
        let error = of_environment(&url, &variable).unwrap_err();
        assert_eq!(error.variable, "HTTPS_PROXY");
        assert!(error.to_string().contains("UTF-8"), "{error}");
    }
}
