use letta_api_ext::AccessToken;

fn print(token: AccessToken) {
    println!("{token}");
}

fn main() {}
