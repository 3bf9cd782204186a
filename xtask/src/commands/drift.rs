//! `cargo xtask drift`: how ours differs from another description, for people and for CI.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;

use serde_json::{Value, json};

use crate::diagnostic::Failure;
use crate::drift::{self, ByOverlay, Difference, Place, Report, Scope};
use crate::load;
use crate::openapi::Span;
use crate::told::count;
use crate::visible::{visible, visible_json};

/// The version of the JSON format. It changes if a member is removed or gets another meaning, and not if one is added.
pub const FORMAT_VERSION: u32 = 1;

/// Up to this many operations that ours lacks are listed one by one. More are counted by tag.
const FEW: usize = 12;

/// What to compare.
#[derive(Debug)]
pub struct Options {
    /// Our OpenAPI description.
    pub description: PathBuf,
    /// Its overlay, if any.
    pub overlay: Option<PathBuf>,
    /// The other description.
    pub other: PathBuf,
    /// Whether to leave out operations that ours lacks.
    pub ours_only: bool,
}

/// Which differences make the command fail.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FailOn {
    /// Any that counts.
    #[default]
    Any,
    /// Those that break users of the SDK.
    Breaking,
    /// None.
    Never,
}

/// Loads and compares.
///
/// # Errors
///
/// A file that cannot be read, is malformed, or is not OpenAPI 3.0 or 3.1; or an overlay that does not fit.
pub fn run(options: &Options) -> Result<Report, Failure> {
    let ours = load::load(&options.description)?;
    let overlay = options.overlay.as_deref();
    let overlay = overlay.map(|it| load::load_overlay(it, &options.description));
    let overlay = overlay.transpose()?;
    let other = load::load(&options.other)?;
    let mut report = drift::compare(&ours, overlay.as_ref(), &other)?;
    if options.ours_only {
        report.differences.retain(|it| !it.is_lacking_operation());
    }
    Ok(report)
}

/// Why [`run`] failed, for the standard error.
pub fn failure_to_text(failure: &Failure) -> String {
    match failure {
        Failure::Message(_) => failure.to_string(),
        Failure::Diagnostics(diagnostics) => {
            let texts: Vec<String> = diagnostics.iter().map(|it| it.render()).collect();
            format!("{}\n\nnothing was compared", texts.join("\n\n"))
        }
    }
}

/// What the command exits with: 0 if nothing makes it fail, else 1. 2 is for what cannot be compared.
pub fn exit_code(report: &Report, fail_on: FailOn) -> u8 {
    let mut counted = report.counted();
    let fails = match fail_on {
        FailOn::Any => counted.next().is_some(),
        FailOn::Breaking => counted.any(|it| it.breaking),
        FailOn::Never => false,
    };
    u8::from(fails)
}

/// The differences by operation and by component, those that the overlay explains, the notes, and the operations that
/// ours lacks, counted by tag if they are many; how many of each in the end. Fit for a terminal: see [`visible`].
pub fn to_text(report: &Report) -> String {
    let mut text = String::new();
    let (lacking, counted): (Vec<_>, Vec<_>) =
        report.counted().partition(|it| it.is_lacking_operation());
    let mut scope = None;
    for difference in &counted {
        heading(&mut text, &mut scope, difference, "");
        let grade = if difference.breaking {
            "breaking"
        } else {
            "compatible"
        };
        let name = format!("{grade}[{}]", difference.change.name);
        line(&mut text, &name, difference, "  ");
        place(&mut text, difference, "    ");
    }
    let explained: Vec<_> = report
        .differences
        .iter()
        .filter(|it| it.is_explained())
        .collect();
    if !explained.is_empty() {
        text.push_str("explained by the overlay, and not counted:\n\n");
        let mut scope = None;
        for difference in &explained {
            heading(&mut text, &mut scope, difference, "  ");
            line(&mut text, difference.change.name, difference, "    ");
            place(&mut text, difference, "      ");
        }
    }
    if !lacking.is_empty() {
        lacking_operations(&mut text, &lacking);
    }
    if !report.notes.is_empty() {
        text.push_str("notes:\n");
        for note in &report.notes {
            let place = note.span.as_ref().map(|span| span.place());
            let place = place.map(|place| format!(" ({place})")).unwrap_or_default();
            let _ = writeln!(text, "  {}{place}", note.message);
        }
        text.push('\n');
    }
    text.push_str(&summary(&counted, lacking.len(), explained.len()));
    visible(&text).into_owned()
}

/// The last line.
fn summary(counted: &[&Difference], lacking: usize, explained: usize) -> String {
    let mut text = match counted.len() {
        0 if lacking == 0 => "no difference".to_owned(),
        0 => "no difference in what ours has".to_owned(),
        all => {
            let breaking = counted.iter().filter(|it| it.breaking).count();
            format!("{}, {breaking} breaking", count(all, "difference"))
        }
    };
    if explained > 0 {
        let _ = write!(text, "; {explained} explained by the overlay");
    }
    if lacking > 0 {
        let _ = write!(text, "; ours lacks {}", count(lacking, "operation"));
    }
    text
}

/// The operation or component, if it is another than before.
fn heading<'r>(
    text: &mut String,
    before: &mut Option<&'r Scope>,
    difference: &'r Difference,
    indent: &str,
) {
    if *before == Some(&difference.scope) {
        return;
    }
    *before = Some(&difference.scope);
    let _ = writeln!(text, "{indent}{}", title(&difference.scope));
}

/// What a difference belongs to, as a heading.
fn title(scope: &Scope) -> String {
    match scope {
        Scope::Operation { method, path, .. } | Scope::OtherOperation { method, path, .. } => {
            format!("{method} {path}")
        }
        Scope::Schema(name) => format!("schema {name}"),
        Scope::OtherSchema(name) => format!("schema {name} of OTHER"),
    }
}

/// The difference itself, in a line.
fn line(text: &mut String, name: &str, difference: &Difference, indent: &str) {
    let at = if difference.at.is_empty() {
        String::new()
    } else {
        format!("{}: ", difference.at)
    };
    let uses = match &difference.scope {
        Scope::Schema(_) | Scope::OtherSchema(_) => match difference.uses.name() {
            Some("both") => " (sent and received)",
            Some("request") => " (sent)",
            Some(_) => " (received)",
            None => "",
        },
        _ => "",
    };
    let _ = writeln!(text, "{indent}{name} {at}{}{uses}", difference.message);
}

/// Where it stands in both, and what the overlay has to do with it.
fn place(text: &mut String, difference: &Difference, indent: &str) {
    let mut pieces = Vec::new();
    if let Some((ours, other)) = difference.places.first() {
        if let Some(other) = other {
            pieces.push(other.span.place());
        }
        if let Some(ours) = ours {
            pieces.push(format!("ours: {}", ours.span.place()));
        }
    }
    match difference.places.len() {
        0 | 1 => {}
        2 => pieces.push("and one more place".to_owned()),
        many => pieces.push(format!("and {} more places", many - 1)),
    }
    let _ = writeln!(text, "{indent}--> {}", pieces.join(", "));
    match &difference.overlay {
        Some(ByOverlay::Explained(span)) => {
            let _ = writeln!(text, "{indent}because of {}", span.place());
        }
        Some(ByOverlay::Hidden(span)) => {
            let place = span.place();
            let _ = writeln!(text, "{indent}hidden from the generator by {place}");
        }
        None => {}
    }
    text.push('\n');
}

/// Operations that ours lacks: one by one if they are few, else how many there are of each tag.
fn lacking_operations(text: &mut String, lacking: &[&Difference]) {
    let operations = count(lacking.len(), "operation");
    let _ = writeln!(text, "{operations} in OTHER that ours lacks:");
    if lacking.len() <= FEW {
        for difference in lacking {
            let place = difference.places.first().and_then(|it| it.1.as_ref());
            let place = place.map(|it| it.span.place()).unwrap_or_default();
            let _ = writeln!(text, "  {}\n    --> {place}", title(&difference.scope));
        }
    } else {
        let mut tags: BTreeMap<&str, Vec<&Difference>> = BTreeMap::new();
        for difference in lacking {
            let tag = difference.tags.first().map_or("(no tag)", String::as_str);
            tags.entry(tag).or_default().push(difference);
        }
        for (tag, operations) in tags {
            let some: Vec<String> = operations
                .iter()
                .take(2)
                .map(|it| title(&it.scope))
                .collect();
            let more = if operations.len() > 2 { ", …" } else { "" };
            let _ = writeln!(
                text,
                "  {:>4} {tag}: {}{more}",
                operations.len(),
                some.join(", ")
            );
        }
    }
    text.push('\n');
}

/// One JSON object:
///
/// - `formatVersion`: [`FORMAT_VERSION`]
/// - `description`, `overlay` (or null), `other`: the files, as given
/// - `summary`: `differences`, `breaking`, `explained` and `operationsLacking`, numbers; the first two are without
///   what is explained and without the operations that ours lacks
/// - `differences`, each: `change` (its name, which is stable), `breaking`, `explained` (both true or false), `use`
///   (`request`, `answer`, `both`, or null for what is no schema), `operation` (`method` and `path`, or null),
///   `schema` (the component's name, or null), `schemaOf` (`ours`, `other` or null), `at` (the way from there),
///   `message`, `tags` (of an operation that ours lacks), `places`, and `overlay` (the action that explains or hides
///   it: `file`, `line` and `column`; or null)
/// - `places`, each: `ours` and `other`, each null or `file`, `line`, `column` (from 1, columns in characters) and
///   `pointer` (into the lowered document, a JSON Pointer as a URI fragment)
/// - `notes`, each: `message`, and `file`, `line` and `column`, or null
pub fn to_json(report: &Report, options: &Options) -> String {
    let (lacking, counted): (Vec<_>, Vec<_>) =
        report.counted().partition(|it| it.is_lacking_operation());
    let explained = report.differences.iter().filter(|it| it.is_explained());
    let summary = json!({
        "differences": counted.len(),
        "breaking": counted.iter().filter(|it| it.breaking).count(),
        "explained": explained.count(),
        "operationsLacking": lacking.len(),
    });
    let differences: Vec<Value> = report.differences.iter().map(difference_to_json).collect();
    let notes: Vec<Value> = report
        .notes
        .iter()
        .map(|note| {
            let mut json = match &note.span {
                Some(span) => span_to_json(span),
                None => json!({"file": null, "line": null, "column": null}),
            };
            json["message"] = note.message.as_str().into();
            json
        })
        .collect();
    let overlay = options.overlay.as_ref().map(|it| it.display().to_string());
    let json = json!({
        "formatVersion": FORMAT_VERSION,
        "description": options.description.display().to_string(),
        "overlay": overlay,
        "other": options.other.display().to_string(),
        "summary": summary,
        "differences": differences,
        "notes": notes,
    });
    visible_json(&format!("{json:#}")).into_owned()
}

fn difference_to_json(difference: &Difference) -> Value {
    let (operation, schema, schema_of) = match &difference.scope {
        Scope::Operation { method, path, .. } | Scope::OtherOperation { method, path, .. } => {
            (json!({"method": method, "path": path}), None, None)
        }
        Scope::Schema(name) => (Value::Null, Some(name), Some("ours")),
        Scope::OtherSchema(name) => (Value::Null, Some(name), Some("other")),
    };
    let mut places = Vec::new();
    for (ours, other) in &difference.places {
        let side = |it: &Option<Place>| match it {
            Some(place) => {
                let mut json = span_to_json(&place.span);
                json["pointer"] = place.pointer.to_string().into();
                json
            }
            None => Value::Null,
        };
        places.push(json!({"ours": side(ours), "other": side(other)}));
    }
    let overlay = match &difference.overlay {
        Some(ByOverlay::Explained(span) | ByOverlay::Hidden(span)) => span_to_json(span),
        None => Value::Null,
    };
    json!({
        "change": difference.change.name,
        "breaking": difference.breaking,
        "explained": difference.is_explained(),
        "use": difference.uses.name(),
        "operation": operation,
        "schema": schema,
        "schemaOf": schema_of,
        "at": difference.at,
        "message": difference.message,
        "tags": difference.tags,
        "places": places,
        "overlay": overlay,
    })
}

fn span_to_json(span: &Span) -> Value {
    let (line, column) = span.line_column();
    json!({"file": span.source.path.display().to_string(), "line": line, "column": column})
}
