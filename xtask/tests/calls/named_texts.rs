//! Texts with a name in the code for `fixtures/named_texts.yaml`: what is sent and read is what plain texts would be.

use std::collections::HashMap;
use std::sync::Mutex;

use letta_api::types::{
    Crew, CrewCode, CrewId, CrewMove, CrewName, GetMemberParams, Member, MemberId, MemberOwner, MemberRank,
};
use letta_api::{BoxFuture, Client, Error, Nullable, Operation, Response, Transport, TransportError};
use serde_json::{Value, json};

fn read<T: serde::de::DeserializeOwned>(json: &Value) -> T {
    serde_json::from_value(json.clone()).unwrap_or_else(|error| panic!("{json}: {error}"))
}

fn member(id: &str) -> Value {
    json!({"id": id, "crew": id, "boss_id": id, "rank": id, "friend_ids": [id, "m-2"], "by_crew": {id: id}, "seen_id": id, "owner": id})
}

/// Forms of IDs that no description knows, among them. An answer is not refused for one.
const IDS: [&str; 6] = ["m-1", "other-1", "6bb462c2-e885-434a-a0e3-d08ad8d9f595", "", "..", "\u{0}\"é"];

#[test]
fn any_text_is_read_wherever_it_stands_and_is_sent_back_unchanged() {
    for id in IDS {
        let json = member(id);
        let member: Member = read(&json);
        assert_eq!((member.id.as_str(), member.crew.as_str()), (id, id));
        assert_eq!(member.boss_id.as_ref().map(MemberId::as_str), Some(id));
        assert_eq!(member.friend_ids[0], id);
        assert_eq!(member.by_crew[id], id);
        assert!(matches!(&member.rank, MemberRank::Unknown(text) if text == id));
        assert!(matches!(&member.owner, Some(MemberOwner::CrewId(crew)) if crew.as_str() == id), "{:?}", member.owner);
        let mut sent = serde_json::to_value(&member).unwrap();
        // What is expected of answers is not sent if it is empty.
        if id.is_empty() {
            sent["seen_id"] = json!("");
        }
        assert_eq!(sent, json);

        for json in [json!({"type": "leave", "id": id, "others": [id]}), json!({"type": "stay", "hours": 1})] {
            let step: CrewMove = read(&json);
            assert!(!matches!(step, CrewMove::Unknown(_)), "{step:?}");
            assert_eq!(serde_json::to_value(step).unwrap(), json);
        }
    }
}

#[test]
fn what_answers_have_is_no_option_and_what_they_lack_is_empty() {
    let mut json = member("m-1");
    json.as_object_mut().unwrap().remove("seen_id");
    json["boss_id"] = Value::Null;
    let member: Member = read(&json);
    let (id, seen, boss): (MemberId, MemberId, Option<MemberId>) = (member.id, member.seen_id, member.boss_id);
    assert_eq!((id.as_str(), seen.as_str(), boss), ("m-1", "", None));
}

#[test]
fn what_is_no_text_is_refused_or_kept_as_unknown() {
    for wrong in [json!(1), json!(null), json!({}), json!(["m-1"])] {
        let mut json = member("m-1");
        json["id"] = wrong.clone();
        assert!(serde_json::from_value::<Member>(json).is_err(), "{wrong}");
        let json = json!({"type": "leave", "id": wrong});
        let step: CrewMove = read(&json);
        assert!(matches!(step, CrewMove::Unknown(_)), "{step:?}");
        assert_eq!(serde_json::to_value(step).unwrap(), json);
    }
}

#[test]
fn constructors_and_setters_take_texts_and_ids_alike() {
    let id = MemberId::from("m-1");
    let sent = |crew: Crew| serde_json::to_value(crew).unwrap();
    assert_eq!(sent(Crew::new("m-1")), json!({"captain": "m-1"}));
    assert_eq!(sent(Crew::new(&id)), sent(Crew::new("m-1".to_owned())));
    assert_eq!(
        sent(
            Crew::new(id.clone())
                .with_mate("m-2")
                .with_cook_null()
                .with_members([id.clone(), "m-3".into()])
                .with_name(CrewId::from("crew-1"))
                .with_code("long enough")
        ),
        json!({"captain": "m-1", "mate": "m-2", "cook": null, "members": ["m-1", "m-3"], "name": "crew-1", "code": "long enough"})
    );
    let crew = Crew::new(&id).with_cook(&id);
    assert_eq!(crew.cook, Nullable::Value(id));
    assert_eq!(crew.code, None::<CrewCode>);
    assert_eq!(crew.name, None::<CrewName>);
    assert_eq!(
        serde_json::to_value(CrewMove::leave("m-1")).unwrap(),
        json!({"type": "leave", "id": "m-1"})
    );
}

#[test]
fn it_prints_as_its_text_and_is_a_key() {
    let ids: HashMap<MemberId, u8> = [("m-1".into(), 1)].into();
    assert_eq!(format!("{ids:?}"), r#"{"m-1": 1}"#);
    assert_eq!(ids.get("m-1"), Some(&1));
}

/// Keeps the URL of each request, and answers with a member.
#[derive(Default)]
struct Urls(Mutex<Vec<String>>);

impl Transport for &'static Urls {
    fn execute<'a>(
        &'a self,
        _: &'a reqwest::Client,
        request: reqwest::Request,
        _: &'static Operation,
    ) -> BoxFuture<'a, Result<Response, TransportError>> {
        let crew = request.headers().get("x-crew").map(|it| it.to_str().unwrap().to_owned());
        let url = request.url();
        let query = url.query().unwrap_or_default();
        let line = format!("{}?{query} {}", url.path(), crew.unwrap_or_default());
        self.0.lock().unwrap().push(line);
        Box::pin(async { Err(TransportError::new(std::io::Error::other("seen"))) })
    }
}

fn run<T>(future: impl std::future::Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

#[test]
fn an_id_in_a_url_is_as_a_text_would_be() {
    let urls: &'static Urls = Box::leak(Box::default());
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let client = Client::new("http://127.0.0.1:9".parse().unwrap(), http).with_transport(urls);

    let params = GetMemberParams::default()
        .with_friend_id("m 2&")
        .with_friend_ids(["m-3".into(), "".into()])
        .with_x_crew("crew-9");
    let (crew, seen) = (CrewId::from("crew-1"), CrewId::from("crew-2"));
    run(client.get_member(&crew, &"a/b é".into(), &seen, &params)).unwrap_err();
    let last = || urls.0.lock().unwrap().pop();
    assert_eq!(
        last().as_deref(),
        Some("/v1/crews/crew-1/members/a%2Fb%20%C3%A9?friend_id=m+2%26&friend_ids=m-3&friend_ids=&seen_by=crew-2 crew-9")
    );

    // Values that would name another resource are refused before anything is sent.
    for id in ["", ".", "..", "a/../b"] {
        let refused = run(client.get_member(&crew, &id.into(), &seen, &Default::default())).unwrap_err();
        assert!(matches!(refused, Error::InvalidRequest(_)), "{id}: {refused:?}");
        let refused = run(client.get_member(&id.into(), &"m-1".into(), &seen, &Default::default())).unwrap_err();
        assert!(matches!(refused, Error::InvalidRequest(_)), "{id}: {refused:?}");
    }
    assert_eq!(last(), None);
}
