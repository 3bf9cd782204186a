//! What a lint warns of: names that people would not give, and secrets that would be printed.
//!
//! `fixtures/warnings/<rule>[.<case>].yaml` is about one rule; the `.stderr` beside it is what a maintainer then reads. `UPDATE_EXPECT=1`
//! writes it anew. That the advice leads to a description without warnings is tested with all advice, in `advice.rs`.

use std::collections::BTreeSet;
use std::path::Path;

use crate::lint::advice::{follow, read, warnings};
use crate::support::fixture::{difference, files, name_of, rule_of};
use xtask::commands::lint::to_text;
use xtask::diagnostic::Severity;
use xtask::lint::{RULES, WARNINGS};
use xtask::naming::type_name;
use xtask::openapi::{Node, Source, component_schemas};
use xtask::{arrange, load, lower, overlay};

#[test]
fn a_description_is_warned_of_with_its_place_and_the_way_out() {
    let mut problems = Vec::new();
    for path in files("warnings") {
        let name = name_of(&path);
        let found = warnings(&read(&path));
        if found.is_empty() {
            problems.push(format!("{name} is not warned of"));
        }
        for finding in &found {
            if finding.rule != rule_of(&path) && rule_of(&path) != "long-name" {
                problems.push(format!(
                    "{name} is about another rule:\n{}",
                    finding.render()
                ));
            }
            assert_eq!(finding.severity, Severity::Warning, "{}", finding.render());
        }
        let text = format!("{}\n", to_text(&found));
        problems.extend(difference(&path, "stderr", &text));
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn every_warning_has_a_fixture_and_a_name_of_its_own() {
    let files = files("warnings");
    let with_fixture: BTreeSet<&str> = files.iter().map(|path| rule_of(path)).collect();
    let rules: BTreeSet<&str> = WARNINGS.iter().map(|rule| rule.name).collect();
    assert_eq!(with_fixture, rules);
    let all: BTreeSet<&str> = RULES.iter().chain(WARNINGS).map(|rule| rule.name).collect();
    assert_eq!(all.len(), RULES.len() + WARNINGS.len());
}

/// A description with these paths and schemas.
fn description(paths: &str, schemas: &str) -> Node {
    let text = format!(
        "openapi: 3.0.3\ninfo: {{title: Test, version: '1'}}\npaths: {{{paths}}}\ncomponents: {{schemas: {{{schemas}}}}}\n"
    );
    load::parse(&Source::new("d.yaml", text)).unwrap_or_else(|failure| panic!("{failure}"))
}

fn messages(document: &Node) -> Vec<String> {
    warnings(document)
        .into_iter()
        .map(|it| it.message)
        .collect()
}

#[test]
fn names_that_people_give_are_not_warned_of() {
    let object = "{type: object, properties: {a: {type: string}}}";
    for name in [
        "Agent",
        "Sha256",
        "Base64Image",
        "TokenV1",
        "E2BSandbox",
        "OAuth2",
        "OrderItem",
        "KeyValue",
        "CodeInput",
        "GenerateToolOutput",
        "HTTPValidationError",
        "SSEMCPServer",
        "MCPServerType",
        "ChatGPTOAuthSettings",
        "ClientSideAccessTokenCreate",
        "agent-state",
        "URL",
        "Part2",
        "Level2Data",
        "StreamableHTTPMCPServerWithManyLetter",
    ] {
        let document = description("", &format!("{name}: {object}"));
        assert_eq!(messages(&document), Vec::<String>::new(), "{name}");
    }
    for (tag, id) in [
        ("agents", "list_agents"),
        ("agents", "createAgent"),
        ("search", "search_agents"),
        ("agents", "roll_back_template"),
        ("clientSideAccessTokens", "createClientSideAccessToken"),
        ("mcp-servers", "list_mcp_servers"),
        ("agents", "get_agent_v1"),
        ("agents", "encode_base64"),
        ("health", "check_health"),
        ("runs", "run_agent_tool"),
        ("agents", "getHTTPURLIDs"),
    ] {
        let operation = format!(
            "/v1/a: {{get: {{tags: [{tag}], operationId: {id}, x-codegen-safe-to-repeat: true, responses: {{'204': {{description: Done.}}}}}}}}"
        );
        assert_eq!(
            messages(&description(&operation, "")),
            Vec::<String>::new(),
            "{id}"
        );
    }
}

#[test]
fn a_beginning_is_a_path_only_if_many_share_it() {
    let schemas = |count: usize| {
        let names = (0..count).map(|it| {
            let letter = char::from(b'A' + it as u8);
            format!("ClientSideAccess{letter}oken: {{type: object, properties: {{p{it}: {{type: string}}}}}}")
        });
        names.collect::<Vec<_>>().join(", ")
    };
    assert_eq!(messages(&description("", &schemas(7))).len(), 0);
    assert_eq!(messages(&description("", &schemas(8))).len(), 8);
}

/// A name that a person has chosen may be anything.
#[test]
fn a_name_that_the_overlay_gives_is_not_warned_of_again() {
    let status = "{type: string, enum: [a, b], x-codegen-name: AgentItem}";
    let document = description(
        "",
        &format!(
            "Agent: {{type: object, properties: {{s: {status}}}}}, Run: {{type: object, properties: {{s: {status}}}}}, a__B: {{type: object, x-codegen-name: Pair2, properties: {{x: {{type: string}}}}}}, Pair: {{type: object, properties: {{y: {{type: string}}}}}}"
        ),
    );
    assert_eq!(messages(&document), Vec::<String>::new());
    // But it is too long, if it is.
    let document = description(
        "",
        &format!(
            "a__B: {{type: object, x-codegen-name: {}, properties: {{x: {{type: string}}}}}}",
            "Long".repeat(11)
        ),
    );
    assert_eq!(messages(&document).len(), 1, "{:?}", messages(&document));
}

#[test]
fn what_changes_nothing_or_is_taken_is_no_name_for_a_component() {
    for (name, wanted) in [
        ("a__Bc", "Taken"),
        ("an__Apple", "AnApple"),
        ("a__Bc", "[B]"),
    ] {
        let document = description(
            "",
            &format!(
                "{name}: {{type: object, x-codegen-name: {wanted}, properties: {{x: {{type: string}}}}}}, Taken: {{type: string}}"
            ),
        );
        let found = warnings(&document);
        let rules: Vec<&str> = found.iter().map(|it| it.rule).collect();
        assert_eq!(rules, ["marker"], "{wanted}: {}", to_text(&found));
        assert!(
            found[0].message.contains("no name for a type"),
            "{}",
            found[0].message
        );
    }
}

/// With a description of the workspace, as with any other.
fn ours() -> Node {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../openapi");
    let mut document = load::load(&folder.join("letta.yaml")).unwrap();
    let overlay = load::load(&folder.join("overlay.yaml")).unwrap();
    overlay::apply(&mut document, &overlay).unwrap();
    document
}

#[test]
fn the_description_of_this_workspace_has_good_names_and_hides_its_secrets() {
    let found = warnings(&ours());
    assert!(found.is_empty(), "{}", to_text(&found));
}

/// If the service's published description is there. It has much to warn of, and all that is advised can be done.
#[test]
fn the_advice_about_the_published_description_leads_to_good_names() {
    let Some(path) = std::env::var_os("LETTA_UPSTREAM_DESCRIPTION") else {
        println!("skipped: LETTA_UPSTREAM_DESCRIPTION names no description");
        return;
    };
    let mut document = load::load(Path::new(&path)).unwrap();
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/upstream/overlay.yaml");
    overlay::apply(&mut document, &load::load(&own).unwrap()).unwrap();
    let found = warnings(&document);
    let text = to_text(&found);
    for expected in [
        "`ListAgentsForArchiveIncludeItem`",
        "`LettaServerRestApiRoutersV1AgentsCompactionRequest` is named by the path of a module",
        "`mcp_list_mcp_servers` begins with its tag",
        "the property `api_key` of `ProviderCreate` sounds secret",
        "`CompactionSettingsInput` says where it was read",
    ] {
        assert!(text.contains(expected), "{expected}");
    }
    let rules: BTreeSet<&str> = found.iter().map(|it| it.rule).collect();
    assert!(rules.len() > 5, "{rules:?}");
    let left = follow(&mut document, warnings).unwrap_or_else(|problem| panic!("{problem}"));
    assert!(left.is_empty(), "{}", to_text(&left));

    let arranged = arrange::arrange(lower::lower(&document).document);
    for (name, _) in component_schemas(&arranged) {
        let ty = type_name(name);
        let is_bad = ty.starts_with("LettaSchemas") || ty.contains("Ssemcp") || ty.len() > 52;
        assert!(!is_bad, "{ty}");
    }
}
