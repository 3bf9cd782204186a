//! What is done without the network: tokens from the minter's cache, and policies.

use std::process::Command;

use letta_api_bench_caller::Allocations;
use serde::{Deserialize, Serialize};

use crate::plot::Bars;
use crate::programs::{self, program};
use crate::section::{Part, Results, Scale, Section, Target};
use crate::statistics::{Spread, number};
use crate::table::Table;
use crate::turns::take_turns;
use crate::{Error, Result};

pub mod hits;
pub mod policies;

use hits::{Contestants, Gets};

/// See the module.
#[derive(Debug)]
pub struct InProcessSection;

/// What the minter's cache is compared with first of all: it is built on it.
const MOKA: usize = 1;

/// Of how many policies tokens are got.
const KEYS: [usize; 2] = [1, hits::POLICIES];

/// How many tasks get tokens at the same time.
const TASKS: [usize; 3] = [1, 2, 8];

/// How many tasks ask at the same time for a token that is not there.
const ASKING: [u64; 2] = [1, 10_000];

/// At most how much more a hit is to take than a bare get from moka.
const FACTOR: f64 = 1.3;

/// How often each is done while allocations are counted.
const COUNTED: u64 = 100;

/// What was measured.
#[derive(Debug, Serialize, Deserialize)]
pub struct Measured {
    /// Whether what runs on one thread had a processor that it was kept on.
    pub is_pinned: bool,
    /// By number of policies and tasks.
    pub hits: Vec<Hits>,
    /// By number of tasks.
    pub misses: Vec<Misses>,
    /// In the order of [`policies::operations`].
    pub policies: Vec<Compared>,
    /// The contestants of [`hits::NAMES`], and then all of [`policies::operations`].
    pub allocations: Vec<Counted>,
}

/// What it takes to get a token that is there.
#[derive(Debug, Serialize, Deserialize)]
pub struct Hits {
    /// Of how many policies tokens were got.
    pub keys: usize,
    /// How many tasks got them at the same time.
    pub tasks: usize,
    /// From one get to the next in the whole process, in nanoseconds, in the order of [`hits::NAMES`].
    pub times: Vec<Spread>,
    /// The minter's time, times that of each.
    pub ratios: Vec<Spread>,
}

/// What it takes until all have a token that was not there.
#[derive(Debug, Serialize, Deserialize)]
pub struct Misses {
    /// How many asked for it at the same time.
    pub tasks: u64,
    /// Until the last had it, in milliseconds.
    pub time: Spread,
}

/// Something that is done with a policy, and the same by hand.
#[derive(Debug, Serialize, Deserialize)]
pub struct Compared {
    /// What it is.
    pub name: String,
    /// In nanoseconds, by the crate.
    pub ours: Spread,
    /// In nanoseconds, by hand.
    pub plain: Spread,
    /// The crate's time, times that by hand.
    pub ratio: Spread,
}

/// What is allocated for something, each time that it is done.
#[derive(Debug, Serialize, Deserialize)]
pub struct Counted {
    /// What it is.
    pub name: String,
    /// How often and how much, by the crate.
    pub ours: (f64, f64),
    /// How often and how much, by hand; of a contestant there is only one way.
    pub plain: Option<(f64, f64)>,
}

impl Section for InProcessSection {
    const NAME: &'static str = "minter";

    const TOPIC: &'static str = "The minter and policies";

    const ABOUT: &'static str =
        "What is done without the network: tokens from the cache, and policies";

    type Results = Measured;

    fn measure(&self, scale: &Scale) -> Result<Measured> {
        Ok(Measured {
            is_pinned: programs::is_pinned(),
            hits: measure_hits(scale)?,
            misses: measure_misses(scale)?,
            policies: programs::where_callers_are(|| measure_policies(scale))?,
            allocations: allocations(scale)?,
        })
    }

    fn page(&self, results: &Results<Measured>) -> Part {
        page(&results.results)
    }
}

fn measure_hits(scale: &Scale) -> Result<Vec<Hits>> {
    let many = hits::runtime(true)?;
    let policies = if scale.is_smoke { 20 } else { hits::POLICIES };
    let contestants = many.block_on(Contestants::fill(policies))?;
    let mut measured = Vec::new();
    for keys in KEYS {
        for tasks in TASKS {
            println!("  hits: {}", name_of(tasks, keys));
            // So that all of them are there in a smoke run, too.
            let keys_there = keys.min(policies);
            let time = |which: usize, times: u64| {
                let each = times.div_ceil(tasks as u64);
                let gets = Gets {
                    tasks,
                    keys: keys_there,
                    each,
                };
                let took = match tasks {
                    1 => programs::where_callers_are(|| {
                        let one = hits::runtime(false)?;
                        Ok::<_, Error>(contestants.time_of_gets(&one, which, &gets))
                    })?,
                    _ => contestants.time_of_gets(&many, which, &gets),
                };
                Ok((took.as_secs_f64(), each * tasks as u64))
            };
            let times = take_turns(hits::NAMES.len(), scale, scale.turn / 4.0, time)?;
            let ratios = times
                .iter()
                .map(|other| Spread::of_ratios(&times[0], other));
            measured.push(Hits {
                keys,
                tasks,
                ratios: ratios.collect(),
                times: times.into_iter().map(Spread::of).collect(),
            });
        }
    }
    Ok(measured)
}

fn measure_misses(scale: &Scale) -> Result<Vec<Misses>> {
    let runtime = hits::runtime(true)?;
    let mut times = ASKING.map(|_| Vec::new());
    println!("  misses");
    for _ in 0..scale.rounds {
        for (tasks, times) in ASKING.iter().zip(&mut times) {
            let took = runtime.block_on(hits::miss(*tasks))?;
            times.push(took.as_secs_f64() * 1e3);
        }
    }
    let misses = ASKING.into_iter().zip(times);
    let misses = misses.map(|(tasks, times)| Misses {
        tasks,
        time: Spread::of(times),
    });
    Ok(misses.collect())
}

fn measure_policies(scale: &Scale) -> Result<Vec<Compared>> {
    let mut measured = Vec::new();
    println!("  policies");
    for mut operation in policies::operations()? {
        let time = |which: usize, times: u64| {
            let work = match which {
                0 => &mut operation.ours,
                _ => &mut operation.plain,
            };
            let began = std::time::Instant::now();
            work(times);
            Ok((began.elapsed().as_secs_f64(), times))
        };
        let times = take_turns(2, scale, scale.turn / 10.0, time)?;
        measured.push(Compared {
            name: operation.name,
            ratio: Spread::of_ratios(&times[0], &times[1]),
            ours: Spread::of(times[0].iter().copied()),
            plain: Spread::of(times[1].iter().copied()),
        });
    }
    Ok(measured)
}

/// Counts what is allocated on this thread, each of all things done so many times.
///
/// # Errors
///
/// Where something that is counted fails.
pub fn count(
    times: u64,
    counter: &mut dyn FnMut(&mut dyn FnMut()) -> Allocations,
) -> Result<Vec<Counted>> {
    let mut per_time = |work: &mut dyn FnMut(u64)| {
        // Until tables have grown.
        work(1);
        let counted = counter(&mut || work(times));
        let each = |all: u64| all as f64 / times as f64;
        (each(counted.count), each(counted.bytes))
    };
    let runtime = hits::runtime(true)?;
    let contestants = runtime.block_on(Contestants::fill(1))?;
    let mut counted = Vec::new();
    for (which, name) in hits::NAMES.into_iter().enumerate() {
        counted.push(Counted {
            name: name.to_owned(),
            ours: per_time(&mut |times| runtime.block_on(contestants.get_here(which, times))),
            plain: None,
        });
    }
    for mut operation in policies::operations()? {
        counted.push(Counted {
            name: operation.name,
            ours: per_time(&mut operation.ours),
            plain: Some(per_time(&mut operation.plain)),
        });
    }
    Ok(counted)
}

fn allocations(scale: &Scale) -> Result<Vec<Counted>> {
    let times = if scale.is_smoke { 1 } else { COUNTED };
    let output = Command::new(program("counting_in_process"))
        .arg(times.to_string())
        .stderr(std::process::Stdio::inherit())
        .output()
        .map_err(|error| format!("counting_in_process cannot be started: {error}"))?;
    if !output.status.success() {
        return Err("counting_in_process has failed; see what it wrote above".into());
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}

fn page(measured: &Measured) -> Part {
    let pinned = match measured.is_pinned {
        true => "stays on one processor",
        false => "runs on any processor",
    };
    let mut text = INTRODUCTION.replace("{pinned}", pinned);

    text += HITS;
    let bars = Bars {
        title: "A token from the cache".to_owned(),
        unit: "nanoseconds".to_owned(),
        series: hits::NAMES.map(str::to_owned).into(),
        groups: measured
            .hits
            .iter()
            .map(|hits| (name_of(hits.tasks, hits.keys), hits.times.clone()))
            .collect(),
    };
    let plot = bars.draw("minter-hits");
    text += &plot.image();
    text += &hit_table(&measured.hits).to_string();
    let allocations = measured.allocations.iter().take(hits::NAMES.len());
    let allocations = allocations.map(|it| {
        format!(
            "`{}` {} times",
            it.name,
            number(it.ours.0).replace(".00", "")
        )
    });
    let allocations: Vec<String> = allocations.collect();
    text += &format!(
        "\nA hit allocates: {}. What moka does now and then to keep its order is in it.\n",
        allocations.join(", ")
    );

    text += MISSES;
    let mut table = Table::new(["tasks that ask", "ms until all have it", "creates"]);
    for misses in &measured.misses {
        table.row([
            number(misses.tasks as f64).replace(".00", ""),
            misses.time.show(1),
            "1".to_owned(),
        ]);
    }
    text += &table.to_string();

    text += POLICIES;
    text += &policy_table(measured).to_string();
    Part {
        summary: summary(measured),
        text,
        plots: vec![plot],
        targets: targets(measured),
    }
}

fn name_of(tasks: usize, keys: usize) -> String {
    let tasks = match tasks {
        1 => "1 task".to_owned(),
        tasks => format!("{tasks} tasks"),
    };
    match keys {
        1 => format!("{tasks}, 1 policy"),
        keys => format!(
            "{tasks}, {} policies",
            number(keys as f64).replace(".00", "")
        ),
    }
}

fn hit_table(hits: &[Hits]) -> Table {
    let [minter, moka, locked] = hits::NAMES.map(|name| format!("`{name}`"));
    let mut table = Table::new([
        "".to_owned(),
        format!("{minter} ns"),
        format!("{moka} ns"),
        format!("{locked} ns"),
        format!("{minter} / {moka}"),
        format!("{minter} / {locked}"),
    ]);
    for hits in hits {
        let times = hits.times.iter().map(|time| number(time.median));
        let ratios = hits.ratios.iter().skip(1).map(|ratio| ratio.show(2));
        let name = name_of(hits.tasks, hits.keys);
        table.row([name].into_iter().chain(times).chain(ratios));
    }
    table
}

fn policy_table(measured: &Measured) -> Table {
    let mut table = Table::new([
        "",
        "ns",
        "by hand",
        "ratio",
        "allocations",
        "by hand",
        "bytes",
        "by hand",
    ]);
    for compared in &measured.policies {
        let counted = measured.allocations.iter();
        let counted = counted.filter(|it| it.name == compared.name);
        let counted = counted.filter_map(|it| Some((it.ours, it.plain?))).next();
        let whole = |value: f64| number(value.round()).replace(".00", "").replace(".0", "");
        let counts = counted.map(|(ours, plain)| [ours.0, plain.0, ours.1, plain.1].map(whole));
        let [ours, plain, bytes, plain_bytes] = counts.unwrap_or_default();
        table.row([
            compared.name.clone(),
            number(compared.ours.median),
            number(compared.plain.median),
            compared.ratio.show(2),
            ours,
            plain,
            bytes,
            plain_bytes,
        ]);
    }
    table
}

fn summary(measured: &Measured) -> String {
    let (mut slowest, mut dearest) = (0.0, 0.0);
    for hits in &measured.hits {
        slowest = f64::max(slowest, hits.times[0].median);
        dearest = f64::max(dearest, hits.ratios[MOKA].median);
    }
    let asking = measured.misses.last();
    let missed = asking.map_or_else(String::new, |misses| {
        let tasks = number(misses.tasks as f64).replace(".00", "");
        format!(" {tasks} tasks that ask at once for a token that is not there cause one create.")
    });
    format!(
        "A token from the cache takes at most {} ns, and at most {dearest:.1} times a bare get from moka.{missed}",
        number(slowest).replace(".00", ""),
    )
}

fn targets(measured: &Measured) -> Vec<Target> {
    let ratios = measured.hits.iter().map(|hits| hits.ratios[MOKA].median);
    let dearest = ratios.fold(0.0, f64::max);
    let allocations = |name: &str| {
        let mut counted = measured.allocations.iter();
        counted
            .find(|it| it.name == name)
            .map_or(0.0, |it| it.ours.0)
    };
    let more = allocations(hits::NAMES[0]) - allocations(hits::NAMES[MOKA]);
    vec![
        Target {
            what:
                "time of a token from the minter's cache, times that of a bare moka get; the worst"
                    .to_owned(),
            wanted: format!("at most {FACTOR}"),
            measured: format!("{dearest:.2}"),
            is_met: dearest <= FACTOR,
            because: "The minter hashes a whole policy, sees whether the token is due for renewal, and counts.",
        },
        Target {
            what: "allocations for a token from the minter's cache, above those of moka".to_owned(),
            wanted: "none".to_owned(),
            measured: format!("{more:.2}"),
            is_met: more <= 0.0,
            because: "",
        },
    ]
}

const INTRODUCTION: &str = include_str!("in_process.md");

const HITS: &str = "
## A token that is there

From one get to the next in the whole process: with two tasks at once on two processors, half of what one of them waits.

";

const MISSES: &str = "
## A token that is not there

The emulator takes 100 ms to create one. All tasks ask for the same, and none has it before; a run in which they make more
than one create is an error.

";

const POLICIES: &str = "
## Policies

";
