//! Holds a client-side access token, and renews it: the other end of the token endpoint.

mod client;
mod fault;
mod flight;
mod holder;
mod http_source;
mod life;
mod opens;
mod path_agent;
mod slots;
mod source;
mod source_error;
mod state;

pub use holder::TokenHolder;
pub use http_source::HttpTokenSource;
pub use source::{SourcedToken, SourcedTokens, TokenNeed, TokenSource};
pub use source_error::TokenSourceError;
pub use state::TokenState;
