//! What `cargo xtask codegen` is compared with by the benchmarks: progenitor by itself, from a description to a file.
//!
//! ```console
//! $ progenitor_alone prepare DESCRIPTION PREPARED  # writes JSON without what progenitor refuses or panics on
//! $ progenitor_alone generate PREPARED OUT TIMINGS # writes the code, and how long each stage took, as JSON
//! ```
//!
//! Two commands, so that neither the time nor the memory of the first is in the second.

#[path = "../stock.rs"]
mod stock;

use std::path::Path;
use std::time::Instant;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["prepare", description, prepared] => {
            let json = stock::prepared(Path::new(description)).to_string();
            std::fs::write(prepared, json).unwrap_or_else(|error| panic!("{prepared}: {error}"));
        }
        ["generate", prepared, out, timings] => generate(prepared, out, timings),
        _ => {
            eprintln!(
                "usage: progenitor_alone prepare DESCRIPTION PREPARED | generate PREPARED OUT TIMINGS"
            );
            std::process::exit(2);
        }
    }
}

/// The stages that ours has, too.
fn generate(prepared: &str, out: &str, timings_out: &str) {
    let mut timings = Vec::new();
    let mut began = Instant::now();
    let mut ends = |stage: &str| {
        let milliseconds = began.elapsed().as_secs_f64() * 1e3;
        timings.push(serde_json::json!({"stage": stage, "milliseconds": milliseconds}));
        began = Instant::now();
    };
    let text =
        std::fs::read_to_string(prepared).unwrap_or_else(|error| panic!("{prepared}: {error}"));
    let description: openapiv3::OpenAPI =
        serde_json::from_str(&text).expect("a description in OpenAPI 3.0");
    ends("load");
    let mut generator = progenitor::Generator::default();
    let tokens = generator.generate_tokens(&description);
    let tokens = tokens.expect("a description that progenitor takes");
    ends("generate");
    let file = syn::parse2(tokens).expect("Rust");
    ends("parse");
    let text = prettyplease::unparse(&file);
    ends("render");
    std::fs::write(out, text).unwrap_or_else(|error| panic!("{out}: {error}"));
    ends("write");
    // As ours: soon the process ends.
    std::mem::forget((description, file));
    let timings = serde_json::Value::from(timings).to_string();
    std::fs::write(timings_out, timings).unwrap_or_else(|error| panic!("{timings_out}: {error}"));
}
