//! The sessions of signed-in users. They are in memory, so they end when the application ends.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use letta_api_ext::token_endpoint::Problem;

use crate::App;
use crate::service::Agent;

const COOKIE: &str = "letta_chat_session";
const LIFETIME: Duration = Duration::from_secs(8 * 60 * 60);

#[derive(Default)]
pub(crate) struct Sessions(Mutex<HashMap<SessionId, Session>>);

struct Session {
    user: User,
    ends: Instant,
}

/// A random number of 256 bits, in hex. Whoever has it is the user.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct SessionId(String);

#[derive(Clone)]
pub(crate) struct User {
    pub(crate) name: String,
    pub(crate) agent: Agent,
}

/// The user who sent a request. If nobody is signed in, the answer is 401.
pub(crate) struct SignedIn {
    pub(crate) session: SessionId,
    pub(crate) user: User,
}

impl Sessions {
    /// Begins a session. Fails if the operating system has no random numbers.
    pub(crate) fn begin(&self, user: User) -> Result<SessionId, getrandom::Error> {
        let mut random = [0; 32];
        getrandom::fill(&mut random)?;
        let id = SessionId(random.iter().map(|byte| format!("{byte:02x}")).collect());
        let now = Instant::now();
        let session = Session {
            user,
            ends: now + LIFETIME,
        };
        let mut sessions = self.lock();
        sessions.retain(|_, session| session.ends > now);
        sessions.insert(id.clone(), session);
        Ok(id)
    }

    pub(crate) fn end(&self, id: &SessionId) {
        self.lock().remove(id);
    }

    fn user(&self, id: &SessionId) -> Option<User> {
        let sessions = self.lock();
        let session = sessions.get(id)?;
        (session.ends > Instant::now()).then(|| session.user.clone())
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<SessionId, Session>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SessionId {
    /// As good as a password, so do not print it.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// For `Set-Cookie`. Scripts cannot read it, and other sites' pages cannot cause it to be sent. If your
    /// application uses https, as it should, add `; Secure`.
    pub(crate) fn to_cookie(&self) -> String {
        let (id, seconds) = (&self.0, LIFETIME.as_secs());
        format!("{COOKIE}={id}; HttpOnly; SameSite=Strict; Path=/; Max-Age={seconds}")
    }

    /// For `Set-Cookie`, so that the browser forgets it.
    pub(crate) fn to_forget() -> String {
        format!("{COOKIE}=; HttpOnly; SameSite=Strict; Path=/; Max-Age=0")
    }

    fn of(headers: &HeaderMap) -> Option<Self> {
        let cookies = headers.get_all(header::COOKIE).into_iter();
        cookies
            .filter_map(|cookies| cookies.to_str().ok())
            .flat_map(|cookies| cookies.split(';'))
            .filter_map(|cookie| cookie.trim().split_once('='))
            .find(|(name, _)| *name == COOKIE)
            .map(|(_, id)| Self(id.to_owned()))
    }
}

impl FromRequestParts<App> for SignedIn {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let session = SessionId::of(&parts.headers).ok_or_else(Problem::unauthorized)?;
        let user = app.sessions.user(&session);
        let user = user.ok_or_else(Problem::unauthorized)?;
        Ok(Self { session, user })
    }
}
