//! What the user wrote and the agent may not have: kept through a reload, and through signing in again.
//!
//! In the storage of this tab alone, and no token among it. Signing out clears it, and so does another user.

use std::cell::RefCell;

use serde::{Deserialize, Serialize};
use web_sys::Storage;

use crate::browser::window;

const KEY: &str = "unsent";

/// What is kept, and for whom.
#[derive(Serialize, Deserialize)]
pub(crate) struct Kept {
    user: String,
    pub(crate) draft: String,
    pub(crate) messages: Vec<Message>,
}

/// A message that the agent may not have.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
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
        let kept: Option<Kept> = kept.and_then(|text| serde_json::from_str(&text).ok());
        let kept = kept.filter(|kept| kept.user == user);
        if kept.is_none() {
            clear();
        }
        kept
    }

    pub(crate) fn keep(&self, draft: String, messages: Vec<Message>) {
        let Some(user) = self.user.borrow().clone() else {
            return;
        };
        if draft.is_empty() && messages.is_empty() {
            return clear();
        }
        let kept = Kept {
            user,
            draft,
            messages,
        };
        // If storage is full, the page has it still.
        if let (Some(storage), Ok(text)) = (storage(), serde_json::to_string(&kept)) {
            let _ = storage.set_item(KEY, &text);
        }
    }

    /// Clears it, and keeps nothing any more.
    pub(crate) fn close(&self) {
        self.user.replace(None);
        clear();
    }
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
