use letta_api::{Client, types};

async fn delete(client: &Client, agent: &types::AgentState) {
    let _ = client.delete_block(&agent.id).await;
}

fn main() {}
