//! Calls of the code that is generated for `fixtures/odd_names.yaml`, against a server that plays a script. Copied beside that code by
//! `odd_names.rs`, and run there.

use std::future::Future;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread;
use std::time::Duration;

use letta_api::Client;
use letta_api::types::*;
use serde_json::{Value, json};

/// A server that takes one request, and the client for it.
fn served(body: &Value) -> (Client, thread::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (status, body) = match body {
        Value::Null => ("204 No Content", String::new()),
        body => ("200 OK", body.to_string()),
    };
    let server = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
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

/// The value of a header, if there is exactly one of this name.
fn header<'a>(request: &'a str, name: &str) -> Option<&'a str> {
    let head = request.split("\r\n\r\n").next()?;
    let mut found = head.lines().filter_map(|line| {
        let (key, value) = line.split_once(": ")?;
        key.eq_ignore_ascii_case(name).then_some(value)
    });
    found.next().filter(|_| found.next().is_none())
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
fn names_of_components_change_and_their_tags_on_the_wire_do_not() {
    for (wire, is_it) in [
        (json!({"kind": "_Cat", "a": 1}), 0),
        (json!({"kind": "Cat", "b": 1}), 1),
        (json!({"kind": "2d_dog", "c": 1}), 2),
        (json!({"kind": "CatSchema", "b": 1}), 3),
    ] {
        let read: Either = serde_json::from_value(wire.clone()).unwrap();
        let is = match &read {
            Either::CatSchema(_) => 0,
            Either::Cat(_) => 1,
            Either::X2dDog(_) => 2,
            _ => 3,
        };
        assert_eq!(is, is_it, "{read:?}");
        assert_eq!(serde_json::to_value(&read).unwrap(), wire);
    }
    for (wire, is_under) in [
        (json!({"kind": "under", "a": 1}), Some(true)),
        (json!({"kind": "plain", "b": 1}), Some(false)),
        (json!({"kind": "_Cat", "b": 1}), None),
    ] {
        let read: Mapped = serde_json::from_value(wire).unwrap();
        let is = match &read {
            Mapped::CatSchema(_) => Some(true),
            Mapped::Cat(_) => Some(false),
            _ => None,
        };
        assert_eq!(is, is_under, "{read:?}");
    }
    let page: PagePet = serde_json::from_value(json!({"items": [{"name": "Rex"}]})).unwrap();
    assert_eq!(page.items[0].name, "Rex");
    let size = Größe::new().with_größe(3).with_大(大小::new().with_大(4));
    let size = serde_json::to_value(X2d::new().with_size(size)).unwrap();
    assert_eq!(size, json!({"size": {"größe": 3, "大": {"大": 4}}}));
}

#[test]
fn fields_have_names_of_their_own_and_the_wire_has_its() {
    let wire = json!({
        "base_id": "1", "createdAt": "2", "created_at": "3", "CreatedAt": null, "createdat": ["4"],
        "base-id": 5, "@type": "6", "type": "7", "$": {"kind": "8"},
    });
    let read: Clashes = serde_json::from_value(wire.clone()).unwrap();
    assert_eq!(read.base_id.as_deref(), Some("1"));
    assert_eq!(read.created_at_camel, "2");
    assert_eq!(read.created_at.as_deref(), Some("3"));
    assert!(matches!(read.created_at_pascal, letta_api::Nullable::Null));
    assert_eq!(read.base_dash_id, 5);
    assert_eq!(read.at_type, "6");
    assert_eq!(read.type_.as_deref(), Some("7"));
    assert_eq!(read.dollar.as_ref().unwrap().kind, "8");
    assert_eq!(serde_json::to_value(&read).unwrap(), wire);
    let base = Base::new("a").with_created_at("b").with_created_at_pascal("c");
    let wire = json!({"createdAt": "a", "created_at": "b", "CreatedAt": "c"});
    assert_eq!(serde_json::to_value(base).unwrap(), wire);
    let missing = serde_json::from_value::<Base>(json!({"created_at": "b"})).unwrap_err();
    assert!(missing.to_string().contains("`createdAt`"), "{missing}");

    let wire = json!({"type": "a", "x-y": 1, "x_y": 2, "unknown": "3", "new": 4});
    let read: Inline = serde_json::from_value(wire.clone()).unwrap();
    match &read {
        Inline::A { x_dash_y, x_y, unknown_value, unknown, .. } => {
            assert_eq!((*x_dash_y, *x_y), (Some(1), Some(2)));
            assert_eq!(unknown_value.as_deref(), Some("3"));
            assert_eq!(unknown["new"], 4);
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(serde_json::to_value(&read).unwrap(), wire);
}

#[test]
fn arguments_have_names_of_their_own_and_bodies_have_their_media_type() {
    let either = json!({"kind": "_Cat", "a": 1});
    let (client, server) = served(&either);
    let params = PutPetParams::default()
        .with_page_size(1)
        .with_page_dash_size(2)
        .with_id_header("h")
        .with_dollar("d")
        .with_trace_id("t")
        .with_body_query(true);
    let body: Either = serde_json::from_value(either.clone()).unwrap();
    let answer = wait(client.put_pet("p", 7, &params, &body)).unwrap();
    assert!(matches!(*answer, Either::CatSchema(_)));
    let request = server.join().unwrap();
    let line = "PUT /v1/pets/p?";
    assert!(request.starts_with(line), "{request}");
    let query = request[line.len()..].split(' ').next().unwrap();
    let mut query: Vec<&str> = query.split('&').collect();
    query.sort_unstable();
    assert_eq!(query, ["%24=d", "body=true", "id=7", "page-size=2", "page_size=1"]);
    assert_eq!(header(&request, "ID"), Some("h"));
    assert_eq!(header(&request, "Trace-ID"), Some("t"));
    assert_eq!(header(&request, "content-type"), Some("application/vnd.api+json"));
    assert_eq!(sent(&request), either);

    let (client, server) = served(&Value::Null);
    wait(client.patch_thing(None)).unwrap();
    let request = server.join().unwrap();
    assert_eq!(header(&request, "content-type"), None);

    let (client, server) = served(&Value::Null);
    wait(client.patch_thing(Some(&PetSchema::new().with_small(true)))).unwrap();
    let request = server.join().unwrap();
    let kind = "application/merge-patch+json";
    assert_eq!(header(&request, "content-type"), Some(kind));
    assert_eq!(sent(&request), json!({"small": true}));

    let (client, server) = served(&Value::Null);
    wait(client.post_thing(&Pet::new("Rex"))).unwrap();
    let request = server.join().unwrap();
    assert_eq!(header(&request, "content-type"), Some("application/json"));

    let (client, server) = served(&json!({"items": []}));
    wait(client.put_thing(&PetSchemaKind::new("1").with_underscore_id("2"))).unwrap();
    let request = server.join().unwrap();
    let kind = "application/json; charset=utf-8";
    assert_eq!(header(&request, "content-type"), Some(kind));
    assert_eq!(header(&request, "accept"), Some("application/json, text/json"));
    assert_eq!(sent(&request), json!({"_id": "2", "id": "1"}));
}

#[test]
fn a_parameter_that_overrides_that_of_its_path_goes_out_once() {
    let target = |request: &str| request.split(" HTTP").next().unwrap().to_owned();
    let (client, server) = served(&Value::Null);
    let params = GetOwnerParams::default().with_x_dash_y(1).with_x_y("2");
    wait(client.get_owner("a", "b", "t", &params)).unwrap();
    let request = server.join().unwrap();
    assert!(target(&request).starts_with("GET /v1/owners/a/b?"), "{request}");
    assert_eq!(target(&request).matches("x-y=").count(), 1, "{request}");
    assert!(request.contains("x-y=1"), "{request}");
    assert!(request.contains("x_y=2"), "{request}");
    assert_eq!(header(&request, "tenantId"), Some("t"));

    let (client, server) = served(&Value::Null);
    let params = PostOwnerParams::default().with_tenant_id_header(7).with_tenant_id("u");
    wait(client.post_owner("a", "b", "1", &params)).unwrap();
    let request = server.join().unwrap();
    assert!(target(&request).starts_with("POST /v1/owners/a/b?"), "{request}");
    assert!(request.contains("x-y=1") && request.contains("tenant_id=u"), "{request}");
    assert_eq!(header(&request, "tenantId"), Some("7"));

    let (client, server) = served(&Value::Null);
    wait(client.delete_owner(3, "b", "1", "t")).unwrap();
    let request = server.join().unwrap();
    assert_eq!(target(&request), "DELETE /v1/owners/3/b?x-y=1");
}

#[test]
fn tags_that_are_no_texts_are_read_and_written() {
    for (wire, expected) in [
        (json!({"kind": 1, "name": "x"}), "one"),
        (json!({"kind": 2, "name": "x"}), "two"),
        (json!({"kind": -3, "name": "x"}), "two"),
        (json!({"kind": "1", "name": "x"}), "word"),
        (json!({"kind": 4, "name": "x"}), "unknown"),
        (json!({"kind": true, "name": "x"}), "unknown"),
        (json!({"kind": 1.5, "name": "x"}), "unknown"),
        (json!({"name": "x"}), "unknown"),
    ] {
        let read: Numbered = serde_json::from_value(wire.clone()).unwrap();
        let is = match &read {
            Numbered::One(_) => "one",
            Numbered::Two(_) => "two",
            Numbered::Word(_) => "word",
            _ => "unknown",
        };
        assert_eq!(is, expected, "{wire}");
        assert_eq!(serde_json::to_value(&read).unwrap(), wire);
    }
    let one = Numbered::from(One::new().with_name("x"));
    assert_eq!(serde_json::to_value(one).unwrap(), json!({"kind": 1, "name": "x"}));

    for (ok, is_first) in [(true, true), (false, false)] {
        let wire = json!({"ok": ok, "value": "x"});
        let read: Flagged = serde_json::from_value(wire.clone()).unwrap();
        let is = match &read {
            Flagged::FlaggedBranch1(_) => Some(true),
            Flagged::FlaggedBranch2(_) => Some(false),
            _ => None,
        };
        assert_eq!(is, Some(is_first), "{wire}");
        assert_eq!(serde_json::to_value(&read).unwrap(), wire);
    }
    let no = FlaggedBranch2::new("x");
    assert_eq!(serde_json::to_value(no).unwrap(), json!({"ok": false, "value": "x"}));

    for (version, expected) in [(1, Some(1)), (2, Some(2)), (3, None)] {
        let wire = json!({"version": version, "a": "x"});
        let read: Versioned = serde_json::from_value(wire.clone()).unwrap();
        let is = match &read {
            Versioned::V1(_) => Some(1),
            Versioned::V2(_) => Some(2),
            _ => None,
        };
        assert_eq!(is, expected, "{wire}");
        assert_eq!(serde_json::to_value(&read).unwrap(), wire);
    }

    let wire = json!({"code": 20, "name": "x", "a": 3});
    let read: Shape = serde_json::from_value(wire.clone()).unwrap();
    assert!(matches!(read, Shape::Square(_)), "{read:?}");
    let square = Square::new().with_name("x").with_a(3);
    assert_eq!(serde_json::to_value(Shape::from(square)).unwrap(), wire);

    let wire = json!({"petType": "tiger", "pet_type": "x"});
    let read: Animal = serde_json::from_value(wire.clone()).unwrap();
    assert!(matches!(&read, Animal::Tiger(it) if it.pet_type.as_deref() == Some("x")), "{read:?}");
    assert_eq!(serde_json::to_value(read).unwrap(), wire);
    let lion = Lion::new().with_roars(true).with_pet_type("x");
    let wire = json!({"petType": "lion", "pet_type": "x", "roars": true});
    assert_eq!(serde_json::to_value(Animal::from(lion)).unwrap(), wire);
}
