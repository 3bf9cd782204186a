//! The floors of letta-cli: what commands share knows nothing of commands.

use letta_api_floors::{Floors, Table};

const FLOORS: Table<'_> = &[
    ("terminal", &[]),
    ("setters", &[]),
    ("failure", &["terminal"]),
    ("confirm", &["failure", "terminal"]),
    ("args", &["terminal"]),
    ("key", &["failure"]),
    ("profile", &["failure", "key"]),
    ("output", &["args", "failure", "terminal"]),
    (
        "context",
        &["args", "failure", "key", "output", "profile", "terminal"],
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
            "args", "confirm", "context", "demo", "failure", "fleet", "input", "key", "lookup",
            "output", "profile", "setters", "talk", "terminal",
        ],
    ),
];

#[test]
fn no_floor_uses_one_above_it() {
    Floors::of("letta-api-ext/cli", FLOORS).check();
}
