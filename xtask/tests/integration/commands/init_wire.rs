//! The starter overlay changes nothing that goes over the wire: what is left of a description after it asks for the same requests.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use xtask::commands::init;
use xtask::diagnostic::Failure;
use xtask::openapi::{Node, Source, operations, reference};
use xtask::select::{self, Hidden};
use xtask::{load, overlay};

use crate::support::fixture::{self, files, name_of};
use crate::support::pipeline;

/// What says how requests look, by operation and part.
type Wire = BTreeMap<String, BTreeMap<String, Value>>;

/// What the operations of a description send.
fn wire(document: &Node) -> Wire {
    let mut all = Wire::new();
    for (at, operation) in operations(document) {
        let item = document.pointer(&at.parent().unwrap()).unwrap();
        let mut parts = BTreeMap::new();
        // An operation's own parameter takes the place of the path item's.
        for holder in [item, operation] {
            let listed = holder.get("parameters").and_then(Node::as_array);
            for parameter in listed.into_iter().flatten() {
                let parameter = reference::last(document, parameter).to_json();
                if !parameter["name"].is_string() {
                    continue;
                }
                let mut said: BTreeMap<&str, Value> = BTreeMap::new();
                for key in ["name", "in", "style", "explode", "allowReserved", "content"] {
                    said.insert(key, parameter[key].clone());
                }
                // Of a path, what its template has is sent, and no more.
                let place = format!("{{{}}}", parameter["name"].as_str().unwrap());
                if parameter["in"] == "path" && !at.0[1].contains(&place) {
                    continue;
                }
                // It is there always, whatever the description says.
                let is_required = parameter["required"] == true || parameter["in"] == "path";
                said.insert("required", is_required.into());
                let name = format!("{} {}", parameter["in"], parameter["name"]);
                parts.insert(name, json!(said));
            }
        }
        // It is a text if nothing else is declared.
        let names = at.0[1].split('{').skip(1);
        for name in names.filter_map(|it| Some(it.split_once('}')?.0)) {
            let keys = ["style", "explode", "allowReserved", "content"];
            let mut said: BTreeMap<&str, Value> = keys.map(|it| (it, Value::Null)).into();
            said.extend([("name", json!(name)), ("in", json!("path"))]);
            said.insert("required", true.into());
            let part = format!("\"path\" \"{name}\"");
            parts.entry(part).or_insert_with(|| json!(said));
        }
        if let Some(body) = operation.get("requestBody") {
            let body = reference::last(document, body);
            let content = body.get("content").and_then(Node::as_object);
            for (media_type, media) in content.into_iter().flatten() {
                // In other bodies than forms it has no meaning.
                let is_form = media_type.starts_with("multipart/")
                    || media_type.starts_with("application/x-www-form");
                let encoding = media.node.get("encoding").filter(|_| is_form);
                let encoding = encoding.map(Node::to_json);
                parts.insert(format!("body {media_type}"), json!(encoding));
            }
            let is_required = body.get("required").and_then(Node::as_bool) == Some(true);
            parts.insert("body".to_owned(), is_required.into());
        }
        let servers = [operation, item, document].map(|it| it.get("servers"));
        let servers = servers.into_iter().flatten().next().map(Node::to_json);
        let server = servers.map(|it| it[0]["url"].clone());
        parts.insert("server".to_owned(), json!(server));
        all.insert(at.to_string(), parts);
    }
    all
}

/// What a starter overlay has changed of what is sent. An operation and a parameter that may be left out may be, and so may all but one media
/// type of a body. A body that may be left out may be asked for: the description allows it.
fn changes(before: &Wire, after: &Wire) -> Vec<String> {
    let mut changes = Vec::new();
    for (operation, after) in after {
        let before = &before[operation];
        for (part, now) in after {
            let was = before.get(part);
            let is_asked_for = part == "body" && *now == true;
            // Servers that are left out are those of all, or of the description.
            let is_base = part == "server" && now.is_null();
            if was != Some(now) && !is_asked_for && !is_base {
                changes.push(format!("{operation}: {part} was {was:?} and is {now}"));
            }
        }
        for (part, was) in before {
            let may_go = was["required"] == false || part.starts_with("body");
            let is_gone = !after.contains_key(part);
            if is_gone && !may_go {
                changes.push(format!("{operation}: {part} is gone"));
            }
        }
        let has_body = |it: &BTreeMap<String, Value>| it.keys().any(|it| it.starts_with("body "));
        if has_body(before) && !has_body(after) {
            changes.push(format!("{operation}: there is no body any more"));
        }
    }
    changes
}

/// The description with its starter overlay, and what `init` reports.
fn started(name: &str, given: &Node) -> Result<(Node, init::Report, String), Failure> {
    let (text, report) = init::starter(given, name, &init::Only::default())?;
    let read = load::parse(&Source::new("overlay.yaml", text.clone())).unwrap();
    let mut decided = given.clone();
    overlay::apply(&mut decided, &read).unwrap_or_else(|it| panic!("{name}: {it}\n{text}"));
    select::select(&mut decided, Hidden::Skipped).unwrap_or_else(|it| panic!("{name}: {it}"));
    Ok((decided, report, text))
}

#[test]
fn a_starter_overlay_changes_nothing_that_is_sent_by_any_fixture() {
    let mut found = Vec::new();
    let mut started_well = 0;
    for stage in ["lint", "lower", "advice", "warnings"] {
        for path in files(stage) {
            let (name, given) = (name_of(&path), fixture::read(&path));
            match started(name, &given) {
                Ok((decided, report, _)) => {
                    started_well += usize::from(report.left.is_empty());
                    let changes = changes(&wire(&given), &wire(&decided));
                    found.extend(changes.into_iter().map(|it| format!("{name}: {it}")));
                }
                // Of another version.
                Err(failure) => assert!(failure.to_string().contains("error["), "{failure}"),
            }
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
    assert!(started_well > 90, "{started_well}");
}

/// A description in which these parameters are those of an operation. Another operation is as it should be.
fn asking(parameters: &str) -> Node {
    let text = format!(
        "openapi: 3.0.3
info: {{title: T, version: '1'}}
servers: [{{url: 'https://one.example'}}]
paths:
  /good: {{get: {{operationId: good, responses: {{'204': {{description: Done.}}}}}}}}
  /things/{{id}}:
    get:
      operationId: get_thing
      parameters:
        - {{name: Accept, in: header, schema: {{type: string}}}}
{parameters}
      responses: {{'204': {{description: Done.}}}}
"
    );
    load::parse(&Source::new("d.yaml", text)).unwrap()
}

const ID: &str = "        - {name: id, in: path, required: true, schema: {type: string}}\n";

#[test]
fn a_parameter_that_would_be_sent_in_another_way_is_left_out_or_its_operation_is() {
    let object = "schema: {type: object, properties: {a: {type: string}}}";
    let list = "schema: {type: array, items: {type: string}}";
    for (parameter, is_operation_lost, says) in [
        (
            "name: id, in: path, required: true, style: label, schema: {type: string}".to_owned(),
            true,
            "the style `label`",
        ),
        (
            "name: id, in: path, required: true, style: matrix, schema: {type: string}".to_owned(),
            true,
            "the style `matrix`",
        ),
        (
            format!("name: f, in: query, style: deepObject, allowReserved: true, {object}"),
            false,
            "beside `style: deepObject`",
        ),
        (
            format!(
                "name: f, in: query, required: true, style: deepObject, allowReserved: true, {object}"
            ),
            true,
            "beside `style: deepObject`",
        ),
        (
            format!(
                "name: f, in: query, style: pipeDelimited, explode: false, allowReserved: true, {list}"
            ),
            false,
            "beside `style: pipeDelimited`",
        ),
        (
            format!("name: f, in: query, explode: false, allowReserved: true, {list}"),
            false,
            "beside `explode: false`",
        ),
        (
            format!("name: c, in: cookie, {list}"),
            false,
            "the cookie parameter `c`",
        ),
        (
            format!("name: c, in: cookie, required: true, {list}"),
            true,
            "the cookie parameter `c`",
        ),
        (
            "name: 'a b', in: header, required: true, schema: {type: string}".to_owned(),
            true,
            "not a valid name for a header",
        ),
        (
            "name: 'a b', in: header, schema: {type: string}".to_owned(),
            false,
            "not a valid name for a header",
        ),
    ] {
        let id = if parameter.contains("in: path") {
            ""
        } else {
            ID
        };
        let given = asking(&format!("{id}        - {{{parameter}}}"));
        let (decided, report, text) = started("d.yaml", &given).unwrap();
        let left: Vec<String> = report.left.iter().map(|it| it.render()).collect();
        assert!(left.is_empty(), "{parameter}: {left:#?}");
        assert_eq!(
            changes(&wire(&given), &wire(&decided)),
            [""; 0],
            "{parameter}\n{text}"
        );
        let lost = if is_operation_lost {
            &report.left_out
        } else {
            &report.without
        };
        assert_eq!(lost.len(), 1, "{parameter}\n{text}");
        assert!(lost[0].1.contains(says), "{parameter}: {lost:?}");
        assert!(
            !lost[0].1.contains("is not generated") || says.contains("the style"),
            "{lost:?}"
        );
        assert_eq!(
            report.operations,
            2 - usize::from(is_operation_lost),
            "{parameter}"
        );
        assert!(
            text.contains(&lost[0].1) || text.contains("description: "),
            "{text}"
        );
        let code = pipeline::run(&decided);
        assert_eq!(pipeline::problem(&code), None, "{parameter}");
        code.unwrap_or_else(|failure| panic!("{parameter}: {failure}"));
    }
}

#[test]
fn a_shared_parameter_is_left_out_of_all_lists() {
    let text = "\
openapi: 3.0.3
info: {title: T, version: '1'}
paths:
  /a: {get: {operationId: a, parameters: [{$ref: '#/components/parameters/F'}], responses: {'204': {description: Done.}}}}
  /b:
    parameters: [{$ref: '#/components/parameters/F'}]
    get: {operationId: b, responses: {'204': {description: Done.}}}
  /c/{L}: {get: {operationId: c, parameters: [{$ref: '#/components/parameters/L'}], responses: {'204': {description: Done.}}}}
components:
  parameters:
    F: {name: f, in: query, style: deepObject, allowReserved: true, schema: {type: object, properties: {a: {type: string}}}}
    L: {name: L, in: path, required: true, style: label, schema: {type: string}}
";
    let given = load::parse(&Source::new("d.yaml", text)).unwrap();
    let (decided, report, text) = started("d.yaml", &given).unwrap();
    assert!(report.left.is_empty(), "{:#?}", report.left);
    assert_eq!(report.operations, 2, "{text}");
    let without: Vec<&str> = report.without.iter().map(|it| it.0.as_str()).collect();
    assert_eq!(without, ["query `f` of GET /a", "query `f` of /b"]);
    assert_eq!(report.left_out[0].0, "GET /c/{L}");
    assert_eq!(changes(&wire(&given), &wire(&decided)), [""; 0], "{text}");
}

/// The base URL of a client is one.
#[test]
fn an_operation_with_another_server_is_left_out_and_one_with_the_same_stays() {
    let text = "\
openapi: 3.0.3
info: {title: T, version: '1'}
servers: [{url: 'https://one.example'}]
paths:
  /a: {get: {operationId: a, servers: [{url: 'https://one.example'}], responses: {'204': {description: Done.}}}}
  /b: {get: {operationId: b, servers: [{url: 'https://two.example'}], responses: {'204': {description: Done.}}}}
  /c:
    servers: [{url: 'https://two.example'}]
    get: {operationId: c, responses: {'204': {description: Done.}}}
";
    let of_all = text
        .replace("servers: [{url: 'https://one.example'}]\n", "")
        .replace("two.example", "one.example");
    for (text, kept) in [(text.to_owned(), 1), (of_all, 3)] {
        let given = load::parse(&Source::new("d.yaml", text)).unwrap();
        let (_, report, text) = started("d.yaml", &given).unwrap();
        assert!(report.left.is_empty(), "{:#?}", report.left);
        assert_eq!(report.operations, kept, "{text}");
        for (_, reason) in &report.left_out {
            assert!(reason.contains("has servers of its own"), "{reason}");
        }
    }
}

/// What a path has is a text, whether it is declared or not.
#[test]
fn a_part_of_a_path_that_is_not_declared_is_declared() {
    let text = "\
openapi: 3.0.3
info: {title: T, version: '1'}
paths:
  /a/{b}/{c}: {get: {operationId: a, responses: {'204': {description: Done.}}}}
  /d/{e}/{f}: {get: {operationId: d, parameters: [{name: q, in: query, schema: {type: string}}], responses: {'204': {description: Done.}}}}
";
    let given = load::parse(&Source::new("d.yaml", text)).unwrap();
    let (decided, report, text) = started("d.yaml", &given).unwrap();
    assert!(
        report.left.is_empty() && report.left_out.is_empty(),
        "{text}"
    );
    let code = pipeline::run(&decided).unwrap_or_else(|failure| panic!("{failure}"));
    let code: String = code.files.iter().map(|it| it.text.as_str()).collect();
    for argument in ["b: ", "c: ", "e: ", "f: "] {
        assert!(code.contains(argument), "{argument}\n{code}");
    }
}

/// A form is flat. One that is not stays as it is described, and the reason says so.
#[test]
fn a_form_that_is_not_flat_is_left_out_with_that_reason() {
    let text = "\
openapi: 3.0.3
info: {title: T, version: '1'}
paths:
  /a: {get: {operationId: a, responses: {'204': {description: Done.}}}}
  /f: {post: {operationId: f, requestBody: {required: true, content: {application/x-www-form-urlencoded: {schema: {type: object, properties: {deep: {type: object, properties: {b: {type: string}}}}}}}}, responses: {'204': {description: Done.}}}}
";
    let given = load::parse(&Source::new("d.yaml", text)).unwrap();
    let (_, report, text) = started("d.yaml", &given).unwrap();
    assert!(report.left.is_empty(), "{text}");
    let [(_, reason)] = report.left_out.as_slice() else {
        panic!("{text}");
    };
    assert!(reason.contains("has the property `deep`"), "{reason}");
    assert!(!text.contains("# Any JSON"), "{text}");
}

/// Without any, there is nothing to generate.
#[test]
fn if_no_operation_would_be_left_a_person_has_to_look() {
    let text = "\
openapi: 3.0.3
info: {title: T, version: '1'}
paths:
  /a/{L}: {get: {operationId: a, parameters: [{name: L, in: path, required: true, style: label, schema: {type: string}}], responses: {'204': {description: Done.}}}}
";
    let given = load::parse(&Source::new("d.yaml", text)).unwrap();
    let (decided, report, _) = started("d.yaml", &given).unwrap();
    assert_eq!(report.left.len(), 1, "{:#?}", report.left);
    assert_eq!(report.operations, 1);
    assert_eq!(changes(&wire(&given), &wire(&decided)), [""; 0]);
}

/// What is lost of a schema would be lost on the wire.
#[test]
fn a_schema_that_would_lose_members_becomes_any_json() {
    let text = "\
openapi: 3.1.0
info: {title: T, version: '1'}
paths:
  /a: {get: {operationId: a, responses: {'200': {description: It., content: {application/json: {schema: {$ref: '#/components/schemas/All'}}}}}}}
components:
  schemas:
    All: {type: object, properties: {p: {$ref: '#/components/schemas/Patterns'}, c: {$ref: '#/components/schemas/Conditional'}, m: {$ref: '#/components/schemas/Map'}, k: {$ref: '#/components/schemas/Kept'}}}
    Patterns: {type: object, properties: {a: {type: string}}, patternProperties: {'^x': {type: string}}}
    Map: {type: object, patternProperties: {'^x': {type: string}}}
    Conditional: {type: object, properties: {a: {type: string}}, if: {required: [a]}, then: {properties: {b: {type: string}}}}
    Kept: {type: object, properties: {a: {type: string}}, if: {required: [a]}, then: {properties: {a: {type: string}}}}
";
    let given = load::parse(&Source::new("d.yaml", text)).unwrap();
    let (decided, report, text) = started("d.yaml", &given).unwrap();
    assert!(report.left.is_empty(), "{:#?}", report.left);
    let ignored =
        |name: &str| decided.to_json()["components"]["schemas"][name]["x-codegen-ignore"].clone();
    assert_eq!(
        ignored("Patterns"),
        json!(["type", "properties", "patternProperties"]),
        "{text}"
    );
    assert_eq!(ignored("Map"), json!(["patternProperties"]), "{text}");
    assert!(
        ignored("Conditional").to_string().contains("properties"),
        "{text}"
    );
    assert!(
        !ignored("Kept").to_string().contains("properties"),
        "{text}"
    );
}

/// Bounds and formats of several branches: what leaves them out stands in the branch that has them.
#[test]
fn branches_of_one_plain_type_are_settled_where_they_are() {
    for (schema, left) in [
        (
            "allOf: [{type: integer, minimum: 0}, {type: integer, maximum: 255}]",
            json!({"type": "integer"}),
        ),
        (
            "allOf: [{type: integer, minimum: 0}, {maximum: 255}]",
            json!({"type": "integer"}),
        ),
        (
            "type: integer, allOf: [{minimum: 0}, {maximum: 255}]",
            json!({"type": "integer"}),
        ),
        (
            "allOf: [{type: string, format: date}, {type: string, format: date-time}]",
            json!({"type": "string"}),
        ),
        (
            "allOf: [{type: string, format: date}, {format: date-time}, {maxLength: 9}]",
            json!({"type": "string"}),
        ),
        // These two contradict each other.
        (
            "allOf: [{type: string, format: date}, {type: integer, minimum: 1}]",
            json!({}),
        ),
    ] {
        let text = format!(
            "openapi: 3.0.3
info: {{title: T, version: '1'}}
paths:
  /a: {{get: {{operationId: a, responses: {{'200': {{description: It., content: {{application/json: {{schema: {{$ref: '#/components/schemas/A'}}}}}}}}}}}}}}
components: {{schemas: {{A: {{type: object, properties: {{it: {{{schema}}}}}}}}}}}
"
        );
        let given = load::parse(&Source::new("d.yaml", text)).unwrap();
        let (decided, report, text) = started("d.yaml", &given).unwrap();
        assert!(
            report.left.is_empty(),
            "{schema}\n{:#?}\n{text}",
            report.left
        );
        let arranged = xtask::arrange::arrange(xtask::lower::lower(&decided).document).to_json();
        let mut it = arranged["components"]["schemas"]["A"]["properties"]["it"].clone();
        let ignored = it["x-codegen-ignore"].take();
        let members = it.as_object_mut().unwrap();
        members.retain(|key, value| {
            let is_ignored = |it: &Value| it == key;
            !value.is_null()
                && key != "format"
                && !ignored
                    .as_array()
                    .is_some_and(|all| all.iter().any(is_ignored))
        });
        assert_eq!(it, left, "{schema}\n{text}");
        pipeline::run(&decided).unwrap_or_else(|failure| panic!("{schema}: {failure}"));
    }
}

/// Without the mapping, the tag would be the name of the schema.
#[test]
fn a_mapping_to_a_schema_that_is_not_there_is_left_to_a_person() {
    let animal = "type: object, required: [t], properties: {t: {type: string}}";
    let branch = |name: &str| {
        format!(
            "{{allOf: [{{$ref: '#/components/schemas/Animal'}}, {{type: object, properties: {{{name}: {{type: string}}}}}}]}}"
        )
    };
    let plain = |name: &str| {
        format!(
            "{{type: object, required: [t], properties: {{t: {{type: string}}, {name}: {{type: string}}}}}}"
        )
    };
    let one_of = "oneOf: [{$ref: '#/components/schemas/Cat'}, {$ref: '#/components/schemas/Dog'}]";
    for (animal, cat, dog) in [
        (animal, branch("m"), branch("b")),
        (one_of, plain("m"), plain("b")),
    ] {
        let text = format!(
            "openapi: 3.0.3
info: {{title: P, version: '1'}}
paths:
  /a: {{post: {{operationId: createA, requestBody: {{required: true, content: {{application/json: {{schema: {{$ref: '#/components/schemas/Animal'}}}}}}}}, responses: {{'204': {{description: Done.}}}}}}}}
  /b: {{get: {{operationId: b, responses: {{'204': {{description: Done.}}}}}}}}
components:
  schemas:
    Animal: {{{animal}, discriminator: {{propertyName: t, mapping: {{cat: Cat, dog: Dogg}}}}}}
    Cat: {cat}
    Dog: {dog}
"
        );
        let given = load::parse(&Source::new("d.yaml", text)).unwrap();
        let (decided, report, text) = started("d.yaml", &given).unwrap();
        let [left] = &report.left[..] else {
            panic!("{animal}\n{:#?}\n{text}", report.left);
        };
        assert_eq!(left.rule, "discriminator");
        let help = &left.help;
        assert!(
            help.contains("update: {mapping: {dog: Dog}}}`; or add"),
            "{help}"
        );
        let schema = |it: &Node| it.to_json()["components"]["schemas"]["Animal"].clone();
        assert_eq!(schema(&given), schema(&decided), "{text}");
        assert_eq!(report.operations, 2);
    }
}

/// What a person wrote for the generator is theirs to mend.
#[test]
fn a_marker_with_a_slip_is_left_to_a_person() {
    let parameter =
        "        - {name: q, in: query, x-codegen-field: 'not a name', schema: {type: string}}";
    let given = asking(&format!("{ID}{parameter}"));
    let (decided, report, text) = started("d.yaml", &given).unwrap();
    let rules: Vec<&str> = report.left.iter().map(|it| it.rule).collect();
    assert_eq!(rules, ["marker"], "{text}");
    assert_eq!(report.without, [], "{text}");
    let things = |it: &Node| it.to_json()["paths"]["/things/{id}"]["get"]["parameters"].clone();
    assert_eq!(things(&given), things(&decided), "{text}");
}

/// One limit may be the reason for all of them.
#[test]
fn the_first_reason_of_each_rule_is_beside_what_becomes_any_json() {
    let mut text = "\
openapi: 3.0.3
info: {title: T, version: '1'}
paths:
  /a: {get: {operationId: a, responses: {'200': {description: It., content: {application/json: {schema: {$ref: '#/components/schemas/C0'}}}}}}}
components:
  schemas:
    C150: {type: object, properties: {p: {type: string}}}
"
    .to_owned();
    for index in 0..150 {
        text += &format!(
            "    C{index}: {{allOf: [{{$ref: '#/components/schemas/C{}'}}, {{type: object, properties: {{p{index}: {{type: string}}}}}}]}}\n",
            index + 1
        );
    }
    let given = load::parse(&Source::new("d.yaml", text)).unwrap();
    let (_, _, text) = started("d.yaml", &given).unwrap();
    let says = "is merged from more than 128 components";
    let mut comments = text.lines().filter(|it| it.starts_with("  # "));
    assert!(comments.any(|it| it.contains(says)), "{text}");
}
