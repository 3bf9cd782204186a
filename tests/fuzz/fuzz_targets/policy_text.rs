//! The text form of policies: what is read is written so that it reads the same.

#![no_main]

use letta_api_ext::AccessPolicy;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| match text.parse::<AccessPolicy>() {
    Ok(policy) => {
        assert!(!policy.is_empty());
        assert!(policy.is_subset_of(&policy));
        let written = policy.to_string();
        let read: AccessPolicy = written.parse().expect("what is written can be read");
        assert_eq!(read, policy, "{written}");
        assert_eq!(read.to_string(), written);
    }
    Err(error) => {
        assert!(
            error.is_invalid_input() && error.field().is_some(),
            "{error}"
        );
    }
});
