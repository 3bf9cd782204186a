//! What each command has at hand: the client, the output, the terminal.

use std::cell::OnceCell;

use letta_api_ext::letta_api::types::AgentId;
use letta_api_ext::{Letta, LettaBuilder, Secret};

use crate::args::{Format, Global};
use crate::environment::variable;
use crate::failure::{Failure, Kind};
use crate::key;
use crate::output::Output;
use crate::profile::Profiles;
use crate::terminal::Style;

pub(crate) struct Context {
    global: Global,
    letta: OnceCell<Letta>,
}

/// Where the account comes from. It is the environment, or a profile, and never a mix: the key of one account is not sent to
/// the server of another.
pub(crate) enum Account {
    /// `LETTA_API_KEY` and `LETTA_BASE_URL`, or options alone.
    Environment,
    Profile(String),
}

impl Context {
    pub(crate) fn new(global: Global) -> Self {
        Self {
            global,
            letta: OnceCell::new(),
        }
    }

    pub(crate) fn global(&self) -> &Global {
        &self.global
    }

    /// The form that was asked for. `None` if the command decides.
    pub(crate) fn format(&self) -> Option<Format> {
        self.global.output
    }

    /// The standard output.
    pub(crate) fn output(&self) -> Output {
        let format = self.format().unwrap_or(Format::Table);
        let style = Style::of(self.global.color, &console::Term::stdout());
        Output::new(format, style)
    }

    /// The colours of the standard error.
    pub(crate) fn style(&self) -> Style {
        self.global.color.style()
    }

    /// A note to whoever sits there. It goes to the standard error.
    pub(crate) fn note(&self, text: impl std::fmt::Display) {
        use std::io::Write as _;

        let text = format!("{text}\n");
        let text = crate::terminal::clean(&text);
        let _ = std::io::stderr().write_all(text.as_bytes());
    }

    /// Text for whoever sits there, which is clean and may have colours. It goes to the standard error.
    pub(crate) fn print_error(&self, text: &str) {
        use std::io::Write as _;

        let _ = std::io::stderr().write_all(text.as_bytes());
    }

    /// The client. Made when it is first needed.
    pub(crate) fn letta(&self) -> Result<&Letta, Failure> {
        if let Some(letta) = self.letta.get() {
            return Ok(letta);
        }
        let letta = self.connect()?;
        Ok(self.letta.get_or_init(|| letta))
    }

    /// Which account is used, with the profiles that there are.
    pub(crate) fn account(&self) -> Result<(Account, Profiles), Failure> {
        let profiles = Profiles::load()?;
        let named = self.global.profile.as_deref().filter(|it| !it.is_empty());
        if let Some(name) = named {
            profiles.get(name)?;
            return Ok((Account::Profile(name.to_owned()), profiles));
        }
        let is_given = self.global.key_file.is_some()
            || self.global.base_url.is_some()
            || is_set("LETTA_API_KEY")
            || is_set("LETTA_BASE_URL");
        match &profiles.default {
            Some(name) if !is_given => Ok((Account::Profile(name.clone()), profiles)),
            _ => Ok((Account::Environment, profiles)),
        }
    }

    fn connect(&self) -> Result<Letta, Failure> {
        let builder = match self.account()? {
            (Account::Environment, _) => self.environment()?,
            (Account::Profile(name), profiles) => self.of_profile(&name, &profiles)?,
        };
        let builder = match &self.global.project {
            Some(project) => builder.project(project),
            None => builder,
        };
        let builder = match self.global.allow_plain_http {
            true => builder.allow_plain_http(),
            false => builder,
        };
        builder.build().map_err(|error| {
            let field = error.field();
            let failure = Failure::from(error);
            match field {
                Some("api_key" | "LETTA_API_KEY") => failure.advise("Give the key in LETTA_API_KEY, by --key-file, or in a profile."),
                Some("base_url" | "LETTA_BASE_URL") => failure.advise("Give the server's address, as in https://api.letta.com. For http:// on another machine, add --allow-plain-http."),
                _ => failure,
            }
        })
    }

    fn environment(&self) -> Result<LettaBuilder, Failure> {
        let builder = LettaBuilder::from_env();
        let (builder, has_server) = match &self.global.base_url {
            Some(url) => (builder.base_url(url), true),
            None => (builder, is_set("LETTA_BASE_URL")),
        };
        match self.given_key()? {
            Some(key) => Ok(builder.api_key(key)),
            None if is_set("LETTA_API_KEY") => Ok(builder),
            None if has_server => Ok(builder.without_api_key()),
            None => Err(Failure::usage("there is no API key").advise(
                "Set LETTA_API_KEY, or keep the key in a profile: letta profile add work. For a server of your own, set \
                 LETTA_BASE_URL. To try it without an account: letta chat --demo",
            )),
        }
    }

    fn of_profile(&self, name: &str, profiles: &Profiles) -> Result<LettaBuilder, Failure> {
        let profile = profiles.get(name)?;
        let mut builder = Letta::builder();
        let given = self.given_key()?;
        match (&self.global.base_url, &profile.base_url) {
            (Some(url), known) => {
                // A key must not be sent to whatever server an option names.
                if given.is_none() && known.as_ref() != Some(url) {
                    let message = format!(
                        "`base_url` must be that of profile `{name}`, or the profile's key would be sent to another server"
                    );
                    return Err(Failure::usage(message).advise(
                        "Leave --base-url out, or give the key of that server, too: --key-file",
                    ));
                }
                builder = builder.base_url(url);
            }
            (None, Some(url)) => builder = builder.base_url(url),
            (None, None) => {}
        }
        if let Some(project) = &profile.project {
            builder = builder.project(project);
        }
        if profile.allow_plain_http {
            builder = builder.allow_plain_http();
        }
        let key = match given {
            Some(key) => Some(key),
            None => profiles.key(name, profile)?,
        };
        Ok(match key {
            Some(key) => builder.api_key(key),
            None => builder.without_api_key(),
        })
    }

    /// The key that an option names.
    fn given_key(&self) -> Result<Option<Secret>, Failure> {
        let path = self.global.key_file.as_deref();
        path.map(|path| key::read(path, "API key")).transpose()
    }

    /// The agent with this ID or name.
    pub(crate) async fn agent_id(&self, agent: &str) -> Result<AgentId, Failure> {
        if agent.starts_with("agent-") {
            return Ok(agent.into());
        }
        let letta = self.letta()?;
        let found = letta.agents().list().name(agent).limit(3).send().await?;
        match &found[..] {
            [only] => Ok(only.id.clone()),
            [] => Err(not_found("agent", agent, "letta agent list")),
            [first, second, ..] => {
                let message = format!("several agents have the name `{agent}`");
                let advice = format!("Name one by its ID, as in {} or {}.", first.id, second.id);
                Err(Failure::usage(message).advise(advice))
            }
        }
    }
}

/// A failure for something that no resource has as its name.
pub(crate) fn not_found(kind: &str, name: &str, list: &str) -> Failure {
    Failure::new(
        Kind::NotFound,
        format!("there is no {kind} with the name `{name}`"),
    )
    .advise(format!("See which there are: {list}"))
}

fn is_set(name: &str) -> bool {
    variable(name).is_some()
}
