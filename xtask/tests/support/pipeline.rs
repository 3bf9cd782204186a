//! The stages from tree to text, without files, and what must not come of them.
#![allow(
    dead_code,
    reason = "tests, benchmarks and fuzz targets use a part each"
)]

use xtask::diagnostic::Failure;
use xtask::model::Model;
use xtask::openapi::Node;
use xtask::output::render;
use xtask::output::render::SourceText;
use xtask::split::{self, Feature};
use xtask::{arrange, generate, lint, lower, refine};

/// What was generated.
#[derive(Debug)]
pub(crate) struct Code {
    pub(crate) files: Vec<SourceText>,
    pub(crate) features: Vec<Feature>,
    pub(crate) operations: usize,
    pub(crate) types: usize,
}

/// Runs the stages on a description, the overlay applied.
pub(crate) fn run(description: &Node) -> Result<Code, Failure> {
    let lowered = lower::lower(description);
    let document = arrange::arrange(lowered.document);
    lint::lint_lowered(description, &document, &lowered.refusals)?;
    let model = Model::read(&document);
    let tokens = generate::generate(&document, &model)?;
    let refined = refine::refine(tokens, &model)?;
    let (operations, types) = (refined.methods.len(), refined.count);
    let mut split = split::split(refined, &model)?;
    let features = std::mem::take(&mut split.features);
    Ok(Code {
        files: render::render_all(split, render::LONGEST)?,
        features,
        operations,
        types,
    })
}

/// What is wrong with an outcome: code that does not parse, or what only a bug of ours leads to.
pub(crate) fn problem(outcome: &Result<Code, Failure>) -> Option<String> {
    match outcome {
        Ok(code) => code.files.iter().find_map(|file| {
            let error = syn::parse_file(&file.text).err()?;
            Some(format!("{}: {error}", file.path))
        }),
        Err(Failure::Message(message)) => Some(message.clone()),
        Err(Failure::Diagnostics(findings)) => findings
            .iter()
            .find(|finding| finding.rule == "progenitor")
            .map(|finding| finding.message.clone()),
    }
}
