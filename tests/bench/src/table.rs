//! Tables in Markdown.

use std::fmt::Write as _;

/// A table whose first column is text and whose other columns are numbers, or all of whose columns are text.
#[derive(Debug)]
pub struct Table {
    head: Vec<String>,
    is_of_texts: bool,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// One without rows.
    #[must_use]
    pub fn new<T: Into<String>>(head: impl IntoIterator<Item = T>) -> Self {
        Self {
            head: head.into_iter().map(Into::into).collect(),
            is_of_texts: false,
            rows: Vec::new(),
        }
    }

    /// One without rows, of texts.
    #[must_use]
    pub fn of_texts<T: Into<String>>(head: impl IntoIterator<Item = T>) -> Self {
        Self {
            is_of_texts: true,
            ..Self::new(head)
        }
    }

    /// Adds a row.
    ///
    /// # Panics
    ///
    /// Where it has more cells than the head, or fewer.
    pub fn row<T: Into<String>>(&mut self, cells: impl IntoIterator<Item = T>) {
        let cells: Vec<String> = cells.into_iter().map(Into::into).collect();
        assert_eq!(cells.len(), self.head.len(), "{cells:?} in {:?}", self.head);
        self.rows.push(cells);
    }
}

impl std::fmt::Display for Table {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let line = |cells: &[String]| {
            let mut line = String::from("|");
            for cell in cells {
                write!(line, " {} |", cell.replace('|', "\\|")).expect("room for it");
            }
            line
        };
        writeln!(f, "{}", line(&self.head))?;
        let column = if self.is_of_texts { "---|" } else { "---:|" };
        writeln!(f, "|---|{}", column.repeat(self.head.len() - 1))?;
        for row in &self.rows {
            writeln!(f, "{}", line(row))?;
        }
        Ok(())
    }
}
