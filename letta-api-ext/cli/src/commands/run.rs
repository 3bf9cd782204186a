//! `letta runs` and `letta run`.

use crate::args::{RunCommand, RunsArgs};
use crate::context::Context;
use crate::failure::Failure;

pub(super) async fn list(args: RunsArgs, _: &Context) -> Result<(), Failure> {
    super::not_yet(args)
}

pub(super) async fn run(args: RunCommand, _: &Context) -> Result<(), Failure> {
    super::not_yet(args)
}
