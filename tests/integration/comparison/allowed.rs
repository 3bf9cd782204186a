//! Differences that are right, each with its reason.

use std::collections::BTreeSet;

use super::shape::Difference;

/// Differences that are right.
pub(super) struct Allowed {
    /// The exchanges: a scene and a step. `*` stands for any text.
    exchange: &'static str,
    /// The paths in their answers.
    path: &'static str,
    /// What is at the path in each answer, with ` | ` in between.
    what: &'static str,
    why: &'static str,
}

const fn row(
    exchange: &'static str,
    path: &'static str,
    what: &'static str,
    why: &'static str,
) -> Allowed {
    Allowed {
        exchange,
        path,
        what,
        why,
    }
}

/// What differs from run to run on a real server, too.
pub(super) const FROM_RUN_TO_RUN: &[Allowed] = &[row(
    "*",
    "*.total_duration_ns",
    "*",
    "it is stored a while after the run's end",
)];

/// What the emulator does otherwise than a real server, and means to.
pub(super) const OF_THE_EMULATOR: &[Allowed] = &[
    row("*", "*_by_id", "<user 0> | n*", "the emulator has no users"),
    row(
        "*",
        "*organization_id",
        "<org 0> | n*",
        "it is in no description",
    ),
    row("*", "*endpoint", "text | n*", "no provider is called"),
    row(
        "*",
        "*_tokens_details",
        "object | n*",
        "no model is called that would count them",
    ),
    row(
        "*",
        "*.sandbox_config_fingerprint",
        "text | n*",
        "no code of a tool is run",
    ),
    row(
        "*",
        "*.embedding",
        "list: numbers | null",
        "no model of embeddings is called",
    ),
    row(
        "*",
        "*.model_settings.*",
        "*",
        "each provider has settings of its own",
    ),
    row(
        "*",
        "media",
        "application/json | ",
        "a 204 has no content, so it says nothing of its type",
    ),
    row(
        "*",
        "*detail",
        "* | *: a fault of letta-api-emulator's",
        "what a provider says depends on the provider",
    ),
    row(
        "*",
        ".detail",
        "[{'type': * | [{'type': *",
        "the words of a 422 are those of a library for Python",
    ),
    row(
        "*",
        "*detail",
        "*access level in* | *",
        "the server tells of its own user and database",
    ),
    row(
        "*",
        "*detail",
        "* with actor id: * | *",
        "the server tells of its own user and database",
    ),
    row(
        "folders/a folder of the same name",
        ".detail",
        "*",
        "the server tells of its own database",
    ),
    row(
        "*",
        ".detail",
        "* | *not found*",
        "what is not found is told in the same words for all",
    ),
    row("*", ".trace_id", "nothing | ", "every 422 has one"),
    row(
        "*",
        ".detail",
        "Method Not Allowed | nothing",
        "what is of no operation is refused as by the hosted service",
    ),
    row(
        "*",
        ".detail",
        "Not Found | nothing",
        "what is of no operation is refused as by the hosted service",
    ),
    row(
        "*",
        ".message",
        "nothing | *",
        "what is of no operation is refused as by the hosted service",
    ),
    row(
        "turns/09-messages-streaming-true-legacy-ua",
        ".detail",
        "*",
        "the emulator says what to do",
    ),
    row(
        "otids/55-stream-by-unknown-otid",
        ".detail",
        "*",
        "what a caller sent is not repeated",
    ),
    row(
        "lists of runs/a status that is none",
        ".detail",
        "*",
        "what a caller sent is not repeated",
    ),
    row(
        "lists of agents/tags",
        "[]",
        "*",
        "a real server has other agents, too",
    ),
    row(
        "runs/without a body",
        "*",
        "*",
        "the real server fails, and clients see no reason",
    ),
    row(
        "refusals/nothing said",
        ".detail",
        "*",
        "the words of a 422 are those of a library for Python",
    ),
    row(
        "refusals/both ways of saying",
        ".detail",
        "*",
        "the words of a 422 are those of a library for Python",
    ),
    row(
        "failures/without a finish reason",
        "*_tokens",
        "null | number",
        "no script can leave out the finish reason",
    ),
    row(
        "*/52-client-and-server-tool-return",
        "*.tool_returns[1].*",
        "*",
        "a real tool refuses these arguments",
    ),
    row(
        "several approvals/approval and automatic tool answered",
        "*.tool_returns[1].*",
        "*",
        "a real tool refuses these arguments",
    ),
];

/// What the emulator does otherwise than a real server, and should not.
pub(super) const TO_BE_MENDED: &[Allowed] = &[
    row(
        "agents/18-agent-export",
        ".agents[0].secrets",
        "null | object",
        "an agent without secrets has none in its file",
    ),
    row(
        "*",
        "*.stdout",
        "null | list: ",
        "the server's own tools print nothing, not even an empty list",
    ),
    row(
        "*",
        "*.stderr",
        "null | list: ",
        "the server's own tools print nothing, not even an empty list",
    ),
    row(
        "*",
        "*.last_stop_reason",
        "text | n*",
        "an agent has the reason of its last turn",
    ),
    row(
        "lists of agents/with their blocks",
        "*.tags[]",
        "*",
        "an agent has its tags, whatever is included",
    ),
    row(
        "client tools/messages after it returned twice",
        "[3].*",
        "null | *",
        "an answer to an approval has no otid and no step",
    ),
    row(
        "parallel client tools/51-client-tools-both*",
        "*",
        "*",
        "what tools returned comes in the order of the answer",
    ),
    row(
        "*/messages",
        "",
        "*",
        "a user message of the same request is stored after what the tools returned",
    ),
    row(
        "approvals/still refused",
        "*",
        "*",
        "the cancelled run frees the agent after all",
    ),
    row(
        "old denials/two approved in the old form",
        ".detail",
        "*",
        "the ID of the old form is told as that of a call",
    ),
    row(
        "busy/in the order of finishing",
        "*",
        "*",
        "turns are stored in the order of finishing",
    ),
    row(
        "runs/not a run's ID",
        "*",
        "* | *",
        "an ID of another form is a 400",
    ),
    row(
        "failures/its run*",
        "[0].*",
        "*",
        "a failed run keeps the error in its metadata",
    ),
    row(
        "failures/* run*",
        "[0].metadata.error",
        "*",
        "a failed run keeps the error in its metadata",
    ),
    row(
        "refusals/background without streaming",
        "*",
        "*",
        "background without streaming is a 422",
    ),
];

/// What differs between a capture and its replay.
pub(super) const OF_CAPTURES: &[Allowed] = &[
    row(
        "*",
        "status",
        "200 | 0",
        "it was listened to until a ping came, after 20 seconds",
    ),
    row(
        "*",
        "*detail",
        "*datetime.datetime*",
        "the server tells when its own user was changed",
    ),
    row("agents/18-agent-export", "*", "*", "the agent had less"),
    row(
        "lists of agents/06-agents-list*",
        "*",
        "*",
        "all agents of the server were listed",
    ),
    row(
        "turns/16-runs-list",
        "*",
        "*",
        "one run was not done, and one was of a conversation",
    ),
    row(
        "turns/13-messages-list",
        "",
        "*",
        "other messages had been said",
    ),
    row(
        "lists of messages/62-messages-list*",
        "",
        "*",
        "other messages had been said",
    ),
    row(
        "busy/56-*, the request",
        "*.otid",
        "text | <uuid>",
        "an otid may be any text",
    ),
    row(
        "folders/17-folder-create*",
        "*.name",
        "text | <uuid>",
        "a folder's name is used once",
    ),
];

/// Takes from the differences those that a row allows, and tells the rows that allow none.
pub(super) fn left(
    differences: Vec<Difference>,
    tables: &[&'static [Allowed]],
) -> (Vec<Difference>, Vec<&'static Allowed>) {
    let rows: Vec<&Allowed> = tables.iter().copied().flatten().collect();
    let mut used = BTreeSet::new();
    let mut left = differences;
    left.retain(|difference| {
        let fits = |row: &&Allowed| {
            let what = format!("{} | {}", difference.one, difference.other);
            matches(row.exchange, &difference.exchange)
                && matches(row.path, &difference.path)
                && matches(row.what, &what)
        };
        let found = rows.iter().position(fits);
        used.extend(found);
        found.is_none()
    });
    let unused = rows.iter().enumerate();
    let unused = unused.filter(|(place, _)| !used.contains(place));
    (left, unused.map(|(_, row)| *row).collect())
}

impl std::fmt::Display for Allowed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{}: {}: {}: {}",
            self.exchange, self.path, self.what, self.why
        )
    }
}

/// Whether a text is as a pattern says, in which `*` stands for any text.
fn matches(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else {
        return false;
    };
    let mut parts = parts.peekable();
    if parts.peek().is_none() {
        return rest.is_empty();
    }
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        match rest.find(part) {
            Some(place) => rest = &rest[place + part.len()..],
            None => return false,
        }
    }
    true
}

#[test]
fn a_pattern_fits_the_texts_that_it_is_for() {
    for (pattern, text, fits) in [
        ("a", "a", true),
        ("a", "ab", false),
        ("*", "", true),
        ("a*", "abc", true),
        ("*c", "abc", true),
        ("a*b*c", "a1b2c", true),
        ("a*b*c", "a1c2b", false),
        ("*[1]*.x", "list[1].y.x", true),
        ("*[1]*.x", "list[2].y.x", false),
    ] {
        assert_eq!(matches(pattern, text), fits, "{pattern} {text}");
    }
}
