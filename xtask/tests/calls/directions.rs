//! What is only read, and what is only written, in the code for `fixtures/directions.yaml`.

use letta_api::types::{
    Boss, ChangeInlineBody, ChangeInlineResponse, Level, Member, MemberChange, MemberForm, MemberFound, Merged, Person, Pet,
    Rank, Team, UploadMemberBody,
};
use serde_json::{Value, json};

fn to_json(value: &impl serde::Serialize) -> Value {
    serde_json::to_value(value).unwrap()
}

fn read<T: serde::de::DeserializeOwned>(json: &Value) -> T {
    serde_json::from_value(json.clone()).unwrap_or_else(|error| panic!("{json}: {error}"))
}

fn answer() -> Value {
    json!({"id": "m-1", "name": "Ada", "rank": "high", "seen": "now", "badges": ["b"]})
}

#[test]
fn a_request_asks_for_nothing_that_is_only_read_and_does_not_send_it() {
    let member = Member::new("Ada", "1234", vec!["k".to_owned()], Level::A);
    let sent = json!({"name": "Ada", "pin": "1234", "keys": ["k"], "value": "a"});
    assert_eq!(to_json(&member), sent);

    // Also where it was received.
    let mut member: Member = read(&answer());
    member.never = Some("x".to_owned());
    assert_eq!(to_json(&member), json!({"name": "Ada", "keys": []}));
}

#[test]
fn an_answer_lacks_what_is_only_written_and_has_what_is_only_read() {
    let member: Member = read(&answer());
    assert_eq!(member.id.as_deref(), Some("m-1"));
    assert_eq!((member.rank, member.pin, member.value), (Some(Rank::High), None, None));
    assert_eq!((member.seen.as_deref(), member.badges.len(), member.keys.len()), (Some("now"), 1, 0));
}

#[test]
fn what_is_nested_and_merged_goes_both_ways() {
    let member = || Member::new("Ada", "1", Vec::new(), Level::B);
    let lead = Merged::new(Vec::new(), "Bo", "2", "t", Level::A);
    let boss = Boss::Person(Box::new(Person::new("Cy")));
    let team = Team::new(vec![member()], lead, [("d".to_owned(), member())].into(), boss);
    let (ada, bo) = (
        json!({"name": "Ada", "pin": "1", "keys": [], "value": "b"}),
        json!({"name": "Bo", "pin": "2", "keys": [], "value": "a", "token": "t"}),
    );
    let sent = json!({"members": [ada], "lead": bo, "by_name": {"d": ada}, "boss": {"name": "Cy"}});
    assert_eq!(to_json(&team), sent);

    let mut lead = answer();
    lead["since"] = json!("2026");
    let team: Team = read(&json!({
        "members": [answer()], "lead": lead, "by_name": {"d": answer()}, "boss": {"machine_id": "x", "name": "Robot"},
        "pet": {"kind": "dog", "id": "d-1"},
    }));
    assert_eq!(team.lead.since.as_deref(), Some("2026"));
    assert_eq!(team.lead.token, None);
    assert_eq!(team.by_name["d"].id.as_deref(), Some("m-1"));
}

#[test]
fn branches_are_told_apart_by_what_answers_have_and_by_their_tags() {
    let Boss::Machine(machine) = read(&json!({"machine_id": "x", "name": "Robot"})) else {
        panic!("a machine");
    };
    assert_eq!(machine.machine_id.as_deref(), Some("x"));
    let Boss::Person(person) = read(&json!({"person_id": "p", "name": "Cy"})) else {
        panic!("a person");
    };
    assert_eq!(to_json(&Boss::Person(person)), json!({"name": "Cy"}));
    // As a request has it, by whichever comes first.
    assert!(matches!(read(&json!({"name": "Cy"})), Boss::Machine(_) | Boss::Person(_)));

    let Pet::Dog(dog) = read(&json!({"kind": "dog", "id": "d-1"})) else {
        panic!("a dog");
    };
    assert_eq!(dog.id.as_deref(), Some("d-1"));
    assert_eq!(to_json(&Pet::Dog(dog)), json!({"kind": "dog"}));
}

#[test]
fn what_goes_one_way_has_the_exact_form() {
    let change = MemberChange::new("Ada", "1234");
    assert_eq!(to_json(&change), json!({"name": "Ada", "pin": "1234"}));

    let mut found = answer();
    found["score"] = json!("9");
    let found: MemberFound = read(&found);
    let (id, score, rank): (String, String, Rank) = (found.id, found.score, found.rank);
    assert_eq!((id.as_str(), score.as_str(), rank), ("m-1", "9", Rank::High));
    assert_eq!(found.pin, None);
    assert!(serde_json::from_value::<MemberFound>(json!({"name": "Ada"})).is_err());

    assert_eq!(to_json(&ChangeInlineBody::new("Ada", "1")), json!({"name": "Ada", "pin": "1"}));
    let inline: ChangeInlineResponse = read(&json!({"id": "m-1", "name": "Ada"}));
    assert_eq!((inline.id.as_str(), inline.pin), ("m-1", None));
}

#[test]
fn forms_do_not_send_it_either() {
    let form: MemberForm = read(&json!({"id": "f", "name": "Ada"}));
    assert_eq!(to_json(&form), json!({"name": "Ada"}));
    let _: UploadMemberBody = UploadMemberBody::new(letta_api::FilePart::bytes("a", "b"));
}
