//! The check over all operations. What is sent is made from the schemas, so it is as complete as the description.

mod accepts;
mod agrees;
mod answered;
mod bounded;
mod captures;
mod completes;
mod examples;
mod made;
mod refuses;
mod server;

use axum::body::Bytes;
use serde_json::Value;

use crate::description::body::Body;
use crate::description::check::{Sent, check, findings};
use crate::description::data::Data;
use crate::description::finding::{Finding, Loc};

/// A request to check.
#[derive(Default)]
struct Request {
    path: Vec<(String, String)>,
    query: String,
    content_type: Option<&'static str>,
    body: Vec<u8>,
}

impl Request {
    fn json(body: &Value) -> Self {
        Self {
            content_type: Some("application/json"),
            body: body.to_string().into_bytes(),
            ..Self::default()
        }
    }

    fn query(query: &str) -> Self {
        Self {
            query: query.to_owned(),
            ..Self::default()
        }
    }

    fn path(name: &str, value: &str) -> Self {
        Self {
            path: vec![(name.to_owned(), value.to_owned())],
            ..Self::default()
        }
    }

    async fn with<T>(&self, then: impl FnOnce(&Sent<'_>) -> T) -> T {
        let body = Bytes::from(self.body.clone());
        let body = Body::read(self.content_type, body).await;
        let path: Vec<(&str, &str)> = self.path.iter().map(|(n, v)| (&**n, &**v)).collect();
        then(&Sent {
            path: &path,
            query: &self.query,
            body: &body,
        })
    }

    async fn findings(&self, id: &str) -> Vec<Finding> {
        self.with(|sent| findings(id, sent)).await
    }

    /// The body of the refusal, if there is one.
    async fn refusal(&self, id: &str) -> Option<Value> {
        use axum::response::IntoResponse as _;
        let refusal = self.with(|sent| check(id, sent)).await.err()?;
        let response = refusal.into_response();
        assert_eq!(response.status(), 422);
        let bytes = axum::body::to_bytes(response.into_body(), usize::MAX);
        Some(serde_json::from_slice(&bytes.await.unwrap()).unwrap())
    }

    async fn detail(&self, id: &str) -> String {
        let refusal = self.refusal(id).await.unwrap_or_default();
        refusal["detail"].as_str().unwrap_or_default().to_owned()
    }
}

/// Where something is wrong in a body, as text.
fn place(finding: &Finding) -> String {
    let steps = finding.loc.iter().map(|step| match step {
        Loc::Name(name) => name.clone(),
        Loc::Index(index) => index.to_string(),
    });
    steps.collect::<Vec<_>>().join(".")
}

/// The description as it was written.
fn written() -> Value {
    serde_json::from_str(include_str!("description.json")).unwrap()
}

fn data() -> &'static Data {
    Data::get()
}
