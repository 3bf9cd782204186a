//! The default HTTP client speaks TLS as its features say, trusts whom the platform trusts, and nobody else.
#![cfg(target_os = "linux")] // Elsewhere, `SSL_CERT_FILE` does not say whom to trust.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls::crypto::ring;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::{Acceptor, ClientHello};
use rustls::{NamedGroup, ServerConfig, ServerConnection, StreamOwned};

const API_KEY: &str = "sk-let-k3yk3yk3y0123456789";

const TOKEN: &str = "ck-let-t0kent0ken0123456789";

/// With native-tls, cryptography is the platform's.
const IS_RUSTLS: bool = !cfg!(feature = "native-tls");

/// What a client says first.
#[derive(Debug)]
struct Hello {
    server_name: Option<String>,
    protocols: Vec<String>,
    groups: Vec<NamedGroup>,
}

impl Hello {
    fn of(hello: &ClientHello<'_>) -> Self {
        let protocols = hello.alpn().into_iter().flatten();
        Self {
            server_name: hello.server_name().map(str::to_owned),
            protocols: protocols
                .map(|name| String::from_utf8_lossy(name).into_owned())
                .collect(),
            groups: hello.named_groups().unwrap_or_default().to_vec(),
        }
    }
}

/// What a server saw of a connection: what the client said first, and its request if it made one.
type Seen = (Hello, Option<String>);

/// A server with a certificate for some name, and a file with the certificate of who signed that. It is a proxy too.
struct Server {
    port: u16,
    authority: PathBuf,
    seen: Receiver<Seen>,
    _folder: tempfile::TempDir,
}

impl Server {
    fn start(name: &str) -> Self {
        let mut authority = CertificateParams::default();
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        // OpenSSL takes a certificate that has its issuer's name for self-signed.
        authority
            .distinguished_name
            .push(DnType::CommonName, "authority");
        let authority_key = KeyPair::generate().unwrap();
        let signed = authority.self_signed(&authority_key).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("authority.pem");
        std::fs::write(&path, signed.pem()).unwrap();

        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new([name.to_owned()]).unwrap();
        let certificate = certificate
            .signed_by(&key, &Issuer::new(authority, authority_key))
            .unwrap();
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let config = ServerConfig::builder_with_provider(ring::default_provider().into())
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.into()], key);
        let mut config = config.unwrap();
        config.alpn_protocols.push(b"http/1.1".to_vec());

        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (sender, seen) = channel();
        // It ends with the test's process.
        std::thread::spawn(move || serve(&listener, &Arc::new(config), &sender));
        Self {
            port,
            authority: path,
            seen,
            _folder: folder,
        }
    }

    /// By the name of this machine, whatever the certificate's is.
    fn url(&self) -> String {
        format!("https://localhost:{}", self.port)
    }

    /// What it saw of the one connection that was made.
    fn seen(&self) -> Seen {
        let seen = self.seen.recv_timeout(std::time::Duration::from_secs(60));
        let seen = seen.expect("a connection");
        assert!(self.seen.try_recv().is_err(), "a second connection");
        seen
    }
}

fn serve(listener: &TcpListener, config: &Arc<ServerConfig>, seen: &Sender<Seen>) {
    for stream in listener.incoming() {
        let mut stream = stream.unwrap();
        tunnel(&mut stream).unwrap();
        let mut acceptor = Acceptor::default();
        let accepted = loop {
            assert!(acceptor.read_tls(&mut stream).unwrap() > 0, "hung up");
            match acceptor.accept() {
                Ok(Some(accepted)) => break accepted,
                Ok(None) => {}
                Err((error, _)) => panic!("no TLS: {error}"),
            }
        };
        let hello = Hello::of(&accepted.client_hello());
        let connection = accepted.into_connection(Arc::clone(config));
        let request = connection
            .ok()
            .and_then(|connection| answer(StreamOwned::new(connection, stream)).ok());
        seen.send((hello, request)).unwrap();
    }
}

/// Lets a client through that takes it for a proxy.
fn tunnel(stream: &mut TcpStream) -> std::io::Result<()> {
    let mut first = [0];
    stream.peek(&mut first)?;
    if first != *b"C" {
        return Ok(());
    }
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte)?;
        head.extend(byte);
    }
    let head = String::from_utf8_lossy(&head);
    assert!(head.starts_with("CONNECT letta.example:443 "), "{head}");
    stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n")
}

/// Reads a request, which a client that trusts nobody does not make, and answers with a token.
fn answer(mut stream: StreamOwned<ServerConnection, TcpStream>) -> std::io::Result<String> {
    let mut request = String::new();
    // The body is one object within another.
    while !request.ends_with("]}") {
        let mut bytes = [0; 1024];
        let count = stream.read(&mut bytes)?;
        if count == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        request += &String::from_utf8_lossy(&bytes[..count]);
    }
    let body = format!(
        r#"{{"token":"{TOKEN}","hostname":"https://chat.example.com","expiresAt":"2100-01-01T00:00:00Z","policy":{{"version":"1","data":[{{"type":"agent","id":"agent-1","access":["read_messages","write_messages"]}}]}}}}"#
    );
    let length = body.len();
    write!(
        stream,
        "HTTP/1.1 201 Created\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
    )?;
    stream.conn.send_close_notify();
    stream.flush()?;
    Ok(request)
}

/// Whether it succeeded, and what it printed, which is no secret.
fn create(url: &str, trusted: &Path, with: impl FnOnce(&mut Command)) -> (bool, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_letta-api-tls-tests"));
    command
        .env_clear()
        .env("LETTA_API_KEY", API_KEY)
        .env("LETTA_BASE_URL", url)
        .env("SSL_CERT_FILE", trusted);
    with(&mut command);
    let output = command.output().unwrap();
    let mut printed = String::from_utf8(output.stdout).unwrap();
    printed += &String::from_utf8(output.stderr).unwrap();
    assert!(
        !printed.contains("k3yk3yk3y") && !printed.contains("t0kent0ken"),
        "{printed}"
    );
    (output.status.success(), printed)
}

fn as_it_is(_: &mut Command) {}

#[test]
fn a_token_is_created_with_whom_the_platform_trusts() {
    let server = Server::start("localhost");
    let (is_created, printed) = create(&server.url(), &server.authority, as_it_is);
    assert!(is_created, "{printed}");
    // An application decides what is.
    assert!(
        printed.contains("installed for the process: false"),
        "{printed}"
    );
    let (hello, request) = server.seen();
    let request = request.expect("a request");
    assert!(request.contains(&format!("Bearer {API_KEY}\r\n")), "no key");
    assert_eq!(hello.server_name.as_deref(), Some("localhost"));
    let protocols: &[&str] = match cfg!(feature = "http2") {
        true => &["h2", "http/1.1"],
        false => &["http/1.1"],
    };
    assert_eq!(hello.protocols, protocols);
    if IS_RUSTLS {
        // aws-lc has it, and ring has not.
        let is_post_quantum = hello.groups.contains(&NamedGroup::X25519MLKEM768);
        assert_eq!(is_post_quantum, cfg!(feature = "rustls"), "{hello:?}");
    }
}

#[test]
fn who_is_not_trusted_is_told_nothing() {
    let (server, other) = (Server::start("localhost"), Server::start("localhost"));
    let elsewhere = Server::start("elsewhere.example");
    for (server, authority, why) in [
        (&server, &other.authority, "that this machine trusts"),
        (&elsewhere, &elsewhere.authority, "for another name"),
    ] {
        let (is_created, printed) = create(&server.url(), authority, as_it_is);
        assert!(!is_created, "{printed}");
        assert!(printed.contains("is_connect: true"), "{printed}");
        let first = printed.lines().next().unwrap();
        let to = format!(
            "cannot connect to localhost:{}: the TLS handshake failed: ",
            server.port
        );
        assert!(first.contains(&to) && first.contains(why), "{printed}");
        let says_why = printed.to_lowercase().contains("certificate");
        assert!(says_why, "{printed}");
        let (_, request) = server.seen();
        assert_eq!(request, None);
    }
}

#[test]
fn what_the_application_installed_is_used() {
    if !IS_RUSTLS {
        return;
    }
    let server = Server::start("localhost");
    let (is_created, printed) = create(&server.url(), &server.authority, |command| {
        command.arg("--install-p256");
    });
    assert!(is_created, "{printed}");
    let (hello, _) = server.seen();
    assert_eq!(hello.groups, [NamedGroup::secp256r1]);
}

#[test]
fn a_proxy_sees_the_service_s_name_and_nothing_else() {
    let server = Server::start("letta.example");
    let (is_created, printed) = create("https://letta.example", &server.authority, |command| {
        command.env("HTTPS_PROXY", format!("http://127.0.0.1:{}", server.port));
    });
    assert!(is_created, "{printed}");
    let (hello, request) = server.seen();
    assert_eq!(hello.server_name.as_deref(), Some("letta.example"));
    assert!(request.expect("a request").starts_with("POST /"));
}

/// Says this to whoever connects, and closes.
fn blunt(says: &'static [u8]) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            // All that is there, or what is left of it would make a reset of the close.
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(says);
        }
    });
    port
}

#[test]
fn what_is_no_tls_is_told_from_what_is_not_trusted() {
    let server = Server::start("localhost");
    let http = blunt(b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\nno TLS here");
    let silent = blunt(b"");
    for port in [http, silent] {
        let url = format!("https://localhost:{port}");
        let (is_created, printed) = create(&url, &server.authority, as_it_is);
        assert!(!is_created, "{printed}");
        let first = printed.lines().next().unwrap();
        let to = format!("cannot connect to localhost:{port}: the TLS handshake failed: ");
        assert!(first.contains(&to), "{printed}");
        assert!(first.contains("speak http there?"), "{printed}");
    }
}

#[test]
fn a_proxy_that_is_no_help_is_named_without_its_password() {
    let server = Server::start("letta.example");
    for (says, why) in [
        (&b"HTTP/1.1 407 X\r\n\r\n"[..], "asks for a user name"),
        (b"HTTP/1.1 403 X\r\n\r\n", "refused to connect"),
    ] {
        let proxy = format!("127.0.0.1:{}", blunt(says));
        let (is_created, printed) = create("https://letta.example", &server.authority, |command| {
            command.env("HTTPS_PROXY", format!("http://user:hunter2@{proxy}"));
        });
        assert!(!is_created, "{printed}");
        let first = printed.lines().next().unwrap();
        let to =
            format!("cannot connect to letta.example:443 through the proxy {proxy}: the proxy");
        assert!(first.contains(&to) && first.contains(why), "{printed}");
        assert!(!printed.contains("hunter2"), "{printed}");
    }
}

#[test]
fn a_proxy_setting_that_cannot_be_used_is_not_passed_over() {
    let server = Server::start("letta.example");
    for (variable, value) in [
        ("HTTPS_PROXY", "http://hunter2:99999"),
        ("https_proxy", "\"http://hunter2:3128\""),
        ("ALL_PROXY", "ftp://hunter2"),
        ("all_proxy", "socks5://hunter2"),
    ] {
        let (is_created, printed) = create("https://letta.example", &server.authority, |command| {
            command.env(variable, value);
        });
        assert!(!is_created, "{printed}");
        assert!(!printed.contains("hunter2"), "{printed}");
        // With all features of the workspace, there are SOCKS proxies.
        if !value.starts_with("socks") {
            assert!(printed.contains(variable), "{printed}");
            assert!(
                printed.contains(&format!("field: Some({variable:?})")),
                "{printed}"
            );
        }
    }
    assert!(server.seen.try_recv().is_err(), "somebody was asked");
}

#[test]
fn where_nobody_can_be_trusted_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let nobody = folder.path().join("nobody.pem");
    std::fs::write(&nobody, "").unwrap();
    let server = Server::start("localhost");
    let (is_created, printed) = create(&server.url(), &nobody, |command| {
        command.env("SSL_CERT_DIR", folder.path());
    });
    assert!(!is_created, "{printed}");
    assert!(!printed.contains("panicked"), "{printed}");
    if IS_RUSTLS {
        assert!(printed.contains("http_client"), "{printed}");
        assert!(printed.contains("could not be made"), "{printed}");
    }
}
