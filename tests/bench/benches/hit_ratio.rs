//! How much more a hit of the minter takes than a get from a bare cache. Takes turns, so that whatever else the
//! machine does slows all of them.
//!
//! ```console
//! $ cargo bench -p letta-api-bench --bench hit_ratio
//! ```

use std::sync::Arc;

use letta_api_bench::{Contestant, Contestants, POLICIES, runtime, time_of_gets};
use tokio::runtime::Runtime;

const ROUNDS: usize = 60;
const GETS: u64 = 40_000;

fn main() {
    let runtime = runtime();
    let Contestants {
        minter,
        moka,
        locked,
        ..
    } = &runtime.block_on(Contestants::fill());

    println!("| keys | tasks | minter | moka | minter / moka | minter / RwLock<HashMap> |");
    println!("|---|---|---|---|---|---|");
    for keys in [1, POLICIES] {
        for tasks in [1, 2, 8] {
            let mut times: [Vec<f64>; 3] = Default::default();
            for _ in 0..ROUNDS {
                times[0].push(per_get(&runtime, minter, tasks, keys));
                times[1].push(per_get(&runtime, moka, tasks, keys));
                times[2].push(per_get(&runtime, locked, tasks, keys));
            }
            let [minter, others @ ..] = &times;
            let ratios = others.each_ref().map(|others| {
                let ratios = minter
                    .iter()
                    .zip(others)
                    .map(|(minter, other)| minter / other);
                let [low, middle, high] = quartiles(ratios.collect());
                format!("{middle:.2} ({low:.2}–{high:.2})")
            });
            let [minter, moka] = [0, 1].map(|which| quartiles(times[which].clone())[1]);
            let [moka_ratio, lock_ratio] = ratios;
            println!(
                "| {keys} | {tasks} | {minter:.0} ns | {moka:.0} ns | {moka_ratio} | {lock_ratio} |"
            );
        }
    }
    println!(
        "\nTimes are from one get to the next in the whole process; of ratios, median and quartiles."
    );
}

/// In nanoseconds.
fn per_get<C: Contestant>(
    runtime: &Runtime,
    contestant: &Arc<C>,
    tasks: usize,
    keys: usize,
) -> f64 {
    let gets = GETS / tasks as u64;
    let time = time_of_gets(runtime, contestant, tasks, keys, gets);
    time.as_nanos() as f64 / (gets * tasks as u64) as f64
}

fn quartiles(mut values: Vec<f64>) -> [f64; 3] {
    values.sort_by(f64::total_cmp);
    [1, 2, 3].map(|quarter| values[values.len() * quarter / 4])
}
