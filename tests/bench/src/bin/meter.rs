//! Runs a program, and prints what it took, as a line of JSON: `meter PROGRAM ARGUMENTS…`. What it prints is passed over.
//!
//! A program of its own, since Linux counts as a program's memory also what the one took that starts it.

use std::process::{Command, Stdio};
use std::time::Instant;

use letta_api_bench::programs::Took;
use wait4::Wait4;

fn main() {
    let mut arguments = std::env::args_os().skip(1);
    let program = arguments.next().expect("the name of a program");
    let began = Instant::now();
    let mut child = Command::new(&program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .unwrap_or_else(|error| panic!("{} cannot be started: {error}", program.display()));
    let used = child.wait4().expect("a child that ends");
    let took = Took {
        seconds: began.elapsed().as_secs_f64(),
        cpu_seconds: (used.rusage.utime + used.rusage.stime).as_secs_f64(),
        memory: used.rusage.maxrss as f64 / 1e6,
    };
    if !used.status.success() {
        eprintln!("{} has failed: {}", program.display(), used.status);
        std::process::exit(1);
    }
    let line = serde_json::to_string(&took).expect("numbers can be written");
    println!("{line}");
}
