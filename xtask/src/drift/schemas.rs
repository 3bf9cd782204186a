//! Two schemas, compared by what they say.
//!
//! [`Comparison::schema`] looks through references and wrappers. What belongs to the place is compared there, and the rest (`core`) once
//! for each pair. If the types differ, nothing else is compared: every other keyword would differ, too.

use std::collections::BTreeSet;

use super::canonical::{canonical, short};
use super::changes::{self as change, Change};
use super::comparison::{Comparison, Here, Job, Pair, Scope};
use super::part::Part;
use super::view::{Additional, Entered, View, enter};
use crate::openapi::keywords::OF_THE_USE;
use crate::openapi::limits::SCHEMAS;

/// Keywords that are bounds, and whether a greater value allows more. Absent, the first allow all; the second are 0.
const BOUNDS: [(&str, bool); 8] = [
    ("maximum", true),
    ("maxLength", true),
    ("maxItems", true),
    ("maxProperties", true),
    ("minimum", false),
    ("minLength", false),
    ("minItems", false),
    ("minProperties", false),
];

/// Restrictions that are there or not.
const FLAGS: [&str; 3] = ["uniqueItems", "exclusiveMinimum", "exclusiveMaximum"];

/// The identity of a pair of schemas.
fn pair(ours: &[Part<'_>], other: &[Part<'_>]) -> Pair {
    let ids = |parts: &[Part<'_>]| parts.iter().map(Part::id).collect();
    (ids(ours), ids(other))
}

impl<'a> Comparison<'a> {
    /// Compares what is left to compare.
    pub(super) fn work_off(&mut self) {
        while let Some(job) = self.queue.pop_front() {
            if self.is_over() {
                return;
            }
            self.core(&job.ours, &job.other, &job.here);
        }
    }

    /// Compares two schemas in the places where they are used. A missing schema counts as one that allows everything.
    pub(super) fn schema(&mut self, ours: &[Part<'a>], other: &[Part<'a>], here: &Here) {
        if self.is_over() {
            return;
        }
        if here.depth > SCHEMAS {
            let text = |parts: &[Part<'a>]| -> Vec<String> {
                parts.iter().map(|part| canonical(part.node)).collect()
            };
            if text(ours) != text(other) {
                let message = "nested too deep to be compared, and not written alike";
                self.report(change::KEYWORD, here, message, ours.first(), other.first());
            }
            return;
        }
        let (a, b) = (enter(self.ours, ours), enter(self.other, other));
        let is_named = a.component.is_some() || b.component.is_some();
        // A difference within a component belongs to the component, and not to each place that refers to it. If only OTHER has a name for
        // it, that is the name in the report.
        let inner = match (&a.component, &b.component) {
            (Some(name), _) => here.of_component(Scope::Schema(name.clone())),
            (None, Some(name)) if !matches!(here.scope, Scope::Schema(_)) => {
                here.of_component(Scope::OtherSchema(name.clone()))
            }
            _ => here.clone(),
        };
        self.notes(&a, &b, here, &inner);
        self.null(&a, &b, here, &inner, (ours.first(), other.first()));
        if is_named {
            // Components are compared later, and not by a call here: they may refer to each other in long chains.
            self.queue.push_back(Job {
                ours: a.core,
                other: b.core,
                here: Here { depth: 0, ..inner },
            });
        } else {
            self.core(&a.core, &b.core, &inner);
        }
    }

    /// Compares what belongs to the place of a schema: null, default, `deprecated`, `readOnly`, `writeOnly`.
    fn notes(&mut self, a: &Entered<'a>, b: &Entered<'a>, here: &Here, inner: &Here) {
        for name in OF_THE_USE {
            let (ours, other) = (a.notes.get(name), b.notes.get(name));
            let text = |it: Option<&(Part<'a>, bool)>| {
                let text = it.map(|(part, _)| canonical(part.node));
                // Not to be deprecated is the default.
                text.filter(|text| name == "default" || text != "false")
            };
            if text(ours) == text(other) {
                continue;
            }
            let is_gained_or_lost = ours.is_none() || other.is_none();
            let change = match name {
                "default" if here.is_field && here.is_optional && is_gained_or_lost => {
                    change::FIELD_DEFAULT
                }
                "default" => change::DEFAULT,
                "deprecated" => change::DEPRECATED,
                _ => change::DIRECTION,
            };
            // A note on the reference is about the place. One on the component is about the component.
            let of_place = [ours, other]
                .into_iter()
                .flatten()
                .any(|(_, is_outer)| *is_outer);
            let here = if of_place { here } else { inner };
            let show = |it: Option<&(Part<'a>, bool)>| {
                it.map_or_else(|| "not given".to_owned(), |(part, _)| short(part.node))
            };
            let message = format!(
                "`{name}` is {} in ours, {} in OTHER",
                show(ours),
                show(other)
            );
            self.report(
                change,
                here,
                message,
                ours.map(|(part, _)| part).or(a.core.first()),
                other.map(|(part, _)| part).or(b.core.first()),
            );
        }
    }

    /// Reports whether null is valid in one of the two only. It belongs to the place if a wrapper there says so, else to the schema.
    fn null(
        &mut self,
        a: &Entered<'a>,
        b: &Entered<'a>,
        here: &Here,
        inner: &Here,
        outer: Both<'_, 'a>,
    ) {
        let (ours, other) = (View::of(self.ours, &a.core), View::of(self.other, &b.core));
        // If one of them allows everything, the difference is one of types, which `core` reports.
        if ours.kind().3 || other.kind().3 {
            return;
        }
        let valid = |is: bool| if is { "valid" } else { "not valid" };
        let (is_in_ours, is_in_other) = (
            ours.allows_null || a.wrapper_allows_null,
            other.allows_null || b.wrapper_allows_null,
        );
        if is_in_ours == is_in_other {
            return;
        }
        // An optional field with a default is not an `Option`.
        let is_option = here.is_optional
            && !a.notes.contains_key("default")
            && !b.notes.contains_key("default");
        let change = if is_option {
            change::NULL_OF_OPTIONAL
        } else {
            change::NULL
        };
        let (here, places) = if a.wrapper_allows_null || b.wrapper_allows_null {
            (here, outer)
        } else {
            (inner, (a.core.first(), b.core.first()))
        };
        let message = format!(
            "null is {} in ours, {} in OTHER",
            valid(is_in_ours),
            valid(is_in_other)
        );
        self.report(change, here, message, places.0, places.1);
    }

    /// Compares two schemas that references led to.
    fn core(&mut self, ours: &[Part<'a>], other: &[Part<'a>], here: &Here) {
        if !self.is_new(ours, other, here) {
            return;
        }
        let (a, b) = (View::of(self.ours, ours), View::of(self.other, other));
        let first = (ours.first(), other.first());
        if a.kind() != b.kind() {
            let message = format!("the type is {} in ours, {} in OTHER", a.label(), b.label());
            self.report(
                change::TYPE,
                here,
                message,
                a.type_part.as_ref().or(first.0),
                b.type_part.as_ref().or(first.1),
            );
            return;
        }
        self.values(&a, &b, here, first);
        self.format(&a, &b, here, first);
        self.bounds(&a, &b, here, first);
        self.keywords(&a, &b, here, first);
        self.additional(&a, &b, here, first);
        self.fields(&a, &b, here, first);
        self.required_only(&a, &b, here, first);
        if !a.items.is_empty() || !b.items.is_empty() {
            self.schema(&a.items, &b.items, &here.within("[]"));
        }
        self.unions(&a, &b, here);
        if !a.negated.is_empty() || !b.negated.is_empty() {
            let mut within = here.within("(not)");
            within.is_negated = true;
            self.schema(&a.negated, &b.negated, &within);
        }
    }

    /// Whether a pair has yet to be compared for these uses. Each pair is compared once, which also ends circles.
    fn is_new(&mut self, ours: &[Part<'a>], other: &[Part<'a>], here: &Here) -> bool {
        if self.trial > 0 {
            self.trials.borrow_mut().steps += 1;
        }
        let seen = self.seen.entry(pair(ours, other)).or_default();
        if seen.covers(here.uses) {
            return false;
        }
        *seen = seen.and(here.uses);
        if self.trial == 0 {
            // An inline schema has its place below an operation or a component, whose places are known.
            let outer = |part: &Part<'_>| (here.path.is_empty()).then(|| part.way.pointer());
            self.reached.0.extend(ours.iter().filter_map(outer));
            self.reached.1.extend(other.iter().filter_map(outer));
        }
        true
    }

    /// Compares listed values.
    fn values(&mut self, a: &View<'a>, b: &View<'a>, here: &Here, first: Both<'_, 'a>) {
        match (&a.values, &b.values) {
            (None, None) => {}
            (None, Some(values)) => {
                let message = format!("one of {} in OTHER, any value in ours", list(values.keys()));
                let place = b.values_part.as_ref();
                self.report(change::VALUES_ADDED, here, message, first.0, place);
            }
            (Some(values), None) => {
                let message = format!("one of {} in ours, any value in OTHER", list(values.keys()));
                let place = a.values_part.as_ref();
                self.report(change::VALUES_REMOVED, here, message, place, first.1);
            }
            (Some(ours), Some(other)) => {
                for (value, part) in ours {
                    if !other.contains_key(value) {
                        let message = format!("the value {value} is in ours only");
                        let holder = b.values_part.as_ref();
                        self.report(change::VALUE_REMOVED, here, message, Some(part), holder);
                    }
                }
                for (value, part) in other {
                    if !ours.contains_key(value) {
                        let message = format!("the value {value} is in OTHER only");
                        let holder = a.values_part.as_ref();
                        self.report(change::VALUE_ADDED, here, message, holder, Some(part));
                    }
                }
            }
        }
    }

    /// Reports that a keyword differs, with both values.
    fn differs(
        &mut self,
        change: Change,
        keyword: &str,
        a: &View<'a>,
        b: &View<'a>,
        here: &Here,
        first: Both<'_, 'a>,
    ) {
        let show = |view: &View<'a>| match view.keywords.get(keyword).map(Vec::as_slice) {
            None | Some([]) => "not given".to_owned(),
            Some([part]) => short(part.node),
            Some(_) => view.said(keyword).map(|it| it.0).unwrap_or_default(),
        };
        let message = format!("`{keyword}` is {} in ours, {} in OTHER", show(a), show(b));
        let place = |view: &'_ View<'a>| view.said(keyword).map(|(_, part)| part.clone());
        let (ours, other) = (place(a), place(b));
        self.report(
            change,
            here,
            message,
            ours.as_ref().or(first.0),
            other.as_ref().or(first.1),
        );
    }

    /// Compares formats. Of a number, the format decides the Rust type; of a text, what requests may be.
    fn format(&mut self, a: &View<'a>, b: &View<'a>, here: &Here, first: Both<'_, 'a>) {
        let text = |view: &View<'a>| view.said("format").map(|it| it.0);
        if text(a) == text(b) {
            if sign_differs(a, b) {
                self.differs(change::INTEGER_SIGN, "minimum", a, b, here, first);
            }
            return;
        }
        let change = if a.is("integer") || a.is("number") {
            change::NUMBER_FORMAT
        } else if text(b).is_some() {
            change::FORMAT
        } else {
            change::FORMAT_REMOVED
        };
        self.differs(change, "format", a, b, here, first);
    }

    /// Compares bounds, and tells stricter from looser.
    fn bounds(&mut self, a: &View<'a>, b: &View<'a>, here: &Here, first: Both<'_, 'a>) {
        for (keyword, greater_allows_more) in BOUNDS {
            let text = |view: &View<'a>| {
                let zero = !greater_allows_more && keyword != "minimum";
                let said = view.said(keyword).map(|it| it.0);
                said.filter(|text| !(zero && text == "0"))
            };
            let (ours, other) = (text(a), text(b));
            if ours == other || keyword == "minimum" && sign_differs(a, b) {
                continue;
            }
            let is_looser = match (number(a, keyword), number(b, keyword)) {
                _ if other.is_none() => true,
                (Some(ours), Some(other)) => (other > ours) == greater_allows_more,
                _ => false,
            };
            self.differs(tighter_unless(is_looser), keyword, a, b, here, first);
        }
        for keyword in FLAGS {
            let text = |view: &View<'a>| {
                let said = view.said(keyword).map(|it| it.0);
                said.filter(|text| text != "false")
            };
            if text(a) != text(b) {
                let is_looser = text(b).is_none();
                self.differs(tighter_unless(is_looser), keyword, a, b, here, first);
            }
        }
        for keyword in ["pattern", "multipleOf"] {
            let text = |view: &View<'a>| {
                let said = view.said(keyword).map(|it| it.0);
                said.map(|text| without_needless_escapes(&text))
            };
            if text(a) != text(b) {
                let is_looser = text(b).is_none();
                self.differs(tighter_unless(is_looser), keyword, a, b, here, first);
            }
        }
    }

    /// Keywords that are in no other comparison.
    fn keywords(&mut self, a: &View<'a>, b: &View<'a>, here: &Here, first: Both<'_, 'a>) {
        let is_compared = |keyword: &str| {
            BOUNDS.iter().any(|(it, _)| *it == keyword)
                || FLAGS.contains(&keyword)
                || ["pattern", "multipleOf", "format"].contains(&keyword)
        };
        let all: BTreeSet<&str> = a
            .keywords
            .keys()
            .chain(b.keywords.keys())
            .copied()
            .collect();
        for keyword in all {
            if !is_compared(keyword)
                && a.said(keyword).map(|it| it.0) != b.said(keyword).map(|it| it.0)
            {
                self.differs(change::KEYWORD, keyword, a, b, here, first);
            }
        }
    }

    /// Compares what is said of members that are not declared.
    fn additional(&mut self, a: &View<'a>, b: &View<'a>, here: &Here, first: Both<'_, 'a>) {
        let part = |it: &Additional<'a>| match it {
            Additional::Any => None,
            Additional::None(part) => Some(part.clone()),
            Additional::Schema(parts) => parts.first().cloned(),
        };
        let change = match (a.additional(), b.additional()) {
            (Additional::Any, Additional::Any) | (Additional::None(_), Additional::None(_)) => {
                return;
            }
            (Additional::Schema(ours), Additional::Schema(other)) => {
                self.schema(ours, other, &here.within("{*}"));
                return;
            }
            (Additional::Schema(_), _) | (_, Additional::Schema(_)) => change::ADDITIONAL,
            _ if a.properties.is_empty() || b.properties.is_empty() => change::ADDITIONAL,
            _ => change::CLOSED,
        };
        let message = format!(
            "members that are not declared may be {} in ours, {} in OTHER",
            a.additional().name(),
            b.additional().name()
        );
        let (ours, other) = (part(a.additional()), part(b.additional()));
        self.report(
            change,
            here,
            message,
            ours.as_ref().or(first.0),
            other.as_ref().or(first.1),
        );
    }

    /// Compares the properties of objects.
    fn fields(&mut self, a: &View<'a>, b: &View<'a>, here: &Here, first: Both<'_, 'a>) {
        let mark = |is_required: bool| if is_required { "required" } else { "optional" };
        for (name, ours) in &a.properties {
            let is_required = a.required.contains(name);
            let Some(other) = b.properties.get(name) else {
                let here = here.field(name, !is_required);
                let message = format!("{} in ours, and OTHER lacks it", mark(is_required));
                self.report(change::FIELD_REMOVED, &here, message, ours.first(), first.1);
                continue;
            };
            let is_required_there = b.required.contains(name);
            let here = here.field(name, !is_required && !is_required_there);
            if is_required != is_required_there {
                let change = if is_required {
                    change::FIELD_OPTIONAL
                } else {
                    change::FIELD_REQUIRED
                };
                let message = format!(
                    "{} in ours, {} in OTHER",
                    mark(is_required),
                    mark(is_required_there)
                );
                self.report(change, &here, message, ours.first(), other.first());
            }
            self.schema(ours, other, &here);
        }
        for (name, other) in &b.properties {
            if a.properties.contains_key(name) {
                continue;
            }
            let is_required = b.required.contains(name);
            let change = if is_required {
                change::REQUIRED_FIELD_ADDED
            } else {
                change::FIELD_ADDED
            };
            let here = here.field(name, !is_required);
            let message = format!("{} in OTHER, and ours lacks it", mark(is_required));
            self.report(change, &here, message, first.0, other.first());
        }
    }

    /// Names that are required and declared by neither.
    fn required_only(&mut self, a: &View<'a>, b: &View<'a>, here: &Here, first: Both<'_, 'a>) {
        for name in a.required.symmetric_difference(&b.required) {
            if a.properties.contains_key(name) || b.properties.contains_key(name) {
                continue;
            }
            let is_in_ours = a.required.contains(name);
            let (change, message) = if is_in_ours {
                (
                    change::FIELD_OPTIONAL,
                    "required in ours, not declared, and not in OTHER",
                )
            } else {
                (
                    change::FIELD_REQUIRED,
                    "required in OTHER, not declared, and not in ours",
                )
            };
            self.report(
                change,
                &here.field(name, false),
                message,
                a.required_part.as_ref().or(first.0),
                b.required_part.as_ref().or(first.1),
            );
        }
    }
}

/// The places of the schemas themselves, for a difference that has no place of its own.
type Both<'r, 'a> = (Option<&'r Part<'a>>, Option<&'r Part<'a>>);

/// The change of a bound.
fn tighter_unless(is_looser: bool) -> Change {
    if is_looser {
        change::LOOSER
    } else {
        change::TIGHTER
    }
}

/// Whether one of two integers without format is unsigned for its bound, and the other is not.
fn sign_differs(a: &View<'_>, b: &View<'_>) -> bool {
    let is_unsigned = |view: &View<'_>| number(view, "minimum").is_some_and(|it| it >= 0.0);
    let has_format = |view: &View<'_>| view.keywords.contains_key("format");
    a.is("integer") && !has_format(a) && !has_format(b) && is_unsigned(a) != is_unsigned(b)
}

/// The value of a keyword that is said once and is a number.
fn number(view: &View<'_>, keyword: &str) -> Option<f64> {
    match view.keywords.get(keyword)?.as_slice() {
        [part] => match &part.node.value {
            crate::openapi::Value::Number(number) => number.as_f64(),
            _ => None,
        },
        _ => None,
    }
}

/// A pattern, as a JSON string, with slashes as they are: in JavaScript's literals they are escaped, which means the
/// same.
fn without_needless_escapes(json: &str) -> String {
    let mut text = String::new();
    let mut rest = json;
    while let Some(at) = rest.find(r"\\") {
        let (before, after) = rest.split_at(at);
        text.push_str(before);
        // A backslash of the pattern is two in JSON.
        match after[2..].strip_prefix('/') {
            Some(after) => {
                text.push('/');
                rest = after;
            }
            None => {
                // What is escaped may be a backslash, which escapes nothing then.
                let length = if after[2..].starts_with(r"\\") { 4 } else { 2 };
                text.push_str(&after[..length]);
                rest = &after[length..];
            }
        }
    }
    text + rest
}

/// Values in a line, the first eight of many.
fn list<'t>(texts: impl Iterator<Item = &'t String>) -> String {
    let texts: Vec<&str> = texts.map(String::as_str).collect();
    match texts.as_slice() {
        [some @ .., _, _] if some.len() > 8 => {
            format!("{} and {} more", texts[..8].join(", "), texts.len() - 8)
        }
        _ => texts.join(", "),
    }
}
