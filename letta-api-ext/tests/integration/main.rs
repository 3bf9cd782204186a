//! The examples as programs, and the token endpoint behind a server.

mod browser_chat;
mod mint_token;
mod token_endpoint;
