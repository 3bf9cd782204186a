//! The same requests to the emulator and to a real server, over plain HTTP: their answers have the same shape.
//!
//! `LETTA_TEST_SERVER` is the base URL of a real server that asks for no key, and `LETTA_CAPTURES` a folder of exchanges that were
//! captured from one. Without them, the tests say that they are skipped.

mod allowed;
mod captured;
mod player;
mod scenes;
mod shape;

use std::collections::BTreeSet;
use std::env;
use std::path::{Path, PathBuf};
use std::time::Duration;

use letta_api_emulator::Emulator;
use letta_api_tests::spoken_to;
use serde_json::Value;

use self::allowed::Allowed;
use self::player::{Exchange, Server};
use self::scenes::Scene;
use self::shape::{Difference, Labels};

/// The base URL of a real server.
const SERVER: &str = "LETTA_TEST_SERVER";

/// A folder of captures.
const CAPTURES: &str = "LETTA_CAPTURES";

/// The scenes that are played: those whose names contain this. All, if it is not there.
const SCENE: &str = "LETTA_TEST_SCENE";

/// What of a server is chosen: the first model and embedding model whose handles contain these.
const MODEL: [&str; 2] = ["LETTA_TEST_MODEL", "/v1/models/"];
const EMBEDDING: [&str; 2] = ["LETTA_TEST_EMBEDDING", "/v1/models/embedding"];

impl Server {
    async fn new(base_url: &str, api_key: &str) -> Self {
        let mut server = Self {
            base_url: base_url.trim_end_matches('/').to_owned(),
            api_key: api_key.to_owned(),
            model: String::new(),
            embedding: String::new(),
        };
        server.model = server.handle(MODEL).await;
        server.embedding = server.handle(EMBEDDING).await;
        server
    }

    /// The real server. `None` if there is none, after saying so.
    async fn real() -> Option<Self> {
        match env::var(SERVER) {
            Ok(base_url) => Some(Self::new(&base_url, "any").await),
            Err(_) => {
                println!("skipped: {SERVER} names no server");
                None
            }
        }
    }

    /// The first handle that contains what a variable says, or that is not the hosted service's own.
    async fn handle(&self, [variable, path]: [&str; 2]) -> String {
        let client = reqwest::Client::builder().no_proxy().build();
        let client = client.expect("nothing in this needs the system");
        let request = client
            .get(format!("{}{path}", self.base_url))
            .bearer_auth(&self.api_key);
        let answer = request.send().await.expect("the server answers");
        let models: Value =
            serde_json::from_slice(&answer.bytes().await.expect("it answers whole"))
                .unwrap_or_default();
        let wanted = env::var(variable);
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
}

/// An emulator whose agents do what the words say, a word every 40 milliseconds, so that there is something to cancel.
async fn emulator() -> (Emulator, Server) {
    let scenes = scenes::all();
    let steps = scenes.iter().flat_map(|it| &it.steps);
    let texts: BTreeSet<&str> = steps
        .filter_map(|it| it.body.as_ref())
        .flat_map(spoken_to::texts)
        .collect();
    let emulator = Emulator::builder()
        .script_file(spoken_to::script(texts))
        .word_delay(Duration::from_millis(40))
        .start()
        .await
        .expect("loopback has a free port");
    let server = Server::new(&emulator.base_url(), Emulator::DEFAULT_API_KEY).await;
    (emulator, server)
}

/// How the exchanges of all scenes differ.
async fn differences(one: &Server, other: &Server) -> (usize, Vec<Difference>) {
    let mut found = Vec::new();
    let mut count = 0;
    for scene in played() {
        let exchanges = [one.play(&scene).await, other.play(&scene).await];
        count += exchanges[0].len();
        found.extend(compare(&exchanges));
    }
    (count, found)
}

fn played() -> Vec<Scene> {
    let wanted = env::var(SCENE).unwrap_or_default();
    let mut scenes = scenes::all();
    scenes.retain(|it| it.name.contains(&wanted));
    scenes
}

fn compare([one, other]: &[Vec<Exchange>; 2]) -> Vec<Difference> {
    assert_eq!(one.len(), other.len(), "both play the same steps");
    let mut labels = [Labels::default(), Labels::default()];
    let mut found = Vec::new();
    for (one, other) in one.iter().zip(other) {
        let [of_one, of_other] = &mut labels;
        let mut shapes = [shape::of(one, of_one), shape::of(other, of_other)];
        if one.step.quiet {
            // The IDs in it have their names now.
            shapes
                .iter_mut()
                .for_each(|it| it.retain(|path, _| path == shape::STATUS));
        }
        found.extend(shape::differences(&one.name, &shapes[0], &shapes[1]));
    }
    found
}

/// No difference is left but those that a row of the tables allows.
fn hold(differences: Vec<Difference>, tables: &[&'static [Allowed]]) {
    let count = differences.len();
    let (left, unused) = allowed::left(differences, tables);
    println!("{} differences are allowed", count - left.len());
    for row in unused {
        println!("no difference: {row}");
    }
    let lines: Vec<String> = left.iter().map(Difference::to_string).collect();
    assert!(left.is_empty(), "{}", lines.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_real_server_is_equal_to_itself() {
    let Some(server) = Server::real().await else {
        return;
    };
    let (count, found) = differences(&server, &server).await;
    println!("{count} exchanges");
    hold(found, &[allowed::FROM_RUN_TO_RUN]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_emulator_answers_as_a_real_server_does() {
    let Some(server) = Server::real().await else {
        return;
    };
    let (_emulator, ours) = emulator().await;
    let (count, found) = differences(&server, &ours).await;
    println!("{count} exchanges");
    let tables = [
        allowed::FROM_RUN_TO_RUN,
        allowed::OF_THE_EMULATOR,
        allowed::TO_BE_MENDED,
    ];
    hold(found, &tables);
}

/// The folder of captures. `None` if there is none, after saying so.
fn captures() -> Option<PathBuf> {
    let folder = env::var_os(CAPTURES).map(PathBuf::from);
    if folder.is_none() {
        println!("skipped: {CAPTURES} names no folder of captures");
    }
    folder
}

/// How what a server answers to captured requests differs from what was captured.
async fn differences_of_captures(server: &Server, folder: &Path) -> Vec<Difference> {
    let mut exchanges = Vec::new();
    for scene in scenes::all() {
        exchanges.extend(server.play(&scene).await);
    }
    let (count, found) = captured::differences(folder, &exchanges);
    println!("{count} captures");
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn a_real_server_answers_captured_requests_as_they_were_answered() {
    let (Some(folder), Some(server)) = (captures(), Server::real().await) else {
        return;
    };
    let found = differences_of_captures(&server, &folder).await;
    hold(found, &[allowed::FROM_RUN_TO_RUN, allowed::OF_CAPTURES]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_emulator_answers_captured_requests_as_they_were_answered() {
    let Some(folder) = captures() else {
        return;
    };
    let (_emulator, ours) = emulator().await;
    let found = differences_of_captures(&ours, &folder).await;
    let tables = [
        allowed::FROM_RUN_TO_RUN,
        allowed::OF_CAPTURES,
        allowed::OF_THE_EMULATOR,
        allowed::TO_BE_MENDED,
    ];
    hold(found, &tables);
}
