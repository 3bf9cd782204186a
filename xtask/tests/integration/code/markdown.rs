//! Text of descriptions as documentation: whatever it is, rustdoc finds nothing in it to run, to follow or to warn of.

use crate::support::texts::{problem, text};
use proptest::prelude::*;
use xtask::markdown::{code, docs, docs_with, item, plain};
use xtask::visible::is_hidden;

/// Letters and digits, whatever is around them.
fn words(text: &str) -> String {
    // A list that begins with `00.` is one that begins with 0.
    let without_zeros = |word: &str| match word.trim_start_matches('0') {
        "" if !word.is_empty() => "0".to_owned(),
        word => word.to_owned(),
    };
    let words = text.split(|c: char| !c.is_ascii_alphanumeric());
    words.map(without_zeros).collect()
}

#[test]
fn ordinary_text_stays_to_the_letter() {
    for text in [
        "An agent's name.",
        "Use `agent_id` (a *required* field) and **not** some_other_name.",
        "First.\n\nSecond,\nwith two lines.\n\n- a list\n- of two\n\n1. and\n2. numbers",
        "# Heading\n\n```json\n{\"a\": [1]}\n```\n\n> quoted",
        "See [the guide](https://docs.example.com/a_b) or <https://example.com>.",
        "| a | b |\n|---|---|\n| 1 | 2 |",
        "Between 1 and 10 & more; 5 > 4; a\\b; 100%; `a|b`; größe 木.",
    ] {
        assert_eq!(docs(text), text);
    }
}

#[test]
fn what_rustdoc_would_act_on_becomes_text() {
    for (text, shown) in [
        // Code without a language, and of languages that are tests.
        (
            "A:\n\n    curl $URL\n\nB",
            "A:\n\n```text\ncurl $URL\n```\n\nB",
        ),
        ("    code\n    more", "```text\ncode\nmore\n```"),
        ("```\nnot rust {{{\n```", "```text\nnot rust {{{\n```"),
        ("```rust\nfn main( {}\n```", "```text\nfn main( {}\n```"),
        ("```should_panic\nx\n```", "```text\nx\n```"),
        ("```json,rust\nx\n```", "```json\nx\n```"),
        ("``` JSON title=x\n1\n```", "```json\n1\n```"),
        ("~~~\ntilde\n~~~", "```text\ntilde\n```"),
        ("```\nopen", "```text\nopen\n```"),
        (
            "````\n```\nnested\n```\n````",
            "````text\n```\nnested\n```\n````",
        ),
        ("- list\n\n      deep", "- list\n\n  ```text\n  deep\n  ```"),
        (
            "1. item\n\n       let x = (;\n\n> q\n>\n>     fn",
            "1. item\n\n   ```text\n   let x = (;\n   ```\n\n> q\n>\n> ```text\n> fn\n> ```",
        ),
        // Links to items.
        (
            "[Missing] and [x][y] and [z][]",
            "\\[Missing\\] and \\[x\\]\\[y\\] and \\[z\\]\\[\\]",
        ),
        ("list[str]", "list\\[str\\]"),
        (
            "[a](Client) [b](#top) [c](/docs/x)",
            "a (Client) b (#top) c (/docs/x)",
        ),
        ("[a](javascript:alert(1))", "a (javascript:alert(1))"),
        (
            "[`types::Agent`]: https://x.example\n\n[`types::Agent`]",
            "[`types::Agent`](<https://x.example>)",
        ),
        (
            "[d]: https://only.example",
            "```text\n[d]: https://only.example\n```",
        ),
        (
            "![alt](https://x.example/a.png)",
            "[alt](<https://x.example/a.png>)",
        ),
        // HTML, and URLs.
        ("Option<T> <b>bold", "Option\\<T> \\<b>bold"),
        (
            "<script>\nalert(1)\n\n</script>",
            "\\<script>\nalert(1)\n\\</script>",
        ),
        (
            "see https://example.com/a_b. Or",
            "see <https://example.com/a_b>. Or",
        ),
        (
            "(http://localhost:8283/v1/{id})",
            "(<http://localhost:8283/v1/{id}>)",
        ),
        // Characters.
        ("old Mac.\rnext\r\nlast", "old Mac.\nnext\nlast"),
        ("a\u{202e}b\u{1b}[2Jc\0d", "a\\u{202e}b\\u{1b}[2Jc\\u{0}d"),
        ("\u{feff}x", "\\u{feff}x"),
        ("a\tb", "a   b"),
        ("  \n\n  text  \n\n", "text"),
        ("odd ` tick", "odd \\` tick"),
        ("a[^1]\n\n[^1]: note", "a\\[^1\\]\n\n\\[^1\\]: note"),
        ("end \\", "end \\"),
        ("", ""),
        (" \n\t\r", ""),
    ] {
        assert_eq!(docs(text), shown, "{text:?}");
        assert_eq!(problem(shown), None, "{shown:?}");
    }
}

#[test]
fn words_of_ours_come_after_a_text() {
    for (text, both) in [
        ("A color.", "A color. Red."),
        ("", "Red."),
        ("```\nopen", "```text\nopen\n```\n\nRed."),
        ("- a\n- b", "- a\n- b\n\nRed."),
    ] {
        assert_eq!(docs_with(text, "Red."), both);
    }
    assert_eq!(item("`x`", "One.\n\nTwo."), "- `x`: One.\n\n  Two.");
    assert_eq!(
        item("`x`", "    code"),
        "- `x`:\n\n  ```text\n  code\n  ```"
    );
    assert_eq!(item("`x`", ""), "- `x`");
}

#[test]
fn names_are_code_and_features_have_plain_words() {
    for (name, shown) in [
        ("id", "`id`"),
        ("a`b", "``a`b``"),
        ("`", "`` ` ``"),
        ("a\nb\u{202e}", "`a\\nb\\u{202e}`"),
        ("", "\"\""),
        (" ", "\" \""),
    ] {
        assert_eq!(code(name), shown);
    }
    assert_eq!(
        plain("# Agents\n\n*All* of [them](https://x.example), `now`.\u{1b}\n```\nx\n```"),
        "Agents All of them, now.\\u{1b} x"
    );
}

proptest! {
    // More with PROPTEST_CASES.
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        cases: std::env::var("PROPTEST_CASES").ok().and_then(|it| it.parse().ok()).unwrap_or(2_000),
        ..ProptestConfig::default()
    })]

    #[test]
    fn any_text_is_shown_and_nothing_else_is_done_with_it(text in text(), other in text()) {
        let shown = docs(&text);
        prop_assert_eq!(problem(&shown), None, "{:?}", shown);
        prop_assert_eq!(docs(&shown), shown.clone());
        prop_assert!(shown.lines().all(|line| line.trim_end() == line), "{:?}", shown);
        prop_assert!(!shown.starts_with([' ', '\n']) && !shown.ends_with('\n'));

        let many = format!("{}\n\n{}\n{}", shown, item(&code(&other), &text), item("`last`", &other));
        prop_assert_eq!(problem(&many), None, "{:?}", many);
        let with = docs_with(&text, &code(&other));
        prop_assert_eq!(problem(&with), None, "{:?}", with);
        prop_assert!(!plain(&text).contains(is_hidden));
    }

    /// Links may go, and their targets with them, and what is said of a block of code; nothing else does.
    #[test]
    fn no_word_is_lost(text in "([a-z0-9 .,;`*_~<>|#+=:-]|\n){0,60}") {
        prop_assume!(["```", "~~~"].iter().all(|fence| !text.contains(fence)));
        let shown = docs(&text);
        prop_assert!(words(&shown).replace("text", "").contains(&words(&text).replace("text", "")), "{:?}", shown);
    }
}
