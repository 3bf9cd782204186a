//! Reads which modules of a package use which, and holds a table of what they may use.
//!
//! A *floor* is a module of the crate's root: a file, or a folder with all in it. A floor uses only floors below it. If two
//! use each other, neither can be read, tested or changed alone. A package has a table of its floors, and a test that holds
//! it:
//!
//! ```
//! use letta_api_floors::Floors;
//!
//! const FLOORS: &[(&str, &[&str])] = &[("error", &[]), ("transport", &["error"])];
//!
//! # fn test() {
//! Floors::of("letta-api", FLOORS).check();
//! # }
//! ```
//!
//! What is read: `use` lines, paths in code, and paths in what macros and attributes are given. A path that begins with
//! `crate`, `self` or `super` is followed through the names that the root exports. What is under `#[cfg(test)]` or
//! `#[cfg(doctest)]` is not read: tests may use anything.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::source::Source;

mod paths;
mod source;

/// A floor, and the floors below it that it uses, from the lowest to the highest.
pub type Table<'a> = &'a [(&'a str, &'a [&'a str])];

/// Which modules use which: each module, what it uses of the others, and a file that does.
pub type Uses = BTreeMap<String, BTreeMap<String, PathBuf>>;

/// The floors of a package, or of a folder in it.
#[derive(Debug)]
pub struct Floors<'a> {
    source: PathBuf,
    within: Vec<String>,
    table: Table<'a>,
    varying: &'a [&'a str],
    quoting: bool,
}

impl<'a> Floors<'a> {
    /// Of the package in this folder of the workspace.
    pub fn of(package: &str, table: Table<'a>) -> Self {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let workspace = here.ancestors().nth(2).unwrap_or(here);
        Self::of_source(workspace.join(package).join("src"), table)
    }

    /// Of the source in this folder, which has a `lib.rs` or a `main.rs`.
    pub fn of_source(source: impl Into<PathBuf>, table: Table<'a>) -> Self {
        Self {
            source: source.into(),
            within: Vec::new(),
            table,
            varying: &[],
            quoting: false,
        }
    }

    /// The floors of a folder: its modules, by what they use of each other. What they use outside of it is not looked at.
    #[must_use]
    pub fn within(mut self, module: &str) -> Self {
        self.within = module.split("::").map(str::to_owned).collect();
        self
    }

    /// Floors that need not use all that they may. For generated code, what it uses depends on the description.
    #[must_use]
    pub fn varying(mut self, floors: &'a [&'a str]) -> Self {
        self.varying = floors;
        self
    }

    /// The package writes code: paths in what its macros are given are those of other crates.
    #[must_use]
    pub fn writes_code(mut self) -> Self {
        self.quoting = true;
        self
    }

    /// Checks the source against the table, and the table itself.
    ///
    /// # Panics
    ///
    /// If they differ, with all differences and what to do about each.
    #[track_caller]
    pub fn check(&self) {
        let problems = self.problems();
        assert!(problems.is_empty(), "\n{}", problems.join("\n"));
    }

    /// What is wrong, a sentence each.
    pub fn problems(&self) -> Vec<String> {
        let source = Source::read(&self.source);
        let mut problems: Vec<String> = source
            .unreached()
            .iter()
            .map(|file| format!("no `mod` leads to {}: delete it", file.display()))
            .collect();
        let uses = self.read(&source, &mut problems);
        let allowed: BTreeMap<&str, &[&str]> = self.table.iter().copied().collect();
        for (module, others) in &uses {
            let Some(allowed) = allowed.get(module.as_str()) else {
                // The root knows all, by what it is for. A table may hold it all the same.
                if *module != self.root() {
                    problems.push(format!(
                        "`{module}` is on no floor: add it to the table, below whatever uses it"
                    ));
                }
                continue;
            };
            for (other, file) in others {
                if !allowed.contains(&other.as_str()) {
                    problems.push(format!(
                        "`{module}` uses `{other}`, in {}: if `{other}` is below it in the table, list it there; if not, move what \
                         both need to a module below both",
                        file.display()
                    ));
                }
            }
        }
        self.check_table(&uses, &mut problems);
        problems
    }

    fn check_table(&self, uses: &Uses, problems: &mut Vec<String>) {
        let mut below = BTreeSet::new();
        for (module, others) in self.table {
            let used = uses.get(*module);
            if used.is_none() {
                problems.push(format!(
                    "there is no module `{module}`: take it out of the table"
                ));
            }
            for other in *others {
                if !below.contains(other) {
                    problems.push(format!(
                        "`{module}` may not use `{other}`, which is not below it in the table"
                    ));
                }
                let is_used = used.is_some_and(|used| used.contains_key(*other));
                if !is_used && !self.varying.contains(module) {
                    problems.push(format!(
                        "`{module}` does not use `{other}` any more: take it out of its line in the table"
                    ));
                }
            }
            if !below.insert(*module) {
                problems.push(format!("`{module}` is in the table twice"));
            }
        }
    }

    /// Which floors use which, as the source has it.
    ///
    /// # Panics
    ///
    /// If a name of the root is used that cannot be found.
    pub fn uses(&self) -> Uses {
        let mut problems = Vec::new();
        let uses = self.read(&Source::read(&self.source), &mut problems);
        assert!(problems.is_empty(), "\n{}", problems.join("\n"));
        uses
    }

    /// A line for each floor of the table, the highest first: its name, and what it uses.
    pub fn picture(&self) -> String {
        let width = self.table.iter().map(|(name, _)| name.len()).max();
        let width = width.unwrap_or_default();
        let mut lines = String::new();
        for (name, below) in self.table.iter().rev() {
            let line = format!("{name:width$}  {}", below.join(", "));
            lines.push_str(line.trim_end());
            lines.push('\n');
        }
        lines
    }

    /// What the root is called among the floors.
    fn root(&self) -> String {
        let last = self.within.last();
        last.cloned().unwrap_or_else(|| "lib".to_owned())
    }

    fn read(&self, source: &Source, problems: &mut Vec<String>) -> Uses {
        let exports = source.exports(&self.within);
        let floors = source.modules_of(&self.within).chain([self.root()]);
        let mut uses: Uses = floors.map(|it| (it, BTreeMap::new())).collect();
        for module in source.modules() {
            for (at, path) in paths::of(module, !self.quoting) {
                let (Some(at), Some(inside)) = (
                    at.strip_prefix(self.within.as_slice()),
                    path.strip_prefix(self.within.as_slice()),
                ) else {
                    continue;
                };
                let Some(name) = inside.first() else { continue };
                let other = if source.is_module(&self.within, name) {
                    name.clone()
                } else if let Some(from) = exports.get(name) {
                    // From another crate, or from elsewhere in this one.
                    let Some(from) = from else { continue };
                    from.clone()
                } else if source.defines(&self.within, name) {
                    self.root()
                } else {
                    problems.push(format!(
                        "`{}` in {} leads to nothing that {} declares or exports by name: use the path of its module",
                        path.join("::"),
                        module.file.display(),
                        self.root()
                    ));
                    continue;
                };
                let floor = at.first().cloned().unwrap_or_else(|| self.root());
                if other != floor {
                    let used = uses.entry(floor).or_default();
                    used.entry(other).or_insert_with(|| module.file.clone());
                }
            }
        }
        uses
    }
}
