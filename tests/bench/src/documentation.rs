//! What the documentation takes, as docs.rs makes it.

use std::path::Path;
use std::process::Command;

use serde::{Deserialize, Serialize};

use crate::plot::Bars;
use crate::programs::{Took, metered};
use crate::section::{Part, Results, Scale, Section, Target, workspace};
use crate::statistics::{Spread, number};
use crate::table::Table;
use crate::{Result, packages};

/// See the module.
#[derive(Debug)]
pub struct DocumentationSection;

/// The packages whose documentation docs.rs makes.
const PACKAGES: [&str; 3] = ["letta-api", "letta-api-ext", "letta-api-emulator"];

/// How much memory docs.rs gives a build, in megabytes; its pages of builds say so.
const MEMORY: f64 = 6_440.0;

/// How long docs.rs lets rustdoc run, in seconds.
const SECONDS: f64 = 900.0;

/// What was measured.
#[derive(Debug, Serialize, Deserialize)]
pub struct Measured {
    /// In the order of publishing.
    pub packages: Vec<Package>,
}

/// What was measured of a package.
#[derive(Debug, Serialize, Deserialize)]
pub struct Package {
    /// Its name.
    pub name: String,
    /// How many files its documentation has.
    pub files: u64,
    /// How large they are, in bytes.
    pub bytes: u64,
    /// Round by round.
    pub turns: Vec<Took>,
}

impl Section for DocumentationSection {
    const NAME: &'static str = "documentation";

    const TOPIC: &'static str = "Documentation";

    const ABOUT: &'static str = "What the documentation takes, as docs.rs makes it";

    type Results = Measured;

    fn scale(&self) -> Scale {
        // A round takes a minute.
        Scale {
            rounds: 2,
            ..Scale::full()
        }
    }

    fn measure(&self, scale: &Scale) -> Result<Measured> {
        let scratch = tempfile::tempdir()?;
        let rustdoc = scratch.path().join("rustdoc");
        write_rustdoc(&rustdoc)?;
        // In a smoke run, where the running program was built, so that little is compiled.
        let target = match scale.is_smoke {
            true => packages::shared_target(),
            false => scratch.path().join("target"),
        };
        let names = if scale.is_smoke {
            &PACKAGES[..1]
        } else {
            &PACKAGES
        };
        // What features need that nothing else here has, such as those for TLS.
        packages::build(packages::cargo(&workspace(), "fetch"))?;
        let mut measured = Vec::new();
        for name in names {
            println!("  {name}");
            let mut turns = Vec::new();
            let folder = target.join("doc").join(name.replace('-', "_"));
            // The first one compiles the dependencies.
            for turn in 0..=scale.rounds {
                // With other flags than the last time, rustdoc runs again. Nothing looks at this one.
                let flags = format!("--cfg docsrs --cfg turn=\"{}-{turn}\"", std::process::id());
                let mut command = cargo("doc", &target, name);
                command.args(["--all-features", "--no-deps", "--lib", "--quiet"]);
                command.env("RUSTDOC", &rustdoc).env("RUSTDOCFLAGS", flags);
                let took = metered(&command)?;
                if turn > 0 {
                    turns.push(took);
                }
            }
            let (files, bytes) = size(&folder)?;
            measured.push(Package {
                name: (*name).to_owned(),
                files,
                bytes,
                turns,
            });
        }
        Ok(Measured { packages: measured })
    }

    fn page(&self, results: &Results<Measured>) -> Part {
        page(&results.results)
    }
}

fn cargo(subcommand: &str, target: &Path, package: &str) -> Command {
    let mut command = packages::cargo(&workspace(), subcommand);
    command.args(["--offline", "--package", package, "--target-dir"]);
    command.arg(target).env("RUSTC_WRAPPER", "");
    command
}

/// Writes a rustdoc that takes unstable options, as that of docs.rs does. Only rustdoc gets the variable: cargo would compile all
/// dependencies again.
fn write_rustdoc(path: &Path) -> Result<()> {
    crate::page::write(path, "#!/bin/sh\nRUSTC_BOOTSTRAP=1 exec rustdoc \"$@\"\n")?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755))?;
    }
    Ok(())
}

/// How many files are in a folder and those below, and how large they are.
fn size(folder: &Path) -> Result<(u64, u64)> {
    let (mut files, mut bytes) = (0, 0);
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let entries = std::fs::read_dir(&folder);
        for entry in entries.map_err(|error| format!("{}: {error}", folder.display()))? {
            let entry = entry?;
            let metadata = entry.metadata()?;
            if metadata.is_dir() {
                folders.push(entry.path());
            } else {
                files += 1;
                bytes += metadata.len();
            }
        }
    }
    Ok((files, bytes))
}

fn page(measured: &Measured) -> Part {
    let mut text = INTRODUCTION.to_owned();
    let spread = |package: &Package, of: fn(&Took) -> f64| Spread::of(package.turns.iter().map(of));
    let bars = Bars {
        title: "Documentation, as docs.rs makes it".to_owned(),
        unit: "seconds".to_owned(),
        series: vec!["seconds".to_owned(), "CPU seconds".to_owned()],
        groups: measured
            .packages
            .iter()
            .map(|it| {
                let bars = vec![spread(it, |it| it.seconds), spread(it, |it| it.cpu_seconds)];
                (it.name.clone(), bars)
            })
            .collect(),
    };
    let plot = bars.draw("documentation");
    text += &plot.image();
    let mut table = Table::new(["", "seconds", "CPU seconds", "peak MB", "files", "MB"]);
    let (mut longest, mut largest) = (0.0, 0.0);
    for package in &measured.packages {
        let seconds = spread(package, |it| it.seconds);
        let memory = spread(package, |it| it.memory);
        longest = f64::max(longest, seconds.median);
        largest = f64::max(largest, memory.median);
        table.row([
            package.name.clone(),
            seconds.show(1),
            spread(package, |it| it.cpu_seconds).show(1),
            number(memory.median),
            number(package.files as f64)
                .replace(".00", "")
                .replace(".0", ""),
            number(package.bytes as f64 / 1e6),
        ]);
    }
    text += &table.to_string();
    let target = |what: &str, wanted: f64, measured: f64| Target {
        what: format!("{what} that rustdoc takes, at most"),
        wanted: format!("a quarter of {}, which docs.rs gives", number(wanted)),
        measured: number(measured),
        is_met: measured <= wanted / 4.0,
        because: "The documentation of generated code is long.",
    };
    Part {
        summary: format!(
            "rustdoc takes at most {longest:.0} s and {largest:.0} MB for a crate with all features. docs.rs gives 15 minutes and 6,440 MB."
        ),
        text,
        plots: vec![plot],
        targets: vec![
            target("seconds", SECONDS, longest),
            target("megabytes", MEMORY, largest),
        ],
    }
}

const INTRODUCTION: &str = include_str!("documentation.md");
