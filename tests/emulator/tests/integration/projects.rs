use letta_api_emulator::{Builder, Emulator, Project};
use reqwest::Method;
use serde_json::Value;

use crate::raw::{Answer, TOKENS, good_body, request};

type Headers = &'static [(&'static str, &'static str)];

async fn send(emulator: &Emulator, method: Method, path: &str, headers: Headers) -> Answer {
    let mut request = request(emulator, method, path).json(&good_body());
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    Answer::of(request).await
}

async fn make(emulator: &Emulator, headers: Headers) -> String {
    let answer = send(emulator, Method::POST, TOKENS, headers).await;
    assert_eq!(answer.status, 201, "{headers:?}: {}", answer.text);
    answer.json()["token"].as_str().unwrap().to_owned()
}

async fn listed(emulator: &Emulator, headers: Headers) -> Vec<String> {
    let answer = send(emulator, Method::GET, TOKENS, headers).await;
    assert_eq!(answer.status, 200, "{headers:?}: {}", answer.text);
    let tokens = answer.json()["tokens"].as_array().unwrap().clone();
    let secret = |token: &Value| token["token"].as_str().unwrap().to_owned();
    tokens.iter().map(secret).collect()
}

const DEFAULT: Headers = &[];
const WEB: Headers = &[("X-Project", "web")];
const WEB_BY_ID: Headers = &[("X-Project-Id", "project-1")];
const SPELT_ALIKE: Headers = &[("X-Project-Id", "web")];

#[tokio::test]
async fn a_token_is_seen_and_deleted_in_its_own_project_only() {
    let emulator = Emulator::start().await.unwrap();
    let projects = [DEFAULT, WEB, WEB_BY_ID, SPELT_ALIKE];
    let mut tokens = Vec::new();
    for headers in projects {
        tokens.push(make(&emulator, headers).await);
    }
    for (headers, token) in projects.iter().zip(&tokens) {
        assert_eq!(
            listed(&emulator, headers).await,
            std::slice::from_ref(token),
            "{headers:?}"
        );
    }
    for headers in &projects[1..] {
        let path = format!("{TOKENS}/{}", tokens[0]);
        assert_eq!(
            send(&emulator, Method::DELETE, &path, headers).await.status,
            204
        );
        assert_eq!(emulator.tokens().len(), projects.len());
    }
    for (headers, token) in projects.iter().zip(&tokens) {
        let path = format!("{TOKENS}/{token}");
        assert_eq!(
            send(&emulator, Method::DELETE, &path, headers).await.status,
            204
        );
    }
    assert_eq!(emulator.tokens().len(), 0);
}

#[tokio::test]
async fn the_snapshot_has_the_tokens_of_all_projects_and_says_which_is_whose() {
    let emulator = Emulator::builder()
        .project_with_id("web", "project-1")
        .start()
        .await
        .unwrap();
    for headers in [DEFAULT, WEB, WEB_BY_ID] {
        make(&emulator, headers).await;
    }
    let web = Project::Slug("web".to_owned());
    let projects: Vec<_> = emulator
        .tokens()
        .iter()
        .map(|token| token.project().clone())
        .collect();
    assert_eq!(projects, [Project::Default, web.clone(), web]);
}

#[tokio::test]
async fn a_project_that_was_given_with_its_id_is_one_by_either_name() {
    let emulator = Emulator::builder()
        .project_with_id("web", "project-1")
        .start()
        .await
        .unwrap();
    let token = make(&emulator, WEB).await;
    assert_eq!(listed(&emulator, WEB_BY_ID).await, [token]);
    assert!(listed(&emulator, DEFAULT).await.is_empty());
}

#[tokio::test]
async fn a_project_that_is_not_there_is_404_once_the_emulator_was_given_any() {
    let emulator = Emulator::builder().project("chat").start().await.unwrap();
    for headers in [WEB, WEB_BY_ID, &[("X-Project-Id", "chat")]] {
        for method in [Method::POST, Method::GET] {
            let answer = send(&emulator, method, TOKENS, headers).await;
            assert_eq!(answer.status, 404, "{headers:?}");
            assert!(answer.message().contains("project"));
        }
    }
    make(&emulator, DEFAULT).await;
    make(&emulator, &[("X-Project", "chat")]).await;
}

#[tokio::test]
async fn a_project_that_is_named_badly_is_400() {
    let emulator = Emulator::start().await.unwrap();
    let cases: &[Headers] = &[
        &[("X-Project", "web"), ("X-Project-Id", "project-1")],
        &[("X-Project", "web"), ("X-Project", "web")],
        &[("X-Project-Id", "a"), ("X-Project-Id", "b")],
        &[("X-Project", "")],
        &[("X-Project-Id", "")],
        &[("X-Project", "вэб")],
    ];
    for headers in cases {
        let answer = send(&emulator, Method::POST, TOKENS, headers).await;
        assert_eq!(answer.status, 400, "{headers:?}");
        assert!(answer.message().contains(headers[0].0), "{}", answer.text);
    }
    assert_eq!(emulator.tokens().len(), 0);
}

#[tokio::test]
async fn a_project_that_no_request_could_name_and_one_given_twice_do_not_start() {
    type Change = fn(Builder) -> Builder;
    let cases: &[(Change, &str)] = &[
        (|builder| builder.project(""), "visible ASCII"),
        (|builder| builder.project("a b"), "visible ASCII"),
        (
            |builder| builder.project_with_id("a", "b\n"),
            "visible ASCII",
        ),
        (|builder| builder.project("a").project("a"), "twice"),
        (
            |builder| builder.project_with_id("a", "1").project_with_id("b", "1"),
            "one ID",
        ),
    ];
    for (change, reason) in cases {
        let error = change(Emulator::builder()).start().await.unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput);
        assert!(error.to_string().contains(reason), "{error}");
    }
}
