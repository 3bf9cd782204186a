//! The keywords of schemas: one table of all, and the questions that stages ask about them.
//!
//! If two questions have different answers for a keyword, the difference is a function here, with its reason. "Is it a note?" is
//! such a question:
//!
//! | | `title` | `default` | `xml` | `nullable` | `$comment` |
//! |---|---|---|---|---|---|
//! | [`is_note`]: no value is valid or invalid by it | yes | yes | yes | no | yes |
//! | [`is_plain_note`]: and no code is made of it | yes | no | yes | no | no, 3.0 does not have it |
//! | [`is_of_the_whole`]: in a branch of an `allOf`, it is about the whole | yes | yes | no | yes | no |
//! | [`is_of_the_place`]: it does not go with the type when a schema gets a name | no | yes | no | yes | no |

use crate::markers::{DEPRECATION, is_extension};

/// What a keyword says something about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Says {
    /// Readers and tools: no value is valid or invalid by it.
    Note,
    /// Which values are valid, whatever their type.
    Values,
    /// Texts.
    Texts,
    /// Numbers.
    Numbers,
    /// Arrays.
    Arrays,
    /// Objects.
    Objects,
    /// Other schemas that hold as well, or one of them, or none.
    Combines,
    /// Which schema it is: references and what they lead to.
    Identity,
}

/// From which version on OpenAPI has a keyword.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Since {
    /// OpenAPI 3.0 has it, and so has 3.1.
    V3_0,
    /// OpenAPI 3.1 has it, with JSON Schema 2020-12.
    V3_1,
}

use Says::{Arrays, Combines, Identity, Note, Numbers, Objects, Texts, Values};
use Since::{V3_0, V3_1};

/// All keywords. Those that most schemas have come first, and findings list keywords in this order.
const TABLE: [(&str, Says, Since); 61] = [
    ("type", Values, V3_0),
    ("format", Values, V3_0),
    ("enum", Values, V3_0),
    ("const", Values, V3_1),
    ("nullable", Note, V3_0),
    ("title", Note, V3_0),
    ("description", Note, V3_0),
    ("default", Note, V3_0),
    ("example", Note, V3_0),
    ("examples", Note, V3_1),
    ("deprecated", Note, V3_0),
    ("readOnly", Note, V3_0),
    ("writeOnly", Note, V3_0),
    ("externalDocs", Note, V3_0),
    ("xml", Note, V3_0),
    ("contentEncoding", Note, V3_1),
    ("contentMediaType", Note, V3_1),
    ("contentSchema", Note, V3_1),
    ("$comment", Note, V3_1),
    ("$anchor", Note, V3_1),
    ("$defs", Note, V3_1),
    ("$schema", Identity, V3_1),
    ("pattern", Texts, V3_0),
    ("minLength", Texts, V3_0),
    ("maxLength", Texts, V3_0),
    ("minimum", Numbers, V3_0),
    ("maximum", Numbers, V3_0),
    ("exclusiveMinimum", Numbers, V3_0),
    ("exclusiveMaximum", Numbers, V3_0),
    ("multipleOf", Numbers, V3_0),
    ("items", Arrays, V3_0),
    ("minItems", Arrays, V3_0),
    ("maxItems", Arrays, V3_0),
    ("uniqueItems", Arrays, V3_0),
    ("prefixItems", Arrays, V3_1),
    ("contains", Arrays, V3_1),
    ("minContains", Arrays, V3_1),
    ("maxContains", Arrays, V3_1),
    ("unevaluatedItems", Arrays, V3_1),
    ("properties", Objects, V3_0),
    ("required", Objects, V3_0),
    ("additionalProperties", Objects, V3_0),
    ("minProperties", Objects, V3_0),
    ("maxProperties", Objects, V3_0),
    ("patternProperties", Objects, V3_1),
    ("propertyNames", Objects, V3_1),
    ("dependentSchemas", Objects, V3_1),
    ("dependentRequired", Objects, V3_1),
    ("unevaluatedProperties", Objects, V3_1),
    ("oneOf", Combines, V3_0),
    ("anyOf", Combines, V3_0),
    ("allOf", Combines, V3_0),
    ("not", Combines, V3_0),
    ("discriminator", Combines, V3_0),
    ("if", Combines, V3_1),
    ("then", Combines, V3_1),
    ("else", Combines, V3_1),
    ("$ref", Identity, V3_0),
    ("$id", Identity, V3_1),
    ("$dynamicRef", Identity, V3_1),
    ("$dynamicAnchor", Identity, V3_1),
];

/// The row of a keyword.
fn entry(keyword: &str) -> Option<(Says, Since)> {
    let found = TABLE.iter().find(|(name, ..)| *name == keyword)?;
    Some((found.1, found.2))
}

/// What a keyword of OpenAPI 3.0 says something about. `None` if OpenAPI 3.0 does not have it.
pub fn says_in_3_0(keyword: &str) -> Option<Says> {
    match entry(keyword)? {
        (says, V3_0) => Some(says),
        (_, V3_1) => None,
    }
}

/// The keywords of OpenAPI 3.0 that say something about this, in the order of the table.
pub fn of_3_0(says: Says) -> impl Iterator<Item = &'static str> {
    let all = TABLE
        .iter()
        .filter(move |(_, it, since)| *it == says && *since == V3_0);
    all.map(|(name, ..)| *name)
}

/// Whether a keyword says nothing about which values are valid. Extensions do not. `nullable` is not among
/// them: it makes null valid in OpenAPI 3.0.
pub fn is_note(keyword: &str) -> bool {
    keyword != "nullable" && (is_extension(keyword) || matches!(entry(keyword), Some((Note, _))))
}

/// Whether a note of OpenAPI 3.0 is about a schema and not about a value: all but the default, which progenitor makes
/// code of.
pub fn is_plain_note(keyword: &str) -> bool {
    keyword != "default" && is_note(keyword) && says_in_3_0(keyword).is_some()
}

/// Whether a keyword in a branch of an `allOf` is said of the whole. `xml` is not: it names the element of the branch.
pub fn is_of_the_whole(keyword: &str) -> bool {
    keyword != "xml" && says_in_3_0(keyword) == Some(Note)
}

/// Whether a keyword of a property says nothing about its values and nothing about its use. A property that has no
/// other keywords may be anything.
pub fn is_only_for_readers(keyword: &str) -> bool {
    matches!(
        keyword,
        "title" | "description" | "example" | "externalDocs"
    )
}

/// Whether a keyword belongs to the place where a schema is used, and not to the type that becomes of it: it stays
/// behind when the schema gets a name. A title, an `xml` and external documentation go with the type.
pub fn is_of_the_place(keyword: &str) -> bool {
    is_of_the_whole(keyword) && !matches!(keyword, "title" | "externalDocs")
        || keyword.starts_with(DEPRECATION)
}

/// Notes about the place of a schema that programs depend on. Drift compares them where the schema is used.
pub const OF_THE_USE: [&str; 4] = ["default", "deprecated", "readOnly", "writeOnly"];

/// Whether a keyword says something about the shape of a value. A description, an example and a mark of age do not:
/// schemas that differ in them are of one type.
pub fn shapes(keyword: &str) -> bool {
    !is_only_for_readers(keyword) && keyword != "deprecated" && !is_extension(keyword)
}

/// Whether a member of an object in a description holds data of the service: values, in which nothing that looks like
/// a reference, a schema or a marker is one. Only of objects whose members are keywords: a property may be called so.
pub fn is_data(key: &str) -> bool {
    matches!(key, "example" | "examples" | "default" | "enum" | "const")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_keyword_is_in_the_table_twice() {
        let names: BTreeSet<&str> = TABLE.iter().map(|(name, ..)| *name).collect();
        assert_eq!(names.len(), TABLE.len());
    }

    /// The lists that stages kept, as they were. If two differed for no reason, both have the longer one now.
    #[test]
    fn questions_have_the_answers_that_stages_gave() {
        let all = |is: fn(&str) -> bool| -> BTreeSet<&str> {
            TABLE
                .iter()
                .map(|(name, ..)| *name)
                .filter(|it| is(it))
                .collect()
        };
        let notes = [
            "title",
            "description",
            "default",
            "example",
            "examples",
            "deprecated",
            "readOnly",
            "writeOnly",
            "externalDocs",
            "xml",
            "contentEncoding",
            "contentMediaType",
            "contentSchema",
            "$comment",
            "$anchor",
            "$defs",
        ];
        assert_eq!(all(is_note), notes.into());
        let plain = [
            "title",
            "description",
            "example",
            "externalDocs",
            "xml",
            "deprecated",
            "readOnly",
            "writeOnly",
        ];
        assert_eq!(all(is_plain_note), plain.into());
        let whole = [
            "title",
            "description",
            "example",
            "externalDocs",
            "deprecated",
            "readOnly",
            "writeOnly",
            "nullable",
            "default",
        ];
        assert_eq!(all(is_of_the_whole), whole.into());
        let place = [
            "description",
            "default",
            "nullable",
            "deprecated",
            "readOnly",
            "writeOnly",
            "example",
        ];
        assert_eq!(all(is_of_the_place), place.into());
        let objects: Vec<&str> = of_3_0(Objects).collect();
        assert_eq!(
            objects,
            [
                "properties",
                "required",
                "additionalProperties",
                "minProperties",
                "maxProperties"
            ]
        );
        let numbers: Vec<&str> = of_3_0(Numbers).collect();
        assert_eq!(
            numbers,
            [
                "minimum",
                "maximum",
                "exclusiveMinimum",
                "exclusiveMaximum",
                "multipleOf"
            ]
        );
    }
}
