//! How a generated method sends its request and reads the answer, if all operations have one error body.
//!
//! An error of any status, documented or not, is read as a [`ServiceError`], which cannot fail. Nothing here but the decoding
//! of a success is generic: a compiler makes the rest once, and not for each operation.

use reqwest::Request;
use serde::de::DeserializeOwned;

use super::call;
use super::pages::{Pages, Rule};
use crate::response::html::is_html_type;
use crate::{BoxFuture, ByteStream, Client, Error, EventStream, Operation, Response};
use crate::{ResponseValue, ServiceError, TransportError, is_html};

/// For operations that answer with JSON.
pub fn json<T: DeserializeOwned>(
    client: &Client,
    request: Request,
    operation: &'static Operation,
    successes: &'static [u16],
) -> impl Future<Output = Result<ResponseValue<T>, Error<ServiceError>>> {
    let success = buffered(client, client.send(request, operation), successes);
    async move { call::decode(success.await?) }
}

/// For operations whose answer has no body.
pub fn nothing(
    client: &Client,
    request: Request,
    operation: &'static Operation,
    successes: &'static [u16],
) -> impl Future<Output = Result<ResponseValue<()>, Error<ServiceError>>> {
    let success = success(client, client.send(request, operation), successes);
    async move { nothing_of(success.await?).await }
}

/// A success whose body is of no use, unless it is a page: then another server may have answered, and nothing was done.
async fn nothing_of(response: Response) -> Result<ResponseValue<()>, Error<ServiceError>> {
    // Any other body is not even read.
    if !is_html_type(response.headers()) {
        return Ok(call::empty(response));
    }
    let response = call::buffer(response).await?;
    match is_html(response.headers(), response.buffered_body()) {
        true => call::decode(response),
        false => Ok(call::empty(response)),
    }
}

/// For operations that hand their answer over as it arrives.
pub fn stream(
    client: &Client,
    request: Request,
    operation: &'static Operation,
    successes: &'static [u16],
) -> impl Future<Output = Result<ResponseValue<ByteStream>, Error<ServiceError>>> {
    let success = success(client, client.send(request, operation), successes);
    async move { Ok(call::arriving(success.await?)) }
}

/// For operations that answer with server-sent events. `end` is the data of the event that ends them.
pub fn events<T>(
    client: &Client,
    request: Request,
    operation: &'static Operation,
    successes: &'static [u16],
    end: Option<&'static str>,
) -> impl Future<Output = Result<ResponseValue<EventStream<T>>, Error<ServiceError>>> {
    let answer = stream(client, request, operation, successes);
    async move { call::typed(answer.await?, end) }
}

/// For lists that come in pages. `request` asks for the first page, and `take` gives a page's items.
pub fn pages<P, T>(
    client: &Client,
    request: Result<Request, Error<ServiceError>>,
    operation: &'static Operation,
    successes: &'static [u16],
    rule: &'static Rule,
    take: fn(P) -> Vec<T>,
) -> Pages<P, T> {
    Pages::new(client, request, operation, successes, &[], page, rule, take)
}

/// Sends the request for a page.
fn page(
    client: Client,
    request: Request,
    operation: &'static Operation,
    successes: &'static [u16],
    _: &'static [u16],
) -> BoxFuture<'static, Result<Response, Error<ServiceError>>> {
    Box::pin(async move { buffered(&client, client.send(request, operation), successes).await })
}

/// An answer that is no documented success: the service's error, or an answer that the description does not have.
pub async fn refused(response: Response) -> Error<ServiceError> {
    let status = response.status();
    if !status.is_client_error() && !status.is_server_error() {
        return Error::UnexpectedResponse(response);
    }
    match call::buffer(response).await {
        Ok(response) => {
            let error = ServiceError::read(response.buffered_body());
            call::error(ResponseValue::with_body(response, error))
        }
        Err(error) => error,
    }
}

/// A documented success, its body unread.
async fn success(
    client: &Client,
    sent: BoxFuture<'_, Result<Response, TransportError>>,
    successes: &'static [u16],
) -> Result<Response, Error<ServiceError>> {
    let response = client.received(sent.await)?;
    match successes.contains(&response.status().as_u16()) {
        true => Ok(response),
        false => Err(refused(response).await),
    }
}

/// A documented success, its body read.
async fn buffered(
    client: &Client,
    sent: BoxFuture<'_, Result<Response, TransportError>>,
    successes: &'static [u16],
) -> Result<Response, Error<ServiceError>> {
    call::buffer(success(client, sent, successes).await?).await
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use bytes::Bytes;
    use reqwest::StatusCode;
    use reqwest::header::HeaderMap;
    use serde_json::Value;

    use super::*;
    use crate::{MaybeSend, Transport};

    static OPERATION: Operation = Operation::new("get_it", "GET", "/v1/it");

    /// Answers each request with this status and body.
    struct Answers(u16, Bytes);

    impl Transport for Answers {
        fn execute<'a>(
            &'a self,
            _: &'a reqwest::Client,
            _: Request,
            _: &'static Operation,
        ) -> BoxFuture<'a, Result<Response, TransportError>> {
            let mut headers = HeaderMap::new();
            headers.insert("x-request-id", "r-1".parse().unwrap());
            let status = StatusCode::from_u16(self.0).unwrap();
            let response = Response::new(status, headers, self.1.clone());
            Box::pin(std::future::ready(Ok(response)))
        }
    }

    fn client(status: u16, body: &'static str) -> (Client, Request) {
        let http = reqwest::Client::new();
        let request = http.get("https://api.letta.com/v1/it").build().unwrap();
        let client = Client::new("https://api.letta.com".parse().unwrap(), http);
        let transport = Answers(status, Bytes::from_static(body.as_bytes()));
        (
            client.with_transport(transport).with_body_limit(1_000),
            request,
        )
    }

    type Failure = Error<ServiceError>;

    async fn all_three(status: u16, body: &'static str) -> [Result<(), Failure>; 3] {
        let (client, request) = client(status, body);
        let again = || request.try_clone().unwrap();
        [
            json::<Value>(&client, again(), &OPERATION, &[200])
                .await
                .map(drop),
            nothing(&client, again(), &OPERATION, &[200])
                .await
                .map(drop),
            stream(&client, again(), &OPERATION, &[200]).await.map(drop),
        ]
    }

    #[tokio::test]
    async fn an_error_of_any_status_and_form_keeps_its_status_headers_and_body() {
        for status in [400, 401, 404, 409, 422, 429, 500, 502, 524, 599] {
            for (body, message) in [
                (r#"{"detail":"is bad"}"#, Some("is bad")),
                ("<html>bad gateway</html>", None),
                ("{\"detail\":", None),
                ("", None),
            ] {
                for outcome in all_three(status, body).await {
                    let error = outcome.unwrap_err();
                    assert_eq!(error.status().unwrap(), status);
                    assert_eq!(error.headers().unwrap()["x-request-id"], "r-1");
                    let Error::ErrorResponse(answer) = &error else {
                        panic!("{status} {body}: {error:?}");
                    };
                    assert_eq!(answer.message(), message);
                    assert_eq!(answer.body(), body.as_bytes());
                    assert_eq!(error.into_body().await.unwrap(), body);
                }
            }
        }
    }

    #[tokio::test]
    async fn a_success_is_read_and_an_undocumented_status_is_no_error_body() {
        for outcome in all_three(200, "{}").await {
            outcome.unwrap();
        }
        for status in [100, 202, 204, 302, 307] {
            for outcome in all_three(status, "{}").await {
                let error = outcome.unwrap_err();
                assert!(matches!(error, Error::UnexpectedResponse(_)), "{error:?}");
                assert_eq!(error.status().unwrap(), status);
            }
        }
        let [json, ..] = all_three(200, "<html>").await;
        assert!(matches!(json, Err(Error::InvalidPayload(_))));
    }

    #[tokio::test]
    async fn a_page_is_no_success_of_an_operation_that_answers_nothing() {
        for (kind, body, is_fine) in [
            ("text/html; charset=utf-8", "<html>Sign in</html>", false),
            ("text/html", "", true),
            ("text/html", "null", true),
            ("application/json", "null", true),
            ("application/json", "{\"message\":\"done\"}", true),
            ("text/plain", "done", true),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert("content-type", kind.parse().unwrap());
            let outcome = nothing_of(Response::new(StatusCode::OK, headers, body)).await;
            assert_eq!(outcome.is_ok(), is_fine, "{kind} {body}");
            if let Err(error) = outcome {
                assert!(matches!(error, Error::InvalidPayload(_)), "{error:?}");
            }
        }
    }

    #[tokio::test]
    async fn events_are_decoded_and_an_answer_of_another_media_type_is_an_error() {
        let body = "data: 1\n\ndata: [DONE]\n\ndata: 2\n\n";
        let (client, request) = client(200, body);
        let answer = events::<Value>(&client, request, &OPERATION, &[200], Some("[DONE]"));
        let answer = answer.await.unwrap();
        assert_eq!(answer.headers()["x-request-id"], "r-1");
        let mut events = answer.into_inner();
        assert_eq!(events.next().await.unwrap().unwrap(), 1);
        assert!(events.next().await.is_none());

        for (media_type, are_events) in [
            ("text/event-stream", true),
            ("Text/Event-Stream ; charset=utf-8", true),
            ("application/json", false),
            ("text/html", false),
            ("text/event-stream2", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert("content-type", media_type.parse().unwrap());
            let response = Response::new(StatusCode::OK, headers, "{}");
            let answer = call::arriving_events::<Value, ()>(response, None);
            match answer {
                Ok(_) => assert!(are_events, "{media_type}"),
                Err(error) => {
                    assert!(!are_events, "{media_type}");
                    assert!(matches!(error, Error::InvalidPayload(_)), "{error:?}");
                    assert_eq!(error.status().unwrap(), 200);
                }
            }
        }
    }

    #[tokio::test]
    async fn an_error_longer_than_the_limit_keeps_its_status() {
        static LONG: [u8; 2_000] = [b'x'; 2_000];
        let long = std::str::from_utf8(&LONG).unwrap();
        for outcome in all_three(500, long).await {
            let error = outcome.unwrap_err();
            assert!(matches!(error, Error::ResponseBody { .. }), "{error:?}");
            assert_eq!(error.status().unwrap(), 500);
        }
    }

    #[test]
    fn the_futures_can_be_sent_to_other_threads() {
        fn sent<T: MaybeSend>(_: &T) {}
        let (client, request) = client(200, "{}");
        let client = Arc::new(client);
        sent(&json::<Value>(&client, request, &OPERATION, &[200]));
    }
}
