//! Nothing of a token is left in memory after a call to revoke it. These tests search the memory of their own process, freed
//! memory included.
//!
//! The network is played here, so that reqwest and hyper make no copies: the SDK cannot wipe those.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::sync::Arc;
use std::time::Duration;

use letta_api::{BoxFuture, Operation, Response, Transport, TransportError};
use reqwest::StatusCode;
use reqwest::header::{HeaderMap, LOCATION};
use zeroize::Zeroize;

use crate::error::wiped_url;
use crate::{Letta, RetryPolicy};

/// Length of the parts that are searched for, in bytes. An allocator overwrites some of a freed block, so a whole token may not be
/// found.
const PART: usize = 24;

/// A token, stored masked: the test's own copy must not be found.
struct Masked(Vec<u8>);

impl Masked {
    const MASK: u8 = 0x80;

    /// A token of this many parts.
    fn new(seed: u64, parts: usize) -> Self {
        let mut random = fastrand::Rng::with_seed(seed);
        let parts = (0..parts * PART).map(|_| random.lowercase() as u8 ^ Self::MASK);
        Self(parts.collect())
    }

    /// The token itself. A slash stands between two parts, which is percent-encoded in a URL.
    fn token(&self) -> String {
        let mut token = String::with_capacity(2 * self.0.len());
        for part in self.0.chunks(PART) {
            token.extend(part.iter().map(|byte| char::from(byte ^ Self::MASK)));
            token.push('/');
        }
        token
    }

    /// Counts the parts of the token in the heap and in anonymous memory.
    fn count(&self) -> usize {
        let memory = File::open("/proc/self/mem").expect("a process may read its memory");
        let maps = std::fs::read_to_string("/proc/self/maps").expect("and where it is");
        let mut found = 0;
        let mut read = vec![0; 1 << 16];
        let zeros = read.clone();
        let here = std::ptr::from_ref(&found) as u64;
        for map in maps.lines() {
            let fields: Vec<&str> = map.split_whitespace().collect();
            // Memory that belongs to a file is skipped.
            if !fields[1].starts_with("rw") || !matches!(fields.get(5), None | Some(&"[heap]")) {
                continue;
            }
            let (begin, end) = fields[0].split_once('-').expect("a range");
            let [mut place, end] =
                [begin, end].map(|place| u64::from_str_radix(place, 16).expect("a number"));
            // The stack of this thread is skipped: the standard library leaves bytes there that it has compared.
            if (place..end).contains(&here) {
                continue;
            }
            while place < end {
                // Another thread may have unmapped it.
                let Ok(length) = memory.read_at(&mut read, place) else {
                    break;
                };
                let part = &read[..length.min((end - place) as usize)];
                // Most pages were never written to. To skip them saves much time.
                if part != &zeros[..part.len()] {
                    found += self.count_in(part);
                }
                let step = part.len().saturating_sub(PART - 1);
                if step == 0 {
                    break;
                }
                place += step as u64;
            }
        }
        // This buffer is memory too, and the next count would find the text of this one in it.
        read.zeroize();
        found
    }

    fn count_in(&self, bytes: &[u8]) -> usize {
        let mut is_first = [false; 256];
        for part in self.0.chunks(PART) {
            let first = part[0] ^ Self::MASK;
            is_first[usize::from(first)] = true;
            is_first[usize::from(first.to_ascii_uppercase())] = true;
        }
        let is_part = |window: &[u8]| {
            self.0.chunks(PART).any(|part| {
                let unmasked = part.iter().map(|byte| byte ^ Self::MASK);
                unmasked.eq(window.iter().map(u8::to_ascii_lowercase))
            })
        };
        let (mut found, mut place) = (0, 0);
        // A plain loop is ten times as fast as iterators in a build without optimization.
        while place + PART <= bytes.len() {
            // A part has letters only, so none contains this byte. The search goes on after it.
            if !bytes[place + PART - 1].is_ascii_alphabetic() {
                place += PART;
                continue;
            }
            if is_first[bytes[place] as usize] && is_part(&bytes[place..place + PART]) {
                found += 1;
            }
            place += 1;
        }
        found
    }
}

/// A token that is `ck-let-` and base64 of the unmasked parts.
fn token_of(masked: &Masked) -> letta_api::Secret {
    let decoded = letta_api::Secret::new(masked.token());
    letta_api::Secret::new(crate::error::token_form::encode(decoded.expose_secret()).as_str())
}

/// Answers with this status, location and body, and wipes the request's URL. Status 0 is a broken connection, and 1 no answer.
struct Answering(u16, Option<&'static str>, &'static str);

impl Transport for Answering {
    fn execute<'a>(
        &'a self,
        _: &'a reqwest::Client,
        mut request: reqwest::Request,
        _: &'static Operation,
    ) -> BoxFuture<'a, Result<Response, TransportError>> {
        wiped_url::wipe(request.url_mut());
        let Self(status, location, body) = self;
        Box::pin(async move {
            let status = match status {
                0 => return Err(TransportError::new(std::io::Error::other("broken"))),
                1 => std::future::pending().await,
                status => StatusCode::from_u16(*status).unwrap(),
            };
            let mut headers = HeaderMap::new();
            if let Some(location) = location {
                headers.insert(LOCATION, location.parse().unwrap());
            }
            Ok(Response::new(status, headers, *body))
        })
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_that_the_sdk_makes_of_a_token_is_left_in_memory() {
    let masked = Masked::new(4711, 12);
    let token = masked.token();
    assert!(masked.count() >= 12, "what is there is found");
    drop(letta_api::Secret::new(token));
    assert_eq!(masked.count(), 0, "what is wiped is not found");

    let long = r#"{"message":"no such token, and this says so in many words: no such token, no such token, no such token"}"#;
    for (index, (status, location, body)) in [
        (204, None, ""),
        (204, None, ""),
        (404, None, r#"{"message":"no such token"}"#),
        (401, None, long),
        (401, None, long),
        (500, None, long),
        (200, None, "<html>"),
        (307, Some("?once-more"), ""),
        (307, Some("https://elsewhere.example"), ""),
        (0, None, ""),
        (1, None, ""),
    ]
    .into_iter()
    .enumerate()
    {
        let letta = Letta::new("key").unwrap();
        let letta = letta.with_inner(Arc::new(Answering(status, location, body)));
        let letta = letta.with_retry(RetryPolicy::standard());
        // About as long as the service's tokens, or too long for the room that URLs have.
        let parts = [4, 12][index % 2];
        let masked = Masked::new(index as u64, parts);
        let revoke = letta.access_tokens().revoke(masked.token());
        match status {
            // The caller gives up.
            1 => drop(tokio::time::timeout(Duration::from_secs(1), revoke.send()).await),
            _ => drop(format!("{:?}", revoke.await)),
        }
        assert_eq!(masked.count(), 0, "after {status} {location:?}");
    }
}

/// The transport decodes a token to search for it in the service's texts. A UUID is too short to be searched for in
/// memory by parts, so the token here decodes to a longer text.
#[tokio::test(start_paused = true)]
async fn no_decoded_token_is_left_in_memory() {
    let long = r#"{"message":"no such token, and this says so in many words: no such token, no such token, no such token"}"#;
    for (index, status) in [204, 404, 401, 500, 0].into_iter().enumerate() {
        let letta = Letta::new("key").unwrap();
        let letta = letta.with_inner(Arc::new(Answering(status, None, long)));
        let masked = Masked::new(100 + index as u64, 4);
        let token = token_of(&masked);
        assert_eq!(masked.count(), 0, "the test leaves nothing itself");
        let decoded = crate::error::token_form::decode(crate::error::token_form::without_prefix(
            token.expose_secret(),
        ));
        assert!(
            decoded.is_some() && masked.count() >= 4,
            "what is there is found"
        );
        drop(decoded);
        drop(format!("{:?}", letta.access_tokens().revoke(token).await));
        assert_eq!(masked.count(), 0, "after {status}");
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_that_the_sdk_makes_of_a_key_is_left_in_memory_once_its_client_is_dropped() {
    let masked = Masked::new(4712, 4);
    for status in [204, 401] {
        let network = Answering(status, None, r#"{"message":"no"}"#);
        let letta = Letta::new(masked.token())
            .unwrap()
            .with_inner(Arc::new(network));
        assert!(masked.count() >= 4, "the client has it");
        drop(format!(
            "{letta:?} {:?}",
            letta.access_tokens().revoke("ck-let-1").await
        ));
        drop(letta);
        assert_eq!(masked.count(), 0, "after {status}");
    }
}
