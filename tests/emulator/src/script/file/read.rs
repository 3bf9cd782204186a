//! From a document to what it says.

use std::collections::HashSet;
use std::rc::Rc;
use std::time::Duration;

use serde_json::{Map, Value};

use crate::id;
use crate::script::act::{self, Act};
use crate::script::file::document::{Data, Key, Node, Place};
use crate::script::file::form::{self, Form, UNITS};
use crate::script::file::problem::{Problem, meant, shown};
use crate::script::file::{ScriptFile, ScriptedAgent, ScriptedBlock, ScriptedTool};
use crate::script::limits;
use crate::script::model_failure::ModelFailure;
use crate::script::reply::Reply;
use crate::script::rule::Rule;
use crate::script::script::Script;
use crate::script::stop_reason::StopReason;

pub(crate) fn file(document: &Node) -> Result<ScriptFile, Problem> {
    let at = At {
        node: document,
        within: None,
    };
    if matches!(document.data, Data::Null) {
        return Err(at.problem("the file is empty: write `agents` or `script`"));
    }
    let keys = at.keys(&form::FILE)?;
    let read = ScriptFile {
        agents: keys
            .get("agents")
            .map(|at| agents(&at))
            .transpose()?
            .unwrap_or_default(),
        script: keys.get("script").map(|at| script(&at)).transpose()?,
    };
    if let Some(at) = keys.get("$schema") {
        at.text()?;
    }
    Ok(read)
}

fn agents(at: &At<'_>) -> Result<Vec<ScriptedAgent>, Problem> {
    at.members()?
        .map(|(key, at)| agent(&key.name, key.place, &at))
        .collect()
}

fn agent(id: &str, place: Place, at: &At<'_>) -> Result<ScriptedAgent, Problem> {
    if !id::is_agent_id(id) {
        let message = "the ID of an agent is not `agent-` and letters, digits, `-`, `_` and `.` after it: \
                       name it such as `agent-1`";
        return Err(Problem::new(place, at.path(), message));
    }
    let keys = at.keys(&form::AGENT)?;
    let name = keys.text("name")?;
    if let (Some(name), Some(at)) = (&name, keys.get("name"))
        && name.trim().is_empty()
    {
        return Err(at.problem("the name of an agent is empty: write one, or leave `name` out"));
    }
    Ok(ScriptedAgent {
        id: id.to_owned(),
        name,
        description: keys.text("description")?,
        system: keys.text("system")?,
        model: keys.filled("model")?,
        tags: keys.each("tags", |at| at.text().map(str::to_owned))?,
        parallel_tool_calls: keys.switch("parallel_tool_calls")?,
        tools: tools(&keys)?,
        blocks: blocks(&keys)?,
        script: keys.get("script").map(|at| script(&at)).transpose()?,
    })
}

fn tools(keys: &Keys<'_>) -> Result<Vec<ScriptedTool>, Problem> {
    let mut names = HashSet::new();
    keys.each("tools", |at| {
        let keys = at.keys(&form::TOOL)?;
        let name = keys.tool_name("name")?;
        if !names.insert(name.clone()) {
            return Err(at.problem("two tools of the agent have the same name: remove one"));
        }
        Ok(ScriptedTool {
            name,
            description: keys.text("description")?,
            requires_approval: keys.switch("requires_approval")?.unwrap_or(false),
            returns: keys.text("returns")?,
        })
    })
}

fn blocks(keys: &Keys<'_>) -> Result<Vec<ScriptedBlock>, Problem> {
    let mut labels = HashSet::new();
    keys.each("blocks", |at| {
        let keys = at.keys(&form::BLOCK)?;
        let label = keys.filled("label")?.unwrap_or_default();
        if !labels.insert(label.clone()) {
            return Err(at.problem("two blocks of the agent have the same label: remove one"));
        }
        Ok(ScriptedBlock {
            label,
            value: keys.text("value")?.unwrap_or_default(),
            description: keys.text("description")?,
        })
    })
}

fn script(at: &At<'_>) -> Result<Script, Problem> {
    let rules = at
        .items()?
        .map(|at| rule(&at))
        .collect::<Result<Vec<Rule>, _>>()?;
    let script = Script::from(rules);
    // Its rules were checked when they were read, each at its place.
    script
        .check()
        .map_err(|fault| at.problem(fault.to_string()))?;
    Ok(script)
}

fn rule(at: &At<'_>) -> Result<Rule, Problem> {
    if let Data::Text(_) = at.node.data {
        return checked(at, at, Rule::new(at.filled("a reply")?));
    }
    let keys = at.keys(&form::RULE)?;
    let reply_at = keys.get("reply");
    let mut rule = Rule::new(
        reply_at
            .as_ref()
            .map(reply)
            .transpose()?
            .unwrap_or(Reply::new([])),
    );
    if let Some(words) = keys.text("when")? {
        rule = rule.when(words);
    }
    if let Some(text) = keys.text("when_exactly")? {
        rule = rule.when_exactly(text);
    }
    if let Some(times) = keys.count("times")? {
        rule = rule.times(times);
    }
    if keys.yes("always")? {
        rule = rule.always();
    }
    checked(at, reply_at.as_ref().unwrap_or(at), rule)
}

/// A rule that can be followed. What is wrong is told at the place of the act that it is in.
fn checked(at: &At<'_>, reply: &At<'_>, rule: Rule) -> Result<Rule, Problem> {
    let Err(fault) = rule.check() else {
        return Ok(rule);
    };
    Err(match (fault.act, &reply.node.data) {
        (None, _) => at.problem(fault.message),
        (Some(act), Data::List(items)) if act < items.len() => reply
            .child(Step::Item(act), &items[act])
            .problem(fault.message),
        (Some(_), _) => reply.problem(fault.message),
    })
}

fn reply(at: &At<'_>) -> Result<Reply, Problem> {
    match at.node.data {
        Data::List(_) => at
            .items()?
            .map(|at| act(&at))
            .collect::<Result<Vec<Act>, _>>()
            .map(Reply::from),
        _ => act(at).map(Reply::from),
    }
}

/// What an agent does, as a list. Acts that a turn is to go on with need not be a whole reply: there may be none.
pub(crate) fn acts(document: &Node) -> Result<Vec<Act>, Problem> {
    let at = At {
        node: document,
        within: None,
    };
    at.items()?
        .map(|at| {
            let act = act(&at)?;
            act.check().map_err(|message| at.problem(message))?;
            Ok(act)
        })
        .collect()
}

fn act(at: &At<'_>) -> Result<Act, Problem> {
    if let Data::Text(text) = &at.node.data {
        return Ok(Act::text(text.as_str()));
    }
    let Data::Map(members) = &at.node.data else {
        return Err(at.expected("an act: a text, or a mapping"));
    };
    let list = || form::act_names().collect::<Vec<_>>().join(", ");
    let has = |name: &str| members.iter().any(|(key, _)| key.name == name);
    let mut found = form::ACTS.iter().filter(|form| has(form.keys[0].name));
    let Some(form) = found.next() else {
        let odd = members.iter().find_map(|(key, _)| {
            let meant = meant(&key.name, form::act_names())?;
            Some(format!(
                "{} is not an act. Did you mean `{meant}`?",
                shown(&key.name)
            ))
        });
        let odd = odd.unwrap_or_else(|| "an act is missing.".to_owned());
        return Err(at.problem(format!("{odd} An act has one of the keys {}", list())));
    };
    let name = form.keys[0].name;
    if let Some(second) = found.next() {
        let second = second.keys[0].name;
        return Err(at.problem(format!(
            "`{name}` and `{second}` are two acts: write each as an item of a list"
        )));
    }
    let keys = at.keys(form)?;
    Ok(match name {
        "text" => Act::text(keys.filled("text")?.unwrap_or_default()),
        "reasoning" => Act::reasoning(keys.filled("reasoning")?.unwrap_or_default()),
        "echo" => {
            keys.yes("echo")?;
            Act::echo()
        }
        "call" => call(&keys)?,
        "calls" => {
            let calls = keys.each("calls", |at| call(&at.keys(&form::CALL)?))?;
            Act::calls(calls)
        }
        "pause" => Act::pause(keys.pause("pause")?),
        "model_fails" => {
            Act::model_fails(keys.one_of("model_fails", ModelFailure::ALL, ModelFailure::as_str)?)
        }
        "refuses" => Act::refuses(keys.filled("refuses")?.unwrap_or_default()),
        _ => Act::stops(keys.one_of("stops", StopReason::ALL, StopReason::as_str)?),
    })
}

fn call(keys: &Keys<'_>) -> Result<Act, Problem> {
    let arguments = match keys.get("with") {
        None => Value::Object(Map::new()),
        Some(at) if matches!(at.node.data, Data::Map(_)) => at.node.to_json(),
        Some(at) => return Err(at.expected("the arguments of a call, which are a mapping")),
    };
    let mut call = Act::call(keys.tool_name("call")?, arguments);
    if let Some(text) = keys.text("returns")? {
        call = call.returns(text);
    }
    if let Some(text) = keys.text("fails")? {
        call = call.fails(text);
    }
    if keys.switch("needs_approval")?.unwrap_or(false) {
        call = call.needs_approval();
    }
    if let Some(id) = keys.text("id")? {
        call = call.with_id(id);
    }
    Ok(call)
}

/// A value, and the way to it.
#[derive(Clone, Copy)]
struct At<'a> {
    node: &'a Node,
    within: Option<(&'a At<'a>, Step<'a>)>,
}

#[derive(Clone, Copy)]
enum Step<'a> {
    Key(&'a str),
    Item(usize),
}

impl<'a> At<'a> {
    fn child<'b>(&'b self, step: Step<'b>, node: &'b Node) -> At<'b> {
        At {
            node,
            within: Some((self, step)),
        }
    }

    fn path(&self) -> String {
        let Some((within, step)) = self.within else {
            return String::new();
        };
        let path = within.path();
        match step {
            Step::Item(place) => format!("{path}[{place}]"),
            Step::Key(name) => {
                // The ID of an agent may be something else.
                let name = shown(name);
                let name = name.trim_matches('`');
                if path.is_empty() {
                    name.to_owned()
                } else {
                    format!("{path}.{name}")
                }
            }
        }
    }

    fn problem(&self, message: impl Into<String>) -> Problem {
        Problem::new(self.node.place, self.path(), message)
    }

    fn expected(&self, what: &str) -> Problem {
        let hint = match self.node.data {
            Data::Bool(_) | Data::Number(_) if what.starts_with("a text") => {
                ": put it in quotes if it is meant as text"
            }
            _ => "",
        };
        self.problem(format!(
            "this is {}, and must be {what}{hint}",
            self.node.kind()
        ))
    }

    fn text(&self) -> Result<&'a str, Problem> {
        match &self.node.data {
            Data::Text(text) => Ok(text),
            _ => Err(self.expected("a text")),
        }
    }

    fn filled(&self, what: &str) -> Result<&'a str, Problem> {
        match self.text()? {
            "" => Err(self.problem(format!("{what} is empty: write something"))),
            text => Ok(text),
        }
    }

    fn items<'b>(&'b self) -> Result<impl Iterator<Item = At<'b>>, Problem> {
        match &self.node.data {
            Data::List(items) => Ok(items
                .iter()
                .enumerate()
                .map(move |(place, item)| self.child(Step::Item(place), item))),
            _ => Err(self.expected("a list: begin each item with `- `")),
        }
    }

    fn members<'b>(&'b self) -> Result<impl Iterator<Item = (&'b Key, At<'b>)>, Problem> {
        match &self.node.data {
            Data::Map(members) => Ok(members
                .iter()
                .map(move |(key, value)| (key, self.child(Step::Key(&key.name), value)))),
            _ => Err(self.expected("a mapping")),
        }
    }

    /// The keys of a mapping of this form.
    fn keys<'b>(&'b self, form: &'static Form) -> Result<Keys<'b>, Problem> {
        let Form {
            what,
            keys,
            apart,
            some_of,
            ..
        } = form;
        let Data::Map(members) = &self.node.data else {
            return Err(self.expected(&format!("{what}, which is a mapping")));
        };
        let known = || keys.iter().map(|key| key.name);
        let list = || known().collect::<Vec<_>>().join(", ");
        for (key, _) in members {
            if known().any(|known| known == key.name) {
                continue;
            }
            let meant = match meant(&key.name, known()) {
                Some(meant) => format!(" Did you mean `{meant}`?"),
                None => String::new(),
            };
            let name = shown(&key.name);
            let message = format!(
                "{name} is not a key of {what}.{meant} Its keys are {}",
                list()
            );
            return Err(Problem::new(key.place, self.path(), message));
        }
        let has = |name: &str| members.iter().any(|(key, _)| key.name == name);
        if let Some(missing) = keys.iter().find(|key| key.is_required && !has(key.name)) {
            let name = missing.name;
            return Err(self.problem(format!("{what} needs `{name}`: add it")));
        }
        if !some_of.is_empty() && !some_of.iter().any(|name| has(name)) {
            let names = some_of.join("` or `");
            return Err(self.problem(format!("{what} needs `{names}`: add one")));
        }
        if let Some((one, other)) = apart.iter().find(|(one, other)| has(one) && has(other)) {
            return Err(self.problem(format!("{what} has `{one}` and `{other}`: remove one")));
        }
        Ok(Keys { at: self, members })
    }
}

/// The keys of a mapping whose form was checked.
struct Keys<'a> {
    at: &'a At<'a>,
    members: &'a [(Key, Rc<Node>)],
}

impl<'a> Keys<'a> {
    fn get(&self, name: &str) -> Option<At<'a>> {
        let (key, node) = self.members.iter().find(|(key, _)| key.name == name)?;
        Some(self.at.child(Step::Key(&key.name), node))
    }

    fn text(&self, name: &str) -> Result<Option<String>, Problem> {
        self.get(name)
            .map(|at| at.text().map(str::to_owned))
            .transpose()
    }

    fn filled(&self, name: &str) -> Result<Option<String>, Problem> {
        self.get(name)
            .map(|at| at.filled(&format!("`{name}`")).map(str::to_owned))
            .transpose()
    }

    fn switch(&self, name: &str) -> Result<Option<bool>, Problem> {
        let switch = |at: At<'_>| match at.node.data {
            Data::Bool(value) => Ok(value),
            _ => Err(at.expected("true or false")),
        };
        self.get(name).map(switch).transpose()
    }

    /// Whether a key is there that can only be true.
    fn yes(&self, name: &str) -> Result<bool, Problem> {
        match self.get(name) {
            None => Ok(false),
            Some(at) if matches!(at.node.data, Data::Bool(true)) => Ok(true),
            Some(at) => Err(at.problem(format!(
                "`{name}` is only ever true: write `{name}: true`, or leave it out"
            ))),
        }
    }

    fn count(&self, name: &str) -> Result<Option<u32>, Problem> {
        let count = |at: At<'_>| match &at.node.data {
            Data::Number(number) => number
                .as_u64()
                .and_then(|number| u32::try_from(number).ok())
                .filter(|number| *number > 0)
                .ok_or_else(|| {
                    at.problem(format!(
                        "`{name}` is not a whole number from 1 to {}",
                        u32::MAX
                    ))
                }),
            _ => Err(at.expected("a whole number from 1 on")),
        };
        self.get(name).map(count).transpose()
    }

    fn tool_name(&self, name: &str) -> Result<String, Problem> {
        let Some(at) = self.get(name) else {
            return Ok(String::new());
        };
        let tool = at.text()?;
        act::check_tool_name(tool).map_err(|message| at.problem(message))?;
        Ok(tool.to_owned())
    }

    fn pause(&self, name: &str) -> Result<Duration, Problem> {
        let Some(at) = self.get(name) else {
            return Ok(Duration::ZERO);
        };
        let message =
            "a pause is whole numbers and units, largest first: write it as 150ms, 2s or 1m 30s";
        let text = match &at.node.data {
            Data::Text(text) => text,
            _ => return Err(at.problem(message)),
        };
        let pause = duration(text).ok_or_else(|| at.problem(message))?;
        if pause > limits::PAUSE {
            return Err(at.problem("a pause lasts longer than 24 hours: make it shorter"));
        }
        Ok(pause)
    }

    /// One of these, by its name.
    fn one_of<T: Copy>(
        &self,
        name: &str,
        all: &[T],
        as_str: fn(T) -> &'static str,
    ) -> Result<T, Problem> {
        let Some(at) = self.get(name) else {
            return Err(self.at.problem(format!("`{name}` is missing: add it")));
        };
        let names = || all.iter().map(|one| as_str(*one));
        let text = at.text()?;
        all.iter()
            .copied()
            .find(|one| as_str(*one) == text)
            .ok_or_else(|| {
                let meant = match meant(text, names()) {
                    Some(meant) => format!(" Did you mean `{meant}`?"),
                    None => String::new(),
                };
                let list = names().collect::<Vec<_>>().join(", ");
                at.problem(format!(
                    "{} is not known here.{meant} Write one of {list}",
                    shown(text)
                ))
            })
    }

    /// What each item of a list is.
    fn each<T>(
        &self,
        name: &str,
        read: impl FnMut(At<'_>) -> Result<T, Problem>,
    ) -> Result<Vec<T>, Problem> {
        match self.get(name) {
            Some(at) => at.items()?.map(read).collect(),
            None => Ok(Vec::new()),
        }
    }
}

/// Whole numbers and units, each unit once, the largest first, as in `1m 30s`.
fn duration(text: &str) -> Option<Duration> {
    let mut units = UNITS.iter();
    let mut total = Duration::ZERO;
    for part in text.split(' ') {
        let end = part.find(|character: char| !character.is_ascii_digit())?;
        let (number, unit) = part.split_at(end);
        if !(1..=9).contains(&number.len()) {
            return None;
        }
        let (_, nanoseconds) = units.find(|(name, _)| *name == unit)?;
        let part = Duration::from_nanos(number.parse::<u64>().ok()?.checked_mul(*nanoseconds)?);
        total = total.checked_add(part)?;
    }
    Some(total)
}
