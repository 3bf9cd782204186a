//! `letta token`.

use letta_api_ext::{AccessPolicy, AccessToken, Revocation, Secret};
use serde::Serialize;

use crate::args::{CreateTokenArgs, Format, ListTokensArgs, RevokeTokenArgs, TokenCommand};
use crate::context::Context;
use crate::failure::{Failure, Kind};
use crate::output::{Column, time};
use crate::{confirm, key};

/// What is shown of a token: everything but its secret.
#[derive(Serialize)]
struct Shown {
    fingerprint: String,
    policy: AccessPolicy,
    hostname: String,
    expires_at: String,
    expired: bool,
}

impl Shown {
    fn of(token: &AccessToken) -> Self {
        Self {
            fingerprint: token.fingerprint().to_string(),
            policy: token.policy().clone(),
            hostname: token.hostname().to_owned(),
            expires_at: token.expires_at_text().to_owned(),
            expired: token.is_expired(),
        }
    }
}

const COLUMNS: &[Column<Shown>] = &[
    ("FINGERPRINT", |token| token.fingerprint.clone()),
    ("POLICY", |token| token.policy.to_string()),
    ("ORIGIN", |token| token.hostname.clone()),
    ("EXPIRES", |token| {
        let end = time(Some(&token.expires_at));
        match token.expired {
            true => format!("{end} (expired)"),
            false => end,
        }
    }),
];

/// The table is the token alone.
const NO_FIELDS: &[(&str, String)] = &[];

const STILL_WORKS: &str = "A token that a page has used may still work until it expires.";

pub(super) async fn run(command: TokenCommand, context: &Context) -> Result<(), Failure> {
    match command {
        TokenCommand::Create(args) => create(args, context).await,
        TokenCommand::List(args) => list(args, context).await,
        TokenCommand::Revoke(args) => revoke(args, context).await,
    }
}

async fn create(args: CreateTokenArgs, context: &Context) -> Result<(), Failure> {
    let Some((agent, rights)) = args.agent.rsplit_once(':') else {
        return Err(
            Failure::usage("--agent must say what the token may do, too")
                .advise("Write AGENT:RIGHTS, as in agent-1:chat or Ada:read_messages,read_agent."),
        );
    };
    // Before the agent is looked up: a wrong right needs no request.
    format!("agent-0:{rights}").parse::<AccessPolicy>()?;
    let id = context.agent_id(agent.trim()).await?;
    let policy: AccessPolicy = format!("{id}:{rights}").parse()?;
    let tokens = context.letta()?.access_tokens();
    let mut request = tokens.create(policy, args.origin.as_str());
    if let Some(lifetime) = args.lifetime {
        request = request.expires_in(lifetime);
    }
    let token = request.send().await?;
    context.note(format!(
        "Token {}: {} from {}, until {}",
        token.fingerprint(),
        token.policy(),
        token.hostname(),
        time(Some(&token.expires_at_text().to_owned())),
    ));
    let mut output = context.output();
    match context.format() {
        None | Some(Format::Table) => output.text(&format!("{}\n", token.expose_secret())),
        Some(_) => output.item_with_secrets(&token.to_browser(), NO_FIELDS),
    }
}

async fn list(args: ListTokensArgs, context: &Context) -> Result<(), Failure> {
    let mut request = context.letta()?.access_tokens().list().limit(50);
    if let Some(agent) = args.agent {
        request = request.agent(context.agent_id(&agent).await?);
    }
    let mut output = context.output();
    let mut list = output.list(COLUMNS);
    let mut tokens = request.items();
    while list.len() < args.limit.unwrap_or(usize::MAX) {
        match tokens.next().await {
            Some(token) => list.item(&Shown::of(&token?))?,
            None => break,
        }
    }
    list.end()
}

async fn revoke(args: RevokeTokenArgs, context: &Context) -> Result<(), Failure> {
    if args.all || !args.fingerprints.is_empty() {
        return revoke_listed(args, context).await;
    }
    // Nobody types a token in vain.
    context.letta()?;
    let secret = key::read_stdin("token")?;
    revoke_one(secret, context).await?;
    context.note(STILL_WORKS);
    Ok(())
}

async fn revoke_one(token: Secret, context: &Context) -> Result<(), Failure> {
    let tokens = context.letta()?.access_tokens();
    match tokens.revoke(token).send().await? {
        Revocation::NotFound => Err(Failure::new(
            Kind::NotFound,
            "the service does not know this token",
        )
        .advise("It may have been revoked before, or belong to another account.")),
        _ => {
            context.note("Revoked the token.");
            Ok(())
        }
    }
}

async fn revoke_listed(args: RevokeTokenArgs, context: &Context) -> Result<(), Failure> {
    for fingerprint in &args.fingerprints {
        check_fingerprint(fingerprint)?;
    }
    let tokens = context.letta()?.access_tokens();
    let mut request = tokens.list().limit(50);
    if let Some(agent) = &args.agent {
        request = request.agent(context.agent_id(agent).await?);
    }
    // All are listed before one is deleted: the positions of the others move then.
    let mut found: Vec<AccessToken> = Vec::new();
    let mut listed = request.items();
    while let Some(token) = listed.next().await {
        let token = token?;
        let fingerprint = token.fingerprint().to_string();
        let is_new = found
            .iter()
            .all(|it| it.fingerprint() != token.fingerprint());
        if is_new && (args.all || args.fingerprints.contains(&fingerprint)) {
            found.push(token);
        }
    }
    let is_missing = |it: &&String| {
        found
            .iter()
            .all(|token| token.fingerprint().to_string() != **it)
    };
    if let Some(missing) = args.fingerprints.iter().find(is_missing) {
        let message = format!("there is no token with the fingerprint `{missing}`");
        return Err(Failure::new(Kind::NotFound, message)
            .advise("See which there are: letta token list. Nothing was revoked."));
    }
    if found.is_empty() {
        context.note("There are no tokens.");
        return Ok(());
    }
    let question = match found.len() {
        1 => "Revoke 1 token?".to_owned(),
        count => format!("Revoke {count} tokens?"),
    };
    confirm::confirm(&question, args.yes).await?;
    for token in &found {
        tokens.revoke(token).send().await?;
        context.note(format!("Revoked {}.", token.fingerprint()));
    }
    context.note(STILL_WORKS);
    Ok(())
}

/// The text is not shown: it may be a token.
fn check_fingerprint(text: &str) -> Result<(), Failure> {
    let is_one = text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    match is_one {
        true => Ok(()),
        false => Err(Failure::usage("a fingerprint must be 12 hex digits").advise(
            "See `letta token list`. To revoke by the token itself, give it on the standard input: letta token revoke < FILE",
        )),
    }
}
