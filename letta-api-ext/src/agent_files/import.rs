//! Making agents of an agent file.

use std::fmt;
use std::path::PathBuf;

use bytes::Bytes;
use letta_api::types::{self, AgentId};
use letta_api::{FilePart, Secret};

use super::{AgentFile, fault};
use crate::client::answer::Answer;
use crate::client::request::{Call, request};
use crate::error::{Error, Result};
use crate::platform::files;

/// The name under which the file is sent. The service does not look at it.
const NAME: &str = "agent.af";

/// A request to make agents of an agent file. From [`Agents::import`](crate::agents::Agents::import) and
/// [`Agents::import_from`](crate::agents::Agents::import_from). `Debug` shows neither the file nor secrets.
///
/// ```
/// # let letta = letta_api_ext::Letta::local()?;
/// let request = letta
///     .agents()
///     .import_from("ada.af")
///     .append_copy_suffix(false)
///     .model("openai/gpt-4.1")
///     .secrets([("WEATHER_KEY", "k-1")])
///     .strip_messages(true);
/// # Ok::<(), letta_api_ext::Error>(())
/// ```
#[derive(Clone)]
#[must_use = "a request does nothing until it is sent"]
pub struct ImportAgents {
    call: Call,
    source: Source,
    append_copy_suffix: Option<bool>,
    override_existing_tools: Option<bool>,
    strip_messages: Option<bool>,
    secrets: Option<Vec<(String, Secret)>>,
    name: Option<String>,
    embedding: Option<String>,
    model: Option<String>,
}

/// Where the file comes from.
#[derive(Clone)]
enum Source {
    File(Result<AgentFile>),
    Path(PathBuf),
}

impl ImportAgents {
    pub(super) fn of_file(call: Call, file: Result<AgentFile>) -> Self {
        Self::new(call, Source::File(file))
    }

    pub(super) fn of_path(call: Call, path: PathBuf) -> Self {
        Self::new(call, Source::Path(path))
    }

    fn new(call: Call, source: Source) -> Self {
        Self {
            call,
            source,
            append_copy_suffix: None,
            override_existing_tools: None,
            strip_messages: None,
            secrets: None,
            name: None,
            embedding: None,
            model: None,
        }
    }

    /// Another name for the agent. If the file has several agents, all get it. By default the name of the file with `_copy`
    /// at the end.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Whether `_copy` is put at the end of the names of the file. By default `true`. Passed over if
    /// [`name`](Self::name) is set. The API marks it as deprecated, and has nothing else to keep the names of the file.
    pub fn append_copy_suffix(mut self, append_copy_suffix: bool) -> Self {
        self.append_copy_suffix = Some(append_copy_suffix);
        self
    }

    /// Whether tools of the same name get the code of the file. By default `true`. The server's own tools are never changed.
    pub fn override_existing_tools(mut self, override_existing_tools: bool) -> Self {
        self.override_existing_tools = Some(override_existing_tools);
        self
    }

    /// Whether to leave the file's messages out. By default `false`.
    pub fn strip_messages(mut self, strip_messages: bool) -> Self {
        self.strip_messages = Some(strip_messages);
        self
    }

    /// Values for the environment variables of the agents' tools, by name. An exported file has their names without values.
    /// A server 0.16.8 passes over a name that the file does not have. They are never printed, and are redacted from what the
    /// service says.
    pub fn secrets<K, V>(mut self, secrets: impl IntoIterator<Item = (K, V)>) -> Self
    where
        K: Into<String>,
        V: Into<Secret>,
    {
        let secrets = secrets.into_iter();
        let secrets = secrets.map(|(name, secret)| (name.into(), secret.into()));
        self.secrets = Some(secrets.collect());
        self
    }

    /// The handle of an embedding model to use in place of the file's.
    pub fn embedding(mut self, embedding: impl Into<String>) -> Self {
        self.embedding = Some(embedding.into());
        self
    }

    /// The handle of a model to use in place of the file's, as in `openai/gpt-4.1`. Other settings of the file stay.
    pub fn model(mut self, model: impl Into<String>) -> Self {
        self.model = Some(model.into());
        self
    }

    /// Sends the request, and returns the IDs of the new agents, in the order of the file.
    ///
    /// The request is sent again only after a failure that cannot have made agents, unless
    /// [`RetryPolicy::repeat_unsafe`](crate::RetryPolicy::repeat_unsafe) is set.
    ///
    /// # Errors
    ///
    /// Before anything is sent: something that is not an agent file (`file`), a file that cannot be read (`path`), or an
    /// empty `name`, `model` or `embedding`, which the service would pass over. After that: any failure of the service or
    /// the network. The service refuses a file that is wrong (400). If an error [may have
    /// happened](crate::Error::may_have_happened), there may be new agents.
    pub async fn send(self) -> Result<Vec<AgentId>> {
        for (field, text) in [
            ("name", &self.name),
            ("model", &self.model),
            ("embedding", &self.embedding),
        ] {
            if text.as_deref().is_some_and(str::is_empty) {
                return Err(Error::invalid_input(field, "must not be empty", None));
            }
        }
        let file = match &self.source {
            Source::File(file) => file.clone()?.bytes(),
            Source::Path(path) => {
                let read = files::read_whole(path.clone()).await;
                let bytes = read.map_err(|problem| fault::refused(path, &problem))?;
                AgentFile::try_from(bytes)?.bytes()
            }
        };
        let body = self.body(file)?;
        let params = types::ImportAgentParams::default();
        let outcome = self.call.api().import_agent(&params, body).await;
        let imported = Answer::of(outcome).map(Answer::into_inner)?;
        Ok(imported.agent_ids)
    }

    fn body(&self, file: Bytes) -> Result<types::ImportAgentBody> {
        let file = FilePart::bytes(NAME, file).with_media_type("application/json");
        let mut body = types::ImportAgentBody::new(file);
        #[expect(deprecated, reason = "nothing else keeps the names of the file")]
        {
            body.append_copy_suffix = self.append_copy_suffix;
        }
        body.override_existing_tools = self.override_existing_tools;
        body.strip_messages = self.strip_messages;
        body.secrets = match &self.secrets {
            Some(secrets) => {
                let secrets = secrets.iter();
                let secrets: std::collections::BTreeMap<&str, &str> = secrets
                    .map(|(name, secret)| (&**name, secret.expose_secret()))
                    .collect();
                let rule = "must be texts that JSON can have";
                let json = serde_json::to_string(&secrets);
                Some(json.map_err(|_| Error::invalid_input("secrets", rule, None))?)
            }
            None => None,
        };
        body.name.clone_from(&self.name);
        body.embedding.clone_from(&self.embedding);
        body.model.clone_from(&self.model);
        Ok(body)
    }
}

request!(ImportAgents => Vec<AgentId>);

impl fmt::Debug for ImportAgents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("ImportAgents");
        match &self.source {
            Source::File(Ok(file)) => shown.field("file", file),
            Source::File(Err(error)) => shown.field("file", error),
            Source::Path(path) => shown.field("path", path),
        };
        shown.finish_non_exhaustive()
    }
}
