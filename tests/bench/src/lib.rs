//! The benchmarks: what they measure, how, and the page that tells it. Run by `cargo xtask bench`.
//!
//! A [section](section::Section) measures, gives results that are kept as JSON in `results/`, and makes a page of
//! them in `benchmarks/`, with a row in `BENCHMARKS.md`. All that is compared takes turns, round after round, so that whatever else the machine does
//! slows all of it; what is told of the rounds is their [median and quartiles](statistics::Spread).

pub mod call;
pub mod client;
pub mod codegen;
pub mod documentation;
pub mod emulator_calls;
pub mod events;
#[path = "../../support/external_tools.rs"]
pub mod external_tools;
pub mod features;
pub mod flood;
pub mod footprint;
pub mod generators;
pub mod in_process;
pub mod machine;
#[path = "../../support/official_clients.rs"]
pub mod official_clients;
pub mod packages;
pub mod page;
pub mod page_size;
pub mod plot;
pub mod programs;
pub mod rivals;
pub mod section;
pub mod sections;
pub mod statistics;
pub mod table;
pub mod turn_streams;
pub mod turns;

/// Why a benchmark was not carried through.
pub type Error = Box<dyn std::error::Error + Send + Sync>;

/// What a benchmark gives.
pub type Result<T> = std::result::Result<T, Error>;
