use letta_api_emulator::{Emulator, Fault, operations};
use reqwest::Method;
use serde_json::json;

use crate::raw::{Answer, HOSTNAME, create, delete, good_body, list, request};

#[tokio::test]
async fn a_dump_has_all_that_there_is_and_over_http_too() {
    let emulator = Emulator::builder().agent("agent-1").start().await.unwrap();
    create(&emulator, &good_body()).await;
    list(&emulator, "?limit=x").await;
    let send = request(&emulator, Method::POST, "/v1/agents/agent-1/messages");
    Answer::of(send.json(&json!({"input": "Hello"}))).await;
    emulator
        .inject(
            Fault::status(500)
                .on(operations::DELETE_CLIENT_SIDE_ACCESS_TOKEN)
                .times(3),
        )
        .unwrap();

    let dump = emulator.dump();
    assert_eq!(dump["agents"][0]["id"], "agent-1");
    assert_eq!(
        dump["agents"][0]["messages"][1],
        json!({"message_type": "user_message", "content": "Hello"})
    );
    assert_eq!(dump["tokens"][0]["hostname"], HOSTNAME);
    assert_eq!(dump["tokens"][0]["policy"]["data"], good_body()["policy"]);
    assert_eq!(dump["tokens"][0]["live"], true);
    let tokens = emulator.tokens();
    let fingerprint = letta_api_ext::Fingerprint::of(tokens[0].secret());
    assert_eq!(dump["tokens"][0]["fingerprint"], fingerprint.to_string());
    assert_eq!(
        dump["requests"],
        json!({
            "create_client_side_access_token": {"201": 1},
            "list_client_side_access_tokens": {"400": 1},
            "send_message": {"200": 1},
        })
    );
    assert_eq!(
        dump["faults"],
        json!(["status=500,on=delete_client_side_access_token,times=3"])
    );

    let path = "/_emulator/state";
    let mut over_http = Answer::of(request(&emulator, Method::GET, path))
        .await
        .json();
    over_http["now"] = dump["now"].clone();
    assert_eq!(over_http, dump);
    let without = crate::raw::anonymous(&emulator, Method::GET, path);
    assert_eq!(Answer::of(without).await.status, 401);
}

#[tokio::test]
async fn a_dump_holds_no_secret_wherever_somebody_put_one() {
    let key = "sk-let-\"quoted\\0123456789";
    let emulator = Emulator::builder()
        .api_key(key)
        .agent("agent-1")
        .start()
        .await
        .unwrap();
    for _ in 0..2 {
        create(&emulator, &good_body()).await;
    }
    let secrets: Vec<_> = emulator
        .tokens()
        .iter()
        .map(|token| token.secret().expose_secret().to_owned())
        .collect();
    delete(&emulator, &secrets[1]).await;
    for text in [key, &secrets[0], &secrets[1]] {
        let body =
            json!({"input": format!("my secret is {text}, you know"), "metadata": {text: 1}});
        for (method, path) in [
            (Method::POST, "/v1/agents/agent-1/messages"),
            (Method::PATCH, "/v1/agents/agent-1"),
        ] {
            let sent = request(&emulator, method, path).json(&body);
            assert_eq!(Answer::of(sent).await.status, 200);
        }
        let mut body = good_body();
        body["policy"][0]["id"] = json!(text);
        create(&emulator, &body).await;
    }
    let dump = emulator.dump();
    let over_http = Answer::of(request(&emulator, Method::GET, "/_emulator/state"))
        .await
        .text;
    for printed in [
        dump.to_string(),
        format!("{dump:?}"),
        format!("{dump:#}"),
        over_http,
    ] {
        assert!(
            printed.contains("my secret is [redacted], you know"),
            "{printed}"
        );
        for secret in [key, "0123456789", &secrets[0], &secrets[1]] {
            assert!(!printed.contains(secret), "{printed}");
        }
    }
}

#[tokio::test]
async fn a_dump_has_runs_without_the_urls_that_they_would_call() {
    let builder = Emulator::builder().agent("agent-1");
    let emulator = builder.start().await.unwrap();
    let path = "/v1/agents/agent-1/messages/async";
    let body = json!({"input": "Hello", "callback_url": "https://example.com/done?key=0123456789"});
    let sent = request(&emulator, Method::POST, path).json(&body);
    assert_eq!(Answer::of(sent).await.status, 200);
    let dump = emulator.dump();
    assert_eq!(dump["runs"][0]["callback_url"], "[redacted]");
    assert!(!dump.to_string().contains("0123456789"), "{dump}");
}
