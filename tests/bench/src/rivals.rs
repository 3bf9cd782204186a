//! What else there is to call the service with: another crate, and the official clients for Python and Node.

use std::process::Command;

use letta_api_bench_caller::{Call, Order, Protocol};
use serde::{Deserialize, Serialize};

use crate::call::{Cell, Cost, at_a_time, cost_table, fitting, measure_cell};
use crate::plot::Bars;
use crate::programs::{self, Caller, Server, program};
use crate::section::{Part, Results, Scale, Section, Target, workspace};
use crate::{Result, external_tools, official_clients, packages};

/// See the module.
#[derive(Debug)]
pub struct RivalsSection;

/// What the others are compared with.
const OURS: &str = "letta-api-ext";

const LETTA: &str = "letta";

pub(crate) const NODE: &str = "Node";

pub(crate) const PYTHON: &str = "Python";

const CALLS: [(Call, &str); 2] = [(Call::Create, "create"), (Call::List(10), "list 10")];

const TASKS: [usize; 3] = [1, 16, 64];

/// How many times the calls per second of each official client are wanted.
const TIMES: f64 = 5.0;

/// For how many turns each one calls beforehand: compilers that work while a program runs are to be done by then.
const WARM_UP: f64 = 8.0;

/// What was measured.
#[derive(Debug, Serialize, Deserialize)]
pub struct Measured {
    /// Whether callers and server had a processor each.
    pub is_pinned: bool,
    /// The official clients that are installed.
    pub official: Vec<Official>,
    /// By call and number of tasks.
    pub cells: Vec<Cell>,
}

/// An official client.
#[derive(Debug, Serialize, Deserialize)]
pub struct Official {
    /// What its interpreter is called.
    pub name: String,
    /// What runs it: `Python 3.14.0`.
    pub interpreter: String,
}

impl Section for RivalsSection {
    const NAME: &'static str = "rivals";

    const TOPIC: &'static str = "Other clients";

    const ABOUT: &'static str = "A call, against another crate and the official clients";

    type Results = Measured;

    fn measure(&self, scale: &Scale) -> Result<Measured> {
        let mut server = Server::start()?;
        let mut commands = vec![
            ("reqwest", own("reqwest")),
            (OURS, own(OURS)),
            (LETTA, letta(scale)?),
        ];
        let mut official = Vec::new();
        for (name, command, interpreter) in installed("bench") {
            commands.push((name, command));
            official.push(Official {
                name: name.to_owned(),
                interpreter,
            });
        }
        let (mut names, mut callers) = (Vec::new(), Vec::new());
        for (name, mut command) in commands {
            official_clients::shield(&mut command);
            names.push(name);
            callers.push(Caller::start(command, name)?);
        }
        let mut cells = Vec::new();
        for (call, call_name) in CALLS {
            for tasks in scale.tasks(&TASKS) {
                println!("  {call_name}, {tasks} at a time");
                let order = Order {
                    call,
                    base_url: server.url(call).to_owned(),
                    protocol: Protocol::Http1,
                    tasks: *tasks,
                    calls: 0,
                };
                if !scale.is_smoke {
                    warm_up(&order, &mut callers, scale)?;
                }
                let (names, server) = (&names, &mut server);
                cells.push(measure_cell(
                    &order,
                    server,
                    &mut callers,
                    names,
                    OURS,
                    scale,
                )?);
            }
        }
        Ok(Measured {
            is_pinned: programs::is_pinned(),
            official,
            cells,
        })
    }

    fn page(&self, results: &Results<Measured>) -> Part {
        page(&results.results)
    }
}

fn own(name: &str) -> Command {
    let mut command = Command::new(program("caller"));
    command.arg(name);
    command
}

/// The program around the crate letta, which is in a workspace of its own and is built for this.
fn letta(scale: &Scale) -> Result<Command> {
    const PACKAGE: &str = "letta_caller";
    let folder = packages::folder();
    let target = packages::shared_target();
    let profile = if scale.is_smoke {
        packages::build_for_smoke(&folder)?;
        "debug"
    } else {
        let mut command = packages::cargo(&folder, "build");
        command.args(["--release", "--package", PACKAGE, "--target-dir"]);
        command.arg(&target);
        packages::build(command)?;
        "release"
    };
    Ok(Command::new(packages::built(&target, profile, PACKAGE)))
}

/// The official clients that are installed, and what runs them with the script of this name. Of those that are not, says so.
pub(crate) fn installed(script: &str) -> Vec<(&'static str, Command, String)> {
    let folder = workspace().join("tests/official_clients");
    let candidates = [
        (
            NODE,
            official_clients::node(&folder),
            "mjs",
            official_clients::NODE_NEEDS,
        ),
        (
            PYTHON,
            official_clients::python(&folder),
            "py",
            official_clients::PYTHON_NEEDS,
        ),
    ];
    let mut installed = Vec::new();
    for (name, interpreter, ending, needs) in candidates {
        let Some(interpreter) = interpreter else {
            external_tools::skip(&format!("the benchmark of the {name} client"), needs);
            continue;
        };
        let version = official_clients::says(Command::new(&interpreter).arg("--version"));
        let version = version.unwrap_or_default();
        let version = version.trim().trim_start_matches(name).trim();
        let mut command = Command::new(interpreter);
        command.arg(folder.join(format!("{script}.{ending}")));
        installed.push((name, command, format!("{name} {version}")));
    }
    installed
}

fn warm_up(order: &Order, callers: &mut [Caller], scale: &Scale) -> Result<()> {
    for caller in callers {
        let mut order = fitting(order, caller, scale)?;
        order.calls = (order.calls as f64 * WARM_UP) as u64;
        caller.calls(&order)?;
    }
    Ok(())
}

fn page(measured: &Measured) -> Part {
    let mut text = introduction(measured);
    let mut plots = Vec::new();
    for (call, call_name) in CALLS {
        let cells = || measured.cells.iter().filter(move |cell| cell.call == call);
        let names = cells().next().into_iter().flat_map(|cell| &cell.clients);
        text += &format!("\n## {call_name}, against what else there is\n\n");
        let bars = Bars {
            title: format!("{call_name}, HTTP/1.1"),
            unit: "calls per second".to_owned(),
            series: names.map(|cost| cost.name.clone()).collect(),
            groups: cells()
                .map(|cell| {
                    let rates = cell.clients.iter().map(|cost| cost.rate);
                    (at_a_time(cell.tasks), rates.collect())
                })
                .collect(),
        };
        let plot = bars.draw(&format!("rivals-{}", call_name.replace(' ', "-")));
        text += &plot.image();
        plots.push(plot);
        text += &cost_table(OURS, cells()).to_string();
    }
    Part {
        summary: summary(measured),
        text,
        plots,
        targets: targets(measured),
    }
}

fn introduction(measured: &Measured) -> String {
    let pinned = if measured.is_pinned {
        "each client had a processor of its own, and so had the server"
    } else {
        "clients and server shared the processors"
    };
    let official = measured.official.iter().map(|it| it.interpreter.clone());
    let official = official.collect::<Vec<_>>().join(" and ");
    let official = if official.is_empty() {
        "None of them was installed, so none was measured".to_owned()
    } else {
        format!("Measured were those for {official}")
    };
    INTRODUCTION
        .replace("{pinned}", pinned)
        .replace("{official}", &official)
}

fn costs<'a>(
    measured: &'a Measured,
    call: Call,
    name: &'static str,
) -> impl Iterator<Item = &'a Cost> {
    let cells = measured.cells.iter().filter(move |cell| cell.call == call);
    let costs = cells.flat_map(|cell| &cell.clients);
    costs.filter(move |cost| cost.name == name)
}

/// Calls per second of ours, times those of another; the worst of all calls. `None` if the other was not measured.
fn times(measured: &Measured, name: &'static str) -> Option<f64> {
    let costs = CALLS.map(|(call, _)| costs(measured, call, name));
    let ratios = costs.into_iter().flatten();
    let ratios = ratios.map(|cost| 1.0 / cost.rate_ratio.median);
    ratios.reduce(f64::min)
}

fn summary(measured: &Measured) -> String {
    let others = [LETTA, NODE, PYTHON].into_iter().filter_map(|name| {
        let whose = match name {
            LETTA => "the crate letta's".to_owned(),
            _ => format!("the official {name} client's"),
        };
        Some(format!("{:.1} times {whose}", times(measured, name)?))
    });
    let others: Vec<String> = others.collect();
    format!(
        "Calls per second of {OURS}, in the worst case: {}.",
        others.join(", ")
    )
}

fn targets(measured: &Measured) -> Vec<Target> {
    let costs = |call, name| costs(measured, call, name);
    // What is measured is theirs, times ours.
    let most =
        |call, name, ratio: fn(&Cost) -> f64| costs(call, name).map(ratio).fold(0.0, f64::max);
    let mut targets = Vec::new();
    for (call, call_name) in CALLS {
        let times = 1.0 / most(call, LETTA, |cost| cost.rate_ratio.median);
        targets.push(Target {
            what: format!(
                "{call_name}: calls/s of {OURS}, times those of the crate {LETTA}; the worst of {TASKS:?} at a time"
            ),
            wanted: "above 1".to_owned(),
            measured: format!("{times:.2}"),
            is_met: times > 1.0,
            because: PLAIN,
        });
        let times = most(call, LETTA, |cost| 1.0 / cost.cpu_ratio.median);
        targets.push(Target {
            what: format!(
                "{call_name}: processor time for each call, times that of the crate {LETTA}; the worst"
            ),
            wanted: "below 1".to_owned(),
            measured: format!("{times:.2}"),
            is_met: times < 1.0,
            because: PLAIN,
        });
        for name in [NODE, PYTHON] {
            if costs(call, name).next().is_none() {
                continue;
            }
            let times = 1.0 / most(call, name, |cost| cost.rate_ratio.median);
            targets.push(Target {
                what: format!(
                    "{call_name}: calls/s of {OURS}, times those of the official {name} client; the worst"
                ),
                wanted: format!("at least {TIMES}"),
                measured: format!("{times:.1}"),
                is_met: times >= TIMES,
                because: WAITS,
            });
        }
    }
    targets
}

/// Why the crate letta may be ahead.
const PLAIN: &str =
    "letta has no methods for tokens, so its calls read plain types, and check and wipe nothing.";

/// Why an official client may be near.
const WAITS: &str =
    "A client that makes one call after the other mostly waits for the server, and all wait alike.";

const INTRODUCTION: &str = include_str!("rivals.md");
