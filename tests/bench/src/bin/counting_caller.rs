//! As `caller`, and counts allocations, which costs time.

use letta_api_bench::client;
use letta_api_bench_caller::Allocations;

fn main() {
    let name = std::env::args().nth(1).expect("the name of a client");
    client::run(&name, |work| {
        let measured = allocation_counter::measure(work);
        Some(Allocations {
            count: measured.count_total,
            bytes: measured.bytes_total,
        })
    });
}
