//! What commands that delete several things have in common.

use letta_api_ext::Deletion;

use crate::args::DeleteEachArgs;
use crate::confirm;
use crate::context::Context;
use crate::failure::{Failure, Kind};

/// Asks whether to delete them.
pub(super) async fn sure(kind: &str, args: &DeleteEachArgs) -> Result<(), Failure> {
    let question = match &args.what[..] {
        [only] => format!("Delete the {kind} {only}?"),
        all => format!("Delete {} {kind}s?", all.len()),
    };
    confirm::confirm(&question, args.yes).await
}

/// Tells what became of one.
pub(super) fn deleted(
    kind: &str,
    what: &str,
    deletion: Deletion,
    context: &Context,
) -> Result<(), Failure> {
    match deletion {
        Deletion::NotFound => Err(Failure::new(
            Kind::NotFound,
            format!("there is no {kind} {what}"),
        )),
        _ => {
            context.note(format!("Deleted {what}."));
            Ok(())
        }
    }
}
