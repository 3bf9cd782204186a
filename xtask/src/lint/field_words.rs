//! Names for fields and arguments whose own name is taken, or that have none.
//!
//! A name is made of how the wire's name is spelled, so that it stays as it is if another property comes: `created-at` beside `created_at` is
//! `created_dash_at`, and `createdAt` is `created_at_camel`.

use std::collections::{HashMap, HashSet};

use crate::naming::{argument_name, field_name};

/// What a sign is called.
const SIGNS: [(char, &str); 33] = [
    (' ', "space"),
    ('!', "bang"),
    ('"', "quote"),
    ('#', "hash"),
    ('$', "dollar"),
    ('%', "percent"),
    ('&', "and"),
    ('\'', "apostrophe"),
    ('(', "open"),
    (')', "close"),
    ('*', "star"),
    ('+', "plus"),
    (',', "comma"),
    ('-', "dash"),
    ('.', "dot"),
    ('/', "slash"),
    (':', "colon"),
    (';', "semicolon"),
    ('<', "less"),
    ('=', "equals"),
    ('>', "greater"),
    ('?', "question"),
    ('@', "at"),
    ('[', "open"),
    ('\\', "backslash"),
    (']', "close"),
    ('^', "caret"),
    ('_', "underscore"),
    ('`', "backtick"),
    ('{', "open"),
    ('|', "pipe"),
    ('}', "close"),
    ('~', "tilde"),
];

/// The names of fields, or arguments, that are taken.
#[derive(Default)]
pub(super) struct Taken {
    names: HashSet<String>,
    /// The next number for each name, so that a thousand fields of one name are not compared with each other.
    numbers: HashMap<String, u64>,
}

impl Taken {
    /// Takes a name.
    pub(super) fn insert(&mut self, name: &str) {
        self.names.insert(name.to_owned());
    }

    /// A name that is free for what is called so on the wire. It is taken then. `own` is what it would be called, and `place` a word that
    /// tells it from others better than how it is spelled.
    pub(super) fn free(&mut self, name: &str, own: &str, place: Option<&str>) -> String {
        let own = own.trim_end_matches('_');
        let with = |word: &str| format!("{own}_{word}");
        let is_good = |name: &String| field_name(name) == *name && argument_name(name) == *name;
        let wishes = place.map(with).into_iter().chain(spelled(name));
        let wishes = wishes.chain(["value", "field", "other"].map(with));
        let mut wishes = wishes.filter(is_good);
        if let Some(free) = wishes.find(|it| self.names.insert(it.clone())) {
            return free;
        }
        let number = self.numbers.entry(own.to_owned()).or_insert(2);
        loop {
            let free = format!("{own}_{number}");
            *number += 1;
            if self.names.insert(free.clone()) {
                return free;
            }
        }
    }
}

/// The names that say how a name is spelled.
fn spelled(name: &str) -> Vec<String> {
    if name.is_empty() {
        return vec!["empty".to_owned()];
    }
    let mut wishes = Vec::new();
    let sign = |c: char| SIGNS.iter().find(|(it, _)| *it == c).map(|(_, word)| *word);
    let is_plain = |c: char| c.is_alphanumeric() || c == '_';
    if !name.chars().all(is_plain) || !name.contains(char::is_alphanumeric) {
        let words: String = name
            .chars()
            .map(
                |c| match is_plain(c) && name.contains(char::is_alphanumeric) {
                    true => c.to_string(),
                    false => format!("_{}_", sign(c).unwrap_or("sign")),
                },
            )
            .collect();
        wishes.push(field_name(&words));
    }
    let letters = || name.chars().filter(|c| c.is_alphabetic());
    let case = if !letters().any(char::is_uppercase) {
        // They differ in underscores.
        let at_begin = name.starts_with('_').then_some("underscore_");
        let at_end = name.ends_with('_').then_some("_underscore");
        let own = field_name(name);
        let own = own.trim_end_matches('_');
        let (begin, end) = (at_begin.unwrap_or_default(), at_end.unwrap_or_default());
        wishes.extend((begin.len() + end.len() > 0).then(|| format!("{begin}{own}{end}")));
        return wishes;
    } else if letters().all(char::is_uppercase) {
        "upper"
    } else if name.starts_with(char::is_uppercase) {
        "pascal"
    } else {
        "camel"
    };
    wishes.push(format!("{}_{case}", field_name(name).trim_end_matches('_')));
    wishes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_says_how_the_wire_spells_it() {
        for (name, expected) in [
            ("createdAt", "created_at_camel"),
            ("CreatedAt", "created_at_pascal"),
            ("CREATED_AT", "created_at_upper"),
            ("created-at", "created_dash_at"),
            ("created at", "created_space_at"),
            ("page[size]", "page_open_size_close"),
            ("@type", "at_type"),
            ("$ref", "dollar_ref"),
            ("_id", "underscore_id"),
            ("_self", "underscore_self"),
            ("id_", "id_underscore"),
            ("Self", "self_pascal"),
            ("type", "type_value"),
            ("$", "dollar"),
            ("", "empty"),
            ("_", "underscore"),
            ("«»", "sign_sign"),
            ("-1", "dash_1"),
            ("2", "x2_value"),
        ] {
            let own = field_name(name);
            assert_eq!(Taken::default().free(name, &own, None), expected, "{name}");
        }
    }

    #[test]
    fn a_name_that_is_taken_is_not_given_again() {
        let mut taken = Taken::default();
        taken.insert("id");
        let mut next = || taken.free("id", "id", Some("query"));
        let names: Vec<String> = std::iter::repeat_with(&mut next).take(6).collect();
        let expected = [
            "id_query", "id_value", "id_field", "id_other", "id_2", "id_3",
        ];
        assert_eq!(names, expected);
    }
}
