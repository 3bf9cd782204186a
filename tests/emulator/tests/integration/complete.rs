//! Members without a value are `null`, as the server writes them. What may be null is read from the description itself, and not from
//! what the emulator completes answers by.

use std::collections::BTreeSet;

use letta_api::operations;
use letta_api_emulator::{Act, Emulator, Rule};
use letta_api_operations_tests::Description;
use reqwest::Method;
use serde_json::{Value, json};

use crate::raw::{Answer, create, good_body, list, request};

/// Operations that are not asked for, by how their paths begin: their answers are documented as they are.
const AS_DOCUMENTED: &str = "/v1/client-side-access-tokens";

/// Operations that do not answer 200 here, and why.
const WITHOUT_ANSWER: [(&str, &str); 2] = [
    (
        "get_run_trace",
        "the server without a store of traces has none",
    ),
    (
        "get_mcp_server_tool",
        "no tool is offered by the server of the scene",
    ),
];

/// IDs of what there is, by the name of the parameter.
type Known = Vec<(&'static str, String)>;

async fn sent(emulator: &Emulator, method: Method, path: &str, body: Value) -> Value {
    let answer = Answer::of(request(emulator, method, path).json(&body)).await;
    assert_eq!(answer.status, 200, "{path}: {}", answer.text);
    answer.json()
}

/// A file of one part, as a form.
async fn upload(emulator: &Emulator, folder: &str) -> Value {
    let form = "--b\r\ncontent-disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\n\
                content-type: text/plain\r\n\r\nOne.\r\n--b--\r\n";
    let path = format!("/v1/folders/{folder}/upload");
    let request = request(emulator, Method::POST, &path)
        .header("content-type", "multipart/form-data; boundary=b")
        .body(form);
    let answer = Answer::of(request).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()
}

/// A scene with one of everything, all of it attached to one agent, and a turn in which a tool runs.
async fn scene(emulator: &Emulator) -> Known {
    let mut known: Known = vec![
        ("agent_id", "agent-1".to_owned()),
        ("block_label", "human".to_owned()),
    ];
    let reply = [
        Act::reasoning("Hm."),
        Act::call("look_up", json!({"word": "x"})).returns("y"),
        Act::text("Done."),
    ];
    let script = [Rule::new(reply).always()];
    emulator.agent("agent-1").script(script).unwrap();
    let source = "def look_up(word: str):\n    \"\"\"Looks up.\n\n    Args:\n        word (str): It.\n    \"\"\"\n    return word";
    let url = json!({"mcp_server_type": "streamable_http", "server_url": "https://tools.example.com/mcp"});
    for (parameter, path, body) in [
        (
            "block_id",
            "/v1/blocks/",
            json!({"label": "human", "value": "Name: Sam"}),
        ),
        ("archive_id", "/v1/archives/", json!({"name": "Notes"})),
        (
            "folder_id",
            "/v1/folders/",
            json!({"name": "Papers", "embedding": "letta/letta-free"}),
        ),
        (
            "conversation_id",
            "/v1/conversations/?agent_id=agent-1",
            json!({}),
        ),
        ("tool_id", "/v1/tools/", json!({"source_code": source})),
        (
            "mcp_server_id",
            "/v1/mcp-servers/",
            json!({"server_name": "tools", "config": url}),
        ),
    ] {
        let made = sent(emulator, Method::POST, path, body).await;
        known.push((parameter, made["id"].as_str().unwrap().to_owned()));
    }
    for template in [
        "/v1/agents/agent-1/core-memory/blocks/attach/{block_id}",
        "/v1/agents/agent-1/tools/attach/{tool_id}",
        "/v1/agents/agent-1/folders/attach/{folder_id}",
    ] {
        let path = filled(template, &known).unwrap();
        sent(emulator, Method::PATCH, &path, json!({})).await;
    }
    let folder = filled("{folder_id}", &known).unwrap();
    let file = upload(emulator, &folder).await;
    known.push(("file_id", file["id"].as_str().unwrap().to_owned()));
    let passage = json!({"text": "Cats purr."});
    sent(
        emulator,
        Method::POST,
        "/v1/agents/agent-1/archival-memory",
        passage,
    )
    .await;
    let said = json!({"messages": [{"role": "user", "content": "Hello"}]});
    let in_conversation = filled("/v1/conversations/{conversation_id}/messages", &known).unwrap();
    let mut as_json = said.clone();
    as_json["streaming"] = false.into();
    sent(emulator, Method::POST, &in_conversation, as_json).await;
    let answer = sent(emulator, Method::POST, "/v1/agents/agent-1/messages", said).await;
    let message = &answer["messages"][0];
    for (parameter, member) in [
        ("message_id", "id"),
        ("run_id", "run_id"),
        ("step_id", "step_id"),
    ] {
        known.push((parameter, message[member].as_str().unwrap().to_owned()));
    }
    known
}

/// The path with what is known in place of its parameters.
fn filled(template: &str, known: &Known) -> Option<String> {
    let mut path = template.to_owned();
    for (name, value) in known {
        path = path.replace(&format!("{{{name}}}"), value);
    }
    (!path.contains('{')).then_some(path)
}

#[tokio::test]
async fn every_member_that_may_be_null_is_in_every_answer() {
    let description = Description::read();
    let emulator = Emulator::builder().agent("agent-1").start().await.unwrap();
    let known = scene(&emulator).await;
    let (mut asked, mut empty) = (BTreeSet::new(), BTreeSet::new());
    let mut without = BTreeSet::new();
    for operation in operations::ALL.iter().filter(|it| it.method == "GET") {
        let id = operation.id;
        if operation.path_template.starts_with(AS_DOCUMENTED) {
            continue;
        }
        // What is not known is of operations that are not emulated.
        let path = filled(operation.path_template, &known);
        let path = path.unwrap_or_else(|| operation.path_template.replace(['{', '}'], "x"));
        let query = match id {
            "search_agent_passages" => "?query=cats",
            _ => "",
        };
        let answer = request(&emulator, Method::GET, &format!("{path}{query}"));
        let answer = Answer::of(answer).await;
        match answer.status {
            200 => {}
            501 if !WITHOUT_ANSWER.iter().any(|it| it.0 == id) => continue,
            _ => {
                without.insert((id, answer.text));
                continue;
            }
        }
        assert_eq!(answer.headers["content-type"], "application/json", "{id}");
        let length = answer.text.len().to_string();
        assert_eq!(answer.header("content-length"), length, "{id}");
        let json = answer.json();
        let lacking = description.lacking("GET", operation.path_template, &json);
        assert!(lacking.is_empty(), "{id}: {lacking:?}");
        match json.as_array().is_some_and(Vec::is_empty) {
            true => empty.insert(id),
            false => asked.insert(id),
        };
    }
    println!("{} operations: {asked:?}", asked.len());
    println!("with nothing to show: {empty:?}");
    let expected = BTreeSet::from(WITHOUT_ANSWER.map(|it| it.0));
    let actual: BTreeSet<&str> = without.iter().map(|it| it.0).collect();
    assert_eq!(actual, expected, "{without:?}");
    assert!(asked.len() >= 40, "{asked:?}");
}

#[tokio::test]
async fn what_is_made_changed_and_said_has_them_too() {
    let description = Description::read();
    let emulator = Emulator::builder().agent("agent-1").start().await.unwrap();
    let hello = json!({"messages": [{"role": "user", "content": "Hello"}]});
    for (operation, path, body) in [
        (
            operations::CREATE_AGENT,
            "/v1/agents/",
            json!({"name": "Ada", "memory_blocks": [{"label": "human", "value": "x"}]}),
        ),
        (
            operations::UPDATE_AGENT,
            "/v1/agents/agent-1",
            json!({"name": "Grace"}),
        ),
        (
            operations::SEND_MESSAGE,
            "/v1/agents/agent-1/messages",
            hello.clone(),
        ),
        (
            operations::START_RUN,
            "/v1/agents/agent-1/messages/async",
            hello,
        ),
    ] {
        let method: Method = operation.method.parse().unwrap();
        let answer = Answer::of(request(&emulator, method, path).json(&body)).await;
        assert_eq!(answer.status, 200, "{}: {}", operation.id, answer.text);
        let lacking =
            description.lacking(operation.method, operation.path_template, &answer.json());
        assert!(lacking.is_empty(), "{}: {lacking:?}", operation.id);
    }
}

#[tokio::test]
async fn lists_that_are_empty_are_written() {
    let emulator = Emulator::builder().agent("agent-1").start().await.unwrap();
    let agent = Answer::of(request(&emulator, Method::GET, "/v1/agents/agent-1"))
        .await
        .json();
    for name in [
        "secrets",
        "tool_exec_environment_variables",
        "identity_ids",
        "identities",
        "tags",
        "blocks",
        "tools",
    ] {
        assert_eq!(agent[name], json!([]), "{name}");
    }
    assert_eq!(agent["memory"]["file_blocks"], json!([]));
    assert_eq!(agent["message_buffer_autoclear"], false);
}

#[tokio::test]
async fn an_answer_that_lacks_a_member_is_told() {
    let description = Description::read();
    let agents = json!([{"name": "Ada", "llm_config": {}}]);
    let lacking = description.lacking("GET", "/v1/agents/", &agents);
    for place in ["[0].description", "[0].llm_config.model_wrapper"] {
        assert!(lacking.iter().any(|it| it == place), "{place}: {lacking:?}");
    }
    assert!(!lacking.iter().any(|it| it == "[0].name"));
}

/// Bodies of tokens have the documented members, in the documented order, and no others.
#[tokio::test]
async fn nothing_is_added_to_the_answers_about_tokens() {
    let emulator = Emulator::builder().agent("agent-1").start().await.unwrap();
    let made = create(&emulator, &good_body()).await.text;
    let token = &made[r#"{"token":""#.len()..][..emulator_token(&made)];
    let expires = made
        .split(r#""expiresAt":""#)
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    let expected = format!(
        r#"{{"token":"{token}","hostname":"https://chat.example.com","expiresAt":"{expires}","policy":{{"version":"1","data":[{{"type":"agent","id":"agent-1","access":["read_messages"]}}]}}}}"#
    );
    assert_eq!(made, expected);
    let listed = list(&emulator, "").await.text;
    assert_eq!(
        listed,
        format!(r#"{{"tokens":[{made}],"hasNextPage":false}}"#)
    );
}

/// How long the token of an answer is.
fn emulator_token(answer: &str) -> usize {
    answer[r#"{"token":""#.len()..].find('"').unwrap()
}
