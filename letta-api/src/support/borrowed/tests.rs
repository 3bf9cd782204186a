//! That borrowed JSON is read as serde_json reads a value of its own.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::json;

use super::*;

/// A text of JSON, with members of the same name, and with spaces and escapes.
fn text() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        prop::sample::select(vec![
            "null",
            "true",
            "false",
            "0",
            "-1",
            "7",
            "255",
            "256",
            "1.0",
            "0.5",
            "1e300",
            "-0",
            "-0.0",
            "18446744073709551615",
            "18446744073709551616",
            "-9223372036854775808",
            "9007199254740993",
            r#""""#,
            r#""a""#,
            r#""Unit""#,
            r#""Held""#,
            r#""\u00e9\n""#,
            r#""größer""#,
            "[]",
            "{}",
            " [ 1 , 2 ] ",
        ])
        .prop_map(str::to_owned),
        any::<String>().prop_map(|text| json!(text).to_string()),
    ];
    leaf.prop_recursive(4, 200, 60, |inner| {
        let name = prop_oneof![
            prop::sample::select(vec![
                "a",
                "b",
                "\\u0061",
                "",
                "list",
                "kind",
                "Unit",
                "Held",
                "Struct",
                "$serde_json::private::Number",
            ])
            .prop_map(str::to_owned),
            (0..80_u8).prop_map(|number| format!("n{number}")),
        ];
        let member =
            (name, inner.clone()).prop_map(|(name, value)| format!(r#""{name}": {value}"#));
        prop_oneof![
            prop::collection::vec(inner, 0..4).prop_map(|items| format!("[{}]", items.join(","))),
            prop::collection::vec(member.clone(), 0..8)
                .prop_map(|it| format!("{{{}}}", it.join(","))),
            // More than are compared one by one.
            prop::collection::vec(member, 30..60).prop_map(|it| format!("{{{}}}", it.join(","))),
        ]
    })
}

/// Something of each kind that a derived type asks a deserializer for.
#[derive(Debug, PartialEq, serde::Deserialize)]
struct Derived {
    a: Option<Box<Derived>>,
    b: Option<Scalar>,
    list: Option<Vec<Kind>>,
    kind: Option<Kind>,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

#[derive(Debug, PartialEq, serde::Deserialize)]
#[serde(untagged)]
enum Scalar {
    Byte(u8),
    Signed(i64),
    Unsigned(u64),
    Float(f64),
    Bool(bool),
    Char(char),
    Text(String),
    Pair(u8, u8),
    Many(BTreeMap<String, Value>),
}

#[derive(Debug, PartialEq, serde::Deserialize)]
enum Kind {
    Unit,
    Held(Value),
    Struct { a: Value },
}

/// What is read of the value, and of the same in a `Value`.
fn both<T: serde::de::DeserializeOwned>(text: &str) -> (Option<T>, Option<T>) {
    let json: Json<'_> = serde_json::from_str(text).unwrap();
    let value: Value = serde_json::from_str(text).unwrap();
    (T::deserialize(&json).ok(), T::deserialize(&value).ok())
}

proptest! {
    #[test]
    fn what_is_read_is_what_a_value_has(text in text()) {
        let value: Value = serde_json::from_str(&text).unwrap();
        let json: Json<'_> = serde_json::from_str(&text).unwrap();
        // With the order of members, if the build keeps it.
        prop_assert_eq!(Value::from(json.clone()).to_string(), value.to_string());
        prop_assert_eq!(Value::deserialize(&json).unwrap().to_string(), value.to_string());
        prop_assert_eq!(Json::deserialize(&json).unwrap(), json.clone());
        for name in ["a", "b", "", "n7"] {
            prop_assert_eq!(json.get(name).cloned().map(Value::from), value.get(name).cloned());
        }
        prop_assert_eq!(json.as_str(), value.as_str());
        // Not from a text.
        for again in [Json::deserialize(&value), Json::deserialize(value.clone()), Ok(value.clone().into())] {
            prop_assert_eq!(Value::from(again.unwrap()).to_string(), value.to_string());
        }
    }

    #[test]
    fn types_read_the_same_of_it_as_of_a_value(text in text()) {
        macro_rules! same {
            ($($ty:ty),*) => {
                $(
                    let (ours, theirs) = both::<$ty>(&text);
                    prop_assert_eq!(ours, theirs, "{} as {}", text, stringify!($ty));
                )*
            };
        }
        same!(Derived, Vec<Derived>, Scalar, Kind, Vec<Kind>, u8, i8, i64, u64, f64, bool, char, String, ());
        same!(Option<u8>, Option<Kind>, (u8, u8), [u8; 1], Vec<Value>, BTreeMap<String, Value>);
    }
}

/// As messages are: a new member is kept with those that nobody knows.
#[derive(Debug, PartialEq, serde::Deserialize)]
struct Message {
    number: Option<i64>,
    #[serde(flatten)]
    unknown: Map<String, Value>,
}

/// It is run with the feature `arbitrary_precision` of serde_json as well, which any crate of an application may turn on.
#[test]
fn numbers_of_any_length_are_kept_as_a_value_keeps_them() {
    let numbers = [
        "0",
        "-3",
        "1.5",
        "18446744073709551616",
        "12345678901234567890123",
        "-12345678901234567890123",
        "1234567890123456789012345678901234567890123",
        "123456789012345678901234567890.10",
        "1e300",
    ];
    for number in numbers {
        for new in [number.to_owned(), format!(r#"{{"a": [{number}]}}"#)] {
            let text = format!(r#"{{"number": 5, "new": {new}}}"#);
            let value: Value = serde_json::from_str(&text).unwrap();
            let json: Json<'_> = serde_json::from_str(&text).unwrap();
            assert_eq!(Value::from(json.clone()).to_string(), value.to_string());
            assert_eq!(Value::deserialize(&json).unwrap(), value, "{text}");
            let expected: Message = serde_json::from_str(&text).unwrap();
            assert_eq!(Message::deserialize(&json).unwrap(), expected, "{text}");
            assert_eq!(expected.number, Some(5));
            for again in [Json::deserialize(&value), Json::deserialize(value.clone())] {
                assert_eq!(Value::from(again.unwrap()), value, "{text}");
            }
        }
    }
}

#[test]
fn a_number_of_128_bits_is_taken_if_it_fits() {
    use serde::de::value::{I128Deserializer, U128Deserializer};

    let number = U128Deserializer::<Misfit>::new(5);
    assert_eq!(Value::from(Json::deserialize(number).unwrap()), json!(5));
    let number = I128Deserializer::<Misfit>::new(-5);
    assert_eq!(Value::from(Json::deserialize(number).unwrap()), json!(-5));
}

#[test]
fn a_text_without_escapes_is_not_copied() {
    let text = r#"{"name": "plain", "esc\u0061ped": ["\n", "plain"]}"#;
    let json: Json<'_> = serde_json::from_str(text).unwrap();
    let Json::Object(members) = &json else {
        panic!("it is an object");
    };
    let [(plain, Json::String(text)), (escaped, Json::Array(items))] = &members[..] else {
        panic!("it has two members");
    };
    assert!(matches!(
        (plain, text),
        (Cow::Borrowed("name"), Cow::Borrowed("plain"))
    ));
    assert!(matches!(escaped, Cow::Owned(_)) && escaped == "escaped");
    let [Json::String(line), Json::String(text)] = &items[..] else {
        panic!("it has two texts");
    };
    assert!(matches!(
        (line, text),
        (Cow::Owned(_), Cow::Borrowed("plain"))
    ));
}

#[test]
fn the_last_of_members_with_one_name_counts_however_many_there_are() {
    for count in [2, 20, 40, 100_000_usize] {
        let members: Vec<String> = (0..count)
            .map(|it| format!(r#""n{}":{it}"#, it % (count / 2)))
            .collect();
        let text = format!("{{{}}}", members.join(","));
        let json: Json<'_> = serde_json::from_str(&text).unwrap();
        let Json::Object(members) = json else {
            panic!("it is an object");
        };
        assert_eq!(members.len(), count / 2);
        for (place, (name, value)) in members.into_iter().enumerate() {
            assert_eq!(
                (name, Value::from(value)),
                (format!("n{place}").into(), json!(place + count / 2))
            );
        }
    }
}

#[test]
fn what_is_nested_too_deeply_is_refused_as_in_a_value() {
    for depth in [100, 1_000, 1_000_000] {
        let text = "[".repeat(depth) + &"]".repeat(depth);
        let ours = serde_json::from_str::<Json<'_>>(&text)
            .map(Value::from)
            .ok();
        assert_eq!(ours, serde_json::from_str::<Value>(&text).ok());
        assert_eq!(ours.is_some(), depth < 128);
    }
}

#[test]
fn printing_shows_nothing_of_it() {
    let json = Json::String("ck-let-0f3c".into());
    assert_eq!(format!("{json:?}"), "Json");
    let error = bool::deserialize(&json).unwrap_err();
    assert_eq!(
        format!("{error} {error:?}"),
        "the value is of another type Misfit"
    );
}
