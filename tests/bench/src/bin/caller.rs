//! Makes calls with one of the clients: `caller letta-api-ext`. See `letta_api_bench_caller`.

use letta_api_bench::client;

fn main() {
    let name = std::env::args().nth(1).expect("the name of a client");
    client::run(&name, letta_api_bench_caller::uncounted);
}
