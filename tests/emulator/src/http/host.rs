//! Under which names the emulator is served.
//!
//! A page of any site can give its own DNS name the address 127.0.0.1, and then send requests here as if to itself. The
//! key may be known to everybody, so such a page could read what the emulator holds. A browser says in `Host` which
//! name it used, and no script can change that.

use std::io;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Uri, Version, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use url::Host;

use crate::http::refusal::Refusal;

/// The names that are served beside loopback ones.
pub(crate) struct Hosts(Vec<Host>);

impl Hosts {
    /// Those that were allowed, and the address that the emulator listens on, if it is one address.
    pub(crate) fn new(allowed: &[String], listen: SocketAddr) -> io::Result<Self> {
        let mut hosts: Vec<Host> = allowed
            .iter()
            .map(|name| name_of(name))
            .collect::<io::Result<_>>()?;
        if !listen.ip().is_unspecified() {
            hosts.push(host_of(listen.ip()));
        }
        Ok(Self(hosts))
    }

    fn check(&self, version: Version, uri: &Uri, headers: &HeaderMap) -> Result<(), Refusal> {
        let mut values = headers.get_all(header::HOST).iter();
        let value = values.next();
        if values.next().is_some() {
            return Err(Refusal::bad_request(
                "the request must not have more than one Host header",
            ));
        }
        // The target of the request may name a host too: in its absolute form, and in HTTP/2 always.
        let target = uri.authority().map(|authority| authority.as_str());
        if value.is_none() && target.is_none() && version == Version::HTTP_11 {
            return Err(Refusal::bad_request(
                "an HTTP/1.1 request must have a Host header",
            ));
        }
        let value = value
            .map(HeaderValue::to_str)
            .map(Result::unwrap_or_default);
        let is_served = |authority| parse(authority).is_some_and(|host| self.serve(&host));
        if [value, target].into_iter().flatten().all(is_served) {
            return Ok(());
        }
        Err(Refusal::forbidden(
            "the emulator is not served under the host that the request names; it is served under localhost, names \
             that end in .localhost, loopback addresses, and what `--allow-host` or `Builder::allow_host` adds",
        ))
    }

    fn serve(&self, host: &Host) -> bool {
        is_loopback(host) || self.0.contains(host)
    }
}

/// Refuses a request under a name that is not served, whatever it asks for.
pub(crate) async fn check(
    State(hosts): State<Arc<Hosts>>,
    request: Request,
    next: Next,
) -> Response {
    match hosts.check(request.version(), request.uri(), request.headers()) {
        Ok(()) => next.run(request).await,
        Err(refusal) => refusal.into_response(),
    }
}

fn is_loopback(host: &Host) -> bool {
    match host {
        Host::Domain(name) => name == "localhost" || name.ends_with(".localhost"),
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.to_canonical().is_loopback(),
    }
}

/// The host of a `Host` header, as browsers read one. `None` if it is invalid.
fn parse(authority: &str) -> Option<Host> {
    let host = match authority.rsplit_once(':') {
        // The colons of an IPv6 address are in brackets.
        Some((host, port)) if !port.ends_with(']') => port
            .bytes()
            .all(|byte| byte.is_ascii_digit())
            .then_some(host)?,
        _ => authority,
    };
    canonical(Host::parse(host).ok()?)
}

/// A name with a dot at its end is the same name.
fn canonical(host: Host) -> Option<Host> {
    match host {
        Host::Domain(name) => {
            let name = name.strip_suffix('.').unwrap_or(&name);
            (!name.is_empty() && !name.starts_with('.')).then(|| Host::Domain(name.to_owned()))
        }
        address => Some(address),
    }
}

/// A host that is to be allowed.
fn name_of(name: &str) -> io::Result<Host> {
    let name = name.trim();
    let host = match name.parse::<Ipv6Addr>() {
        Ok(address) => Some(Host::Ipv6(address)),
        Err(_) => Host::parse(name).ok().and_then(canonical),
    };
    // A wildcard would be taken for a name.
    host.filter(|_| !name.contains('*')).ok_or_else(|| {
        let message = format!(
            "the host {name:?} cannot be allowed: it must be one name or address, without a scheme, a port and a path, \
             as in `emulator.test`"
        );
        io::Error::new(io::ErrorKind::InvalidInput, message)
    })
}

fn host_of(address: IpAddr) -> Host {
    match address {
        IpAddr::V4(address) => Host::Ipv4(address),
        IpAddr::V6(address) => Host::Ipv6(address),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn serves(hosts: &Hosts, authority: &str) -> bool {
        parse(authority).is_some_and(|host| hosts.serve(&host))
    }

    #[test]
    fn loopback_names_are_served_and_no_others() {
        let hosts = Hosts::new(&[], "127.0.0.1:0".parse().unwrap()).unwrap();
        for good in [
            "localhost",
            "localhost:8283",
            "LOCALHOST:8283",
            "localhost.",
            "chat.localhost:1",
            "a.b.localhost",
            "127.0.0.1",
            "127.0.0.1:65535",
            "127.255.255.254:1",
            "127.1:80",
            "[::1]",
            "[::1]:8283",
            "[0:0:0:0:0:0:0:1]:8283",
            "[::ffff:127.0.0.1]:8283",
            "localhost:",
        ] {
            assert!(serves(&hosts, good), "{good}");
        }
        for bad in [
            "",
            ":8283",
            ".",
            ".localhost",
            "evil.example",
            "evil.example:8283",
            "localhost.evil.example",
            "localhost.evil.example:8283",
            "evil-localhost",
            "mylocalhost:8283",
            "127.0.0.1.evil.example",
            "127.0.0.1.nip.io:8283",
            "0.0.0.0:8283",
            "10.0.0.1:8283",
            "128.0.0.1",
            "[::]:8283",
            "[::2]:8283",
            "[fe80::1]:8283",
            "::1",
            "localhost@evil.example",
            "evil.example@localhost",
            "localhost:8283@evil.example",
            "localhost:8283:8283",
            "localhost:x",
            "localhost/",
            "http://localhost",
            "localhost evil.example",
            "localhost,evil.example",
            "x",
        ] {
            assert!(!serves(&hosts, bad), "{bad}");
        }
    }

    #[test]
    fn what_is_allowed_and_the_address_that_it_listens_on_are_served_too() {
        let allowed = [
            "emulator.test",
            "Chat.Example.COM.",
            "10.0.0.7",
            "::2",
            "[::3]",
        ];
        let hosts =
            Hosts::new(&allowed.map(str::to_owned), "192.0.2.7:0".parse().unwrap()).unwrap();
        for good in [
            "emulator.test:8283",
            "EMULATOR.TEST.",
            "chat.example.com",
            "10.0.0.7:1",
            "[::2]:8283",
            "[::3]",
            "192.0.2.7:8283",
            "localhost:8283",
        ] {
            assert!(serves(&hosts, good), "{good}");
        }
        for bad in [
            "sub.emulator.test",
            "emulator.test.evil.example",
            "10.0.0.8",
            "192.0.2.8",
        ] {
            assert!(!serves(&hosts, bad), "{bad}");
        }
        let everywhere = Hosts::new(&[], "0.0.0.0:0".parse().unwrap()).unwrap();
        assert!(!serves(&everywhere, "0.0.0.0:8283"));
    }

    #[test]
    fn what_is_not_a_host_cannot_be_allowed() {
        for bad in [
            "",
            " ",
            "*",
            "*.example.com",
            "http://emulator.test",
            "emulator.test:8283",
            "[::1]:8283",
            "emulator.test/",
            "a b",
            ".",
        ] {
            let error = Hosts::new(&[bad.to_owned()], "127.0.0.1:0".parse().unwrap());
            let error = error.err().unwrap_or_else(|| panic!("{bad}"));
            assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
            assert!(error.to_string().contains("without a scheme"), "{error}");
        }
    }
}
