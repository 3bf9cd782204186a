//! Variables of the environment, and the folders that they name.

use std::ffi::OsString;
use std::path::PathBuf;

/// The value of a variable. `None` if it is not set, or empty.
pub(crate) fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}

/// A folder of the user that this program keeps files in: that of the variable `own`, or else `letta` in the folder that the
/// system has for such files. `None` if no variable names one.
///
/// On Windows, the variable `windows` names the system's folder. Elsewhere it is `xdg`, unless its path is relative, or else
/// the folder `usual` in `HOME`.
pub(crate) fn folder(own: &str, windows: &str, xdg: &str, usual: &str) -> Option<PathBuf> {
    let path = |name: &str| variable(name).map(PathBuf::from);
    let of_system = || match cfg!(windows) {
        true => path(windows),
        false => path(xdg)
            .filter(|path| path.is_absolute())
            .or_else(|| Some(path("HOME")?.join(usual))),
    };
    path(own).or_else(|| Some(of_system()?.join("letta")))
}
