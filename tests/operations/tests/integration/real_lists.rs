//! Every list that a self-hosted server has, walked page by page on a real one, in both orders. It is compared with the list in one page.
//!
//! `LETTA_TEST_SERVER` is the base URL of a server that asks for no key, with a model and an embedding model, as for `real_server`. The test
//! makes what it lists, and deletes it. Others may use the server meanwhile: of lists that are not of one agent, it looks at what it has made.

use std::env;

use letta_api::types::*;
use letta_api::{Client, Error, FilePart, Items, ServiceError};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::real_server::{EMBEDDING, MODEL, SERVER, choose, say, unique, user};

/// How many of each are listed. Pages have two items.
const MANY: usize = 5;

/// What came of the lists.
#[derive(Default)]
struct Found {
    walked: Vec<&'static str>,
    faults: Vec<String>,
}

impl Found {
    fn compare(&mut self, name: &'static str, order: &str, paged: Read, whole: Read, least: usize) {
        let problem = match (paged, whole) {
            // The server itself cannot list it.
            (_, Err(Error::ErrorResponse(answer))) => {
                let status = answer.status();
                println!("{name} {order}\trefused {status}");
                self.walked.push(name);
                return;
            }
            (Err(error), _) | (_, Err(error)) => error.to_string(),
            (Ok(paged), Ok(whole)) if whole.len() < least => {
                format!("{} and {} items of {least}", paged.len(), whole.len())
            }
            (Ok(paged), Ok(whole)) if paged != whole => {
                let ids = |all: &[Value]| all.iter().map(id).collect::<Vec<_>>();
                format!("{:#?}\nand not {:#?}", ids(&paged), ids(&whole))
            }
            (Ok(paged), _) => {
                println!("{name} {order}\t{} items", paged.len());
                self.walked.push(name);
                return;
            }
        };
        println!("{name} {order}\tFAULT");
        self.faults.push(format!("{name} {order}: {problem}"));
    }
}

type Read = Result<Vec<Value>, Error<ServiceError>>;

fn id(item: &Value) -> String {
    item["id"]
        .as_str()
        .map_or_else(|| item.to_string(), str::to_owned)
}

async fn all<P: DeserializeOwned, T: Serialize + Unpin>(
    mut items: Items<P, T>,
    keep: impl Fn(&Value) -> bool,
) -> Read {
    let mut all = Vec::new();
    while let Some(item) = items.next().await {
        let item = serde_json::to_value(item?).unwrap();
        if keep(&item) {
            all.push(item);
        }
    }
    Ok(all)
}

/// Walks a list, and reads it in one page. `backwards` is whether the page of the newest has the oldest first.
macro_rules! walk {
    ($found:ident, $client:ident, $one:ident, $pages:ident, ($($argument:expr),*), $params:expr, $limit:expr, $keep:expr, $least:expr) => {
        walk!($found, $client, $one, $pages, ($($argument),*), $params, $limit, $keep, $least, false, |page| page)
    };
    ($found:ident, $client:ident, $one:ident, $pages:ident, ($($argument:expr),*), $params:expr, $limit:expr, $keep:expr, $least:expr, $backwards:expr, $take:expr) => {
        for (order, params) in Ordered::both($params) {
            let by_two = params.clone().with_limit($limit);
            let paged = all($client.$pages($($argument,)* &by_two).items(), &$keep).await;
            let whole = $client.$one($($argument,)* &params.with_limit(1000)).await;
            let whole = whole.map(|page| {
                let items = $take(page.into_inner()).into_iter();
                let items = items.map(|it| serde_json::to_value(it).unwrap());
                let mut items: Vec<Value> = items.filter(|it| $keep(it)).collect();
                if $backwards && order == "desc" {
                    items.reverse();
                }
                items
            });
            $found.compare(stringify!($one), order, paged, whole, $least);
        }
    };
}

/// Parameters that say an order.
trait Ordered: Sized {
    /// The same for both orders.
    fn both(self) -> [(&'static str, Self); 2];
}

macro_rules! ordered {
    ($($params:ident),*) => {
        $(impl Ordered for $params {
            fn both(self) -> [(&'static str, Self); 2] {
                [
                    ("asc", self.clone().with_order(SortOrder::Asc)),
                    ("desc", self.with_order(SortOrder::Desc)),
                ]
            }
        })*
    };
}
ordered!(
    ListAgentBlocksParams,
    ListAgentFilesParams,
    ListAgentFoldersParams,
    ListAgentToolsParams,
    ListAgentsParams,
    ListAllMessagesParams,
    ListArchivesParams,
    ListBlockAgentsParams,
    ListBlocksParams,
    ListConversationMessagesParams,
    ListConversationsParams,
    ListFolderAgentsParams,
    ListFolderFilesParams,
    ListFoldersParams,
    ListMessagesParams,
    ListRunMessagesParams,
    ListRunStepsParams,
    ListRunsParams,
    ListStepMessagesParams,
    ListStepsParams,
    ListTagsParams,
    ListToolsParams
);

impl Ordered for ListAgentPassagesParams {
    fn both(self) -> [(&'static str, Self); 2] {
        [("asc", self.clone()), ("desc", self.with_ascending(false))]
    }
}

#[tokio::test]
async fn every_list_that_a_server_has_comes_whole_and_in_order_by_pages() {
    let Ok(server) = env::var(SERVER) else {
        println!("skipped: {SERVER} names no server");
        return;
    };
    let http = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .build()
        .unwrap();
    let client = Client::new(server.parse().unwrap(), http);
    let models = client.list_models(&Default::default()).await.unwrap();
    let model = choose(
        MODEL,
        models.into_inner().into_iter().filter_map(|it| it.handle),
    );
    let embeddings = client.list_embedding_models().await.unwrap();
    let embeddings = embeddings.into_inner().into_iter();
    let embedding = choose(EMBEDDING, embeddings.filter_map(|it| it.handle));
    let mark = unique("list").replace('-', "_");
    let marked = |item: &Value| item.to_string().contains(&mark);
    let any = |_: &Value| true;

    // What is listed.
    let mut tools = Vec::new();
    for number in 0..MANY {
        let source = format!(
            "def {mark}_{number}() -> str:\n    \"\"\"Says a word.\n\n    Returns:\n        str: The word.\n    \"\"\"\n    return 'a'\n"
        );
        tools.push(
            client
                .create_tool(&CreateTool::new(source))
                .await
                .unwrap()
                .into_inner()
                .id,
        );
    }
    let mut agents = Vec::new();
    for number in 0..MANY {
        let wanted = CreateAgent::new()
            .with_name(format!("{mark} {number}"))
            .with_model(model.clone())
            .with_embedding(embedding.clone())
            .with_memory_blocks(
                (0..MANY)
                    .map(|it| CreateBlock::new(mark.clone(), format!("{mark}_{it}")))
                    .collect::<Vec<_>>(),
            )
            .with_tool_ids(tools.clone())
            .with_tags(
                (0..MANY)
                    .map(|it| format!("{mark}-{it}"))
                    .collect::<Vec<_>>(),
            );
        let agent = client
            .create_agent(&Default::default(), &wanted)
            .await
            .unwrap();
        agents.push(agent.into_inner().id);
    }
    let agent = &agents[0];
    let shared = client
        .create_block(&CreateBlock::new(mark.clone(), "shared"))
        .await
        .unwrap();
    let shared = shared.into_inner().id;
    let mut folders = Vec::new();
    let mut archives = Vec::new();
    let mut conversations = Vec::new();
    let hello = ConversationMessageRequest::new().with_messages([user("Hello").into()]);
    for (number, of) in agents.iter().enumerate() {
        client.attach_block(of, &shared).await.unwrap();
        let folder =
            CreateFolder::new(format!("{mark} {number}")).with_embedding(embedding.clone());
        let folder = client.create_folder(&folder).await.unwrap().into_inner().id;
        client.attach_folder(agent, &folder).await.unwrap();
        folders.push(folder);
        let archive =
            CreateArchive::new(format!("{mark} {number}")).with_embedding(embedding.clone());
        archives.push(
            client
                .create_archive(&archive)
                .await
                .unwrap()
                .into_inner()
                .id,
        );
        let fact = CreateAgentPassage::new(format!("Fact {number}."));
        client.create_agent_passage(agent, &fact).await.unwrap();
        let conversation = CreateConversation::new().with_summary(mark.clone());
        let conversation = client
            .create_conversation(agent, Some(&conversation))
            .await
            .unwrap();
        conversations.push(conversation.into_inner().id);
        client
            .send_message(agent, &say(&format!("Word {number}")))
            .await
            .unwrap();
        client
            .send_conversation_message(&conversations[0], &hello)
            .await
            .unwrap();
    }
    let folder = &folders[0];
    for other in &agents[1..] {
        client.attach_folder(other, folder).await.unwrap();
    }
    for number in 0..MANY {
        let file = FilePart::bytes(format!("{number}.txt"), "The shop closes at six.");
        let form = UploadFileBody::new(file);
        client
            .upload_file(folder, &Default::default(), form)
            .await
            .unwrap();
    }
    let runs = ListRunsParams::default().with_agent_id(agent.clone());
    let runs = client.list_runs(&runs).await.unwrap().into_inner();
    let run = &runs[0].id;
    let steps = client
        .list_run_steps(run, &Default::default())
        .await
        .unwrap()
        .into_inner();
    let step = &steps[0].id;
    let messages = client
        .list_messages(agent, &Default::default())
        .await
        .unwrap();
    let ids: Vec<Value> = messages
        .iter()
        .map(|it| serde_json::to_value(it).unwrap()["id"].clone())
        .collect();
    let of_agent = |item: &Value| ids.contains(&item["id"]);

    let mut found = Found::default();
    let tagged = ListAgentsParams::default().with_tags([format!("{mark}-0")]);
    walk!(
        found,
        client,
        list_agents,
        list_agents_pages,
        (),
        tagged,
        2,
        marked,
        MANY
    );
    walk!(
        found,
        client,
        list_tools,
        list_tools_pages,
        (),
        ListToolsParams::default(),
        20,
        marked,
        MANY
    );
    walk!(
        found,
        client,
        list_blocks,
        list_blocks_pages,
        (),
        ListBlocksParams::default(),
        20,
        marked,
        MANY
    );
    walk!(
        found,
        client,
        list_block_agents,
        list_block_agents_pages,
        (&shared),
        ListBlockAgentsParams::default(),
        2,
        any,
        MANY
    );
    walk!(
        found,
        client,
        list_archives,
        list_archives_pages,
        (),
        ListArchivesParams::default(),
        3,
        marked,
        MANY
    );
    walk!(
        found,
        client,
        list_folders,
        list_folders_pages,
        (),
        ListFoldersParams::default(),
        3,
        marked,
        MANY
    );
    walk!(
        found,
        client,
        list_folder_agents,
        list_folder_agents_pages,
        (folder),
        ListFolderAgentsParams::default(),
        2,
        any,
        MANY
    );
    walk!(
        found,
        client,
        list_folder_files,
        list_folder_files_pages,
        (folder),
        ListFolderFilesParams::default(),
        2,
        any,
        MANY
    );
    walk!(
        found,
        client,
        list_agent_blocks,
        list_agent_blocks_pages,
        (agent),
        ListAgentBlocksParams::default(),
        2,
        any,
        MANY
    );
    walk!(
        found,
        client,
        list_agent_tools,
        list_agent_tools_pages,
        (agent),
        ListAgentToolsParams::default(),
        100,
        any,
        MANY
    );
    walk!(
        found,
        client,
        list_agent_folders,
        list_agent_folders_pages,
        (agent),
        ListAgentFoldersParams::default(),
        100,
        any,
        MANY
    );
    let page = |page: AgentFilePage| page.files;
    walk!(
        found,
        client,
        list_agent_files,
        list_agent_files_pages,
        (agent),
        ListAgentFilesParams::default(),
        2,
        any,
        MANY,
        false,
        page
    );
    walk!(
        found,
        client,
        list_agent_passages,
        list_agent_passages_pages,
        (agent),
        ListAgentPassagesParams::default(),
        2,
        any,
        MANY
    );
    walk!(
        found,
        client,
        list_messages,
        list_messages_pages,
        (agent),
        ListMessagesParams::default(),
        2,
        any,
        MANY,
        true,
        |page| page
    );
    walk!(
        found,
        client,
        list_all_messages,
        list_all_messages_pages,
        (),
        ListAllMessagesParams::default(),
        50,
        of_agent,
        1,
        true,
        |page| page
    );
    let conversation = &conversations[0];
    walk!(
        found,
        client,
        list_conversation_messages,
        list_conversation_messages_pages,
        (conversation),
        ListConversationMessagesParams::default(),
        2,
        any,
        MANY
    );
    let of = ListConversationsParams::default().with_agent_id(agent.clone());
    walk!(
        found,
        client,
        list_conversations,
        list_conversations_pages,
        (),
        of,
        2,
        any,
        MANY
    );
    let of = ListRunsParams::default().with_agent_id(agent.clone());
    walk!(
        found,
        client,
        list_runs,
        list_runs_pages,
        (),
        of,
        2,
        any,
        MANY
    );
    walk!(
        found,
        client,
        list_run_messages,
        list_run_messages_pages,
        (run),
        ListRunMessagesParams::default(),
        1,
        any,
        2
    );
    walk!(
        found,
        client,
        list_run_steps,
        list_run_steps_pages,
        (run),
        ListRunStepsParams::default(),
        1,
        any,
        1
    );
    walk!(
        found,
        client,
        list_step_messages,
        list_step_messages_pages,
        (step),
        ListStepMessagesParams::default(),
        1,
        any,
        1
    );
    walk!(
        found,
        client,
        list_steps,
        list_steps_pages,
        (),
        ListStepsParams::default(),
        50,
        any,
        1
    );
    let of = ListTagsParams::default().with_name(mark.clone());
    walk!(
        found,
        client,
        list_tags,
        list_tags_pages,
        (),
        of,
        2,
        any,
        MANY
    );

    for agent in &agents {
        let _ = client.delete_agent(agent).await;
    }
    for tool in &tools {
        let _ = client.delete_tool(tool).await;
    }
    for folder in &folders {
        let _ = client.delete_folder(folder).await;
    }
    for archive in &archives {
        let _ = client.delete_archive(archive).await;
    }
    let _ = client.delete_block(&shared).await;
    let blocks = ListBlocksParams::default()
        .with_value_search(mark.clone())
        .with_limit(1000);
    if let Ok(blocks) = client.list_blocks(&blocks).await {
        for block in blocks.iter().filter(|it| it.value == mark) {
            let _ = client.delete_block(&block.id).await;
        }
    }
    found.walked.dedup();
    assert!(found.faults.is_empty(), "{}", found.faults.join("\n"));
    assert_eq!(found.walked.len(), 23, "{:?}", found.walked);
}
