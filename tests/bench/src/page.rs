//! `BENCHMARKS.md`, of the results that are there.

use std::path::{Path, PathBuf};

use crate::section::{Part, Results, Section, workspace};
use crate::table::Table;
use crate::{
    Error, Result, call, codegen, events, footprint, generators, in_process, rivals, turn_streams,
};

/// The files of the page and its plots, and what is in them.
///
/// # Errors
///
/// Where results cannot be read.
pub fn render() -> Result<Vec<(PathBuf, String)>> {
    let mut parts = Vec::new();
    part(&call::CallSection, &mut parts)?;
    part(&rivals::RivalsSection, &mut parts)?;
    part(&footprint::FootprintSection, &mut parts)?;
    part(&in_process::InProcessSection, &mut parts)?;
    part(&events::EventsSection, &mut parts)?;
    part(&turn_streams::TurnStreamsSection, &mut parts)?;
    part(&codegen::CodegenSection, &mut parts)?;
    part(&generators::GeneratorsSection, &mut parts)?;

    let mut targets = Table::new(["target", "wanted", "measured", "met"]);
    for target in parts.iter().flat_map(|(part, _)| &part.targets) {
        let met = if target.is_met { "yes" } else { "**no**" };
        targets.row([&target.what, &target.wanted, &target.measured, met]);
    }
    let mut page = INTRODUCTION.replace("{targets}\n", &targets.to_string());
    for (part, origin) in &parts {
        page += "\n";
        page += &part.text;
        page += &format!("\n{origin}\n");
    }
    let mut files = vec![(workspace().join("BENCHMARKS.md"), page)];
    for plot in parts.into_iter().flat_map(|(part, _)| part.plots) {
        let name = format!("{}.svg", plot.name);
        files.push((workspace().join("tests/bench/plots").join(name), plot.svg));
    }
    Ok(files)
}

const INTRODUCTION: &str = include_str!("page.md");

/// The part of this section, and a line on where its figures come from, if there are any.
fn part<S: Section>(section: &S, parts: &mut Vec<(Part, String)>) -> Result<()> {
    let Some(results) = read::<S>()? else {
        return Ok(());
    };
    let Results {
        machine,
        day,
        rounds,
        ..
    } = &results;
    let rounds = match rounds {
        1 => "one round".to_owned(),
        _ => format!("{rounds} rounds"),
    };
    let origin = format!(
        "*Measured on {day}, in {rounds}: {}, {} cores, {} GiB, {}, {}.* `cargo xtask bench {}`",
        machine.processor,
        machine.cores,
        machine.memory,
        machine.system,
        machine.rustc,
        S::NAME,
    );
    parts.push((section.page(&results), origin));
    Ok(())
}

fn file<S: Section>() -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("results");
    folder.join(format!("{}.json", S::NAME))
}

/// The results that are kept, if there are any.
///
/// # Errors
///
/// Where the file cannot be read.
pub fn read<S: Section>() -> Result<Option<Results<S::Results>>> {
    let path = file::<S>();
    match std::fs::read_to_string(&path) {
        Ok(text) => match serde_json::from_str(&text) {
            Ok(results) => Ok(Some(results)),
            Err(error) => Err(format!("{}: {error}", path.display()).into()),
        },
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::from(format!("{}: {error}", path.display()))),
    }
}

/// Keeps results.
///
/// # Errors
///
/// Where the file cannot be written.
pub fn keep<S: Section>(results: &Results<S::Results>) -> Result<()> {
    let mut text = serde_json::to_string_pretty(results)?;
    text.push('\n');
    write(&file::<S>(), &text)
}

/// Writes a file, and the folder that it is in.
///
/// # Errors
///
/// Where that cannot be done.
pub fn write(path: &Path, text: &str) -> Result<()> {
    let written = std::fs::create_dir_all(path.parent().unwrap_or(path))
        .and_then(|()| std::fs::write(path, text));
    Ok(written.map_err(|error| format!("{}: {error}", path.display()))?)
}
