//! Forms with files. A form is the browser's own.

use reqwest::RequestBuilder;
use reqwest::multipart::Form;

/// An empty form.
pub(crate) fn new() -> Form {
    Form::new()
}

/// The request with this form. It cannot be sent again.
pub(crate) async fn attach(
    request: RequestBuilder,
    form: Form,
    _is_in_memory: bool,
) -> Result<RequestBuilder, reqwest::Error> {
    Ok(request.multipart(form))
}
