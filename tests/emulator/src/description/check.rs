//! The check of a request against what the description says of its operation.

use serde_json::{Map, Value};
use url::form_urlencoded;

use crate::description::body::Body;
use crate::description::data::{BodySchema, Data, Operation};
use crate::description::finding::{Finding, Loc};
use crate::description::form::Form;
use crate::description::report::{MOST, OBJECT, Report};
use crate::description::{python, text};
use crate::http::refusal::Refusal;

/// The random part of an ID in the examples that the server gives.
const EXAMPLE: &str = "123e4567-e89b-42d3-8456-426614174000";

/// What can be checked of a request.
pub(crate) struct Sent<'a> {
    /// The parameters of the path, by their names in [`letta_api::Operation::path_template`], decoded.
    pub(crate) path: &'a [(&'a str, &'a str)],
    /// The query as it was sent, without the `?`.
    pub(crate) query: &'a str,
    pub(crate) body: &'a Body,
}

/// What a request that was checked says in its query and its form, as the values that the texts stand for: numbers are numbers, and
/// lists are arrays. What the description does not have is left out, and so are files.
#[derive(Debug, Default)]
pub(crate) struct Checked {
    pub(crate) query: Map<String, Value>,
    pub(crate) form: Map<String, Value>,
}

/// Says whether an operation takes a request, and gives what its texts stand for. `id` is that of [`letta_api::Operation`].
///
/// Parameters and members that the description does not have are ignored, as the server ignores them. Of an operation that the
/// description does not have, nothing is checked.
///
/// # Errors
///
/// The answer of status 422 in the server's form, with at most [`MOST`] findings. A form that cannot be read is a 400. Neither holds
/// a secret.
pub(crate) fn check(id: &str, sent: &Sent<'_>) -> Result<Checked, Refusal> {
    let body = Data::get().operation(id).and_then(|it| it.body.as_ref());
    if let Body::NotForm(why) = sent.body
        && body.is_some_and(|it| it.form.is_some())
    {
        return Err(Refusal::bad_request(*why));
    }
    let (checked, found) = read_and_find(id, sent);
    if found.is_empty() {
        return Ok(checked);
    }
    let mut examples: Vec<String> = Vec::new();
    let mut printed = Vec::new();
    for mut finding in found {
        if let Some(word) = word_of_id(&finding).map(str::to_owned) {
            finding.message = format!("String should match pattern '{word}-{{uuid4}}'");
            let example = format!("{word}-{EXAMPLE}");
            if !examples.contains(&example) {
                examples.push(example);
            }
        }
        printed.push(finding.print());
    }
    examples.sort();
    Err(Refusal::invalid(
        format!("[{}]", printed.join(", ")),
        examples,
    ))
}

/// What is wrong with a request.
#[cfg(test)]
pub(super) fn findings(id: &str, sent: &Sent<'_>) -> Vec<Finding> {
    read_and_find(id, sent).1
}

fn read_and_find(id: &str, sent: &Sent<'_>) -> (Checked, Vec<Finding>) {
    let data = Data::get();
    let mut checked = Checked::default();
    let Some(operation) = data.operation(id) else {
        return (checked, Vec::new());
    };
    if let (Body::NotJson { at }, Some(BodySchema { json: Some(_), .. })) =
        (sent.body, &operation.body)
    {
        // The server tells this alone.
        return (checked, vec![not_json(*at)]);
    }
    let mut found = path(data, operation, sent.path);
    let texts;
    (checked.query, texts) = query(data, operation, sent.query);
    found.extend(wrong_query(data, operation, &checked.query, &texts));
    found.extend(match (&operation.body, sent.body) {
        (
            Some(BodySchema {
                form: Some(schema), ..
            }),
            body,
        ) => {
            let (form, found) = fields(data, operation, schema, body.form());
            checked.form = form;
            found
        }
        (
            Some(BodySchema {
                json: Some(schema),
                required,
                ..
            }),
            body,
        ) => json(data, operation, schema, *required, body),
        _ => Vec::new(),
    });
    found.truncate(MOST);
    (checked, found)
}

/// The word that an ID in the path should begin with, if it does not. A pattern that names several is told as it is.
fn word_of_id(finding: &Finding) -> Option<&str> {
    let pattern = finding.id_pattern.as_deref()?;
    let in_path = finding.loc.first() == Some(&"path".into());
    let (word, _) = pattern.strip_prefix('^')?.split_once("-[")?;
    (in_path && !word.contains('(')).then_some(word)
}

fn path(data: &Data, operation: &Operation, sent: &[(&str, &str)]) -> Vec<Finding> {
    let schemas = &operation.path["properties"];
    let members = sent.iter().filter(|(name, _)| schemas.get(name).is_some());
    let members = members.map(|(name, value)| {
        let value = text::value(data.kind(&schemas[name]), value);
        ((*name).to_owned(), value)
    });
    let value = Value::Object(members.collect());
    if data.compiled(operation).path.is_valid(&value) {
        return Vec::new();
    }
    told(data, "path", &operation.path, &value)
}

/// The parameters of the query that the operation has: as the values that they stand for, and as they were sent.
fn query(
    data: &Data,
    operation: &Operation,
    sent: &str,
) -> (Map<String, Value>, Map<String, Value>) {
    let schemas = &operation.query["properties"];
    let mut texts: Map<String, Value> = Map::new();
    for (name, value) in form_urlencoded::parse(sent.as_bytes()) {
        let Some(schema) = schemas.get(name.as_ref()) else {
            continue;
        };
        let value = Value::from(value);
        // Of one that is no list, the last counts.
        match data.kind(schema) {
            Some("array") => match texts.get_mut(name.as_ref()) {
                Some(Value::Array(values)) => values.push(value),
                _ => _ = texts.insert(name.into_owned(), vec![value].into()),
            },
            _ => _ = texts.insert(name.into_owned(), value),
        }
    }
    let values = texts
        .iter()
        .map(|(name, text)| (name.clone(), read(data, &schemas[name], text)))
        .collect();
    (values, texts)
}

/// What is wrong with the query. The server prints its parameters as they were sent.
fn wrong_query(
    data: &Data,
    operation: &Operation,
    values: &Map<String, Value>,
    texts: &Map<String, Value>,
) -> Vec<Finding> {
    let values = Value::Object(values.clone());
    if data.compiled(operation).query.is_valid(&values) {
        return Vec::new();
    }
    let mut found = told(data, "query", &operation.query, &values);
    for finding in &mut found {
        let as_sent = match finding.loc.as_slice() {
            [_, Loc::Name(_)] if finding.kind == "missing" => Some(&Value::Null),
            [_, Loc::Name(name)] => texts.get(name),
            [_, Loc::Name(name), Loc::Index(at)] => texts.get(name).and_then(|it| it.get(at)),
            _ => None,
        };
        if let Some(as_sent) = as_sent {
            finding.input = Finding::new("", &finding.loc, "", as_sent).input;
        }
    }
    found
}

/// A text, or several, as the values that they stand for.
fn read(data: &Data, schema: &Value, sent: &Value) -> Value {
    match sent {
        Value::Array(items) => {
            let each = data.items(schema).unwrap_or(&Value::Null);
            items.iter().map(|it| read(data, each, it)).collect()
        }
        Value::String(it) => text::value(data.kind(schema), it),
        other => other.clone(),
    }
}

/// What is wrong with a body that is to be JSON.
fn json(
    data: &Data,
    operation: &Operation,
    schema: &Value,
    required: bool,
    sent: &Body,
) -> Vec<Finding> {
    let here = ["body".into()];
    let value = match sent {
        Body::Json(value) => value,
        // As good as null.
        Body::Missing => &Value::Null,
        Body::NotJson { at } => return vec![not_json(*at)],
        // What it holds is not repeated: nobody said what it is.
        Body::Form(_) | Body::NotForm(_) | Body::Other => {
            let (kind, message) = OBJECT;
            return vec![Finding::new(kind, &here, message, &Value::Null)];
        }
    };
    let compiled = data.compiled(operation).json.as_ref();
    match value {
        Value::Null if required => {
            vec![Finding::new("missing", &here, "Field required", value)]
        }
        Value::Null => Vec::new(),
        value if compiled.is_none_or(|it| it.is_valid(value)) => Vec::new(),
        value => told(data, "body", schema, value),
    }
}

fn not_json(at: usize) -> Finding {
    let loc = ["body".into(), Loc::Index(at)];
    let input = Value::Object(Map::new());
    let finding = Finding::new("json_invalid", &loc, "JSON decode error", &input);
    finding.with("error", "'Expecting value'")
}

/// The fields of a form that the operation has, without files, and what is wrong with the form. A body that is no form has none.
fn fields(
    data: &Data,
    operation: &Operation,
    schema: &Value,
    form: Option<&Form>,
) -> (Map<String, Value>, Vec<Finding>) {
    let resolved = data.resolved(schema);
    let mut values = Map::new();
    let mut files = Vec::new();
    let mut found = Vec::new();
    for (name, property) in resolved["properties"].as_object().into_iter().flatten() {
        let Some(last) = form.and_then(|it| it.named(name).last()) else {
            continue;
        };
        let loc = ["body".into(), name.as_str().into()];
        let is_file = property["format"] == "binary";
        let sent = match (is_file, last.text()) {
            (true, text) => {
                if last.file_name.is_none() {
                    let message = "Value error, Expected UploadFile, received: <class 'str'>";
                    let input = text.unwrap_or_default().into();
                    found.push(Finding::new("value_error", &loc, message, &input));
                }
                files.push(name);
                Value::from("")
            }
            // A file is no value of any other type.
            (false, None) => Value::Object(Map::new()),
            // A field that is left empty is left out.
            (false, Some("")) => continue,
            (false, Some(_)) if data.kind(property) == Some("array") => {
                let texts = form.into_iter().flat_map(|it| it.texts(name));
                read(data, property, &texts.map(Value::from).collect())
            }
            (false, Some(text)) => text::value(data.kind(property), text),
        };
        values.insert(name.clone(), sent);
    }
    let value = Value::Object(values.clone());
    let compiled = data.compiled(operation).form.as_ref();
    if compiled.is_some_and(|it| !it.is_valid(&value)) {
        let mut told = told(data, "body", schema, &value);
        for finding in told.iter_mut().filter(|it| it.kind == "missing") {
            finding.input = python::value(&Value::Null);
        }
        found.extend(told);
    }
    files.into_iter().for_each(|name| _ = values.remove(name));
    (values, found)
}

/// What is wrong with a value that is invalid.
fn told(data: &Data, here: &'static str, schema: &Value, value: &Value) -> Vec<Finding> {
    let found = Report::of(data, here, schema, value).found();
    if !found.is_empty() {
        return found;
    }
    // A rule that the report does not know. A test holds that the description has none.
    let message = "Value error, the request does not match the API description";
    vec![Finding::new(
        "value_error",
        &[here.into()],
        message,
        &Value::Null,
    )]
}
