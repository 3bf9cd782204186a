//! Origins: what is accepted is an origin and nothing else, and stays as it is when read again.

#![no_main]

use letta_api_ext::Origin;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| match Origin::new(text) {
    Ok(origin) => {
        let written = origin.as_str();
        let rest = written
            .strip_prefix("https://")
            .or_else(|| written.strip_prefix("http://"))
            .expect("an origin has a scheme");
        let strange = |c: char| c.is_whitespace() || c.is_control() || "/@?#\\*".contains(c);
        assert!(!rest.is_empty() && !rest.contains(strange), "{written}");
        assert!(written.is_ascii(), "{written}");
        assert_eq!(Origin::new(written).expect("an origin is one"), origin);
    }
    Err(error) => {
        assert_eq!(error.field(), Some("origin"));
        assert!(!error.to_string().contains(char::is_control), "{error:?}");
    }
});
