//! Types of inline objects. typify names them by their place, and uses an earlier type of the same
//! name without a check: `Agent.tool_rule` and a component `AgentToolRule` would be one type.
//!
//! The arrange stage gives inline schemas names, so this rule is for what it has left.

use std::collections::HashMap;

use super::context::Context;
use super::describe;
use super::fields::members;
use super::operation::Operation;
use super::rules;
use super::schema::{Role, Schema};
use crate::naming::type_name;
use crate::openapi::{Node, Pointer, component_schemas};

/// Goes through the description as typify does, and notes which type has which name.
pub(super) fn check<'a>(context: &mut Context<'a>, operations: &[Operation<'a>]) {
    let mut types = Types {
        context,
        made: HashMap::new(),
    };
    let document = types.context.document;
    let at = Pointer(vec!["components".to_owned(), "schemas".to_owned()]);
    for (name, node) in component_schemas(document) {
        types.made.insert(type_name(name), (at.join(name), node));
    }
    for (name, node) in component_schemas(document) {
        let schema = Schema::new(at.join(name), node, Role::Component);
        if !schema.is_replaced() {
            types.visit(&schema, name, false);
        }
    }
    for operation in operations {
        types.operation(operation);
    }
}

/// The types that typify has made so far.
struct Types<'c, 'a> {
    context: &'c mut Context<'a>,
    /// What each type is made of.
    made: HashMap<String, (Pointer, &'a Node)>,
}

impl<'a> Types<'_, 'a> {
    /// The types of an operation, in the order in which progenitor asks typify for them.
    fn operation(&mut self, operation: &Operation<'a>) {
        let Some(id) = operation.id else { return };
        for parameter in &operation.parameters {
            if let Some(schema) = parameter.node.get("schema") {
                let name = type_name(&format!("{id}-{}", parameter.name));
                self.inline(parameter.at.join("schema"), schema, &name);
            }
        }
        let listed = operation.at.join("requestBody");
        if let Some(body) = operation.node.get("requestBody")
            && let Some((at, body)) = self.context.resolve(&listed, body, "requestBodies")
        {
            self.content(&at, body, &type_name(&format!("{id}-body")));
        }
        // All answers of an operation share one name.
        let name = type_name(&format!("{id}-response"));
        for (listed, response) in members(
            &operation.at.join("responses"),
            operation.node.get("responses"),
        ) {
            if let Some((at, response)) = self.context.resolve(&listed, response, "responses") {
                self.content(&at, response, &name);
            }
        }
    }

    /// The types of all media types.
    fn content(&mut self, holder: &Pointer, node: &'a Node, name: &str) {
        for (at, media) in members(&holder.join("content"), node.get("content")) {
            if let Some(schema) = media.get("schema") {
                self.inline(at.join("schema"), schema, name);
            }
        }
    }

    /// A schema without a name.
    fn inline(&mut self, at: Pointer, node: &'a Node, name: &str) {
        self.visit(&Schema::new(at, node, Role::Inline), name, true);
    }

    /// `name` is what typify would call the schema's type; `is_new` if no component has that name.
    fn visit(&mut self, schema: &Schema<'a>, name: &str, is_new: bool) {
        if schema.node.get("$ref").is_some() {
            return;
        }
        if let [one] = schema.branches("allOf").collect::<Vec<_>>().as_slice() {
            return self.visit(one, name, is_new);
        }
        // Most schemas are plain values, which have no type of their own.
        const PARTS: [&str; 6] = [
            "properties",
            "required",
            "oneOf",
            "allOf",
            "items",
            "additionalProperties",
        ];
        if PARTS.iter().all(|keyword| schema.get(keyword).is_none()) {
            return;
        }
        let ty = type_name(name);
        let has_fields = schema.properties().next().is_some() || schema.required().next().is_some();
        let has_type = has_fields || schema.get("oneOf").is_some() || schema.get("allOf").is_some();
        if is_new && has_type {
            self.claim(&ty, schema);
        }
        let holders = schema.branches("oneOf").chain(schema.branches("allOf"));
        for (property, inner) in std::iter::once(None)
            .chain(holders.map(Some))
            .flat_map(|holder| match holder {
                Some(holder) => holder.properties().collect::<Vec<_>>(),
                None => schema.properties().collect(),
            })
        {
            self.visit(&inner, &format!("{ty}_{}", snake(property)), true);
        }
        if let Some(items) = schema.inner("items") {
            self.visit(&items, &format!("{ty}Item"), true);
        }
        if let Some(values) = schema.inner("additionalProperties") {
            let name = if has_fields {
                format!("{ty}_extraValue")
            } else {
                format!("{name}Value")
            };
            self.visit(&values, &name, true);
        }
    }

    /// Notes that a schema has a name, and reports if another has it that does not say the same.
    fn claim(&mut self, ty: &str, schema: &Schema<'a>) {
        let Some((other, node)) = self.made.get(ty) else {
            self.made
                .insert(ty.to_owned(), (schema.at.clone(), schema.node));
            return;
        };
        if *other == schema.at || node.to_json() == schema.node.to_json() {
            return;
        }
        let message = format!(
            "this inline schema would be called `{ty}`, and so would {}; typify would use that type in its place, without a warning",
            describe::schema(self.context.document, other)
        );
        let help = "move it to `components.schemas` under a name, and refer to it";
        self.context
            .report(rules::TYPE_NAME, &schema.at, message, help);
    }
}

/// As typify spells a property in the name of a type.
fn snake(property: &str) -> String {
    heck::ToSnakeCase::to_snake_case(property)
}
