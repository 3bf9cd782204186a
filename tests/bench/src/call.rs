//! What a call costs: the SDK against the same done by hand, on the layers that it is built on.

use std::process::Command;

use letta_api_bench_caller::{Call, Order, Protocol, Report};
use serde::{Deserialize, Serialize};

use crate::plot::Bars;
use crate::programs::{self, Caller, Server, program};
use crate::section::{Part, Results, Scale, Section, Target};
use crate::statistics::{Spread, number};
use crate::table::Table;
use crate::{Result, client, flood};

/// See the module.
#[derive(Debug)]
pub struct CallSection;

/// What the clients are compared with.
const BASE: &str = "reqwest";

/// What is to cost next to nothing.
const OURS: &str = "letta-api-ext";

const CALLS: [(Call, &str); 3] = [
    (Call::Create, "create"),
    (Call::List(10), "list 10"),
    (Call::List(1_000), "list 1,000"),
];

const PROTOCOLS: [(Protocol, &str); 2] =
    [(Protocol::Http1, "HTTP/1.1"), (Protocol::Http2, "HTTP/2")];

const TASKS: [usize; 4] = [1, 16, 64, 256];

/// How many calls allocations are counted of.
const COUNTED: u64 = 200;

/// At most how much more than the base's is wanted.
const FACTOR: f64 = 1.05;

/// At most how many allocations more than the base's are wanted.
pub const MORE_ALLOCATIONS: f64 = 15.0;

/// What was measured.
#[derive(Debug, Serialize, Deserialize)]
pub struct Measured {
    /// Whether callers and server had a processor each.
    pub is_pinned: bool,
    /// Requests per second that the server answers over HTTP/1.1 when it is sent more than it can.
    pub server_alone: f64,
    /// By call, protocol and number of tasks.
    pub cells: Vec<Cell>,
    /// By call and protocol.
    pub allocations: Vec<AllocationCell>,
}

/// What was measured of the clients in the same rounds.
#[derive(Debug, Serialize, Deserialize)]
pub struct Cell {
    /// The call.
    pub call: Call,
    /// The protocol.
    pub protocol: Protocol,
    /// How many called at the same time.
    pub tasks: usize,
    /// In the same order everywhere.
    pub clients: Vec<Cost>,
}

/// What the calls of a client cost.
#[derive(Debug, Serialize, Deserialize)]
pub struct Cost {
    /// The client's.
    pub name: String,
    /// Calls per second.
    pub rate: Spread,
    /// Processor time for each call, in microseconds.
    pub cpu: Spread,
    /// At most how long half of the calls take, in microseconds.
    pub p50: Spread,
    /// At most how long 99 of 100 take, in microseconds.
    pub p99: Spread,
    /// At most how long 999 of 1,000 of the calls of all rounds take, in microseconds.
    pub p999: f64,
    /// How many calls there were in all rounds.
    pub calls: u64,
    /// The share of the time that the server was at work.
    pub server: Spread,
    /// Calls per second, times those of the base.
    pub rate_ratio: Spread,
    /// Processor time, times that of the base.
    pub cpu_ratio: Spread,
}

/// What the clients allocate for a call.
#[derive(Debug, Serialize, Deserialize)]
pub struct AllocationCell {
    /// The call.
    pub call: Call,
    /// The protocol.
    pub protocol: Protocol,
    /// How often, in the order of [`client::NAMES`].
    pub count: Vec<f64>,
    /// How many bytes.
    pub bytes: Vec<f64>,
}

impl AllocationCell {
    /// How many more of them letta-api-ext makes than the same on bare reqwest.
    #[must_use]
    pub fn more_than_base(&self) -> f64 {
        let count = |name: &str| {
            let place = client::NAMES.iter().position(|it| *it == name);
            place.map_or(f64::NAN, |place| self.count[place])
        };
        count(OURS) - count(BASE)
    }
}

impl Section for CallSection {
    const NAME: &'static str = "call";

    const TOPIC: &'static str = "A call";

    const ABOUT: &'static str = "A call, against the same without the SDK";

    type Results = Measured;

    fn measure(&self, scale: &Scale) -> Result<Measured> {
        let mut server = Server::start()?;
        let flooded = server.url(Call::Create);
        let server_alone = programs::where_callers_are(|| flood::rate(flooded, scale))?;
        let mut callers = Vec::new();
        for name in client::NAMES {
            let mut command = Command::new(program("caller"));
            command.arg(name);
            callers.push(Caller::start(command, name)?);
        }
        let mut cells = Vec::new();
        for (protocol, protocol_name) in PROTOCOLS {
            for (call, call_name) in CALLS {
                for tasks in scale.tasks(&TASKS) {
                    println!("  {protocol_name}, {call_name}, {tasks} at a time");
                    let order = Order {
                        call,
                        base_url: server.url(call).to_owned(),
                        protocol,
                        tasks: *tasks,
                        calls: 0,
                    };
                    let (names, server) = (&client::NAMES, &mut server);
                    let cell = measure_cell(&order, server, &mut callers, names, BASE, scale)?;
                    cells.push(cell);
                }
            }
        }
        Ok(Measured {
            is_pinned: programs::is_pinned(),
            server_alone,
            cells,
            allocations: allocations(&server, scale)?,
        })
    }

    fn page(&self, results: &Results<Measured>) -> Part {
        page(&results.results)
    }
}

/// One turn of one client, and how much of its time the server was at work.
struct Turn {
    report: Report,
    calls: u64,
    server: f64,
}

/// Has callers of these names make calls in turns, and compares them with the base, one of them.
pub(crate) fn measure_cell(
    order: &Order,
    server: &mut Server,
    callers: &mut [Caller],
    names: &[&str],
    base: &str,
    scale: &Scale,
) -> Result<Cell> {
    let mut orders = Vec::new();
    for caller in &mut *callers {
        orders.push(fitting(order, caller, scale)?);
    }
    let mut turns: Vec<Vec<Turn>> = callers.iter().map(|_| Vec::new()).collect();
    for round in 0..scale.rounds {
        for place in 0..callers.len() {
            // Another one is first each time.
            let index = (round + place) % callers.len();
            let before = server.cpu_seconds()?;
            let report = callers[index].calls(&orders[index])?;
            let at_work = server.cpu_seconds()? - before;
            turns[index].push(Turn {
                server: at_work / report.seconds,
                calls: orders[index].calls,
                report,
            });
        }
    }
    let base = names.iter().position(|name| *name == base);
    let base = &turns[base.expect("one of them")];
    let costs = names.iter().zip(&turns);
    Ok(Cell {
        call: order.call,
        protocol: order.protocol,
        tasks: order.tasks,
        clients: costs.map(|(name, turns)| cost(name, turns, base)).collect(),
    })
}

/// The order with as many calls as fill a turn, after some that make the connections.
pub(crate) fn fitting(order: &Order, caller: &mut Caller, scale: &Scale) -> Result<Order> {
    let mut order = order.clone();
    order.calls = order.tasks as u64;
    let mut report = caller.calls(&order)?;
    if scale.is_smoke {
        return Ok(order);
    }
    // Until it is long enough to tell anything.
    while report.seconds < scale.turn / 4.0 {
        let factor = (scale.turn / 2.0 / report.seconds).clamp(2.0, 50.0);
        order.calls = (order.calls as f64 * factor) as u64;
        report = caller.calls(&order)?;
    }
    order.calls = ((order.calls as f64 * scale.turn / report.seconds) as u64).max(order.calls / 2);
    Ok(order)
}

impl Turn {
    fn rate(&self) -> f64 {
        self.calls as f64 / self.report.seconds
    }

    fn cpu(&self) -> f64 {
        self.report.cpu_seconds * 1e6 / self.calls as f64
    }
}

fn cost(name: &str, turns: &[Turn], base: &[Turn]) -> Cost {
    let all = |turns: &[Turn], value: fn(&Turn) -> f64| turns.iter().map(value).collect::<Vec<_>>();
    let ratio = |value| Spread::of_ratios(&all(turns, value), &all(base, value));
    let percentiles = |share: f64| {
        let turns = turns
            .iter()
            .map(|turn| percentile(&turn.report.latencies, share));
        Spread::of(turns)
    };
    let mut latencies: Vec<(u64, u64)> = turns
        .iter()
        .flat_map(|turn| turn.report.latencies.iter().copied())
        .collect();
    latencies.sort_unstable();
    Cost {
        name: name.to_owned(),
        rate: Spread::of(all(turns, Turn::rate)),
        cpu: Spread::of(all(turns, Turn::cpu)),
        p50: percentiles(0.5),
        p99: percentiles(0.99),
        p999: percentile(&latencies, 0.999),
        calls: turns.iter().map(|turn| turn.calls).sum(),
        server: Spread::of(all(turns, |turn| turn.server)),
        rate_ratio: ratio(Turn::rate),
        cpu_ratio: ratio(Turn::cpu),
    }
}

/// The value, in microseconds, that this share of what was counted does not exceed. In order of the values.
pub(crate) fn percentile(counts: &[(u64, u64)], share: f64) -> f64 {
    let total: u64 = counts.iter().map(|(_, count)| count).sum();
    let wanted = (total as f64 * share).ceil() as u64;
    let mut seen = 0;
    for (value, count) in counts {
        seen += count;
        if seen >= wanted {
            return *value as f64 / 1e3;
        }
    }
    0.0
}

fn allocations(server: &Server, scale: &Scale) -> Result<Vec<AllocationCell>> {
    let mut callers = Vec::new();
    for name in client::NAMES {
        let mut command = Command::new(program("counting_caller"));
        command.arg(name);
        callers.push(Caller::start(command, name)?);
    }
    let (before, counted) = if scale.is_smoke {
        (1, 2)
    } else {
        (20, COUNTED)
    };
    let mut cells = Vec::new();
    for (protocol, _) in PROTOCOLS {
        for (call, _) in CALLS {
            let mut order = Order {
                call,
                base_url: server.url(call).to_owned(),
                protocol,
                tasks: 1,
                calls: 0,
            };
            let (mut count, mut bytes) = (Vec::new(), Vec::new());
            for caller in &mut callers {
                // Until the connection is there, and tables have grown.
                order.calls = before;
                caller.calls(&order)?;
                order.calls = counted;
                let allocations = caller.calls(&order)?.allocations;
                let allocations = allocations.ok_or("the program does not count")?;
                count.push(allocations.count as f64 / counted as f64);
                bytes.push(allocations.bytes as f64 / counted as f64);
            }
            cells.push(AllocationCell {
                call,
                protocol,
                count,
                bytes,
            });
        }
    }
    Ok(cells)
}

fn page(measured: &Measured) -> Part {
    let mut text = INTRODUCTION.replace("{server_alone}", &number(measured.server_alone));
    let busiest = measured.cells.iter().flat_map(|cell| &cell.clients);
    let busiest = busiest.map(|cost| cost.server.median).fold(0.0, f64::max);
    text = text.replace("{busiest}", &format!("{:.0} %", busiest * 100.0));
    let pinned = if measured.is_pinned {
        "each had a processor of its own"
    } else {
        "they shared the processors"
    };
    text = text.replace("{pinned}", pinned);

    let mut plots = Vec::new();
    for (protocol, protocol_name) in PROTOCOLS {
        for (call, call_name) in CALLS {
            let cells = || {
                let cells = measured.cells.iter();
                cells.filter(move |cell| cell.call == call && cell.protocol == protocol)
            };
            text += &format!("\n## {call_name}, {protocol_name}\n\n");
            let bars = Bars {
                title: format!("{call_name}, {protocol_name}"),
                unit: "calls per second".to_owned(),
                series: client::NAMES.map(str::to_owned).into(),
                groups: cells()
                    .map(|cell| {
                        let rates = cell.clients.iter().map(|cost| cost.rate);
                        (at_a_time(cell.tasks), rates.collect())
                    })
                    .collect(),
            };
            let name = format!("{call_name}-{protocol_name}");
            let name = name
                .to_lowercase()
                .replace([' ', '/'], "-")
                .replace([',', '.'], "");
            let plot = bars.draw(&format!("call-{name}"));
            text += &plot.image();
            plots.push(plot);
            text += &cost_table(BASE, cells()).to_string();
        }
    }
    text += ALLOCATIONS;
    text += &allocation_table(&measured.allocations).to_string();
    Part {
        summary: summary(measured),
        text,
        plots,
        targets: targets(measured),
    }
}

/// Calls per second of ours, times the base's; the worst of all protocols and numbers of tasks.
fn slowest(measured: &Measured, call: Call) -> f64 {
    let cells = measured.cells.iter().filter(|cell| cell.call == call);
    let costs = cells.flat_map(|cell| cell.clients.iter().filter(|cost| cost.name == OURS));
    let ratios = costs.map(|cost| cost.rate_ratio.median);
    ratios.fold(f64::INFINITY, f64::min)
}

fn summary(measured: &Measured) -> String {
    let [create, ten, thousand] = CALLS.map(|(call, _)| format!("{:.2}", slowest(measured, call)));
    format!(
        "{OURS} makes {create} times the creates per second of bare {BASE}, {ten} times the lists of ten, and {thousand} times \
         those of 1,000, in the worst case."
    )
}

pub(crate) fn at_a_time(tasks: usize) -> String {
    match tasks {
        1 => "one after the other".to_owned(),
        _ => format!("{tasks} at a time"),
    }
}

pub(crate) fn cost_table<'a>(base: &str, cells: impl Iterator<Item = &'a Cell>) -> Table {
    let times = format!("× {base}");
    let mut table = Table::new([
        "",
        "client",
        "calls/s",
        &times,
        "CPU µs",
        &times,
        "p50 µs",
        "p99 µs",
        "p99.9 µs",
        "server",
    ]);
    for cell in cells {
        for (index, cost) in cell.clients.iter().enumerate() {
            let tasks = if index == 0 {
                at_a_time(cell.tasks)
            } else {
                String::new()
            };
            table.row([
                tasks,
                cost.name.clone(),
                number(cost.rate.median),
                cost.rate_ratio.show(2),
                number(cost.cpu.median),
                cost.cpu_ratio.show(2),
                number(cost.p50.median),
                number(cost.p99.median),
                number(cost.p999),
                format!("{:.0} %", cost.server.median * 100.0),
            ]);
        }
    }
    table
}

fn allocation_table(cells: &[AllocationCell]) -> Table {
    let head = ["".to_owned()].into_iter();
    let mut table = Table::new(head.chain(client::NAMES.map(str::to_owned)));
    for cell in cells {
        let costs = cell.count.iter().zip(&cell.bytes);
        let costs =
            costs.map(|(count, bytes)| format!("{} ({} B)", number(*count), number(*bytes)));
        table.row([name_of(cell.call, cell.protocol)].into_iter().chain(costs));
    }
    table
}

fn name_of(call: Call, protocol: Protocol) -> String {
    let call = CALLS.iter().find(|it| it.0 == call).map_or("", |it| it.1);
    let protocol = PROTOCOLS
        .iter()
        .find(|it| it.0 == protocol)
        .map_or("", |it| it.1);
    format!("{call}, {protocol}")
}

fn targets(measured: &Measured) -> Vec<Target> {
    let ours = |cell: &Cell| {
        let place = cell.clients.iter().position(|cost| cost.name == OURS);
        place.map_or(0, |place| place)
    };
    let mut targets = Vec::new();
    for (protocol, _) in PROTOCOLS {
        for (call, _) in CALLS {
            let cells = measured.cells.iter();
            let cells = cells.filter(|cell| cell.call == call && cell.protocol == protocol);
            let costs: Vec<&Cost> = cells.map(|cell| &cell.clients[ours(cell)]).collect();
            let name = name_of(call, protocol);
            let slowest = costs.iter().map(|cost| cost.rate_ratio.median);
            let slowest = slowest.fold(f64::INFINITY, f64::min);
            targets.push(Target {
                what: format!(
                    "{name}: calls/s of {OURS}, times {BASE}'s; the worst of {TASKS:?} at a time"
                ),
                wanted: format!("at least 1 / {FACTOR}"),
                measured: format!("{slowest:.2}"),
                is_met: slowest >= 1.0 / FACTOR,
                because: DOES_MORE,
            });
            let dearest = costs.iter().map(|cost| cost.cpu_ratio.median);
            let dearest = dearest.fold(0.0, f64::max);
            targets.push(Target {
                what: format!("{name}: processor time for each call, times {BASE}'s; the worst"),
                wanted: format!("at most {FACTOR}"),
                measured: format!("{dearest:.2}"),
                is_met: dearest <= FACTOR,
                because: DOES_MORE,
            });
        }
    }
    for cell in &measured.allocations {
        let more = cell.more_than_base();
        targets.push(Target {
            what: format!(
                "{}: allocations of {OURS} above {BASE}'s",
                name_of(cell.call, cell.protocol)
            ),
            wanted: format!("at most {MORE_ALLOCATIONS}"),
            measured: format!("{more:.0}"),
            is_met: more <= MORE_ALLOCATIONS,
            because: "",
        });
    }
    targets
}

/// Why a small call costs more.
const DOES_MORE: &str = "Deadlines, retries, spans, checks and wiping are code and memory that each call fetches into the processor's \
    caches: a larger part of a smaller answer.";

const INTRODUCTION: &str = include_str!("call.md");

const ALLOCATIONS: &str = "
## Allocations

For each call, one after the other, on a connection that is there: how often memory is allocated, growing included, and
how much in all. Counted in runs of their own, since counting costs time.

";
