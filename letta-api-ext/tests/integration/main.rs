//! The examples as programs, and the token endpoint behind a server.

mod approvals;
mod browser_chat;
mod chat;
mod example;
mod hold_token;
mod mint_token;
mod resume_after_a_crash;
mod token_endpoint;
mod tools;
mod upload_and_ask;
