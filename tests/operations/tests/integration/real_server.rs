//! Every operation that a self-hosted server has, called on a real one with typed arguments, as an application would.
//!
//! `LETTA_TEST_SERVER` is the base URL of a server that asks for no key. It needs a model and an embedding model, the first of which
//! whose handles contain `LETTA_TEST_MODEL` and `LETTA_TEST_EMBEDDING` are used. `LETTA_TEST_MCP_COMMAND`, if it is there, is a
//! program that the server can start as an MCP server, and its arguments. The test makes what it needs, and deletes it.

use std::collections::BTreeMap;
use std::env;
use std::fmt::Debug;
use std::time::Duration;

use letta_api::types::*;
use letta_api::{
    BoxFuture, Client, Direct, Error, EventStream, FilePart, Operation, Response, ResponseValue,
    ServiceError, Transport, TransportError,
};
use letta_api_operations_tests::{Description, Gives, Kept, METHODS, Method, Way};
use serde_json::{Map, Value, json};

pub(super) const SERVER: &str = "LETTA_TEST_SERVER";
pub(super) const MODEL: &str = "LETTA_TEST_MODEL";
pub(super) const EMBEDDING: &str = "LETTA_TEST_EMBEDDING";
const MCP_COMMAND: &str = "LETTA_TEST_MCP_COMMAND";

/// Tags whose operations only the hosted service has.
const HOSTED: [&str; 4] = [
    "clientSideAccessTokens",
    "environments",
    "scheduledMessages",
    "templates",
];

/// Keeps the body of each answer beside what is read of it.
struct Keeping;

#[derive(Clone)]
struct Body(Vec<u8>);

impl Transport for Keeping {
    fn execute<'a>(
        &'a self,
        http: &'a reqwest::Client,
        request: reqwest::Request,
        operation: &'static Operation,
    ) -> BoxFuture<'a, Result<Response, TransportError>> {
        Box::pin(async move {
            let mut response = Direct.execute(http, request, operation).await?;
            if !operation.streams && response.buffer().await.is_ok() {
                let body = Body(response.buffered_body().to_vec());
                response.insert_extension(body);
            }
            Ok(response)
        })
    }
}

type Outcome<T> = Result<ResponseValue<T>, Error<ServiceError>>;

/// A server, and what came of each call.
struct Session {
    client: Client,
    description: Description,
    kept: Kept,
    model: String,
    embedding: String,
    calls: BTreeMap<&'static str, Vec<String>>,
    faults: Vec<String>,
}

impl Session {
    fn note(&mut self, name: &'static str, what: String) {
        self.calls.entry(name).or_default().push(what);
    }

    fn fault(&mut self, name: &'static str, what: &str) {
        self.faults.push(format!("{name}: {what}"));
        self.note(name, format!("FAULT {what}"));
    }

    /// Notes what came of a call: decoded with nothing lost, refused by the server in words that are read, or a fault of ours.
    fn take<T>(&mut self, name: &'static str, outcome: Outcome<T>) -> Option<T> {
        let answer = match outcome {
            Ok(answer) => answer,
            Err(error) => {
                self.refused(name, error);
                return None;
            }
        };
        let method = Method::named(name).expect("it is a method of the client");
        let body: &Body = answer.extension().expect("the body was kept");
        let problems = match (method.gives, serde_json::from_slice::<Value>(&body.0)) {
            (Gives::Json(reader), Ok(said)) => {
                self.kept
                    .problems(&self.description, reader, &said, Way::Received)
            }
            (Gives::Nothing, _) => Vec::new(),
            (_, said) => vec![format!("{said:?}")],
        };
        let status = answer.status().as_u16();
        match problems.as_slice() {
            [] => self.note(name, format!("decoded {status}")),
            problems => self.fault(name, &problems.join("; ")),
        }
        Some(answer.into_inner())
    }

    fn refused(&mut self, name: &'static str, error: Error<ServiceError>) {
        match error {
            Error::ErrorResponse(answer) => match answer.message() {
                Some(said) => {
                    let said: String = said.chars().take(100).collect();
                    self.note(
                        name,
                        format!("refused {}: {said}", answer.status().as_u16()),
                    );
                }
                None => self.fault(name, &format!("an error says nothing: {:?}", answer.json())),
            },
            error => self.fault(name, &error.to_string()),
        }
    }

    /// Reads all events. Each must be known, and the stream must end by itself.
    async fn events(
        &mut self,
        name: &'static str,
        outcome: Outcome<EventStream<StreamEvent>>,
    ) -> Vec<StreamEvent> {
        let mut stream = match outcome {
            Ok(answer) => answer.into_inner(),
            Err(error) => {
                self.refused(name, error);
                return Vec::new();
            }
        };
        let mut events = Vec::new();
        while let Some(event) = stream.next().await {
            match event {
                Ok(StreamEvent::Unknown(event)) => self.fault(name, &format!("unknown: {event}")),
                Ok(event) => events.push(event),
                Err(error) => self.fault(name, &error.to_string()),
            }
        }
        match events.len() {
            0 => self.fault(name, "no event"),
            count => self.note(name, format!("decoded {count} events")),
        }
        events
    }

    async fn models(&mut self) {
        let health = self.client.check_health().await;
        self.take("check_health", health);
        let models = self.client.list_models(&Default::default()).await;
        let models = self.take("list_models", models).unwrap_or_default();
        let embeddings = self.client.list_embedding_models().await;
        let embeddings = self.take("list_embedding_models", embeddings);
        self.model = choose(MODEL, models.into_iter().filter_map(|it| it.handle));
        let embeddings = embeddings.unwrap_or_default();
        self.embedding = choose(EMBEDDING, embeddings.into_iter().filter_map(|it| it.handle));
    }

    async fn blocks(&mut self) -> Block {
        let client = self.client.clone();
        let metadata = object(json!({"source": "a test"}));
        let wanted = CreateBlock::new("Name: Sam", "human").with_metadata(metadata.clone());
        let block = self.take("create_block", client.create_block(&wanted).await);
        let block = block.expect("a block is created");
        let id = &block.id;
        self.take("get_block", client.get_block(id).await);
        // What is not set is not sent, so it stays.
        let change = UpdateBlock::new().with_value("Name: Kim");
        let changed = client.update_block(id, &change).await;
        if let Some(changed) = self.take("update_block", changed)
            && changed.metadata != Some(metadata)
        {
            self.fault("update_block", "the metadata is gone");
        }
        let params = ListBlocksParams::default().with_limit(5);
        self.take("list_blocks", client.list_blocks(&params).await);
        block
    }

    async fn tools(&mut self) -> Tool {
        let client = self.client.clone();
        let source = "def add(a: int, b: int) -> int:\n    \"\"\"Adds two numbers.\n\n    Args:\n        a (int): One.\n        \
                      b (int): Two.\n\n    Returns:\n        int: The sum.\n    \"\"\"\n    return a + b\n";
        let wanted = CreateTool::new(source).with_tags(["math".to_owned()]);
        self.take("create_tool", client.create_tool(&wanted).await);
        let tool = self.take("upsert_tool", client.upsert_tool(&wanted).await);
        let tool = tool.expect("a tool is set");
        let id = &tool.id;
        self.take("get_tool", client.get_tool(id).await);
        let change = UpdateTool::new().with_return_char_limit(5000);
        self.take("update_tool", client.update_tool(id, &change).await);
        let params = ListToolsParams::default().with_limit(20);
        self.take("list_tools", client.list_tools(&params).await);
        let search = SearchToolsRequest::new().with_query("add");
        self.take("search_tools", client.search_tools(&search).await);
        tool
    }

    async fn agents(&mut self, block: &Block, tool: &Tool) -> AgentState {
        let client = self.client.clone();
        let wanted = CreateAgent::new()
            .with_name("Ada")
            .with_model(self.model.clone())
            .with_embedding(self.embedding.clone())
            .with_memory_blocks([CreateBlock::new("I am Ada.", "persona")])
            .with_block_ids([block.id.clone()])
            .with_tool_ids([tool.id.clone()])
            .with_tags(["a-test".to_owned()]);
        let agent = client.create_agent(&Default::default(), &wanted).await;
        let agent = self.take("create_agent", agent);
        let agent = agent.unwrap_or_else(|| panic!("no agent: {:?}", self.calls["create_agent"]));
        let id = &agent.id;
        let all = [
            AgentInclude::Blocks,
            AgentInclude::Tools,
            AgentInclude::PendingApproval,
            AgentInclude::Secrets,
        ];
        let params = GetAgentParams::default().with_include(all);
        self.take("get_agent", client.get_agent(id, &params).await);
        let secrets = [("KEY".to_owned(), "of a test".to_owned())];
        let change = UpdateAgent::new()
            .with_description("Made by a test")
            .with_secrets(
                secrets
                    .into_iter()
                    .collect::<std::collections::HashMap<_, _>>(),
            );
        self.take("update_agent", client.update_agent(id, &change).await);
        let params = ListAgentsParams::default()
            .with_tags(["a-test".to_owned()])
            .with_limit(3);
        self.take("list_agents", client.list_agents(&params).await);
        self.take("list_tags", client.list_tags(&Default::default()).await);
        let recompiled = client.recompile_agent(id, &Default::default()).await;
        self.take("recompile_agent", recompiled);
        agent
    }

    async fn what_agents_have(&mut self, agent: &AgentState, block: &Block, tool: &Tool) {
        let client = self.client.clone();
        let id = &agent.id;
        let agents = client
            .list_block_agents(&block.id, &Default::default())
            .await;
        self.take("list_block_agents", agents);
        let blocks = client.list_agent_blocks(id, &Default::default()).await;
        self.take("list_agent_blocks", blocks);
        self.take("get_agent_block", client.get_agent_block(id, "human").await);
        let change = UpdateBlock::new().with_value("Name: Eve");
        let changed = client.update_agent_block(id, "human", &change).await;
        self.take("update_agent_block", changed);
        let other = client
            .create_block(&CreateBlock::new("Empty.", "notes"))
            .await;
        if let Some(other) = self.take("create_block", other) {
            let attached = client.attach_block(id, &other.id).await;
            self.take("attach_block", attached);
            let detached = client.detach_block(id, &other.id).await;
            self.take("detach_block", detached);
            self.take("delete_block", client.delete_block(&other.id).await);
        }

        let tools = client.list_agent_tools(id, &Default::default()).await;
        self.take("list_agent_tools", tools);
        self.take("detach_tool", client.detach_tool(id, &tool.id).await);
        self.take("attach_tool", client.attach_tool(id, &tool.id).await);
        let approval = UpdateToolApproval::new(false);
        let approval = client
            .update_tool_approval(id, "add", &Default::default(), Some(&approval))
            .await;
        self.take("update_tool_approval", approval);
        let run = RunToolRequest::new().with_args(object(json!({"a": 1, "b": 2})));
        let run = client.run_agent_tool(id, "add", Some(&run)).await;
        self.take("run_agent_tool", run);

        let identity = self.identity().await;
        let attached = client.attach_identity(id, &identity).await;
        self.take("attach_identity", attached);
        let detached = client.detach_identity(id, &identity).await;
        self.take("detach_identity", detached);
    }

    /// The ID of an identity. No operation of the public API creates one.
    async fn identity(&self) -> IdentityId {
        static CREATE: Operation = Operation::new("create_identity", "POST", "/v1/identities/");
        let url = self
            .client
            .base_url()
            .as_str()
            .trim_end_matches('/')
            .to_owned();
        let body = json!({"identifier_key": unique("key"), "name": "Kim", "identity_type": "user"});
        let request = self.client.http().post(url + "/v1/identities/").json(&body);
        let request = request.build().unwrap();
        let mut response = self.client.execute(request, &CREATE).await.unwrap();
        response.buffer().await.unwrap();
        let identity = ResponseValue::<Value>::decode_json(response).unwrap();
        identity["id"].as_str().expect("it has an ID").into()
    }

    async fn messages(&mut self, agent: &AgentState) {
        let client = self.client.clone();
        let id = &agent.id;
        self.take("send_message", client.send_message(id, &say("Hello")).await);
        let stream = client.send_message_stream(id, &say("Hello again")).await;
        self.events("send_message_stream", stream).await;
        let by_pieces = say("Once more").with_stream_tokens(true);
        let stream = client.send_message_stream(id, &by_pieces).await;
        self.events("send_message_stream", stream).await;
        #[allow(deprecated, reason = "the server has it")]
        let stream = client.stream_message(id, &say("And again")).await;
        self.events("stream_message", stream).await;
        let later = AsyncMessageRequest::new().with_messages([user("Later").into()]);
        let run = client.start_run(id, &later).await;
        let run = self.take("start_run", run);

        let params = ListMessagesParams::default().with_limit(10);
        let messages = client.list_messages(id, &params).await;
        let messages = self.take("list_messages", messages).unwrap_or_default();
        let params = ListAllMessagesParams::default().with_limit(5);
        let all = client.list_all_messages(&params).await;
        self.take("list_all_messages", all);
        if let Some(message) = messages.last() {
            let id = text_of(message, "id");
            let message = client.get_message(&id.into()).await;
            self.take("get_message", message);
        }
        let search = client
            .search_messages(&SearchMessagesRequest::new("hello"))
            .await;
        self.take("search_messages", search);
        self.take("cancel_runs", client.cancel_runs(id, None).await);
        let compacted = client.compact_messages(id, None).await;
        self.take("compact_messages", compacted);
        if let Some(run) = run {
            self.runs(agent, &run).await;
        }
        let reset = client
            .reset_messages(id, &ResetMessagesRequest::new())
            .await;
        self.take("reset_messages", reset);
    }

    async fn runs(&mut self, agent: &AgentState, run: &Run) {
        let client = self.client.clone();
        let params = ListRunsParams::default()
            .with_agent_id(agent.id.clone())
            .with_limit(20);
        self.take("list_runs", client.list_runs(&params).await);
        let id = &run.id;
        for _ in 0..50 {
            let run = client.get_run(id).await.map(ResponseValue::into_inner);
            if run.is_ok_and(|it| it.completed_at.is_some()) {
                break;
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        self.take("get_run", client.get_run(id).await);
        let messages = client.list_run_messages(id, &Default::default()).await;
        self.take("list_run_messages", messages);
        let trace = client.get_run_trace(id, &Default::default()).await;
        self.take("get_run_trace", trace);
        self.take("get_run_usage", client.get_run_usage(id).await);
        let params = ListStepsParams::default().with_limit(5);
        self.take("list_steps", client.list_steps(&params).await);
        let steps = client.list_run_steps(id, &Default::default()).await;
        let steps = self.take("list_run_steps", steps).unwrap_or_default();
        let Some(step) = steps.first() else {
            return self.fault("list_run_steps", "a run has no step");
        };
        let id = &step.id;
        self.take("get_step", client.get_step(id).await);
        let feedback = UpdateFeedback::new().with_feedback(FeedbackType::Positive);
        let step = client.update_step_feedback(id, &feedback).await;
        self.take("update_step_feedback", step);
        let messages = client.list_step_messages(id, &Default::default()).await;
        self.take("list_step_messages", messages);
        self.take("get_step_metrics", client.get_step_metrics(id).await);
        self.take("get_step_trace", client.get_step_trace(id).await);
    }

    async fn conversations(&mut self, agent: &AgentState) {
        let client = self.client.clone();
        let wanted = CreateConversation::new().with_summary("A test");
        let created = client.create_conversation(&agent.id, Some(&wanted)).await;
        let Some(conversation) = self.take("create_conversation", created) else {
            return;
        };
        let id = &conversation.id;
        self.take("get_conversation", client.get_conversation(id).await);
        let change = UpdateConversation::new().with_summary("A better test");
        let changed = client.update_conversation(id, &change).await;
        self.take("update_conversation", changed);
        let params = ListConversationsParams::default().with_agent_id(agent.id.clone());
        let all = client.list_conversations(&params).await;
        self.take("list_conversations", all);

        let say = |text: &str| {
            let message = user(text).with_otid(unique("otid"));
            ConversationMessageRequest::new().with_messages([message.into()])
        };
        let answer = client.send_conversation_message(id, &say("Hello")).await;
        self.take("send_conversation_message", answer);
        let background = say("Hello again").with_background(true);
        let stream = client
            .send_conversation_message_stream(id, &background)
            .await;
        let events = self
            .events("send_conversation_message_stream", stream)
            .await;
        let run = events.iter().find_map(|event| match event {
            StreamEvent::AssistantMessage(message) => message.run_id.clone(),
            _ => None,
        });
        if let Some(run) = run {
            let from_start = ResumeStreamRequest::new().with_run_id(run.clone());
            let stream = client
                .resume_conversation_stream(id, Some(&from_start))
                .await;
            self.events("resume_conversation_stream", stream).await;
            let stream = client
                .resume_run_stream(&run, &ResumeStreamRequest::new())
                .await;
            self.events("resume_run_stream", stream).await;
        }
        let messages = client
            .list_conversation_messages(id, &Default::default())
            .await;
        self.take("list_conversation_messages", messages);
        let prompt = client
            .recompile_conversation(id, &Default::default(), None)
            .await;
        self.take("recompile_conversation", prompt);
        for word in ["one", "two", "three", "four"] {
            let answer = client.send_conversation_message(id, &say(word)).await;
            self.take("send_conversation_message", answer);
        }
        let compacted = client.compact_conversation(id, None).await;
        self.take("compact_conversation", compacted);
        let fork = client.fork_conversation(id, &Default::default()).await;
        if let Some(fork) = self.take("fork_conversation", fork) {
            let deleted = client.delete_conversation(&fork.id).await;
            self.take("delete_conversation", deleted);
        }
        // A run to cancel. A model that is faked may take the first word as an order to be slow.
        let long = say("DRIP:20:0.5 Count to twenty.").with_background(true);
        let stream = client.send_conversation_message_stream(id, &long).await;
        if let Ok(mut stream) = stream.map(ResponseValue::into_inner) {
            stream.next().await;
        }
        let cancelled = client.cancel_conversation(id, &Default::default()).await;
        self.take("cancel_conversation", cancelled);
        self.take("delete_conversation", client.delete_conversation(id).await);
    }

    async fn passages(&mut self, agent: &AgentState) {
        let client = self.client.clone();
        let wanted = CreateArchive::new("A test").with_embedding(self.embedding.clone());
        let created = client.create_archive(&wanted).await;
        let Some(archive) = self.take("create_archive", created) else {
            return;
        };
        let id = &archive.id;
        self.take("get_archive", client.get_archive(id).await);
        let change = UpdateArchive::new().with_description("Made by a test");
        self.take("update_archive", client.update_archive(id, &change).await);
        let archives = client.list_archives(&Default::default()).await;
        self.take("list_archives", archives);
        let attached = client.attach_archive(&agent.id, id).await;
        self.take("attach_archive", attached);
        let text =
            CreateArchivePassage::new("The shop closes at six.").with_tags(["hours".to_owned()]);
        let passage = client.create_archive_passage(id, &text).await;
        let passage = self.take("create_archive_passage", passage);
        let two = CreateArchivePassages::new(vec![
            CreateArchivePassage::new("One."),
            CreateArchivePassage::new("Two."),
        ]);
        let passages = client.create_archive_passages(id, &two).await;
        self.take("create_archive_passages", passages);
        let fact = CreateAgentPassage::new("A fact.");
        let own = client.create_agent_passage(&agent.id, &fact).await;
        let own = self.take("create_agent_passage", own).unwrap_or_default();
        let listed = client
            .list_agent_passages(&agent.id, &Default::default())
            .await;
        self.take("list_agent_passages", listed);
        let found = client
            .search_agent_passages(&agent.id, "fact", &Default::default())
            .await;
        self.take("search_agent_passages", found);
        let search = SearchPassagesRequest::new().with_query("shop");
        self.take("search_passages", client.search_passages(&search).await);
        if let Some(passage) = passage {
            let deleted = client.delete_archive_passage(id, &passage.id).await;
            self.take("delete_archive_passage", deleted);
        }
        if let Some(passage) = own.first() {
            let deleted = client.delete_agent_passage(&agent.id, &passage.id).await;
            self.take("delete_agent_passage", deleted);
        }
        let detached = client.detach_archive(&agent.id, id).await;
        self.take("detach_archive", detached);
        self.take("delete_archive", client.delete_archive(id).await);
    }

    async fn folders(&mut self, agent: &AgentState) {
        let client = self.client.clone();
        let wanted = CreateFolder::new(unique("folder")).with_embedding(self.embedding.clone());
        let created = client.create_folder(&wanted).await;
        let Some(folder) = self.take("create_folder", created) else {
            return;
        };
        let id = &folder.id;
        self.take("get_folder", client.get_folder(id).await);
        let change = UpdateFolder::new().with_description("Made by a test");
        self.take("update_folder", client.update_folder(id, &change).await);
        let folders = client.list_folders(&Default::default()).await;
        self.take("list_folders", folders);
        let attached = client.attach_folder(&agent.id, id).await;
        self.take("attach_folder", attached);
        let form = UploadFileBody::new(FilePart::bytes("hours.txt", "The shop closes at six."));
        let file = client.upload_file(id, &Default::default(), form).await;
        let file = self.take("upload_file", file);
        let agents = client.list_folder_agents(id, &Default::default()).await;
        self.take("list_folder_agents", agents);
        let files = client.list_folder_files(id, &Default::default()).await;
        self.take("list_folder_files", files);
        let folders = client
            .list_agent_folders(&agent.id, &Default::default())
            .await;
        self.take("list_agent_folders", folders);
        if let Some(file) = file {
            let found = client.get_file(id, &file.id, &Default::default()).await;
            self.take("get_file", found);
            // The server gives the file to the agent a while after the upload.
            for _ in 0..50 {
                let files = client
                    .list_agent_files(&agent.id, &Default::default())
                    .await;
                if files.is_ok_and(|it| !it.files.is_empty()) {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
            let files = client
                .list_agent_files(&agent.id, &Default::default())
                .await;
            self.take("list_agent_files", files);
            let opened = client.open_file(&agent.id, &file.id).await;
            self.take("open_file", opened);
            let closed = client.close_file(&agent.id, &file.id).await;
            self.take("close_file", closed);
            let closed = client.close_all_files(&agent.id).await;
            self.take("close_all_files", closed);
            self.take("delete_file", client.delete_file(id, &file.id).await);
        }
        let detached = client.detach_folder(&agent.id, id).await;
        self.take("detach_folder", detached);
        self.take("delete_folder", client.delete_folder(id).await);
    }

    /// With a program for an MCP server, all is done with it. Without one, the server refuses most.
    async fn mcp_servers(&mut self) {
        let client = self.client.clone();
        let command = env::var(MCP_COMMAND).unwrap_or_else(|_| "no-such-program".to_owned());
        let mut words = command.split_whitespace().map(str::to_owned);
        let program = words.next().expect("a program");
        let config = CreateStdioMcpServer::new(program.clone(), words.collect());
        let wanted = CreateMcpServer::new(unique("mcp"), config);
        let created = client.create_mcp_server(&wanted).await;
        let created = self.take("create_mcp_server", created);
        let id: McpServerId = match created {
            Some(server) => text_of(&server, "id").into(),
            None => "mcp_server-12345678-1234-4234-8234-123456789abc".into(),
        };
        let id = &id;
        self.take("list_mcp_servers", client.list_mcp_servers().await);
        self.take("get_mcp_server", client.get_mcp_server(id).await);
        let change = UpdateMcpServer::new(UpdateStdioMcpServer::new().with_command(program));
        let changed = client.update_mcp_server(id, &change).await;
        self.take("update_mcp_server", changed);
        let refreshed = client.refresh_mcp_server(id, &Default::default()).await;
        self.take("refresh_mcp_server", refreshed);
        let tools = client.list_mcp_server_tools(id).await;
        let tools = self
            .take("list_mcp_server_tools", tools)
            .unwrap_or_default();
        let tool = tools.first().map(|it| it.id.clone());
        let tool = tool.unwrap_or_else(|| "tool-12345678-1234-4234-8234-123456789abc".into());
        let found = client.get_mcp_server_tool(id, &tool).await;
        self.take("get_mcp_server_tool", found);
        let run = RunToolRequest::new().with_args(object(json!({"a": 1, "b": 2})));
        let run = client.run_mcp_server_tool(id, &tool, Some(&run)).await;
        self.take("run_mcp_server_tool", run);
        self.take("delete_mcp_server", client.delete_mcp_server(id).await);
    }

    async fn files_of_agents(&mut self, agent: &AgentState) {
        let client = self.client.clone();
        let exported = client.export_agent(&agent.id, &Default::default()).await;
        let Some(exported) = self.take("export_agent", exported) else {
            return;
        };
        let file = FilePart::bytes("ada.af", serde_json::to_vec(&exported).unwrap());
        let imported = client
            .import_agent(&Default::default(), ImportAgentBody::new(file))
            .await;
        let imported = self.take("import_agent", imported);
        for id in imported.map(|it| it.agent_ids).unwrap_or_default() {
            self.take("delete_agent", client.delete_agent(&id).await);
        }
    }
}

/// The first handle that contains what a variable says, or that is not the hosted service's own.
pub(super) fn choose(variable: &str, handles: impl Iterator<Item = String>) -> String {
    let wanted = env::var(variable);
    let handles: Vec<String> = handles.collect();
    let found = handles.iter().find(|handle| match &wanted {
        Ok(wanted) => handle.contains(wanted.as_str()),
        Err(_) => !handle.starts_with("letta/"),
    });
    let found = found.unwrap_or_else(|| panic!("{variable}: the server has {handles:?}"));
    found.clone()
}

pub(super) fn user(text: &str) -> CreateMessage {
    CreateMessage::new(InputRole::User, text)
}

pub(super) fn say(text: &str) -> MessageRequest {
    MessageRequest::new().with_messages([user(text).into()])
}

/// A name that no other run of the test has used.
pub(super) fn unique(name: &str) -> String {
    use std::sync::atomic::{AtomicU32, Ordering};
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let since = std::time::UNIX_EPOCH.elapsed().unwrap().as_nanos();
    format!("{name}-{since}-{}", COUNT.fetch_add(1, Ordering::Relaxed))
}

fn object(value: Value) -> Map<String, Value> {
    value.as_object().expect("an object").clone()
}

/// A text of a value that may be of several types.
fn text_of(value: &(impl serde::Serialize + Debug), member: &str) -> String {
    let json = serde_json::to_value(value).unwrap();
    let text = json[member].as_str();
    text.unwrap_or_else(|| panic!("no {member} in {value:?}"))
        .to_owned()
}

#[tokio::test]
async fn every_operation_that_a_server_has_is_decoded_or_refused_in_words() {
    let Ok(server) = env::var(SERVER) else {
        println!("skipped: {SERVER} names no server");
        return;
    };
    let http = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        // After a 500, the server resets the next request on the same connection.
        .pool_max_idle_per_host(0)
        .build()
        .unwrap();
    let client = Client::new(server.parse().unwrap(), http).with_transport(Keeping);
    let mut session = Session {
        client,
        description: Description::read(),
        kept: Kept::default(),
        model: String::new(),
        embedding: String::new(),
        calls: BTreeMap::new(),
        faults: Vec::new(),
    };
    session.models().await;
    let block = session.blocks().await;
    let tool = session.tools().await;
    let agent = session.agents(&block, &tool).await;
    session.what_agents_have(&agent, &block, &tool).await;
    session.messages(&agent).await;
    session.conversations(&agent).await;
    session.passages(&agent).await;
    session.folders(&agent).await;
    session.mcp_servers().await;
    session.files_of_agents(&agent).await;
    let client = session.client.clone();
    session.take("delete_agent", client.delete_agent(&agent.id).await);
    session.take("delete_block", client.delete_block(&block.id).await);
    session.take("delete_tool", client.delete_tool(&tool.id).await);

    let mut counts = (0, 0, 0);
    for (name, calls) in &session.calls {
        println!("{name}\t{}", calls.join(" | "));
        let has = |what: &str| calls.iter().any(|it| it.starts_with(what));
        match (has("FAULT"), has("decoded")) {
            (true, _) => counts.2 += 1,
            (_, true) => counts.0 += 1,
            (_, false) => counts.1 += 1,
        }
    }
    println!(
        "{} decoded, {} refused by the server, {} faults",
        counts.0, counts.1, counts.2
    );
    let left_out: Vec<&str> = METHODS
        .iter()
        .filter(|it| !HOSTED.contains(&it.tag) && !session.calls.contains_key(it.name))
        .map(|it| it.name)
        .collect();
    assert!(left_out.is_empty(), "not called: {left_out:?}");
    assert!(session.faults.is_empty(), "{:#?}", session.faults);
}
