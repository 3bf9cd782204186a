//! The examples of the description are requests that it allows.

use std::collections::BTreeSet;

use letta_api_operations_tests::{Description, Operation, Parameter};
use serde_json::Value;

use crate::description::tests::Request;

/// Examples that are wrong by themselves, and why they stay.
const WRONG: [(&str, &str); 1] = [(
    "create_client_side_access_token",
    "it is the published one, and the operation has a check of its own",
)];

/// The names of the operation in the client.
fn ids(operation: &Operation) -> Vec<&'static str> {
    let all = letta_api::operations::ALL.iter();
    let is_it = |it: &&&letta_api::Operation| {
        (it.method, it.path_template) == (&*operation.method, &*operation.path)
    };
    all.filter(is_it).map(|it| it.id).collect()
}

fn texts(parameter: &Parameter) -> Vec<String> {
    let text = |value: &Value| match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    match &parameter.value {
        Value::Array(items) => items.iter().map(text).collect(),
        value => vec![text(value)],
    }
}

#[tokio::test]
async fn every_example_is_accepted() {
    let (mut bodies, mut parameters, mut wrong) = (0, 0, Vec::new());
    let mut excused = BTreeSet::new();
    for operation in Description::read().operations() {
        let ids = ids(&operation);
        assert!(!ids.is_empty(), "{} {}", operation.method, operation.path);
        let mut request = Request::default();
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        for parameter in &operation.parameters {
            match &*parameter.place {
                "path" => {
                    let value = texts(parameter).remove(0);
                    // Of those without an example, the value is a text that stands for no ID.
                    if parameter.has_example {
                        request.path.push((parameter.name.clone(), value));
                    }
                }
                "query" if parameter.has_example => {
                    for text in texts(parameter) {
                        query.append_pair(&parameter.name, &text);
                    }
                }
                _ => continue,
            }
            parameters += usize::from(parameter.has_example);
        }
        request.query = query.finish();
        for content in &operation.bodies {
            let Some(example) = &content.example else {
                continue;
            };
            if content.media == "application/json" {
                request.content_type = Some("application/json");
                request.body = example.to_string().into_bytes();
            } else {
                request.content_type = Some("multipart/form-data; boundary=XX");
                request.body = form(example, &content.files);
            }
            bodies += 1;
        }
        for id in ids {
            let found = request.findings(id).await;
            if let Some(row) = WRONG.iter().position(|it| it.0 == id) {
                assert!(!found.is_empty(), "{id}: its example is right now");
                excused.insert(row);
                continue;
            }
            let found = found.iter().filter(|it| {
                // A path or a query is only checked whole.
                it.kind != "missing" || it.loc[0] == "body".into()
            });
            wrong.extend(found.map(|it| format!("{id}: {}", it.print())));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    println!("{bodies} bodies, {parameters} parameters");
    assert_eq!(excused.len(), WRONG.len());
    assert!(bodies > 48, "{bodies}");
}

fn form(example: &Value, files: &[String]) -> Vec<u8> {
    let mut text = String::new();
    for (name, value) in example.as_object().unwrap() {
        let file = match files.contains(name) {
            true => "; filename=\"a\"",
            false => "",
        };
        let value = match value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        text += &format!(
            "--XX\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n{value}\r\n"
        );
    }
    (text + "--XX--\r\n").into_bytes()
}
