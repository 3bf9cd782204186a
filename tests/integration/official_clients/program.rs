//! The programs around the official clients, in `tests/official_clients`.

use std::io::{Read, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use letta_api_tests::{external_tools, official_clients};
use serde_json::Value;

use super::labels::Labels;

/// How long a program may take. One that makes some calls takes a second or two. One that makes all calls of a real server,
/// which takes its time, and has a compiler check the answers takes half a minute.
const PATIENCE: Duration = Duration::from_secs(300);

/// A program that makes calls with an official client.
#[derive(Clone, Debug)]
pub(crate) struct Program {
    /// Which client it is.
    pub(crate) name: &'static str,
    interpreter: PathBuf,
    script: &'static str,
}

/// Both programs that make the calls of a task. `None` if one is missing, after saying that `test` is skipped.
pub(crate) fn both(test: &str) -> Option<[Program; 2]> {
    programs(test, ["client.py", "client.mjs"])
}

/// Both programs that call every operation. `None` if one is missing, after saying that `test` is skipped.
pub(crate) fn of_every_operation(test: &str) -> Option<[Program; 2]> {
    programs(test, ["every_operation.py", "every_operation.mjs"])
}

fn programs(test: &str, [of_python, of_node]: [&'static str; 2]) -> Option<[Program; 2]> {
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
            script: of_python,
        },
        Program {
            name: "Node",
            interpreter: node,
            script: of_node,
        },
    ])
}

/// The folder of the programs.
pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("official_clients")
}

impl Program {
    /// Gives the program its task, and reads what it understood: a list.
    ///
    /// # Panics
    ///
    /// The program fails. The message has what it printed, without keys and tokens.
    pub(crate) async fn run(&self, task: Value) -> Vec<Value> {
        self.output(task, |text| serde_json::from_str(text).ok())
            .await
    }

    /// Gives the program its task, and reads the lines that it prints, each of which is JSON.
    ///
    /// # Panics
    ///
    /// The program fails. The message has what it printed, without keys and tokens.
    pub(crate) async fn lines(&self, task: Value) -> Vec<Value> {
        let read = |text: &str| {
            text.lines()
                .map(|it| serde_json::from_str(it).ok())
                .collect()
        };
        self.output(task, read).await
    }

    async fn output(&self, task: Value, read: fn(&str) -> Option<Vec<Value>>) -> Vec<Value> {
        let program = self.clone();
        let run = tokio::task::spawn_blocking(move || program.run_blocking(&task, read));
        run.await
            .unwrap_or_else(|failed| std::panic::resume_unwind(failed.into_panic()))
    }

    fn run_blocking(
        &self,
        task: &Value,
        read_output: fn(&str) -> Option<Vec<Value>>,
    ) -> Vec<Value> {
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
        match read_output(&stdout) {
            Some(results) if status.is_some_and(|status| status.success()) => results,
            _ => {
                let mut labels = Labels::default();
                let keys = task["keys"].as_object().into_iter().flatten();
                let keys = keys.map(|(name, key)| (name.as_str(), key));
                for (name, key) in keys.chain([("server", &task["apiKey"])]) {
                    if let Some(key) = key.as_str() {
                        labels.hide(key, name);
                    }
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
