//! Requests for operations that the API description does not have.

use std::sync::Arc;

use bytes::Bytes;
use letta_api::support::path::{self, Segment};
use letta_api::{BaseUrl, ByteStream, Operation, Response, ResponseValue};
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderValue};
use reqwest::{Method, Request};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use url::Url;
use zeroize::Zeroizing;

use super::Letta;
use super::answer::Answer;
use super::request::{Call, options};
use crate::error::{Error, Result, redact};

/// A request for an operation that this SDK does not have. From [`Letta::request`].
///
/// Credentials, deadline, retries, redaction and limits are those of any other request. [`send`](Self::send) decodes
/// the answer as JSON of any type. [`bytes`](Self::bytes) and [`stream`](Self::stream) return it undecoded. `.await`
/// without one of these sends the request, and returns a [`Value`].
///
/// ```no_run
/// # async fn run(letta: letta_api_ext::Letta) -> Result<(), letta_api_ext::Error> {
/// use letta_api_ext::reqwest::Method;
/// use serde_json::{Value, json};
///
/// let found: Value = letta
///     .request(Method::GET, "/v1/folders/{folder}/files")
///     .path_param("folder", "source-1")
///     .query(&[("limit", "20")])
///     .send()
///     .await?;
/// let made: Value = letta
///     .request(Method::POST, "/v1/folders/")
///     .json(&json!({ "name": "Recipes" }))
///     .send()
///     .await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
#[must_use = "a request does nothing until it is sent"]
pub struct CustomRequest {
    call: Call,
    method: Method,
    path: String,
    params: Vec<(&'static str, Result<Arc<Segment>>)>,
    query: Result<String>,
    body: Result<Option<(HeaderValue, Bytes)>>,
    is_safe_to_repeat: Option<bool>,
}

impl Letta {
    /// A request for an operation that the service has, and that neither this crate nor [`api`](Self::api) has a
    /// method for.
    ///
    /// The path begins with a slash, as in `/v1/folders/{folder}`, and is appended to the base URL. A parameter in
    /// braces is one segment. Fill it in with [`path_param`](CustomRequest::path_param). The path itself appears in
    /// logs and traces, so it must not have a secret. `send` reports an invalid path.
    ///
    /// ```no_run
    /// # async fn run(letta: letta_api_ext::Letta) -> Result<(), letta_api_ext::Error> {
    /// use letta_api_ext::reqwest::Method;
    ///
    /// let health: serde_json::Value = letta.request(Method::GET, "/v1/health/").await?;
    /// println!("{}", health["version"]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn request(&self, method: Method, path: impl Into<String>) -> CustomRequest {
        CustomRequest {
            call: self.call(),
            method,
            path: path.into(),
            params: Vec::new(),
            query: Ok(String::new()),
            body: Ok(None),
            is_safe_to_repeat: None,
        }
    }
}

impl CustomRequest {
    options!();

    /// Fills in a parameter of the path. The value becomes one segment, percent-encoded. It is treated as a secret:
    /// it is not logged, and it is redacted from what the service says.
    ///
    /// `send` reports a parameter that the path does not have, and a value that would name another resource: an empty
    /// value, or `.` or `..` between slashes.
    pub fn path_param(mut self, name: &'static str, value: impl AsRef<str>) -> Self {
        let segment = path::segment(name, &value.as_ref());
        let segment = segment.map(Arc::new).map_err(Error::from);
        self.params.push((name, segment));
        self
    }

    /// Adds parameters to the query: pairs, or a struct with fields such as texts and numbers. A field that is `None`
    /// is left out.
    ///
    /// `send` reports a value without such a form, such as nested lists.
    pub fn query(mut self, query: &(impl Serialize + ?Sized)) -> Self {
        self.query = self.query.and_then(|mut before| {
            let more = serde_urlencoded::to_string(query).map_err(|_| {
                let rule = "must be pairs, or a struct of texts and numbers";
                Error::invalid_input("query", rule, None)
            })?;
            if !before.is_empty() && !more.is_empty() {
                before.push('&');
            }
            before.push_str(&more);
            Ok(before)
        });
        self
    }

    /// Sends a JSON body. Replaces an earlier body. `send` reports a value that JSON cannot represent.
    pub fn json(mut self, body: &(impl Serialize + ?Sized)) -> Self {
        self.body = match serde_json::to_vec(body) {
            Ok(bytes) => Ok(Some((
                HeaderValue::from_static("application/json"),
                bytes.into(),
            ))),
            Err(_) => {
                let rule = "must be a value that JSON can have";
                Err(Error::invalid_input("body", rule, None))
            }
        };
        self
    }

    /// Sends a body of another form. Replaces an earlier body. `send` reports an invalid content type.
    pub fn body(mut self, content_type: &str, body: impl Into<Bytes>) -> Self {
        self.body = match HeaderValue::from_str(content_type) {
            Ok(kind) => Ok(Some((kind, body.into()))),
            Err(_) => {
                let rule = "must be a media type, as in `text/plain`";
                Err(Error::invalid_input("content_type", rule, None))
            }
        };
        self
    }

    /// Whether the request may be sent again if its answer was lost, and so may have had its effect. You know what
    /// the operation does. By default `true` for GET, HEAD and OPTIONS (RFC 9110, section 9.2.1), and `false` for
    /// other methods. See [`RetryPolicy`](crate::RetryPolicy).
    pub fn safe_to_repeat(mut self, is_safe: bool) -> Self {
        self.is_safe_to_repeat = Some(is_safe);
        self
    }

    /// Sends the request, and decodes the answer as JSON. An empty body is read as `null`, which fits `()` and
    /// `Option`.
    ///
    /// # Errors
    ///
    /// Before anything is sent: an invalid `method`, `path`, path parameter, `query`, `body` or `header`
    /// ([`Error::field`]). After that: any failure of the service or the network. A success whose body is not a `T`
    /// is an [invalid response](Error::is_invalid_response), and [may have happened](Error::may_have_happened).
    pub async fn send<T: DeserializeOwned>(self) -> Result<T> {
        let response = self.response(false).await?;
        let decoded = ResponseValue::decode_json(response);
        let outcome =
            decoded.map_err(|payload| letta_api::Error::<()>::InvalidPayload(Box::new(payload)));
        Answer::of(outcome).map(Answer::into_inner)
    }

    /// Sends the request, and returns the whole body of the answer, undecoded.
    ///
    /// # Errors
    ///
    /// Those of [`send`](Self::send), except for a body that is not JSON.
    pub async fn bytes(self) -> Result<Bytes> {
        let response = self.response(false).await?;
        Ok(response.bytes().await?)
    }

    /// Sends the request, and returns the body of the answer as it arrives, for instance server-sent events.
    ///
    /// The deadline and the time-out for an attempt end when the body begins. The body's length has no limit.
    ///
    /// # Errors
    ///
    /// Those of [`send`](Self::send), except for a body that is not JSON.
    pub async fn stream(self) -> Result<ByteStream> {
        Ok(self.response(true).await?.into_stream())
    }

    /// The answer, if its status says success.
    async fn response(mut self, streams: bool) -> Result<Response> {
        let base = self.call.letta().api().base_url();
        let accept = if streams {
            "text/event-stream, */*"
        } else {
            "application/json, */*"
        };
        let request = self.to_request(base, accept)?;
        let by_method = matches!(self.method, Method::GET | Method::HEAD | Method::OPTIONS);
        let is_safe = self.is_safe_to_repeat.unwrap_or(by_method);
        let operation = operation(&self.method, is_safe, streams).ok_or_else(|| {
            let rule = "must be GET, HEAD, OPTIONS, POST, PUT, PATCH or DELETE";
            Error::invalid_input("method", rule, None)
        })?;
        let template = Arc::from(std::mem::take(&mut self.path));
        self.call
            .change(|options| options.template = Some(template));
        let response = self.call.api().execute(request, operation).await?;
        match response.status().is_success() {
            true => Ok(response),
            false => Err(letta_api::Error::<()>::UnexpectedResponse(response).into()),
        }
    }

    fn to_request(&self, base: &BaseUrl, accept: &'static str) -> Result<Request> {
        let path = fill(&self.path, &self.params)?;
        let mut url: Url = path::url_of(base, format_args!("{}", path.as_str()));
        let query = self.query.as_ref().map_err(Error::clone)?;
        if !query.is_empty() {
            url.set_query(Some(query));
        }
        let mut request = Request::new(self.method.clone(), url);
        let headers = request.headers_mut();
        headers.insert(ACCEPT, HeaderValue::from_static(accept));
        if let Some((kind, body)) = self.body.as_ref().map_err(Error::clone)? {
            headers.insert(CONTENT_TYPE, kind.clone());
            *request.body_mut() = Some(body.clone().into());
        }
        Ok(request)
    }
}

impl IntoFuture for CustomRequest {
    type Output = Result<Value>;
    type IntoFuture = letta_api::BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.send())
    }
}

impl std::fmt::Debug for CustomRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Values, query and body may be secret. So may a path that is not checked yet.
        f.debug_struct("CustomRequest")
            .field("method", &self.method)
            .finish_non_exhaustive()
    }
}

/// Fills the parameters into a path.
fn fill(path: &str, params: &[(&'static str, Result<Arc<Segment>>)]) -> Result<Zeroizing<String>> {
    let refuse = |rule: String| Err(Error::invalid_input("path", rule, None));
    if redact::patterns(path) != path {
        return refuse(
            "must hold no key and no token, since it is written to logs: pass the value to `path_param`".to_owned(),
        );
    }
    let Some(segments) = path.strip_prefix('/') else {
        return refuse("must begin with a slash, as in `/v1/agents/{agent}`".to_owned());
    };
    let is_odd = |c: char| c.is_whitespace() || c.is_control() || "?#\\%".contains(c);
    if let Some(odd) = path.chars().find(|c| is_odd(*c)) {
        return refuse(format!(
            "must not hold {odd:?}: pass the query to `query`, and values to `path_param`"
        ));
    }
    let mut pieces = Vec::new();
    let mut filled = vec![false; params.len()];
    for segment in segments.split('/') {
        pieces.push(Zeroizing::new("/".to_owned()));
        let name = segment
            .strip_prefix('{')
            .and_then(|rest| rest.strip_suffix('}'));
        let piece = match name {
            Some(name) => {
                let Some(index) = params.iter().position(|(given, _)| *given == name) else {
                    return refuse(format!(
                        "has a parameter `{name}` that `path_param` did not fill in"
                    ));
                };
                filled[index] = true;
                params[index].1.as_ref().map_err(Error::clone)?.to_string()
            }
            None if segment.contains(['{', '}']) => {
                return refuse(
                    "must have each parameter in braces as a whole segment, as in `/v1/agents/{agent}`".to_owned(),
                );
            }
            None if matches!(segment, "." | "..") => {
                return refuse("must have no `.` or `..` segment".to_owned());
            }
            None => segment.to_owned(),
        };
        pieces.push(Zeroizing::new(piece));
    }
    if let Some(index) = filled.iter().position(|is_filled| !is_filled) {
        let (name, _) = params[index];
        return refuse(format!(
            "has no parameter `{name}`, or `path_param` was called twice for it"
        ));
    }
    // Reserves room for everything: a text that grows leaves copies of secrets behind.
    let length = pieces.iter().map(|piece| piece.len()).sum();
    let mut filled = Zeroizing::new(String::with_capacity(length));
    for piece in &pieces {
        filled.push_str(piece);
    }
    Ok(filled)
}

/// How the transport and metrics see a custom request.
fn operation(method: &Method, is_safe: bool, streams: bool) -> Option<&'static Operation> {
    const fn variants(method: &'static str) -> [Operation; 4] {
        let plain = Operation::new("request", method, "");
        let safe = plain.with_safe_to_repeat(true);
        [
            plain,
            plain.with_streams(true),
            safe,
            safe.with_streams(true),
        ]
    }
    static OPERATIONS: [[Operation; 4]; 7] = [
        variants("GET"),
        variants("HEAD"),
        variants("OPTIONS"),
        variants("POST"),
        variants("PUT"),
        variants("PATCH"),
        variants("DELETE"),
    ];
    let variants = OPERATIONS.iter().find(|it| it[0].method == method.as_str());
    variants?.get(2 * usize::from(is_safe) + usize::from(streams))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(path: &str, params: &[(&'static str, &str)]) -> Result<String> {
        let params: Vec<_> = params
            .iter()
            .map(|(name, value)| {
                let segment = path::segment(name, value);
                (*name, segment.map(Arc::new).map_err(Error::from))
            })
            .collect();
        fill(path, &params).map(|path| path.to_string())
    }

    #[test]
    fn parameters_are_segments_of_their_own() {
        for (path, params, expected) in [
            ("/v1/health/", &[][..], "/v1/health/"),
            ("/", &[], "/"),
            (
                "/v1/a/{a}/b/{b}",
                &[("b", "2"), ("a", "x/y z")],
                "/v1/a/x%2Fy%20z/b/2",
            ),
        ] {
            assert_eq!(filled(path, params).unwrap(), expected);
        }
    }

    #[test]
    fn an_invalid_path_is_refused_and_says_what_to_do() {
        for (path, params, says) in [
            ("", &[][..], "begin with a slash"),
            ("v1/x", &[], "begin with a slash"),
            ("https://a.b/v1", &[], "begin with a slash"),
            ("/v1/x?y=hunter2", &[], "`query`"),
            ("/v1/x#y", &[], "`query`"),
            ("/v1/x y", &[], "`path_param`"),
            ("/v1/%2e%2e/x", &[], "'%'"),
            ("/v1/../x", &[], "no `.` or `..`"),
            ("/v1/x/.", &[], "no `.` or `..`"),
            ("/v1/x-{id}", &[("id", "1")], "a whole segment"),
            ("/v1/{id}", &[], "did not fill in"),
            ("/v1/{id}", &[("id", "1"), ("other", "2")], "`other`"),
            ("/v1/x/sk-let-hunter2", &[], "no key and no token"),
            ("/v1/x/ck-let-hunter2hunter2", &[], "no key and no token"),
        ] {
            let error = filled(path, params).unwrap_err();
            assert_eq!(error.field(), Some("path"), "{path}");
            let text = format!("{error} {error:?}");
            assert!(text.contains(says), "{path}: {text}");
            assert!(!text.contains("hunter2"), "{text}");
        }
        for value in ["", ".", "..", "a/../b"] {
            let error = filled("/v1/{id}", &[("id", value)]).unwrap_err();
            assert!(error.is_invalid_input(), "{value}");
            assert!(error.to_string().contains("`id`"), "{error}");
        }
    }

    #[test]
    fn an_operation_says_what_a_request_is() {
        for method in ["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"] {
            for (is_safe, streams) in [(false, false), (false, true), (true, false), (true, true)] {
                let method = method.parse().unwrap();
                let operation = operation(&method, is_safe, streams).unwrap();
                assert_eq!(operation.method, method.as_str());
                assert_eq!(operation.safe_to_repeat, is_safe);
                assert_eq!(operation.streams, streams);
                assert_eq!(operation.id, "request");
            }
        }
        assert!(operation(&Method::CONNECT, true, true).is_none());
    }
}
