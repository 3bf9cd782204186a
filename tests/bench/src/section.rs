//! What all parts of the benchmarks have in common.

use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::Result;
use crate::machine::Machine;
use crate::plot::Plot;

/// A part of the benchmarks.
pub trait Section {
    /// What it is called on the command line, and its files.
    const NAME: &'static str;

    /// What it is about: the heading of its page.
    const TOPIC: &'static str;

    /// What it measures, in a line for `--help`.
    const ABOUT: &'static str;

    /// Whether it is measured where no section is named.
    const IS_PART_OF_ALL: bool = true;

    /// What it measures.
    type Results: Serialize + DeserializeOwned;

    /// How much to measure for the page.
    fn scale(&self) -> Scale {
        Scale::full()
    }

    /// Measures.
    ///
    /// # Errors
    ///
    /// Where something that is measured fails, or cannot be built.
    fn measure(&self, scale: &Scale) -> Result<Self::Results>;

    /// What its page says.
    fn page(&self, results: &Results<Self::Results>) -> Part;
}

/// What results say.
#[derive(Debug)]
pub struct Part {
    /// What came out, in a sentence or two of plain words.
    pub summary: String,
    /// In Markdown, what follows the heading of its page. Links to plots go to `plots/{name}.svg`.
    pub text: String,
    /// The plots. The first one is on the first page too.
    pub plots: Vec<Plot>,
    /// What was to be reached, and was or was not.
    pub targets: Vec<Target>,
}

/// What was to be reached.
#[derive(Debug)]
pub struct Target {
    /// In words: `calls per second, against bare reqwest`.
    pub what: String,
    /// In words: `at least 0.95`.
    pub wanted: String,
    /// What was measured.
    pub measured: String,
    /// Whether that is enough.
    pub is_met: bool,
    /// Why it is missed, if it is: a sentence. A test requires it then.
    pub because: &'static str,
}

/// How much to measure.
#[derive(Clone, Debug)]
pub struct Scale {
    /// How many rounds; in each, all that is compared has its turn.
    pub rounds: usize,
    /// About how long a turn takes, in seconds, where that can be chosen.
    pub turn: f64,
    /// Only to see that it works: as little as possible, in whatever profile the tests are built with.
    pub is_smoke: bool,
}

impl Scale {
    /// What the page is made of.
    #[must_use]
    pub fn full() -> Self {
        Self {
            rounds: 11,
            turn: 0.25,
            is_smoke: false,
        }
    }

    /// How many call at the same time, of these numbers.
    #[must_use]
    pub fn tasks(&self, all: &'static [usize]) -> &'static [usize] {
        match self.is_smoke {
            true => &all[..all.len().min(2)],
            false => all,
        }
    }

    /// One iteration of everything.
    #[must_use]
    pub fn smoke() -> Self {
        Self {
            rounds: 1,
            turn: 0.0,
            is_smoke: true,
        }
    }
}

/// Results, and where they come from.
#[derive(Debug, Serialize, Deserialize)]
pub struct Results<T> {
    /// Where.
    pub machine: Machine,
    /// The day, in UTC.
    pub day: String,
    /// In how many rounds.
    pub rounds: usize,
    /// How long that took, with builds. Results of before this was noted do not have it.
    #[serde(default)]
    pub seconds: Option<f64>,
    /// What was measured.
    pub results: T,
}

/// The workspace's root.
///
/// # Panics
///
/// Never: this package is two folders below.
#[must_use]
pub fn workspace() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.ancestors().nth(2).expect("a root").to_owned()
}
