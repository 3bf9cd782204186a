//! The operations of the description: by name, and which right of a client-side token opens each.

use std::io;

use letta_api::types::AccessRight;
use letta_api::{Operation, operations};

/// The operation of this name.
///
/// # Errors
///
/// [`InvalidInput`](io::ErrorKind::InvalidInput), with the names that are most like it.
pub(crate) fn named(name: &str) -> io::Result<Operation> {
    let found = operations::ALL
        .iter()
        .find(|operation| operation.id == name);
    found.map(|operation| **operation).ok_or_else(|| {
        let words: Vec<&str> = name.split('_').filter(|word| word.len() > 2).collect();
        let shares = |id: &str| words.iter().filter(|word| id.contains(**word)).count();
        let mut like: Vec<&str> = operations::ALL
            .iter()
            .map(|operation| operation.id)
            .filter(|id| shares(id) > 0)
            .collect();
        like.sort_by_key(|id| std::cmp::Reverse(shares(id)));
        like.truncate(5);
        if like.is_empty() {
            like = vec!["send_message", "get_agent", "list_messages"];
        }
        io::Error::new(
            io::ErrorKind::InvalidInput,
            format!(
                "`{name}` is not an operation; operations have the names of letta_api::operations, \
                 such as {}",
                like.join(", ")
            ),
        )
    })
}

/// The right on the agent of the path that a client-side token needs. `None` if no token may do it.
///
/// `…/messages` and one segment more, and the agent itself: nothing else is open to a token.
pub(crate) fn right(operation: &Operation) -> Option<AccessRight> {
    let rest = operation
        .path_template
        .strip_prefix("/v1/agents/{agent_id}")?;
    let is_messages = rest == "/messages"
        || rest
            .strip_prefix("/messages/")
            .is_some_and(|part| !part.contains('/'));
    match (rest, operation.method) {
        ("", "GET") => Some(AccessRight::ReadAgent),
        ("", "PATCH") => Some(AccessRight::WriteAgent),
        (_, "GET") if is_messages => Some(AccessRight::ReadMessages),
        (_, "POST") if is_messages => Some(AccessRight::WriteMessages),
        _ => None,
    }
}

/// Whether it says something to an agent, and has it answer.
pub(crate) fn is_sending(operation: &Operation) -> bool {
    SENDING.iter().any(|sending| sending.id == operation.id)
}

const SENDING: [Operation; 6] = [
    operations::SEND_MESSAGE,
    operations::SEND_MESSAGE_STREAM,
    operations::STREAM_MESSAGE,
    operations::SEND_CONVERSATION_MESSAGE,
    operations::SEND_CONVERSATION_MESSAGE_STREAM,
    operations::START_RUN,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_read_back_and_an_odd_one_gets_those_like_it() {
        for operation in operations::ALL {
            assert_eq!(named(operation.id).unwrap(), **operation);
        }
        for (name, like) in [
            ("mint", "send_message"),
            ("retrieve_agent", "get_agent"),
            ("create_token", "create_client_side_access_token"),
        ] {
            let error = named(name).unwrap_err().to_string();
            assert!(error.contains(name) && error.contains(like), "{error}");
        }
    }

    #[test]
    fn a_token_opens_an_agent_and_its_messages_and_nothing_else() {
        let open: Vec<_> = operations::ALL
            .iter()
            .filter_map(|operation| Some((operation.id, right(operation)?)))
            .collect();
        assert_eq!(
            open,
            [
                ("get_agent", AccessRight::ReadAgent),
                ("update_agent", AccessRight::WriteAgent),
                ("list_messages", AccessRight::ReadMessages),
                ("send_message", AccessRight::WriteMessages),
                ("send_message_stream", AccessRight::WriteMessages),
                ("start_run", AccessRight::WriteMessages),
                ("cancel_runs", AccessRight::WriteMessages),
                ("stream_message", AccessRight::WriteMessages),
            ]
        );
    }
}
