//! Events of a turn, as the raw client reads them, and as a bare reader does.

use std::process::{Command, Stdio};

use bytes::Bytes;
use cpu_time::ThreadTime;
use serde::{Deserialize, Serialize};

use crate::Result;
use crate::plot::Bars;
use crate::programs::{self, program};
use crate::section::{Part, Results, Scale, Section, Target};
use crate::statistics::{Spread, number};
use crate::table::Table;
use crate::turns::take_turns;

pub mod readers;
pub mod streams;

use readers::Reader;
use streams::Kind;

/// See the module.
#[derive(Debug)]
pub struct EventsSection;

/// At most how much more processor time an event is to take than a bare reader needs.
const FACTOR: f64 = 1.3;

/// Events in a stream, without those that end it.
const COUNT: usize = 1_000;

/// The lengths of pieces, in bytes. `None` is a piece for each event.
pub(crate) const PIECES: [Option<usize>; 2] = [Some(16 * 1024), None];

/// What was measured.
#[derive(Debug, Serialize, Deserialize)]
pub struct Measured {
    /// Whether there was a processor that it was kept on.
    pub is_pinned: bool,
    /// By stream and pieces.
    pub rows: Vec<Row>,
}

/// What an event takes.
#[derive(Debug, Serialize, Deserialize)]
pub struct Row {
    /// What the stream is called.
    pub stream: String,
    /// The length of a piece in bytes. `None` if each event is a piece.
    pub piece: Option<usize>,
    /// How long an event is on average, in bytes.
    pub bytes: f64,
    /// Processor time for an event in nanoseconds, in the order of [`Reader::ALL`].
    pub times: Vec<Spread>,
    /// The raw client's time, times that of each.
    pub ratios: Vec<Spread>,
    /// Instructions for an event, if valgrind is there to count them.
    pub instructions: Option<Vec<f64>>,
}

impl Section for EventsSection {
    const NAME: &'static str = "events";

    const TOPIC: &'static str = "Events of a turn";

    const ABOUT: &'static str = "Events of a turn, against a bare reader";

    type Results = Measured;

    fn measure(&self, scale: &Scale) -> Result<Measured> {
        let mut rows = Vec::new();
        for (stream, kind) in Kind::ALL.into_iter().enumerate() {
            for (pieces, length) in PIECES.into_iter().enumerate() {
                println!("  events: {}", name_of(kind.name(), length));
                let mut row = programs::where_callers_are(|| measure(kind, length, scale))?;
                if !scale.is_smoke {
                    row.instructions = instructions(stream, pieces)?;
                }
                rows.push(row);
            }
        }
        Ok(Measured {
            is_pinned: programs::is_pinned(),
            rows,
        })
    }

    fn page(&self, results: &Results<Measured>) -> Part {
        page(&results.results)
    }
}

fn runtime() -> Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_current_thread().build()?)
}

/// Reads so many bodies, and checks that all events were read.
fn read_times(
    runtime: &tokio::runtime::Runtime,
    reader: Reader,
    pieces: &[Bytes],
    expected: usize,
    times: u64,
) -> Result<()> {
    for _ in 0..times {
        let events = runtime.block_on(reader.read(pieces))?;
        if events != expected {
            return Err(format!("{} has read {events} of {expected} events", reader.name()).into());
        }
    }
    Ok(())
}

/// Reads a stream so many times, for a tool that counts instructions. Each argument but the last is a place in a list of this module.
///
/// # Errors
///
/// An event cannot be read.
///
/// # Panics
///
/// There is no such place.
pub fn read(reader: usize, stream: usize, pieces: usize, times: usize) -> Result<()> {
    let kind = Kind::ALL[stream];
    let expected = kind.events(COUNT).len();
    let pieces = kind.pieces(COUNT, PIECES[pieces]);
    read_times(
        &runtime()?,
        Reader::ALL[reader],
        &pieces,
        expected,
        times as u64,
    )
}

fn measure(kind: Kind, length: Option<usize>, scale: &Scale) -> Result<Row> {
    let count = if scale.is_smoke { 20 } else { COUNT };
    let expected = kind.events(count).len();
    let pieces = kind.pieces(count, length);
    let runtime = runtime()?;
    let time = |which: usize, times: u64| {
        let began = ThreadTime::now();
        read_times(&runtime, Reader::ALL[which], &pieces, expected, times)?;
        Ok((began.elapsed().as_secs_f64(), times * expected as u64))
    };
    // In bodies, of which one turn has several.
    let time_of_bodies = |which: usize, events: u64| time(which, events.div_ceil(expected as u64));
    let times = take_turns(Reader::ALL.len(), scale, scale.turn / 4.0, time_of_bodies)?;
    let bytes: usize = pieces.iter().map(Bytes::len).sum();
    let ratios = times
        .iter()
        .map(|other| Spread::of_ratios(&times[0], other));
    Ok(Row {
        stream: kind.name().to_owned(),
        piece: length,
        bytes: bytes as f64 / expected as f64,
        ratios: ratios.collect(),
        times: times.into_iter().map(Spread::of).collect(),
        instructions: None,
    })
}

/// Instructions for an event: what a second and third body take, so that starting the program is not in it. `None` without valgrind.
fn instructions(stream: usize, pieces: usize) -> Result<Option<Vec<f64>>> {
    if !has_valgrind() {
        return Ok(None);
    }
    let expected = Kind::ALL[stream].events(COUNT).len();
    let mut counts = Vec::new();
    for reader in 0..Reader::ALL.len() {
        let count = |times: usize| {
            let output = Command::new("valgrind")
                .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
                .arg(program("reading_events"))
                .args([reader, stream, pieces, times].map(|it| it.to_string()))
                .output()?;
            let said = String::from_utf8_lossy(&output.stderr);
            collected(&said).ok_or_else(|| format!("valgrind has not counted: {said}").into())
        };
        let (one, three): (Result<f64>, Result<f64>) = (count(1), count(3));
        counts.push((three? - one?) / (2 * expected) as f64);
    }
    Ok(Some(counts))
}

/// Whether valgrind is there.
pub(crate) fn has_valgrind() -> bool {
    let mut version = Command::new("valgrind");
    version.arg("--version").stdout(Stdio::null());
    version.status().is_ok_and(|status| status.success())
}

/// The number of instructions, in what callgrind says at the end.
pub(crate) fn collected(said: &str) -> Option<f64> {
    let (_, count) = said.rsplit_once("Collected : ")?;
    count.split_whitespace().next()?.parse().ok()
}

pub(crate) fn name_of(stream: &str, piece: Option<usize>) -> String {
    match piece {
        Some(length) => format!("{stream}, pieces of {} KiB", length / 1024),
        None => format!("{stream}, a piece for each event"),
    }
}

fn page(measured: &Measured) -> Part {
    let pinned = match measured.is_pinned {
        true => "stays on one processor",
        false => "runs on any processor",
    };
    let mut text = INTRODUCTION.replace("{pinned}", pinned);
    let rows = measured.rows.iter();
    let groups = rows.map(|row| (short_name_of(&row.stream, row.piece), row.times.clone()));
    let bars = Bars {
        title: "An event".to_owned(),
        unit: "nanoseconds of processor time".to_owned(),
        series: Reader::ALL.map(|reader| reader.name().to_owned()).into(),
        groups: groups.collect(),
    };
    let plot = bars.draw("events");
    let [ours, typed, value] = Reader::ALL.map(Reader::name);
    let mut table = Table::new([
        "".to_owned(),
        "bytes".to_owned(),
        "events/s".to_owned(),
        format!("{ours} ns"),
        format!("{typed} ns"),
        format!("{value} ns"),
        format!("{ours} / {typed}"),
        format!("{ours} / {value}"),
    ]);
    for row in &measured.rows {
        let times = row.times.iter().map(|time| number(time.median));
        let ratios = row.ratios.iter().skip(1).map(|ratio| ratio.show(2));
        let cells = [
            name_of(&row.stream, row.piece),
            whole(row.bytes),
            whole(1e9 / row.times[0].median),
        ];
        table.row(cells.into_iter().chain(times).chain(ratios));
    }
    text += &table.to_string();

    let counted: Vec<_> = measured
        .rows
        .iter()
        .filter_map(|row| Some((row, row.instructions.as_ref()?)))
        .collect();
    if !counted.is_empty() {
        text += INSTRUCTIONS;
        let mut table = Table::new([
            "".to_owned(),
            ours.to_owned(),
            typed.to_owned(),
            value.to_owned(),
            format!("{ours} / {typed}"),
            format!("{ours} / {value}"),
        ]);
        for (row, counts) in counted {
            let ratios = counts.iter().skip(1).map(|it| number(counts[0] / it));
            let counts = counts.iter().map(|it| whole(*it));
            let name = [name_of(&row.stream, row.piece)];
            table.row(name.into_iter().chain(counts).chain(ratios));
        }
        text += &table.to_string();
    }
    Part {
        summary: summary(measured),
        text: format!("{}{text}", plot.image()),
        plots: vec![plot],
        targets: targets(measured),
    }
}

/// As short as there is room below a plot.
pub(crate) fn short_name_of(stream: &str, piece: Option<usize>) -> String {
    match piece {
        Some(length) => format!("{stream}, {} KiB", length / 1024),
        None => format!("{stream}, each"),
    }
}

fn summary(measured: &Measured) -> String {
    let [events, typed, value] = [
        measured
            .rows
            .iter()
            .map(|row| 1e9 / row.times[0].median)
            .fold(f64::INFINITY, f64::min),
        worst(measured, Reader::BareTyped),
        worst(measured, Reader::BareValue),
    ];
    format!(
        "The raw client reads at least {} events a second, with at most {typed:.2} times the processor time of a bare typed reader, \
         and {value:.2} times that of one of values.",
        whole(events),
    )
}

/// The raw client's time, times that of this reader; the worst of all streams.
fn worst(measured: &Measured, bare: Reader) -> f64 {
    let which = Reader::ALL.iter().position(|reader| *reader == bare);
    let ratios = measured
        .rows
        .iter()
        .filter_map(|row| Some(row.ratios[which?].median));
    ratios.fold(0.0, f64::max)
}

/// Rounded to a whole number.
pub(crate) fn whole(value: f64) -> String {
    number(value.round()).replace(".00", "").replace(".0", "")
}

fn targets(measured: &Measured) -> Vec<Target> {
    let target = |bare: Reader| {
        let dearest = worst(measured, bare);
        Target {
            what: format!(
                "processor time for an event of a turn, times that of a reader that is {}; the worst",
                bare.name()
            ),
            wanted: format!("at most {FACTOR}"),
            measured: format!("{dearest:.2}"),
            is_met: dearest <= FACTOR,
            because: "The raw client bounds an event, knows all line ends, and keeps events that it cannot read.",
        }
    };
    vec![target(Reader::BareTyped), target(Reader::BareValue)]
}

const INTRODUCTION: &str = include_str!("events.md");

const INSTRUCTIONS: &str = "
Instructions for an event, counted by callgrind. They do not depend on what else the machine does.

";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_count_is_what_callgrind_says_at_the_end() {
        let said =
            "==7== Callgrind, ...\n==7== Collected : 12\n==7==\n==7== Collected : 3456789\n==7==\n";
        assert_eq!(collected(said), Some(3_456_789.0));
        assert_eq!(collected("==7== killed"), None);
    }

    #[test]
    fn a_body_is_the_same_in_pieces_of_any_length() {
        for kind in Kind::ALL {
            let body = kind.body(30);
            for length in [Some(1_000), Some(1), None] {
                assert_eq!(kind.pieces(30, length).concat(), body.as_bytes());
            }
        }
    }
}
