//! An emulator, a home for the program, and a transcript of what it prints.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use letta_api_emulator::{Emulator, ManualClock, NewAgent};
use tempfile::TempDir;

use crate::expected::{expect, plain};

/// The key of the emulator. Nothing that the program prints has it.
pub(crate) const KEY: &str = "sk-let-hunter2-hunter2";

pub(crate) struct Lab {
    pub(crate) emulator: Emulator,
    clock: ManualClock,
    home: TempDir,
    /// The emulator lives in it.
    _runtime: tokio::runtime::Runtime,
    transcript: String,
    /// What must not be printed, besides the key.
    secrets: Vec<String>,
}

/// What the program did.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) code: Option<i32>,
}

impl Lab {
    /// With an agent Ada.
    pub(crate) fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let ada = NewAgent::new("agent-1")
            .name("Ada")
            .model("openai/gpt-4.1")
            .tag("support")
            .system("You are Ada.")
            .memory("human", "Name: Sam");
        let clock = ManualClock::new();
        let builder = Emulator::builder()
            .api_key(KEY)
            .clock(clock.clone())
            .agent(ada);
        let emulator = runtime.block_on(builder.start()).unwrap();
        Self {
            emulator,
            clock,
            home: TempDir::new().unwrap(),
            _runtime: runtime,
            transcript: String::new(),
            secrets: vec![KEY.to_owned()],
        }
    }

    /// Fails from now on if the program prints this.
    pub(crate) fn keep_secret(&mut self, secret: impl Into<String>) {
        self.secrets.push(secret.into());
    }

    /// The folder that the program runs in.
    pub(crate) fn folder(&self) -> &Path {
        self.home.path()
    }

    /// Writes a file into that folder.
    pub(crate) fn write(&self, name: &str, content: &str) -> PathBuf {
        let path = self.folder().join(name);
        std::fs::write(&path, content).unwrap();
        path
    }

    /// The program, with nothing of this machine's environment.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_letta"));
        command
            .args(arguments)
            .env_clear()
            .env("HOME", self.folder())
            .env("LETTA_CONFIG_DIR", self.folder().join("config"))
            .env("LETTA_BASE_URL", self.emulator.base_url())
            .env("LETTA_API_KEY", KEY)
            .current_dir(self.folder());
        // A program on Windows cannot open a socket without it.
        if let Some(root) = std::env::var_os("SystemRoot") {
            command.env("SystemRoot", root);
        }
        command
    }

    /// Runs a command with text on its standard input. What it prints is checked for secrets.
    pub(crate) fn feed(&self, command: &mut Command, stdin: &str) -> Ran {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // It may end without reading.
        let _ = child.stdin.take().unwrap().write_all(stdin.as_bytes());
        let output = child.wait_with_output().unwrap();
        let ran = Ran {
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
            code: output.status.code(),
        };
        for secret in &self.secrets {
            let printed = [&ran.stdout, &ran.stderr];
            assert!(
                printed.iter().all(|it| !it.contains(secret)),
                "a secret was printed: {ran:?}"
            );
        }
        ran
    }

    /// Runs the program with these arguments.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        self.feed(&mut self.command(arguments), "")
    }

    /// Runs the program, and writes what it printed into the transcript.
    pub(crate) fn show(&mut self, arguments: &[&str]) -> Ran {
        self.show_fed(arguments, "")
    }

    pub(crate) fn show_fed(&mut self, arguments: &[&str], stdin: &str) -> Ran {
        // What is created by one command is newer than what was created by another, so lists have an order.
        self.clock.advance(Duration::from_secs(1));
        let ran = self.feed(&mut self.command(arguments), stdin);
        self.record(arguments, &ran);
        ran
    }

    pub(crate) fn record(&mut self, arguments: &[&str], ran: &Ran) {
        let words = arguments.iter().map(|word| {
            match word.is_empty() || word.contains([' ', '\n', '\'', '"', '{', ';']) {
                true => format!("'{word}'"),
                false => (*word).to_owned(),
            }
        });
        let line = words.collect::<Vec<_>>().join(" ");
        let text = &mut self.transcript;
        if !text.is_empty() {
            text.push('\n');
        }
        let _ = writeln!(text, "$ letta {line}");
        text.push_str(&ran.stdout);
        if !ran.stdout.is_empty() && !ran.stdout.ends_with('\n') {
            text.push_str("(no line end)\n");
        }
        for line in ran.stderr.lines() {
            let _ = writeln!(text, "2> {line}");
        }
        if ran.code != Some(0) {
            let _ = writeln!(text, "exit code {:?}", ran.code.unwrap_or(-1));
        }
    }

    /// Compares the transcript with the one that is kept.
    pub(crate) fn check(self, name: &str) {
        let folder = self.folder().display().to_string();
        let text = self
            .transcript
            .replace(&self.emulator.addr().to_string(), "127.0.0.1:12345")
            .replace(&folder, "~");
        expect(&format!("{name}.txt"), &plain(&text));
    }
}
