//! A request body with a member that the method sets, and not the caller.
//!
//! An operation that answers with JSON or with events goes by a flag of the body. Each of its two methods sends its own value, over
//! whatever the body holds there. A body that is left out is sent as the flag alone.

use std::fmt::Display;

use serde::ser::{Error, Impossible, SerializeMap, SerializeStruct};
use serde::{Serialize, Serializer};

/// The body, the member's name, and its value.
#[allow(missing_debug_implementations, reason = "a body may hold a secret")]
pub struct Pinned<'a, T>(pub &'a T, pub &'static str, pub bool);

impl<T: Serialize> Serialize for Pinned<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(body, name, value) = *self;
        let mut object = serializer.serialize_map(None)?;
        body.serialize(Others {
            object: &mut object,
            name,
        })?;
        object.serialize_entry(name, &value)?;
        object.end()
    }
}

/// Writes the members of a body into an object, but for the one of this name.
struct Others<'a, M> {
    object: &'a mut M,
    name: &'static str,
}

/// The same, between a key and its value.
struct Members<'a, M> {
    others: Others<'a, M>,
    key: Option<String>,
}

fn no_object<T, E: Error>() -> Result<T, E> {
    Err(E::custom("the body is not an object"))
}

/// Refuses what is not an object.
macro_rules! refuse {
    ($($method:ident($($argument:ty),*) -> $out:ty;)*) => {
        $(fn $method(self, $(_: $argument),*) -> Result<$out, M::Error> {
            no_object()
        })*
    };
}

impl<'a, M: SerializeMap> Serializer for Others<'a, M> {
    type Ok = ();
    type Error = M::Error;
    type SerializeSeq = Impossible<(), M::Error>;
    type SerializeTuple = Impossible<(), M::Error>;
    type SerializeTupleStruct = Impossible<(), M::Error>;
    type SerializeTupleVariant = Impossible<(), M::Error>;
    type SerializeMap = Members<'a, M>;
    type SerializeStruct = Members<'a, M>;
    type SerializeStructVariant = Impossible<(), M::Error>;

    refuse! {
        serialize_bool(bool) -> ();
        serialize_i8(i8) -> ();
        serialize_i16(i16) -> ();
        serialize_i32(i32) -> ();
        serialize_i64(i64) -> ();
        serialize_u8(u8) -> ();
        serialize_u16(u16) -> ();
        serialize_u32(u32) -> ();
        serialize_u64(u64) -> ();
        serialize_f32(f32) -> ();
        serialize_f64(f64) -> ();
        serialize_char(char) -> ();
        serialize_str(&str) -> ();
        serialize_bytes(&[u8]) -> ();
        serialize_unit() -> ();
        serialize_unit_struct(&'static str) -> ();
        serialize_unit_variant(&'static str, u32, &'static str) -> ();
        serialize_seq(Option<usize>) -> Self::SerializeSeq;
        serialize_tuple(usize) -> Self::SerializeTuple;
        serialize_tuple_struct(&'static str, usize) -> Self::SerializeTupleStruct;
        serialize_tuple_variant(&'static str, u32, &'static str, usize) -> Self::SerializeTupleVariant;
        serialize_struct_variant(&'static str, u32, &'static str, usize) -> Self::SerializeStructVariant;
    }

    /// A body that is left out has no other members.
    fn serialize_none(self) -> Result<(), M::Error> {
        Ok(())
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), M::Error> {
        value.serialize(self)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<(), M::Error> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<(), M::Error> {
        no_object()
    }

    fn collect_str<T: Display + ?Sized>(self, _: &T) -> Result<(), M::Error> {
        no_object()
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Self::SerializeMap, M::Error> {
        Ok(Members {
            others: self,
            key: None,
        })
    }

    fn serialize_struct(
        self,
        _: &'static str,
        length: usize,
    ) -> Result<Self::SerializeStruct, M::Error> {
        self.serialize_map(Some(length))
    }
}

impl<M: SerializeMap> Members<'_, M> {
    fn entry<T: Serialize + ?Sized>(&mut self, key: &str, value: &T) -> Result<(), M::Error> {
        match key == self.others.name {
            true => Ok(()),
            false => self.others.object.serialize_entry(key, value),
        }
    }
}

impl<M: SerializeMap> SerializeMap for Members<'_, M> {
    type Ok = ();
    type Error = M::Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), M::Error> {
        match serde_json::to_value(key).map_err(M::Error::custom)? {
            serde_json::Value::String(key) => self.key = Some(key),
            _ => return no_object(),
        }
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), M::Error> {
        let key = self.key.take().unwrap_or_default();
        self.entry(&key, value)
    }

    fn end(self) -> Result<(), M::Error> {
        Ok(())
    }
}

impl<M: SerializeMap> SerializeStruct for Members<'_, M> {
    type Ok = ();
    type Error = M::Error;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        key: &'static str,
        value: &T,
    ) -> Result<(), M::Error> {
        self.entry(key, value)
    }

    fn end(self) -> Result<(), M::Error> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, Value, json};

    use super::*;

    #[derive(Serialize)]
    struct Body {
        z: f32,
        streaming: Option<bool>,
        #[serde(skip_serializing_if = "Option::is_none")]
        a: Option<&'static str>,
        deep: Value,
    }

    #[derive(Serialize)]
    struct Flattened {
        streaming: bool,
        #[serde(flatten)]
        unknown: Map<String, Value>,
    }

    #[derive(Serialize)]
    #[serde(tag = "type")]
    enum Tagged {
        A { streaming: bool, x: u8 },
    }

    #[derive(Serialize)]
    #[serde(untagged)]
    enum Untagged {
        A(Box<Body>),
        B(Vec<u8>),
    }

    fn sent(body: &impl Serialize, value: bool) -> String {
        serde_json::to_string(&Pinned(body, "streaming", value)).unwrap()
    }

    fn body(streaming: Option<bool>) -> Body {
        Body {
            z: 0.1,
            streaming,
            a: None,
            deep: json!({"streaming": 1}),
        }
    }

    #[test]
    fn the_method_says_what_is_sent_whatever_the_body_holds() {
        for value in [true, false] {
            for held in [None, Some(true), Some(false)] {
                let expected =
                    format!(r#"{{"z":0.1,"deep":{{"streaming":1}},"streaming":{value}}}"#);
                assert_eq!(sent(&body(held), value), expected);
                assert_eq!(sent(&Some(&body(held)), value), expected);
                assert_eq!(sent(&Untagged::A(Box::new(body(held))), value), expected);
            }
            let held = |name: &str| Map::from_iter([(name.to_owned(), json!(7))]);
            for (name, expected) in [
                ("streaming", format!(r#"{{"streaming":{value}}}"#)),
                ("more", format!(r#"{{"more":7,"streaming":{value}}}"#)),
            ] {
                let unknown = held(name);
                assert_eq!(sent(&unknown, value), expected);
                let streaming = !value;
                assert_eq!(sent(&Flattened { streaming, unknown }, value), expected);
            }
            let tagged = Tagged::A {
                streaming: !value,
                x: 1,
            };
            let expected = format!(r#"{{"type":"A","x":1,"streaming":{value}}}"#);
            assert_eq!(sent(&tagged, value), expected);
            assert_eq!(
                sent(&None::<Body>, value),
                format!(r#"{{"streaming":{value}}}"#)
            );
        }
    }

    #[test]
    fn what_is_no_object_is_refused() {
        let list = Untagged::B(vec![1]);
        assert!(serde_json::to_string(&Pinned(&list, "streaming", true)).is_err());
        for body in [json!(1), json!("a"), json!([]), json!(true)] {
            let error = serde_json::to_string(&Pinned(&body, "streaming", true)).unwrap_err();
            assert_eq!(error.to_string(), "the body is not an object");
        }
    }
}
