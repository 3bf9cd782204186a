//! YAML.

use std::fmt::Write as _;

use super::tree::Tree;

/// The value as YAML, with a line end at its end.
pub(super) fn write(tree: &Tree) -> String {
    let mut text = String::new();
    match tree {
        Tree::Map(members) if !members.is_empty() => map(&mut text, members, 0),
        Tree::List(items) if !items.is_empty() => list(&mut text, items, 0),
        scalar => {
            self::scalar(&mut text, scalar, 0);
            text.push('\n');
        }
    }
    text
}

/// The value as an item of a list, so that a long list can be written item by item.
pub(super) fn write_item(tree: &Tree) -> String {
    let mut text = String::new();
    list(&mut text, std::slice::from_ref(tree), 0);
    text
}

fn indent(out: &mut String, depth: usize) {
    out.extend(std::iter::repeat_n("  ", depth));
}

fn map(out: &mut String, members: &[(String, Tree)], depth: usize) {
    for (place, (name, value)) in members.iter().enumerate() {
        // The first member of an item stands behind its dash.
        if place > 0 || !out.ends_with("- ") {
            indent(out, depth);
        }
        text(out, name, None);
        out.push(':');
        member(out, value, depth);
    }
}

fn member(out: &mut String, value: &Tree, depth: usize) {
    match value {
        Tree::Map(members) if !members.is_empty() => {
            out.push('\n');
            map(out, members, depth + 1);
        }
        Tree::List(items) if !items.is_empty() => {
            out.push('\n');
            list(out, items, depth);
        }
        value => {
            out.push(' ');
            scalar(out, value, depth + 1);
            out.push('\n');
        }
    }
}

fn list(out: &mut String, items: &[Tree], depth: usize) {
    for item in items {
        if !out.ends_with("- ") {
            indent(out, depth);
        }
        out.push_str("- ");
        match item {
            Tree::Map(members) if !members.is_empty() => map(out, members, depth + 1),
            Tree::List(items) if !items.is_empty() => list(out, items, depth + 1),
            value => {
                scalar(out, value, depth + 1);
                out.push('\n');
            }
        }
    }
}

fn scalar(out: &mut String, value: &Tree, depth: usize) {
    match value {
        Tree::Null => out.push_str("null"),
        Tree::Bool(it) => {
            let _ = write!(out, "{it}");
        }
        Tree::Number(it) => {
            let _ = write!(out, "{it}");
        }
        // A block that is not indented could hold what ends a document.
        Tree::Text(it) => text(out, it, Some(depth).filter(|depth| *depth > 0)),
        Tree::List(_) => out.push_str("[]"),
        Tree::Map(_) => out.push_str("{}"),
    }
}

/// Several lines become a block, if `depth` says that there may be one. Text that could be taken for something else is quoted
/// as in JSON, which YAML reads alike.
fn text(out: &mut String, text: &str, depth: Option<usize>) {
    if let Some(depth) = depth.filter(|_| is_block(text)) {
        out.push_str(if text.ends_with('\n') { "|" } else { "|-" });
        for line in text.strip_suffix('\n').unwrap_or(text).split('\n') {
            out.push('\n');
            if !line.is_empty() {
                indent(out, depth);
                out.push_str(line);
            }
        }
        return;
    }
    match is_plain(text) {
        true => out.push_str(text),
        false => quoted(out, text),
    }
}

/// Whether a block of lines gives the same text back.
fn is_block(text: &str) -> bool {
    let is_ok = |it: char| it == '\n' || it == '\t' || !is_special(it);
    let first = text.chars().next();
    text.trim_end_matches('\n').contains('\n')
        && !text.ends_with("\n\n")
        && first.is_some_and(|it| !it.is_whitespace())
        && text.chars().all(is_ok)
}

/// What YAML does not have as it is, or reads as the end of a line.
fn is_special(it: char) -> bool {
    it.is_control()
        || matches!(
            it,
            '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}'
        )
}

/// Whether the text means itself without quotes. Few texts do, so that nobody has to know all rules.
fn is_plain(text: &str) -> bool {
    let is_ok = |it: char| {
        it.is_alphanumeric()
            || matches!(
                it,
                ' ' | '-' | '_' | '.' | '/' | '(' | ')' | ',' | ';' | '+' | '@'
            )
    };
    let is_colon = |(at, it): (usize, char)| {
        it == ':'
            && text[at + 1..]
                .chars()
                .next()
                .is_some_and(|next| !next.is_whitespace())
    };
    let is_word = |word: &str| text.eq_ignore_ascii_case(word);
    text.starts_with(|it: char| it.is_alphabetic() || it == '/')
        && !text.ends_with(' ')
        && text.char_indices().all(|at| is_ok(at.1) || is_colon(at))
        && !["null", "true", "false", "yes", "no", "on", "off", "y", "n"]
            .into_iter()
            .any(is_word)
}

fn quoted(out: &mut String, text: &str) {
    out.push('"');
    for it in text.chars() {
        match it {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            it if is_special(it) => {
                let _ = write!(out, "\\u{:04x}", u32::from(it));
            }
            it => out.push(it),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use saphyr::{LoadableYamlNode as _, Scalar, Yaml};

    use super::*;

    fn read(yaml: &Yaml<'_>) -> Tree {
        match yaml {
            Yaml::Value(Scalar::Null) => Tree::Null,
            Yaml::Value(Scalar::Boolean(it)) => Tree::Bool(*it),
            Yaml::Value(Scalar::Integer(it)) => Tree::Number((*it).into()),
            Yaml::Value(Scalar::FloatingPoint(it)) => {
                Tree::Number(serde_json::Number::from_f64(it.into_inner()).unwrap())
            }
            Yaml::Value(Scalar::String(it)) => Tree::Text(it.to_string()),
            Yaml::Sequence(items) => Tree::List(items.iter().map(read).collect()),
            Yaml::Mapping(members) => Tree::Map(
                members
                    .iter()
                    .map(|(name, value)| (name.as_str().unwrap().to_owned(), read(value)))
                    .collect(),
            ),
            other => panic!("{other:?}"),
        }
    }

    fn read_text(text: &str) -> Tree {
        let documents = Yaml::load_from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"));
        read(&documents[0])
    }

    #[test]
    fn what_is_written_is_read_alike() {
        let texts = [
            "",
            " ",
            "a",
            "Ada Lovelace",
            "null",
            "Yes",
            "~",
            "1",
            "-1",
            "1e3",
            "0x1f",
            "- a",
            "a: b",
            "a:b",
            "a #b",
            "#a",
            "@a",
            "a\nb",
            "a\nb\n",
            "a\nb\n\n",
            "\na",
            " a\nb",
            "a\n  b\n\nc",
            "\ta",
            "a\n\tb",
            "\"",
            "'",
            "\\n",
            "\u{1b}[2J",
            "2026-01-01T00:00:00Z",
            "https://a.example/b?c=d",
            "agent-1",
            "[a]",
            "{a}",
            "a,b",
            "!a",
            "&a",
            "*a",
            "|",
            ">",
            "?",
            "? a",
            "---",
            "a\n---\nb",
            "...",
            "å",
            "\u{2028}",
            "\u{85}",
            "\u{feff}a",
            "a ",
            "<<",
            "=",
            ".inf",
            "a\r\nb",
            "a\n ",
            "trailing:",
            "%a",
            "`a",
        ];
        let texts: Vec<Tree> = texts.map(|text| Tree::Text(text.to_owned())).into();
        let mut all = texts.clone();
        all.push(
            serde_json::from_str(
                r#"[null, true, 12, 0.5, [], {}, [[1, [2]], [{"a": {"b": [1, {"c": "d\ne"}]}}]]]"#,
            )
            .unwrap(),
        );
        for tree in &all {
            let place = Tree::Map(vec![
                ("a".to_owned(), tree.clone()),
                ("b".to_owned(), Tree::List(vec![tree.clone(), Tree::Null])),
            ]);
            for tree in [tree, &place] {
                let text = write(tree);
                assert_eq!(read_text(&text), *tree, "{text}");
            }
        }
        let names = texts.iter().map(|text| match text {
            Tree::Text(text) => (text.clone(), Tree::Null),
            _ => unreachable!("texts alone"),
        });
        let map = Tree::Map(names.collect());
        assert_eq!(read_text(&write(&map)), map);
    }

    #[test]
    fn items_one_after_the_other_are_a_list() {
        let tree: Tree = serde_json::from_str(r#"[{"a": 1, "b": ["x"]}, "z", [2]]"#).unwrap();
        let Tree::List(items) = &tree else {
            panic!("a list")
        };
        let text: String = items.iter().map(write_item).collect();
        assert_eq!(text, write(&tree));
        assert_eq!(text, "- a: 1\n  b:\n  - x\n- z\n- - 2\n");
    }
}
