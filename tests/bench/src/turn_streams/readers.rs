//! What reads a turn from a server.

use letta_api::types::StreamEvent;
use letta_api::{EventStream, Response};
use letta_api_ext::Letta;
use letta_api_ext::turns::TurnPath;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::Result;

/// The agent that all turns are with.
const AGENT: &str = "agent-0c5fd2e1-7a64-4c0e-9a3e-2f1b8a6d4e10";

/// A reader of turns.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Reader {
    /// letta-api-ext.
    TurnStream,
    /// The raw client.
    EventStream,
    /// reqwest; splits at empty lines, and reads the data with serde_json into the raw client's type.
    BareTyped,
    /// reqwest; splits at empty lines, and reads the data with serde_json into a `Value`.
    BareValue,
}

/// Clients of one server.
#[derive(Debug)]
pub struct Clients {
    url: String,
    http: reqwest::Client,
    letta: Letta,
    /// Whether turns are in tokens.
    pub tokens: bool,
    /// How many bytes of messages a turn keeps. `None` for what it keeps by default.
    pub answer_limit: Option<usize>,
}

impl Reader {
    /// All.
    pub const ALL: [Self; 4] = [
        Self::TurnStream,
        Self::EventStream,
        Self::BareTyped,
        Self::BareValue,
    ];

    /// What it is called.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::TurnStream => "TurnStream",
            Self::EventStream => "EventStream",
            Self::BareTyped => "bare, typed",
            Self::BareValue => "bare, Value",
        }
    }

    /// Makes a turn, and calls back for each event of it. Gives the number of events. A turn tells no reason to stop and no usage as
    /// events, and joins the pieces of calls.
    ///
    /// # Errors
    ///
    /// An event cannot be read.
    pub async fn read(self, clients: &Clients, each: impl FnMut()) -> Result<usize> {
        match self {
            Self::TurnStream => clients.turn(each).await,
            Self::EventStream => clients.events(each).await,
            Self::BareTyped => clients.bare::<StreamEvent>(each).await,
            Self::BareValue => clients.bare::<Value>(each).await,
        }
    }
}

impl Clients {
    /// Clients of the server there.
    ///
    /// # Errors
    ///
    /// They cannot be made.
    pub fn new(url: &str) -> Result<Self> {
        let http = reqwest::Client::builder().no_proxy().build()?;
        let letta = Letta::builder()
            .without_api_key()
            .base_url(url)
            .http_client(http.clone());
        Ok(Self {
            url: url.to_owned(),
            http,
            letta: letta.build()?,
            tokens: true,
            answer_limit: None,
        })
    }

    async fn turn(&self, mut each: impl FnMut()) -> Result<usize> {
        let turn = self.letta.agent(AGENT).turn("Hi");
        let turn = if self.tokens { turn.tokens() } else { turn };
        // The server has no store.
        let mut turn = turn.with_path(TurnPath::Plain);
        if let Some(limit) = self.answer_limit {
            turn = turn.with_answer_limit(limit);
        }
        let mut stream = turn.stream().await?;
        let mut count = 0;
        while let Some(event) = stream.next().await {
            std::hint::black_box(event?);
            each();
            count += 1;
        }
        std::hint::black_box(stream.finish()?);
        Ok(count)
    }

    async fn ask(&self) -> Result<reqwest::Response> {
        let url = format!("{}/v1/agents/{AGENT}/messages", self.url);
        let body = json!({"input": "Hi", "streaming": true, "stream_tokens": true});
        let response = self.http.post(url).json(&body).send().await?;
        Ok(response.error_for_status()?)
    }

    async fn events(&self, mut each: impl FnMut()) -> Result<usize> {
        let body = Response::from(self.ask().await?).into_stream();
        let mut events = EventStream::<StreamEvent>::new(body).with_end("[DONE]");
        let mut count = 0;
        while let Some(event) = events.next().await {
            std::hint::black_box(event?);
            each();
            count += 1;
        }
        Ok(count)
    }

    async fn bare<T: DeserializeOwned>(&self, mut each: impl FnMut()) -> Result<usize> {
        let mut response = self.ask().await?;
        let mut buffer: Vec<u8> = Vec::new();
        let mut count = 0;
        // To the end of the body, so that the connection serves the next turn.
        while let Some(piece) = response.chunk().await? {
            buffer.extend_from_slice(&piece);
            let mut start = 0;
            while let Some(length) = memchr::memmem::find(&buffer[start..], b"\n\n") {
                let event = &buffer[start..start + length];
                start += length + 2;
                let Some(data) = event.strip_prefix(b"data: ") else {
                    continue;
                };
                if data == b"[DONE]" {
                    continue;
                }
                let data = std::str::from_utf8(data)?;
                std::hint::black_box(serde_json::from_str::<T>(data)?);
                each();
                count += 1;
            }
            buffer.drain(..start);
        }
        Ok(count)
    }
}
