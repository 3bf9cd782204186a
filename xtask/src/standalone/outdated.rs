//! Names in the README and the example that are no longer there.
//!
//! Both files belong to the owner of the crate, so they are not written again. Only lines in the form that `readme` writes are looked at, so
//! that nothing is said of what people wrote themselves.

use std::collections::{BTreeMap, BTreeSet};

use super::Name;
use super::description::Facts;
use super::readme::{CREDENTIALS_TABLE, shown_name};
use super::support::has_method;
use crate::model::Model;
use crate::openapi::Node;
use crate::refine::Refined;

/// Crates that need no line in the manifest.
const BUILT_IN: [&str; 6] = ["alloc", "core", "crate", "self", "std", "super"];

/// The names that a crate has.
#[derive(Debug)]
pub struct Names {
    /// The crate's, as in code.
    crate_name: String,
    /// Those of its dependencies, as in code.
    dependencies: BTreeSet<String>,
    /// All methods that make a call.
    methods: BTreeSet<String>,
    /// The method of each operation, such as of `GET /pets`.
    by_operation: BTreeMap<String, String>,
    /// The security schemes, as the README shows them.
    schemes: BTreeSet<String>,
}

impl Names {
    /// Those of the code that was made. `dependencies` are those of the manifest that is there.
    pub fn of(
        name: &Name,
        dependencies: &[String],
        description: &Node,
        refined: &Refined,
        model: &Model,
    ) -> Self {
        let all = refined
            .methods
            .iter()
            .chain(refined.more.values().flatten());
        let methods: BTreeSet<String> = all.map(|it| it.sig.ident.to_string()).collect();
        let operations = model.operations.iter();
        let by_operation = operations
            .filter(|(method, _)| methods.contains(*method))
            .map(|(method, it)| (format!("{} {}", it.method, it.path), method.clone()));
        let by_operation = by_operation.collect();
        let schemes = Facts::of(description).schemes;
        Self {
            crate_name: name.ident(),
            dependencies: dependencies.iter().map(|it| it.replace('-', "_")).collect(),
            methods,
            by_operation,
            schemes: schemes.iter().map(|it| shown_name(&it.name)).collect(),
        }
    }

    /// The lines of a text, from 1, that name what is no longer there, and what to say of each.
    pub fn outdated(&self, text: &str) -> Vec<(usize, String)> {
        let lines: Vec<&str> = text.lines().map(str::trim).collect();
        let mut found = Vec::new();
        let mut is_table = false;
        for (at, line) in lines.iter().enumerate() {
            is_table = line.ends_with(CREDENTIALS_TABLE)
                || is_table && (line.is_empty() || line.starts_with('|'));
            let problem = self
                .import(line)
                .or_else(|| self.call(&lines, at))
                .or_else(|| is_table.then(|| self.scheme(line))?);
            found.extend(problem.map(|problem| (at + 1, problem)));
        }
        found
    }

    /// `use my_api::{Client, Credentials};`
    fn import(&self, line: &str) -> Option<String> {
        let (name, items) = line.strip_prefix("use ")?.split_once("::")?;
        let is_ours = matches!(
            items,
            "Client;" | "{Client, Credentials};" | "{ApiKey, Client, Credentials};"
        );
        let is_there =
            name == self.crate_name || BUILT_IN.contains(&name) || self.dependencies.contains(name);
        (is_ours && !is_there).then(|| {
            let now = &self.crate_name;
            format!("there is no crate `{name}`; this one is called `{now}`")
        })
    }

    /// `let answer = client.list_pets().await?;`, a line or two below `// GET /pets`. Formatted, it may be in several lines.
    fn call(&self, lines: &[&str], at: usize) -> Option<String> {
        let rest = lines[at].strip_prefix("let answer = client")?;
        let rest = match rest {
            "" => lines.get(at + 1)?,
            rest => rest,
        };
        let (name, _) = rest.strip_prefix('.')?.split_once('(')?;
        let mut above = lines[at.saturating_sub(2)..at].iter().rev();
        let operation = above.find_map(|it| {
            let said = it.strip_prefix("// ")?;
            let (method, path) = said.split_once(' ')?;
            let is_method = method.bytes().all(|it| it.is_ascii_uppercase());
            (is_method && path.starts_with('/')).then_some(said)
        })?;
        let is_name = name.chars().all(|c| c.is_alphanumeric() || c == '_');
        let is_own = lines.iter().any(|it| it.contains(&format!("fn {name}")));
        if !is_name || self.methods.contains(name) || has_method(name) || is_own {
            return None;
        }
        Some(match self.by_operation.get(operation) {
            Some(now) => format!("there is no method `{name}`; `{operation}` is `{now}`"),
            None => format!("there is no method `{name}`, and no operation `{operation}`"),
        })
    }

    /// A row of the table of credentials.
    fn scheme(&self, line: &str) -> Option<String> {
        let (name, said) = line.strip_prefix("| ")?.split_once(" | ")?;
        let is_ours = said.starts_with("`Credentials::") || said.contains(": by hand, in a `");
        (is_ours && !self.schemes.contains(name))
            .then(|| format!("the description has no credentials {name}"))
    }
}
