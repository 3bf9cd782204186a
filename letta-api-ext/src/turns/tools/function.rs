//! A function, whatever its input is.

use std::marker::PhantomData;

use letta_api::{BoxFuture, MaybeSend, MaybeSync};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::output::{Output, ToolOutput};

/// Most characters of a path or a reason that are told to the agent.
const REASON_LIMIT: usize = 300;

/// The arguments do not fit: what the agent is told.
#[derive(Debug)]
pub(super) struct InvalidInput(pub(super) String);

/// A function of a tool.
pub(super) trait Function: MaybeSend + MaybeSync {
    /// Reads the arguments, and calls the function.
    fn call<'a>(&'a self, arguments: &'a str) -> BoxFuture<'a, Result<Output, InvalidInput>>;
}

/// A function with an input of type `T`.
pub(super) struct Typed<F, T> {
    function: F,
    /// Whether the input is `()` or a unit struct.
    is_unit: bool,
    input: PhantomData<fn() -> T>,
}

impl<F, T> Typed<F, T> {
    pub(super) fn new(function: F, is_unit: bool) -> Self {
        Self {
            function,
            is_unit,
            input: PhantomData,
        }
    }
}

impl<F, T, R> Function for Typed<F, T>
where
    F: Fn(T) -> R + MaybeSend + MaybeSync,
    T: DeserializeOwned,
    R: Future<Output: ToolOutput> + MaybeSend,
{
    fn call<'a>(&'a self, arguments: &'a str) -> BoxFuture<'a, Result<Output, InvalidInput>> {
        Box::pin(async move {
            // The input is moved into the function before anything is awaited, so it need not be `Send`.
            let future = (self.function)(read(arguments, self.is_unit)?);
            Ok(future.await.into_output())
        })
    }
}

/// Reads the arguments that a model wrote. Models write nothing, or `null`, if there is nothing to say.
fn read<T: DeserializeOwned>(arguments: &str, is_unit: bool) -> Result<T, InvalidInput> {
    let arguments = match arguments.trim() {
        "" | "null" => "{}",
        arguments => arguments,
    };
    // serde would read a struct from an array too.
    if !arguments.starts_with('{') {
        let told = "The arguments must be a JSON object. Correct them, and call the tool again.";
        return Err(InvalidInput(told.to_owned()));
    }
    if is_unit {
        // Whatever is in the object, nothing is expected.
        let object: Result<serde_json::Map<String, Value>, _> = serde_json::from_str(arguments);
        object.map_err(|error| invalid(&error, None))?;
        return serde_json::from_value(Value::Null).map_err(|error| invalid(&error, None));
    }
    let mut json = serde_json::Deserializer::from_str(arguments);
    let value = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let path = error.path().to_string();
        invalid(error.inner(), Some(path).filter(|path| path != "."))
    })?;
    json.end().map_err(|error| invalid(&error, None))?;
    Ok(value)
}

fn invalid(error: &serde_json::Error, path: Option<String>) -> InvalidInput {
    let reason = without_data(&error.to_string());
    let begin = match error.is_data() {
        true => "The arguments do not fit",
        false => "The arguments are not valid JSON",
    };
    let at = path.map(|path| format!("at `{}`: ", shorten(&path)));
    InvalidInput(format!(
        "{begin}: {}{}. Correct them, and call the tool again.",
        at.unwrap_or_default(),
        shorten(&reason)
    ))
}

fn shorten(text: &str) -> String {
    let mut shown: String = text.chars().take(REASON_LIMIT).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    shown
}

/// serde quotes a text of the wrong type. It may be long, and whoever wrote it knows it.
fn without_data(reason: &str) -> String {
    for kind in ["invalid type: string \"", "invalid value: string \""] {
        let Some(rest) = reason.strip_prefix(kind) else {
            continue;
        };
        if let Some((_, expected)) = rest.rsplit_once("\", expected") {
            let kind = kind.trim_end_matches(['"', ' ']);
            return format!("{kind}, expected{expected}");
        }
    }
    reason.to_owned()
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use serde_json::Value;

    use super::read;

    #[derive(Debug, Deserialize, PartialEq)]
    struct Trip {
        #[serde(default)]
        stops: Vec<Stop>,
        days: Option<u8>,
    }

    #[derive(Debug, Deserialize, PartialEq)]
    struct Stop {
        city: String,
    }

    #[derive(Debug, Deserialize, PartialEq)]
    struct Nothing;

    #[test]
    fn no_arguments_are_an_empty_object() {
        for arguments in ["", " ", "{}", "null", "\n{ }\n"] {
            let trip: Trip = read(arguments, false).unwrap();
            assert_eq!((trip.stops.len(), trip.days), (0, None), "{arguments:?}");
            read::<()>(arguments, true).unwrap();
            read::<Nothing>(arguments, true).unwrap();
        }
        read::<()>(r#"{"unasked": 1}"#, true).unwrap();
        let map: Value = read("", false).unwrap();
        assert_eq!(map, serde_json::json!({}));
    }

    #[test]
    fn what_does_not_fit_is_told_with_the_path_and_without_the_text() {
        let long = format!(r#"{{"days": "{}"}}"#, "secret ".repeat(1000));
        let cases = [
            (
                r#"{"stops": [{"city": "Oslo"}, {"town": "Rome"}]}"#,
                "The arguments do not fit: at `stops[1]`: missing field `city` at line 1 column 45. Correct them, and call the \
                 tool again.",
            ),
            (
                r#"{"days": 300}"#,
                "The arguments do not fit: at `days`: invalid value: integer `300`, expected u8 at line 1 column 12. Correct \
                 them, and call the tool again.",
            ),
            (
                &long,
                "The arguments do not fit: at `days`: invalid type: string, expected u8 at line 1 column 7011. Correct them, \
                 and call the tool again.",
            ),
            (
                "[]",
                "The arguments must be a JSON object. Correct them, and call the tool again.",
            ),
            (r#"{"days": "#, "The arguments are not valid JSON: "),
            (
                "{} {}",
                "The arguments are not valid JSON: trailing characters at line 1 column 4. Correct them, and call the tool again.",
            ),
            (
                "Oslo",
                "The arguments must be a JSON object. Correct them, and call the tool again.",
            ),
        ];
        for (arguments, expected) in cases {
            let told = match read::<Trip>(arguments, false) {
                Ok(_) => panic!("{arguments}"),
                Err(error) => error.0,
            };
            match expected.ends_with(": ") {
                true => assert!(told.starts_with(expected), "{told}"),
                false => assert_eq!(told, expected),
            }
        }
    }

    #[test]
    fn a_long_reason_is_cut() {
        #[derive(Debug, Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Closed {}

        let arguments = format!(r#"{{"{}": 1}}"#, "x".repeat(10_000));
        let told = read::<Closed>(&arguments, false).unwrap_err().0;
        assert!(told.len() < 700, "{}", told.len());
        assert!(told.contains("unknown field"), "{told}");
    }

    #[test]
    fn arguments_that_nest_too_deep_are_told() {
        let deep = format!("{{\"a\":{}", "[".repeat(100_000));
        let told = read::<Value>(&deep, false).unwrap_err().0;
        assert!(told.contains("recursion limit exceeded"), "{told}");
    }
}
