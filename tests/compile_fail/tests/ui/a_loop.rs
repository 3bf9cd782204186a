use letta_api_ext::AccessPolicy;

fn main() {
    let mut builder = AccessPolicy::builder();
    for agent in ["agent-1", "agent-2"] {
        builder = builder.agent(agent).chat();
    }
    let _ = builder.build();
}
