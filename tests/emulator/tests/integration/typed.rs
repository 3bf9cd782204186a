//! Calls through letta-api's own client.

use letta_api::types::{AgentId, AgentState, CreateAgent, CreateAgentParams};
use letta_api::{Client, Error, ResponseValue, ServiceError};
use letta_api_emulator::{Builder, Emulator};

use crate::raw::client;

/// An emulator and a client of it.
pub(crate) struct Service {
    pub(crate) emulator: Emulator,
    pub(crate) client: Client,
}

impl Service {
    pub(crate) async fn start() -> Self {
        Self::of(Emulator::builder()).await
    }

    pub(crate) async fn of(builder: Builder) -> Self {
        let emulator = builder.start().await.unwrap();
        let client = client(&emulator);
        Self { emulator, client }
    }

    /// Makes an agent.
    pub(crate) async fn create(&self, agent: &CreateAgent) -> AgentState {
        let params = CreateAgentParams::default();
        value(self.client.create_agent(&params, agent).await)
    }

    /// The agent with all that is attached to it, as the emulator has it.
    pub(crate) fn state(&self, id: &AgentId) -> AgentState {
        let agent = self.emulator.agent(id.as_str()).snapshot().unwrap();
        agent.state().clone()
    }
}

/// What an operation gave.
pub(crate) fn value<T>(answer: Result<ResponseValue<T>, Error<ServiceError>>) -> T {
    match answer {
        Ok(answer) => answer.into_inner(),
        Err(error) => panic!("{error:?}"),
    }
}

/// The random part of an ID that nothing has.
pub(crate) const NONE: &str = "00000000-0000-4000-8000-000000000000";

/// The status of an error. 0 if there is none.
pub(crate) fn status<T, E>(answer: Result<T, Error<E>>) -> u16 {
    let error = answer.err();
    error
        .and_then(|error| error.status())
        .map_or(0, |status| status.as_u16())
}

/// The status and the detail of a refusal.
pub(crate) fn refused<T>(answer: Result<ResponseValue<T>, Error<ServiceError>>) -> (u16, String) {
    match answer {
        Err(Error::ErrorResponse(response)) => {
            let status = response.status().as_u16();
            let error = response.into_inner();
            (status, error.message().unwrap_or_default().to_owned())
        }
        Err(error) => panic!("{error:?}"),
        Ok(_) => panic!("it was not refused"),
    }
}

pub(crate) fn strings<const N: usize>(texts: [&str; N]) -> Vec<String> {
    texts.map(str::to_owned).to_vec()
}

/// An ID of the right form that nothing has.
pub(crate) fn nobody<T: From<String>>(kind: &str) -> T {
    format!("{kind}-00000000-0000-4000-8000-000000000000").into()
}
