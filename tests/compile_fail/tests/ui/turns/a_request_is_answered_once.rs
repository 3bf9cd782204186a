use letta_api_ext::turns::PendingApproval;

fn answer(pending: PendingApproval) {
    let approved = pending.approve_all();
    let denied = pending.deny_all("No.");
    drop((approved, denied));
}

fn main() {}
