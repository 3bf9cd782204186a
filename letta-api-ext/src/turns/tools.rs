//! Tools in Rust: functions that an agent calls while a turn runs.
//!
//! A tool is an async function with one input. The input's type says what the agent may pass: its fields, their types
//! and their doc comments become a JSON Schema that the model reads.
//!
//! ```
//! use letta_api_ext::turns::tools::{Json, Tools};
//! use schemars::JsonSchema;
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Deserialize, JsonSchema)]
//! struct Weather {
//!     /// A city, in English
//!     city: String,
//!     /// How many days from today
//!     #[serde(default)]
//!     days: u8,
//! }
//!
//! #[derive(Serialize)]
//! struct Forecast {
//!     celsius: f64,
//! }
//!
//! async fn forecast(input: Weather) -> Result<Json<Forecast>, String> {
//!     match (input.city.as_str(), input.days) {
//!         ("Oslo", 0..=7) => Ok(Json(Forecast { celsius: 4.5 })),
//!         // The agent reads this, and can do better.
//!         (_, 0..=7) => Err(format!("no forecast for {}", input.city)),
//!         _ => Err("no forecast beyond 7 days".to_owned()),
//!     }
//! }
//!
//! /// Adds two numbers.
//! #[derive(Deserialize, JsonSchema)]
//! struct Add {
//!     a: f64,
//!     b: f64,
//! }
//!
//! let tools = Tools::new()
//!     .add("weather", "The weather in a city", forecast)
//!     // Name and description come from the type: `add`, "Adds two numbers."
//!     .add_typed(|input: Add| async move { input.a + input.b });
//! tools.check()?;
//! # Ok::<(), letta_api_ext::Error>(())
//! ```
//!
//! # What happens to a call
//!
//! The calls that an agent makes at once run side by side, in the task that awaits the turn. A function that computes
//! for long, or that blocks, delays the others: give such work to a thread, for instance with
//! `tokio::task::spawn_blocking`.
//!
//! | what happens | what the agent is told |
//! |---|---|
//! | the function returns | its [result](ToolOutput), cut at [`with_result_limit`](Tools::with_result_limit) |
//! | it returns an error | a failure, with the error's text |
//! | the arguments do not fit the input | a failure, with the reason and the field |
//! | it takes longer than [`with_call_timeout`](Tools::with_call_timeout) | a failure, with the limit; the function is dropped |
//! | it panics | a failure, without the message. In a browser, a panic ends the page's program |
//! | there is no such tool | a failure, with the names that there are |
//!
//! Dropping the turn drops all functions that run.
//!
//! # What an input may be
//!
//! A struct with named fields, or an enum of such variants. Not every model takes every JSON Schema, so the schema is
//! rewritten: references are replaced by what they name, unions and `const` take a form that OpenAI, Anthropic and
//! Gemini take, and what a model would not read is told in the description. These inputs are an error, before anything
//! is sent:
//!
//! - A type that is not an object, such as `String` or `Vec<T>`. Put it into a struct.
//! - A type that contains itself. It cannot be written without references.
//! - A field at the top whose name has other characters than `a-z`, `A-Z`, `0-9`, `_`, `.` and `-`.
//!
//! `()` is the input of a tool that needs none.
//!
//! # Telemetry
//!
//! Each call is a `tracing` span `letta.tool` at level INFO, with the target `letta_api_ext::turns`. Its fields are
//! `letta.tool.name` (unless there is no such tool), `letta.tool.call_id`, `letta.tool.duration_ms`, and
//! `letta.tool.outcome`: `ok`, `error`, `panic`, `timeout`, `invalid_input`, `unknown`, or `cancelled` if the turn was
//! dropped. No arguments and no results are traced. What a function traces is in the span.

mod alternatives;
mod function;
mod name;
mod output;
mod run;
mod schema;
#[cfg(test)]
mod schema_tests;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use letta_api::types::ClientTool;
use letta_api::{MaybeSend, MaybeSync};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use self::function::{Function, Typed};
pub use self::output::{Json, Output, ToolOutput};
use self::schema::Parameters;
use crate::error::{Error, Result};

/// Functions that an agent may call while a turn runs. See [the module](self).
///
/// Cheap to clone. A clone that is changed does not change the others.
///
/// An invalid tool, or an invalid limit, is an error when the turn is sent, before anything is sent. [`check`](Self::check) tells
/// it earlier.
///
/// ```
/// use letta_api_ext::turns::tools::Tools;
///
/// #[derive(serde::Deserialize, schemars::JsonSchema)]
/// struct Dice {
///     /// How many sides
///     sides: u32,
/// }
///
/// let tools = Tools::new().add("roll", "Rolls dice", |dice: Dice| async move {
///     match dice.sides {
///         0 => Err("dice have at least one side"),
///         sides => Ok(sides / 2 + 1),
///     }
/// });
/// tools.check()?;
/// assert_eq!(format!("{tools:?}"), r#"Tools(["roll"])"#);
/// # Ok::<(), letta_api_ext::Error>(())
/// ```
#[derive(Clone, Default)]
pub struct Tools(Arc<Inner>);

#[derive(Clone, Default)]
struct Inner {
    tools: Vec<Arc<Tool>>,
    /// The first thing that is wrong.
    problem: Option<Error>,
    settings: Settings,
}

struct Tool {
    name: String,
    description: String,
    parameters: Map<String, Value>,
    function: Box<dyn Function>,
}

#[derive(Clone)]
struct Settings {
    parallel_calls: usize,
    call_timeout: Duration,
    result_limit: usize,
    max_rounds: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            parallel_calls: 4,
            call_timeout: Duration::from_secs(60),
            result_limit: 64 * 1024,
            max_rounds: 20,
        }
    }
}

impl Tools {
    /// No tools yet.
    ///
    /// ```
    /// let tools = letta_api_ext::turns::tools::Tools::new();
    /// # tools.check().unwrap();
    /// ```
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a function.
    ///
    /// `name` is what the model calls it by: 1 to 64 ASCII letters, digits, `_` or `-`, and not the name of another
    /// tool here. In the turn, it hides a tool of the service with that name. `description` tells the model what the
    /// function does, and when to call it. It must not be empty. OpenAI takes at most 1,024 characters.
    ///
    /// The function's input is [an object](self#what-an-input-may-be), and its result is a [`ToolOutput`].
    ///
    /// ```
    /// use letta_api_ext::turns::tools::Tools;
    ///
    /// #[derive(serde::Deserialize, schemars::JsonSchema)]
    /// struct Weather {
    ///     /// A city, in English
    ///     city: String,
    /// }
    ///
    /// let tools = Tools::new().add("weather", "The weather in a city now", |input: Weather| async move {
    ///     format!("Sunny in {}", input.city)
    /// });
    /// # tools.check().unwrap();
    /// ```
    #[must_use]
    pub fn add<T, F, R>(
        self,
        name: impl Into<String>,
        description: impl Into<String>,
        function: F,
    ) -> Self
    where
        T: DeserializeOwned + JsonSchema + 'static,
        F: Fn(T) -> R + MaybeSend + MaybeSync + 'static,
        R: Future<Output: ToolOutput> + MaybeSend + 'static,
    {
        let (name, description) = (name.into(), description.into());
        self.with_typed(function, |_| (name, description))
    }

    /// Adds a function whose name and description are those of its input.
    ///
    /// The name is the type's in snake_case: `GetWeather` is `get_weather`. `#[schemars(title = "…")]` gives another. The description is
    /// the type's doc comment. The rules are those of [`add`](Self::add).
    ///
    /// ```
    /// use letta_api_ext::turns::tools::Tools;
    ///
    /// /// The weather in a city now.
    /// #[derive(serde::Deserialize, schemars::JsonSchema)]
    /// struct GetWeather {
    ///     /// A city, in English
    ///     city: String,
    /// }
    ///
    /// let tools = Tools::new().add_typed(|input: GetWeather| async move {
    ///     format!("Sunny in {}", input.city)
    /// });
    /// assert_eq!(format!("{tools:?}"), r#"Tools(["get_weather"])"#);
    /// # tools.check().unwrap();
    /// ```
    #[must_use]
    pub fn add_typed<T, F, R>(self, function: F) -> Self
    where
        T: DeserializeOwned + JsonSchema + 'static,
        F: Fn(T) -> R + MaybeSend + MaybeSync + 'static,
        R: Future<Output: ToolOutput> + MaybeSend + 'static,
    {
        self.with_typed(function, |parameters| {
            let title = parameters.title.take().unwrap_or_default();
            // It is not said twice.
            let description = parameters.take_description().unwrap_or_default();
            (name::in_snake_case(&title), description)
        })
    }

    /// Adds a function whose input is known at run time only. It gets the arguments as they are: an object, which is
    /// not compared with the schema.
    ///
    /// The schema is a JSON Schema of an object. It is [rewritten](self#what-an-input-may-be) like that of a type,
    /// references to its own definitions included. The other rules are those of [`add`](Self::add).
    ///
    /// ```
    /// use letta_api_ext::turns::tools::Tools;
    /// use serde_json::{Map, Value, json};
    ///
    /// let schema: Map<String, Value> = serde_json::from_str(
    ///     r#"{"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}"#,
    /// )?;
    /// let tools = Tools::new().add_raw("weather", "The weather in a city", schema, |input: Value| async move {
    ///     match input["city"].as_str() {
    ///         Some(city) => Ok(format!("Sunny in {city}")),
    ///         None => Err("`city` is missing"),
    ///     }
    /// });
    /// # tools.check().unwrap();
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    #[must_use]
    pub fn add_raw<F, R>(
        self,
        name: impl Into<String>,
        description: impl Into<String>,
        schema: Map<String, Value>,
        function: F,
    ) -> Self
    where
        F: Fn(Value) -> R + MaybeSend + MaybeSync + 'static,
        R: Future<Output: ToolOutput> + MaybeSend + 'static,
    {
        let parameters = schema::of_value(&Value::Object(schema));
        let function = Box::new(Typed::new(function, false));
        self.with_tool(name.into(), description.into(), parameters, function)
    }

    /// How many calls run at the same time. 4 by default. Others wait, and their time begins when they begin. Must be
    /// at least 1.
    ///
    /// ```
    /// let tools = letta_api_ext::turns::tools::Tools::new().with_parallel_calls(1);
    /// # tools.check().unwrap();
    /// ```
    #[must_use]
    pub fn with_parallel_calls(self, calls: usize) -> Self {
        let rule = "must be at least 1";
        self.set("parallel_calls", calls > 0, rule, |settings| {
            settings.parallel_calls = calls;
        })
    }

    /// How long a call may take. 60 seconds by default. Then its function is dropped, and the agent is told that it took longer than
    /// that. Must be more than zero.
    ///
    /// ```
    /// let tools = letta_api_ext::turns::tools::Tools::new().with_call_timeout(std::time::Duration::from_secs(5));
    /// # tools.check().unwrap();
    /// ```
    #[must_use]
    pub fn with_call_timeout(self, timeout: Duration) -> Self {
        let rule = "must be more than zero";
        self.set("call_timeout", !timeout.is_zero(), rule, |settings| {
            settings.call_timeout = timeout;
        })
    }

    /// How many bytes of a result the agent gets. 64 KiB by default. A longer result is cut between two characters, and
    /// a sentence after it says so. Must be at least 1.
    ///
    /// ```
    /// let tools = letta_api_ext::turns::tools::Tools::new().with_result_limit(4 * 1024);
    /// # tools.check().unwrap();
    /// ```
    #[must_use]
    pub fn with_result_limit(self, bytes: usize) -> Self {
        let rule = "must be at least 1";
        self.set("result_limit", bytes > 0, rule, |settings| {
            settings.result_limit = bytes;
        })
    }

    /// How often in a turn the agent may call tools and get their results. 20 by default. An agent that still calls
    /// tools after that ends the turn with an error. Must be at least 1.
    ///
    /// ```
    /// let tools = letta_api_ext::turns::tools::Tools::new().with_max_rounds(3);
    /// # tools.check().unwrap();
    /// ```
    #[must_use]
    pub fn with_max_rounds(self, rounds: u32) -> Self {
        let rule = "must be at least 1";
        self.set("max_rounds", rounds > 0, rule, |settings| {
            settings.max_rounds = rounds;
        })
    }

    /// Checks all tools and limits, as sending a turn does.
    ///
    /// # Errors
    ///
    /// The first invalid tool (`tools`) or limit (`parallel_calls`, `call_timeout`, `result_limit`, `max_rounds`).
    ///
    /// ```
    /// use letta_api_ext::turns::tools::Tools;
    ///
    /// let tools = Tools::new().add("two words", "A wrong name", |_: ()| async {});
    /// assert_eq!(tools.check().unwrap_err().field(), Some("tools"));
    /// ```
    pub fn check(&self) -> Result<()> {
        match &self.0.problem {
            Some(problem) => Err(problem.clone()),
            None => Ok(()),
        }
    }

    fn with_typed<T, F, R>(
        self,
        function: F,
        named: impl FnOnce(&mut Parameters) -> (String, String),
    ) -> Self
    where
        T: DeserializeOwned + JsonSchema + 'static,
        F: Fn(T) -> R + MaybeSend + MaybeSync + 'static,
        R: Future<Output: ToolOutput> + MaybeSend + 'static,
    {
        let mut parameters = schema::of_type::<T>();
        let (name, description) = match &mut parameters {
            Ok(parameters) => named(parameters),
            // The type's name says which tool is meant.
            Err(_) => {
                let mut unknown = Parameters::named(&T::schema_name());
                named(&mut unknown)
            }
        };
        let is_unit = parameters
            .as_ref()
            .is_ok_and(|parameters| parameters.is_unit);
        let function = Box::new(Typed::new(function, is_unit));
        self.with_tool(name, description, parameters, function)
    }

    fn with_tool(
        mut self,
        name: String,
        description: String,
        parameters: schema::Result<Parameters>,
        function: Box<dyn Function>,
    ) -> Self {
        let inner = Arc::make_mut(&mut self.0);
        let problem = match &parameters {
            _ if !name::is_valid(&name) => {
                Some("must have names of 1 to 64 letters, digits, `_` or `-`".to_owned())
            }
            _ if inner.tools.iter().any(|tool| tool.name == name) => {
                Some("must have different names".to_owned())
            }
            Err(problem) => Some(problem.clone()),
            Ok(_) if description.trim().is_empty() => {
                Some("must have descriptions, which tell the model when to call them".to_owned())
            }
            Ok(_) => None,
        };
        if let Some(problem) = problem {
            let error = || Error::invalid_input("tools", problem, Some(&name));
            inner.problem.get_or_insert_with(error);
        }
        inner.tools.push(Arc::new(Tool {
            name,
            description,
            parameters: parameters
                .map(|parameters| parameters.schema)
                .unwrap_or_default(),
            function,
        }));
        self
    }

    fn set(
        mut self,
        field: &'static str,
        is_valid: bool,
        rule: &'static str,
        change: impl FnOnce(&mut Settings),
    ) -> Self {
        let inner = Arc::make_mut(&mut self.0);
        match is_valid {
            true => change(&mut inner.settings),
            false => {
                let error = || Error::invalid_input(field, rule, Some("0"));
                inner.problem.get_or_insert_with(error);
            }
        }
        self
    }
}

/// What a turn asks.
impl Tools {
    /// What the model is told about the tools.
    pub(crate) fn definitions(&self) -> Result<Vec<ClientTool>> {
        self.check()?;
        let tools = self.0.tools.iter().map(|tool| {
            ClientTool::new(&tool.name)
                .with_description(&tool.description)
                .with_parameters(tool.parameters.clone())
        });
        Ok(tools.collect())
    }

    /// Whether there is a tool of this name.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.tools.iter().any(|tool| tool.name == name)
    }

    /// How often in a turn the agent may get results.
    pub(crate) fn max_rounds(&self) -> u32 {
        self.0.settings.max_rounds
    }
}

impl fmt::Debug for Tools {
    /// The names alone.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.0.tools.iter().map(|tool| &*tool.name).collect();
        f.debug_tuple("Tools").field(&names).finish()
    }
}
