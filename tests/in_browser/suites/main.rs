//! Both crates in a page. `cargo test -p letta-api-tests --test integration in_browser` starts servers and a browser, and runs
//! them. With `LETTA_TESTS_IN_PAGE=failures`, it runs those whose names contain `failures`.

mod answers;
mod events;
mod failures;
mod holder;
mod requests;
mod retries;
mod times;
mod turns;
mod uploads;

wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);
