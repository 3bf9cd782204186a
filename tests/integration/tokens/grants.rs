//! What is granted is held against what was asked for: a token that is another is not handed over, and is deleted.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use letta_api_ext::{AccessPolicy, AccessRight, Origin, RetryPolicy, TokenMinter};
use letta_api_tests::fault_server::{Fault, FaultServer};
use letta_api_tests::traces::Traces;
use letta_api_tests::{TOKEN, answer, letta, policy, printed, split, token_json};
use proptest::prelude::*;

const ORIGIN: &str = "https://app.example.com";

fn json(status: &str, body: &str) -> Fault {
    Fault::Answer(answer(status, "application/json", body))
}

fn deleted() -> Fault {
    Fault::Answer(b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n".to_vec())
}

async fn server(body: &str, then: Fault) -> FaultServer {
    FaultServer::start([json("201 Created", body), then]).await
}

fn entry(agent: &str, rights: &str) -> String {
    format!(r#"{{"type":"agent","id":"{agent}","access":[{rights}]}}"#)
}

/// The answer to a create, with these entries in its policy.
fn granted(entries: &[&str]) -> String {
    let own = entry("agent-1", r#""read_messages","write_messages""#);
    let json = token_json();
    assert!(json.contains(&own));
    json.replace(&own, &entries.join(","))
}

const CHAT: &str = r#""read_messages","write_messages""#;

/// Answers that grant something else, and what the error says of it.
fn mismatches() -> Vec<(String, &'static str)> {
    let chat = entry("agent-1", CHAT);
    vec![
        (
            granted(&[&entry("agent-1", &format!(r#"{CHAT},"write_agent""#))]),
            "also allows `write_agent` on agent-1",
        ),
        (
            granted(&[&entry("agent-1", r#""read_messages""#)]),
            "does not allow `write_messages` on agent-1",
        ),
        (
            granted(&[&chat, &entry("agent-2", CHAT)]),
            "`read_messages`, `write_messages` on agent-2",
        ),
        (granted(&[&entry("agent-2", CHAT)]), "on agent-2"),
        (
            granted(&[&entry("agent-1", &format!(r#"{CHAT},"dream""#))]),
            "also allows `dream`",
        ),
        (
            granted(&[&chat, r#"{"type":"project","id":"project-1"}"#]),
            "project-1",
        ),
        (
            granted(&[&chat.replace('}', r#","until":"noon"}"#)]),
            "noon",
        ),
        (granted(&[]), "does not allow"),
        (
            granted(&[
                &entry("agent-1", r#""read_messages""#),
                &entry("agent-1", r#""write_messages""#),
            ]),
            "`agent-1` twice",
        ),
        (
            token_json().replace(r#""version":"1""#, r#""version":"2""#),
            "version `2`",
        ),
        (
            token_json().replace(ORIGIN, "https://evil.example.com"),
            "https://evil.example.com",
        ),
        (
            token_json().replace(ORIGIN, "http://app.example.com"),
            "http://app.example.com",
        ),
        (
            token_json().replace(ORIGIN, "https://app.example.com:8443"),
            ":8443",
        ),
        (token_json().replace(ORIGIN, "*"), "`*`"),
        // What is odd beside it changes nothing.
        (
            token_json()
                .replace(r#""version":"1""#, r#""version":1"#)
                .replace("agent-1", "agent-7"),
            "agent-7",
        ),
    ]
}

#[tokio::test]
async fn a_token_that_is_not_what_was_asked_for_is_deleted_and_not_handed_over() {
    let (traces, _guard) = Traces::here();
    for (body, says) in mismatches() {
        let server = server(&body, deleted()).await;
        let create = server.letta().access_tokens().create(policy(), ORIGIN);
        let error = create.await.unwrap_err();
        assert!(error.is_grant_mismatch(), "{body}: {error}");
        assert!(
            !error.is_retryable() && !error.may_have_happened(),
            "{error}"
        );
        assert_eq!(error.status().unwrap().as_u16(), 201);
        assert_eq!(error.request_id(), Some("req-7"));
        let text = error.to_string();
        assert!(
            text.contains(says) && text.contains("was deleted"),
            "{text}"
        );
        let requests = server.requests();
        assert_eq!(requests.len(), 2, "{requests:?}");
        assert!(requests[1].starts_with("DELETE ") && requests[1].contains(TOKEN));
        assert!(!printed(&error).contains(TOKEN));
    }
    assert!(!format!("{:?}", traces.take()).contains(TOKEN));
}

#[tokio::test]
async fn a_token_that_could_not_be_deleted_is_told_of() {
    for then in [
        json("500 Internal Server Error", "{}"),
        Fault::CloseAfterRequest,
    ] {
        let server = server(&mismatches()[0].0, then).await;
        let create = server.letta().access_tokens().create(policy(), ORIGIN);
        let error = create.await.unwrap_err();
        assert!(
            error.is_grant_mismatch() && error.may_have_happened(),
            "{error}"
        );
        assert!(
            error.to_string().contains("works until it expires"),
            "{error}"
        );
        let source = std::error::Error::source(&error).unwrap();
        assert!(
            source.to_string().contains("delete_client_side"),
            "{source}"
        );
        assert!(!printed(&error).contains(TOKEN));
    }
    // Nor is it waited for longer than the call may take.
    let hangs = Fault::AnswerThenHang(Vec::new());
    let server = server(&mismatches()[0].0, hangs).await;
    let create = server.letta().access_tokens().create(policy(), ORIGIN);
    let error = create
        .with_deadline(Duration::from_millis(300))
        .await
        .unwrap_err();
    assert!(error.may_have_happened(), "{error}");
}

#[tokio::test]
async fn a_caller_may_take_what_is_granted_and_sees_what_that_is() {
    let origin = Origin::new(ORIGIN).unwrap();
    for (body, _) in mismatches() {
        let server = server(&body, deleted()).await;
        let create = server.letta().access_tokens().create(policy(), ORIGIN);
        let token = create.with_any_grant().await.unwrap();
        assert_eq!(token.expose_secret(), TOKEN);
        assert!(!token.is_for(&policy(), &origin), "{body}: {token:?}");
        assert_eq!(server.requests().len(), 1);
    }
    let wider = server(&mismatches()[0].0, deleted()).await;
    let create = wider.letta().access_tokens().create(policy(), ORIGIN);
    let token = create.with_any_grant().await.unwrap();
    assert!(token.policy().allows("agent-1", &AccessRight::WriteAgent));
    assert!(token.is_for(token.policy(), &origin));
}

#[tokio::test]
async fn the_same_grant_in_other_words_is_the_same() {
    let backwards = entry(
        "agent-1",
        r#""write_messages","read_messages","read_messages""#,
    );
    let origin = Origin::new(ORIGIN).unwrap();
    for body in [
        token_json(),
        granted(&[&backwards]),
        granted(&[&backwards, &entry("agent-1", CHAT)]),
        token_json().replace(ORIGIN, "https://APP.example.com:443/"),
        token_json().replace(r#""version":"1""#, r#""version":1"#),
        token_json().replace(r#""version":"1","#, ""),
        token_json().replace(r#""version":"1""#, r#""version":null"#),
        // The form that the request has.
        token_json()
            .replace(r#"{"version":"1","data":["#, "[")
            .replace("]}]}", "]}]"),
        token_json().replace(r#"{"token""#, r#"{"id":7,"createdBy":{"name":"x"},"token""#),
        token_json().replace(r#""expiresAt""#, r#""expires_at""#),
    ] {
        let server = server(&body, deleted()).await;
        let create = server.letta().access_tokens().create(policy(), ORIGIN);
        let token = create.await.unwrap();
        assert_eq!(token.policy(), &policy(), "{body}");
        assert_eq!(token.origin(), Some(&origin), "{body}");
        assert!(token.is_for(&policy(), &origin));
        assert!(!token.is_for(&"agent-1:read_messages".parse().unwrap(), &origin));
        assert!(!token.is_for(&policy(), &Origin::new("https://a.b").unwrap()));
    }
}

#[tokio::test]
async fn what_an_answer_leaves_out_is_no_mismatch_but_no_minter_keeps_it() {
    let minted = |body: &String| {
        let body = body.clone();
        async move { server(&body, deleted()).await }
    };
    for body in unreadable_expiries() {
        let minted = minted(&body).await;
        let minter = TokenMinter::new(&minted.letta(), ORIGIN).unwrap();
        let error = minter.token(&policy()).await.unwrap_err();
        assert!(error.is_grant_mismatch(), "{body}: {error}");
        assert!(error.to_string().contains("when it expires"), "{error}");
        assert_eq!((minter.token_count(), minted.requests().len()), (0, 2));
    }
    for body in [
        format!(r#"{{"token":"{TOKEN}"}}"#),
        token_json().replace(&format!(r#""{ORIGIN}""#), "null"),
        token_json().replace(r#""policy":{"#, r#""other":{"#),
    ] {
        let plain = server(&body, deleted()).await;
        let create = plain.letta().access_tokens().create(policy(), ORIGIN);
        let token = create.await.unwrap();
        assert_eq!(token.expose_secret(), TOKEN, "{body}");
        assert!(!token.is_for(&policy(), &Origin::new(ORIGIN).unwrap()));
        assert_eq!(plain.requests().len(), 1);

        let minted = server(&body, deleted()).await;
        let minter = TokenMinter::new(&minted.letta(), ORIGIN).unwrap();
        let error = minter.token(&policy()).await.unwrap_err();
        assert!(
            error.is_grant_mismatch() && !error.may_have_happened(),
            "{error}"
        );
        assert!(error.to_string().contains("does not say"), "{error}");
        assert_eq!((minter.token_count(), minted.requests().len()), (0, 2));
    }
}

#[tokio::test]
async fn a_minter_never_keeps_a_token_that_is_not_what_was_asked_for() {
    for (body, says) in mismatches() {
        let server = server(&body, deleted()).await;
        let minter = TokenMinter::new(&letta(server.url()), ORIGIN).unwrap();
        let wide: AccessPolicy = "agent-1:read_messages,write_messages,read_agent,write_agent"
            .parse()
            .unwrap();
        let policy = policy();
        let error = minter.token(&policy).up_to(&wide).await.unwrap_err();
        assert!(error.is_grant_mismatch() && !error.is_held_off(), "{error}");
        assert!(error.to_string().contains(says), "{error}");
        assert_eq!((minter.token_count(), minter.counters().failures), (0, 1));
        // Nor does it ask again at once.
        let error = minter.token(&policy).await.unwrap_err();
        assert!(error.is_grant_mismatch() && error.is_held_off(), "{error}");
        assert_eq!(server.requests().len(), 2, "{body}");
    }
}

#[tokio::test]
async fn many_differences_are_told_in_few_words() {
    let agents = (0..5_000).map(|n| format!("agent-{n}"));
    let entries: Vec<_> = agents.clone().map(|agent| entry(&agent, CHAT)).collect();
    let entries: Vec<&str> = entries.iter().rev().map(String::as_str).collect();
    let asked = agents.map(|agent| (agent, [AccessRight::ReadMessages]));
    let asked = AccessPolicy::from_grants(asked).unwrap();
    let server = server(&granted(&entries), deleted()).await;
    let create = server.letta().access_tokens().create(&asked, ORIGIN);
    let error = create.await.unwrap_err();
    let text = error.to_string();
    assert!(
        text.contains("more differences") && text.len() < 1_300,
        "{text}"
    );
}

/// The expiry of [`token_json`].
const ANSWERED: &str = "2126-03-01T12:00:00.000Z";

fn expiring(text: &str) -> String {
    token_json().replace(ANSWERED, text)
}

/// Answers that do not say when the token expires.
fn unreadable_expiries() -> Vec<String> {
    let member = format!(r#""expiresAt":"{ANSWERED}","#);
    assert!(token_json().contains(&member));
    let mut bodies = vec![
        token_json().replace(&member, ""),
        token_json().replace(&format!(r#""{ANSWERED}""#), "null"),
        token_json().replace(&format!(r#""{ANSWERED}""#), "1772366400"),
    ];
    let texts = ["", "soon", "2126-03-01", "2126-03-01T12:00:00", "PT5M"];
    bodies.extend(texts.map(expiring));
    bodies
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

#[tokio::test]
async fn another_expiry_than_was_asked_for_is_deleted_and_not_handed_over() {
    const ASKED: &str = "2126-03-01T12:00:00Z";
    for answered in [
        "2126-03-01T12:00:01Z",
        "2126-03-01T12:00:01.000Z",
        "2126-03-01T11:59:59Z",
        "2126-03-01T11:59:58.999999999Z",
        "2126-03-01T12:00:00+01:00",
        "2126-03-01T12:00:00-00:01",
        "2126-03-01T11:55:00Z",
        "2127-03-01T12:00:00Z",
        "1970-01-01T00:00:00Z",
        "0001-01-01T00:00:00Z",
        "9999-12-30T00:00:00Z",
    ] {
        let body = expiring(answered);
        let strict = server(&body, deleted()).await;
        let create = strict.letta().access_tokens().create(policy(), ORIGIN);
        let error = create.expires_at(at(ASKED)).await.unwrap_err();
        assert!(error.is_grant_mismatch(), "{answered}: {error}");
        assert!(!error.may_have_happened() && !error.is_retryable());
        let text = error.to_string();
        let says = format!("it expires at `{answered}`, and {ASKED} was asked for; it was deleted");
        assert!(text.contains(&says), "{text}");
        let requests = strict.requests();
        assert!(requests[1].starts_with("DELETE ") && requests[1].contains(TOKEN));
        assert!(!printed(&error).contains(TOKEN));

        let lenient = server(&body, deleted()).await;
        let create = lenient.letta().access_tokens().create(policy(), ORIGIN);
        let create = create.expires_at(at(ASKED)).with_any_grant();
        let token = create.await.unwrap();
        assert_eq!(token.expires_at_text(), answered);
        assert!(token.is_for(&policy(), &Origin::new(ORIGIN).unwrap()));
        assert_eq!(lenient.requests().len(), 1);

        // Whoever did not ask gets what there is.
        let plain = server(&body, deleted()).await;
        let create = plain.letta().access_tokens().create(policy(), ORIGIN);
        assert_eq!(create.await.unwrap().expires_at_text(), answered);
        assert_eq!(plain.requests().len(), 1);
    }
}

#[tokio::test]
async fn an_expiry_that_is_rounded_or_written_otherwise_is_the_same() {
    for (asked, answered) in [
        ("2126-03-01T12:00:00Z", "2126-03-01T12:00:00Z"),
        ("2126-03-01T12:00:00Z", "2126-03-01T12:00:00.999Z"),
        ("2126-03-01T12:00:00Z", "2126-03-01T11:59:59.001Z"),
        ("2126-03-01T12:00:00.999Z", "2126-03-01T12:00:00Z"),
        ("2126-03-01T12:00:00.5Z", "2126-03-01T12:00:01Z"),
        ("2126-03-01T12:00:00Z", "2126-03-01T12:00:00.000000+00:00"),
        ("2126-03-01T12:00:00Z", "2126-03-01T13:00:00+01:00"),
        ("2126-03-01T12:00:00Z", "2126-03-01T06:30:00.25-05:30"),
        ("2126-03-01T12:00:00Z", "2126-03-02T02:00:00+14:00"),
        ("2126-03-01T12:00:00Z", "2126-03-01t12:00:00z"),
        // A leap second is the second after it, by the clocks that computers keep.
        ("2127-01-01T00:00:00Z", "2126-12-31T23:59:60Z"),
        ("2127-01-01T00:00:00Z", "2126-12-31T23:59:60.5+00:00"),
        ("9999-12-30T21:59:59Z", "9999-12-30T21:59:59Z"),
    ] {
        let server = server(&expiring(answered), deleted()).await;
        let create = server.letta().access_tokens().create(policy(), ORIGIN);
        let token = create.expires_at(at(asked)).await.expect(answered);
        assert!(token.is_for(&policy(), &Origin::new(ORIGIN).unwrap()));
        assert_eq!(server.requests().len(), 1, "{answered}");
    }
}

#[tokio::test]
async fn an_expiry_that_the_answer_does_not_tell_is_no_mismatch_of_a_plain_create() {
    for body in unreadable_expiries() {
        let server = server(&body, deleted()).await;
        let create = server.letta().access_tokens().create(policy(), ORIGIN);
        let token = create.expires_in(Duration::from_secs(60)).await;
        let token = token.expect(&body);
        assert!(token.expires_at().is_none() && token.remaining().is_zero());
        assert!(token.is_for(&policy(), &Origin::new(ORIGIN).unwrap()));
        assert_eq!(server.requests().len(), 1);
        // What else differs is told all the same.
        let wider = body.replace(r#""read_messages""#, r#""read_messages","read_agent""#);
        let wider = FaultServer::start([json("201 Created", &wider), deleted()]).await;
        let create = wider.letta().access_tokens().create(policy(), ORIGIN);
        let error = create.expires_in(Duration::from_secs(60)).await;
        assert!(error.unwrap_err().is_grant_mismatch(), "{body}");
    }
}

#[tokio::test]
async fn differences_of_rights_and_of_expiry_are_told_together() {
    let body = granted(&[&entry("agent-1", r#""read_messages""#)]);
    let server = server(&body, deleted()).await;
    let create = server.letta().access_tokens().create(policy(), ORIGIN);
    let error = create.expires_in(Duration::from_secs(60)).await;
    let text = error.unwrap_err().to_string();
    assert!(text.contains("does not allow `write_messages`"), "{text}");
    assert!(
        text.contains(&format!("it expires at `{ANSWERED}`")),
        "{text}"
    );
}

#[tokio::test]
async fn a_deletion_that_finds_no_token_does_not_say_that_the_token_is_deleted() {
    let none = json("404 Not Found", r#"{"message":"Token not found"}"#);
    let server = server(&mismatches()[0].0, none).await;
    let create = server.letta().access_tokens().create(policy(), ORIGIN);
    let error = create.await.unwrap_err();
    assert!(error.is_grant_mismatch() && error.may_have_happened());
    assert!(error.to_string().contains("no record of it"), "{error}");
}

/// A service with a clock of its own, which makes its own of the expiry that is asked for.
struct Service {
    server: FaultServer,
    creates: Arc<AtomicUsize>,
}

impl Service {
    /// `expiry` gets the service's time and what was asked for. The clock is told apart from this machine's by so many
    /// seconds.
    async fn start(
        ahead: i64,
        expiry: impl Fn(Timestamp, Option<Timestamp>) -> Timestamp + Send + Sync + 'static,
    ) -> Self {
        let creates = Arc::new(AtomicUsize::new(0));
        let counted = creates.clone();
        let server = FaultServer::start_with(move |_, request| {
            let now = Timestamp::now() + SignedDuration::from_secs(ahead);
            if request.starts_with("DELETE ") {
                return deleted();
            }
            counted.fetch_add(1, Ordering::Relaxed);
            let body: serde_json::Value = serde_json::from_str(split(request).2).unwrap();
            let asked = body["expires_at"].as_str();
            let granted = expiry(now, asked.map(|text| text.parse().unwrap()));
            let date = jiff::fmt::rfc2822::DateTimePrinter::new();
            let date = date.timestamp_to_rfc9110_string(&now).unwrap();
            let body = expiring(&granted.to_string());
            let head = answer("201 Created", "application/json", &body);
            let head = String::from_utf8(head).unwrap();
            let head = head.replacen("\r\n", &format!("\r\ndate: {date}\r\n"), 1);
            Fault::Answer(head.into_bytes())
        });
        Self {
            server: server.await,
            creates,
        }
    }

    fn minter(&self, lifetime: u64) -> TokenMinter {
        TokenMinter::builder(&letta(self.server.url()), ORIGIN)
            .lifetime(Duration::from_secs(lifetime))
            .valid_for(Duration::from_secs(1))
            .build()
            .unwrap()
    }

    fn creates(&self) -> usize {
        self.creates.load(Ordering::Relaxed)
    }
}

fn after(now: Timestamp, seconds: i64) -> Timestamp {
    now + SignedDuration::from_secs(seconds)
}

/// It passes over what is asked for in silence.
fn five_minutes(now: Timestamp, _: Option<Timestamp>) -> Timestamp {
    after(now, 300)
}

/// It grants half an hour at most.
fn half_an_hour_at_most(now: Timestamp, asked: Option<Timestamp>) -> Timestamp {
    asked.map_or(after(now, 300), |asked| asked.min(after(now, 1800)))
}

#[tokio::test]
async fn a_date_that_is_passed_over_in_silence_shows() {
    for lifetime in [30, 200, 900] {
        let service = Service::start(0, five_minutes).await;
        let tokens = service.server.letta().access_tokens();
        let create = tokens.create(policy(), ORIGIN);
        let error = create.expires_in(Duration::from_secs(lifetime)).await;
        let error = error.unwrap_err();
        assert!(error.is_grant_mismatch(), "{lifetime}: {error}");
        assert!(error.to_string().contains("was asked for"), "{error}");
    }
    // What it gives anyhow cannot be told from what was asked for.
    let service = Service::start(0, five_minutes).await;
    let tokens = service.server.letta().access_tokens();
    tokens.create(policy(), ORIGIN).await.unwrap();
}

#[tokio::test]
async fn a_life_that_is_cut_at_a_maximum_is_a_mismatch_and_so_is_one_by_another_clock() {
    let service = Service::start(0, half_an_hour_at_most).await;
    let tokens = service.server.letta().access_tokens();
    let create = |seconds| {
        let create = tokens.create(policy(), ORIGIN);
        create.expires_in(Duration::from_secs(seconds))
    };
    assert!(create(3_600).await.unwrap_err().is_grant_mismatch());
    create(900).await.unwrap();
    // The service's clock is an hour behind: it grants less than this machine's clock asks for.
    let service = Service::start(-3_600, half_an_hour_at_most).await;
    let tokens = service.server.letta().access_tokens();
    let create = tokens.create(policy(), ORIGIN);
    let error = create.expires_in(Duration::from_secs(900)).await;
    assert!(error.unwrap_err().is_grant_mismatch());
    // One that grants the very instant is as asked, whatever its clock says.
    for ahead in [-3_600, 3_600] {
        let service = Service::start(ahead, |_, asked| asked.unwrap()).await;
        let tokens = service.server.letta().access_tokens();
        let create = tokens.create(policy(), ORIGIN);
        create.expires_in(Duration::from_secs(900)).await.unwrap();
    }
}

#[tokio::test]
async fn what_a_later_attempt_sends_is_what_it_is_compared_with() {
    let echo = |request: &str| {
        let body: serde_json::Value = serde_json::from_str(split(request).2).unwrap();
        let sent = body["expires_at"].as_str().unwrap();
        json("201 Created", &expiring(sent))
    };
    let server = FaultServer::start_with(move |number, request| match number {
        0 => Fault::CloseAfterRequest,
        _ => echo(request),
    })
    .await;
    let tokens = letta(server.url()).access_tokens();
    let create = tokens.create(policy(), ORIGIN);
    let pause = Duration::from_millis(1);
    let create = create.expires_in(Duration::from_secs(60)).with_retry(
        RetryPolicy::standard()
            .backoff(pause, pause)
            .repeat_unsafe(),
    );
    create.await.unwrap();
    let requests = server.requests();
    assert_eq!(requests.len(), 2);
    assert_eq!(split(&requests[0]).2, split(&requests[1]).2);
}

#[tokio::test]
async fn a_minter_keeps_a_shorter_life_and_refuses_a_longer_one() {
    let service = Service::start(0, five_minutes).await;
    let minter = service.minter(900);
    let token = minter.token(&policy()).await.unwrap();
    let left = token.remaining().as_secs();
    assert!((200..=300).contains(&left), "{left}");
    assert_eq!((service.creates(), service.server.requests().len()), (1, 1));

    let minter = service.minter(60);
    let error = minter.token(&policy()).await.unwrap_err();
    assert!(error.is_grant_mismatch(), "{error}");
    assert!(error.to_string().contains(", later than the "), "{error}");
    assert!(!error.may_have_happened() && error.to_string().contains("deleted"));
    assert_eq!(minter.token_count(), 0);
    assert_eq!((service.creates(), service.server.requests().len()), (2, 3));
}

#[tokio::test]
async fn a_wrong_clock_makes_no_mismatch_and_no_long_life() {
    for ahead in [-3_600, 3_600] {
        // Shorter than what is meant, though later than what this machine's clock asks for first.
        let service = Service::start(ahead, five_minutes).await;
        let minter = service.minter(900);
        let token = minter.token(&policy()).await.expect("a token");
        let left = token.remaining().as_secs();
        assert!((200..=300).contains(&left), "{ahead}: {left}");

        // Half an hour is longer than what is meant, though earlier than what is asked for first.
        let service = Service::start(ahead, half_an_hour_at_most).await;
        let minter = service.minter(900);
        let token = minter.token(&policy()).await.expect("a token");
        let left = token.remaining().as_secs();
        assert!((700..=900).contains(&left), "{ahead}: {left}");
        assert_eq!(service.creates(), 2);
    }
}

#[tokio::test]
async fn a_service_that_gives_a_longer_life_by_itself_is_asked_for_less() {
    let an_hour = |now, asked: Option<Timestamp>| asked.unwrap_or_else(|| after(now, 3_600));
    let service = Service::start(0, an_hour).await;
    let minter = service.minter(300);
    let token = minter.token(&policy()).await.unwrap();
    let left = token.remaining().as_secs();
    assert!((200..=300).contains(&left), "{left}");
    assert_eq!(service.creates(), 2);
    // From then on, at once.
    let other: AccessPolicy = "agent-1:read_messages,write_messages".parse().unwrap();
    minter.token(&other).subject("ada").await.unwrap();
    assert_eq!(service.creates(), 3);

    let stubborn = Service::start(0, |now, _| after(now, 3_600)).await;
    let minter = stubborn.minter(300);
    let error = minter.token(&policy()).await.unwrap_err();
    assert!(error.is_grant_mismatch(), "{error}");
    assert_eq!(minter.token_count(), 0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn expiries_differ_if_their_instants_are_a_second_or_more_apart(
        // From the year 2100 to 9000, in milliseconds.
        asked in 4_102_444_800_000_i64..221_845_392_000_000,
        apart in prop_oneof![-2_000_i64..2_000, Just(1_000), Just(-1_000), Just(999), Just(-999)],
        minutes in -14 * 60..14 * 60,
        is_lower_case: bool,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let asked = Timestamp::from_millisecond(asked).unwrap();
        let answered = asked + SignedDuration::from_millis(apart);
        let offset = jiff::tz::Offset::from_seconds(minutes * 60).unwrap();
        let mut text = answered.display_with_offset(offset).to_string();
        if is_lower_case {
            text.make_ascii_lowercase();
        }
        let outcome = runtime.block_on(async {
            let server = server(&expiring(&text), deleted()).await;
            let create = server.letta().access_tokens().create(policy(), ORIGIN);
            create.expires_at(asked).await
        });
        match outcome {
            Ok(_) => prop_assert!(apart.abs() < 1_000, "{asked} {text}"),
            Err(error) => {
                prop_assert!(error.is_grant_mismatch() && apart.abs() >= 1_000, "{asked}: {error}");
                let text = error.to_string();
                prop_assert!(text.contains(&asked.to_string()), "{}", text);
            }
        }
    }
}
