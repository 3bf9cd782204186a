//! What a holder has.

/// What a [`TokenHolder`](super::TokenHolder) has now.
///
/// If it holds a token for each agent, `Live` and `Retrying` mean that at least one of them lives.
///
/// ```
/// use letta_api_ext::token_holder::TokenState;
///
/// fn shown(state: TokenState) -> &'static str {
///     match state {
///         TokenState::SignedOut => "You are signed out.",
///         TokenState::Refused => "The service refused your access.",
///         TokenState::Ended => "Your access has expired and could not be renewed.",
///         _ => "",
///     }
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TokenState {
    /// There is no token: none was fetched yet, or one is being fetched.
    None,
    /// There is a token.
    Live,
    /// There is a token, and it could not be renewed yet.
    Retrying,
    /// There is no token: the last one has expired, by the holder's own count, and was not renewed, or none could be fetched. The next
    /// call tries again.
    Ended,
    /// The service refused the last token, and there is no other to try. The next call tries once more.
    Refused,
    /// The application says that nobody is signed in, or [`forget`](super::TokenHolder::forget) was called.
    SignedOut,
}
