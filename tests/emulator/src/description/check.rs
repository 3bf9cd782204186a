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

/// Says whether an operation takes a request. `id` is that of [`letta_api::Operation`].
///
/// Parameters and members that the description does not have are ignored, as the server ignores them.
///
/// # Errors
///
/// The answer of status 422 in the server's form, with at most [`MOST`] findings. A form that cannot be read is a 400. Neither holds
/// a secret.
pub(crate) fn check(id: &str, sent: &Sent<'_>) -> Result<(), Refusal> {
    let takes_form = |body: &BodySchema| body.form.is_some();
    if let Body::NotForm(why) = sent.body
        && operation_body(id).is_some_and(takes_form)
    {
        return Err(Refusal::bad_request(*why));
    }
    let found = findings(id, sent);
    if found.is_empty() {
        return Ok(());
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
        &format!("[{}]", printed.join(", ")),
        examples,
    ))
}

fn operation_body(id: &str) -> Option<&'static BodySchema> {
    Data::get().operation(id)?.body.as_ref()
}

/// What is wrong with a request. Nothing is said of an operation that the description does not have.
pub(super) fn findings(id: &str, sent: &Sent<'_>) -> Vec<Finding> {
    let data = Data::get();
    let Some(operation) = data.operation(id) else {
        return Vec::new();
    };
    let mut found = path(data, operation, sent.path);
    found.extend(query(data, operation, sent.query));
    found.extend(body(data, operation, sent.body));
    found.truncate(MOST);
    found
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

fn query(data: &Data, operation: &Operation, sent: &str) -> Vec<Finding> {
    let Some(schemas) = operation.query["properties"].as_object() else {
        return Vec::new();
    };
    // As they were sent: the server prints them so.
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
    let value: Map<String, Value> = texts
        .iter()
        .map(|(name, text)| (name.clone(), read(data, &schemas[name], text)))
        .collect();
    let value = Value::Object(value);
    if data.compiled(operation).query.is_valid(&value) {
        return Vec::new();
    }
    let mut found = told(data, "query", &operation.query, &value);
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

fn body(data: &Data, operation: &Operation, sent: &Body) -> Vec<Finding> {
    let Some(schemas) = &operation.body else {
        return Vec::new();
    };
    let here = ["body".into()];
    let one = |finding: Finding| vec![finding];
    let missing = || match schemas.required {
        true => one(Finding::new(
            "missing",
            &here,
            "Field required",
            &Value::Null,
        )),
        false => Vec::new(),
    };
    let not_an_object = |input: &Value| {
        let (kind, message) = OBJECT;
        one(Finding::new(kind, &here, message, input))
    };
    if let Some(schema) = &schemas.form {
        let empty = Form::default();
        return match sent {
            Body::Form(form) => fields(data, operation, schema, form),
            _ => fields(data, operation, schema, &empty),
        };
    }
    let Some(schema) = &schemas.json else {
        return Vec::new();
    };
    match sent {
        Body::Missing => missing(),
        Body::Json(value) => {
            let compiled = data.compiled(operation).json.as_ref();
            if compiled.is_none_or(|it| it.is_valid(value)) {
                return Vec::new();
            }
            match value {
                Value::Null if schemas.required => missing(),
                // Left out, in effect.
                Value::Null => Vec::new(),
                value => told(data, "body", schema, value),
            }
        }
        Body::NotJson { at } => {
            let loc = ["body".into(), Loc::Index(*at)];
            let input = Value::Object(Map::new());
            let finding = Finding::new("json_invalid", &loc, "JSON decode error", &input);
            one(finding.with("error", "'Expecting value'"))
        }
        // What it holds is not repeated: nobody said what it is.
        Body::Form(_) | Body::NotForm(_) | Body::Other => not_an_object(&Value::Null),
    }
}

fn fields(data: &Data, operation: &Operation, schema: &Value, form: &Form) -> Vec<Finding> {
    let resolved = data.resolved(schema);
    let mut value = Map::new();
    let mut found = Vec::new();
    for (name, property) in resolved["properties"].as_object().into_iter().flatten() {
        let Some(last) = form.named(name).last() else {
            continue;
        };
        let loc = ["body".into(), name.as_str().into()];
        let is_file = property["format"] == "binary";
        let sent = match (is_file, last.text()) {
            (true, None) => Value::from(""),
            (true, Some(text)) => {
                let message = "Value error, Expected UploadFile, received: <class 'str'>";
                found.push(Finding::new("value_error", &loc, message, &text.into()));
                Value::from("")
            }
            // A file is no value of any other type.
            (false, None) => Value::Object(Map::new()),
            // A field that is left empty is left out.
            (false, Some("")) => continue,
            (false, Some(_)) if data.kind(property) == Some("array") => {
                let texts = form.texts(name).into_iter().map(Value::from);
                read(data, property, &texts.collect())
            }
            (false, Some(text)) => text::value(data.kind(property), text),
        };
        value.insert(name.clone(), sent);
    }
    let value = Value::Object(value);
    let compiled = data.compiled(operation).form.as_ref();
    if compiled.is_some_and(|it| !it.is_valid(&value)) {
        let mut told = told(data, "body", schema, &value);
        let said: Vec<Vec<Loc>> = found.iter().map(|it| it.loc.clone()).collect();
        told.retain(|it| !said.contains(&it.loc));
        for finding in told.iter_mut().filter(|it| it.kind == "missing") {
            finding.input = python::value(&Value::Null);
        }
        found.extend(told);
    }
    found
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
