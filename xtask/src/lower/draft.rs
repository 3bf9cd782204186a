//! A schema while it is rewritten. Keywords that the overlay says to ignore are hidden.
//!
//! A rule asks a [`Draft`] for a keyword with `get` or `take`. With `x-codegen-ignore: [if]` in the schema, both answer `None`
//! for `if`, so no rule can refuse it. The keyword stays in the schema, for later stages to ignore as well.

use std::collections::HashSet;

use indexmap::IndexMap;

use crate::openapi::schema::ignored;
use crate::openapi::{Entry, Node, Pointer, Span, Value};

/// A schema that is an object, taken apart.
pub(super) struct Draft {
    /// Where it stands in the document that was given.
    pub(super) at: Pointer,
    /// Its place in the file. What a rule adds is said to stand there, so that a finding about it has a line.
    pub(super) span: Span,
    /// All members, those that are ignored too. Rules look here only to see whether a name is taken.
    pub(super) members: IndexMap<String, Entry>,
    ignored: HashSet<String>,
}

impl Draft {
    /// `None` if the node is not an object.
    pub(super) fn new(at: Pointer, node: Node) -> Option<Self> {
        let ignored = ignored(&node).map(str::to_owned).collect();
        let Node {
            value: Value::Object(members),
            span,
        } = node
        else {
            return None;
        };
        Some(Self {
            at,
            span,
            members,
            ignored,
        })
    }

    /// The schema as it has become.
    pub(super) fn finish(self) -> Node {
        Node {
            value: Value::Object(self.members),
            span: self.span,
        }
    }

    /// Whether a keyword is not ignored.
    pub(super) fn sees(&self, keyword: &str) -> bool {
        !self.ignored.contains(keyword)
    }

    /// A keyword in sight.
    pub(super) fn get(&self, keyword: &str) -> Option<&Node> {
        self.members
            .get(keyword)
            .filter(|_| self.sees(keyword))
            .map(|entry| &entry.node)
    }

    /// A keyword in sight, to change it.
    pub(super) fn get_mut(&mut self, keyword: &str) -> Option<&mut Node> {
        if !self.sees(keyword) {
            return None;
        }
        self.members.get_mut(keyword).map(|entry| &mut entry.node)
    }

    /// Removes a keyword in sight.
    pub(super) fn take(&mut self, keyword: &str) -> Option<Entry> {
        if !self.sees(keyword) {
            return None;
        }
        self.members.shift_remove(keyword)
    }

    /// The keywords in sight.
    pub(super) fn keywords(&self) -> impl Iterator<Item = &str> {
        let keys = self.members.keys().map(String::as_str);
        keys.filter(|key| self.sees(key))
    }

    /// Sets a keyword, said to stand where `span` is.
    pub(super) fn put(&mut self, keyword: &str, value: Value, span: &Span) {
        self.members.insert(keyword.to_owned(), entry(value, span));
    }

    /// Adds a branch to `allOf`. Every branch of that holds, so this is how to say "and also".
    ///
    /// It is the way out if a keyword is taken: a schema with an `enum` that gets a second one has it in a branch.
    pub(super) fn and(&mut self, branch: Node, is_first: bool) {
        let span = branch.span.clone();
        match self.members.get_mut("allOf").map(|it| &mut it.node.value) {
            Some(Value::Array(branches)) if is_first => branches.insert(0, branch),
            Some(Value::Array(branches)) => branches.push(branch),
            _ => self.put("allOf", Value::Array(vec![branch]), &span),
        }
    }
}

/// A member that is said to stand at `span`.
pub(super) fn entry(value: Value, span: &Span) -> Entry {
    Entry {
        key: span.clone(),
        node: node(value, span),
    }
}

/// A value that is said to stand at `span`.
pub(super) fn node(value: Value, span: &Span) -> Node {
    Node {
        value,
        span: span.clone(),
    }
}

/// A schema of one keyword.
pub(super) fn schema_of(keyword: &str, value: Value, span: &Span) -> Node {
    let members = IndexMap::from([(keyword.to_owned(), entry(value, span))]);
    node(Value::Object(members), span)
}
