//! Credentials that go with each request.

use reqwest::header::{AUTHORIZATION, COOKIE, HeaderName, HeaderValue};
use reqwest::{Request, RequestBuilder};

use crate::credentials::ApiKey;
use crate::support::cookie;
use crate::{BoxFuture, Direct, Operation, Response, Secret, Transport, TransportError};

/// A [`Transport`] that sends each request once, with credentials.
///
/// They go with every request of the client, also if the description says that an operation needs none. For those, use a client of its
/// own. `Debug` shows no credentials.
///
/// ```
/// use letta_api::{ApiKey, Credentials};
/// use reqwest::header::HeaderName;
///
/// let key = ApiKey::new("0f3c")?;
/// let both = Credentials::basic("ada", "hunter2").and(Credentials::header(HeaderName::from_static("x-api-key"), &key));
/// assert!(!format!("{both:?}").contains("hunter2"));
/// # Ok::<(), letta_api::InvalidApiKey>(())
/// ```
#[derive(Clone)]
pub struct Credentials(Vec<Credential>);

#[derive(Clone)]
enum Credential {
    Basic {
        user: String,
        password: Secret,
    },
    Header {
        name: HeaderName,
        value: HeaderValue,
    },
    Query {
        name: String,
        key: Secret,
    },
    Cookie {
        name: String,
        key: Secret,
    },
}

impl Credentials {
    /// A token in the header `Authorization: Bearer …`. That of OAuth 2 and OpenID Connect goes there, too.
    #[must_use]
    pub fn bearer(token: &ApiKey) -> Self {
        Self(vec![Credential::Header {
            name: AUTHORIZATION,
            value: token.to_authorization(),
        }])
    }

    /// A user and a password in the header `Authorization: Basic …`.
    #[must_use]
    pub fn basic(user: impl Into<String>, password: impl Into<Secret>) -> Self {
        Self(vec![Credential::Basic {
            user: user.into(),
            password: password.into(),
        }])
    }

    /// A key in a header of this name.
    #[must_use]
    pub fn header(name: HeaderName, key: &ApiKey) -> Self {
        let mut value = HeaderValue::from_str(key.secret().expose_secret())
            .expect("an ApiKey holds visible ASCII only");
        value.set_sensitive(true);
        Self(vec![Credential::Header { name, value }])
    }

    /// A key in a parameter of the query. It is in the URL then, which proxies and servers may log.
    #[must_use]
    pub fn query(name: impl Into<String>, key: &ApiKey) -> Self {
        Self(vec![Credential::Query {
            name: name.into(),
            key: key.secret().clone(),
        }])
    }

    /// A key in a cookie of this name.
    #[must_use]
    pub fn cookie(name: impl Into<String>, key: &ApiKey) -> Self {
        Self(vec![Credential::Cookie {
            name: name.into(),
            key: key.secret().clone(),
        }])
    }

    /// These credentials and others, for a service that asks for both.
    #[must_use]
    pub fn and(mut self, others: Self) -> Self {
        self.0.extend(others.0);
        self
    }

    /// The request with all of them.
    fn add_to(&self, http: &reqwest::Client, mut request: Request) -> reqwest::Result<Request> {
        for credential in &self.0 {
            match credential {
                Credential::Basic { user, password } => {
                    let builder = RequestBuilder::from_parts(http.clone(), request);
                    let password = Some(password.expose_secret());
                    request = builder.basic_auth(user, password).build()?;
                }
                Credential::Header { name, value } => {
                    request.headers_mut().insert(name.clone(), value.clone());
                }
                Credential::Query { name, key } => {
                    let mut pairs = request.url_mut().query_pairs_mut();
                    pairs.append_pair(name, key.expose_secret());
                }
                Credential::Cookie { name, key } => {
                    let before = request.headers().get(COOKIE);
                    let value = cookie::with(before, name, key.expose_secret());
                    request.headers_mut().insert(COOKIE, value);
                }
            }
        }
        Ok(request)
    }
}

impl Transport for Credentials {
    fn execute<'a>(
        &'a self,
        http: &'a reqwest::Client,
        request: Request,
        operation: &'static Operation,
    ) -> BoxFuture<'a, Result<Response, TransportError>> {
        match self.add_to(http, request) {
            Ok(request) => Direct.execute(http, request, operation),
            Err(error) => Box::pin(async move { Err(error.into()) }),
        }
    }
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credentials").finish_non_exhaustive()
    }
}
