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

/// The constant that lists the names of what may be secret. The same holds.
pub const SENSITIVE: &str = "SENSITIVE_NAMES";
/// The feature, and so the file, of the operations that have no tag.
pub const UNTAGGED: &str = "untagged";
/// The feature that turns all others of the description on.
pub const FULL: &str = "full";

/// The method of an operation.
pub fn method_name(operation_id: &str) -> String {
    sanitized(operation_id, str::to_snake_case, "_")
}

/// The name of an operation that the description gives none: the method and the words of the path, with `by-` before a parameter.
pub fn operation_name(method: &str, path: &str) -> String {
    let mut words = vec![method.to_owned()];
    for part in path.split('/').filter(|part| !part.is_empty()) {
        let mut rest = part;
        while let Some((before, after)) = rest.split_once('{') {
            words.extend((!before.is_empty()).then(|| before.to_owned()));
            let (parameter, after) = after.split_once('}').unwrap_or((after, ""));
            words.push(format!("by-{parameter}"));
            rest = after;
        }
        words.extend((!rest.is_empty()).then(|| rest.to_owned()));
    }
    words.join("-")
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

/// Whether a name in generated code is that of a type, and not of a function, a module or a variable. Letters of some languages have no case.
pub fn is_type_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_alphabetic() && !c.is_lowercase())
}

/// Whether OpenAPI lets a component be called so.
pub fn is_component_name(name: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    !name.is_empty() && name.chars().all(allowed)
}

/// Whether the generator finds a component schema of this name, and its type under the name that it makes of it.
pub fn is_name_of_type(name: &str) -> bool {
    is_component_name(name) && name.starts_with(|c: char| c.is_ascii_alphabetic())
}

/// The field of a property.
pub fn field_name(property: &str) -> String {
    sanitized(property, str::to_snake_case, "x")
}

/// The field of a property, or the argument for a parameter, which the overlay may have given a name.
pub fn member_name(name: &str, given: Option<&str>, plain: fn(&str) -> String) -> String {
    given.map_or_else(|| plain(name), str::to_owned)
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

/// Acronyms that names of services hold, in capitals.
const ACRONYMS: [&str; 38] = [
    "AI", "API", "AWS", "CLI", "CPU", "CSS", "CSV", "DB", "DNS", "GPT", "GPU", "HTML", "HTTP",
    "HTTPS", "ID", "IO", "IP", "JSON", "JWT", "LLM", "MCP", "PDF", "REST", "RPC", "SDK", "SQL",
    "SSE", "SSH", "SSL", "SSO", "TCP", "TLS", "UI", "URI", "URL", "UTF", "UUID", "XML",
];

/// A name in which acronyms that follow each other are words: `SseMcpServer` for `SSEMCPServer`. As Rust spells a type, a run of
/// capitals is one word, and `SsemcpServer` would come of it. A plural is one word, too: `AgentIds` for `AgentIDs`.
///
/// Only what can be read in one way is changed: a run that is made of known acronyms to the last letter. All else is left as it is.
///
/// | name | comes out | since |
/// |---|---|---|
/// | `SSEMCPServer` | `SseMcpServer` | `SSE` and `MCP` are known |
/// | `ChatGPTOAuth` | `ChatGptOAuth` | `OAuth` is a word |
/// | `AgentIDs` | `AgentIds` | the plural of `ID` |
/// | `HTTPError` | `HTTPError` | one acronym is a word already |
/// | `ABCXYZThing` | `ABCXYZThing` | not known |
pub fn acronyms_apart(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    let mut rest = name;
    while let Some(start) = rest.find(|c: char| c.is_ascii_uppercase()) {
        out.push_str(&rest[..start]);
        rest = &rest[start..];
        let length = rest.bytes().take_while(u8::is_ascii_uppercase).count();
        let (run, after) = rest.split_at(length);
        let (words, plural) = run_of_acronyms(run, after);
        match words {
            Some(words) => {
                let used: usize = words.iter().map(|word| word.len()).sum();
                for word in words {
                    out.push_str(&word[..1]);
                    out.push_str(&word[1..].to_ascii_lowercase());
                }
                out.push_str(&after[..plural]);
                rest = match plural {
                    0 => &rest[used..],
                    _ => &after[plural..],
                };
                // What is left of the run begins a word: it is not looked at again.
                let left = rest.bytes().take_while(u8::is_ascii_uppercase).count();
                if plural == 0 {
                    out.push_str(&rest[..left]);
                    rest = &rest[left..];
                }
            }
            None => {
                out.push_str(run);
                rest = after;
            }
        }
    }
    out + rest
}

/// The acronyms of a run of capitals, if it is to be changed, and how much of what follows belongs to the last of them.
fn run_of_acronyms<'a>(run: &'a str, after: &str) -> (Option<Vec<&'a str>>, usize) {
    let is_plural = after.strip_prefix('s').is_some_and(|rest| {
        rest.chars()
            .next()
            .is_none_or(|c| !c.is_ascii_lowercase() && c != '\'')
    });
    if is_plural && let Some(words) = acronyms(run) {
        return (Some(words), 1);
    }
    // `OAuth` begins with two capitals that are no acronym.
    if let Some(before) = run.strip_suffix("OA")
        && after.starts_with("uth")
        && let Some(words) = acronyms(before)
    {
        return (Some(words), 0);
    }
    // The last capital begins the next word.
    let before = match after.starts_with(|c: char| c.is_ascii_lowercase()) {
        true => &run[..run.len() - 1],
        false => run,
    };
    (acronyms(before).filter(|words| words.len() > 1), 0)
}

/// What known acronyms a run is made of. `None` if it is not, or can be read in two ways.
fn acronyms(run: &str) -> Option<Vec<&str>> {
    // For each beginning of the run, in how many ways it can be read, and the last word of one of them.
    let mut ways: Vec<(usize, &str)> = vec![(1, "")];
    for end in 1..=run.len() {
        let last = ACRONYMS.iter().filter_map(|word| {
            let before = run[..end].strip_suffix(word)?.len();
            Some((ways[before].0, &run[before..end]))
        });
        let found: Vec<(usize, &str)> = last.filter(|(ways, _)| *ways > 0).collect();
        let count = found
            .iter()
            .fold(0, |sum: usize, (ways, _)| sum.saturating_add(*ways));
        ways.push((count, found.first().map_or("", |(_, word)| word)));
    }
    let mut words = Vec::new();
    let mut end = run.len();
    while end > 0 {
        let (1, word) = ways[end] else { return None };
        words.push(word);
        end -= word.len();
    }
    words.reverse();
    (!words.is_empty()).then_some(words)
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
    fn acronyms_that_run_together_are_words_if_they_are_known() {
        for (name, apart, ty) in [
            ("SSEMCPServer", "SseMcpServer", "SseMcpServer"),
            (
                "UpdateStreamableHTTPMCPServer",
                "UpdateStreamableHttpMcpServer",
                "UpdateStreamableHttpMcpServer",
            ),
            ("StdioMCPServer", "StdioMCPServer", "StdioMcpServer"),
            (
                "ChatGPTOAuthModel",
                "ChatGptOAuthModel",
                "ChatGptOAuthModel",
            ),
            ("OAuth", "OAuth", "OAuth"),
            ("AgentIDs", "AgentIds", "AgentIds"),
            ("IDs", "Ids", "Ids"),
            ("BaseURLsHTTP", "BaseUrlsHTTP", "BaseUrlsHttp"),
            ("HTTPURL", "HttpUrl", "HttpUrl"),
            ("get_HTTPURL_now", "get_HttpUrl_now", "GetHttpUrlNow"),
            // One word, or none that is known.
            ("HTTPError", "HTTPError", "HttpError"),
            ("IDsee", "IDsee", "IDsee"),
            ("ABCXYZThing", "ABCXYZThing", "AbcxyzThing"),
            ("SSEXYZThing", "SSEXYZThing", "SsexyzThing"),
            ("E2BSandbox", "E2BSandbox", "E2bSandbox"),
            ("IPID", "IpId", "IpId"),
            ("", "", "X"),
            ("größeURLID", "größeUrlId", "GrößeUrlId"),
        ] {
            assert_eq!(acronyms_apart(name), apart, "{name}");
            assert_eq!(type_name(apart), ty, "{name}");
        }
        // `HTTPS` and `SE`, or `HTTP` and `SSE`: the first leads nowhere.
        assert_eq!(acronyms_apart("HTTPSSEStream"), "HttpSseStream");
        assert_eq!(acronyms_apart("HTTPSSSHKey"), "HttpsSshKey");
    }

    #[test]
    fn no_run_of_capitals_takes_long() {
        let long = "AIID".repeat(5_000);
        assert_eq!(acronyms_apart(&long), "AiId".repeat(5_000));
        assert_eq!(acronyms_apart(&"A".repeat(20_000)), "A".repeat(20_000));
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

    #[test]
    fn the_name_of_an_operation_is_made_of_the_method_and_the_path() {
        for (method, path, expected) in [
            ("get", "/v1/agents/{agent_id}", "get_v1_agents_by_agent_id"),
            ("post", "/", "post"),
            ("get", "/a/{b}.json", "get_a_by_b_json"),
            ("put", "/{a}:{b}", "put_by_a_by_b"),
        ] {
            assert_eq!(method_name(&operation_name(method, path)), expected);
        }
    }
}
