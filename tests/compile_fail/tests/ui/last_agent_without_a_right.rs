use letta_api_ext::AccessPolicy;

fn main() {
    let _ = AccessPolicy::builder()
        .agent("agent-1").read_messages()
        .agent("agent-2")
        .build();
}
