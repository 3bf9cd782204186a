//! Schemas that are alternatives, or that hold together.

use serde_json::{Map, Value, json};

use super::schema::{Clean, Object, Result, join};

/// Most combinations of alternatives that hold together.
const PRODUCT_LIMIT: usize = 100;

/// One of these schemas holds.
pub(super) fn one_of(branches: Vec<Clean>) -> Clean {
    let mut is_nullable = false;
    let mut kept: Vec<Object> = Vec::new();
    for branch in branches {
        is_nullable |= branch.is_nullable || branch.is_type("null");
        if branch.is_any() {
            // Whatever the others allow, this one allows it.
            let mut any = branch;
            any.is_nullable = false;
            return any;
        }
        if branch.is_never || branch.is_type("null") {
            continue;
        }
        let mut keywords = branch.keywords;
        move_description(&mut keywords);
        let inner = match keywords.remove("anyOf") {
            Some(Value::Array(inner)) => inner,
            _ => vec![Value::Object(keywords)],
        };
        for inner in inner {
            if let Value::Object(inner) = inner {
                add(&mut kept, inner);
            }
        }
    }
    let mut clean = match kept.len() {
        0 if is_nullable => return Clean::of(null()),
        0 => return Clean::never(),
        1 => Clean::of(kept.remove(0)),
        _ => {
            let branches: Vec<Value> = kept.into_iter().map(Value::Object).collect();
            let mut keywords = Object::new();
            keywords.insert("anyOf".into(), branches.into());
            Clean::of(keywords)
        }
    };
    clean.is_nullable = is_nullable;
    clean
}

fn null() -> Object {
    let mut null = Object::new();
    null.insert("type".into(), "null".into());
    null
}

/// Adds an alternative. Texts become one `enum`.
fn add(kept: &mut Vec<Object>, branch: Object) {
    if kept.contains(&branch) {
        return;
    }
    let texts = kept.iter_mut().find(|kept| texts(kept).is_some());
    let (Some(first), Some(more)) = (texts, texts_of(&branch)) else {
        kept.push(branch);
        return;
    };
    let mut all = texts_of(first).unwrap_or_default();
    let description = match (described(first, &all), described(&branch, &more)) {
        (None, None) => None,
        (first, more) => {
            let lines: Vec<String> = [first, more].into_iter().flatten().collect();
            Some(lines.join("\n"))
        }
    };
    for text in more {
        if !all.contains(&text) {
            all.push(text);
        }
    }
    first.insert("enum".into(), all.into());
    if let Some(description) = description {
        first.insert("description".into(), description.into());
    }
}

/// The texts of an `enum` that says nothing else.
fn texts(branch: &Object) -> Option<&Vec<Value>> {
    let known = ["type", "enum", "description"];
    let is_plain = branch.keys().all(|key| known.contains(&key.as_str()));
    match branch.get("enum") {
        Some(Value::Array(texts)) if is_plain => Some(texts),
        _ => None,
    }
}

fn texts_of(branch: &Object) -> Option<Vec<Value>> {
    texts(branch).cloned()
}

/// A line for the description of one text. Several lines are those of texts that were joined.
fn described(branch: &Object, texts: &[Value]) -> Option<String> {
    let description = branch.get("description")?.as_str()?;
    match texts {
        [Value::String(text)] => Some(format!("- `{text}`: {description}")),
        _ => Some(description.to_owned()),
    }
}

/// Both schemas hold. All that they describe is kept, the first before the second.
pub(super) fn both(mut near: Clean, mut far: Clean) -> Result<Clean> {
    if near.is_never || far.is_never {
        return Ok(Clean::never());
    }
    let allows_null = |clean: &Clean| clean.is_nullable || clean.is_any() || clean.is_type("null");
    let is_nullable = allows_null(&near) && allows_null(&far);
    let mut description = near.take_description();
    let add = |description: Option<String>, more: Option<String>| match (description, more) {
        (Some(first), Some(more)) if first != more => Some(join(Some(&first), &more)),
        (first, more) => first.or(more),
    };
    description = add(description, far.take_description());
    let mut clean = if near.is_any() {
        far
    } else if far.is_any() {
        near
    } else {
        merge(near, far)?
    };
    let note = clean.take_description();
    clean.describe(add(description, note));
    clean.is_nullable = is_nullable && !clean.is_type("null") && !clean.is_any();
    Ok(clean)
}

/// Merges two schemas that both say something. The description of the result is what the merge has to say, or none.
fn merge(near: Clean, far: Clean) -> Result<Clean> {
    match (near.branches().is_some(), far.branches().is_some()) {
        (false, false) => merge_plain(near, far),
        (false, true) => choose(near, far),
        (true, false) => choose(far, near),
        (true, true) => {
            let mut all = Vec::new();
            let (near, far) = (branches(near), branches(far));
            if near.len().saturating_mul(far.len()) > PRODUCT_LIMIT {
                return Err(format!(
                    "must have an input of at most {PRODUCT_LIMIT} alternatives that are combinations of others"
                ));
            }
            for branch in near {
                for other in far.clone() {
                    all.extend(both(branch.clone(), other).ok());
                }
            }
            match all.is_empty() {
                true => Err(cannot_hold_together()),
                false => Ok(one_of(all)),
            }
        }
    }
}

/// A schema that holds together with one of some alternatives.
fn choose(plain: Clean, alternatives: Clean) -> Result<Clean> {
    let alternatives = branches(alternatives);
    if plain.is_type("object") && alternatives.iter().all(|branch| branch.is_type("object")) {
        return join_objects(plain, alternatives);
    }
    let fit = alternatives
        .into_iter()
        .filter_map(|branch| both(branch, plain.clone()).ok());
    let fit: Vec<Clean> = fit.collect();
    match fit.is_empty() {
        true => Err(cannot_hold_together()),
        false => Ok(one_of(fit)),
    }
}

fn branches(clean: Clean) -> Vec<Clean> {
    let mut keywords = clean.keywords;
    let Some(Value::Array(branches)) = keywords.remove("anyOf") else {
        return vec![Clean::of(keywords)];
    };
    let objects = branches.into_iter().filter_map(|branch| match branch {
        Value::Object(branch) => Some(Clean::of(branch)),
        _ => None,
    });
    objects.collect()
}

fn cannot_hold_together() -> String {
    "must have a schema whose `allOf`, `anyOf` and `oneOf` can hold together with what is beside them".to_owned()
}

fn merge_plain(near: Clean, far: Clean) -> Result<Clean> {
    let kind = match (near.kind(), far.kind()) {
        (Some(near), Some(far)) if near == far => near.to_owned(),
        (Some("integer"), Some("number")) | (Some("number"), Some("integer")) => {
            "integer".to_owned()
        }
        _ => return Err(cannot_hold_together()),
    };
    let mut merged = near.keywords;
    for (key, value) in far.keywords {
        let Some(old) = merged.get_mut(&key) else {
            merged.insert(key, value);
            continue;
        };
        match (key.as_str(), old, value) {
            ("properties", Value::Object(old), Value::Object(new)) => {
                for (name, field) in new {
                    match old.remove(&name) {
                        None => old.insert(name, field),
                        Some(first) if first == field => old.insert(name, first),
                        Some(Value::Object(first)) => {
                            let field = match field {
                                Value::Object(field) => Clean::of(field),
                                _ => Clean::default(),
                            };
                            let field = both(Clean::of(first), field)?;
                            old.insert(name, field.finish())
                        }
                        Some(first) => old.insert(name, first),
                    };
                }
            }
            ("required", Value::Array(old), Value::Array(new)) => {
                for name in new {
                    if !old.contains(&name) {
                        old.push(name);
                    }
                }
            }
            ("enum", Value::Array(old), Value::Array(new)) => {
                old.retain(|text| new.contains(text));
                if old.is_empty() {
                    return Err(cannot_hold_together());
                }
            }
            // Each part of a whole forbids the fields of the others: that cannot be meant.
            ("additionalProperties", old, new) if *old != new => *old = Value::Bool(true),
            _ => {}
        }
    }
    merged.insert("type".into(), kind.into());
    Ok(Clean::of(merged))
}

/// The schema of an object at the top, where no union may be.
pub(super) fn as_object(mut clean: Clean) -> Result<Object> {
    clean.is_nullable = false;
    if clean.is_type("object") {
        return Ok(clean.keywords);
    }
    let what = clean.kind().unwrap_or("anything").to_owned();
    let description = clean.description().map(str::to_owned);
    let is_union = clean.branches().is_some();
    let alternatives = branches(clean);
    if !is_union || !alternatives.iter().all(|branch| branch.is_type("object")) {
        let what = match is_union {
            true => "sometimes something else".to_owned(),
            false => what,
        };
        return Err(format!(
            "must have an input that is an object with named fields, such as a struct, but this one is {what}"
        ));
    }
    let mut base = Object::new();
    base.insert("type".into(), "object".into());
    let mut joined = join_objects(Clean::of(base), alternatives)?;
    if let Some(description) = description {
        let text = match joined.description() {
            Some(note) => join(Some(&description), note),
            None => description,
        };
        joined.describe(Some(text));
    }
    Ok(joined.keywords)
}

/// One object with the fields of all alternatives. Its description tells which belong together.
fn join_objects(base: Clean, alternatives: Vec<Clean>) -> Result<Clean> {
    let mut keywords = base.keywords;
    let mut properties = take_object(&mut keywords, "properties");
    let mut required = take_array(&mut keywords, "required");
    let mut lines = vec!["Give one of these sets of fields:".to_owned()];
    let mut in_all: Option<Vec<Value>> = None;
    let mut found: Vec<(String, Vec<Clean>)> = Vec::new();
    for alternative in alternatives {
        let description = alternative.description().map(str::to_owned);
        let mut alternative = alternative.keywords;
        let fields = take_object(&mut alternative, "properties");
        let needed = take_array(&mut alternative, "required");
        lines.push(set_of(&fields, &needed, description.as_deref()));
        for (name, field) in fields {
            let field = match field {
                Value::Object(field) => Clean::of(field),
                _ => Clean::default(),
            };
            match found.iter_mut().find(|(known, _)| *known == name) {
                Some((_, kinds)) => kinds.push(field),
                None => found.push((name, vec![field])),
            }
        }
        in_all = Some(match in_all {
            None => needed,
            Some(mut in_all) => {
                in_all.retain(|name| needed.contains(name));
                in_all
            }
        });
    }
    for (name, kinds) in found {
        let mut field = one_of(kinds);
        if let Some(Value::Object(known)) = properties.remove(&name) {
            field = both(Clean::of(known), field)?;
        }
        properties.insert(name, field.finish());
    }
    for name in in_all.into_iter().flatten() {
        if !required.contains(&name) {
            required.push(name);
        }
    }
    keywords.insert("properties".into(), properties.into());
    if !required.is_empty() {
        keywords.insert("required".into(), required.into());
    }
    let mut joined = Clean::of(keywords);
    joined.describe(Some(lines.join("\n")));
    Ok(joined)
}

/// A line that names the fields of an alternative.
fn set_of(fields: &Map<String, Value>, needed: &[Value], description: Option<&str>) -> String {
    let is_needed = |name: &str| needed.iter().any(|needed| needed == name);
    let only_value = |field: &Value| match field.get("enum").and_then(Value::as_array) {
        Some(values) if values.len() == 1 => Some(values[0].clone()),
        _ => None,
    };
    // Whether serde_json keeps the order of members is up to the application, so it must not decide: what tells the set apart, then what
    // is needed, then the rest, each by name.
    let mut fields_in_order: Vec<_> = fields.iter().collect();
    fields_in_order.sort_by_key(|(name, field)| {
        (only_value(field).is_none(), !is_needed(name), name.as_str())
    });
    let mut names: Vec<String> = Vec::new();
    for (name, field) in fields_in_order {
        let text = match only_value(field) {
            Some(value) => format!("`{name}` {value}"),
            None => format!("`{name}`"),
        };
        names.push(match is_needed(name) {
            true => text,
            false => format!("{text} (optional)"),
        });
    }
    let others = needed.iter().filter_map(Value::as_str);
    let others = others.filter(|name| !fields.contains_key(*name));
    names.extend(others.map(|name| format!("`{name}`")));
    if names.is_empty() {
        names.push("none".to_owned());
    }
    match description {
        Some(description) => format!("- {}: {description}", names.join(", ")),
        None => format!("- {}", names.join(", ")),
    }
}

/// Moves a description that is beside `anyOf` into the branches.
pub(super) fn move_description(keywords: &mut Object) {
    if !keywords.contains_key("anyOf") {
        return;
    }
    let description = keywords.remove("description");
    let Some(Value::String(description)) = description else {
        return;
    };
    let Some(Value::Array(branches)) = keywords.get_mut("anyOf") else {
        return;
    };
    let null = json!({"type": "null"});
    let mut is_told = false;
    for branch in branches.iter_mut().filter(|branch| **branch != null) {
        let Value::Object(branch) = branch else {
            continue;
        };
        let own = branch.get("description").and_then(Value::as_str);
        let text = match own {
            None => description.clone(),
            Some(own) if !is_told => join(Some(&description), own),
            Some(_) => continue,
        };
        is_told = true;
        branch.insert("description".into(), text.into());
    }
}

fn take_object(keywords: &mut Object, key: &str) -> Object {
    match keywords.remove(key) {
        Some(Value::Object(object)) => object,
        _ => Object::new(),
    }
}

fn take_array(keywords: &mut Object, key: &str) -> Vec<Value> {
    match keywords.remove(key) {
        Some(Value::Array(array)) => array,
        _ => Vec::new(),
    }
}
