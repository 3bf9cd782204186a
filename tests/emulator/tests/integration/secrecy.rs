use std::fmt::{Debug, Write as _};
use std::sync::{Arc, Mutex};

use letta_api_emulator::{Emulator, Fault, NewAgent, Project, operations};
use reqwest::Method;
use serde_json::json;
use tracing_core::span::{Attributes, Id, Record};
use tracing_core::{Dispatch, Event, Field, Metadata, Subscriber, dispatcher, field::Visit};

use crate::raw::{Answer, HOSTNAME, TOKENS, anonymous, create, delete, good_body, request};

const KEY: &str = "sk-let-0123456789abcdef";
const PRESENTED: &str = "sk-let-fedcba9876543210";

#[tokio::test]
async fn nothing_that_can_be_printed_holds_a_key_or_a_token() {
    let builder = Emulator::builder().api_key(KEY).project("web");
    let mut printed = format!("{builder:?} {builder:#?}");
    let emulator = builder.start().await.unwrap();
    let mut body = good_body();
    body["hostname"] = json!(format!("https://user:{PRESENTED}@chat.example.com"));
    create(&emulator, &body).await;
    let token = emulator.tokens()[0].secret().expose_secret().to_owned();
    // Anything may stand in a text.
    let agent = NewAgent::new("agent-1")
        .name(&token)
        .system(&token)
        .description(&token);
    printed += &format!("{agent:?} {:?}", Emulator::builder().agent(agent.clone()));
    printed += &format!("{:?}", emulator.create_agent(agent).unwrap());
    let said = request(&emulator, Method::POST, "/v1/agents/agent-1/messages");
    assert_eq!(
        Answer::of(said.json(&json!({"input": token}))).await.status,
        200
    );

    printed += &format!("{emulator:?} {emulator:#?} {:?}", emulator.api_key());
    printed += &format!("{:?} {:#?}", emulator.tokens(), emulator.token_count());
    printed += &format!("{:?}", Project::Slug("web".to_owned()));
    printed += &format!("{:?} {:?}", emulator.agents(), emulator.faults());
    printed += &emulator.dump().to_string();
    let in_use = Emulator::builder().api_key(KEY).listen(emulator.addr());
    let error = in_use.start().await.unwrap_err();
    printed += &format!("{error} {error:?}");
    let bad_key = Emulator::builder().api_key(format!("{KEY}\u{7f}{KEY}"));
    let error = bad_key.start().await.unwrap_err();
    printed += &format!("{error} {error:?}");

    for secret in [KEY, &token, PRESENTED] {
        assert!(!printed.contains(secret), "{printed}");
    }
    assert!(printed.contains("kind: User"), "{printed}");
    assert!(
        printed.contains("Emulator {"),
        "the check saw what it should: {printed}"
    );
}

#[tokio::test]
async fn no_refusal_repeats_a_key_or_a_token_wherever_it_was_put() {
    let emulator = Emulator::builder()
        .api_key(KEY)
        .project("web")
        .agent("agent-1")
        .start()
        .await
        .unwrap();
    create(&emulator, &good_body()).await;
    let token = emulator.tokens()[0].secret().expose_secret().to_owned();

    for secret in [KEY, PRESENTED, &token] {
        let mut answers = Vec::new();
        for authorization in [
            format!("Basic {secret}"),
            format!("Bearer {secret}x"),
            secret.to_owned(),
        ] {
            let request =
                anonymous(&emulator, Method::GET, TOKENS).header("authorization", authorization);
            answers.push(Answer::of(request).await);
        }
        for header in ["x-project", "x-project-id"] {
            let request = request(&emulator, Method::GET, TOKENS).header(header, secret);
            answers.push(Answer::of(request).await);
        }
        for body in [
            json!(secret),
            json!({ "hostname": secret }),
            json!({"hostname": "https://x", "policy": secret}),
            json!({"hostname": "https://x", "policy": [secret]}),
            json!({"hostname": "https://x", "policy": [{"type": secret}]}),
            json!({"hostname": "https://x", "policy": [{"type": "agent", "id": "a", "access": [secret]}]}),
            json!({
                "hostname": "https://x",
                "policy": [{"type": "agent", "id": "a", "access": ["read_agent"]}],
                "expires_at": secret,
            }),
        ] {
            answers.push(create(&emulator, &body).await);
        }
        let not_json = request(&emulator, Method::POST, TOKENS)
            .header("content-type", "application/json")
            .body(secret.to_owned());
        answers.push(Answer::of(not_json).await);
        answers.push(delete(&emulator, &format!("{secret}x")).await);
        answers.push(delete(&emulator, &format!("{secret}/x")).await);
        answers.push(delete(&emulator, &format!("{secret}%FF")).await);
        for path in [
            format!("{TOKENS}?limit={secret}"),
            format!("{TOKENS}?limit=1&limit={secret}"),
            format!("{TOKENS}/{secret}"),
            format!("/{secret}"),
        ] {
            answers.push(Answer::of(request(&emulator, Method::GET, &path)).await);
        }
        for path in [
            format!("/v1/agents/{secret}"),
            format!("/v1/agents/{secret}/messages"),
            format!("/v1/agents/?limit={secret}"),
            format!("/v1/agents/agent-1/messages?before={secret}"),
            format!("/v1/agents/agent-1/messages?order={secret}"),
        ] {
            answers.push(Answer::of(request(&emulator, Method::GET, &path)).await);
        }
        for body in [
            json!(secret),
            json!({secret: 1}),
            json!({"messages": secret}),
            json!({"messages": [{"type": secret}]}),
            json!({"messages": [{"role": secret, "content": secret}]}),
            json!({"messages": [{"role": "user", "content": {"text": secret}}]}),
            json!({"input": secret, "stream_tokens": secret}),
            json!({"name": {"name": secret}, "tags": [secret]}),
        ] {
            let path = "/v1/agents/agent-1/messages";
            let sent = request(&emulator, Method::POST, path).json(&body);
            answers.push(Answer::of(sent).await);
        }
        let origin = anonymous(&emulator, Method::GET, "/v1/agents/agent-1")
            .bearer_auth(&token)
            .header("origin", secret);
        answers.push(Answer::of(origin).await);
        for answer in answers {
            // Deleting succeeds, whatever is named.
            let is_deleted = answer.status == 204 && answer.text.is_empty();
            let is_refused = (400..500).contains(&answer.status);
            assert!(
                is_refused || is_deleted,
                "{}: {}",
                answer.status,
                answer.text
            );
            assert!(!answer.text.contains(secret), "{}", answer.text);
            assert!(!format!("{:?}", answer.headers).contains(secret));
        }
    }
}

/// Writes down every span and event there is.
#[derive(Clone, Default)]
struct Recorder(Arc<Mutex<String>>);

impl Visit for Recorder {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let mut text = self.0.lock().unwrap();
        write!(text, " {field}={value:?}").unwrap();
    }
}

impl Subscriber for Recorder {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        span.record(&mut self.clone());
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, values: &Record<'_>) {
        values.record(&mut self.clone());
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        event.record(&mut self.clone());
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

#[test]
fn no_log_at_any_level_of_it_or_the_libraries_under_it_holds_a_key_or_a_token() {
    let runtime = || {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap()
    };
    // On a thread of its own: what the client logs is not what this is about.
    let calls = async |url: String, http: reqwest::Client| {
        let messages = format!("{url}/v1/agents/agent-1/messages");
        let url = format!("{url}{TOKENS}");
        let mut body = good_body();
        body["policy"][0]["access"] = json!(["write_messages"]);
        let create = || http.post(&url).json(&body);
        Answer::of(create().bearer_auth(PRESENTED)).await;
        let token = Answer::of(create().bearer_auth(KEY)).await.json()["token"].clone();
        let token = token.as_str().unwrap().to_owned();
        Answer::of(http.get(&url).bearer_auth(KEY)).await;
        let as_page = |request: reqwest::RequestBuilder| {
            request.bearer_auth(&token).header("origin", HOSTNAME)
        };
        let sent = http.post(format!("{messages}/stream"));
        let answer = Answer::of(as_page(sent.json(&json!({"input": "Hello"})))).await;
        assert_eq!(answer.status, 200);
        as_page(http.get(messages)).send().await.unwrap_err();
        for _ in 0..2 {
            Answer::of(http.delete(format!("{url}/{token}")).bearer_auth(KEY)).await;
        }
        // Not marked as secret by the client.
        let bare = http
            .get(&url)
            .header("authorization", format!("Bearer {KEY}"));
        assert_eq!(Answer::of(bare).await.status, 200);
        token
    };

    let recorder = Recorder::default();
    // Where there is one alone, other tests' threads may make places silent that they come by first.
    let _second = Dispatch::new(recorder.clone());
    let secrets = dispatcher::with_default(&Dispatch::new(recorder.clone()), || {
        runtime().block_on(async {
            let emulator = Emulator::builder()
                .api_key(KEY)
                .agent("agent-1")
                .fault(Fault::disconnect().on(operations::LIST_MESSAGES))
                .start()
                .await
                .unwrap();
            let url = emulator.base_url();
            let client = move || {
                runtime().block_on(async {
                    let http_2 = reqwest::Client::builder().http2_prior_knowledge();
                    let first = calls(url.clone(), reqwest::Client::new()).await;
                    let second = calls(url, http_2.build().unwrap()).await;
                    [KEY.to_owned(), PRESENTED.to_owned(), first, second]
                })
            };
            let secrets = tokio::task::spawn_blocking(client).await.unwrap();
            emulator.shutdown().await;
            secrets
        })
    });
    let logged = recorder.0.lock().unwrap();
    assert!(
        logged.contains("frame"),
        "the check saw what it should: {logged}"
    );
    for secret in secrets {
        assert!(!logged.contains(&secret), "{logged}");
    }
}
