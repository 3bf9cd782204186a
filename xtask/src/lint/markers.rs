//! Our own markers, and the extensions of others that progenitor would act on.
//!
//! A marker without effect is an error, wherever it is. `x-codegen-sensitive: true` on a schema that is no property looks as if something were
//! protected, and a marker that was misspelt or has moved with a change of the description does, too.

use std::cell::OnceCell;
use std::collections::{HashMap, HashSet};

use super::context::Context;
use super::describe::{self, Words};
use super::operation::Operation;
use super::rules;
use super::schema::{Role, Schema};
use super::secrets;
use crate::markers::{
    ANSWER, EVENT_END, EVENT_METHOD, EVENT_ONLY, EVENT_PIN, EVENT_STREAM, EXPECTED, FIELD, FOREIGN,
    IGNORE, IN_ANSWERS, MARKER_PREFIX, NAME, NOTHING, ONE_ERROR, OPEN, OPERATIONS, PAGES, REPLACE,
    REQUIRED, SAFE_TO_REPEAT, SENSITIVE, VARIANT_NAMES,
};
use crate::naming::{argument_name, field_name, is_identifier};
use crate::openapi::pages::Pages;
use crate::openapi::schema::{get, ignores, requires};
use crate::openapi::uses::{Uses, uses};
use crate::openapi::walk::{self, Holds, Kind, Reach};
use crate::openapi::{Node, Pointer, Value, keywords, operations};

/// What a marker may be on, by the pointer to it.
struct Holders<'a> {
    schemas: HashMap<&'a Pointer, &'a Schema<'a>>,
    operations: HashMap<&'a Pointer, &'a Operation<'a>>,
    /// What is sent and received, for markers that depend on it.
    uses: OnceCell<HashMap<String, Uses>>,
}

pub(super) fn check(
    context: &mut Context<'_>,
    schemas: &[Schema<'_>],
    operations: &[Operation<'_>],
) {
    let holders = Holders {
        schemas: schemas.iter().map(|it| (&it.at, it)).collect(),
        operations: operations.iter().map(|it| (&it.at, it)).collect(),
        uses: OnceCell::new(),
    };
    let root = &mut Pointer::default();
    scan(
        context,
        root,
        context.document,
        Some(Kind::Description),
        &holders,
        false,
    );
}

/// Goes through the whole document, also through parts that OpenAPI does not define (`kind` is `None`): a marker without
/// effect is an error too, wherever it is. `is_ignored` if an `x-codegen-ignore` further out leaves all of it out: then one within has no effect
/// either, and need not.
fn scan(
    context: &mut Context<'_>,
    at: &mut Pointer,
    node: &Node,
    kind: Option<Kind>,
    holders: &Holders<'_>,
    is_ignored: bool,
) {
    let is_left_out = |key: &str| is_ignored && key == IGNORE;
    for (key, entry) in node.as_object().into_iter().flatten() {
        if is_left_out(key)
            || extension(context, at, key, &entry.node, holders)
            || is_data(kind, key)
        {
            continue;
        }
        let is_ignored = is_ignored || (kind == Some(Kind::Schema) && ignores(node, key));
        at.0.push(key.clone());
        match kind.and_then(|kind| walk::holds(kind, key, Reach::V3_1)) {
            Some(Holds::Named(kind) | Holds::Keyed(kind)) if entry.node.as_object().is_some() => {
                for (name, entry) in entry.node.as_object().into_iter().flatten() {
                    if !extension(context, at, name, &entry.node, holders) {
                        at.0.push(name.clone());
                        scan(context, at, &entry.node, Some(kind), holders, is_ignored);
                        at.0.pop();
                    }
                }
            }
            Some(
                Holds::One(kind) | Holds::List(kind) | Holds::Named(kind) | Holds::Keyed(kind),
            ) => {
                scan(context, at, &entry.node, Some(kind), holders, is_ignored);
            }
            None => scan(context, at, &entry.node, None, holders, is_ignored),
        }
        at.0.pop();
    }
    for (index, item) in node.as_array().into_iter().flatten().enumerate() {
        at.0.push(index.to_string());
        scan(context, at, item, kind, holders, is_ignored);
        at.0.pop();
    }
}

/// Reports what is wrong with a member if it is a marker or a foreign extension, and returns whether it is. A name in a map counts
/// too: a marker in the wrong place is more likely than a property of that name.
fn extension(
    context: &mut Context<'_>,
    at: &Pointer,
    key: &str,
    value: &Node,
    holders: &Holders<'_>,
) -> bool {
    if key.starts_with(MARKER_PREFIX) || key == VARIANT_NAMES {
        if let Some((message, help)) = marker(context, at, key, value, holders) {
            context.report(rules::MARKER, &at.join(key), message, help);
        }
        return true;
    }
    if FOREIGN.contains(&key) {
        context.report(
            rules::FOREIGN_EXTENSION,
            &at.join(key),
            format!("progenitor acts on `{key}` by itself, in ways that the rest of the pipeline does not know"),
            "remove it; for a hand-written type, use `x-codegen-replace`",
        );
        return true;
    }
    false
}

/// Whether a member is data of the service, in which a marker would be part of an example.
fn is_data(kind: Option<Kind>, key: &str) -> bool {
    match key {
        "example" | "examples" => true,
        _ => kind == Some(Kind::Schema) && keywords::is_data(key),
    }
}

type Problem = Option<(String, String)>;

/// Reports what is wrong with a marker on the part at `at`.
fn marker(
    context: &Context<'_>,
    at: &Pointer,
    key: &str,
    value: &Node,
    holders: &Holders<'_>,
) -> Problem {
    let what = describe::schema(context.document, at);
    match (key, holders.schemas.get(at)) {
        (SAFE_TO_REPEAT, _) => safe_to_repeat(value, holders.operations.get(at).copied()),
        (ANSWER, _) => answer(value, holders.operations.get(at).copied()),
        (PAGES, _) => pages(context, value, holders.operations.get(at).copied()),
        (EVENT_METHOD, _) => event_method(value, holders.operations.get(at).copied()),
        (EVENT_PIN, _) => event_pin(value, holders.operations.get(at).copied()),
        (EVENT_ONLY, _) => event_only(value, holders.operations.get(at).copied()),
        (EVENT_END, _) => event_end(context, value, at),
        (ONE_ERROR, _) => one_error(value, at),
        // On the description, the select stage has acted on it and removed it.
        (OPERATIONS, _) => Some((
            format!("`{OPERATIONS}` is not on the description, and has no effect"),
            "move it to the description itself, with the target `$`".to_owned(),
        )),
        (OPEN, Some(schema)) => open(value, schema, what),
        (REPLACE, Some(schema)) => replace(value, schema, what),
        (IGNORE, Some(schema)) => ignore(value, schema, what),
        (SENSITIVE, Some(schema)) => sensitive(context, value, schema, what),
        (SENSITIVE, None) if secrets::is_parameter(at) => sensitive_parameter(context, value, at),
        (IN_ANSWERS, Some(schema)) => in_answers(context, value, schema, what, &holders.uses),
        (FIELD, _) => field(context, value, at),
        (VARIANT_NAMES, Some(schema)) => variant_names(value, schema, what),
        (IGNORE, None) if at.0.is_empty() => ignore_everywhere(value),
        (NAME, Some(schema)) if schema.role == Role::Component => Some((
            format!("`{NAME}` on {what} is no name for a type, or is one that is taken, or changes nothing; it has no effect"),
            "write another name, in CamelCase; or remove it, if the schema is replaced or a reference".to_owned(),
        )),
        (NAME, _) => Some((
            format!("`{NAME}` is not on an inline schema that becomes a type, or the type has another name; it has no effect"),
            "move it to an inline object, enum or union, give all that say the same one name, or remove it".to_owned(),
        )),
        (OPEN | REPLACE | IGNORE | SENSITIVE | IN_ANSWERS | VARIANT_NAMES, None) => Some((
            format!("`{key}` is not on a schema that is generated, and has no effect"),
            "move it to a schema, or remove it".to_owned(),
        )),
        _ => Some((
            format!("there is no marker `{key}`"),
            format!(
                "the markers are `{OPEN}`, `{NAME}`, `{REPLACE}`, `{IGNORE}`, `{SENSITIVE}`, `{IN_ANSWERS}`, `{FIELD}` and `{VARIANT_NAMES}` on schemas, `{SENSITIVE}` and `{FIELD}` on parameters, and `{SAFE_TO_REPEAT}`, `{ANSWER}`, `{PAGES}`, `{EVENT_METHOD}`, `{EVENT_PIN}` and `{EVENT_ONLY}` on operations, and `{OPERATIONS}`, `{ONE_ERROR}` and `{EVENT_END}` on the description"
            ),
        )),
    }
}

/// Belongs on operations.
fn safe_to_repeat(value: &Node, operation: Option<&Operation<'_>>) -> Problem {
    let Some(operation) = operation else {
        return Some((
            format!(
                "`{SAFE_TO_REPEAT}` is not on an operation that is generated, and has no effect"
            ),
            "move it to an operation, or remove it".to_owned(),
        ));
    };
    value.as_bool().is_none().then(|| {
        (
            format!(
                "`{SAFE_TO_REPEAT}` on `{}` is {}",
                operation.label(),
                value.value.kind()
            ),
            "write `true` or `false`".to_owned(),
        )
    })
}

/// Belongs on operations with a success that has content. The arrange stage removes that, and the marker with it.
fn answer(value: &Node, operation: Option<&Operation<'_>>) -> Problem {
    let Some(operation) = operation else {
        return Some((
            format!("`{ANSWER}` is not on an operation that is generated, and has no effect"),
            "move it to an operation, or remove it".to_owned(),
        ));
    };
    if value.as_str() != Some(NOTHING) {
        return Some((
            format!("`{ANSWER}` on `{}` is not `{NOTHING}`", operation.label()),
            format!("write `{NOTHING}`, or remove it"),
        ));
    }
    Some((
        format!(
            "`{ANSWER}` on `{}`, whose successes have no content; it has no effect",
            operation.label()
        ),
        "remove it".to_owned(),
    ))
}

/// Belongs on operations that list something, and names what is there.
fn pages(context: &Context<'_>, value: &Node, operation: Option<&Operation<'_>>) -> Problem {
    let Some(operation) = operation else {
        return Some((
            format!("`{PAGES}` is not on an operation that is generated, and has no effect"),
            "move it to an operation, or remove it".to_owned(),
        ));
    };
    let query = operation.parameters.iter();
    let query = query.filter(|it| it.location == "query");
    let query: Vec<(&str, &Node)> = query.map(|it| (it.name, it.node)).collect();
    let checked =
        Pages::read(value).and_then(|pages| pages.check(context.document, operation.node, &query));
    let problem = checked.err()?;
    let label = operation.label();
    Some((
        format!("`{PAGES}` on `{label}` {}", problem.what),
        problem.help,
    ))
}

/// Belongs on properties of components that are received, where they would be an `Option`.
fn in_answers(
    context: &Context<'_>,
    value: &Node,
    schema: &Schema<'_>,
    what: Words<'_>,
    known: &OnceCell<HashMap<String, Uses>>,
) -> Problem {
    if !matches!(value.as_str(), Some(EXPECTED | REQUIRED)) {
        return Some((
            format!("`{IN_ANSWERS}` on {what} is neither `{EXPECTED}` nor `{REQUIRED}`"),
            format!(
                "write `{EXPECTED}` to read an answer that lacks it, and `{REQUIRED}` to refuse it"
            ),
        ));
    }
    let at: Vec<&str> = schema.at.0.iter().map(String::as_str).collect();
    let [
        "components",
        "schemas",
        component,
        within @ ..,
        "properties",
        property,
    ] = at.as_slice()
    else {
        return Some(no_property(what));
    };
    if !matches!(within, [] | ["allOf", _]) {
        return Some(no_property(what));
    }
    let all = known.get_or_init(|| uses(context.document));
    let uses = all.get(*component).copied().unwrap_or(Uses::ANSWER);
    if !uses.answer {
        return Some((
            format!("`{IN_ANSWERS}` on {what}, which no answer has; it has no effect"),
            "remove it".to_owned(),
        ));
    }
    let owner = schema.at.parent().and_then(|at| at.parent());
    let owner = owner.and_then(|at| context.document.pointer(&at));
    let reason = if owner.is_some_and(|owner| requires(owner, property)) {
        "which is required already"
    } else if get(schema.node, "default").is_some() {
        "which has a default"
    } else if !uses.request && (schema.kind() == Some("array") || is_map(schema)) {
        // In a type that is sent, too, it would be an `Option`.
        "which is empty if an answer lacks it"
    } else {
        return None;
    };
    Some((
        format!("`{IN_ANSWERS}` on {what}, {reason}; it has no effect"),
        "remove it".to_owned(),
    ))
}

/// The marker is not on a property of a component.
fn no_property(what: Words<'_>) -> (String, String) {
    (
        format!(
            "`{IN_ANSWERS}` on {what}, which is not a property of an object among the components; it has no effect"
        ),
        "move it to such a property, or remove it".to_owned(),
    )
}

/// Whether typify makes a map of a schema.
fn is_map(schema: &Schema<'_>) -> bool {
    schema.kind() == Some("object") && schema.properties().next().is_none()
}

/// Belongs on properties and parameters.
fn field(context: &Context<'_>, value: &Node, at: &Pointer) -> Problem {
    let parameter = secrets::is_parameter(at)
        .then(|| context.document.pointer(at))
        .flatten();
    let text = |key: &str| parameter.and_then(|it| it.get(key)?.as_str());
    let of_property = match at.0.as_slice() {
        [.., properties, name] if properties == "properties" => Some(name.as_str()),
        _ => None,
    };
    let (what, name, own) = match (of_property, text("in")) {
        (Some(name), _) => ("the property", name, field_name(name)),
        (None, Some(_)) => {
            let name = text("name").unwrap_or_default();
            ("the parameter", name, argument_name(name))
        }
        (None, None) => {
            return Some((
                format!("`{FIELD}` is not on a property or a parameter, and has no effect"),
                "move it to one, or remove it".to_owned(),
            ));
        }
    };
    let given = value.as_str().unwrap_or_default();
    if given.is_empty() || field_name(given) != given || argument_name(given) != given {
        return Some((
            format!("`{FIELD}` on {what} `{name}` is not a good name for a field"),
            "write it in snake_case, beginning with a letter, and no word that Rust has for itself"
                .to_owned(),
        ));
    }
    (given == own && name.contains(char::is_alphanumeric)).then(|| {
        (
            format!(
                "`{FIELD}` on {what} `{name}` is the name that it has anyway; it has no effect"
            ),
            "write another name, or remove it".to_owned(),
        )
    })
}

/// Belongs on operations that the arrange stage gives a second method.
fn event_method(value: &Node, operation: Option<&Operation<'_>>) -> Problem {
    let Some(operation) = operation.filter(|it| it.node.get(EVENT_STREAM).is_some()) else {
        return Some((
            format!(
                "`{EVENT_METHOD}` is not on an operation that answers with JSON or server-sent events, and has no effect"
            ),
            "move it to such an operation, or remove it".to_owned(),
        ));
    };
    let is_name = |name: &str| name.starts_with(|c: char| c.is_ascii_alphabetic());
    (!value.as_str().is_some_and(is_name)).then(|| {
        (
            format!(
                "`{EVENT_METHOD}` on `{}` is not a good name for a method",
                operation.label()
            ),
            "write a text that begins with a letter, as an `operationId`".to_owned(),
        )
    })
}

/// Belongs on operations that the arrange stage gives a method for events, and names a flag of their bodies.
fn event_pin(value: &Node, operation: Option<&Operation<'_>>) -> Problem {
    let Some((operation, note)) = operation.and_then(|it| Some((it, it.node.get(EVENT_STREAM)?)))
    else {
        return Some((
            format!(
                "`{EVENT_PIN}` is not on an operation that answers with JSON or server-sent events, and has no effect"
            ),
            "move it to such an operation, or remove it".to_owned(),
        ));
    };
    let pinned = note.get("pin").and_then(Node::as_str);
    (pinned.is_none() || pinned != value.as_str()).then(|| {
        (
            format!(
                "`{EVENT_PIN}` on `{}` does not name a boolean property of its JSON body",
                operation.label()
            ),
            "write the name of the property by which the service is asked for events".to_owned(),
        )
    })
}

/// Belongs on the same operations.
fn event_only(value: &Node, operation: Option<&Operation<'_>>) -> Problem {
    if operation.is_none_or(|it| it.node.get(EVENT_STREAM).is_none()) {
        return Some((
            format!(
                "`{EVENT_ONLY}` is not on an operation that answers with JSON or server-sent events, and has no effect"
            ),
            "move it to such an operation, or remove it".to_owned(),
        ));
    }
    (value.as_bool() != Some(true)).then(|| {
        (
            format!("`{EVENT_ONLY}` is not `true`"),
            "write `true`, or remove it".to_owned(),
        )
    })
}

/// Belongs on the description itself, if it has streams of events.
fn event_end(context: &Context<'_>, value: &Node, at: &Pointer) -> Problem {
    let has_streams = || operations(context.document).any(|(_, it)| it.get(EVENT_STREAM).is_some());
    if !at.0.is_empty() || !has_streams() {
        return Some((
            format!(
                "`{EVENT_END}` is not on a description with operations that answer with JSON or server-sent events, and has no effect"
            ),
            "move it to the description itself (`target: $`), or remove it".to_owned(),
        ));
    }
    value.as_str().is_none_or(str::is_empty).then(|| {
        (
            format!("`{EVENT_END}` is not a text"),
            "write the data of the event that ends a stream, such as `'[DONE]'`".to_owned(),
        )
    })
}

/// Belongs on the description itself.
fn one_error(value: &Node, at: &Pointer) -> Problem {
    if !at.0.is_empty() {
        return Some((
            format!("`{ONE_ERROR}` is not on the description itself, and has no effect"),
            "move it to the description itself (`target: $`), or remove it".to_owned(),
        ));
    }
    (value.as_bool() != Some(true)).then(|| {
        (
            format!("`{ONE_ERROR}` is not `true`"),
            "write `true`, or remove it".to_owned(),
        )
    })
}

/// Belongs on enums and unions that have a name.
fn open(value: &Node, schema: &Schema<'_>, what: Words<'_>) -> Problem {
    if value.as_bool().is_none() {
        return Some((
            format!("`{OPEN}` is {}", value.value.kind()),
            "write `true` or `false`".to_owned(),
        ));
    }
    // If the overlay leaves the enum or union out, its markers have no effect either, and need not.
    let has_values = schema.node.get("enum").is_some() || schema.get("oneOf").is_some();
    (schema.role != Role::Component || !has_values).then(|| {
        (
            format!(
                "`{OPEN}` on {what}, which is not an enum or `oneOf` among the components; it has no effect"
            ),
            "move the schema to `components.schemas`, or remove the marker".to_owned(),
        )
    })
}

/// Belongs on components, and names a type.
fn replace(value: &Node, schema: &Schema<'_>, what: Words<'_>) -> Problem {
    if schema.role != Role::Component {
        return Some((
            format!("`{REPLACE}` on {what}, which has no name; it has no effect"),
            "move the schema to `components.schemas`, and refer to it".to_owned(),
        ));
    }
    let form = format!("write `{REPLACE}: {{type: 'crate::Type'}}`");
    let Some(members) = value.as_object() else {
        return Some((format!("`{REPLACE}` is {}", value.value.kind()), form));
    };
    if let Some(key) = members.keys().find(|key| *key != "type") {
        return Some((format!("`{REPLACE}` has no field `{key}`"), form));
    }
    let ty = value.get("type").and_then(Node::as_str);
    match ty {
        None => Some((format!("`{REPLACE}` names no type"), form)),
        Some(ty) if syn::parse_str::<syn::TypePath>(ty).is_err() => {
            Some((format!("`{ty}` is not a path to a Rust type"), form))
        }
        Some(_) => {
            let other = [OPEN, VARIANT_NAMES]
                .into_iter()
                .find(|key| schema.node.get(key).is_some());
            other.map(|other| {
                (
                    format!("{what} is replaced, so that `{other}` on it has no effect"),
                    "keep one of the two".to_owned(),
                )
            })
        }
    }
}

/// Belongs on schemas, and names keywords that they have. A name that is out of date would hide a keyword that is added later.
fn ignore(value: &Node, schema: &Schema<'_>, what: Words<'_>) -> Problem {
    let form = format!("write `{IGNORE}: [keyword]`");
    let Some(items) = value.as_array().filter(|items| !items.is_empty()) else {
        return Some((
            format!("`{IGNORE}` on {what} is not a list of keywords"),
            form,
        ));
    };
    let mut seen = HashSet::new();
    for item in items {
        let Some(keyword) = item.as_str() else {
            return Some((
                format!("`{IGNORE}` on {what} holds {}", item.value.kind()),
                form,
            ));
        };
        if keyword.starts_with(MARKER_PREFIX) {
            return Some((
                format!("`{IGNORE}` on {what} names the marker `{keyword}`"),
                "remove that instead".to_owned(),
            ));
        }
        if schema.node.get(keyword).is_none() {
            return Some((
                format!("{what} has no `{keyword}` to ignore"),
                "remove it from the list, if the description has changed".to_owned(),
            ));
        }
        if !seen.insert(keyword) {
            return Some((
                format!("`{IGNORE}` on {what} names `{keyword}` twice"),
                "keep one".to_owned(),
            ));
        }
    }
    None
}

/// The keywords that the description is marked to ignore and that no schema has.
fn ignore_everywhere(value: &Node) -> Problem {
    let names: Vec<&str> = value
        .as_array()
        .unwrap_or(&[])
        .iter()
        .filter_map(Node::as_str)
        .collect();
    let message = match names.as_slice() {
        [] => format!("`{IGNORE}` on the description is not a list of keywords"),
        names => format!("no schema has `{}` to ignore", names.join("` or `")),
    };
    let help = format!("write `{IGNORE}: [keyword]` with keywords that schemas have");
    Some((message, help))
}

/// Belongs on properties of components, whose `Debug` the refine stage writes.
fn sensitive(context: &Context<'_>, value: &Node, schema: &Schema<'_>, what: Words<'_>) -> Problem {
    let Some(hide) = value.as_bool() else {
        return Some(neither(&what.to_string()));
    };
    if !hide && !secrets::is_asked(context, schema) {
        return Some(not_asked(&what.to_string()));
    }
    let owner = schema.at.parent().and_then(|at| at.parent());
    let owner_is_object = owner
        .and_then(|at| context.document.pointer(&at))
        .is_some_and(|owner| owner.get("type").and_then(Node::as_str) == Some("object"));
    (schema.role != Role::ComponentProperty || !owner_is_object).then(|| {
        (
            format!("`{SENSITIVE}` on {what}, which is not a property of an object among the components; it would still be printed"),
            "move the object to `components.schemas`, or replace the value's schema by a type that redacts".to_owned(),
        )
    })
}

/// Belongs on parameters that are fields of a struct: those that may be left out.
fn sensitive_parameter(context: &Context<'_>, value: &Node, at: &Pointer) -> Problem {
    let parameter = context.document.pointer(at)?;
    let name = parameter.get("name").and_then(Node::as_str);
    let what = format!("the parameter `{}`", name.unwrap_or("?"));
    match value.as_bool() {
        None => Some(neither(&what)),
        Some(_) if !secrets::is_held(parameter) => Some((
            format!("`{SENSITIVE}` on {what}, which no type holds; it has no effect"),
            "remove it: an argument of a method is not printed".to_owned(),
        )),
        Some(false) if !secrets::is_asked_of(context, parameter) => Some(not_asked(&what)),
        Some(_) => None,
    }
}

/// The marker for secrets has a value that it cannot have.
fn neither(what: &str) -> (String, String) {
    (
        format!("`{SENSITIVE}` on {what} is neither `true` nor `false`"),
        "write `true` to hide it, and `false` if it sounds secret and is not".to_owned(),
    )
}

/// The marker denies what nobody would think.
fn not_asked(what: &str) -> (String, String) {
    (
        format!("`{SENSITIVE}: false` on {what}, which does not sound secret; it has no effect"),
        "remove it".to_owned(),
    )
}

/// Belongs on open enums, which the refine stage writes.
fn variant_names(value: &Node, schema: &Schema<'_>, what: Words<'_>) -> Problem {
    if schema.node.get("enum").is_some() && schema.get("enum").is_none() {
        // The enum is left out, and its names with it.
        return None;
    }
    let is_open = schema.get(OPEN).and_then(Node::as_bool) != Some(false);
    let values = schema.items("enum");
    if schema.role != Role::Component || values.is_empty() || !is_open {
        return Some((
            format!(
                "`{VARIANT_NAMES}` on {what}, which is not an open enum among the components; it has no effect"
            ),
            "remove it, or do not mark the enum as closed".to_owned(),
        ));
    }
    let Value::Array(items) = &value.value else {
        return Some((
            format!("`{VARIANT_NAMES}` is {}", value.value.kind()),
            "give a list of names".to_owned(),
        ));
    };
    if items.len() != values.len() {
        return Some((
            format!(
                "`{VARIANT_NAMES}` names {} of {} values",
                items.len(),
                values.len()
            ),
            "give one name for each value, in their order".to_owned(),
        ));
    }
    let mut seen = HashSet::new();
    for item in items {
        let name = item.as_str().unwrap_or_default();
        let begins_well = name.starts_with(|c: char| c.is_ascii_uppercase());
        if !begins_well || !is_identifier(name) || matches!(name, "Self" | "Unknown" | "KNOWN") {
            return Some((
                format!("`{name}` cannot name a variant of {what}"),
                "write it in CamelCase; `Unknown` and `KNOWN` are taken".to_owned(),
            ));
        }
        if !seen.insert(name) {
            return Some((
                format!("`{VARIANT_NAMES}` has `{name}` twice"),
                "names must differ".to_owned(),
            ));
        }
    }
    None
}
