//! Every list that comes in pages, walked in each order against a service that has five items of the description's example and gives two
//! at a time. What its cursors mean is in a table here, and not read from the overlay.

use std::sync::{Arc, Mutex};

use letta_api::types::*;
use letta_api::{BoxFuture, Client, Operation, Pages, Response, Transport, TransportError};
use letta_api_operations_tests::{Description, METHODS};
use reqwest::StatusCode;
use reqwest::header::HeaderMap;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::server::run;

const MANY: usize = 5;
const PAGE: usize = 2;

/// What a list's cursors mean to the service.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Cursors {
    /// `after` is what comes next in the order that was asked for.
    After,
    /// `before` is, and `after` is ignored.
    Before,
    /// `after` is newer, and `before` is older.
    Time,
    /// The same, and within a page of the newest, the oldest comes first.
    Backwards,
    /// A position, in `offset`.
    Offset,
    /// What the last page gave, in `cursor`.
    Token,
    /// None leads to all items, but `limit` may be as large as one likes.
    None,
}

/// A list of the service.
#[derive(Clone, Copy, Debug)]
struct Listed {
    /// Its method for one page.
    name: &'static str,
    cursors: Cursors,
    /// Whether the newest come first unless the caller says otherwise.
    newest_first: bool,
    /// The member of the answer that has the items, and the one that says whether more follows.
    page: Option<(&'static str, &'static str)>,
}

const fn list(name: &'static str, cursors: Cursors, newest_first: bool) -> Listed {
    Listed {
        name,
        cursors,
        newest_first,
        page: None,
    }
}

const fn page(
    name: &'static str,
    cursors: Cursors,
    items: &'static str,
    more: &'static str,
) -> Listed {
    Listed {
        page: Some((items, more)),
        ..list(name, cursors, false)
    }
}

const LISTS: [Listed; 26] = [
    list("list_agents", Cursors::After, true),
    list("list_agent_passages", Cursors::Time, false),
    list("list_agent_blocks", Cursors::After, true),
    page("list_agent_files", Cursors::Token, "files", "has_more"),
    list("list_agent_folders", Cursors::None, true),
    list("list_messages", Cursors::Backwards, true),
    list("list_agent_tools", Cursors::None, true),
    list("list_archives", Cursors::After, true),
    list("list_blocks", Cursors::After, false),
    list("list_block_agents", Cursors::After, true),
    page(
        "list_client_side_access_tokens",
        Cursors::Offset,
        "tokens",
        "hasNextPage",
    ),
    list("list_conversations", Cursors::After, true),
    list("list_conversation_messages", Cursors::Time, true),
    page(
        "list_environments",
        Cursors::After,
        "connections",
        "hasNextPage",
    ),
    list("list_folders", Cursors::After, false),
    list("list_folder_agents", Cursors::After, true),
    list("list_folder_files", Cursors::After, true),
    list("list_all_messages", Cursors::Backwards, true),
    list("list_runs", Cursors::Before, true),
    list("list_run_messages", Cursors::Time, false),
    list("list_run_steps", Cursors::After, true),
    page(
        "list_scheduled_messages",
        Cursors::After,
        "scheduled_messages",
        "has_next_page",
    ),
    list("list_steps", Cursors::After, true),
    list("list_step_messages", Cursors::After, false),
    list("list_tags", Cursors::After, false),
    list("list_tools", Cursors::After, true),
];

/// Has the items of one list, the oldest first.
struct Service {
    listed: Listed,
    items: Vec<Value>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Service {
    fn answer(&self, query: &[(String, String)]) -> Value {
        let get = |name: &str| {
            let found = query.iter().find(|(key, _)| key == name);
            found.map(|(_, value)| value.as_str())
        };
        let is_descending = match (get("order"), get("ascending")) {
            (Some(order), _) => order == "desc",
            (_, Some(ascending)) => ascending == "false",
            _ => self.listed.newest_first,
        };
        let mut all: Vec<&Value> = self.items.iter().collect();
        if is_descending {
            all.reverse();
        }
        let place = |cursor: &str| all.iter().position(|it| id(it) == cursor);
        // The items that the cursors leave, by their places in the order.
        let (mut start, mut end) = (0, all.len());
        match self.listed.cursors {
            Cursors::After => start = get("after").map_or(0, |it| place(it).unwrap() + 1),
            Cursors::Before => start = get("before").map_or(0, |it| place(it).unwrap() + 1),
            Cursors::Time | Cursors::Backwards => {
                let (newer, older) = (get("after").and_then(place), get("before").and_then(place));
                match is_descending {
                    true => (start, end) = (older.map_or(0, |it| it + 1), newer.unwrap_or(end)),
                    false => (start, end) = (newer.map_or(0, |it| it + 1), older.unwrap_or(end)),
                }
            }
            Cursors::Offset => start = get("offset").map_or(0, |it| it.parse().unwrap()),
            Cursors::Token => start = get("cursor").map_or(0, |it| it[1..].parse().unwrap()),
            Cursors::None => {}
        }
        let limit = match self.listed.cursors {
            Cursors::None => get("limit").map_or(PAGE, |it| it.parse().unwrap()),
            _ => PAGE,
        };
        end = end.min(start + limit);
        let mut items = all[start.min(end)..end].to_vec();
        if is_descending && self.listed.cursors == Cursors::Backwards {
            items.reverse();
        }
        let Some((member, more)) = self.listed.page else {
            return json!(items);
        };
        let mut answer = json!({member: items, more: end < all.len()});
        if self.listed.cursors == Cursors::Token {
            // The last page has one too.
            answer["next_cursor"] = json!(format!("t{end}"));
        }
        answer
    }
}

impl Transport for Service {
    fn execute<'a>(
        &'a self,
        _: &'a reqwest::Client,
        request: reqwest::Request,
        operation: &'static Operation,
    ) -> BoxFuture<'a, Result<Response, TransportError>> {
        assert_eq!(operation.id, self.listed.name);
        let query: Vec<(String, String)> = request.url().query_pairs().into_owned().collect();
        let answer = self.answer(&query);
        let query = request.url().query().unwrap_or_default();
        self.asked.lock().unwrap().push(query.to_owned());
        let response = Response::new(StatusCode::OK, HeaderMap::new(), answer.to_string());
        Box::pin(async move { Ok(response) })
    }
}

/// The ID of an item: the item itself, if it is a text.
fn id(item: &Value) -> String {
    let id = [&item["id"], &item["token"], item];
    let id = id.into_iter().find_map(Value::as_str);
    id.unwrap_or_else(|| panic!("no ID: {item}")).to_owned()
}

/// Five items, which are the example's first but for their IDs.
fn items(description: &Description, listed: &Listed) -> Vec<Value> {
    let method = METHODS.iter().find(|it| it.name == listed.name).unwrap();
    let operations = description.operations();
    let mut operations = operations.iter();
    let operation = operations
        .find(|it| {
            (&*it.method, &*it.path) == (method.operation.method, method.operation.path_template)
        })
        .unwrap();
    let (_, contents) = operation
        .answers
        .iter()
        .find(|(status, _)| status == "200")
        .unwrap();
    let example = contents[0].example.clone().unwrap();
    let list = listed.page.map_or(&example, |(member, _)| &example[member]);
    let first = list[0].clone();
    assert!(
        !first.is_null(),
        "the example of {} has no item",
        listed.name
    );
    let numbered = |number: usize| {
        let mut item = first.clone();
        // Cursors need escapes in a URL.
        let id = json!(format!("it&{number} ä"));
        match &mut item {
            Value::Object(item) if item.contains_key("token") => {
                item.insert("token".to_owned(), id)
            }
            Value::Object(item) => item.insert("id".to_owned(), id),
            text => {
                *text = id;
                None
            }
        };
        if number == 3 && item.get("message_type").is_some() {
            // A kind of message that is new leads on like any other.
            item["message_type"] = json!("new_message");
        }
        item
    };
    (0..MANY).map(numbered).collect()
}

/// A client of a service that has one list, and the queries that it is asked.
fn serve(
    description: &Description,
    name: &str,
) -> (Client, Vec<String>, Listed, Arc<Mutex<Vec<String>>>) {
    let listed = *LISTS.iter().find(|it| it.name == name).unwrap();
    let items = items(description, &listed);
    let ids = items.iter().map(id).collect();
    let asked = Arc::default();
    let service = Service {
        listed,
        items,
        asked: Arc::clone(&asked),
    };
    let client = Client::new(
        "https://api.letta.com".parse().unwrap(),
        reqwest::Client::new(),
    );
    (client.with_transport(service), ids, listed, asked)
}

/// Walks a list with each of these parameters, whose order is `asc`, `desc` or left out.
async fn walk<Params, P: DeserializeOwned, T: Serialize + Unpin>(
    description: &Description,
    name: &str,
    pages: impl Fn(&Client, &Params) -> Pages<P, T>,
    orders: impl IntoIterator<Item = (&'static str, Params)>,
) {
    for (order, params) in orders {
        let (client, mut expected, listed, asked) = serve(description, name);
        if order == "desc" || order.is_empty() && listed.newest_first {
            expected.reverse();
        }
        let mut items = pages(&client, &params).items();
        let mut found = Vec::new();
        while let Some(item) = items.next().await {
            found.push(id(&serde_json::to_value(item.unwrap()).unwrap()));
        }
        let asked = asked.lock().unwrap();
        assert_eq!(found, expected, "{listed:?} {order} {asked:?}");
        // Where an answer does not say that it is the last, an empty one does.
        let requests = match (listed.cursors, listed.page) {
            (Cursors::None, _) => 1,
            (_, Some(_)) => MANY.div_ceil(PAGE),
            (_, None) => MANY.div_ceil(PAGE) + 1,
        };
        assert_eq!(asked.len(), requests, "{listed:?} {asked:?}");
    }
}

/// Walks lists whose parameter `order` says the order.
macro_rules! walk_ordered {
    ($description:ident, $($name:ident $pages:ident ($($argument:literal)?) $params:ident;)*) => {{
        $(walk(
            &$description,
            stringify!($name),
            |client, params| client.$pages($(&$argument.into(),)? params),
            [
                ("", $params::default()),
                ("asc", $params::default().with_order(SortOrder::Asc)),
                ("desc", $params::default().with_order(SortOrder::Desc)),
            ],
        )
        .await;)*
        [$(stringify!($name)),*]
    }};
}

#[test]
fn every_list_comes_whole_and_in_the_order_asked_for() {
    let description = Description::read();
    let mut walked = run(async {
        let walked = walk_ordered!(description,
            list_agents list_agents_pages () ListAgentsParams;
            list_agent_blocks list_agent_blocks_pages ("a") ListAgentBlocksParams;
            list_agent_folders list_agent_folders_pages ("a") ListAgentFoldersParams;
            list_messages list_messages_pages ("a") ListMessagesParams;
            list_agent_tools list_agent_tools_pages ("a") ListAgentToolsParams;
            list_archives list_archives_pages () ListArchivesParams;
            list_blocks list_blocks_pages () ListBlocksParams;
            list_block_agents list_block_agents_pages ("b") ListBlockAgentsParams;
            list_conversations list_conversations_pages () ListConversationsParams;
            list_conversation_messages list_conversation_messages_pages ("c") ListConversationMessagesParams;
            list_folders list_folders_pages () ListFoldersParams;
            list_folder_agents list_folder_agents_pages ("f") ListFolderAgentsParams;
            list_folder_files list_folder_files_pages ("f") ListFolderFilesParams;
            list_all_messages list_all_messages_pages () ListAllMessagesParams;
            list_runs list_runs_pages () ListRunsParams;
            list_run_messages list_run_messages_pages ("r") ListRunMessagesParams;
            list_run_steps list_run_steps_pages ("r") ListRunStepsParams;
            list_steps list_steps_pages () ListStepsParams;
            list_step_messages list_step_messages_pages ("s") ListStepMessagesParams;
            list_tags list_tags_pages () ListTagsParams;
            list_tools list_tools_pages () ListToolsParams;
        );
        walk(
            &description,
            "list_agent_passages",
            |client, params| client.list_agent_passages_pages(&"a".into(), params),
            [
                ("", ListAgentPassagesParams::default()),
                (
                    "asc",
                    ListAgentPassagesParams::default().with_ascending(true),
                ),
                (
                    "desc",
                    ListAgentPassagesParams::default().with_ascending(false),
                ),
            ],
        )
        .await;
        walk(
            &description,
            "list_agent_files",
            |client, params| client.list_agent_files_pages(&"a".into(), params),
            [("", ListAgentFilesParams::default())],
        )
        .await;
        walk(
            &description,
            "list_environments",
            |client, params| client.list_environments_pages(params),
            [("", ListEnvironmentsParams::default())],
        )
        .await;
        walk(
            &description,
            "list_scheduled_messages",
            |client, params| client.list_scheduled_messages_pages(&"a".into(), params),
            [("", ListScheduledMessagesParams::default())],
        )
        .await;
        walk(
            &description,
            "list_client_side_access_tokens",
            |client, params| client.list_client_side_access_tokens_pages(params),
            [("", ListClientSideAccessTokensParams::default())],
        )
        .await;
        walked.to_vec()
    });
    walked.extend([
        "list_agent_passages",
        "list_agent_files",
        "list_environments",
        "list_scheduled_messages",
        "list_client_side_access_tokens",
    ]);
    walked.sort_unstable();
    let mut all = LISTS.map(|it| it.name);
    all.sort_unstable();
    assert_eq!(walked, all);
}
