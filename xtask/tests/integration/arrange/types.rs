//! What becomes of a description before it is looked at: inline types get names, and keywords go.

use xtask::arrange::arrange;
use xtask::diagnostic::{Diagnostic, Failure};
use xtask::markers::{FROM, RENAMED, UNION};
use xtask::openapi::{Node, Pointer, Source, Value};
use xtask::{lint, load};

/// A description with these components, and a body of this schema.
fn description(components: &str, body: &str) -> Node {
    let text = format!(
        "openapi: 3.0.3
info: {{title: T, version: 1.0.0}}
paths:
  /things:
    post:
      operationId: makeThing
      tags: [things]
      x-codegen-safe-to-repeat: false
      requestBody:
        required: true
        content:
          application/json:
            schema: {body}
      responses:
        '204': {{description: Done.}}
components:
  schemas: {components}
"
    );
    load::parse(&Source::new("d.yaml", text)).unwrap_or_else(|failure| panic!("{failure}"))
}

fn names(document: &Node) -> Vec<String> {
    let schemas = document.get("components").unwrap().get("schemas").unwrap();
    schemas.as_object().unwrap().keys().cloned().collect()
}

fn schema<'a>(document: &'a Node, name: &str) -> &'a Node {
    let schemas = document.get("components").unwrap().get("schemas").unwrap();
    schemas.get(name).unwrap_or_else(|| panic!("no {name}"))
}

fn findings(document: Node) -> Vec<Diagnostic> {
    match lint::lint_lowered(&document.clone(), &arrange(document), &[]) {
        Ok(()) => Vec::new(),
        Err(Failure::Diagnostics(findings)) => findings,
        Err(failure) => panic!("{failure}"),
    }
}

#[test]
fn an_inline_type_is_named_by_where_it_stands_and_says_where_that_was() {
    let document = arrange(description(
        "{}",
        "{type: object, properties: {parts: {type: array, items: {type: object, properties: {a: {type: string, enum: [x, y]}}}}}}",
    ));
    assert_eq!(
        names(&document),
        [
            "MakeThingBody",
            "MakeThingBodyPartsItem",
            "MakeThingBodyPartsItemA"
        ]
    );
    assert_eq!(
        schema(&document, "MakeThingBodyPartsItemA")
            .get(FROM)
            .unwrap()
            .as_str(),
        Some(
            "#/paths/~1things/post/requestBody/content/application~1json/schema/properties/parts/items/properties/a"
        )
    );
}

#[test]
fn what_says_the_same_is_one_type_whatever_is_said_of_its_places() {
    let document = arrange(description(
        "{Thing: {type: object, properties: {a: {type: string, enum: [x, y], default: x}, b: {type: string, nullable: true, description: B., enum: [x, y]}}}}",
        "{$ref: '#/components/schemas/Thing'}",
    ));
    assert_eq!(names(&document), ["Thing", "ThingA"]);
    let properties = schema(&document, "Thing").get("properties").unwrap();
    let b = properties.get("b").unwrap();
    assert_eq!(b.get("nullable").unwrap().as_bool(), Some(true));
    assert_eq!(b.get("description").unwrap().as_str(), Some("B."));
    // There is no code for the default of a type with a name, but there are words.
    let a = properties.get("a").unwrap();
    assert!(a.get("default").is_none());
    assert_eq!(
        a.get("description").unwrap().as_str(),
        Some("By default `x`.")
    );
}

#[test]
fn what_differs_has_different_names_and_a_component_keeps_its_own() {
    let document = arrange(description(
        "{ThingA: {type: string}, Thing: {type: object, properties: {a: {type: string, enum: [x, y]}, 'a ': {type: string, enum: [z, y]}}}}",
        "{$ref: '#/components/schemas/Thing'}",
    ));
    assert_eq!(names(&document), ["ThingA", "Thing", "ThingA2", "ThingA3"]);
}

#[test]
fn a_name_that_is_given_is_that_of_all_that_say_the_same() {
    let document = arrange(description(
        "{Thing: {type: object, properties: {a: {type: string, enum: [x, y]}, b: {type: string, enum: [x, y], x-codegen-name: Axis}}}}",
        "{$ref: '#/components/schemas/Thing'}",
    ));
    assert_eq!(names(&document), ["Thing", "Axis"]);
    assert_eq!(findings(description(
        "{Thing: {type: object, properties: {b: {type: string, enum: [x, y], x-codegen-name: Axis}}}}",
        "{$ref: '#/components/schemas/Thing'}",
    )).len(), 0);
}

#[test]
fn a_name_that_no_type_gets_is_an_error() {
    for schema in [
        "{type: string, x-codegen-name: Text}",
        "{type: array, items: {type: string}, x-codegen-name: List}",
        "{type: string, enum: [x, y], x-codegen-name: 1}",
    ] {
        let found = findings(description(
            &format!(
                "{{Thing: {{type: object, properties: {{a: {schema}, b: {{type: string, enum: [x, y], x-codegen-name: One}}}}}}}}"
            ),
            "{$ref: '#/components/schemas/Thing'}",
        ));
        assert_eq!(found.len(), 1, "{schema}");
        assert_eq!(found[0].rule, "marker");
        assert!(
            found[0].message.contains("x-codegen-name"),
            "{}",
            found[0].message
        );
    }
    // Two names for one type.
    let found = findings(description(
        "{Thing: {type: object, properties: {a: {type: string, enum: [x, y], x-codegen-name: One}, b: {type: string, enum: [x, y], x-codegen-name: Two}}}}",
        "{$ref: '#/components/schemas/Thing'}",
    ));
    assert_eq!(found.len(), 1);
    assert!(
        found[0]
            .pointer
            .as_ref()
            .unwrap()
            .to_string()
            .ends_with("/b/x-codegen-name")
    );
}

#[test]
fn a_finding_names_the_place_where_the_maintainer_will_look() {
    let found = findings(description(
        "{Either: {oneOf: [{type: string}, {type: array, items: {type: object, properties: {when: {type: string, format: date}}}}]}}",
        "{type: object, properties: {a: {type: object, properties: {when: {type: string, format: uuid}}}}}",
    ));
    let found: Vec<(String, String)> = found
        .into_iter()
        .map(|it| (it.pointer.unwrap().to_string(), it.help))
        .collect();
    let body = "#/paths/~1things/post/requestBody/content/application~1json/schema";
    for (pointer, action) in [
        (
            format!("{body}/properties/a/properties/when/format"),
            "{target: \"$.paths['/things'].post.requestBody.content['application/json'].schema.properties.a.properties.when\", update: {x-codegen-ignore: [format]}}",
        ),
        (
            "#/components/schemas/Either/oneOf/1/items/properties/when/format".to_owned(),
            "{target: \"$.components.schemas.Either.oneOf[1].items.properties.when\", update: {x-codegen-ignore: [format]}}",
        ),
    ] {
        let (_, help) = found
            .iter()
            .find(|(at, _)| *at == pointer)
            .unwrap_or_else(|| panic!("nothing at {pointer} in {found:#?}"));
        assert!(help.contains(action), "{help}");
    }
    assert_eq!(found.len(), 2);
}

#[test]
fn keywords_that_the_description_does_without_go_from_every_schema() {
    let text = "{Thing: {type: object, properties: {pattern: {type: string, pattern: a}, b: {type: array, items: {type: string, maxLength: 1}}}}}";
    let mut document = description(
        text,
        "{type: object, properties: {c: {type: string, pattern: b}}}",
    );
    assert_eq!(findings(document.clone()).len(), 3);
    let ignore = load::parse(&Source::new("i.yaml", "overlay: 1.0.0\ninfo: {title: T, version: 1.0.0}\nactions: [{target: $, update: {x-codegen-ignore: [pattern, maxLength]}}]")).unwrap();
    xtask::overlay::apply(&mut document, &ignore).unwrap();
    assert_eq!(findings(document.clone()).len(), 0);
    // A property of that name is none.
    let arranged = arrange(document);
    let properties = schema(&arranged, "Thing").get("properties").unwrap();
    assert!(properties.get("pattern").is_some());
}

#[test]
fn a_keyword_that_no_schema_has_is_an_error() {
    let mut document = description(
        "{}",
        "{type: object, properties: {c: {type: string, pattern: b}}}",
    );
    let ignore = load::parse(&Source::new("i.yaml", "overlay: 1.0.0\ninfo: {title: T, version: 1.0.0}\nactions: [{target: $, update: {x-codegen-ignore: [pattern, patern]}}]")).unwrap();
    xtask::overlay::apply(&mut document, &ignore).unwrap();
    let found = findings(document);
    assert_eq!(found.len(), 1);
    assert!(
        found[0]
            .message
            .contains("no schema has `patern` to ignore"),
        "{}",
        found[0].message
    );
}

#[test]
fn notes_of_this_stage_mean_nothing_from_outside() {
    let document = description(
        &format!("{{Thing: {{type: string, {UNION}: {{open: true, branches: []}}}}}}"),
        "{$ref: '#/components/schemas/Thing'}",
    );
    assert!(schema(&arrange(document), "Thing").get(UNION).is_none());
}

#[test]
fn schemas_within_an_all_of_of_one_get_names_too() {
    let document = arrange(description(
        "{ThingA: {type: string, enum: [p, q]}, Thing: {allOf: [{type: object, properties: {a: {type: string, enum: [x, y]}}}]}}",
        "{$ref: '#/components/schemas/Thing'}",
    ));
    assert_eq!(names(&document), ["ThingA", "Thing", "ThingA2"]);
}

#[test]
fn a_union_that_is_a_branch_of_itself_is_refused() {
    let reference = |name: &str| format!("{{$ref: '#/components/schemas/{name}'}}");
    let (a, b) = (reference("A"), reference("B"));
    let found = findings(description(
        &format!(
            "{{A: {{anyOf: [{a}, {b}, {{type: string}}]}}, B: {{anyOf: [{{allOf: [{a}]}}, {b}]}}}}"
        ),
        &a,
    ));
    let rules: Vec<&str> = found.iter().map(|it| it.rule).collect();
    assert_eq!(rules, ["any-of", "any-of"]);
}

/// Each looks at the next twice, which would be a million million times in all.
#[test]
fn unions_of_unions_are_looked_at_once() {
    let mut components: Vec<String> = (0..40)
        .map(|number| {
            let next = format!("{{$ref: '#/components/schemas/U{}'}}", number + 1);
            format!("U{number}: {{anyOf: [{next}, {{allOf: [{next}]}}, {{type: integer}}]}}")
        })
        .collect();
    components.push("U40: {type: string}".to_owned());
    let components = format!("{{{}}}", components.join(", "));
    let found = findings(description(
        &components,
        "{$ref: '#/components/schemas/U0'}",
    ));
    assert_eq!(found.len(), 0, "{found:#?}");
}

#[test]
fn a_marker_is_not_lost_with_the_schema_that_has_it() {
    for schema in [
        "oneOf: [{type: string}, {type: integer}]",
        "type: object, properties: {a: {type: string, enum: [x], x-codegen-opne: false}}",
    ] {
        let found = findings(description(
            &format!("{{A: {{{schema}, x-codegen-opne: false}}}}"),
            "{$ref: '#/components/schemas/A'}",
        ));
        let count = schema.matches("opne").count() + 1;
        assert_eq!(found.len(), count, "{found:#?}");
        assert!(found.iter().all(|it| it.rule == "marker"));
    }
}

#[test]
fn a_property_that_must_not_be_printed_is_marked_where_it_stands() {
    let document = arrange(description(
        "{}",
        "{type: object, properties: {a: {type: object, x-codegen-sensitive: true, properties: {b: {type: string}}}, c: {type: object, properties: {b: {type: string}}}}}",
    ));
    assert_eq!(names(&document), ["MakeThingBody", "MakeThingBodyA"]);
    let properties = schema(&document, "MakeThingBody")
        .get("properties")
        .unwrap();
    let is_marked = |name: &str| {
        let marker = properties.get(name).unwrap().get("x-codegen-sensitive");
        marker.is_some()
    };
    assert!(is_marked("a") && !is_marked("c"));
}

/// typify would take these for told apart by the first that parses; here they are unions like others.
#[test]
fn inline_objects_without_one_tag_that_is_required_are_told_apart_too() {
    for (first, second) in [
        (
            "required: [t, u], properties: {t: {type: string, enum: [a]}, u: {type: string, enum: [c]}}",
            "required: [t], properties: {t: {type: string, enum: [b]}, v: {type: string}}",
        ),
        (
            "properties: {t: {type: string, enum: [a]}, u: {type: string}}",
            "properties: {t: {type: string, enum: [b]}}",
        ),
        (
            "required: [t], properties: {t: {type: string, enum: [a]}}",
            "required: [t], properties: {t: {type: string, enum: [b]}}",
        ),
    ] {
        let either = description(
            &format!("{{A: {{oneOf: [{{type: object, {first}}}, {{type: object, {second}}}]}}}}"),
            "{$ref: '#/components/schemas/A'}",
        );
        let arranged = arrange(either.clone());
        assert_eq!(names(&arranged), ["A", "AA", "AB", "branches-of-A"]);
        assert!(schema(&arranged, "A").get(UNION).is_some());
        assert_eq!(findings(either).len(), 0, "{first}");
    }
}

#[test]
fn a_union_in_a_property_may_have_letters_that_no_component_may_be_named_by() {
    let body = "{type: object, properties: {längde: {oneOf: [{type: string}, {type: integer}]}}}";
    let found = findings(description("{}", body));
    assert!(found.is_empty(), "{}", found[0].render());
}

#[test]
fn a_title_names_no_type() {
    let document = arrange(description(
        "{Thing: {type: object, title: Kept, properties: {title: {type: string, title: Gone}}}}",
        "{$ref: '#/components/schemas/Thing'}",
    ));
    let title = schema(&document, "Thing").get("properties").unwrap();
    assert!(title.get("title").unwrap().get("title").is_none());
}

#[test]
fn a_text_of_one_value_that_may_be_null_is_neither_a_constant_nor_a_tag() {
    let branch = |value: &str| {
        format!(
            "{{type: object, properties: {{t: {{type: string, nullable: true, enum: [{value}]}}}}}}"
        )
    };
    let document = arrange(description(
        &format!("{{A: {{oneOf: [{}, {}]}}}}", branch("a"), branch("b")),
        "{$ref: '#/components/schemas/A'}",
    ));
    assert_eq!(names(&document)[..5], ["A", "AA", "AaT", "AB", "AbT"]);
    assert!(
        schema(&document, "A")
            .get(UNION)
            .unwrap()
            .get("tag")
            .is_none()
    );
}

/// `A_a` makes `AA`, and that is `Aa` in Rust.
#[test]
fn names_are_told_apart_as_they_are_in_rust() {
    assert_eq!(findings(description(
        "{Aa: {type: string}, A: {type: object, properties: {a: {type: string, enum: [x, y]}}}}",
        "{$ref: '#/components/schemas/A'}",
    )).len(), 0);
}

#[test]
fn a_component_gets_the_name_that_the_overlay_gives_and_all_that_refers_to_it_does() {
    let document = arrange(description(
        "{a__b__Cat: {type: object, x-codegen-name: Cat, required: [kind], properties: {kind: {type: string}, next: {$ref: '#/components/schemas/a__b__Cat'}}}, \
          a__b__Dog: {type: object, x-codegen-name: big_dog, required: [kind], properties: {kind: {type: string}}}, \
          Pet: {oneOf: [{$ref: '#/components/schemas/a__b__Cat'}, {$ref: '#/components/schemas/a%5F_b__Dog'}], \
                discriminator: {propertyName: kind, mapping: {cat: 'a__b__Cat', dog: '#/components/schemas/a__b__Dog'}}}}",
        "{$ref: '#/components/schemas/Pet'}",
    ));
    assert_eq!(
        names(&document),
        ["Cat", "BigDog", "Pet", "branches-of-Pet"]
    );
    let cat = schema(&document, "Cat").to_json();
    assert_eq!(
        cat["properties"]["next"]["$ref"],
        "#/components/schemas/Cat"
    );
    assert_eq!(cat[RENAMED], "a__b__Cat");
    assert!(cat.get("x-codegen-name").is_none());
    let union = schema(&document, "Pet").get(UNION).unwrap().to_json();
    let told: Vec<_> = union["branches"].as_array().unwrap().iter().collect();
    assert_eq!(
        (&told[0]["variant"], &told[0]["tags"][0]),
        (&"Cat".into(), &"cat".into())
    );
    assert_eq!(
        (&told[1]["variant"], &told[1]["tags"][0]),
        (&"BigDog".into(), &"dog".into())
    );
}

/// OpenAPI tells branches apart by the names that they have in the description, unless a mapping says otherwise.
#[test]
fn what_is_on_the_wire_stays_when_a_component_gets_another_name() {
    let document = arrange(description(
        "{SSEMCPServer: {type: object, required: [kind], properties: {kind: {type: string}}}, \
          StdioMCPServer: {type: object, required: [kind], properties: {kind: {type: string}}}, \
          Server: {oneOf: [{$ref: '#/components/schemas/SSEMCPServer'}, {$ref: '#/components/schemas/StdioMCPServer'}], \
                   discriminator: {propertyName: kind}}}",
        "{$ref: '#/components/schemas/Server'}",
    ));
    assert_eq!(
        names(&document),
        [
            "SseMcpServer",
            "StdioMCPServer",
            "Server",
            "branches-of-Server"
        ]
    );
    let union = schema(&document, "Server").get(UNION).unwrap().to_json();
    let tags = union["branches"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| &it["tags"][0]);
    assert_eq!(tags.collect::<Vec<_>>(), ["SSEMCPServer", "StdioMCPServer"]);
}

#[test]
fn acronyms_stay_together_if_the_name_is_taken_and_come_apart_in_names_of_methods_and_inline_types()
{
    let document = description(
        "{SSEMCPServer: {type: object, properties: {HTTPURLs: {type: string, enum: [a, b]}}}, SseMcpServer: {type: object, properties: {b: {type: string}}}}",
        "{$ref: '#/components/schemas/SSEMCPServer'}",
    );
    let mut document = document;
    let at = Pointer(
        ["paths", "/things", "post", "operationId"]
            .map(str::to_owned)
            .into(),
    );
    document.pointer_mut(&at).unwrap().value = Value::String("makeMCPURL".to_owned());
    let document = arrange(document);
    // The inline type begins with the name of its owner as Rust has it.
    assert_eq!(
        names(&document),
        ["SSEMCPServer", "SseMcpServer", "SsemcpServerHttpUrls"]
    );
    assert_eq!(document.pointer(&at).unwrap().as_str(), Some("makeMcpUrl"));
}

#[test]
fn advice_about_a_component_that_was_renamed_names_it_as_the_description_does() {
    let found = findings(description(
        "{a__Thing: {type: object, x-codegen-name: Thing, required: [gone], properties: {inner: {type: object, required: [gone], properties: {b: {type: string}}}}}}",
        "{$ref: '#/components/schemas/a__Thing'}",
    ));
    let told: Vec<(String, &str)> = found
        .iter()
        .map(|it| (it.pointer.as_ref().unwrap().to_string(), it.help.as_str()))
        .collect();
    assert_eq!(told.len(), 2, "{told:?}");
    for (at, help) in &told {
        assert!(at.starts_with("#/components/schemas/a__Thing/"), "{at}");
        assert!(help.contains("$.components.schemas.a__Thing"), "{help}");
    }
}

#[test]
fn a_branch_without_a_type_gets_the_name_that_the_overlay_gives_to_its_variant() {
    let document = arrange(description(
        "{Pet: {oneOf: [{type: array, items: {type: string}}, {type: array, items: {type: boolean}, x-codegen-name: flags}, {type: string}]}}",
        "{$ref: '#/components/schemas/Pet'}",
    ));
    let union = schema(&document, "Pet").get(UNION).unwrap().to_json();
    let told = union["branches"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| &it["variant"]);
    assert_eq!(told.collect::<Vec<_>>(), ["Array", "Flags", "Text"]);
    let parts = schema(&document, "branches-of-Pet").to_json();
    assert!(!parts.to_string().contains("x-codegen-name"), "{parts}");
    // One that is taken has no effect, and is reported.
    let found = findings(description(
        "{Pet: {oneOf: [{type: string}, {type: array, items: {type: boolean}, x-codegen-name: Text}]}}",
        "{$ref: '#/components/schemas/Pet'}",
    ));
    let rules: Vec<&str> = found.iter().map(|it| it.rule).collect();
    assert_eq!(rules, ["marker"]);
}
