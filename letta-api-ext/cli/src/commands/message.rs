//! `letta messages`.

use crate::args::MessagesArgs;
use crate::context::Context;
use crate::failure::Failure;

pub(super) async fn list(args: MessagesArgs, _: &Context) -> Result<(), Failure> {
    super::not_yet(args)
}
