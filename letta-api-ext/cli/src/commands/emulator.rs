//! `letta emulator`.

use crate::args::EmulatorArgs;
use crate::context::Context;
use crate::failure::Failure;

pub(super) async fn run(args: EmulatorArgs, _: &Context) -> Result<(), Failure> {
    super::not_yet(args)
}
