//! Counts the allocations of what is done without the network, for the section `minter`: one line of JSON. Counting costs
//! time, so that nothing is measured here. An argument says how often each is done.

use letta_api_bench::in_process::{self, Counted};
use letta_api_bench_caller::Allocations;

fn main() {
    let times = std::env::args().nth(1).expect("how often each is done");
    let times = times.parse().expect("a number");
    let counted: Vec<Counted> = in_process::count(times, &mut |work| {
        let measured = allocation_counter::measure(work);
        Allocations {
            count: measured.count_total,
            bytes: measured.bytes_total,
        }
    })
    .unwrap_or_else(|error| panic!("{error}"));
    let line = serde_json::to_string(&counted).expect("numbers can be written");
    println!("{line}");
}
