//! What is wrong with a file, where, and what to do.

use std::sync::Arc;

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};

use crate::document::{Node, Pointer, Source, Span};
use crate::visible::visible;

/// A finding about a file.
#[derive(Clone, Debug)]
pub struct Diagnostic {
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
            rule,
            message: message.into(),
            span: document.span_of(pointer),
            pointer: Some(pointer.clone()),
            help: help.into(),
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
            rule,
            message: message.into(),
            span: Span {
                source: source.clone(),
                start: place.start,
                end: place.end,
            },
            pointer: None,
            help: help.into(),
        }
    }

    /// The finding as rustc would print it: rule, message, `file:line:column`, the line, the pointer
    /// and the way out. Fit for a terminal, whatever stands in the file: see [`visible`].
    pub fn render(&self) -> String {
        let source = &self.span.source;
        // A span of many lines (a whole schema) is shown by its first.
        let start = self.span.start.min(source.text.len());
        // That line alone is given to the renderer: it goes through all that it is given, which takes a
        // minute for the findings of a large description.
        let (line, line_start) = source.line_at(start);
        let line_end = source.text[start..]
            .find('\n')
            .map_or(source.text.len(), |length| start + length);
        let end = self.span.end.clamp(start, line_end);
        let (message, help) = (visible(&self.message), visible(&self.help));
        let mut group = Level::ERROR
            .primary_title(message.as_ref())
            .id(self.rule)
            .element(
                Snippet::source(&source.text[line_start..line_end])
                    .line_start(line + 1)
                    .path(source.path.display().to_string())
                    .annotation(AnnotationKind::Primary.span(start - line_start..end - line_start)),
            );
        if let Some(pointer) = &self.pointer {
            group =
                group.element(Level::NOTE.message(visible(&format!("at {pointer}")).into_owned()));
        }
        group = group.element(Level::HELP.message(help.as_ref()));
        let text = Renderer::plain().render(&[group]);
        // The line itself: the renderer shows most of what cannot be seen, and not all.
        visible(&text).into_owned()
    }
}

/// Why a stage came to an end: findings about files, or trouble with the machine.
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
                match diagnostics.len() {
                    1 => f.write_str("1 error; nothing was written"),
                    count => write!(f, "{count} errors; nothing was written"),
                }
            }
        }
    }
}

impl std::error::Error for Failure {}
