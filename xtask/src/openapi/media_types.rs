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

/// Whether it is JSON, and progenitor does not see that: another name or case, or a range that includes JSON.
pub(crate) fn is_json_unseen(media_type: &str) -> bool {
    let name = media_type
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    !is_json(media_type)
        && (matches!(
            name.as_str(),
            "application/json" | "text/json" | "application/*" | "*/*"
        ) || name.ends_with("+json"))
}

/// Whether a body of JSON can be sent under this name: it is no range, and its texts are UTF-8.
pub(crate) fn is_json_to_send(media_type: &str) -> bool {
    (is_json(media_type) || is_json_unseen(media_type))
        && !media_type.contains('*')
        && is_utf_8(media_type)
        && media_type
            .bytes()
            .all(|byte| byte.is_ascii_graphic() || byte == b' ')
}

/// Whether a media type says nothing of a charset, or UTF-8, in which all JSON is written here.
pub(crate) fn is_utf_8(media_type: &str) -> bool {
    let mut parameters = media_type.split(';').skip(1);
    parameters.all(|parameter| match parameter.split_once('=') {
        Some((name, value)) if name.trim().eq_ignore_ascii_case("charset") => {
            let value = value.trim().trim_matches('"');
            value.eq_ignore_ascii_case("utf-8") || value.eq_ignore_ascii_case("utf8")
        }
        _ => true,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_has_many_names_and_some_can_be_sent() {
        for (name, seen, unseen, sent) in [
            ("application/json", true, false, true),
            ("application/json; charset=utf-8", true, false, true),
            ("application/json;charset=\"UTF-8\"", true, false, true),
            ("application/json; charset=utf-16", true, false, false),
            ("application/json; version=1", true, false, true),
            ("Application/JSON", false, true, true),
            ("text/json", false, true, true),
            ("application/problem+json", false, true, true),
            ("application/vnd.api+json; ext=\"a b\"", false, true, true),
            ("application/vnd.ä+json", false, true, false),
            ("application/*+json", false, true, false),
            ("application/*", false, true, false),
            ("*/*", false, true, false),
            ("application/x-ndjson", false, false, false),
            ("application/jsonlines", false, false, false),
            ("application/xml", false, false, false),
        ] {
            assert_eq!(is_json(name), seen, "{name}");
            assert_eq!(is_json_unseen(name), unseen, "{name}");
            assert_eq!(is_json_to_send(name), sent, "{name}");
        }
    }
}
