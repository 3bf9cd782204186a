//! `cargo xtask lint`: all that is wrong with a description, for people, for editors and for CI.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::{Value, json};

use crate::diagnostic::{Diagnostic, Failure, Severity};
use crate::select::{self, Hidden};
use crate::visible::visible_json;
use crate::{arrange, generate, lint, load, lower, overlay, told};

/// What to look at.
#[derive(Debug)]
pub struct Options {
    /// The OpenAPI description.
    pub description: PathBuf,
    /// The overlay to apply to it before, if any.
    pub overlay: Option<PathBuf>,
}

/// Runs the stages up to lint, and returns all findings, in the description's order: errors, and then warnings. A file that is not
/// YAML or JSON, or an overlay that does not fit, is the only finding: the stages after it would find what is not there.
///
/// # Errors
///
/// A file that cannot be read.
pub fn run(options: &Options) -> Result<Vec<Diagnostic>, Failure> {
    let mut warnings = Vec::new();
    let mut findings = match stages(options, &mut warnings) {
        Ok(()) => Vec::new(),
        Err(Failure::Diagnostics(findings)) => findings,
        Err(failure) => return Err(failure),
    };
    findings.append(&mut warnings);
    Ok(findings)
}

/// Whether any of these keeps code from being generated.
pub fn has_errors(findings: &[Diagnostic]) -> bool {
    findings.iter().any(|it| it.severity == Severity::Error)
}

/// The stages in their order. The first that fails ends it. Names and secrets are looked at whatever else is wrong.
fn stages(options: &Options, warnings: &mut Vec<Diagnostic>) -> Result<(), Failure> {
    let mut document = load::load(&options.description)?;
    if let Some(path) = &options.overlay {
        let overlay = load::load_overlay(path, &options.description)?;
        overlay::apply(&mut document, &overlay)?;
    }
    select::select(&mut document, Hidden::Skipped)?;
    let lowered = lower::lower(&document);
    let arranged = arrange::arrange(lowered.document);
    *warnings = lint::warnings(&document, &arranged);
    lint::lint_lowered(&document, &arranged, &lowered.refusals)?;
    // The generator reads it next, and refuses what has the wrong kind of value.
    generate::read(&arranged).map(drop)
}

/// As rustc prints errors, and how many there are of each rule in the end.
pub fn to_text(findings: &[Diagnostic]) -> String {
    if findings.is_empty() {
        return "nothing found".to_owned();
    }
    let mut text = String::new();
    for finding in findings {
        text += &finding.render();
        text += "\n\n";
    }
    text + &count(findings)
}

/// How many findings there are, and of which rules: `2 errors: 2 required; 1 warning: 1 secret`.
pub fn count(findings: &[Diagnostic]) -> String {
    let mut parts = Vec::new();
    for severity in [Severity::Error, Severity::Warning] {
        let mut rules: BTreeMap<&str, usize> = BTreeMap::new();
        for finding in findings.iter().filter(|it| it.severity == severity) {
            *rules.entry(finding.rule).or_default() += 1;
        }
        let all: usize = rules.values().sum();
        if all == 0 {
            continue;
        }
        let mut rules: Vec<_> = rules.into_iter().collect();
        rules.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        let rules: Vec<String> = rules
            .into_iter()
            .map(|(rule, count)| format!("{count} {rule}"))
            .collect();
        let all = told::count(all, severity.name());
        parts.push(format!("{all}: {}", rules.join(", ")));
    }
    parts.join("; ")
}

/// One JSON array, a finding each: `rule`, `severity` (`error` or `warning`), `message`, `file`, `line` and `column` (both from 1,
/// columns in characters), `endLine` and `endColumn` (the place after the last character), `pointer` (into the
/// lowered description, a JSON Pointer as a URI fragment, or null), `help`.
pub fn to_json(findings: &[Diagnostic]) -> String {
    let findings = findings.iter().map(|finding| {
        let ((line, column), (end_line, end_column)) =
            (finding.span.line_column(), finding.span.end_line_column());
        json!({
            "rule": finding.rule,
            "severity": finding.severity.name(),
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
