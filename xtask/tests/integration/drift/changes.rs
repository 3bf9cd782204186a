//! How two descriptions differ: each kind of difference, what it breaks, and what is no difference.
//!
//! `fixtures/drift/<change>[.<case>].yaml` holds both descriptions, shortened: `paths`, or one `operation`, or one
//! `schema` with other `schemas` beside it. The `.out` beside it is what a maintainer then reads, and what of the
//! same the other way round. `UPDATE_EXPECT=1 cargo test -p xtask --test integration
//! drift::changes` writes the latter anew.

use crate::support::fixture;
use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Instant;

use crate::support::fixture::{difference, files, name_of, rule_of};
use xtask::commands::drift::to_text;
use xtask::drift::{ByOverlay, CHANGES, Difference, Report, Scope, Uses, compare};
use xtask::load;
use xtask::openapi::{Entry, Node, Pointer, Source, Value};

fn fixtures() -> Vec<PathBuf> {
    files("drift")
}

fn parse(name: &str, text: &str) -> Node {
    load::parse(&Source::new(name, text)).unwrap_or_else(|failure| panic!("{failure}"))
}

fn report(ours: &Node, other: &Node) -> Report {
    compare(ours, None, other).unwrap_or_else(|failure| panic!("{failure}"))
}

/// A description around a fixture's side. Its parts keep their places.
fn description(side: &Node, uses: Uses) -> Node {
    let body = "{content: {application/json: {schema: {$ref: '#/components/schemas/Thing'}}}}";
    let body_of = |is: bool, text: &str| {
        if is {
            text.replace("BODY", body)
        } else {
            String::new()
        }
    };
    let text = format!(
        "openapi: 3.0.3\ninfo: {{title: Test, version: '1'}}\npaths:\n  /things:\n    post:\n      x: 1\n{}{}\
         components: {{schemas: {{}}}}\n",
        body_of(uses.request, "      requestBody: BODY\n"),
        body_of(uses.answer, "      responses: {'200': BODY}\n"),
    );
    let mut document = parse("skeleton.yaml", &text);
    let mut put = |at: &str, node: &Node| {
        let at = Pointer::parse(at).unwrap();
        let holder = document.pointer_mut(&at.parent().unwrap()).unwrap();
        let Value::Object(members) = &mut holder.value else {
            panic!("{at} is in no object");
        };
        let (key, node) = (node.span.clone(), node.clone());
        members.insert(at.last().unwrap().to_owned(), Entry { key, node });
    };
    for (key, entry) in side.as_object().unwrap() {
        match key.as_str() {
            "operation" => put("/paths/~1things/post", &entry.node),
            "schema" => put("/components/schemas/Thing", &entry.node),
            "schemas" => {
                for (name, schema) in entry.node.as_object().unwrap() {
                    put(&format!("/components/schemas/{name}"), &schema.node);
                }
            }
            _ => put(&format!("/{key}"), &entry.node),
        }
    }
    document
}

const BOTH: Uses = Uses {
    request: true,
    answer: true,
};

fn sides(path: &Path, uses: Uses) -> (Node, Node) {
    let node = fixture::read(path);
    let side = |name: &str| description(node.get(name).unwrap(), uses);
    (side("ours"), side("other"))
}

fn grades(report: &Report) -> String {
    let grades: BTreeSet<String> = report
        .counted()
        .map(|it| {
            let grade = if it.breaking {
                "breaking"
            } else {
                "compatible"
            };
            format!("{grade}[{}]", it.change.name)
        })
        .collect();
    grades.into_iter().collect::<Vec<_>>().join(", ")
}

#[test]
fn each_kind_of_difference_is_reported_with_its_place_and_what_it_breaks() {
    let mut problems = Vec::new();
    for path in fixtures() {
        let name = name_of(&path);
        let (ours, other) = sides(&path, BOTH);
        let forth = report(&ours, &other);
        let back = report(&other, &ours);
        let found: BTreeSet<&str> = forth.counted().map(|it| it.change.name).collect();
        if found != BTreeSet::from([rule_of(&path)]) {
            problems.push(format!("{name} shows {found:?}"));
        }
        let mut text = format!("{}\n", to_text(&forth));
        if fixture::read(&path)
            .pointer(&Pointer::parse("/ours/schema").unwrap())
            .is_some()
        {
            for (what, uses) in [("sent", Uses::REQUEST), ("received", Uses::ANSWER)] {
                let (ours, other) = sides(&path, uses);
                let only = report(&ours, &other);
                text.push_str(&format!("\nwhere it is only {what}: {}", grades(&only)));
            }
            text.push('\n');
        }
        text.push_str(&format!("\nthe other way round: {}\n", grades(&back)));
        problems.extend(difference(&path, "out", &text));
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn every_change_has_a_fixture_and_every_fixture_a_change() {
    let files = fixtures();
    let with_fixture: BTreeSet<&str> = files.iter().map(|path| rule_of(path)).collect();
    let changes: BTreeSet<&str> = CHANGES.iter().map(|change| change.name).collect();
    assert_eq!(with_fixture, changes);
    assert_eq!(changes.len(), CHANGES.len(), "two changes of one name");
}

#[test]
fn a_description_agrees_with_itself() {
    for path in fixtures() {
        for document in [sides(&path, BOTH).0, sides(&path, BOTH).1] {
            let report = report(&document, &document);
            assert!(report.differences.is_empty(), "{}", to_text(&report));
        }
    }
}

/// A description of one operation whose answer is `#/components/schemas/A`.
fn with_schemas(version: &str, schemas: &str) -> Node {
    let answer = "{content: {application/json: {schema: {$ref: '#/components/schemas/A'}}}}";
    let text = format!(
        "openapi: {version}\ninfo: {{title: T, version: '1'}}\npaths: {{/a: {{get: {{responses: {{'200': {answer}}}}}}}}}\n\
         components:\n  schemas:\n{schemas}"
    );
    parse("d.yaml", &text)
}

fn messages(report: &Report) -> Vec<String> {
    let title = |difference: &Difference| match &difference.scope {
        Scope::Operation { method, path, .. } | Scope::OtherOperation { method, path, .. } => {
            format!("{method} {path}")
        }
        Scope::Schema(name) => name.clone(),
        Scope::OtherSchema(name) => format!("OTHER's {name}"),
    };
    let all = report.differences.iter();
    all.map(|it| {
        let change = it.change.name;
        format!("{} {} {change}: {}", title(it), it.at, it.message)
    })
    .collect()
}

#[test]
fn what_means_the_same_is_not_a_difference() {
    for (ours, other) in [
        // Null, in the words of both versions.
        (
            "    A: {type: object, properties: {a: {type: string, nullable: true}}}\n",
            "    A: {type: object, properties: {a: {anyOf: [{type: string}, {type: 'null'}]}}}\n",
        ),
        (
            "    A: {type: object, properties: {a: {nullable: true, allOf: [{$ref: '#/components/schemas/B'}]}}}\n    B: {type: string}\n",
            "    A: {type: object, properties: {a: {anyOf: [{$ref: '#/components/schemas/C'}, {type: 'null'}]}}}\n    C: {type: string}\n",
        ),
        // Of exclusive branches, one holds or any.
        (
            "    A: {oneOf: [{type: string}, {type: integer}]}\n",
            "    A: {type: [integer, string]}\n",
        ),
        (
            "    A: {oneOf: [{type: string}, {type: integer}]}\n",
            "    A: {anyOf: [{type: integer}, {type: string}]}\n",
        ),
        // What holds together may be written apart.
        (
            "    A: {type: object, required: [a, b], properties: {a: {type: string}, b: {}}}\n",
            "    A: {required: [a], allOf: [{$ref: '#/components/schemas/B'}, {type: object, properties: {a: {type: string}}}]}\n    B: {type: object, properties: {b: {}}, required: [b]}\n",
        ),
        (
            "    A: {allOf: [{enum: [x, y]}, {type: string, enum: [y, z]}]}\n",
            "    A: {const: y}\n",
        ),
        (
            "    A: {allOf: [{type: object, nullable: true}, {nullable: true, required: [a]}]}\n",
            "    A: {type: [object, 'null'], required: [a]}\n",
        ),
        // Branches that nothing tells apart but all that they say.
        (
            "    A: {oneOf: [{type: object, properties: {a: {type: string}}}, {type: object, properties: {a: {type: integer}}}, {type: object, properties: {b: {}}}]}\n",
            "    A: {oneOf: [{type: object, description: B, properties: {b: {}}}, {type: object, description: A, properties: {a: {type: integer}}}, {type: object, description: A, properties: {a: {type: string}}}]}\n",
        ),
        // References to references, in circles too.
        (
            "    A: {type: object, properties: {next: {$ref: '#/components/schemas/A'}}}\n",
            "    A: {$ref: '#/components/schemas/B'}\n    B: {type: object, properties: {next: {$ref: '#/components/schemas/C'}}}\n    C: {$ref: '#/components/schemas/A'}\n",
        ),
        (
            "    A: {type: string, enum: [x], minLength: 0, deprecated: false}\n",
            "    A: {const: x}\n",
        ),
        (
            "    A: {type: number, maximum: 1.0, example: 1}\n",
            "    A: {type: number, maximum: 1, description: At most one.}\n",
        ),
        (
            "    A: {type: object, default: {a: 1, b: [2]}}\n",
            "    A: {type: object, default: {b: [2.0], a: 1}}\n",
        ),
        (
            "    A: {type: object, additionalProperties: true}\n",
            "    A: {type: object}\n",
        ),
        (
            "    A: {oneOf: [{$ref: '#/components/schemas/X'}, {$ref: '#/components/schemas/Y'}], discriminator: {propertyName: kind, mapping: {x: '#/components/schemas/X', y: Y}}}\n    X: {type: object}\n    Y: {type: string}\n",
            "    A: {oneOf: [{$ref: '#/components/schemas/YY'}, {$ref: '#/components/schemas/XX'}], discriminator: {propertyName: kind, mapping: {x: XX, y: '#/components/schemas/YY'}}}\n    XX: {type: object}\n    YY: {type: string}\n",
        ),
    ] {
        let report = report(&with_schemas("3.0.3", ours), &with_schemas("3.1.0", other));
        assert_eq!(messages(&report), [""; 0], "{ours}{other}");
    }
}

#[test]
fn circles_of_references_end() {
    for schemas in [
        "    A: {$ref: '#/components/schemas/A'}\n",
        "    A: {allOf: [{$ref: '#/components/schemas/A'}, {type: object}]}\n",
        "    A: {allOf: [{$ref: '#/components/schemas/A'}]}\n",
        "    A: {anyOf: [{$ref: '#/components/schemas/A'}, {$ref: '#/components/schemas/B'}]}\n    B: {oneOf: [{$ref: '#/components/schemas/A'}, {type: array, items: {$ref: '#/components/schemas/B'}}]}\n",
        "    A: {$ref: '#'}\n",
        "    A: {$ref: '#/components'}\n",
    ] {
        let ours = with_schemas("3.0.3", schemas);
        assert_eq!(messages(&report(&ours, &ours)), [""; 0], "{schemas}");
        let other = with_schemas("3.0.3", "    A: {type: boolean}\n");
        assert!(!report(&ours, &other).differences.is_empty(), "{schemas}");
    }
}

#[test]
fn a_difference_in_a_shared_component_is_reported_once_with_all_its_places() {
    let thing = "{content: {application/json: {schema: {$ref: '#/components/schemas/A'}}}}";
    let inline =
        "{content: {application/json: {schema: {type: object, properties: {a: {type: integer}}}}}}";
    let text = |answer: &str| {
        format!(
            "openapi: 3.0.3\npaths:\n  /a:\n    get: {{responses: {{'200': {answer}}}}}\n    put:\n      requestBody: {answer}\n  /b: {{get: {{responses: {{'200': {answer}}}}}}}\n\
             components: {{schemas: {{A: {{type: object, properties: {{a: {{type: string}}}}}}}}}}\n"
        )
    };
    let (ours, other) = (
        parse("d.yaml", &text(thing)),
        parse("o.yaml", &text(inline)),
    );
    let report = report(&ours, &other);
    assert_eq!(
        messages(&report),
        ["A a type: the type is string in ours, integer in OTHER"]
    );
    assert_eq!(report.differences[0].places.len(), 3);
    assert_eq!(report.differences[0].uses, BOTH);
    assert!(to_text(&report).contains("and 2 more places"));
    // The other way round, it is OTHER that has a name for it.
    let report = compare(&other, None, &ours).unwrap();
    assert_eq!(
        messages(&report),
        ["OTHER's A a type: the type is integer in ours, string in OTHER"]
    );
    assert_eq!(report.differences[0].uses, BOTH);
}

#[test]
fn references_to_references_are_followed_and_the_last_one_names_the_schema() {
    let of = |kind: &str| {
        parse(
            "d.yaml",
            &format!(
                "openapi: 3.0.3\npaths: {{/a: {{get: {{responses: {{'200': {{$ref: '#/components/responses/R'}}}}}}}}}}\n\
                 components:\n  responses:\n    R: {{$ref: '#/components/responses/S'}}\n\
                 \x20   S: {{content: {{application/json: {{schema: {{allOf: [{{$ref: '#/components/schemas/A'}}]}}}}}}}}\n\
                 \x20 schemas:\n    A: {{$ref: '#/components/schemas/B'}}\n    B: {{type: {kind}}}\n"
            ),
        )
    };
    assert_eq!(
        messages(&report(&of("string"), &of("integer"))),
        ["B  type: the type is string in ours, integer in OTHER"]
    );
}

#[test]
fn a_difference_behind_a_long_chain_of_references_is_found() {
    let chain = |length: usize, kind: &str| {
        let mut schemas = "    A: {$ref: '#/components/schemas/C0'}\n".to_owned();
        for number in 0..length {
            let next = number + 1;
            schemas += &format!("    C{number}: {{$ref: '#/components/schemas/C{next}'}}\n");
        }
        schemas +=
            &format!("    C{length}: {{type: object, properties: {{a: {{type: {kind}}}}}}}\n");
        with_schemas("3.0.3", &schemas)
    };
    for length in [1, 10, 49, 51, 64, 900] {
        let report = report(&chain(length, "string"), &chain(length, "integer"));
        assert_eq!(
            messages(&report).len(),
            1,
            "{length}: {:?}",
            messages(&report)
        );
    }
}

#[test]
fn what_ours_uses_a_component_for_counts_wherever_it_differs() {
    // OTHER has another schema for what is sent.
    let use_of = |sent: &str, received: &str| {
        let body = |name: &str| {
            format!(
                "{{content: {{application/json: {{schema: {{$ref: '#/components/schemas/{name}'}}}}}}}}"
            )
        };
        parse(
            "d.yaml",
            &format!(
                "openapi: 3.0.3\npaths: {{/a: {{post: {{requestBody: {}, responses: {{'200': {}}}}}}}}}\n\
                 components: {{schemas: {{A: {{type: object}}, B: {{type: object, required: [a], properties: {{a: {{}}}}}}}}}}\n",
                body(sent),
                body(received)
            ),
        )
    };
    let report = report(&use_of("A", "A"), &use_of("A", "B"));
    let [difference] = &report.differences[..] else {
        panic!("{}", to_text(&report));
    };
    assert_eq!(difference.change.name, "required-field-added");
    // `A` would then be asked for the field where it is sent, too.
    assert!(difference.breaking && difference.uses == BOTH);
}

#[test]
fn a_branch_is_known_by_its_tag_its_name_or_all_that_it_says() {
    let of = |branches: &str| {
        format!(
            "    A: {{oneOf: [{branches}]}}\n    N: {{type: object, properties: {{n: {{type: string}}}}}}\n"
        )
    };
    let tagged = |tag: &str, kind: &str| {
        format!("{{type: object, properties: {{kind: {{enum: [{tag}]}}, a: {{type: {kind}}}}}}}")
    };
    for (ours, other, expected) in [
        (
            format!("{}, {}", tagged("x", "string"), tagged("y", "string")),
            format!("{}, {}", tagged("y", "integer"), tagged("x", "string")),
            "A (y).a type: the type is string in ours, integer in OTHER",
        ),
        (
            "{$ref: '#/components/schemas/N'}, {type: object, properties: {a: {type: string}}}".to_owned(),
            "{type: object, properties: {a: {type: integer}}}, {$ref: '#/components/schemas/N'}".to_owned(),
            "A (object).a type: the type is string in ours, integer in OTHER",
        ),
        (
            "{type: object, properties: {a: {type: string}}}, {type: object, properties: {b: {type: string}}}".to_owned(),
            "{type: object, properties: {b: {type: string}}}, {type: object, properties: {c: {type: string}}}".to_owned(),
            "A (object).a field-removed: optional in ours, and OTHER lacks it",
        ),
        // Not all have a tag; two that have another one are no pair.
        (
            format!("{}, {{type: object, properties: {{b: {{type: string}}}}}}", tagged("x", "string")),
            format!("{}, {{type: object, properties: {{b: {{type: string}}}}}}", tagged("z", "string")),
            "A  branch-removed: a branch of type object is in ours only",
        ),
    ] {
        let report = report(
            &with_schemas("3.0.3", &of(&ours)),
            &with_schemas("3.0.3", &of(&other)),
        );
        assert_eq!(messages(&report)[0], expected);
    }
}

#[test]
fn a_mapping_of_a_discriminator_says_the_tag_by_name_or_by_reference() {
    let of = |n: &str, m: &str, branches: &str, mapping: &str, kind: &str| {
        let branches = branches.replace('*', "#/components/schemas/");
        let mapping = mapping.replace('*', "#/components/schemas/");
        let text = format!(
            "    A: {{oneOf: [{branches}], discriminator: {{propertyName: kind, mapping: {{{mapping}}}}}}}\n\
             \x20   {n}: {{type: object, properties: {{a: {{type: {kind}}}}}}}\n\
             \x20   {m}: {{type: object, properties: {{b: {{type: string}}, c: {{}}}}}}\n"
        );
        with_schemas("3.0.3", &text)
    };
    let ours = of(
        "N",
        "M",
        "{$ref: '*N'}, {$ref: '*M'}",
        "n: N, m: '*M'",
        "string",
    );
    let other = of(
        "Q",
        "P",
        "{$ref: '*P'}, {$ref: '*Q'}",
        "m: P, n: '*Q'",
        "integer",
    );
    assert_eq!(
        messages(&report(&ours, &other)),
        ["N a type: the type is string in ours, integer in OTHER"]
    );
}

#[test]
fn parameters_of_the_path_are_matched_by_their_place() {
    let of = |path: &str, item: &str, operation: &str| {
        parse(
            "d.yaml",
            &format!(
                "openapi: 3.0.3\npaths: {{'{path}': {{parameters: [{item}], get: {{parameters: [{operation}]}}}}}}\n"
            ),
        )
    };
    let parameter = |name: &str, kind: &str| {
        format!("{{name: {name}, in: path, required: true, schema: {{type: {kind}}}}}")
    };
    // One in the path is required, whether it says so or not.
    let ours = of(
        "/a/{x}/{y}",
        &parameter("x", "string").replace("required: true, ", ""),
        &parameter("y", "string"),
    );
    let other = of(
        "/a/{y}/{z}",
        "",
        &format!("{}, {}", parameter("z", "string"), parameter("y", "string")),
    );
    assert_eq!(messages(&report(&ours, &other)), [""; 0]);
    let other = of(
        "/a/{y}/{z}",
        "",
        &format!(
            "{}, {}",
            parameter("z", "string"),
            parameter("y", "integer")
        ),
    );
    assert_eq!(
        messages(&report(&ours, &other)),
        ["GET /a/{x}/{y} path parameter `x` type: the type is string in ours, integer in OTHER"]
    );
}

const OVERLAY_HEAD: &str = "overlay: 1.0.0\ninfo: {title: t, version: v}\nactions:\n";

fn with_overlay(ours: &str, actions: &str, other: &str) -> Report {
    let overlay = parse("overlay.yaml", &format!("{OVERLAY_HEAD}{actions}"));
    compare(
        &with_schemas("3.0.3", ours),
        Some(&overlay),
        &with_schemas("3.0.3", other),
    )
    .unwrap_or_else(|failure| panic!("{failure}"))
}

/// What the overlay has to do with each difference, and the line of its action.
fn by_overlay(report: &Report) -> Vec<(&str, &str, usize)> {
    let all = report.differences.iter();
    all.map(|it| match &it.overlay {
        None => (it.change.name, "nothing", 0),
        Some(ByOverlay::Explained(span)) => (it.change.name, "explained", span.line_column().0),
        Some(ByOverlay::Hidden(span)) => (it.change.name, "hidden", span.line_column().0),
    })
    .collect()
}

#[test]
fn a_difference_that_the_overlay_makes_is_explained_by_its_action() {
    let text =
        "    A: {type: object, properties: {a: {type: string, format: uri}, b: {type: number}}}\n";
    let actions = "\
- {target: $.components.schemas.A, update: {x-codegen-open: true}}
- {target: $.components.schemas.A.properties.a, update: {x-codegen-ignore: [format]}}
- {target: $.components.schemas.A.properties.b, update: {type: string}}
- {target: $.components.schemas.A.properties.b, update: {type: integer}}
";
    let report = with_overlay(text, actions, text);
    assert_eq!(
        by_overlay(&report),
        [("type", "explained", 7), ("format", "explained", 5)]
    );
    assert_eq!(report.counted().count(), 0);
    assert_eq!(
        xtask::commands::drift::exit_code(&report, Default::default()),
        0
    );
}

#[test]
fn a_difference_that_comes_and_goes_is_explained_by_the_action_with_which_it_stays() {
    let text = "    A: {type: object, properties: {a: {type: number}}}\n";
    let action = |kind: &str| {
        format!("- {{target: $.components.schemas.A.properties.a, update: {{type: {kind}}}}}\n")
    };
    let actions = [action("string"), action("number"), action("string")].concat();
    assert_eq!(
        by_overlay(&with_overlay(text, &actions, text)),
        [("type", "explained", 6)]
    );
}

#[test]
fn a_difference_of_the_description_counts_though_the_overlay_hides_it() {
    let report = with_overlay(
        "    A: {type: object, properties: {a: {type: string}}}\n",
        "- {target: $.components.schemas.A.properties.a, update: {type: integer}}\n",
        "    A: {type: object, properties: {a: {type: integer}}}\n",
    );
    assert_eq!(by_overlay(&report), [("type", "hidden", 4)]);
    assert_eq!(report.counted().count(), 1);
    assert!(to_text(&report).contains("hidden from the generator by overlay.yaml:4:12"));
    // Both differ, and not in the same way.
    let report = with_overlay(
        "    A: {type: object, properties: {a: {type: string}}}\n",
        "- {target: $.components.schemas.A.properties.a, update: {type: integer}}\n",
        "    A: {type: object, properties: {a: {type: boolean}}}\n",
    );
    assert_eq!(
        by_overlay(&report),
        [("type", "hidden", 4), ("type", "explained", 4)]
    );
    // The overlay has nothing to do with it.
    let report = with_overlay(
        "    A: {type: object, properties: {a: {type: string}}}\n",
        "- {target: $.components.schemas.A, update: {description: A.}}\n",
        "    A: {type: object, properties: {a: {type: boolean}}}\n",
    );
    assert_eq!(by_overlay(&report), [("type", "nothing", 0)]);
}

#[test]
fn an_operation_that_the_overlay_removes_leaves_the_others_alone() {
    let text = "openapi: 3.0.3\npaths:\n  /a: {get: {}}\n  /b: {get: {operationId: b}}\n";
    let overlay = format!("{OVERLAY_HEAD}- {{target: \"$.paths['/a']\", remove: true}}\n");
    let other = text.replace("operationId: b", "operationId: c");
    let report = compare(
        &parse("d.yaml", text),
        Some(&parse("overlay.yaml", &overlay)),
        &parse("other.yaml", &other),
    )
    .unwrap();
    assert_eq!(
        by_overlay(&report),
        [
            ("operation-id", "nothing", 0),
            ("operation-added", "explained", 4)
        ]
    );
}

#[test]
fn an_overlay_that_does_not_fit_is_an_error() {
    let ours = with_schemas("3.0.3", "    A: {}\n");
    let overlay = parse(
        "overlay.yaml",
        &format!("{OVERLAY_HEAD}- {{target: $.b, remove: true}}\n"),
    );
    let message = compare(&ours, Some(&overlay), &ours)
        .unwrap_err()
        .to_string();
    assert!(
        message.contains("matches nothing") && message.contains("overlay.yaml:4"),
        "{message}"
    );
}

#[test]
fn only_openapi_3_0_and_3_1_can_be_compared() {
    let ours = with_schemas("3.0.3", "    A: {}\n");
    for (text, says) in [
        ("swagger: '2.0'\n", "a description in Swagger 2.0"),
        ("openapi: 3.2.0\n", "OpenAPI 3.2.0 is not read"),
        ("openapi: 3\n", "the OpenAPI version is a number"),
        ("info: {}\n", "no `openapi` version"),
    ] {
        let other = parse("other.yaml", text);
        for outcome in [compare(&ours, None, &other), compare(&other, None, &ours)] {
            let message = outcome.unwrap_err().to_string();
            assert!(
                message.contains(says) && message.contains("other.yaml:1"),
                "{message}"
            );
        }
    }
    let empty = parse("other.yaml", "openapi: 3.1.0\n");
    assert_eq!(messages(&compare(&ours, None, &empty).unwrap()).len(), 1);
}

#[test]
fn what_cannot_be_lowered_is_compared_as_it_is_and_noted_where_it_matters() {
    let ours = with_schemas("3.0.3", "    A: {type: object}\n");
    let other = with_schemas(
        "3.1.0",
        "    A: {type: object, if: {const: {}}, then: false}\n    B: {contains: {}}\n",
    );
    let report = report(&ours, &other);
    let text = to_text(&report);
    assert_eq!(report.differences.len(), 2, "{text}");
    for says in [
        "conditional: OpenAPI 3.0 has no equivalent of `if`; compared as it is written (d.yaml:6:",
        "OTHER has a place that OpenAPI 3.0 cannot express, in parts that no common operation uses",
    ] {
        assert!(text.contains(says), "{says} is not in\n{text}");
    }
}

#[test]
fn what_the_overlay_leaves_out_is_not_noted() {
    let ours = with_schemas("3.1.0", "    A: {type: object, contains: {}}\n");
    let action = "- {target: $.components.schemas.A, update: {x-codegen-ignore: [contains]}}\n";
    let overlay = parse("overlay.yaml", &format!("{OVERLAY_HEAD}{action}"));
    let notes = |overlay| compare(&ours, overlay, &ours).unwrap().notes;
    // Both have it, and the overlay is about ours alone.
    assert_eq!(notes(None).len(), 2);
    assert_eq!(notes(Some(&overlay)).len(), 1);
}

#[test]
fn what_is_nested_too_deep_to_be_compared_differs_unless_it_is_written_alike() {
    let mut deep = "string".to_owned();
    for _ in 0..110 {
        deep = format!("array, items: {{type: {deep}}}");
    }
    let of = |deep: &str| with_schemas("3.0.3", &format!("    A: {{type: {deep}}}\n"));
    let (ours, other) = (of(&deep), of(&deep.replace("string", "integer")));
    assert_eq!(messages(&report(&ours, &ours)), [""; 0]);
    let report = report(&ours, &other);
    let [difference] = &report.differences[..] else {
        panic!("{}", to_text(&report));
    };
    assert!(difference.breaking && difference.message.contains("nested too deep"));
}

#[test]
fn other_servers_and_another_version_are_noted_and_no_difference() {
    let ours = parse(
        "d.yaml",
        "openapi: 3.0.3\ninfo: {version: '1'}\nservers: [{url: https://a}]\n",
    );
    let other = parse("d.yaml", "openapi: 3.0.3\ninfo: {version: '2'}\n");
    let report = report(&ours, &other);
    assert!(report.differences.is_empty());
    let notes: Vec<&str> = report.notes.iter().map(|it| it.message.as_str()).collect();
    assert_eq!(
        notes,
        [
            "the servers are https://a in ours, not given in OTHER",
            "the version is \"1\" in ours, \"2\" in OTHER"
        ]
    );
}

#[test]
fn deep_and_long_documents_are_compared_without_end_of_the_stack() {
    // As deep as JSON may be, and a chain of components that is longer than any stack.
    let mut deep = "string".to_owned();
    for _ in 0..50 {
        deep = format!("array, items: {{type: {deep}}}");
    }
    let mut schemas = format!(
        "    A: {{type: object, properties: {{a: {{$ref: '#/components/schemas/C0'}}, deep: {{type: {deep}}}}}}}\n"
    );
    for number in 0..3000 {
        let next = number + 1;
        schemas.push_str(&format!(
            "    C{number}: {{type: object, properties: {{a: {{$ref: '#/components/schemas/C{next}'}}}}}}\n"
        ));
    }
    let last = |kind: &str| format!("{schemas}    C3000: {{type: {kind}}}\n");
    let ours = with_schemas("3.0.3", &last("string"));
    let other = with_schemas("3.0.3", &last("integer"));
    assert_eq!(
        messages(&report(&ours, &other)),
        ["C3000  type: the type is string in ours, integer in OTHER"]
    );
}

#[test]
fn unions_of_unions_take_no_time_to_speak_of() {
    // Without names and tags, each branch may be any other.
    let mut schema = "{type: string}".to_owned();
    for level in 0..4 {
        let branches: Vec<String> = (0..5)
            .map(|index| format!("{{type: object, properties: {{a{level}{index}: {schema}}}}}"))
            .collect();
        schema = format!("{{anyOf: [{}]}}", branches.join(", "));
    }
    let schema = format!("    A: {schema}\n");
    let ours = with_schemas("3.0.3", &schema);
    // Nothing is written alike, so that all has to be tried.
    let other = schema.replace("{type: object", "{description: x, type: object");
    let same = with_schemas("3.0.3", &other);
    let other = with_schemas("3.0.3", &other.replacen("string", "integer", 1));
    // Were each tried with each at every level, this would not end.
    assert!(report(&ours, &ours).differences.is_empty());
    assert!(report(&ours, &same).differences.is_empty());
    assert!(!report(&ours, &other).differences.is_empty());
}

/// The environment variable that names a description as the service publishes it, in OpenAPI 3.1.
const UPSTREAM: &str = "LETTA_UPSTREAM_DESCRIPTION";

fn upstream(test: &str) -> Option<Node> {
    let Some(path) = std::env::var_os(UPSTREAM) else {
        // On the standard error itself: the test runner would keep to itself what is printed.
        let _ = writeln!(std::io::stderr(), "skipped: {test} needs {UPSTREAM}");
        return None;
    };
    Some(load::load(Path::new(&path)).unwrap_or_else(|failure| panic!("{failure}")))
}

/// What is wrong in the published description, as a real server showed. A comment in ours says so beside each.
const CORRECTED: &str = include_str!("../../fixtures/published/corrected.txt");

/// The operations that ours does not have yet. The official clients have none of them.
const NOT_YET: &str = include_str!("../../fixtures/published/not_yet.txt");

/// Whether ours never gets an operation: it is deprecated, or the service's own business.
fn is_never(published: &Node, method: &str, path: &str) -> bool {
    let at = Pointer::parse("#/paths").unwrap().join(path);
    let operation = published.pointer(&at.join(method.to_lowercase())).unwrap();
    let is_deprecated = operation.get("deprecated").and_then(Node::as_bool) == Some(true);
    is_deprecated || path.starts_with("/v1/_internal_")
}

#[test]
fn ours_differs_from_the_published_description_only_as_the_overlay_or_a_comment_says() {
    let Some(other) = upstream("ours_differs_from_the_published_description_only_as") else {
        return;
    };
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../openapi");
    let read = |name: &str| load::load(&folder.join(name)).unwrap();
    let report = compare(&read("letta.yaml"), Some(&read("overlay.yaml")), &other).unwrap();
    let (lacking, rest): (Vec<_>, Vec<_>) = report
        .differences
        .iter()
        .partition(|it| it.is_lacking_operation());
    assert_eq!(lacking.len(), 173);
    let not_yet: BTreeSet<String> = lacking
        .iter()
        .filter_map(|it| match &it.scope {
            Scope::OtherOperation { method, path } => Some((method, path)),
            _ => None,
        })
        .filter(|(method, path)| !is_never(&other, method, path))
        .map(|(method, path)| format!("{path} {method}"))
        .collect();
    assert_eq!(Vec::from_iter(not_yet).join("\n"), NOT_YET.trim_end());
    let (explained, corrected): (Vec<_>, Vec<_>) =
        rest.into_iter().partition(|it| it.is_explained());
    let corrected: Vec<String> = corrected
        .into_iter()
        .map(|it| {
            let scope = match &it.scope {
                Scope::Operation { method, path } => format!("{method} {path}"),
                Scope::Schema(name) | Scope::OtherSchema(name) => name.clone(),
                Scope::OtherOperation { .. } => unreachable!("they are left out"),
            };
            format!("{scope}: {}: {}", it.at, it.change.name)
        })
        .collect();
    assert_eq!(corrected.join("\n"), CORRECTED.trim_end());
    let kinds: BTreeSet<&str> = explained.iter().map(|it| it.change.name).collect();
    assert_eq!(
        Vec::from_iter(kinds),
        [
            "answer-body-added",
            "body-added",
            "body-optional",
            "closed",
            "format",
            "number-format",
            "operation-id",
            "type",
            "values-listed",
        ]
    );
}

#[test]
fn the_published_description_agrees_with_itself_and_a_change_of_it_is_found() {
    let Some(ours) = upstream("the_published_description_agrees_with_itself") else {
        return;
    };
    let start = Instant::now();
    let same = report(&ours, &ours);
    let took = start.elapsed();
    let _ = writeln!(std::io::stderr(), "compared with itself in {took:?}");
    assert!(same.differences.is_empty(), "{}", to_text(&same));
    let text = &ours.span.source.text;
    let other = text.replacen("\"maxLength\": 44", "\"maxLength\": 43", 1);
    assert!(other != *text, "no such bound");
    let report = report(&ours, &parse("other.json", &other));
    assert_eq!(report.differences.len(), 1, "{}", to_text(&report));
}
