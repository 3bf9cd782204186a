//! Turns as they come from a server, by letta-api-ext, by a bare reader, and by the official clients.

use std::process::Command;

use bytes::Bytes;
use cpu_time::ThreadTime;
use serde::{Deserialize, Serialize};

use crate::Result;
use crate::events::streams::Kind;
use crate::events::{PIECES, collected, name_of, short_name_of, whole};
use crate::plot::Bars;
use crate::programs::{self, Answering, program};
use crate::rivals::{self, NODE, Official, PYTHON};
use crate::section::{Part, Results, Scale, Section, Target};
use crate::statistics::{Spread, number};
use crate::table::Table;
use crate::turns::take_turns;

pub mod readers;
pub mod server;

use readers::{Clients, Reader};
use server::Server;

/// See the module.
#[derive(Debug)]
pub struct TurnStreamsSection;

/// At most how much more processor time an event is to take than a bare reader needs.
const FACTOR: f64 = 1.3;

/// How many times the events per second of processor time of each official client are wanted.
const TIMES: f64 = 10.0;

/// At most how much more memory a long stream is to take than one of a tenth of its events.
const GROWTH: f64 = 1.1;

/// Events in a stream, without those that end it.
const COUNT: usize = 1_000;

/// How many times that the two long streams are.
const LONG: [usize; 2] = [100, 1_000];

/// The limits of an answer with which memory is counted: none of it is kept, and what is kept by default.
const LIMITS: [usize; 2] = [0, 32 * 1024 * 1024];

/// What was measured.
#[derive(Debug, Serialize, Deserialize)]
pub struct Measured {
    /// Whether readers and server had a processor each.
    pub is_pinned: bool,
    /// By stream and pieces.
    pub rows: Vec<Row>,
    /// The official clients that are installed.
    pub official: Vec<Other>,
    /// How long a piece is on its way to the caller, in nanoseconds, in the order of [`Reader::ALL`].
    pub delays: Vec<Spread>,
    /// Those, times that of the bare reader that is typed.
    pub delay_ratios: Vec<Spread>,
    /// Memory, by limit and length.
    pub held: Vec<Held>,
}

/// What an event of a stream takes.
#[derive(Debug, Serialize, Deserialize)]
pub struct Row {
    /// What the stream is called.
    pub stream: String,
    /// The length of a piece in bytes. `None` if each event is a piece.
    pub piece: Option<usize>,
    /// Processor time for an event in nanoseconds, in the order of [`Reader::ALL`].
    pub times: Vec<Spread>,
    /// The time of a turn, times that of each.
    pub ratios: Vec<Spread>,
    /// Instructions for an event, if valgrind is there to count them.
    pub instructions: Option<Vec<f64>>,
}

/// What an official client takes.
#[derive(Debug, Serialize, Deserialize)]
pub struct Other {
    /// The client.
    pub client: Official,
    /// Processor time for an event of tokens in nanoseconds.
    pub time: Spread,
    /// That, times what a turn of letta-api-ext takes.
    pub ratio: Spread,
}

/// What a turn holds.
#[derive(Debug, Serialize, Deserialize)]
pub struct Held {
    /// How many bytes of messages it keeps at most.
    pub limit: usize,
    /// How many events it has.
    pub events: usize,
    /// How many bytes were allocated at the same time, at most.
    pub bytes: f64,
}

/// What an official client says of turns.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Took {
    cpu_seconds: f64,
    events: u64,
}

impl Section for TurnStreamsSection {
    const NAME: &'static str = "turn_streams";

    const TOPIC: &'static str = "Turns from a server";

    const ABOUT: &'static str =
        "Turns as they come, against a bare reader and the official clients";

    type Results = Measured;

    fn measure(&self, scale: &Scale) -> Result<Measured> {
        let mut rows = Vec::new();
        for kind in Kind::ALL {
            for length in PIECES {
                println!("  turns: {}", name_of(kind.name(), length));
                rows.push(measure(kind, length, scale)?);
            }
        }
        println!("  turns: official clients");
        let official = official(scale)?;
        println!("  turns: delays");
        let delays = programs::where_callers_are(|| delays(scale))?;
        let typed = &delays[place(Reader::BareTyped)];
        let ratios = delays.iter().map(|it| Spread::of_ratios(it, typed));
        println!("  turns: memory");
        Ok(Measured {
            is_pinned: programs::is_pinned(),
            rows,
            official,
            delay_ratios: ratios.collect(),
            delays: delays.into_iter().map(Spread::of).collect(),
            held: held_by_programs(scale)?,
        })
    }

    fn page(&self, results: &Results<Measured>) -> Part {
        page(&results.results)
    }
}

fn place(reader: Reader) -> usize {
    let place = Reader::ALL.iter().position(|it| *it == reader);
    place.expect("all are there")
}

fn runtime() -> Result<tokio::runtime::Runtime> {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    Ok(builder.enable_all().build()?)
}

fn clients(url: &str, kind: Kind) -> Result<Clients> {
    let mut clients = Clients::new(url)?;
    clients.tokens = kind != Kind::Steps;
    Ok(clients)
}

/// Reads a stream so many times, for a tool that counts instructions. The reader is a place in [`Reader::ALL`].
///
/// # Errors
///
/// An event cannot be read.
///
/// # Panics
///
/// There is no such place.
pub fn read(reader: usize, url: &str, times: usize) -> Result<()> {
    let clients = Clients::new(url)?;
    let runtime = runtime()?;
    for _ in 0..times {
        runtime.block_on(Reader::ALL[reader].read(&clients, || {}))?;
    }
    Ok(())
}

/// Reads a turn, and then another of which the memory is counted by what calls this.
///
/// # Errors
///
/// An event cannot be read.
pub fn held(url: &str, limit: usize, count: &mut dyn FnMut(&mut dyn FnMut())) -> Result<()> {
    let mut clients = Clients::new(url)?;
    clients.answer_limit = Some(limit);
    let runtime = runtime()?;
    let read = || runtime.block_on(Reader::TurnStream.read(&clients, || {}));
    let mut end = Ok(0);
    count(&mut || end = read());
    end.map(drop)
}

fn measure(kind: Kind, length: Option<usize>, scale: &Scale) -> Result<Row> {
    let count = if scale.is_smoke { 20 } else { COUNT };
    let events = kind.events(count).len();
    let server = Server::start(&kind.pieces(count, length), 1);
    let times = programs::where_callers_are(|| {
        let (clients, runtime) = (clients(&server.url(), kind)?, runtime()?);
        let time = |which: usize, wanted: u64| {
            let turns = wanted.div_ceil(events as u64);
            let began = ThreadTime::now();
            for _ in 0..turns {
                let read = runtime.block_on(Reader::ALL[which].read(&clients, || {}))?;
                if Reader::ALL[which] != Reader::TurnStream && read != events {
                    return Err(format!("{read} of {events} events were read").into());
                }
            }
            Ok((began.elapsed().as_secs_f64(), turns * events as u64))
        };
        take_turns(Reader::ALL.len(), scale, scale.turn, time)
    })?;
    let ratios = times
        .iter()
        .map(|other| Spread::of_ratios(&times[0], other));
    let instructions = match scale.is_smoke || kind == Kind::Steps {
        true => None,
        false => instructions(&server.url(), events)?,
    };
    Ok(Row {
        stream: kind.name().to_owned(),
        piece: length,
        ratios: ratios.collect(),
        times: times.into_iter().map(Spread::of).collect(),
        instructions,
    })
}

/// Instructions for an event: what a second and third turn take, so that starting the program is not in it. `None` without valgrind.
fn instructions(url: &str, events: usize) -> Result<Option<Vec<f64>>> {
    if !crate::events::has_valgrind() {
        return Ok(None);
    }
    let mut counts = Vec::new();
    for reader in 0..Reader::ALL.len() {
        let count = |times: usize| -> Result<f64> {
            let output = Command::new("valgrind")
                .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
                .arg(program("reading_turns"))
                .args([&reader.to_string(), url, &times.to_string()])
                .output()?;
            let said = String::from_utf8_lossy(&output.stderr);
            collected(&said).ok_or_else(|| format!("valgrind has not counted: {said}").into())
        };
        counts.push((count(3)? - count(1)?) / (2 * events) as f64);
    }
    Ok(Some(counts))
}

/// The official clients and a turn take turns with the same stream of tokens.
fn official(scale: &Scale) -> Result<Vec<Other>> {
    let count = if scale.is_smoke { 20 } else { COUNT };
    let events = Kind::Tokens.events(count).len() as u64;
    let server = Server::start(&Kind::Tokens.pieces(count, PIECES[0]), 1);
    let (mut official, mut programs) = (Vec::new(), Vec::new());
    for (name, mut command, interpreter) in rivals::installed("turns") {
        crate::official_clients::shield(&mut command);
        programs.push(Answering::start(command, name)?);
        official.push(Official {
            name: name.to_owned(),
            interpreter,
        });
    }
    if official.is_empty() {
        return Ok(Vec::new());
    }
    let ours = |turns: u64| -> Result<f64> {
        programs::where_callers_are(|| {
            let (clients, runtime) = (clients(&server.url(), Kind::Tokens)?, runtime()?);
            let began = ThreadTime::now();
            for _ in 0..turns {
                runtime.block_on(Reader::TurnStream.read(&clients, || {}))?;
            }
            Ok(began.elapsed().as_secs_f64())
        })
    };
    let time = |which: usize, wanted: u64| {
        let turns = wanted.div_ceil(events);
        let Some(other) = which.checked_sub(1) else {
            return Ok((ours(turns)?, turns * events));
        };
        let order = serde_json::json!({"url": server.url(), "turns": turns});
        let took: Took = serde_json::from_str(&programs[other].ask(&order.to_string())?)?;
        // One of them tells the events that end a turn, too.
        if took.events < turns * count as u64 {
            return Err(format!("{} events were read", took.events).into());
        }
        Ok((took.cpu_seconds, turns * events))
    };
    let times = take_turns(official.len() + 1, scale, scale.turn * 2.0, time)?;
    let (ours, theirs) = times.split_first().expect("a turn is there");
    let official = official.into_iter().zip(theirs);
    let official = official.map(|(client, time)| Other {
        client,
        ratio: Spread::of_ratios(time, ours),
        time: Spread::of(time.iter().copied()),
    });
    Ok(official.collect())
}

/// How long pieces are on their way, in nanoseconds: the median of each round.
fn delays(scale: &Scale) -> Result<Vec<Vec<f64>>> {
    let count = if scale.is_smoke { 20 } else { COUNT };
    // The events that end the turn come with the last one.
    let mut pieces = Kind::Tokens.pieces(count, None);
    let end: Vec<u8> = pieces.split_off(count).concat();
    if let Some(last) = pieces.last_mut() {
        *last = Bytes::from([&last[..], &end].concat());
    }
    let runtime = runtime()?;
    let mut medians = vec![Vec::new(); Reader::ALL.len()];
    for round in 0..scale.rounds {
        for place in 0..Reader::ALL.len() {
            let which = (round + place) % Reader::ALL.len();
            let (server, steps) = Server::start_in_steps(&pieces);
            let clients = clients(&server.url(), Kind::Tokens)?;
            let mut times = Vec::new();
            steps.go();
            let each = || {
                if times.len() < count {
                    times.push(steps.ago().as_secs_f64() * 1e9);
                    steps.go();
                }
            };
            runtime.block_on(Reader::ALL[which].read(&clients, each))?;
            medians[which].push(Spread::of(times).median);
        }
    }
    Ok(medians)
}

fn held_by_programs(scale: &Scale) -> Result<Vec<Held>> {
    let mut held = Vec::new();
    for limit in LIMITS {
        for times in LONG {
            // The buffers of the connection have grown by then.
            let times = match scale.is_smoke {
                true => (times / 5).min(100),
                false => times,
            };
            let server = long(times);
            let output = Command::new(program("counting_turns"))
                .args([&server.url(), &limit.to_string()])
                .output()?;
            let said = String::from_utf8_lossy(&output.stdout);
            let complains = String::from_utf8_lossy(&output.stderr);
            let bytes = said.trim().parse();
            held.push(Held {
                limit,
                events: times * COUNT,
                bytes: bytes.map_err(|_| format!("memory was not counted: {complains}"))?,
            });
        }
    }
    Ok(held)
}

/// A server of a stream of so many times the events.
fn long(times: usize) -> Server {
    // All but the events that end a turn are repeated.
    let mut pieces = Kind::Tokens.pieces(COUNT, None);
    let end = Bytes::from(pieces.split_off(COUNT).concat());
    Server::start(&[Bytes::from(pieces.concat()), end], times)
}

fn page(measured: &Measured) -> Part {
    let pinned = match measured.is_pinned {
        true => "Readers have one processor, and the server another",
        false => "Readers and server share the processors",
    };
    let mut text = INTRODUCTION.replace("{pinned}", pinned);
    let rows = measured.rows.iter();
    let groups = rows.map(|row| (short_name_of(&row.stream, row.piece), row.times.clone()));
    let bars = Bars {
        title: "An event of a turn from a server".to_owned(),
        unit: "nanoseconds of processor time".to_owned(),
        series: Reader::ALL.map(|reader| reader.name().to_owned()).into(),
        groups: groups.collect(),
    };
    let plot = bars.draw("turn-streams");
    let [turn, raw, typed, value] = Reader::ALL.map(Reader::name);
    let mut table = Table::new([
        String::new(),
        format!("{turn} ns"),
        format!("{raw} ns"),
        format!("{typed} ns"),
        format!("{value} ns"),
        format!("{turn} / {typed}"),
        format!("{turn} / {value}"),
    ]);
    for row in &measured.rows {
        let times = row.times.iter().map(|time| number(time.median));
        let ratios = row.ratios.iter().skip(2).map(|ratio| ratio.show(2));
        let name = [name_of(&row.stream, row.piece)];
        table.row(name.into_iter().chain(times).chain(ratios));
    }
    text += &table.to_string();

    let counted = || {
        measured
            .rows
            .iter()
            .filter(|row| row.instructions.is_some())
    };
    if counted().next().is_some() {
        text += INSTRUCTIONS;
        let mut table = Table::new([
            String::new(),
            turn.to_owned(),
            raw.to_owned(),
            typed.to_owned(),
            value.to_owned(),
            format!("{turn} / {typed}"),
        ]);
        for row in counted() {
            let counts = row.instructions.iter().flatten();
            let counts: Vec<f64> = counts.copied().collect();
            let ratio = number(counts[0] / counts[place(Reader::BareTyped)]);
            let name = [name_of(&row.stream, row.piece)];
            let counts = counts.into_iter().map(whole);
            table.row(name.into_iter().chain(counts).chain([ratio]));
        }
        text += &table.to_string();
    }

    if !measured.official.is_empty() {
        text += OFFICIAL;
        let mut table = Table::new(["", "CPU µs", "times TurnStream's"]);
        for other in &measured.official {
            table.row([
                format!("{}, {}", other.client.name, other.client.interpreter),
                number(other.time.median / 1e3),
                other.ratio.show(1),
            ]);
        }
        text += &table.to_string();
    }

    text += DELAYS;
    let mut table = Table::new(["", "µs", "times that of bare, typed"]);
    for (reader, (time, ratio)) in Reader::ALL
        .iter()
        .zip(measured.delays.iter().zip(&measured.delay_ratios))
    {
        table.row([
            reader.name().to_owned(),
            number(time.median / 1e3),
            ratio.show(2),
        ]);
    }
    text += &table.to_string();

    text += MEMORY;
    let mut table = Table::new(["kept of the answer", "events", "bytes"]);
    for held in &measured.held {
        let kept = match held.limit {
            0 => "nothing".to_owned(),
            limit => format!("{} MiB at most", limit / 1024 / 1024),
        };
        table.row([kept, whole(held.events as f64), whole(held.bytes)]);
    }
    text += &table.to_string();
    Part {
        summary: summary(measured),
        text: format!("{}{text}", plot.image()),
        plots: vec![plot],
        targets: targets(measured),
    }
}

/// The processor time of a turn for an event, times that of the bare reader that is typed; the worst of all streams.
fn dearest(measured: &Measured) -> f64 {
    let typed = place(Reader::BareTyped);
    let ratios = measured.rows.iter().map(|row| row.ratios[typed].median);
    ratios.fold(0.0, f64::max)
}

fn summary(measured: &Measured) -> String {
    let others = measured.official.iter().map(|other| {
        let times = other.ratio.median;
        format!(
            "{times:.0} times the events of the official {} client",
            other.client.name
        )
    });
    let others: Vec<String> = others.collect();
    let others = match others.is_empty() {
        true => String::new(),
        false => format!(
            " Per second of processor time, it reads {}.",
            others.join(" and ")
        ),
    };
    let events = measured.rows.iter().map(|row| 1e9 / row.times[0].median);
    format!(
        "A turn reads at least {} events a second, with at most {:.2} times the processor time of a bare reader.{others}",
        whole(events.fold(f64::INFINITY, f64::min)),
        dearest(measured),
    )
}

fn targets(measured: &Measured) -> Vec<Target> {
    let mut targets = Vec::new();
    let dearest = dearest(measured);
    targets.push(Target {
        what: "processor time for an event of a turn from a server, times that of a bare reader that is typed; the worst"
            .to_owned(),
        wanted: format!("at most {FACTOR}"),
        measured: format!("{dearest:.2}"),
        is_met: dearest <= FACTOR,
        because: "A turn keeps whole messages for the answer and copies their texts, and reads the first piece of each twice.",
    });
    for name in [NODE, PYTHON] {
        let other = measured
            .official
            .iter()
            .find(|other| other.client.name == name);
        let Some(other) = other else { continue };
        let times = other.ratio.median;
        targets.push(Target {
            what: format!(
                "tokens for a second of processor time, times those of the official {name} client"
            ),
            wanted: format!("at least {TIMES}"),
            measured: format!("{times:.1}"),
            is_met: times >= TIMES,
            because: "",
        });
    }
    let delay = measured.delay_ratios[place(Reader::TurnStream)].median;
    targets.push(Target {
        what: "time from the first byte of a piece to the caller of a turn, times that of a bare reader that is typed".to_owned(),
        wanted: format!("at most {FACTOR}"),
        measured: format!("{delay:.2}"),
        is_met: delay <= FACTOR,
        because: "",
    });
    let flat: Vec<f64> = (measured.held.iter())
        .filter(|held| held.limit == 0)
        .map(|held| held.bytes)
        .collect();
    if let [short, .., long] = flat[..] {
        let growth = long / short;
        targets.push(Target {
            what:
                "memory of a turn of 1,000,000 tokens that keeps no answer, times that of 100,000"
                    .to_owned(),
            wanted: format!("at most {GROWTH}"),
            measured: format!("{growth:.2}"),
            is_met: growth <= GROWTH,
            because: "",
        });
    }
    targets
}

const INTRODUCTION: &str = include_str!("turn_streams.md");

const INSTRUCTIONS: &str = "
Instructions for an event, counted by callgrind, with those of the HTTP client.

";

const OFFICIAL: &str = "
The official clients, with the same tokens in pieces of 16 KiB. Processor time for an event.

";

const DELAYS: &str = "
From just before the first byte of an event is written until the caller has the event, if the reader sleeps before. Medians of 1,000
events. Most of it is the system's: to wake the reader.

";

const MEMORY: &str = "
How many bytes a turn of tokens has allocated at the same time, at most, with those of the connection. If the answer is kept, it has all
texts: here 5 bytes for each event.

";
