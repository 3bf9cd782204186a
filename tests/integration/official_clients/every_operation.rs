//! The official Python and Node clients call every operation, with strict models.
//!
//! The calls are in `tests/official_clients/every_operation.json`. Where `LETTA_TEST_SERVER` names a real server that asks for no
//! key, both clients make the same calls there.

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::time::Duration;

use letta_api::Operation;
use letta_api::types::{Identity, IdentityType};
use letta_api_emulator::{Emulator, NewTool};
use letta_api_operations_tests::METHODS;
use letta_api_tests::fault_server::{Fault, FaultServer};
use letta_api_tests::recording_proxy::RecordingProxy;
use letta_api_tests::{answer, spoken_to};
use serde_json::{Value, json};

use super::program::{self, Program};

/// The base URL of a real server.
const SERVER: &str = "LETTA_TEST_SERVER";

/// A program that the real server can start as an MCP server, and its arguments.
const MCP_COMMAND: &str = "LETTA_TEST_MCP_COMMAND";

/// What of a real server is chosen: the first model and embedding model whose handles contain these.
const MODEL: [&str; 2] = ["LETTA_TEST_MODEL", "/v1/models/"];
const EMBEDDING: [&str; 2] = ["LETTA_TEST_EMBEDDING", "/v1/models/embedding"];

/// The ID of the emulator's identity.
const IDENTITY: &str = "identity-00000000-0000-4000-8000-000000000000";

/// Members that servers send and that no description and no client has.
const UNDECLARED: [&str; 3] = ["isolated_block_ids", "organization_id", "user_id"];

/// An outcome other than `ok` that is right.
struct Allowed {
    /// The operation, as the Python client names it. One that ends with a dot stands for all that begin with it.
    operation: &'static str,
    outcome: &'static str,
    why: &'static str,
}

const fn allowed(operation: &'static str, outcome: &'static str, why: &'static str) -> Allowed {
    Allowed {
        operation,
        outcome,
        why,
    }
}

const NOT_SELF_HOSTED: &str = "only the hosted service has it";
const NO_SUCH_PROGRAM: &str = "the server can start no MCP server";

/// What both servers have.
const OF_BOTH: [Allowed; 2] = [
    allowed(
        "access_tokens.delete",
        "invalid",
        "the Python client, if it is strict, wants JSON of a 204",
    ),
    allowed(
        "agents.export_file",
        "invalid",
        "the clients have a string, and servers send an object",
    ),
];

/// What a real server has, version 0.16.8.
const OF_A_REAL_SERVER: [Allowed; 11] = [
    allowed("access_tokens.", "404", NOT_SELF_HOSTED),
    allowed("agents.schedule.", "404", NOT_SELF_HOSTED),
    allowed("environments.", "404", NOT_SELF_HOSTED),
    allowed("templates.", "404", NOT_SELF_HOSTED),
    allowed("mcp_servers.refresh", "404", NO_SUCH_PROGRAM),
    allowed("mcp_servers.tools.retrieve", "500", NO_SUCH_PROGRAM),
    allowed("mcp_servers.tools.run", "404", NO_SUCH_PROGRAM),
    allowed("messages.search", "400", "the search is off"),
    allowed("runs.trace.retrieve", "501", "the store of traces is off"),
    allowed(
        "steps.list",
        "400",
        "the server refuses every request, by its own fault",
    ),
    allowed("tools.search", "400", "the search is off"),
];

/// A server, and what is right there.
struct Server {
    name: &'static str,
    base_url: String,
    api_key: String,
    allowed: Vec<&'static Allowed>,
    /// The operations that answer 501.
    left_out: &'static [&'static str],
    /// What names begin with that no other run of the test has used.
    unique: String,
}

impl Server {
    /// A name that only this client uses.
    fn unique(&self, client: &str) -> String {
        format!("{}-{client}", self.unique)
    }
}

/// What one client made of one server.
#[derive(Debug, Default)]
struct Run {
    outcomes: BTreeMap<String, BTreeSet<String>>,
    wrong: Vec<String>,
}

impl Server {
    async fn get(&self, path: &str) -> Value {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let request = client
            .get(format!("{}{path}", self.base_url))
            .bearer_auth(&self.api_key);
        let answer = request.send().await.unwrap();
        serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap_or_default()
    }

    /// The first handle that contains what a variable says, or that is not the hosted service's own.
    async fn handle(&self, [variable, path]: [&str; 2]) -> String {
        let wanted = env::var(variable);
        let models = self.get(path).await;
        let handles: Vec<&str> = models
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|it| it["handle"].as_str())
            .collect();
        let found = handles.iter().find(|handle| match &wanted {
            Ok(wanted) => handle.contains(wanted.as_str()),
            Err(_) => !handle.starts_with("letta/"),
        });
        let found = found.or(handles.first());
        // A server without a list of models takes any.
        (*found.unwrap_or(&"a-provider/a-model")).to_owned()
    }

    /// The ID of an identity. No operation of the description creates one, so the emulator has one from its start.
    async fn identity(&self, unique: &str) -> String {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let body = json!({ "identifier_key": unique, "name": "Kim", "identity_type": "user" });
        let request = client
            .post(format!("{}/v1/identities/", self.base_url))
            .bearer_auth(&self.api_key)
            .header("content-type", "application/json")
            .body(body.to_string());
        let answer = request.send().await.unwrap();
        let identity: Value =
            serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap_or_default();
        identity["id"].as_str().unwrap_or(IDENTITY).to_owned()
    }

    /// Has a client make all calls of the scenario, and holds what came of them against what is right.
    async fn called_by(&self, program: &Program, scenario: &Value) -> Run {
        let unique = self.unique(program.name);
        let command = env::var(MCP_COMMAND).unwrap_or_else(|_| "no-such-program".to_owned());
        let mut words = command.split_whitespace();
        let proxy = RecordingProxy::start(&self.base_url).await;
        let task = json!({
            "baseUrl": proxy.url(),
            "apiKey": self.api_key,
            "model": self.handle(MODEL).await,
            "embedding": self.handle(EMBEDDING).await,
            "identity": self.identity(&unique).await,
            "mcp": {
                "mcp_server_type": "stdio",
                "command": words.next(),
                "args": words.collect::<Vec<_>>(),
            },
            "unique": unique,
            "otid": format!("otid-{unique}"),
        });
        let lines = program.lines(task).await;
        let steps = scenario["steps"].as_array().unwrap();
        assert_eq!(lines.len(), steps.len(), "{}: a line a step", program.name);
        let mut run = Run::default();
        for (step, line) in steps.iter().zip(&lines) {
            run.line(self, step, line);
        }
        let called: BTreeSet<[&str; 2]> = proxy
            .requests()
            .iter()
            .filter_map(|it| operation(it.method.as_str(), &it.target))
            .collect();
        let missing = METHODS.iter().map(|it| route(it.operation));
        let missing: BTreeSet<_> = missing.filter(|it| !called.contains(it)).collect();
        if !missing.is_empty() {
            run.wrong.push(format!("never called: {missing:?}"));
        }
        run.print(self.name, program.name);
        run
    }

    /// Why an outcome is right. `None` if it is wrong.
    fn reason(&self, operation: &str, outcome: &str) -> Option<&'static str> {
        if self.left_out.contains(&operation) {
            return (outcome == "501").then_some("it is left out");
        }
        if outcome == "ok" {
            return Some("");
        }
        let rows = self.allowed.iter();
        let mut rows = rows.filter(|it| match it.operation.ends_with('.') {
            true => operation.starts_with(it.operation),
            false => operation == it.operation,
        });
        Some(rows.find(|it| it.outcome == outcome)?.why)
    }
}

impl Run {
    fn line(&mut self, server: &Server, step: &Value, line: &Value) {
        let operation = line["operation"].as_str().unwrap();
        let outcome = line["outcome"].to_string().trim_matches('"').to_owned();
        if server.reason(operation, &outcome).is_none() {
            self.wrong.push(line.to_string());
        } else if outcome == "ok" && line["turn"] != step["turn"] {
            self.wrong.push(format!("{line} is not {}", step["turn"]));
        }
        let unknown = line["unknown"].as_array().into_iter().flatten();
        let unknown: Vec<_> = unknown
            .filter(|it| !UNDECLARED.contains(&it.as_str().unwrap_or_default()))
            .collect();
        if !unknown.is_empty() {
            self.wrong
                .push(format!("{operation}: no client knows {unknown:?}"));
        }
        let outcomes = self.outcomes.entry(operation.to_owned()).or_default();
        outcomes.insert(outcome);
    }

    /// How many operations came to what, as their best outcome.
    fn print(&self, server: &str, client: &str) {
        let mut counts: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (operation, outcomes) in &self.outcomes {
            let best = outcomes.iter().find(|it| *it == "ok");
            let best = best.or(outcomes.first()).unwrap();
            counts.entry(best).or_default().push(operation);
        }
        let all = self.outcomes.len();
        println!("{client} called {all} operations of {server}:");
        for (outcome, operations) in counts.into_iter().rev() {
            match outcome {
                "ok" => println!("  {} ok", operations.len()),
                _ => println!(
                    "  {} {outcome}: {}",
                    operations.len(),
                    operations.join(", ")
                ),
            }
        }
    }
}

/// A name that no other run of the test has used.
fn unique() -> String {
    let since = std::time::UNIX_EPOCH.elapsed().unwrap().as_nanos();
    format!("e{since}")
}

/// The method and path of an operation. Two of ours may have the same: one gives a value, the other events.
fn route(operation: &Operation) -> [&'static str; 2] {
    [operation.method, operation.path_template]
}

/// The operation that a request calls. A path with fewer parameters goes first.
fn operation(method: &str, target: &str) -> Option<[&'static str; 2]> {
    let path = target.split('?').next().unwrap_or_default();
    let matches = |operation: &Operation| {
        let template = operation.path_template.trim_end_matches('/').split('/');
        let path = path.trim_end_matches('/').split('/');
        operation.method == method
            && template.clone().count() == path.clone().count()
            && template
                .zip(path)
                .all(|(is, has)| is == has || is.starts_with('{'))
    };
    let found = METHODS.iter().filter(|it| matches(it.operation));
    let found = found.min_by_key(|it| it.operation.path_template.matches('{').count());
    Some(route(found?.operation))
}

fn scenario() -> Value {
    let path = program::folder().join("every_operation.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

async fn hold(server: &Server, programs: &[Program]) {
    let scenario = scenario();
    let mut wrong = Vec::new();
    for program in programs {
        let run = server.called_by(program, &scenario).await;
        let told = run.wrong.into_iter();
        wrong.extend(told.map(|it| format!("{}: {it}", program.name)));
    }
    assert!(wrong.is_empty(), "{}: {wrong:#?}", server.name);
}

/// The operations that the emulator does not have.
const LEFT_OUT: [&str; 14] = [
    "agents.schedule.create",
    "agents.schedule.delete",
    "agents.schedule.list",
    "agents.schedule.retrieve",
    "environments.list",
    "environments.retrieve",
    "environments.send_message",
    "runs.trace.retrieve",
    "templates.agents.create",
    "templates.create",
    "templates.delete",
    "templates.rollback",
    "templates.save",
    "templates.update",
];

#[tokio::test(flavor = "multi_thread")]
async fn the_official_clients_call_every_operation_of_the_emulator() {
    let test = "the_official_clients_call_every_operation_of_the_emulator";
    let Some(programs) = program::of_every_operation(test) else {
        return;
    };
    let scenario = scenario();
    let identity = Identity::new(
        IDENTITY,
        "kim@example.com",
        "Kim",
        IdentityType::User,
        Vec::new(),
        Vec::new(),
    );
    let mut emulator = Emulator::builder()
        .script_file(spoken_to::script(spoken_to::texts(&scenario)))
        .identity(identity)
        // So that there is something to cancel.
        .word_delay(Duration::from_millis(20));
    for program in &programs {
        let forecast = NewTool::new("forecast").description("Says how the weather will be.");
        emulator = emulator.mcp_tool(
            format!("a-test-{}", program.name),
            forecast.returns("Sunny."),
        );
    }
    let emulator = emulator.start().await.unwrap();
    let server = Server {
        name: "the emulator",
        base_url: emulator.base_url(),
        api_key: Emulator::DEFAULT_API_KEY.to_owned(),
        allowed: OF_BOTH.iter().collect(),
        left_out: &LEFT_OUT,
        unique: "a-test".to_owned(),
    };
    hold(&server, &programs).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_official_clients_call_every_operation_of_a_real_server() {
    let test = "the_official_clients_call_every_operation_of_a_real_server";
    let Ok(base_url) = env::var(SERVER) else {
        println!("skipped: {SERVER} names no server");
        return;
    };
    let Some(programs) = program::of_every_operation(test) else {
        return;
    };
    let server = Server {
        name: "a real server",
        base_url: base_url.trim_end_matches('/').to_owned(),
        api_key: "any".to_owned(),
        allowed: OF_BOTH.iter().chain(&OF_A_REAL_SERVER).collect(),
        left_out: &[],
        unique: unique(),
    };
    hold(&server, &programs).await;
}

/// An operation, an answer to it, the outcome that it is to the programs, and the member that they do not know.
const WRONG_ANSWERS: [(&str, &str, &str, &str); 7] = [
    ("health", r#"{"version":"1","status":"ok"}"#, "ok", ""),
    ("health", r#"{"version":5,"status":"ok"}"#, "invalid", ""),
    ("health", r#"{"status":"ok"}"#, "invalid", ""),
    (
        "health",
        r#"{"version":"1","status":"ok","more":1}"#,
        "ok",
        "more",
    ),
    (
        "tools.list",
        r#"[{"id":"tool-1","tool_type":"dreamt"}]"#,
        "invalid",
        "",
    ),
    (
        "agents.messages.stream",
        r#"{"message_type":"dream","id":"message-1"}"#,
        "invalid",
        "",
    ),
    (
        "agents.messages.stream",
        r#"{"message_type":"stop_reason","stop_reason":"end_turn","more":1}"#,
        "ok",
        "more",
    ),
];

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_not_as_the_models_say_is_not_ok_to_an_official_client() {
    let test = "an_answer_that_is_not_as_the_models_say_is_not_ok_to_an_official_client";
    let Some(programs) = program::of_every_operation(test) else {
        return;
    };
    let answers = WRONG_ANSWERS.map(|(operation, body, ..)| {
        let events = format!("data: {body}\n\ndata: [DONE]\n\n");
        Fault::Answer(match operation.ends_with("stream") {
            true => answer("200 OK", "text/event-stream", &events),
            false => answer("200 OK", "application/json", body),
        })
    });
    let steps = WRONG_ANSWERS.map(|(operation, ..)| match operation {
        "agents.messages.stream" => {
            json!({ "operation": operation, "id": { "agent_id": "agent-1" } })
        }
        operation => json!({ "operation": operation }),
    });
    for program in &programs {
        let server = FaultServer::start(answers.clone()).await;
        let task = json!({ "baseUrl": server.url(), "apiKey": "any", "steps": steps });
        let lines = program.lines(task).await;
        for ((_, body, outcome, unknown), line) in WRONG_ANSWERS.iter().zip(&lines) {
            let said = format!("{}: {body}: {line}", program.name);
            assert_eq!(line["outcome"], *outcome, "{said}");
            let unknown = [*unknown].into_iter().filter(|it| !it.is_empty());
            let unknown: Vec<&str> = unknown.collect();
            assert_eq!(
                *line.get("unknown").unwrap_or(&json!([])),
                json!(unknown),
                "{said}"
            );
        }
        assert_eq!(lines.len(), WRONG_ANSWERS.len());
    }
}
