use letta_api_ext::AccessToken;

fn send(token: AccessToken) -> String {
    serde_json::to_string(&token).unwrap()
}

fn main() {}
