//! No advice leads to a worse state: each action that a finding prints is followed, for all fixtures of all rules.
//!
//! `fixtures/advice/*.yaml` are descriptions whose components have `x-values`: what a service sends, which has to be
//! read when all advice has been followed. A validator of the schemas says what is read, as the generator sees
//! them, integers bounded by their types. A slow test compiles the code, which then reads them itself.

use crate::support::fixture;
use crate::support::pipeline;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;

use crate::support::fixture::{files, name_of, rule_of};
use crate::support::scratch::Scratch;
use serde_json::{Value, json};
use xtask::diagnostic::{Diagnostic, Failure};
use xtask::lint::RULES;
use xtask::markers::SAFE_TO_REPEAT;
use xtask::naming::type_name;
use xtask::openapi::{Node, Pointer, Source, component_schemas, operations};
use xtask::{arrange, lint, load, lower, overlay};

/// More rounds of advice than any description needs. Of inline schemas that say the same, one is found in each.
const ROUNDS: usize = 100;

/// What is found in a description, and advised about.
type Find = fn(&Node) -> Vec<Diagnostic>;

/// The warnings of a description, or what is wrong with it. So advice that breaks it is noticed.
pub(crate) fn warnings(given: &Node) -> Vec<Diagnostic> {
    let errors = findings(given);
    if !errors.is_empty() {
        return errors;
    }
    let lowered = lower::lower(given);
    lint::warnings(given, &arrange::arrange(lowered.document))
}

fn findings(given: &Node) -> Vec<Diagnostic> {
    let lowered = lower::lower(given);
    let arranged = arrange::arrange(lowered.document);
    match lint::lint_lowered(given, &arranged, &lowered.refusals) {
        Ok(()) => Vec::new(),
        Err(Failure::Diagnostics(findings)) => findings,
        Err(failure) => panic!("{failure}"),
    }
}

/// A description, its operations marked as an overlay would.
pub(crate) fn read(path: &Path) -> Node {
    let mut document = fixture::read(path);
    let unmarked: Vec<Pointer> = operations(&document)
        .filter(|(_, operation)| operation.get(SAFE_TO_REPEAT).is_none())
        .map(|(at, _)| at)
        .collect();
    if rule_of(path) != "repeat-safety" && !unmarked.is_empty() {
        let action = json!({"target": "$.paths.*[?@.responses]", "update": {SAFE_TO_REPEAT: true}});
        // One that is null, or no object, is for the rule about those.
        let _ = apply(&mut document, std::slice::from_ref(&action));
    }
    document
}

fn apply(document: &mut Node, actions: &[Value]) -> Result<(), String> {
    let overlay = json!({
        "overlay": "1.0.0", "info": {"title": "Advice", "version": "1"}, "actions": actions,
    });
    let overlay = load::parse(&Source::new("overlay.json", overlay.to_string())).unwrap();
    overlay::apply(document, &overlay)
        .map(|_| ())
        .map_err(|failure| failure.to_string())
}

/// The ways out that a finding prints, each as the actions of an overlay, read from YAML. One with an ellipsis is to be
/// filled in.
fn ways_out(finding: &Diagnostic) -> Vec<Vec<Value>> {
    let mut ways: Vec<Vec<Value>> = Vec::new();
    let mut rest = finding.help.as_str();
    while let Some(start) = rest.find("`{target: ") {
        let goes_on = rest[..start].ends_with(" and then ");
        rest = &rest[start + 1..];
        let end = rest
            .find("}`")
            .unwrap_or_else(|| panic!("{}", finding.help))
            + 1;
        let text = &rest[..end];
        if !text.contains('…') {
            let source = Source::new("overlay.yaml", format!("actions:\n  - {text}\n"));
            let overlay = load::parse(&source)
                .unwrap_or_else(|failure| panic!("{}\n{failure}", finding.render()));
            let action = overlay.to_json()["actions"][0].clone();
            match ways.last_mut().filter(|_| goes_on) {
                Some(way) => way.push(action),
                None => ways.push(vec![action]),
            }
        }
        rest = &rest[end..];
    }
    ways
}

/// What tells a finding from others; not its place, which changes when something before it is removed.
fn identity(finding: &Diagnostic) -> (&'static str, String) {
    (finding.rule, finding.message.clone())
}

/// Follows the first action of each finding, until none is left. Gives the findings that have none.
pub(crate) fn follow(document: &mut Node, find: Find) -> Result<Vec<Diagnostic>, String> {
    for _ in 0..ROUNDS {
        let mut found = find(document);
        // A secret changes which schemas say the same, and those have one name. So names come after secrets.
        if found.iter().any(|it| it.rule == "secret") {
            found.retain(|it| it.rule == "secret");
        }
        let mut seen = BTreeSet::new();
        // As people copy them: one after another into one overlay, the same only once.
        let all: Vec<Value> = found
            .iter()
            .filter_map(|finding| ways_out(finding).into_iter().next())
            .flatten()
            .filter(|action| seen.insert(action.to_string()))
            .collect();
        if all.is_empty() {
            return Ok(found);
        }
        apply(document, &all)
            .map_err(|message| format!("all advice at once cannot be followed:\n{message}"))?;
    }
    let left = Failure::Diagnostics(find(document));
    Err(format!("the advice has no end:\n{left}"))
}

/// What is wrong with the advice about a description, each action followed by itself and all of them together.
fn problems(name: &str, document: &Node, find: Find) -> Vec<String> {
    let mut problems = Vec::new();
    let json = document.to_json();
    let before = find(document);
    let of_before: BTreeSet<_> = before.iter().map(identity).collect();
    for finding in &before {
        let printed = finding.render();
        for way in ways_out(finding) {
            let told = way
                .iter()
                .map(Value::to_string)
                .collect::<Vec<_>>()
                .join(", ");
            for action in &way {
                let target = action["target"].as_str().unwrap();
                let found = serde_json_path::JsonPath::parse(target)
                    .unwrap()
                    .query(&json)
                    .len();
                let is_for_many = target.contains("[*]") || target.starts_with("$.paths.*.");
                if found != 1 && !is_for_many {
                    problems.push(format!("{name}: {target} finds {found} places:\n{printed}"));
                }
            }
            let mut document = document.clone();
            if let Err(message) = apply(&mut document, &way) {
                problems.push(format!(
                    "{name}: {told} cannot be followed:\n{message}\n{printed}"
                ));
                continue;
            }
            let after = find(&document);
            let like_it = |all: &[Diagnostic]| {
                all.iter()
                    .filter(|it| identity(it) == identity(finding))
                    .count()
            };
            if like_it(&after) >= like_it(&before) {
                problems.push(format!("{name}: {told} settles nothing:\n{printed}"));
            }
            for new in after.iter().filter(|it| !of_before.contains(&identity(it))) {
                let new = new.render();
                problems.push(format!(
                    "{name}: {told} leads to\n{new}\nin place of\n{printed}"
                ));
            }
        }
    }
    if let Err(problem) = follow(&mut document.clone(), find) {
        problems.push(format!("{name}: {problem}"));
    }
    problems
}

#[test]
fn each_action_that_a_finding_prints_settles_it_and_makes_nothing_worse() {
    let mut found = Vec::new();
    for path in files("lint")
        .into_iter()
        .chain(files("lower"))
        .chain(files("advice"))
    {
        let folder = path.parent().unwrap().file_name().unwrap().display();
        found.extend(problems(
            &format!("{folder}/{}", name_of(&path)),
            &read(&path),
            findings,
        ));
    }
    for path in files("warnings") {
        found.extend(problems(name_of(&path), &read(&path), warnings));
    }
    assert!(
        found.is_empty(),
        "{} problems\n{}",
        found.len(),
        found.join("\n\n")
    );
}

/// The properties and items of component schemas, each in an `anyOf` behind null.
fn behind_null(schema: &mut Value) {
    let Value::Object(members) = schema else {
        return;
    };
    let mut wrap = |inner: &mut Value| {
        behind_null(inner);
        let is_schema = inner
            .as_object()
            .is_some_and(|it| !it.contains_key("$ref") && !it.contains_key("nullable"));
        if is_schema {
            *inner = json!({"anyOf": [{"type": "null"}, inner.take()]});
        }
    };
    if let Some(Value::Object(properties)) = members.get_mut("properties") {
        properties.values_mut().for_each(&mut wrap);
    }
    if let Some(items) = members.get_mut("items") {
        wrap(items);
    }
}

/// The lower stage takes null out of the `anyOf`, and what is left of it goes elsewhere.
#[test]
fn the_advice_about_what_the_lower_stage_moves_names_where_it_was() {
    let mut found = Vec::new();
    for path in files("lint").into_iter().chain(files("advice")) {
        let mut json = read(&path).to_json();
        let is_moved = json["openapi"]
            .as_str()
            .is_some_and(|it| it.starts_with("3."));
        let Some(Value::Object(schemas)) =
            json.pointer_mut("/components/schemas").filter(|_| is_moved)
        else {
            continue;
        };
        schemas.values_mut().for_each(behind_null);
        json["openapi"] = "3.1.0".into();
        let document = load::parse(&Source::new(name_of(&path), json.to_string())).unwrap();
        found.extend(problems(name_of(&path), &document, findings));
    }
    assert!(
        found.is_empty(),
        "{} problems\n{}",
        found.len(),
        found.join("\n\n")
    );
}

#[test]
fn every_rule_has_a_fixture_whose_advice_is_followed() {
    let lint = files("lint");
    let rules: BTreeSet<&str> = lint.iter().map(|path| rule_of(path)).collect();
    for rule in RULES {
        assert!(rules.contains(rule.name), "{} has no fixture", rule.name);
    }
    let lower = files("lower");
    let refusals: BTreeSet<&str> = lower.iter().map(|path| rule_of(path)).collect();
    for refusal in lower::REFUSALS {
        assert!(
            refusals.contains(refusal.name),
            "{} has no fixture",
            refusal.name
        );
    }
}

/// The component schemas as the generator sees them, and what the services send for each.
fn seen(document: &Node) -> (Value, Vec<(String, Value)>) {
    let mut schemas = lower::lower(document).document.to_json()["components"]["schemas"].clone();
    strip(&mut schemas);
    let mut values = Vec::new();
    for (name, schema) in component_schemas(document) {
        let sent = schema
            .get("x-values")
            .map(Node::to_json)
            .unwrap_or_default();
        for value in sent.as_array().into_iter().flatten() {
            values.push((name.to_owned(), value.clone()));
        }
    }
    (schemas, values)
}

/// Takes out what is ignored, and bounds integers by their types.
fn strip(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            if let Some(Value::Array(keywords)) = members.remove("x-codegen-ignore") {
                for keyword in keywords.iter().filter_map(Value::as_str) {
                    members.remove(keyword);
                }
            }
            plain_values(members);
            if members.get("type") == Some(&json!("integer")) {
                let format = members.get("format").and_then(Value::as_str);
                let is_unsigned = members.get("minimum") == Some(&json!(0));
                let (low, high) = match format {
                    Some("int32") => (json!(i32::MIN), json!(i32::MAX)),
                    Some("uint32") => (json!(0), json!(u32::MAX)),
                    Some("uint64") => (json!(0), json!(u64::MAX)),
                    None if is_unsigned && !members.contains_key("maximum") => {
                        (json!(0), json!(u64::MAX))
                    }
                    None | Some("int64") => (json!(i64::MIN), json!(i64::MAX)),
                    Some(other) => panic!("{other} is not known here"),
                };
                members.insert(
                    "allOf".to_owned(),
                    json!([{"minimum": low, "maximum": high}]),
                );
            }
            members.values_mut().for_each(strip);
            if members.get("nullable") == Some(&json!(true)) {
                *schema = json!({"anyOf": [schema.take(), {"type": "null"}]});
            }
        }
        Value::Array(items) => items.iter_mut().for_each(strip),
        _ => {}
    }
}

/// Numbers and truth values that may have some values only are any of their type, as the arrange stage makes them.
fn plain_values(members: &mut serde_json::Map<String, Value>) {
    let values = members.get("enum").and_then(Value::as_array).cloned();
    let values: Vec<Value> = values.unwrap_or_default();
    let values: Vec<&Value> = values.iter().filter(|it| !it.is_null()).collect();
    let all = |is: fn(&Value) -> bool| !values.is_empty() && values.iter().all(|it| is(it));
    let (kind, format) = if all(Value::is_boolean) {
        ("boolean", None)
    } else if all(Value::is_i64) {
        ("integer", None)
    } else if all(Value::is_u64) {
        ("integer", Some("uint64"))
    } else if all(Value::is_number) {
        ("number", None)
    } else {
        return;
    };
    members.remove("enum");
    members.insert("type".to_owned(), kind.into());
    if let Some(format) = format {
        members.insert("format".to_owned(), format.into());
    }
}

#[test]
fn what_services_send_is_read_when_all_advice_has_been_followed() {
    for path in files("advice") {
        let name = name_of(&path).to_owned();
        let mut document = read(&path);
        let left =
            follow(&mut document, findings).unwrap_or_else(|problem| panic!("{name}: {problem}"));
        assert!(left.is_empty(), "{name}: {}", Failure::Diagnostics(left));
        let code = pipeline::run(&document);
        assert_eq!(pipeline::problem(&code), None, "{name}");
        let (schemas, values) = seen(&document);
        assert!(!values.is_empty(), "{name} has no `x-values`");
        for (component, value) in values {
            let schema = json!({
                "components": {"schemas": schemas}, "$ref": format!("#/components/schemas/{component}"),
            });
            let validator = jsonschema::options()
                .with_draft(jsonschema::Draft::Draft4)
                .build(&schema)
                .unwrap();
            let problem = validator.validate(&value).err().map(|it| it.to_string());
            assert_eq!(problem, None, "{name}: {component} does not read {value}");
        }
    }
}

/// What each value is checked by. A member that is null and may be left out is left out when it is written again.
const VALUES_TEST: &str = r#"//! Written by a test of xtask.

use serde_json::Value;

fn check<T: serde::de::DeserializeOwned + serde::Serialize>(text: &str) {
    let without_null = |mut value: Value| {
        value.as_object_mut().unwrap().retain(|_, member| !member.is_null());
        value
    };
    let read: T = serde_json::from_str(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    let given: Value = serde_json::from_str(text).unwrap();
    let written = serde_json::to_value(&read).unwrap();
    assert_eq!(without_null(written), without_null(given), "{text}");
}

"#;

/// Needs a compiler, and a minute.
#[test]
#[ignore = "slow, it builds a whole crate: add -- --ignored"]
fn the_code_itself_reads_what_services_send() {
    for path in files("advice") {
        let mut document = read(&path);
        follow(&mut document, findings).unwrap();
        let code = pipeline::run(&document).unwrap_or_else(|failure| panic!("{failure}"));
        let mut test = String::from(VALUES_TEST);
        for (index, (component, value)) in seen(&document).1.into_iter().enumerate() {
            let ty = type_name(&component);
            let _ = write!(
                test,
                "#[test]\nfn value_{index}() {{\n    check::<letta_api::types::{ty}>(r##\"{value}\"##);\n}}\n\n"
            );
        }
        let scratch = Scratch::new(&code.files, &code.features);
        let source = scratch.package().join("values.rs");
        std::fs::write(&source, test).unwrap();
        scratch.passes("values", &source, "full");
    }
}

/// Descriptions of other people's services, where `tests/foreign/fetch` has put them: each action that is printed of one
/// matches something, all can be followed together, and what they settle does not come back.
#[test]
fn the_advice_about_descriptions_of_other_people_can_be_followed() {
    let Some(folder) = std::env::var_os("LETTA_FOREIGN_DESCRIPTIONS") else {
        let _ = writeln!(
            std::io::stderr(),
            "skipped: LETTA_FOREIGN_DESCRIPTIONS is not set"
        );
        return;
    };
    for name in [
        "airflow.yaml",
        "docker.yaml",
        "directus.json",
        "readme.json",
        "rclone.yaml",
        "slack.json",
        "star-trek.yaml",
    ] {
        let path = Path::new(&folder).join(name);
        if !path.exists() {
            let _ = writeln!(std::io::stderr(), "skipped: {name} is not there");
            continue;
        }
        let mut document = load::load(&path).unwrap_or_else(|failure| panic!("{failure}"));
        let before = findings(&document).len();
        let left =
            follow(&mut document, findings).unwrap_or_else(|problem| panic!("{name}: {problem}"));
        assert!(left.len() <= before, "{name}");
        if left.is_empty() {
            let code = pipeline::run(&document);
            assert_eq!(pipeline::problem(&code), None, "{name}");
            code.unwrap_or_else(|failure| panic!("{name}: {failure}"));
            let warned = follow(&mut document, warnings);
            let warned = warned.unwrap_or_else(|problem| panic!("{name}: {problem}"));
            assert!(
                warned.is_empty(),
                "{name}: {}",
                Failure::Diagnostics(warned)
            );
            let code = pipeline::run(&document);
            assert_eq!(pipeline::problem(&code), None, "{name}");
        } else {
            // What is left has no action to copy.
            let told = Failure::Diagnostics(left).to_string();
            assert!(!told.contains("`{target: $"), "{name}: {told}");
        }
    }
}
