use letta_api_ext::AccessPolicy;

fn main() {
    let _ = AccessPolicy::builder().build();
}
