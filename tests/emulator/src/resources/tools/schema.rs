//! The JSON Schema of a tool's arguments, read from its source in Python: the last function, its parameters with their types, and
//! what its documentation says of them.

use serde_json::{Map, Value, json};

/// The schema of the last function of a source.
///
/// # Errors
///
/// What is wrong with the source, as the server says it. The text holds names alone of the source.
pub(crate) fn of_python(source: &str, arguments: Option<&Value>) -> Result<Value, String> {
    let Some(function) = last_function(source) else {
        return Err("No functions found in source code".to_owned());
    };
    let Function {
        name,
        parameters,
        rest,
    } = function.ok_or("Failed to parse source code: invalid syntax")?;
    let name = shown(name).ok_or("Failed to parse source code: invalid syntax")?;
    let text = docstring(rest).ok_or_else(|| format!("Function {name} missing docstring"))?;
    let documentation = Documentation::read(&text);
    let parameters = match arguments {
        Some(arguments) => arguments.clone(),
        None => properties(name, parameters, &documentation)?,
    };
    Ok(json!({
        "name": name,
        "description": documentation.description,
        "parameters": parameters,
    }))
}

/// A name that may be repeated.
fn shown(name: &str) -> Option<&str> {
    let is_name = (1..=64).contains(&name.len())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    is_name.then_some(name)
}

struct Function<'a> {
    name: &'a str,
    parameters: &'a str,
    /// What comes after the parameters.
    rest: &'a str,
}

/// The last function that is not within anything. `Some(None)` if it cannot be read.
fn last_function(source: &str) -> Option<Option<Function<'_>>> {
    let start = match source.rfind("\ndef ") {
        Some(start) => start + 1,
        None if source.starts_with("def ") => 0,
        None => return None,
    };
    let from_name = &source[start + 4..];
    let function = from_name.find('(').and_then(|open| {
        let close = end_of_brackets(&from_name[open..])?;
        Some(Function {
            name: from_name[..open].trim(),
            parameters: &from_name[open + 1..open + close],
            rest: &from_name[open + close + 1..],
        })
    });
    Some(function)
}

/// Where the bracket closes that a text begins with.
fn end_of_brackets(text: &str) -> Option<usize> {
    let mut scan = Scan::default();
    text.char_indices()
        .find(|(_, character)| {
            scan.step(*character);
            scan.depth == 0 && !scan.in_text()
        })
        .map(|(place, _)| place)
}

/// What a character stands in: brackets, or a text in quotes.
#[derive(Default)]
struct Scan {
    depth: usize,
    quote: Option<char>,
    escaped: bool,
}

impl Scan {
    fn in_text(&self) -> bool {
        self.quote.is_some()
    }

    fn step(&mut self, character: char) {
        if let Some(quote) = self.quote {
            match character {
                _ if self.escaped => self.escaped = false,
                '\\' => self.escaped = true,
                _ if character == quote => self.quote = None,
                _ => {}
            }
            return;
        }
        match character {
            '(' | '[' | '{' => self.depth += 1,
            ')' | ']' | '}' => self.depth = self.depth.saturating_sub(1),
            '"' | '\'' => self.quote = Some(character),
            _ => {}
        }
    }
}

/// The parts of a text between the separators that stand neither in brackets nor in quotes.
fn split(text: &str, separator: char) -> Vec<&str> {
    let mut scan = Scan::default();
    let mut parts = Vec::new();
    let mut start = 0;
    for (place, character) in text.char_indices() {
        if character == separator && scan.depth == 0 && !scan.in_text() {
            parts.push(&text[start..place]);
            start = place + character.len_utf8();
        } else {
            scan.step(character);
        }
    }
    parts.push(&text[start..]);
    parts
}

/// The text that a function begins with.
fn docstring(rest: &str) -> Option<String> {
    // After `-> type:`, or after `:`.
    let colon = split(rest, ':').first()?.len();
    let body = rest.get(colon + 1..)?.trim_start();
    let body = body.strip_prefix(['r', 'R']).unwrap_or(body);
    for quotes in ["\"\"\"", "'''", "\"", "'"] {
        if let Some(inner) = body.strip_prefix(quotes) {
            let end = inner.find(quotes)?;
            return Some(inner[..end].to_owned());
        }
    }
    None
}

/// What a docstring in Google's style says.
struct Documentation {
    description: String,
    arguments: Vec<(String, String)>,
}

impl Documentation {
    fn read(text: &str) -> Self {
        let mut description = Vec::new();
        let mut arguments: Vec<(String, String)> = Vec::new();
        let mut section = None;
        let mut indentation = None;
        for line in text.trim().lines() {
            let plain = line.trim();
            if is_section(plain) {
                section = Some(plain);
                indentation = None;
                continue;
            }
            match section {
                None => description.push(plain),
                Some("Args:" | "Arguments:" | "Parameters:") if !plain.is_empty() => {
                    let depth = line.len() - line.trim_start().len();
                    let first = *indentation.get_or_insert(depth);
                    match (depth <= first, argument(plain), arguments.last_mut()) {
                        (true, Some(argument), _) => arguments.push(argument),
                        (_, _, Some((_, text))) => {
                            text.push('\n');
                            text.push_str(plain);
                        }
                        _ => {}
                    }
                }
                Some(_) => {}
            }
        }
        Self {
            description: description.join("\n").trim().to_owned(),
            arguments,
        }
    }

    fn of(&self, parameter: &str) -> Option<&str> {
        let found = self.arguments.iter().find(|(name, _)| name == parameter);
        found
            .map(|(_, text)| &**text)
            .filter(|text| !text.is_empty())
    }
}

fn is_section(line: &str) -> bool {
    matches!(
        line,
        "Args:"
            | "Arguments:"
            | "Parameters:"
            | "Returns:"
            | "Raises:"
            | "Yields:"
            | "Examples:"
            | "Example:"
            | "Note:"
            | "Notes:"
    )
}

/// A line `name: text` or `name (type): text`.
fn argument(line: &str) -> Option<(String, String)> {
    let (name, text) = line.split_once(':')?;
    let name = name.split('(').next().unwrap_or_default().trim();
    Some((shown(name)?.to_owned(), text.trim().to_owned()))
}

fn properties(
    function: &str,
    parameters: &str,
    documentation: &Documentation,
) -> Result<Value, String> {
    let type_error = |text: String| format!("Type error in schema generation: {text}");
    let value_error = |text: String| format!("Value error in schema generation: {text}");
    let mut properties = Map::new();
    let mut required = Vec::new();
    for parameter in split(parameters, ',') {
        let parameter = parameter.trim();
        let declared = split(parameter, '=');
        let declaration = declared.first().copied().unwrap_or_default();
        let (name, kind) = match declaration.split_once(':') {
            Some((name, kind)) => (name.trim(), Some(kind.trim())),
            None => (declaration.trim(), None),
        };
        if matches!(name, "" | "self" | "agent_state" | "*" | "/") || name.starts_with('*') {
            continue;
        }
        let name = shown(name).ok_or("Failed to parse source code: invalid syntax")?;
        let kind = kind.ok_or_else(|| {
            type_error(format!(
                "Parameter '{name}' in function '{function}' lacks a type annotation"
            ))
        })?;
        let description = documentation.of(name).ok_or_else(|| {
            value_error(format!(
                "Parameter '{name}' in function '{function}' lacks a description in the docstring"
            ))
        })?;
        let mut property = of_type(kind).ok_or_else(|| {
            value_error(format!(
                "The type of parameter '{name}' in function '{function}' has no corresponding JSON schema type"
            ))
        })?;
        property.insert("description".to_owned(), json!(description));
        properties.insert(name.to_owned(), Value::Object(property));
        if declared.len() == 1 {
            required.push(name);
        }
    }
    Ok(json!({"type": "object", "properties": properties, "required": required}))
}

/// The schema of a type's values. `None` for types that the service cannot take.
fn of_type(kind: &str) -> Option<Map<String, Value>> {
    let named = |name: &str| {
        let mut schema = Map::new();
        schema.insert("type".to_owned(), json!(name));
        Some(schema)
    };
    let kind = kind.trim();
    let kind = kind.strip_prefix("typing.").unwrap_or(kind);
    let (outer, inner) = match kind.split_once('[') {
        Some((outer, inner)) => (outer.trim(), Some(inner.strip_suffix(']')?)),
        None => (kind, None),
    };
    match (outer, inner) {
        ("int", None) => named("integer"),
        ("str", None) => named("string"),
        ("bool", None) => named("boolean"),
        ("float", None) => named("number"),
        ("dict" | "Dict", _) => named("object"),
        ("Optional", Some(inner)) => of_type(inner),
        ("list" | "List", Some(inner)) => {
            let items = of_type(inner)?;
            let mut schema = named("array")?;
            schema.insert("items".to_owned(), Value::Object(items));
            Some(schema)
        }
        ("Literal", Some(inner)) => {
            let values = split(inner, ',');
            let values: Vec<&str> = values
                .iter()
                .map(|value| value.trim().trim_matches(['"', '\'']))
                .collect();
            let mut schema = named("string")?;
            schema.insert("enum".to_owned(), json!(values));
            Some(schema)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_is_read_with_its_types_and_what_is_said_of_them() {
        let source = r#"
import random

def other(x: int):
    """Not this one."""

def roll(
    sides: int,
    name: str = "a, (b",
    weights: list[float] = [1.0, 2.0],
    mode: Literal["fair", "loaded"] = "fair",
    more: Optional[dict] = None,
) -> str:
    """
    Roll a die.

    It is fair.

    Args:
        sides (int): How many
            there are.
        name: What it: is called.
        weights: Of each.
        mode: How.
        more: Else.

    Returns:
        str: What fell.
    """
    return "4"
"#;
        assert_eq!(
            of_python(source, None).unwrap(),
            json!({
                "name": "roll",
                "description": "Roll a die.\n\nIt is fair.",
                "parameters": {
                    "type": "object",
                    "properties": {
                        "sides": {"type": "integer", "description": "How many\nthere are."},
                        "name": {"type": "string", "description": "What it: is called."},
                        "weights": {"type": "array", "items": {"type": "number"}, "description": "Of each."},
                        "mode": {"type": "string", "enum": ["fair", "loaded"], "description": "How."},
                        "more": {"type": "object", "description": "Else."},
                    },
                    "required": ["sides"],
                },
            })
        );
        let plain = of_python("def hi():\n    'Says hi.'\n", None).unwrap();
        assert_eq!(plain["parameters"]["properties"], json!({}));
        let given = json!({"type": "object"});
        let with_arguments = of_python("def hi(a):\n    'Says hi.'\n", Some(&given)).unwrap();
        assert_eq!(with_arguments["parameters"], given);
    }

    #[test]
    fn what_cannot_be_read_is_refused_by_name() {
        for (source, error) in [
            ("", "No functions found"),
            ("x = 1\n", "No functions found"),
            ("async def f():\n    'A.'", "No functions found"),
            (
                "class A:\n    def f(self):\n        'A.'",
                "No functions found",
            ),
            ("def f(:\n", "invalid syntax"),
            ("def f", "invalid syntax"),
            ("def f g():\n    'A.'", "invalid syntax"),
            (
                "def f(a: int):\n    return 1\n",
                "Function f missing docstring",
            ),
            ("def f()", "Function f missing docstring"),
            ("def f():\n    \"\"\"A.", "Function f missing docstring"),
            (
                "def f(a):\n    \"\"\"A.\n    Args:\n        a: b\n    \"\"\"",
                "'a' in function 'f' lacks a type",
            ),
            (
                "def f(a: int):\n    'A.'",
                "'a' in function 'f' lacks a description",
            ),
            (
                "def f(a: str | None):\n    \"\"\"A.\n    Args:\n        a: b\n    \"\"\"",
                "parameter 'a'",
            ),
            (
                "def f(a: list):\n    \"\"\"A.\n    Args:\n        a: b\n    \"\"\"",
                "parameter 'a'",
            ),
            ("def f(a: List[List[):\n    'A.'", "invalid syntax"),
        ] {
            let found = of_python(source, None).unwrap_err();
            assert!(found.contains(error), "{source}: {found}");
        }
    }
}
