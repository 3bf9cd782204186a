//! Every operation reads the error bodies of the service, in each of their forms and with statuses that are documented and not.

use letta_api::{Error, ResponseValue, ServiceError};
use letta_api_operations_tests::{Args, Description, Failed, METHODS, Method};
use serde_json::{Value, json};

use crate::server::{Reply, Scripted, run};
use crate::table::{operations, sent};

/// What an error says.
#[derive(Debug, Default, PartialEq)]
struct Said<'a> {
    message: Option<&'a str>,
    code: Option<&'a str>,
    detail: Option<&'a str>,
    trace_id: Option<&'a str>,
    fields: Vec<(&'a str, &'a str)>,
    limit: Option<u64>,
    reasons: Vec<&'a str>,
}

impl<'a> Said<'a> {
    fn of(error: &'a ServiceError) -> Self {
        let fields = error.fields().iter();
        Self {
            message: error.message(),
            code: error.code(),
            detail: error.detail(),
            trace_id: error.trace_id(),
            fields: fields.map(|it| (&*it.field, &*it.message)).collect(),
            limit: error.limit(),
            reasons: error.reasons().collect(),
        }
    }
}

/// Each form, with a status, and what it says.
fn forms() -> Vec<(u16, Value, Said<'static>)> {
    let message = |message| Said {
        message: Some(message),
        ..Said::default()
    };
    vec![
        (
            404,
            json!({"detail": "no such agent"}),
            message("no such agent"),
        ),
        (
            400,
            json!({"message": "the name is taken"}),
            message("the name is taken"),
        ),
        (
            422,
            json!({"trace_id": "abc123", "detail": "the ID is malformed", "examples": ["a-1"]}),
            Said {
                trace_id: Some("abc123"),
                ..message("the ID is malformed")
            },
        ),
        (
            409,
            json!({"detail": {"code": "PENDING_APPROVAL", "message": "it waits", "pending_request_id": "m-1"}}),
            Said {
                code: Some("PENDING_APPROVAL"),
                ..message("it waits")
            },
        ),
        (
            502,
            json!({"error": {"type": "llm_rate_limit", "message": "the model refused", "detail": "429 of the model"}}),
            Said {
                code: Some("llm_rate_limit"),
                detail: Some("429 of the model"),
                ..message("the model refused")
            },
        ),
        // As the operations on environments document it.
        (
            503,
            json!({"errorCode": "machine_offline", "message": "the machine does not answer"}),
            Said {
                code: Some("machine_offline"),
                ..message("the machine does not answer")
            },
        ),
        (
            402,
            json!({"error": "You have reached your limit for agents", "reasons": ["agents-limit-exceeded"], "limit": 3}),
            Said {
                limit: Some(3),
                reasons: vec!["agents-limit-exceeded"],
                ..message("You have reached your limit for agents")
            },
        ),
        (
            422,
            json!({"detail": [
                {"type": "missing", "loc": ["body", "messages", 0, "role"], "msg": "Field required"},
                {"type": "int_type", "loc": ["query", "limit"], "msg": "Not a number"},
            ]}),
            Said {
                fields: vec![
                    ("body.messages.0.role", "Field required"),
                    ("query.limit", "Not a number"),
                ],
                ..Said::default()
            },
        ),
        (
            418,
            json!({"message": "refused", "errors": {"name": {"first": ["too long", "taken"]}}}),
            Said {
                fields: vec![("name.first", "too long"), ("name.first", "taken")],
                ..message("refused")
            },
        ),
        // Not JSON, as what stands in front of the service answers.
        (521, Value::Null, Said::default()),
    ]
}

fn refusal(result: Result<(), Failed>) -> Result<Box<ResponseValue<ServiceError>>, String> {
    match result {
        Err(Failed::Call(error)) => match *error {
            Error::ErrorResponse(answer) => Ok(answer),
            other => Err(format!("{other:?}")),
        },
        other => Err(format!("{other:?}")),
    }
}

#[test]
fn every_operation_reads_each_form_of_an_error() {
    let server = Scripted::start();
    let description = Description::read();
    let all: Vec<(&Method, Args)> = operations(&description)
        .iter()
        .flat_map(|(row, operation)| {
            let names = [Some(row.name), row.events].into_iter().flatten();
            let args = sent(operation, row).unwrap().args;
            names.map(move |it| (Method::named(it).unwrap(), args.clone()))
        })
        .collect();
    assert_eq!(all.len(), METHODS.len());
    let mut wrong = Vec::new();
    for (status, body, said) in forms() {
        let is_json = !body.is_null();
        let text = if is_json {
            body.to_string()
        } else {
            "<html>the origin is down</html>".to_owned()
        };
        for (method, args) in &all {
            server.reply(Reply {
                status,
                media: Some(if is_json {
                    "application/json"
                } else {
                    "text/html"
                }),
                body: text.clone().into_bytes(),
            });
            let result = run((method.call)(&server.client, args)).map(|_| ());
            let problem = match refusal(result) {
                Err(problem) => problem,
                Ok(answer) => {
                    let is = (
                        answer.status().as_u16(),
                        answer.headers()["x-request-id"].to_str().unwrap(),
                        answer.body(),
                        answer.json(),
                        Said::of(&answer),
                    );
                    let should_be = (status, "req-1", text.as_bytes(), &body, &said);
                    let is = (is.0, is.1, is.2, is.3, &is.4);
                    if is == should_be {
                        continue;
                    }
                    format!("{is:?}, not {should_be:?}")
                }
            };
            wrong.push(format!("{} with {status}: {problem}", method.name));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
