use letta_api::types::{
    CreateTool, ListToolsParams, SearchToolsRequest, SortOrder, ToolType, UpdateTool,
};
use letta_api_emulator::{Emulator, NewAgent};
use serde_json::{Map, Value, json};

use crate::typed::{Service, nobody, refused, strings, value};

const ROLL: &str = r#"
def roll_dice(sides: int, times: int = 1) -> str:
    """Rolls a die.

    Args:
        sides: How many sides it has.
        times: How often.
    """
    return "4"
"#;

fn schema(name: &str) -> Map<String, Value> {
    let schema = json!({
        "name": name,
        "description": "From a schema.",
        "parameters": {"type": "object", "properties": {}, "required": []},
    });
    schema.as_object().unwrap().clone()
}

#[tokio::test]
async fn a_tool_is_made_of_its_source() {
    let service = Service::start().await;
    let client = &service.client;
    let made = value(client.create_tool(&CreateTool::new(ROLL)).await);
    assert_eq!(made.name.as_deref(), Some("roll_dice"));
    assert_eq!(made.description.as_deref(), Some("Rolls a die."));
    assert_eq!(made.tool_type, Some(ToolType::Custom));
    assert_eq!(made.source_code.as_deref(), Some(ROLL));
    assert_eq!(made.return_char_limit, 50_000);
    let parameters = &made.json_schema.as_ref().unwrap()["parameters"];
    assert_eq!(parameters["required"], json!(["sides"]));
    let sides = json!({"type": "integer", "description": "How many sides it has."});
    assert_eq!(parameters["properties"]["sides"], sides);
    assert_eq!(value(client.get_tool(&made.id).await), made);

    // Made or changed: both operations take one of the name for the same tool.
    let again = CreateTool::new(ROLL)
        .with_description("Another.")
        .with_tags(strings(["a"]));
    for again in [
        client.create_tool(&again).await,
        client.upsert_tool(&again).await,
    ] {
        let again = value(again);
        assert_eq!(again.id, made.id);
        assert_eq!(again.description.as_deref(), Some("Another."));
        assert_eq!(again.tags, ["a"]);
    }
    let by_schema = CreateTool::new("x").with_json_schema(schema("other"));
    let by_schema = value(client.upsert_tool(&by_schema).await);
    assert_eq!(by_schema.name.as_deref(), Some("other"));
    assert_eq!(by_schema.description.as_deref(), Some("From a schema."));
    let custom = ListToolsParams::default().with_tool_types(strings(["custom"]));
    assert_eq!(value(client.list_tools(&custom).await).len(), 2);
}

#[tokio::test]
async fn a_source_that_makes_no_tool_is_refused() {
    let service = Service::start().await;
    for (tool, status, detail) in [
        (CreateTool::new("x = 1"), 400, "No functions found"),
        (CreateTool::new("def f(:"), 400, "invalid syntax"),
        (
            CreateTool::new("def f():\n    pass"),
            400,
            "Function f missing docstring",
        ),
        (
            CreateTool::new(ROLL).with_source_type("json"),
            400,
            "Unknown tool source type: `json`",
        ),
        (
            CreateTool::new(ROLL).with_source_type("typescript"),
            422,
            "json_schema",
        ),
        (
            CreateTool::new(ROLL).with_json_schema(Map::new()),
            400,
            "has no name",
        ),
    ] {
        let refusal = refused(service.client.create_tool(&tool).await);
        assert_eq!(refusal.0, status, "{refusal:?}");
        assert!(refusal.1.contains(detail), "{refusal:?}");
    }
}

#[tokio::test]
async fn a_tool_is_changed_and_keeps_what_is_not_set() {
    let service = Service::of(Emulator::builder().tool("taken")).await;
    let client = &service.client;
    let made = value(client.create_tool(&CreateTool::new(ROLL)).await);
    let same = value(client.update_tool(&made.id, &UpdateTool::new()).await);
    assert_eq!(same, made);
    let change = UpdateTool::new()
        .with_description("New.")
        .with_tags(strings(["a"]))
        .with_return_char_limit(10)
        .with_source_code("def roll_dice():\n    'Other.'\n");
    let changed = value(client.update_tool(&made.id, &change).await);
    assert_eq!(changed.description.as_deref(), Some("New."));
    assert_eq!(
        (&*changed.tags, changed.return_char_limit),
        (&strings(["a"])[..], 10)
    );
    // The schema and the name stay those that the tool was made with.
    assert_eq!(changed.name.as_deref(), Some("roll_dice"));
    assert_eq!(changed.json_schema, made.json_schema);
    let renamed = UpdateTool::new().with_json_schema(schema("renamed"));
    let renamed = value(client.update_tool(&made.id, &renamed).await);
    assert_eq!(renamed.name.as_deref(), Some("renamed"));
    assert_eq!(value(client.get_tool(&made.id).await), renamed);
    for change in [
        UpdateTool::new().with_json_schema(schema("taken")),
        UpdateTool::new().with_source_code("x"),
    ] {
        assert_eq!(refused(client.update_tool(&made.id, &change).await).0, 400);
    }
    assert_eq!(value(client.get_tool(&made.id).await), renamed);
}

#[tokio::test]
async fn a_tool_that_is_deleted_goes_from_agents_and_their_rules_stay() {
    let agent = NewAgent::new("agent-1").tool_requiring_approval("one");
    let service = Service::of(Emulator::builder().agent(agent)).await;
    let tool = service.state(&"agent-1".into()).tools[0].id.clone();
    value(service.client.delete_tool(&tool).await);
    let state = service.state(&"agent-1".into());
    assert!(state.tools.is_empty());
    assert_eq!(state.tool_rules.unwrap().len(), 1);
    assert_eq!(refused(service.client.get_tool(&tool).await).0, 404);
    let change = service.client.update_tool(&tool, &UpdateTool::new()).await;
    assert_eq!(refused(change).0, 404);
    // Not a 404: so the server answers.
    let again = refused(service.client.delete_tool(&tool).await);
    assert_eq!(again, (400, format!("Tool with id {tool} not found.")));
}

#[tokio::test]
async fn tools_are_listed_by_name_and_type() {
    let service = Service::of(Emulator::builder().tool("roll_dice").tool("roll_on")).await;
    let client = &service.client;
    let new = ListToolsParams::default;
    let all = value(client.list_tools(&new()).await);
    assert_eq!(all.len(), 28);
    let base = value(
        client
            .list_tools(&new().with_return_only_letta_tools(true))
            .await,
    );
    assert_eq!(base.len(), 26);
    for (params, expected) in [
        (new().with_limit(2), &["roll_on", "roll_dice"][..]),
        (new().with_limit(0), &[]),
        (new().with_name("roll_on"), &["roll_on"]),
        (new().with_name("roll"), &[]),
        (
            new().with_names(strings(["roll_on", "send_message"])),
            &["roll_on", "send_message"],
        ),
        (new().with_search("ROLL"), &["roll_on", "roll_dice"]),
        (new().with_tool_ids(vec![all[1].id.clone()]), &["roll_dice"]),
        (
            new().with_tool_types(strings(["custom"])),
            &["roll_on", "roll_dice"],
        ),
        (
            new().with_tool_types(strings(["letta_core"])),
            &[
                "conversation_search",
                "archival_memory_search",
                "archival_memory_insert",
                "send_message",
            ],
        ),
        (
            new()
                .with_exclude_tool_types(strings(["letta_core"]))
                .with_limit(1),
            &["roll_on"],
        ),
        (
            new().with_after(all[0].id.clone()).with_limit(1),
            &["roll_dice"],
        ),
        (
            new().with_after(nobody::<String>("tool")).with_limit(1),
            &["roll_on"],
        ),
        (new().with_order(SortOrder::Asc).with_limit(1), &["memory"]),
    ] {
        let listed = value(client.list_tools(&params).await);
        let names: Vec<_> = listed.iter().filter_map(|it| it.name.as_deref()).collect();
        if names.len() == 4 {
            // The order of base tools is that of their making, which says nothing.
            let sorted = |names: &[&str]| {
                let mut names: Vec<String> = names.iter().map(|it| (*it).to_owned()).collect();
                names.sort();
                names
            };
            assert_eq!(sorted(&names), sorted(expected), "{params:?}");
        } else {
            assert_eq!(names, expected, "{params:?}");
        }
    }
    let odd = new().with_tool_types(strings(["magic"]));
    let refusal = refused(client.list_tools(&odd).await);
    assert_eq!(refusal, (400, "Invalid tool_type `magic`".to_owned()));
}

#[tokio::test]
async fn tools_are_searched_by_words() {
    let service = Service::start().await;
    let client = &service.client;
    value(
        client
            .create_tool(&CreateTool::new(ROLL).with_tags(strings(["games"])))
            .await,
    );
    let search = async |request: SearchToolsRequest| {
        let found = value(client.search_tools(&request).await);
        let name = |name: Option<String>| name.unwrap();
        let found = found.into_iter();
        found
            .map(|it| (name(it.tool.name), it.combined_score))
            .collect::<Vec<_>>()
    };
    let new = SearchToolsRequest::new;
    let found = search(new().with_query("Roll a die, please")).await;
    assert_eq!(found[0], ("roll_dice".to_owned(), 0.75));
    assert!(
        found.windows(2).all(|pair| pair[0].1 >= pair[1].1),
        "{found:?}"
    );
    assert_eq!(search(new().with_query("xyzzy")).await, []);
    let games = search(new().with_tags(strings(["games"]))).await;
    assert_eq!(games, [("roll_dice".to_owned(), 0.0)]);
    let types = new().with_tool_types(strings(["letta_core"])).with_limit(2);
    assert_eq!(search(types).await.len(), 2);
}
