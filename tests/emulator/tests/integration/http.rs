use std::collections::HashSet;
use std::time::{Duration, SystemTime};

use letta_api_emulator::{Emulator, ManualClock};
use reqwest::Method;

use crate::raw::{Answer, TOKENS, anonymous, create, delete, good_body, list, request};

#[tokio::test]
async fn a_path_that_there_is_not_is_404_with_and_without_a_key() {
    let emulator = Emulator::start().await.unwrap();
    for path in [
        "/",
        "/v1",
        "/v1/agent",
        "/v1/agents/agent-1/",
        "/v1/agents/agent-1/messages/",
        "/v1/agents/agent-1/blocks",
        "/_emulator/other",
        "/v1/client-side-access-tokens/",
        "/v1/client-side-access-tokens/a/b",
        "/v1/v1/client-side-access-tokens",
        "/client-side-access-tokens",
    ] {
        for method in [Method::GET, Method::POST, Method::DELETE] {
            let with = Answer::of(request(&emulator, method.clone(), path)).await;
            let without = Answer::of(anonymous(&emulator, method, path)).await;
            for answer in [with, without] {
                assert_eq!(answer.status, 404, "{path}");
                assert_eq!(answer.message(), "there is nothing at this path");
            }
        }
    }
}

#[tokio::test]
async fn a_method_that_the_path_does_not_take_is_405_that_says_which_it_takes() {
    let emulator = Emulator::start().await.unwrap();
    let token = format!("{TOKENS}/ck-let-x");
    for (method, path, allow) in [
        (Method::PUT, TOKENS, "GET,HEAD,POST"),
        (Method::PATCH, TOKENS, "GET,HEAD,POST"),
        (Method::DELETE, TOKENS, "GET,HEAD,POST"),
        (Method::GET, &token, "DELETE"),
        (Method::POST, &token, "DELETE"),
        (Method::PUT, "/v1/agents/", "GET,HEAD,POST"),
        (Method::PUT, "/v1/agents/agent-1", "GET,HEAD,DELETE,PATCH"),
        (Method::PUT, "/v1/agents/agent-1/messages", "GET,HEAD,POST"),
        (Method::GET, "/v1/agents/agent-1/messages/stream", "POST"),
        (Method::POST, "/v1/health/", "GET,HEAD"),
    ] {
        let with = Answer::of(request(&emulator, method.clone(), path)).await;
        let without = Answer::of(anonymous(&emulator, method.clone(), path)).await;
        for answer in [with, without] {
            assert_eq!(answer.status, 405, "{method} {path}");
            assert_eq!(answer.header("allow"), allow);
            assert!(answer.message().contains("method"));
        }
    }
}

#[tokio::test]
async fn every_answer_has_an_id_of_its_own_and_the_date_of_the_emulators_clock() {
    let clock = ManualClock::starting_at(SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777));
    let emulator = Emulator::builder()
        .clock(clock.clone())
        .start()
        .await
        .unwrap();
    let mut ids = HashSet::new();
    for date in [
        "Sun, 06 Nov 1994 08:49:37 GMT",
        "Mon, 07 Nov 1994 08:49:37 GMT",
    ] {
        let created = create(&emulator, &good_body()).await;
        let token = created.json()["token"].as_str().unwrap().to_owned();
        let answers = [
            (created, 201),
            (list(&emulator, "").await, 200),
            (list(&emulator, "?limit=x").await, 400),
            (delete(&emulator, &token).await, 204),
            (delete(&emulator, &token).await, 204),
            (
                Answer::of(anonymous(&emulator, Method::GET, TOKENS)).await,
                401,
            ),
            (
                Answer::of(anonymous(&emulator, Method::PUT, TOKENS)).await,
                405,
            ),
            (
                Answer::of(anonymous(&emulator, Method::GET, "/")).await,
                404,
            ),
        ];
        for (answer, status) in answers {
            assert_eq!(answer.status, status);
            assert_eq!(answer.header("date"), date, "{status}");
            let id = answer.header("x-request-id").to_owned();
            assert!(id.starts_with("req-"), "{id}");
            assert!(ids.insert(id), "an ID came twice");
        }
        clock.advance(Duration::from_secs(24 * 60 * 60));
    }
    assert!(ids.contains("req-00000001"));
}

#[tokio::test]
async fn it_speaks_http_2_to_a_client_that_begins_with_it() {
    let emulator = Emulator::start().await.unwrap();
    let response = reqwest::Client::builder()
        .http2_prior_knowledge()
        .build()
        .unwrap()
        .post(format!("{}{TOKENS}", emulator.base_url()))
        .bearer_auth(Emulator::DEFAULT_API_KEY)
        .json(&good_body())
        .send()
        .await
        .unwrap();
    assert_eq!(response.version(), reqwest::Version::HTTP_2);
    assert_eq!(response.status().as_u16(), 201);
}

#[tokio::test]
async fn a_path_without_its_closing_slash_leads_to_the_one_with_it() {
    let emulator = Emulator::start().await.unwrap();
    let http = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap();
    for (path, location) in [
        ("/v1/agents", "/v1/agents/"),
        (
            "/v1/agents?limit=2&order=asc",
            "/v1/agents/?limit=2&order=asc",
        ),
        ("/v1/health", "/v1/health/"),
    ] {
        let url = emulator.base_url();
        for method in [Method::GET, Method::POST] {
            let answer = Answer::of(http.request(method, format!("{url}{path}"))).await;
            assert_eq!(answer.status, 307);
            assert_eq!(answer.header("location"), format!("{url}{location}"));
        }
    }
}

#[tokio::test]
async fn whether_it_is_there_is_told_without_a_key() {
    let emulator = Emulator::start().await.unwrap();
    let answer = Answer::of(anonymous(&emulator, Method::GET, "/v1/health/")).await;
    assert_eq!(answer.json()["status"], "ok");
}
