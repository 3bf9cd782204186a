//! The emulator, for the benchmark of it. Its base URL is written to the standard output. Each line on the standard input is
//! answered with the processor time that the process has taken so far, in seconds; it ends where that does.

use std::io::{BufRead, Write};

use cpu_time::ProcessTime;
use letta_api_bench::emulator_calls::AGENT;
use letta_api_bench_caller::API_KEY;
use letta_api_emulator::Emulator;

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let emulator = runtime.block_on(async {
        let builder = Emulator::builder().api_key(API_KEY).agent(AGENT);
        builder.start().await.expect("a port")
    });
    say(&emulator.base_url());
    std::thread::spawn(|| {
        for line in std::io::stdin().lock().lines() {
            line.expect("text");
            say(&ProcessTime::now().as_duration().as_secs_f64().to_string());
        }
        std::process::exit(0);
    });
    runtime.block_on(std::future::pending::<()>());
}

fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}").expect("somebody who reads it");
    out.flush().expect("somebody who reads it");
}
