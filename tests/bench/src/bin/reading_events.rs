//! Reads a stream of events so many times, for a tool that counts instructions: `reading_events READER STREAM PIECES TIMES`, each a
//! number.

use letta_api_bench::events;

fn main() {
    let arguments: Vec<usize> = std::env::args()
        .skip(1)
        .map(|argument| argument.parse().expect("a number"))
        .collect();
    let [reader, stream, pieces, times] = arguments[..] else {
        panic!("there are four arguments");
    };
    events::read(reader, stream, pieces, times).unwrap_or_else(|error| panic!("{error}"));
}
