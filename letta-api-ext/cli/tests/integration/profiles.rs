//! `letta profile`, and which account is used.

use crate::lab::{KEY, Lab};

/// The program without an account in its environment.
fn bare(lab: &Lab, arguments: &[&str], stdin: &str) -> crate::lab::Ran {
    let mut command = lab.command(arguments);
    command
        .env_remove("LETTA_API_KEY")
        .env_remove("LETTA_BASE_URL");
    lab.feed(&mut command, stdin)
}

#[test]
fn a_profile_has_a_key_and_a_server() {
    let mut lab = Lab::new();
    let url = lab.emulator.base_url();
    let show = |lab: &mut Lab, arguments: &[&str], stdin: &str| {
        let ran = bare(lab, arguments, stdin);
        lab.record(arguments, &ran);
        ran
    };
    show(&mut lab, &["agent", "list"], "");
    show(&mut lab, &["profile", "list"], "");
    show(
        &mut lab,
        &[
            "profile",
            "add",
            "work",
            "--base-url",
            &url,
            "--key-file",
            "-",
        ],
        &format!("{KEY}\n"),
    );
    show(&mut lab, &["agent", "list"], "");
    show(
        &mut lab,
        &["profile", "add", "other", "--key-env", "OTHER_KEY"],
        "",
    );
    show(
        &mut lab,
        &[
            "profile",
            "add",
            "local",
            "--base-url",
            "http://localhost:8283",
            "--without-key",
        ],
        "",
    );
    show(&mut lab, &["profile", "list"], "");
    show(&mut lab, &["--profile", "other", "agent", "list"], "");
    show(&mut lab, &["profile", "use", "other"], "");
    show(&mut lab, &["profiles", "list", "-o", "json"], "");
    show(&mut lab, &["profile", "use", "nobody"], "");
    show(&mut lab, &["profile", "remove", "work"], "");
    show(&mut lab, &["profile", "remove", "work", "--yes"], "");
    show(&mut lab, &["profile", "add", "../work"], "");
    show(
        &mut lab,
        &["profile", "add", "empty", "--key-file", "-"],
        "\n",
    );
    assert!(!lab.folder().join("config/keys/work").exists());
    lab.check("profiles");
}

#[cfg(unix)]
#[test]
fn nobody_else_can_read_what_is_kept() {
    use std::os::unix::fs::PermissionsExt as _;

    let lab = Lab::new();
    let ran = bare(&lab, &["profile", "add", "work", "--key-file", "-"], KEY);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    for name in ["config/config.toml", "config/keys/work"] {
        let mode = std::fs::metadata(lab.folder().join(name))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
    let text = std::fs::read_to_string(lab.folder().join("config/config.toml")).unwrap();
    assert!(!text.contains(KEY), "{text}");

    let path = lab.write("key.txt", KEY);
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    let ran = lab.run(&["agent", "list", "--key-file", "key.txt"]);
    assert_eq!(ran.code, Some(0));
    assert!(ran.stderr.contains("chmod 600 'key.txt'"), "{ran:?}");
}

#[test]
fn the_key_of_one_account_is_not_sent_to_the_server_of_another() {
    let lab = Lab::new();
    let other = Lab::new();
    let url = lab.emulator.base_url();
    let ran = bare(
        &lab,
        &[
            "profile",
            "add",
            "work",
            "--base-url",
            &url,
            "--key-file",
            "-",
        ],
        KEY,
    );
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let elsewhere = other.emulator.base_url();

    // By an option with a profile, which needs a key of its own.
    let ran = bare(
        &lab,
        &[
            "--profile",
            "work",
            "--base-url",
            &elsewhere,
            "agent",
            "list",
        ],
        "",
    );
    assert_eq!(ran.code, Some(2), "{ran:?}");
    // By the environment or an option alone, which the profile by default does not mix with.
    let ran = lab.feed(
        lab.command(&["agent", "list"])
            .env_remove("LETTA_API_KEY")
            .env("LETTA_BASE_URL", &elsewhere),
        "",
    );
    assert_eq!(ran.code, Some(3), "no key was sent: {ran:?}");
    let ran = bare(&lab, &["--base-url", &elsewhere, "agent", "list"], "");
    assert_eq!(ran.code, Some(3), "no key was sent: {ran:?}");
    // A profile that is named takes nothing from the environment.
    let ran = lab.feed(
        lab.command(&["agent", "list"])
            .env("LETTA_PROFILE", "work")
            .env("LETTA_BASE_URL", &elsewhere)
            .env("LETTA_API_KEY", "sk-let-other"),
        "",
    );
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let ran = bare(
        &lab,
        &[
            "--profile",
            "work",
            "--base-url",
            &elsewhere,
            "--key-file",
            "-",
            "agent",
            "list",
        ],
        KEY,
    );
    assert_eq!(ran.code, Some(0), "{ran:?}");
}

#[test]
fn a_file_of_profiles_that_is_wrong_is_named_and_not_shown() {
    let mut lab = Lab::new();
    std::fs::create_dir(lab.folder().join("config")).unwrap();
    lab.keep_secret("hunter5");
    for text in [
        "default = \"a\"\n[profiles.a]\nkey = \"hunter5\"\n",
        "[profiles.a]\napi_key = \"hunter5\"\nkey = \"none\"\n",
        "key = hunter5",
    ] {
        lab.write("config/config.toml", text);
        let ran = bare(&lab, &["agent", "list"], "");
        assert_eq!(ran.code, Some(2), "{ran:?}");
        assert!(ran.stderr.contains("config.toml"), "{ran:?}");
    }
}
