//! Tokens that a page holds: from a source, renewed, replaced, and dropped.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use letta_api_ext::Letta;
use letta_api_ext::token_holder::{HttpTokenSource, SourcedToken, TokenNeed, TokenState};
use letta_api_in_browser_tests::{Servers, Service, origin, printed};
use reqwest::Method;
use serde_json::{Value, json};
use wasm_bindgen_test::wasm_bindgen_test;

const FIRST: &str = "ck-let-f1r5tf1r5tf1r5t";
const SECOND: &str = "ck-let-53c0nd53c0nd53c0nd";

/// An endpoint's answer with this token.
fn issued(token: &str, seconds: u32) -> Value {
    let body = json!({"token": token, "expiresIn": seconds});
    json!({"pieces": [body.to_string()]})
}

/// A client of a service, with tokens of an endpoint.
fn holder(service: &Service, endpoint: &Service) -> Letta {
    let url = format!("{}/api/letta-token", endpoint.url());
    let source = HttpTokenSource::new(url).unwrap();
    service.impatient_with(|builder| builder.token_source(source))
}

fn state(letta: &Letta) -> TokenState {
    letta.token_holder().unwrap().state()
}

async fn call(letta: &Letta) -> Result<Value, letta_api_ext::Error> {
    let request = letta.request(Method::GET, "/v1/agents/{agent_id}");
    request.path_param("agent_id", "agent-1").await
}

/// The tokens that a service was shown.
async fn shown(service: &Service) -> Vec<String> {
    let requests = service.requests().await;
    let headers = requests.iter().map(|it| &it.headers["authorization"]);
    headers
        .map(|it| it.strip_prefix("Bearer ").unwrap().to_owned())
        .collect()
}

#[wasm_bindgen_test]
async fn a_turn_has_a_token_of_the_applications_endpoint() {
    let servers = Servers::find().await;
    let source = HttpTokenSource::new(servers.token_url("agent-1")).unwrap();
    let builder = Letta::builder().token_source(source);
    let letta = builder.base_url(&*servers.emulator).build().unwrap();
    assert_eq!(state(&letta), TokenState::None);
    let agent = letta.agent("agent-1");
    let answer = agent.turn("Grüße 🦀").tokens().send().await.unwrap();
    assert!(answer.text().contains("Grüße 🦀"), "{}", answer.text());
    assert_eq!(state(&letta), TokenState::Live);
    let holder = letta.token_holder().unwrap();
    assert!(holder.remaining().unwrap() > Duration::from_secs(60));
    assert!(!agent.messages().await.unwrap().is_empty());
}

#[wasm_bindgen_test]
async fn a_source_that_is_a_closure_is_asked_once_for_calls_side_by_side() {
    let service = Service::answering("by_closure", vec![json!({"pieces": ["{}"]}); 5]).await;
    let asked = Arc::new(AtomicU32::new(0));
    let count = asked.clone();
    let source = move |_: TokenNeed| {
        count.fetch_add(1, Ordering::Relaxed);
        async {
            Servers::find().await;
            Ok(SourcedToken::new(FIRST).expires_in(Duration::from_secs(300)))
        }
    };
    let letta = service.impatient_with(|builder| builder.token_source(source));
    let calls = futures_util::future::join_all((0..4).map(|_| call(&letta))).await;
    assert!(calls.iter().all(Result::is_ok), "{calls:?}");
    call(&letta).await.unwrap();
    assert_eq!(asked.load(Ordering::Relaxed), 1);
    assert_eq!(shown(&service).await, [FIRST; 5]);
}

#[wasm_bindgen_test]
async fn a_page_asks_its_own_origin_by_a_path() {
    let service = Service::answering("own_origin", []).await;
    let source = HttpTokenSource::new("/no-such-endpoint").unwrap();
    let letta = service.impatient_with(|builder| builder.token_source(source));
    let error = call(&letta).await.unwrap_err();
    assert!(
        error.is_without_token() && !error.may_have_happened(),
        "{error}"
    );
    assert!(
        error.status().is_some(),
        "the page's own server answered: {error}"
    );
    assert!(!printed(&error).contains(&origin()));
    assert!(service.requests().await.is_empty());
}

#[wasm_bindgen_test]
async fn a_token_is_renewed_before_it_ends_without_calls() {
    let answers = [issued(FIRST, 6), issued(SECOND, 600)];
    let endpoint = Service::answering("renewal_endpoint", answers).await;
    let service = Service::answering("renewal", vec![json!({"pieces": ["{}"]}); 9]).await;
    let letta = holder(&service, &endpoint);
    call(&letta).await.unwrap();
    let held = letta.token_holder().unwrap();
    wasm_bindgen_futures::spawn_local(held.keep_renewed());
    while held.remaining() < Some(Duration::from_secs(60)) {
        // Meanwhile, the browser does what is due. On a busy machine, the token may end before that.
        match held.state() {
            TokenState::Ended => drop(call(&letta).await.unwrap()),
            _ => drop(service.requests().await),
        }
    }
    call(&letta).await.unwrap();
    let shown = shown(&service).await;
    assert_eq!((&*shown[0], &**shown.last().unwrap()), (FIRST, SECOND));
    assert_eq!(endpoint.requests().await.len(), 2);
    held.forget();
}

#[wasm_bindgen_test]
async fn a_refused_token_is_replaced_once() {
    let refused = || json!({"status": 401, "pieces": [r#"{"message":"Unauthorized"}"#]});
    let endpoint = Service::answering(
        "refused_endpoint",
        [issued(FIRST, 300), issued(SECOND, 300)],
    )
    .await;
    let service = Service::answering("refused", [refused(), json!({"pieces": ["{}"]})]).await;
    call(&holder(&service, &endpoint)).await.unwrap();
    assert_eq!(shown(&service).await, [FIRST, SECOND]);
    let asked = endpoint.requests().await;
    let said = asked.iter().map(|it| it.headers.get("letta-token-refused"));
    let said: Vec<Option<&str>> = said.map(|it| it.map(String::as_str)).collect();
    assert_eq!(said, [None, Some("1")]);

    let endpoint = Service::answering("same_endpoint", vec![issued(FIRST, 300); 9]).await;
    let service = Service::answering("same", vec![refused(); 9]).await;
    let letta = holder(&service, &endpoint);
    let error = call(&letta).await.unwrap_err();
    assert!(error.is_unauthorized(), "{error}");
    assert_eq!(state(&letta), TokenState::Refused);
    assert_eq!(shown(&service).await, [FIRST]);
    assert_eq!(endpoint.requests().await.len(), 2);
}

#[wasm_bindgen_test]
async fn a_token_is_doubted_after_a_call_without_an_answer() {
    let endpoint =
        Service::answering("doubt_endpoint", [issued(FIRST, 300), issued(SECOND, 300)]).await;
    // The service refuses the token, and leaves out what would let the page read that.
    let hidden = json!({"status": 401, "may_read": false});
    let service = Service::answering("doubt", [hidden, json!({"pieces": ["{}"]})]).await;
    let letta = holder(&service, &endpoint);
    let error = call(&letta).await.unwrap_err();
    assert!(error.is_interrupted(), "{error}");
    call(&letta).await.unwrap();
    assert_eq!(shown(&service).await, [FIRST, SECOND]);
}

#[wasm_bindgen_test]
async fn who_is_signed_out_has_no_token_until_they_sign_in_again() {
    let out = json!({"status": 401});
    let endpoint = Service::answering("out_endpoint", [out, issued(FIRST, 300)]).await;
    let service = Service::answering("out", vec![json!({"pieces": ["{}"]}); 2]).await;
    let letta = holder(&service, &endpoint);
    let error = call(&letta).await.unwrap_err();
    assert!(
        error.is_signed_out() && !error.may_have_happened(),
        "{error}"
    );
    assert_eq!(state(&letta), TokenState::SignedOut);
    assert!(service.requests().await.is_empty());
    call(&letta).await.unwrap();
    assert_eq!(state(&letta), TokenState::Live);

    letta.token_holder().unwrap().forget();
    let error = call(&letta).await.unwrap_err();
    assert!(error.is_signed_out(), "{error}");
    assert_eq!(endpoint.requests().await.len(), 2);
    assert_eq!(service.requests().await.len(), 1);
}

#[wasm_bindgen_test]
async fn an_endpoint_that_cannot_be_asked_is_told_and_asked_again() {
    let closed = json!({"may_read": false});
    let busy = json!({
        "status": 503,
        "pieces": [r#"{"detail":"Too many users"}"#],
        "headers": {"content-type": "application/problem+json"},
    });
    let endpoint = Service::answering("closed_endpoint", [closed, busy, issued(FIRST, 300)]).await;
    let service = Service::answering("closed", [json!({"pieces": ["{}"]})]).await;
    let letta = holder(&service, &endpoint);
    let error = call(&letta).await.unwrap_err();
    assert!(
        error.is_without_token() && !error.may_have_happened(),
        "{error}"
    );
    assert!(error.to_string().contains("(CORS)"), "{error}");
    crate::failures::assert_prints_nothing_of_the_page(&error);
    let error = call(&letta).await.unwrap_err();
    assert!(error.is_without_token(), "{error}");
    assert_eq!(error.message(), Some("Too many users"));
    call(&letta).await.unwrap();
    assert_eq!(endpoint.requests().await.len(), 3);
}

#[wasm_bindgen_test]
async fn no_token_is_printed() {
    let said = format!(r#"{{"message":"{FIRST} may not do this"}}"#);
    let endpoint = Service::answering("secret_endpoint", [issued(FIRST, 300)]).await;
    let service = Service::answering("secret", [json!({"status": 403, "pieces": [said]})]).await;
    let letta = holder(&service, &endpoint);
    let error = call(&letta).await.unwrap_err();
    assert_eq!(error.message(), Some("[redacted] may not do this"));
    let text = printed(&error) + &format!("{letta:?} {:?}", letta.token_holder());
    assert!(!text.contains("f1r5t"), "{text}");
}
