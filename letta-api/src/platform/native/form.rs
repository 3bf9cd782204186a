//! Forms with files.

use bytes::Bytes;
use futures_core::Stream;
use reqwest::RequestBuilder;
use reqwest::multipart::Form;

/// An empty form.
pub(crate) fn new() -> Form {
    // Otherwise, a part whose name is not ASCII would be sent as `name*=`, which RFC 7578 does not allow. Generated code
    // has no name with a character that would end it.
    Form::new().percent_encode_noop()
}

/// The request with this form. reqwest's own form is a stream, and a request with a stream cannot be sent again. So a form
/// that is in memory is put together first.
pub(crate) async fn attach(
    request: RequestBuilder,
    form: Form,
    is_in_memory: bool,
) -> Result<RequestBuilder, reqwest::Error> {
    if !is_in_memory {
        return Ok(request.multipart(form));
    }
    let media_type = format!("multipart/form-data; boundary={}", form.boundary());
    let body = collect(form.into_stream()).await?;
    Ok(request
        .header(reqwest::header::CONTENT_TYPE, media_type)
        .body(body))
}

async fn collect(
    stream: impl Stream<Item = Result<Bytes, reqwest::Error>>,
) -> Result<Bytes, reqwest::Error> {
    let mut stream = std::pin::pin!(stream);
    let mut body = Vec::new();
    while let Some(piece) = std::future::poll_fn(|cx| stream.as_mut().poll_next(cx)).await {
        body.extend_from_slice(&piece?);
    }
    Ok(body.into())
}
