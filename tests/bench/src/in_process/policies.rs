//! What is done with policies, and the same by hand: on the plainest types, without any rule that is kept.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::hint::black_box;

use letta_api_bench_caller::plain;
use letta_api_ext::policy::Preset;
use letta_api_ext::{AccessPolicy, AccessRight};

use crate::Result;

/// Something that is done with a policy.
pub struct Operation {
    /// What: `build, 10 agents`.
    pub name: String,
    /// By the crate.
    pub ours: Work,
    /// By hand.
    pub plain: Work,
}

/// Does it so many times.
pub type Work = Box<dyn FnMut(u64)>;

impl std::fmt::Debug for Operation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Operation")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// As small as one can be, in the order of [`AccessRight`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Right {
    ReadMessages,
    WriteMessages,
}

type Grants = BTreeMap<String, BTreeSet<Right>>;

/// The ID of an agent, as long as the service's. No two are alike.
#[must_use]
pub fn agent(number: usize) -> String {
    // An odd factor.
    let id = (number as u128 + 1).wrapping_mul(0x6bb4_62c2_e885_434a_a0e3_d08a_d8d9_f595);
    let id = format!("{id:032x}");
    format!(
        "agent-{}-{}-{}-{}-{}",
        &id[..8],
        &id[8..12],
        &id[12..16],
        &id[16..20],
        &id[20..]
    )
}

/// All that is measured.
///
/// # Errors
///
/// Where a policy cannot be made, or what the crate does and what is done by hand differ.
pub fn operations() -> Result<Vec<Operation>> {
    let mut operations = Vec::new();
    for agents in [1, 10, 100] {
        operations.extend(in_and_out(agents)?);
    }
    for agents in [10, 1_000] {
        operations.extend(queries(agents)?);
    }
    Ok(operations)
}

/// Makes one of what is done. The result is dropped, which counts.
fn operation<A: 'static, B: 'static>(
    name: &str,
    agents: usize,
    mut ours: impl FnMut() -> A + 'static,
    mut plain: impl FnMut() -> B + 'static,
) -> Operation {
    let agents = match agents {
        1 => "1 agent".to_owned(),
        1_000 => "1,000 agents".to_owned(),
        _ => format!("{agents} agents"),
    };
    Operation {
        name: format!("{name}, {agents}"),
        ours: Box::new(move |times| (0..times).for_each(|_| drop(black_box(ours())))),
        plain: Box::new(move |times| (0..times).for_each(|_| drop(black_box(plain())))),
    }
}

/// To build, read and write a policy to chat with so many agents.
fn in_and_out(agents: usize) -> Result<Vec<Operation>> {
    let ids: Vec<String> = (0..agents).map(agent).collect();
    let policy = chat(&ids)?;
    // In the policy's order.
    let entries: Vec<plain::Entry> = policy.agents().map(|it| entry(it.as_str())).collect();
    let (text, json) = (policy.to_string(), serde_json::to_string(&policy)?);
    if text != print(&entries) || json != serde_json::to_string(&entries)? {
        return Err(format!("{text} and {json} are not what is written by hand").into());
    }
    if print(&parse(&text)) != text {
        return Err(format!("{text} is not what is read by hand").into());
    }
    let all = move || (ids.clone(), policy.clone(), text.clone(), json.clone());
    let entries = move || entries.iter().map(|it| entry(&it.id)).collect::<Vec<_>>();

    let ((ids, ..), (plain_ids, ..)) = (all(), all());
    let build = operation(
        "build",
        agents,
        move || chat(black_box(&ids)).expect("a policy"),
        move || {
            let ids = black_box(&plain_ids).iter();
            ids.map(|id| entry(id)).collect::<Vec<plain::Entry>>()
        },
    );
    let ((_, _, text, _), (_, _, plain_text, _)) = (all(), all());
    let parse = operation(
        "parse the text form",
        agents,
        move || black_box(&text).parse::<AccessPolicy>().expect("a policy"),
        move || parse(black_box(&plain_text)),
    );
    let ((_, policy, ..), plain_entries) = (all(), entries());
    let print = operation(
        "print the text form",
        agents,
        move || black_box(&policy).to_string(),
        move || print(black_box(&plain_entries)),
    );
    let ((.., json), (.., plain_json)) = (all(), all());
    let read = operation(
        "read JSON",
        agents,
        move || serde_json::from_str::<AccessPolicy>(black_box(&json)).expect("a policy"),
        move || serde_json::from_str::<Vec<plain::Entry>>(black_box(&plain_json)).expect("entries"),
    );
    let ((_, policy, ..), plain_entries) = (all(), entries());
    let write = operation(
        "write JSON",
        agents,
        move || serde_json::to_string(black_box(&policy)).expect("JSON"),
        move || serde_json::to_string(black_box(&plain_entries)).expect("JSON"),
    );
    Ok(vec![build, parse, print, read, write])
}

/// To ask and to join policies of so many agents.
fn queries(agents: usize) -> Result<Vec<Operation>> {
    let ids: Vec<String> = (0..agents).map(agent).collect();
    let policy = chat(&ids)?;
    let last = policy.agents().last().map(|it| it.as_str().to_owned());
    let last = last.ok_or("a policy has an agent")?;
    // All of it but one right of the agent that is compared last.
    let less = AccessPolicy::from_grants(ids.iter().map(|id| {
        let mut rights = vec![AccessRight::ReadMessages];
        if *id != last {
            rights.push(AccessRight::WriteMessages);
        }
        (id.as_str(), rights)
    }))?;
    // Half of its agents are also of the other.
    let shifted: Vec<String> = (agents / 2..agents * 3 / 2).map(agent).collect();
    let shifted = chat(&shifted)?;
    let plain_of = |policy: &AccessPolicy| -> Grants {
        let grants = policy.grants().map(|(agent, rights)| {
            let rights = rights.map(|right| match right {
                AccessRight::ReadMessages => Right::ReadMessages,
                _ => Right::WriteMessages,
            });
            (agent.as_str().to_owned(), rights.collect())
        });
        grants.collect()
    };
    let both = |policy: &AccessPolicy| (policy.clone(), plain_of(policy));

    let mut operations = Vec::new();
    for (name, other, expected) in [
        ("is_subset_of: true", &policy, true),
        ("is_subset_of: false at the last", &less, false),
    ] {
        let ((ours, plain), (other, plain_other)) = (both(&policy), both(other));
        if ours.is_subset_of(&other) != expected || is_subset(&plain, &plain_other) != expected {
            return Err(format!("`{name}` is not so").into());
        }
        operations.push(operation(
            name,
            agents,
            move || black_box(&ours).is_subset_of(black_box(&other)),
            move || is_subset(black_box(&plain), black_box(&plain_other)),
        ));
    }
    let (ours, plain) = both(&policy);
    let plain_last = last.clone();
    operations.push(operation(
        "allows",
        agents,
        move || black_box(&ours).allows(black_box(&last), black_box(&AccessRight::WriteMessages)),
        move || {
            let rights = black_box(&plain).get(black_box(&plain_last));
            rights.is_some_and(|rights| rights.contains(black_box(&Right::WriteMessages)))
        },
    ));
    let ((ours, plain), (other, plain_other)) = (both(&policy), both(&shifted));
    operations.push(operation(
        "union, half in both",
        agents,
        move || black_box(&ours).union(black_box(&other)),
        move || {
            let mut union = black_box(&plain).clone();
            for (agent, rights) in black_box(&plain_other) {
                union.entry(agent.clone()).or_default().extend(rights);
            }
            union
        },
    ));
    Ok(operations)
}

fn chat(agents: &[String]) -> std::result::Result<AccessPolicy, letta_api_ext::Error> {
    AccessPolicy::from_grants(agents.iter().map(|agent| (agent.as_str(), Preset::Chat)))
}

fn entry(agent: &str) -> plain::Entry {
    plain::Entry {
        kind: plain::Kind::Agent,
        id: agent.to_owned(),
        access: vec![plain::Right::ReadMessages, plain::Right::WriteMessages],
    }
}

fn parse(text: &str) -> Vec<plain::Entry> {
    let entries = text.split(';').map(|grant| {
        let (agent, rights) = grant.split_once(':').expect("a grant");
        let rights = rights.split(',').map(|right| match right {
            "read_messages" => plain::Right::ReadMessages,
            "write_messages" => plain::Right::WriteMessages,
            "read_agent" => plain::Right::ReadAgent,
            "write_agent" => plain::Right::WriteAgent,
            _ => panic!("{right} is no right"),
        });
        plain::Entry {
            kind: plain::Kind::Agent,
            id: agent.to_owned(),
            access: rights.collect(),
        }
    });
    entries.collect()
}

fn print(entries: &[plain::Entry]) -> String {
    let mut text = String::new();
    for (number, entry) in entries.iter().enumerate() {
        if number > 0 {
            text.push(';');
        }
        write!(text, "{}:", entry.id).expect("a string has room");
        for (number, right) in entry.access.iter().enumerate() {
            if number > 0 {
                text.push(',');
            }
            text.push_str(match right {
                plain::Right::ReadMessages => "read_messages",
                plain::Right::WriteMessages => "write_messages",
                plain::Right::ReadAgent => "read_agent",
                plain::Right::WriteAgent => "write_agent",
            });
        }
    }
    text
}

fn is_subset(grants: &Grants, others: &Grants) -> bool {
    grants.iter().all(|(agent, rights)| {
        let others = others.get(agent);
        others.is_some_and(|others| rights.is_subset(others))
    })
}
