//! Media types, as progenitor distinguishes them: by their exact text. To it, `application/JSON` is not JSON.

/// Whether progenitor reads it as JSON.
pub(crate) fn is_json(media_type: &str) -> bool {
    media_type == "application/json" || media_type.starts_with("application/json;")
}

/// Whether it is a stream of server-sent events.
pub(crate) fn is_event_stream(media_type: &str) -> bool {
    let name = media_type.split(';').next().unwrap_or_default();
    name.trim().eq_ignore_ascii_case("text/event-stream")
}

/// Whether it is JSON, and progenitor does not see that: another suffix, another case, or a range that includes JSON.
pub(crate) fn is_json_unseen(media_type: &str) -> bool {
    let name = media_type
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    !is_json(media_type)
        && (name == "application/json"
            || name.ends_with("+json")
            || name == "application/*"
            || name == "*/*")
}
