//! The floors of letta-api-ext, from what differs in a browser up to tokens.

use std::path::Path;

use letta_api_floors::{Floors, Table};

const FLOORS: Table<'_> = &[
    // What a machine and a browser do each in its own way.
    ("platform", &[]),
    ("time", &["platform"]),
    // What can go wrong, without secrets.
    ("error", &["platform", "time"]),
    ("ids", &["error"]),
    // A call, whatever it is for.
    ("transport", &["error", "ids", "platform", "time"]),
    ("client", &["error", "ids", "platform", "time", "transport"]),
    ("pages", &["client", "error", "platform"]),
    // A folder for each resource.
    (
        "access_tokens",
        &[
            "client",
            "error",
            "ids",
            "pages",
            "platform",
            "time",
            "transport",
        ],
    ),
    // The other end of a token: a client that holds it.
    (
        "token_holder",
        &[
            "access_tokens",
            "client",
            "error",
            "ids",
            "platform",
            "time",
            "transport",
        ],
    ),
    ("agents", &["client", "error", "pages", "time", "transport"]),
    ("agent_files", &["agents", "client", "error", "platform"]),
    ("archives", &["client", "error", "pages"]),
    ("blocks", &["client", "error", "pages"]),
    ("conversations", &["client", "error", "pages"]),
    (
        "folders",
        &["client", "error", "pages", "platform", "time", "transport"],
    ),
    ("messages", &["client", "error", "pages"]),
    ("runs", &["client", "error", "pages"]),
    ("server_tools", &["client", "error", "pages"]),
    (
        "turns",
        &[
            "agents",
            "client",
            "conversations",
            "error",
            "platform",
            "time",
            "transport",
        ],
    ),
    // What is for tests, fuzz targets and readers.
    (
        "test_util",
        &["access_tokens", "error", "ids", "time", "transport"],
    ),
    ("fuzzing", &["client", "error"]),
    ("docs", &[]),
    (
        "lib",
        &[
            "access_tokens",
            "client",
            "error",
            "ids",
            "pages",
            "transport",
        ],
    ),
];

const ACCESS_TOKENS: Table<'_> = &[
    ("policy", &[]),
    ("entries", &["policy"]),
    ("granted", &["policy"]),
    ("token", &["granted", "policy"]),
    ("salvage", &[]),
    ("token_text", &[]),
    ("revoke", &["token", "token_text"]),
    ("grant_mismatch", &["revoke"]),
    (
        "create",
        &[
            "entries",
            "granted",
            "policy",
            "salvage",
            "token",
            "token_text",
        ],
    ),
    ("list", &["salvage", "token"]),
    ("minter", &["entries", "policy", "revoke", "token"]),
    ("endpoint", &["minter", "policy", "token"]),
    (
        "access_tokens",
        &["create", "list", "minter", "policy", "revoke", "token"],
    ),
];

#[test]
fn no_floor_uses_one_above_it() {
    Floors::of("letta-api-ext", FLOORS).check();
}

#[test]
fn no_part_of_the_tokens_uses_one_above_it() {
    Floors::of("letta-api-ext", ACCESS_TOKENS)
        .within("access_tokens")
        .check();
}

/// `UPDATE_EXPECT=1` writes it anew.
#[test]
fn the_picture_in_architecture_md_is_that_of_the_source() {
    const BEGIN: &str = "<!-- floors of letta-api-ext: begin -->\n";
    const END: &str = "<!-- floors of letta-api-ext: end -->";
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../ARCHITECTURE.md");
    let text = std::fs::read_to_string(&file)
        .unwrap()
        .replace("\r\n", "\n");
    let (before, rest) = text.split_once(BEGIN).expect("the mark where it begins");
    let (shown, after) = rest.split_once(END).expect("the mark where it ends");
    let picture = Floors::of("letta-api-ext", FLOORS).picture();
    let picture = format!("```text\n{}\n```\n", picture.trim_end());
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        let text = format!("{before}{BEGIN}{picture}{END}{after}");
        std::fs::write(file, text).unwrap();
        return;
    }
    assert_eq!(
        shown, picture,
        "the picture in ARCHITECTURE.md is old: run this test with UPDATE_EXPECT=1"
    );
}
