//! The code that generated code calls: that of letta-api, as it is there, under the name of another crate.
//!
//! Tests are left out, and so is what is true of Letta alone: two modules, and the words that [`EDITS`] names. A test holds that each edit
//! finds its place, and that nothing of Letta is left.

use super::Name;
use super::readme::key_variable;
use crate::markdown;
use crate::output::render::SourceText;

/// The files that letta-api has and other crates do not, in its folder `src`: the root, what has a counterpart in `xtask/standalone/`, what
/// only this service needs, and tests.
pub const EXCLUDED: &[&str] = &[
    "credentials/fingerprint.rs",
    "event_head.rs",
    "lib.rs",
    "response/events/tests.rs",
    "service.rs",
    "spans/tests.rs",
    "support/borrowed/tests.rs",
    "support/pages/tests.rs",
];

macro_rules! sources {
    ($folder:literal: $($path:literal),* $(,)?) => {
        &[$(($path, include_str!(concat!("../../../", $folder, "/", $path)))),*]
    };
}

/// The files that all crates have, as they are in letta-api.
pub const SOURCES: &[(&str, &str)] = sources![
    "letta-api/src":
    "base_url.rs",
    "client.rs",
    "credentials.rs",
    "credentials/api_key.rs",
    "credentials/secret.rs",
    "credentials/slip.rs",
    "credentials/wiped.rs",
    "error.rs",
    "failure.rs",
    "failure/invalid_request.rs",
    "failure/printable.rs",
    "failure/transport_error.rs",
    "failure/words.rs",
    "nullable.rs",
    "operation.rs",
    "platform.rs",
    "platform/browser.rs",
    "platform/browser/failure.rs",
    "platform/browser/form.rs",
    "platform/native.rs",
    "platform/native/failure.rs",
    "platform/native/form.rs",
    "response.rs",
    "response/body.rs",
    "response/events.rs",
    "response/frames.rs",
    "response/head.rs",
    "response/html.rs",
    "response/json.rs",
    "response/payload.rs",
    "response/stream.rs",
    "response/value.rs",
    "service_error.rs",
    "service_error/reason.rs",
    "spans.rs",
    "support.rs",
    "support/answered.rs",
    "support/body.rs",
    "support/borrowed.rs",
    "support/call.rs",
    "support/cookie.rs",
    "support/file_part.rs",
    "support/header.rs",
    "support/named_text.rs",
    "support/one_error.rs",
    "support/open_enum.rs",
    "support/pages.rs",
    "support/pages/marks.rs",
    "support/pages/rule.rs",
    "support/pages/seen.rs",
    "support/pages/walk.rs",
    "support/path.rs",
    "support/pinned.rs",
    "support/query.rs",
    "support/styled.rs",
    "support/tagged.rs",
    "support/text_value.rs",
    "support/union.rs",
    "transport.rs",
];

/// The files that crates for other services have in place of letta-api's.
const OWN: &[(&str, &str)] =
    sources!["xtask/standalone": "authentication.rs", "lib.rs", "service.rs"];

/// Words of letta-api that are true of its service alone: where they stand, and what stands there in other crates.
const EDITS: &[(&str, &str, &str)] = &[
    (
        "base_url.rs",
        "A `/` or a `/v1` at the end is\n/// dropped: every path of the API begins with `/v1`.",
        "A `/` at the end is\n/// dropped.",
    ),
    (
        "base_url.rs",
        "https://proxy.example.com/letta/v1/\".parse()",
        "https://proxy.example.com/stem/\".parse()",
    ),
    (
        "base_url.rs",
        "\"https://proxy.example.com/letta\");",
        "\"https://proxy.example.com/stem\");",
    ),
    (
        "credentials.rs",
        "pub use self::fingerprint::Fingerprint;\n",
        "",
    ),
    ("credentials.rs", "mod fingerprint;\n", ""),
    (
        "credentials/api_key.rs",
        "/// An API key (`sk-let-…`), or a client-side token (`ck-let-…`) used as one.",
        "/// An API key, or a token that is used as one.",
    ),
    (
        "credentials/api_key.rs",
        " The prefix is\n/// not required, since a self-hosted server accepts any password as a key. Obvious",
        " Obvious",
    ),
    (
        "credentials/api_key.rs",
        "ApiKey::new(\"sk-let-0f3c\\n\")?",
        "ApiKey::new(\"key-0f3c\\n\")?",
    ),
    (
        "credentials/api_key.rs",
        "expose_secret(), \"sk-let-0f3c\");\n/// assert!",
        "expose_secret(), \"key-0f3c\");\n/// assert!",
    ),
    (
        "credentials/api_key.rs",
        "ApiKey::new(\"\\\"sk-let-0f3c\\\"\")",
        "ApiKey::new(\"\\\"key-0f3c\\\"\")",
    ),
    (
        "credentials/api_key.rs",
        "`scheme://…`);\n    /// - `sk-let-` or `ck-let-` after other text;\n    /// - a key that begins with one of these and then has nothing, is cut short (`...`), is masked (`***`), has a\n    ///   placeholder, or ends with a quotation mark, a separator or a written `\\n`.\n",
        "`scheme://…`).\n",
    ),
    (
        "credentials/secret.rs",
        "/// A secret in text form: an API key, or the secret of a client-side access token.",
        "/// A secret in text form, such as an API key.",
    ),
    (
        "credentials/secret.rs",
        "::Secret::new(\"ck-let-0f3c\");\n/// assert",
        "::Secret::new(\"key-0f3c\");\n/// assert",
    ),
    (
        "credentials/secret.rs",
        "expose_secret(), \"ck-let-0f3c\");\n/// ```",
        "expose_secret(), \"key-0f3c\");\n/// ```",
    ),
    (
        "failure/invalid_request.rs",
        "/// # async fn run(client: &letta_api::Client) {\n/// # #[cfg(feature = \"client-side-access-tokens\")]\n/// let error = client.delete_client_side_access_token(&\"\".into()).await.unwrap_err();\n/// # #[cfg(feature = \"client-side-access-tokens\")]\n/// if let letta_api::Error::InvalidRequest(refused) = error {\n///     println!(\"{refused}\"); // path parameter `token` is empty; it must name one resource\n///     assert_eq!(refused.field(), Some(\"token\"));\n///     assert_eq!(refused.rule(), \"is empty; it must name one resource\");\n/// }\n/// # }\n",
        "/// fn tell<E>(error: &letta_api::Error<E>) {\n///     if let letta_api::Error::InvalidRequest(refused) = error {\n///         println!(\"{refused}\"); // path parameter `id` is empty; it must name one resource\n///         println!(\"{:?}\", refused.field()); // Some(\"id\")\n///     }\n/// }\n",
    ),
    (
        "nullable.rs",
        "and one that sends null may clear it. A\n/// self-hosted server 0.16.8 was seen to take null for left out in all changes of agents, blocks and tools. Types",
        "and one that sends null may clear it. Types",
    ),
    (
        "response/events.rs",
        "A server sends a ping after every 20 seconds of silence, so put a time-out of three pings around each `next`:\n/// `tokio::time::timeout(Duration::from_secs(60), events.next())`. After it, drop the stream and ask for the run, which goes on without\n/// the connection. A read",
        "Put a time-out around each `next`, such as\n/// `tokio::time::timeout(Duration::from_secs(60), events.next())`. After it, drop the stream. A read",
    ),
    (
        "response/events.rs",
        " A stream that is asked to resume after its last event has pings and no end: stop at\n/// the stop reason or the error. The turns of `letta-api-ext` do all this.\n",
        "\n",
    ),
    (
        "response/events.rs",
        " To see what an\n/// event is without decoding it, take the [`frames`](Self::frames) and read their [`EventHead`](crate::EventHead).\n",
        " To have\n/// events without decoding them, take the [`frames`](Self::frames).\n",
    ),
    (
        "service_error/reason.rs",
        "//!\n//! letta-api-ext prints it, without secrets. Its tests (`src/error/reason.rs` there) have the forms of each framework.\n",
        "",
    ),
    (
        "service_error/reason.rs",
        "\n/// Names that mean something here, for tests that put bodies together.\npub const KNOWN_NAMES: [&[&str]; 5] = [&TEXTS, &PLACES, &CONTAINERS, &SHELLS, &NOISE];\n",
        "",
    ),
    ("spans.rs", "\"letta.call\",", "\"api.call\","),
    (
        "spans.rs",
        "letta.operation = operation.id",
        "api.operation = operation.id",
    ),
    (
        "support.rs",
        "/// What letta-api-ext does on each platform as this crate does.\npub mod platform {\n    pub use crate::platform::{execute, sort};\n}\n\n",
        "/// What differs between platforms, for layers above this crate.\npub mod platform {\n    pub use crate::platform::{execute, sort};\n}\n\n",
    ),
    (
        "support/pages.rs",
        "/// ```\n/// # #[cfg(feature = \"client-side-access-tokens\")]\n/// # async fn run(client: letta_api::Client) -> Result<(), Box<dyn std::error::Error>> {\n/// use letta_api::types::ListClientSideAccessTokensParams;\n///\n/// let params = ListClientSideAccessTokensParams::default().with_limit(100u32);\n/// let mut tokens = client.list_client_side_access_tokens_pages(&params).items();\n/// while let Some(token) = tokens.next().await {\n///     println!(\"{}\", token?.hostname);\n/// }\n/// # Ok(())\n/// # }\n/// ```\n///\n",
        "",
    ),
];

/// What every file begins with.
const HEADER: &str = "\
// @generated by `cargo xtask codegen`: support code of the generator, under MIT or Apache-2.0. See LICENSE-SUPPORT.md.
// Do not edit: it is written anew.

";

/// The files, for a crate of this name.
pub(super) fn files(name: &Name, service: &str) -> Vec<SourceText> {
    let title = markdown::docs(service).replace('\n', " ");
    let file = |path: &str, text: &str| SourceText {
        path: format!("src/{path}"),
        text: format!("{HEADER}{}", named(text, name, &title)),
    };
    let copied = SOURCES
        .iter()
        .map(|(path, text)| file(path, &edited(path, &without_tests(text))));
    copied
        .chain(OWN.iter().map(|(path, text)| file(path, text)))
        .collect()
}

/// Whether the code has parts that are compiled with a feature only.
pub(super) fn has_feature(name: &str) -> bool {
    let condition = format!("feature = \"{name}\"");
    let mut texts = SOURCES.iter().chain(OWN).map(|(_, text)| text);
    texts.any(|it| it.contains(&condition))
}

/// Whether the client has this method, whatever the description is.
pub(super) fn has_method(name: &str) -> bool {
    let client = SOURCES.iter().find(|(path, _)| *path == "client.rs");
    let starts = ["(", "<"].map(|it| format!("fn {name}{it}"));
    client.is_some_and(|(_, text)| starts.iter().any(|it| text.contains(it)))
}

/// The text with what each edit of this file asks for.
fn edited(path: &str, text: &str) -> String {
    let of_file = EDITS.iter().filter(|(file, ..)| *file == path);
    of_file.fold(text.to_owned(), |text, (_, from, to)| {
        text.replacen(from, to, 1)
    })
}

/// The text with the names of the crate, its variables and its service.
fn named(text: &str, name: &Name, title: &str) -> String {
    text.replace("letta_api", &name.ident())
        .replace("LETTA_API_KEY", &key_variable(name))
        .replace("@KEY@", &key_variable(name))
        .replace("@PREFIX@", &name.prefix())
        .replace("@TITLE@", title)
        .replace("api.letta.com", "api.example.com")
}

/// The text without items that only tests have, and the documentation of those.
fn without_tests(text: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let start = line.trim_start();
        let indent = &line[..line.len() - start.len()];
        let is_tests = matches!(start, "#[cfg(test)]" | "#[cfg(any(test, fuzzing))]")
            || start.starts_with("#[cfg(all(test,");
        if !is_tests {
            kept.push(line);
            continue;
        }
        while kept
            .last()
            .is_some_and(|it| it.trim_start().starts_with("///"))
        {
            kept.pop();
        }
        let end = format!("{indent}}}");
        for line in lines.by_ref() {
            let is_short = line.trim_end().ends_with(';')
                && line.starts_with(indent)
                && !line[indent.len()..].starts_with(' ');
            if line == end || is_short {
                break;
            }
        }
        // The blank line before it goes with it.
        if kept.last().is_some_and(|it| it.is_empty()) {
            kept.pop();
        }
    }
    let mut text = kept.join("\n");
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_edit_finds_its_place_once() {
        for (path, from, _) in EDITS {
            let source = SOURCES.iter().find(|(it, _)| it == path);
            let (_, text) = source.unwrap_or_else(|| panic!("{path} is no source"));
            assert_eq!(text.matches(from).count(), 1, "{path}: {from}");
        }
    }

    #[test]
    fn items_of_tests_are_left_out_whole() {
        let text = "mod a;\n#[cfg(test)]\nmod tests;\n#[cfg(all(test, feature = \"tag\"))]\nmod more;\nmod b;\n\nimpl A {\n    fn one() {\n    }\n\n    /// For tests.\n    \
            #[cfg(test)]\n    fn two() {\n        x();\n    }\n}\n\n#[cfg(test)]\nmod tests {\n    use a;\n}\n";
        assert_eq!(
            without_tests(text),
            "mod a;\nmod b;\n\nimpl A {\n    fn one() {\n    }\n}\n"
        );
    }
}
