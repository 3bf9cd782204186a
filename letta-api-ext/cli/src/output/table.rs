//! Columns for people.

use std::io::{self, Write};

use unicode_width::UnicodeWidthStr as _;

use crate::terminal::{Style, beginning, clean};

/// How many rows decide on the widths. Rows after them are written as they come, so that a long list does not wait.
const MEASURED: usize = 50;

/// No column but the last is wider than this.
const WIDEST: usize = 48;

/// The last column is not wider than this.
const WIDEST_LAST: usize = 100;

/// A column: its name, and what it shows of an item.
pub(crate) type Column<T> = (&'static str, fn(&T) -> String);

/// Rows that are on their way.
pub(super) struct Table {
    style: Style,
    names: Vec<&'static str>,
    waiting: Vec<Vec<String>>,
    /// Known after the first rows.
    widths: Option<Vec<usize>>,
}

impl Table {
    pub(super) fn new<T>(columns: &[Column<T>], style: Style) -> Self {
        Self {
            style,
            names: columns.iter().map(|(name, _)| *name).collect(),
            waiting: Vec::new(),
            widths: None,
        }
    }

    pub(super) fn row<T>(
        &mut self,
        out: &mut impl Write,
        columns: &[Column<T>],
        item: &T,
    ) -> io::Result<()> {
        let row = columns.iter().enumerate().map(|(place, (_, of))| {
            let is_last = place + 1 == columns.len();
            let widest = if is_last { WIDEST_LAST } else { WIDEST };
            cell(&of(item), widest)
        });
        self.waiting.push(row.collect());
        match &self.widths {
            Some(_) => self.flush(out),
            None if self.waiting.len() >= MEASURED => self.flush(out),
            None => Ok(()),
        }
    }

    /// Writes what waits, and the names of the columns before the first row.
    pub(super) fn flush(&mut self, out: &mut impl Write) -> io::Result<()> {
        let widths = match self.widths.take() {
            Some(widths) => widths,
            None => {
                let widths = self.measured();
                let names: Vec<String> = self.names.iter().map(|name| (*name).to_owned()).collect();
                let head = line(&names, &widths);
                writeln!(out, "{}", self.style.strong(head))?;
                widths
            }
        };
        for row in self.waiting.drain(..) {
            writeln!(out, "{}", line(&row, &widths))?;
        }
        self.widths = Some(widths);
        Ok(())
    }

    fn measured(&self) -> Vec<usize> {
        let columns = 0..self.names.len();
        let of_column = |column: usize| {
            let cells = self.waiting.iter().map(|row| row[column].width());
            let widest = cells.max().unwrap_or(0).min(WIDEST);
            widest.max(self.names[column].width())
        };
        columns.map(of_column).collect()
    }
}

fn line(row: &[String], widths: &[usize]) -> String {
    let mut line = String::new();
    for (place, (cell, width)) in row.iter().zip(widths).enumerate() {
        line.push_str(cell);
        if place + 1 < row.len() {
            let missing = width.saturating_sub(cell.width());
            line.extend(std::iter::repeat_n(' ', missing + 2));
        }
    }
    line.truncate(line.trim_end().len());
    line
}

/// The text in one line. What is long is cut, unless it may be an ID, which somebody wants to copy.
fn cell(text: &str, widest: usize) -> String {
    let words = clean(text);
    let is_one_word = !words.trim().contains(char::is_whitespace);
    let line = words.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.is_empty() {
        true => "-".to_owned(),
        false if is_one_word || line.width() <= widest => line,
        false => format!("{}…", beginning(&line, widest - 1).trim_end()),
    }
}

/// Names and values, below each other. Several lines are indented.
pub(super) fn fields<N: AsRef<str>>(
    out: &mut impl Write,
    fields: &[(N, String)],
    style: Style,
) -> io::Result<()> {
    let widest = fields.iter().map(|(name, _)| name.as_ref().width()).max();
    let width = widest.unwrap_or(0) + 2;
    for (name, value) in fields {
        let name = clean(name.as_ref());
        let value = clean(value.trim_end());
        let name = format!("{name}{}", " ".repeat(width.saturating_sub(name.width())));
        write!(out, "{}", style.strong(name))?;
        for (place, line) in value.split('\n').enumerate() {
            match (place, line) {
                (0, "") => writeln!(out, "-")?,
                (0, line) => writeln!(out, "{line}")?,
                (_, "") => writeln!(out)?,
                (_, line) => writeln!(out, "{}{line}", " ".repeat(width))?,
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::terminal::Color;

    fn plain() -> Style {
        Style::of(Color::Never, &console::Term::stdout())
    }

    #[test]
    fn columns_are_as_wide_as_what_they_hold() {
        let columns: [Column<(&str, &str)>; 2] =
            [("ID", |it| it.0.to_owned()), ("NAME", |it| it.1.to_owned())];
        let mut table = Table::new(&columns, plain());
        let mut out = Vec::new();
        for row in [("agent-1", "Ada"), ("a", "日本\x1b[2J"), ("", "x y\nz")] {
            table.row(&mut out, &columns, &row).unwrap();
        }
        assert!(out.is_empty(), "the widths are not known yet");
        table.flush(&mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert_eq!(
            text,
            "ID       NAME\nagent-1  Ada\na        日本\\u{1b}[2J\n-        x y z\n"
        );
    }

    #[test]
    fn a_long_list_is_written_before_it_ends() {
        let columns: [Column<usize>; 1] = [("NUMBER", |it| it.to_string())];
        let mut table = Table::new(&columns, plain());
        let mut out = Vec::new();
        for number in 0..MEASURED {
            table.row(&mut out, &columns, &number).unwrap();
        }
        let count = |out: &[u8]| String::from_utf8_lossy(out).lines().count();
        assert_eq!(count(&out), MEASURED + 1);
        table.row(&mut out, &columns, &MEASURED).unwrap();
        assert_eq!(count(&out), MEASURED + 2);
    }

    #[test]
    fn words_are_cut_and_ids_are_not() {
        let id = "x".repeat(80);
        assert_eq!(cell(&id, WIDEST), id);
        let words = "word ".repeat(40);
        assert!(
            cell(&words, WIDEST).width() <= WIDEST,
            "{}",
            cell(&words, WIDEST)
        );
        assert!(cell(&words, WIDEST).ends_with("word…") || cell(&words, WIDEST).ends_with('…'));
    }
}
