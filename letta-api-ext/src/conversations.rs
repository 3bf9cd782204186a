//! Conversations: threads of messages with one agent, and a handle to one.

mod handle;

pub use handle::ConversationHandle;
