//! What the generated unions of inline objects share that are told apart by a tag: how they are read.
//!
//! What serde derives for them takes every member into memory first, since the tag may come last and a member may not be
//! what is documented. It comes first, as a rule, and members are as documented; so they are read for what they are, and
//! only what turns out otherwise is put back together.
#![allow(dead_code, reason = "which of these are used is up to the description")]

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::{MapAccessDeserializer, MapDeserializer, SeqAccessDeserializer};
use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A union that is told apart by a tag, and keeps what is none of its branches.
pub(crate) trait Tagged: Sized {
    /// The member that is the tag.
    const TAG: &'static str;

    /// What it says of each branch.
    const BRANCHES: &'static [&'static str];

    /// Reads what comes after a tag: that of the branch at this place.
    fn branch<'de, A: MapAccess<'de>>(place: usize, members: Members<A>) -> Result<Self, A::Error>;

    /// Keeps an object that is none of the branches.
    fn unknown(members: Map<String, Value>) -> Self;
}

/// The members of an object after its tag.
pub(crate) struct Members<A> {
    tag: &'static str,
    map: A,
    /// What the description does not know of them.
    unknown: Map<String, Value>,
    is_sound: bool,
}

/// A member that is known, by its place among those that are, or another.
enum Name {
    Known(usize),
    Other(String),
}

/// Its place in [`Name`] for the tag, which comes after all others.
pub(crate) const TAG: usize = usize::MAX;

/// What a member holds.
pub(crate) enum Slot<T> {
    /// It is not there.
    Missing,
    /// As documented.
    Fits(T),
    /// Anything else.
    Other(Value),
}

/// Reads a union.
#[inline]
pub(crate) fn read<'de, D: Deserializer<'de>, T: Tagged>(deserializer: D) -> Result<T, D::Error> {
    deserializer.deserialize_any(Object(PhantomData))
}

struct Object<T>(PhantomData<T>);

impl<'de, T: Tagged> Visitor<'de> for Object<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    #[inline]
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<T, A::Error> {
        let mut unknown = Map::new();
        match map.next_key_seed(Names(|name: &str| (name == T::TAG).then_some(TAG)))? {
            Some(Name::Known(_)) => match map.next_value_seed(Tag(T::BRANCHES))? {
                Slot::Fits(place) => return T::branch(place, Members::new(T::TAG, map)),
                Slot::Other(value) => drop(unknown.insert(T::TAG.to_owned(), value)),
                Slot::Missing => {}
            },
            Some(Name::Other(name)) => drop(unknown.insert(name, map.next_value()?)),
            None => {}
        }
        let mut is_sound = true;
        while let Some((name, value)) = map.next_entry()? {
            is_sound &= unknown.insert(name, value).is_none();
        }
        let tag = unknown.get(T::TAG).and_then(Value::as_str);
        let place = T::BRANCHES.iter().position(|branch| Some(*branch) == tag);
        // Of a member that is there twice, nobody knows which counts.
        let Some(place) = place.filter(|_| is_sound) else {
            return Ok(T::unknown(unknown));
        };
        unknown.remove(T::TAG);
        let members = MapDeserializer::<_, serde_json::Error>::new(unknown.into_iter());
        T::branch(place, Members::new(T::TAG, members)).map_err(A::Error::custom)
    }

    // serde's own errors would quote the value.
    fn visit_str<E: Error>(self, _: &str) -> Result<T, E> {
        Err(E::custom("invalid type: text, expected an object"))
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<T, E> {
        Err(E::custom("invalid type: boolean, expected an object"))
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<T, E> {
        Err(E::custom("invalid type: number, expected an object"))
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<T, E> {
        self.visit_i64(0)
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<T, E> {
        self.visit_i64(0)
    }
}

impl<'de, A: MapAccess<'de>> Members<A> {
    fn new(tag: &'static str, map: A) -> Self {
        Self {
            tag,
            map,
            unknown: Map::new(),
            is_sound: true,
        }
    }

    /// The place of the next member that is known, as `place` says; that of the tag is [`TAG`]. Others are kept.
    #[inline]
    pub(crate) fn next(
        &mut self,
        place: impl Fn(&str) -> Option<usize> + Copy,
    ) -> Result<Option<usize>, A::Error> {
        loop {
            match self.map.next_key_seed(Names(place))? {
                Some(Name::Known(TAG)) => self.tag_again()?,
                Some(Name::Known(place)) => return Ok(Some(place)),
                Some(Name::Other(name)) => self.keep(name)?,
                None => return Ok(None),
            }
        }
    }

    /// Nobody knows which of the tags counts.
    #[cold]
    fn tag_again(&mut self) -> Result<(), A::Error> {
        self.is_sound = false;
        self.keep(self.tag.to_owned())
    }

    fn keep(&mut self, name: String) -> Result<(), A::Error> {
        self.unknown.insert(name, self.map.next_value()?);
        Ok(())
    }

    /// Takes the member's value as a text.
    #[inline]
    pub(crate) fn text<T>(&mut self, slot: &mut Slot<T>) -> Result<(), A::Error>
    where
        T: From<String> + for<'a> From<&'a str>,
    {
        self.take(slot, Text(PhantomData))
    }

    /// Takes the member's value as a list of texts.
    #[inline]
    pub(crate) fn texts<T>(&mut self, slot: &mut Slot<Vec<T>>) -> Result<(), A::Error>
    where
        T: From<String> + for<'a> From<&'a str> + Serialize,
    {
        self.take(slot, Texts(PhantomData))
    }

    /// Takes the member's value as whatever is documented.
    pub(crate) fn any<T: DeserializeOwned>(&mut self, slot: &mut Slot<T>) -> Result<(), A::Error> {
        self.take(slot, Any(PhantomData))
    }

    #[inline]
    fn take<T>(
        &mut self,
        slot: &mut Slot<T>,
        seed: impl DeserializeSeed<'de, Value = Slot<T>>,
    ) -> Result<(), A::Error> {
        // Twice there: nobody knows which counts.
        self.is_sound &= matches!(slot, Slot::Missing);
        *slot = self.map.next_value_seed(seed)?;
        Ok(())
    }

    /// Whether each member was there once at the most, and what is not known of them.
    pub(crate) fn finish(self) -> (bool, Map<String, Value>) {
        (self.is_sound, self.unknown)
    }
}

impl<T> Slot<T> {
    /// What it holds, if that is as documented.
    pub(crate) fn value(self) -> Option<T> {
        match self {
            Self::Fits(value) => Some(value),
            Self::Missing | Self::Other(_) => None,
        }
    }
}

/// Puts a member back that was read. One that is there already came later, and counts as it does in other JSON.
pub(crate) fn put_back<T: Serialize>(members: &mut Map<String, Value>, name: &str, slot: Slot<T>) {
    let value = match slot {
        Slot::Missing => return,
        Slot::Fits(value) => serde_json::to_value(value).unwrap_or_default(),
        Slot::Other(value) => value,
    };
    if !members.contains_key(name) {
        members.insert(name.to_owned(), value);
    }
}

/// Reads a member's name, without a copy of one that is known.
struct Names<F>(F);

impl<'de, F: Fn(&str) -> Option<usize>> DeserializeSeed<'de> for Names<F> {
    type Value = Name;

    #[inline]
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Name, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<F: Fn(&str) -> Option<usize>> Visitor<'_> for Names<F> {
    type Value = Name;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a member's name")
    }

    #[inline]
    fn visit_str<E: Error>(self, name: &str) -> Result<Name, E> {
        Ok(match (self.0)(name) {
            Some(place) => Name::Known(place),
            None => Name::Other(name.to_owned()),
        })
    }
}

/// For a reader that takes one kind of JSON for what it is, and every other kind as it came.
macro_rules! others {
    (but $kind:ident) => {
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("any JSON")
        }

        fn visit_bool<E: Error>(self, value: bool) -> Result<Self::Value, E> {
            Ok(Slot::Other(value.into()))
        }

        fn visit_i64<E: Error>(self, value: i64) -> Result<Self::Value, E> {
            Ok(Slot::Other(value.into()))
        }

        fn visit_u64<E: Error>(self, value: u64) -> Result<Self::Value, E> {
            Ok(Slot::Other(value.into()))
        }

        fn visit_f64<E: Error>(self, value: f64) -> Result<Self::Value, E> {
            Ok(Slot::Other(value.into()))
        }

        fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
            Ok(Slot::Other(Value::Null))
        }

        fn visit_none<E: Error>(self) -> Result<Self::Value, E> {
            self.visit_unit()
        }

        fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
            deserializer.deserialize_any(self)
        }

        fn visit_newtype_struct<D: Deserializer<'de>>(
            self,
            deserializer: D,
        ) -> Result<Self::Value, D::Error> {
            deserializer.deserialize_any(self)
        }

        fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
            Value::deserialize(MapAccessDeserializer::new(map)).map(Slot::Other)
        }

        others!(@ $kind);
    };
    (@ text) => {
        fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Self::Value, A::Error> {
            Value::deserialize(SeqAccessDeserializer::new(seq)).map(Slot::Other)
        }
    };
    (@ list) => {
        fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
            Ok(Slot::Other(text.into()))
        }
    };
}

/// Reads the place of a tag among those of the branches.
struct Tag(&'static [&'static str]);

impl<'de> DeserializeSeed<'de> for Tag {
    type Value = Slot<usize>;

    #[inline]
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Slot<usize>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Tag {
    type Value = Slot<usize>;

    #[inline]
    fn visit_str<E: Error>(self, tag: &str) -> Result<Slot<usize>, E> {
        let place = self.0.iter().position(|branch| *branch == tag);
        Ok(place.map_or_else(|| Slot::Other(tag.into()), Slot::Fits))
    }

    others!(but text);
}

/// Reads a text, or whatever else is there.
struct Text<T>(PhantomData<T>);

impl<'de, T: From<String> + for<'a> From<&'a str>> DeserializeSeed<'de> for Text<T> {
    type Value = Slot<T>;

    #[inline]
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Slot<T>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, T: From<String> + for<'a> From<&'a str>> Visitor<'de> for Text<T> {
    type Value = Slot<T>;

    #[inline]
    fn visit_str<E: Error>(self, text: &str) -> Result<Slot<T>, E> {
        Ok(Slot::Fits(text.into()))
    }

    fn visit_string<E: Error>(self, text: String) -> Result<Slot<T>, E> {
        Ok(Slot::Fits(text.into()))
    }

    others!(but text);
}

/// Reads a list of texts, or whatever else is there.
struct Texts<T>(PhantomData<T>);

impl<'de, T: From<String> + for<'a> From<&'a str> + Serialize> DeserializeSeed<'de> for Texts<T> {
    type Value = Slot<Vec<T>>;

    #[inline]
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Slot<Vec<T>>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, T: From<String> + for<'a> From<&'a str> + Serialize> Visitor<'de> for Texts<T> {
    type Value = Slot<Vec<T>>;

    #[inline]
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Slot<Vec<T>>, A::Error> {
        let mut texts = Vec::new();
        while let Some(slot) = seq.next_element_seed(Text(PhantomData))? {
            let odd = match slot {
                Slot::Fits(text) => {
                    texts.push(text);
                    continue;
                }
                Slot::Other(value) => value,
                Slot::Missing => continue,
            };
            let read = texts.iter().map(serde_json::to_value);
            let mut all: Vec<Value> = read.collect::<Result<_, _>>().map_err(A::Error::custom)?;
            all.push(odd);
            while let Some(value) = seq.next_element()? {
                all.push(value);
            }
            return Ok(Slot::Other(Value::Array(all)));
        }
        Ok(Slot::Fits(texts))
    }

    others!(but list);
}

/// Reads whatever is there, and sees then whether it is as documented.
struct Any<T>(PhantomData<T>);

impl<'de, T: DeserializeOwned> DeserializeSeed<'de> for Any<T> {
    type Value = Slot<T>;

    #[inline]
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Slot<T>, D::Error> {
        let value = Value::deserialize(deserializer)?;
        Ok(match T::deserialize(&value) {
            Ok(fitting) => Slot::Fits(fitting),
            Err(_) => Slot::Other(value),
        })
    }
}
