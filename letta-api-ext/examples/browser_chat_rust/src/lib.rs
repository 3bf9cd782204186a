//! The page of the example `browser_chat`, in Rust: it talks to one agent at the service, with a token that the application
//! gives it.
//!
//! It does what the page in JavaScript does (`browser_chat/page`), with the same HTML and the same words. The token, the calls
//! and the events are the SDK's.
//!
//! | file | what it is about | in JavaScript |
//! |---|---|---|
//! | `chat.rs` | the course of a conversation, and what to do if a step fails | `chat.js` |
//! | `talk.rs` | talks to the agent | `agent.js`, `events.js` |
//! | `history.rs` | messages of a list, in order | `history.js` |
//! | `access.rs` | for how long the page may talk | `access.js` |
//! | `failure.rs` | failures, by what the user can do about them | `failure.js` |
//! | `session.rs` | who the user is, and which agent it is | `chat.js` |
//! | `unsent.rs` | what the agent may not have, kept through a reload | `unsent.js` |
//! | `view.rs` | what is seen | `view.js` |
//! | `browser.rs` | what the browser tells the page | |

#![warn(unreachable_pub, rust_2018_idioms)]

mod access;
mod browser;
mod chat;
mod failure;
mod history;
mod session;
mod talk;
mod unsent;
mod view;

use wasm_bindgen::prelude::wasm_bindgen;

/// Begins when the page has been loaded.
#[wasm_bindgen(start)]
pub fn start() {
    chat::start();
}
