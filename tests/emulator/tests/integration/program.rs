//! The program `letta-emulator`, as a user runs it.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

const KEY: &str = "sk-let-0123456789abcdef";

fn program(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_letta-emulator"));
    command
        .args(arguments)
        .env_remove("LETTA_EMULATOR_API_KEY")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// A program that serves. Killed when dropped, so that a failing test leaves none behind.
struct Serving {
    child: Child,
    address: String,
    greeting: Vec<String>,
}

impl Serving {
    fn start(mut command: Command) -> Self {
        let mut child = command.spawn().unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        // The last line is the request to begin with.
        let mut greeting: Vec<String> = Vec::new();
        for line in stdout.lines().map(Result::unwrap) {
            greeting.push(line);
            if greeting
                .last()
                .is_some_and(|line| line.starts_with("curl "))
            {
                break;
            }
        }
        let address = greeting[0]
            .strip_prefix("letta-emulator listening on http://")
            .unwrap()
            .to_owned();
        Self {
            child,
            address,
            greeting,
        }
    }

    /// Sends a list request on `stream`, and gives the status line.
    fn call(&self, stream: &mut TcpStream, key: &str) -> String {
        self.get(stream, "/v1/client-side-access-tokens", key, "");
        let mut status = String::new();
        BufReader::new(stream).read_line(&mut status).unwrap();
        status.trim_end().to_owned()
    }

    fn get(&self, stream: &mut TcpStream, path: &str, key: &str, more: &str) {
        write!(
            stream,
            "GET {path} HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {key}\r\n{more}\r\n",
            self.address
        )
        .unwrap();
    }

    fn connect(&self) -> TcpStream {
        TcpStream::connect(&self.address).unwrap()
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs to the end, which must not be long in coming.
fn outcome(mut command: Command) -> Output {
    let mut child = command.spawn().unwrap();
    let began = Instant::now();
    while child.try_wait().unwrap().is_none() {
        if began.elapsed() > Duration::from_secs(60) {
            child.kill().unwrap();
            panic!("it serves, where it should have ended");
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    child.wait_with_output().unwrap()
}

/// Sends a signal, by the shell: not every machine has a program `kill`.
#[cfg(unix)]
fn signalled(signal: &str, child: &Child) {
    let mut shell = Command::new("sh");
    let pid = child.id().to_string();
    let killed = shell.args(["-c", "kill -s \"$0\" \"$1\"", signal, &pid]);
    assert!(killed.status().unwrap().success());
}

#[test]
fn the_rules_for_tokens_are_options() {
    for (options, is_bare) in [
        (&[][..], false),
        (&["--token-rules", "strict"], false),
        (&["--token-rules", "published-2025"], true),
        (&["--bare-refusals"], true),
        (
            &[
                "--used-tokens-outlive-deletion",
                "--lenient-expiry",
                "--any-origin",
                "--update-by-post",
                "--organization",
                "org-1",
            ],
            false,
        ),
    ] {
        let serving = Serving::start(program(&[&["--listen", "127.0.0.1:0"], options].concat()));
        let mut stream = serving.connect();
        let path = "/v1/agents/agent-1";
        serving.get(&mut stream, path, "ck-let-x", "connection: close\r\n");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 401 "), "{answer}");
        let is_as_bare = answer.ends_with(r#"{"message":"Unauthorized"}"#);
        assert_eq!(is_as_bare, is_bare, "{options:?}: {answer}");
    }
    let refused = outcome(program(&["--token-rules", "lax"]));
    let stderr = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(
        stderr.contains("published-2025") && stderr.contains("strict"),
        "{stderr}"
    );
}

#[cfg(unix)]
#[test]
fn it_serves_until_a_signal_and_ends_cleanly_with_a_connection_open() {
    for signal in ["INT", "TERM"] {
        let mut serving = Serving::start(program(&["--listen", "127.0.0.1:0"]));
        let mut kept_alive = serving.connect();
        assert_eq!(
            serving.call(&mut kept_alive, "sk-let-emulator"),
            "HTTP/1.1 200 OK"
        );

        signalled(signal, &serving.child);
        let status = serving.child.wait().unwrap();
        assert_eq!(status.code(), Some(0), "{signal}: {status}");

        let mut stderr = String::new();
        serving
            .child
            .stderr
            .take()
            .unwrap()
            .read_to_string(&mut stderr)
            .unwrap();
        assert_eq!(stderr, "");
        TcpListener::bind(&serving.address).unwrap();
    }
}

#[test]
fn the_greeting_is_what_a_client_needs_with_the_key_only_where_everybody_knows_it() {
    let serving = Serving::start(program(&["--listen", "127.0.0.1:0"]));
    let url = format!("http://{}", serving.address);
    assert_eq!(
        serving.greeting[1..4],
        [
            format!("export LETTA_BASE_URL={url}"),
            "export LETTA_API_KEY=sk-let-emulator".to_owned(),
            "# LETTA_PROJECT: any, or none".to_owned(),
        ]
    );

    let arguments = [
        "--listen",
        "127.0.0.1:0",
        "--project",
        "web=project-1",
        "--project",
        "chat",
    ];
    let by_argument = program(&[&arguments[..], &["--api-key", KEY]].concat());
    let mut by_variable = program(&arguments);
    by_variable.env("LETTA_EMULATOR_API_KEY", KEY);
    for command in [by_argument, by_variable] {
        let serving = Serving::start(command);
        assert_eq!(
            serving.greeting[2..4],
            [
                "# LETTA_API_KEY: the key given by --api-key or LETTA_EMULATOR_API_KEY",
                "export LETTA_PROJECT=web",
            ]
        );
        assert!(!serving.greeting.concat().contains(KEY));
        assert_eq!(serving.call(&mut serving.connect(), KEY), "HTTP/1.1 200 OK");
        let refused = serving.call(&mut serving.connect(), "sk-let-emulator");
        assert_eq!(refused, "HTTP/1.1 401 Unauthorized");
    }
}

/// The first request of a greeting, carried out: by a shell and curl if they are there. The body of its answer.
fn first_request(serving: &Serving, key: &str) -> String {
    let line = serving.greeting.last().unwrap();
    let has_curl = Command::new("curl").arg("--version").output();
    if cfg!(unix) && has_curl.is_ok_and(|output| output.status.success()) {
        let output = Command::new("sh")
            .args(["-c", line])
            .env("LETTA_API_KEY", key)
            .output()
            .unwrap();
        assert!(output.status.success(), "{line}");
        return String::from_utf8(output.stdout).unwrap();
    }
    // The same by hand.
    let (_, after) = line.split_once("-d '").unwrap();
    let (body, url) = after.split_once("' ").unwrap();
    let path = url
        .strip_prefix(&format!("http://{}", serving.address))
        .unwrap();
    let mut stream = serving.connect();
    write!(
        stream,
        "POST {path} HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {key}\r\ncontent-type: application/json\r\n\
         content-length: {}\r\nconnection: close\r\n\r\n{body}",
        serving.address,
        body.len()
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer.split_once("\r\n\r\n").unwrap().1.to_owned()
}

#[test]
fn the_greeting_ends_with_a_request_that_works_as_it_stands() {
    let listen = ["--listen", "127.0.0.1:0"];
    let well_known = "sk-let-emulator";
    for (options, key, next, says) in [
        (&[][..], well_known, "# Make an agent:", r#""name":"Ada""#),
        (
            &["--agent", "agent-2", "--agent", "agent-1=Bob"],
            well_known,
            "# Talk to agent-2:",
            r#""content":"You said: Hello""#,
        ),
        (
            &["--agent", "agent-1", "--api-key", KEY],
            KEY,
            "# Talk to agent-1:",
            r#""content":"You said: Hello""#,
        ),
    ] {
        let serving = Serving::start(program(&[&listen, options].concat()));
        let [.., page, title, line] = &serving.greeting[..] else {
            panic!("{:?}", serving.greeting);
        };
        assert_eq!(title, next);
        assert!(!line.contains(KEY) && !line.contains('\u{1b}'), "{line}");
        let answer = first_request(&serving, key);
        let answer: serde_json::Value = serde_json::from_str(&answer).unwrap();
        assert!(answer.to_string().contains(says), "{answer}");

        // The page is there, and opens with what stands behind its address.
        let page = page
            .strip_prefix("# Watch it in a browser: http://")
            .unwrap();
        let (place, page_key) = page.split_once('#').unwrap();
        assert_eq!(place, format!("{}/_emulator/", serving.address));
        for (path, more, expected) in [
            ("/_emulator/", String::new(), "text/html"),
            (
                "/_emulator/changes",
                format!("x-emulator-page: {page_key}\r\n"),
                r#""version":"#,
            ),
        ] {
            let mut stream = serving.connect();
            let more = format!("{more}connection: close\r\n");
            serving.get(&mut stream, path, "none", &more);
            let mut answer = String::new();
            stream.read_to_string(&mut answer).unwrap();
            assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
            assert!(answer.contains(expected), "{answer}");
        }
    }
    let remote = Serving::start(program(&["--listen", "0.0.0.0:0", "--allow-remote"]));
    assert!(!remote.greeting.concat().contains("/_emulator/"));
}

#[test]
fn the_help_opens_with_what_people_come_for_and_what_it_opens_with_works() {
    for option in ["--help", "-h"] {
        let help = String::from_utf8(outcome(program(&[option])).stdout).unwrap();
        let examples: Vec<Vec<&str>> = help
            .lines()
            .filter_map(|line| line.strip_prefix("  letta-emulator "))
            .map(|line| {
                let words = line.split_whitespace();
                // What it does begins with a capital, and is no file.
                words
                    .take_while(|word| *word == "FILE" || !word.starts_with(char::is_uppercase))
                    .collect()
            })
            .collect();
        assert_eq!(examples.len(), 3, "{help}");
        let usage = help.find("Usage:").unwrap();
        assert!(
            help.find("  letta-emulator --state")
                .is_none_or(|place| place < usage)
        );
        for heading in [
            "Agents:",
            "State:",
            "Service:",
            "Faults and time:",
            "Client-side tokens:",
        ] {
            assert!(
                help.contains(&format!("\n{heading}\n")),
                "{heading}: {help}"
            );
        }
        for line in help.lines() {
            assert!(line.chars().count() <= 160, "{line}");
        }
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("state.json");
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/chat.yaml");
        for example in examples {
            let words = example.iter().map(|word| match *word {
                "FILE" => file.to_str().unwrap(),
                "chat.yaml" => script,
                word => word,
            });
            let words: Vec<&str> = ["--listen", "127.0.0.1:0"]
                .into_iter()
                .chain(words)
                .collect();
            let serving = Serving::start(program(&words));
            assert!(
                first_request(&serving, "sk-let-emulator").contains("assistant_message"),
                "{words:?}"
            );
        }
        assert!(file.exists());
    }
}

#[test]
fn what_cannot_be_served_is_one_line_that_says_why_and_status_1() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    let bad_key = format!("{KEY} {KEY}");
    for (arguments, reason) in [
        (["--listen", &taken], taken.as_str()),
        (["--listen", "0.0.0.0:0"], "--allow-remote"),
        (["--listen", "[::]:0"], "--allow-remote"),
        (
            ["--api-key", &bad_key],
            "the API key cannot be used: it holds white space",
        ),
        (["--api-key", ""], "the API key cannot be used: it is empty"),
        (["--agent", "1"], "the agent ID \"1\" is not `agent-`"),
        (["--agent", ""], "the agent ID \"\" is not `agent-`"),
        (
            ["--allow-host", "http://emulator.test"],
            "the host \"http://emulator.test\" cannot be allowed",
        ),
    ] {
        let output = outcome(program(&arguments));
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {stderr}");
        assert!(stderr.starts_with("letta-emulator: "), "{stderr}");
        assert!(stderr.contains(reason), "{stderr}");
        assert_eq!(stderr.lines().count(), 1, "{stderr}");
        assert!(!stderr.contains(KEY), "{stderr}");
        assert!(output.stdout.is_empty());
    }
}

#[test]
fn another_address_than_loopback_is_served_where_it_is_allowed() {
    let serving = Serving::start(program(&["--listen", "0.0.0.0:0", "--allow-remote"]));
    assert!(
        serving.address.starts_with("127.0.0.1:"),
        "{}",
        serving.address
    );
    assert_eq!(
        serving.call(&mut serving.connect(), "sk-let-emulator"),
        "HTTP/1.1 200 OK"
    );
}

#[test]
fn neither_the_help_nor_a_usage_error_shows_the_key() {
    for (arguments, status) in [
        (&["--help"][..], 0),
        (&["--listen", "nowhere"], 2),
        (&["--project", "a b"], 2),
        (&["--project", "=x"], 2),
        (&["--fault", "status=200"], 2),
        (&["--fault", "slow"], 2),
        (&["--word-delay", "-1s"], 2),
        (&["--clock-skew", "soon"], 2),
        (&["--api-key", KEY, "--api-key", KEY], 2),
        (&["--api-key", KEY, "--unknown"], 2),
    ] {
        let mut command = program(arguments);
        command.env("LETTA_EMULATOR_API_KEY", KEY);
        let output = outcome(command);
        assert_eq!(output.status.code(), Some(status), "{arguments:?}");
        let printed = [output.stdout, output.stderr].concat();
        let printed = String::from_utf8(printed).unwrap();
        assert!(!printed.is_empty());
        assert!(!printed.contains(KEY), "{printed}");
    }
}

#[test]
fn agents_faults_and_the_clock_are_set_by_options() {
    let serving = Serving::start(program(&[
        "--listen",
        "127.0.0.1:0",
        "--agent",
        "agent-1=Ada = Lovelace",
        "--agent",
        "agent-2",
        "--word-delay",
        "5ms",
        "--fault",
        "status=503,on=list_client_side_access_tokens,times=1",
        "--fault",
        "latency=1ms,probability=0.5",
        "--fault",
        "break-stream=mid-event-3,on=stream_message",
        "--seed",
        "7",
        "--clock-skew",
        "-24000h 30m",
    ]));
    let key = "sk-let-emulator";
    let status = serving.call(&mut serving.connect(), key);
    assert_eq!(status, "HTTP/1.1 503 Service Unavailable");
    assert_eq!(serving.call(&mut serving.connect(), key), "HTTP/1.1 200 OK");

    let mut stream = serving.connect();
    serving.get(
        &mut stream,
        "/_emulator/state",
        key,
        "connection: close\r\n",
    );
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    let state: serde_json::Value = serde_json::from_str(body).unwrap();
    assert_eq!(state["agents"][0]["name"], "Ada = Lovelace");
    assert_eq!(state["agents"][1]["name"], "agent-2");
    assert_eq!(
        state["faults"],
        serde_json::json!([
            "latency=1ms,probability=0.5",
            "break-stream=mid-event-3,on=stream_message"
        ])
    );
    let now: jiff::Timestamp = state["now"].as_str().unwrap().parse().unwrap();
    let behind = jiff::Timestamp::now().duration_since(now).as_hours();
    assert_eq!(behind, 24_000);
}

#[test]
fn agents_and_what_they_do_are_read_from_a_file() {
    let example = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/chat.yaml");
    let serving = Serving::start(program(&["--listen", "127.0.0.1:0", "--script", example]));
    let body = r#"{"input": "Hello!"}"#;
    let mut stream = serving.connect();
    write!(
        stream,
        "POST /v1/agents/agent-1/messages HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer sk-let-emulator\r\n\
         content-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    assert!(answer.contains("Hello, I am Ada."), "{answer}");
}

#[test]
fn a_file_that_is_not_a_script_is_one_line_that_says_where_and_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("chat.yaml");
    std::fs::write(&path, "script:\n  - wen: hello\n    reply: Hello.\n").unwrap();
    let path = path.to_str().unwrap();
    let expected = format!(
        "letta-emulator: {path}:2:5: script[0]: `wen` is not a key of a rule. Did you mean `when`?"
    );
    let none = folder.path().join("none.yaml");
    for (file, expected) in [
        (path, expected.as_str()),
        (none.to_str().unwrap(), "letta-emulator: "),
    ] {
        let output = outcome(program(&["--script", file]));
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{stderr}");
        assert!(
            stderr.starts_with(expected) && stderr.contains(file),
            "{stderr}"
        );
        assert_eq!(stderr.lines().count(), 1, "{stderr}");
        assert!(output.stdout.is_empty());
    }
}

/// The state of a program, with the well-known key.
fn state(serving: &Serving) -> serde_json::Value {
    let mut stream = serving.connect();
    let path = "/_emulator/state";
    serving.get(
        &mut stream,
        path,
        "sk-let-emulator",
        "connection: close\r\n",
    );
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    serde_json::from_str(body).unwrap()
}

#[cfg(unix)]
#[test]
fn a_state_file_outlives_the_program_however_it_ends() {
    use std::os::unix::fs::PermissionsExt as _;

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.json");
    let file = path.to_str().unwrap();
    let start = |more: &[&str]| {
        let options = ["--listen", "127.0.0.1:0", "--state", file];
        Serving::start(program(&[&options, more].concat()))
    };
    let say = |serving: &Serving| {
        let mut stream = serving.connect();
        let body = r#"{"input": "Hello!"}"#;
        write!(
            stream,
            "POST /v1/agents/agent-1/messages HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer sk-let-emulator\r\n\
             content-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
            body.len()
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    };
    let mut serving = start(&["--agent", "agent-1"]);
    let mode = std::fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    say(&serving);

    // Another program cannot have the file, and says which.
    let refused = outcome(program(&["--listen", "127.0.0.1:0", "--state", file]));
    let told = String::from_utf8(refused.stderr).unwrap();
    assert_eq!(refused.status.code(), Some(1));
    assert!(
        told.starts_with("letta-emulator: the state file ") && told.contains(file),
        "{told}"
    );

    signalled("TERM", &serving.child);
    assert_eq!(serving.child.wait().unwrap().code(), Some(0));

    let mut serving = start(&[]);
    let before = state(&serving);
    assert_eq!(before["agents"][0]["messages"].as_array().unwrap().len(), 3);
    // By force: the lock is free, and the file is whole.
    serving.child.kill().unwrap();
    serving.child.wait().unwrap();
    let serving = start(&[]);
    assert_eq!(state(&serving)["agents"], before["agents"]);
}

#[test]
fn the_json_schema_of_scripts_is_the_one_that_is_checked_in() {
    let output = outcome(program(&["--script-schema"]));
    assert_eq!(output.status.code(), Some(0));
    let checked_in = include_str!("../../script.schema.json");
    assert_eq!(String::from_utf8(output.stdout).unwrap(), checked_in);
}

#[test]
fn a_host_is_served_if_an_option_allows_it() {
    let asked = |serving: &Serving, host: &str| {
        let mut stream = serving.connect();
        write!(
            stream,
            "GET /_emulator/state HTTP/1.1\r\nhost: {host}\r\nauthorization: Bearer sk-let-emulator\r\nconnection: close\r\n\r\n"
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    };
    let serving = Serving::start(program(&["--listen", "127.0.0.1:0"]));
    let answer = asked(&serving, "emulator.test:8283");
    assert!(answer.starts_with("HTTP/1.1 403 "), "{answer}");
    assert!(answer.contains("--allow-host"), "{answer}");
    assert!(asked(&serving, "localhost").starts_with("HTTP/1.1 200 "));

    let serving = Serving::start(program(&[
        "--listen",
        "0.0.0.0:0",
        "--allow-remote",
        "--allow-host",
        "emulator.test",
        "--allow-host",
        "10.0.0.7",
    ]));
    for host in [
        "emulator.test:8283",
        "10.0.0.7",
        "localhost",
        &serving.address,
    ] {
        let answer = asked(&serving, host);
        assert!(answer.starts_with("HTTP/1.1 200 "), "{host}: {answer}");
    }
    for host in ["evil.example", "sub.emulator.test", "10.0.0.8", "0.0.0.0"] {
        let answer = asked(&serving, host);
        assert!(answer.starts_with("HTTP/1.1 403 "), "{host}: {answer}");
    }
}

/// Each option is explained by a phrase that begins with a capital and says what it is for, on lines that are not long.
#[test]
fn the_help_explains_every_option_in_plain_words() {
    let output = outcome(program(&["--help"]));
    let help = String::from_utf8(output.stdout).unwrap();
    for option in [
        "--listen <ADDRESS:PORT>",
        "--api-key <KEY>",
        "--project <SLUG[=ID]>",
        "--agent <ID[=NAME]>",
        "--script <FILE>",
        "--script-schema",
        "--state <FILE>",
        "--word-delay <DURATION>",
        "--fault <FAULT>",
        "--seed <NUMBER>",
        "--clock-skew <DURATION>",
        "--allow-remote",
        "--allow-host <HOST>",
    ] {
        let (_, after) = help
            .split_once(option)
            .unwrap_or_else(|| panic!("{option}: {help}"));
        let explained = after.trim_start();
        assert!(
            explained.starts_with(|c: char| c.is_ascii_uppercase()),
            "{option}: {explained}"
        );
    }
    for odd in [
        "to have",
        "dice",
        "that there is",
        "all the same",
        "if that is meant",
        ", as ",
    ] {
        assert!(!help.contains(odd), "{odd}: {help}");
    }
}
