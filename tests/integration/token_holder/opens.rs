//! What a holder refuses before it is sent, compared with what the emulator refuses.

use letta_api::{Operation, operations};
use letta_api_emulator::{Emulator, TokenRules};
use letta_api_ext::reqwest::{Method, Request};
use letta_api_ext::token_holder::SourcedToken;
use letta_api_ext::{AccessPolicy, AccessRight, Error, Letta, LettaBuilder, RetryPolicy};

const RIGHTS: [AccessRight; 4] = [
    AccessRight::ReadMessages,
    AccessRight::WriteMessages,
    AccessRight::ReadAgent,
    AccessRight::WriteAgent,
];

fn client(emulator: &Emulator, configure: impl FnOnce(LettaBuilder) -> LettaBuilder) -> Letta {
    let builder = Letta::builder().base_url(emulator.base_url());
    let builder = configure(builder.retry(RetryPolicy::never()));
    builder.build().unwrap()
}

/// Sends the operation to this agent, with an empty object as its body if it has one.
async fn send(letta: &Letta, operation: &'static Operation, agent: &str) -> Result<u16, Error> {
    let path: Vec<&str> = (operation.path_template.split('/'))
        .map(|segment| match segment {
            "{agent_id}" => agent,
            segment if segment.starts_with('{') => "x-1",
            segment => segment,
        })
        .collect();
    let url = format!("{}{}", letta.api().base_url(), path.join("/"));
    let method: Method = operation.method.parse().unwrap();
    let mut request = Request::new(method, url.parse().unwrap());
    if operation.method != "GET" {
        let kind = "application/json".parse().unwrap();
        request.headers_mut().insert("content-type", kind);
        *request.body_mut() = Some("{}".into());
    }
    let answer = letta.api().execute(request, operation).await?;
    Ok(answer.status().as_u16())
}

#[tokio::test]
async fn a_holder_refuses_what_the_emulator_refuses_and_nothing_else() {
    let rules = TokenRules::strict().any_origin(true);
    let builder = Emulator::builder().token_rules(rules);
    let emulator = builder
        .agent("agent-1")
        .agent("agent-2")
        .start()
        .await
        .unwrap();
    let server = client(&emulator, |builder| builder.api_key(emulator.api_key()));
    let (mut opened, mut refused) = (0, 0);
    for right in RIGHTS {
        let policy = AccessPolicy::for_agent("agent-1", [right.clone()]).unwrap();
        let tokens = server.access_tokens();
        let token = tokens
            .create(policy.clone(), "https://a.b")
            .send()
            .await
            .unwrap();
        let by_key = client(&emulator, |builder| builder.api_key(token.expose_secret()));
        let known = SourcedToken::new(&token).policy(policy);
        let holder = client(&emulator, |builder| builder.token_source(known));
        for operation in operations::ALL {
            for agent in ["agent-1", "agent-2"] {
                let what = format!("{operation} on {agent} by {right}");
                let by_service = send(&by_key, operation, agent).await;
                let by_service = matches!(by_service.unwrap(), 401 | 403);
                let by_holder = match send(&holder, operation, agent).await {
                    Ok(status) => {
                        assert!(!matches!(status, 401 | 403), "{what}: {status}");
                        false
                    }
                    Err(error) => {
                        assert!(error.is_not_opened(), "{what}: {error}");
                        let lacks = error.missing_right();
                        assert!(
                            lacks.is_none_or(|it| it != right || agent == "agent-2"),
                            "{what}"
                        );
                        true
                    }
                };
                assert_eq!(by_holder, by_service, "{what}");
                match by_holder {
                    true => refused += 1,
                    false => opened += 1,
                }
            }
        }
    }
    // Eight operations are open to a token, each by one right on its agent. The health of the service is open to all.
    assert_eq!(opened, 8 + 2 * RIGHTS.len());
    assert_eq!(opened + refused, 2 * RIGHTS.len() * operations::ALL.len());
}
