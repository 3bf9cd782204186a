//! The floors of letta-api, from its secrets up to the generated code.

use letta_api_floors::{Floors, Table};

const FLOORS: Table<'_> = &[
    ("credentials", &[]),
    ("base_url", &["credentials"]),
    ("failure", &["credentials"]),
    ("nullable", &[]),
    ("operation", &[]),
    ("response", &["credentials", "failure"]),
    ("error", &["failure", "response"]),
    ("service_error", &[]),
    (
        "transport",
        &["credentials", "failure", "operation", "response"],
    ),
    (
        "client",
        &["base_url", "failure", "operation", "response", "transport"],
    ),
    (
        "support",
        &[
            "base_url",
            "client",
            "credentials",
            "error",
            "failure",
            "operation",
            "response",
            "service_error",
            "transport",
        ],
    ),
    ("event_head", &["support"]),
    // Which of them depends on the description.
    (
        "generated",
        &[
            "credentials",
            "error",
            "failure",
            "nullable",
            "operation",
            "service_error",
            "support",
        ],
    ),
    (
        "lib",
        &[
            "base_url",
            "client",
            "credentials",
            "error",
            "event_head",
            "failure",
            "generated",
            "nullable",
            "operation",
            "response",
            "service_error",
            "support",
            "transport",
        ],
    ),
];

#[test]
fn no_floor_uses_one_above_it() {
    Floors::of("letta-api", FLOORS)
        .varying(&["generated"])
        .check();
}
