//! Bodies that are JSON.

use std::str::Utf8Chunk;

use serde::de::DeserializeOwned;

use crate::credentials::wiped::Wiped;

/// Reads JSON. It accepts what `serde_json::from_slice` accepts, and is faster: that checks each text by itself for UTF-8,
/// and this checks the body once. If the body is not UTF-8, an error's line and column are those in the output of
/// `mark_spoiled`.
#[doc(hidden)]
pub fn read_json<T: DeserializeOwned>(body: &[u8]) -> serde_json::Result<T> {
    match std::str::from_utf8(body) {
        Ok(body) => serde_json::from_str(body),
        Err(_) => {
            let marked = mark_spoiled(body);
            let marked =
                std::str::from_utf8(marked.as_ref()).expect("what is not UTF-8 was replaced");
            serde_json::from_str(marked)
        }
    }
}

/// The body as UTF-8. Invalid bytes become an escape that serde_json refuses in a text that it reads, and skips in a text
/// that it ignores. To let serde_json read bytes instead would compile a second reader for each type.
fn mark_spoiled(body: &[u8]) -> Wiped {
    // The second half of a surrogate pair, which is refused whatever follows. The space separates it from what comes before:
    // after a backslash it would be plain text, and after a first half it would be a pair.
    const MARK: &[u8] = b" \\udc00";
    let chunks = || body.utf8_chunks().enumerate();
    // One mark is enough for several in a row.
    let is_marked = |number: usize, chunk: &Utf8Chunk<'_>| {
        !chunk.invalid().is_empty() && (number == 0 || !chunk.valid().is_empty())
    };
    let length = |(number, chunk): (usize, Utf8Chunk<'_>)| {
        let mark = match is_marked(number, &chunk) {
            true => MARK.len(),
            false => 0,
        };
        chunk.valid().len() + mark
    };
    // The room is enough from the start. It is at most four times the body plus one mark, since there is a byte between two
    // marks.
    let mut marked = Wiped::with_capacity(chunks().map(length).sum());
    for (number, chunk) in chunks() {
        marked.append(chunk.valid().as_bytes(), 0);
        if is_marked(number, &chunk) {
            marked.append(MARK, 0);
        }
    }
    marked
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_utf8_is_refused_where_it_is_read_and_passed_over_where_not() {
        #[derive(serde::Deserialize, Debug, PartialEq)]
        struct Read {
            name: String,
        }

        let mut refused = 0;
        let read = br#"{"name": "\u00e9\\x", "unread": ["\\y", {"deep": "z\udc00\ud800"}]}"#;
        // Halves of pairs, which must not become pairs with a mark.
        let halves = br#"{"name": "\ud800\udc00\udc00", "unread": "\ud800"}"#;
        for template in [&read[..], halves] {
            // Each alone, one that ends early, and several in a row.
            for spoiled in [
                &b"\xff"[..],
                b"\xe2\x82",
                b"\xed\xa0\x80",
                b"\xff\xc3\x28\xff",
            ] {
                for place in 0..=template.len() {
                    let body = [&template[..place], spoiled, &template[place..]].concat();
                    let ours = read_json::<Read>(&body).ok();
                    let theirs = serde_json::from_slice(&body).ok();
                    assert_eq!(ours, theirs, "{spoiled:x?} at {place}");
                    refused += usize::from(ours.is_none());
                }
            }
        }
        let all = 4 * (read.len() + halves.len());
        assert!(0 < refused && refused < all, "{refused} of {all}");
        // At a half in the text that is read, with what was spoiled before or after it.
        for body in [
            &b"{\"name\": \"\xff\\udc00\"}"[..],
            b"{\"name\": \"\\ud800\xff\"}",
        ] {
            assert!(read_json::<Read>(body).is_err());
        }
    }

    #[test]
    fn what_is_all_spoiled_grows_by_little() {
        let marked = mark_spoiled(&[0xff; 1000]);
        assert_eq!(marked.as_ref(), b" \\udc00");
        assert_eq!(marked.capacity(), marked.as_ref().len());
        let every_other = b"\xffx".repeat(500);
        let marked = mark_spoiled(&every_other);
        assert_eq!(marked.capacity(), marked.as_ref().len());
        assert_eq!(marked.as_ref().len(), 4 * every_other.len());
    }
}
