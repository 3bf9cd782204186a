//! Counts the memory that a turn takes: `counting_turns URL LIMIT`. The limit is that of the answer in bytes. It says how many bytes
//! were allocated at the same time at most, besides what the client of a first turn keeps.

use letta_api_bench::turn_streams;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [url, limit] = &arguments[..] else {
        panic!("there are two arguments");
    };
    let limit = limit.parse().expect("a number");
    let mut most = 0;
    turn_streams::held(url, limit, &mut |work| {
        most = allocation_counter::measure(work).bytes_max;
    })
    .unwrap_or_else(|error| panic!("{error}"));
    println!("{most}");
}
