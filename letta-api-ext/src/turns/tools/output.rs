//! What a tool returns, as the agent gets it.

use std::borrow::Cow;
use std::fmt::{self, Display};

use letta_api::types::{TextContent, ToolReturnContentPart, ToolReturnStatus, ToolReturnValue};
use serde::Serialize;

/// What a function may return to the agent.
///
/// | type | what the agent gets |
/// |---|---|
/// | `String`, `&'static str`, `Cow<'static, str>` | the text |
/// | numbers, `bool`, `char` | the value as text |
/// | `()` | `Done.` |
/// | [`Json`] | the value as JSON |
/// | `serde_json::Value` | the value as JSON |
/// | `Result<O, E>` | what `O` gives, or a failed call with the text of `E`, which is anything with `Display` |
/// | [`Output`] | a text, several texts, or a failure |
///
/// The agent reads the text of an error, and may repeat it to its user. So leave out what neither may know.
///
/// A type of your own returns itself as text or JSON:
///
/// ```
/// use letta_api_ext::turns::tools::{Output, ToolOutput};
///
/// struct Celsius(f64);
///
/// impl ToolOutput for Celsius {
///     fn into_output(self) -> Output {
///         Output::text(format!("{:.1} °C", self.0))
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "a tool cannot return `{Self}` to an agent",
    label = "this function's result is not a text",
    note = "return a `String`, a number, a `bool`, `()`, or `Json(value)` for a value with `serde::Serialize`",
    note = "or a `Result` of one of them, whose error has `Display`; or implement `ToolOutput` for a type of your own"
)]
pub trait ToolOutput {
    /// What the agent gets.
    fn into_output(self) -> Output;
}

/// What an agent gets of a call.
#[derive(Clone, PartialEq, Eq)]
pub struct Output {
    texts: Texts,
    is_error: bool,
}

#[derive(Clone, PartialEq, Eq)]
enum Texts {
    One(String),
    Parts(Vec<String>),
}

/// A value that the agent gets as JSON. If it cannot be written as JSON, the call fails.
///
/// ```
/// use letta_api_ext::turns::tools::Json;
///
/// #[derive(serde::Serialize)]
/// struct Forecast {
///     celsius: f64,
/// }
///
/// # fn forecast() -> Json<Forecast> {
/// Json(Forecast { celsius: 21.5 }) // the agent gets {"celsius":21.5}
/// # }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Json<T>(
    /// The value.
    pub T,
);

impl Output {
    /// A text.
    ///
    /// ```
    /// use letta_api_ext::turns::tools::Output;
    ///
    /// assert!(!Output::text("Sunny").is_error());
    /// ```
    pub fn text(text: impl Into<String>) -> Self {
        Self {
            texts: Texts::One(text.into()),
            is_error: false,
        }
    }

    /// A failure, with a text that tells the agent what went wrong.
    ///
    /// ```
    /// use letta_api_ext::turns::tools::Output;
    ///
    /// assert!(Output::error("There is no such city").is_error());
    /// ```
    pub fn error(text: impl Into<String>) -> Self {
        Self {
            texts: Texts::One(text.into()),
            is_error: true,
        }
    }

    /// Several texts, as parts of one result. Without a part, it is an empty text.
    ///
    /// ```
    /// use letta_api_ext::turns::tools::Output;
    ///
    /// let output = Output::parts(["Monday: sun", "Tuesday: rain"]);
    /// # drop(output);
    /// ```
    pub fn parts<T: Into<String>>(texts: impl IntoIterator<Item = T>) -> Self {
        Self {
            texts: Texts::Parts(texts.into_iter().map(Into::into).collect()),
            is_error: false,
        }
    }

    /// Whether the agent is told that the call failed.
    pub fn is_error(&self) -> bool {
        self.is_error
    }

    pub(super) fn status(&self) -> ToolReturnStatus {
        match self.is_error {
            true => ToolReturnStatus::Error,
            false => ToolReturnStatus::Success,
        }
    }

    /// The result for the service, of at most this many bytes. If it is cut, a sentence after it says so.
    pub(super) fn into_value(self, limit: usize) -> ToolReturnValue {
        match self.texts {
            Texts::One(text) => ToolReturnValue::Text(cut(text, limit)),
            Texts::Parts(texts) if texts.is_empty() => ToolReturnValue::Text(String::new()),
            Texts::Parts(texts) => ToolReturnValue::Parts(cut_parts(texts, limit)),
        }
    }
}

impl fmt::Debug for Output {
    /// What is returned is not shown: it may be secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = match &self.texts {
            Texts::One(_) => 1,
            Texts::Parts(texts) => texts.len(),
        };
        f.debug_struct("Output")
            .field("is_error", &self.is_error)
            .field("parts", &parts)
            .finish_non_exhaustive()
    }
}

fn cut(mut text: String, limit: usize) -> String {
    let whole = text.len();
    if whole > limit {
        text.truncate(boundary(&text, limit));
        let kept = text.len();
        text.push_str(&cut_sentence(kept, whole));
    }
    text
}

fn cut_parts(texts: Vec<String>, limit: usize) -> Vec<ToolReturnContentPart> {
    let whole: usize = texts.iter().map(String::len).sum();
    let mut left = limit;
    let mut kept = Vec::new();
    for mut text in texts {
        let is_cut = text.len() > left;
        text.truncate(boundary(&text, left));
        left -= text.len();
        if !is_cut || !text.is_empty() {
            kept.push(text);
        }
        if is_cut {
            kept.push(cut_sentence(limit - left, whole).trim_start().to_owned());
            break;
        }
    }
    let parts = kept.into_iter().map(|text| {
        let text = TextContent::new(text);
        ToolReturnContentPart::TextContent(Box::new(text))
    });
    parts.collect()
}

/// The last position up to `limit` that is between two characters.
fn boundary(text: &str, limit: usize) -> usize {
    let mut end = limit.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    end
}

fn cut_sentence(kept: usize, whole: usize) -> String {
    format!("\n\n[The result was cut: these are the first {kept} of {whole} bytes.]")
}

impl ToolOutput for Output {
    fn into_output(self) -> Output {
        self
    }
}

impl ToolOutput for () {
    fn into_output(self) -> Output {
        Output::text("Done.")
    }
}

impl ToolOutput for Cow<'static, str> {
    fn into_output(self) -> Output {
        Output::text(self)
    }
}

impl<T: Serialize> ToolOutput for Json<T> {
    fn into_output(self) -> Output {
        match serde_json::to_string(&self.0) {
            Ok(json) => Output::text(json),
            // The reason is about the application's type.
            Err(_) => Output::error("The tool has a result, but it cannot be written as JSON."),
        }
    }
}

impl<O: ToolOutput, E: Display> ToolOutput for Result<O, E> {
    fn into_output(self) -> Output {
        match self {
            Ok(output) => output.into_output(),
            Err(error) => Output::error(error.to_string()),
        }
    }
}

macro_rules! as_text {
    ($($type:ty)*) => {$(
        impl ToolOutput for $type {
            fn into_output(self) -> Output {
                Output::text(self.to_string())
            }
        }
    )*};
}
as_text!(bool char f32 f64 i8 i16 i32 i64 i128 isize u8 u16 u32 u64 u128 usize serde_json::Value);

macro_rules! is_text {
    ($($type:ty)*) => {$(
        impl ToolOutput for $type {
            fn into_output(self) -> Output {
                Output::text(self)
            }
        }
    )*};
}
is_text!(String &'static str);

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use serde_json::json;

    use super::{Json, Output, ToolOutput};

    #[test]
    fn each_type_is_told_as_its_text() {
        fn case(output: impl ToolOutput, status: &str, text: &str) {
            let output = output.into_output();
            assert_eq!(output.status().as_str(), status, "{text}");
            assert_eq!(output.into_value(1000), text.into());
        }

        case("Sunny", "success", "Sunny");
        case(String::new(), "success", "");
        case(Cow::Borrowed("Sunny"), "success", "Sunny");
        case((), "success", "Done.");
        case(7_u8, "success", "7");
        case(-1.5, "success", "-1.5");
        case(true, "success", "true");
        case('ä', "success", "ä");
        case(Json([1, 2]), "success", "[1,2]");
        case(json!({"a": null}), "success", r#"{"a":null}"#);
        case(Ok::<_, String>(Json("a")), "success", "\"a\"");
        case(Err::<(), _>("no such city"), "error", "no such city");
        let parsed = "x".parse::<u8>();
        case(parsed, "error", "invalid digit found in string");
        case(Output::error("no"), "error", "no");
        case(Output::parts::<&str>([]), "success", "");
        let no_key = std::collections::HashMap::from([((1, 2), 3)]);
        let text = "The tool has a result, but it cannot be written as JSON.";
        case(Json(no_key), "error", text);
    }

    #[test]
    fn a_long_result_is_cut_between_characters_and_says_so() {
        let cases = [
            ("aäb", 4, "aäb"),
            (
                "aäb",
                3,
                "aä\n\n[The result was cut: these are the first 3 of 4 bytes.]",
            ),
            (
                "aäb",
                2,
                "a\n\n[The result was cut: these are the first 1 of 4 bytes.]",
            ),
            (
                "ä",
                1,
                "\n\n[The result was cut: these are the first 0 of 2 bytes.]",
            ),
        ];
        for (text, limit, expected) in cases {
            let value = Output::text(text).into_value(limit);
            assert_eq!(value, expected.into(), "{text} at {limit}");
        }
    }

    #[test]
    fn parts_are_cut_together() {
        let of = |limit| {
            let value = Output::parts(["one", "two", "three"]).into_value(limit);
            serde_json::to_value(value).unwrap()
        };
        let part = |text: &str| json!({"type": "text", "text": text});
        let cut = |kept| {
            part(&format!(
                "[The result was cut: these are the first {kept} of 11 bytes.]"
            ))
        };
        assert_eq!(of(11), json!([part("one"), part("two"), part("three")]));
        assert_eq!(of(7), json!([part("one"), part("two"), part("t"), cut(7)]));
        assert_eq!(of(6), json!([part("one"), part("two"), cut(6)]));
    }

    #[test]
    fn debug_does_not_show_the_result() {
        let shown = format!("{:?}", Output::text("secret"));
        assert_eq!(shown, "Output { is_error: false, parts: 1, .. }");
    }
}
