//! The floors of letta-api, from its secrets up to the generated code.

use letta_api_floors::{Floors, Table};

const FLOORS: Table<'_> = &[
    // What a machine and a browser do each in its own way.
    ("platform", &[]),
    // What is true of this service alone.
    ("service", &[]),
    ("credentials", &["service"]),
    ("base_url", &["credentials", "service"]),
    ("failure", &["credentials", "platform"]),
    ("nullable", &[]),
    ("operation", &[]),
    ("response", &["credentials", "failure", "platform"]),
    ("error", &["failure", "response"]),
    ("service_error", &[]),
    (
        "transport",
        &[
            "credentials",
            "failure",
            "operation",
            "platform",
            "response",
        ],
    ),
    ("spans", &["failure", "operation", "platform", "response"]),
    (
        "client",
        &[
            "base_url",
            "failure",
            "operation",
            "platform",
            "response",
            "spans",
            "transport",
        ],
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
            "platform",
            "response",
            "service_error",
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
            "platform",
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
