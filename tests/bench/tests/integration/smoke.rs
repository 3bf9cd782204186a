//! Each benchmark, as little of it as there can be, so that none rots. No time is looked at.

use std::sync::{Mutex, PoisonError};

use letta_api_bench::call::{self, CallSection};
use letta_api_bench::codegen::CodegenSection;
use letta_api_bench::documentation::DocumentationSection;
use letta_api_bench::emulator_calls::{Call, EmulatorSection};
use letta_api_bench::events::{self, EventsSection};
use letta_api_bench::features::FeaturesSection;
use letta_api_bench::footprint::FootprintSection;
use letta_api_bench::in_process::{self, InProcessSection};
use letta_api_bench::page_size::PageSizeSection;
use letta_api_bench::rivals::RivalsSection;
use letta_api_bench::section::{self, Results, Scale, Section};
use letta_api_bench::turn_streams::{self, TurnStreamsSection};
use letta_api_bench::{external_tools, machine, statistics::Spread};

/// Measures as little as can be, and makes a part of the page of it, by way of the JSON that is kept.
fn smoke<S: Section>(section: &S) -> Results<S::Results> {
    let scale = Scale::smoke();
    let results = Results {
        machine: machine::Machine::this(),
        day: machine::today(),
        rounds: scale.rounds,
        seconds: None,
        results: section.measure(&scale).unwrap(),
    };
    let kept = serde_json::to_string(&results).unwrap();
    let results: Results<S::Results> = serde_json::from_str(&kept).unwrap();
    let part = section.page(&results);
    for text in [&part.summary, &part.text] {
        assert!(!text.is_empty() && !text.contains(['{', '}']), "{text}");
    }
    assert!(!part.plots.is_empty(), "the first page has a plot of each");
    for plot in &part.plots {
        assert!(part.text.contains(&plot.image()), "{}", plot.name);
        assert!(plot.svg.starts_with("<svg"));
    }
    results
}

#[test]
fn a_call() {
    let measured = smoke(&CallSection).results;
    // Three calls, two protocols, and two of the numbers of tasks.
    assert_eq!(measured.cells.len(), 12);
    let is_sound = |spread: &Spread| spread.low > 0.0 && spread.median.is_finite();
    for cell in &measured.cells {
        assert_eq!(cell.clients.len(), 4);
        for cost in &cell.clients {
            assert_eq!(cost.calls, cell.tasks as u64);
            assert!(is_sound(&cost.rate) && is_sound(&cost.cpu) && is_sound(&cost.p50));
            assert!(cost.p50.median <= cost.p999);
        }
    }
    assert!(measured.server_alone > 0.0);
    // These do not depend on the machine, so that a test can hold them.
    let limit = call::MORE_ALLOCATIONS;
    for cell in &measured.allocations {
        let more = cell.more_than_base();
        assert!(more <= limit, "{more} more than bare reqwest: {cell:?}");
    }
}

#[test]
fn what_is_done_without_the_network() {
    let measured = smoke(&InProcessSection).results;
    // One policy and many, and three numbers of tasks.
    assert_eq!(measured.hits.len(), 6);
    for hits in &measured.hits {
        assert_eq!(hits.times.len(), in_process::hits::NAMES.len());
        assert_eq!(hits.ratios[0].median, 1.0);
    }
    // While the emulator takes its time.
    for misses in &measured.misses {
        assert!(misses.time.median >= 100.0, "{misses:?}");
    }
    let allocations = &measured.allocations[in_process::hits::NAMES.len()..];
    assert_eq!(measured.policies.len(), allocations.len());
    for (compared, counted) in measured.policies.iter().zip(allocations) {
        assert_eq!(compared.name, counted.name);
        assert!(counted.plain.is_some(), "{counted:?}");
    }
    // The minter's hit.
    assert_eq!(measured.allocations[0].ours.0, 0.0);
}

#[test]
fn events_of_a_turn() {
    let measured = smoke(&EventsSection).results;
    // Three streams, in pieces of two kinds.
    assert_eq!(measured.rows.len(), 6);
    for row in &measured.rows {
        assert_eq!(row.times.len(), events::readers::Reader::ALL.len());
        assert_eq!(row.ratios[0].median, 1.0);
        assert!(row.bytes > 200.0, "{row:?}");
    }
}

#[test]
fn turns_from_a_server() {
    let measured = smoke(&TurnStreamsSection).results;
    assert_eq!(measured.rows.len(), 6);
    let readers = turn_streams::readers::Reader::ALL.len();
    for row in &measured.rows {
        assert_eq!(row.times.len(), readers);
        assert_eq!(row.ratios[0].median, 1.0);
    }
    assert_eq!(measured.delays.len(), readers);
    assert!(measured.delays.iter().all(|delay| delay.median > 0.0));
    // How much a turn holds does not depend on the machine. One that keeps nothing holds no more when it is longer.
    let [short, long, kept_short, kept_long] = &measured.held[..] else {
        panic!("{:?}", measured.held);
    };
    assert!(long.events >= 5 * short.events);
    assert!(long.bytes < short.bytes * 1.2, "{:?}", measured.held);
    assert!(kept_long.bytes > kept_short.bytes, "{:?}", measured.held);
}

#[test]
fn the_emulator() {
    let measured = smoke(&EmulatorSection).results;
    // Two numbers of tasks.
    assert_eq!(measured.cells.len(), 2 * Call::ALL.len());
    assert!(measured.start.low > 0.0);
    assert_eq!(measured.idle.is_some(), cfg!(target_os = "linux"));
    for cell in &measured.cells {
        assert!(cell.rate.low > 0.0 && cell.cpu.low > 0.0, "{cell:?}");
    }
}

#[test]
#[ignore = "slow, it builds an application: add -- --ignored"]
fn compiling_by_features() {
    let measured = smoke(&FeaturesSection).results;
    assert_eq!(measured.subjects.len(), 1);
    for took in measured.subjects[0].turns[0] {
        assert!(took.cpu_seconds > 0.0 && took.memory > 1.0, "{took:?}");
    }
    // A change in the application does not compile letta-api again.
    let [check, _, after_a_change, _] = measured.subjects[0].turns[0];
    assert!(after_a_change.memory < check.memory, "{measured:?}");
}

#[test]
#[ignore = "slow, it makes the documentation: add -- --ignored"]
fn documentation() {
    let measured = smoke(&DocumentationSection).results;
    let [package] = &measured.packages[..] else {
        panic!("{measured:?}");
    };
    // At least a page for each of the operations' parameters and answers.
    assert!(
        package.files > 200 && package.bytes > 1_000_000,
        "{package:?}"
    );
    assert!(package.turns[0].cpu_seconds > 0.0);
}

#[test]
#[ignore = "slow, it builds a page: add -- --ignored"]
fn the_page() {
    if !has_what_a_page_needs() {
        return external_tools::skip(
            "the benchmark of the page",
            "what `.ci/for-browser --install --programs true` installs",
        );
    }
    let measured = smoke(&PageSizeSection).results;
    let program = measured.files.iter().find(|it| it.name.ends_with(".wasm"));
    let program = program.expect("a program in Rust");
    assert!(program.compressed > 100_000 && program.compressed < program.bytes);
}

fn has_what_a_page_needs() -> bool {
    let script = section::workspace().join(".ci/for-browser");
    let status = std::process::Command::new(script)
        .args(["--programs", "true"])
        .status();
    status.is_ok_and(|status| status.success())
}

#[test]
#[ignore = "slow, it builds programs: add -- --ignored"]
fn code_generation() {
    let measured = smoke(&CodegenSection).results;
    for document in &measured.documents {
        assert!(document.kilobytes > 100.0, "{}", document.kilobytes);
        for cost in [&document.ours, &document.alone] {
            assert!(cost.stages.len() >= 5, "{:?}", cost.stages);
            let stages = cost.stages.iter().map(|(_, time)| time.median);
            assert!(stages.sum::<f64>() <= cost.seconds.median * 1e3);
            assert!(cost.memory.median > 1.0);
        }
    }
}

/// Sections take turns that build the same programs: no program is to be replaced while it is started.
static BUILT: Mutex<()> = Mutex::new(());

#[test]
#[ignore = "slow, it builds programs: add -- --ignored"]
fn rivals() {
    let _turn = BUILT.lock().unwrap_or_else(PoisonError::into_inner);
    let measured = smoke(&RivalsSection).results;
    // Two calls, and two of the numbers of tasks.
    assert_eq!(measured.cells.len(), 4);
    for cell in &measured.cells {
        assert_eq!(cell.clients.len(), 3 + measured.official.len());
        for cost in &cell.clients {
            assert!(cost.rate.low > 0.0 && cost.cpu.median.is_finite());
        }
    }
}

#[test]
#[ignore = "slow, it builds whole applications: add -- --ignored"]
fn footprint() {
    let _turn = BUILT.lock().unwrap_or_else(PoisonError::into_inner);
    let measured = smoke(&FootprintSection).results;
    assert_eq!(measured.applications.len(), 4);
    for application in &measured.applications {
        assert!(application.crates > 50, "{application:?}");
        for turn in &application.turns {
            assert!(turn.rebuild.wall > 0.0 && turn.size > 1e5, "{turn:?}");
            assert_eq!(turn.idle.is_some(), cfg!(target_os = "linux"));
            assert_eq!(turn.busy.is_some(), turn.idle.is_some());
        }
    }
}
