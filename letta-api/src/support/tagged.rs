//! How generated unions of inline objects with a tag are read.
//!
//! What serde derives for them reads every member into memory first, since the tag may come last and a member may differ
//! from its description. Usually the tag comes first and members are as documented. So members are read as their documented
//! types, and only an object that turns out otherwise is put back together. What is read is written to where it is needed:
//! to return it through nested results would copy it, which takes longer than to read it.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::{MapAccessDeserializer, MapDeserializer, SeqAccessDeserializer};
use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A union that is told apart by a tag, and keeps objects that fit no branch.
pub trait Tagged: Sized {
    /// The member that is the tag.
    const TAG: &'static str;

    /// What it says of each branch.
    const BRANCHES: &'static [&'static str];

    /// Reads the members after a tag, which is that of the branch at this place.
    fn branch<'de, A: MapAccess<'de>>(place: usize, members: Members<A>) -> Result<Self, A::Error>;

    /// Keeps an object that fits no branch.
    fn unknown(members: Map<String, Value>) -> Self;
}

/// The members of an object after its tag.
pub struct Members<A> {
    tag: &'static str,
    map: A,
    /// What the description does not know of them.
    unknown: Map<String, Value>,
    is_sound: bool,
}

impl<A> fmt::Debug for Members<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Members").finish_non_exhaustive()
    }
}

/// A member: its place among the known members, or its name.
enum Name {
    Known(usize),
    Other(String),
}

/// The place of the tag among the known members: after all others.
pub const TAG: usize = usize::MAX;

/// What a member holds.
pub enum Slot<T> {
    /// It is not there.
    Missing,
    /// As documented.
    Fits(T),
    /// Anything else.
    Other(Value),
}

impl<T> fmt::Debug for Slot<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Missing => "Missing",
            Self::Fits(_) => "Fits",
            Self::Other(_) => "Other",
        })
    }
}

/// Reads a union.
#[inline]
pub fn read<'de, D: Deserializer<'de>, T: Tagged>(deserializer: D) -> Result<T, D::Error> {
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
        // Each as it came, repeated members included: the branch decides what they mean.
        let mut members: Vec<(String, Value)> = Vec::new();
        let mut name = Name::Known(0);
        let is_tag = |name: &str| (name == T::TAG).then_some(TAG);
        if map.next_key_seed(Names(is_tag, &mut name))?.is_some() {
            match name {
                Name::Known(_) => {
                    let mut tag = Slot::Missing;
                    map.next_value_seed(Tag(T::BRANCHES, &mut tag))?;
                    match tag {
                        Slot::Fits(place) => return T::branch(place, Members::new(T::TAG, map)),
                        Slot::Other(value) => members.push((T::TAG.to_owned(), value)),
                        Slot::Missing => {}
                    }
                }
                Name::Other(name) => members.push((name, map.next_value()?)),
            }
        }
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        let tag = members.iter().position(|(name, _)| name == T::TAG);
        let branch = tag.and_then(|tag| {
            let said = members[tag].1.as_str()?;
            let place = T::BRANCHES.iter().position(|branch| *branch == said)?;
            Some((tag, place))
        });
        let Some((tag, place)) = branch else {
            return Ok(T::unknown(members.into_iter().collect()));
        };
        members.remove(tag);
        let members = MapDeserializer::<_, serde_json::Error>::new(members.into_iter());
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
    pub fn next(
        &mut self,
        place: impl Fn(&str) -> Option<usize> + Copy,
    ) -> Result<Option<usize>, A::Error> {
        let mut name = Name::Known(0);
        while self.map.next_key_seed(Names(place, &mut name))?.is_some() {
            match name {
                Name::Known(TAG) => self.tag_again()?,
                Name::Known(place) => return Ok(Some(place)),
                Name::Other(other) => self.keep(other)?,
            }
            name = Name::Known(0);
        }
        Ok(None)
    }

    /// If the tag is there twice, it is not known which one counts.
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
    pub fn text<T>(&mut self, slot: &mut Slot<T>) -> Result<(), A::Error>
    where
        T: From<String> + for<'a> From<&'a str>,
    {
        self.once(slot);
        self.map.next_value_seed(Text(slot))
    }

    /// Takes the member's value as a list of texts.
    #[inline]
    pub fn texts<T>(&mut self, slot: &mut Slot<Vec<T>>) -> Result<(), A::Error>
    where
        T: From<String> + for<'a> From<&'a str> + Serialize,
    {
        self.once(slot);
        self.map.next_value_seed(Texts(slot))
    }

    /// Takes the member's value as its documented type.
    pub fn any<T: DeserializeOwned>(&mut self, slot: &mut Slot<T>) -> Result<(), A::Error> {
        self.once(slot);
        self.map.next_value_seed(Any(slot))
    }

    /// Notes a member that is there twice: it is not known which one counts.
    #[inline]
    fn once<T>(&mut self, slot: &Slot<T>) {
        self.is_sound &= matches!(slot, Slot::Missing);
    }

    /// Whether each member was there at most once, and the unknown members.
    pub fn finish(self) -> (bool, Map<String, Value>) {
        (self.is_sound, self.unknown)
    }
}

impl<T> Slot<T> {
    /// What it holds, if that is as documented.
    pub fn value(self) -> Option<T> {
        match self {
            Self::Fits(value) => Some(value),
            Self::Missing | Self::Other(_) => None,
        }
    }
}

/// Puts back a member that was read. If it is there already, that one came later, and the later one counts, as in other
/// JSON.
pub fn put_back<T: Serialize>(members: &mut Map<String, Value>, name: &str, slot: Slot<T>) {
    let value = match slot {
        Slot::Missing => return,
        Slot::Fits(value) => serde_json::to_value(value).unwrap_or_default(),
        Slot::Other(value) => value,
    };
    if !members.contains_key(name) {
        members.insert(name.to_owned(), value);
    }
}

/// Reads a member's name. A known name is not copied.
struct Names<'s, F>(F, &'s mut Name);

impl<'de, F: Fn(&str) -> Option<usize>> DeserializeSeed<'de> for Names<'_, F> {
    type Value = ();

    #[inline]
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<F: Fn(&str) -> Option<usize>> Visitor<'_> for Names<'_, F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a member's name")
    }

    #[inline]
    fn visit_str<E: Error>(self, name: &str) -> Result<(), E> {
        *self.1 = match (self.0)(name) {
            Some(place) => Name::Known(place),
            None => Name::Other(name.to_owned()),
        };
        Ok(())
    }
}

/// For a reader that accepts one kind of JSON and keeps every other kind as it came. What is read goes to the field of
/// this number.
macro_rules! others {
    ($slot:tt, but $kind:ident) => {
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("any JSON")
        }

        fn visit_bool<E: Error>(self, value: bool) -> Result<(), E> {
            *self.$slot = Slot::Other(value.into());
            Ok(())
        }

        fn visit_i64<E: Error>(self, value: i64) -> Result<(), E> {
            *self.$slot = Slot::Other(value.into());
            Ok(())
        }

        fn visit_u64<E: Error>(self, value: u64) -> Result<(), E> {
            *self.$slot = Slot::Other(value.into());
            Ok(())
        }

        fn visit_f64<E: Error>(self, value: f64) -> Result<(), E> {
            *self.$slot = Slot::Other(value.into());
            Ok(())
        }

        fn visit_unit<E: Error>(self) -> Result<(), E> {
            *self.$slot = Slot::Other(Value::Null);
            Ok(())
        }

        fn visit_none<E: Error>(self) -> Result<(), E> {
            self.visit_unit()
        }

        fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
            deserializer.deserialize_any(self)
        }

        fn visit_newtype_struct<D: Deserializer<'de>>(
            self,
            deserializer: D,
        ) -> Result<(), D::Error> {
            deserializer.deserialize_any(self)
        }

        fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<(), A::Error> {
            *self.$slot = Slot::Other(Value::deserialize(MapAccessDeserializer::new(map))?);
            Ok(())
        }

        others!(@ $slot, $kind);
    };
    (@ $slot:tt, text) => {
        fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<(), A::Error> {
            *self.$slot = Slot::Other(Value::deserialize(SeqAccessDeserializer::new(seq))?);
            Ok(())
        }
    };
    (@ $slot:tt, list) => {
        fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
            *self.$slot = Slot::Other(text.into());
            Ok(())
        }
    };
}

/// Reads the place of a tag among those of the branches.
struct Tag<'s>(&'static [&'static str], &'s mut Slot<usize>);

impl<'de> DeserializeSeed<'de> for Tag<'_> {
    type Value = ();

    #[inline]
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Tag<'_> {
    type Value = ();

    #[inline]
    fn visit_str<E: Error>(self, tag: &str) -> Result<(), E> {
        *self.1 = match self.0.iter().position(|branch| *branch == tag) {
            Some(place) => Slot::Fits(place),
            None => Slot::Other(tag.into()),
        };
        Ok(())
    }

    others!(1, but text);
}

/// Reads a text, or whatever else is there.
struct Text<'s, T>(&'s mut Slot<T>);

impl<'de, T: From<String> + for<'a> From<&'a str>> DeserializeSeed<'de> for Text<'_, T> {
    type Value = ();

    #[inline]
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, T: From<String> + for<'a> From<&'a str>> Visitor<'de> for Text<'_, T> {
    type Value = ();

    #[inline]
    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        *self.0 = Slot::Fits(text.into());
        Ok(())
    }

    fn visit_string<E: Error>(self, text: String) -> Result<(), E> {
        *self.0 = Slot::Fits(text.into());
        Ok(())
    }

    others!(0, but text);
}

/// Reads a list of texts, or whatever else is there.
struct Texts<'s, T>(&'s mut Slot<Vec<T>>);

impl<'de, T> DeserializeSeed<'de> for Texts<'_, T>
where
    T: From<String> + for<'a> From<&'a str> + Serialize,
{
    type Value = ();

    #[inline]
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, T> Visitor<'de> for Texts<'_, T>
where
    T: From<String> + for<'a> From<&'a str> + Serialize,
{
    type Value = ();

    #[inline]
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        let mut texts = Vec::new();
        loop {
            let mut slot = Slot::Missing;
            if seq.next_element_seed(Text(&mut slot))?.is_none() {
                break;
            }
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
            *self.0 = Slot::Other(Value::Array(all));
            return Ok(());
        }
        *self.0 = Slot::Fits(texts);
        Ok(())
    }

    others!(0, but list);
}

/// Reads whatever is there, and then checks whether it is as documented.
struct Any<'s, T>(&'s mut Slot<T>);

impl<'de, T: DeserializeOwned> DeserializeSeed<'de> for Any<'_, T> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        let value = Value::deserialize(deserializer)?;
        *self.0 = match T::deserialize(&value) {
            Ok(fitting) => Slot::Fits(fitting),
            Err(_) => Slot::Other(value),
        };
        Ok(())
    }
}
