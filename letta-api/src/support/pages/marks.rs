//! What is read of a page to ask for the next one: the IDs of its items, a flag and a token.
//!
//! They are read from the body and not from the decoded page. So an item of a kind that this version does not know has an ID too, and
//! there is no code for each type. The rest of the body is skipped, which costs little next to decoding it.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// What a member of an answer is read as.
pub(super) trait Value: Copy {
    type Out;

    /// Reads a text. Numbers come as texts, too.
    fn text(self, _: &str) -> Option<Self::Out> {
        None
    }

    fn flag(self, _: bool) -> Option<Self::Out> {
        None
    }

    fn list<'de, A: SeqAccess<'de>>(self, list: A) -> Result<Option<Self::Out>, A::Error> {
        skip_list(list)?;
        Ok(None)
    }
}

/// Reads the value to which these members lead. `None` if it is missing or of another kind, or there is an object where it is not expected.
pub(super) fn read<V: Value>(
    body: &[u8],
    path: &[&str],
    value: V,
) -> serde_json::Result<Option<V::Out>> {
    let mut json = serde_json::Deserializer::from_slice(body);
    let found = At { path, value }.deserialize(&mut json)?;
    json.end()?;
    Ok(found)
}

/// A flag.
#[derive(Clone, Copy)]
pub(super) struct Flag;

impl Value for Flag {
    type Out = bool;

    fn flag(self, flag: bool) -> Option<bool> {
        Some(flag)
    }
}

/// A text or a number, handed to a function.
#[derive(Clone, Copy)]
pub(super) struct Text<F>(pub(super) F);

impl<F: Fn(&str) -> T + Copy, T> Value for Text<F> {
    type Out = T;

    fn text(self, text: &str) -> Option<T> {
        Some((self.0)(text))
    }
}

/// A list, of each item of which a value is read.
#[derive(Clone, Copy)]
pub(super) struct Each<'p, V> {
    pub(super) path: &'p [&'p str],
    pub(super) value: V,
}

impl<V: Value> Value for Each<'_, V> {
    type Out = Vec<Option<V::Out>>;

    fn list<'de, A: SeqAccess<'de>>(self, mut list: A) -> Result<Option<Self::Out>, A::Error> {
        let mut out = Vec::new();
        let at = || At {
            path: self.path,
            value: self.value,
        };
        while let Some(value) = list.next_element_seed(at())? {
            out.push(value);
        }
        Ok(Some(out))
    }
}

/// Reads the value to which members lead.
struct At<'p, V> {
    path: &'p [&'p str],
    value: V,
}

impl<'de, V: Value> DeserializeSeed<'de> for At<'_, V> {
    type Value = Option<V::Out>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<V: Value> At<'_, V> {
    fn text(self, text: &str) -> Option<V::Out> {
        match self.path {
            [] => self.value.text(text),
            _ => None,
        }
    }
}

impl<'de, V: Value> Visitor<'de> for At<'_, V> {
    type Value = Option<V::Out>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Self::Value, E> {
        Ok(match self.path {
            [] => self.value.flag(flag),
            _ => None,
        })
    }

    fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
        Ok(self.text(&number.to_string()))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
        Ok(self.text(&number.to_string()))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(self.text(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Self::Value, A::Error> {
        match self.path {
            [] => self.value.list(list),
            _ => {
                skip_list(list)?;
                Ok(None)
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found = None;
        while let Some(Name(name)) = map.next_key()? {
            match self.path {
                [first, rest @ ..] if *first == name => {
                    let value = self.value;
                    found = map.next_value_seed(At { path: rest, value })?;
                }
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(found)
    }
}

/// The name of a member, borrowed if it has no escapes.
#[derive(serde::Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

fn skip_list<'de, A: SeqAccess<'de>>(mut list: A) -> Result<(), A::Error> {
    while list.next_element::<IgnoredAny>()?.is_some() {}
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(body: &str, items: &[&str], id: &[&str]) -> Option<Vec<Option<String>>> {
        let value = Text(str::to_owned);
        read(body.as_bytes(), items, Each { path: id, value }).unwrap()
    }

    #[test]
    fn ids_are_read_wherever_they_stand_and_whatever_else_an_item_has() {
        let some = |ids: &[&str]| Some(ids.iter().map(|it| Some((*it).to_owned())).collect());
        assert_eq!(
            ids(r#"["a", "b", 7, -7]"#, &[], &[]),
            some(&["a", "b", "7", "-7"])
        );
        let body = r#"[{"x": {"id": "no"}, "id": "a", "y": [1]}, {"id": 2, "new": {}}]"#;
        assert_eq!(ids(body, &[], &["id"]), some(&["a", "2"]));
        let body = r#"{"n": {"files": 1}, "data": {"files": [{"of": {"\u0069d": "\u0061"}}]}}"#;
        assert_eq!(ids(body, &["data", "files"], &["of", "id"]), some(&["a"]));
    }

    #[test]
    fn an_item_without_an_id_is_counted_and_what_is_no_list_has_no_items() {
        let body = r#"[{}, {"id": null}, {"id": {}}, {"id": ["a"]}, {"id": 1.5}, {"id": true}, 1, "a", null, []]"#;
        assert_eq!(ids(body, &[], &["id"]), Some(vec![None; 10]));
        for body in [
            "{}",
            r#"{"files": null}"#,
            r#"{"files": {}}"#,
            "[]",
            "1",
            r#"[{"files": ["a"]}]"#,
        ] {
            assert_eq!(ids(body, &["files"], &[]), None, "{body}");
        }
        assert_eq!(ids("[]", &[], &[]), Some(Vec::new()));
    }

    #[test]
    fn a_flag_is_a_flag_and_a_token_is_a_text() {
        let body = br#"{"more": true, "deep": {"next": "t"}, "text": "true", "none": null}"#;
        let flag = |name| read(body, &[name], Flag).unwrap();
        assert_eq!(flag("more"), Some(true));
        for other in ["deep", "text", "none", "missing"] {
            assert_eq!(flag(other), None);
        }
        let token = |path: &[&str]| read(body, path, Text(str::to_owned)).unwrap();
        assert_eq!(token(&["deep", "next"]).as_deref(), Some("t"));
        assert_eq!(token(&["more"]), None);
        assert_eq!(token(&["none"]), None);
        assert_eq!(token(&["text", "next"]), None);
    }

    #[test]
    fn what_is_not_json_is_an_error_and_what_is_not_read_is_not_checked() {
        for body in ["", "[", "[1] 2", "<html>", r#"{"a": }"#] {
            assert!(read(body.as_bytes(), &["a"], Flag).is_err(), "{body}");
        }
        // Not UTF-8, in a text that is skipped.
        assert_eq!(
            read(b"{\"x\": \"\xff\", \"a\": true}", &["a"], Flag).unwrap(),
            Some(true)
        );
        // Deeper than anything that is read into a type.
        let deep = format!(
            "{{\"x\": {}{}, \"a\": true}}",
            "[".repeat(5_000),
            "]".repeat(5_000)
        );
        assert_eq!(read(deep.as_bytes(), &["a"], Flag).unwrap(), Some(true));
    }
}
