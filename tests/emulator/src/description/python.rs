//! Values as Python prints them. The server answers with its errors in that form.

use serde_json::Value;

use crate::description::secrets::{HIDDEN, is_secret, is_sensitive};

/// The most that a printed value takes, in bytes. The server prints all of it.
const LONGEST: usize = 1000;

/// What stands at the end of a value that was cut.
const CUT: &str = "…";

/// A text that is printed into, up to a length.
pub(super) struct Printer {
    text: String,
    left: usize,
    is_cut: bool,
}

impl Printer {
    fn new() -> Self {
        Self {
            text: String::new(),
            left: LONGEST,
            is_cut: false,
        }
    }

    fn push(&mut self, text: &str) {
        if self.is_cut {
            return;
        }
        if text.len() > self.left {
            self.is_cut = true;
            self.text.push_str(CUT);
            return;
        }
        self.left -= text.len();
        self.text.push_str(text);
    }

    fn string(&mut self, text: &str) {
        let text = if is_secret(text) { HIDDEN } else { text };
        let quote = quote_of(text);
        self.push(quote);
        for character in text.chars() {
            if self.is_cut {
                return;
            }
            self.push(&escaped(character, quote));
        }
        self.push(quote);
    }

    fn value(&mut self, value: &Value) {
        if self.is_cut {
            return;
        }
        match value {
            Value::Null => self.push("None"),
            Value::Bool(true) => self.push("True"),
            Value::Bool(false) => self.push("False"),
            Value::Number(number) => self.push(&number.to_string()),
            Value::String(text) => self.string(text),
            Value::Array(items) => {
                self.push("[");
                for (at, item) in items.iter().enumerate() {
                    if self.is_cut {
                        return;
                    }
                    if at > 0 {
                        self.push(", ");
                    }
                    self.value(item);
                }
                self.push("]");
            }
            Value::Object(members) => {
                self.push("{");
                for (at, (name, member)) in members.iter().enumerate() {
                    if self.is_cut {
                        return;
                    }
                    if at > 0 {
                        self.push(", ");
                    }
                    self.string(name);
                    self.push(": ");
                    if is_sensitive(name) {
                        self.string(HIDDEN);
                    } else {
                        self.value(member);
                    }
                }
                self.push("}");
            }
        }
    }
}

/// A value. Secrets are left out, and what is long is cut.
pub(super) fn value(value: &Value) -> String {
    let mut printer = Printer::new();
    printer.value(value);
    printer.text
}

/// A text in quotes, whole. It is for texts of the description, and for names that were checked for secrets.
pub(super) fn string(text: &str) -> String {
    let quote = quote_of(text);
    let inside = text.chars().map(|it| escaped(it, quote));
    format!("{quote}{}{quote}", inside.collect::<String>())
}

/// Double quotes if the text has a single one and no double one.
fn quote_of(text: &str) -> &'static str {
    match text.contains('\'') && !text.contains('"') {
        true => "\"",
        false => "'",
    }
}

fn escaped(character: char, quote: &str) -> String {
    match character {
        '\\' => "\\\\".to_owned(),
        '\n' => "\\n".to_owned(),
        '\r' => "\\r".to_owned(),
        '\t' => "\\t".to_owned(),
        it if quote.starts_with(it) => format!("\\{it}"),
        it if (it as u32) < 0x20 || (0x7f..=0xa0).contains(&(it as u32)) => {
            format!("\\x{:02x}", it as u32)
        }
        it => it.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_are_printed_as_python_prints_them() {
        for (given, expected) in [
            (json!(null), "None"),
            (json!([true, false]), "[True, False]"),
            (json!(5), "5"),
            (json!(1.0), "1.0"),
            (json!({"a": [], "b": {}}), "{'a': [], 'b': {}}"),
            (json!("it's"), "\"it's\""),
            (json!("it's \"so\""), r#"'it\'s "so"'"#),
            (json!("\\ \n\t\u{0}\u{7f}é"), r"'\\ \n\t\x00\x7fé'"),
        ] {
            assert_eq!(value(&given), expected);
        }
    }

    #[test]
    fn a_long_value_is_cut_and_the_work_ends_there() {
        let long = json!(vec!["a".repeat(10); 100_000]);
        let printed = value(&long);
        assert!(printed.len() <= LONGEST + CUT.len() && printed.ends_with(CUT));
        assert!(printed.starts_with("['aaaaaaaaaa', "));
    }

    #[test]
    fn secrets_are_left_out() {
        let given = json!({
            "sk-let-abc": 1,
            "text": "key: SK-LET-abc",
            "secrets": {"KEY": "hush"},
            "auth_token": "hush",
        });
        let printed = value(&given);
        for secret in ["abc", "hush", "KEY"] {
            assert!(!printed.contains(secret), "{printed}");
        }
        assert_eq!(printed.matches(HIDDEN).count(), 4, "{printed}");
    }
}
