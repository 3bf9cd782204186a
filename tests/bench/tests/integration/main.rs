//! The benchmarks by themselves: each runs, what it compares is the same, and its page is what it measured.

mod generators;
mod page;
mod same_bytes;
mod smoke;
