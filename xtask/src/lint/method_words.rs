//! Names of methods that people would not give: `templates_create_template`, `list_agents_v1_agents_get`, `create_agent_2`.
//!
//! A method is a verb and what it is about. It has the name of its operation, so each finding prints the action that gives the operation
//! another, with a name that is free.

use std::collections::HashSet;

use heck::ToSnakeCase;

use super::context::Context;
use super::operation::Operation;
use super::operations::{is_taken, methods};
use super::rules::{self, Rule};
use super::type_words::LONGEST;
use crate::naming::method_name;
use crate::openapi::tags;

/// What methods do. A method that begins with another word is reported, so this has every verb that names of operations are known to begin
/// with.
const VERBS: &str = "abort accept acknowledge activate add allocate apply approve archive assign attach authenticate authorize backfill \
    ban batch begin block book build bulk bump calculate call cancel capture change chat check claim clear clone close collect commit \
    compact compare compile complete compute configure confirm connect consume convert copy count create deactivate decline decode decrypt delete \
    deliver deny deploy deprecate describe destroy detach detect diff disable disconnect discover dismiss dispatch download drain drop \
    duplicate edit eject embed empty enable encode encrypt end enqueue ensure estimate evaluate exchange execute expand expire explain export \
    extend extract fail fetch fill filter find finish flush follow force fork format forward freeze generate get give grant halt handle \
    has head hide import increment index init initialize insert inspect install invalidate invite invoke is issue join kill label launch \
    leave like link list load lock log login logout lookup make manage map mark match measure merge migrate mint modify monitor move mute \
    notify observe offer open options order parse patch pause pay peek perform pin ping play poll populate post prepare preview probe \
    process promote provision prune publish pull purge push put query queue quote read rebuild receive recompile reconcile record recover \
    redeem refresh refund refuse register reindex reject release reload remove rename render renew reopen reorder repair repeat replace \
    replay reply report request require reschedule resend reserve reset resize resolve respond restart restore resume resync retrieve retry \
    return reveal review revoke roll rollback rotate route run save scan schedule score search seek select send set share show shut sign \
    simulate skip snapshot sort split stage start stop store stream submit subscribe suggest summarize suspend switch sync tag take test \
    toggle touch trace track train transfer transform translate trigger trim truncate try unarchive unassign unban unblock unfollow uninstall \
    unlink unlock unmute unpin unpublish unregister unshare unsubscribe untag update upgrade upload upsert use validate verify view vote \
    wait warm watch withdraw write";

/// Words that connect, and end no name.
const CONNECTING: [&str; 10] = [
    "and", "as", "at", "by", "for", "from", "in", "of", "to", "with",
];

/// The operations that were reported.
#[derive(Default)]
pub(super) struct Renamed {
    /// Their names.
    pub(super) were: Vec<String>,
    /// The names that they could have.
    pub(super) to_be: Vec<String>,
}

/// Reports each method whose name could be better. Returns them, since names of types begin with theirs.
pub(super) fn check(context: &mut Context<'_>, operations: &[Operation<'_>]) -> Renamed {
    let mut renamed = Renamed::default();
    let verbs: HashSet<&str> = VERBS.split_whitespace().collect();
    let mut taken = methods(operations);
    for operation in operations {
        let Some(id) = operation.id else { continue };
        let name = method_name(id);
        let Some(problem) = problem(&name, operation, &verbs, &taken) else {
            continue;
        };
        let wish = proposal(problem.wishes, operation, &verbs, &mut taken);
        let action = context.update(&operation.at, &format!("operationId: {wish}"));
        context.report(
            problem.rule,
            &operation.at.join("operationId"),
            format!("the method `{name}` {}", problem.message),
            format!("rename it with {action}, or with a better name"),
        );
        renamed.were.push(id.to_owned());
        renamed.to_be.push(wish);
    }
    renamed
}

/// What is wrong with a name, and what it could be.
struct Problem {
    rule: Rule,
    message: String,
    wishes: Vec<String>,
}

fn problem(
    name: &str,
    operation: &Operation<'_>,
    verbs: &HashSet<&str>,
    taken: &HashSet<String>,
) -> Option<Problem> {
    let words: Vec<&str> = name.split('_').filter(|it| !it.is_empty()).collect();
    let problem = |message: &str, wishes| {
        Some(Problem {
            rule: rules::METHOD_NAME,
            message: message.to_owned(),
            wishes,
        })
    };
    if let Some(before) = without_path(name, operation) {
        return problem(
            "has the path and the HTTP method in it, as a framework makes names",
            vec![before],
        );
    }
    let is_verb = |word: Option<&&str>| word.is_some_and(|word| verbs.contains(word));
    let first = tag_words(&words, operation, verbs);
    if first > 0 && is_verb(words.get(first)) {
        let wishes = without_tag(&words, first);
        // If the verb is the tag's, as in `search_agents`, and the shorter name is taken, the name is as good as any.
        if !is_verb(words.first()) || wishes.first().is_some_and(|it| !taken.contains(it)) {
            return problem("begins with its tag, which its module says already", wishes);
        }
    }
    if let Some(word) = name.strip_suffix('_') {
        let what = by_path(operation);
        let wish = match verbs.contains(word) {
            true => what.replacen(verb_of(operation), word, 1),
            false => format!("{}_{word}", verb_of(operation)),
        };
        let message = format!("ends in `_`, since `{word}` is a keyword of Rust");
        return problem(&message, vec![wish]);
    }
    let plain = name
        .trim_end_matches(|c: char| c.is_ascii_digit())
        .trim_end_matches('_');
    if plain != name && (taken.contains(plain) || name[plain.len()..].starts_with('_')) {
        return problem(
            "ends with a number that nobody chose",
            vec![plain.to_owned()],
        );
    }
    if !is_verb(words.first()) {
        let mut wishes = Vec::new();
        // The verb may come last: `agents_list`.
        if let [before @ .., last] = words.as_slice()
            && verbs.contains(last)
            && !before.is_empty()
        {
            wishes.push(format!("{last}_{}", before.join("_")));
        }
        wishes.push(format!("{}_{name}", verb_of(operation)));
        return problem("does not begin with what it does", wishes);
    }
    let letters = name.chars().count();
    if letters > LONGEST {
        return Some(Problem {
            rule: rules::LONG_NAME,
            message: format!(
                "has a name of {letters} letters; {LONGEST} are the most that read well in a call"
            ),
            wishes: shorter(&words),
        });
    }
    None
}

/// The first name that is free and has nothing wrong with it. It is taken then.
fn proposal(
    wishes: Vec<String>,
    operation: &Operation<'_>,
    verbs: &HashSet<&str>,
    taken: &mut HashSet<String>,
) -> String {
    let path = by_path(operation);
    let short: Vec<String> = wishes
        .iter()
        .chain([&path])
        .flat_map(|wish| shorter(&wish.split('_').collect::<Vec<_>>()))
        .collect();
    let last = (0..)
        .map(|number| {
            let letter = |it: u32| char::from_u32('a' as u32 + it % 26).unwrap_or('a');
            format!(
                "{}_item_{}{}",
                verb_of(operation),
                letter(number / 26),
                letter(number)
            )
        })
        .take(26 * 26);
    let all = wishes.into_iter().chain([path]).chain(short).chain(last);
    let is_good = |name: &String| {
        method_name(name) == *name
            && !taken.contains(name)
            && !is_taken(name)
            && problem(name, operation, verbs, taken).is_none()
    };
    let name = all.into_iter().find(is_good).unwrap_or_default();
    taken.insert(name.clone());
    name
}

/// The name before the path and the HTTP method, as FastAPI makes it: `list_agents_v1_agents__get`.
fn without_path(name: &str, operation: &Operation<'_>) -> Option<String> {
    let rest = name.strip_suffix(&operation.method)?.trim_end_matches('_');
    let path = operation
        .path
        .replace(|c: char| !c.is_ascii_alphanumeric(), "_");
    let path = path.to_snake_case();
    if path.is_empty() {
        return None;
    }
    let before = rest.strip_suffix(&path)?.trim_end_matches('_');
    (!before.is_empty()).then(|| before.to_owned())
}

/// How many words at the beginning repeat those of a tag at its beginning, and are not what the method does.
fn tag_words(words: &[&str], operation: &Operation<'_>, verbs: &HashSet<&str>) -> usize {
    let shared = |tag: &str| {
        let tag = tag.to_snake_case();
        let tag: Vec<&str> = tag.split('_').filter(|it| !it.is_empty()).collect();
        let same = |(a, b): &(&&str, &&str)| singular(a) == singular(b);
        let shared = words.iter().zip(&tag).take_while(same).count();
        // `search_agents` does not begin with the tag `search`: it begins with a verb, and what follows is none.
        match shared == tag.len() || !verbs.contains(words[0]) {
            true => shared,
            false => 0,
        }
    };
    tags(operation.node)
        .into_iter()
        .map(shared)
        .max()
        .unwrap_or(0)
}

/// The name without so many words at its beginning. If those are all that it says about what, they go behind the verb.
fn without_tag(words: &[&str], first: usize) -> Vec<String> {
    let (tag, rest) = words.split_at(first);
    let Some((verb, what)) = rest.split_first() else {
        return Vec::new();
    };
    let tag_end = tag.split_last().map(|(last, before)| {
        let mut tag: Vec<String> = before.iter().map(|it| (*it).to_owned()).collect();
        tag.push(singular(last));
        tag.join("_")
    });
    let tag_end = tag_end.unwrap_or_default();
    match what {
        [] if *verb == "list" => vec![format!("{verb}_{}", tag.join("_"))],
        [] => vec![
            format!("{verb}_{tag_end}"),
            format!("{verb}_{}", tag.join("_")),
        ],
        what => vec![
            rest.join("_"),
            format!("{verb}_{tag_end}_{}", what.join("_")),
        ],
    }
}

/// A word without the ending of many: `identity` for `identities`, and `status` for `status`.
fn singular(word: &str) -> String {
    match (word.strip_suffix("ies"), word.strip_suffix('s')) {
        (Some(start), _) if start.len() > 1 => format!("{start}y"),
        (_, Some(one)) if one.len() > 2 && !one.ends_with(['s', 'u', 'i']) => one.to_owned(),
        _ => word.to_owned(),
    }
}

/// What a method of HTTP does, mostly.
fn verb_of(operation: &Operation<'_>) -> &'static str {
    match operation.method.as_str() {
        "post" => "create",
        "put" => "set",
        "patch" => "update",
        "delete" => "delete",
        "head" => "check",
        _ => "get",
    }
}

/// A verb, and the words of the path that are not its version.
fn by_path(operation: &Operation<'_>) -> String {
    let mut words = vec![verb_of(operation).to_owned()];
    for part in operation.path.split('/') {
        let is_version = part
            .strip_prefix('v')
            .is_some_and(|it| it.parse::<u8>().is_ok());
        if !is_version && !part.contains('{') && !part.is_empty() && part != "api" {
            words.push(part.to_snake_case());
        }
    }
    words.join("_")
}

/// The name with fewer words at its end, the longest first, that are short enough.
fn shorter(words: &[&str]) -> Vec<String> {
    (2..words.len())
        .rev()
        .map(|count| &words[..count])
        .filter(|words| words.last().is_none_or(|last| !CONNECTING.contains(last)))
        .map(|words| words.join("_"))
        .filter(|name| name.chars().count() <= LONGEST)
        .collect()
}
