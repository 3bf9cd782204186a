//! What is accepted.

use serde_json::{Value, json};

use crate::description::check::check;
use crate::description::tests::made::minimal;
use crate::description::tests::{Request, data, written};

#[test]
fn the_description_has_every_operation_of_the_client() {
    let written = written();
    let entries = written["operations"].as_array().unwrap();
    let mut described = 0;
    for operation in letta_api::operations::ALL {
        let entry = entries
            .iter()
            .find(|it| it["ids"].as_array().unwrap().contains(&operation.id.into()));
        let entry = entry.unwrap_or_else(|| panic!("{}", operation.id));
        assert_eq!(entry["method"], operation.method, "{}", operation.id);
        assert_eq!(entry["path"], operation.path_template, "{}", operation.id);
        assert!(data().operation(operation.id).is_some());
        // Each parameter of the path is described.
        let path = data().operation(operation.id).unwrap().path["properties"]
            .as_object()
            .unwrap();
        assert_eq!(
            operation.path_template.matches('{').count(),
            path.len(),
            "{}",
            operation.id
        );
        described += 1;
    }
    assert!(described >= 129, "{described}");
    let ids = entries.iter().flat_map(|it| it["ids"].as_array().unwrap());
    assert_eq!(ids.count(), described);
}

/// Another schema may stand in its place, so a schema that holds itself would make a check without end.
#[test]
fn no_schema_of_a_request_holds_itself() {
    fn references(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::Array(items) => items.iter().for_each(|it| references(it, found)),
            Value::Object(members) => {
                found.extend(
                    members
                        .get("$ref")
                        .and_then(Value::as_str)
                        .map(str::to_owned),
                );
                members.values().for_each(|it| references(it, found));
            }
            _ => {}
        }
    }
    fn visit(name: &str, on_the_way: &mut Vec<String>, depth: &mut usize) {
        assert!(!on_the_way.contains(&name.to_owned()), "{on_the_way:?}");
        on_the_way.push(name.to_owned());
        *depth = (*depth).max(on_the_way.len());
        let mut found = Vec::new();
        references(&data().definitions()[name], &mut found);
        for name in found {
            visit(name.trim_start_matches("#/$defs/"), on_the_way, depth);
        }
        on_the_way.pop();
    }
    let mut depth = 0;
    for name in data().definitions().keys() {
        visit(name, &mut Vec::new(), &mut depth);
    }
    println!(
        "{} schemas, at most {depth} deep",
        data().definitions().len()
    );
    assert!(depth > 3);
}

#[tokio::test]
async fn the_smallest_request_of_every_operation_is_accepted() {
    let mut with_body = 0;
    for operation in letta_api::operations::ALL {
        let described = data().operation(operation.id).unwrap();
        let mut request = Request::default();
        for (name, schema) in described.path["properties"].as_object().unwrap() {
            let value = minimal(schema).as_str().unwrap().to_owned();
            request.path.push((name.clone(), value));
        }
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        for name in described.query["required"].as_array().unwrap() {
            let value = minimal(&described.query["properties"][name.as_str().unwrap()]);
            query.append_pair(name.as_str().unwrap(), value.as_str().unwrap());
        }
        request.query = query.finish();
        if let Some(schema) = described.body.as_ref().and_then(|it| it.json.as_ref()) {
            request.content_type = Some("application/json");
            request.body = minimal(schema).to_string().into_bytes();
            with_body += 1;
        }
        if described.body.as_ref().is_some_and(|it| it.form.is_some()) {
            request.content_type = Some("multipart/form-data; boundary=XX");
            request.body = b"--XX\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\n{}\r\n--XX--\r\n".to_vec();
            with_body += 1;
        }
        let found = request.findings(operation.id).await;
        let body = String::from_utf8_lossy(&request.body);
        assert!(found.is_empty(), "{}: {body} {found:?}", operation.id);
    }
    assert!(with_body > 48, "{with_body}");
}

#[tokio::test]
async fn what_the_description_does_not_have_is_ignored() {
    let body = json!({"messages": [{"role": "user", "content": "x", "zzz": 5}], "zzz": []});
    assert!(
        Request::json(&body)
            .findings("send_message")
            .await
            .is_empty()
    );
    let query = Request::query("zzz=5&limit=5&limit=6&order=zzz&order=asc");
    assert!(query.findings("list_agents").await.is_empty());
    // A body of an operation that has none.
    let body = Request::json(&json!([1]));
    assert!(body.findings("list_agents").await.is_empty());
    assert!(body.findings("no_such_operation").await.is_empty());
}

#[tokio::test]
async fn a_member_that_may_be_null_may_be_null() {
    for (body, is_valid) in [
        (json!({"name": null}), false),
        (
            json!({"description": null, "tags": null, "model": null}),
            true,
        ),
        (
            json!({"llm_config": null, "tool_rules": null, "response_format": null}),
            true,
        ),
        (json!({"tool_rules": [null]}), false),
    ] {
        let found = Request::json(&body).findings("create_agent").await;
        assert_eq!(found.is_empty(), is_valid, "{body}: {found:?}");
    }
}

/// The service's have a UUID.
#[tokio::test]
async fn ids_may_be_short() {
    for (id, is_valid) in [
        ("agent-1", true),
        ("agent-123e4567-e89b-42d3-8456-426614174000", true),
        ("agent-", false),
        ("agent1", false),
        ("block-1", false),
        ("", false),
    ] {
        let found = Request::path("agent_id", id).findings("get_agent").await;
        assert_eq!(found.is_empty(), is_valid, "{id}: {found:?}");
    }
    for id in ["default", "conv-1", "agent-1"] {
        let found = Request::path("conversation_id", id);
        assert!(
            found
                .findings("list_conversation_messages")
                .await
                .is_empty(),
            "{id}"
        );
    }
}

#[tokio::test]
async fn what_a_query_and_a_form_say_is_given_as_values() {
    let query = "limit=5&order=asc&tags=a&tags=b&match_all_tags=yes&zzz=1&limit=7";
    let request = Request::query(query);
    let checked = request
        .with(|sent| check("list_agents", sent))
        .await
        .unwrap();
    assert_eq!(
        Value::from(checked.query),
        json!({"limit": 7, "order": "asc", "tags": ["a", "b"], "match_all_tags": true})
    );
    assert!(checked.form.is_empty());

    let field = |head: &str, text: &str| {
        format!("--XX\r\nContent-Disposition: form-data; {head}\r\n\r\n{text}\r\n")
    };
    let fields = [
        field("name=\"file\"; filename=\"a\"", "{}"),
        field("name=\"strip_messages\"", "on"),
        field("name=\"zzz\"", "1"),
    ];
    let request = Request {
        content_type: Some("multipart/form-data; boundary=XX"),
        body: format!("{}--XX--\r\n", fields.concat()).into_bytes(),
        ..Request::default()
    };
    let checked = request
        .with(|sent| check("import_agent", sent))
        .await
        .unwrap();
    assert_eq!(Value::from(checked.form), json!({"strip_messages": true}));
}
