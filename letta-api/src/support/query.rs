//! Query parameters, in the style `form` with `explode: true`, which is OpenAPI's default.

use serde::Serialize;
use serde::ser::{Impossible, SerializeMap, SerializeSeq, SerializeTuple, Serializer};
use url::Url;

use crate::InvalidRequest;

/// Adds a parameter to the query of `url`. It has as many pairs as the value has parts:
///
/// - a text, a number or a boolean is one pair: `limit=20`;
/// - a list is a pair for each item: `tags=a&tags=b`;
/// - an object is a pair for each of its members, by the member's name: `from=1&to=2`;
/// - `None` has no pair, neither by itself nor within a list or an object.
///
/// # Errors
///
/// The value has a list or an object within another, which has no form in a query.
pub fn add(
    url: &mut Url,
    name: &'static str,
    value: &impl Serialize,
) -> Result<(), InvalidRequest> {
    let mut query = url.query_pairs_mut();
    let pairs = serde_urlencoded::Serializer::new(&mut query);
    let added = value.serialize(Pairs { name, pairs }).is_ok();
    drop(query);
    // `query_pairs_mut` leaves a question mark even if nothing is added.
    if url.query() == Some("") {
        url.set_query(None);
    }
    match added {
        true => Ok(()),
        false => {
            let rule = "holds a list or an object within another, which has no form in a query";
            Err(InvalidRequest::query(name, rule))
        }
    }
}

/// Writes a value as the pairs of a parameter.
struct Pairs<S> {
    name: &'static str,
    pairs: S,
}

impl<S: Serializer> Pairs<S> {
    fn one(self, value: impl Serialize) -> Result<S::Ok, S::Error> {
        let mut pairs = self.pairs.serialize_seq(Some(1))?;
        pairs.serialize_element(&(self.name, value))?;
        pairs.end()
    }

    fn none(self) -> Result<S::Ok, S::Error> {
        self.pairs.serialize_seq(Some(0))?.end()
    }
}

macro_rules! one_pair {
    ($($method:ident: $kind:ty),* $(,)?) => {
        $(fn $method(self, value: $kind) -> Result<S::Ok, S::Error> {
            self.one(value)
        })*
    };
}

impl<S: Serializer> Serializer for Pairs<S> {
    type Ok = S::Ok;
    type Error = S::Error;
    type SerializeSeq = Items<S::SerializeSeq>;
    type SerializeTuple = Items<S::SerializeSeq>;
    type SerializeTupleStruct = Impossible<S::Ok, S::Error>;
    type SerializeTupleVariant = Impossible<S::Ok, S::Error>;
    type SerializeMap = S::SerializeMap;
    type SerializeStruct = S::SerializeStruct;
    type SerializeStructVariant = Impossible<S::Ok, S::Error>;

    one_pair! {
        serialize_bool: bool, serialize_char: char, serialize_str: &str,
        serialize_i8: i8, serialize_i16: i16, serialize_i32: i32, serialize_i64: i64, serialize_i128: i128,
        serialize_u8: u8, serialize_u16: u16, serialize_u32: u32, serialize_u64: u64, serialize_u128: u128,
        serialize_f32: f32, serialize_f64: f64,
    }

    fn serialize_none(self) -> Result<S::Ok, S::Error> {
        self.none()
    }

    fn serialize_unit(self) -> Result<S::Ok, S::Error> {
        self.none()
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<S::Ok, S::Error> {
        self.none()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<S::Ok, S::Error> {
        value.serialize(self)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<S::Ok, S::Error> {
        value.serialize(self)
    }

    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
    ) -> Result<S::Ok, S::Error> {
        self.one(variant)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<S::Ok, S::Error> {
        let mut object = self.pairs.serialize_map(Some(1))?;
        object.serialize_entry(variant, value)?;
        object.end()
    }

    fn serialize_seq(self, length: Option<usize>) -> Result<Self::SerializeSeq, S::Error> {
        Ok(Items {
            name: self.name,
            pairs: self.pairs.serialize_seq(length)?,
        })
    }

    fn serialize_tuple(self, length: usize) -> Result<Self::SerializeTuple, S::Error> {
        self.serialize_seq(Some(length))
    }

    fn serialize_map(self, length: Option<usize>) -> Result<S::SerializeMap, S::Error> {
        self.pairs.serialize_map(length)
    }

    fn serialize_struct(
        self,
        name: &'static str,
        length: usize,
    ) -> Result<S::SerializeStruct, S::Error> {
        self.pairs.serialize_struct(name, length)
    }

    fn serialize_bytes(self, _: &[u8]) -> Result<S::Ok, S::Error> {
        Err(no_form())
    }

    fn serialize_tuple_struct(
        self,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleStruct, S::Error> {
        Err(no_form())
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleVariant, S::Error> {
        Err(no_form())
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeStructVariant, S::Error> {
        Err(no_form())
    }
}

fn no_form<E: serde::ser::Error>() -> E {
    E::custom("the value has no form in a query")
}

/// Writes the items of a list, each as a pair.
struct Items<S> {
    name: &'static str,
    pairs: S,
}

impl<S: SerializeSeq> SerializeSeq for Items<S> {
    type Ok = S::Ok;
    type Error = S::Error;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, item: &T) -> Result<(), S::Error> {
        self.pairs.serialize_element(&(self.name, item))
    }

    fn end(self) -> Result<S::Ok, S::Error> {
        self.pairs.end()
    }
}

impl<S: SerializeSeq> SerializeTuple for Items<S> {
    type Ok = S::Ok;
    type Error = S::Error;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, item: &T) -> Result<(), S::Error> {
        SerializeSeq::serialize_element(self, item)
    }

    fn end(self) -> Result<S::Ok, S::Error> {
        SerializeSeq::end(self)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::json;

    use super::*;

    /// The query of a request with this parameter, if it can be built.
    fn query(value: impl Serialize) -> Result<Option<String>, InvalidRequest> {
        let mut url = Url::parse("https://example.com").unwrap();
        add(&mut url, "n", &value)?;
        Ok(url.query().map(str::to_owned))
    }

    #[derive(Serialize)]
    struct Object {
        a: u8,
        b: Option<u8>,
        c: &'static str,
    }

    #[derive(Serialize)]
    struct Id(&'static str);

    #[derive(Serialize)]
    enum Choice {
        #[serde(rename = "a-b")]
        Plain,
        Number(u8),
    }

    #[derive(Serialize)]
    #[serde(untagged)]
    enum Either {
        One(u8),
        Many(Vec<u8>),
    }

    #[test]
    fn a_parameter_is_as_many_pairs_as_its_value_has_parts() {
        let object = |b| Object { a: 1, b, c: "c d" };
        for (pairs, expected) in [
            (query(20u32), Some("n=20")),
            (query(-5i64), Some("n=-5")),
            (query(u64::MAX), Some("n=18446744073709551615")),
            (query(1.0f64), Some("n=1.0")),
            (query(1e-7f64), Some("n=1e-7")),
            (query(0.1f32), Some("n=0.1")),
            (query(true), Some("n=true")),
            (query('ä'), Some("n=%C3%A4")),
            (query("a b&c=d+/ä"), Some("n=a+b%26c%3Dd%2B%2F%C3%A4")),
            (query(""), Some("n=")),
            (query(Some(Some(3))), Some("n=3")),
            (query(Id("x")), Some("n=x")),
            (query(crate::Secret::new("s")), Some("n=s")),
            (query(Choice::Plain), Some("n=a-b")),
            (query(Choice::Number(1)), Some("Number=1")),
            (query(["a", "b"]), Some("n=a&n=b")),
            (query(Some(vec![Id("a"), Id("b")])), Some("n=a&n=b")),
            (query([Choice::Plain]), Some("n=a-b")),
            (query([Some(1), None, Some(2)]), Some("n=1&n=2")),
            (query((1, "a")), Some("n=1&n=a")),
            (query(Either::One(1)), Some("n=1")),
            (query(Either::Many(vec![1, 2])), Some("n=1&n=2")),
            (query(object(None)), Some("a=1&c=c+d")),
            (query(object(Some(2))), Some("a=1&b=2&c=c+d")),
            (
                query(BTreeMap::from([("k", Some(1)), ("l", None)])),
                Some("k=1"),
            ),
            (query(json!(1.0)), Some("n=1.0")),
            (query(json!(["a", 1])), Some("n=a&n=1")),
            (query(json!({"a": 1.5})), Some("a=1.5")),
        ] {
            assert_eq!(pairs.as_ref().map(Option::as_deref), Ok(expected));
        }
    }

    #[test]
    fn what_is_left_out_is_not_sent() {
        for pairs in [
            query(None::<u8>),
            query(()),
            query(json!(null)),
            query(Vec::<u8>::new()),
        ] {
            assert_eq!(pairs, Ok(None));
        }
    }

    #[test]
    fn what_has_no_form_in_a_query_fails() {
        for pairs in [
            query([[1]]),
            query([json!({"a": 1})]),
            query(BTreeMap::from([("k", [1])])),
            query(json!({"a": {"b": 1}})),
        ] {
            let refused = pairs.unwrap_err();
            assert_eq!(refused.field(), Some("n"));
            assert_eq!(
                refused.to_string(),
                "query parameter `n` holds a list or an object within another, which has no form in a query"
            );
        }
    }

    #[test]
    fn parameters_are_added_to_those_that_are_there() {
        let mut url = Url::parse("https://example.com/?a=1").unwrap();
        add(&mut url, "b", &None::<u8>).unwrap();
        assert_eq!(url.as_str(), "https://example.com/?a=1");
        add(&mut url, "b", &[2, 3]).unwrap();
        add(&mut url, "c", &"d").unwrap();
        assert_eq!(url.as_str(), "https://example.com/?a=1&b=2&b=3&c=d");
    }
}
