//! Calls of the code that is generated for `fixtures/idioms.yaml`, against a server that plays a script. Copied beside that code by
//! `idioms.rs`, and run there.

use std::collections::HashMap;
use std::future::Future;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread;
use std::time::Duration;

use letta_api::types::{
    Cat, Dog, Filter, ListPetsParams, Pet, PetItself, ReadRuleParams, Rule, State,
};
use letta_api::{Client, Error};
use serde_json::{Value, json};

/// A server that takes one request, and the client for it.
fn served(status: &'static str, body: &Value) -> (Client, thread::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let body = body.to_string();
    let server = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let wait = Some(Duration::from_secs(60));
        stream.set_read_timeout(wait).unwrap();
        let mut bytes = Vec::new();
        loop {
            let mut buffer = [0; 4096];
            let count = stream.read(&mut buffer).unwrap();
            bytes.extend_from_slice(&buffer[..count]);
            let text = String::from_utf8_lossy(&bytes);
            let whole = text.split_once("\r\n\r\n").is_some_and(|(head, body)| {
                let length = header(head, "content-length").map_or(0, |it| it.parse().unwrap());
                body.len() >= length
            });
            if whole || count == 0 {
                break;
            }
        }
        let length = body.len();
        write!(
            stream,
            "HTTP/1.1 {status}\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
        )
        .unwrap();
        String::from_utf8(bytes).unwrap()
    });
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    (Client::new(url.parse().unwrap(), http), server)
}

fn header<'a>(request: &'a str, name: &str) -> Option<&'a str> {
    let head = request.split("\r\n\r\n").next()?;
    head.lines().find_map(|line| {
        let (key, value) = line.split_once(": ")?;
        key.eq_ignore_ascii_case(name).then_some(value)
    })
}

fn sent(request: &str) -> Value {
    serde_json::from_str(request.split_once("\r\n\r\n").unwrap().1).unwrap()
}

fn wait<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(async { tokio::time::timeout(Duration::from_secs(60), future).await })
        .expect("the call hangs")
}

#[test]
fn each_style_of_a_query_is_written_as_openapi_has_it() {
    let filter = Filter::new().with_a("x y").with_b(2);
    let ids = ["a".to_owned(), "b,c".to_owned()];
    for (params, query) in [
        (ListPetsParams::default(), ""),
        (
            ListPetsParams::default().with_filter(filter.clone()),
            "?filter%5Ba%5D=x+y&filter%5Bb%5D=2",
        ),
        (
            ListPetsParams::default().with_meta(HashMap::from([("k".to_owned(), "v".to_owned())])),
            "?meta%5Bk%5D=v",
        ),
        (ListPetsParams::default().with_ids(ids.clone()), "?ids=a,b%2Cc"),
        (
            ListPetsParams::default().with_piped(ids.clone()),
            "?piped=a%7Cb%2Cc",
        ),
        (ListPetsParams::default().with_spaced([1, 2]), "?spaced=1%202"),
        (
            ListPetsParams::default().with_plain(ids),
            "?plain=a&plain=b%2Cc",
        ),
        (
            ListPetsParams::default().with_raw("/a/b:c?d=e&f#g"),
            "?raw=/a/b:c?d=e%26f%23g",
        ),
        (
            ListPetsParams::default().with_raws(["/a".to_owned(), "b+".to_owned()]),
            "?raws=/a&raws=b%2B",
        ),
        (
            ListPetsParams::default().with_where_(filter),
            "?where=%7B%22a%22%3A%22x+y%22%2C%22b%22%3A2%7D",
        ),
    ] {
        let (client, server) = served("200 OK", &json!([]));
        wait(client.list_pets(&params)).unwrap();
        let request = server.join().unwrap();
        let line = format!("GET /v1/pets{query} HTTP/1.1\r\n");
        assert!(request.starts_with(&line), "{line}{request}");
    }
}

#[test]
fn lists_in_paths_and_values_in_cookies_are_written_as_openapi_has_it() {
    let point = Filter::new().with_a("x/y").with_b(2);
    let ids = ["a,b".to_owned(), "ä".to_owned()];
    let states = [State::UnknownValue, "new/er".into()];
    let rule = json!({"version": 2, "strict": true, "state": "new"});
    let (client, server) = served("200 OK", &json!({"parent": {"id": "p"}}));
    let answer = wait(client.read_set(&ids.to_vec(), &point, &states.to_vec(), &"s;1".into())).unwrap();
    assert_eq!(answer.parent.as_ref().unwrap().id.as_deref(), Some("p"));
    let request = server.join().unwrap();
    let accept = "application/json, application/vnd.rule+json";
    assert_eq!(header(&request, "accept"), Some(accept));
    let line = "GET /v1/sets/a%2Cb,%C3%A4/a=x%2Fy,b=2/unknown,new%2Fer HTTP/1.1\r\n";
    assert!(request.starts_with(line), "{request}");
    assert_eq!(header(&request, "cookie"), Some("id=s%3B1"));

    let (client, server) = served("200 OK", &rule);
    let params = ReadRuleParams::default().with_session("a b").with_depth(-3);
    wait(client.read_rule("r", &params)).unwrap();
    let request = server.join().unwrap();
    let cookies = header(&request, "cookie").unwrap();
    let mut cookies: Vec<&str> = cookies.split("; ").collect();
    cookies.sort_unstable();
    assert_eq!(cookies, ["depth=-3", "session=a%20b"]);

    // Nothing is sent for a list that would be another resource.
    let nothing = wait(client.read_set(&Vec::new(), &point, &states.to_vec(), &"s".into()));
    assert!(matches!(nothing, Err(Error::InvalidRequest(it)) if it.field() == Some("ids")));
}

#[test]
fn each_type_of_a_header_is_written_as_openapi_has_it() {
    let filter = Filter::new().with_a("x").with_b(2);
    let params = ReadRuleParams::default()
        .with_x_count(-3)
        .with_x_flag(true)
        .with_x_share(0.5)
        .with_x_state(State::UnknownValue)
        .with_x_list(["a".to_owned(), "b".to_owned()])
        .with_x_object(filter.clone())
        .with_x_pairs(filter.clone())
        .with_x_json(filter)
        .with_x_either("either");
    let (client, server) = served("201 Created", &json!({"state": "unknown"}));
    wait(client.read_rule("a/b", &params)).unwrap();
    let request = server.join().unwrap();
    assert!(request.starts_with("GET /v1/rules/a%2Fb "), "{request}");
    for (name, value) in [
        ("x-count", "-3"),
        ("x-flag", "true"),
        ("x-share", "0.5"),
        ("x-state", "unknown"),
        ("x-list", "a,b"),
        ("x-object", "a,x,b,2"),
        ("x-pairs", "a=x,b=2"),
        ("x-json", r#"{"a":"x","b":2}"#),
        ("x-either", "either"),
    ] {
        assert_eq!(header(&request, name), Some(value), "{name}: {request}");
    }
    // A list in a header has no sign that ends an item with a comma.
    let params = ReadRuleParams::default().with_x_list(["a,b".to_owned()]);
    let (client, _) = served("200 OK", &json!({}));
    let refused = wait(client.read_rule("r", &params)).unwrap_err();
    assert!(matches!(refused, Error::InvalidRequest(it) if it.field() == Some("X-List")));
}

#[test]
fn the_kinds_of_a_schema_are_told_apart_by_their_tag_and_new_ones_are_kept() {
    let pets = json!([
        {"petType": "cat", "name": "Tom", "claws": 18},
        {"petType": "Dog", "bark": true, "friend": {"petType": "cat", "claws": 1}},
        {"petType": "pet", "name": "Any"},
        {"petType": "Bird", "wings": 2},
        {"petType": "Owl", "wings": 2, "eyes": 2},
        {"petType": "fish", "fins": [1, 2]},
    ]);
    let (client, server) = served("200 OK", &pets);
    let read = wait(client.list_pets(&ListPetsParams::default())).unwrap().into_inner();
    server.join().unwrap();
    let kinds: Vec<&str> = read
        .0
        .iter()
        .map(|pet| match pet {
            Pet::Cat(cat) => {
                assert_eq!((cat.claws, cat.name.as_deref()), (Some(18), Some("Tom")));
                "cat"
            }
            Pet::Dog(dog) => {
                assert!(matches!(dog.friend, Some(Pet::Cat(_))));
                "dog"
            }
            Pet::PetItself(_) => "pet",
            Pet::Bird(_) => "bird",
            Pet::Owl(owl) => {
                assert_eq!((owl.wings, owl.eyes), (Some(2), Some(2)));
                "owl"
            }
            Pet::Unknown(_) => "unknown",
            _ => "another",
        })
        .collect();
    assert_eq!(kinds, ["cat", "dog", "pet", "bird", "owl", "unknown"]);
    assert_eq!(serde_json::to_value(&read).unwrap(), pets);
}

#[test]
fn a_kind_is_sent_with_its_tag() {
    for (pet, expected) in [
        (
            Pet::from(Cat::new().with_claws(1)),
            json!({"petType": "cat", "claws": 1}),
        ),
        (
            Pet::from(Dog::new(true).with_name("Rex")),
            json!({"petType": "Dog", "bark": true, "name": "Rex"}),
        ),
        (Pet::from(PetItself::new()), json!({"petType": "pet"})),
    ] {
        let (client, server) = served("202 Accepted", &expected);
        let answer = wait(client.add_pet(&pet)).unwrap();
        assert_eq!(answer.status(), 202);
        assert!(*answer == pet);
        assert_eq!(sent(&server.join().unwrap()), expected);
    }
}

#[test]
fn an_answer_without_a_status_of_its_own_arrives_with_its_status() {
    for status in ["404 Not Found", "500 Internal Server Error"] {
        let (client, server) = served(status, &json!("<html>"));
        let refused = wait(client.list_pets(&ListPetsParams::default())).unwrap_err();
        server.join().unwrap();
        let Error::UnexpectedResponse(head) = refused else {
            panic!("{refused:?}");
        };
        assert!(status.starts_with(head.status().as_str()), "{head:?}");
    }
}

#[test]
fn numbers_and_truth_values_of_one_value_are_sent_and_others_are_read() {
    let answer = json!({"id": "1"});
    let (client, server) = served("200 OK", &answer);
    let strict = wait(client.put_rule("1", &Rule::new(State::from("new")))).unwrap();
    let id: &String = &strict.id;
    assert_eq!(id, "1");
    let expected = json!({"version": 2, "strict": true, "state": "new"});
    assert_eq!(sent(&server.join().unwrap()), expected);

    let other = json!({"version": 3, "strict": false, "share": 0.75, "level": 9, "state": "new"});
    let (client, server) = served("200 OK", &other);
    let rule = wait(client.read_rule("r", &ReadRuleParams::default())).unwrap().into_inner();
    server.join().unwrap();
    assert_eq!(serde_json::to_value(rule).unwrap(), other);
}
