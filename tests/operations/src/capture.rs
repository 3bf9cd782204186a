//! Exchanges that were captured from a real server: a pair of files for each, `NAME.request.http` and `NAME.response.http`, with the
//! bytes as they crossed the wire.

use std::collections::BTreeSet;
use std::path::Path;

use percent_encoding::percent_decode_str;
use serde_json::Value;

/// The longest capture that is read, in bytes.
const LONGEST: u64 = 64 * 1024 * 1024;

/// A message of HTTP.
#[derive(Debug)]
pub struct Message {
    /// The words of the first line.
    pub first: Vec<String>,
    /// The headers.
    pub headers: http::HeaderMap,
    /// The body, without chunks.
    pub body: Vec<u8>,
    /// Whether the body came to its end.
    pub is_whole: bool,
}

impl Message {
    /// Reads a message, its body without chunks. A body that breaks off is as long as it is.
    fn read(path: &Path) -> Self {
        let length = std::fs::metadata(path).unwrap().len();
        assert!(length <= LONGEST, "{} is too long", path.display());
        let bytes = std::fs::read(path).unwrap();
        let end = bytes.windows(4).position(|it| it == b"\r\n\r\n");
        let end = end.unwrap_or_else(|| panic!("{} has no head", path.display()));
        let head = std::str::from_utf8(&bytes[..end]).unwrap();
        let mut lines = head.split("\r\n");
        let first = lines.next().unwrap_or_default();
        let mut headers = http::HeaderMap::new();
        for (name, value) in lines.filter_map(|it| it.split_once(':')) {
            let name = http::HeaderName::from_bytes(name.as_bytes()).unwrap();
            headers.append(name, value.trim().parse().unwrap());
        }
        let body = &bytes[end + 4..];
        let is_chunked = headers
            .get("transfer-encoding")
            .is_some_and(|it| it == "chunked");
        let (body, is_whole) = match is_chunked {
            true => without_chunks(body),
            false => (body.to_vec(), true),
        };
        Self {
            first: first.split(' ').map(str::to_owned).collect(),
            headers,
            body,
            is_whole,
        }
    }

    /// The body, if it is JSON.
    pub fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok()
    }

    /// Whether the body is a stream of events.
    pub fn is_events(&self) -> bool {
        let media = self.headers.get("content-type");
        media.is_some_and(|it| it.as_bytes().starts_with(b"text/event-stream"))
    }
}

/// What is in the chunks, and whether the last chunk is there.
fn without_chunks(mut bytes: &[u8]) -> (Vec<u8>, bool) {
    let mut body = Vec::new();
    while let Some(end) = bytes.windows(2).position(|it| it == b"\r\n") {
        let size = std::str::from_utf8(&bytes[..end]).unwrap();
        let size = usize::from_str_radix(size.trim(), 16).unwrap();
        let rest = &bytes[end + 2..];
        let piece = &rest[..size.min(rest.len())];
        body.extend_from_slice(piece);
        bytes = rest.get(size + 2..).unwrap_or_default();
        if size == 0 {
            return (body, true);
        }
    }
    (body, false)
}

/// An exchange that was captured.
#[derive(Debug)]
pub struct Exchange {
    /// The name of its files.
    pub name: String,
    /// The method.
    pub method: String,
    /// The segments of its path, without the slash at the end.
    pub path: Vec<String>,
    /// The query.
    pub query: Vec<(String, String)>,
    /// What was sent.
    pub request: Message,
    /// The status of the answer.
    pub status: u16,
    /// What came back.
    pub response: Message,
}

impl Exchange {
    /// Reads an exchange.
    ///
    /// # Panics
    ///
    /// A file cannot be read, or is no message of HTTP.
    pub fn read(folder: &Path, name: &str) -> Self {
        let file = |kind: &str| Message::read(&folder.join(format!("{name}.{kind}.http")));
        let (request, response) = (file("request"), file("response"));
        let (path, query) = match request.first[1].split_once('?') {
            Some((path, query)) => (path, query),
            None => (request.first[1].as_str(), ""),
        };
        Self {
            name: name.to_owned(),
            method: request.first[0].clone(),
            path: segments(path),
            query: url::form_urlencoded::parse(query.as_bytes())
                .into_owned()
                .collect(),
            status: response.first[1].parse().unwrap(),
            request,
            response,
        }
    }

    /// The names of all in a folder.
    ///
    /// # Panics
    ///
    /// The folder cannot be read.
    pub fn names(folder: &Path) -> BTreeSet<String> {
        let entries = std::fs::read_dir(folder);
        let entries = entries.unwrap_or_else(|it| panic!("{}: {it}", folder.display()));
        let names = entries.filter_map(|it| it.unwrap().file_name().into_string().ok());
        let names = names.filter_map(|it| Some(it.strip_suffix(".response.http")?.to_owned()));
        names.collect()
    }
}

/// The segments of a path, decoded, without the slash at the end.
pub fn segments(path: &str) -> Vec<String> {
    let path = path.strip_suffix('/').unwrap_or(path);
    let segments = path.split('/').map(|it| percent_decode_str(it));
    segments
        .map(|it| it.decode_utf8_lossy().into_owned())
        .collect()
}
