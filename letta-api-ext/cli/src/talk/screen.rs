//! What an agent says and does, for people, as it comes.
//!
//! What it says goes to the standard output, and all else to the standard error: thoughts, calls of tools and what they returned.

use std::io::{self, Write};

use letta_api_ext::turns::{Event, ToolCall, ToolReturned};
use unicode_width::UnicodeWidthStr as _;

use crate::context::Context;
use crate::failure::Failure;
use crate::terminal::{Style, beginning, clean};

/// How wide lines are if there is no terminal.
const WIDTH: usize = 100;

/// Shows events. The two writers may be the same terminal.
pub(crate) struct Screen<O, E> {
    out: O,
    notes: E,
    style: Style,
    width: usize,
    detail: Detail,
    line: Line,
}

/// How much is shown of what an agent does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Detail {
    /// What it says.
    Words,
    /// What it thinks and does, too, in short.
    Work,
    /// All of it.
    All,
}

/// What the line holds in which the cursor is.
#[derive(PartialEq, Eq)]
enum Line {
    Empty,
    /// What the agent says, in the message of this ID.
    Said(String),
    Thought(String),
}

impl Screen<io::Stdout, io::Stderr> {
    pub(crate) fn new(context: &Context, detail: Detail) -> Self {
        let columns = console::Term::stderr().size_checked();
        Self {
            out: io::stdout(),
            notes: io::stderr(),
            style: context.style(),
            width: columns.map_or(WIDTH, |(_, columns)| usize::from(columns).max(20)),
            detail,
            line: Line::Empty,
        }
    }
}

impl<O: Write, E: Write> Screen<O, E> {
    pub(crate) fn detail(&self) -> Detail {
        self.detail
    }

    pub(crate) fn set_detail(&mut self, detail: Detail) {
        self.detail = detail;
    }

    pub(crate) fn event(&mut self, event: &Event) -> Result<(), Failure> {
        let is_shown = self.detail != Detail::Words;
        match event {
            Event::Text(piece) => self.said(piece.message_id(), piece.text()),
            Event::Reasoning(piece) if is_shown => self.thought(piece.message_id(), piece.text()),
            // What waits for an answer is asked for when all of it is there.
            Event::ToolCall(call) if is_shown && !call.waits_for_answer() => self.call(call),
            Event::ToolReturn(done) if is_shown => self.returned(done),
            _ => Ok(()),
        }
    }

    fn said(&mut self, message: &str, text: &str) -> Result<(), Failure> {
        if self.line != Line::Said(message.to_owned()) {
            self.end_line()?;
            self.line = Line::Said(message.to_owned());
        }
        write!(self.out, "{}", clean(text))?;
        Ok(self.out.flush()?)
    }

    fn thought(&mut self, message: &str, text: &str) -> Result<(), Failure> {
        if self.line != Line::Thought(message.to_owned()) {
            self.end_line()?;
            self.line = Line::Thought(message.to_owned());
        }
        // Nobody may be reading the notes, which is no reason to stop.
        let thought = self.style.dim(clean(text)).to_string();
        let _ = self.notes.write_all(thought.as_bytes());
        let _ = self.notes.flush();
        Ok(())
    }

    fn call(&mut self, call: &ToolCall) -> Result<(), Failure> {
        let text = format!("* {} {}", call.name(), call.arguments());
        let text = self.fit(&text);
        self.note(self.style.dim(text))
    }

    fn returned(&mut self, done: &ToolReturned) -> Result<(), Failure> {
        let what = if done.is_success() { "" } else { "failed: " };
        let text = self.fit(&format!("  -> {what}{}", done.text()));
        match done.is_success() {
            true => self.note(self.style.dim(text)),
            false => self.note(self.style.bad(text)),
        }
    }

    /// A line of its own.
    pub(crate) fn note(&mut self, text: impl std::fmt::Display) -> Result<(), Failure> {
        self.end_line()?;
        // In one piece, so that no half of a line is ever seen.
        let _ = self.notes.write_all(format!("{text}\n").as_bytes());
        Ok(())
    }

    /// Ends the line in which the agent speaks or thinks.
    pub(crate) fn end_line(&mut self) -> Result<(), Failure> {
        match std::mem::replace(&mut self.line, Line::Empty) {
            Line::Empty => {}
            Line::Said(_) => {
                writeln!(self.out)?;
                self.out.flush()?;
            }
            Line::Thought(_) => {
                let _ = writeln!(self.notes);
            }
        }
        Ok(())
    }

    /// The text in one line, cut where the terminal ends. With all details, it is whole.
    pub(crate) fn fit(&self, text: &str) -> String {
        let text = clean(text);
        match self.detail {
            Detail::All => text.into_owned(),
            _ => one_line(&text, self.width),
        }
    }
}

/// The text in one line that is not wider than this. What is left out is an ellipsis.
fn one_line(text: &str, width: usize) -> String {
    let indent = &text[..text.len() - text.trim_start().len()];
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let line = format!("{indent}{words}");
    if line.width() <= width {
        return line;
    }
    format!("{}…", beginning(&line, width.saturating_sub(1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_long_is_cut_to_the_width_that_it_takes() {
        for (text, width, expected) in [
            ("  -> a\n  b", 20, "  -> a b"),
            ("12345", 5, "12345"),
            ("123456", 5, "1234…"),
            ("日本語日本語", 6, "日本…"),
            ("", 5, ""),
        ] {
            assert_eq!(one_line(text, width), expected);
        }
    }
}
