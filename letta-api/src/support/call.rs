//! How a generated method sends its request and reads the answer.
//!
//! Most methods end in one call of [`json`], [`nothing`] or [`stream`]. A match with an `await` in each arm would take the
//! compiler longer than the rest of the method. Methods whose answers are read in several ways begin with [`send`].

use reqwest::Request;
use serde::de::DeserializeOwned;

use super::pages::{Pages, Rule};
use crate::{BoxFuture, ByteStream, Client, Error, EventStream, Operation, Response};
use crate::{ResponseValue, TransportError};

/// For operations that answer with JSON.
pub fn json<T: DeserializeOwned, E: DeserializeOwned>(
    client: &Client,
    request: Request,
    operation: &'static Operation,
    successes: &'static [u16],
    errors: &'static [u16],
) -> impl Future<Output = Result<ResponseValue<T>, Error<E>>> {
    let sent = client.send(request, operation);
    async move {
        let response = client.received(sent.await)?;
        match is_documented(&response, successes, errors) {
            Some(is_success) => {
                let response = buffer(response).await?;
                match is_success {
                    true => decode(response),
                    false => Err(error(decode(response)?)),
                }
            }
            None => Err(undocumented(response)),
        }
    }
}

/// For operations whose answer has no body.
pub fn nothing<E: DeserializeOwned>(
    client: &Client,
    request: Request,
    operation: &'static Operation,
    successes: &'static [u16],
    errors: &'static [u16],
) -> impl Future<Output = Result<ResponseValue<()>, Error<E>>> {
    unread(client, request, operation, successes, errors, empty)
}

/// For operations that hand their answer over as it arrives.
pub fn stream<E: DeserializeOwned>(
    client: &Client,
    request: Request,
    operation: &'static Operation,
    successes: &'static [u16],
    errors: &'static [u16],
) -> impl Future<Output = Result<ResponseValue<ByteStream>, Error<E>>> {
    unread(client, request, operation, successes, errors, arriving)
}

/// For operations that answer with server-sent events. `end` is the data of the event that ends them.
pub fn events<T, E: DeserializeOwned>(
    client: &Client,
    request: Request,
    operation: &'static Operation,
    successes: &'static [u16],
    errors: &'static [u16],
    end: Option<&'static str>,
) -> impl Future<Output = Result<ResponseValue<EventStream<T>>, Error<E>>> {
    let answer = stream(client, request, operation, successes, errors);
    async move { typed(answer.await?, end) }
}

/// For lists that come in pages. `request` asks for the first page, and `take` gives a page's items.
pub fn pages<P, T, E: DeserializeOwned + 'static>(
    client: &Client,
    request: Result<Request, Error<E>>,
    operation: &'static Operation,
    successes: &'static [u16],
    errors: &'static [u16],
    rule: &'static Rule,
    take: fn(P) -> Vec<T>,
) -> Pages<P, T, E> {
    let fetch = |client: Client, request, operation, successes, errors| -> BoxFuture<'static, _> {
        Box::pin(async move {
            let response = client.received(client.send(request, operation).await)?;
            match is_documented(&response, successes, errors) {
                Some(true) => buffer(response).await,
                Some(false) => Err(error(decode(buffer(response).await?)?)),
                None => Err(undocumented(response)),
            }
        })
    };
    Pages::new(
        client, request, operation, successes, errors, fetch, rule, take,
    )
}

/// For operations whose successes are not read: `take` gets the answer.
fn unread<T, E: DeserializeOwned>(
    client: &Client,
    request: Request,
    operation: &'static Operation,
    successes: &'static [u16],
    errors: &'static [u16],
    take: fn(Response) -> ResponseValue<T>,
) -> impl Future<Output = Result<ResponseValue<T>, Error<E>>> {
    let sent = client.send(request, operation);
    async move {
        let response = client.received(sent.await)?;
        match is_documented(&response, successes, errors) {
            Some(true) => Ok(take(response)),
            Some(false) => {
                let response = buffer(response).await?;
                Err(error(decode(response)?))
            }
            None => Err(undocumented(response)),
        }
    }
}

/// For operations whose answers are read in several ways.
pub fn send(
    client: &Client,
    request: Request,
    operation: &'static Operation,
) -> impl Future<Output = Result<Response, TransportError>> {
    client.execute(request, operation)
}

/// Reads an answer that is JSON.
pub async fn read<T: DeserializeOwned, E>(
    response: Response,
) -> Result<ResponseValue<T>, Error<E>> {
    decode(buffer(response).await?)
}

/// An answer without a body.
pub fn empty(response: Response) -> ResponseValue<()> {
    ResponseValue::empty(response)
}

/// An answer that is handed over as it arrives.
pub fn arriving(response: Response) -> ResponseValue<ByteStream> {
    ResponseValue::stream(response)
}

/// An answer whose events are decoded as they arrive. `end` is the data of the event that ends them.
pub fn arriving_events<T, E>(
    response: Response,
    end: Option<&'static str>,
) -> Result<ResponseValue<EventStream<T>>, Error<E>> {
    typed(arriving(response), end)
}

/// Events of a body. If the service says that it has sent something else, such as JSON, that is an error: read as events, it would be a
/// stream of none.
pub(super) fn typed<T, E>(
    answer: ResponseValue<ByteStream>,
    end: Option<&'static str>,
) -> Result<ResponseValue<EventStream<T>>, Error<E>> {
    match answer.into_events() {
        Ok(answer) => Ok(answer.map(|body| EventStream::new(body).with_end(end))),
        Err(payload) => Err(Error::InvalidPayload(payload)),
    }
}

/// An error that the description documents.
pub fn error<E>(answer: ResponseValue<E>) -> Error<E> {
    Error::ErrorResponse(Box::new(answer))
}

/// An answer whose status the description does not have.
pub fn undocumented<E>(response: Response) -> Error<E> {
    Error::UnexpectedResponse(response)
}

/// The answer with its body read.
pub(super) async fn buffer<E>(mut response: Response) -> Result<Response, Error<E>> {
    match response.buffer().await {
        Ok(()) => Ok(response),
        Err(source) => Err(Error::ResponseBody { response, source }),
    }
}

pub(super) fn decode<T: DeserializeOwned, E>(
    response: Response,
) -> Result<ResponseValue<T>, Error<E>> {
    ResponseValue::decode(response).map_err(|payload| Error::InvalidPayload(Box::new(payload)))
}

/// Whether the status is that of a success, if it is documented.
fn is_documented(response: &Response, successes: &[u16], errors: &[u16]) -> Option<bool> {
    let status = response.status().as_u16();
    if successes.contains(&status) {
        Some(true)
    } else {
        errors.contains(&status).then_some(false)
    }
}
