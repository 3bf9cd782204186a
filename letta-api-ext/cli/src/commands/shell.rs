//! `letta completions` and `letta man`.

use clap::CommandFactory as _;
use clap_mangen::Man;

use crate::args::{Args, CompletionsArgs, ManArgs};
use crate::context::Context;
use crate::failure::Failure;

pub(super) fn completions(args: &CompletionsArgs, context: &Context) -> Result<(), Failure> {
    let mut command = Args::command();
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut command, "letta", &mut script);
    context.output().bytes(&script)
}

pub(super) fn man(args: &ManArgs, context: &Context) -> Result<(), Failure> {
    let Some(folder) = &args.dir else {
        let mut page = Vec::new();
        Man::new(Args::command()).render(&mut page)?;
        return context.output().bytes(&page);
    };
    let failed = |error: std::io::Error| {
        let shown = folder.display();
        Failure::other(format!("the pages cannot be written to `{shown}`: {error}"))
    };
    std::fs::create_dir_all(folder).map_err(failed)?;
    clap_mangen::generate_to(Args::command(), folder).map_err(failed)?;
    context.note(format!("Wrote the pages to {}.", folder.display()));
    Ok(())
}
