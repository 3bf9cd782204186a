//! First stage: a file of YAML or JSON becomes a [`Node`], together with what its references to other files lead to.
//!
//! All limits on size and depth are checked here ([`limits`](crate::openapi::limits)), so that no later stage has to.

mod files;
mod json;
mod yaml;

use std::io::{ErrorKind, Read as _};
use std::path::Path;
use std::sync::Arc;

use crate::diagnostic::{Diagnostic, Failure};
use crate::openapi::limits::{FILE_BYTES, NESTING};
use crate::openapi::{Node, Source, Span};
use crate::told;

/// Reads a description or an overlay. It is read as JSON if its name ends in `.json` or its text begins with `{`, and else as YAML. A byte
/// order mark at its beginning is ignored.
///
/// What references lead to in other files, relative to the file that they stand in, is brought into it. All files must be
/// in the folder of the first, or below.
///
/// # Errors
///
/// A file that cannot be read, is larger than [`FILE_BYTES`] with all others, is not UTF-8, is malformed, is nested more
/// than [`NESTING`] deep, holds the same key twice, or is not an object; and references to other files that cannot be
/// followed.
pub fn load(path: &Path) -> Result<Node, Failure> {
    files::bring_in(read(path, FILE_BYTES)?, Some(path))
}

/// As [`load`], of the overlay for a description.
///
/// # Errors
///
/// As [`load`]. If there is no such file, the command that begins one is told.
pub fn load_overlay(path: &Path, description: &Path) -> Result<Node, Failure> {
    let is_missing = std::fs::metadata(path).is_err_and(|it| it.kind() == ErrorKind::NotFound);
    if !is_missing {
        return load(path);
    }
    Err(Failure::Message(format!(
        "cannot read {}: there is no such file; this begins one:\n  cargo xtask init {} --out {}",
        path.display(),
        told::argument(description),
        told::argument(path)
    )))
}

/// Reads one file of at most this many bytes.
fn read(path: &Path, bytes_left: u64) -> Result<Node, Failure> {
    let name = path.display();
    let cannot = |error| Failure::Message(format!("cannot read {name}: {error}"));
    let file = std::fs::File::open(path).map_err(cannot)?;
    let mut bytes = Vec::new();
    let read = file.take(bytes_left + 1).read_to_end(&mut bytes);
    if read.map_err(cannot)? as u64 > bytes_left {
        let limit = FILE_BYTES >> 20;
        let what = match bytes_left {
            FILE_BYTES => format!("it is larger than {limit} MiB"),
            _ => format!("all files of the description together are larger than {limit} MiB"),
        };
        return Err(Failure::Message(format!(
            "cannot read {name}: {what}; leave out parts that the client does not need"
        )));
    }
    let text = String::from_utf8(bytes)
        .map_err(|error| Failure::Message(format!("cannot read {name}: {}", not_utf8(&error))))?;
    parse_file(&Source::new(path, text))
}

/// What is wrong with a file that is not UTF-8, and where.
fn not_utf8(error: &std::string::FromUtf8Error) -> String {
    let bytes = error.as_bytes();
    let is_utf16 = matches!(bytes, [0xff, 0xfe, ..] | [0xfe, 0xff, ..]);
    if is_utf16 {
        return "it is UTF-16 (or UTF-32); save it as UTF-8".to_owned();
    }
    let before = &bytes[..error.utf8_error().valid_up_to()];
    let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
    let offset = before.len();
    format!("line {line}, byte {offset} of the file, is not UTF-8; save it as UTF-8")
}

/// As [`load`], from memory. References to other files are left alone.
///
/// # Errors
///
/// As [`load`].
pub fn parse(source: &Arc<Source>) -> Result<Node, Failure> {
    files::bring_in(parse_file(source)?, None)
}

/// One file, without following its references.
fn parse_file(source: &Arc<Source>) -> Result<Node, Failure> {
    // Latin letters in UTF-16 are valid UTF-8 too, with a NUL after each. A YAML error about that would not help.
    if let Some(at) = source.text.find('\0') {
        return Err(Diagnostic::in_source(
            source,
            at..at,
            "malformed",
            "the file holds a NUL character; it may be UTF-16",
            "save it as UTF-8",
        )
        .into());
    }
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

/// A file is nested too deep here.
fn too_deep(span: &Span) -> Diagnostic {
    Diagnostic::in_source(
        &span.source,
        span.start..span.end,
        "malformed",
        format!("the file is nested more than {NESTING} deep"),
        "move parts of it to `components`, and refer to them",
    )
}

/// A key that occurs twice in an object. It is an error, since readers of JSON differ in which of the two they take.
fn twice(key: &str, first: &Span, second: &Span) -> Diagnostic {
    let (line, column) = first.line_column();
    Diagnostic::in_source(
        &second.source,
        second.start..second.end,
        "malformed",
        format!("the key `{key}` appears twice: here and in line {line}, column {column}"),
        "keep one",
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
            let key = node.span_of(&crate::openapi::Pointer::parse("/b/c").unwrap());
            assert_eq!(key.line_column().0, 3, "{name}");
            assert!(key.source.text[key.start..key.end].contains('c'), "{name}");
            let item = node.span_of(&crate::openapi::Pointer::parse("/b/c/1").unwrap());
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
            ("a.yaml", "a: 1\nb: 2\na: 3\n", "in line 1, column 1"),
            ("a.yaml", "200: 1\n'200': 2\n", "a.yaml:2:1"),
            ("a.yaml", "", "null"),
            ("a.yaml", "- a\n", "an array"),
            ("a.yaml", "a: 1\n---\nb: 2\n", "more than one document"),
            ("a.yaml", "a: *b\n", "unknown anchor"),
            (
                "a.yaml",
                "a: &b [*b]\n",
                "an alias of a value that contains it",
            ),
            ("a.yaml", "a: !other 1\n", "a tag"),
            ("a.yaml", "a: !other [1]\n", "a tag"),
            ("a.yaml", "? [a]\n: 1\n", "key"),
            ("a.yaml", "a: .nan\n", "number"),
            ("a.json", "{\"a\": 1,\n \"b\" 2}", "a.json:2"),
            ("a.json", "{\"a\": 1,\n \"a\": 2}", "a.json:2:3"),
            ("a.json", "{\"a\": 1,\n \"a\": 2}", "in line 1, column 3"),
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

    /// A mapping nested in itself, and in `a:` for flow style.
    fn deep(style: &str, depth: usize) -> String {
        match style {
            "json" => nested("{\"a\": ", "}", depth),
            "json lists" => format!("{{\"a\": {}}}", nested_lists(depth - 1)),
            "flow lists" => format!("a: {}", nested_lists(depth - 1)),
            "flow mappings" => format!("a: {}", nested("{a: ", "}", depth - 1)),
            "dashes" => format!("a:\n  {}1\n", "- ".repeat(depth - 1)),
            "block" => {
                let lines = (0..depth).map(|level| format!("{:level$}a:\n", ""));
                lines.collect::<String>() + &" ".repeat(depth) + "1\n"
            }
            "aliases" => {
                let mut text = "a0: &a0 [1]\n".to_owned();
                for level in 1..depth - 1 {
                    text += &format!("a{level}: &a{level} [*a{}]\n", level - 1);
                }
                text
            }
            _ => unreachable!("{style}"),
        }
    }

    fn nested_lists(depth: usize) -> String {
        format!("{}1{}", "[".repeat(depth), "]".repeat(depth))
    }

    #[test]
    fn files_of_both_kinds_may_be_nested_as_deep_and_no_deeper() {
        for style in [
            "json",
            "json lists",
            "flow lists",
            "flow mappings",
            "dashes",
            "block",
            "aliases",
        ] {
            let name = if style.starts_with("json") {
                "a.json"
            } else {
                "a.yaml"
            };
            load(name, &deep(style, NESTING)).unwrap_or_else(|error| panic!("{style}: {error}"));
            for depth in [NESTING + 1, NESTING + 2, 300, 3_000] {
                let message = load(name, &deep(style, depth)).unwrap_err();
                assert!(
                    message.contains("more than 128 deep") && message.contains(name),
                    "{style}, {depth}: {message}"
                );
            }
        }
        // No closing bracket is ever reached.
        for endless in ["[", "{a: ", "{", "[{a: "] {
            let message = load("a.yaml", &format!("a: {}", endless.repeat(200_000))).unwrap_err();
            assert!(
                message.contains("more than 128 deep"),
                "{endless}: {message}"
            );
        }
        for endless in ["[", "{\"a\":"] {
            let text = format!("{{\"a\": {}", endless.repeat(200_000));
            let message = load("a.json", &text).unwrap_err();
            assert!(message.contains("a.json:1"), "{endless}: {message}");
        }
    }

    #[test]
    fn merge_keys_add_what_the_mapping_does_not_have() {
        for (yaml, json) in [
            (
                "a: &a {x: 1}\nb: {<<: *a, y: 2}",
                r#"{"a":{"x":1},"b":{"x":1,"y":2}}"#,
            ),
            // Its own take precedence, whether they are before or after.
            (
                "a: &a {x: 1, z: 3}\nb: {<<: *a, x: 2}",
                r#"{"a":{"x":1,"z":3},"b":{"z":3,"x":2}}"#,
            ),
            (
                "a: &a {x: 1}\nb: {x: 2, <<: *a}",
                r#"{"a":{"x":1},"b":{"x":2}}"#,
            ),
            // The first of a list takes precedence.
            (
                "a: &a {x: 1}\nb: &b {x: 2, y: 2}\nc: {<<: [*a, *b, {y: 3, z: 3}]}",
                r#"{"a":{"x":1},"b":{"x":2,"y":2},"c":{"x":1,"y":2,"z":3}}"#,
            ),
            // One in what is merged, too.
            (
                "a: &a {x: 1}\nb: &b {<<: *a, y: 2}\nc:\n  <<: *b\n",
                r#"{"a":{"x":1},"b":{"x":1,"y":2},"c":{"x":1,"y":2}}"#,
            ),
            // Several, as some tools write them.
            (
                "a: &a {x: 1}\nb: &b {y: 2}\nc:\n  <<: *a\n  <<: *b\n",
                r#"{"a":{"x":1},"b":{"y":2},"c":{"x":1,"y":2}}"#,
            ),
            ("a: {<<: {x: 1}}\nb: {<<: []}", r#"{"a":{"x":1},"b":{}}"#),
            ("a: {!!merge <<: {x: 1}}", r#"{"a":{"x":1}}"#),
            // Not deep: a member is taken or left as a whole.
            (
                "a: &a {x: {p: 1}}\nb: {<<: *a, x: {q: 2}}",
                r#"{"a":{"x":{"p":1}},"b":{"x":{"q":2}}}"#,
            ),
            // In quotes, a key like others; and a value is none.
            (
                "a: {'<<': 1, \"b\": <<}\nc: ['<<', <<]",
                r#"{"a":{"<<":1,"b":"<<"},"c":["<<","<<"]}"#,
            ),
            (
                "a: &a\r\n  x: 1\r\nb:\r\n  <<: *a\r\n",
                r#"{"a":{"x":1},"b":{"x":1}}"#,
            ),
        ] {
            let node = load("a.yaml", yaml).unwrap();
            assert_eq!(node.to_json().to_string(), json, "{yaml}");
        }
        let node = load("a.json", r#"{"a": {"<<": {"b": 1}}}"#).unwrap();
        assert_eq!(node.to_json().to_string(), r#"{"a":{"<<":{"b":1}}}"#);
    }

    #[test]
    fn a_merge_key_of_anything_but_mappings_is_an_error_that_names_it() {
        for value in [
            "1",
            "text",
            "",
            "[1]",
            "[{x: 1}, text]",
            "[[{x: 1}]]",
            "null",
        ] {
            let message = load("a.yaml", &format!("b:\n  <<: {value}\n")).unwrap_err();
            assert!(
                message.contains("merge key `<<`") && message.contains("a.yaml:2:3"),
                "{value}: {message}"
            );
        }
        let message = load("a.yaml", "a: &a {<<: *a}\n").unwrap_err();
        assert!(
            message.contains("alias of a value that contains it"),
            "{message}"
        );
        let message = load("a.yaml", "a: &a {x: 1}\nb: {<<: *a, y: 1, y: 2}\n").unwrap_err();
        assert!(message.contains("`y` appears twice"), "{message}");
    }

    #[test]
    fn what_is_merged_is_said_to_stand_where_it_was_written() {
        let node = load("a.yaml", "a: &a\n  x: 1\nb:\n  <<: *a\n").unwrap();
        let key = node.span_of(&crate::openapi::Pointer::parse("/b/x").unwrap());
        assert_eq!(key.line_column(), (2, 3));
    }

    #[test]
    fn aliases_of_aliases_are_bounded() {
        for (first, next) in [
            (
                "[x, x, x, x, x, x, x, x, x, x]",
                "[*, *, *, *, *, *, *, *, *, *]",
            ),
            (
                "{k: x}",
                "{a: *, b: *, c: *, d: *, e: *, f: *, g: *, h: *, i: *}",
            ),
            ("{k0: x}", "{<<: [*, *, *, *, *, *, *, *, *, *]}"),
        ] {
            let mut text = format!("a0: &a0 {first}\n");
            for level in 1..60 {
                let value = next.replace('*', &format!("*a{}", level - 1));
                text += &format!("a{level}: &a{level} {value}\n");
            }
            let message = load("a.yaml", &text).unwrap_err();
            assert!(
                message.contains("add more than 100000 values") && message.contains("a.yaml:"),
                "{next}: {message}"
            );
        }
        // What people have is far below.
        let text = format!("a: &a {{x: [1, 2, 3]}}\nb: [{}]\n", "*a, ".repeat(10_000));
        assert!(load("a.yaml", &text).is_ok());
    }

    #[test]
    fn a_byte_order_mark_is_ignored_and_moves_nothing() {
        for (name, text) in [
            ("a.yaml", "a: 1\nb: [x\n"),
            ("a.yaml", "a: 1\nb: 2\n"),
            ("a.yaml", "---\na: 1\n"),
            ("a.yaml", "# ü\r\na: 1\r\n"),
            ("a.yaml", "{\"a\": 1}"),
            ("a.json", "{\"a\": 1}"),
            ("a.json", "{\"a\": 1 x}"),
            ("a.yaml", ""),
        ] {
            let told = |text: &str| load(name, text).map(|node| node.to_json().to_string());
            assert_eq!(told(&format!("\u{feff}{text}")), told(text), "{text:?}");
        }
    }

    #[test]
    fn a_file_that_is_not_utf8_or_too_large_is_an_error_that_says_so() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("d.yaml");
        let utf16 = |text: &str, big: bool| -> Vec<u8> {
            let bytes = |unit: u16| {
                if big {
                    unit.to_be_bytes()
                } else {
                    unit.to_le_bytes()
                }
            };
            text.encode_utf16().flat_map(bytes).collect()
        };
        for (bytes, says) in [
            (utf16("\u{feff}a: 1\n", false), "UTF-16"),
            (utf16("\u{feff}a: 1\n", true), "UTF-16"),
            (utf16("{\"a\": 1}", false), "UTF-16"),
            (utf16("a: 1\n", true), "UTF-16"),
            (b"a: 1\nb: \xff\n".to_vec(), "line 2, byte 8"),
            (b"\xef\xbb\xbf{\"a\": 1}".to_vec(), ""),
        ] {
            std::fs::write(&path, &bytes).unwrap();
            match super::load(&path) {
                Ok(_) => assert_eq!(says, "", "{bytes:?}"),
                Err(failure) => {
                    let message = failure.to_string();
                    assert!(
                        !says.is_empty() && message.contains(says),
                        "{bytes:?}: {message}"
                    );
                    assert!(message.contains("save it as UTF-8"), "{message}");
                }
            }
        }
        // Of holes alone, which take no room on the disk.
        std::fs::File::create(&path)
            .unwrap()
            .set_len(FILE_BYTES + 1)
            .unwrap();
        let message = super::load(&path).unwrap_err().to_string();
        assert!(
            message.contains("d.yaml: it is larger than 64 MiB"),
            "{message}"
        );
    }
}
