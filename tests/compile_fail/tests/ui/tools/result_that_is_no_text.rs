//! An agent reads texts, so a value says how it becomes one.

use letta_api_ext::turns::tools::Tools;

struct Forecast;

fn main() {
    let _tools = Tools::new().add("weather", "The weather", |_: ()| async { Forecast });
}
