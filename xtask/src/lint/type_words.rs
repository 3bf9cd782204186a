//! Names of types that people would not give: paths of modules, numbers, positions, whatever came first, too many letters.
//!
//! A type has the name of its component, or one that the arrange stage made of the first place that has the schema. In both cases
//! `x-codegen-name` gives another, so each finding prints that action, with a name that is free. It is a proposal: a better name is
//! what the maintainer knows.

use std::collections::{HashMap, HashSet};

use heck::{ToPascalCase, ToSnakeCase};
use indexmap::IndexSet;

use super::context::Context;
use super::method_words::Renamed;
use super::names::PRELUDE;
use super::rules::{self, Rule};
use crate::markers::{
    FROM, GIVEN, NAME, NAMED, NUMBER, PLACE, RENAMED, UNION, branches_of, union_of,
};
use crate::naming::type_name;
use crate::openapi::walk::{self, Kind, Reach, Then};
use crate::openapi::{METHODS, Node, Pointer, component_schemas, reference};

/// The most letters of a name. A field of that type, `pub name: Option<Type>`, then still fits on a line of 80 columns. The longest name
/// that a person chose here has 36.
pub(super) const LONGEST: usize = 40;

/// A name that leaves room for a word more.
const SPACIOUS: usize = 30;

/// A beginning of this many words is a path if this many schemas share it.
const PATH_WORDS: usize = 3;
const PATH_SCHEMAS: usize = 8;

/// A run of this many capitals is more than one acronym.
const ACRONYM: usize = 6;

/// How the operations of a path are told together.
const ALL_OF: &str = "all of";

/// How many times a part may have been moved, at most.
const MOVES: usize = 8;

/// What is added to a name that is taken, and says nothing.
const OTHERS: [&str; 5] = ["Kind", "Form", "Detail", "Entry", "Variety"];

/// What the arrange stage calls types that it makes of an operation.
const OF_OPERATIONS: [&str; 7] = [
    "body",
    "error",
    "event",
    "params",
    "parameters",
    "response",
    "success",
];

/// A type, as far as its name goes.
struct Type<'a> {
    at: Pointer,
    /// Its name in Rust.
    name: String,
    /// The name of its component, before a letter was changed.
    spelled: &'a str,
    /// How it got its name, if it is not the component's.
    named: Option<&'a str>,
    /// Whether the overlay chose it.
    is_chosen: bool,
}

/// What is wrong with a name, and what it could be, the best first.
struct Problem {
    rule: Rule,
    message: String,
    wishes: Vec<String>,
}

/// Reports each type whose name could be better. Some change with the name of an operation.
pub(super) fn check(context: &mut Context<'_>, methods: Renamed) {
    variants(context);
    let types = types(context);
    let mut taken: HashSet<String> = PRELUDE.into_iter().map(str::to_owned).collect();
    let all = component_schemas(context.document);
    taken.extend(all.map(|(name, _)| type_name(union_of(name).unwrap_or(name))));
    let names: HashSet<String> = taken.clone();
    taken.extend(methods.to_be.iter().flat_map(|operation| {
        OF_OPERATIONS.map(|suffix| type_name(&format!("{operation}-{suffix}")))
    }));
    let paths = paths(&types);
    let users = users(context.document);
    // The names of types within a type begin with its name, and are shorter as soon as that is.
    let mut renamed: HashSet<String> = methods.were.iter().map(|it| type_name(it)).collect();
    for ty in &types {
        let problem = module_path(ty, &paths)
            .or_else(|| number(ty, &names))
            .or_else(|| position(ty))
            .or_else(|| first_come(context, ty, &users))
            .or_else(|| long(ty, &renamed))
            .or_else(|| acronym(ty));
        let Some(problem) = problem else { continue };
        if ty.named.is_some() {
            renamed.insert(ty.name.clone());
        }
        let name = proposal(&problem.wishes, &mut taken);
        let action = context.update(&ty.at, &format!("{NAME}: {name}"));
        let help = format!("give it a name with {action}, or a better one");
        context.report(problem.rule, &ty.at, problem.message, help);
    }
}

/// Reports each variant of a union that has a number: `Array2`, since another branch is an array, too.
fn variants(context: &mut Context<'_>) {
    let document = context.document;
    for (name, schema) in component_schemas(document) {
        let Some(branches) = schema
            .get(UNION)
            .and_then(|it| it.get("branches")?.as_array())
        else {
            continue;
        };
        let text =
            |branch: &Node, key: &str| branch.get(key).and_then(Node::as_str).map(str::to_owned);
        let mut taken: HashSet<String> = branches
            .iter()
            .filter_map(|it| text(it, "variant"))
            .collect();
        let parts = reference::place_of("schemas", &branches_of(name)).join("properties");
        for branch in branches {
            let (Some(field), Some(variant)) = (text(branch, "field"), text(branch, "variant"))
            else {
                continue;
            };
            let at = parts.join(field);
            let plain = variant.trim_end_matches(|c: char| c.is_ascii_digit());
            let part = document.pointer(&at);
            let is_type = |part: &Node| part.get("$ref").is_some() || part.get("allOf").is_some();
            if plain == variant || !taken.contains(plain) || part.is_none_or(is_type) {
                continue;
            }
            let mut wishes = part.map(several).unwrap_or_default();
            wishes.push(format!("Other{plain}"));
            let wish = proposal(&wishes, &mut taken);
            let action = context.update(&at, &format!("{NAME}: {wish}"));
            let message = format!(
                "the variant `{variant}` of `{}` has a number, since `{plain}` is another",
                type_name(name)
            );
            let help = format!("give it a name with {action}, or a better one");
            context.report(rules::NUMBERED_NAME, &at, message, help);
        }
    }
}

/// What several of the items of an array are called.
fn several(schema: &Node) -> Vec<String> {
    let Some(items) = schema.get("items") else {
        return Vec::new();
    };
    let name = match reference::referred(items, "schemas") {
        Some(name) => type_name(name),
        None => match items.get("type").and_then(Node::as_str) {
            Some("string") => "Text".to_owned(),
            Some(kind) => type_name(kind),
            None => return Vec::new(),
        },
    };
    vec![format!("{name}s"), format!("{name}List")]
}

/// The types of the description, but for those that are named for an operation: their names are as good as its.
fn types<'a>(context: &Context<'a>) -> Vec<Type<'a>> {
    let at = Pointer(["components", "schemas"].map(str::to_owned).into());
    component_schemas(context.document)
        .filter(|(name, node)| {
            let given = node.get(RENAMED).and_then(Node::as_str).unwrap_or(name);
            let is_described = node.get(NAMED).is_some()
                || node.get(FROM).is_none() && context.has_component("schemas", given);
            is_described && union_of(name).is_none() && node.get("$ref").is_none()
        })
        .map(|(name, node)| {
            let at = at.join(name);
            let named = node.get(NAMED).and_then(Node::as_str);
            let is_renamed = node.get(RENAMED).is_some() && context.is_given(&at, NAME);
            Type {
                name: type_name(name),
                spelled: name,
                named,
                is_chosen: is_renamed || named == Some(GIVEN),
                at,
            }
        })
        .collect()
}

/// The first name that is free, and good. It is taken then.
pub(super) fn proposal(wishes: &[String], taken: &mut HashSet<String>) -> String {
    let is_good = |name: &String| {
        let first = name.chars().next();
        first.is_some_and(|c| c.is_ascii_uppercase())
            && name.chars().count() <= LONGEST
            && !name.ends_with(|c: char| c.is_ascii_digit())
            && type_name(name) == *name
    };
    let plain = wishes.iter().cloned();
    let others = OTHERS.into_iter().flat_map(|other| {
        let wishes = wishes.iter();
        wishes.map(move |wish| format!("{wish}{other}"))
    });
    // There are more names than types, so one of the last is free.
    let last = ('A'..='Z').flat_map(|a| ('a'..='z').map(move |b| format!("Type{a}{b}")));
    let name = plain
        .chain(others)
        .chain(last)
        .find(|name| is_good(name) && !taken.contains(name))
        .unwrap_or_else(|| "Type".to_owned());
    taken.insert(name.clone());
    name
}

/// The words of a name, each with a capital.
fn words(name: &str) -> Vec<String> {
    let snake = name.to_snake_case();
    let words = snake.split('_').filter(|word| !word.is_empty());
    words.map(|word| word.to_pascal_case()).collect()
}

/// The ends of a name of so many words and more, the shortest first. Without what is only a position.
fn ends(name: &str, least: usize) -> Vec<String> {
    let mut words = words(name);
    while words.len() > 1 && words.last().is_some_and(|it| is_position(it)) {
        words.pop();
    }
    if let Some(last) = words.last_mut() {
        let plain = last.trim_end_matches(|c: char| c.is_ascii_digit());
        if !plain.is_empty() {
            *last = plain.to_owned();
        }
    }
    let least = least.min(words.len());
    (least..=words.len())
        .map(|count| words[words.len() - count..].concat())
        .collect()
}

/// Without names of one word that says nothing by itself.
fn telling(ends: Vec<String>) -> Vec<String> {
    const SILENT: [&str; 14] = [
        "Body", "By", "Config", "Data", "Error", "Id", "In", "Kind", "Name", "Of", "Response",
        "To", "Type", "Version",
    ];
    let mut ends = ends;
    if ends.len() > 1 {
        ends.retain(|name| !SILENT.contains(&name.as_str()));
    }
    ends
}

/// Whether a word only says where something stands.
fn is_position(word: &str) -> bool {
    let plain = word.trim_end_matches(|c: char| c.is_ascii_digit());
    match plain {
        "Item" | "Value" => true,
        "Branch" | "Variant" | "Option" => plain != word,
        _ => false,
    }
}

/// The beginnings that are shared by so many schemas that they are a path.
fn paths(types: &[Type<'_>]) -> HashSet<Vec<String>> {
    let mut counts: HashMap<Vec<String>, usize> = HashMap::new();
    for ty in types
        .iter()
        .filter(|ty| ty.named.is_none() && !ty.is_chosen)
    {
        let words = words(&ty.name);
        if words.len() > PATH_WORDS {
            *counts.entry(words[..PATH_WORDS].to_vec()).or_default() += 1;
        }
    }
    counts.retain(|_, count| *count >= PATH_SCHEMAS);
    counts.into_keys().collect()
}

/// `letta__schemas__mcp__UpdateServer`, or `LettaSchemasMcpUpdateServer` if many begin so. FastAPI's `Body_upload_file` is one, too.
fn module_path(ty: &Type<'_>, paths: &HashSet<Vec<String>>) -> Option<Problem> {
    if ty.is_chosen || ty.named.is_some() {
        return None;
    }
    let problem = |message, wishes| {
        Some(Problem {
            rule: rules::MODULE_PATH,
            message,
            wishes,
        })
    };
    if let Some(operation) = ty.spelled.strip_prefix("Body_") {
        let message = format!(
            "the type `{}` is named as a framework names a body",
            ty.name
        );
        return problem(message, vec![format!("{}Body", operation.to_pascal_case())]);
    }
    let parts: Vec<&str> = ty
        .spelled
        .split("__")
        .flat_map(|it| it.split('.'))
        .collect();
    let parts: Vec<&str> = parts.into_iter().filter(|it| !it.is_empty()).collect();
    if parts.len() > 1 {
        let message = format!("the type `{}` is named by the path of a module", ty.name);
        let last = parts.last().copied().unwrap_or_default();
        let last = last
            .strip_suffix("-Output")
            .map(str::to_owned)
            .or_else(|| Some(format!("{}-Param", last.strip_suffix("-Input")?)))
            .unwrap_or_else(|| last.to_owned());
        let whole = format!("{}-{last}", parts[..parts.len() - 1].join("-"));
        let least = words(&last).len();
        return problem(message, ends(&whole, least));
    }
    let words = words(&ty.name);
    let path = words.get(..PATH_WORDS).filter(|it| paths.contains(*it))?;
    let message = format!(
        "the type `{}` begins with `{}`, as {PATH_SCHEMAS} types and more do",
        ty.name,
        path.concat()
    );
    problem(message, ends(&ty.name, words.len() - PATH_WORDS))
}

/// Names that a generator made to tell two types apart: `Foo2` beside `Foo`, and `Foo-Input` beside `Foo-Output`.
fn number(ty: &Type<'_>, names: &HashSet<String>) -> Option<Problem> {
    if ty.is_chosen {
        return None;
    }
    let problem = |message, wishes| {
        Some(Problem {
            rule: rules::NUMBERED_NAME,
            message,
            wishes,
        })
    };
    if let Some((base, direction)) = ty.spelled.rsplit_once(['-', '_'])
        && matches!(direction, "Input" | "Output")
    {
        let message = format!(
            "the type `{}` says where it was read, and not what it is",
            ty.name
        );
        let plain = type_name(base);
        let wishes = match direction {
            "Output" => vec![plain],
            _ => vec![format!("{plain}Param"), plain],
        };
        return problem(message, wishes);
    }
    let plain = ty.name.trim_end_matches(|c: char| c.is_ascii_digit());
    let is_second = plain != ty.name && names.contains(plain);
    if ty.named == Some(NUMBER) || is_second {
        let message = format!(
            "the type `{}` has a number, since `{plain}` is another type",
            ty.name
        );
        // The first words of `AgentStatus2` say where, and the last ones what.
        return problem(message, telling(ends(&ty.name, 1)));
    }
    None
}

/// `ListAgentsIncludeItem`, `AgentBranch2`, `Variant0`.
fn position(ty: &Type<'_>) -> Option<Problem> {
    let words = words(&ty.name);
    let last = words.last()?;
    let is_made = ty.named == Some(PLACE);
    let has_number = last.ends_with(|c: char| c.is_ascii_digit());
    // A schema that is called so in the description may be an item: `OrderItem`.
    if ty.is_chosen || !is_position(last) || !(is_made || has_number) {
        return None;
    }
    Some(Problem {
        rule: rules::NUMBERED_NAME,
        message: format!("the type `{}` is named by a position", ty.name),
        wishes: ends(&ty.name, 2),
    })
}

/// A type that several use, named for the first of them.
fn first_come(
    context: &Context<'_>,
    ty: &Type<'_>,
    users: &HashMap<String, IndexSet<String>>,
) -> Option<Problem> {
    if ty.named != Some(PLACE) {
        return None;
    }
    let from = context.document.pointer(&ty.at)?.get(FROM)?.as_str()?;
    let owner = owner(context.document, &Pointer::parse(from)?);
    let users = users.get(ty.at.last()?)?;
    let others = users.iter().filter(|user| **user != owner).count();
    let problem = |message| {
        Some(Problem {
            rule: rules::FIRST_COME_NAME,
            message,
            wishes: telling(ends(&ty.name, 1)),
        })
    };
    if others == 0 && owner.starts_with(ALL_OF) {
        let message = format!(
            "the type `{}` is named for the first operation, and {owner} use it",
            ty.name
        );
        return problem(message);
    }
    let first = users.iter().find(|user| **user != owner)?;
    let more = match others {
        1 => String::new(),
        2 => ", and another does".to_owned(),
        count => format!(", and {} others do", count - 1),
    };
    problem(format!(
        "the type `{}` is named for {owner}, which came first; {first} uses it, too{more}",
        ty.name
    ))
}

/// More letters than anyone wants to write.
fn long(ty: &Type<'_>, renamed: &HashSet<String>) -> Option<Problem> {
    let letters = ty.name.chars().count();
    let mut beginnings = ty.name.char_indices().map(|(end, _)| &ty.name[..end]);
    let is_within = ty.named == Some(PLACE) && beginnings.any(|it| renamed.contains(it));
    if letters <= LONGEST || is_within {
        return None;
    }
    let mut wishes = ends(&ty.name, 2);
    // Types within it have longer names.
    if wishes.first().is_some_and(|it| it.len() <= SPACIOUS) {
        wishes.retain(|it| it.len() <= SPACIOUS);
    }
    // What a person has called so loses as few words as possible.
    if ty.named.is_none() {
        wishes.reverse();
    }
    Some(Problem {
        rule: rules::LONG_NAME,
        message: format!(
            "the type `{}` has a name of {letters} letters; {LONGEST} are the most that fit with a field on a line",
            ty.name
        ),
        wishes,
    })
}

/// Capitals that may be several words, and become one.
fn acronym(ty: &Type<'_>) -> Option<Problem> {
    if ty.is_chosen || ty.named.is_some() {
        return None;
    }
    let mut rest = ty.spelled;
    while let Some(start) = rest.find(|c: char| c.is_ascii_uppercase()) {
        rest = &rest[start..];
        let length = rest.bytes().take_while(u8::is_ascii_uppercase).count();
        let (run, after) = rest.split_at(length);
        let begins_word = after.starts_with(|c: char| c.is_ascii_lowercase());
        let run = &run[..length - usize::from(begins_word)];
        if run.len() >= ACRONYM {
            let (first, second) = run.split_at(run.len() / 2);
            let apart = format!("{first}-{second}-");
            let name = ty.spelled.replacen(run, &apart, 1);
            return Some(Problem {
                rule: rules::ACRONYM,
                message: format!(
                    "the type `{}` has one word for `{run}`, which may be several",
                    ty.name
                ),
                wishes: vec![type_name(&name), type_name(&format!("{name}Type"))],
            });
        }
        rest = after;
    }
    None
}

/// Who refers to each component: operations, path items and components, in words, each once.
fn users(document: &Node) -> HashMap<String, IndexSet<String>> {
    let mut users: HashMap<String, IndexSet<String>> = HashMap::new();
    walk::each(document, Reach::Generated, |node, place| {
        if place.kind == Kind::Schema
            && let Some(name) = reference::referred(node, "schemas")
        {
            let user = owner(document, &place.pointer());
            users.entry(name.to_owned()).or_default().insert(user);
        }
        Then::Within
    });
    users
}

/// What a type that stands here is named for, in words. A path item is named for its operation, if it has one.
fn owner(document: &Node, at: &Pointer) -> String {
    let mut at = at.clone();
    // What is within a type that was made of a place belongs to that place.
    for _ in 0..MOVES {
        let [components, schemas, name, ..] = at.0.as_slice() else {
            break;
        };
        if components != "components" || schemas != "schemas" {
            break;
        }
        let place = reference::place_of("schemas", union_of(name).unwrap_or(name));
        let from = document
            .pointer(&place)
            .and_then(|it| it.get(FROM)?.as_str());
        match from.and_then(Pointer::parse) {
            Some(from) => at = from,
            None => break,
        }
    }
    match at.0.as_slice() {
        [paths, path, rest @ ..] if paths == "paths" => {
            let item = document.pointer(&Pointer(vec![paths.clone(), path.clone()]));
            let has = |method: &&str| item.is_some_and(|item| item.get(method).is_some());
            let mut of_item = METHODS.into_iter().filter(has);
            let only = match (of_item.next(), of_item.next()) {
                (Some(only), None) => Some(only),
                _ => None,
            };
            let method = rest.first().map(String::as_str);
            match method.filter(|it| METHODS.contains(it)).or(only) {
                Some(method) => format!("`{} {path}`", method.to_uppercase()),
                None => format!("{ALL_OF} `{path}`"),
            }
        }
        [_, _, name, ..] => format!("`{}`", union_of(name).unwrap_or(name)),
        _ => "the description".to_owned(),
    }
}
