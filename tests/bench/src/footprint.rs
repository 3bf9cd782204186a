//! What the SDK costs an application before the first call and beside it: time to build, size, memory.

use std::path::Path;
use std::process::Command;

use letta_api_bench_caller::{API_KEY, Call, plain};
use serde::{Deserialize, Serialize};

use crate::packages::{self, Cost};
use crate::plot::Bars;
use crate::programs::{Application, Server};
use crate::section::{Part, Results, Scale, Section, Target};
use crate::statistics::{Spread, number};
use crate::table::Table;
use crate::{Result, official_clients};

/// See the module.
#[derive(Debug)]
pub struct FootprintSection;

/// What the applications are built on, and their packages.
const APPLICATIONS: [(&str, &str); 4] = [
    (BASE, "app_reqwest"),
    (OURS, "app_letta_api_ext"),
    (SLIM, "app_letta_api_ext_slim"),
    (LETTA, "app_letta"),
];

const BASE: &str = "reqwest";

const OURS: &str = "letta-api-ext";

/// With few features.
const SLIM: &str = "letta-api-ext, slim";

const LETTA: &str = "letta";

/// Whose figures are compared with whose.
const COMPARED: [(&str, &str); 4] = [(OURS, BASE), (OURS, LETTA), (SLIM, BASE), (SLIM, LETTA)];

/// How many calls an application makes before it is looked at again.
const CALLS: u64 = 10_000;

/// At most how much more than the base's is wanted.
const FACTOR: f64 = 1.15;

/// What was measured.
#[derive(Debug, Serialize, Deserialize)]
pub struct Measured {
    /// Built on reqwest alone, on the SDK, on the SDK with few features, on letta.
    pub applications: Vec<Measurements>,
}

/// What was measured of an application.
#[derive(Debug, Serialize, Deserialize)]
pub struct Measurements {
    /// What it is built on.
    pub name: String,
    /// How many crates it is built of.
    pub crates: usize,
    /// In the order of the rounds.
    pub turns: Vec<Turn>,
}

/// What was measured of an application in a round.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Turn {
    /// Building it from nothing, without optimizations.
    pub debug: Cost,
    /// Building it again after a change in its own code.
    pub rebuild: Cost,
    /// Building it from nothing, with optimizations.
    pub release: Cost,
    /// The program's size, in bytes; with optimizations, and without symbols.
    pub size: f64,
    /// In memory before the first call, in bytes.
    pub idle: Option<f64>,
    /// In memory after many calls, in bytes.
    pub busy: Option<f64>,
}

/// Something that is measured of an application.
struct Quantity {
    name: &'static str,
    unit: &'static str,
    of: fn(&Turn) -> Option<f64>,
    /// Whether it is to be no more than a little above the base's.
    is_bound: bool,
    /// Why it may be above that of the crate letta.
    above_letta: &'static str,
}

const LETTA_HAS_LESS: &str =
    "The default features have HTTP/2 and aws-lc; letta has HTTP/1.1 and ring.";

const COMPILES_MORE: &str = "The SDK is compiled on top of what reqwest needs.";

const READS_ROOTS: &str = "Only letta has root certificates compiled in.";

const QUANTITIES: [Quantity; 9] = [
    quantity("build, debug: wall", "s", |it| Some(it.debug.wall), true),
    quantity("build, debug: CPU", "s", |it| Some(it.debug.cpu), true),
    quantity(
        "build, release: wall",
        "s",
        |it| Some(it.release.wall),
        true,
    ),
    quantity("build, release: CPU", "s", |it| Some(it.release.cpu), true),
    quantity(
        "after a change: wall",
        "s",
        |it| Some(it.rebuild.wall),
        true,
    ),
    quantity("after a change: CPU", "s", |it| Some(it.rebuild.cpu), true),
    quantity("program", "MB", |it| Some(it.size / 1e6), true),
    quantity("memory, idle", "MB", |it| it.idle.map(|it| it / 1e6), false),
    quantity(
        "memory, after calls",
        "MB",
        |it| it.busy.map(|it| it / 1e6),
        false,
    ),
];

const fn quantity(
    name: &'static str,
    unit: &'static str,
    of: fn(&Turn) -> Option<f64>,
    is_bound: bool,
) -> Quantity {
    Quantity {
        name,
        unit,
        of,
        is_bound,
        above_letta: if is_bound {
            LETTA_HAS_LESS
        } else {
            READS_ROOTS
        },
    }
}

impl Section for FootprintSection {
    const NAME: &'static str = "footprint";

    const TOPIC: &'static str = "An application";

    const ABOUT: &'static str = "What the SDK costs an application: time to build, size, memory";

    type Results = Measured;

    fn scale(&self) -> Scale {
        // A round takes twelve minutes, and processor time differs little between rounds.
        Scale {
            rounds: 1,
            ..Scale::full()
        }
    }

    fn measure(&self, scale: &Scale) -> Result<Measured> {
        let server = Server::start()?;
        let scratch = tempfile::tempdir()?;
        let copy = if scale.is_smoke {
            // Where it was the last time, so that little is built again.
            packages::copy(&packages::shared_target().join("rivals"))?
        } else {
            packages::copy(&scratch.path().join("rivals"))?
        };
        let mut applications = Vec::new();
        for (name, package) in APPLICATIONS {
            applications.push(Measurements {
                name: name.to_owned(),
                crates: packages::count_crates(&copy, package)?,
                turns: Vec::new(),
            });
        }
        for round in 0..scale.rounds {
            for place in 0..APPLICATIONS.len() {
                // Another one is first each time.
                let index = (round + place) % APPLICATIONS.len();
                let (name, package) = APPLICATIONS[index];
                println!("  {name}, round {}", round + 1);
                let turn = match scale.is_smoke {
                    true => smoke_turn(package, &copy, &server)?,
                    false => turn(package, &copy, &server)?,
                };
                applications[index].turns.push(turn);
            }
        }
        Ok(Measured { applications })
    }

    fn page(&self, results: &Results<Measured>) -> Part {
        page(&results.results)
    }
}

/// Builds an application from nothing, and runs it.
fn turn(package: &str, copy: &Path, server: &Server) -> Result<Turn> {
    let target = tempfile::tempdir()?;
    let build = |arguments: &[&str]| {
        let mut command = packages::cargo(copy, "build");
        command
            .args(["--offline", "--package", package, "--target-dir"])
            .arg(target.path())
            .args(arguments)
            // A cache of what was compiled would be measured.
            .env("RUSTC_WRAPPER", "");
        for name in packages::CHANGES_BUILDS {
            command.env_remove(name);
        }
        packages::build(command)
    };
    let debug = build(&[])?;
    change(copy, package)?;
    let rebuild = build(&[])?;
    let release = build(&["--release"])?;
    let program = packages::built(target.path(), "release", package);
    let (size, [idle, busy]) = (size(&program)?, resident(&program, server, CALLS)?);
    Ok(Turn {
        debug,
        rebuild,
        release,
        size,
        idle,
        busy,
    })
}

/// The same, with as little as can be built, and nothing with optimizations.
fn smoke_turn(package: &str, copy: &Path, server: &Server) -> Result<Turn> {
    let debug = packages::build_for_smoke(copy)?;
    change(copy, package)?;
    let rebuild = packages::build_for_smoke(copy)?;
    let program = packages::built(&packages::shared_target(), "debug", package);
    let (size, [idle, busy]) = (size(&program)?, resident(&program, server, 10)?);
    Ok(Turn {
        debug,
        rebuild,
        release: debug,
        size,
        idle,
        busy,
    })
}

/// Changes what an application does at its end, which it never comes to; differently each time.
fn change(copy: &Path, package: &str) -> Result<()> {
    const END: &str = "    Ok(())\n}\n";
    let path = copy.join(package).join("src/main.rs");
    let text = std::fs::read_to_string(&path)?;
    let Some((before, _)) = text.split_once(END) else {
        return Err(format!("{package}/src/main.rs does not end as applications do").into());
    };
    let changes = text.matches("// Changed").count() + 1;
    let change = format!("    // Changed\n    println!(\"{changes}\");\n");
    crate::page::write(&path, &format!("{before}{change}{END}"))
}

fn size(program: &Path) -> Result<f64> {
    let metadata = std::fs::metadata(program);
    let metadata = metadata.map_err(|error| format!("{}: {error}", program.display()))?;
    Ok(metadata.len() as f64)
}

/// What an application has in memory, before it calls and after.
fn resident(program: &Path, server: &Server, calls: u64) -> Result<[Option<f64>; 2]> {
    let mut command = Command::new(program);
    official_clients::shield(&mut command);
    command
        .env("LETTA_API_KEY", API_KEY)
        .env("LETTA_BASE_URL", server.url(Call::Create));
    let name = program.file_name().unwrap_or_default().to_string_lossy();
    let mut application = Application::start(command, &name)?;
    // It answers once all is there that it calls with.
    application.create(0)?;
    let idle = application.resident();
    let length = application.create(calls)?;
    if length != calls * plain::SECRET.len() as u64 {
        return Err(format!("{name} has not read the tokens that it created").into());
    }
    Ok([idle, application.resident()])
}

fn page(measured: &Measured) -> Part {
    let mut text = INTRODUCTION.replace("{calls}", &number(CALLS as f64));
    let mut plots = Vec::new();
    for (title, unit, name) in [
        ("Building the application", "s", "footprint-build"),
        ("The application's size", "MB", "footprint-size"),
    ] {
        let quantities = QUANTITIES.iter().filter(|it| it.unit == unit);
        let bars = Bars {
            title: title.to_owned(),
            unit: unit.to_owned(),
            series: APPLICATIONS.map(|(name, _)| name.to_owned()).into(),
            groups: quantities
                .filter_map(|it| Some((it.name.to_owned(), spreads(measured, it)?)))
                .collect(),
        };
        let plot = bars.draw(name);
        text += &plot.image();
        plots.push(plot);
    }
    text += &table(measured).to_string();
    Part {
        summary: summary(measured),
        text,
        plots,
        targets: targets(measured),
    }
}

fn summary(measured: &Measured) -> String {
    let median = |name: &str, quantity: usize| {
        let application = measured.applications.iter().find(|it| it.name == name);
        let values = application.and_then(|it| values(it, &QUANTITIES[quantity]));
        values.map_or(f64::NAN, |values| Spread::of(values).median)
    };
    let [(build, size), (slim_build, slim_size)] =
        [OURS, SLIM].map(|name| (median(name, 0), median(name, 6)));
    format!(
        "The first build takes {build:.0} s, and {slim_build:.0} s with few features; with reqwest alone {:.0} s. The program has \
         {size:.1} MB, and {slim_size:.1} MB with few features; with reqwest alone {:.1} MB.",
        median(BASE, 0),
        median(BASE, 6),
    )
}

/// Of each application, where it could be measured.
fn spreads(measured: &Measured, quantity: &Quantity) -> Option<Vec<Spread>> {
    let applications = measured.applications.iter();
    let values = applications.map(|it| values(it, quantity));
    values.map(|values| values.map(Spread::of)).collect()
}

/// In the order of the rounds, where it could be measured.
fn values(application: &Measurements, quantity: &Quantity) -> Option<Vec<f64>> {
    application.turns.iter().map(quantity.of).collect()
}

/// How many times one's is another's, round by round.
fn ratio(measured: &Measured, quantity: &Quantity, one: &str, other: &str) -> Option<Spread> {
    let of = |name: &str| {
        let application = measured.applications.iter().find(|it| it.name == name)?;
        values(application, quantity)
    };
    Some(Spread::of_ratios(&of(one)?, &of(other)?))
}

fn table(measured: &Measured) -> Table {
    let mut table = Table::new(
        ["".to_owned()]
            .into_iter()
            .chain(APPLICATIONS.map(|(name, _)| name.to_owned()))
            .chain(COMPARED.map(|(one, other)| format!("{one} × {other}"))),
    );
    for quantity in &QUANTITIES {
        let Some(spreads) = spreads(measured, quantity) else {
            continue;
        };
        let mut row = vec![format!("{}, {}", quantity.name, quantity.unit)];
        row.extend(spreads.iter().map(|spread| spread.show(2)));
        for (one, other) in COMPARED {
            let ratio = ratio(measured, quantity, one, other);
            row.push(ratio.map_or_else(String::new, |ratio| ratio.show(2)));
        }
        table.row(row);
    }
    let crates = |name: &str| {
        let application = measured.applications.iter().find(|it| it.name == name);
        application.map_or(0, |it| it.crates)
    };
    let mut row = vec!["crates".to_owned()];
    row.extend(APPLICATIONS.map(|(name, _)| crates(name).to_string()));
    row.extend(COMPARED.map(|(one, other)| {
        let ratio = crates(one) as f64 / crates(other) as f64;
        format!("{ratio:.2}")
    }));
    table.row(row);
    table
}

fn targets(measured: &Measured) -> Vec<Target> {
    let mut targets = Vec::new();
    for quantity in &QUANTITIES {
        let name = quantity.name;
        for (one, other) in COMPARED {
            let Some(ratio) = ratio(measured, quantity, one, other) else {
                continue;
            };
            if other == LETTA {
                targets.push(Target {
                    what: format!(
                        "an application, {name}: with {one}, times with the crate {LETTA}"
                    ),
                    wanted: "below 1".to_owned(),
                    measured: format!("{:.2}", ratio.median),
                    is_met: ratio.median < 1.0,
                    because: quantity.above_letta,
                });
            } else if quantity.is_bound {
                targets.push(Target {
                    what: format!("an application, {name}: with {one}, times with {BASE} alone"),
                    wanted: format!("at most {FACTOR}"),
                    measured: format!("{:.2}", ratio.median),
                    is_met: ratio.median <= FACTOR,
                    because: COMPILES_MORE,
                });
            }
        }
    }
    let crates = |name: &str| {
        let application = measured.applications.iter().find(|it| it.name == name);
        application.map_or(0, |it| it.crates)
    };
    for one in [OURS, SLIM] {
        targets.push(Target {
            what: format!("an application: crates with {one}, and with the crate {LETTA}"),
            wanted: "fewer".to_owned(),
            measured: format!("{}, {}", crates(one), crates(LETTA)),
            is_met: crates(one) < crates(LETTA),
            because: "",
        });
    }
    targets
}

const INTRODUCTION: &str = include_str!("footprint.md");
