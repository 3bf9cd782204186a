//! A comparison in progress: what was found, what was seen, and what is still to be compared.
//!
//! Components are compared from a queue, each pair once. A union needs to know whether two branches say the same before it can
//! report anything. So there are *trials*: comparisons within the comparison, which stop at the first difference and report nothing.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet, VecDeque};
use std::rc::Rc;

use indexmap::IndexMap;

use super::Place;
use super::changes::{Breaks, Change, KEYWORD, Uses};
use super::part::Part;
use crate::openapi::{Node, Pointer};

/// What a difference belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    /// An operation of ours, its path as ours spells it.
    Operation {
        /// The HTTP method, in capitals.
        method: String,
        /// The path, its parameters in braces.
        path: String,
    },
    /// A component schema of ours, under its name.
    Schema(String),
    /// A component schema of OTHER, which ours has without a name.
    OtherSchema(String),
    /// An operation that ours lacks.
    OtherOperation {
        /// The HTTP method, in capitals.
        method: String,
        /// The path, its parameters in braces.
        path: String,
    },
}

impl Scope {
    /// Where it comes in the report, before the position of an operation.
    pub(super) fn rank(&self) -> (u8, &str) {
        match self {
            Self::Operation { .. } => (0, ""),
            Self::Schema(name) => (1, name),
            Self::OtherSchema(name) => (2, name),
            Self::OtherOperation { .. } => (3, ""),
        }
    }
}

/// The identity of a difference. The same difference found in another place adds that place, and is not reported twice.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Key {
    pub(super) scope: Scope,
    pub(super) at: String,
    pub(super) change: &'static str,
    pub(super) message: String,
}

/// A difference, found in one or several places.
#[derive(Clone, Debug)]
pub(super) struct Item {
    pub(super) change: Change,
    pub(super) uses: Uses,
    /// The position of the operation, for the order of the report. It is not part of the key, since an overlay may change it.
    pub(super) position: usize,
    pub(super) tags: Vec<String>,
    /// Where, in ours and in OTHER.
    pub(super) places: Vec<(Option<Place>, Option<Place>)>,
}

/// Where the comparison is, for the report.
#[derive(Clone, Debug)]
pub(super) struct Here {
    pub(super) scope: Scope,
    /// The position of the operation in its document; 0 for components.
    pub(super) position: usize,
    /// The part of an operation; empty within components.
    pub(super) base: String,
    /// The way from there.
    pub(super) path: String,
    /// Whether what is here is sent or received.
    pub(super) uses: Uses,
    /// Whether this is an optional field or parameter, whose type is an `Option` in any case.
    pub(super) is_optional: bool,
    /// Whether this is a field of an object.
    pub(super) is_field: bool,
    /// Whether it is within `not`.
    pub(super) is_negated: bool,
    /// How many schemas this is in since the last component.
    pub(super) depth: usize,
}

impl Here {
    /// The start of an operation.
    pub(super) fn of_operation(scope: Scope, position: usize) -> Self {
        Self {
            scope,
            position,
            base: String::new(),
            path: String::new(),
            uses: Uses::default(),
            is_optional: false,
            is_field: false,
            is_negated: false,
            depth: 0,
        }
    }

    /// A part of the operation that this is.
    pub(super) fn part(&self, base: impl Into<String>, uses: Uses) -> Self {
        Self {
            base: base.into(),
            uses,
            ..self.clone()
        }
    }

    /// The start of a component.
    pub(super) fn of_component(&self, scope: Scope) -> Self {
        Self {
            scope,
            position: 0,
            base: String::new(),
            path: String::new(),
            ..self.clone()
        }
    }

    /// A place within: `[]`, `{*}`, `(agent)`.
    pub(super) fn within(&self, suffix: &str) -> Self {
        Self {
            path: format!("{}{suffix}", self.path),
            is_optional: false,
            is_field: false,
            depth: self.depth + 1,
            ..self.clone()
        }
    }

    /// A field of an object.
    pub(super) fn field(&self, name: &str, is_optional: bool) -> Self {
        let dot = if self.path.is_empty() { "" } else { "." };
        Self {
            is_optional,
            is_field: true,
            ..self.within(&format!("{dot}{name}"))
        }
    }

    /// The way from the scope, as reports have it.
    fn at(&self) -> String {
        match (self.base.as_str(), self.path.as_str()) {
            (base, "") => base.to_owned(),
            ("", path) => path.to_owned(),
            (base, path) => format!("{base}: {path}"),
        }
    }
}

/// Two schemas to compare; each may be several that all hold.
pub(super) struct Job<'a> {
    pub(super) ours: Vec<Part<'a>>,
    pub(super) other: Vec<Part<'a>>,
    pub(super) here: Here,
}

/// How many schemas one trial may look at.
pub(super) const STEPS: usize = 1000;

/// A pair of schemas, each by the addresses of its parts.
pub(super) type Pair = (Vec<usize>, Vec<usize>);

/// What trial comparisons share with the real one.
#[derive(Default)]
pub(super) struct Trials {
    /// The results of trials. A pair is tried once.
    pub(super) known: HashMap<Pair, bool>,
    /// Schemas that were looked at in the trial under way.
    pub(super) steps: usize,
    /// The same of all trials that are over.
    pub(super) all_steps: usize,
}

/// The state of a comparison.
pub(super) struct Comparison<'a> {
    pub(super) ours: &'a Node,
    pub(super) other: &'a Node,
    /// The differences so far, in the order in which they were found.
    pub(super) found: IndexMap<Key, Item>,
    /// The pairs that were compared, and for which uses: a difference that is compatible in an answer may break a request.
    pub(super) seen: HashMap<Pair, Uses>,
    pub(super) queue: VecDeque<Job<'a>>,
    /// How many trials this comparison is in. 0 for the real one.
    pub(super) trial: usize,
    pub(super) trials: Rc<RefCell<Trials>>,
    /// Parts of OTHER that were looked at, and of ours.
    pub(super) reached: (HashSet<Pointer>, HashSet<Pointer>),
}

impl<'a> Comparison<'a> {
    /// A comparison that has not begun.
    pub(super) fn new(ours: &'a Node, other: &'a Node) -> Self {
        Self {
            ours,
            other,
            found: IndexMap::new(),
            seen: HashMap::new(),
            queue: VecDeque::new(),
            trial: 0,
            trials: Rc::default(),
            reached: Default::default(),
        }
    }

    /// Whether a trial is over: one difference is enough, and so is too long a trial.
    pub(super) fn is_over(&self) -> bool {
        self.trial > 0 && (!self.found.is_empty() || self.trials.borrow().steps > STEPS)
    }

    /// Adds a difference, or another place to one that is known.
    pub(super) fn report(
        &mut self,
        change: Change,
        here: &Here,
        message: impl Into<String>,
        ours: Option<&Part<'_>>,
        other: Option<&Part<'_>>,
    ) {
        // Within `not`, a looser schema refuses more. That is not worked out, so any difference there counts as breaking.
        let change = match change.breaks {
            Breaks::Always => change,
            _ if here.is_negated => KEYWORD,
            _ => change,
        };
        let key = Key {
            scope: here.scope.clone(),
            at: here.at(),
            change: change.name,
            message: message.into(),
        };
        let item = self.found.entry(key).or_insert_with(|| Item {
            change,
            uses: Uses::default(),
            position: here.position,
            tags: Vec::new(),
            places: Vec::new(),
        });
        item.uses = item.uses.and(here.uses);
        let places = (ours.map(Place::of), other.map(Place::of));
        if !item.places.contains(&places) {
            item.places.push(places);
        }
    }
}
