use letta_api_ext::turns::Turn;

async fn send(turn: Turn) {
    let first = turn.send().await;
    let second = turn.send().await;
    drop((first, second));
}

fn main() {}
