use super::*;
use crate::load;
use crate::openapi::Source;

fn parse(text: &str) -> Node {
    load::parse(&Source::new("d.yaml", text)).unwrap()
}

/// The operations and components that are left, in the description's order.
fn left(text: &str, choice: &str, hidden: Hidden) -> String {
    let mut document = parse(&format!("{text}x-codegen-operations: {choice}\n"));
    select(&mut document, hidden).unwrap();
    assert!(document.get(OPERATIONS).is_none());
    let mut names: Vec<String> = operations(&document)
        .map(|(at, _)| format!("{} {}", at.0[2], at.0[1]))
        .collect();
    let parts = document.get("components").and_then(Node::as_object);
    for (_, part) in parts.into_iter().flatten() {
        let named = part.node.as_object().into_iter().flatten();
        names.extend(named.map(|(name, _)| name.clone()));
    }
    names.join(", ")
}

const AGENTS: &str = "\
openapi: 3.1.0
paths:
  /agents:
    get: {operationId: listAgents, tags: [agents]}
    post: {operationId: agents.create, tags: [agents, write]}
  /agents/{agent_id}:
    parameters: [{$ref: '#/components/parameters/AgentId'}]
    get: {operationId: get_agent, tags: [agents]}
    delete: {tags: [agents, write]}
  /agents/{agent_id}/runs: {get: {operationId: list_runs, tags: [Agent Runs]}}
  /health: {get: {operationId: health}}
components:
  parameters: {AgentId: {name: agent_id, in: path}, Other: {}}
";

#[test]
fn operations_are_chosen_by_path_tag_and_id() {
    for (choice, expected) in [
        (
            "{include: {tags: [write]}}",
            "post /agents, delete /agents/{agent_id}, AgentId",
        ),
        (
            "{include: {tags: ['Agent*']}}",
            "get /agents/{agent_id}/runs",
        ),
        ("{include: {paths: [/agents]}}", "get /agents, post /agents"),
        ("{include: {paths: [GET /agents]}}", "get /agents"),
        (
            "{include: {paths: ['get /agents', /health]}}",
            "get /agents, get /health",
        ),
        (
            "{include: {paths: ['/agents/*']}}",
            "get /agents/{agent_id}, delete /agents/{agent_id}, AgentId",
        ),
        (
            "{include: {paths: ['/agents/{agent_id}/runs']}}",
            "get /agents/{agent_id}/runs",
        ),
        (
            "{include: {paths: ['GET /agents/**']}}",
            "get /agents/{agent_id}, get /agents/{agent_id}/runs, AgentId",
        ),
        (
            "{include: {paths: ['**/runs']}}",
            "get /agents/{agent_id}/runs",
        ),
        (
            "{include: {paths: ['/*']}}",
            "get /agents, post /agents, get /health",
        ),
        // By the ID of the description, and by the name of the method.
        (
            "{include: {ids: [listAgents, agents_create]}}",
            "get /agents, post /agents",
        ),
        (
            "{include: {ids: ['list_*']}}",
            "get /agents, get /agents/{agent_id}/runs",
        ),
        ("{include: {ids: ['*.create']}}", "post /agents"),
        // An operation without an ID has a name, too.
        (
            "{include: {ids: [delete_agents_by_agent_id]}}",
            "delete /agents/{agent_id}, AgentId",
        ),
        // One pattern of any list is enough, and `exclude` wins.
        (
            "{include: {ids: [health], tags: [write]}, exclude: {ids: [agents.create]}}",
            "delete /agents/{agent_id}, get /health, AgentId",
        ),
        (
            "{exclude: {tags: [agents]}}",
            "get /agents/{agent_id}/runs, get /health",
        ),
        (
            "{include: {x-codegen-may-match-nothing: true, tags: [nobody], ids: [health]}}",
            "get /health",
        ),
    ] {
        assert_eq!(left(AGENTS, choice, Hidden::Skipped), expected, "{choice}");
    }
}

#[test]
fn what_is_left_out_has_its_reason() {
    let mut document = parse(&format!(
        "{AGENTS}x-codegen-operations: {{include: {{tags: [agents]}}, exclude: {{paths: [/agents]}}}}\n"
    ));
    let selection = select(&mut document, Hidden::Skipped).unwrap();
    let told: Vec<String> = selection
        .left_out
        .iter()
        .map(|it| format!("{}: {} {}", it.span.place(), it.at, it.reason))
        .collect();
    assert_eq!(
        told,
        [
            "d.yaml:4:5: #/paths/~1agents/get the operation is excluded: `/agents` in `paths` of `exclude`",
            "d.yaml:5:5: #/paths/~1agents/post the operation is excluded: `/agents` in `paths` of `exclude`",
            "d.yaml:10:29: #/paths/~1agents~1{agent_id}~1runs/get the operation is not included",
            "d.yaml:11:13: #/paths/~1health/get the operation is not included",
        ]
    );
}

/// A schema for each way that leads from the operation that is kept, and one for each that does not.
const REACHED: &str = "\
openapi: 3.1.0
paths:
  /kept:
    get:
      operationId: kept
      parameters: [{$ref: '#/components/parameters/P'}]
      requestBody: {$ref: '#/components/requestBodies/B'}
      responses: {'200': {$ref: '#/components/responses/R'}}
  /gone:
    get:
      operationId: gone
      responses: {'200': {content: {application/json: {schema: {$ref: '#/components/schemas/OnlyGone'}}}}}
components:
  parameters:
    P: {name: p, in: query, schema: {$ref: '#/components/schemas/OfParameter'}}
    Q: {name: q, in: query, schema: {$ref: '#/components/schemas/OnlyGone'}}
  requestBodies:
    B: {content: {application/json: {schema: {$ref: '#/components/schemas/OfBody'}}}}
  responses:
    R:
      headers: {H: {$ref: '#/components/headers/H'}}
      content: {application/json: {schema: {$ref: '#/components/schemas/OfAnswer'}}}
  headers: {H: {schema: {$ref: '#/components/schemas/OfHeader'}}}
  securitySchemes: {key: {type: http, scheme: bearer}}
  schemas:
    OfParameter: {type: string}
    OfBody: {properties: {a: {$ref: '#/components/schemas/Whole/properties/part'}}}
    OfHeader: {type: string}
    OfAnswer:
      items:
        oneOf: [{$ref: '#/components/schemas/Branch'}]
        discriminator: {propertyName: k, mapping: {b: '#/components/schemas/Branch', m: Mapped}}
    Branch: {allOf: [{$ref: '#/components/schemas/Base'}], example: {$ref: '#/components/schemas/OnlyGone'}}
    Mapped: {not: {$ref: '#/components/schemas/Not'}}
    Base: {additionalProperties: {$ref: '#/components/schemas/Branch'}}
    Not: {}
    Whole: {properties: {part: {type: string}, other: {$ref: '#/components/schemas/Other'}}}
    Other: {x-codegen-ignore: [items], items: {$ref: '#/components/schemas/Ignored'}, properties: {r: {$ref: '#/components/schemas/Replaced'}}}
    Ignored: {}
    Replaced: {x-codegen-replace: {type: crate::R}, properties: {a: {$ref: '#/components/schemas/Within'}}}
    Within: {}
    OnlyGone: {properties: {a: {$ref: '#/components/schemas/AlsoGone'}}}
    AlsoGone: {}
    Unused: {}
";

#[test]
fn components_that_nothing_leads_to_are_left_out() {
    let choice = "{include: {ids: [kept]}}";
    let kept = "get /kept, P, B, R, H, key, OfParameter, OfBody, OfHeader, OfAnswer, Branch, Mapped, Base, Not, Whole, Other, ";
    let hidden = left(REACHED, choice, Hidden::Skipped);
    assert_eq!(hidden, format!("{kept}Replaced"));
    // Without markers, all references lead somewhere.
    let followed = left(REACHED, choice, Hidden::Followed);
    assert_eq!(followed, format!("{kept}Ignored, Replaced, Within"));
    let mut document = parse(&format!("{REACHED}x-codegen-operations: {choice}\n"));
    assert_eq!(select(&mut document, Hidden::Skipped).unwrap().schemas, 5);
}

#[test]
fn a_keyword_that_is_ignored_everywhere_leads_nowhere() {
    let text = format!("{REACHED}x-codegen-ignore: [not]\n");
    let left = left(&text, "{include: {ids: [kept]}}", Hidden::Skipped);
    assert!(left.contains("Mapped, Base, Whole"), "{left}");
}

/// `Cat` is a `Pet`, and `Tom` is a `Cat`.
const KINDS: &str = "\
openapi: 3.0.3
paths:
  /pets: {get: {operationId: pets, responses: {'200': {content: {application/json: {schema: {items: {$ref: '#/components/schemas/Pet'}}}}}}}}
  /cats: {get: {operationId: cats, responses: {'200': {content: {application/json: {schema: {$ref: '#/components/schemas/Cat'}}}}}}}
components:
  schemas:
    Pet: {type: object, properties: {kind: {type: string}}, discriminator: {propertyName: kind}}
    Cat: {allOf: [{$ref: '#/components/schemas/Pet'}, {properties: {claws: {type: integer}}}]}
    Dog: {allOf: [{$ref: '#/components/schemas/Pet'}, {properties: {size: {$ref: '#/components/schemas/Size'}}}]}
    Tom: {allOf: [{$ref: '#/components/schemas/Cat'}]}
    Size: {type: string}
    Car: {type: object}
";

#[test]
fn a_schema_that_is_used_comes_with_its_kinds_and_a_kind_without_the_others() {
    let left = |id: &str| {
        left(
            KINDS,
            &format!("{{include: {{ids: [{id}]}}}}"),
            Hidden::Skipped,
        )
    };
    assert_eq!(left("pets"), "get /pets, Pet, Cat, Dog, Tom, Size");
    assert_eq!(left("cats"), "get /cats, Pet, Cat");
}

#[test]
fn a_part_of_an_operation_that_is_left_out_is_copied_where_it_is_referred_to() {
    let text = "\
openapi: 3.0.3
paths:
  /gone:
    parameters: [{name: shared, in: query}]
    get:
      operationId: gone
      responses: {'200': {content: {application/json: {schema: {items: {$ref: '#/components/schemas/A'}}}}}}
  /kept:
    get:
      operationId: kept
      parameters: [{$ref: '#/paths/~1gone/parameters/0'}]
      responses:
        '200': {content: {application/json: {schema: {$ref: '#/paths/~1gone/get/responses/200/content/application~1json/schema'}}}}
components:
  schemas: {A: {type: string}, B: {}}
x-codegen-operations: {exclude: {ids: [gone]}}
";
    let mut document = parse(text);
    let selection = select(&mut document, Hidden::Skipped).unwrap();
    assert_eq!((selection.left_out.len(), selection.schemas), (1, 1));
    let expected = "\
openapi: 3.0.3
paths:
  /kept:
    get:
      operationId: kept
      parameters: [{name: shared, in: query}]
      responses:
        '200': {content: {application/json: {schema: {items: {$ref: '#/components/schemas/A'}}}}}
components:
  schemas: {A: {type: string}}
";
    assert_eq!(document.to_json(), parse(expected).to_json());
}

#[test]
fn webhooks_and_empty_paths_are_left_out_if_something_is_included() {
    let text = "openapi: 3.1.0\nwebhooks: {a: {post: {}}}\npaths: {/a: {get: {operationId: a}, post: {operationId: b}}, /b: {parameters: []}, x-c: 1}\n";
    for (choice, expected) in [
        (
            "{include: {ids: [a]}}",
            r#"{"openapi":"3.1.0","paths":{"/a":{"get":{"operationId":"a"}},"x-c":1}}"#,
        ),
        (
            "{exclude: {ids: [b]}}",
            r#"{"openapi":"3.1.0","webhooks":{"a":{"post":{}}},"paths":{"/a":{"get":{"operationId":"a"}},"/b":{"parameters":[]},"x-c":1}}"#,
        ),
    ] {
        let mut document = parse(&format!("{text}x-codegen-operations: {choice}\n"));
        select(&mut document, Hidden::Skipped).unwrap();
        assert_eq!(document.to_json().to_string(), expected);
    }
}

#[test]
fn a_marker_that_says_nothing_or_matches_nothing_is_an_error_at_its_place() {
    for (choice, says) in [
        ("[agents]", &["is an array", "include: {tags"][..]),
        ("{}", &["chooses nothing"]),
        (
            "{only: {}}",
            &["no field `only`", "`include` and `exclude`"],
        ),
        ("{include: [a]}", &["`include` is an array"]),
        ("{include: {}}", &["`include` has no pattern"]),
        ("{include: {ids: []}}", &["`include` has no pattern"]),
        (
            "{include: {tag: [a]}}",
            &["`include` has no field `tag`", "`paths`, `tags` and `ids`"],
        ),
        (
            "{include: {tags: agents}}",
            &["`tags` of `include` is a string"],
        ),
        (
            "{include: {tags: [1]}}",
            &["a pattern in `tags` of `include` is a number"],
        ),
        (
            "{include: {ids: ['[a']}}",
            &["`[a` in `ids` of `include` is no pattern"],
        ),
        (
            "{include: {paths: ['FETCH /agents']}}",
            &["begins with no HTTP method"],
        ),
        (
            "{include: {x-codegen-may-match-nothing: maybe, tags: [agents]}}",
            &["is not a boolean"],
        ),
        (
            "{include: {tags: [agnts]}}",
            &[
                "`agnts` in `tags` of `include` matches no operation",
                "the description has `agents`",
            ],
        ),
        (
            "{include: {tags: [zzz]}}",
            &[
                "matches no operation",
                "; the tags are `Agent Runs`, `agents`, `write`",
            ],
        ),
        (
            "{exclude: {ids: [list_agnts, health]}}",
            &["`list_agnts` in `ids` of `exclude`", "`list_agents`"],
        ),
        (
            "{include: {paths: ['PUT /agents']}}",
            &["`PUT /agents` in `paths`", "`/agents`"],
        ),
        ("{exclude: {ids: ['*']}}", &["leaves out all 6 operations"]),
        (
            "{include: {x-codegen-may-match-nothing: true, tags: [nobody]}}",
            &["leaves out all 6 operations"],
        ),
    ] {
        let mut document = parse(&format!("{AGENTS}x-codegen-operations: {choice}\n"));
        let message = select(&mut document, Hidden::Skipped)
            .unwrap_err()
            .to_string();
        for part in says.iter().chain(&["error[marker]", "d.yaml:14:"]) {
            assert!(
                message.contains(part),
                "{part} is missing for {choice}:\n{message}"
            );
        }
    }
}

#[test]
fn without_the_marker_nothing_changes() {
    let mut document = parse(REACHED);
    let selection = select(&mut document, Hidden::Skipped).unwrap();
    assert_eq!(document.to_json(), parse(REACHED).to_json());
    assert!(selection.left_out.is_empty());
}

#[test]
fn markers_that_lose_their_effect_by_the_choice_are_removed_and_mistakes_stay() {
    let text = "\
openapi: 3.0.3
x-codegen-ignore: [pattern, maxLength, patern]
x-codegen-event-end: '[DONE]'
paths:
  /a:
    post:
      operationId: send
      requestBody: {content: {application/json: {schema: {$ref: '#/components/schemas/Both'}}}}
  /b:
    get:
      operationId: receive
      responses:
        '200':
          content:
            application/json: {schema: {$ref: '#/components/schemas/Both'}}
            text/event-stream: {schema: {type: string, pattern: a}}
components:
  schemas: {Both: {properties: {id: {type: string, maxLength: 3, x-codegen-in-answers: expected}}}}
";
    for (id, ignored, has_end, has_in_answers) in [
        ("send", "[\"maxLength\",\"patern\"]", false, false),
        (
            "receive",
            "[\"pattern\",\"maxLength\",\"patern\"]",
            true,
            true,
        ),
    ] {
        let mut document = parse(&format!(
            "{text}{OPERATIONS}: {{include: {{ids: [{id}]}}}}\n"
        ));
        select(&mut document, Hidden::Skipped).unwrap();
        let list = document.get("x-codegen-ignore").unwrap().to_json();
        assert_eq!(list.to_string(), ignored, "{id}");
        assert_eq!(
            document.get("x-codegen-event-end").is_some(),
            has_end,
            "{id}"
        );
        let json = document.to_json().to_string();
        assert_eq!(
            json.contains("x-codegen-in-answers"),
            has_in_answers,
            "{id}"
        );
    }
}
