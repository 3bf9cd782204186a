//! The form of the file: JSON, with the version of the form, the state, and the tokens with their secrets.

use std::io;

use jiff::Timestamp;
use letta_api::types::{RunStatus, StopReasonType};
use serde::{Deserialize, Serialize};

use crate::state_file::invalid;
use crate::tokens::store::kept::KeptTokens;
use crate::world::World;

/// What tells the file from others.
const FORMAT: &str = "letta-emulator state";

/// The version of the form. Another one is not read.
const VERSION: u32 = 1;

/// What is read first, whatever comes after it.
#[derive(Serialize, Deserialize)]
struct Header {
    format: String,
    version: u32,
}

/// All that is kept. It has no `Debug`: it holds secrets.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Kept {
    /// Tokens have it in themselves.
    pub(crate) organization: String,
    /// The runs that go on. Nothing carries them on after a restart.
    pub(crate) runs_under_way: Vec<String>,
    pub(crate) world: World,
    pub(crate) tokens: KeptTokens,
}

#[derive(Serialize)]
struct Written<'a> {
    #[serde(flatten)]
    header: Header,
    emulator: &'static str,
    #[serde(flatten)]
    kept: &'a Kept,
}

impl Kept {
    pub(super) fn write(&self, to: &mut impl io::Write) -> io::Result<()> {
        let written = Written {
            header: Header {
                format: FORMAT.to_owned(),
                version: VERSION,
            },
            emulator: env!("CARGO_PKG_VERSION"),
            kept: self,
        };
        serde_json::to_writer(&mut *to, &written)?;
        to.write_all(b"\n")
    }

    pub(super) fn read(bytes: &[u8]) -> io::Result<Self> {
        if bytes.is_empty() {
            return Err(invalid("the file is empty: remove it to begin anew"));
        }
        let header: Header = serde_json::from_slice(bytes).map_err(|error| told(&error))?;
        if header.format != FORMAT {
            return Err(invalid(
                "this is not a state file of the emulator: name another file",
            ));
        }
        if header.version != VERSION {
            return Err(invalid(&format!(
                "its form has the version {}, and this emulator reads version {VERSION}: use the emulator that wrote it, or \
                 name another file",
                header.version
            )));
        }
        serde_json::from_slice(bytes).map_err(|error| told(&error))
    }

    /// Ends what went on when it was written.
    pub(crate) fn end_runs(&mut self, now: Timestamp) {
        for id in std::mem::take(&mut self.runs_under_way) {
            if let Some(record) = self.world.runs.get_mut(&id) {
                record.run.status = Some(RunStatus::Failed);
                record.run.stop_reason = Some(StopReasonType::Error);
                record.run.completed_at = Some(now.strftime("%Y-%m-%dT%H:%M:%S.%6f").to_string());
            }
        }
    }
}

/// Where reading ended, and no more: serde's message may repeat a secret.
fn told(error: &serde_json::Error) -> io::Error {
    use serde_json::error::Category;

    let what = match error.classify() {
        Category::Eof => "the file is cut off",
        Category::Data => "the file does not have the form of a state file",
        Category::Syntax | Category::Io => "the file is not JSON",
    };
    let (line, column) = (error.line(), error.column());
    invalid(&format!(
        "{what}, at line {line}, column {column}: mend it, or remove it to begin anew"
    ))
}
