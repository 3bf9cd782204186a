//! Stands in for `tools` without that feature. Nobody can make such tools, so what uses them needs no second version.

use letta_api::types::{ClientTool, ToolReturn};

use super::event::ToolCall;
use crate::error::Result;

#[derive(Clone)]
pub(crate) enum Tools {}

impl Tools {
    pub(crate) fn definitions(&self) -> Result<Vec<ClientTool>> {
        match *self {}
    }

    pub(crate) fn has(&self, _: &str) -> bool {
        match *self {}
    }

    pub(crate) fn max_rounds(&self) -> u32 {
        match *self {}
    }

    pub(crate) fn run(&self, _: &[ToolCall]) -> std::future::Ready<Vec<ToolReturn>> {
        match *self {}
    }
}
