//! What was sent to a real server is accepted or refused as that server did.
//!
//! The captures are not part of this repository. `LETTA_CAPTURES` names their folder: a pair of files for each exchange,
//! `NAME.request.http` and `NAME.response.http`, with the bytes as they crossed the wire.

use std::path::Path;

use axum::body::Bytes;

use crate::description::body::Body;
use crate::description::check::{Sent, findings};

pub(super) const FOLDER: &str = "LETTA_CAPTURES";

/// Captures that the server refused with 422, and the description does not, and why.
const REFUSED_OTHERWISE: [(&str, &str); 1] = [(
    "09-messages-streaming-true-legacy-ua",
    "the server looks at the client",
)];

/// The first line, the media type and the body of a message.
pub(super) fn message(path: &Path) -> (String, Option<String>, Vec<u8>) {
    let bytes = std::fs::read(path).unwrap();
    let end = bytes.windows(4).position(|it| it == b"\r\n\r\n").unwrap();
    let head = std::str::from_utf8(&bytes[..end]).unwrap();
    let mut lines = head.split("\r\n");
    let first = lines.next().unwrap().to_owned();
    let media = lines.filter_map(|it| it.split_once(':'));
    let media = media.filter(|(name, _)| name.eq_ignore_ascii_case("content-type"));
    let media = media.map(|(_, value)| value.trim().to_owned()).next();
    (first, media, bytes[end + 4..].to_vec())
}

/// The operation of a request, and the parameters of its path. One whose template has fewer parameters comes first.
pub(super) fn operation<'a>(
    method: &str,
    path: &'a str,
) -> Option<(&'static str, Vec<(&'static str, &'a str)>)> {
    let path: Vec<&str> = path.trim_end_matches('/').split('/').collect();
    let all = letta_api::operations::ALL.iter();
    let mut fitting: Vec<_> = all
        .filter(|it| it.method == method)
        .filter_map(|it| {
            let template = it.path_template.trim_end_matches('/').split('/');
            let template: Vec<&str> = template.collect();
            let mut parameters = Vec::new();
            for (is, has) in template.iter().zip(&path) {
                match is.strip_prefix('{').and_then(|it| it.strip_suffix('}')) {
                    Some(name) => parameters.push((name, *has)),
                    None if is == has => {}
                    None => return None,
                }
            }
            (template.len() == path.len()).then_some((it.id, parameters))
        })
        .collect();
    fitting.sort_by_key(|(_, parameters)| parameters.len());
    fitting.into_iter().next()
}

#[tokio::test]
async fn captured_requests_are_taken_as_the_server_took_them() {
    let Some(folder) = std::env::var_os(FOLDER) else {
        println!("skipped: {FOLDER} names no folder");
        return;
    };
    let (mut accepted, mut refused, mut wrong) = (0, 0, Vec::new());
    let entries = std::fs::read_dir(&folder).unwrap();
    let names = entries.filter_map(|it| it.unwrap().file_name().into_string().ok());
    for name in names.filter_map(|it| Some(it.strip_suffix(".request.http")?.to_owned())) {
        let file = |kind: &str| Path::new(&folder).join(format!("{name}.{kind}.http"));
        let (first, media, body) = message(&file("request"));
        let (status, _, answer) = message(&file("response"));
        let mut words = first.split(' ');
        let (method, target) = (words.next().unwrap(), words.next().unwrap());
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let Some((id, path)) = operation(method, path) else {
            continue;
        };
        let body = Body::read(media.as_deref(), Bytes::from(body)).await;
        let sent = Sent {
            path: &path,
            query,
            body: &body,
        };
        let found = findings(id, &sent);
        let is_refused = status.split(' ').nth(1) == Some("422")
            && !REFUSED_OTHERWISE.iter().any(|it| it.0 == name);
        let answer = String::from_utf8_lossy(&answer);
        let are_named = found.iter().all(|it| answer.contains(&it.last()));
        if found.is_empty() == is_refused || is_refused && !are_named {
            wrong.push(format!("{name} ({id}): {found:?}"));
        }
        match is_refused {
            true => refused += 1,
            false => accepted += 1,
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    println!("{accepted} accepted, {refused} refused");
    assert!(accepted > 100 && refused >= 2, "{accepted} {refused}");
}
