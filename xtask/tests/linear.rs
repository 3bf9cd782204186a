//! The work of the stages grows with the description, and not faster. It is counted in bytes that are allocated, which
//! are the same on a busy machine: twice the description takes about twice as many, where a loop in a loop takes four
//! times as many.
//!
//! In a program of its own, because counting replaces the allocator.

#[path = "support/pipeline.rs"]
mod pipeline;

use serde_json::{Map, Value, json};
use xtask::commands::init;
use xtask::diagnostic::Failure;
use xtask::openapi::Source;
use xtask::{arrange, lint, load, lower, overlay, select};

/// Twice as much would be 2.0. Tables that grow by doubling make steps.
const MOST: f64 = 2.6;

fn description(schemas: Value) -> Value {
    let answer = json!({"description": "It.", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/C0"}}}});
    let get = json!({"operationId": "get_it", "tags": ["it"], "x-codegen-safe-to-repeat": true, "responses": {"200": answer}});
    json!({
        "openapi": "3.0.3",
        "info": {"title": "Large", "version": "1"},
        "paths": {"/v1/it": {"get": get}},
        "components": {"schemas": schemas},
    })
}

fn reference(number: usize) -> Value {
    json!({"$ref": format!("#/components/schemas/C{number}")})
}

fn numbered(count: usize, value: impl Fn(usize) -> Value) -> Map<String, Value> {
    (0..count)
        .map(|number| (format!("C{number}"), value(number)))
        .collect()
}

/// A chain that begins with `C0`, of what `link` makes of the number of the next.
fn chain(length: usize, last: Value, link: impl Fn(usize) -> Value) -> Value {
    let mut schemas = numbered(length, |number| link(number + 1));
    schemas.insert(format!("C{length}"), last);
    Value::Object(schemas)
}

fn backwards(schemas: Value) -> Value {
    let Value::Object(schemas) = schemas else {
        unreachable!()
    };
    schemas.into_iter().rev().collect::<Map<_, _>>().into()
}

fn object() -> Value {
    json!({"type": "object", "properties": {"a": {"type": "string"}}})
}

fn one(schema: Value) -> Value {
    json!({ "C0": schema })
}

type Case = (&'static str, usize, fn(usize) -> Value);

/// Names that differ in signs only, and are one in Rust.
fn signs(number: usize) -> String {
    let signs = format!("{number:016b}").replace('0', "-").replace('1', ".");
    format!("{signs}c")
}

const CASES: [Case; 26] = [
    ("many components of one name", 40, |n| {
        let mut schemas: Map<String, Value> = (0..n).map(|it| (signs(it), object())).collect();
        schemas.insert("C0".to_owned(), object());
        Value::Object(schemas)
    }),
    ("many properties of one name", 100, |n| {
        let properties: Map<String, Value> = (0..n)
            .map(|it| (signs(it), json!({"type": "string"})))
            .collect();
        one(json!({"type": "object", "properties": properties}))
    }),
    ("many fields with names of their own", 100, |n| {
        let field = |it: usize| json!({"type": "string", "x-codegen-field": format!("field_{it}")});
        let mut schemas = numbered(
            n,
            |it| json!({"allOf": [reference(n), {"type": "object", "required": ["a"], "properties": {format!("p{it}"): field(it)}}]}),
        );
        schemas.insert(
            format!("C{n}"),
            json!({"type": "object", "properties": {"a": field(n)}}),
        );
        Value::Object(schemas)
    }),
    ("a mapping to nothing", 200, |n| {
        let to_nothing = (0..n).map(|it| (format!("lost{it}"), json!("Nothing")));
        let kept = (0..n).map(|it| (format!("kept{it}"), json!("C1")));
        let mapping: Map<String, Value> = to_nothing.chain(kept).collect();
        json!({
            "C0": {"oneOf": [reference(1)], "discriminator": {"propertyName": "a", "mapping": mapping}},
            "C1": object(),
        })
    }),
    ("a mapping to what is nearly there", 50, |n| {
        let mapping = numbered(n, |it| json!(format!("SchemaX{it}")));
        let mut schemas = numbered(n, |_| object());
        schemas.extend((0..n).map(|it| (format!("Schema{it}"), object())));
        schemas.insert(
            "C0".to_owned(),
            json!({"oneOf": [reference(1)], "discriminator": {"propertyName": "a", "mapping": mapping}}),
        );
        Value::Object(schemas)
    }),
    ("many defaults of one large schema", 40, |n| {
        let mut schemas = numbered(
            1,
            |_| json!({"type": "object", "properties": numbered(n, |_| json!({"$ref": "#/components/schemas/Big", "default": {"C1": "x"}}))}),
        );
        schemas.insert("Big".to_owned(), json!({"type": "object", "properties": numbered(n, |_| json!({"type": "string", "maxLength": 9}))}));
        Value::Object(schemas)
    }),
    ("a chain of references", 100, |n| {
        chain(n, object(), reference)
    }),
    ("a chain of references, the last first", 100, |n| {
        backwards(chain(n, object(), reference))
    }),
    ("a chain to what may be null", 100, |n| {
        chain(
            n,
            json!({"type": "object", "nullable": true, "properties": {"a": {"type": "string"}}}),
            reference,
        )
    }),
    ("a chain of `allOf` of one", 100, |n| {
        backwards(chain(
            n,
            object(),
            |next| json!({"description": "x", "allOf": [reference(next)]}),
        ))
    }),
    // Shorter ones become code. What is longer than the limit is a finding.
    ("a chain of objects that extend the next", 150, |n| {
        chain(
            n,
            object(),
            |next| json!({"allOf": [reference(next), {"type": "object", "properties": {format!("p{next}"): {"type": "string"}}}]}),
        )
    }),
    ("a chain of objects that require of the next", 150, |n| {
        backwards(chain(
            n,
            object(),
            |next| json!({"allOf": [reference(next), {"type": "object", "required": ["a"]}]}),
        ))
    }),
    ("many required properties", 300, |n| {
        let names: Vec<String> = (0..n).map(|it| format!("C{it}")).collect();
        one(
            json!({"type": "object", "properties": numbered(n, |_| json!({"type": "string"})), "required": names}),
        )
    }),
    ("many properties that are missing", 150, |n| {
        let names: Vec<String> = (0..n).map(|it| format!("C{it}")).collect();
        one(json!({"type": "object", "properties": {"a": {"type": "string"}}, "required": names}))
    }),
    ("many properties of objects", 200, |n| {
        one(
            json!({"type": "object", "properties": numbered(n, |it| json!({"type": "object", "properties": {format!("p{it}"): {"type": "string"}}}))}),
        )
    }),
    ("an enum of many values", 500, |n| {
        let values: Vec<String> = (0..n).map(|it| format!("value{it}")).collect();
        one(json!({"type": "string", "enum": values}))
    }),
    ("many branches", 100, |n| {
        let branch = |it: usize| json!({"type": "object", "required": ["t"], "properties": {"t": {"type": "string", "enum": [format!("v{it}")]}, "a": {"type": "string"}}});
        one(json!({"oneOf": (0..n).map(branch).collect::<Vec<_>>()}))
    }),
    ("many components", 200, |n| {
        Value::Object(numbered(n, |_| object()))
    }),
    ("many findings", 100, |n| {
        Value::Object(numbered(
            n,
            |_| json!({"type": "object", "properties": {"a": {"type": "string", "format": "uuid"}}}),
        ))
    }),
    ("many bad names", 40, |n| {
        let bad = |it: usize| json!({"type": "object", "x-codegen-name": format!("Thing{it}"), "properties": {format!("p{it}"): {"type": "string"}}});
        let names = (0..n).map(|it| (format!("a__schemas__b{it}__Thing"), bad(it)));
        let worse = (0..n).map(|it| (format!("SSEMCPVariant{it}"), object()));
        names.chain(worse).collect::<Map<_, _>>().into()
    }),
    ("a type that many use, and secrets", 50, |n| {
        let secrets = json!({"type": "array", "items": {"type": "object", "properties": {"api_key": {"type": "string", "enum": ["a", "b"]}}}});
        Value::Object(numbered(
            n,
            |it| json!({"type": "object", "properties": {"secrets": secrets, format!("password{it}"): {"type": "string"}, "token": {"type": "string"}}}),
        ))
    }),
    ("long texts", 50, |n| {
        Value::Object(numbered(
            n,
            |_| json!({"type": "object", "description": "word ".repeat(1_000), "properties": {"a": {"type": "string"}}}),
        ))
    }),
    ("one long text", 100, |n| {
        one(
            json!({"type": "object", "description": "a \"word\"\n".repeat(n * 100), "properties": {"a": {"type": "string"}}}),
        )
    }),
    ("a large example", 200, |n| {
        one(
            json!({"type": "object", "example": vec![json!({"a": [1, 2]}); n], "properties": {"a": {"type": "string"}}}),
        )
    }),
    ("discriminators by inheritance", 10, |n| {
        let mut schemas = json!({"C0": {"type": "object", "properties": {}}});
        for i in 0..n {
            let parent = json!({"$ref": format!("#/components/schemas/P{i}")});
            schemas["C0"]["properties"][format!("p{i}")] = parent.clone();
            schemas[format!("P{i}")] = json!({"type": "object", "properties": {"k": {"type": "string"}, "x": {"type": "string"}}, "discriminator": {"propertyName": "k"}});
            schemas[format!("K{i}")] = json!({"allOf": [parent, {"type": "object", "properties": {"y": {"type": "string"}}}]});
        }
        schemas
    }),
    ("a large default", 200, |n| {
        one(
            json!({"type": "object", "properties": {"a": {"type": "array", "items": {"type": "string"}, "default": vec!["x"; n]}}}),
        )
    }),
];

/// What the stages before the generator allocate, and the text of what they find.
fn bytes(text: &str, name: &str) -> f64 {
    let source = Source::new(name, text);
    let overlay = "overlay: 1.0.0\ninfo: {title: t, version: v}\nactions:\n- {target: $.info, update: {x-a: 1}}\n- {target: '$.components.schemas.*', update: {x-b: 1}}\n";
    let overlay = load::parse(&Source::new("o.yaml", overlay)).unwrap();
    let info = allocation_counter::measure(|| {
        let mut document = load::parse(&source).unwrap();
        overlay::apply(&mut document, &overlay).unwrap();
        let lowered = lower::lower(&document);
        let arranged = arrange::arrange(lowered.document);
        if let Err(failure) = lint::lint_lowered(&document, &arranged, &lowered.refusals) {
            let _ = failure.to_string();
        }
        let warnings = lint::warnings(&document, &arranged);
        let _ = Failure::Diagnostics(warnings).to_string();
    });
    info.bytes_total as f64
}

#[track_caller]
fn grows_evenly(what: &str, text: impl Fn(usize) -> String, name: &str, size: usize) {
    let counts: Vec<f64> = [2, 4, 8]
        .map(|times| bytes(&text(size * times), name))
        .to_vec();
    for pair in counts.windows(2) {
        let ratio = pair[1] / pair[0];
        assert!(
            ratio < MOST,
            "{what}, {name}: {counts:?} bytes, {ratio:.2} times as many for twice the size"
        );
    }
}

/// Each case as JSON on one line of 3.0, or as YAML of 3.1.
fn all_grow_evenly(version: &str, name: &str) {
    for (what, size, schemas) in CASES {
        let text = |size| {
            let mut description = description(schemas(size));
            description["openapi"] = version.into();
            let begin = if name == "d.yaml" { "---\n" } else { "" };
            format!("{begin}{description}")
        };
        grows_evenly(&format!("{what}, {version}"), text, name, size);
    }
}

// Two tests, which run at the same time: they take most of the time of this program.

#[test]
fn twice_the_description_is_about_twice_the_work() {
    all_grow_evenly("3.0.3", "d.json");
}

#[test]
fn twice_the_description_in_yaml_is_about_twice_the_work() {
    all_grow_evenly("3.1.0", "d.yaml");
}

#[test]
fn many_paths_are_about_as_many_times_the_work() {
    let text = |count: usize| {
        let mut description = description(one(object()));
        let paths: Map<String, Value> = (0..count)
            .map(|it| {
                let mut item = description["paths"]["/v1/it"].clone();
                // Half of them are no good names.
                let verb = if it % 2 == 0 {
                    "get"
                } else {
                    "tags_get_many_things"
                };
                item["get"]["operationId"] = format!("{verb}_{it}").into();
                item["get"]["tags"] = json!([format!("tag{}", it % 7)]);
                (format!("/v1/it{it}"), item)
            })
            .collect();
        description["paths"] = paths.into();
        description.to_string()
    };
    grows_evenly("paths", text, "d.json", 100);
}

#[test]
fn a_starter_overlay_takes_about_twice_the_work_for_twice_the_findings() {
    // Half of them have advice, and half become any JSON.
    let mixed = |it: usize| match it % 2 {
        0 => {
            json!({"allOf": [{"type": "string"}, {"type": "object", "properties": {"a": {"type": "string"}}}]})
        }
        _ => json!({"type": "array"}),
    };
    let bytes = |count: usize| {
        let text = description(Value::Object(numbered(count, mixed))).to_string();
        let given = load::parse(&Source::new("d.json", text)).unwrap();
        let info = allocation_counter::measure(|| {
            let (_, report) = init::starter(&given, "d.json", &init::Only::default()).unwrap();
            assert!(report.left.is_empty(), "{:#?}", report.left);
        });
        info.bytes_total as f64
    };
    let counts = [50, 100, 200].map(bytes);
    for pair in counts.windows(2) {
        assert!(pair[1] / pair[0] < MOST, "{counts:?} bytes");
    }
}

/// Of inline schemas that say the same, a finding names the first only. All are settled in one round, so that the number of rounds does not
/// grow with them.
#[test]
fn a_starter_overlay_settles_all_equal_places_with_about_twice_the_work_for_twice_as_many() {
    let odd = json!({"type": "object", "properties": {
        "list": {"type": "array"},
        "one": {"allOf": [{"type": "string"}, {"type": "object", "properties": {"a": {"type": "string"}}}]},
        "within": {"type": "object", "properties": {"fraction": {"type": ["number", "null"]}}},
    }});
    let bytes = |count: usize| {
        let mut description = description(one(object()));
        description["openapi"] = "3.1.0".into();
        let paths = (0..count).map(|it| {
            let answer =
                json!({"description": "It.", "content": {"application/json": {"schema": odd}}});
            let get = json!({"operationId": format!("get_{it}"), "responses": {"200": answer}});
            (format!("/v1/it{it}"), json!({ "get": get }))
        });
        description["paths"] = paths.collect::<Map<_, _>>().into();
        let text = description.to_string();
        let given = load::parse(&Source::new("d.json", text)).unwrap();
        let mut starter = None;
        let info = allocation_counter::measure(|| {
            starter = Some(init::starter(&given, "d.json", &init::Only::default()).unwrap());
        });
        let (text, report) = starter.unwrap();
        assert!(report.left.is_empty(), "{count}: {:#?}", report.left);
        assert_eq!(report.operations, count);
        for action in [
            "{items: {}}",
            "{format: double}",
            "x-codegen-ignore: ['allOf']",
        ] {
            let times = text.matches(action).count();
            assert!(times == count, "{count}: {times} times {action}");
        }
        info.bytes_total as f64
    };
    // Some hundred of them once took a minute, and one of 31 was left.
    let counts = [31, 100, 200, 400].map(bytes);
    for pair in counts[1..].windows(2) {
        assert!(pair[1] / pair[0] < MOST, "{counts:?} bytes");
    }
}

/// The tags are one in Rust. Another name for one would take the operations away from those that are chosen.
#[test]
fn a_starter_overlay_leaves_tags_that_choose_with_about_twice_the_work_for_twice_as_many() {
    let bytes = |count: usize| {
        let mut description = description(one(object()));
        let operation = description["paths"]["/v1/it"]["get"].clone();
        let paths = (0..count).map(|it| {
            let mut get = operation.clone();
            get["operationId"] = format!("get_{it}").into();
            get["tags"] = vec![["pets", "Pets"][it % 2]].into();
            (format!("/v1/it{it}"), json!({ "get": get }))
        });
        description["paths"] = paths.collect::<Map<_, _>>().into();
        let given = load::parse(&Source::new("d.json", description.to_string())).unwrap();
        let only = init::Only {
            tags: vec!["pets".to_owned(), "Pets".to_owned()],
            ..init::Only::default()
        };
        let info = allocation_counter::measure(|| {
            let (_, report) = init::starter(&given, "d.json", &only).unwrap();
            assert_eq!(report.operations, count);
            assert!(!report.left.is_empty());
        });
        info.bytes_total as f64
    };
    let counts = [25, 50, 100].map(bytes);
    for pair in counts.windows(2) {
        assert!(pair[1] / pair[0] < MOST, "{counts:?} bytes");
    }
}

#[test]
fn patterns_that_match_nothing_take_about_twice_the_work_for_twice_as_many() {
    let bytes = |count: usize| {
        let mut description = description(one(object()));
        let operation = description["paths"]["/v1/it"]["get"].clone();
        let paths = (0..count).map(|it| {
            let mut get = operation.clone();
            get["operationId"] = format!("get_many_things_{it}").into();
            (format!("/v1/it{it}"), json!({ "get": get }))
        });
        description["paths"] = paths.collect::<Map<_, _>>().into();
        let ids: Vec<String> = (0..count)
            .map(|it| format!("get_many_thinks_{it}"))
            .collect();
        description["x-codegen-operations"] = json!({"include": {"ids": ids}});
        let mut given = load::parse(&Source::new("d.json", description.to_string())).unwrap();
        let info = allocation_counter::measure(|| {
            select::select(&mut given, select::Hidden::Skipped).unwrap_err();
        });
        info.bytes_total as f64
    };
    let counts = [50, 100, 200].map(bytes);
    for pair in counts.windows(2) {
        assert!(pair[1] / pair[0] < MOST, "{counts:?} bytes");
    }
}

#[test]
fn choosing_operations_takes_about_twice_the_work_for_twice_the_schemas() {
    let schema = |it: usize| match it % 3 {
        0 => reference(it + 1),
        1 => {
            json!({"allOf": [reference(it + 1), object()], "discriminator": {"propertyName": "a"}})
        }
        _ => {
            json!({"properties": {"a": reference(it + 1), "b": {"items": reference(0), "x-codegen-ignore": ["items"]}}})
        }
    };
    let bytes = |count: usize| {
        let mut schemas = numbered(count, schema);
        schemas.insert(format!("C{count}"), object());
        let mut description = description(Value::Object(schemas));
        description["x-codegen-operations"] = json!({"include": {"ids": ["get_it"]}});
        let mut given = load::parse(&Source::new("d.json", description.to_string())).unwrap();
        let info = allocation_counter::measure(|| {
            select::select(&mut given, select::Hidden::Skipped).unwrap();
        });
        let kept = &given.to_json()["components"]["schemas"];
        assert_eq!(kept.as_object().unwrap().len(), count + 1);
        info.bytes_total as f64
    };
    let counts = [500, 1_000, 2_000].map(bytes);
    for pair in counts.windows(2) {
        assert!(pair[1] / pair[0] < MOST, "{counts:?} bytes");
    }
}

#[test]
fn a_chain_of_800_references_becomes_code_and_one_of_20000_is_a_finding() {
    let run = |length| {
        let text = description(chain(length, object(), reference)).to_string();
        pipeline::run(&load::parse(&Source::new("d.json", text)).unwrap())
    };
    let code = run(800).unwrap_or_else(|failure| panic!("{failure}"));
    assert_eq!(code.operations, 1);
    let failure = run(20_000).map(|_| ()).unwrap_err().to_string();
    assert!(
        failure.contains("error[ref-cycle]"),
        "{}",
        &failure[..2_000]
    );
    assert!(
        failure.contains("more than 1000 references"),
        "{}",
        &failure[..2_000]
    );
}

/// The generator calls itself for each of them: from 400 on, the stack was not enough.
#[test]
fn a_chain_of_128_merges_becomes_code_and_a_longer_one_is_one_finding() {
    let run = |length| {
        let link = |next| json!({"allOf": [reference(next), {"type": "object", "properties": {format!("p{next}"): {"type": "string"}}}]});
        let text = description(chain(length, object(), link)).to_string();
        pipeline::run(&load::parse(&Source::new("d.json", text)).unwrap())
    };
    for length in [32, 33, 34, 70, 128] {
        let code = run(length).unwrap_or_else(|failure| panic!("{length}: {failure}"));
        let texts: String = code.files.iter().map(|it| it.text.as_str()).collect();
        // The first has all fields, and the type of the last is only its own.
        let first = texts.split("pub struct C0 {").nth(1).unwrap();
        let first = first.split("\n}").next().unwrap();
        for number in 1..=length {
            let field = format!("pub p{number}: ");
            assert!(first.contains(&field), "{length}: {field}\n{first}");
        }
    }
    for length in [129, 3_000] {
        let Err(Failure::Diagnostics(findings)) = run(length) else {
            panic!("{length}: no findings");
        };
        let [finding] = findings.as_slice() else {
            panic!("{length}: {} findings", findings.len());
        };
        assert_eq!(finding.rule, "merges");
        let place = format!("#/components/schemas/C{}/allOf", length - 129);
        assert!(finding.message.contains("more than 128 components"));
        assert_eq!(finding.pointer.as_ref().unwrap().to_string(), place);
    }
}

#[test]
fn each_action_of_an_overlay_is_as_much_work_in_a_large_description() {
    let bytes = |count: usize| {
        let schemas = Value::Object(numbered(count, |_| object()));
        let text = description(schemas).to_string();
        let actions: Vec<Value> = (0..count)
            .map(|it| json!({"target": format!("$.components.schemas.C{it}"), "update": {"x-a": it}}))
            .chain([json!({"target": "$.components.schemas.C0", "remove": true})])
            .collect();
        let overlay =
            json!({"overlay": "1.0.0", "info": {"title": "t", "version": "v"}, "actions": actions});
        let overlay = load::parse(&Source::new("o.json", overlay.to_string())).unwrap();
        let mut document = load::parse(&Source::new("d.json", text)).unwrap();
        let info = allocation_counter::measure(|| {
            overlay::apply(&mut document, &overlay).unwrap();
        });
        info.bytes_total as f64
    };
    let counts = [200, 400, 800].map(bytes);
    for pair in counts.windows(2) {
        assert!(pair[1] / pair[0] < MOST, "{counts:?} bytes");
    }
}
