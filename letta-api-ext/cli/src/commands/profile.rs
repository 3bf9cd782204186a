//! `letta profile`.

use letta_api_ext::BaseUrl;
use serde::Serialize;

use crate::args::{AddProfileArgs, ProfileCommand};
use crate::context::{Account, Context};
use crate::failure::Failure;
use crate::output::{Column, or_empty};
use crate::profile::{KeySource, Profile, Profiles, check_name};
use crate::{confirm, key};

/// What is shown of a profile.
#[derive(Serialize)]
struct Shown {
    used: bool,
    name: String,
    server: String,
    project: Option<String>,
    key: String,
}

const COLUMNS: &[Column<Shown>] = &[
    ("USED", |it| (if it.used { "*" } else { "" }).to_owned()),
    ("NAME", |it| it.name.clone()),
    ("SERVER", |it| it.server.clone()),
    ("PROJECT", |it| or_empty(it.project.as_ref())),
    ("KEY", |it| it.key.clone()),
];

pub(super) async fn run(command: ProfileCommand, context: &Context) -> Result<(), Failure> {
    match command {
        ProfileCommand::List => list(context),
        ProfileCommand::Add(args) => add(&args, context),
        ProfileCommand::Use { name } => {
            let mut profiles = Profiles::load()?;
            profiles.get(&name)?;
            profiles.default = Some(name.clone());
            profiles.save()?;
            context.note(format!("{name} is used by default now."));
            Ok(())
        }
        ProfileCommand::Remove { name, yes } => {
            let mut profiles = Profiles::load()?;
            let source = profiles.get(&name)?.key.clone();
            confirm::confirm(&format!("Remove the profile {name} and its key?"), yes).await?;
            profiles.forget_key(&name, &source)?;
            profiles.profiles.remove(&name);
            if profiles.default.as_ref() == Some(&name) {
                profiles.default = None;
            }
            profiles.save()?;
            context.note(format!("Removed {name}."));
            Ok(())
        }
    }
}

fn list(context: &Context) -> Result<(), Failure> {
    let (account, profiles) = context.account()?;
    let used = match &account {
        Account::Profile(name) => Some(name),
        Account::Environment => None,
    };
    let shown = profiles.profiles.iter().map(|(name, profile)| Shown {
        used: used == Some(name),
        name: name.clone(),
        server: profile
            .base_url
            .clone()
            .unwrap_or_else(|| match profile.key {
                KeySource::None => "http://localhost:8283".to_owned(),
                _ => "https://api.letta.com".to_owned(),
            }),
        project: profile.project.clone(),
        key: profile.key.to_string(),
    });
    let shown: Vec<Shown> = shown.collect();
    context.output().items(&shown, COLUMNS)?;
    if used.is_none() {
        context.note(
            "No profile is used: the environment or an option names the account, or nothing does.",
        );
    }
    Ok(())
}

fn add(args: &AddProfileArgs, context: &Context) -> Result<(), Failure> {
    check_name(&args.name)?;
    let global = context.global();
    if let Some(url) = &global.base_url {
        // The URL is not shown: it may have a password.
        BaseUrl::parse(url).map_err(|error| {
            Failure::usage(format!("--base-url cannot be used: {}", error.rule()))
        })?;
    }
    let mut profiles = Profiles::load()?;
    let replaced = profiles.profiles.get(&args.name).cloned();
    let key = match (&args.key_env, args.without_key) {
        (Some(variable), _) => KeySource::Env(variable.clone()),
        (None, true) => KeySource::None,
        (None, false) => {
            let path = global.key_file.as_deref();
            let path = path.unwrap_or_else(|| std::path::Path::new("-"));
            let key = key::read(path, "API key")?;
            profiles.keep_key(&args.name, &key, args.keyring)?
        }
    };
    if let Some(replaced) = replaced.filter(|it| it.key != key) {
        profiles.forget_key(&args.name, &replaced.key)?;
    }
    let profile = Profile {
        base_url: global.base_url.clone(),
        project: global.project.clone(),
        allow_plain_http: global.allow_plain_http,
        key,
    };
    profiles.profiles.insert(args.name.clone(), profile);
    profiles.default.get_or_insert_with(|| args.name.clone());
    profiles.save()?;
    let path = profiles.path();
    context.note(format!("Added {} to {}.", args.name, path.display()));
    if profiles.default.as_ref() != Some(&args.name) {
        context.note(format!(
            "To use it by default: letta profile use {}",
            args.name
        ));
    }
    Ok(())
}
