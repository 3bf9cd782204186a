//! `letta send`.

use crate::args::SendArgs;
use crate::context::Context;
use crate::failure::Failure;

pub(super) async fn run(args: SendArgs, _: &Context) -> Result<(), Failure> {
    super::not_yet(args)
}
