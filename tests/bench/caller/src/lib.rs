//! A program that makes calls: told to by lines of JSON on the standard input, it answers each with a line that says
//! what the calls took. Programs in other languages speak the same, see `tests/official_clients/bench.py`.
//!
//! Each runs on one thread, all of its tasks included, so that its processor time is comparable, and allocations can be
//! counted.

use std::collections::HashMap;
use std::future::Future;
use std::io::{BufRead, Write};
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use cpu_time::ProcessTime;
use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

pub mod plain;

/// Which call to make.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Call {
    /// Create a token.
    Create,
    /// List a page of so many.
    List(u32),
}

/// Which version of HTTP to speak, in clear.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Protocol {
    /// HTTP/1.1.
    Http1,
    /// HTTP/2, known beforehand.
    Http2,
}

/// What to do, as one line of JSON.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Order {
    /// Which call to make.
    pub call: Call,
    /// The service's base URL.
    pub base_url: String,
    /// Which HTTP to speak.
    pub protocol: Protocol,
    /// How many tasks call at the same time, each one call after the other.
    pub tasks: usize,
    /// How many calls they make together.
    pub calls: u64,
}

/// What it took, as one line of JSON.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// From the first call to the end of the last, in seconds.
    pub seconds: f64,
    /// Processor time of the whole process meanwhile, in seconds.
    pub cpu_seconds: f64,
    /// How often a call took so many nanoseconds, to three digits.
    pub latencies: Vec<(u64, u64)>,
    /// Allocations and bytes allocated meanwhile, if they are counted.
    #[serde(default)]
    pub allocations: Option<Allocations>,
}

/// What was allocated.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Allocations {
    /// How often; memory that grows counts again.
    pub count: u64,
    /// How much.
    pub bytes: u64,
}

/// The web application that tokens are for.
pub const ORIGIN: &str = "https://chat.example.com";

/// The agents that they open.
pub const AGENTS: [&str; 2] = [
    "agent-0c5fd2e1-7a64-4c0e-9a3e-2f1b8a6d4e10",
    "agent-7d1e9b3c-55f2-4d8a-8b6c-91e0c4a2f377",
];

/// When they expire.
pub const EXPIRES_AT: &str = "2126-03-01T12:00:00Z";

/// The instant of [`EXPIRES_AT`], in seconds after 1970.
pub const EXPIRES_AT_SECONDS: u64 = 4_928_040_000;

/// The API key.
pub const API_KEY: &str = "sk-let-benchmark-0c5fd2e17a644c0e9a3e2f1b8a6d4e10";

/// What calls the service. Each call gives a number that only one who has read the answer knows: the length of the
/// created token's secret, or how many tokens there are.
pub trait Client: Clone + Send + Sync + 'static {
    /// One that points there.
    fn new(base_url: &str, protocol: Protocol) -> Self;

    /// Creates a token for [`ORIGIN`] that may chat with [`AGENTS`] until [`EXPIRES_AT`].
    fn create(&self) -> impl Future<Output = usize> + Send;

    /// Lists a page of so many tokens.
    fn list(&self, limit: u32) -> impl Future<Output = usize> + Send;
}

/// Counts the allocations of what it is given to run, which it runs once.
pub type Counter = fn(&mut dyn FnMut()) -> Option<Allocations>;

/// Counts nothing.
pub fn uncounted(work: &mut dyn FnMut()) -> Option<Allocations> {
    work();
    None
}

/// Makes the calls that it is told to make, until the standard input ends.
///
/// # Panics
///
/// Where it is told what it does not understand, and where a call fails.
pub fn run<C: Client>(counter: Counter) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let mut clients: HashMap<(String, Protocol), C> = HashMap::new();
    for line in std::io::stdin().lock().lines() {
        let order: Order = serde_json::from_str(&line.expect("text")).expect("an order");
        let client = clients
            .entry((order.base_url.clone(), order.protocol))
            .or_insert_with(|| {
                // A client may want to find itself in a runtime.
                let _guard = runtime.enter();
                C::new(&order.base_url, order.protocol)
            });
        let report = measure(&runtime, client, &order, counter);
        let mut out = std::io::stdout().lock();
        serde_json::to_writer(&mut out, &report).expect("somebody who reads it");
        writeln!(out).expect("somebody who reads it");
        out.flush().expect("somebody who reads it");
    }
}

fn measure<C: Client>(
    runtime: &tokio::runtime::Runtime,
    client: &C,
    order: &Order,
    counter: Counter,
) -> Report {
    let histograms: Vec<_> = (0..order.tasks)
        .map(|_| Arc::new(Mutex::new(histogram())))
        .collect();
    let histograms = Rc::new(histograms);
    let mut seconds = 0.0;
    let mut cpu_seconds = 0.0;
    let allocations = counter(&mut || {
        let (began, cpu_began) = (Instant::now(), ProcessTime::now());
        runtime.block_on(calls(client, order, &histograms));
        seconds = began.elapsed().as_secs_f64();
        cpu_seconds = cpu_began.elapsed().as_secs_f64();
    });
    let mut all = histogram();
    for histogram in histograms.iter() {
        let histogram = histogram.lock().unwrap_or_else(PoisonError::into_inner);
        all.add(&*histogram).expect("histograms of one kind");
    }
    Report {
        seconds,
        cpu_seconds,
        latencies: all
            .iter_recorded()
            .map(|value| (value.value_iterated_to(), value.count_at_value()))
            .collect(),
        allocations,
    }
}

/// From a microsecond to a minute, to three digits. Made beforehand, so that recording allocates nothing.
fn histogram() -> Histogram<u64> {
    Histogram::new_with_bounds(1_000, Duration::from_secs(60).as_nanos() as u64, 3)
        .expect("bounds in their order")
}

async fn calls<C: Client>(client: &C, order: &Order, histograms: &[Arc<Mutex<Histogram<u64>>>]) {
    let left = Arc::new(AtomicU64::new(order.calls));
    if let [histogram] = histograms {
        return one_after_the_other(client.clone(), order.call, left, histogram.clone()).await;
    }
    let tasks: Vec<_> = histograms
        .iter()
        .map(|histogram| {
            let work =
                one_after_the_other(client.clone(), order.call, left.clone(), histogram.clone());
            tokio::spawn(work)
        })
        .collect();
    for task in tasks {
        task.await.expect("calls that succeed");
    }
}

async fn one_after_the_other<C: Client>(
    client: C,
    call: Call,
    left: Arc<AtomicU64>,
    histogram: Arc<Mutex<Histogram<u64>>>,
) {
    let take_one = || {
        left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
            left.checked_sub(1)
        })
    };
    while take_one().is_ok() {
        let began = Instant::now();
        match call {
            Call::Create => assert_eq!(client.create().await, plain::SECRET.len()),
            Call::List(limit) => assert_eq!(client.list(limit).await, limit as usize),
        }
        let took = began.elapsed().as_nanos() as u64;
        let mut histogram = histogram.lock().unwrap_or_else(PoisonError::into_inner);
        histogram.saturating_record(took);
    }
}
