//! Lines and columns of many places in the same files: to count a large file's lines anew for each of thousands
//! of places would take seconds.

use std::collections::HashMap;
use std::sync::Arc;

use crate::openapi::{Source, Span};

/// The files that were looked at, with the first byte of each of their lines.
#[derive(Debug, Default)]
pub(crate) struct Lines(HashMap<*const Source, Vec<usize>>);

impl Lines {
    /// Line and column of the start of a span, as [`Span::line_column`] gives them.
    pub(crate) fn line_column(&mut self, span: &Span) -> (usize, usize) {
        let starts = self.0.entry(Arc::as_ptr(&span.source)).or_insert_with(|| {
            let text = span.source.text.bytes().enumerate();
            let after = text
                .filter(|(_, byte)| *byte == b'\n')
                .map(|(at, _)| at + 1);
            std::iter::once(0).chain(after).collect()
        });
        let line = starts.partition_point(|start| *start <= span.start);
        (line, span.line_column().1)
    }

    /// `file:line:column`.
    pub(crate) fn place(&mut self, span: &Span) -> String {
        let (line, column) = self.line_column(span);
        format!("{}:{line}:{column}", span.source.path.display())
    }
}
