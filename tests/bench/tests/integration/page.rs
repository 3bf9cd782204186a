//! The pages and plots are what the kept results say, and nothing that somebody wrote there.

use letta_api_bench::{page, sections};

#[test]
fn the_pages_are_made_of_the_results() {
    let rendered = page::render().unwrap();
    for (path, text) in &rendered {
        let kept = std::fs::read_to_string(path)
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        assert!(
            kept == *text,
            "{} is not what tests/bench/results gives; run `cargo xtask bench --page-only`",
            path.display()
        );
    }
    for path in page::in_folder().unwrap() {
        assert!(
            rendered.iter().any(|(rendered, _)| *rendered == path),
            "{} is no page or plot of today; run `cargo xtask bench --page-only`, which removes it",
            path.display()
        );
    }
}

#[test]
fn a_missed_target_says_why() {
    for section in sections::all() {
        for target in section.show().unwrap().targets() {
            assert!(
                target.is_met || target.because.ends_with('.'),
                "{}: {} is missed, and nothing says why",
                section.name(),
                target.what
            );
        }
    }
}

#[test]
fn the_first_page_is_one_screen_of_plain_words_and_a_plot_for_each_topic() {
    let rendered = page::render().unwrap();
    let (_, first) = &rendered[0];
    let (top, plots) = first.split_once("\n## ").expect("a plot");
    // What is above the plots: an introduction, a row for each topic, and three commands.
    assert!(top.lines().count() <= 40, "{top}");
    let words = top.split_whitespace().count();
    assert!(words <= 750, "{words} words:\n{top}");
    for section in sections::all() {
        let shown = section.show().unwrap();
        let link = format!("benchmarks/{}.md", section.name());
        assert_eq!(shown.is_measured(), first.contains(&link), "{link}");
        let plot = format!(".svg)]({link})");
        assert_eq!(shown.is_measured(), plots.contains(&plot), "{plot}");
    }
}
