//! What answers have in any case, as data for the emulator.
//!
//! The service writes each member of an answer, `null` if it has no value. letta-api leaves out what is `None` and lists that are
//! empty, so an answer that is made of its types lacks them. The emulator adds them by what is written here.
//!
//! A shape says what a value of a schema has in any case, and no more. Schemas that add nothing, as a text, have no shape and
//! stand nowhere. An operation has the shape of its JSON answer as `answer`, and that of an event of its stream as `event`. These are
//! the shapes:
//!
//! | shape | of | what it says |
//! |---|---|---|
//! | `"X"` | anything | the shape X in the file's `answers`, which is that of the component schema X |
//! | `{"items": S}` | arrays | the shape of each item |
//! | `{"null": [N], "else": {N: V}, "members": {N: S}, "others": S}` | objects | members that are `null` if they have no value, members with another value, the shapes of members, and that of all other members. Each may be missing |
//! | `{"tag": N, "of": {V: S}, "default": V}` | objects | the shape by the value of one member; without that member, the shape of the default |
//! | `{"first": [{"is": K, "has": [N], "as": S}]}` | anything | the shape of the first entry that fits: by the kind of the value (`array` or `object`), and by the members that it must have. If it has no shape, there is nothing to add |
//! | `{"all": [S]}` | anything | each of these shapes |
//!
//! A member that is not required and not nullable has its default, or else `[]` if it is an array and `{}` if it is a map.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use crate::diagnostic::Failure;
use crate::openapi::{Node, component_schemas, media_types, reference};
use crate::requests::{COMPONENT, DEFINITION, constants, unexpected};

/// The component schemas of a description.
pub(crate) struct Schemas<'a> {
    facts: &'a Node,
    nodes: BTreeMap<&'a str, &'a Node>,
    schemas: BTreeMap<&'a str, Value>,
}

impl<'a> Schemas<'a> {
    pub(crate) fn of(facts: &'a Node) -> Self {
        let nodes: BTreeMap<&str, &Node> = component_schemas(facts).collect();
        let schemas = nodes.iter().map(|(name, node)| (*name, node.to_json()));
        Self {
            facts,
            schemas: schemas.collect(),
            nodes,
        }
    }

    /// Adds the shapes of its answers to an operation.
    pub(crate) fn describe(
        &self,
        operation: &Node,
        line: &mut Map<String, Value>,
    ) -> Result<(), String> {
        let responses = operation.get("responses").and_then(Node::as_object);
        let responses = responses.into_iter().flatten();
        for (_, response) in responses.filter(|(status, _)| status.starts_with('2')) {
            let response = reference::last(self.facts, &response.node);
            let content = response.get("content").and_then(Node::as_object);
            for (media, entry) in content.into_iter().flatten() {
                let key = match media {
                    it if media_types::is_json(it) => "answer",
                    it if media_types::is_event_stream(it) => "event",
                    _ => continue,
                };
                let schema = entry.node.get("schema").map(Node::to_json);
                let Some(shape) = self.shape(&schema.unwrap_or_default())? else {
                    continue;
                };
                let before = line.insert(key.to_owned(), shape);
                if before.is_some_and(|it| it != line[key]) {
                    return Err("it has successes of several schemas".to_owned());
                }
            }
        }
        Ok(())
    }

    /// The shapes that those of the operations reach. Those that add nothing are taken out of both.
    pub(crate) fn reached(
        &self,
        operations: &mut [Map<String, Value>],
    ) -> Result<BTreeMap<String, Value>, Failure> {
        let mut open = BTreeSet::new();
        for operation in &*operations {
            let own = ["answer", "event"].map(|key| operation.get(key));
            own.into_iter()
                .flatten()
                .for_each(|it| names(it, &mut open));
        }
        let (mut seen, mut shapes) = (BTreeSet::new(), BTreeMap::new());
        while let Some(name) = open.pop_first() {
            if !seen.insert(name.clone()) {
                continue;
            }
            let schema = self
                .schemas
                .get(name.as_str())
                .ok_or_else(|| unexpected(&name, "there is no such schema"))?;
            if let Some(shape) = self
                .shape(schema)
                .map_err(|what| unexpected(&name, &what))?
            {
                names(&shape, &mut open);
                shapes.insert(name, shape);
            }
        }
        let kept = useful(&shapes);
        for operation in operations {
            for key in ["answer", "event"] {
                if let Some(shape) = operation.remove(key).and_then(|it| pruned(&it, &kept)) {
                    operation.insert(key.to_owned(), shape);
                }
            }
        }
        let shapes = shapes
            .into_iter()
            .filter_map(|(name, shape)| Some((name, pruned(&shape, &kept)?)));
        Ok(shapes.collect())
    }

    fn shape(&self, schema: &Value) -> Result<Option<Value>, String> {
        let mut parts = Vec::new();
        if let Some(reference) = schema.get("$ref") {
            parts.push(component(reference)?.into());
        }
        for part in list(schema, "allOf") {
            parts.extend(self.shape(part)?);
        }
        for key in ["oneOf", "anyOf"] {
            parts.extend(self.union(schema, list(schema, key))?);
        }
        if let Some(items) = schema.get("items") {
            let items = self.shape(items)?;
            parts.extend(items.map(|items| json!({"items": items})));
        }
        parts.extend(self.object(schema)?);
        Ok(together(parts))
    }

    fn union(&self, schema: &Value, branches: &[Value]) -> Result<Option<Value>, String> {
        match branches {
            [] => return Ok(None),
            [only] => return self.shape(only),
            _ => {}
        }
        if let Some(told_apart) = self.tagged(schema, branches)? {
            return Ok(Some(told_apart));
        }
        let mut entries = Vec::new();
        for branch in branches {
            let resolved = self.chain(branch).last().unwrap_or(branch);
            let kind = resolved["type"].as_str();
            let mut entry = Map::new();
            match kind {
                Some("array" | "object") => _ = entry.insert("is".to_owned(), kind.into()),
                // Nothing is added to a text.
                Some(_) => continue,
                None => {}
            }
            if let Some(required) = resolved.get("required") {
                entry.insert("has".to_owned(), required.clone());
            }
            if let Some(shape) = self.shape(branch)? {
                entry.insert("as".to_owned(), shape);
            }
            entries.push(entry);
        }
        Ok(Some(json!({"first": entries})))
    }

    /// A union whose branches are told apart by a member.
    fn tagged(&self, schema: &Value, branches: &[Value]) -> Result<Option<Value>, String> {
        let mut discriminator = schema["discriminator"].clone();
        if discriminator["mapping"].is_null() {
            let references = branches.iter().map(|branch| {
                let name = component(branch.get("$ref")?).ok()?;
                Some(json!({"$ref": format!("{DEFINITION}{name}")}))
            });
            let Some(references) = references.collect::<Option<Vec<_>>>() else {
                return Ok(None);
            };
            let mut union = json!({"anyOf": references});
            constants(&self.nodes, &mut union);
            discriminator = union["discriminator"].take();
        }
        let Some(mapping) = discriminator["mapping"].as_object() else {
            return Ok(None);
        };
        let of = mapping
            .iter()
            .map(|(tag, to)| Ok((tag.clone(), component(to)?.into())))
            .collect::<Result<Map<_, _>, String>>()?;
        let mut shape = json!({"tag": discriminator["propertyName"], "of": of});
        if let Some(default) = discriminator.get("default") {
            shape["default"] = default.clone();
        }
        Ok(Some(shape))
    }

    fn object(&self, schema: &Value) -> Result<Option<Value>, String> {
        let required = list(schema, "required");
        let (mut nulls, mut values) = (Vec::new(), Map::new());
        let mut members = Map::new();
        for (name, property) in schema["properties"].as_object().into_iter().flatten() {
            if self.says(property, "writeOnly") {
                continue;
            }
            if self.says(property, "nullable") {
                nulls.push(name.as_str());
            } else if !required.iter().any(|it| it == name) {
                let value = self.without_value(property);
                values.extend(value.map(|value| (name.clone(), value)));
            }
            let shape = self.shape(property)?;
            members.extend(shape.map(|shape| (name.clone(), shape)));
        }
        let others = schema.get("additionalProperties");
        let others = others.map_or(Ok(None), |others| self.shape(others))?;
        Ok(object(json!(nulls), values, members, others))
    }

    /// What a member has that is neither required nor null and is given no value.
    fn without_value(&self, property: &Value) -> Option<Value> {
        let mut defaults = self.chain(property).filter_map(|it| it.get("default"));
        if let Some(default) = defaults.next() {
            return Some(default.clone()).filter(|it| !it.is_null());
        }
        let schema = self.chain(property).last()?;
        let is_map = schema
            .get("additionalProperties")
            .is_some_and(|it| *it != false)
            && schema.get("properties").is_none();
        match schema["type"].as_str() {
            Some("array") => Some(json!([])),
            Some("object") if is_map => Some(json!({})),
            _ => None,
        }
    }

    fn says(&self, schema: &Value, key: &str) -> bool {
        self.chain(schema).any(|it| it[key] == true)
    }

    /// A schema, and what it refers to, one after the other.
    fn chain<'b>(&'b self, schema: &'b Value) -> impl Iterator<Item = &'b Value> {
        let next = |schema: &&'b Value| {
            if let [only] = list(schema, "allOf") {
                return Some(only);
            }
            let name = component(schema.get("$ref")?).ok()?;
            self.schemas.get(name)
        };
        // One that is longer goes in a circle.
        std::iter::successors(Some(schema), next).take(2 * self.schemas.len() + 2)
    }
}

/// The name of the component schema that this refers to.
fn component(reference: &Value) -> Result<&str, String> {
    let text = reference.as_str();
    let name = text.and_then(|it| {
        it.strip_prefix(COMPONENT)
            .or_else(|| it.strip_prefix(DEFINITION))
    });
    name.ok_or_else(|| format!("{reference} is not a reference to a component schema"))
}

fn list<'v>(schema: &'v Value, key: &str) -> &'v [Value] {
    schema[key].as_array().map_or(&[], Vec::as_slice)
}

fn together(mut parts: Vec<Value>) -> Option<Value> {
    match parts.len() {
        0 | 1 => parts.pop(),
        _ => Some(json!({"all": parts})),
    }
}

/// The shape of an object, if it says anything.
fn object(
    nulls: Value,
    values: Map<String, Value>,
    members: Map<String, Value>,
    others: Option<Value>,
) -> Option<Value> {
    let mut shape = Map::new();
    if nulls[0].is_string() {
        shape.insert("null".to_owned(), nulls);
    }
    for (key, map) in [("else", values), ("members", members)] {
        if !map.is_empty() {
            shape.insert(key.to_owned(), map.into());
        }
    }
    if let Some(others) = others {
        shape.insert("others".to_owned(), others);
    }
    (!shape.is_empty()).then(|| shape.into())
}

/// The names of the shapes that a shape refers to.
fn names(shape: &Value, found: &mut BTreeSet<String>) {
    if let Some(name) = shape.as_str() {
        found.insert(name.to_owned());
    }
    for key in ["items", "others", "as"] {
        if let Some(within) = shape.get(key) {
            names(within, found);
        }
    }
    for key in ["members", "of"] {
        let within = shape[key].as_object().into_iter().flatten();
        within.for_each(|(_, it)| names(it, found));
    }
    for key in ["all", "first"] {
        list(shape, key).iter().for_each(|it| names(it, found));
    }
}

/// The names of the shapes that add something, or lead to one that does.
fn useful(shapes: &BTreeMap<String, Value>) -> BTreeSet<String> {
    let mut kept = BTreeSet::new();
    loop {
        let before = kept.len();
        for (name, shape) in shapes {
            if !kept.contains(name) && pruned(shape, &kept).is_some() {
                kept.insert(name.clone());
            }
        }
        if kept.len() == before {
            return kept;
        }
    }
}

/// A shape without what adds nothing, of which only those of `kept` do. `None` if nothing is left.
fn pruned(shape: &Value, kept: &BTreeSet<String>) -> Option<Value> {
    if let Some(name) = shape.as_str() {
        return kept.contains(name).then(|| shape.clone());
    }
    let within = |key: &str| shape.get(key).and_then(|it| pruned(it, kept));
    let map = |key: &str| -> Map<String, Value> {
        let entries = shape[key].as_object().into_iter().flatten();
        let entries = entries.filter_map(|(name, it)| Some((name.clone(), pruned(it, kept)?)));
        entries.collect()
    };
    if shape.get("items").is_some() {
        return Some(json!({"items": within("items")?}));
    }
    if shape.get("all").is_some() {
        let parts = list(shape, "all").iter();
        return together(parts.filter_map(|it| pruned(it, kept)).collect());
    }
    if shape.get("tag").is_some() {
        let mut shape = shape.clone();
        let of = map("of");
        shape["of"] = of.clone().into();
        return (!of.is_empty()).then_some(shape);
    }
    if shape.get("first").is_some() {
        let mut entries: Vec<Value> = Vec::new();
        for entry in list(shape, "first") {
            let mut entry = entry.clone();
            let shape = entry.get("as").and_then(|it| pruned(it, kept));
            if let Some(members) = entry.as_object_mut() {
                members.remove("as");
                members.extend(shape.map(|shape| ("as".to_owned(), shape)));
            }
            entries.push(entry);
        }
        // Those that add nothing stand before others, which would be taken for them.
        let last = entries.iter().rposition(|it| it.get("as").is_some())?;
        entries.truncate(last + 1);
        return Some(json!({"first": entries}));
    }
    let values = shape["else"].as_object().cloned().unwrap_or_default();
    object(
        shape["null"].clone(),
        values,
        map("members"),
        within("others"),
    )
}
