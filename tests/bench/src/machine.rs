//! What the figures were measured on.

use std::process::Command;

use serde::{Deserialize, Serialize};

/// A machine, with what runs on it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Machine {
    /// The processor's name.
    pub processor: String,
    /// How many of its cores there are.
    pub cores: usize,
    /// In GiB.
    pub memory: f64,
    /// The operating system.
    pub system: String,
    /// The compiler.
    pub rustc: String,
}

impl Machine {
    /// This one. What cannot be found out is called unknown.
    #[must_use]
    pub fn this() -> Self {
        let file = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
        let field = |text: &str, name: &str| {
            let line = text.lines().find(|line| line.starts_with(name))?;
            Some(line.split_once(':')?.1.trim().to_owned())
        };
        let unknown = || "unknown".to_owned();
        let kilobytes = field(&file("/proc/meminfo"), "MemTotal");
        let kilobytes = kilobytes.and_then(|text| text.split(' ').next()?.parse::<f64>().ok());
        Self {
            processor: field(&file("/proc/cpuinfo"), "model name").unwrap_or_else(unknown),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            memory: (kilobytes.unwrap_or(0.0) / 1024.0 / 1024.0).round(),
            system: said_by("uname", &["-sr"]).unwrap_or_else(|| std::env::consts::OS.to_owned()),
            rustc: said_by("rustc", &["--version"]).unwrap_or_else(unknown),
        }
    }
}

/// Today, in UTC, as `2026-03-01`.
#[must_use]
pub fn today() -> String {
    jiff::Timestamp::now().strftime("%F").to_string()
}

fn said_by(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    Some(text.trim().to_owned()).filter(|text| !text.is_empty())
}
