use letta_api_ext::AccessPolicy;

fn main() {
    let mut builder = AccessPolicy::builder().agent("agent-1").chat();
    for agent in ["agent-2", "agent-3"] {
        builder = builder.agent(agent).chat();
    }
    let _ = builder.build();
}
