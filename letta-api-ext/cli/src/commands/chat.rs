//! `letta chat`.

use crate::args::ChatArgs;
use crate::context::Context;
use crate::failure::Failure;

pub(super) async fn run(args: ChatArgs, _: &Context) -> Result<(), Failure> {
    super::not_yet(args)
}
