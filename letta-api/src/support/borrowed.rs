//! JSON that borrows its texts, in which generated unions look for the tag before they choose a branch.
//!
//! The tag may come anywhere, and a value that no branch takes must be whole. A `serde_json::Value` holds both, but it copies each name and
//! each text, and the branch then copies the texts again. For an event of a stream, which is mostly an envelope of short texts, that took
//! longer than all else. Here a text stays where it is, unless it has escapes.
//!
//! What is read is what a `Value` has: the last of members with the same name counts, at the place of the first.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::value::{BorrowedStrDeserializer, MapAccessDeserializer, MapDeserializer};
use serde::de::{
    self, DeserializeSeed, Deserializer, Expected, IntoDeserializer, MapAccess, SeqAccess,
    Unexpected, Visitor,
};
use serde_json::{Map, Number, Value};

/// Any JSON.
#[derive(Clone, PartialEq)]
pub enum Json<'a> {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number.
    Number(Number),
    /// A text, without escapes.
    String(Cow<'a, str>),
    /// A list.
    Array(Vec<Json<'a>>),
    /// The members in order. No two have the same name.
    Object(Vec<(Cow<'a, str>, Json<'a>)>),
}

/// It may hold a secret.
impl fmt::Debug for Json<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Json")
    }
}

/// The members for which there is room at once in the outermost object: an envelope of a message has about so many. Inner objects
/// have as many as they need, since there may be many.
const ROOM: usize = 12;

impl<'a> Json<'a> {
    /// The member of this name, if it is an object that has one.
    pub fn get(&self, name: &str) -> Option<&Json<'a>> {
        match self {
            Self::Object(members) => {
                let mut members = members.iter();
                members.find(|member| member.0 == name).map(|(_, it)| it)
            }
            _ => None,
        }
    }

    /// The text, if it is one.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    fn unexpected(&self) -> Unexpected<'_> {
        match self {
            Self::Null => Unexpected::Unit,
            Self::Bool(value) => Unexpected::Bool(*value),
            Self::Number(_) => Unexpected::Other("number"),
            Self::String(text) => Unexpected::Str(text),
            Self::Array(_) => Unexpected::Seq,
            Self::Object(_) => Unexpected::Map,
        }
    }
}

impl From<Json<'_>> for Value {
    fn from(json: Json<'_>) -> Self {
        match json {
            Json::Null => Self::Null,
            Json::Bool(value) => Self::Bool(value),
            Json::Number(number) => Self::Number(number),
            Json::String(text) => Self::String(text.into_owned()),
            Json::Array(items) => Self::Array(items.into_iter().map(Self::from).collect()),
            Json::Object(members) => {
                // One by one: `collect` would sort them first, with code of its own.
                let mut map = Map::new();
                for (name, value) in members {
                    map.insert(name.into_owned(), value.into());
                }
                Self::Object(map)
            }
        }
    }
}

impl From<Value> for Json<'_> {
    fn from(value: Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(value) => Self::Bool(value),
            Value::Number(number) => Self::Number(number),
            Value::String(text) => Self::String(text.into()),
            Value::Array(items) => Self::Array(items.into_iter().map(Self::from).collect()),
            Value::Object(members) => {
                let members = members.into_iter();
                let members = members.map(|(name, value)| (name.into(), value.into()));
                Self::Object(members.collect())
            }
        }
    }
}

/// Reading.
impl<'de> Deserialize<'de> for Json<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Any { room: ROOM }.deserialize(deserializer)
    }
}

/// Reads any JSON.
#[derive(Clone, Copy)]
struct Any {
    /// For how many members there is room at once.
    room: usize,
}

impl Any {
    const INNER: Self = Self { room: 0 };
}

impl<'de> DeserializeSeed<'de> for Any {
    type Value = Json<'de>;

    #[inline]
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Json<'de>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Any {
    type Value = Json<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any valid JSON value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json<'de>, E> {
        Ok(Json::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Json<'de>, E> {
        Ok(Json::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Json<'de>, E> {
        Ok(Json::Number(value.into()))
    }

    fn visit_i128<E: de::Error>(self, value: i128) -> Result<Json<'de>, E> {
        Number::from_i128(value)
            .map(Json::Number)
            .ok_or_else(|| E::custom("a number out of range"))
    }

    fn visit_u128<E: de::Error>(self, value: u128) -> Result<Json<'de>, E> {
        Number::from_u128(value)
            .map(Json::Number)
            .ok_or_else(|| E::custom("a number out of range"))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Json<'de>, E> {
        Ok(Number::from_f64(value).map_or(Json::Null, Json::Number))
    }

    #[inline]
    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Json<'de>, E> {
        Ok(Json::String(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Json<'de>, E> {
        Ok(Json::String(Cow::Owned(text.to_owned())))
    }

    fn visit_string<E>(self, text: String) -> Result<Json<'de>, E> {
        Ok(Json::String(Cow::Owned(text)))
    }

    fn visit_unit<E>(self) -> Result<Json<'de>, E> {
        Ok(Json::Null)
    }

    fn visit_none<E>(self) -> Result<Json<'de>, E> {
        Ok(Json::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Json<'de>, D::Error> {
        self.deserialize(deserializer)
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(
        self,
        deserializer: D,
    ) -> Result<Json<'de>, D::Error> {
        self.deserialize(deserializer)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Json<'de>, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element_seed(Self::INNER)? {
            items.push(item);
        }
        Ok(Json::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Json<'de>, A::Error> {
        let Some(first) = map.next_key_seed(Name)? else {
            return Ok(Json::Object(Vec::new()));
        };
        if first.starts_with(PRIVATE) {
            let map = MapAccessDeserializer::new(Begun {
                first: Some(first),
                map,
            });
            return Ok(Value::deserialize(map)?.into());
        }
        let mut members = Vec::with_capacity(self.room);
        members.push((first, map.next_value_seed(Self::INNER)?));
        while let Some(name) = map.next_key_seed(Name)? {
            members.push((name, map.next_value_seed(Self::INNER)?));
        }
        settle(&mut members);
        Ok(Json::Object(members))
    }
}

/// What the names begin with by which serde_json passes on more than JSON has. If the feature `arbitrary_precision` of serde_json is
/// on somewhere, a number comes as an object with such a member. Then a `Value` reads it.
const PRIVATE: &str = "$serde_json::private::";

/// The name of the member that such a number has.
const NUMBER: &str = "$serde_json::private::Number";

/// Whether a number is one that any reader takes. All are, unless the feature `arbitrary_precision` is on. Then serde_json passes on an
/// integer beyond 64 bits as one of 128 bits, which serde cannot keep for a member that is `flatten`ed.
fn is_common(number: &Number) -> bool {
    number.is_u64() || number.is_i64() || number.is_f64()
}

/// An object of which the first name has been read.
struct Begun<'de, A> {
    first: Option<Cow<'de, str>>,
    map: A,
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Begun<'de, A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, A::Error> {
        match self.first.take() {
            Some(first) => seed.deserialize(first.into_deserializer()).map(Some),
            None => self.map.next_key_seed(seed),
        }
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, A::Error> {
        self.map.next_value_seed(seed)
    }
}

/// Reads a member's name.
struct Name;

impl<'de> DeserializeSeed<'de> for Name {
    type Value = Cow<'de, str>;

    #[inline]
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Name {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a member's name")
    }

    #[inline]
    fn visit_borrowed_str<E>(self, name: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(name))
    }

    fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(name.to_owned()))
    }

    fn visit_string<E>(self, name: String) -> Result<Self::Value, E> {
        Ok(Cow::Owned(name))
    }
}

/// A member of an object.
type Member<'a> = (Cow<'a, str>, Json<'a>);

/// Of members with the same name, the last value counts, at the place of the first.
fn settle(members: &mut Vec<Member<'_>>) {
    if !may_repeat(members) {
        return;
    }
    let mut order: Vec<usize> = (0..members.len()).collect();
    // The sort is stable, so that those of one name stay in order.
    order.sort_by(|one, other| members[*one].0.cmp(&members[*other].0));
    let mut is_dropped = vec![false; members.len()];
    for same in order.chunk_by(|one, other| members[*one].0 == members[*other].0) {
        for place in &same[1..] {
            is_dropped[*place] = true;
        }
    }
    if !is_dropped.contains(&true) {
        return;
    }
    let mut moved: Vec<(usize, usize)> = Vec::new();
    for same in order.chunk_by(|one, other| members[*one].0 == members[*other].0) {
        if let [first, .., last] = same {
            moved.push((*first, *last));
        }
    }
    for (first, last) in moved {
        members[first].1 = std::mem::replace(&mut members[last].1, Json::Null);
    }
    let mut is_dropped = is_dropped.into_iter();
    members.retain(|_| !is_dropped.next().unwrap_or_default());
}

/// Whether a name is there twice. Of many members that is not looked at.
fn may_repeat(members: &[Member<'_>]) -> bool {
    const FEW: usize = 32;
    if members.len() > FEW {
        return true;
    }
    // A bit for each name. Most names differ in theirs.
    let mut seen = 0_u128;
    members.iter().enumerate().any(|(place, (name, _))| {
        let bytes = name.as_bytes();
        let end = |byte: Option<&u8>| usize::from(byte.copied().unwrap_or_default());
        let hash = bytes.len() * 5 + end(bytes.first()) * 3 + end(bytes.last()) * 7;
        let bit = 1 << (hash % 128);
        let is_new = seen & bit == 0;
        seen |= bit;
        !is_new && members[..place].iter().any(|member| member.0 == *name)
    })
}

/// Why a value does not fit a type. It says nothing: the next branch is tried, or the value is kept.
#[derive(Debug)]
pub struct Misfit;

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the value is of another type")
    }
}

impl std::error::Error for Misfit {}

impl de::Error for Misfit {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self
    }

    fn invalid_type(_: Unexpected<'_>, _: &dyn Expected) -> Self {
        Self
    }
}

impl<'de> IntoDeserializer<'de, Misfit> for &'de Json<'_> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

macro_rules! numbers {
    ($($method:ident)*) => {
        $(
            fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
                match self {
                    Json::Number(number) => number.$method(visitor).map_err(|_| Misfit),
                    _ => self.deserialize_any(visitor),
                }
            }
        )*
    };
}

impl<'de> Deserializer<'de> for &'de Json<'_> {
    type Error = Misfit;

    #[inline]
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        match self {
            Json::Null => visitor.visit_unit(),
            Json::Bool(value) => visitor.visit_bool(*value),
            Json::Number(number) => match is_common(number) {
                true => number.deserialize_any(visitor).map_err(|_| Misfit),
                false => {
                    let member = std::iter::once((NUMBER, number.to_string()));
                    visitor.visit_map(MapDeserializer::new(member))
                }
            },
            Json::String(text) => visitor.visit_borrowed_str(text),
            Json::Array(items) => {
                let mut items = Items(items.iter());
                let read = visitor.visit_seq(&mut items)?;
                match items.0.len() {
                    0 => Ok(read),
                    _ => Err(Misfit),
                }
            }
            Json::Object(members) => {
                let mut members = Members {
                    rest: members.iter(),
                    value: &Json::Null,
                };
                let read = visitor.visit_map(&mut members)?;
                match members.rest.len() {
                    0 => Ok(read),
                    _ => Err(Misfit),
                }
            }
        }
    }

    #[inline]
    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        match self {
            Json::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    #[inline]
    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        match self {
            Json::String(text) => {
                let text = BorrowedStrDeserializer::<Misfit>::new(text);
                text.deserialize_enum(name, variants, visitor)
            }
            Json::Object(members) if members.len() == 1 => {
                let members = Members {
                    rest: members.iter(),
                    value: &Json::Null,
                };
                MapAccessDeserializer::new(members).deserialize_enum(name, variants, visitor)
            }
            other => Err(de::Error::invalid_type(other.unexpected(), &"an enum")),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        visitor.visit_unit()
    }

    // If serde_json keeps numbers as texts, they are parsed only if a number is asked for.
    numbers! {
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128 deserialize_u8
        deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128 deserialize_f32 deserialize_f64
    }

    serde::forward_to_deserialize_any! {
        bool char str string bytes byte_buf unit unit_struct
        seq tuple tuple_struct map struct identifier
    }
}

/// The items of a list.
struct Items<'de, 'a>(std::slice::Iter<'de, Json<'a>>);

impl<'de> SeqAccess<'de> for Items<'de, '_> {
    type Error = Misfit;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Misfit> {
        self.0.next().map(|item| seed.deserialize(item)).transpose()
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.0.len())
    }
}

/// The members of an object.
struct Members<'de, 'a> {
    rest: std::slice::Iter<'de, Member<'a>>,
    /// That of the name that was given last.
    value: &'de Json<'a>,
}

impl<'de> MapAccess<'de> for Members<'de, '_> {
    type Error = Misfit;

    #[inline]
    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Misfit> {
        let Some((name, value)) = self.rest.next() else {
            return Ok(None);
        };
        self.value = value;
        seed.deserialize(BorrowedStrDeserializer::new(name))
            .map(Some)
    }

    #[inline]
    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Misfit> {
        seed.deserialize(self.value)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.rest.len())
    }
}

#[cfg(test)]
mod tests;
