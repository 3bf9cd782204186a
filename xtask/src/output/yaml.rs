//! JSON as YAML in block style, for people and for tools that read either.
//!
//! A text is written without quotes only if no version of YAML reads anything else in it: `no`, `1.0` and `2026-01-02` are in quotes. In
//! quotes, a text is written as in JSON, which YAML reads the same.

use std::fmt::Write as _;

use serde_json::Value;

/// The longest key that may stand before a colon, with its quotes. YAML has a limit of 1,024.
const LONGEST_KEY: usize = 1_000;

/// Words that YAML 1.1 or 1.2 reads as something else than a text, in small letters.
const WORDS: [&str; 11] = [
    "null", "true", "false", "yes", "no", "on", "off", "y", "n", "nan", "inf",
];

/// A value as a document.
pub fn to_yaml(value: &Value) -> String {
    let mut out = String::new();
    block(value, 0, &mut out);
    let text = out.trim_start_matches(['\n', ' ']);
    format!("{text}\n")
}

/// Adds a value after what it belongs to: behind it if it is short, else on the lines below.
fn block(value: &Value, indent: usize, out: &mut String) {
    match value {
        Value::Object(members) if !members.is_empty() => {
            for (name, member) in members {
                let name = scalar(name);
                line(indent, out);
                if name.len() > LONGEST_KEY {
                    let _ = write!(out, "? {name}");
                    line(indent, out);
                    out.push(':');
                } else {
                    let _ = write!(out, "{name}:");
                }
                block(member, indent + 1, out);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            for item in items {
                line(indent, out);
                out.push('-');
                // The first line of what is within stands behind the dash.
                let mut within = String::new();
                block(item, indent + 1, &mut within);
                out.push(' ');
                out.push_str(within.trim_start_matches(['\n', ' ']));
            }
        }
        Value::String(text) => {
            out.push(' ');
            out.push_str(&scalar(text));
        }
        plain => {
            let _ = write!(out, " {plain}");
        }
    }
}

/// Begins a line.
fn line(indent: usize, out: &mut String) {
    out.push('\n');
    out.extend(std::iter::repeat_n("  ", indent));
}

/// A text, in quotes if it needs them.
fn scalar(text: &str) -> String {
    if is_plain(text) {
        return text.to_owned();
    }
    let json = Value::from(text).to_string();
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        // JSON leaves some characters as they are that YAML does not allow, or takes for the end of a line.
        if matches!(
            c,
            '\u{7f}'..='\u{9f}' | '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}'
        ) {
            let _ = write!(out, "\\u{:04x}", u32::from(c));
        } else {
            out.push(c);
        }
    }
    out
}

/// Whether a text can be nothing else than a text.
fn is_plain(text: &str) -> bool {
    let begins_well = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/' || c == '_');
    let allowed = |c: char| {
        c.is_ascii_alphanumeric()
            || matches!(c, ' ' | '_' | '-' | '.' | '/' | '(' | ')' | ';' | '+')
    };
    begins_well
        && !text.ends_with(' ')
        && text.chars().all(allowed)
        && !WORDS.contains(&text.to_ascii_lowercase().as_str())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_value_is_written_as_people_write_it() {
        let value = json!({
            "openapi": "3.0.3",
            "paths": {"/v1/agents/{id}": {"get": {"tags": ["agents"], "deprecated": true}}},
            "empty": {}, "none": [], "null": null, "number": 1.5, "no": "no",
            "list": [{"name": "a b", "items": [1, [2, 3], []]}, "text: more", {}],
        });
        assert_eq!(
            to_yaml(&value),
            r#"openapi: "3.0.3"
paths:
  "/v1/agents/{id}":
    get:
      tags:
        - agents
      deprecated: true
empty: {}
none: []
"null": null
number: 1.5
"no": "no"
list:
  - name: a b
    items:
      - 1
      - - 2
        - 3
      - []
  - "text: more"
  - {}
"#
        );
        assert_eq!(to_yaml(&json!("x")), "x\n");
        assert_eq!(to_yaml(&json!({})), "{}\n");
    }
}
