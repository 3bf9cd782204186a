//! Unions: which branch of ours is which of OTHER's.
//!
//! Two descriptions may list branches in another order, under other names, or inline. A branch is matched by the strongest sign that both have:
//!
//! 1. the value of the tag: `{type: {enum: [url]}}` in both;
//! 2. the name of the component: `$ref: …/UrlSource` in both;
//! 3. the same text, or a trial comparison that finds no difference;
//! 4. the type: the first branch that is a string with the first that is one.
//!
//! A branch that is matched with none is added or removed.

use std::collections::{BTreeMap, BTreeSet};

use super::canonical::{canonical, short};
use super::changes as change;
use super::changes::Uses;
use super::comparison::{Comparison, Here, STEPS, Scope};
use super::part::{Part, component_name};
use super::view::{Union, View, enter};
use crate::openapi::{Node, Pointer, Value};

/// How deep trials may be within trials. Each level multiplies the work by the number of branches.
const TRIALS: usize = 2;
/// How many schemas all trials together may look at. After that, branches are matched without trials.
const ALL_STEPS: usize = 50_000;

/// A branch, and its signs.
struct Branch<'a> {
    part: Part<'a>,
    /// Properties with a single value.
    constants: BTreeMap<&'a str, String>,
    /// The component that it refers to.
    component: Option<String>,
    types: BTreeSet<String>,
    /// Its type in words.
    label: String,
    /// Equal for schemas that say the same, and for few others.
    signature: String,
    /// Its canonical text.
    text: String,
}

impl<'a> Branch<'a> {
    /// Looks through what wraps the branch, and notes its constants.
    fn read(document: &'a Node, part: &Part<'a>) -> Self {
        let entered = enter(document, std::slice::from_ref(part));
        let view = View::of(document, &entered.core);
        let mut constants = BTreeMap::new();
        for (name, parts) in &view.properties {
            let property = View::of(document, &enter(document, parts).core);
            let values: Vec<_> = property.values.into_iter().flatten().collect();
            if let [(_, value)] = values.as_slice() {
                constants.insert(*name, plain(value.node));
            }
        }
        Self {
            part: part.clone(),
            constants,
            component: entered.component,
            types: view.types.clone(),
            label: view.label(),
            signature: signature(&view),
            text: canonical(part.node),
        }
    }

    /// The value of a tag: that of the property, else what the discriminator's mapping says, else the name.
    fn tag(&self, property: &str, discriminator: Option<&Part<'a>>) -> Option<String> {
        if let Some(value) = self.constants.get(property) {
            return Some(value.clone());
        }
        let discriminator = discriminator?;
        let component = self.component.as_deref()?;
        let mapping = discriminator.member("mapping");
        let mut named = mapping.iter().flat_map(Part::named).filter(|(_, target)| {
            let text = target.node.as_str().unwrap_or_default();
            let pointer = Pointer::parse(text);
            text == component || pointer.as_ref().and_then(component_name) == Some(component)
        });
        Some(
            named
                .next()
                .map_or(component, |(value, _)| value)
                .to_owned(),
        )
    }
}

/// A cheap sketch of a schema: equal for schemas that say the same, so that trials are made for few pairs.
fn signature(view: &View<'_>) -> String {
    let names: BTreeSet<&&str> = view.properties.keys().collect();
    let values: Option<Vec<&String>> = view.values.as_ref().map(|it| it.keys().collect());
    let unions: Vec<usize> = view.unions.iter().map(|it| it.branches.len()).collect();
    format!(
        "{:?} {names:?} {:?} {values:?} {unions:?}",
        view.types, view.required
    )
}

/// A value as people write it.
fn plain(node: &Node) -> String {
    match &node.value {
        Value::String(text) => text.clone(),
        _ => short(node),
    }
}

/// A union, its branches read.
struct Read<'a> {
    branches: Vec<Branch<'a>>,
    discriminator: Option<Part<'a>>,
}

impl<'a> Read<'a> {
    /// Reads all branches of a union.
    fn of(document: &'a Node, union: &Union<'a>) -> Self {
        let branches = union.branches.iter();
        Self {
            branches: branches.map(|part| Branch::read(document, part)).collect(),
            discriminator: union.discriminator.clone(),
        }
    }

    /// The property that the discriminator names.
    fn tag_property(&self) -> Option<&'a str> {
        self.discriminator.as_ref()?.text("propertyName")
    }

    /// The value of a property in each branch.
    fn tags(&self, property: &str) -> Vec<Option<String>> {
        let own = (self.tag_property() == Some(property))
            .then_some(self.discriminator.as_ref())
            .flatten();
        let branches = self.branches.iter();
        branches.map(|branch| branch.tag(property, own)).collect()
    }

    /// The properties that tell each branch from all others: the discriminator's first.
    fn telling(&self) -> Vec<&'a str> {
        let Some(first) = self.branches.first() else {
            return Vec::new();
        };
        let mut names: Vec<&str> = self.tag_property().into_iter().collect();
        for name in first.constants.keys() {
            let values = self
                .branches
                .iter()
                .map(|branch| branch.constants.get(name));
            let values: Option<BTreeSet<&String>> = values.collect();
            let is_telling = values.is_some_and(|values| values.len() == self.branches.len());
            if is_telling && !names.contains(name) {
                names.push(name);
            }
        }
        names
    }

    /// Whether no value fits two branches, so that one of them and any of them is the same.
    fn is_exclusive(&self) -> bool {
        let has_one_type = self.branches.iter().all(|branch| branch.types.len() == 1);
        let types = self.branches.iter().flat_map(|branch| &branch.types);
        let types: BTreeSet<&str> = types
            .map(|it| {
                if it == "integer" {
                    "number"
                } else {
                    it.as_str()
                }
            })
            .collect();
        let by_tag = self.telling().into_iter().any(|name| {
            let branches = self.branches.iter();
            let values: BTreeSet<_> = branches.filter_map(|it| it.constants.get(name)).collect();
            values.len() == self.branches.len()
        });
        has_one_type && types.len() == self.branches.len() || by_tag
    }
}

/// Pairs of branches, by index, with what names the pair.
struct Matching {
    pairs: Vec<(usize, usize, String)>,
    ours: Vec<usize>,
    other: Vec<usize>,
}

impl Matching {
    /// Takes two branches out of those that are left.
    fn pair(&mut self, ours: usize, other: usize, name: String) {
        self.ours.retain(|it| *it != ours);
        self.other.retain(|it| *it != other);
        self.pairs.push((ours, other, name));
    }

    /// What is left of OTHER, the same position first: where much is alike, it is the likeliest.
    fn others_for(&self, ours: usize) -> Vec<usize> {
        let mut others = self.other.clone();
        others.sort_by_key(|it| *it != ours);
        others
    }

    /// Pairs what has the same key, if nothing else on either side has it.
    fn by<F, G>(&mut self, of_ours: F, of_other: G)
    where
        F: Fn(usize) -> Option<String>,
        G: Fn(usize) -> Option<String>,
    {
        let mut keys: BTreeMap<String, (Vec<usize>, Vec<usize>)> = BTreeMap::new();
        for index in &self.ours {
            if let Some(key) = of_ours(*index) {
                keys.entry(key).or_default().0.push(*index);
            }
        }
        for index in &self.other {
            if let Some(key) = of_other(*index) {
                keys.entry(key).or_default().1.push(*index);
            }
        }
        for (key, (ours, other)) in keys {
            if let ([ours], [other]) = (ours.as_slice(), other.as_slice()) {
                self.pair(*ours, *other, key);
            }
        }
    }
}

impl<'a> Comparison<'a> {
    /// Compares all unions of two schemas.
    pub(super) fn unions(&mut self, a: &View<'a>, b: &View<'a>, here: &Here) {
        if let ([ours], [other]) = (a.unions.as_slice(), b.unions.as_slice()) {
            self.union(ours, other, here);
            return;
        }
        // Several at once is rare; the first of each keyword belong together.
        let mut left: Vec<Option<&Union<'a>>> = b.unions.iter().map(Some).collect();
        for ours in &a.unions {
            let mut others = left.iter_mut();
            let other = others.find(|it| it.is_some_and(|other| other.keyword == ours.keyword));
            match other.and_then(Option::take) {
                Some(other) => self.union(ours, other, here),
                None => {
                    let message = format!("`{}` in ours only", ours.keyword);
                    self.report(change::KEYWORD, here, message, Some(&ours.part), None);
                }
            }
        }
        for other in left.into_iter().flatten() {
            let message = format!("`{}` in OTHER only", other.keyword);
            self.report(change::KEYWORD, here, message, None, Some(&other.part));
        }
    }

    /// Compares two unions: their keyword and discriminator, the branches that both have, and those that one lacks.
    fn union(&mut self, ours: &Union<'a>, other: &Union<'a>, here: &Here) {
        let (a, b) = (Read::of(self.ours, ours), Read::of(self.other, other));
        // If no value fits two branches, `oneOf` and `anyOf` mean the same.
        if ours.keyword != other.keyword && !(a.is_exclusive() && b.is_exclusive()) {
            let message = format!("`{}` in ours, `{}` in OTHER", ours.keyword, other.keyword);
            let (ours, other) = (Some(&ours.part), Some(&other.part));
            self.report(change::UNION_FORM, here, message, ours, other);
        }
        if a.tag_property() != b.tag_property() {
            let show = |it: &Read<'a>| match it.tag_property() {
                Some(name) => format!("`{name}`"),
                None => "none".to_owned(),
            };
            let message = format!(
                "the discriminator is {} in ours, {} in OTHER",
                show(&a),
                show(&b)
            );
            self.report(
                change::DISCRIMINATOR,
                here,
                message,
                ours.discriminator.as_ref().or(Some(&ours.part)),
                other.discriminator.as_ref().or(Some(&other.part)),
            );
        }
        let matching = self.matching(&a, &b);
        for (ours, other, name) in &matching.pairs {
            let within = here.within(&format!("({name})"));
            let ours = std::slice::from_ref(&a.branches[*ours].part);
            let other = std::slice::from_ref(&b.branches[*other].part);
            self.schema(ours, other, &within);
        }
        let telling: Option<&str> = a.telling().first().or(b.telling().first()).copied();
        for index in matching.ours {
            let branch = &a.branches[index];
            let message = format!("{} is in ours only", name_of(branch, telling, &a));
            let (ours, other) = (Some(&branch.part), Some(&other.part));
            self.report(change::BRANCH_REMOVED, here, message, ours, other);
        }
        for index in matching.other {
            let branch = &b.branches[index];
            let message = format!("{} is in OTHER only", name_of(branch, telling, &b));
            let (ours, other) = (Some(&ours.part), Some(&branch.part));
            self.report(change::BRANCH_ADDED, here, message, ours, other);
        }
    }

    /// Finds pairs by the strongest sign first: a tag, a name, the same text, a trial, the same type in order.
    fn matching(&mut self, a: &Read<'a>, b: &Read<'a>) -> Matching {
        let mut matching = Matching {
            pairs: Vec::new(),
            ours: (0..a.branches.len()).collect(),
            other: (0..b.branches.len()).collect(),
        };
        let (telling, theirs) = (a.telling(), b.telling());
        if let Some(property) = telling.iter().find(|name| theirs.contains(name)) {
            let (ours, other) = (a.tags(property), b.tags(property));
            matching.by(|index| ours[index].clone(), |index| other[index].clone());
        }
        matching.by(
            |index| a.branches[index].component.clone(),
            |index| b.branches[index].component.clone(),
        );
        // The same text most likely means the same, and costs nothing to find. Otherwise a trial decides.
        for ours in matching.ours.clone() {
            let branch = &a.branches[ours];
            let mut others = matching.others_for(ours).into_iter();
            if let Some(other) = others.find(|it| b.branches[*it].text == branch.text) {
                matching.pair(ours, other, branch.label.clone());
            }
        }
        for ours in matching.ours.clone() {
            let branch = &a.branches[ours];
            let mut others = matching.others_for(ours).into_iter();
            let same = others.find(|it| {
                let other = &b.branches[*it];
                other.signature == branch.signature && self.is_same(&branch.part, &other.part)
            });
            if let Some(other) = same {
                matching.pair(ours, other, branch.label.clone());
            }
        }
        // What is left of a type is paired in order.
        for ours in matching.ours.clone() {
            let branch = &a.branches[ours];
            let mut others = matching.others_for(ours).into_iter();
            if let Some(other) = others.find(|it| {
                let other = &b.branches[*it];
                other.label == branch.label && !is_told_apart(branch, other)
            }) {
                matching.pair(ours, other, branch.label.clone());
            }
        }
        matching
    }

    /// Tries whether two branches say the same. If that would take too long, the answer is no.
    fn is_same(&mut self, ours: &Part<'a>, other: &Part<'a>) -> bool {
        if self.trial >= TRIALS {
            return false;
        }
        let pair = (vec![ours.id()], vec![other.id()]);
        if let Some(known) = self.trials.borrow().known.get(&pair) {
            return *known;
        }
        if self.trial == 0 {
            let mut trials = self.trials.borrow_mut();
            trials.all_steps += std::mem::take(&mut trials.steps);
            if trials.all_steps > ALL_STEPS {
                return false;
            }
        }
        let mut trial = Comparison::new(self.ours, self.other);
        trial.trial = self.trial + 1;
        trial.trials = self.trials.clone();
        // What is found is thrown away, so its place does not matter.
        let here = Here::of_operation(Scope::Schema(String::new()), 0).part("", Uses::REQUEST);
        trial.schema(
            std::slice::from_ref(ours),
            std::slice::from_ref(other),
            &here,
        );
        trial.work_off();
        let is_exhausted = self.trials.borrow().steps > STEPS;
        let is_same = trial.found.is_empty() && !is_exhausted;
        if !is_exhausted || self.trial == 0 {
            self.trials.borrow_mut().known.insert(pair, is_same);
        }
        is_same
    }
}

/// Whether constants of the same name say that these two are meant to be different things.
fn is_told_apart(ours: &Branch<'_>, other: &Branch<'_>) -> bool {
    let mut constants = ours.constants.iter();
    constants.any(|(name, value)| other.constants.get(name).is_some_and(|it| it != value))
}

/// What to call a branch that only one side has.
fn name_of(branch: &Branch<'_>, telling: Option<&str>, of: &Read<'_>) -> String {
    if let Some(property) = telling
        && let Some(tag) = branch.tag(property, of.discriminator.as_ref())
    {
        return format!("the branch `{tag}`");
    }
    match &branch.component {
        Some(name) => format!("the branch `{name}`"),
        None => format!("a branch of type {}", branch.label),
    }
}
