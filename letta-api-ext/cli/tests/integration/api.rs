//! `letta api`.

use std::time::Duration;

use letta_api_emulator::Fault;
use letta_api_ext::letta_api::operations;

use crate::lab::Lab;

#[test]
fn any_request_is_sent() {
    let mut lab = Lab::new();
    lab.show(&["api", "GET", "/v1/agents/agent-1/tools?limit=0"]);
    lab.show(&[
        "api",
        "get",
        "/v1/agents/",
        "-q",
        "limit=1",
        "-q",
        "name=Nobody",
    ]);
    lab.show(&[
        "api",
        "PATCH",
        "/v1/agents/agent-1",
        "-d",
        "{\"name\":\"Ida\"}",
        "--file",
        "answer.json",
    ]);
    let answer = std::fs::read_to_string(lab.folder().join("answer.json")).unwrap();
    assert!(answer.contains("\"name\":\"Ida\""), "{answer}");
    lab.show_fed(
        &[
            "api",
            "PATCH",
            "/v1/agents/agent-1",
            "-d",
            "@-",
            "--file",
            "answer.json",
        ],
        "{\"name\":\"Ada\"}",
    );
    lab.show(&["api", "GET", "/v1/agents/agent-9"]);
    lab.show(&["api", "GET", "v1/agents"]);
    lab.show(&["api", "GE T", "/v1/agents/"]);
    lab.show(&["api", "GET", "/v1/agents/", "-H", "X-Broken"]);
    lab.check("api");
}

#[test]
fn answers_keep_the_order_of_their_members() {
    let lab = Lab::new();
    let raw = lab.run(&["api", "GET", "/v1/agents/agent-1", "--file", "agent.json"]);
    assert_eq!(raw.code, Some(0), "{raw:?}");
    let bytes = std::fs::read_to_string(lab.folder().join("agent.json")).unwrap();
    let printed = lab.run(&["api", "GET", "/v1/agents/agent-1"]).stdout;
    let names = |text: &str| {
        let words = text.split('"').map(str::to_owned);
        words.collect::<Vec<_>>()
    };
    let is_name = |it: &String| it.chars().all(|it| it.is_ascii_lowercase() || it == '_');
    let of = |text: &str| names(text).into_iter().filter(is_name).collect::<Vec<_>>();
    assert_eq!(
        of(&printed)
            .iter()
            .filter(|it| !it.is_empty())
            .collect::<Vec<_>>(),
        of(&bytes)
            .iter()
            .filter(|it| !it.is_empty())
            .collect::<Vec<_>>()
    );
}

#[test]
fn a_request_may_take_as_long_as_is_said() {
    let lab = Lab::new();
    let wait = Fault::latency(Duration::from_secs(600)).on(operations::GET_AGENT);
    lab.emulator.inject(wait).unwrap();
    let ran = lab.run(&["api", "GET", "/v1/agents/agent-1", "--timeout", "50ms"]);
    assert_eq!(ran.code, Some(5), "{ran:?}");
}

#[test]
fn events_come_as_they_are() {
    let lab = Lab::new();
    let body = r#"{"input": "Hello", "streaming": true}"#;
    let ran = lab.run(&["api", "POST", "/v1/agents/agent-1/messages", "-d", body]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(
        ran.stdout.starts_with("data: {") && ran.stdout.contains("data: [DONE]"),
        "{ran:?}"
    );
}
