//! The standard output: tables, JSON and YAML.

mod table;
mod tree;
mod yaml;

use std::io::{self, BufWriter, Stdout, Write};

use letta_api_ext::Items;
use serde::Serialize;

pub(crate) use table::Column;
pub(crate) use tree::Tree;

use crate::args::Format;
use crate::failure::Failure;
use crate::terminal::Style;

/// The standard output, in the form that was asked for.
pub(crate) struct Output {
    format: Format,
    style: Style,
    out: BufWriter<Stdout>,
}

impl Output {
    pub(crate) fn new(format: Format, style: Style) -> Self {
        Self {
            format,
            style,
            out: BufWriter::new(io::stdout()),
        }
    }

    pub(crate) fn style(&self) -> Style {
        self.style
    }

    /// Prints one thing: as names and values, or with all members. Values of environment variables are hidden.
    pub(crate) fn item<N: AsRef<str>>(
        &mut self,
        item: &impl Serialize,
        fields: &[(N, String)],
    ) -> Result<(), Failure> {
        self.print(|| Ok(tree_of(item)?.without_secrets()), fields)
    }

    /// Like [`item`](Self::item), for somebody who has asked for the secrets.
    pub(crate) fn item_with_secrets<N: AsRef<str>>(
        &mut self,
        item: &impl Serialize,
        fields: &[(N, String)],
    ) -> Result<(), Failure> {
        self.print(|| tree_of(item), fields)
    }

    fn print<N: AsRef<str>>(
        &mut self,
        tree: impl FnOnce() -> Result<Tree, Failure>,
        fields: &[(N, String)],
    ) -> Result<(), Failure> {
        match self.format {
            Format::Table => table::fields(&mut self.out, fields, self.style)?,
            Format::Json => self.json(&tree()?)?,
            Format::Yaml => self.yaml(&tree()?)?,
        }
        Ok(self.out.flush()?)
    }

    /// Prints a value in JSON.
    pub(crate) fn json(&mut self, tree: &Tree) -> Result<(), Failure> {
        writeln!(self.out, "{}", json(tree)?)?;
        Ok(self.out.flush()?)
    }

    /// Prints a value in YAML.
    pub(crate) fn yaml(&mut self, tree: &Tree) -> Result<(), Failure> {
        self.out.write_all(yaml::write(tree).as_bytes())?;
        Ok(self.out.flush()?)
    }

    /// Prints text as it is, for scripts. Nothing is put at its end.
    pub(crate) fn text(&mut self, text: &str) -> Result<(), Failure> {
        self.out.write_all(text.as_bytes())?;
        Ok(self.out.flush()?)
    }

    /// Prints bytes as they are.
    pub(crate) fn bytes(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        self.out.write_all(bytes)?;
        Ok(self.out.flush()?)
    }

    /// Prints a list that comes page by page, as it comes. At most `limit` items, if there is one.
    pub(crate) async fn stream<T: Serialize + 'static>(
        &mut self,
        mut items: Items<T>,
        limit: Option<usize>,
        columns: &[Column<T>],
    ) -> Result<(), Failure> {
        let mut list = self.list(columns);
        while list.len() < limit.unwrap_or(usize::MAX) {
            match items.next().await {
                Some(item) => list.item(&item?)?,
                None => break,
            }
        }
        list.end()
    }

    /// Prints a list that is there.
    pub(crate) fn items<T: Serialize>(
        &mut self,
        items: &[T],
        columns: &[Column<T>],
    ) -> Result<(), Failure> {
        let mut list = self.list(columns);
        for item in items {
            list.item(item)?;
        }
        list.end()
    }

    /// A list that is printed item by item.
    pub(crate) fn list<'a, T>(&'a mut self, columns: &'a [Column<T>]) -> List<'a, T> {
        let table = table::Table::new(columns, self.style);
        List {
            output: self,
            columns,
            table,
            len: 0,
        }
    }
}

/// A list that is being printed.
pub(crate) struct List<'a, T> {
    output: &'a mut Output,
    columns: &'a [Column<T>],
    table: table::Table,
    len: usize,
}

impl<T: Serialize> List<'_, T> {
    /// How many items were printed.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn item(&mut self, item: &T) -> Result<(), Failure> {
        let out = &mut self.output.out;
        match self.output.format {
            Format::Table => self.table.row(out, self.columns, item)?,
            Format::Json => {
                let text = json(&tree_of(item)?.without_secrets())?;
                let start = if self.len == 0 { "[\n  " } else { ",\n  " };
                write!(out, "{start}{}", text.replace('\n', "\n  "))?;
            }
            Format::Yaml => {
                let tree = tree_of(item)?.without_secrets();
                out.write_all(yaml::write_item(&tree).as_bytes())?;
            }
        }
        self.len += 1;
        Ok(())
    }

    /// Ends a list of what was done. If nothing was, a table has no head either.
    pub(crate) fn end_results(self) -> Result<(), Failure> {
        match (self.output.format, self.len) {
            (Format::Table, 0) => Ok(()),
            _ => self.end(),
        }
    }

    /// Ends the list. Without it, JSON is not complete.
    pub(crate) fn end(mut self) -> Result<(), Failure> {
        let out = &mut self.output.out;
        match self.output.format {
            Format::Table => self.table.flush(out)?,
            Format::Json if self.len == 0 => writeln!(out, "[]")?,
            Format::Json => writeln!(out, "\n]")?,
            Format::Yaml if self.len == 0 => writeln!(out, "[]")?,
            Format::Yaml => {}
        }
        Ok(out.flush()?)
    }
}

fn tree_of(value: &impl Serialize) -> Result<Tree, Failure> {
    Tree::of(value)
        .map_err(|error| Failure::other(format!("the answer cannot be printed: {error}")))
}

fn json(tree: &Tree) -> Result<String, Failure> {
    serde_json::to_string_pretty(tree)
        .map_err(|error| Failure::other(format!("the answer cannot be printed: {error}")))
}

/// A point in time, to the second: the rest tells people nothing. Without an offset it is in UTC.
pub(crate) fn time(text: Option<&String>) -> String {
    let text = text.map(String::as_str).unwrap_or_default();
    let (begin, offset) = match text.split_once('.') {
        Some((begin, rest)) => (
            begin,
            rest.trim_start_matches(|it: char| it.is_ascii_digit()),
        ),
        None => (text, ""),
    };
    let whole = format!("{begin}{offset}").replace('T', " ");
    let whole = whole.strip_suffix("+00:00").unwrap_or(&whole);
    whole.strip_suffix('Z').unwrap_or(whole).to_owned()
}

/// The text of a value that may be missing. Without one it is empty, which a table shows as `-`.
pub(crate) fn or_empty(value: Option<&impl ToString>) -> String {
    value.map(ToString::to_string).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_in_time_has_an_offset_only_if_it_is_not_in_utc() {
        for (text, shown) in [
            ("2026-01-02T03:04:05.678Z", "2026-01-02 03:04:05"),
            ("2026-01-02T03:04:05+00:00", "2026-01-02 03:04:05"),
            ("2026-01-02T03:04:05.6+02:00", "2026-01-02 03:04:05+02:00"),
            ("2026-01-02T03:04:05", "2026-01-02 03:04:05"),
            ("", ""),
        ] {
            assert_eq!(time(Some(&text.to_owned())), shown);
        }
    }
}
