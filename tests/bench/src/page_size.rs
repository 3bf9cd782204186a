//! How large the page in Rust is: what a browser fetches.

use std::process::{Command, Stdio};

use serde::{Deserialize, Serialize};

use crate::Result;
use crate::plot::Bars;
use crate::section::{Part, Results, Scale, Section, Target, workspace};
use crate::statistics::{Spread, number};
use crate::table::Table;

/// See the module.
#[derive(Debug)]
pub struct PageSizeSection;

/// The most that a browser is to fetch, in bytes.
const MOST: u64 = 400_000;

/// What was measured.
#[derive(Debug, Serialize, Deserialize)]
pub struct Measured {
    /// What the browser fetches.
    pub files: Vec<File>,
}

/// A file that the browser fetches.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub struct File {
    /// Its name.
    pub name: String,
    /// How large it is, in bytes.
    pub bytes: u64,
    /// How large it is when it is compressed, in bytes.
    pub compressed: u64,
}

impl Section for PageSizeSection {
    const NAME: &'static str = "page";

    const TOPIC: &'static str = "The page in Rust";

    const ABOUT: &'static str = "How large the example's page in Rust is";

    type Results = Measured;

    fn scale(&self) -> Scale {
        // A size is the same each time.
        Scale {
            rounds: 1,
            ..Scale::full()
        }
    }

    fn measure(&self, _: &Scale) -> Result<Measured> {
        let folder = tempfile::tempdir()?;
        let output =
            Command::new(workspace().join("letta-api-ext/examples/browser_chat_rust/build"))
                .arg(folder.path())
                .stderr(Stdio::inherit())
                .output()
                .map_err(|error| format!("the page's script cannot be run: {error}"))?;
        let said = String::from_utf8(output.stdout)?;
        // It fails if the page is too large, after it has said how large.
        let files = files(&said);
        match files.is_empty() {
            true => Err(format!("the page was not built: {}; see above", output.status).into()),
            false => Ok(Measured { files }),
        }
    }

    fn page(&self, results: &Results<Measured>) -> Part {
        page(&results.results)
    }
}

/// The files, in what the script says: `page.js 1234 bytes, 567 compressed`.
fn files(said: &str) -> Vec<File> {
    let file = |line: &str| {
        let (before, compressed) = line.split_once(" bytes,")?;
        let (name, bytes) = before.split_once(' ')?;
        Some(File {
            name: name.to_owned(),
            bytes: bytes.trim().parse().ok()?,
            compressed: compressed
                .trim()
                .strip_suffix(" compressed")?
                .parse()
                .ok()?,
        })
    };
    said.lines().filter_map(file).collect()
}

fn page(measured: &Measured) -> Part {
    let whole = |bytes: u64| number(bytes as f64).replace(".00", "").replace(".0", "");
    let total: u64 = measured.files.iter().map(|file| file.compressed).sum();
    let one = |value: u64| Spread::of([value as f64 / 1e3]);
    let bars = Bars {
        title: "The page in Rust".to_owned(),
        unit: "kilobytes".to_owned(),
        series: vec!["as it is".to_owned(), "compressed".to_owned()],
        groups: measured
            .files
            .iter()
            .map(|file| {
                (
                    file.name.clone(),
                    vec![one(file.bytes), one(file.compressed)],
                )
            })
            .collect(),
    };
    let plot = bars.draw("page");
    let mut table = Table::new(["file", "bytes", "compressed"]);
    for file in &measured.files {
        table.row([file.name.clone(), whole(file.bytes), whole(file.compressed)]);
    }
    table.row([String::from("all"), String::new(), whole(total)]);
    Part {
        summary: format!(
            "A browser fetches {} bytes, compressed, for a chat with tokens, turns and tools of the SDK.",
            whole(total)
        ),
        text: format!("{INTRODUCTION}{}{table}", plot.image()),
        plots: vec![plot],
        targets: vec![Target {
            what: "compressed bytes that a browser fetches for the page".to_owned(),
            wanted: format!("at most {}", whole(MOST)),
            measured: whole(total),
            is_met: total <= MOST,
            because: "The SDK and its dependencies have grown.",
        }],
    }
}

const INTRODUCTION: &str = include_str!("page_size.md");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_are_read_of_what_the_script_says() {
        let said = "noise\nchat.js             1234 bytes,     567 compressed\n\
                    page_bg.wasm     1045678 bytes,  345678 compressed\nall       346245 compressed\n/folder\n";
        let file = |name: &str, bytes, compressed| File {
            name: name.to_owned(),
            bytes,
            compressed,
        };
        let wanted = [
            file("chat.js", 1_234, 567),
            file("page_bg.wasm", 1_045_678, 345_678),
        ];
        assert_eq!(files(said), wanted);
        assert!(files("missing: wasm-bindgen\n").is_empty());
    }
}
