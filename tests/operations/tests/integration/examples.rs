//! Every example of the description is a value of its generated type, and the type keeps all of it.

use letta_api::ServiceError;
use letta_api_operations_tests::{Body, Content, Description, Gives, Kept, Method, Reader, Way};
use serde_json::Value;

use crate::table::operations;

#[test]
fn every_example_is_kept_whole_by_its_type() {
    let description = Description::read();
    let (mut kept, mut wrong, mut seen) = (Kept::default(), Vec::new(), 0);
    let mut hold = |what: String, reader: Reader, example: &Value, way: Way| {
        seen += 1;
        let problems = kept.problems(&description, reader, example, way);
        wrong.extend(problems.into_iter().map(|it| format!("{what}: {it}")));
    };
    for (row, operation) in operations(&description) {
        for name in [Some(row.name), row.events].into_iter().flatten() {
            let method = Method::named(name).unwrap();
            if let Body::Required(reader) | Body::Optional(reader) = method.body {
                let example = operation.bodies[0].example.as_ref().unwrap();
                hold(format!("{name}: the body"), reader, example, Way::Sent);
            }
            let (reader, media) = match method.gives {
                Gives::Json(reader) => (reader, "application/json"),
                Gives::Events(reader) => (reader, "text/event-stream"),
                Gives::Nothing | Gives::Bytes => continue,
            };
            let successes = operation.answers.iter().filter(|it| it.0.starts_with('2'));
            for (status, contents) in successes {
                for Content { example, .. } in contents.iter().filter(|it| it.media == media) {
                    let example = example.as_ref().unwrap();
                    hold(format!("{name}: {status}"), reader, example, Way::Received);
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(seen > 150, "{seen}");
}

#[test]
fn every_example_of_an_error_says_something() {
    let description = Description::read();
    let (mut wrong, mut seen) = (Vec::new(), 0);
    for operation in description.operations() {
        let errors = operation.answers.iter().filter(|it| !it.0.starts_with('2'));
        for (status, contents) in errors {
            let json = contents.iter().find(|it| it.media == "application/json");
            let Some(content) = json else { continue };
            let place = format!("{} {}: {status}", operation.method, operation.path);
            let Some(example) = &content.example else {
                wrong.push(format!("{place} has no example"));
                continue;
            };
            seen += 1;
            let error = ServiceError::read(example.to_string().as_bytes());
            if error.message().is_none() && error.fields().is_empty() {
                wrong.push(format!("{place} says nothing: {example}"));
            }
            let code = ["errorCode", "code"]
                .iter()
                .find_map(|it| example[it].as_str());
            if error.code() != code {
                wrong.push(format!("{place} has the code {:?}", error.code()));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(seen > 100, "{seen}");
}
