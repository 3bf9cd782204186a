use letta_api_ext::AccessPolicy;

fn main() {
    let _ = AccessPolicy::builder()
        .agent("agent-1").chat()
        .agent("agent-2").read_agent()
        .build();
}
