//! The model is told nothing of an input without a schema.

use letta_api_ext::turns::tools::Tools;

#[derive(serde::Deserialize)]
struct Weather {
    city: String,
}

fn main() {
    let _tools = Tools::new().add("weather", "The weather", |input: Weather| async move { input.city });
}
