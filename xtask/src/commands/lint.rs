//! `cargo xtask lint`: all that is wrong with a description, for people, for editors and for CI.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::{Value, json};

use crate::diagnostic::{Diagnostic, Failure};
use crate::visible::visible_json;
use crate::{arrange, generate, lint, load, lower, overlay};

/// What to look at.
#[derive(Debug)]
pub struct Options {
    /// The OpenAPI description.
    pub description: PathBuf,
    /// The overlay to apply to it before, if any.
    pub overlay: Option<PathBuf>,
}

/// Runs the stages up to lint, and returns all findings, in the description's order. A file that is not
/// YAML or JSON, or an overlay that does not fit, is the only finding: the stages after it would find what is not there.
///
/// # Errors
///
/// A file that cannot be read.
pub fn run(options: &Options) -> Result<Vec<Diagnostic>, Failure> {
    match stages(options) {
        Ok(()) => Ok(Vec::new()),
        Err(Failure::Diagnostics(findings)) => Ok(findings),
        Err(failure) => Err(failure),
    }
}

/// The stages in their order. The first that fails ends it.
fn stages(options: &Options) -> Result<(), Failure> {
    let mut document = load::load(&options.description)?;
    if let Some(path) = &options.overlay {
        overlay::apply(&mut document, &load::load(path)?)?;
    }
    let lowered = lower::lower(&document);
    let arranged = arrange::arrange(lowered.document);
    lint::lint_lowered(&document, &arranged, &lowered.refusals)?;
    // The generator reads it next, and refuses what has the wrong kind of value.
    generate::read(&arranged).map(drop)
}

/// As rustc prints errors, and how many there are of each rule in the end.
pub fn to_text(findings: &[Diagnostic]) -> String {
    if findings.is_empty() {
        return "nothing found".to_owned();
    }
    let mut rules: BTreeMap<&str, usize> = BTreeMap::new();
    let mut text = String::new();
    for finding in findings {
        text += &finding.render();
        text += "\n\n";
        *rules.entry(finding.rule).or_default() += 1;
    }
    let mut rules: Vec<_> = rules.into_iter().collect();
    rules.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let rules: Vec<String> = rules
        .into_iter()
        .map(|(rule, count)| format!("{count} {rule}"))
        .collect();
    let errors = if findings.len() == 1 {
        "error"
    } else {
        "errors"
    };
    text + &format!("{} {errors}: {}", findings.len(), rules.join(", "))
}

/// One JSON array, a finding each: `rule`, `severity` (`error`), `message`, `file`, `line` and `column` (both from 1,
/// columns in characters), `endLine` and `endColumn` (the place after the last character), `pointer` (into the
/// lowered description, a JSON Pointer as a URI fragment, or null), `help`.
pub fn to_json(findings: &[Diagnostic]) -> String {
    let findings = findings.iter().map(|finding| {
        let ((line, column), (end_line, end_column)) =
            (finding.span.line_column(), finding.span.end_line_column());
        json!({
            "rule": finding.rule,
            "severity": "error",
            "message": finding.message,
            "file": finding.span.source.path.display().to_string(),
            "line": line,
            "column": column,
            "endLine": end_line,
            "endColumn": end_column,
            "pointer": finding.pointer.as_ref().map(ToString::to_string),
            "help": finding.help,
        })
    });
    let findings: Vec<Value> = findings.collect();
    visible_json(&format!("{:#}", Value::Array(findings))).into_owned()
}
