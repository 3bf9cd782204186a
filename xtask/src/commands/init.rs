//! `cargo xtask init`: a starter overlay for a description of somebody else, so that the first run of codegen works.
//!
//! Decisions that most descriptions need come first, each with its reason, and each for all places at once. Then the first advice of each
//! finding that is left is followed, in rounds, since one may hide another. Of inline schemas that say the same, a finding names one: its
//! advice is followed for all of them. The overlay is for people: it is written in groups, says what each is for, and is to be edited. If
//! some operations only are asked for, nothing is decided about the others.
//!
//! Advice that changes what is sent or read is not followed: see [`Wire`]. What such a finding is about, and what has no advice, becomes any
//! JSON if it is a schema. Otherwise a parameter that may be left out is, and else the operation, with the reason. A slip, such as a mapping
//! that leads to no schema, is left to a person.
//!
//! An existing file is never written over: it may hold decisions of somebody.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Component, Path, PathBuf};

use super::codegen::place;
use crate::diagnostic::{Diagnostic, Failure, Wire};
use crate::markers::{IGNORE, OPERATIONS};
use crate::openapi::{
    Entry, METHODS, Node, Pointer, Source, Span, Value, newer_operations, operations, path_items,
    reference, tags,
};
use crate::overlay::yaml_text;
use crate::select::{self, By, Chooser, Hidden};
use crate::told;
use crate::visible::visible;
use crate::{arrange, lint, load, lower, overlay};

/// More rounds than any description has needed. Each settles all that is found, and what was hidden by it is found in the next.
const ROUNDS: usize = 100;

/// How many names or reasons are listed at most.
const LISTED: usize = 20;

/// Where to read and write.
#[derive(Debug)]
pub struct Options {
    /// The OpenAPI description.
    pub description: PathBuf,
    /// The overlay to write.
    pub out: PathBuf,
    /// The operations that are to have code.
    pub only: Only,
}

/// Patterns of the operations that are to have code. Without any, all are.
#[derive(Clone, Debug, Default)]
pub struct Only {
    /// By path.
    pub paths: Vec<String>,
    /// By tag.
    pub tags: Vec<String>,
    /// By `operationId`, or the name of the method.
    pub ids: Vec<String>,
}

impl Only {
    /// The options, each with its field in the overlay and its patterns.
    fn options(&self) -> [(&'static str, By, &[String]); 3] {
        [
            ("--path", By::Paths, &self.paths),
            ("--tag", By::Tags, &self.tags),
            ("--id", By::Ids, &self.ids),
        ]
    }

    /// Checks that each pattern matches an operation.
    fn check(&self, description: &Node) -> Result<(), Failure> {
        for (option, by, patterns) in self.options() {
            for text in patterns {
                let Err(problem) = select::check_pattern(description, by, text) else {
                    continue;
                };
                let known = listed(problem.known.iter().map(|it| format!("`{it}`")));
                let help = match known.as_str() {
                    "" => String::new(),
                    known => format!("\n  the description has {known}"),
                };
                let what = problem.what;
                let option = format!("{option} {}", told::word(text));
                return Err(Failure::Message(format!("{option}: {what}{help}")));
            }
        }
        Ok(())
    }

    /// The action of the overlay. `None` if all operations are to have code.
    fn action(&self) -> Option<String> {
        let lists = [
            ("tags", &self.tags),
            ("paths", &self.paths),
            ("ids", &self.ids),
        ];
        let lists = lists
            .into_iter()
            .filter(|(_, patterns)| !patterns.is_empty());
        let lists: Vec<String> = lists
            .map(|(field, patterns)| {
                let patterns: Vec<String> = patterns.iter().map(|it| yaml_text(it)).collect();
                format!("{field}: [{}]", patterns.join(", "))
            })
            .collect();
        let lists = lists.join(", ");
        (!lists.is_empty())
            .then(|| format!("{{target: $, update: {{{OPERATIONS}: {{include: {{{lists}}}}}}}}}"))
    }
}

/// What was done.
#[derive(Debug)]
pub struct Report {
    /// The operations that are left of the description.
    pub operations: usize,
    /// The operations that no code can be made of as they are described, and that the overlay leaves out, each with the reason.
    pub left_out: Vec<(String, String)>,
    /// The same of parameters that may be left out.
    pub without: Vec<(String, String)>,
    /// What was wrong with the description as it is.
    pub found: usize,
    /// The groups of the overlay: what each is about, and how many actions it has.
    pub groups: Vec<(String, usize)>,
    /// What the overlay leaves to a person.
    pub left: Vec<Diagnostic>,
}

impl Report {
    /// What was done and what comes next, for people.
    #[must_use]
    pub fn summary(&self, options: &Options) -> String {
        let out = options.out.display();
        let actions: usize = self.groups.iter().map(|(_, count)| count).sum();
        let mut text = format!(
            "{out}: {} for {}; {}\n",
            told::count(actions, "action"),
            told::count(self.found, "finding"),
            told::count(self.operations, "operation")
        );
        for (title, count) in &self.groups {
            let _ = writeln!(text, "  {count:>5}  {title}");
        }
        for (what, lost) in [("parameter", &self.without), ("operation", &self.left_out)] {
            if lost.is_empty() {
                continue;
            }
            let (verb, it) = match lost.len() {
                1 => ("is", "it"),
                _ => ("are", "them"),
            };
            let count = told::count(lost.len(), what);
            let _ = writeln!(
                text,
                "\n{count} {verb} left out, since no code can be made of {it} that does what the description says:"
            );
            for (name, reason) in lost.iter().take(LISTED) {
                let _ = writeln!(text, "  {name}: {reason}");
            }
            if lost.len() > LISTED {
                let _ = writeln!(text, "  and {} more, see the overlay", lost.len() - LISTED);
            }
        }
        if !self.left.is_empty() {
            // One of each rule, since one decision often answers all.
            let mut first: BTreeMap<&str, (usize, &Diagnostic)> = BTreeMap::new();
            for finding in &self.left {
                first.entry(finding.rule).or_insert((0, finding)).0 += 1;
            }
            let _ = writeln!(text, "\nleft to you, the first of each rule:\n");
            for (count, finding) in first.values() {
                let _ = writeln!(text, "{}\n  ({count} of this rule)\n", finding.render());
            }
        }
        let _ = write!(
            text,
            "\nRead it, then run:\n  cargo xtask codegen {} --overlay {} --out {}",
            told::argument(&options.description),
            told::argument(&options.out),
            told::argument(&crate_beside(&options.description))
        );
        visible(&text).into_owned()
    }
}

/// Texts in a line, and how many there are beyond the first of them.
fn listed(texts: impl ExactSizeIterator<Item = String>) -> String {
    let count = texts.len();
    let first: Vec<String> = texts.take(LISTED).collect();
    match count.saturating_sub(LISTED) {
        0 => first.join(", "),
        more => format!("{} and {more} more", first.join(", ")),
    }
}

/// The folder of a crate beside the description, which has its name.
fn crate_beside(description: &Path) -> PathBuf {
    let stem = description.file_stem().unwrap_or_default();
    let stem = stem.to_string_lossy().to_ascii_lowercase();
    let kept = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let stem = stem.replace(|c: char| !kept(c), "-");
    let stem = stem.trim_matches(['-', '_']);
    let says_nothing = ["openapi", "swagger", "api", "spec", ""].contains(&stem);
    let begins_well = stem.starts_with(|c: char| c.is_ascii_alphabetic());
    description.with_file_name(match () {
        () if says_nothing || !begins_well => "my-api".to_owned(),
        () if stem.ends_with("api") => stem.to_owned(),
        () => format!("{stem}-api"),
    })
}

/// A decision that most descriptions need.
struct Decision {
    title: &'static str,
    /// Why, in lines of a comment.
    why: &'static str,
    /// The rules whose findings it settles.
    rules: &'static [&'static str],
    /// The actions: target and update.
    actions: &'static [(&'static str, &'static str)],
}

/// The keywords that are left to the service. What a document does not have is taken off the list.
const LEFT_TO_THE_SERVICE: &str = "pattern, minLength, maxLength";

const DECISIONS: &[Decision] = &[
    Decision {
        title: "Safety marks",
        why: "May a call whose answer was lost be sent again? Reading changes nothing. Replacing or deleting twice leaves\n\
              things as doing it once. Creating does not. Mark an exception by an action of its own after these.",
        rules: &["repeat-safety"],
        actions: &[
            (
                "$.paths.*['get', 'put', 'delete', 'head', 'options', 'trace']",
                "{x-codegen-safe-to-repeat: true}",
            ),
            (
                "$.paths.*['post', 'patch']",
                "{x-codegen-safe-to-repeat: false}",
            ),
        ],
    },
    Decision {
        title: "Bounds of texts",
        why: "The service checks them. A client that did, too, would lose a whole answer to one odd value.",
        rules: &["string-bounds"],
        actions: &[("$", "{x-codegen-ignore: [LEFT]}")],
    },
    Decision {
        title: "Formats of texts",
        why: "Dates, IDs and addresses stay texts, for the same reason. Parse them where you use them.",
        rules: &["string-format"],
        actions: &[(
            "$..[?@.format == 'date' || @.format == 'date-time' || @.format == 'uuid' || @.format == 'ip' || @.format == 'ipv4' || @.format == 'ipv6']",
            "{x-codegen-ignore: [format]}",
        )],
    },
    Decision {
        title: "Numbers",
        why: "A `number` is a fraction, and 10 is written as 10.0. If a service wants whole numbers somewhere, such as for a page, say\n\
              `type: integer` there.",
        rules: &["number-format"],
        actions: &[
            ("$..[?@.type == 'number' && !@.format]", "{format: double}"),
            // Of an integer's format, the advice makes an integer.
            (
                "$..[?@.type == 'number' && @.format && @.format != 'float' && @.format != 'double' && !match(@.format, 'u?int(8|16|32|64)?')]",
                "{format: double}",
            ),
        ],
    },
    Decision {
        title: "Closed objects",
        why: "The next version of the service may answer with more members. Those are not an error.",
        rules: &["additional-properties"],
        actions: &[(
            "$..[?@.additionalProperties == false]",
            "{x-codegen-ignore: [additionalProperties]}",
        )],
    },
];

/// What to say of the actions of a rule that were made by its advice.
const REASONS: &[(&str, &str)] = &[
    ("all-of", "These cannot be merged."),
    ("array-length", "Lists of any length are read."),
    (
        "body-media-type",
        "One media type for each body. The first that the generator writes is kept.",
    ),
    (
        "body-optional",
        "The body is always sent, which the description allows.",
    ),
    (
        "enum-values",
        "Enums of anything but texts are read as plain values.",
    ),
    (
        "integer-bounds",
        "The service checks bounds. The format keeps the range of the type.",
    ),
    (
        "number-format",
        "A format such as `int64` makes an integer. Any other number is a fraction.",
    ),
    (
        VERSION,
        "It is read as OpenAPI 3.1. Other rules refuse what OpenAPI 3.2 adds.",
    ),
    ("parameter-location", "Cookies are left to the transport."),
    (
        "parameter-name",
        "Two parameters have one name in Rust. One gets another, which the service does not see.",
    ),
    (
        "property-name",
        "Two properties have one name in Rust. One gets another, which the service does not see.",
    ),
    (
        "response-media-type",
        "JSON is asked for. The other media types are left out.",
    ),
    (
        "schema-type",
        "A type that goes without saying in the description.",
    ),
    ("string-bounds", "The service checks bounds."),
    ("string-format", "These stay texts."),
    (
        "type-name",
        "Two schemas have one name in Rust, or one of Rust's own. These get others.",
    ),
];

/// Writes the overlay.
///
/// # Errors
///
/// The description cannot be read, or the overlay is there already or cannot be written. Nothing is written then.
pub fn run(options: &Options) -> Result<Report, Failure> {
    let out = options.out.display();
    if options.out.exists() {
        return Err(Failure::Message(format!(
            "{out} is there already, and may hold decisions: name another file with --out, or remove it"
        )));
    }
    place::check_workspace(&options.description, &options.out)?;
    let given = load::load(&options.description)?;
    let name = relative(&options.description, &options.out);
    let (text, report) = starter(&given, &name, &options.only)?;
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(&options.out)
        .map_err(|error| Failure::Message(format!("{out} cannot be written: {error}")))?;
    file.write_all(text.as_bytes())
        .map_err(|error| Failure::Message(format!("{out} cannot be written: {error}")))?;
    Ok(report)
}

/// The path of a file as seen from the folder of another. So it stays right if both move.
fn relative(file: &Path, from: &Path) -> String {
    let as_given = || file.display().to_string();
    let folder = match from.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    let (Ok(file), Ok(folder)) = (file.canonicalize(), folder.canonicalize()) else {
        return as_given();
    };
    let (mut to, mut from) = (file.components().peekable(), folder.components().peekable());
    while to.peek().is_some() && to.peek() == from.peek() {
        to.next();
        from.next();
    }
    if to
        .peek()
        .is_some_and(|it| matches!(it, Component::Prefix(_)))
    {
        return as_given();
    }
    let up = from.map(|_| "..".to_owned());
    let down = to.map(|it| it.as_os_str().to_string_lossy().into_owned());
    up.chain(down).collect::<Vec<String>>().join("/")
}

/// The overlay for a description that goes by this name, and what came of it.
///
/// # Errors
///
/// A description of a version that is not read. Or a pattern of `only` matches nothing. Or an action that was made does not apply, which is
/// a bug.
pub fn starter(given: &Node, name: &str, only: &Only) -> Result<(String, Report), Failure> {
    let mut document = given.clone();
    let mut sections: Vec<Section> = Vec::new();
    only.check(given)?;
    if let Some(action) = only.action() {
        apply_from("command line", &mut document, std::slice::from_ref(&action))?;
        sections.push(Section {
            title: OPERATIONS_TITLE.to_owned(),
            why: "These have code, and nothing has to be decided about the others.".to_owned(),
            actions: vec![action],
        });
    }
    let mut look = Look::at(&document)?;
    let mut found = look.findings.len();
    // Nothing else is found before the version is settled.
    if let Some(actions) = version(&look.findings)? {
        apply(&mut document, &actions)?;
        sections.push(advised(VERSION, actions));
        look = Look::at(&document)?;
        found += look.findings.len();
    }

    for decision in DECISIONS {
        let mut rules = look.findings.iter().map(|it| it.rule);
        let is_wanted = rules.any(|rule| decision.rules.contains(&rule));
        if !is_wanted {
            continue;
        }
        let actions: Vec<String> = decision
            .actions
            .iter()
            .filter_map(|(target, update)| {
                let update = update.replace("LEFT", &left_to_the_service(&document));
                let action = format!(
                    "{{target: \"{target}\", x-codegen-may-match-nothing: true, update: {update}}}"
                );
                // What does nothing here is left out. The marker is for the next version of the description.
                let mut after = document.clone();
                apply(&mut after, std::slice::from_ref(&action)).ok()?;
                let changes = after.to_json() != document.to_json();
                document = after;
                changes.then_some(action)
            })
            .collect();
        if actions.is_empty() {
            continue;
        }
        sections.push(Section {
            title: decision.title.to_owned(),
            why: decision.why.to_owned(),
            actions,
        });
    }
    look = Look::at(&document)?;

    let mut seen: HashSet<String> = HashSet::new();
    let mut followed: Vec<(&'static str, String)> = Vec::new();
    let mut any_json: Vec<String> = Vec::new();
    // The first finding of each rule.
    let mut any_json_why: BTreeMap<&str, String> = BTreeMap::new();
    let mut losses = Losses::default();
    for _ in 0..ROUNDS {
        if look.findings.is_empty() {
            break;
        }
        let json = document.to_json();
        let mut follow = |document: &mut Node, seen: &mut HashSet<String>, of_tags: bool| {
            let ways = new(look.advice(document, &json, of_tags), seen);
            let applied = apply_what_fits(document, ways);
            let is_new = !applied.is_empty();
            for (rule, way) in applied {
                followed.extend(way.into_iter().map(|it| (rule, it)));
            }
            is_new
        };
        let mut is_new = follow(&mut document, &mut seen, false);
        if !is_new {
            // Nothing to follow: what the findings are about becomes any JSON.
            // What is left out needs no other type.
            let changed = look.findings.iter().filter(|it| it.wire == Wire::Changed);
            let odd = changed.filter_map(|it| parameter_of(&document, it));
            let odd: HashSet<Pointer> = odd.collect();
            let is_odd = |it: &Diagnostic| {
                !odd.is_empty() && parameter_of(&document, it).is_some_and(|at| odd.contains(&at))
            };
            let others = look.findings.iter().filter(|it| !is_slip(it));
            let others = others.filter(|it| !is_odd(it));
            let wanted = others.flat_map(|finding| {
                let mut actions = any_json_for(&document, finding).into_iter();
                let action = actions.find(|it| !seen.contains(it));
                let ways = look.with_equal(&document, &json, action.into_iter().collect());
                ways.into_iter().map(|way| (finding.rule, way))
            });
            let wanted = new(wanted.collect(), &mut seen);
            for (rule, action) in apply_what_fits(&mut document, wanted) {
                let mut of_rule = look.findings.iter().filter(|it| it.rule == rule);
                let first = of_rule.next().map(|it| it.message.clone());
                any_json_why
                    .entry(rule)
                    .or_insert(first.unwrap_or_default());
                any_json.extend(action);
                is_new = true;
            }
            forget_inner(&mut any_json);
        }
        if !is_new {
            is_new = losses.add(given, &mut document, &look.findings)?;
        }
        if !is_new {
            // If the operations of one of two tags are left out, the other keeps its name.
            is_new = follow(&mut document, &mut seen, true);
        }
        if !is_new {
            break;
        }
        look = Look::at(&document)?;
    }
    let Look { findings, .. } = look;
    let any_json = (!any_json.is_empty()).then(|| Section {
        title: "Any JSON".to_owned(),
        why: any_json_why
            .iter()
            .fold(ANY_JSON.to_owned(), |why, (rule, message)| {
                let message = visible(message).replace(['\n', '\r'], " ");
                format!("{why}\n`{rule}`, such as: {message}")
            }),
        actions: any_json,
    });
    let with = |advised: Vec<Section>, sections: &[Section]| -> Vec<Section> {
        let all = sections.iter().cloned().chain(advised);
        all.chain(any_json.clone())
            .chain(losses.sections())
            .collect()
    };
    let mut grouped: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (rule, action) in &followed {
        grouped.entry(rule).or_default().push(action.clone());
    }
    let grouped = grouped
        .into_iter()
        .map(|(rule, actions)| advised(rule, actions))
        .collect();
    let mut starter = with(grouped, &sections);
    let example = match only.action() {
        None => example(given),
        Some(_) => None,
    };
    let mut text = write(&starter, name, example.as_deref());
    // As codegen will read it.
    let mut whole = given.clone();
    let read = |text: &str| load::parse(&Source::new("overlay.yaml", text.to_owned()));
    if overlay::apply(&mut whole, &read(&text)?).is_err() {
        // An action needs one of another rule before it. So they stay in the order in which they were found.
        let in_order = followed.chunk_by(|(one, _), (other, _)| one == other);
        let in_order = in_order.map(|run| {
            let actions = run.iter().map(|(_, action)| action.clone());
            advised(run[0].0, actions.collect())
        });
        starter = with(in_order.collect(), &sections);
        text = write(&starter, name, example.as_deref());
        whole = given.clone();
        overlay::apply(&mut whole, &read(&text)?)?;
    }
    let report = Report {
        operations: operations(chosen(&whole)?.as_ref()).count(),
        left_out: {
            let newer = losses.newer.into_iter().map(|(it, _)| it);
            newer.chain(losses.operations).collect()
        },
        without: losses.parameters.into_iter().map(|(it, _)| it).collect(),
        found,
        groups: starter
            .iter()
            .map(|it| (it.title.clone(), it.actions.len()))
            .collect(),
        left: match whole.to_json() == document.to_json() {
            true => findings,
            // The groups of the file have another order than the actions were followed in.
            false => Look::at(&whole)?.findings,
        },
    };
    Ok((text, report))
}

/// Why something is any JSON.
const ANY_JSON: &str = "No type of Rust says what these do. Values are kept as they are. To type one, write it out as one object, or as a\n\
                        `oneOf` with a tag.";

/// The group of the actions that the findings of a rule advise.
fn advised(rule: &str, actions: Vec<String>) -> Section {
    let why = REASONS.iter().find(|(name, _)| *name == rule);
    Section {
        title: format!("Rule `{rule}`"),
        why: why
            .map_or("As its findings advise.", |(_, why)| why)
            .to_owned(),
        actions,
    }
}

/// A group of actions.
#[derive(Clone)]
struct Section {
    title: String,
    why: String,
    actions: Vec<String>,
}

/// The title of the first group.
const OPERATIONS_TITLE: &str = "Operations";

/// An action that would choose some operations, with a tag or a path that the description has. `None` if it has no operation.
fn example(given: &Node) -> Option<String> {
    let plain = |text: &str| vec![plain_pattern(text)];
    let tag = operations(given).find_map(|(_, operation)| tags(operation).first().copied());
    let only = match (tag, path_items(given).next()) {
        (Some(tag), _) => Only {
            tags: plain(tag),
            ..Only::default()
        },
        (None, Some((at, _))) => Only {
            paths: plain(at.last()?),
            ..Only::default()
        },
        (None, None) => return None,
    };
    only.action()
}

/// The file. `example` is an action that chooses operations, as a comment.
fn write(sections: &[Section], name: &str, example: Option<&str>) -> String {
    let name = visible(name).replace(['\n', '\r'], " ");
    let mut text = format!(
        "# Decisions for the code that is generated from {name}. Begun by `cargo xtask init`, and yours from now on.\n\
         # An action with `x-codegen-may-match-nothing` is passed over if it has nothing to do. All others must match.\n\
         overlay: 1.0.0\n\
         info: {{title: Decisions for the generator, version: 1.0.0}}\n\
         actions:\n"
    );
    if let Some(example) = example {
        let _ = write!(
            text,
            "\n  # {OPERATIONS_TITLE}\n  \
             # All have code. For some only, take the `#` before the action away, and say which, by `tags`, `paths` and `ids`. Nothing has to be\n  \
             # decided about the others then. `exclude` takes the same fields.\n  \
             # - {example}\n"
        );
    }
    if sections.is_empty() {
        text += "\n  # Nothing needs a decision. The Overlay Specification requires an action.\n";
        text += "  - {target: $, update: {}}\n";
    }
    for section in sections {
        let _ = writeln!(text, "\n  # {}", section.title);
        for line in section.why.lines() {
            let _ = writeln!(text, "  # {line}");
        }
        for action in &section.actions {
            let _ = writeln!(text, "  - {action}");
        }
    }
    text
}

/// Applies actions, each as advice prints it. On failure, nothing is changed.
fn apply(document: &mut Node, actions: &[String]) -> Result<(), Failure> {
    apply_from("overlay.yaml", document, actions)
}

/// An overlay of actions. Errors name this as its file.
fn overlay_of(source: &str, actions: &[String]) -> Result<Node, Failure> {
    let mut text = "overlay: 1.0.0\ninfo: {title: Starter, version: 1.0.0}\nactions:\n".to_owned();
    for action in actions {
        let _ = writeln!(text, "  - {action}");
    }
    load::parse(&Source::new(source, text))
}

/// Applies actions. Errors name this as their file.
fn apply_from(source: &str, document: &mut Node, actions: &[String]) -> Result<(), Failure> {
    let read = overlay_of(source, actions)?;
    let mut after = document.clone();
    overlay::apply(&mut after, &read)?;
    *document = after;
    Ok(())
}

/// A way out of a finding: its rule, and actions that belong together.
type Way = (&'static str, Vec<String>);

/// Applies each way that can be applied after those before it, and gives those. One may remove what another is about. One that would change
/// which operations are chosen cannot be applied: it gives an operation another tag or another ID than those that it is chosen by.
///
/// All at once if that is possible, else by halves: each try takes as long as the description is large. So ways that cannot be applied
/// for the sake of one operation alone, which may be most, are put aside before.
fn apply_what_fits(document: &mut Node, ways: Vec<Way>) -> Vec<Way> {
    if apply_all(document, &ways) {
        return ways;
    }
    let ways = without_changes_of_choice(document, ways);
    apply_by_halves(document, ways)
}

/// Applies all of these, or none.
fn apply_all(document: &mut Node, ways: &[Way]) -> bool {
    let actions: Vec<String> = ways.iter().flat_map(|(_, way)| way.clone()).collect();
    let chooses_the_same = |after: &Node| {
        let chosen = |document: &Node| select::chosen(document).ok();
        document.get(OPERATIONS).is_none() || chosen(document) == chosen(after)
    };
    let mut after = document.clone();
    let fits =
        actions.is_empty() || apply(&mut after, &actions).is_ok() && chooses_the_same(&after);
    if fits {
        *document = after;
    }
    fits
}

fn apply_by_halves(document: &mut Node, mut ways: Vec<Way>) -> Vec<Way> {
    if apply_all(document, &ways) {
        return ways;
    }
    if ways.len() == 1 {
        return Vec::new();
    }
    let others = ways.split_off(ways.len() / 2);
    let mut fitting = apply_by_halves(document, ways);
    fitting.extend(apply_by_halves(document, others));
    fitting
}

/// Puts ways aside that are about one operation, and change whether it is chosen. Each is tried on that operation alone, after those of it
/// that were kept.
fn without_changes_of_choice(document: &Node, mut ways: Vec<Way>) -> Vec<Way> {
    let Some(chooser) = Chooser::of(document) else {
        return ways;
    };
    let json = document.to_json();
    let mut alone: HashMap<Pointer, Node> = HashMap::new();
    ways.retain(|(_, way)| {
        let Some(at) = places(&json, way).and_then(|places| only_operation(&places)) else {
            return true;
        };
        let Some(operation) = document.pointer(&at) else {
            return true;
        };
        let before = alone
            .entry(at.clone())
            .or_insert_with(|| described_alone(&at, operation));
        let mut after = before.clone();
        if apply(&mut after, way).is_err() {
            return true;
        }
        let is_kept = |it: &Node| it.pointer(&at).is_some_and(|it| chooser.chooses(&at, it));
        let is_same = is_kept(before) == is_kept(&after);
        if is_same {
            *before = after;
        }
        is_same
    });
    ways
}

/// The operation that all of these places are in.
fn only_operation(places: &[Pointer]) -> Option<Pointer> {
    let operation = |at: &Pointer| Some(at.0.get(..3)?.to_vec());
    let first = operation(places.first()?)?;
    let is_one = first[0] == "paths" && METHODS.contains(&first[2].as_str());
    let is_only = places
        .iter()
        .all(|it| operation(it).as_ref() == Some(&first));
    (is_one && is_only).then_some(Pointer(first))
}

/// A description of one operation, at its place.
fn described_alone(at: &Pointer, operation: &Node) -> Node {
    at.0.iter().rev().fold(operation.clone(), |node, key| {
        let span = node.span.clone();
        let key_span = span.clone();
        let entry = Entry {
            key: key_span,
            node,
        };
        let value = Value::Object([(key.clone(), entry)].into_iter().collect());
        Node { value, span }
    })
}

/// A description without the operations that are not chosen.
fn chosen(document: &Node) -> Result<Cow<'_, Node>, Failure> {
    if document.get(OPERATIONS).is_none() {
        return Ok(Cow::Borrowed(document));
    }
    let mut document = document.clone();
    select::select(&mut document, Hidden::Skipped)?;
    Ok(Cow::Owned(document))
}

/// What is wrong with a description.
struct Look {
    findings: Vec<Diagnostic>,
    /// The places that say the same as one that findings name.
    equal: HashMap<Pointer, Vec<Pointer>>,
}

impl Look {
    /// Looks at a description.
    fn at(given: &Node) -> Result<Self, Failure> {
        let given = chosen(given)?;
        let given = given.as_ref();
        let lowered = lower::lower(given);
        let arranged = arrange::arrange(lowered.document);
        let findings = match lint::lint_lowered(given, &arranged, &lowered.refusals) {
            Ok(()) => Vec::new(),
            Err(Failure::Diagnostics(findings)) => findings,
            Err(failure) => return Err(failure),
        };
        Ok(Self {
            findings,
            equal: arrange::equal_places(&arranged),
        })
    }

    /// The first way out of each finding that may be followed, of those about tags or of the others. `json` is a copy of the description.
    fn advice(&self, document: &Node, json: &serde_json::Value, of_tags: bool) -> Vec<Way> {
        let kept = self.findings.iter().filter(|it| it.wire == Wire::Kept);
        let kept = kept.filter(|it| (it.rule == TAG) == of_tags);
        let ways = kept.flat_map(|finding| {
            let way = first_way_out(&finding.help).unwrap_or_default();
            let ways = self.with_equal(document, json, way).into_iter();
            ways.map(|way| (finding.rule, way))
        });
        ways.collect()
    }

    /// A way out, and the same for each place that says the same. `json` is a copy of the description. Nothing, if the way has no action.
    fn with_equal(
        &self,
        document: &Node,
        json: &serde_json::Value,
        way: Vec<String>,
    ) -> Vec<Vec<String>> {
        if way.is_empty() {
            return Vec::new();
        }
        let mut ways = vec![way];
        let Some(places) = places(json, &ways[0]) else {
            return ways;
        };
        let (Some((first, rest)), parts) = (places.split_first(), &ways[0]) else {
            return ways;
        };
        // What all actions of the way are about.
        let common = rest.iter().fold(first.0.len(), |length, other| {
            let same = first.0.iter().zip(&other.0).take_while(|(a, b)| a == b);
            same.count().min(length)
        });
        let common = Pointer(first.0[..common].to_vec());
        let parts: Option<Vec<(&str, &str)>> = parts.iter().map(|it| split_action(it)).collect();
        let Some(parts) = parts else {
            return ways;
        };
        let mut more: Vec<Vec<String>> = Vec::new();
        for other in self.equal_to(document, &common) {
            let actions = places.iter().zip(&parts).map(|(at, (_, change))| {
                let within = at.0[common.0.len()..].iter().cloned();
                let at = Pointer(other.0.iter().cloned().chain(within).collect());
                format!("{{target: {}{change}", overlay::json_path(document, &at))
            });
            more.push(actions.collect());
        }
        ways.extend(more);
        ways
    }

    /// The other places that say the same as this one. A place is within what was found to be equal, or is that itself.
    fn equal_to(&self, document: &Node, at: &Pointer) -> Vec<Pointer> {
        let mut all = vec![at.clone()];
        let mut seen: HashSet<Pointer> = all.iter().cloned().collect();
        let mut own: Option<serde_json::Value> = None;
        let mut next = 0;
        while let Some(here) = all.get(next).cloned() {
            next += 1;
            for length in 1..=here.0.len() {
                let others = self.equal.get(&Pointer(here.0[..length].to_vec()));
                for other in others.into_iter().flatten() {
                    let parts = other.0.iter().chain(&here.0[length..]);
                    let place = Pointer(parts.cloned().collect());
                    let Some(node) = document.pointer(&place) else {
                        continue;
                    };
                    let own = own.get_or_insert_with(|| {
                        document.pointer(at).map(Node::to_json).unwrap_or_default()
                    });
                    if !seen.contains(&place) && node.to_json() == *own {
                        seen.insert(place.clone());
                        all.push(place);
                    }
                }
            }
        }
        all.split_off(1)
    }
}

/// The place that each action of a way is about. `None` if one is about several, or none.
fn places(json: &serde_json::Value, way: &[String]) -> Option<Vec<Pointer>> {
    let actions = overlay_of("overlay.yaml", way).ok()?;
    let actions = overlay::read(&actions).ok()?;
    let places = actions.iter().map(|action| {
        let mut places = action.places(json);
        places.pop().filter(|_| places.is_empty())
    });
    places.collect()
}

/// An action in two: the target, and what comes after it.
fn split_action(action: &str) -> Option<(&str, &str)> {
    let rest = action.strip_prefix("{target: ")?;
    let length = match rest.strip_prefix('"') {
        // A text in JSON ends with the first quote that has no backslash before it.
        Some(quoted) => {
            let mut is_escaped = false;
            let end = quoted.find(|c| {
                let ends = c == '"' && !is_escaped;
                is_escaped = c == '\\' && !is_escaped;
                ends
            })?;
            end + 2
        }
        None => rest.find(", ")?,
    };
    rest.split_at_checked(length)
}

/// The ways without the actions that were tried before.
fn new(ways: Vec<Way>, seen: &mut HashSet<String>) -> Vec<Way> {
    let ways = ways.into_iter().map(|(rule, way)| {
        let way: Vec<String> = way
            .into_iter()
            .filter(|it| seen.insert(it.clone()))
            .collect();
        (rule, way)
    });
    ways.filter(|(_, way)| !way.is_empty()).collect()
}

/// Whether a finding is about a slip. A mark that stands in a description was written by somebody for this generator.
fn is_slip(finding: &Diagnostic) -> bool {
    finding.wire == Wire::Unclear || finding.rule == "marker"
}

/// The rules about the names that operations are chosen by.
const NAMES: [&str; 2] = ["operation-id", TAG];

/// The rule about tags.
const TAG: &str = "tag-name";

/// The rule about the version of a description.
const VERSION: &str = "openapi-version";

/// The actions by which a description of a newer version is read. `None` if it is of one that is read.
///
/// # Errors
///
/// There are none. Such a description has no decisions to make.
fn version(findings: &[Diagnostic]) -> Result<Option<Vec<String>>, Failure> {
    let Some(finding) = findings.iter().find(|it| it.rule == VERSION) else {
        return Ok(None);
    };
    match first_way_out(&finding.help) {
        Some(actions) => Ok(Some(actions)),
        None => Err(finding.clone().into()),
    }
}

/// What cannot be generated as it is described, and is left out.
#[derive(Default)]
struct Losses {
    /// Operations, each with the reason.
    operations: Vec<(String, String)>,
    /// Operations with a method that OpenAPI 3.2 adds.
    newer: Vec<Removed>,
    /// Parameters that may be left out.
    parameters: Vec<Removed>,
}

/// What actions remove: its name and the reason, and the actions.
type Removed = ((String, String), Vec<String>);

impl Losses {
    /// Leaves out what findings are about, and returns whether there was something to leave out.
    fn add(
        &mut self,
        given: &Node,
        document: &mut Node,
        findings: &[Diagnostic],
    ) -> Result<bool, Failure> {
        let all: Vec<Pointer> = operations(chosen(document)?.as_ref())
            .map(|(at, _)| at)
            .collect();
        let listings = listings(document, &all);
        let mut reached = None;
        let mut parameters: Vec<(Pointer, &str)> = Vec::new();
        let mut gone: Vec<(&Pointer, &str)> = Vec::new();
        let newer: HashMap<Pointer, String> = newer_operations(document).collect();
        let mut newer_gone: Vec<(&Pointer, String, &str)> = Vec::new();
        // A name can always be given, if only by a person who chooses operations by another one.
        let of_a_name = |it: &Diagnostic| NAMES.contains(&it.rule);
        let lost = findings.iter().filter(|it| !is_slip(it));
        for finding in lost.filter(|it| !of_a_name(it)) {
            let reason = finding.message.as_str();
            if let Some(at) = finding.pointer.as_ref()
                && let Some(method) = newer.get(at)
            {
                let path = at.0.get(1).map_or("", String::as_str);
                newer_gone.push((at, format!("{method} {path}"), reason));
                continue;
            }
            let parameter = parameter_of(document, finding).and_then(|at| {
                let node = reference::last(document, document.pointer(&at)?);
                Some((at, node))
            });
            match parameter {
                Some((at, node)) => {
                    let own = [at.clone()];
                    let listed = match at.0[0].as_str() {
                        "components" => listings.get(&std::ptr::from_ref(node)),
                        _ => None,
                    };
                    let listed = listed.map_or(&own[..], Vec::as_slice);
                    let is_required = node.get("required").and_then(Node::as_bool) == Some(true)
                        || node.get("in").and_then(Node::as_str) == Some("path");
                    for at in listed {
                        match is_required {
                            true => gone.extend(within(&all, at).map(|it| (it, reason))),
                            false => parameters.push((at.clone(), reason)),
                        }
                    }
                }
                None => gone.extend(
                    operations_of(&all, &mut reached, document, finding)
                        .into_iter()
                        .map(|it| (it, reason)),
                ),
            }
        }
        let mut seen: HashSet<&Pointer> = HashSet::new();
        gone.retain(|(at, _)| seen.insert(at));
        let mut seen: HashSet<Pointer> = HashSet::new();
        parameters.retain(|(at, _)| seen.insert(at.clone()));
        // Without any operation there is nothing to generate. Then a person has to look.
        let is_too_much = gone.len() >= all.len() || given.get(OPERATIONS).is_some();
        if is_too_much {
            gone.clear();
        }
        if all.is_empty() {
            newer_gone.clear();
        }
        let newer = remove_all(document, newer_gone);
        let parameters = parameters.into_iter().map(|(at, reason)| {
            let name = parameter_name(document, &at);
            (at, name, reason)
        });
        let parameters: Vec<_> = parameters.collect();
        let parameters = parameters
            .iter()
            .map(|(at, name, reason)| (at, name.clone(), *reason));
        let parameters = remove_all(document, parameters.collect());
        let is_new = !newer.is_empty() || !parameters.is_empty();
        self.newer.extend(newer);
        self.parameters.extend(parameters);
        let before = self.operations.len();
        for (at, reason) in gone {
            let pattern = operation_pattern(at);
            self.operations
                .extend(pattern.map(|it| (it, reason.to_owned())));
        }
        let actions: Vec<String> = (before..self.operations.len())
            .map(|index| {
                let pattern = yaml_text(&self.operations[index].0);
                match index {
                    0 => format!(
                        "{{target: $, update: {{{OPERATIONS}: {{exclude: {{paths: [{pattern}]}}}}}}}}"
                    ),
                    _ => format!(
                        "{{target: \"$['{OPERATIONS}'].exclude.paths\", update: {pattern}}}"
                    ),
                }
            })
            .collect();
        if actions.is_empty() {
            return Ok(is_new);
        }
        apply(document, &actions)?;
        Ok(true)
    }

    /// The groups of the overlay.
    fn sections(&self) -> Vec<Section> {
        let mut sections = Vec::new();
        if !self.parameters.is_empty() {
            let actions = self.parameters.iter().flat_map(|(_, actions)| actions);
            sections.push(Section {
                title: "Parameters that are left out".to_owned(),
                why: LEFT_OUT.to_owned(),
                actions: actions.cloned().collect(),
            });
        }
        let mut actions: Vec<String> = self.newer.iter().flat_map(|(_, it)| it.clone()).collect();
        if !self.operations.is_empty() {
            let mut action = format!(
                "target: $\n    update:\n      {OPERATIONS}:\n        exclude:\n          paths:"
            );
            for (pattern, reason) in &self.operations {
                let reason = visible(reason).replace(['\n', '\r'], " ");
                let _ = write!(
                    action,
                    "\n            # {reason}\n            - {}",
                    yaml_text(pattern)
                );
            }
            actions.push(action);
        }
        if !actions.is_empty() {
            sections.push(Section {
                title: "Operations that are left out".to_owned(),
                why: LEFT_OUT.to_owned(),
                actions,
            });
        }
        sections
    }
}

/// Removes what stands at places, each with its name and the reason. Gives what was there.
fn remove_all(document: &mut Node, wanted: Vec<(&Pointer, String, &str)>) -> Vec<Removed> {
    let mut names: HashMap<String, (String, String)> = HashMap::new();
    let mut ways: Vec<Way> = Vec::new();
    for (at, name, reason) in wanted {
        let remove = overlay::remove_action(document, at);
        let Some(remove) = remove.trim_matches('`').strip_suffix('}') else {
            continue;
        };
        let action = format!(
            "{remove}, description: {}}}",
            serde_json::Value::from(reason)
        );
        let lost = (name, reason.to_owned());
        if names.insert(action.clone(), lost).is_none() {
            ways.push(("", vec![action]));
        }
    }
    let removed = apply_what_fits(document, ways).into_iter();
    let removed = removed.filter_map(|(_, actions)| {
        let lost = names.remove(actions.first()?)?;
        Some((lost, actions))
    });
    removed.collect()
}

/// Why something is left out.
const LEFT_OUT: &str = "No code can be made of these that does what the description says. If you know that the service takes something else, too, say so\n\
                        with an action that `cargo xtask lint` prints, and take the line here away.";

/// The parameter that a finding is about, in the description to which the overlay is applied.
fn parameter_of(document: &Node, finding: &Diagnostic) -> Option<Pointer> {
    let parts = &finding.pointer.as_ref()?.0;
    let depth = match parts.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["components", "parameters", _, ..] => 3,
        ["paths", _, "parameters", _, ..] => 4,
        ["paths", _, _, "parameters", _, ..] => 5,
        _ => return None,
    };
    let holds = |at: &Pointer| {
        let span = |node: &Node| contains(&node.span, &finding.span);
        document.pointer(at).is_some_and(span)
    };
    let at = Pointer(parts[..depth].to_vec());
    let list = at.parent()?;
    // Parameters that OpenAPI says are ignored are taken out of the list before rules look at it.
    let items = document.pointer(&list)?.as_array().map_or(0, <[Node]>::len);
    let mut others = (0..items).map(|index| list.join(index));
    match holds(&at) {
        true => Some(at),
        false => others.find(holds),
    }
}

/// Whether one stretch of a file is within another.
fn contains(outer: &Span, inner: &Span) -> bool {
    std::sync::Arc::ptr_eq(&outer.source, &inner.source)
        && outer.start <= inner.start
        && inner.end <= outer.end
}

/// Where each parameter is listed that a list refers to.
fn listings(document: &Node, all: &[Pointer]) -> HashMap<*const Node, Vec<Pointer>> {
    let mut listings: HashMap<*const Node, Vec<Pointer>> = HashMap::new();
    let mut seen = HashSet::new();
    let holders = all.iter().flat_map(|it| [it.parent(), Some(it.clone())]);
    let holders = holders.flatten().filter(|it| seen.insert(it.clone()));
    for holder in holders {
        let list = holder.join("parameters");
        let items = document.pointer(&list).and_then(Node::as_array);
        for (index, item) in items.into_iter().flatten().enumerate() {
            let node = std::ptr::from_ref(reference::last(document, item));
            listings.entry(node).or_default().push(list.join(index));
        }
    }
    listings
}

/// The operations that a place is in: one, or all of a path item.
fn within<'a>(all: &'a [Pointer], at: &Pointer) -> impl Iterator<Item = &'a Pointer> {
    let is_method = at.0.get(2).is_some_and(|it| METHODS.contains(&it.as_str()));
    let holder = at.0[..at.0.len().min(if is_method { 3 } else { 2 })].to_vec();
    all.iter().filter(move |it| it.0.starts_with(&holder))
}

/// The operations that a finding is about: those that it is in, or those that lead to the component that it is in.
fn operations_of<'a>(
    all: &'a [Pointer],
    reached: &mut Option<Vec<HashSet<Pointer>>>,
    document: &Node,
    finding: &Diagnostic,
) -> Vec<&'a Pointer> {
    let Some(at) = &finding.pointer else {
        return Vec::new();
    };
    match at.0.as_slice() {
        [paths, _, ..] if paths == "paths" => within(all, at).collect(),
        [components, kind, name, ..] if components == "components" => {
            let reached = reached
                .get_or_insert_with(|| all.iter().map(|it| components_of(document, it)).collect());
            let wanted = reference::place_of(kind, name);
            let pairs = all.iter().zip(reached.iter());
            let leading = pairs.filter(|(_, components)| components.contains(&wanted));
            leading.map(|(operation, _)| operation).collect()
        }
        _ => Vec::new(),
    }
}

/// The components that an operation and the parameters of its path item lead to, by references.
fn components_of(document: &Node, operation: &Pointer) -> HashSet<Pointer> {
    let shared = operation.parent().map(|it| it.join("parameters"));
    let begin = [Some(operation), shared.as_ref()].into_iter().flatten();
    let mut waiting: Vec<&Node> = begin.filter_map(|at| document.pointer(at)).collect();
    let mut seen: HashSet<Pointer> = HashSet::new();
    let mut components = HashSet::new();
    while let Some(node) = waiting.pop() {
        match &node.value {
            Value::Object(members) => {
                let target = members.get("$ref").and_then(|it| it.node.as_str());
                if let Some(at) = target.and_then(Pointer::parse)
                    && seen.insert(at.clone())
                {
                    waiting.extend(document.pointer(&at));
                    components.insert(Pointer(at.0[..at.0.len().min(3)].to_vec()));
                }
                waiting.extend(members.values().map(|entry| &entry.node));
            }
            Value::Array(items) => waiting.extend(items),
            _ => {}
        }
    }
    components
}

/// What a parameter is called in a list: its place, its name and its operation.
fn parameter_name(document: &Node, at: &Pointer) -> String {
    let item = document.pointer(at);
    let node = item.map(|it| reference::last(document, it));
    let text = |key: &str| node?.get(key)?.as_str();
    let holder = match at.0.as_slice() {
        [_, path, method, ..] if METHODS.contains(&method.as_str()) => {
            format!("{} {path}", method.to_uppercase())
        }
        [_, path, ..] => path.clone(),
        _ => String::new(),
    };
    let [place, name] = ["in", "name"].map(|key| text(key).unwrap_or("?"));
    format!("{place} `{name}` of {holder}")
}

/// The pattern that matches one operation only.
fn operation_pattern(at: &Pointer) -> Option<String> {
    let [_, path, method] = at.0.as_slice() else {
        return None;
    };
    Some(format!("{} {}", method.to_uppercase(), plain_pattern(path)))
}

/// A pattern that matches this text only.
fn plain_pattern(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        // These have a meaning in a pattern.
        if matches!(c, '*' | '?' | '[' | ']' | '\\') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// The first way out that a finding prints, as the actions of an overlay. One with an ellipsis is to be filled in by somebody.
fn first_way_out(help: &str) -> Option<Vec<String>> {
    let mut way: Vec<String> = Vec::new();
    let mut rest = help;
    while let Some(start) = rest.find("`{target: ") {
        if !way.is_empty() && !rest[..start].ends_with(" and then ") {
            break;
        }
        rest = &rest[start + 1..];
        let end = rest.find("}`")? + 1;
        let action = &rest[..end];
        rest = &rest[end..];
        if action.contains('…') {
            continue;
        }
        way.push(action.to_owned());
    }
    (!way.is_empty()).then_some(way)
}

/// The keywords of [`LEFT_TO_THE_SERVICE`] that some schema has.
fn left_to_the_service(document: &Node) -> String {
    let mut marked = document.clone();
    let list = |text: &str| format!("{{target: $, update: {{{IGNORE}: [{text}]}}}}");
    if apply(&mut marked, &[list(LEFT_TO_THE_SERVICE)]).is_err() {
        return LEFT_TO_THE_SERVICE.to_owned();
    }
    let Ok(marked) = chosen(&marked) else {
        return LEFT_TO_THE_SERVICE.to_owned();
    };
    // The arrange stage takes off what it has found.
    let arranged = arrange::arrange(lower::lower(&marked).document);
    let idle = arranged.get(IGNORE).and_then(Node::as_array).unwrap_or(&[]);
    let idle: HashSet<&str> = idle.iter().filter_map(Node::as_str).collect();
    let there: Vec<&str> = LEFT_TO_THE_SERVICE
        .split(", ")
        .filter(|it| !idle.contains(it))
        .collect();
    there.join(", ")
}

/// The actions that make any JSON of the schema that a finding is about, or of one that it is in, the innermost first.
fn any_json_for(document: &Node, finding: &Diagnostic) -> Vec<String> {
    let Some(at) = &finding.pointer else {
        return Vec::new();
    };
    // What is sent as a text, as bytes or as a form needs a schema that says so.
    if finding.rule == "body-schema" {
        return Vec::new();
    }
    // A schema stands under a keyword that holds one.
    let holds = |parts: &[String]| match parts {
        [.., list, _]
            if ["properties", "schemas", "allOf", "oneOf", "anyOf"].contains(&list.as_str()) =>
        {
            true
        }
        [.., last] => ["schema", "items", "additionalProperties"].contains(&last.as_str()),
        [] => false,
    };
    // A branch of an `allOf` that is any JSON cannot be merged, so the whole is.
    let is_merged = |parts: &[String]| matches!(parts, [.., list, _] if list == "allOf");
    let ways = (1..=at.0.len()).rev().map(|length| &at.0[..length]);
    let schemas = ways.filter(|parts| holds(parts) && !is_merged(parts));
    let schemas = schemas.map(|parts| Pointer(parts.to_vec()));
    schemas.filter_map(|at| ignore_all(document, &at)).collect()
}

/// Takes away actions for schemas that are within one that another action is for.
fn forget_inner(actions: &mut Vec<String>) {
    fn target(action: &str) -> Option<&str> {
        Some(split_action(action)?.0.trim_matches('"'))
    }
    let all: HashSet<String> = (actions.iter())
        .filter_map(|it| target(it).map(str::to_owned))
        .collect();
    actions.retain(|action| {
        let target = target(action).unwrap_or_default();
        let mut ends = target.match_indices(['.', '[']).skip(1);
        !ends.any(|(end, _)| all.contains(&target[..end]))
    });
}

/// The action that ignores all that a schema says of its values. `None` if it says nothing.
fn ignore_all(document: &Node, at: &Pointer) -> Option<String> {
    let notes = [
        "description",
        "nullable",
        "deprecated",
        "readOnly",
        "writeOnly",
    ];
    let members = document.pointer(at)?.as_object()?.iter();
    let says = members.filter(|(key, entry)| {
        !notes.contains(&key.as_str())
            && !key.starts_with("x-")
            && !matches!(entry.node.value, Value::Null)
    });
    let quoted: Vec<String> = says.map(|(key, _)| format!("'{key}'")).collect();
    if quoted.is_empty() {
        return None;
    }
    let update = format!("{IGNORE}: [{}]", quoted.join(", "));
    let action = overlay::update_action(document, at, &update);
    let bare = action.strip_prefix('`').and_then(|it| it.strip_suffix('`'));
    Some(bare.unwrap_or(&action).to_owned())
}
