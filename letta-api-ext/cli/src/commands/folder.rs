//! `letta folder`.

use std::path::Path;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use letta_api_ext::letta_api::types::{FileMetadata, Folder, Source};

use super::each;
use crate::args::{AttachArgs, CreateFolderArgs, FolderCommand, UploadArgs};
use crate::context::Context;
use crate::failure::Failure;
use crate::lookup;
use crate::output::{Column, or_empty, time};
use crate::setters::set_given;

const COLUMNS: &[Column<Folder>] = &[
    ("ID", |folder| folder.id.to_string()),
    ("NAME", |folder| folder.name.clone()),
    ("DESCRIPTION", |folder| {
        or_empty(folder.description.as_ref())
    }),
    ("CREATED", |folder| time(folder.created_at.as_ref())),
];

const OF_AGENT: &[Column<Source>] = &[
    ("ID", |folder| folder.id.to_string()),
    ("NAME", |folder| folder.name.clone()),
    ("DESCRIPTION", |folder| {
        or_empty(folder.description.as_ref())
    }),
    ("CREATED", |folder| time(folder.created_at.as_ref())),
];

const FILES: &[Column<FileMetadata>] = &[
    ("ID", |file| file.id.to_string()),
    ("NAME", |file| or_empty(file.file_name.as_ref())),
    ("SIZE", |file| or_empty(file.file_size.as_ref())),
    ("STATE", |file| or_empty(file.processing_status.as_ref())),
    ("PIECES", |file| or_empty(file.total_chunks.as_ref())),
];

pub(super) async fn run(command: FolderCommand, context: &Context) -> Result<(), Failure> {
    let letta = context.letta()?;
    match command {
        FolderCommand::List {
            agent: Some(agent),
            limit,
        } => {
            let agent = letta.agent(context.agent_id(&agent).await?);
            let folders = agent.folders().items();
            context.output().stream(folders, limit, OF_AGENT).await
        }
        FolderCommand::List { limit, .. } => {
            let folders = letta.folders().list().items();
            context.output().stream(folders, limit, COLUMNS).await
        }
        FolderCommand::Get { folder } => {
            let id = lookup::folder_id(&folder, context).await?;
            show(&letta.folder(id).get().send().await?, context)
        }
        FolderCommand::Create(args) => create(args, context).await,
        FolderCommand::Files { folder, limit } => {
            let id = lookup::folder_id(&folder, context).await?;
            let files = letta.folder(id).files().items();
            context.output().stream(files, limit, FILES).await
        }
        FolderCommand::Upload(args) => upload(args, context).await,
        FolderCommand::Delete(args) => {
            let mut ids = Vec::new();
            for folder in &args.what {
                ids.push(lookup::folder_id(folder, context).await?);
            }
            each::sure("folder", &args).await?;
            for (folder, id) in args.what.iter().zip(ids) {
                let deletion = letta.folder(id).delete().send().await?;
                each::deleted("folder", folder, deletion, context)?;
            }
            Ok(())
        }
        FolderCommand::Attach(AttachArgs { what, agent }) => {
            let agent = context.agent_id(&agent).await?;
            let folder = lookup::folder_id(&what, context).await?;
            letta.agent(&agent).attach_folder(folder).send().await?;
            context.note(format!("Attached {what} to {agent}."));
            Ok(())
        }
        FolderCommand::Detach(AttachArgs { what, agent }) => {
            let agent = context.agent_id(&agent).await?;
            let folder = lookup::folder_id(&what, context).await?;
            letta.agent(&agent).detach_folder(folder).send().await?;
            context.note(format!("Detached {what} from {agent}."));
            Ok(())
        }
    }
}

fn show(folder: &Folder, context: &Context) -> Result<(), Failure> {
    let fields = [
        ("ID", folder.id.to_string()),
        ("Name", folder.name.clone()),
        ("Description", or_empty(folder.description.as_ref())),
        ("Instructions", or_empty(folder.instructions.as_ref())),
        ("Created", time(folder.created_at.as_ref())),
    ];
    context.output().item(folder, &fields)
}

async fn create(args: CreateFolderArgs, context: &Context) -> Result<(), Failure> {
    let mut request = context.letta()?.folders().create(args.name);
    set_given!(request {
        embedding: args.embedding,
        description: args.description,
        instructions: args.instructions,
    });
    show(&request.send().await?, context)
}

async fn upload(args: UploadArgs, context: &Context) -> Result<(), Failure> {
    let id = lookup::folder_id(&args.folder, context).await?;
    let folder = context.letta()?.folder(id);
    let mut output = context.output();
    // Files that were uploaded are printed, even if a later one fails.
    let mut list = output.list(FILES);
    let mut failed = None;
    for path in &args.files {
        let bar = bar(path);
        let moved = bar.clone();
        let mut request = folder.upload_file(path).with_progress(move |sent, total| {
            moved.set_length(total);
            moved.set_position(sent);
        });
        if let Some(what) = &args.duplicates {
            request = request.duplicate_handling(what.as_str());
        }
        let sent = match args.no_wait {
            true => request.send().await,
            false => {
                let sent = request.wait_processed();
                sent.await
            }
        };
        bar.finish_and_clear();
        match sent {
            Ok(file) => list.item(&file)?,
            Err(error) => {
                failed = Some(Failure::from(error).during(&path.display().to_string()));
                break;
            }
        }
    }
    list.end_results()?;
    failed.map_or(Ok(()), Err)
}

/// A bar on the standard error, if that is a terminal.
fn bar(path: &Path) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
    let template = "{msg} {bar:30} {bytes} of {total_bytes}, {bytes_per_sec}";
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    bar.set_message(crate::terminal::clean(&name).into_owned());
    bar
}
