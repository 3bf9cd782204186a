//! The interpreters that have the official clients of `tests/official_clients`. A plain machine lacks them.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Where another Python than those that are looked for is named: one that has the client.
const PYTHON: &str = "LETTA_TESTS_PYTHON";

/// What to install where [`python`] finds none.
pub const PYTHON_NEEDS: &str = "Python with tests/official_clients/requirements.txt";

/// What to install where [`node`] finds none.
pub const NODE_NEEDS: &str = "Node, and `npm ci` in tests/official_clients";

/// A Python with the client, and with what it needs to call many at a time. `folder` is `tests/official_clients`.
#[must_use]
pub fn python(folder: &Path) -> Option<PathBuf> {
    let named = std::env::var_os(PYTHON).map(PathBuf::from);
    let own = folder.join(".venv/bin/python");
    let candidates = match named {
        Some(named) => vec![named],
        None => vec![own, PathBuf::from("python3")],
    };
    candidates.into_iter().find(|python| {
        let version = "import httpx_aiohttp, letta_client; print(letta_client.__version__)";
        says(Command::new(python).args(["-c", version])).is_some_and(|said| said.starts_with("1."))
    })
}

/// A Node, if the client and the compiler for its types are installed. `folder` is `tests/official_clients`.
#[must_use]
pub fn node(folder: &Path) -> Option<PathBuf> {
    says(Command::new("node").arg("--version"))?;
    let mut packages = ["@letta-ai/letta-client", "typescript"].into_iter();
    let installed = packages.all(|it| folder.join("node_modules").join(it).is_dir());
    installed.then(|| PathBuf::from("node"))
}

/// Keeps from a program what the developer's own shell has for clients, and proxies from where it calls.
pub fn shield(command: &mut Command) {
    command.env("NO_PROXY", "127.0.0.1");
    for name in [
        "LETTA_API_KEY",
        "LETTA_BASE_URL",
        "LETTA_CUSTOM_HEADERS",
        "LETTA_LOG",
        "LETTA_PROJECT",
    ] {
        command.env_remove(name);
    }
}

/// What a command prints, where it can be run and succeeds.
pub fn says(command: &mut Command) -> Option<String> {
    let output = command.stdin(Stdio::null()).output().ok()?;
    let said = String::from_utf8(output.stdout).ok()?;
    output.status.success().then_some(said)
}
