//! What is left in memory of a token that was revoked, or was to be. The memory of this process is searched for it, what is free
//! again included.
//!
//! The network is played here, so that only what the SDK makes is found: what reqwest and hyper were given is theirs.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::sync::Arc;
use std::time::Duration;

use letta_api::{BoxFuture, Operation, Response, Transport, TransportError};
use reqwest::StatusCode;
use reqwest::header::{HeaderMap, LOCATION};

use crate::{Letta, RetryPolicy, wiped_url};

/// How long the parts are that are looked for, in bytes. An allocator writes to what is free again, and not to all of it.
const PART: usize = 24;

/// A token, known by what it is not: nothing that is searched may hold it but what is to be found.
struct Masked(Vec<u8>);

impl Masked {
    const MASK: u8 = 0x80;

    /// One that has so many of these parts.
    fn new(seed: u64, parts: usize) -> Self {
        let mut random = fastrand::Rng::with_seed(seed);
        let parts = (0..parts * PART).map(|_| random.lowercase() as u8 ^ Self::MASK);
        Self(parts.collect())
    }

    /// The token. Between two parts is what is encoded in a URL.
    fn token(&self) -> String {
        let mut token = String::with_capacity(2 * self.0.len());
        for part in self.0.chunks(PART) {
            token.extend(part.iter().map(|byte| char::from(byte ^ Self::MASK)));
            token.push('/');
        }
        token
    }

    /// How often parts of it stand in memory that is this process's own and may be written to.
    fn count(&self) -> usize {
        let memory = File::open("/proc/self/mem").expect("a process may read its memory");
        let maps = std::fs::read_to_string("/proc/self/maps").expect("and where it is");
        let mut found = 0;
        let mut read = vec![0; 1 << 16];
        let zeros = read.clone();
        let here = std::ptr::from_ref(&found) as u64;
        for map in maps.lines() {
            let fields: Vec<&str> = map.split_whitespace().collect();
            // Those that belong to no file, and the heap.
            if !fields[1].starts_with("rw") || !matches!(fields.get(5), None | Some(&"[heap]")) {
                continue;
            }
            let (begin, end) = fields[0].split_once('-').expect("a range");
            let [mut place, end] =
                [begin, end].map(|place| u64::from_str_radix(place, 16).expect("a number"));
            // Not this thread's stack, where the standard library leaves some bytes of what it has looked at.
            if (place..end).contains(&here) {
                continue;
            }
            while place < end {
                // What is not there any more is not read.
                let Ok(length) = memory.read_at(&mut read, place) else {
                    break;
                };
                let part = &read[..length.min((end - place) as usize)];
                // Most of what was set aside was never written to.
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
        // Without iterators, which take ten times as long where nothing is optimized.
        while place + PART <= bytes.len() {
            if is_first[bytes[place] as usize] && is_part(&bytes[place..place + PART]) {
                found += 1;
            }
            place += 1;
        }
        found
    }
}

/// Answers so, and wipes the URL, as no network would.
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
        // As long as the service's, or so long that the URL has no room for it.
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
