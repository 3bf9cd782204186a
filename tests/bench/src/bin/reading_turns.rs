//! Reads turns from a server so many times, for a tool that counts instructions: `reading_turns READER URL TIMES`. The reader is a
//! number.

use letta_api_bench::turn_streams;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [reader, url, times] = &arguments[..] else {
        panic!("there are three arguments");
    };
    let number = |it: &String| it.parse::<usize>().expect("a number");
    turn_streams::read(number(reader), url, number(times))
        .unwrap_or_else(|error| panic!("{error}"));
}
