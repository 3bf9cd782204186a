//! The marker's patterns: reading them, and which operations they match.
//!
//! `*` is any text, `?` one character, `[ab]` one of these. In a path, `*` and `?` stop at a slash, and `**` goes on:
//! `/v1/agents/*` is `/v1/agents/{agent_id}`, and `/v1/agents/**` is that and all below it. Braces are plain, since paths have them.

use globset::{GlobBuilder, GlobMatcher};

use super::NoMatch;
use crate::diagnostic::{Diagnostic, Failure};
use crate::markers::{MAY_MATCH_NOTHING, OPERATIONS, is_extension};
use crate::naming::{acronyms_apart, method_name, operation_name};
use crate::openapi::{METHODS, Node, Pointer, Source, Span, tags};

/// How many names are proposed for a pattern that matches nothing.
const SIMILAR: usize = 3;

/// How many tags are listed if none is similar.
const TAGS: usize = 8;

/// How alike a name must be to be proposed, from 0 to 1.
const ALIKE: f32 = 0.6;

/// For how many patterns that match nothing names are proposed. To compare is work for each pair of names, and for each pair of their letters.
const COMPARED: usize = 8;

/// The longest name that is compared with others, in bytes. Paths are longer than other names.
const LONGEST_COMPARED: usize = 200;

/// What an operation is chosen by.
#[derive(Debug)]
pub(super) struct Candidate {
    method: String,
    path: String,
    tags: Vec<String>,
    /// Its `operationId`, and the name of its method.
    ids: Vec<String>,
}

impl Candidate {
    /// That of an operation.
    pub(super) fn of(at: &Pointer, operation: &Node) -> Option<Self> {
        let [_, path, method] = at.0.as_slice() else {
            return None;
        };
        let id = operation.given("operationId").and_then(Node::as_str);
        let name = match id {
            Some(id) => method_name(&acronyms_apart(id)),
            None => method_name(&operation_name(method, path)),
        };
        let mut ids: Vec<String> = id.map(str::to_owned).into_iter().collect();
        if !ids.contains(&name) {
            ids.push(name);
        }
        Some(Self {
            method: method.clone(),
            path: path.clone(),
            tags: tags(operation).into_iter().map(str::to_owned).collect(),
            ids,
        })
    }
}

/// By what a pattern chooses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// The path, perhaps with a method before it.
    Paths,
    /// A tag.
    Tags,
    /// The `operationId`, or the name of the method.
    Ids,
}

impl By {
    const ALL: [Self; 3] = [Self::Paths, Self::Tags, Self::Ids];

    /// The field that lists such patterns.
    fn field(self) -> &'static str {
        match self {
            Self::Paths => "paths",
            Self::Tags => "tags",
            Self::Ids => "ids",
        }
    }
}

/// A pattern.
#[derive(Debug)]
struct Pattern {
    by: By,
    text: String,
    /// The HTTP method before a path.
    method: Option<String>,
    matcher: GlobMatcher,
    span: Span,
    /// The list that it is in: `include` or `exclude`.
    list: &'static str,
    may_match_nothing: bool,
}

impl Pattern {
    fn matches(&self, it: &Candidate) -> bool {
        let any = |texts: &[String]| texts.iter().any(|it| self.matcher.is_match(it));
        match self.by {
            By::Paths => {
                self.method.as_ref().is_none_or(|own| *own == it.method)
                    && self.matcher.is_match(&it.path)
            }
            By::Tags => any(&it.tags),
            By::Ids => any(&it.ids),
        }
    }

    /// The pattern matches no operation. `is_compared` says whether to look for names that are like it.
    fn unmatched(&self, all: &[&Candidate], is_compared: bool) -> Diagnostic {
        let known = known(self.by, all);
        let own = match (self.by, &self.method) {
            (By::Paths, Some(_)) => self.text.split_once(' ').map_or("", |(_, path)| path),
            _ => &self.text,
        };
        let short = |it: &&str| it.len() <= LONGEST_COMPARED;
        let similar = match is_compared && short(&own) {
            true => {
                let known: Vec<&str> = known.iter().copied().filter(short).collect();
                similar::get_close_matches(own, &known, SIMILAR, ALIKE)
            }
            false => Vec::new(),
        };
        let similar: Vec<String> = similar.iter().map(|it| format!("`{it}`")).collect();
        let similar = match similar.as_slice() {
            [] if self.by == By::Tags => tags_of(&known),
            [] => String::new(),
            names => format!("; the description has {}", names.join(", ")),
        };
        let (list, field, text) = (self.list, self.by.field(), &self.text);
        problem(
            &self.span,
            format!("`{text}` in `{field}` of `{list}` matches no operation"),
            format!(
                "correct or remove it, or put `{MAY_MATCH_NOTHING}: true` in `{list}`{similar}"
            ),
        )
    }
}

/// Checks a pattern that stands alone.
pub(super) fn check(all: &[Candidate], by: By, text: &str) -> Result<(), NoMatch> {
    let malformed = |what: String| NoMatch {
        what,
        known: Vec::new(),
    };
    let (method, matcher) =
        parts(by, text).map_err(|(what, help)| malformed(format!("{what}; {help}")))?;
    let pattern = Pattern {
        by,
        text: text.to_owned(),
        method,
        matcher,
        span: Span::whole(&Source::new("", "")),
        list: "include",
        may_match_nothing: false,
    };
    if all.iter().any(|it| pattern.matches(it)) {
        return Ok(());
    }
    let all: Vec<&Candidate> = all.iter().collect();
    Err(NoMatch {
        what: "no operation matches".to_owned(),
        known: known(by, &all).into_iter().map(str::to_owned).collect(),
    })
}

/// What patterns may be about, each once.
fn known<'a>(by: By, all: &[&'a Candidate]) -> Vec<&'a str> {
    let mut known: Vec<&str> = match by {
        By::Paths => all.iter().map(|it| it.path.as_str()).collect(),
        By::Tags => texts(all, |it| &it.tags),
        By::Ids => texts(all, |it| &it.ids),
    };
    known.sort_unstable();
    known.dedup();
    known
}

/// The names of all candidates.
fn texts<'a>(all: &[&'a Candidate], of: impl Fn(&'a Candidate) -> &'a Vec<String>) -> Vec<&'a str> {
    let names = all.iter().flat_map(|it| of(it));
    names.map(String::as_str).collect()
}

/// The first tags, of which none is like the one that was asked for.
fn tags_of(known: &[&str]) -> String {
    let names: Vec<String> = known
        .iter()
        .take(TAGS)
        .map(|it| format!("`{it}`"))
        .collect();
    let more = match known.len().saturating_sub(TAGS) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    match names.as_slice() {
        [] => "; no operation has a tag".to_owned(),
        names => format!("; the tags are {}{more}", names.join(", ")),
    }
}

/// What the marker says.
#[derive(Debug)]
pub(super) struct Choice {
    include: Vec<Pattern>,
    exclude: Vec<Pattern>,
    pub(super) span: Span,
}

impl Choice {
    /// Reads the marker.
    ///
    /// # Errors
    ///
    /// All that is wrong with it.
    pub(super) fn read(marker: &Node, span: &Span) -> Result<Self, Failure> {
        let mut problems = Vec::new();
        let Some(members) = marker.as_object() else {
            let message = format!("`{OPERATIONS}` is {}", marker.value.kind());
            let help = "write `{include: {tags: [a-tag]}}`, with `paths`, `tags` and `ids`";
            return Err(problem(span, message, help.to_owned()).into());
        };
        let mut lists: [Option<Vec<Pattern>>; 2] = [None, None];
        for (key, entry) in members {
            let list = match key.as_str() {
                "include" => 0,
                "exclude" => 1,
                key if is_extension(key) => continue,
                key => {
                    problems.push(problem(
                        &entry.key,
                        format!("`{OPERATIONS}` has no field `{key}`"),
                        "its fields are `include` and `exclude`".to_owned(),
                    ));
                    continue;
                }
            };
            let name = ["include", "exclude"][list];
            lists[list] = Some(patterns(name, &entry.key, &entry.node, &mut problems));
        }
        if lists.iter().all(Option::is_none) && problems.is_empty() {
            let message = format!("`{OPERATIONS}` chooses nothing");
            let help = "write `include` or `exclude`, or remove it".to_owned();
            problems.push(problem(span, message, help));
        }
        if !problems.is_empty() {
            return Err(Failure::Diagnostics(problems));
        }
        let [include, exclude] = lists.map(Option::unwrap_or_default);
        Ok(Self {
            include,
            exclude,
            span: span.clone(),
        })
    }

    /// Whether only what is listed is kept.
    pub(super) fn has_include(&self) -> bool {
        !self.include.is_empty()
    }

    /// Checks that each pattern matches something.
    ///
    /// # Errors
    ///
    /// Those that do not.
    pub(super) fn check<'a>(
        &self,
        all: impl Iterator<Item = &'a Candidate>,
    ) -> Result<(), Failure> {
        let all: Vec<&Candidate> = all.collect();
        let patterns = self.include.iter().chain(&self.exclude);
        let idle =
            patterns.filter(|it| !it.may_match_nothing && !all.iter().any(|one| it.matches(one)));
        let problems = idle.enumerate();
        let problems = problems.map(|(index, it)| it.unmatched(&all, index < COMPARED));
        let problems: Vec<Diagnostic> = problems.collect();
        match problems.is_empty() {
            true => Ok(()),
            false => Err(Failure::Diagnostics(problems)),
        }
    }

    /// Why an operation is left out, and what would keep it. `None` if it is kept.
    pub(super) fn leaves_out(&self, it: &Candidate) -> Option<(String, &'static str)> {
        if let Some(by) = self.exclude.iter().find(|pattern| pattern.matches(it)) {
            let (field, text) = (by.by.field(), &by.text);
            let reason = format!("the operation is excluded: `{text}` in `{field}` of `exclude`");
            return Some((
                reason,
                "take the pattern away, or write one that matches less",
            ));
        }
        let is_included =
            !self.has_include() || self.include.iter().any(|pattern| pattern.matches(it));
        let reason = || "the operation is not included".to_owned();
        (!is_included).then(|| {
            let instead = "add its path, its tag or its ID to `include` of `x-codegen-operations`";
            (reason(), instead)
        })
    }
}

/// The patterns of `include` or `exclude`.
fn patterns(
    list: &'static str,
    key: &Span,
    node: &Node,
    problems: &mut Vec<Diagnostic>,
) -> Vec<Pattern> {
    let mut found = Vec::new();
    let before = problems.len();
    let Some(members) = node.as_object() else {
        let message = format!("`{list}` is {}", node.value.kind());
        problems.push(problem(
            key,
            message,
            "write `{paths: […], tags: […], ids: […]}`",
        ));
        return found;
    };
    let may_match_nothing = match members.get(MAY_MATCH_NOTHING) {
        None => false,
        Some(entry) => entry.node.as_bool().unwrap_or_else(|| {
            let message = format!("`{MAY_MATCH_NOTHING}` is not a boolean");
            problems.push(problem(&entry.key, message, "write `true` or `false`"));
            false
        }),
    };
    for (field, entry) in members {
        if is_extension(field) {
            continue;
        }
        let Some(by) = By::ALL.into_iter().find(|it| it.field() == field) else {
            let message = format!("`{list}` has no field `{field}`");
            let help = "its fields are `paths`, `tags` and `ids`";
            problems.push(problem(&entry.key, message, help));
            continue;
        };
        let Some(items) = entry.node.as_array() else {
            let message = format!("`{field}` of `{list}` is {}", entry.node.value.kind());
            problems.push(problem(&entry.key, message, "write a list of patterns"));
            continue;
        };
        for item in items {
            match pattern(by, list, item, may_match_nothing) {
                Ok(pattern) => found.push(pattern),
                Err(problem) => problems.push(*problem),
            }
        }
    }
    if found.is_empty() && problems.len() == before {
        let message = format!("`{list}` has no pattern");
        problems.push(problem(key, message, "add one, or remove it"));
    }
    found
}

/// One pattern.
fn pattern(
    by: By,
    list: &'static str,
    item: &Node,
    may_match_nothing: bool,
) -> Result<Pattern, Box<Diagnostic>> {
    let field = by.field();
    let wrong = |message: String, help: &str| Box::new(problem(&item.span, message, help));
    let Some(text) = item.as_str() else {
        let message = format!(
            "a pattern in `{field}` of `{list}` is {}",
            item.value.kind()
        );
        return Err(wrong(message, "write a text"));
    };
    let parts = parts(by, text);
    let (method, matcher) = parts.map_err(|(what, help)| {
        let what = format!("`{text}` in `{field}` of `{list}` {what}");
        wrong(what, help)
    })?;
    Ok(Pattern {
        by,
        text: text.to_owned(),
        method,
        matcher,
        span: item.span.clone(),
        list,
        may_match_nothing,
    })
}

/// The method of a pattern, and what it matches. Or what is wrong with it, and what to do.
fn parts(by: By, text: &str) -> Result<(Option<String>, GlobMatcher), (String, &'static str)> {
    let (method, glob) = match text.split_once(' ') {
        Some((method, path)) if by == By::Paths => {
            let method = method.to_ascii_lowercase();
            if !METHODS.contains(&method.as_str()) {
                return Err((
                    "begins with no HTTP method".to_owned(),
                    "write a path, or a method and a path: `GET /v1/agents/*`",
                ));
            }
            (Some(method), path.trim_start())
        }
        _ => (None, text),
    };
    let escaped = glob.replace('{', "\\{").replace('}', "\\}");
    let glob = GlobBuilder::new(&escaped)
        .literal_separator(by == By::Paths)
        .backslash_escape(true)
        .build();
    match glob {
        Ok(glob) => Ok((method, glob.compile_matcher())),
        Err(error) => Err((
            format!("is no pattern: {}", error.kind()),
            "`*`, `**`, `?` and `[ab]` have a meaning, and a backslash takes it away",
        )),
    }
}

/// Something wrong with the marker.
fn problem(span: &Span, message: String, help: impl Into<String>) -> Diagnostic {
    Diagnostic::in_source(&span.source, span.start..span.end, "marker", message, help)
}
