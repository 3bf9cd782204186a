//! Content of an answer that is not read: in a 204 or an answer to HEAD, and in an answer that the overlay calls of no use.
//!
//! HTTP sends a 204 without content. Generated code would try to read it, and fail after the call has succeeded. And a method for a
//! delete that answers `null` or an empty object would give a value that says nothing. With `x-codegen-answer: nothing`, it gives
//! `()`, whatever the service sends.

use super::nodes::{own, remove, resolve, responses};

use crate::markers::{ANSWER, NOTHING};
use crate::openapi::{Node, operations};

/// The response may be shared with other operations, so it is copied first.
pub(super) fn arrange(document: &mut Node) {
    let all: Vec<_> = operations(document)
        .map(|(at, operation)| {
            let answer = operation.get(ANSWER).and_then(Node::as_str);
            (at, answer == Some(NOTHING))
        })
        .collect();
    for (at, is_of_no_use) in all {
        let mut has_effect = false;
        for (status, response) in responses(document, &at) {
            let has_none = matches!(status, 204 | 205)
                || at.last() == Some("head")
                || (is_of_no_use && (200..300).contains(&status));
            let has_content = resolve(document, &response, "responses")
                .is_some_and(|(_, it)| it.given("content").is_some());
            if has_none
                && has_content
                && let Some(response) = own(document, &response, "responses")
            {
                remove(response, "content");
                has_effect = true;
            }
        }
        // A marker without effect stays, for a lint.
        if is_of_no_use
            && has_effect
            && let Some(operation) = document.pointer_mut(&at)
        {
            remove(operation, ANSWER);
        }
    }
}
