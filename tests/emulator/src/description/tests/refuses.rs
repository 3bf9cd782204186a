//! What is refused, and what is said of it.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::description::check::check;
use crate::description::tests::made::{Why, minimal, wrongs};
use crate::description::tests::{Request, data, place, written};

/// All bodies of JSON that are wrong, of every operation: each is refused, and what is wrong is named.
#[tokio::test]
async fn each_member_that_is_missing_or_wrong_is_named_in_every_operation() {
    let mut counts: BTreeMap<Why, usize> = BTreeMap::new();
    let mut problems = Vec::new();
    let mut operations = 0;
    for entry in written()["operations"].as_array().unwrap() {
        let id = entry["ids"][0].as_str().unwrap();
        let body = data().operation(id).unwrap().body.as_ref();
        let Some(schema) = body.and_then(|it| it.json.as_ref()) else {
            continue;
        };
        operations += 1;
        for wrong in wrongs(schema) {
            *counts.entry(wrong.why).or_default() += 1;
            if wrong.value.is_null() {
                continue; // A body that is null is one that is missing.
            }
            let found = Request::json(&wrong.value).findings(id).await;
            let expected = ["body".to_owned()].into_iter().chain(wrong.at.clone());
            let expected = expected.collect::<Vec<_>>().join(".");
            if !found.iter().any(|it| place(it) == expected) {
                let found: Vec<String> = found.iter().map(|it| it.print()).collect();
                problems.push(format!(
                    "{id} {:?} {expected}: {} gave {found:?}",
                    wrong.why, wrong.value
                ));
            }
        }
    }
    assert!(
        problems.is_empty(),
        "{} of {counts:?}:\n{}",
        problems.len(),
        problems[..problems.len().min(20)].join("\n")
    );
    println!("{operations} operations, {counts:?}");
    assert!(operations > 45, "{operations}");
    for (why, least) in [(Why::LeftOut, 250), (Why::Type, 7000), (Why::Unknown, 90)] {
        assert!(counts[&why] >= least, "{counts:?}");
    }
}

/// Parameters of the query: numbers, booleans, enums, dates and required ones.
#[tokio::test]
async fn each_parameter_that_is_missing_or_wrong_is_named_in_every_operation() {
    let (mut wrong, mut missing) = (0, 0);
    for entry in written()["operations"].as_array().unwrap() {
        let id = entry["ids"][0].as_str().unwrap();
        let operation = data().operation(id).unwrap();
        let required = operation.query["required"].as_array().unwrap();
        let query = |without: &str, extra: &str| {
            let mut query = url::form_urlencoded::Serializer::new(String::new());
            for name in required.iter().filter_map(Value::as_str) {
                if name != without {
                    let value = minimal(&operation.query["properties"][name]);
                    query.append_pair(name, value.as_str().unwrap());
                }
            }
            format!("{}&{extra}", query.finish())
        };
        for name in required.iter().filter_map(Value::as_str) {
            missing += 1;
            let found = Request::query(&query(name, "")).findings(id).await;
            let found = found.iter().find(|it| it.loc[0] == "query".into()).unwrap();
            assert_eq!((found.kind, &*found.last()), ("missing", name), "{id}");
            assert_eq!(found.input, "None");
        }
        for (name, schema) in operation.query["properties"].as_object().unwrap() {
            let kind = data().kind(schema);
            let item = data().items(schema).and_then(|it| data().kind(it));
            let takes_all = minimal(schema).is_string()
                && Request::query(&query(name, &format!("{name}=no+such+value")))
                    .findings(id)
                    .await
                    .iter()
                    .all(|it| it.loc[0] != "query".into());
            let expected = match kind {
                Some("array") if item == Some("string") => continue,
                Some("array") => format!("query.{name}.0"),
                // A text that may be any.
                Some("string") if takes_all => continue,
                _ => format!("query.{name}"),
            };
            wrong += 1;
            let sent = query(name, &format!("{name}=no+such+value"));
            let found = Request::query(&sent).findings(id).await;
            let found = found.iter().find(|it| place(it) == expected);
            let found = found.unwrap_or_else(|| panic!("{id}: {sent}"));
            assert_eq!(found.input, "'no such value'");
        }
    }
    println!("{wrong} wrong parameters, {missing} missing");
    assert!(wrong >= 100 && missing >= 2, "{wrong} {missing}");
}

#[tokio::test]
async fn a_union_is_told_about_by_the_branch_that_its_tag_names() {
    for (body, expected) in [
        (
            json!({"messages": [{"type": "approval", "approvals": [{"type": "tool", "tool_call_id": "c"}]}]}),
            vec![
                "body.messages.0.approvals.0.status",
                "body.messages.0.approvals.0.tool_return",
            ],
        ),
        (
            json!({"messages": [{"type": "approval", "approvals": [{"type": "approval", "tool_call_id": "c"}]}]}),
            vec!["body.messages.0.approvals.0.approve"],
        ),
        (
            json!({"messages": [{"role": "user", "content": [{"type": "text"}]}]}),
            vec!["body.messages.0.content.0.text"],
        ),
        (
            json!({"messages": [{"role": "user", "content": [{"type": "image", "source": {"type": "url"}}]}]}),
            vec!["body.messages.0.content.0.source.url"],
        ),
        // The same as the server says it, without the names of its classes.
        (
            json!({"messages": [{"role": "nobody"}]}),
            vec!["body.messages.0.content", "body.messages.0.role"],
        ),
    ] {
        let found = Request::json(&body).findings("send_message").await;
        let mut found: Vec<String> = found.iter().map(place).collect();
        found.sort();
        assert_eq!(found, expected, "{body}");
    }
}

#[tokio::test]
async fn a_tag_that_is_missing_or_unknown_is_told_about() {
    for (rule, kind) in [
        (json!({}), "union_tag_not_found"),
        (json!({"type": "zzz"}), "union_tag_invalid"),
        (json!({"type": 5}), "union_tag_invalid"),
        (json!({"type": "sk-let-abc"}), "union_tag_invalid"),
    ] {
        let request = Request::json(&json!({"tool_rules": [rule]}));
        let found = request.findings("create_agent").await;
        assert_eq!(found.len(), 1, "{rule}");
        assert_eq!(
            (found[0].kind, &*place(&found[0])),
            (kind, "body.tool_rules.0")
        );
        let detail = request.detail("create_agent").await;
        assert!(!detail.contains("sk-let-"), "{detail}");
    }
}

/// The texts are those of captures and of a real server.
#[tokio::test]
async fn the_answer_is_in_the_form_of_the_server() {
    let cases = [
        (
            "get_agent",
            Request::path("agent_id", "not-an-id"),
            json!({"trace_id": "", "detail": "[{'type': 'string_pattern_mismatch', 'loc': ('path', 'agent_id'), 'msg': \"String should match pattern 'agent-{uuid4}'\", 'input': 'not-an-id', 'ctx': {'pattern': '^agent-[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$'}}]", "examples": ["agent-123e4567-e89b-42d3-8456-426614174000"]}),
        ),
        (
            "create_agent",
            Request::json(&json!({"name": 5})),
            json!({"trace_id": "", "detail": "[{'type': 'string_type', 'loc': ('body', 'name'), 'msg': 'Input should be a valid string', 'input': 5}]"}),
        ),
        (
            "create_agent",
            Request::json(&json!([1])),
            json!({"trace_id": "", "detail": "[{'type': 'model_attributes_type', 'loc': ('body',), 'msg': 'Input should be a valid dictionary or object to extract fields from', 'input': [1]}]"}),
        ),
        (
            "create_agent",
            Request::default(),
            json!({"trace_id": "", "detail": "[{'type': 'missing', 'loc': ('body',), 'msg': 'Field required', 'input': None}]"}),
        ),
        (
            "list_agents",
            Request::query("order=up&limit=x"),
            json!({"trace_id": "", "detail": "[{'type': 'int_parsing', 'loc': ('query', 'limit'), 'msg': 'Input should be a valid integer, unable to parse string as an integer', 'input': 'x'}, {'type': 'literal_error', 'loc': ('query', 'order'), 'msg': \"Input should be 'asc' or 'desc'\", 'input': 'up', 'ctx': {'expected': \"'asc' or 'desc'\"}}]"}),
        ),
        (
            "create_agent",
            Request {
                body: b"{\"name\": 5".to_vec(),
                ..Request::default()
            },
            json!({"trace_id": "", "detail": "[{'type': 'json_invalid', 'loc': ('body', 9), 'msg': 'JSON decode error', 'input': {}, 'ctx': {'error': 'Expecting value'}}]"}),
        ),
    ];
    for (id, request, expected) in cases {
        assert_eq!(request.refusal(id).await, Some(expected), "{id}");
    }
}

#[tokio::test]
async fn a_form_must_have_its_fields() {
    let form = |fields: &str| Request {
        content_type: Some("multipart/form-data; boundary=XX"),
        body: format!("{fields}--XX--\r\n").into_bytes(),
        ..Request::default()
    };
    let field = |head: &str, text: &str| {
        format!("--XX\r\nContent-Disposition: form-data; {head}\r\n\r\n{text}\r\n")
    };
    let file = field("name=\"file\"; filename=\"a\"", "{}");
    for (request, expected) in [
        (form(&file), vec![]),
        (form(&(field("name=\"zzz\"", "x") + &file)), vec![]),
        (
            form(&(field("name=\"strip_messages\"", "yes") + &file)),
            vec![],
        ),
        (
            form(&(field("name=\"strip_messages\"", "") + &file)),
            vec![],
        ),
        (
            form(&(field("name=\"strip_messages\"", "maybe") + &file)),
            vec![("bool_parsing", "body.strip_messages")],
        ),
        (
            form(&field("name=\"x\"", "1")),
            vec![("missing", "body.file")],
        ),
        (
            form(&field("name=\"file\"", "1")),
            vec![("value_error", "body.file")],
        ),
        (
            form(&(field("name=\"strip_messages\"; filename=\"a\"", "yes") + &file)),
            vec![("bool_type", "body.strip_messages")],
        ),
        (Request::json(&json!({})), vec![("missing", "body.file")]),
        (Request::default(), vec![("missing", "body.file")]),
    ] {
        let found = request.findings("import_agent").await;
        let found: Vec<_> = found.iter().map(|it| (it.kind, place(it))).collect();
        let expected: Vec<_> = expected
            .into_iter()
            .map(|(k, p)| (k, p.to_owned()))
            .collect();
        assert_eq!(
            found,
            expected,
            "{}",
            String::from_utf8_lossy(&request.body)
        );
    }
}

#[tokio::test]
async fn a_form_that_cannot_be_read_is_a_bad_request() {
    for (content_type, body) in [
        ("multipart/form-data", "sk-let-hush"),
        ("multipart/form-data; boundary=XX", "sk-let-hush"),
    ] {
        let request = Request {
            content_type: Some(content_type),
            body: body.into(),
            ..Request::default()
        };
        let refusal = request.with(|sent| check("import_agent", sent)).await;
        let message = refusal.unwrap_err().message().to_owned();
        assert!(
            message.contains("form") || message.contains("boundary"),
            "{message}"
        );
        assert!(!message.contains("hush"), "{message}");
        // An operation that takes JSON does not look into it.
        assert_eq!(
            request.findings("create_agent").await[0].kind,
            "model_attributes_type"
        );
    }
}

#[tokio::test]
async fn no_answer_repeats_a_secret() {
    for (id, request) in [
        (
            "create_agent",
            Request::json(&json!({"name": ["sk-let-hush"]})),
        ),
        (
            "create_agent",
            Request::json(&json!({"agent_type": "ck-let-hush"})),
        ),
        (
            "create_agent",
            Request::json(&json!({"secrets": "hush", "tool_exec_environment_variables": ["hush"]})),
        ),
        (
            "create_agent",
            Request::json(&json!({"secrets": {"A": 5, "sk-let-hush": 6}})),
        ),
        (
            "create_agent",
            Request::json(&json!({"tool_rules": [{"type": "SK-LET-hush"}]})),
        ),
        ("create_agent", Request::json(&json!("sk-let-hush"))),
        (
            "create_mcp_server",
            Request::json(
                &json!({"config": {"mcp_server_type": "sse", "auth_token": "hush", "custom_headers": {"a": "hush"}}}),
            ),
        ),
        (
            "create_agents_from_template",
            Request::json(&json!({"agent_name": 5, "tool_variables": {"a": ["hush"]}})),
        ),
        (
            "send_message",
            Request::json(&json!({"messages": [{"role": "sk-let-hush", "sk-let-hush": 1}]})),
        ),
        ("get_agent", Request::path("agent_id", "sk-let-hush")),
        (
            "list_agents",
            Request::query("limit=sk-let-hush&order=ck-let-hush"),
        ),
        (
            "create_agent",
            Request {
                content_type: Some("text/plain"),
                body: b"sk-let-hush".to_vec(),
                ..Request::default()
            },
        ),
        (
            "create_agent",
            Request {
                body: b"{\"sk-let-hush\" 5".to_vec(),
                ..Request::default()
            },
        ),
        (
            "import_agent",
            Request {
                content_type: Some("application/x-www-form-urlencoded"),
                body: b"file=sk-let-hush&secrets=hush&env_vars_json=hush".to_vec(),
                ..Request::default()
            },
        ),
    ] {
        let refusal = request
            .refusal(id)
            .await
            .unwrap_or_else(|| panic!("{id}"))
            .to_string();
        assert!(!refusal.contains("hush"), "{id}: {refusal}");
    }
}
