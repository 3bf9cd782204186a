//! The names in Rust for the names of a description.
//!
//! progenitor and typify make those names. Here the same is done again, so that lints and the model know a name before there is code,
//! and two names that would clash are found.
//!
//! | description | method | type | field |
//! |---|---|---|---|
//! | `agents.list` | `agents_list` | `AgentsList` | `agents_list` |
//! | `type` | `type_` | `Type` | `type_` |
//! | `2fa` | `_2fa` | `X2fa` | `x2fa` |

use heck::{ToKebabCase, ToPascalCase, ToSnakeCase};

/// The field of a branch of an open union that keeps members that the description does not know.
pub const UNKNOWN_MEMBERS: &str = "unknown";
/// The modules of `generated.rs` that do not belong to a tag. No tag may have such a name.
pub const MODULES: [&str; 3] = [SHARED, TYPES, OPERATIONS];

/// The module of the types that several tags reach.
pub const SHARED: &str = "shared";

/// The module of all types.
pub const TYPES: &str = "types";

/// The module of all operations.
pub const OPERATIONS: &str = "operations";
/// The constant that lists all operations. No operation may have this name in capitals.
pub const ALL: &str = "ALL";
/// The feature, and so the file, of the operations that have no tag.
pub const UNTAGGED: &str = "untagged";
/// The feature that turns all others of the description on.
pub const FULL: &str = "full";

/// The method of an operation.
pub fn method_name(operation_id: &str) -> String {
    sanitized(operation_id, str::to_snake_case, "_")
}

/// The method that gives all pages of a list.
pub fn pages_method(operation_id: &str) -> String {
    format!("{}_pages", method_name(operation_id))
}

/// The argument for a parameter.
pub fn argument_name(parameter: &str) -> String {
    sanitized(parameter, str::to_snake_case, "_")
}

/// The type of a component schema.
pub fn type_name(schema: &str) -> String {
    sanitized(schema, str::to_pascal_case, "X")
}

/// The field of a property.
pub fn field_name(property: &str) -> String {
    sanitized(property, str::to_snake_case, "x")
}

/// The feature of a tag.
pub fn feature_name(tag: &str) -> String {
    tag.to_kebab_case()
}

/// The module, and so the file, of a tag with this feature.
pub fn module_name(feature: &str) -> String {
    let name = feature.replace('-', "_");
    if !typify::accept_as_ident(&name) {
        format!("{name}_")
    } else {
        name
    }
}

/// The variants of an enum with these values, in their order. Different values can become the same name, if they differ only in
/// characters that a name cannot have. Then each such character becomes an `X`, as typify does: `<` and `<=` are `X` and `Xx`.
pub fn variant_names(values: &[&str]) -> Vec<String> {
    let plain: Vec<String> = values.iter().map(|value| type_name(value)).collect();
    if all_differ(&plain) {
        return plain;
    }
    let spelled = |value: &&str| type_name(&value.replace(|c| c == '_' || !may_continue(c), "X"));
    values.iter().map(spelled).collect()
}

/// Whether no name is there twice.
pub fn all_differ(names: &[String]) -> bool {
    let mut seen = std::collections::HashSet::new();
    names.iter().all(|name| seen.insert(name))
}

/// What progenitor and typify do to a name: characters that no name may have become dashes, then the case changes, and a
/// keyword or a digit at the beginning is made a name.
fn sanitized(name: &str, to_case: fn(&str) -> String, before_digit: &str) -> String {
    let out = match name {
        "+1" => "plus1".to_owned(),
        "-1" => "minus1".to_owned(),
        _ => to_case(&name.replace('\'', "").replace(|c| !may_continue(c), "-")),
    };
    let out = match out.chars().next() {
        None => to_case("x"),
        Some(first) if may_begin(first) => out,
        Some(_) => format!("{before_digit}{out}"),
    };
    if !typify::accept_as_ident(&out) {
        format!("{out}_")
    } else {
        out
    }
}

/// Whether an identifier may begin so.
fn may_begin(c: char) -> bool {
    c.is_ascii_alphabetic() || (!c.is_ascii() && is_identifier(&c.to_string()))
}

/// Whether an identifier may go on so.
fn may_continue(c: char) -> bool {
    c == '_' || c.is_ascii_alphanumeric() || (!c.is_ascii() && is_identifier(&format!("a{c}")))
}

/// Whether a text can stand as an identifier.
pub fn is_identifier(text: &str) -> bool {
    syn::parse_str::<syn::Ident>(text).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_that_the_generator_makes() {
        for (name, method, ty, field) in [
            ("listAgents", "list_agents", "ListAgents", "list_agents"),
            ("agents.list", "agents_list", "AgentsList", "agents_list"),
            ("type", "type_", "Type", "type_"),
            ("self", "self_", "Self_", "self_"),
            ("2fa", "_2fa", "X2fa", "x2fa"),
            ("it's", "its", "Its", "its"),
            ("+1", "plus1", "plus1", "plus1"),
            ("", "x", "X", "x"),
            ("größe", "größe", "Größe", "größe"),
        ] {
            assert_eq!(method_name(name), method, "{name}");
            assert_eq!(type_name(name), ty, "{name}");
            assert_eq!(field_name(name), field, "{name}");
        }
    }

    #[test]
    fn a_tag_has_a_feature_and_a_module() {
        for (tag, feature, module) in [
            ("agents", "agents", "agents"),
            (
                "clientSideAccessTokens",
                "client-side-access-tokens",
                "client_side_access_tokens",
            ),
            ("_internal_agents", "internal-agents", "internal_agents"),
            ("mcp-servers", "mcp-servers", "mcp_servers"),
            ("type", "type", "type_"),
            ("Two words!", "two-words", "two_words"),
            ("_", "", ""),
        ] {
            assert_eq!(feature_name(tag), feature, "{tag}");
            if !feature.is_empty() {
                assert_eq!(module_name(feature), module, "{tag}");
            }
        }
    }

    #[test]
    fn variants_that_would_be_the_same_are_spelled_out() {
        assert_eq!(variant_names(&["a", "b c"]), ["A", "BC"]);
        assert_eq!(variant_names(&["<", "<="]), ["X", "Xx"]);
        assert!(!all_differ(&variant_names(&["a b", "a-b"])));
    }
}
