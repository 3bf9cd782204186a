//! The floors of letta-api-emulator: what it keeps knows nothing of the service that shows it.

use letta_api_floors::{Floors, Table};

const FLOORS: Table<'_> = &[
    // Documentation alone.
    ("behaviour", &[]),
    ("clock", &[]),
    ("id", &[]),
    ("operation", &[]),
    ("http", &[]),
    ("description", &["http"]),
    ("project", &["http"]),
    ("faults", &["http", "operation"]),
    ("messages", &["clock", "http", "id"]),
    ("agents", &["clock", "http", "id", "messages"]),
    ("tokens", &["clock", "http", "project"]),
    (
        "service",
        &[
            "agents",
            "clock",
            "faults",
            "http",
            "messages",
            "operation",
            "project",
            "tokens",
        ],
    ),
    (
        "emulator",
        &[
            "agents",
            "clock",
            "faults",
            "http",
            "operation",
            "project",
            "service",
            "tokens",
        ],
    ),
];

#[test]
fn no_floor_uses_one_above_it() {
    Floors::of("tests/emulator", FLOORS).check();
}
