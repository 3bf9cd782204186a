use std::collections::HashSet;
use std::sync::{Arc, LazyLock, Mutex};

use bytes::Bytes;
use proptest::prelude::*;
use reqwest::StatusCode;
use reqwest::header::HeaderMap;
use serde::Deserialize;
use serde_json::{Value, json};

use super::seen::Seen;
use super::*;
use crate::support::one_error;
use crate::{MaybeSend, Transport, TransportError};

static LIST: Operation = Operation::new("list_things", "GET", "/v1/things");

const fn moved(order: &'static str, parameter: &'static str, from: Fill) -> Move {
    Move {
        order,
        parameter,
        from,
    }
}

const RULE: Rule = Rule {
    moves: &[moved("", "after", Fill::Last)],
    others: &["before"],
    ..Rule::NONE
};

const ORDER: Option<Order> = Some(Order {
    parameter: "order",
    default: "desc",
});

/// Agents: one cursor for both orders.
static AFTER: Rule = RULE;
/// Messages of an agent: a page of the newest has the oldest of them first.
static BACKWARDS: Rule = Rule {
    parts: true,
    order: ORDER,
    moves: &[
        moved("desc", "before", Fill::First),
        moved("asc", "after", Fill::Last),
    ],
    others: &["before", "after"],
    ..RULE
};
/// Messages of a conversation.
static BOTH: Rule = Rule {
    order: ORDER,
    moves: &[
        moved("desc", "before", Fill::Last),
        moved("asc", "after", Fill::Last),
    ],
    others: &["before", "after"],
    ..RULE
};
/// Tags.
static TEXTS: Rule = Rule { id: &[], ..RULE };
/// Tokens.
static OFFSET: Rule = Rule {
    items: &["things"],
    id: &["id"],
    more: Some(&["hasMore"]),
    moves: &[moved("", "offset", Fill::Count)],
    others: &[],
    ..RULE
};
/// Files of an agent.
static TOKEN: Rule = Rule {
    items: &["things"],
    more: Some(&["hasMore"]),
    moves: &[moved("", "cursor", Fill::Answer(&["next"]))],
    others: &["after", "before"],
    ..RULE
};
static WHOLE: Rule = Rule {
    moves: &[],
    whole: Some(Whole {
        parameter: "limit",
        limit: 1000,
    }),
    ..RULE
};

type Query = Vec<(String, String)>;
type Answers = Box<dyn FnMut(&Query) -> (u16, String) + std::marker::Send>;

/// Answers each request by a function of its query, and keeps the queries.
struct Service {
    queries: Arc<Mutex<Vec<Query>>>,
    answers: Mutex<Answers>,
}

impl Transport for Service {
    fn execute<'a>(
        &'a self,
        _: &'a reqwest::Client,
        request: Request,
        operation: &'static Operation,
    ) -> BoxFuture<'a, Result<Response, TransportError>> {
        assert_eq!(operation.id, LIST.id);
        let query: Query = request.url().query_pairs().into_owned().collect();
        let (status, body) = (self.answers.lock().unwrap())(&query);
        self.queries.lock().unwrap().push(query);
        let mut headers = HeaderMap::new();
        headers.insert("x-request-id", "r-1".parse().unwrap());
        let status = StatusCode::from_u16(status).unwrap();
        let response = Response::new(status, headers, Bytes::from(body));
        Box::pin(std::future::ready(Ok(response)))
    }
}

/// A list, and the queries that it was asked with.
struct Asked<P> {
    pages: Pages<P, Value>,
    queries: Arc<Mutex<Vec<Query>>>,
}

fn written(query: &Query) -> String {
    let pairs = query.iter().map(|(key, value)| format!("{key}={value}"));
    pairs.collect::<Vec<_>>().join("&")
}

fn get<'q>(query: &'q Query, name: &str) -> Option<&'q str> {
    let mut pairs = query.iter();
    pairs.find_map(|(key, value)| (key == name).then_some(value.as_str()))
}

/// The same for all tests: to make one reads the certificates of the machine.
fn http() -> reqwest::Client {
    static HTTP: LazyLock<reqwest::Client> = LazyLock::new(reqwest::Client::new);
    HTTP.clone()
}

fn list<P>(
    rule: &'static Rule,
    query: &str,
    take: fn(P) -> Vec<Value>,
    answers: impl FnMut(&Query) -> (u16, String) + std::marker::Send + 'static,
) -> Asked<P> {
    let http = http();
    let mut request = http.get("https://api.letta.com/v1/things").build().unwrap();
    request
        .url_mut()
        .set_query((!query.is_empty()).then_some(query));
    let queries = Arc::default();
    let service = Service {
        queries: Arc::clone(&queries),
        answers: Mutex::new(Box::new(answers)),
    };
    let client = Client::new("https://api.letta.com".parse().unwrap(), http);
    let client = client.with_transport(service);
    let pages = one_error::pages(&client, Ok(request), &LIST, &[200], rule, take);
    Asked { pages, queries }
}

fn items(
    rule: &'static Rule,
    query: &str,
    answers: impl FnMut(&Query) -> (u16, String) + std::marker::Send + 'static,
) -> Asked<Vec<Value>> {
    list(rule, query, |page| page, answers)
}

/// A page of an object.
#[derive(Deserialize)]
struct Object {
    things: Vec<Value>,
}

fn objects(
    rule: &'static Rule,
    query: &str,
    answers: impl FnMut(&Query) -> (u16, String) + std::marker::Send + 'static,
) -> Asked<Object> {
    list(rule, query, |page: Object| page.things, answers)
}

/// One answer after the other. A request beyond them is a mistake.
fn script<const N: usize>(
    answers: [Value; N],
) -> impl FnMut(&Query) -> (u16, String) + std::marker::Send + 'static {
    let mut answers = answers.into_iter();
    move |query| {
        let answer = answers.next();
        let answer = answer.unwrap_or_else(|| panic!("one request too many: {}", written(query)));
        (200, answer.to_string())
    }
}

fn things<I: serde::Serialize>(ids: impl IntoIterator<Item = I>) -> Value {
    ids.into_iter().map(|id| json!({"id": id})).collect()
}

fn id(item: &Value) -> String {
    let id = item.get("id").unwrap_or(item);
    id.as_str().map_or_else(|| id.to_string(), str::to_owned)
}

type Failure = Error<ServiceError>;

/// All items, and the error at the end.
async fn read<P: DeserializeOwned>(asked: Asked<P>) -> (Vec<String>, Option<Failure>, Vec<String>) {
    let Asked { pages, queries } = asked;
    let mut items = pages.items();
    let (mut ids, mut failure) = (Vec::new(), None);
    while let Some(item) = items.next().await {
        match item {
            Ok(item) => ids.push(id(&item)),
            Err(error) => {
                assert!(failure.is_none());
                failure = Some(error);
            }
        }
        assert!(ids.len() < 100_000, "endless");
    }
    assert!(items.next().await.is_none(), "it goes on after its end");
    let queries = queries.lock().unwrap().iter().map(written).collect();
    (ids, failure, queries)
}

fn problem(failure: &Failure) -> &str {
    match failure {
        Error::InvalidPayload(payload) => payload.problem(),
        Error::InvalidRequest(refused) => refused.rule(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_list_is_asked_for_with_its_last_item_until_a_page_is_empty() {
    // A short page is no end.
    let pages = [
        things(["a", "b"]),
        things(["c"]),
        things(["d", "e"]),
        json!([]),
    ];
    let (ids, failure, queries) = read(items(&AFTER, "limit=2&name=x+y", script(pages))).await;
    assert_eq!(ids, ["a", "b", "c", "d", "e"]);
    assert!(failure.is_none());
    let start = "limit=2&name=x y";
    assert_eq!(
        queries,
        [
            start.to_owned(),
            format!("{start}&after=b"),
            format!("{start}&after=c"),
            format!("{start}&after=e")
        ]
    );
}

#[tokio::test]
async fn the_cursor_depends_on_the_order_that_was_asked_for() {
    let newest_first = || [things(["c", "b"]), things(["a"]), json!([])];
    let oldest_first = || [things(["a", "b"]), things(["c"]), json!([])];
    // Within a page of the newest, the oldest comes first.
    let backwards = || [things(["b", "c"]), things(["a"]), json!([])];
    for (rule, order, answers, second, third) in [
        (&BOTH, "", newest_first(), "before=b", "before=a"),
        (&BOTH, "order=desc", newest_first(), "before=b", "before=a"),
        (&BOTH, "order=asc", oldest_first(), "after=b", "after=c"),
        (&BACKWARDS, "", backwards(), "before=b", "before=a"),
        (
            &BACKWARDS,
            "order=desc",
            backwards(),
            "before=b",
            "before=a",
        ),
        (
            &BACKWARDS,
            "order=asc",
            oldest_first(),
            "after=b",
            "after=c",
        ),
    ] {
        let (ids, failure, queries) = read(items(rule, order, script(answers))).await;
        let expected = match order {
            "order=asc" => ["a", "b", "c"],
            _ => ["c", "b", "a"],
        };
        assert_eq!(ids, expected, "{order}");
        assert!(failure.is_none());
        let and = |cursor: &str| match order {
            "" => cursor.to_owned(),
            order => format!("{order}&{cursor}"),
        };
        assert_eq!(queries, [order.to_owned(), and(second), and(third)]);
    }
}

#[tokio::test]
async fn a_page_is_handed_out_as_it_came_with_its_status_and_headers() {
    let pages = [things(["b", "c"]), things(["a"]), json!([])];
    let mut asked = items(&BACKWARDS, "", script(pages));
    let page = asked.pages.next().await.unwrap().unwrap();
    assert_eq!(page.status(), 200);
    assert_eq!(page.headers()["x-request-id"], "r-1");
    let ids: Vec<String> = page.iter().map(id).collect();
    assert_eq!(ids, ["b", "c"]);
}

#[tokio::test]
async fn nothing_is_asked_for_before_it_is_polled_and_one_page_at_a_time() {
    let pages = [things(["a", "b"]), things(["c"])];
    let asked = items(&AFTER, "", script(pages));
    let queries = Arc::clone(&asked.queries);
    let count = || queries.lock().unwrap().len();
    let mut items = asked.pages.items();
    assert_eq!(count(), 0);
    for (expected, requests) in [("a", 1), ("b", 1), ("c", 2)] {
        assert_eq!(id(&items.next().await.unwrap().unwrap()), expected);
        assert_eq!(count(), requests);
    }
    drop(items);
    assert_eq!(count(), 2);
}

#[tokio::test]
async fn what_the_caller_set_is_where_the_list_begins() {
    let pages = || [things(["f", "g"]), json!([])];
    for (rule, start, next) in [
        (&AFTER, "after=e&limit=3", "after=g&limit=3"),
        (&BACKWARDS, "before=h&limit=3", "before=f&limit=3"),
        (&BOTH, "before=h", "before=g"),
        (&BOTH, "order=asc&after=e", "order=asc&after=g"),
    ] {
        let asked = items(rule, start, script(pages()));
        let cursor = asked.pages.cursor().unwrap();
        assert!(start.contains(&format!("{}={}", cursor.parameter(), cursor.value())));
        let (ids, failure, queries) = read(asked).await;
        assert_eq!(ids.len(), 2);
        assert!(failure.is_none());
        assert_eq!(queries, [start, next]);
    }
    // A service that ignores where to begin.
    let (ids, failure, _) = read(items(&AFTER, "after=e", script([things(["d", "e"])]))).await;
    assert!(ids.is_empty());
    assert!(problem(&failure.unwrap()).contains("came before"));
}

#[tokio::test]
async fn a_cursor_that_does_not_lead_on_and_an_unknown_order_are_refused_before_anything_is_sent() {
    for (rule, query, field) in [
        (&AFTER, "before=e", "before"),
        (&BACKWARDS, "after=e", "after"),
        (&BACKWARDS, "order=asc&before=e", "before"),
        (&BOTH, "after=e&before=f", "after"),
        (&BOTH, "order=random", "order"),
        (&OFFSET, "offset=-1", "offset"),
        (&OFFSET, "offset=x", "offset"),
    ] {
        let (ids, failure, queries) = read(items(rule, query, script([]))).await;
        assert!(ids.is_empty() && queries.is_empty());
        let Some(Error::InvalidRequest(refused)) = failure else {
            panic!("{query}: {failure:?}");
        };
        assert_eq!(refused.field(), Some(field), "{query}");
    }
}

#[tokio::test]
async fn a_request_that_could_not_be_built_is_the_first_error() {
    let client = Client::new("https://api.letta.com".parse().unwrap(), http());
    let refused = InvalidRequest::path("agent_id", "is empty");
    let pages: Pages<Vec<Value>, Value> = one_error::pages(
        &client,
        Err(refused.clone().into()),
        &LIST,
        &[200],
        &AFTER,
        |page| page,
    );
    assert!(pages.cursor().is_none());
    let mut items = pages.items();
    match items.next().await {
        Some(Err(Error::InvalidRequest(error))) => assert_eq!(error, refused),
        other => panic!("{other:?}"),
    }
    assert!(items.next().await.is_none());
}

#[tokio::test]
async fn an_item_of_a_kind_that_is_not_known_leads_on_too() {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Known {
        Old { kind: u8 },
        Unknown(Value),
    }
    let known = |page: Vec<Known>| {
        let known = |item| match item {
            Known::Old { kind } => json!(kind),
            Known::Unknown(value) => value,
        };
        page.into_iter().map(known).collect()
    };
    let pages = [
        json!([{"kind": 1, "id": "a"}, {"kind": {"new": [1]}, "id": "b"}]),
        json!([{"kind": null, "id": 7}]),
        json!([]),
    ];
    let (ids, failure, queries) = read(list(&AFTER, "", known, script(pages))).await;
    assert!(failure.is_none());
    assert_eq!(ids, ["1", "b", "7"]);
    assert_eq!(queries, ["", "after=b", "after=7"]);
}

#[tokio::test]
async fn parts_of_one_message_have_its_id_and_other_items_do_not() {
    let parts = || [things(["a", "a", "b", "b", "b"]), json!([])];
    let (ids, failure, _) = read(items(&BACKWARDS, "order=asc", script(parts()))).await;
    assert!(failure.is_none());
    assert_eq!(ids, ["a", "a", "b", "b", "b"]);
    // Newest first, so the last part of a message comes first.
    let parts = [
        json!([{"id": "a", "n": 1}, {"id": "a", "n": 2}, {"id": "b", "n": 3}]),
        json!([]),
    ];
    let mut newest_first = items(&BACKWARDS, "", script(parts)).pages.items();
    for n in [3, 2, 1] {
        assert_eq!(newest_first.next().await.unwrap().unwrap()["n"], n);
    }
    // Not in a row, or in a list without parts.
    for (rule, page) in [
        (&BACKWARDS, things(["a", "b", "a"])),
        (&AFTER, things(["a", "a"])),
        (&WHOLE, things(["a", "a"])),
    ] {
        let (ids, failure, _) = read(items(rule, "", script([page]))).await;
        assert!(ids.is_empty());
        assert_eq!(problem(&failure.unwrap()), "the page has an item twice");
    }
    // On the next page, it is no part.
    let pages = [things(["a", "b"]), things(["b", "c"])];
    let (ids, failure, _) = read(items(&BACKWARDS, "order=asc", script(pages))).await;
    assert_eq!(ids, ["a", "b"]);
    assert!(problem(&failure.unwrap()).contains("came before"));
}

#[tokio::test]
async fn an_item_without_an_id_ends_the_list_if_it_would_lead_on() {
    for nothing in [json!({}), json!({"id": null}), json!({"id": ""}), json!(7)] {
        let page = json!([{"id": "a"}, nothing]);
        let (ids, failure, queries) = read(items(&AFTER, "", script([page]))).await;
        assert_eq!(ids.len(), 2);
        assert_eq!(queries.len(), 1);
        let Some(Error::InvalidRequest(refused)) = failure else {
            panic!("{failure:?}");
        };
        assert_eq!(refused.field(), Some("after"));
        // Of the other items, none needs one.
        let pages = [json!([nothing, {"id": "a"}]), json!([])];
        let (ids, failure, _) = read(items(&AFTER, "", script(pages))).await;
        assert!(failure.is_none() && ids.len() == 2);
        let page = json!([nothing, {"id": "a"}]);
        let (ids, failure, _) = read(items(&BACKWARDS, "", script([page]))).await;
        assert!(failure.is_some() && ids.len() == 2);
    }
}

#[tokio::test]
async fn tags_lead_on_by_themselves() {
    let pages = [json!(["a", "b&c=d"]), json!(["ä"]), json!([])];
    let (ids, failure, queries) = read(items(&TEXTS, "", script(pages))).await;
    assert!(failure.is_none());
    assert_eq!(ids, ["a", "b&c=d", "ä"]);
    assert_eq!(queries, ["", "after=b&c=d", "after=ä"]);
}

fn page(ids: &[&str], more: Value, next: Value) -> Value {
    json!({"things": things(ids), "hasMore": more, "next": next})
}

#[tokio::test]
async fn positions_are_counted_and_an_item_that_moved_to_the_next_page_comes_once() {
    let none = Value::Null;
    let pages = [
        page(&["a", "b"], json!(true), none.clone()),
        // One was added before.
        page(&["b", "c"], json!(true), none.clone()),
        page(&["d"], json!(false), none.clone()),
    ];
    let (ids, failure, queries) = read(objects(&OFFSET, "offset=3", script(pages))).await;
    assert!(failure.is_none());
    assert_eq!(ids, ["a", "b", "c", "d"]);
    assert_eq!(queries, ["offset=3", "offset=5", "offset=7"]);
    for (pages, expected) in [
        (
            [
                page(&["a"], json!(true), none.clone()),
                page(&["a"], json!(true), none.clone()),
            ],
            "all items of the page came before",
        ),
        (
            [
                page(&["a"], json!(true), none.clone()),
                page(&[], json!(true), none.clone()),
            ],
            "the page is empty, but says that more follows",
        ),
    ] {
        let (ids, failure, _) = read(objects(&OFFSET, "", script(pages))).await;
        assert_eq!(ids, ["a"]);
        let failure = failure.unwrap();
        assert!(problem(&failure).contains(expected), "{failure}");
    }
    // Without the flag, an empty page is the end.
    let pages = [
        page(&["a"], none.clone(), none.clone()),
        page(&[], none.clone(), none.clone()),
    ];
    let (ids, failure, _) = read(objects(&OFFSET, "", script(pages))).await;
    assert!(failure.is_none());
    assert_eq!(ids, ["a"]);
    let last = format!("offset={}", u64::MAX);
    let (ids, failure, _) = read(objects(
        &OFFSET,
        &last,
        script([page(&["a"], json!(true), none)]),
    ))
    .await;
    assert_eq!(ids, ["a"]);
    assert!(problem(&failure.unwrap()).contains("longer than can be counted"));
}

#[tokio::test]
async fn tokens_lead_on_until_there_is_none_or_nothing_follows() {
    let more = json!(true);
    for (last, more_of_last) in [
        (Value::Null, Value::Null),
        (json!(""), Value::Null),
        // Some services give a token on the last page too.
        (json!("y"), json!(false)),
        (json!("x"), json!(false)),
    ] {
        let pages = [
            page(&["a"], more.clone(), json!("x")),
            // A filter has left nothing of this page.
            page(&[], more.clone(), json!("w")),
            page(&["b"], more_of_last, last),
        ];
        let (ids, failure, queries) = read(objects(&TOKEN, "", script(pages))).await;
        assert!(failure.is_none());
        assert_eq!(ids, ["a", "b"]);
        assert_eq!(queries, ["", "cursor=x", "cursor=w"]);
    }
    for (pages, expected) in [
        (
            [
                page(&["a"], more.clone(), json!("x")),
                page(&["b"], more.clone(), json!("x")),
            ],
            "leads to a page that came before",
        ),
        (
            [
                page(&["a"], more.clone(), json!("x")),
                page(&["a"], more.clone(), json!("y")),
            ],
            "has an item that came before",
        ),
        (
            [
                page(&["a"], more.clone(), json!("x")),
                page(&["b"], more, Value::Null),
            ],
            "says that more follows, but not where",
        ),
    ] {
        let (ids, failure, _) = read(objects(&TOKEN, "", script(pages))).await;
        assert_eq!(ids, ["a"]);
        let failure = failure.unwrap();
        assert!(problem(&failure).contains(expected), "{failure}");
    }
}

#[tokio::test]
async fn a_list_of_one_page_is_asked_for_whole_and_says_if_it_may_have_more() {
    let (ids, failure, queries) =
        read(items(&WHOLE, "order=asc", script([things(["a", "b"])]))).await;
    assert_eq!(ids, ["a", "b"]);
    assert!(failure.is_none());
    assert_eq!(queries, ["order=asc&limit=1000"]);
    let (ids, failure, queries) =
        read(items(&WHOLE, "limit=2", script([things(["a", "b"])]))).await;
    assert_eq!(ids, ["a", "b"]);
    assert_eq!(queries, ["limit=2"]);
    let Some(Error::InvalidRequest(refused)) = failure else {
        panic!("{failure:?}");
    };
    assert_eq!(refused.field(), Some("limit"));
}

#[tokio::test]
async fn an_error_ends_the_list_and_the_cursor_says_where_to_go_on() {
    let answers = |second: (u16, &'static str)| {
        let mut count = 0;
        move |query: &Query| {
            count += 1;
            match get(query, "after") {
                None => (200, things(["a", "b"]).to_string()),
                Some("b") if count == 2 => (second.0, second.1.to_owned()),
                _ => panic!("one request too many"),
            }
        }
    };
    for (status, body, is_expected) in [
        (
            500,
            "{}",
            (|it| matches!(it, Error::ErrorResponse(_))) as fn(&Failure) -> bool,
        ),
        (404, r#"{"detail": "no such agent"}"#, |it| {
            matches!(it, Error::ErrorResponse(_))
        }),
        (302, "", |it| matches!(it, Error::UnexpectedResponse(_))),
        (200, "<html>", |it| matches!(it, Error::InvalidPayload(_))),
        (200, r#"[{"id": "c"}"#, |it| {
            matches!(it, Error::InvalidPayload(_))
        }),
        (200, r#"[{"id": "b"}]"#, |it| {
            matches!(it, Error::InvalidPayload(_))
        }),
    ] {
        let mut pages = items(&AFTER, "", answers((status, body))).pages;
        assert!(pages.cursor().is_none());
        pages.next().await.unwrap().unwrap();
        let failure = pages.next().await.unwrap().unwrap_err();
        assert!(is_expected(&failure), "{failure:?}");
        assert_eq!(failure.status().unwrap(), status);
        let cursor = pages.cursor().unwrap();
        assert_eq!((cursor.parameter(), cursor.value()), ("after", "b"));
        assert!(!format!("{cursor:?} {pages:?}").contains('b'), "{cursor:?}");
        assert!(pages.next().await.is_none());
        // A page that follows wrongly is kept for whoever wants to look.
        if status == 200 {
            assert_eq!(failure.into_body().await.unwrap(), body);
        }
    }
}

#[tokio::test]
async fn the_cursor_of_items_loses_none_of_a_page_that_was_begun() {
    let pages = [things(["a", "b"]), things(["c"]), json!([])];
    let mut items = items(&AFTER, "", script(pages)).pages.items();
    let at = |items: &Items<Vec<Value>, Value>| items.cursor().map(|it| it.value().to_owned());
    assert_eq!(at(&items), None);
    items.next().await;
    assert_eq!(at(&items), None, "b is not handed out yet");
    items.next().await;
    assert_eq!(at(&items).as_deref(), Some("b"));
    items.next().await;
    assert_eq!(at(&items).as_deref(), Some("c"));
    assert!(items.next().await.is_none());
    // What is added to the list later comes after this.
    assert_eq!(at(&items).as_deref(), Some("c"));
}

/// Answers no request before it is told to, and counts the calls that are under way.
struct Slow(Arc<Mutex<Option<std::task::Waker>>>, Arc<()>);

impl Transport for Slow {
    fn execute<'a>(
        &'a self,
        _: &'a reqwest::Client,
        _: Request,
        _: &'static Operation,
    ) -> BoxFuture<'a, Result<Response, TransportError>> {
        let (waker, under_way) = (Arc::clone(&self.0), Arc::clone(&self.1));
        let mut is_polled = false;
        Box::pin(std::future::poll_fn(move |context| {
            let _ = &under_way;
            if std::mem::replace(&mut is_polled, true) {
                return Poll::Ready(Ok(Response::new(StatusCode::OK, HeaderMap::new(), "[]")));
            }
            *waker.lock().unwrap() = Some(context.waker().clone());
            Poll::Pending
        }))
    }
}

#[test]
fn a_call_that_is_under_way_is_waited_for_and_dropped_with_the_stream() {
    let waker: Arc<Mutex<Option<std::task::Waker>>> = Arc::default();
    let under_way = Arc::new(());
    let client = Client::new("https://api.letta.com".parse().unwrap(), http());
    let client = client.with_transport(Slow(Arc::clone(&waker), Arc::clone(&under_way)));
    let calls = || Arc::strong_count(&under_way) - 2;
    let request = || {
        http()
            .get("https://api.letta.com/v1/things")
            .build()
            .unwrap()
    };
    let mut context = Context::from_waker(std::task::Waker::noop());
    let start = || {
        let take = |page: Vec<Value>| page;
        one_error::pages(&client, Ok(request()), &LIST, &[200], &AFTER, take).items()
    };

    let mut items = start();
    assert_eq!(calls(), 0, "nothing is sent before it is polled");
    assert!(Pin::new(&mut items).poll_next(&mut context).is_pending());
    assert_eq!(calls(), 1);
    assert!(waker.lock().unwrap().take().is_some());
    // The same call goes on.
    assert!(matches!(
        Pin::new(&mut items).poll_next(&mut context),
        Poll::Ready(None)
    ));
    assert_eq!(calls(), 0);
    assert!(waker.lock().unwrap().is_none(), "a second call was made");

    let mut items = start();
    assert!(Pin::new(&mut items).poll_next(&mut context).is_pending());
    drop(items);
    assert_eq!(calls(), 0);
}

#[tokio::test]
async fn documented_errors_are_decoded_by_the_form_without_one_error_body() {
    let http = http();
    let request = || http.get("https://api.letta.com/v1/things").build().unwrap();
    for (status, body, is_documented) in [(400, r#"{"why": 1}"#, true), (409, "{}", false)] {
        let service = Service {
            queries: Arc::default(),
            answers: Mutex::new(Box::new(move |_| (status, body.to_owned()))),
        };
        let client = Client::new("https://api.letta.com".parse().unwrap(), http.clone());
        let client = client.with_transport(service);
        let mut pages: Pages<Vec<Value>, Value, Value> = crate::support::call::pages(
            &client,
            Ok(request()),
            &LIST,
            &[200],
            &[400],
            &AFTER,
            |page| page,
        );
        match pages.next().await.unwrap().unwrap_err() {
            Error::ErrorResponse(answer) => assert!(is_documented && answer["why"] == 1),
            Error::UnexpectedResponse(_) => assert!(!is_documented),
            other => panic!("{other:?}"),
        }
        assert!(pages.next().await.is_none());
    }
}

#[test]
fn the_streams_can_be_sent_to_other_threads_and_moved() {
    fn check<T: MaybeSend + Unpin + 'static>() {}
    check::<Pages<Vec<Value>, Value>>();
    check::<Items<Vec<Value>, Value>>();
    // A page need be neither: it is not held.
    fn moved<T: Unpin>() {}
    moved::<Pages<std::marker::PhantomPinned, std::rc::Rc<u8>, std::marker::PhantomPinned>>();
}

/// A list of the service: `0..length`, whose IDs are the numbers.
#[derive(Clone, Copy, Debug)]
struct Numbers {
    length: usize,
    /// The longest page.
    limit: usize,
    ascending: bool,
    backwards: bool,
}

impl Numbers {
    /// The items in the order asked for.
    fn all(self) -> Vec<usize> {
        match self.ascending {
            true => (0..self.length).collect(),
            false => (0..self.length).rev().collect(),
        }
    }

    /// The page after this item of the list, in this order.
    fn page(self, cursor: Option<usize>, limit: usize) -> Vec<usize> {
        let all = self.all();
        let at = cursor.and_then(|cursor| all.iter().position(|it| *it == cursor));
        let start = at.map_or(0, |at| at + 1);
        let mut page: Vec<usize> = all[start..].iter().copied().take(limit).collect();
        if self.backwards && !self.ascending {
            page.reverse();
        }
        page
    }
}

/// What is wrong with a service.
#[derive(Clone, Copy, Debug)]
enum Fault {
    None,
    /// It gives the first page, whatever the cursor is.
    IgnoresCursor,
    /// Each page begins with the item that it comes after.
    Inclusive,
    /// From this request on, it goes back by so many pages.
    Cycles {
        from: usize,
        period: usize,
    },
    /// It gives this page twice in a row.
    Twice(usize),
    /// It gives more than the limit.
    MoreThanLimit,
    /// It gives pages of any length from one item on.
    ShortPages,
}

fn faults() -> impl Strategy<Value = Fault> {
    prop_oneof![
        Just(Fault::None),
        Just(Fault::IgnoresCursor),
        Just(Fault::Inclusive),
        (1..12_usize, 1..9_usize).prop_map(|(from, period)| Fault::Cycles { from, period }),
        (0..12_usize).prop_map(Fault::Twice),
        Just(Fault::MoreThanLimit),
        Just(Fault::ShortPages),
    ]
}

fn numbers() -> impl Strategy<Value = Numbers> {
    (0..60_usize, 1..9_usize, any::<bool>(), any::<bool>()).prop_map(
        |(length, limit, ascending, backwards)| Numbers {
            length,
            limit,
            ascending,
            backwards,
        },
    )
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.build().unwrap().block_on(future)
}

proptest! {
    /// Whatever a service does, each item comes once and in order, or there is an error, and it is asked for no more than its pages and one.
    #[test]
    fn each_item_comes_once_in_order_or_there_is_an_error(numbers in numbers(), fault in faults()) {
        let rule = if numbers.backwards { &BACKWARDS } else { &BOTH };
        let mut given: Vec<Vec<usize>> = Vec::new();
        let service = move |query: &Query| {
            let cursor = get(query, "before").or(get(query, "after"));
            let cursor = cursor.map(|it| it.parse().unwrap());
            let count = given.len();
            let page = match fault {
                Fault::IgnoresCursor => numbers.page(None, numbers.limit),
                Fault::Inclusive => {
                    let mut page = numbers.page(cursor, numbers.limit);
                    match numbers.backwards && !numbers.ascending {
                        true => page.extend(cursor),
                        false => page.splice(0..0, cursor).for_each(drop),
                    }
                    page
                }
                Fault::Cycles { from, period } if count >= from && period <= count => {
                    given[count - period].clone()
                }
                Fault::Twice(at) if count == at + 1 => given[at].clone(),
                Fault::MoreThanLimit => numbers.page(cursor, numbers.limit + 3),
                Fault::ShortPages => numbers.page(cursor, 1 + count % numbers.limit),
                Fault::None | Fault::Cycles { .. } | Fault::Twice(_) => {
                    numbers.page(cursor, numbers.limit)
                }
            };
            given.push(page.clone());
            (200, things(page).to_string())
        };
        let order = if numbers.ascending { "order=asc" } else { "" };
        let (ids, failure, queries) = block_on(read(items(rule, order, service)));

        let all: Vec<String> = numbers.all().iter().map(usize::to_string).collect();
        // A prefix of the list, and all of it if there is no error.
        prop_assert_eq!(&ids[..], &all[..ids.len()]);
        match fault {
            Fault::None | Fault::MoreThanLimit | Fault::ShortPages => {
                prop_assert!(failure.is_none());
            }
            Fault::IgnoresCursor | Fault::Inclusive => {
                prop_assert_eq!(failure.is_none(), numbers.length == 0);
            }
            Fault::Cycles { .. } | Fault::Twice(_) => {}
        }
        if failure.is_none() {
            prop_assert_eq!(ids.len(), all.len());
        }
        let shortest = match fault {
            Fault::ShortPages => 1,
            _ => numbers.limit,
        };
        let pages = numbers.length.div_ceil(shortest);
        prop_assert!(queries.len() <= pages + 1, "{} requests", queries.len());
    }

    /// By position, and by a token of the answer.
    #[test]
    fn positions_and_tokens_give_each_item_once(
        numbers in numbers(),
        by_token in any::<bool>(),
        ignores in any::<bool>(),
        tells_end in any::<bool>(),
    ) {
        let numbers = Numbers { backwards: false, ..numbers };
        let (rule, name) = if by_token { (&TOKEN, "cursor") } else { (&OFFSET, "offset") };
        let service = move |query: &Query| {
            let start = get(query, name).filter(|_| !ignores);
            let start: usize = start.map_or(0, |it| it.parse().unwrap());
            let all = numbers.all();
            let page = all.iter().skip(start).take(numbers.limit);
            let end = (start + numbers.limit).min(all.len());
            let mut body = json!({"things": things(page), "next": null});
            if tells_end {
                body["hasMore"] = json!(end < all.len());
            }
            if end < all.len() {
                body["next"] = json!(end.to_string());
            }
            (200, body.to_string())
        };
        let (ids, failure, queries) = block_on(read(objects(rule, "", service)));
        let all: Vec<String> = numbers.all().iter().map(usize::to_string).collect();
        prop_assert_eq!(&ids[..], &all[..ids.len()]);
        if failure.is_none() {
            prop_assert_eq!(ids.len(), all.len());
        }
        // One page is all that a service which ignores where to begin can give.
        let is_stuck = ignores && (numbers.length > numbers.limit
            || !by_token && !tells_end && numbers.length > 0);
        prop_assert_eq!(failure.is_some(), is_stuck);
        prop_assert!(queries.len() <= numbers.length.div_ceil(numbers.limit) + 1);
    }

}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// What is remembered is bounded, and every circle is noticed, however long the list was before.
    #[test]
    fn a_circle_is_noticed_however_long_the_list_is(
        before in 0..600_u64,
        period in 1..600_u64,
        size in 1..60_u64,
    ) {
        let mut seen = Seen::new();
        let mut pages = 0_u64;
        let mut laps = 0;
        'all: loop {
            // After `before` pages, the same ones again and again.
            let number = match pages < before + period {
                true => pages,
                false => before + (pages - before) % period,
            };
            let hashes: Vec<u64> = (number * size..(number + 1) * size).collect();
            if hashes.iter().any(|it| seen.has(*it)) {
                break 'all;
            }
            seen.add_page(hashes);
            let most = Seen::MANY + (Seen::RECENT as usize + 1) * size as usize;
            prop_assert!(seen.len() <= most);
            pages += 1;
            laps = (pages.saturating_sub(before)) / period;
            prop_assert!(laps < 3, "it goes in circles");
        }
        // At once if the circle is short, or if all is still kept.
        let is_kept = (before + period) * size <= Seen::MANY as u64;
        if is_kept || period <= u64::from(Seen::RECENT) || before == 0 {
            prop_assert_eq!(pages, before + period);
        }
        prop_assert!(laps >= 1);
    }
}

#[tokio::test]
async fn what_is_kept_of_a_long_list_is_bounded() {
    let mut count = 0;
    let pages = items(&AFTER, "", move |_| {
        count += 1;
        let page = (count * 100)..(count * 100 + 100);
        (
            200,
            things(if count > 1_000 { 0..0 } else { page }).to_string(),
        )
    });
    let mut pages = pages.pages;
    let mut all = HashSet::new();
    while let Some(page) = pages.next().await {
        all.extend(page.unwrap().iter().map(id));
        let kept = pages.list.as_ref().unwrap().walk.remembers();
        assert!(kept <= Seen::MANY + 1_000, "{kept}");
    }
    assert_eq!(all.len(), 100_000);
}
