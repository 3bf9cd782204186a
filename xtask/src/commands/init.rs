//! `cargo xtask init`: a starter overlay for a description of somebody else, so that the first run of codegen works.
//!
//! Decisions that most descriptions need come first, each with its reason, and each for all places at once. Then the first advice of each
//! finding that is left is followed, in rounds, since one may hide another. What has no advice becomes any JSON. The overlay is
//! for people: it is written in groups, says what each is for, and is to be edited. If some operations only are asked for, nothing is
//! decided about the others.
//!
//! An existing file is never written over: it may hold decisions of somebody.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use crate::diagnostic::{Diagnostic, Failure};
use crate::markers::{IGNORE, OPERATIONS};
use crate::openapi::{Node, Pointer, Source, Value, operations, path_items, tags};
use crate::overlay::yaml_text;
use crate::select::{self, Hidden};
use crate::visible::visible;
use crate::{arrange, lint, load, lower, overlay};

/// More rounds than any description has needed.
const ROUNDS: usize = 30;

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
    /// The operations that no code can be made of, and that the overlay removes.
    pub lost: usize,
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
        let (out, description) = (options.out.display(), options.description.display());
        let actions: usize = self.groups.iter().map(|(_, count)| count).sum();
        let mut text = format!(
            "{out}: {actions} actions for {} findings; {} operations\n",
            self.found, self.operations
        );
        for (title, count) in &self.groups {
            let _ = writeln!(text, "  {count:>5}  {title}");
        }
        if self.lost > 0 {
            let _ = writeln!(
                text,
                "\n{} operations are removed: reqwest has no call for their method",
                self.lost
            );
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
            "\nRead it, then run:\n  cargo xtask codegen {description} --overlay {out} --out {}",
            crate_beside(&options.description).display()
        );
        visible(&text).into_owned()
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
            (
                "$..[?@.type == 'number' && @.format && @.format != 'float' && @.format != 'double']",
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
    ("body-optional", "The body is always sent."),
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
        "A `number` is a fraction. Say `type: integer` if the service wants whole numbers.",
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
    let given = load::load(&options.description)?;
    let name = options.description.display().to_string();
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

/// The overlay for a description that goes by this name, and what came of it.
///
/// # Errors
///
/// A pattern of `only` matches nothing. Or an action that was made does not apply, which is a bug.
pub fn starter(given: &Node, name: &str, only: &Only) -> Result<(String, Report), Failure> {
    let mut document = given.clone();
    let mut sections: Vec<Section> = Vec::new();
    if let Some(action) = only.action() {
        apply_from("command line", &mut document, std::slice::from_ref(&action))?;
        sections.push(Section {
            title: OPERATIONS_TITLE.to_owned(),
            why: "These have code, and nothing has to be decided about the others.".to_owned(),
            actions: vec![action],
        });
    }
    let before = operations(chosen(&document)?.as_ref()).count();
    let mut findings = findings(&document)?;
    let found = findings.len();

    for decision in DECISIONS {
        let is_wanted = findings.iter().any(|it| decision.rules.contains(&it.rule));
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
    findings = self::findings(&document)?;

    let mut seen: HashSet<String> = HashSet::new();
    let mut followed: Vec<(&'static str, String)> = Vec::new();
    let mut any_json: Vec<String> = Vec::new();
    for _ in 0..ROUNDS {
        if findings.is_empty() {
            break;
        }
        let mut is_new = false;
        let mut ways: Vec<Way> = Vec::new();
        for finding in &findings {
            let way = first_way_out(&finding.help).unwrap_or_default();
            let way: Vec<String> = way
                .into_iter()
                .filter(|it| seen.insert(it.clone()))
                .collect();
            if !way.is_empty() {
                ways.push((finding.rule, way));
            }
        }
        for (rule, way) in apply_what_fits(&mut document, ways) {
            followed.extend(way.into_iter().map(|it| (rule, it)));
            is_new = true;
        }
        if !is_new {
            // Nothing to follow: what the findings are about becomes any JSON.
            let wanted = findings
                .iter()
                .flat_map(|it| any_json_for(&document, it).map(|action| (it.rule, vec![action])))
                .filter(|(_, action)| seen.insert(action[0].clone()))
                .collect();
            for (_, action) in apply_what_fits(&mut document, wanted) {
                any_json.extend(action);
                is_new = true;
            }
        }
        if !is_new {
            break;
        }
        findings = self::findings(&document)?;
    }
    let any_json = (!any_json.is_empty()).then(|| Section {
        title: "Any JSON".to_owned(),
        why: ANY_JSON.to_owned(),
        actions: any_json,
    });
    let with = |advised: Vec<Section>, sections: &[Section]| -> Vec<Section> {
        let all = sections.iter().cloned().chain(advised);
        all.chain(any_json.clone()).collect()
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
    let after = operations(chosen(&whole)?.as_ref()).count();
    let report = Report {
        operations: after,
        lost: before.saturating_sub(after),
        found,
        groups: starter
            .iter()
            .map(|it| (it.title.clone(), it.actions.len()))
            .collect(),
        left: match whole.to_json() == document.to_json() {
            true => findings,
            // The groups of the file have another order than the actions were followed in.
            false => self::findings(&whole)?,
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
    // What has a meaning in a pattern is plain.
    let plain = |text: &str| {
        let mut out = String::new();
        for c in text.chars() {
            if matches!(c, '*' | '?' | '[' | ']' | '\\') {
                out.push('\\');
            }
            out.push(c);
        }
        vec![out]
    };
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

/// Applies actions. Errors name this as their file.
fn apply_from(source: &str, document: &mut Node, actions: &[String]) -> Result<(), Failure> {
    let mut text = "overlay: 1.0.0\ninfo: {title: Starter, version: 1.0.0}\nactions:\n".to_owned();
    for action in actions {
        let _ = writeln!(text, "  - {action}");
    }
    let read = load::parse(&Source::new(source, text))?;
    let mut after = document.clone();
    overlay::apply(&mut after, &read)?;
    *document = after;
    Ok(())
}

/// A way out of a finding: its rule, and actions that belong together.
type Way = (&'static str, Vec<String>);

/// Applies each way that can be applied after those before it, and gives those. One may remove what another is about.
///
/// All at once if that is possible, else by halves: each try takes as long as the description is large.
fn apply_what_fits(document: &mut Node, mut ways: Vec<Way>) -> Vec<Way> {
    let actions: Vec<String> = ways.iter().flat_map(|(_, way)| way.clone()).collect();
    if actions.is_empty() {
        return Vec::new();
    }
    if apply(document, &actions).is_ok() {
        return ways;
    }
    if ways.len() == 1 {
        return Vec::new();
    }
    let others = ways.split_off(ways.len() / 2);
    let mut fitting = apply_what_fits(document, ways);
    fitting.extend(apply_what_fits(document, others));
    fitting
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
fn findings(given: &Node) -> Result<Vec<Diagnostic>, Failure> {
    let given = chosen(given)?;
    let given = given.as_ref();
    let lowered = lower::lower(given);
    let arranged = arrange::arrange(lowered.document);
    match lint::lint_lowered(given, &arranged, &lowered.refusals) {
        Ok(()) => Ok(Vec::new()),
        Err(Failure::Diagnostics(findings)) => Ok(findings),
        Err(failure) => Err(failure),
    }
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

/// The action that makes any JSON of the schema that a finding is about.
fn any_json_for(document: &Node, finding: &Diagnostic) -> Option<String> {
    let at = finding.pointer.as_ref()?;
    // The innermost schema on the way: what stands under a keyword that holds one.
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
    let mut ways = (1..=at.0.len()).rev().map(|length| &at.0[..length]);
    let schema = ways.find(|parts| holds(parts) && !is_merged(parts))?;
    ignore_all(document, &Pointer(schema.to_vec()))
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
