//! The terminal: colours, and text that cannot harm it.

use std::borrow::Cow;
use std::fmt;

use clap::ValueEnum;
use console::Term;
use unicode_width::UnicodeWidthChar as _;

use crate::environment::variable;

/// When to use colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    Auto,
    Always,
    Never,
}

impl Color {
    /// The colours of what goes to the standard error.
    pub(crate) fn style(self) -> Style {
        Style::of(self, &Term::stderr())
    }
}

/// Whether there are colours, and how they are used.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Style {
    has_colors: bool,
}

/// Text with a colour.
#[derive(Debug)]
pub(crate) struct Painted<T> {
    text: T,
    code: &'static str,
    is_painted: bool,
}

impl<T: fmt::Display> fmt::Display for Painted<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.is_painted {
            true => write!(f, "\x1b[{}m{}\x1b[0m", self.code, self.text),
            false => self.text.fmt(f),
        }
    }
}

impl Style {
    /// What suits where the text goes to. `NO_COLOR` turns colours off, if it is not empty.
    pub(crate) fn of(color: Color, to: &Term) -> Self {
        let has_colors = match color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => {
                let is_dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
                to.is_term() && variable("NO_COLOR").is_none() && !is_dumb
            }
        };
        Self { has_colors }
    }

    fn paint<T>(self, code: &'static str, text: T) -> Painted<T> {
        Painted {
            text,
            code,
            is_painted: self.has_colors,
        }
    }

    pub(crate) fn strong<T>(self, text: T) -> Painted<T> {
        self.paint("1", text)
    }

    pub(crate) fn dim<T>(self, text: T) -> Painted<T> {
        self.paint("2", text)
    }

    pub(crate) fn good<T>(self, text: T) -> Painted<T> {
        self.paint("32", text)
    }

    pub(crate) fn bad<T>(self, text: T) -> Painted<T> {
        self.paint("31", text)
    }

    pub(crate) fn warn<T>(self, text: T) -> Painted<T> {
        self.paint("33", text)
    }
}

/// The text without characters that a terminal would obey, such as the beginning of an escape sequence: a name or a message
/// may come from anybody. Line ends and tabs stay. Characters that turn the direction of text round are among them: with one, the
/// arguments of a call could look like others.
pub(crate) fn clean(text: &str) -> Cow<'_, str> {
    let is_obeyed = |it: char| {
        let turns_round = matches!(it, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        turns_round || it.is_control() && !matches!(it, '\n' | '\t')
    };
    if !text.contains(is_obeyed) {
        return Cow::Borrowed(text);
    }
    let mut cleaned = String::with_capacity(text.len());
    for it in text.chars() {
        match is_obeyed(it) {
            true => cleaned.extend(it.escape_default()),
            false => cleaned.push(it),
        }
    }
    Cow::Owned(cleaned)
}

/// As much of the line as is not wider than this.
pub(crate) fn beginning(line: &str, width: usize) -> &str {
    let mut room = width;
    let end = line.char_indices().find(|(_, it)| {
        let left = room.checked_sub(it.width().unwrap_or(0));
        room = left.unwrap_or_default();
        left.is_none()
    });
    end.map_or(line, |(end, _)| &line[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_obey_is_shown_and_not_obeyed() {
        assert_eq!(clean("Ada\n\tÅ"), "Ada\n\tÅ");
        assert_eq!(clean("\x1b[2J\r\u{9b}"), "\\u{1b}[2J\\r\\u{9b}");
        assert_eq!(clean("a\u{202e}b"), "a\\u{202e}b");
    }
}
