//! What all rules share: the document, what was found, and following references.

use crate::arrange;
use crate::diagnostic::Diagnostic;
use crate::document::{Node, Pointer};
use crate::overlay;

use super::rules::Rule;

pub(super) struct Context<'a> {
    pub(super) document: &'a Node,
    pub(super) findings: Vec<Diagnostic>,
}

impl<'a> Context<'a> {
    pub(super) fn new(document: &'a Node) -> Self {
        Self {
            document,
            findings: Vec::new(),
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
        let (mut at, mut node) = (at.clone(), node);
        let mut seen = Vec::new();
        while let Some(reference) = node.get("$ref") {
            let name = reference.as_str().and_then(|text| component(text, kind))?;
            if seen.contains(&name) {
                return None;
            }
            seen.push(name);
            at = Pointer(vec![
                "components".to_owned(),
                kind.to_owned(),
                name.to_owned(),
            ]);
            node = self.document.pointer(&at)?;
        }
        Some((at, node))
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

/// The name of the component that a reference leads to, if it is one of this kind.
pub(super) fn component<'a>(reference: &'a str, kind: &str) -> Option<&'a str> {
    let name = reference
        .strip_prefix("#/components/")?
        .strip_prefix(kind)?
        .strip_prefix('/')?;
    (!name.is_empty() && !name.contains('/')).then_some(name)
}
