//! First stage: a file of YAML or JSON becomes a [`Node`].

mod json;
mod yaml;

use std::path::Path;
use std::sync::Arc;

use crate::diagnostic::{Diagnostic, Failure};
use crate::document::{Node, Source, Span};

/// Reads a file. JSON where its name ends in `.json` or its text begins with `{`, else YAML.
///
/// # Errors
///
/// A file that cannot be read, is not UTF-8, is malformed, holds the same key twice, or is not an
/// object.
pub fn load(path: &Path) -> Result<Node, Failure> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| Failure::Message(format!("cannot read {}: {error}", path.display())))?;
    parse(&Source::new(path, text))
}

/// As [`load`], from memory.
///
/// # Errors
///
/// As [`load`].
pub fn parse(source: &Arc<Source>) -> Result<Node, Failure> {
    let is_json = source.path.extension().is_some_and(|it| it == "json")
        || source.text.trim_start().starts_with('{');
    let node = if is_json {
        json::parse(source)?
    } else {
        yaml::parse(source)?
    };
    if node.as_object().is_none() {
        return Err(Diagnostic::in_source(
            source,
            node.span.start..node.span.end,
            "not-an-object",
            format!("the file holds {}, not an object", node.value.kind()),
            "give an OpenAPI description or an overlay",
        )
        .into());
    }
    Ok(node)
}

/// How deep a file may be nested. The stages after this one go from value to value within, and so do the
/// generator and what it is made of; deeper, they would run out of stack.
const DEEPEST: usize = 128;

fn too_deep(span: &Span) -> Diagnostic {
    Diagnostic::in_source(
        &span.source,
        span.start..span.end,
        "malformed",
        format!("the file is nested more than {DEEPEST} deep"),
        "move parts of it to `components`, and refer to them",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nested(open: &str, close: &str, depth: usize) -> String {
        let value = format!("{}1{}", open.repeat(depth), close.repeat(depth));
        if open == "[" {
            return format!("a: {value}");
        }
        value
    }

    fn load(name: &str, text: &str) -> Result<Node, String> {
        parse(&Source::new(name, text)).map_err(|failure| failure.to_string())
    }

    #[test]
    fn yaml_and_json_give_the_same_data() {
        let json = r#"{"a": [1, -2.5, 1e3, true, null], "é": {"200": "x\/\ud83d\ude00"}, "n": 18446744073709551615}"#;
        let yaml =
            "a: [1, -2.5, 1e3, true, null]\né:\n  200: \"x/\u{1f600}\"\nn: 18446744073709551615\n";
        assert_eq!(
            load("a.json", json).unwrap().to_json(),
            load("a.yaml", yaml).unwrap().to_json()
        );
    }

    #[test]
    fn a_value_knows_its_line_and_column() {
        for (name, text) in [
            ("a.yaml", "ü: 1\nb:\n  c: [x, y]\n"),
            ("a.json", "{\"ü\": 1,\n\"b\": {\n  \"c\": [\"x\", \"y\"]}}"),
        ] {
            let node = load(name, text).unwrap();
            let key = node.span_of(&crate::document::Pointer::parse("/b/c").unwrap());
            assert_eq!(key.line_column().0, 3, "{name}");
            assert!(key.source.text[key.start..key.end].contains('c'), "{name}");
            let item = node.span_of(&crate::document::Pointer::parse("/b/c/1").unwrap());
            assert_eq!(
                item.source.text[item.start..item.end].trim_matches('"'),
                "y",
                "{name}"
            );
        }
    }

    #[test]
    fn a_malformed_file_is_an_error_that_names_the_line() {
        for (name, text, says) in [
            ("a.yaml", "a: 1\nb: [x\n", "a.yaml:"),
            ("a.yaml", "a: 1\nb: 2\na: 3\n", "a.yaml:3:1"),
            ("a.yaml", "", "null"),
            ("a.yaml", "- a\n", "an array"),
            ("a.yaml", "a: 1\n---\nb: 2\n", "2 documents"),
            ("a.yaml", "? [a]\n: 1\n", "key"),
            ("a.yaml", "a: .nan\n", "number"),
            ("a.json", "{\"a\": 1,\n \"b\" 2}", "a.json:2"),
            ("a.json", "{\"a\": 1,\n \"a\": 2}", "twice"),
            ("a.json", "{\"a\": 1", "a.json:1"),
            ("a.json", "[]", "an array"),
            (
                "a.json",
                &nested("{\"a\": ", "}", 2_000),
                "more than 128 deep",
            ),
            ("a.yaml", &nested("[", "]", 150), "more than 128 deep"),
            ("a.yaml", &nested("[", "]", 2_000), "a.yaml:1"),
        ] {
            let message = load(name, text).unwrap_err();
            assert!(message.contains(says), "{text:?} gave\n{message}");
        }
    }
}
