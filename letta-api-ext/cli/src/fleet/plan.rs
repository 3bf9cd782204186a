//! What a fleet needs, compared with what there is.

use std::fmt::Write as _;

use letta_api_ext::letta_api::types::{
    AgentBlock, AgentId, AgentInclude, AgentState, FolderId, ToolId, ToolType,
};
use serde::Serialize;
use similar::{ChangeTag, TextDiff};

use super::file::{BlockWish, Fleet, Wish};
use crate::context::Context;
use crate::failure::Failure;
use crate::lookup;
use crate::terminal::{Style, clean};

/// What is to be done, agent by agent. Agents that are as they should be are counted alone.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) agents: Vec<AgentPlan>,
    pub(crate) unchanged: usize,
}

/// What is to be done for one agent.
#[derive(Debug)]
pub(crate) struct AgentPlan {
    pub(crate) wish: Wish,
    /// `None` if it is to be created.
    pub(crate) id: Option<AgentId>,
    /// The folders of an agent that is to be created. For one that exists, they are steps.
    pub(crate) folders: Vec<FolderId>,
    pub(crate) changes: Vec<Change>,
    pub(crate) steps: Vec<Step>,
}

/// A difference, for people.
#[derive(Debug, Serialize)]
pub(crate) struct Change {
    pub(crate) member: String,
    pub(crate) from: Option<String>,
    pub(crate) to: Option<String>,
}

/// Something to do for an agent that exists.
#[derive(Debug)]
pub(crate) enum Step {
    /// Sets the members that the update has a value for.
    Update(Update),
    CreateBlock(BlockWish),
    UpdateBlock(BlockUpdate),
    AttachTool(String, ToolId),
    DetachTool(String, ToolId),
    AttachFolder(String, FolderId),
    DetachFolder(String, FolderId),
}

#[derive(Debug, Default)]
pub(crate) struct Update {
    pub(crate) model: Option<String>,
    pub(crate) embedding: Option<String>,
    pub(crate) system: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) timezone: Option<String>,
    pub(crate) context_window_limit: Option<i64>,
    pub(crate) tags: Option<Vec<String>>,
}

#[derive(Debug, Default)]
pub(crate) struct BlockUpdate {
    pub(crate) label: String,
    pub(crate) value: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) limit: Option<i64>,
    pub(crate) read_only: Option<bool>,
}

/// Compares a fleet with what there is. Changes nothing.
pub(crate) async fn of(fleet: Fleet, context: &Context) -> Result<Plan, Failure> {
    let mut plan = Plan {
        agents: Vec::new(),
        unchanged: 0,
    };
    for wish in fleet.agents {
        let known = Known::find(&wish, context).await?;
        let planned = match find(&wish.name, context).await? {
            None => new(wish, known),
            Some(agent) => compared(wish, &agent, known),
        };
        match planned.changes.is_empty() && planned.id.is_some() {
            true => plan.unchanged += 1,
            false => plan.agents.push(planned),
        }
    }
    Ok(plan)
}

async fn find(name: &str, context: &Context) -> Result<Option<AgentState>, Failure> {
    let request = context.letta()?.agents().list().name(name).limit(2);
    let request = request.include([
        AgentInclude::Blocks,
        AgentInclude::Tools,
        AgentInclude::Sources,
        AgentInclude::Tags,
    ]);
    let mut found = request.send().await?;
    match &found[..] {
        [] | [_] => Ok(found.pop()),
        [first, second, ..] => {
            let message = format!(
                "several agents have the name `{name}`, as {} and {}",
                first.id, second.id
            );
            Err(Failure::usage(message).advise(
                "Names find the agents of a file. Rename one: letta agent update ID --name NAME. Nothing was changed.",
            ))
        }
    }
}

/// The IDs of the tools and folders that a wish names.
struct Known {
    tools: Vec<(String, ToolId)>,
    folders: Vec<(String, FolderId)>,
}

impl Known {
    async fn find(wish: &Wish, context: &Context) -> Result<Self, Failure> {
        let names = wish.tools.clone().unwrap_or_default();
        let during = |failure: Failure| failure.during(&format!("agent `{}`", wish.name));
        let ids = lookup::tool_ids(&names, context).await.map_err(during)?;
        let tools = names.into_iter().zip(ids).collect();
        let mut folders = Vec::new();
        for name in wish.folders.iter().flatten() {
            let id = lookup::folder_named(name, context).await.map_err(during)?;
            folders.push((name.clone(), id));
        }
        Ok(Self { tools, folders })
    }
}

/// An agent that is to be created.
fn new(wish: Wish, known: Known) -> AgentPlan {
    let mut changes = Vec::new();
    let mut add = |member: &str, to: Option<String>| {
        if let Some(to) = to {
            let member = member.to_owned();
            changes.push(Change {
                member,
                from: None,
                to: Some(to),
            });
        }
    };
    add("model", wish.model.clone());
    add("embedding", wish.embedding.clone());
    add("system", wish.system.clone());
    add("description", wish.description.clone());
    add("timezone", wish.timezone.clone());
    let limit = wish.context_window_limit;
    add("context_window_limit", limit.map(|it| it.to_string()));
    for (member, words) in [
        ("tags", &wish.tags),
        ("tools", &wish.tools),
        ("folders", &wish.folders),
    ] {
        for word in words.iter().flatten() {
            add(member, Some(word.clone()));
        }
    }
    for block in &wish.memory {
        add(
            &format!("memory.{}", block.label),
            Some(block.value.clone()),
        );
    }
    AgentPlan {
        wish,
        id: None,
        folders: known.folders.into_iter().map(|(_, id)| id).collect(),
        changes,
        steps: Vec::new(),
    }
}

/// An agent that exists.
fn compared(wish: Wish, agent: &AgentState, known: Known) -> AgentPlan {
    let mut draft = Draft::default();
    let mut update = Update::default();
    let texts = [
        ("model", &wish.model, &agent.model, &mut update.model),
        (
            "embedding",
            &wish.embedding,
            &agent.embedding,
            &mut update.embedding,
        ),
        (
            "description",
            &wish.description,
            &agent.description,
            &mut update.description,
        ),
        (
            "timezone",
            &wish.timezone,
            &agent.timezone,
            &mut update.timezone,
        ),
    ];
    for (member, wanted, is, set) in texts {
        if draft.differs(member, is.as_deref(), wanted.as_deref()) {
            set.clone_from(wanted);
        }
    }
    if draft.differs("system", Some(&agent.system), wish.system.as_deref()) {
        update.system.clone_from(&wish.system);
    }
    let limit = wish.context_window_limit.map(|it| it.to_string());
    let is = context_window(agent).to_string();
    if draft.differs("context_window_limit", Some(&is), limit.as_deref()) {
        update.context_window_limit = wish.context_window_limit;
    }
    if let Some(tags) = &wish.tags
        && draft.list_differs("tags", &agent.tags, tags)
    {
        update.tags = Some(tags.clone());
    }
    if !draft.changes.is_empty() {
        draft.steps.push(Step::Update(update));
    }
    for block in &wish.memory {
        let same = |it: &&AgentBlock| it.label.as_deref() == Some(&block.label);
        draft.block(block, agent.blocks.iter().find(same));
    }
    if wish.tools.is_some() {
        draft.tools(agent, known.tools);
    }
    if wish.folders.is_some() {
        draft.folders(agent, known.folders);
    }
    AgentPlan {
        wish,
        id: Some(agent.id.clone()),
        folders: Vec::new(),
        changes: draft.changes,
        steps: draft.steps,
    }
}

#[allow(
    deprecated,
    reason = "nothing else in the answer says how long the context may be"
)]
fn context_window(agent: &AgentState) -> i64 {
    agent.llm_config.context_window
}

#[derive(Default)]
struct Draft {
    changes: Vec<Change>,
    steps: Vec<Step>,
}

impl Draft {
    fn change(&mut self, member: impl Into<String>, from: Option<&str>, to: Option<&str>) {
        self.changes.push(Change {
            member: member.into(),
            from: from.map(str::to_owned),
            to: to.map(str::to_owned),
        });
    }

    /// Whether something else is wanted than there is. Tells it.
    fn differs(&mut self, member: &str, is: Option<&str>, wanted: Option<&str>) -> bool {
        let differs = wanted.is_some_and(|wanted| is.unwrap_or_default() != wanted);
        if differs {
            self.change(member, is, wanted);
        }
        differs
    }

    /// The same for lists, whose order does not count.
    fn list_differs(&mut self, member: &str, is: &[String], wanted: &[String]) -> bool {
        let before = self.changes.len();
        for gone in is.iter().filter(|it| !wanted.contains(it)) {
            self.change(member, Some(gone), None);
        }
        for new in wanted.iter().filter(|it| !is.contains(it)) {
            self.change(member, None, Some(new));
        }
        self.changes.len() > before
    }

    #[allow(
        deprecated,
        reason = "nothing else says whether agents may change a block"
    )]
    fn block(&mut self, wish: &BlockWish, block: Option<&AgentBlock>) {
        let member = format!("memory.{}", wish.label);
        let Some(block) = block else {
            self.change(member, None, Some(&wish.value));
            self.steps.push(Step::CreateBlock(BlockWish {
                label: wish.label.clone(),
                value: wish.value.clone(),
                description: wish.description.clone(),
                ..*wish
            }));
            return;
        };
        let before = self.changes.len();
        let mut update = BlockUpdate {
            label: wish.label.clone(),
            ..BlockUpdate::default()
        };
        if !wish.keep && self.differs(&member, Some(&block.value), Some(&wish.value)) {
            update.value = Some(wish.value.clone());
        }
        let is = block.description.as_deref();
        if self.differs(
            &format!("{member}.description"),
            is,
            wish.description.as_deref(),
        ) {
            update.description.clone_from(&wish.description);
        }
        let (is, wanted) = (block.limit.to_string(), wish.limit.map(|it| it.to_string()));
        if self.differs(&format!("{member}.limit"), Some(&is), wanted.as_deref()) {
            update.limit = wish.limit;
        }
        let (is, wanted) = (
            block.read_only.to_string(),
            wish.read_only.map(|it| it.to_string()),
        );
        if self.differs(&format!("{member}.read_only"), Some(&is), wanted.as_deref()) {
            update.read_only = wish.read_only;
        }
        if self.changes.len() > before {
            self.steps.push(Step::UpdateBlock(update));
        }
    }

    fn tools(&mut self, agent: &AgentState, wanted: Vec<(String, ToolId)>) {
        for tool in &agent.tools {
            let name = tool.name.clone().unwrap_or_default();
            let is_wanted = wanted.iter().any(|(_, id)| *id == tool.id);
            if !is_wanted && is_of_the_user(tool.tool_type.as_ref()) {
                self.change("tools", Some(&name), None);
                self.steps.push(Step::DetachTool(name, tool.id.clone()));
            }
        }
        for (name, id) in wanted {
            if agent.tools.iter().all(|tool| tool.id != id) {
                self.change("tools", None, Some(&name));
                self.steps.push(Step::AttachTool(name, id));
            }
        }
    }

    #[allow(deprecated, reason = "nothing else in the answer has the folders")]
    fn folders(&mut self, agent: &AgentState, wanted: Vec<(String, FolderId)>) {
        for folder in &agent.sources {
            if wanted.iter().all(|(_, id)| *id != folder.id) {
                self.change("folders", Some(&folder.name), None);
                let step = Step::DetachFolder(folder.name.clone(), folder.id.clone());
                self.steps.push(step);
            }
        }
        for (name, id) in wanted {
            if agent.sources.iter().all(|folder| folder.id != id) {
                self.change("folders", None, Some(&name));
                self.steps.push(Step::AttachFolder(name, id));
            }
        }
    }
}

/// Whether somebody has attached it, and not the server by itself. Those of the server are many, and differ from version to
/// version.
fn is_of_the_user(kind: Option<&ToolType>) -> bool {
    matches!(
        kind,
        Some(
            ToolType::Custom
                | ToolType::ExternalMcp
                | ToolType::ExternalComposio
                | ToolType::ExternalLangchain
        )
    )
}

impl Plan {
    /// The plan for people, as a diff.
    pub(crate) fn shown(&self, style: Style) -> String {
        let mut text = String::new();
        for agent in &self.agents {
            let name = clean(&agent.wish.name);
            let _ = match &agent.id {
                None => writeln!(text, "{}", style.good(format!("+ agent {name}"))),
                Some(id) => writeln!(text, "{}", style.warn(format!("~ agent {name} ({id})"))),
            };
            for change in &agent.changes {
                change.show(&mut text, style);
            }
        }
        let created = self.agents.iter().filter(|it| it.id.is_none()).count();
        let changed = self.agents.len() - created;
        let _ = writeln!(
            text,
            "{created} to create, {changed} to change, {} as the file says",
            self.unchanged
        );
        text
    }
}

impl Change {
    fn show(&self, text: &mut String, style: Style) {
        let member = clean(&self.member);
        let is_long = [&self.from, &self.to]
            .into_iter()
            .flatten()
            .any(|it| it.contains('\n'));
        if is_long {
            return self.show_lines(text, style);
        }
        if let Some(from) = &self.from {
            let from = match from.is_empty() {
                true => "\"\"".into(),
                false => clean(from),
            };
            let line = format!("  - {member}: {from}");
            let _ = writeln!(text, "{}", style.bad(line));
        }
        if let Some(to) = &self.to {
            let to = match to.is_empty() {
                true => "\"\"".into(),
                false => clean(to),
            };
            let line = format!("  + {member}: {to}");
            let _ = writeln!(text, "{}", style.good(line));
        }
    }

    /// Texts of several lines, line by line. What is alike is left out, but for a line around what is not.
    fn show_lines(&self, text: &mut String, style: Style) {
        let _ = writeln!(text, "    {}:", clean(&self.member));
        let (from, to) = (
            self.from.as_deref().unwrap_or_default(),
            self.to.as_deref().unwrap_or_default(),
        );
        let diff = TextDiff::from_lines(from, to);
        for (place, group) in diff.grouped_ops(1).iter().enumerate() {
            if place > 0 {
                let _ = writeln!(text, "      …");
            }
            for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
                let line = change.value();
                let line = clean(line.trim_end_matches('\n'));
                let _ = match change.tag() {
                    ChangeTag::Delete => writeln!(text, "{}", style.bad(format!("    - {line}"))),
                    ChangeTag::Insert => writeln!(text, "{}", style.good(format!("    + {line}"))),
                    ChangeTag::Equal => writeln!(text, "      {line}"),
                };
            }
        }
    }
}
