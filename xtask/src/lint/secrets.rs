//! Fields and parameters whose names sound secret, and which would be printed.
//!
//! The name decides, by its words: `api_key`, `apiKey` and `x-api-key` are one. So does the type: a number or a boolean is no secret
//! (`max_tokens`, `hide_token`). A finding is settled by `x-codegen-sensitive: true`, by a type that prints nothing, or by
//! `x-codegen-sensitive: false`, which says that somebody has thought about it.

use std::collections::HashSet;

use heck::ToSnakeCase;

use super::context::Context;
use super::describe;
use super::operation::Operation;
use super::rules;
use super::schema::{Role, Schema};
use crate::markers::{CONSTANT, REPLACE, SENSITIVE};
use crate::openapi::schema::alternatives;
use crate::openapi::{Node, Pointer, limits, reference};

/// Reports each field and parameter that sounds secret and is not settled.
pub(super) fn check(
    context: &mut Context<'_>,
    schemas: &[Schema<'_>],
    operations: &[Operation<'_>],
) {
    for schema in schemas.iter().filter(|schema| !schema.is_replaced()) {
        for (_, property) in schema.properties() {
            if property.node.get(SENSITIVE).is_none() && is_asked(context, &property) {
                field(context, &property);
            }
        }
    }
    let mut seen: HashSet<&Pointer> = HashSet::new();
    for parameter in operations.iter().flat_map(|it| &it.parameters) {
        let node = parameter.node;
        let is_settled = node.get(SENSITIVE).is_some();
        if is_settled
            || !is_held(node)
            || !is_asked_of(context, node)
            || !seen.insert(&parameter.at)
        {
            continue;
        }
        let message = format!(
            "the parameter `{}` sounds secret, and `Debug` of the parameters shows it",
            parameter.name
        );
        let help = advice(context, &parameter.at);
        context.report(rules::SECRET, &parameter.at, message, help);
    }
}

/// Whether a property sounds secret, and may be it.
pub(super) fn is_asked(context: &Context<'_>, property: &Schema<'_>) -> bool {
    let name = property.at.last().unwrap_or_default();
    sounds_secret(name, &owner_words(property)) && may_hold_text(context.document, property.node, 0)
}

/// The same of a parameter.
pub(super) fn is_asked_of(context: &Context<'_>, parameter: &Node) -> bool {
    let name = parameter.get("name").and_then(Node::as_str);
    let schema = parameter.get("schema");
    sounds_secret(name.unwrap_or_default(), &[])
        && schema.is_none_or(|it| may_hold_text(context.document, it, 0))
}

/// Whether a parameter is a field of a struct. One in a path, and one that is required, is a plain argument of a method.
pub(super) fn is_held(parameter: &Node) -> bool {
    parameter.get("in").and_then(Node::as_str) != Some("path")
        && parameter.get("required").and_then(Node::as_bool) != Some(true)
}

/// Whether a parameter is at this place.
pub(super) fn is_parameter(at: &Pointer) -> bool {
    match at.0.as_slice() {
        [first, .., list, _] => list == "parameters" && (first == "paths" || at.0.len() == 3),
        _ => false,
    }
}

fn field(context: &mut Context<'_>, property: &Schema<'_>) {
    let what = describe::schema(context.document, &property.at).to_string();
    let message = format!("{what} sounds secret, and `Debug` shows it");
    let help = match property.role {
        Role::ComponentProperty => advice(context, &property.at),
        _ => "move the object to `components.schemas`, and mark the property there".to_owned(),
    };
    context.report(rules::SECRET, &property.at, message, help);
}

fn advice(context: &Context<'_>, at: &Pointer) -> String {
    format!(
        "hide it with {}; if it is no secret, say so with `{SENSITIVE}: false`",
        context.update_place(at, &format!("{SENSITIVE}: true"))
    )
}

/// Words that are secrets, if a name ends with them.
const SECRETS: [&str; 26] = [
    "apikey",
    "auth",
    "authorization",
    "bearer",
    "cookie",
    "cookies",
    "credential",
    "credentials",
    "creds",
    "dsn",
    "env",
    "environ",
    "envs",
    "headers",
    "jwt",
    "passcode",
    "passphrase",
    "passwd",
    "password",
    "passwords",
    "pwd",
    "secret",
    "secrets",
    "token",
    "accesstoken",
    "authtoken",
];

/// Pairs of words that are secrets, if a name ends with them.
const PAIRS: [(&str, &[&str]); 8] = [
    (
        "key",
        &[
            "access",
            "account",
            "api",
            "auth",
            "decryption",
            "encryption",
            "host",
            "license",
            "master",
            "private",
            "secret",
            "service",
            "shared",
            "signing",
            "ssh",
            "storage",
            "subscription",
            "webhook",
        ],
    ),
    (
        "keys",
        &[
            "access",
            "api",
            "auth",
            "encryption",
            "private",
            "secret",
            "signing",
            "ssh",
        ],
    ),
    (
        "tokens",
        &[
            "access", "api", "auth", "bearer", "id", "refresh", "secret", "session",
        ],
    ),
    ("vars", &["env", "environment", "tool"]),
    ("variables", &["env", "environment", "tool"]),
    ("json", &["vars", "variables", "secrets", "credentials"]),
    ("string", &["connection"]),
    ("header", &["auth", "authorization"]),
];

/// Endings that change nothing about a secret: `api_key_enc` is an encrypted key, and `token_value` a token.
const TRANSPARENT: [&str; 9] = [
    "enc",
    "encrypted",
    "b64",
    "base64",
    "value",
    "values",
    "plain",
    "plaintext",
    "raw",
];

/// A token of these kinds is a word of a model, or leads to a page.
const PLAIN_TOKENS: [&str; 23] = [
    "after",
    "before",
    "bos",
    "completion",
    "continuation",
    "continue",
    "cursor",
    "end",
    "eos",
    "mask",
    "next",
    "pad",
    "page",
    "pagination",
    "prev",
    "previous",
    "sep",
    "skip",
    "start",
    "stop",
    "sync",
    "termination",
    "unk",
];

/// Whether a name sounds like that of a secret. `owner` are the words of the type that it is in: the `value` of an environment
/// variable is one.
fn sounds_secret(name: &str, owner: &[String]) -> bool {
    let snake = name.to_snake_case();
    let mut words: Vec<&str> = snake.split('_').filter(|it| !it.is_empty()).collect();
    // How it is written says nothing of what it is. A name of nothing else is that of the type's content.
    while let [_, .., last] = words.as_slice()
        && TRANSPARENT.contains(last)
    {
        words.pop();
    }
    let Some((last, before)) = words.split_last() else {
        return false;
    };
    let previous = before.last().copied().unwrap_or_default();
    if before.is_empty() && matches!(*last, "value" | "values" | "plaintext") {
        return holds_secret(owner);
    }
    let is_of_model = || owner.iter().any(|it| it.starts_with("logprob"));
    if *last == "token" && (before.iter().any(|it| PLAIN_TOKENS.contains(it)) || is_of_model()) {
        return false;
    }
    SECRETS.contains(last)
        || PAIRS
            .iter()
            .any(|(word, firsts)| word == last && firsts.contains(&previous))
}

/// Whether a type is a secret with something about it: an environment variable, a credential.
fn holds_secret(owner: &[String]) -> bool {
    let has = |word: &str| owner.iter().any(|it| it == word);
    has("secret")
        || has("secrets")
        || has("credential")
        || has("credentials")
        || has("password")
        || has("environment") && (has("variable") || has("variables"))
        || has("env") && (has("var") || has("vars"))
}

/// The words of the component that has this property, if one has.
fn owner_words(property: &Schema<'_>) -> Vec<String> {
    let owner = property.at.parent().and_then(|it| it.parent());
    let name = owner.as_ref().and_then(Pointer::last);
    let name = name.filter(|_| property.role == Role::ComponentProperty);
    let snake = name.unwrap_or_default().to_snake_case();
    snake.split('_').map(str::to_owned).collect()
}

/// Whether a value of this schema may have a text that the description does not know. Not a number, a truth value, an enum, a text of one value, or
/// a type of ours that is called a secret.
fn may_hold_text(document: &Node, schema: &Node, depth: usize) -> bool {
    if depth > limits::LOOK_THROUGH {
        return true;
    }
    let schema = reference::last(document, schema);
    if let Some(replaced) = schema.get(REPLACE) {
        let ty = replaced
            .get("type")
            .and_then(Node::as_str)
            .unwrap_or_default();
        return !ty
            .rsplit("::")
            .next()
            .unwrap_or_default()
            .contains("Secret");
    }
    if schema.get("enum").is_some() || schema.get(CONSTANT).is_some() {
        return false;
    }
    if let Some((_, branches)) = alternatives(schema) {
        return branches
            .iter()
            .any(|it| may_hold_text(document, it, depth + 1));
    }
    if let Some([one]) = schema.get("allOf").and_then(Node::as_array) {
        return may_hold_text(document, one, depth + 1);
    }
    match schema.get("type").and_then(Node::as_str) {
        Some("integer" | "number" | "boolean") => false,
        Some("array") => schema
            .get("items")
            .is_none_or(|it| may_hold_text(document, it, depth + 1)),
        Some("object") => {
            let values = schema.get("additionalProperties");
            let is_map = schema.get("properties").is_none();
            match values {
                Some(values) if is_map && values.as_object().is_some() => {
                    may_hold_text(document, values, depth + 1)
                }
                _ => true,
            }
        }
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_sounds_secret_by_its_words() {
        for name in [
            "api_key",
            "apiKey",
            "API_KEY",
            "X-Api-Key",
            "apikey",
            "api_key_enc",
            "openai_api_key",
            "access_key",
            "secret_access_key",
            "aws_secret_access_key",
            "secret",
            "client_secret",
            "secrets",
            "token",
            "auth_token",
            "authToken",
            "refresh_token",
            "access_token",
            "id_token",
            "access_tokens",
            "token_enc",
            "token_value",
            "password",
            "db_password",
            "passphrase",
            "credential",
            "credentials",
            "authorization",
            "Authorization",
            "proxy-authorization",
            "auth",
            "basic_auth",
            "auth_header",
            "private_key",
            "ssh_private_key",
            "env",
            "environment_variables",
            "env_vars",
            "tool_exec_environment_variables",
            "tool_variables",
            "env_vars_json",
            "headers",
            "custom_headers",
            "request_headers",
            "Cookie",
            "connection_string",
            "webhook_secret",
            "signing_key",
            "encryption_key",
            "jwt",
        ] {
            assert!(sounds_secret(name, &[]), "{name}");
        }
        for name in [
            "token_count",
            "max_tokens",
            "prompt_tokens",
            "total_tokens",
            "completion_tokens",
            "tokens",
            "cached_input_tokens",
            "next_page_token",
            "page_token",
            "nextToken",
            "continuation_token",
            "pageToken",
            "eos_token",
            "termination_token",
            "stop_token",
            "secret_id",
            "secret_name",
            "token_id",
            "token_type",
            "key",
            "keys",
            "key_id",
            "public_key",
            "idempotency_key",
            "sort_key",
            "primary_key",
            "block_key",
            "auth_type",
            "auth_url",
            "auth_method",
            "authorization_url",
            "password_hint",
            "password_reset_url",
            "author",
            "authors",
            "authority",
            "tokenizer",
            "token_usage",
            "tokens_per_second",
            "environment",
            "environment_id",
            "envelope",
            "header",
            "header_row",
            "monkey",
            "value",
            "values",
            "encoding",
            "secretary",
            "api_key_id",
            "api_key_name",
            "api_version",
            "return_token_ids",
            "token_limit",
            "variables",
            "template_variables",
            "is_secret",
            "has_password",
            "",
            "_",
        ] {
            // What says whether something is secret is a truth value, and settled by its type.
            let is_flag = matches!(name, "is_secret" | "has_password");
            assert_eq!(sounds_secret(name, &[]), is_flag, "{name}");
        }
    }

    #[test]
    fn what_a_value_or_a_token_is_its_owner_says() {
        let owner = |name: &str| -> Vec<String> {
            name.to_snake_case().split('_').map(str::to_owned).collect()
        };
        for (name, ty, secret) in [
            ("value", "AgentEnvironmentVariable", true),
            ("value_enc", "SandboxEnvironmentVariable", true),
            ("value", "Secret", true),
            ("plaintext", "Credential", true),
            ("key", "AgentEnvironmentVariable", false),
            ("value", "Block", false),
            ("value", "Environment", false),
            ("value", "Variable", false),
            // A piece of a text, as a model sees it.
            ("token", "TokenLogprob", false),
            ("token", "ChoiceLogprobs", false),
            ("token", "Login", true),
        ] {
            assert_eq!(sounds_secret(name, &owner(ty)), secret, "{ty}.{name}");
        }
    }
}
