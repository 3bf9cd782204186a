//! The code of the service's whole published description, and of our own.

use std::path::Path;

use xtask::model::Model;
use xtask::openapi::Node;
use xtask::output::render;
use xtask::output::render::SourceText;
use xtask::split::Feature;
use xtask::{arrange, generate, lint, load, lower, overlay, refine, split};

/// What comes of it.
pub(crate) struct Generated {
    /// As it is after the overlay.
    pub(crate) description: Node,
    /// That in OpenAPI 3.0, and what the arrange stage makes of it.
    pub(crate) lowered: Node,
    pub(crate) arranged: Node,
    pub(crate) model: Model,
    pub(crate) files: Vec<SourceText>,
    pub(crate) features: Vec<Feature>,
}

/// Runs the stages over the description, with the overlay that is kept with the tests.
pub(crate) fn generated(path: &Path) -> Generated {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/upstream");
    generated_with(path, &own.join("overlay.yaml"))
}

/// Runs the stages over a description, with this overlay.
pub(crate) fn generated_with(path: &Path, overlay: &Path) -> Generated {
    let stages = || {
        let mut description = load::load(path)?;
        overlay::apply(&mut description, &load::load(overlay)?)?;
        let lowered = lower::lower(&description);
        let document = arrange::arrange(lowered.document.clone());
        lint::lint_lowered(&description, &document, &lowered.refusals)?;
        let model = Model::read(&document);
        let refined = refine::refine(generate::generate(&document, &model)?, &model)?;
        let mut split = split::split(refined, &model)?;
        let features = std::mem::take(&mut split.features);
        let files = render::render_all(split, render::LONGEST)?;
        Ok::<_, xtask::diagnostic::Failure>(Generated {
            description,
            lowered: lowered.document,
            arranged: document,
            model,
            files,
            features,
        })
    };
    stages().unwrap_or_else(|failure| panic!("{failure}"))
}
