//! What an emulator begins with that keeps its state, and what it keeps.

use std::collections::HashSet;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use crate::id;
use crate::service::account::Account;
use crate::state_file::StateFile;
use crate::state_file::form::Kept;
use crate::state_file::saver::Saver;
use crate::world::agent::AgentRecord;

/// Opens the file, and reads it.
pub(super) async fn open(path: PathBuf) -> io::Result<(StateFile, Option<Kept>)> {
    let opened = tokio::task::spawn_blocking(move || StateFile::open(&path)).await;
    opened.unwrap_or_else(|error| Err(io::Error::other(error)))
}

/// Takes what the file has, and gives the IDs of the agents in it.
pub(super) fn restore(account: &Account, mut kept: Kept) -> io::Result<HashSet<String>> {
    let refuse = |message: String| io::Error::new(io::ErrorKind::InvalidData, message);
    let form = &account.token_form;
    if kept.organization != form.organization() {
        // Its tokens would be unknown, and would not be redacted.
        return Err(refuse(format!(
            "it was written for the organization {:?}: start the emulator with that, or name another file",
            kept.organization
        )));
    }
    // They are printed for a shell, for one.
    let is_named = |agent: &AgentRecord| id::is_agent_id(agent.state.id.as_str());
    if !kept.world.agents.iter().all(is_named) {
        return Err(refuse(
            "an agent in it has an ID that no agent can have: mend it, or remove it to begin anew"
                .to_owned(),
        ));
    }
    kept.end_runs(account.now());
    account
        .tokens
        .restore(kept.tokens, form)
        .map_err(|message| refuse(format!("{message}: mend it, or remove it to begin anew")))?;
    let agents = kept.world.agents.iter();
    let agents = agents.map(|agent| agent.state.id.to_string()).collect();
    let mut world = account.stage.world();
    let settings = std::mem::take(&mut world.settings);
    *world = kept.world;
    world.settings = settings;
    drop(world);
    Ok(agents)
}

/// Begins to write what changes.
pub(super) fn save(account: &Arc<Account>, file: StateFile, is_new: bool) -> Saver {
    let changes = account.changes.watch_kept();
    let (taken, told) = (Arc::clone(account), Arc::clone(account));
    let tell = move |trouble| told.note_trouble(trouble);
    Saver::start(file, move || take(&taken), tell, changes, is_new)
}

/// What there is now. Requests wait while it is copied, and not while it is written.
pub(super) fn take(account: &Account) -> Kept {
    let (world, runs_under_way) = {
        let world = account.stage.world();
        let runs = account.stage.live().under_way();
        (world.copy(), runs)
    };
    Kept {
        organization: account.token_form.organization().to_owned(),
        runs_under_way,
        world,
        tokens: account.tokens.keep(),
    }
}
