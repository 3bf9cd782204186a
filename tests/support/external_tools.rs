//! Tools that a plain machine lacks: a browser, Node, Python packages.
//!
//! A test that needs one runs where it is there, and otherwise says that it did not. `.ci/run` installs
//! them all and sets [`REQUIRED`], so that there a missing tool fails the test.

use std::io::Write as _;

/// The environment variable that makes a missing tool a failure, whatever its value.
pub const REQUIRED: &str = "LETTA_TESTS_REQUIRE_TOOLS";

/// Says that `test` did not run for want of `what`, on the standard error itself: the test runner would
/// keep to itself what is printed the usual way.
///
/// # Panics
///
/// Where [`REQUIRED`] is set.
pub fn skip(test: &str, what: &str) {
    assert!(
        std::env::var_os(REQUIRED).is_none(),
        "{test} needs {what}, and {REQUIRED} is set"
    );
    // A standard error that is closed has nobody to tell.
    let _ = writeln!(std::io::stderr(), "skipped: {test} needs {what}");
}
