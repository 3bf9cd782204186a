use letta_api_ext::AccessPolicy;

fn main() {
    let _ = AccessPolicy::builder().agent("agent-1").agent("agent-2");
}
