//! The programs that are measured: the server, and those that call it, each on a processor of its own.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use letta_api_bench_caller::{Call, Order, Report};
use serde::{Deserialize, Serialize};

use crate::Result;

/// The processor that callers run on.
const CALLERS: usize = 0;

/// The processor that the server runs on.
const SERVER: usize = 1;

/// A program that answers lines with lines.
#[derive(Debug)]
struct Program {
    child: Child,
    name: String,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Program {
    fn start(mut command: Command, name: &str, processor: usize) -> Result<Self> {
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        // What a thread starts runs where the thread does.
        let child = on(processor, || command.spawn());
        let mut child = child.map_err(|error| format!("{name} cannot be started: {error}"))?;
        Ok(Self {
            input: child.stdin.take().expect("a pipe"),
            output: BufReader::new(child.stdout.take().expect("a pipe")),
            child,
            name: name.to_owned(),
        })
    }

    fn say(&mut self, line: &str) -> Result<()> {
        let said = writeln!(self.input, "{line}").and_then(|()| self.input.flush());
        Ok(said.map_err(|error| format!("{} has ended: {error}", self.name))?)
    }

    fn hear(&mut self) -> Result<String> {
        let mut line = String::new();
        if self.output.read_line(&mut line)? == 0 {
            return Err(format!("{} has ended; see what it wrote above", self.name).into());
        }
        Ok(line)
    }
}

impl Program {
    /// How much of it is in memory, in bytes, where the system tells it as Linux does.
    fn resident(&self) -> Option<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).ok()?;
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))?;
        let kilobytes: f64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
        Some(kilobytes * 1024.0)
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Does some work on the processor that callers run on.
pub fn where_callers_are<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    on(CALLERS, work)
}

/// Keeps this thread on the processor that the server runs on.
pub fn stay_where_the_server_is() {
    pin(SERVER);
}

fn on<T: Send>(processor: usize, work: impl FnOnce() -> T + Send) -> T {
    let work = || {
        pin(processor);
        work()
    };
    std::thread::scope(|scope| scope.spawn(work).join()).expect("a thread that ends")
}

/// Keeps this thread on this processor. Where there is no second one, it runs anywhere.
fn pin(processor: usize) {
    if is_pinned() {
        core_affinity::set_for_current(core_affinity::CoreId { id: processor });
    }
}

/// Whether callers and server have a processor each.
#[must_use]
pub fn is_pinned() -> bool {
    let processors = core_affinity::get_core_ids().unwrap_or_default();
    [CALLERS, SERVER]
        .iter()
        .all(|wanted| processors.iter().any(|processor| processor.id == *wanted))
}

/// The server: answers that were written beforehand.
#[derive(Debug)]
pub struct Server {
    program: Program,
    urls: BTreeMap<String, String>,
}

impl Server {
    /// Starts it.
    ///
    /// # Errors
    ///
    /// Where it cannot be started.
    pub fn start() -> Result<Self> {
        let command = Command::new(program("server"));
        let mut program = Program::start(command, "the server", SERVER)?;
        let urls = serde_json::from_str(&program.hear()?)?;
        Ok(Self { program, urls })
    }

    /// Where this call is answered.
    ///
    /// # Panics
    ///
    /// Where it is none that the server has an answer for.
    #[must_use]
    pub fn url(&self, call: Call) -> &str {
        let name = match call {
            Call::Create => "create".to_owned(),
            Call::List(limit) => format!("list_{limit}"),
        };
        &self.urls[&name]
    }

    /// The processor time that it has taken so far, in seconds.
    ///
    /// # Errors
    ///
    /// Where it has ended.
    pub fn cpu_seconds(&mut self) -> Result<f64> {
        self.program.say("cpu")?;
        Ok(self.program.hear()?.trim().parse()?)
    }
}

/// The emulator, as a program of its own.
#[derive(Debug)]
pub struct EmulatorProgram {
    program: Program,
    /// Where it listens.
    pub base_url: String,
}

impl EmulatorProgram {
    /// Starts it.
    ///
    /// # Errors
    ///
    /// It cannot be started.
    pub fn start() -> Result<Self> {
        let command = Command::new(program("emulating"));
        let mut program = Program::start(command, "the emulator", SERVER)?;
        let base_url = program.hear()?.trim().to_owned();
        Ok(Self { program, base_url })
    }

    /// The processor time that it has taken so far, in seconds.
    ///
    /// # Errors
    ///
    /// It has ended.
    pub fn cpu_seconds(&mut self) -> Result<f64> {
        self.program.say("cpu")?;
        Ok(self.program.hear()?.trim().parse()?)
    }

    /// How much of it is in memory, in bytes, where the system tells it as Linux does.
    #[must_use]
    pub fn resident(&self) -> Option<f64> {
        self.program.resident()
    }
}

/// A program that makes calls when it is told to.
#[derive(Debug)]
pub struct Caller(Program);

impl Caller {
    /// Starts it.
    ///
    /// # Errors
    ///
    /// Where it cannot be started.
    pub fn start(command: Command, name: &str) -> Result<Self> {
        Program::start(command, name, CALLERS).map(Self)
    }

    /// Has it make calls.
    ///
    /// # Errors
    ///
    /// Where it has ended, as it does when a call fails.
    pub fn calls(&mut self, order: &Order) -> Result<Report> {
        self.0.say(&serde_json::to_string(order)?)?;
        let line = self.0.hear()?;
        let report = serde_json::from_str(&line);
        Ok(report.map_err(|error| format!("{} said {line:?}: {error}", self.0.name))?)
    }
}

/// A program that answers each line with one.
#[derive(Debug)]
pub struct Answering(Program);

impl Answering {
    /// Starts it.
    ///
    /// # Errors
    ///
    /// Where it cannot be started.
    pub fn start(command: Command, name: &str) -> Result<Self> {
        Program::start(command, name, CALLERS).map(Self)
    }

    /// What it answers.
    ///
    /// # Errors
    ///
    /// Where it has ended.
    pub fn ask(&mut self, line: &str) -> Result<String> {
        self.0.say(line)?;
        self.0.hear()
    }
}

/// An application that creates tokens when it is told to.
#[derive(Debug)]
pub struct Application(Program);

impl Application {
    /// Starts it.
    ///
    /// # Errors
    ///
    /// Where it cannot be started.
    pub fn start(command: Command, name: &str) -> Result<Self> {
        Program::start(command, name, CALLERS).map(Self)
    }

    /// Has it create so many tokens. Gives how long they are together.
    ///
    /// # Errors
    ///
    /// Where it has ended, as it does when a call fails.
    pub fn create(&mut self, count: u64) -> Result<u64> {
        self.0.say(&count.to_string())?;
        Ok(self.0.hear()?.trim().parse()?)
    }

    /// How much of it is in memory, in bytes, where the system tells it as Linux does.
    #[must_use]
    pub fn resident(&self) -> Option<f64> {
        self.0.resident()
    }
}

/// Where a program of this package lies: beside the one that runs, or above it where that is a test.
///
/// # Panics
///
/// Where nobody knows what runs.
#[must_use]
pub fn program(name: &str) -> PathBuf {
    let this = std::env::current_exe().expect("a program that runs");
    let folder = this.parent().unwrap_or(Path::new("."));
    let name = format!("{name}{}", std::env::consts::EXE_SUFFIX);
    let beside = folder.join(&name);
    match folder.parent() {
        Some(above) if !beside.exists() => above.join(name),
        _ => beside,
    }
}

/// What the program `meter` says that a program took.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Took {
    /// From its start to its end.
    pub seconds: f64,
    /// Processor time.
    pub cpu_seconds: f64,
    /// At the most, in megabytes.
    pub memory: f64,
}

/// Runs a command, and measures it. What it prints is passed over, unless it fails: warnings of each run would hide what is measured.
///
/// # Errors
///
/// It cannot be started, or fails.
pub fn metered(command: &Command) -> Result<Took> {
    let what = Path::new(command.get_program()).to_owned();
    let mut meter = Command::new(program("meter"));
    meter.arg(&what).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => meter.env(name, value),
            None => meter.env_remove(name),
        };
    }
    let output = meter
        .output()
        .map_err(|error| format!("meter cannot be started: {error}"))?;
    if !output.status.success() {
        eprint!("{}", String::from_utf8_lossy(&output.stderr));
        return Err(format!("{} has failed; see what it wrote above", what.display()).into());
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}
