//! Every example of the description is a value of its generated type, and the type keeps all of it.

use letta_api::ServiceError;
use letta_api_operations_tests::{
    Body, Content, Description, Gives, Kept, METHODS, Method, Reader, Way,
};
use serde_json::Value;

/// The bodies and answers of all operations: their types, and their examples.
pub(crate) fn all_examples() -> Vec<(&'static str, Way, Reader, Value)> {
    let mut all = Vec::new();
    for operation in Description::read().operations() {
        let of = |it: &&Method| {
            let of = it.operation;
            (of.method, of.path_template) == (&operation.method, &operation.path)
        };
        let example = |contents: &[Content], media: &str| {
            let mut contents = contents.iter().filter(|it| it.media == media);
            contents.find_map(|it| it.example.clone()).unwrap()
        };
        for method in METHODS.iter().filter(of) {
            let name = method.name;
            if let Body::Required(reader) | Body::Optional(reader) = method.body {
                let example = example(&operation.bodies, "application/json");
                all.push((name, Way::Sent, reader, example));
            }
            let (reader, media) = match method.gives {
                Gives::Json(reader) => (reader, "application/json"),
                Gives::Events(reader) => (reader, "text/event-stream"),
                Gives::Nothing => continue,
            };
            let mut successes = operation.answers.iter().filter(|it| it.0.starts_with('2'));
            let example = example(&successes.next().unwrap().1, media);
            all.push((name, Way::Received, reader, example));
        }
    }
    all
}

#[test]
fn every_example_is_kept_whole_by_its_type() {
    let description = Description::read();
    let (mut kept, mut wrong) = (Kept::default(), Vec::new());
    let all = all_examples();
    for (name, way, reader, example) in &all {
        let problems = kept.problems(&description, *reader, example, *way);
        wrong.extend(problems.iter().map(|it| format!("{name}, {way:?}: {it}")));
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(all.len() > 150, "{}", all.len());
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
