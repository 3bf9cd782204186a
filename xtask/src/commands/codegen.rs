//! `cargo xtask codegen`: all stages, from the description to the client's source.

pub(super) mod place;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::commands::lint::count;
use crate::diagnostic::{Diagnostic, Failure};
use crate::lower::{self, Lowered};
use crate::model::Model;
use crate::openapi::Node;
use crate::output::render::SourceText;
use crate::output::{render, write};
use crate::parallel::in_parallel;
use crate::select::{self, Hidden};
use crate::standalone::{self, FirstCall};
use crate::told;
use crate::visible::visible;
use crate::{arrange, callers, generate, lint, load, overlay, refine, report, requests, split};

/// How many warnings are shown. A description with more has to be read with `cargo xtask lint`.
const SHOWN: usize = 20;

/// Where to read and write.
#[derive(Debug)]
pub struct Options {
    /// The OpenAPI description.
    pub description: PathBuf,
    /// The overlay to apply to it, if any.
    pub overlay: Option<PathBuf>,
    /// The folder of the crate to generate.
    pub out: PathBuf,
    /// Whether to begin a crate there that stands alone, if there is none.
    pub begin: bool,
    /// The name of a crate that stands alone. Without one, it is that of its manifest, or of its folder.
    pub name: Option<String>,
    /// The file to write for tests that call every method, if any.
    pub callers: Option<PathBuf>,
    /// The file to write for a program that checks requests, if any.
    pub requests: Option<PathBuf>,
    /// Say what was decided.
    pub report: bool,
    /// Compare with its files instead of writing them.
    pub check: bool,
}

impl Options {
    /// Refuses a file for a report that is something else already.
    ///
    /// # Errors
    ///
    /// It is the description, the overlay or a file of the crate.
    pub fn check_extra(&self, option: &str, file: &Path) -> Result<(), Failure> {
        let real = |path: &Path| {
            path.canonicalize()
                .or_else(|_| std::path::absolute(path))
                .ok()
        };
        let same = |other: &Path| real(file).is_some_and(|it| Some(it) == real(other));
        let of_crate = ["Cargo.toml", "README.md", "NAMES.txt", "LICENSE-SUPPORT.md"];
        let folders = ["src", "examples"].map(|it| self.out.join(it));
        let is_within = |folder: &Path| {
            let (file, folder) = (real(file), real(folder));
            file.zip(folder)
                .is_some_and(|(file, folder)| file.starts_with(folder))
        };
        let what = if same(&self.description) {
            "the description"
        } else if self.overlay.as_deref().is_some_and(same) {
            "the overlay"
        } else if of_crate.iter().any(|it| same(&self.out.join(it)))
            || folders.iter().any(|it| is_within(it))
        {
            "a file of the crate"
        } else {
            return Ok(());
        };
        let file = file.display();
        Err(Failure::Message(format!(
            "{option} {file}: that is {what}, which would be lost; name another file"
        )))
    }
}

/// What was done.
#[derive(Debug)]
pub struct Report {
    /// The operations that the client has.
    pub operations: usize,
    /// The operations that the overlay does not choose.
    pub left_out: usize,
    /// The types that the client has.
    pub types: usize,
    /// The actions of the overlay.
    pub actions: usize,
    /// What was lowered, in a line, if anything was.
    pub lowered: Option<String>,
    /// The generated files.
    pub files: usize,
    /// The lines of all of them.
    pub lines: usize,
    /// The one with the most lines, and how many they are.
    pub largest: (String, usize),
    /// How long each stage took, in their order.
    pub stages: Vec<(&'static str, Duration)>,
    /// What could be better about the description.
    pub warnings: Vec<Diagnostic>,
    /// What the README and the example name and the crate no longer has, in a line each.
    pub outdated: Vec<String>,
    /// What was decided, if that was asked for.
    pub decided: Option<report::Report>,
    /// What became of the files. `None` if they were only checked.
    pub outcome: Option<write::Outcome>,
    /// What to do with a crate that was just begun. `None` if it was there before.
    pub next: Option<String>,
}

/// Runs the stages. `explain` gets what was lowered as soon as that is known: it is useful even if a later stage
/// fails.
///
/// # Errors
///
/// The first stage that fails ends the command. Nothing is written then.
pub fn run(options: &Options, tell: impl FnOnce(&Lowered)) -> Result<Report, Failure> {
    let mut clock = Stopwatch::default();
    let target = place::target(options)?;

    let mut document = clock.time("load", || load::load(&options.description))?;
    // The overlay changes facts for the sake of generated code.
    let wants_facts = options.requests.is_some() || options.report;
    let facts = wants_facts.then(|| document.clone());
    let mut actions = 0;
    if let Some(path) = &options.overlay {
        let overlay = clock.time("load", || load::load_overlay(path, &options.description))?;
        actions = clock.time("overlay", || overlay::apply(&mut document, &overlay))?;
    }
    let selection = clock.time("select", || select::select(&mut document, Hidden::Skipped))?;
    let lowered = clock.time("lower", || lower::lower(&document));
    tell(&lowered);
    let lowered_summary = lowered.summary();
    let given = document;
    let document = clock.time("arrange", || arrange::arrange(lowered.document));
    // The generator's reader runs at the same time as the lints. Its errors, which have no line, are reported only if the lints find nothing.
    let (description, linted) = clock.time("lint", || {
        in_parallel(
            || generate::read(&document),
            || {
                lint::lint_lowered(&given, &document, &lowered.refusals)?;
                Ok::<_, Failure>(lint::warnings(&given, &document))
            },
        )
    });
    let warnings = linted?;
    let description = description?;
    let decided = facts
        .as_ref()
        .filter(|_| options.report)
        .map(|facts| report::report(facts, &given, &document, &selection, actions));
    let model = Model::read(&document);
    let tokens = clock.time("generate", || {
        generate::generate_from(&document, &description, &model)
    })?;
    let refined = clock.time("refine", || refine::refine(tokens, &model))?;
    let (operations, types) = (refined.methods.len(), refined.count);
    let whole = target.whole.as_ref();
    let call = whole.and_then(|_| FirstCall::of(&refined, &model));
    let outdated = whole.map(|it| outdated(options, it, &given, &refined, &model));
    let outdated = outdated.unwrap_or_default();
    let callers = match &options.callers {
        Some(path) => Some(clock.time("callers", || callers_text(path, &refined, &model))?),
        None => None,
    };
    let requests = match options.requests.as_deref().zip(facts) {
        Some((path, facts)) => {
            Some(clock.time("requests", || requests_text(path, &facts, &model))?)
        }
        None => None,
    };
    let mut split = clock.time("split", || split::split(refined, &model))?;
    let features = std::mem::take(&mut split.features);
    let names = render::names(&split);
    let mut texts = clock.time("render", || render::render_all(split, render::LONGEST))?;
    let lines = texts.iter().map(|text| (text.path.clone(), text.lines()));
    let lines: Vec<(String, usize)> = lines.collect();
    texts.push(names);
    if !target.is_ours {
        standalone::name_description(&mut texts, &options.description);
    }
    let whole = match &target.whole {
        Some(whole) => Some(standalone::make(
            &mut texts,
            &whole.name,
            &given,
            call.as_ref(),
        )?),
        None => None,
    };
    texts.extend(callers);
    texts.extend(requests);
    let outcome = if options.check {
        let checked = clock.time("check", || {
            write::check(&options.out, &texts, &features, whole.as_ref())
        });
        checked.map_err(|failure| also(failure, &outdated))?;
        None
    } else {
        Some(clock.time("write", || {
            write::write(&options.out, &texts, &features, whole.as_ref())
        })?)
    };

    Ok(Report {
        operations,
        left_out: selection.left_out.len(),
        types,
        actions,
        lowered: lowered_summary,
        files: lines.len(),
        lines: lines.iter().map(|(_, lines)| lines).sum(),
        largest: lines
            .into_iter()
            .max_by_key(|(_, lines)| *lines)
            .unwrap_or_default(),
        stages: clock.0,
        warnings,
        outdated,
        decided,
        outcome,
        next: target
            .whole
            .filter(|it| it.is_new)
            .map(|_| place::next(options)),
    })
}

/// What the README and the example name and the crate no longer has, in a line each. They are the owner's, so they stay as they are.
fn outdated(
    options: &Options,
    whole: &place::Whole,
    description: &Node,
    refined: &refine::Refined,
    model: &Model,
) -> Vec<String> {
    let dependencies = &whole.dependencies;
    let names = standalone::Names::of(&whole.name, dependencies, description, refined, model);
    let files = [standalone::README, standalone::EXAMPLE].map(|it| options.out.join(it));
    let found = files.iter().flat_map(|path| {
        let text = std::fs::read_to_string(path).unwrap_or_default();
        let lines = names.outdated(&text).into_iter();
        lines.map(move |(line, problem)| format!("warning: {}:{line}: {problem}", path.display()))
    });
    found.collect()
}

/// What to say of the lines that [`outdated`] has found. `None` if there are none.
fn outdated_text(lines: &[String]) -> Option<String> {
    lines.first()?;
    Some(format!(
        "{}\nthese files are yours, so they stay as they are: correct the lines. If you remove the README, it is written anew, with a call that is there",
        lines.join("\n")
    ))
}

/// A failure, and what the README and the example name that is gone.
fn also(failure: Failure, outdated: &[String]) -> Failure {
    match (failure, outdated_text(outdated)) {
        (Failure::Message(message), Some(outdated)) => {
            Failure::Message(format!("{message}\n\n{outdated}"))
        }
        (failure, _) => failure,
    }
}

/// What to do about findings if there is no overlay yet.
pub fn advice(options: &Options, failure: &Failure) -> Option<String> {
    let wants_overlay = options.overlay.is_none() && matches!(failure, Failure::Diagnostics(_));
    wants_overlay.then(|| {
        let description = told::argument(&options.description);
        format!(
            "help: an overlay holds the decisions that a description leaves open; this begins one, and its last line says how to go on:\n  \
             cargo xtask init {}",
            visible(&description)
        )
    })
}

/// The file for tests, which is not in the crate's folder.
fn callers_text(
    path: &Path,
    refined: &refine::Refined,
    model: &Model,
) -> Result<SourceText, Failure> {
    Ok(SourceText {
        path: elsewhere(path, "--callers")?,
        text: render::render(&callers::callers(refined, model)?),
    })
}

/// The file for the check of requests, which is not in the crate's folder.
fn requests_text(path: &Path, facts: &Node, model: &Model) -> Result<SourceText, Failure> {
    Ok(SourceText {
        path: elsewhere(path, "--requests")?,
        text: requests::requests(facts, model)?,
    })
}

/// The path of a file that is not in the crate's folder, whatever that is.
fn elsewhere(path: &Path, option: &str) -> Result<String, Failure> {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    path.to_str().map(str::to_owned).ok_or_else(|| {
        Failure::Message(format!(
            "{}: the path of {option} must be UTF-8",
            path.display()
        ))
    })
}

/// How long each stage took. Several measurements of one stage are added up.
#[derive(Default)]
struct Stopwatch(Vec<(&'static str, Duration)>);

impl Stopwatch {
    /// Does the work, and adds the time that it took to this stage.
    fn time<T>(&mut self, stage: &'static str, work: impl FnOnce() -> T) -> T {
        let start = Instant::now();
        let result = work();
        let took = start.elapsed();
        match self.0.iter_mut().find(|(name, _)| *name == stage) {
            Some((_, total)) => *total += took,
            None => self.0.push((stage, took)),
        }
        result
    }
}

impl Report {
    /// How long each stage took, as JSON: an array in their order.
    pub fn timings(&self) -> String {
        let stages = self.stages.iter().map(|(name, took)| {
            serde_json::json!({"stage": name, "milliseconds": took.as_secs_f64() * 1e3})
        });
        format!("{:#}\n", serde_json::Value::from_iter(stages))
    }

    /// The warnings, in a line each, and how to read them whole. `None` if there are none. Of many, the first ones.
    pub fn warned(&self, options: &Options) -> Option<String> {
        let mut lines: Vec<String> = self
            .warnings
            .iter()
            .take(SHOWN)
            .map(|it| format!("warning[{}]: {}: {}", it.rule, it.span.place(), it.message))
            .collect();
        if let Some(more) = self.warnings.len().checked_sub(SHOWN).filter(|it| *it > 0) {
            lines.push(format!("… and {more} more"));
        }
        if !lines.is_empty() {
            let count = count(&self.warnings);
            let inputs = place::inputs(options);
            lines.push(format!(
                "{count}; this tells what to do about each:\n  cargo xtask lint {inputs}"
            ));
        }
        if let Some(outdated) = outdated_text(&self.outdated) {
            if !lines.is_empty() {
                lines.push(String::new());
            }
            lines.push(outdated);
        }
        (!lines.is_empty()).then(|| visible(&lines.join("\n")).into_owned())
    }

    /// What to tell the maintainer.
    pub fn summary(&self, out: &Path) -> String {
        let verdict = match self.outcome {
            Some(write::Outcome::Written) => "written",
            Some(write::Outcome::Unchanged) => "unchanged",
            None => "up to date",
        };
        let left_out = match self.left_out {
            0 => String::new(),
            count => format!(" ({count} left out)"),
        };
        let lowered = self.lowered.as_ref();
        let lowered = lowered.map_or_else(String::new, |line| format!("\n  {line}"));
        let summary = format!(
            "{}: {verdict}\n  {}{left_out}, {}, {} in {}, most in {} ({}); {}{lowered}",
            out.display(),
            told::count(self.operations, "operation"),
            told::count(self.types, "type"),
            told::count(self.lines, "line"),
            told::count(self.files, "file"),
            self.largest.0,
            self.largest.1,
            told::count(self.actions, "overlay action"),
        );
        let next = self.next.as_ref();
        let next = next.map_or_else(String::new, |next| format!("\n\n{next}"));
        format!("{}{next}", visible(&summary))
    }
}
