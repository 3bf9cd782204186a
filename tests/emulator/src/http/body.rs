//! The body of a request: read to its end before the answer, and kept up to a limit.

use axum::body::{Body, Bytes};
use axum::extract::Request;
use futures_util::StreamExt as _;

use crate::http::refusal::Refusal;

/// The most that a body may hold, in bytes. Files and agents are uploaded.
pub(crate) const BODY_LIMIT: usize = 16 * 1024 * 1024;

/// How much of a body is read and thrown away before the answer, in bytes.
///
/// A server that answers without reading what is still being sent closes the connection on it, and the
/// client may then see a broken connection in place of the answer.
const READ_LIMIT: usize = 2 * BODY_LIMIT;

/// Marks a request whose body was larger than [`BODY_LIMIT`]. Its body is empty now.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BodyTooLarge;

/// Reads the body to its end, and puts what was read in its place.
pub(crate) async fn read_body(request: Request) -> Result<Request, Refusal> {
    let (mut parts, body) = request.into_parts();
    let mut stream = body.into_data_stream();
    let mut kept = Vec::new();
    let mut length = 0;
    while let Some(piece) = stream.next().await {
        let piece = piece.map_err(|_| unreadable())?;
        length += piece.len();
        if length <= BODY_LIMIT {
            kept.extend_from_slice(&piece);
        } else if length > READ_LIMIT {
            break;
        }
    }
    if length > BODY_LIMIT {
        kept = Vec::new();
        parts.extensions.insert(BodyTooLarge);
    }
    Ok(Request::from_parts(parts, Body::from(kept)))
}

/// The body of a request that has been through [`read_body`].
pub(crate) async fn whole_body(request: Request) -> Result<Bytes, Refusal> {
    axum::body::to_bytes(request.into_body(), BODY_LIMIT)
        .await
        .map_err(|_| unreadable())
}

fn unreadable() -> Refusal {
    Refusal::bad_request("the body could not be read to its end")
}
