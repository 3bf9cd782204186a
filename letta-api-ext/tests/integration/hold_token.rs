//! The example `hold_token` runs with no account, and prints no secret.

use crate::example::{assert_says, example, printed};

#[test]
fn a_token_is_fetched_renewed_replaced_and_dropped() {
    let printed = printed(example("hold_token").output().unwrap());
    assert_says(
        &printed,
        &[
            "the emulator, at http://127.0.0.1:",
            "> Hello\nYou said: Hello\n",
            "fetched by the first call: Live, ",
            "You said: Are you still there?\n",
            "renewed before it expired: Live, ",
            "You said: And now?\n",
            "replaced, because it was deleted: Live, ",
            "Not opened   list_agents: no client-side token opens this call",
            "Signed out   ",
            "dropped: SignedOut, 0 seconds left\n",
        ],
    );
    assert!(!printed.contains("s3ss10n"), "{printed}");
}
