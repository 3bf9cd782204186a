//! Content in an answer that HTTP sends without any: a 204, or an answer to HEAD. Generated code would try to read it, and fail after
//! the call has succeeded.

use super::nodes::{own, remove, resolve, responses};

use crate::openapi::{Node, operations};

/// The response may be shared with other operations, so it is copied first.
pub(super) fn arrange(document: &mut Node) {
    let all: Vec<_> = operations(document).map(|(at, _)| at).collect();
    for at in all {
        for (status, response) in responses(document, &at) {
            let has_none = matches!(status, 204 | 205) || at.last() == Some("head");
            let has_content = resolve(document, &response, "responses")
                .is_some_and(|(_, it)| it.given("content").is_some());
            if has_none
                && has_content
                && let Some(response) = own(document, &response, "responses")
            {
                remove(response, "content");
            }
        }
    }
}
