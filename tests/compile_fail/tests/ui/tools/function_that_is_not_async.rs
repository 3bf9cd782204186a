//! A function that is not async would keep the other calls from running.

use letta_api_ext::turns::tools::Tools;

fn main() {
    let _tools = Tools::new().add("now", "The time", |_: ()| "12:00");
}
