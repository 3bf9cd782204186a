//! `letta token`.

use crate::lab::Lab;

const PAGE: &str = "https://chat.example.com";

fn create(lab: &Lab, agent: &str) -> String {
    let ran = lab.run(&["token", "create", "--agent", agent, "--origin", PAGE]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    ran.stdout.trim_end().to_owned()
}

#[test]
fn the_token_alone_is_on_the_standard_output() {
    let mut lab = Lab::new();
    let ran = lab.run(&[
        "token", "create", "--agent", "Ada:chat", "--origin", PAGE, "--for", "15m",
    ]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let token = ran.stdout.strip_suffix('\n').unwrap();
    let [issued] = &lab.emulator.tokens()[..] else {
        panic!("one token")
    };
    assert_eq!(issued.secret().expose_secret(), token);
    assert!(
        ran.stderr
            .contains("agent-1:read_messages,write_messages from https://chat.example.com"),
        "{ran:?}"
    );
    assert!(!ran.stderr.contains(token), "{ran:?}");

    let ran = lab.run(&[
        "token",
        "create",
        "--agent",
        "agent-1:read_agent",
        "--origin",
        PAGE,
        "-o",
        "json",
    ]);
    let json: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert!(json["token"].as_str().unwrap().starts_with("ck-let-"));

    lab.keep_secret(token);
    lab.keep_secret(json["token"].as_str().unwrap());
    for form in ["table", "json", "yaml"] {
        let ran = lab.run(&["token", "list", "--agent", "Ada", "-o", form]);
        assert!(ran.stdout.contains("read_agent"), "{ran:?}");
    }
    let list: serde_json::Value =
        serde_json::from_str(&lab.run(&["tokens", "list", "-o", "json"]).stdout).unwrap();
    assert_eq!(list.as_array().unwrap().len(), 2);
}

#[test]
fn a_token_is_revoked_by_itself_or_by_its_fingerprint() {
    let mut lab = Lab::new();
    let (first, second) = (create(&lab, "Ada:chat"), create(&lab, "Ada:chat"));
    lab.keep_secret(&first);
    lab.keep_secret(&second);
    let ran = lab.show_fed(&["token", "revoke"], &format!("{first}\n"));
    assert_eq!(ran.code, Some(0));
    assert_eq!(lab.emulator.tokens().len(), 1);

    let list: serde_json::Value =
        serde_json::from_str(&lab.run(&["token", "list", "-o", "json"]).stdout).unwrap();
    let fingerprint = list[0]["fingerprint"].as_str().unwrap().to_owned();
    let ran = lab.run(&["token", "revoke", "0123456789ab", &fingerprint, "--yes"]);
    assert_eq!(
        (ran.code, lab.emulator.tokens().len()),
        (Some(4), 1),
        "{ran:?}"
    );
    let ran = lab.run(&["token", "revoke", &fingerprint]);
    assert_eq!(
        (ran.code, lab.emulator.tokens().len()),
        (Some(2), 1),
        "nobody was asked: {ran:?}"
    );
    let ran = lab.run(&["token", "revoke", &fingerprint, "--agent", "Ada", "--yes"]);
    assert_eq!(
        (ran.code, lab.emulator.tokens().len()),
        (Some(0), 0),
        "{ran:?}"
    );
    lab.check("revoke");
}

#[test]
fn all_tokens_of_an_agent_are_revoked() {
    let mut lab = Lab::new();
    for _ in 0..60 {
        let token = create(&lab, "Ada:read_only");
        lab.keep_secret(token);
    }
    let ran = lab.run(&["token", "revoke", "--all", "--yes"]);
    assert_eq!(ran.code, Some(2), "whose tokens is not said: {ran:?}");
    let ran = lab.run(&["token", "revoke", "--all", "--agent", "Ada", "--yes"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert_eq!(lab.emulator.tokens().len(), 0);
    let ran = lab.run(&["token", "revoke", "--all", "--agent", "Ada", "--yes"]);
    assert_eq!(
        (ran.code, ran.stderr.as_str()),
        (Some(0), "There are no tokens.\n")
    );
}

#[test]
fn a_secret_on_the_command_line_is_refused_and_not_shown_again() {
    let mut lab = Lab::new();
    lab.keep_secret("hunter4");
    for arguments in [
        &["token", "revoke", "ck-let-hunter4", "--yes"][..],
        &["token", "list", "ck-let-hunter4"],
        &["--api-key", "sk-let-hunter4", "token", "list"],
        &["--api-key=sk-let-hunter4", "token", "list"],
        &["token", "create", "--agent=ck-let-hunter4"],
        &["agent", "list", "--limit", "sk-let-hunter4"],
        &[
            "api",
            "DELETE",
            "/v1/client-side-access-tokens/ck-let-hunter4",
        ],
    ] {
        let ran = lab.run(arguments);
        assert_eq!(ran.code, Some(2), "{ran:?}");
        assert!(
            ran.stderr.contains("machine can read") || ran.stderr.contains("standard input"),
            "{ran:?}"
        );
    }
}

#[test]
fn what_a_token_may_do_is_checked_before_anything_is_sent() {
    let mut lab = Lab::new();
    lab.show(&["token", "create", "--agent", "Ada", "--origin", PAGE]);
    lab.show(&["token", "create", "--agent", "Ada:chatt", "--origin", PAGE]);
    lab.show(&[
        "token",
        "create",
        "--agent",
        "agent-1:chat",
        "--origin",
        "chat.example.com",
    ]);
    lab.show(&[
        "token",
        "create",
        "--agent",
        "agent-1:chat",
        "--origin",
        PAGE,
        "--for",
        "soon",
    ]);
    lab.show(&["token", "create", "--agent", "Bob:chat", "--origin", PAGE]);
    assert!(lab.emulator.tokens().is_empty());
    lab.check("token_mistakes");
}
