//! Our generator beside others for Rust: small descriptions that ask one thing each, and whole ones.

pub mod cases;
pub mod documents;
pub mod tools;
pub mod trial;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::{Deserialize, Serialize};

use crate::Result;
use crate::generators::cases::Case;
use crate::generators::documents::Document;
use crate::generators::tools::Tool;
use crate::generators::trial::Outcome;
use crate::plot::Bars;
use crate::programs::program;
use crate::section::{Part, Results, Scale, Section, workspace};
use crate::statistics::Spread;
use crate::table::Table;

/// The variable that names where the others are, if they are elsewhere than where `install` puts them.
pub const FOLDER: &str = "LETTA_GENERATORS";

/// See the module.
#[derive(Debug)]
pub struct GeneratorsSection;

/// What was measured.
#[derive(Debug, Serialize, Deserialize)]
pub struct Measured {
    /// The generators, ours first.
    pub tools: Vec<Version>,
    /// What each came to, by name: for each case, by name.
    pub outcomes: BTreeMap<String, BTreeMap<String, Outcome>>,
    /// What each came to of whole descriptions.
    pub documents: Vec<Document>,
}

/// A generator, and its version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Version {
    /// What it is called.
    pub name: String,
    /// Its version.
    pub version: String,
}

impl Section for GeneratorsSection {
    const NAME: &'static str = "generators";

    const TOPIC: &'static str = "Generators";

    const ABOUT: &'static str = "Our generator beside others, which tests/bench/generators/install installs; not part of everything";

    const IS_PART_OF_ALL: bool = false;

    type Results = Measured;

    fn scale(&self) -> Scale {
        Scale {
            rounds: 1,
            ..Scale::full()
        }
    }

    fn measure(&self, scale: &Scale) -> Result<Measured> {
        let cases = cases::all()?;
        let xtask = xtask()?;
        let mut measured = Measured {
            tools: Vec::new(),
            outcomes: BTreeMap::new(),
            documents: Vec::new(),
        };
        // Before the first takes minutes.
        let programs = Tool::ALL.map(|tool| (tool, tool.find(&xtask)));
        for (tool, program) in programs {
            println!("  {}", tool.name());
            let outcomes = trial::run(tool, &program?, &cases)?;
            measured.outcomes.insert(tool.name().to_owned(), outcomes);
            measured.tools.push(Version {
                name: tool.name().to_owned(),
                version: tool.version()?,
            });
        }
        if !scale.is_smoke {
            measured.documents = documents::measure(&xtask, true)?;
        }
        Ok(measured)
    }

    fn page(&self, results: &Results<Measured>) -> Part {
        let cases = cases::all().unwrap_or_default();
        page(&results.results, &cases)
    }
}

/// Where the cases are, and what belongs to them.
#[must_use]
pub fn folder() -> PathBuf {
    workspace().join("tests/bench/generators")
}

/// Our generator, as maintainers run it. If the program is not built, it is.
///
/// # Errors
///
/// Where it cannot be built.
pub fn xtask() -> Result<PathBuf> {
    let status = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["build", "--quiet", "--bin", "xtask", "--manifest-path"])
        .arg(workspace().join("xtask/Cargo.toml"))
        .stdin(Stdio::null())
        .status()
        .map_err(|error| format!("cargo cannot be run: {error}"))?;
    if !status.success() {
        return Err("xtask cannot be built; see what cargo wrote above".into());
    }
    let here = program("xtask");
    let debug: &Path = here.ancestors().nth(2).unwrap_or(&here);
    Ok(debug
        .join("debug")
        .join(here.file_name().unwrap_or_default()))
}

fn page(measured: &Measured, cases: &[Case]) -> Part {
    let names: Vec<&str> = measured.tools.iter().map(|it| it.name.as_str()).collect();
    let outcome = |tool: &str, case: &str| measured.outcomes.get(tool)?.get(case);
    let mut text = INTRODUCTION.to_owned();

    let head = [
        "generator",
        "version",
        "generated",
        "compiles",
        "right",
        "wrong",
        "not checked",
        "refused",
        "panics",
    ];
    let mut totals = Table::new(head);
    for tool in &measured.tools {
        let count = |which: &dyn Fn(&Outcome) -> bool| {
            let outcomes = cases
                .iter()
                .filter_map(|case| outcome(&tool.name, &case.name));
            outcomes.filter(|it| which(it)).count()
        };
        let refused = count(&|it| matches!(it, Outcome::Refused { .. }));
        let panics = count(&|it| matches!(it, Outcome::Panicked { .. }));
        let broken = count(&|it| matches!(it, Outcome::DoesNotCompile { .. }));
        let generated = count(&|_| true) - refused - panics;
        totals.row([
            tool.name.clone(),
            tool.version.clone(),
            generated.to_string(),
            (generated - broken).to_string(),
            count(&|it| matches!(it, Outcome::Right { .. })).to_string(),
            count(&|it| matches!(it, Outcome::Wrong { .. })).to_string(),
            count(&|it| matches!(it, Outcome::NotChecked { .. })).to_string(),
            refused.to_string(),
            panics.to_string(),
        ]);
    }
    let plot = bars(measured).draw("generators");
    text += &format!("\n{}{} cases:\n\n{totals}", plot.image(), cases.len());

    let mut better = String::new();
    for case in cases {
        let is_right =
            |tool: &&str| matches!(outcome(tool, &case.name), Some(Outcome::Right { .. }));
        let ours = Tool::Ours.name();
        let others: Vec<&str> = names
            .iter()
            .copied()
            .filter(|it| *it != ours)
            .filter(is_right)
            .collect();
        if let Some(own) =
            outcome(ours, &case.name).filter(|_| !is_right(&ours) && !others.is_empty())
        {
            better += &format!(
                "- {}: ours {}. Right: {}.\n",
                case.name,
                name(own),
                others.join(", ")
            );
        }
    }
    if !better.is_empty() {
        text += &format!("\nWhere another is better than ours:\n\n{better}");
    }

    text += "\n## Each case\n\nIn `wrong, 2 of 3`, two checks of three went wrong.\n\n";
    let mut table = Table::new(
        ["what the case asks"]
            .into_iter()
            .chain(names.iter().copied()),
    );
    for case in cases {
        let asks = format!(
            "[{}](../tests/bench/generators/cases/{}.yaml): {}",
            case.name, case.name, case.right.asks
        );
        let cells = names
            .iter()
            .map(|tool| outcome(tool, &case.name).map_or_else(String::new, word));
        table.row(std::iter::once(asks).chain(cells));
    }
    text += &table.to_string();

    text += "\n## What went wrong\n\nFor each generator and case, the first thing. Refusals and errors of the compiler are cut to their first line.\n";
    for tool in &names {
        let mut lines = String::new();
        for case in cases {
            let said = match outcome(tool, &case.name) {
                Some(Outcome::Wrong { wrong, .. }) => {
                    wrong.first().map(String::as_str).unwrap_or_default()
                }
                Some(Outcome::DoesNotCompile { message }) => message,
                Some(Outcome::Refused { message }) => message,
                Some(Outcome::Panicked { message }) => message,
                Some(Outcome::NotChecked { message }) => message,
                Some(Outcome::Right { .. }) | None => continue,
            };
            let word = outcome(tool, &case.name).map_or_else(String::new, name);
            lines += &format!("- {}, {word}: {}\n", case.name, code(said));
        }
        if lines.is_empty() {
            lines = "- nothing\n".to_owned();
        }
        text += &format!("\n### {tool}\n\n{lines}");
    }
    text += &documents::tables(&measured.documents);
    Part {
        summary: summary(measured, cases),
        text,
        plots: vec![plot],
        targets: Vec::new(),
    }
}

/// How many cases a generator does right, does wrong, and neither: they are refused, or come to nothing.
fn counts(measured: &Measured, tool: &Version) -> [usize; 3] {
    let outcomes = measured.outcomes.get(&tool.name);
    let mut counts = [0; 3];
    for outcome in outcomes.into_iter().flat_map(BTreeMap::values) {
        let place = match outcome {
            Outcome::Right { .. } => 0,
            Outcome::Wrong { .. } => 1,
            _ => 2,
        };
        counts[place] += 1;
    }
    counts
}

fn bars(measured: &Measured) -> Bars {
    let groups = measured.tools.iter().map(|tool| {
        let bars = counts(measured, tool).map(|count| Spread::of([count as f64]));
        (tool.name.clone(), bars.into())
    });
    Bars {
        title: "What became of the small descriptions".to_owned(),
        unit: "cases".to_owned(),
        series: ["right", "wrong", "neither"].map(str::to_owned).into(),
        groups: groups.collect(),
    }
}

/// How many cases each generator does right, and how many wrong.
fn summary(measured: &Measured, cases: &[Case]) -> String {
    let of_tool = |tool: &Version| {
        let [right, wrong, _] = counts(measured, tool);
        format!("{} {right} and {wrong}", tool.name)
    };
    let tools: Vec<String> = measured.tools.iter().map(of_tool).collect();
    format!(
        "Right and wrong, of {} small descriptions, which are ours: {}. The rest is refused, or does not compile.",
        cases.len(),
        tools.join(", ")
    )
}

/// A text of somebody else, as code.
fn code(text: &str) -> String {
    format!("`` {} ``", text.replace('`', "'"))
}

/// An outcome in a table.
fn word(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Right { .. } => "right".to_owned(),
        Outcome::Wrong { checks: 1, .. } => "**wrong**".to_owned(),
        Outcome::Wrong { checks, wrong } => format!("**wrong**, {} of {checks}", wrong.len()),
        Outcome::NotChecked { .. } => "not checked".to_owned(),
        Outcome::DoesNotCompile { .. } => "**does not compile**".to_owned(),
        Outcome::Refused { .. } => "refused".to_owned(),
        Outcome::Panicked { .. } => "**panics**".to_owned(),
    }
}

fn name(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Right { .. } => "right",
        Outcome::Wrong { .. } => "is wrong",
        Outcome::NotChecked { .. } => "is not checked",
        Outcome::DoesNotCompile { .. } => "does not compile",
        Outcome::Refused { .. } => "refuses",
        Outcome::Panicked { .. } => "panics",
    }
    .to_owned()
}

const INTRODUCTION: &str = include_str!("generators.md");
