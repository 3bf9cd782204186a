//! What is wrong with a file, where, and what to do.

use std::sync::Arc;

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};

use crate::openapi::{Node, Pointer, Source, Span};
use crate::told::count;
use crate::visible::visible;

/// How many bytes before and after a place are shown of a long line; the renderer shows fewer.
const AROUND: usize = 500;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// There is no code before it is settled.
    Error,
    /// There is code, and it could be better.
    Warning,
}

impl Severity {
    /// As it is printed.
    pub fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

/// What it does to the calls of the generated code if the first action of a finding is followed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Wire {
    /// Each request that can be sent is still one that the description allows, and each answer that it describes is still read. A type may be
    /// looser, and a caller may have less to choose from.
    #[default]
    Kept,
    /// Something else is sent than the description says, or a part of what is sent or received is lost. Only somebody who knows the service
    /// can tell whether that will do.
    Changed,
    /// There is a slip in the description or in a mark, and only somebody who knows what was meant can mend it.
    Unclear,
}

/// A finding about a file.
#[derive(Clone, Debug)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// The rule's name, as in `error[any-of]`.
    pub rule: &'static str,
    /// What is wrong.
    pub message: String,
    /// Where.
    pub span: Span,
    /// What part of the document, if it is about a part.
    pub pointer: Option<Pointer>,
    /// What to do about it.
    pub help: String,
    /// Whether the first action in `help` changes what is sent or read.
    pub wire: Wire,
}

impl Diagnostic {
    /// A finding about the part of `document` that `pointer` leads to.
    pub fn at(
        document: &Node,
        pointer: &Pointer,
        rule: &'static str,
        message: impl Into<String>,
        help: impl Into<String>,
    ) -> Self {
        Self {
            severity: Severity::Error,
            rule,
            message: message.into(),
            span: document.span_of(pointer),
            pointer: Some(pointer.clone()),
            help: help.into(),
            wire: Wire::Kept,
        }
    }

    /// A finding about a place in a file.
    pub fn in_source(
        source: &Arc<Source>,
        place: std::ops::Range<usize>,
        rule: &'static str,
        message: impl Into<String>,
        help: impl Into<String>,
    ) -> Self {
        Self {
            severity: Severity::Error,
            rule,
            message: message.into(),
            span: Span {
                source: source.clone(),
                start: place.start,
                end: place.end,
            },
            pointer: None,
            help: help.into(),
            wire: Wire::Kept,
        }
    }

    /// The same finding, whose first action changes what is sent or read: see [`Wire::Changed`].
    pub fn changing_the_wire(self) -> Self {
        Self {
            wire: Wire::Changed,
            ..self
        }
    }

    /// The same finding, of a slip that is left to a person: see [`Wire::Unclear`].
    pub fn of_a_slip(self) -> Self {
        Self {
            wire: Wire::Unclear,
            ..self
        }
    }

    /// The same finding, as a warning.
    pub fn into_warning(self) -> Self {
        Self {
            severity: Severity::Warning,
            ..self
        }
    }

    /// The finding as rustc would print it: rule, message, `file:line:column`, the line, the pointer
    /// and the way out. Fit for a terminal, whatever stands in the file: see [`visible`].
    pub fn render(&self) -> String {
        let source = &self.span.source;
        // A span of many lines (a whole schema) is shown by its first.
        let start = self.span.start.min(source.text.len());
        // The renderer is given that line only, and of a long line only the part around the place. It reads everything that it is
        // given, which takes a minute for the findings of a large description. A description may be one line.
        let (line, line_start) = source.line_at(start);
        let (from, to) = around(&source.text, start);
        let from = from.max(line_start);
        let to = source.text[start..to]
            .find('\n')
            .map_or(to, |length| start + length);
        let end = self.span.end.clamp(start, to);
        let snippet = Snippet::source(&source.text[from..to])
            .line_start(line + 1)
            .annotation(AnnotationKind::Primary.span(start - from..end - from));
        let path = source.path.display().to_string();
        let (message, help) = (visible(&self.message), visible(&self.help));
        let level = match self.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        let title = level.primary_title(message.as_ref()).id(self.rule);
        let mut group = title.element(snippet.path(path.as_str()));
        if let Some(pointer) = &self.pointer {
            group =
                group.element(Level::NOTE.message(visible(&format!("at {pointer}")).into_owned()));
        }
        group = group.element(Level::HELP.message(help.as_ref()));
        let mut text = Renderer::plain().render(&[group]);
        if from > line_start {
            // The renderer has counted columns from the beginning of the part.
            let place = |column| format!("--> {path}:{}:{column}\n", line + 1);
            let shown = source.text[from..start].chars().count() + 1;
            text = text.replacen(&place(shown), &place(self.span.line_column().1), 1);
        }
        // The renderer escapes most invisible characters, but not all.
        visible(&text).into_owned()
    }
}

/// A stretch of a text around a byte, of whole characters.
fn around(text: &str, byte: usize) -> (usize, usize) {
    let mut from = byte.saturating_sub(AROUND);
    let mut to = byte.saturating_add(AROUND).min(text.len());
    while !text.is_char_boundary(from) {
        from += 1;
    }
    while !text.is_char_boundary(to) {
        to -= 1;
    }
    (from, to)
}

/// Why a stage failed: findings about files, or a problem with the machine.
#[derive(Debug)]
pub enum Failure {
    /// What is wrong with the description or the overlay.
    Diagnostics(Vec<Diagnostic>),
    /// A file that cannot be read or written, or checked-in code that is stale; ready to print.
    Message(String),
}

impl From<Diagnostic> for Failure {
    fn from(diagnostic: Diagnostic) -> Self {
        Self::Diagnostics(vec![diagnostic])
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Message(message) => f.write_str(&visible(message)),
            Self::Diagnostics(diagnostics) => {
                for diagnostic in diagnostics {
                    writeln!(f, "{}\n", diagnostic.render())?;
                }
                let errors = count(diagnostics.len(), "error");
                write!(f, "{errors}; nothing was written")
            }
        }
    }
}

impl std::error::Error for Failure {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_long_line_the_place_is_shown_with_its_own_column() {
        for (before, after) in [
            (0, 0),
            (0, 5_000),
            (499, 501),
            (501, 499),
            (70_000, 0),
            (9_000, 9_000),
        ] {
            let text = format!("ü\n{}here{}\nx", "ä".repeat(before), "ö".repeat(after));
            let source = Source::new("d.json", text);
            let start = source.text.find("here").unwrap();
            let finding =
                Diagnostic::in_source(&source, start..start + 4, "rule", "message", "help");
            let rendered = finding.render();
            let place = format!("--> d.json:2:{}\n", before + 1);
            assert!(rendered.contains(&place), "{before}, {after}:\n{rendered}");
            assert!(rendered.contains("here"), "{before}, {after}:\n{rendered}");
            assert!(
                rendered.len() < 2_000,
                "{before}, {after}: {}",
                rendered.len()
            );
        }
    }
}
