//! The floors of letta-api-emulator: what it keeps knows nothing of the service that shows it.

use letta_api_floors::{Floors, Table};

const FLOORS: Table<'_> = &[
    // Documentation alone.
    ("behaviour", &[]),
    ("changes", &[]),
    ("clock", &[]),
    ("id", &[]),
    ("operation", &[]),
    // Documentation alone.
    ("scripts", &[]),
    ("script", &["id"]),
    ("http", &[]),
    ("description", &["http"]),
    ("project", &["http"]),
    ("faults", &["http", "operation"]),
    ("stream", &["clock", "faults", "http"]),
    ("tokens", &["changes", "clock", "http", "project"]),
    // What handlers read of a request, and how they answer.
    ("call", &["description", "faults", "project"]),
    // What there is.
    ("world", &["description", "http", "id", "script"]),
    ("resources", &["call", "description", "http", "id", "world"]),
    // What is kept between runs.
    ("state_file", &["tokens", "world"]),
    (
        "turns",
        &[
            "call",
            "changes",
            "clock",
            "faults",
            "http",
            "id",
            "resources",
            "script",
            "stream",
            "world",
        ],
    ),
    ("tool", &["resources", "world"]),
    ("agent", &["clock", "id", "resources", "tool", "world"]),
    (
        "service",
        &[
            "agent",
            "call",
            "changes",
            "clock",
            "description",
            "faults",
            "http",
            "operation",
            "project",
            "resources",
            "stream",
            "tokens",
            "turns",
            "world",
        ],
    ),
    (
        "emulator",
        &[
            "agent",
            "clock",
            "faults",
            "http",
            "id",
            "project",
            "script",
            "service",
            "state_file",
            "tokens",
            "tool",
            "turns",
            "world",
        ],
    ),
];

#[test]
fn no_floor_uses_one_above_it() {
    Floors::of("tests/emulator", FLOORS).check();
}
