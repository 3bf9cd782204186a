//! The programs around the official clients, in `tests/official_clients`.

use std::io::{Read, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use letta_api_tests::{external_tools, official_clients};
use serde_json::Value;

use super::labels::Labels;

/// A program takes a second or two.
const PATIENCE: Duration = Duration::from_secs(60);

/// A program that makes calls with an official client.
#[derive(Clone, Debug)]
pub(crate) struct Program {
    /// Which client it is.
    pub(crate) name: &'static str,
    interpreter: PathBuf,
    script: &'static str,
}

/// Both programs. `None` if one is missing, after saying that `test` is skipped.
pub(crate) fn both(test: &str) -> Option<[Program; 2]> {
    let Some(python) = official_clients::python(&folder()) else {
        external_tools::skip(test, official_clients::PYTHON_NEEDS);
        return None;
    };
    let Some(node) = official_clients::node(&folder()) else {
        external_tools::skip(test, official_clients::NODE_NEEDS);
        return None;
    };
    Some([
        Program {
            name: "Python",
            interpreter: python,
            script: "client.py",
        },
        Program {
            name: "Node",
            interpreter: node,
            script: "client.mjs",
        },
    ])
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("official_clients")
}

impl Program {
    /// Gives the program its task, and reads what it understood.
    ///
    /// # Panics
    ///
    /// Where the program fails, with what it printed, but no key or token in that.
    pub(crate) async fn run(&self, task: Value) -> Vec<Value> {
        let program = self.clone();
        let run = tokio::task::spawn_blocking(move || program.run_blocking(&task));
        run.await
            .unwrap_or_else(|failed| std::panic::resume_unwind(failed.into_panic()))
    }

    fn run_blocking(&self, task: &Value) -> Vec<Value> {
        let mut command = Command::new(&self.interpreter);
        command
            .arg(folder().join(self.script))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        official_clients::shield(&mut command);
        let mut child = command.spawn().expect("it ran a moment ago");
        let mut stdin = child.stdin.take().expect("it is piped");
        // A program that has ended reads nothing; what it printed says why.
        let _ = stdin.write_all(task.to_string().as_bytes());
        drop(stdin);
        let stdout = read(child.stdout.take().expect("it is piped"));
        let stderr = read(child.stderr.take().expect("it is piped"));
        let start = Instant::now();
        let status = loop {
            if let Some(status) = child.try_wait().expect("a child can be waited for") {
                break Some(status);
            }
            if start.elapsed() > PATIENCE {
                let _ = child.kill();
                break None;
            }
            thread::sleep(Duration::from_millis(10));
        };
        let [stdout, stderr] = [stdout, stderr].map(|text| text.join().expect("it only reads"));
        let results = serde_json::from_str(&stdout);
        match results {
            Ok(results) if status.is_some_and(|status| status.success()) => results,
            _ => {
                let mut labels = Labels::default();
                for (name, key) in task["keys"].as_object().expect("a task has keys") {
                    labels.hide(key.as_str().expect("a key is text"), name);
                }
                panic!(
                    "{} ended with {status:?}: {}\n{}",
                    self.script,
                    labels.of(&stdout),
                    labels.of(&stderr)
                );
            }
        }
    }
}

fn read(mut from: impl Read + Send + 'static) -> thread::JoinHandle<String> {
    thread::spawn(move || {
        let mut text = Vec::new();
        // What was read before a failure is what there is to show.
        let _ = from.read_to_end(&mut text);
        String::from_utf8_lossy(&text).into_owned()
    })
}
