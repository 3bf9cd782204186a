//! Which of the service's paths a turn takes.

/// Which of the service's paths a turn takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum TurnPath {
    /// [`Resumable`](Self::Resumable) if it is open, or else [`Plain`](Self::Plain). A client that holds a client-side access token takes
    /// the plain one at once, since a token opens no other. If the server says that the path is not open, turns of all clones take the plain one for 60 s.
    #[default]
    Auto,
    /// The conversation's path, in background, with a key on every message (`otid`). The service knows a message that comes twice, and
    /// keeps what the agent says for three hours. So a lost answer is found again, and a stream that breaks goes on where it broke.
    Resumable,
    /// A plain stream. If the answer to the message is lost, the turn is an error that
    /// [may have happened](crate::Error::may_have_happened): the message is not sent again, since the agent may have it. If the stream
    /// breaks later, the run is asked, and what it left ends the turn. A client that holds a client-side access token may not read runs,
    /// so that a break is an error.
    Plain,
}
