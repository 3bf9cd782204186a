//! What all rules share: the document, what was found, and following references.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};

use crate::arrange;
use crate::diagnostic::Diagnostic;
use crate::document::{Node, Pointer};
use crate::overlay;

use super::rules::Rule;

pub(super) struct Context<'a> {
    pub(super) document: &'a Node,
    pub(super) findings: Vec<Diagnostic>,
    /// Where the references to components lead that were followed already, by kind and name. A chain is followed once,
    /// and not again from each of its links.
    followed: RefCell<HashMap<(String, &'a str), Option<Chain<'a>>>>,
    /// References that were followed so far.
    #[cfg(test)]
    pub(super) steps: std::cell::Cell<usize>,
}

/// References one after another.
#[derive(Clone, Copy)]
pub(super) struct Chain<'a> {
    /// The component at the end, which is no reference.
    pub(super) last: &'a str,
    /// How many references lead to it.
    pub(super) length: usize,
}

impl<'a> Context<'a> {
    pub(super) fn new(document: &'a Node) -> Self {
        Self {
            document,
            findings: Vec::new(),
            followed: RefCell::default(),
            #[cfg(test)]
            steps: std::cell::Cell::default(),
        }
    }

    pub(super) fn report(
        &mut self,
        rule: Rule,
        at: &Pointer,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.findings
            .push(Diagnostic::at(self.document, at, rule.name, message, help));
    }

    /// What was found, each said to be where it stood before the description was arranged.
    pub(super) fn into_findings(self) -> Vec<Diagnostic> {
        let mut findings = self.findings;
        for pointer in findings.iter_mut().filter_map(|it| it.pointer.as_mut()) {
            *pointer = arrange::origin(self.document, pointer);
        }
        findings
    }

    /// Follows `$ref`s to a component of this kind (`schemas`, `responses`, …). Nothing where a
    /// reference is wrong, which is a finding of its own.
    pub(super) fn resolve(
        &self,
        at: &Pointer,
        node: &'a Node,
        kind: &str,
    ) -> Option<(Pointer, &'a Node)> {
        let Some(reference) = node.get("$ref") else {
            return Some((at.clone(), node));
        };
        let first = reference.as_str().and_then(|text| component(text, kind))?;
        let at = component_pointer(self.chain(first, kind)?.last, kind);
        let node = self.document.pointer(&at)?;
        Some((at, node))
    }

    /// The chain of references that begins with this component. `None` if it leads nowhere.
    pub(super) fn chain(&self, first: &'a str, kind: &str) -> Option<Chain<'a>> {
        let key = |name: &'a str| (kind.to_owned(), name);
        let mut chain = Vec::new();
        let mut seen = HashSet::new();
        let mut name = first;
        let last = loop {
            if let Some(known) = self.followed.borrow().get(&key(name)) {
                break *known;
            }
            #[cfg(test)]
            self.steps.set(self.steps.get() + 1);
            if !seen.insert(name) {
                break None;
            }
            chain.push(name);
            let Some(node) = self.document.pointer(&component_pointer(name, kind)) else {
                break None;
            };
            let Some(reference) = node.get("$ref") else {
                break Some(Chain {
                    last: name,
                    length: 0,
                });
            };
            match reference.as_str().and_then(|text| component(text, kind)) {
                Some(next) => name = next,
                None => break None,
            }
        };
        let mut followed = self.followed.borrow_mut();
        let mut found = last;
        for name in chain.into_iter().rev() {
            if let Some(chain) = found.as_mut().filter(|chain| chain.last != name) {
                chain.length += 1;
            }
            followed.insert(key(name), found);
        }
        found
    }

    /// An overlay action that changes what stands at `at`, to copy.
    pub(super) fn update(&self, at: &Pointer, update: &str) -> String {
        overlay::update_action(self.document, at, update)
    }

    /// An overlay action that removes what stands at `at`, to copy. An overlay removes objects and
    /// arrays; this is for those.
    pub(super) fn remove(&self, at: &Pointer) -> String {
        overlay::remove_action(self.document, at)
    }
}

fn component_pointer(name: &str, kind: &str) -> Pointer {
    Pointer(vec![
        "components".to_owned(),
        kind.to_owned(),
        name.to_owned(),
    ])
}

/// The name of the component that a reference leads to, if it is one of this kind.
pub(super) fn component<'a>(reference: &'a str, kind: &str) -> Option<&'a str> {
    let name = reference
        .strip_prefix("#/components/")?
        .strip_prefix(kind)?
        .strip_prefix('/')?;
    (!name.is_empty() && !name.contains('/')).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Source;
    use crate::load;

    /// `C0` refers to `C1`, and so on; in this order, or the other way around.
    fn chain(length: usize, backwards: bool) -> Node {
        let link = |number: usize| {
            format!(
                "\"C{number}\": {{\"$ref\": \"#/components/schemas/C{}\"}}",
                number + 1
            )
        };
        let mut links: Vec<String> = (0..length).map(link).collect();
        links.push(format!("\"C{length}\": {{\"type\": \"object\"}}"));
        if backwards {
            links.reverse();
        }
        let text = format!(
            "{{\"components\": {{\"schemas\": {{{}}}}}}}",
            links.join(", ")
        );
        load::parse(&Source::new("d.json", text)).unwrap()
    }

    #[test]
    fn each_link_of_a_chain_is_followed_once() {
        for backwards in [false, true] {
            for length in [1, 100, 200, 400, 10_000] {
                let document = chain(length, backwards);
                let context = Context::new(&document);
                for (name, node) in crate::model::component_schemas(&document) {
                    let at = component_pointer(name, "schemas");
                    let (to, _) = context.resolve(&at, node, "schemas").unwrap();
                    assert_eq!(to.last(), Some(format!("C{length}").as_str()));
                }
                assert!(
                    context.steps.get() <= length + 1,
                    "{} steps",
                    context.steps.get()
                );
                let first = context.chain("C0", "schemas").unwrap();
                assert_eq!(
                    (first.last, first.length),
                    (format!("C{length}").as_str(), length)
                );
            }
        }
    }
}
