//! Answers of any status, with any headers and any body: no panic, no endless call, no secret printed, and the same outcome
//! whatever pieces the body comes in.

#![no_main]

use std::time::Duration;

use letta_api_ext::fuzzing::letta;
use letta_api_ext::letta_api::Response;
use letta_api_ext::reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use letta_api_ext::reqwest::{self, ResponseBuilderExt as _, StatusCode, Url};
use letta_api_ext::{AccessPolicy, Error, RetryPolicy};
use libfuzzer_sys::fuzz_target;

const KEY: &str = "plain/K3yk3yk3y=4711";
const TOKEN: &str = "plain/t0kent0ken+4712=";

/// The headers that are looked at, by the number that stands for them.
const HEADERS: [&str; 6] = [
    "content-type",
    "x-request-id",
    "retry-after",
    "retry-after-ms",
    "x-should-retry",
    "location",
];

/// Stands for the lengths of the pieces that the body comes in, each a byte. They are repeated to its end.
const PIECES: u8 = b'p';

/// An answer whose body comes in one piece, or in pieces of these lengths.
#[derive(Clone)]
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Vec<u8>,
    pieces: Option<Vec<u8>>,
}

impl Answer {
    fn response(&self, url: &Url) -> Response {
        let (status, headers) = (self.status, self.headers.clone());
        let Some(lengths) = &self.pieces else {
            return Response::new(status, headers, self.body.clone());
        };
        let mut rest = &self.body[..];
        let mut pieces = Vec::new();
        let mut lengths = lengths.iter().cycle();
        while !rest.is_empty() {
            let length = lengths.next().map_or(rest.len(), |length| (*length).into());
            let (piece, after) = rest.split_at(length.min(rest.len()));
            rest = after;
            pieces.push(Ok::<_, std::io::Error>(piece.to_vec()));
        }
        let body = reqwest::Body::wrap_stream(futures_util::stream::iter(pieces));
        let response = http::Response::builder().url(url.clone()).status(status);
        let mut response = response.body(body).expect("its parts are parsed already");
        *response.headers_mut() = headers;
        reqwest::Response::from(response).into()
    }
}

fn printed(error: &Error) -> String {
    let mut text = format!("{:?} {:?}", error.message(), error.request_id());
    let mut cause: Option<&dyn std::error::Error> = Some(error);
    while let Some(error) = cause {
        text += &format!(" {error} {error:?}");
        cause = error.source();
    }
    text
}

// A line of the status, lines of headers (a digit and the value), perhaps one of the lengths of pieces, an empty line, the body.
fuzz_target!(|input: &[u8]| {
    let mut rest = input;
    let mut line = || {
        let end = rest
            .iter()
            .position(|byte| *byte == b'\n')
            .unwrap_or(rest.len());
        let (line, after) = rest.split_at(end);
        rest = after.get(1..).unwrap_or_default();
        line
    };
    let status = std::str::from_utf8(line()).ok();
    let status = status.and_then(|text| text.parse().ok());
    let Some(Ok(status)) = status.map(StatusCode::from_u16) else {
        return;
    };
    let mut headers = HeaderMap::new();
    let mut pieces = None;
    loop {
        let [digit, value @ ..] = line() else { break };
        if *digit == PIECES {
            // Some have bytes, or it would have no end.
            pieces = Some(value.to_vec()).filter(|lengths| lengths.iter().any(|it| *it > 0));
            continue;
        }
        let name = HEADERS.get(usize::from(digit.wrapping_sub(b'0')));
        if let (Some(name), Ok(value)) = (name, HeaderValue::from_bytes(value)) {
            headers.insert(HeaderName::from_static(name), value);
        }
    }

    if pieces.is_some() {
        // The wait until a date depends on when it is asked for.
        headers.remove("retry-after");
    }

    let answer = Answer {
        status,
        headers,
        body: rest.to_vec(),
        pieces: None,
    };
    let texts = outcomes(answer.clone());
    for text in &texts[1..] {
        assert!(!text.contains("K3yk3yk3y"), "{text}");
    }
    assert!(!texts[2].contains("t0kent0ken"), "{}", texts[2]);
    if pieces.is_some() {
        assert_eq!(outcomes(Answer { pieces, ..answer }), texts);
    }
});

/// What a create, a list and a revoke come to.
fn outcomes(answer: Answer) -> [String; 3] {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build();
    runtime.expect("a runtime starts").block_on(async {
        let tokens = letta(KEY, move |url| answer.response(url))
            .with_retry(RetryPolicy::never())
            .with_deadline(Duration::from_secs(5))
            .access_tokens();
        let policy = AccessPolicy::builder().agent("agent-1").chat().build();
        let policy = policy.expect("`agent-1` is an ID");
        [
            match tokens.create(policy, "https://a.b").await {
                Ok(token) => {
                    // How many seconds it is good for depends on when that is asked.
                    let _ = format!("{:?}", token.to_browser());
                    // The service may give the key as the token; it then prints no less than that.
                    format!("{token:?} {}", token.policy_version())
                }
                Err(error) => printed(&error),
            },
            match tokens.list().await {
                Ok(page) => format!("{} {}", page.tokens().len(), page.has_next_page()),
                Err(error) => printed(&error),
            },
            match tokens.revoke(TOKEN).await {
                Ok(outcome) => format!("{outcome:?}"),
                Err(error) => printed(&error),
            },
        ]
    })
}
