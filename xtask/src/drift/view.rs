//! A schema in the form in which it is compared: references are followed, an `allOf` is merged, notes are left out. So it does not matter
//! whether a description names a schema among its components or writes it inline.
//!
//! `{$ref: Id}` with `Id: {type: string}`, `{allOf: [{$ref: Id}], description: D}` and `{type: string}` have the same view.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use indexmap::IndexMap;

use super::canonical::canonical;
use super::part::{Part, component_of};
use crate::openapi::keywords::{self, OF_THE_USE};
use crate::openapi::limits::LOOK_THROUGH;
use crate::openapi::{Node, Value, schema};

/// Whether a keyword is compared elsewhere, or not at all, since it says nothing about what is valid.
fn is_note(keyword: &str) -> bool {
    // Null is asked for where a schema is used, and a discriminator is compared with its union.
    keywords::is_note(keyword) || matches!(keyword, "discriminator" | "nullable" | "$schema")
}

/// The keywords of a schema that count: the overlay may say to ignore some.
fn counting<'a>(part: &Part<'a>) -> Vec<(&'a str, Part<'a>)> {
    let mut members = part.members();
    members.retain(|(key, _)| !schema::ignores(part.node, key));
    members
}

/// A keyword that counts.
fn keyword<'a>(part: &Part<'a>, name: &str) -> Option<Part<'a>> {
    let member = part.member(name)?;
    (!schema::ignores(part.node, name)).then_some(member)
}

/// A schema without what only wraps it.
pub(super) struct Entered<'a> {
    /// What is left: one schema, or several that all hold.
    pub(super) core: Vec<Part<'a>>,
    /// The component that it is, if a reference led to one.
    pub(super) component: Option<String>,
    /// Whether a wrapper allows null.
    pub(super) wrapper_allows_null: bool,
    /// [`OF_THE_USE`], the outermost of each, and whether a wrapper has it.
    pub(super) notes: BTreeMap<&'static str, (Part<'a>, bool)>,
}

/// Follows references, and removes what only wraps a schema: an `allOf` of one, or a union of one without discriminator.
pub(super) fn enter<'a>(document: &'a Node, parts: &[Part<'a>]) -> Entered<'a> {
    let mut entered = Entered {
        core: parts.to_vec(),
        component: None,
        wrapper_allows_null: false,
        notes: BTreeMap::new(),
    };
    let mut seen = HashSet::new();
    while let [part] = entered.core.as_slice() {
        // A circle of references ends at the second visit.
        let inner = seen
            .insert(part.id())
            .then(|| unwrap(document, part))
            .flatten();
        for name in OF_THE_USE {
            if let Some(note) = keyword(part, name) {
                let notes = &mut entered.notes;
                notes.entry(name).or_insert((note, inner.is_some()));
            }
        }
        let Some(inner) = inner else {
            break;
        };
        entered.wrapper_allows_null |= allows_null(part);
        if let Some(name) = component_of(&inner) {
            entered.component = Some(name.to_owned());
        }
        entered.core = vec![inner];
    }
    entered
}

/// Whether a schema says `nullable: true`.
fn allows_null(part: &Part<'_>) -> bool {
    keyword(part, "nullable").is_some_and(|it| it.node.as_bool() == Some(true))
}

/// What a wrapper holds. `None` if this is not one.
fn unwrap<'a>(document: &'a Node, part: &Part<'a>) -> Option<Part<'a>> {
    if let Some(target) = part.target(document) {
        return Some(target);
    }
    let mut telling = counting(part);
    telling.retain(|(key, _)| !is_note(key) || *key == "discriminator");
    match telling.as_slice() {
        [(keyword, list)] if matches!(*keyword, "allOf" | "anyOf" | "oneOf") => {
            let mut branches = list.items();
            (branches.len() == 1).then(|| branches.pop()).flatten()
        }
        _ => None,
    }
}

/// What an object does with members that it does not declare.
pub(super) enum Additional<'a> {
    Any,
    None(Part<'a>),
    Schema(Vec<Part<'a>>),
}

impl Additional<'_> {
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Any => "anything",
            Self::None(_) => "none",
            Self::Schema(_) => "a schema",
        }
    }
}

/// `oneOf` or `anyOf`.
#[derive(Clone)]
pub(super) struct Union<'a> {
    pub(super) keyword: &'a str,
    pub(super) part: Part<'a>,
    pub(super) branches: Vec<Part<'a>>,
    pub(super) discriminator: Option<Part<'a>>,
}

/// What a schema says.
#[derive(Default)]
pub(super) struct View<'a> {
    pub(super) types: BTreeSet<String>,
    /// Where the type is said.
    pub(super) type_part: Option<Part<'a>>,
    /// Values by their text, without null.
    pub(super) values: Option<BTreeMap<String, Part<'a>>>,
    pub(super) values_part: Option<Part<'a>>,
    pub(super) properties: IndexMap<&'a str, Vec<Part<'a>>>,
    pub(super) required: BTreeSet<&'a str>,
    pub(super) required_part: Option<Part<'a>>,
    pub(super) items: Vec<Part<'a>>,
    pub(super) additional: Option<Additional<'a>>,
    pub(super) unions: Vec<Union<'a>>,
    pub(super) negated: Vec<Part<'a>>,
    /// All others, each as often as it is said.
    pub(super) keywords: BTreeMap<&'a str, Vec<Part<'a>>>,
    pub(super) allows_null: bool,
}

impl<'a> View<'a> {
    /// Takes several schemas together that all hold.
    pub(super) fn of(document: &'a Node, parts: &[Part<'a>]) -> Self {
        let mut view = Self::default();
        let mut seen = HashSet::new();
        let mut nulls = Vec::new();
        for part in parts {
            nulls.push(view.take(document, part, &mut seen, 0));
        }
        // Without anything said, null is as good as any other value.
        view.allows_null =
            !view.says_nothing() && !nulls.is_empty() && nulls.into_iter().all(|it| it);
        view.infer_type();
        view
    }

    /// Adds a schema that holds as well. Gives whether it allows null.
    fn take(
        &mut self,
        document: &'a Node,
        part: &Part<'a>,
        seen: &mut HashSet<usize>,
        depth: usize,
    ) -> bool {
        if depth > LOOK_THROUGH || !seen.insert(part.id()) {
            return true;
        }
        match &part.node.value {
            Value::Object(_) => {}
            Value::Bool(true) => return true,
            _ => {
                self.types.insert(match &part.node.value {
                    Value::Bool(false) => "nothing".to_owned(),
                    other => format!("no schema, but {}", other.kind()),
                });
                return false;
            }
        }
        // OpenAPI 3.0 ignores what is next to a reference.
        if part.node.get("$ref").is_some() {
            let mut last = part.clone();
            while let Some(target) = last.target(document) {
                last = target;
                if last.node.get("$ref").is_none() {
                    // Not deeper, however many references lead there.
                    return self.take(document, &last, seen, depth);
                }
                if !seen.insert(last.id()) {
                    return true;
                }
            }
            self.keywords.entry("$ref").or_default().push(last);
            return false;
        }
        let mut nulls = Vec::new();
        let mut is_restricted = false;
        for (keyword, value) in counting(part) {
            is_restricted |= !is_note(keyword) && keyword != "allOf";
            match keyword {
                "type" => {
                    self.types.insert(match value.node.as_str() {
                        Some(name) => name.to_owned(),
                        None => canonical(value.node),
                    });
                    self.type_part.get_or_insert(value);
                }
                "enum" => {
                    self.take_values(value.items());
                    self.values_part.get_or_insert(value);
                }
                "const" => {
                    self.take_values(vec![value.clone()]);
                    self.values_part.get_or_insert(value);
                }
                "properties" => {
                    for (name, property) in value.named() {
                        self.properties.entry(name).or_default().push(property);
                    }
                }
                "required" => {
                    let names = value.node.as_array().unwrap_or(&[]).iter();
                    self.required.extend(names.filter_map(Node::as_str));
                    self.required_part.get_or_insert(value);
                }
                "items" => self.items.push(value),
                "additionalProperties" => self.take_additional(document, value),
                "allOf" => {
                    for branch in value.items() {
                        nulls.push(self.take(document, &branch, seen, depth + 1));
                    }
                }
                "oneOf" | "anyOf" => self.unions.push(Union {
                    keyword,
                    branches: value.items(),
                    part: value,
                    discriminator: part.member("discriminator"),
                }),
                "not" => self.negated.push(value),
                _ if is_note(keyword) => {}
                _ => self.keywords.entry(keyword).or_default().push(value),
            }
        }
        allows_null(part) || !is_restricted && nulls.into_iter().all(|it| it)
    }

    /// Listed values. If there are several lists, a value must be in all of them.
    fn take_values(&mut self, values: Vec<Part<'a>>) {
        let values: BTreeMap<String, Part<'a>> = values
            .into_iter()
            .filter(|value| !value.node.is_null())
            .map(|value| (canonical(value.node), value))
            .collect();
        match &mut self.values {
            None => self.values = Some(values),
            Some(before) => before.retain(|value, _| values.contains_key(value)),
        }
    }

    /// What is said of members that are not declared. The strictest of several holds.
    fn take_additional(&mut self, document: &'a Node, value: Part<'a>) {
        // References may lead to a schema that everything fits, too; to itself, it says something.
        let inner = enter(document, std::slice::from_ref(&value)).core;
        let is_empty = inner.iter().all(|it| {
            let telling = counting(it).into_iter();
            let mut telling = telling.filter(|(key, _)| !is_note(key));
            it.node.as_object().is_some() && telling.next().is_none()
        });
        match (value.node.as_bool(), &mut self.additional) {
            (Some(true), _) => {}
            _ if is_empty => {}
            (Some(false), additional) => *additional = Some(Additional::None(value)),
            (None, Some(Additional::Schema(schemas))) => schemas.push(value),
            (None, Some(Additional::None(_))) => {}
            (None, additional) => *additional = Some(Additional::Schema(vec![value])),
        }
    }

    /// Whether it allows everything.
    fn says_nothing(&self) -> bool {
        self.types.is_empty()
            && self.values.is_none()
            && self.properties.is_empty()
            && self.required.is_empty()
            && self.items.is_empty()
            && self.additional.is_none()
            && self.unions.is_empty()
            && self.negated.is_empty()
            && self.keywords.is_empty()
    }

    /// Listed values say their type without words.
    fn infer_type(&mut self) {
        let Some(values) = self.values.as_ref().filter(|_| self.types.is_empty()) else {
            return;
        };
        let types: BTreeSet<&str> = values
            .values()
            .map(|value| match &value.node.value {
                Value::Null => "null",
                Value::Bool(_) => "boolean",
                Value::Number(number) if number.is_f64() => "number",
                Value::Number(_) => "integer",
                Value::String(_) => "string",
                Value::Array(_) => "array",
                Value::Object(_) => "object",
            })
            .collect();
        if types.len() == 1 {
            self.types = types.into_iter().map(str::to_owned).collect();
        }
    }

    /// What is said of members that are not declared.
    pub(super) fn additional(&self) -> &Additional<'a> {
        self.additional.as_ref().unwrap_or(&Additional::Any)
    }

    /// Whether it is of this type.
    pub(super) fn is(&self, kind: &str) -> bool {
        self.types.contains(kind)
    }

    /// The type in words.
    pub(super) fn label(&self) -> String {
        if !self.types.is_empty() {
            let types: Vec<&str> = self.types.iter().map(String::as_str).collect();
            let types = types.join(" and ");
            return match self.unions.len() {
                0 => types,
                _ => format!("{types}, a union"),
            };
        }
        if !self.unions.is_empty() {
            return "a union".to_owned();
        }
        if let Some(reference) = self.keywords.get("$ref").and_then(|it| it.first()) {
            let reference = reference.text("$ref").unwrap_or("of no text");
            return format!("a reference that leads nowhere ({reference})");
        }
        if self.says_nothing() {
            return "anything".to_owned();
        }
        "of no type".to_owned()
    }

    /// What has to agree for the rest to be comparable.
    pub(super) fn kind(&self) -> (&BTreeSet<String>, bool, bool, bool) {
        (
            &self.types,
            !self.unions.is_empty(),
            self.keywords.contains_key("$ref"),
            self.says_nothing(),
        )
    }

    /// The value of a keyword if it is said once or the same each time, else all of them as one text.
    pub(super) fn said(&self, keyword: &str) -> Option<(String, &Part<'a>)> {
        let parts = self.keywords.get(keyword)?;
        let first = parts.first()?;
        let texts: BTreeSet<String> = parts.iter().map(|it| canonical(it.node)).collect();
        let texts: Vec<String> = texts.into_iter().collect();
        Some((texts.join(" and "), first))
    }
}
