use letta_api_ext::turns::PendingApproval;

fn answer(pending: &PendingApproval) {
    drop(pending.clone().approve_all());
}

fn main() {}
