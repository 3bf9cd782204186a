use letta_api_ext::AccessPolicy;

fn main() {
    let _ = AccessPolicy::builder()
        .agent("agent-1").read_messages()
        .agent("agent-1").write_messages().read_agent()
        .build();
}
