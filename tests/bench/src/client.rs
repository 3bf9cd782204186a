//! The clients that are compared, from the barest to the one that does most. All send the same, to the byte.

use http::{HeaderName, HeaderValue};
use letta_api_bench_caller::{Counter, Protocol};

mod hyper;
mod letta_api;
mod letta_api_ext;
mod reqwest;

pub use hyper::Hyper;
pub use letta_api::LettaApi;
pub use letta_api_ext::LettaApiExt;
pub use reqwest::Reqwest;

/// What all call themselves, so that they send the same.
const USER_AGENT: &str = "letta-api-bench";

/// By which the service takes a caller for a current client: letta-api-ext sends it, and so do all.
const GENERATION: (&str, &str) = ("x-stainless-package-version", "1.12.1");

/// Their names, the barest first.
pub const NAMES: [&str; 4] = ["hyper", "reqwest", "letta-api", "letta-api-ext"];

/// Makes calls with the client of this name, until the standard input ends.
///
/// # Panics
///
/// Where there is none of this name, and where a call fails.
pub fn run(name: &str, counter: Counter) {
    match name {
        "hyper" => letta_api_bench_caller::run::<Hyper>(counter),
        "reqwest" => letta_api_bench_caller::run::<Reqwest>(counter),
        "letta-api" => letta_api_bench_caller::run::<LettaApi>(counter),
        "letta-api-ext" => letta_api_bench_caller::run::<LettaApiExt>(counter),
        _ => panic!("no client is called {name}"),
    }
}

/// What all that are built on reqwest are built on.
fn http_client(protocol: Protocol) -> ::reqwest::Client {
    let generation = HeaderValue::from_static(GENERATION.1);
    let headers = [(HeaderName::from_static(GENERATION.0), generation)];
    let mut builder = ::reqwest::Client::builder()
        .default_headers(headers.into_iter().collect())
        .redirect(::reqwest::redirect::Policy::none())
        .retry(::reqwest::retry::never())
        .no_proxy()
        // Whatever reqwest was built to decompress.
        .no_gzip()
        .no_brotli()
        .no_zstd()
        .no_deflate()
        .user_agent(USER_AGENT);
    if protocol == Protocol::Http2 {
        builder = builder.http2_prior_knowledge();
    }
    builder.build().expect("an HTTP client")
}

fn authorization(key: &str) -> HeaderValue {
    let mut value = HeaderValue::from_str(&format!("Bearer {key}")).expect("a key");
    value.set_sensitive(true);
    value
}
