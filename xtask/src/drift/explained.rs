//! What the overlay has to do with differences. Ours is compared without the overlay, and again after its actions.
//!
//! | difference | without the overlay | with it | is |
//! |---|---|---|---|
//! | OTHER has a body on a delete, and the overlay removes ours | not there | there | explained by the action, and not counted |
//! | the description has a wrong type, and the overlay replaces the schema | there | not there | counted, with the action that hides it |
//!
//! A comparison takes a good part of a second, and an overlay may have hundreds of actions. Most of them are about one operation. So
//! actions about different operations are applied together, and compared once: a difference of an operation is due to the
//! action that is about it. If there are other differences, as in a component that an operation no longer uses, the actions are
//! halved until it is plain which one it was.

use std::collections::{HashMap, HashSet};

use indexmap::IndexMap;

use super::comparison::{Item, Key, Scope};
use super::{ByOverlay, Found, find};
use crate::diagnostic::Failure;
use crate::lower::Lowered;
use crate::markers::{IGNORE, is_extension};
use crate::openapi::{METHODS, Node, Span, Value};
use crate::overlay::{self, Action};

/// The differences of one comparison.
type Items = IndexMap<Key, Item>;

/// Adds the differences that the overlay makes to those without it. Returns the action by which each of them comes, and
/// by which each of the others goes.
pub(super) fn ask(
    ours: &Node,
    overlay: &Node,
    other: &Lowered,
    found: &mut Found,
) -> Result<HashMap<Key, ByOverlay>, Failure> {
    // A reference into an operation makes what is in one part of another.
    let together = !leads_into_paths(ours) && !leads_into_paths(overlay);
    let actions = overlay::read(overlay)?;
    let (mut asked, last) = Asked::all(&actions, ours, other, &found.items, together)?;
    let mut by_overlay = HashMap::new();
    let Some(last) = last else {
        return Ok(by_overlay);
    };
    for key in found
        .items
        .keys()
        .filter(|key| !last.items.contains_key(*key))
    {
        if let Some(span) = asked.went.remove(key) {
            by_overlay.insert(key.clone(), ByOverlay::Hidden(span));
        }
    }
    for (key, item) in last.items {
        if !found.items.contains_key(&key)
            && let Some(span) = asked.came.remove(&key)
        {
            by_overlay.insert(key.clone(), ByOverlay::Explained(span));
            found.items.insert(key, item);
        }
    }
    // Notes are about what the generator sees, which is the description with the overlay.
    found.notes = last.notes;
    Ok(by_overlay)
}

/// A description, and its copy in JSON for the paths of actions.
#[derive(Clone)]
struct State {
    document: Node,
    json: serde_json::Value,
}

impl State {
    fn apply(&mut self, actions: &[Action<'_>]) -> Result<(), Failure> {
        actions
            .iter()
            .try_for_each(|action| action.apply(&mut self.document, &mut self.json))
    }
}

/// An action that may make a difference, after others that make none.
struct Step<'a> {
    actions: &'a [Action<'a>],
    span: Span,
    /// The operations that it is about, as differences name them. `None` if it is about something else, too.
    operations: Option<HashSet<Scope>>,
}

impl Step<'_> {
    fn is_about(&self, scope: &Scope) -> bool {
        self.operations
            .as_ref()
            .is_some_and(|it| it.contains(scope))
    }

    /// Whether it can be compared together with another.
    fn is_apart_from(&self, other: &Self) -> bool {
        match (&self.operations, &other.operations) {
            (Some(a), Some(b)) => a.is_disjoint(b),
            _ => false,
        }
    }
}

/// What was found out: the action by which a difference last came, or went.
struct Asked<'a> {
    other: &'a Lowered,
    came: HashMap<Key, Span>,
    went: HashMap<Key, Span>,
    comparisons: usize,
}

impl<'a> Asked<'a> {
    /// Asks for all actions, and returns the last comparison. There is none if no action can make a difference.
    fn all(
        actions: &[Action<'_>],
        ours: &Node,
        other: &'a Lowered,
        without: &Items,
        together: bool,
    ) -> Result<(Self, Option<Found>), Failure> {
        let mut asked = Self {
            other,
            came: HashMap::new(),
            went: HashMap::new(),
            comparisons: 0,
        };
        let mut state = State {
            document: ours.clone(),
            json: ours.to_json(),
        };
        let mut last: Option<Found> = None;
        // Steps that are compared together, and the state before the first of them.
        let mut steps: Vec<Step<'_>> = Vec::new();
        let mut start = state.clone();
        let mut begin = 0;
        for (index, action) in actions.iter().enumerate() {
            if is_of_no_matter(action) {
                state.apply(std::slice::from_ref(action))?;
                continue;
            }
            let mut step = Step {
                actions: &actions[begin..=index],
                span: action.target.span.clone(),
                operations: together.then(|| operations(action, &state.json)).flatten(),
            };
            if !steps.iter().all(|it| it.is_apart_from(&step)) {
                let after = asked.find(&state);
                let before = last.as_ref().map_or(without, |it| &it.items);
                asked.tell(&start, &steps, before, &after.items)?;
                last = Some(after);
                steps.clear();
            }
            if steps.is_empty() {
                start = state.clone();
                step.actions = std::slice::from_ref(action);
            }
            state.apply(std::slice::from_ref(action))?;
            steps.push(step);
            begin = index + 1;
        }
        if !steps.is_empty() {
            let after = asked.find(&state);
            let before = last.as_ref().map_or(without, |it| &it.items);
            asked.tell(&start, &steps, before, &after.items)?;
            last = Some(after);
        }
        Ok((asked, last))
    }

    fn find(&mut self, state: &State) -> Found {
        self.comparisons += 1;
        find(&state.document, self.other)
    }

    /// Says which of the steps each difference came or went by. Halves them as long as that is not plain.
    fn tell(
        &mut self,
        start: &State,
        steps: &[Step<'_>],
        before: &Items,
        after: &Items,
    ) -> Result<(), Failure> {
        let cause = |key: &Key| match steps {
            [step] => Some(step.span.clone()),
            steps => {
                let step = steps.iter().find(|it| it.is_about(&key.scope))?;
                Some(step.span.clone())
            }
        };
        let of = |some: &Items, others: &Items| -> Option<Vec<(Key, Span)>> {
            let only = some.keys().filter(|key| !others.contains_key(*key));
            only.map(|key| Some((key.clone(), cause(key)?))).collect()
        };
        if let (Some(came), Some(went)) = (of(after, before), of(before, after)) {
            self.came.extend(came);
            self.went.extend(went);
            return Ok(());
        }
        let (first, second) = steps.split_at(steps.len() / 2);
        let mut middle = start.clone();
        for step in first {
            middle.apply(step.actions)?;
        }
        let between = self.find(&middle).items;
        self.tell(start, first, before, &between)?;
        self.tell(&middle, second, &between, after)
    }
}

/// The operations that an action is about, if it is about nothing else.
fn operations(action: &Action<'_>, json: &serde_json::Value) -> Option<HashSet<Scope>> {
    let places = action.places(json);
    let operation = |parts: &[String]| match parts {
        [paths, path, method, ..] if paths == "paths" && METHODS.contains(&method.as_str()) => {
            Some(Scope::Operation {
                method: method.to_uppercase(),
                path: path.clone(),
            })
        }
        _ => None,
    };
    places.iter().map(|place| operation(&place.0)).collect()
}

/// Whether a value holds a reference to a part of a path.
fn leads_into_paths(node: &Node) -> bool {
    match &node.value {
        Value::Object(members) => members.iter().any(|(key, entry)| {
            let target = entry.node.as_str().filter(|_| key == "$ref");
            target.is_some_and(|it| it.starts_with("#/paths")) || leads_into_paths(&entry.node)
        }),
        Value::Array(items) => items.iter().any(leads_into_paths),
        _ => false,
    }
}

/// Whether an action adds only markers that no comparison looks at. A comparison for it would take time and find nothing.
fn is_of_no_matter(action: &Action<'_>) -> bool {
    action.update().is_some_and(|update| {
        let members = update.as_object();
        members.is_some_and(|it| it.keys().all(|key| is_extension(key) && key != IGNORE))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load;
    use crate::lower;
    use crate::openapi::Source;

    fn parse(name: &str, text: &str) -> Node {
        load::parse(&Source::new(name, text)).unwrap()
    }

    /// Operations `/0`, `/1` and so on. The body of each is the component `Shared`, and its answer one of its own.
    fn description(count: usize) -> String {
        let mut text = "openapi: 3.0.3\ninfo: {title: T, version: '1'}\npaths:\n".to_owned();
        for n in 0..count {
            text += &format!(
                "  /{n}:\n    post:\n      operationId: o{n}\n      requestBody: {{content: {{application/json: {{schema: {{$ref: '#/components/schemas/Shared'}}}}}}}}\n      responses: {{'200': {{content: {{application/json: {{schema: {{$ref: '#/components/schemas/S{n}'}}}}}}}}}}\n"
            );
        }
        text += "components:\n  schemas:\n    Shared: {type: object, properties: {a: {type: string}}}\n";
        for n in 0..count {
            text += &format!("    S{n}: {{type: object, properties: {{b: {{type: integer}}}}}}\n");
        }
        text
    }

    const COUNT: usize = 12;

    /// Renames all operations, and then takes bodies, an answer and a path away, with changes of components between.
    fn actions() -> Vec<String> {
        let mut actions: Vec<String> = (0..COUNT)
            .map(|n| format!("$.paths['/{n}'].post, update: {{operationId: p{n}, x-codegen-safe-to-repeat: true}}"))
            .collect();
        actions.insert(3, "$, update: {x-codegen-one-error: true}".to_owned());
        actions.push("$.components.schemas.S4.properties.b, update: {type: string}".to_owned());
        actions
            .extend((0..COUNT).map(|n| format!("$.paths['/{n}'].post.requestBody, remove: true")));
        actions.push("$.paths['/5'].post.responses['200'].content, remove: true".to_owned());
        actions.push("$.paths['/5'].post, update: {operationId: q5}".to_owned());
        actions.push("$.paths['/6'], remove: true".to_owned());
        actions.push("$.paths.*.post, update: {deprecated: true}".to_owned());
        actions.push("$.paths['/7'].post, update: {deprecated: false}".to_owned());
        actions
    }

    fn overlay(actions: &[String]) -> Node {
        let mut text = "overlay: 1.0.0\ninfo: {title: t, version: v}\nactions:\n".to_owned();
        for action in actions {
            let (target, change) = action.split_once(", ").unwrap();
            text += &format!("- {{target: \"{target}\", {change}}}\n");
        }
        parse("overlay.yaml", &text)
    }

    /// The lines of the actions by which differences came and went, and how many comparisons that took.
    fn asked(ours: &Node, overlay: &Node, other: &Node, together: bool) -> (Vec<String>, usize) {
        let other = lower::lower(other);
        let without = find(ours, &other).items;
        let actions = overlay::read(overlay).unwrap();
        let (asked, last) = Asked::all(&actions, ours, &other, &without, together).unwrap();
        let line = |how: &str, (key, span): (&Key, &Span)| {
            format!("{how} {:?} {}: {}", key, span.line_column().0, key.message)
        };
        let mut lines: Vec<String> = asked.came.iter().map(|it| line("came", it)).collect();
        lines.extend(asked.went.iter().map(|it| line("went", it)));
        lines.extend(last.unwrap().items.keys().map(|key| format!("{key:?}")));
        lines.sort();
        (lines, asked.comparisons)
    }

    #[test]
    fn actions_about_different_operations_are_told_apart_by_one_comparison() {
        let ours = parse("ours.yaml", &description(COUNT));
        // Another type of each component: where an operation no longer uses one, a difference goes.
        let other = description(COUNT)
            .replace("type: string", "type: boolean")
            .replace("type: integer", "type: number");
        let other = parse("other.yaml", &other);
        let overlay = overlay(&actions());
        let (one_by_one, many) = asked(&ours, &overlay, &other, false);
        let (together, few) = asked(&ours, &overlay, &other, true);
        assert_eq!(together, one_by_one);
        assert_eq!(many, actions().len() - 1);
        assert!(few <= 14, "{few} of {many}");
        for part in ["came", "went", "operation-id", "body-added", "p11", "q5"] {
            assert!(one_by_one.iter().any(|line| line.contains(part)), "{part}");
        }
    }

    #[test]
    fn a_reference_into_a_path_is_noticed_wherever_it_stands() {
        let holds = |text: &str| leads_into_paths(&parse("d.json", text));
        assert!(holds(r##"{"a": [{"b": {"$ref": "#/paths/~1a/get"}}]}"##));
        assert!(!holds(
            r##"{"a": [{"$ref": "#/components/schemas/A"}, "#/paths"], "b": "#/paths/~1a"}"##
        ));
    }
}
