//! The example `upload_and_ask` runs with no account: a file is uploaded, processed, and asked about.

use crate::example::{assert_fails_readably, assert_says, example, printed};

#[test]
fn a_file_is_uploaded_and_processed_before_the_agent_is_asked_about_it() {
    let printed = printed(example("upload_and_ask").output().unwrap());
    assert_says(
        &printed,
        &[
            "the emulator, at http://127.0.0.1:",
            "Uploaded  70 of 70 bytes",
            "Processed file-",
            "You       When is the rent due?",
            "semantic_search_files({\"query\":\"due date of the rent\"})",
            "contract.txt: It is due on the third working day.",
            "Agent     It is due on the third working day of the month.",
        ],
    );
}

#[test]
fn it_fails_readably_without_a_service() {
    assert_fails_readably("upload_and_ask", "create_folder");
}
