//! What letta-api takes to compile, by features: one tag of the description, three, and all.

use std::path::Path;
use std::process::Command;

use serde::{Deserialize, Serialize};

use crate::plot::Bars;
use crate::programs::{Took, metered};
use crate::section::{Part, Results, Scale, Section, workspace};
use crate::statistics::{Spread, number};
use crate::table::Table;
use crate::{Result, packages};

/// See the module.
#[derive(Debug)]
pub struct FeaturesSection;

/// Applications by the features of letta-api that they have: a name, what that is called, and the features.
const SUBJECTS: [(&str, &str, &[&str]); 3] = [
    ("one_tag", "one tag", &["agents"]),
    (
        "three_tags",
        "three tags",
        &["agents", "blocks", "messages"],
    ),
    ("all_tags", "all tags", &["full", "multipart"]),
];

/// The steps that are measured, in their order.
const STEPS: [&str; 4] = [
    "check",
    "build",
    "check after a change",
    "build after a change",
];

/// What was measured.
#[derive(Debug, Serialize, Deserialize)]
pub struct Measured {
    /// In the order of the features.
    pub subjects: Vec<Subject>,
}

/// What was measured with some features.
#[derive(Debug, Serialize, Deserialize)]
pub struct Subject {
    /// What it is called.
    pub name: String,
    /// The features of letta-api.
    pub features: Vec<String>,
    /// Round by round: check, build, and both after a change in the application.
    pub turns: Vec<[Took; 4]>,
}

impl Section for FeaturesSection {
    const NAME: &'static str = "features";

    const TOPIC: &'static str = "Compiling by features";

    const ABOUT: &'static str = "What letta-api takes to compile with one tag, three, and all";

    type Results = Measured;

    fn scale(&self) -> Scale {
        // A round takes more than a minute.
        Scale {
            rounds: 3,
            ..Scale::full()
        }
    }

    fn measure(&self, scale: &Scale) -> Result<Measured> {
        let scratch = tempfile::tempdir()?;
        let folder = scratch.path().join("features");
        write_applications(&folder)?;
        // In a smoke run, where the last one was, so that no dependency is built again.
        let target = match scale.is_smoke {
            true => packages::shared_target().join("features"),
            false => scratch.path().join("target"),
        };
        let count = if scale.is_smoke { 1 } else { SUBJECTS.len() };
        let mut subjects = Vec::new();
        for (package, name, features) in &SUBJECTS[..count] {
            for subcommand in ["check", "build"] {
                metered(&cargo(subcommand, &folder, &target, package))?;
            }
            subjects.push((
                *package,
                Subject {
                    name: (*name).to_owned(),
                    features: features.iter().map(|it| (*it).to_owned()).collect(),
                    turns: Vec::new(),
                },
            ));
        }
        for round in 0..scale.rounds {
            for place in 0..count {
                // Another one is first each time.
                let (package, subject) = &mut subjects[(round + place) % count];
                println!("  {}, round {}", subject.name, round + 1);
                subject.turns.push(turn(&folder, &target, package, round)?);
            }
        }
        Ok(Measured {
            subjects: subjects.into_iter().map(|(_, subject)| subject).collect(),
        })
    }

    fn page(&self, results: &Results<Measured>) -> Part {
        page(&results.results)
    }
}

fn turn(folder: &Path, target: &Path, package: &str, round: usize) -> Result<[Took; 4]> {
    let run = |subcommand: &str| metered(&cargo(subcommand, folder, target, package));
    metered(&cargo("clean", folder, target, "letta-api"))?;
    let (check, build) = (run("check")?, run("build")?);
    let path = folder.join(package).join("src/main.rs");
    crate::page::write(&path, &application(round + 1))?;
    Ok([check, build, run("check")?, run("build")?])
}

/// Writes a workspace of its own, with the applications and the versions of the benchmarks' other applications.
fn write_applications(folder: &Path) -> Result<()> {
    let members: Vec<_> = SUBJECTS.iter().map(|(package, ..)| *package).collect();
    let manifest = format!("[workspace]\nresolver = \"3\"\nmembers = {members:?}\n");
    crate::page::write(&folder.join("Cargo.toml"), &manifest)?;
    let lock = packages::folder().join("Cargo.lock");
    let lock = std::fs::read_to_string(&lock).map_err(|it| format!("{}: {it}", lock.display()))?;
    crate::page::write(&folder.join("Cargo.lock"), &lock)?;
    let library = workspace().join("letta-api");
    for (package, _, features) in SUBJECTS {
        let manifest = format!(
            "[package]\nname = {package:?}\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[dependencies]\n\
             letta-api = {{ path = {library:?}, default-features = false, features = {features:?} }}\n\
             reqwest = {{ version = \"0.13.5\", default-features = false }}\n\
             tokio = {{ version = \"1.54\", features = [\"macros\", \"rt-multi-thread\"] }}\n"
        );
        crate::page::write(&folder.join(package).join("Cargo.toml"), &manifest)?;
        let path = folder.join(package).join("src/main.rs");
        crate::page::write(&path, &application(0))?;
    }
    Ok(())
}

/// The application, after so many changes.
fn application(changes: usize) -> String {
    format!(
        r#"//! An application that lists agents.

#[tokio::main]
async fn main() {{
    let url = "http://127.0.0.1:8283".parse().expect("a URL");
    let client = letta_api::Client::new(url, reqwest::Client::new());
    let agents = client.list_agents(&Default::default()).await;
    println!("{{}} agents, {changes} changes", agents.map_or(0, |agents| agents.len()));
}}
"#
    )
}

/// Cargo, for a package of the workspace in this folder, without a network.
fn cargo(subcommand: &str, folder: &Path, target: &Path, package: &str) -> Command {
    let mut command = packages::cargo_unlocked(folder, subcommand);
    command
        .args(["--offline", "--quiet", "--package", package, "--target-dir"])
        .arg(target)
        // A cache of what was compiled would be measured.
        .env("RUSTC_WRAPPER", "");
    for name in packages::CHANGES_BUILDS {
        command.env_remove(name);
    }
    command
}

fn page(measured: &Measured) -> Part {
    let mut text = INTRODUCTION.to_owned();
    let bars = Bars {
        title: "Compiling letta-api and an application".to_owned(),
        unit: "seconds".to_owned(),
        series: measured.subjects.iter().map(|it| it.name.clone()).collect(),
        groups: STEPS
            .iter()
            .enumerate()
            .map(|(step, name)| {
                let spreads = measured
                    .subjects
                    .iter()
                    .map(|it| spread(it, step, |it| it.seconds));
                ((*name).to_owned(), spreads.collect())
            })
            .collect(),
    };
    let plot = bars.draw("features");
    text += &plot.image();
    let mut table = Table::new(["", "step", "seconds", "CPU seconds", "peak MB"]);
    for subject in &measured.subjects {
        for (step, name) in STEPS.iter().enumerate() {
            table.row([
                match step {
                    0 => format!("{}: {}", subject.name, subject.features.join(", ")),
                    _ => String::new(),
                },
                (*name).to_owned(),
                spread(subject, step, |it| it.seconds).show(2),
                spread(subject, step, |it| it.cpu_seconds).show(2),
                number(spread(subject, step, |it| it.memory).median),
            ]);
        }
    }
    text += &table.to_string();
    Part {
        summary: summary(measured),
        text,
        plots: vec![plot],
        targets: Vec::new(),
    }
}

fn spread(subject: &Subject, step: usize, of: fn(&Took) -> f64) -> Spread {
    Spread::of(subject.turns.iter().map(|turn| of(&turn[step])))
}

fn summary(measured: &Measured) -> String {
    let seconds = |subject, step| spread(subject, step, |it| it.seconds).median;
    let subjects = measured.subjects.iter();
    let checks = subjects
        .clone()
        .map(|subject| format!("{:.1} s with {}", seconds(subject, 0), subject.name));
    let checks: Vec<String> = checks.collect();
    let builds = subjects.map(|subject| seconds(subject, 3));
    format!(
        "To check letta-api and a small application takes {}. To build a changed application takes at most {:.1} s.",
        checks.join(", "),
        builds.fold(0.0, f64::max)
    )
}

const INTRODUCTION: &str = include_str!("features.md");
