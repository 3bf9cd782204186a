//! What all rules share: the document, the findings, following references, and writing advice.

use crate::arrange;
use crate::diagnostic::Diagnostic;
use crate::openapi::reference::{self, References};
use crate::openapi::{Node, Pointer, Value};
use crate::overlay;

use super::origins::Origins;
use super::rules::Rule;

/// What rules look at, and where they report.
pub(super) struct Context<'a> {
    /// The description, lowered and arranged.
    pub(super) document: &'a Node,
    /// Where parts were before lower and arrange, for overlay actions.
    origins: &'a Origins<'a>,
    pub(super) findings: Vec<Diagnostic>,
    pub(super) references: References<'a>,
}

impl<'a> Context<'a> {
    /// Nothing found yet.
    pub(super) fn new(document: &'a Node, origins: &'a Origins<'a>) -> Self {
        Self {
            document,
            origins,
            findings: Vec::new(),
            references: References::of(document),
        }
    }

    /// Adds a finding.
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

    /// Adds a finding whose first action changes what is sent or read, if `changes` holds. `cargo xtask init` does not follow it: see
    /// [`Wire`](crate::diagnostic::Wire).
    pub(super) fn report_change(
        &mut self,
        changes: bool,
        rule: Rule,
        at: &Pointer,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        let finding = Diagnostic::at(self.document, at, rule.name, message, help);
        self.findings.push(match changes {
            true => finding.changing_the_wire(),
            false => finding,
        });
    }

    /// Adds a finding of a slip, about a place of the description as it was given. `cargo xtask init` leaves it to a person.
    pub(super) fn report_given_slip(
        &mut self,
        rule: Rule,
        at: &Pointer,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        let finding = Diagnostic::at(self.given(), at, rule.name, message, help);
        self.findings.push(finding.of_a_slip());
    }

    /// The description as it was given.
    pub(super) fn given(&self) -> &'a Node {
        self.origins.given()
    }

    /// The findings, with the places that parts had before the description was arranged.
    pub(super) fn into_findings(self) -> Vec<Diagnostic> {
        let mut findings = self.findings;
        for pointer in findings.iter_mut().filter_map(|it| it.pointer.as_mut()) {
            *pointer = arrange::origin(self.document, pointer);
        }
        findings
    }

    /// Follows `$ref`s to a component of this kind (`schemas`, `responses`, …). `None` if a reference is wrong, which another
    /// rule reports.
    pub(super) fn resolve(
        &self,
        at: &Pointer,
        node: &'a Node,
        kind: &str,
    ) -> Option<(Pointer, &'a Node)> {
        self.references.resolve(at, node, kind)
    }

    /// Whether the description has this component, as it was given.
    pub(super) fn has_component(&self, kind: &str, name: &str) -> bool {
        let at = reference::place_of(kind, name);
        self.origins.given().pointer(&at).is_some()
    }

    /// Whether what stands at `at` has this member in the description as it was given.
    pub(super) fn is_given(&self, at: &Pointer, member: &str) -> bool {
        self.given_member(at, member).is_some()
    }

    /// The text of this member in the description as it was given.
    pub(super) fn given_text(&self, at: &Pointer, member: &str) -> Option<&'a str> {
        self.given_member(at, member)?.as_str()
    }

    fn given_member(&self, at: &Pointer, member: &str) -> Option<&'a Node> {
        let given = self.origins.given();
        given
            .pointer(&self.origins.of(self.document, at))?
            .get(member)
    }

    /// An overlay action that changes the value at `at`, to copy.
    pub(super) fn update(&self, at: &Pointer, update: &str) -> String {
        let given = self.origins.given();
        let arranged = at;
        let at = self.origins.of(self.document, arranged);
        let node = given.pointer(&at);
        if let Some(action) = self.ignore_in_branches(arranged, &at, update) {
            return action;
        }
        let update = &with_null(given, node, update);
        if let Some(Value::Bool(_)) = node.map(|node| &node.value)
            && let (Some(holder), Some(key)) = (at.parent(), at.last())
        {
            // A boolean in place of a schema has no keywords; `true` is any JSON.
            let any = format!("{}: true", overlay::yaml_text(key));
            return overlay::update_action(given, &holder, &any);
        }
        let kind = node.and_then(|node| node.get("type"));
        let is_list = kind.is_some_and(|kind| kind.as_array().is_some());
        if is_list && update.starts_with("type: ") {
            // An overlay cannot replace a list in one action: it removes the list, and adds a value anew.
            return format!(
                "{} and then {}",
                overlay::remove_action(given, &at.join("type")),
                overlay::update_action(given, &at, update)
            );
        }
        let action = overlay::update_action(given, &at, update);
        // Of a list whose schemas become one, the schema of the rest is another.
        if let [before @ .., list, _] = at.0.as_slice()
            && list == "prefixItems"
        {
            let rest = Pointer(before.to_vec()).join("items");
            if given.pointer(&rest).and_then(Node::as_object).is_some() {
                let rest = overlay::update_action(given, &rest, update);
                return format!("{action} and then {rest}");
            }
        }
        action
    }

    /// An update that ignores keywords which stood in several branches of an `allOf`, before those became one schema: an action for each
    /// branch, with the keywords that it has. `None` if all stand in the schema that the update is for.
    fn ignore_in_branches(&self, arranged: &Pointer, at: &Pointer, update: &str) -> Option<String> {
        const IGNORES: &str = "x-codegen-ignore: [";
        let given = self.origins.given();
        let (before, rest) = update.split_once(IGNORES)?;
        let names = rest.strip_suffix(']')?;
        let own = given.pointer(at)?;
        let mut kept: Vec<&str> = Vec::new();
        let mut elsewhere: Vec<(Pointer, Vec<&str>)> = Vec::new();
        for name in names.split(", ") {
            let keyword = name.trim_matches(['\'', '"']);
            let holder = match own.get(keyword) {
                Some(_) => None,
                None => self.origins.holder(self.document, arranged, keyword),
            };
            match holder {
                None => kept.push(name),
                Some(holder) => match elsewhere.iter_mut().find(|(it, _)| *it == holder) {
                    Some((_, names)) => names.push(name),
                    None => elsewhere.push((holder, vec![name])),
                },
            }
        }
        if elsewhere.is_empty() {
            return None;
        }
        let own = match kept.as_slice() {
            [] => before.trim_end_matches([',', ' ']).to_owned(),
            kept => format!("{before}{IGNORES}{}]", kept.join(", ")),
        };
        let own = (!own.is_empty()).then(|| overlay::update_action(given, at, &own));
        let others = elsewhere.iter().map(|(holder, names)| {
            let update = format!("{IGNORES}{}]", names.join(", "));
            overlay::update_action(given, holder, &update)
        });
        let actions: Vec<String> = own.into_iter().chain(others).collect();
        Some(actions.join(" and then "))
    }

    /// The same for what belongs to a place, and not to the schema that is there: the property, whatever null was beside it.
    pub(super) fn update_place(&self, at: &Pointer, update: &str) -> String {
        let given = self.origins.given();
        let place = arrange::origin(self.document, at);
        match given
            .pointer(&place)
            .is_some_and(|node| node.as_object().is_some())
        {
            true => overlay::update_action(given, &place, update),
            false => self.update(at, update),
        }
    }

    /// An action that leaves the enum of a schema out. The lower stage makes one of `type: null`, too.
    pub(super) fn without_enum(&self, at: &Pointer) -> String {
        let given = self.origins.given();
        let is_made = given
            .pointer(&self.origins.of(self.document, at))
            .and_then(Node::as_object)
            .is_some_and(|members| members.contains_key("type") && members.contains_key("enum"))
            && self
                .document
                .pointer(at)
                .and_then(|it| it.get("type"))
                .is_none();
        let keywords = if is_made { "type, enum" } else { "enum" };
        self.update(at, &format!("x-codegen-ignore: [{keywords}]"))
    }

    /// An overlay action that removes the value at `at`, to copy. It must be an object or an array, since an overlay can remove
    /// nothing else.
    pub(super) fn remove(&self, at: &Pointer) -> String {
        let at = self.origins.of(self.document, at);
        overlay::remove_action(self.origins.given(), &at)
    }
}

/// In OpenAPI 3.1, null among the values of an enum has to be among the types, too.
fn with_null(given: &Node, node: Option<&Node>, update: &str) -> String {
    let version = given.get("openapi").and_then(Node::as_str);
    let values = node.and_then(|it| it.get("enum")?.as_array());
    let has_null = values.is_some_and(|values| values.iter().any(Node::is_null));
    match update.strip_prefix("type: ") {
        Some(rest) if has_null && version.is_some_and(|it| it.starts_with("3.1.")) => {
            let (kind, more) = rest.split_once(',').unwrap_or((rest, ""));
            let more = more.trim_start();
            let comma = if more.is_empty() { "" } else { ", " };
            format!("type: [{kind}, 'null']{comma}{more}")
        }
        _ => update.to_owned(),
    }
}
