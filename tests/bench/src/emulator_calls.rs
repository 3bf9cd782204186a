//! What the emulator takes to answer: its start, its memory, and calls per second.

use std::future::Future;
use std::time::{Duration, Instant};

use letta_api_bench_caller::{API_KEY, ORIGIN};
use letta_api_ext::{AccessPolicy, Letta};
use serde::{Deserialize, Serialize};

use crate::plot::Bars;
use crate::programs::{self, EmulatorProgram};
use crate::section::{Part, Results, Scale, Section, Target};
use crate::statistics::{Spread, number};
use crate::table::Table;
use crate::{Error, Result};

/// See the module.
#[derive(Debug)]
pub struct EmulatorSection;

/// The agent that the emulator has.
pub const AGENT: &str = "agent-0c5fd2e1-7a64-4c0e-9a3e-2f1b8a6d4e10";

/// How many call at the same time.
const TASKS: [usize; 2] = [1, 16];

/// At most how long the emulator may take to start, in milliseconds.
const LONGEST_START: f64 = 100.0;

/// A call to the emulator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Call {
    /// Create a token.
    CreateToken,
    /// Read an agent.
    GetAgent,
    /// Say something to an agent that was made for it, and read its answer.
    Turn,
}

impl Call {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::CreateToken, Self::GetAgent, Self::Turn];

    fn name(self) -> &'static str {
        match self {
            Self::CreateToken => "create a token",
            Self::GetAgent => "read an agent",
            Self::Turn => "create an agent, and a turn with it",
        }
    }
}

/// What was measured.
#[derive(Debug, Serialize, Deserialize)]
pub struct Measured {
    /// Whether callers and emulator had a processor each.
    pub is_pinned: bool,
    /// From the start of the program until it can be called, in milliseconds.
    pub start: Spread,
    /// In memory before the first call, in bytes, where the system tells it.
    pub idle: Option<Spread>,
    /// By call and number of tasks.
    pub cells: Vec<Cell>,
}

/// What calls take.
#[derive(Debug, Serialize, Deserialize)]
pub struct Cell {
    /// The call.
    pub call: Call,
    /// How many called at the same time.
    pub tasks: usize,
    /// Calls per second.
    pub rate: Spread,
    /// Processor time of the emulator for each call, in microseconds.
    pub cpu: Spread,
    /// How many bytes the emulator has more in memory for each call after them, where the system tells it.
    pub kept: Option<Spread>,
}

impl Section for EmulatorSection {
    const NAME: &'static str = "emulator";

    const TOPIC: &'static str = "The emulator";

    const ABOUT: &'static str = "What the emulator takes to start and to answer";

    type Results = Measured;

    fn scale(&self) -> Scale {
        Scale {
            turn: 1.0,
            ..Scale::full()
        }
    }

    fn measure(&self, scale: &Scale) -> Result<Measured> {
        let (mut starts, mut idle) = (Vec::new(), Vec::new());
        let mut cells = Vec::new();
        let combinations = || {
            TASKS
                .iter()
                .flat_map(|tasks| Call::ALL.map(|call| (call, *tasks)))
        };
        let mut turns: Vec<Vec<Turn>> = combinations().map(|_| Vec::new()).collect();
        for round in 0..scale.rounds {
            println!("  emulator, round {}", round + 1);
            for ((call, tasks), turns) in combinations().zip(&mut turns) {
                // A new one for each, so that what the others left is not in it.
                let began = Instant::now();
                let mut emulator = EmulatorProgram::start()?;
                starts.push(began.elapsed().as_secs_f64() * 1e3);
                idle.extend(emulator.resident());
                turns.push(turn(call, tasks, &mut emulator, scale)?);
            }
        }
        for ((call, tasks), turns) in combinations().zip(&turns) {
            let spread = |value: fn(&Turn) -> f64| Spread::of(turns.iter().map(value));
            let kept: Option<Vec<f64>> = turns.iter().map(|turn| turn.kept).collect();
            cells.push(Cell {
                call,
                tasks,
                rate: spread(|turn| turn.calls as f64 / turn.seconds),
                cpu: spread(|turn| turn.cpu_seconds * 1e6 / turn.calls as f64),
                kept: kept.map(Spread::of),
            });
        }
        Ok(Measured {
            is_pinned: programs::is_pinned(),
            start: Spread::of(starts),
            idle: (!idle.is_empty()).then(|| Spread::of(idle)),
            cells,
        })
    }

    fn page(&self, results: &Results<Measured>) -> Part {
        page(&results.results)
    }
}

/// What calls of one kind took.
struct Turn {
    calls: usize,
    seconds: f64,
    cpu_seconds: f64,
    kept: Option<f64>,
}

fn turn(call: Call, tasks: usize, emulator: &mut EmulatorProgram, scale: &Scale) -> Result<Turn> {
    let calls = |least: usize, seconds: f64, base_url: &str| {
        programs::where_callers_are(|| {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()?;
            runtime.block_on(calls(call, tasks, least, seconds, base_url))
        })
    };
    // Until connections are open.
    calls(tasks, 0.0, &emulator.base_url)?;
    let (cpu, memory) = (emulator.cpu_seconds()?, emulator.resident());
    let (count, seconds) = calls(tasks, scale.turn, &emulator.base_url)?;
    let cpu_seconds = emulator.cpu_seconds()? - cpu;
    let kept = emulator.resident().zip(memory);
    Ok(Turn {
        calls: count,
        seconds,
        cpu_seconds,
        kept: kept.map(|(after, before)| (after - before) / count as f64),
    })
}

/// Calls for so many seconds, and at least so many times. Returns how many calls there were, and how long they took.
async fn calls(
    call: Call,
    tasks: usize,
    least: usize,
    seconds: f64,
    base_url: &str,
) -> Result<(usize, f64)> {
    let letta = Letta::builder()
        .api_key(API_KEY)
        .base_url(base_url)
        .build()?;
    let policy = AccessPolicy::builder().agent(AGENT).chat().build()?;
    let began = Instant::now();
    let until = Duration::from_secs_f64(seconds);
    let each = least.div_ceil(tasks);
    let one_task = || {
        let (letta, policy) = (&letta, &policy);
        async move {
            let mut count = 0;
            while count < each || began.elapsed() < until {
                match call {
                    Call::CreateToken => created(letta, policy).await?,
                    Call::GetAgent => read(letta).await?,
                    Call::Turn => said(letta).await?,
                }
                count += 1;
            }
            Ok::<_, Error>(count)
        }
    };
    let counts = all((0..tasks).map(|_| one_task())).await?;
    Ok((counts.iter().sum(), began.elapsed().as_secs_f64()))
}

async fn all<T>(tasks: impl Iterator<Item: Future<Output = Result<T>>>) -> Result<Vec<T>> {
    futures_util::future::try_join_all(tasks).await
}

async fn created(letta: &Letta, policy: &AccessPolicy) -> Result<()> {
    letta
        .access_tokens()
        .create(policy.clone(), ORIGIN)
        .send()
        .await?;
    Ok(())
}

async fn read(letta: &Letta) -> Result<()> {
    let agent = letta.agent(AGENT).get().send().await?;
    match agent.id == AGENT {
        true => Ok(()),
        false => Err("the emulator answers with another agent".into()),
    }
}

async fn said(letta: &Letta) -> Result<()> {
    let agent = letta.agents().create().send().await?;
    let answer = letta.agent(&agent.id).turn("Hello").send().await?;
    match answer.text().contains("Hello") {
        true => Ok(()),
        false => Err("the agent has not repeated what it was told".into()),
    }
}

fn at_a_time(tasks: usize) -> String {
    crate::call::at_a_time(tasks)
}

fn page(measured: &Measured) -> Part {
    let pinned = match measured.is_pinned {
        true => "have a processor each",
        false => "share the processors",
    };
    let mut text = INTRODUCTION
        .replace("{pinned}", pinned)
        .replace("{start}", &measured.start.show(1));
    let idle = measured
        .idle
        .map(|idle| format!(", with {} MB in memory", number(idle.median / 1e6)));
    text = text.replace("{idle}", &idle.unwrap_or_default());
    let bars = Bars {
        title: "The emulator".to_owned(),
        unit: "calls per second".to_owned(),
        series: Call::ALL.map(|call| call.name().to_owned()).into(),
        groups: TASKS
            .iter()
            .map(|tasks| {
                let cells = measured.cells.iter().filter(|cell| cell.tasks == *tasks);
                (at_a_time(*tasks), cells.map(|cell| cell.rate).collect())
            })
            .collect(),
    };
    let plot = bars.draw("emulator");
    text += &plot.image();
    let mut table = Table::new(["", "calls", "calls/s", "CPU µs", "kept, bytes"]);
    for cell in &measured.cells {
        let kept = cell.kept.map(|kept| number(kept.median));
        table.row([
            cell.call.name().to_owned(),
            at_a_time(cell.tasks),
            number(cell.rate.median),
            cell.cpu.show(0),
            kept.unwrap_or_default(),
        ]);
    }
    text += &table.to_string();
    let start = measured.start.median;
    Part {
        summary: summary(measured),
        text,
        plots: vec![plot],
        targets: vec![Target {
            what: "milliseconds until the emulator can be called".to_owned(),
            wanted: format!("at most {LONGEST_START}"),
            measured: number(start),
            is_met: start <= LONGEST_START,
            because: "The description that requests are checked against is read at the start.",
        }],
    }
}

fn summary(measured: &Measured) -> String {
    let most = |call: Call| {
        let cells = measured.cells.iter().filter(|cell| cell.call == call);
        let rates = cells.map(|cell| cell.rate.median);
        number(rates.fold(0.0, f64::max))
    };
    format!(
        "It starts in {} ms. On one processor, it answers {} creates of tokens a second, or {} reads of an agent, or makes {} agents and \
         a turn with each.",
        number(measured.start.median),
        most(Call::CreateToken),
        most(Call::GetAgent),
        most(Call::Turn),
    )
}

const INTRODUCTION: &str = include_str!("emulator_calls.md");
