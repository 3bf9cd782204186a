//! `BENCHMARKS.md`, and the pages and plots in `benchmarks/`, of the results that are there.

use std::path::{Path, PathBuf};

use crate::section::{Part, Results, Section, Target, workspace};
use crate::sections;
use crate::table::Table;
use crate::{Error, Result};

/// What the pages show of a section.
#[derive(Debug)]
pub struct Shown {
    name: &'static str,
    topic: &'static str,
    is_part_of_all: bool,
    /// If it was measured.
    measured: Option<Measured>,
}

impl Shown {
    /// Whether there are results.
    #[must_use]
    pub fn is_measured(&self) -> bool {
        self.measured.is_some()
    }

    /// Its targets, if it was measured.
    #[must_use]
    pub fn targets(&self) -> &[Target] {
        self.measured.as_ref().map_or(&[], |it| &it.part.targets)
    }
}

/// What the pages show of results.
#[derive(Debug)]
struct Measured {
    part: Part,
    day: String,
    seconds: Option<f64>,
    /// A line on where the figures are from.
    origin: String,
}

/// The folder of the pages and plots, in which nothing else is.
#[must_use]
pub fn folder() -> PathBuf {
    workspace().join("benchmarks")
}

/// What is in the files: the first page, a page for each section, and the plots.
///
/// # Errors
///
/// Results cannot be read.
pub fn render() -> Result<Vec<(PathBuf, String)>> {
    let mut shown = Vec::new();
    for section in sections::all() {
        shown.push(section.show()?);
    }
    let mut files = vec![(workspace().join("BENCHMARKS.md"), first_page(&shown))];
    for (shown, measured) in measured(&shown) {
        let page = folder().join(format!("{}.md", shown.name));
        files.push((page, page_of(shown, measured)));
        for plot in &measured.part.plots {
            let path = folder().join("plots").join(format!("{}.svg", plot.name));
            files.push((path, plot.svg.clone()));
        }
    }
    Ok(files)
}

/// Writes the files, and removes pages and plots that are no longer made. Returns what was written.
///
/// # Errors
///
/// Results cannot be read, or files not be written.
pub fn write_all() -> Result<Vec<PathBuf>> {
    let files = render()?;
    for (path, text) in &files {
        write(path, text)?;
    }
    let written: Vec<PathBuf> = files.into_iter().map(|(path, _)| path).collect();
    for path in in_folder()? {
        if !written.contains(&path) {
            std::fs::remove_file(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        }
    }
    Ok(written)
}

/// The files that are in the folder of the pages.
///
/// # Errors
///
/// The folder cannot be read.
pub fn in_folder() -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for folder in [folder(), folder().join("plots")] {
        let entries = std::fs::read_dir(&folder);
        for entry in entries.map_err(|error| format!("{}: {error}", folder.display()))? {
            let path = entry?.path();
            if path.is_file() {
                files.push(path);
            }
        }
    }
    Ok(files)
}

fn measured(shown: &[Shown]) -> impl Iterator<Item = (&Shown, &Measured)> {
    let pairs = shown.iter().map(|it| (it, it.measured.as_ref()));
    pairs.filter_map(|(shown, measured)| Some((shown, measured?)))
}

fn first_page(all: &[Shown]) -> String {
    let mut topics = Table::of_texts(["topic", "what came out", "met", "measured"]);
    for shown in all {
        let Shown { name, topic, .. } = shown;
        match &shown.measured {
            Some(Measured { part, day, .. }) => topics.row([
                format!("[{topic}](benchmarks/{name}.md)"),
                part.summary.clone(),
                met(&part.targets),
                day.clone(),
            ]),
            None => topics.row([
                (*topic).to_owned(),
                format!("not measured yet: `cargo xtask bench {name}`"),
                String::new(),
                String::new(),
            ]),
        }
    }
    let seconds: Option<f64> = (all.iter())
        .filter(|it| it.is_part_of_all)
        .map(|it| it.measured.as_ref()?.seconds)
        .sum();
    let duration = match seconds {
        Some(seconds) => format!("To measure all but Generators took {}.", duration(seconds)),
        None => "To measure all but Generators is to take less than 40 minutes.".to_owned(),
    };
    let mut page = INTRODUCTION
        .replace("{topics}\n", &topics.to_string())
        .replace("{duration}", &duration);
    for (shown, Measured { part, .. }) in measured(all) {
        if let Some(plot) = part.plots.first() {
            page += &format!(
                "\n## {}\n\n[![{}](benchmarks/plots/{}.svg)](benchmarks/{}.md)\n",
                shown.topic, plot.title, plot.name, shown.name
            );
        }
    }
    page
}

/// How many targets are met, and why the others are not.
fn met(targets: &[Target]) -> String {
    let missed: Vec<&Target> = targets.iter().filter(|it| !it.is_met).collect();
    let count = format!("{} of {}", targets.len() - missed.len(), targets.len());
    let mut reasons: Vec<&str> = Vec::new();
    for target in missed {
        if !target.because.is_empty() && !reasons.contains(&target.because) {
            reasons.push(target.because);
        }
    }
    match (targets.is_empty(), reasons.is_empty()) {
        (true, _) => "no target".to_owned(),
        (false, true) => count,
        (false, false) => format!("**{count}.** {}", reasons.join(" ")),
    }
}

fn duration(seconds: f64) -> String {
    match seconds {
        seconds if seconds < 90.0 => format!("{seconds:.0} seconds"),
        seconds => format!("{:.0} minutes", seconds / 60.0),
    }
}

fn page_of(shown: &Shown, measured: &Measured) -> String {
    let Measured { part, origin, .. } = measured;
    let mut page = format!("# {}\n\n{}\n\n", shown.topic, part.summary);
    if !part.targets.is_empty() {
        let mut targets = Table::new(["target", "wanted", "measured", "met"]);
        for target in &part.targets {
            let met = if target.is_met { "yes" } else { "**no**" };
            targets.row([&target.what, &target.wanted, &target.measured, met]);
        }
        page += &format!("{targets}\n");
    }
    format!(
        "{page}{}\n{origin}\n\n[All topics](../BENCHMARKS.md)\n",
        part.text
    )
}

const INTRODUCTION: &str = include_str!("page.md");

/// What the pages show of a section.
///
/// # Errors
///
/// Results are kept, but cannot be read.
pub fn show<S: Section>(section: &S) -> Result<Shown> {
    let measured = read::<S>()?.map(|results| {
        let rounds = match results.rounds {
            1 => "one round".to_owned(),
            rounds => format!("{rounds} rounds"),
        };
        let took = results
            .seconds
            .map_or_else(String::new, |seconds| format!(", {}", duration(seconds)));
        let machine = &results.machine;
        let origin = format!(
            "*Measured on {}, in {rounds}{took}: {}, {} cores, {} GiB, {}, {}.* `cargo xtask bench {}`",
            results.day,
            machine.processor,
            machine.cores,
            machine.memory,
            machine.system,
            machine.rustc,
            S::NAME,
        );
        Measured {
            part: section.page(&results),
            day: results.day,
            seconds: results.seconds,
            origin,
        }
    });
    Ok(Shown {
        name: S::NAME,
        topic: S::TOPIC,
        is_part_of_all: S::IS_PART_OF_ALL,
        measured,
    })
}

fn file<S: Section>() -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("results");
    folder.join(format!("{}.json", S::NAME))
}

/// The results that are kept. `None` if there are none.
///
/// # Errors
///
/// They cannot be read.
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
