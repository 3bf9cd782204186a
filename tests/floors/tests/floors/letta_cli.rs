//! The floors of letta-cli: what commands share knows nothing of commands.

use letta_api_floors::{Floors, Table};

const FLOORS: Table<'_> = &[
    ("environment", &[]),
    ("private", &[]),
    ("setters", &[]),
    ("terminal", &["environment"]),
    ("failure", &["terminal"]),
    ("confirm", &["failure", "terminal"]),
    ("args", &["terminal"]),
    ("key", &["failure"]),
    ("profile", &["environment", "failure", "key", "private"]),
    ("output", &["args", "failure", "terminal"]),
    (
        "context",
        &[
            "args",
            "environment",
            "failure",
            "key",
            "output",
            "profile",
            "terminal",
        ],
    ),
    ("talk", &["context", "failure", "output", "terminal"]),
    ("demo", &["failure"]),
    ("input", &["failure"]),
    ("lookup", &["context", "failure"]),
    (
        "fleet",
        &[
            "context", "failure", "input", "lookup", "setters", "terminal",
        ],
    ),
    (
        "commands",
        &[
            "args",
            "confirm",
            "context",
            "demo",
            "environment",
            "failure",
            "fleet",
            "input",
            "key",
            "lookup",
            "output",
            "private",
            "profile",
            "setters",
            "talk",
            "terminal",
        ],
    ),
];

#[test]
fn no_floor_uses_one_above_it() {
    Floors::of("letta-api-ext/cli", FLOORS).check();
}
