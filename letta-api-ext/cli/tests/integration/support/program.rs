//! The program as a child, with a service and folders of its own.

use std::io::Write as _;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use letta_api_emulator::{Builder, Emulator};
use tempfile::TempDir;

/// The key of the service. No output may hold it.
pub(crate) const KEY: &str = "sk-let-4711-must-not-be-shown";

/// A service, and the folders of a user.
pub(crate) struct World {
    pub(crate) emulator: Emulator,
    pub(crate) home: TempDir,
}

/// What a run of the program left.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ran {
    fn of(output: Output) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        let ran = Self {
            code: output.status.code().unwrap_or(-1),
            out: text(output.stdout),
            err: text(output.stderr),
        };
        assert_no_secret(&ran.out);
        assert_no_secret(&ran.err);
        ran
    }

    /// All of it, for a file.
    pub(crate) fn shown(&self) -> String {
        let shown = format!(
            "{}--- standard error ---\n{}--- exit code {} ---\n",
            self.out, self.err, self.code
        );
        crate::expected::plain(&shown)
    }
}

#[track_caller]
pub(crate) fn assert_no_secret(text: &str) {
    assert!(!text.contains("4711-must-not"), "a secret is shown: {text}");
}

impl World {
    pub(crate) async fn with(build: impl FnOnce(Builder) -> Builder) -> Self {
        let builder = build(Emulator::builder().api_key(KEY));
        Self {
            emulator: builder.start().await.unwrap(),
            home: tempfile::tempdir().unwrap(),
        }
    }

    /// The variables that the program sees. Nothing else of this process is there.
    pub(crate) fn variables(&self) -> Vec<(&'static str, String)> {
        let path = |name: &str| self.home.path().join(name).to_str().unwrap().to_owned();
        vec![
            ("HOME", path("home")),
            ("LETTA_CONFIG_DIR", path("config")),
            ("LETTA_STATE_DIR", path("state")),
            ("LETTA_BASE_URL", self.emulator.base_url()),
            ("LETTA_API_KEY", KEY.to_owned()),
            ("TERM", "xterm-256color".to_owned()),
        ]
    }

    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(program());
        command.args(args).env_clear().envs(self.variables());
        command.stdin(Stdio::null());
        command
    }

    /// Runs the program to its end.
    pub(crate) async fn run(&self, args: &[&str]) -> Ran {
        self.run_with(args, "").await
    }

    /// Runs the program with this on its standard input.
    pub(crate) async fn run_with(&self, args: &[&str], input: &str) -> Ran {
        run(self.command(args), input).await
    }
}

/// Runs a command to its end, while the service in this process serves it.
pub(crate) async fn run(mut command: Command, input: &str) -> Ran {
    let input = input.to_owned();
    let output = tokio::task::spawn_blocking(move || {
        command.stdin(Stdio::piped());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // Some end before they have read it.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        child.wait_with_output().unwrap()
    });
    Ran::of(output.await.unwrap())
}

/// What Ctrl-C does in a terminal. By the shell: not every machine has a program `kill`.
pub(crate) fn interrupt(child: &Child) {
    let mut shell = Command::new("sh");
    let pid = child.id().to_string();
    let killed = shell.args(["-c", "kill -s INT \"$0\"", &pid]).status();
    assert!(killed.unwrap().success());
}

/// Waits until a program ends.
pub(crate) async fn code_of(mut child: Child) -> i32 {
    let ended = tokio::task::spawn_blocking(move || child.wait().unwrap());
    ended.await.unwrap().code().unwrap_or(-1)
}

pub(crate) fn program() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_letta"))
}
