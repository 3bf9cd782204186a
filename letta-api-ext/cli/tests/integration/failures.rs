//! The exit code of each failure, and what it says.

use std::time::Duration;

use letta_api_emulator::Fault;
use letta_api_ext::letta_api::operations;

use crate::lab::Lab;

#[test]
fn each_failure_has_its_exit_code() {
    let mut lab = Lab::new();
    for (fault, code) in [
        (Fault::status(500), 1),
        (Fault::status(400), 1),
        (Fault::status(401), 3),
        (Fault::status(403), 3),
        (Fault::status(404), 4),
        (Fault::status(402), 7),
        (Fault::status(429).retry_after(Duration::from_secs(3600)), 7),
        (Fault::status(503), 5),
        (Fault::disconnect(), 5),
    ] {
        lab.emulator
            .inject(fault.on(operations::GET_AGENT))
            .unwrap();
        let ran = lab.show(&["agent", "get", "agent-1"]);
        lab.emulator.clear_faults();
        assert_eq!(ran.code, Some(code), "{ran:?}");
    }
    assert_eq!(lab.show(&["agent", "get", "agent-9"]).code, Some(4));
    assert_eq!(lab.show(&["agent", "get", ".."]).code, Some(4));
    assert_eq!(lab.show(&["agent", "get"]).code, Some(2));
    assert_eq!(lab.show(&["agnt"]).code, Some(2));
    lab.check("failures");
}

#[test]
fn a_wrong_key_is_refused() {
    let mut lab = Lab::new();
    lab.keep_secret("hunter6");
    let ran = lab.feed(
        lab.command(&["agent", "list"])
            .env("LETTA_API_KEY", "sk-let-hunter6"),
        "",
    );
    assert_eq!(ran.code, Some(3), "{ran:?}");
    assert!(ran.stderr.contains("help: Check the key"), "{ran:?}");
    // Not a key at all: nothing is sent.
    let ran = lab.feed(
        lab.command(&["agent", "list"])
            .env("LETTA_API_KEY", "\"hunter6\""),
        "",
    );
    assert_eq!(ran.code, Some(2), "{ran:?}");
}

#[test]
fn a_server_that_is_not_there_is_unreachable() {
    let lab = Lab::new();
    // Bound and never listened to by HTTP: taken by this test, so that nobody else has it.
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    drop(taken);
    let url = format!("http://{address}");
    let ran = lab.feed(
        lab.command(&["agent", "list"]).env("LETTA_BASE_URL", url),
        "",
    );
    assert_eq!(ran.code, Some(5), "{ran:?}");
    assert!(ran.stderr.contains("help: Check the address"), "{ran:?}");
}

#[test]
fn a_server_on_the_network_without_tls_is_refused() {
    let lab = Lab::new();
    let ran = lab.run(&["--base-url", "http://letta.example", "agent", "list"]);
    assert_eq!(ran.code, Some(2), "{ran:?}");
    assert!(ran.stderr.contains("--allow-plain-http"), "{ran:?}");
}

#[cfg(unix)]
#[test]
fn an_interrupt_ends_it() {
    let lab = Lab::new();
    let wait = Fault::latency(Duration::from_secs(600)).on(operations::GET_AGENT);
    lab.emulator.inject(wait).unwrap();
    let child = lab
        .command(&["agent", "get", "agent-1"])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    while lab.emulator.request_count(operations::GET_AGENT) == 0 {
        std::thread::yield_now();
    }
    crate::support::program::interrupt(&child);
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{output:?}");
    assert!(
        output.stdout.is_empty() && output.stderr.is_empty(),
        "{output:?}"
    );
}
