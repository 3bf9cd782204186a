//! `BENCHMARKS.md` and its plots are what the results say that are kept, and nothing that somebody wrote there.

use letta_api_bench::page;

#[test]
fn the_page_is_made_of_the_results() {
    for (path, text) in page::render().unwrap() {
        let kept = std::fs::read_to_string(&path)
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        assert!(
            kept == text,
            "{} is not what tests/bench/results gives; run `cargo xtask bench --page-only`",
            path.display()
        );
    }
}
