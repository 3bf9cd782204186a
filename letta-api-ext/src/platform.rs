//! Everything that differs between a native program and a browser: time, tasks, boxed streams, the default HTTP
//! client.
//!
//! [`native`] and [`browser`] have the same items, and one of them is compiled. Nothing else in the crate tests for
//! the target.

#[cfg(all(target_arch = "wasm32", any(target_os = "unknown", target_os = "none")))]
mod browser;
#[cfg(not(all(target_arch = "wasm32", any(target_os = "unknown", target_os = "none"))))]
mod native;

#[cfg(all(target_arch = "wasm32", any(target_os = "unknown", target_os = "none")))]
use browser as here;
#[cfg(not(all(target_arch = "wasm32", any(target_os = "unknown", target_os = "none"))))]
use native as here;

#[cfg(feature = "agent-files")]
pub(crate) use here::files;
#[cfg(feature = "folders")]
pub(crate) use here::open_file;
pub(crate) use here::page;
#[cfg(feature = "minter")]
pub(crate) use here::runtime;
pub(crate) use here::time::{FOREVER, Instant, now, sleep, timeout_at};
pub(crate) use here::{
    ASKS_FOR_HEADERS, BoxStream, BoxTell, Bucket, FOLLOWS_REDIRECTS, SETS_ORIGIN, TELLS_FAILURES,
    TELLS_PROGRESS, check_runtime, copy_request, http_client, is_connect, proxy_of, spawn,
    take_whole_body, watch_body,
};
pub(crate) use letta_api::support::platform::{execute, sort};

/// Items that a browser has no use for. There, they are left out.
#[cfg(all(
    feature = "folders",
    not(all(target_arch = "wasm32", any(target_os = "unknown", target_os = "none")))
))]
macro_rules! native_only {
    ($($item:item)*) => { $($item)* };
}
#[cfg(all(
    feature = "folders",
    all(target_arch = "wasm32", any(target_os = "unknown", target_os = "none"))
))]
macro_rules! native_only {
    ($($item:item)*) => {};
}
#[cfg(feature = "folders")]
pub(crate) use native_only;

/// A file that is read while it is sent.
#[cfg(feature = "folders")]
pub(crate) struct OpenFile {
    /// Its length in bytes. No more is read, and the body fails if there is less.
    pub(crate) length: u64,
    pub(crate) body: reqwest::Body,
    /// Why it could not be read to its end, once that is known.
    pub(crate) failure: std::sync::Arc<std::sync::OnceLock<String>>,
}

/// The tokio runtime that calls need is missing. `Display` is the rest of a sentence that begins with the runtime.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NoRuntime;

impl std::fmt::Display for NoRuntime {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(
            "must be a tokio runtime, but none is running here: await this in one of its tasks, under `#[tokio::main]`, or \
             in `Runtime::block_on`",
        )
    }
}

/// Why a file cannot be read or written. `Display` is the rest of a sentence that begins with the file's path.
#[cfg(feature = "agent-files")]
#[allow(
    dead_code,
    reason = "a browser has one problem, and a machine all others"
)]
#[derive(Debug)]
pub(crate) enum FileProblem {
    /// There are no files on this platform.
    NoFiles,
    NoName,
    NoFolder,
    NoFile,
    IsFolder,
    Exists,
    NoRuntime,
    Io(std::io::Error),
}

#[cfg(feature = "agent-files")]
impl From<std::io::Error> for FileProblem {
    fn from(error: std::io::Error) -> Self {
        Self::Io(error)
    }
}

#[cfg(feature = "agent-files")]
impl std::fmt::Display for FileProblem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::NoFiles => "cannot be used: a browser has no files; use the file's bytes",
            Self::NoName => "must name a file",
            Self::NoFolder => "must be in a folder that exists",
            Self::NoFile => "must be a file, not a folder or a device",
            Self::IsFolder => "must not be a folder",
            Self::Exists => {
                "must not exist: choose another name, or call `with_overwrite(true)` to replace the file"
            }
            Self::NoRuntime => return std::fmt::Display::fmt(&NoRuntime, f),
            Self::Io(error) => return write!(f, "cannot be used: {error}"),
        })
    }
}

/// A proxy setting of the environment is invalid.
#[derive(Clone, Debug)]
pub(crate) struct UnusableProxy {
    /// The name of the environment variable. Its value may be secret.
    pub(crate) variable: &'static str,
    pub(crate) problem: &'static str,
}

impl std::fmt::Display for UnusableProxy {
    /// The rest of a sentence that begins with the variable.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "names a proxy that cannot be used: {}; correct or unset it, name the service's host in NO_PROXY, or give \
             the builder an `http_client`",
            self.problem
        )
    }
}

/// The settings of the default HTTP client. A browser ignores them.
#[cfg_attr(
    all(target_arch = "wasm32", any(target_os = "unknown", target_os = "none")),
    expect(dead_code)
)]
pub(crate) struct HttpSettings {
    /// Whether the service is on this machine.
    pub(crate) is_loopback: bool,
    /// The shortest time that a call or an attempt may take.
    pub(crate) shortest_time: std::time::Duration,
}
