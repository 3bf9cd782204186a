//! Descriptions, changed anyhow: code that parses, or findings, and never a panic.

#![no_main]

use libfuzzer_sys::{fuzz_mutator, fuzz_target, fuzzer_mutate};
use serde_json::Value;
use xtask::load;
use xtask::openapi::Source;

// What the proptest of xtask does as well.
#[path = "../../../xtask/tests/support/changes/mod.rs"]
mod changes;
#[path = "../../../xtask/tests/support/pipeline.rs"]
mod pipeline;

use changes::Mutation;

fuzz_target!(|input: &[u8]| {
    let Ok(text) = std::str::from_utf8(input) else {
        return;
    };
    let outcome = load::parse(&Source::new("d.json", text)).and_then(|it| pipeline::run(&it));
    if let Some(problem) = pipeline::problem(&outcome) {
        panic!("{problem}");
    }
});

// One to three changes of the tree. What is no JSON, libFuzzer changes as bytes.
fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    let Ok(mut tree) = serde_json::from_slice::<Value>(&data[..size]) else {
        return fuzzer_mutate(data, size, max_size);
    };
    let mut random = Random(u64::from(seed) + 1);
    for _ in 0..=random.next() % 3 {
        changes::mutate(
            &mut tree,
            &Mutation {
                place: random.next(),
                kind: random.next(),
                what: random.next(),
            },
        );
    }
    let text = tree.to_string();
    match data.get_mut(..text.len()) {
        Some(place) if text.len() <= max_size => {
            place.copy_from_slice(text.as_bytes());
            text.len()
        }
        _ => size,
    }
});

/// Numbers that a seed leads to: SplitMix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((word ^ (word >> 31)) & 0x7fff_ffff).unwrap_or(0)
    }
}
