//! The lists of the code that is generated for `fixtures/pages.yaml`, read from a service that plays a script. Copied beside that code by
//! `code/pages.rs`, and run there.
#![allow(deprecated, reason = "a list of the fixture is deprecated")]

use std::sync::{Arc, Mutex};

use letta_api::types::{
    ListCountedParams, ListNotesParams, ListSortedParams, ListThingsParams, ListTokensParams,
    ListWholeParams, Note, Order,
};
use letta_api::{BoxFuture, Client, Error, Items, Operation, Response, Transport, TransportError};
use reqwest::StatusCode;
use reqwest::header::HeaderMap;
use serde::de::DeserializeOwned;

/// Answers one request after the other, and keeps their paths and queries.
#[derive(Clone)]
struct Script {
    answers: Arc<Mutex<Vec<(u16, &'static str)>>>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Transport for Script {
    fn execute<'a>(
        &'a self,
        _: &'a reqwest::Client,
        request: reqwest::Request,
        operation: &'static Operation,
    ) -> BoxFuture<'a, Result<Response, TransportError>> {
        assert!(operation.id.starts_with("list_") && !operation.id.ends_with("_pages"));
        let url = request.url();
        let asked = format!("{}?{}", url.path(), url.query().unwrap_or_default());
        self.asked.lock().unwrap().push(asked);
        let (status, body) = self.answers.lock().unwrap().remove(0);
        let status = StatusCode::from_u16(status).unwrap();
        let response = Response::new(status, HeaderMap::new(), body);
        Box::pin(std::future::ready(Ok(response)))
    }
}

fn script<const N: usize>(answers: [&'static str; N]) -> (Client, Script) {
    let script = Script {
        answers: Arc::new(Mutex::new(answers.map(|it| (200, it)).to_vec())),
        asked: Arc::default(),
    };
    let client = Client::new("https://api.letta.com".parse().unwrap(), reqwest::Client::new());
    (client.with_transport(script.clone()), script)
}

/// All items, which come without an error, and what was asked.
fn read<P: DeserializeOwned, T: Unpin, E: std::fmt::Debug>(
    script: &Script,
    mut items: Items<P, T, E>,
) -> (Vec<T>, Vec<String>) {
    let all = wait(async {
        let mut all = Vec::new();
        while let Some(item) = items.next().await {
            all.push(item.unwrap());
        }
        all
    });
    assert!(script.answers.lock().unwrap().is_empty());
    (all, script.asked.lock().unwrap().clone())
}

fn wait<T>(future: impl Future<Output = T>) -> T {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.build().unwrap().block_on(future)
}

#[test]
fn an_array_by_its_last_item() {
    let (client, asked) = script([r#"[{"id": "a"}, {"id": "b"}]"#, r#"[{"id": "c"}]"#, "[]"]);
    let params = ListThingsParams::default().with_limit(2u32);
    let (things, asked) = read(&asked, client.list_things_pages(&params).items());
    let ids: Vec<&str> = things.iter().map(|it| it.id.as_str()).collect();
    assert_eq!(ids, ["a", "b", "c"]);
    let first = "/v1/things?limit=2";
    assert_eq!(
        asked,
        [first.to_owned(), format!("{first}&after=b"), format!("{first}&after=c")]
    );
}

#[test]
fn a_page_of_the_newest_that_runs_backwards_and_a_branch_that_is_new() {
    let said = r#"[{"kind": "new", "id": "b", "x": 1}, {"kind": "said", "id": "c", "text": "t"}]"#;
    let (client, asked) = script([said, r#"[{"kind": "done", "id": "a"}]"#, "[]"]);
    let params = ListNotesParams::default();
    let (notes, asked) = read(&asked, client.list_notes_pages("1/2", &params).items());
    assert!(matches!(
        notes[..],
        [Note::Said(_), Note::Unknown(_), Note::Done(_)]
    ));
    let path = "/v1/things/1%2F2/notes?";
    assert_eq!(
        asked,
        [path.to_owned(), format!("{path}before=b"), format!("{path}before=a")]
    );

    let (client, asked) = script([r#"[{"kind": "done", "id": "a"}]"#, "[]"]);
    let params = ListNotesParams::default().with_order(Order::Asc);
    let (_, asked) = read(&asked, client.list_notes_pages("1", &params).items());
    assert_eq!(
        asked,
        ["/v1/things/1/notes?order=asc", "/v1/things/1/notes?order=asc&after=a"]
    );
}

#[test]
fn an_order_that_is_a_flag() {
    for (params, next) in [
        (ListSortedParams::default(), "/v1/sorted?after=a"),
        (ListSortedParams::default().with_up(true), "/v1/sorted?up=true&after=a"),
        (ListSortedParams::default().with_up(false), "/v1/sorted?up=false&before=a"),
    ] {
        let (client, asked) = script([r#"[{"id": "a"}]"#, "[]"]);
        let (_, asked) = read(&asked, client.list_sorted_pages(&params).items());
        assert_eq!(asked[1], next);
    }
}

#[test]
fn texts_that_are_their_own_ids_by_a_required_parameter() {
    let (client, asked) = script([r#"["b", "c d"]"#, "[]"]);
    let (words, asked) = read(&asked, client.list_words_pages("a").items());
    assert_eq!(words, ["b", "c d"]);
    assert_eq!(asked, ["/v1/words?from=a", "/v1/words?from=c+d"]);
}

#[test]
fn positions_until_the_flag_says_that_nothing_follows() {
    let (client, asked) = script([
        r#"{"data": {"type": [{"of": {"key": 1}}, {"of": {"key": 2}}], "hasMore": true}}"#,
        r#"{"data": {"type": [{"of": {"key": 3}}], "hasMore": false}}"#,
    ]);
    let params = ListCountedParams::default().with_offset(5u64);
    let (things, asked) = read(&asked, client.list_counted_pages(&params).items());
    let keys: Vec<i64> = things.iter().map(|it| it.of.key).collect();
    assert_eq!(keys, [1, 2, 3]);
    assert_eq!(asked, ["/v1/counted?offset=5", "/v1/counted?offset=7"]);
}

#[test]
fn tokens_of_the_answer_until_there_is_none() {
    let (client, asked) = script([
        r#"{"entries": [{"id": "a"}], "nextPageToken": "t/1"}"#,
        r#"{"nextPageToken": "t2"}"#,
        r#"{"entries": [{"id": "b"}], "nextPageToken": null}"#,
    ]);
    let params = ListTokensParams::default();
    let (things, asked) = read(&asked, client.list_tokens_pages(&params).items());
    assert_eq!(things.len(), 2);
    let path = "/v1/tokens?";
    assert_eq!(
        asked,
        [path.to_owned(), format!("{path}pageToken=t%2F1"), format!("{path}pageToken=t2")]
    );
}

#[test]
fn a_list_that_comes_as_one_page() {
    let (client, asked) = script([r#"[{"id": "a"}]"#]);
    let params = ListWholeParams::default().with_after("x");
    let (things, asked) = read(&asked, client.list_whole_pages(&params).items());
    assert_eq!(things.len(), 1);
    assert_eq!(asked, ["/v1/whole?after=x&limit=1000"]);
}

#[test]
fn an_error_is_decoded_and_a_wrong_argument_is_the_first_error() {
    let (client, asked) = script([r#"[{"id": "a"}]"#]);
    asked.answers.lock().unwrap().push((400, r#"{"why": "no"}"#));
    let params = ListThingsParams::default();
    let mut pages = client.list_things_pages(&params);
    wait(async {
        assert_eq!(pages.next().await.unwrap().unwrap().len(), 1);
        match pages.next().await.unwrap().unwrap_err() {
            Error::ErrorResponse(answer) => assert_eq!(answer.why, "no"),
            other => panic!("{other:?}"),
        }
        let cursor = pages.cursor().unwrap();
        assert_eq!((cursor.parameter(), cursor.value()), ("after", "a"));
        assert!(pages.next().await.is_none());

        let mut notes = client.list_notes_pages("..", &ListNotesParams::default()).items();
        match notes.next().await.unwrap().unwrap_err() {
            Error::InvalidRequest(refused) => assert_eq!(refused.field(), Some("id")),
            other => panic!("{other:?}"),
        }
        assert!(notes.next().await.is_none());
    });
}
