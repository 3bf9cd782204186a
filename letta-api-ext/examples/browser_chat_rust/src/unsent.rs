//! What the user wrote and the agent may not have: kept through a reload, and through signing in again.
//!
//! In the storage of this tab alone, and no token among it. Signing out clears it, and so does another user.

use std::cell::RefCell;

use serde_json::{Map, Value};
use web_sys::Storage;

use crate::browser::window;

const KEY: &str = "unsent";

/// What is kept for a user.
#[derive(Debug, PartialEq)]
pub(crate) struct Kept {
    pub(crate) draft: String,
    pub(crate) messages: Vec<Message>,
}

/// A message that the agent may not have.
#[derive(Debug, PartialEq)]
pub(crate) struct Message {
    pub(crate) text: String,
    pub(crate) otid: String,
    pub(crate) is_unsent: bool,
    pub(crate) has_failed: bool,
}

/// The store of this tab.
#[derive(Default)]
pub(crate) struct Unsent {
    /// `None` if nothing is to be kept.
    user: RefCell<Option<String>>,
}

impl Unsent {
    /// What this user left here. Clears what another user left.
    pub(crate) fn open(&self, user: &str) -> Option<Kept> {
        self.user.replace(Some(user.to_owned()));
        let kept = storage().and_then(|storage| storage.get_item(KEY).ok()?);
        // Somebody else may have written there.
        let kept = kept.and_then(|text| Kept::of(&text, user));
        if kept.is_none() {
            clear();
        }
        kept
    }

    pub(crate) fn keep(&self, draft: String, messages: Vec<Message>) {
        let user = self.user.borrow();
        let Some(user) = user.as_deref() else {
            return;
        };
        if draft.is_empty() && messages.is_empty() {
            return clear();
        }
        let kept = Kept { draft, messages };
        // If storage is full, the page has it still.
        if let Some(storage) = storage() {
            let _ = storage.set_item(KEY, &kept.to_json(user));
        }
    }

    /// Clears it, and keeps nothing any more.
    pub(crate) fn close(&self) {
        self.user.replace(None);
        clear();
    }
}

impl Kept {
    /// What was kept for this user. `None` if the text is another user's, or no such text.
    fn of(text: &str, user: &str) -> Option<Self> {
        let json: Value = serde_json::from_slice(text.as_bytes()).ok()?;
        if json.get("user")?.as_str()? != user {
            return None;
        }
        let text = |json: &Value, name: &str| Some(json.get(name)?.as_str()?.to_owned());
        let says = |json: &Value, name: &str| json.get(name)?.as_bool();
        let message = |json: &Value| {
            Some(Message {
                text: text(json, "text")?,
                otid: text(json, "otid")?,
                is_unsent: says(json, "isUnsent")?,
                has_failed: says(json, "hasFailed")?,
            })
        };
        let messages = json.get("messages")?.as_array()?.iter();
        Some(Self {
            draft: text(&json, "draft")?,
            messages: messages.map(message).collect::<Option<_>>()?,
        })
    }

    fn to_json(&self, user: &str) -> String {
        let messages = self.messages.iter().map(|message| {
            object([
                ("text", Value::from(message.text.as_str())),
                ("otid", Value::from(message.otid.as_str())),
                ("isUnsent", Value::from(message.is_unsent)),
                ("hasFailed", Value::from(message.has_failed)),
            ])
        });
        let kept = object([
            ("user", Value::from(user)),
            ("draft", Value::from(self.draft.as_str())),
            ("messages", Value::Array(messages.collect())),
        ]);
        kept.to_string()
    }
}

fn object<const N: usize>(members: [(&str, Value); N]) -> Value {
    let mut object = Map::new();
    for (name, value) in members {
        object.insert(name.to_owned(), value);
    }
    Value::Object(object)
}

/// `None` if the browser gives none.
fn storage() -> Option<Storage> {
    window().session_storage().ok()?
}

fn clear() {
    if let Some(storage) = storage() {
        let _ = storage.remove_item(KEY);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_for_a_user_is_read_again_for_this_user_alone() {
        let kept = Kept {
            draft: "a \"draft\"".to_owned(),
            messages: vec![Message {
                text: "two\nlines".to_owned(),
                otid: "key-1".to_owned(),
                is_unsent: true,
                has_failed: false,
            }],
        };
        let text = kept.to_json("Ada agent-1");
        assert_eq!(Kept::of(&text, "Ada agent-1"), Some(kept));
        assert_eq!(Kept::of(&text, "Grace agent-1"), None);
        for other in [
            "",
            "null",
            "{}",
            r#"{"user": "Ada", "draft": "", "messages": [{}]}"#,
        ] {
            assert_eq!(Kept::of(other, "Ada"), None, "{other}");
        }
    }
}
