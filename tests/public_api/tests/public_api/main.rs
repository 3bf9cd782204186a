//! The lists of what the published libraries offer are true, and the last release lost nothing that it must keep.

use std::path::{Path, PathBuf};
use std::process::Command;

use letta_api_public_api_tests::{listing, release};

/// The published libraries, and their folders. letta-cli is a program: what it offers is its help.
const LIBRARIES: [(&str, &str); 3] = [
    ("letta-api", "letta-api"),
    ("letta-api-ext", "letta-api-ext"),
    ("letta-api-emulator", "tests/emulator"),
];

fn workspace() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.ancestors().nth(2).expect("a root").to_owned()
}

/// Has rustdoc write its JSON, with all features, and returns the folder.
///
/// Only rustdoc gets the variable that lets it take unstable options. If cargo had it, it would build all dependencies again.
fn documentation() -> PathBuf {
    let scratch = tempfile::tempdir().unwrap();
    let rustdoc = scratch.path().join("rustdoc");
    std::fs::write(
        &rustdoc,
        "#!/bin/sh\nRUSTC_BOOTSTRAP=1 exec rustdoc \"$@\"\n",
    )
    .unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::set_permissions(&rustdoc, std::fs::Permissions::from_mode(0o755)).unwrap();
    }
    // Where this test was built, so that dependencies are there.
    let target = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .parent()
        .expect("a folder");
    let mut command = Command::new(env!("CARGO"));
    command.args([
        "doc",
        "--quiet",
        "--all-features",
        "--no-deps",
        "--locked",
        "--lib",
        "--target-dir",
    ]);
    command.arg(target).current_dir(workspace());
    for (name, _) in LIBRARIES {
        command.args(["--package", name]);
    }
    // What cargo tells a test of its package makes build scripts run anew that look at their own's.
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
            command.env_remove(name);
        }
    }
    command.env("RUSTDOC", &rustdoc);
    command.env("RUSTDOCFLAGS", "-Z unstable-options --output-format json");
    let status = command.status().expect("cargo can be run");
    assert!(status.success(), "rustdoc has failed; see above");
    target.join("doc")
}

#[test]
#[ignore = "slow, it makes the documentation: add -- --ignored"]
fn the_lists_are_what_rustdoc_says() {
    let folder = documentation();
    let mut stale = Vec::new();
    for (package, place) in LIBRARIES {
        let library = package.replace('-', "_");
        let json = folder.join(format!("{library}.json"));
        let listed = listing::of(&json, &library).unwrap();
        let path = workspace().join(place).join("public-api.txt");
        let kept = std::fs::read_to_string(&path).unwrap_or_default();
        if listed == kept {
            continue;
        }
        if std::env::var_os("UPDATE_EXPECT").is_some() {
            std::fs::write(&path, listed).unwrap();
            continue;
        }
        for line in release::lost(&kept, &listed).into_iter().take(20) {
            stale.push(format!("{place}: - {line}"));
        }
        for line in release::lost(&listed, &kept).into_iter().take(20) {
            stale.push(format!("{place}: + {line}"));
        }
        stale.push(format!("{place}/public-api.txt is stale"));
    }
    assert!(
        stale.is_empty(),
        "{}\nrun UPDATE_EXPECT=1 cargo test -p letta-api-public-api-tests -- --ignored, and commit the lists with the change",
        stale.join("\n")
    );
}

/// What git says, if it says anything.
fn git(folder: &Path, arguments: &[&str]) -> Option<String> {
    let output = Command::new("git")
        // In a container, a checkout may belong to somebody else.
        .args(["-c", "safe.directory=*"])
        .args(arguments)
        .current_dir(folder)
        .output()
        .ok()?;
    let said = String::from_utf8(output.stdout).ok()?;
    output.status.success().then_some(said)
}

/// What the last release had that is no longer there, a line each, if the version in Cargo.toml does not allow that. `None` if there
/// is no release.
fn lost_since_the_release(folder: &Path) -> Option<Vec<String>> {
    let tag = git(
        folder,
        &["describe", "--tags", "--abbrev=0", "--match", "v[0-9]*"],
    )?;
    let tag = tag.trim();
    let manifest = std::fs::read_to_string(folder.join("Cargo.toml")).unwrap();
    let version = manifest
        .lines()
        .find_map(|line| line.strip_prefix("version = \"")?.strip_suffix('"'));
    let version = version.expect("Cargo.toml has a version");
    if release::may_break(tag.trim_start_matches('v'), version).unwrap() {
        return Some(Vec::new());
    }
    let mut all = Vec::new();
    for (_, place) in LIBRARIES {
        let path = format!("{place}/public-api.txt");
        let released = git(folder, &["show", &format!("{tag}:{path}")])?;
        let now = std::fs::read_to_string(folder.join(&path)).unwrap();
        let lost = release::lost(&released, &now);
        all.extend(
            lost.into_iter()
                .map(|line| format!("{tag} had in {place}: {line}")),
        );
    }
    Some(all)
}

#[test]
fn nothing_is_lost_that_the_last_release_had() {
    let Some(lost) = lost_since_the_release(&workspace()) else {
        eprintln!("skipped: there is no tag of a release here, such as v0.2.0");
        return;
    };
    assert!(
        lost.is_empty(),
        "{}\nkeep it, or raise `version` in Cargo.toml to one that may break users",
        lost.join("\n")
    );
}

#[test]
fn what_a_release_has_lost_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let run = |arguments: &[&str]| {
        git(folder, arguments).unwrap_or_else(|| panic!("git {arguments:?} has failed"))
    };
    let version = |version: &str| {
        let manifest = format!("[workspace.package]\nversion = \"{version}\"\n");
        std::fs::write(folder.join("Cargo.toml"), manifest).unwrap();
    };
    let list = |place: &str, lines: &str| {
        std::fs::create_dir_all(folder.join(place)).unwrap();
        std::fs::write(folder.join(place).join("public-api.txt"), lines).unwrap();
    };
    run(&["init", "--quiet"]);
    assert_eq!(lost_since_the_release(folder), None, "there is no release");
    version("0.2.0");
    for (_, place) in LIBRARIES {
        list(place, "pub fn kept()\npub fn removed()\n");
    }
    run(&["add", "."]);
    let who = [
        "-c",
        "user.name=A",
        "-c",
        "user.email=a@example.com",
        "-c",
        "commit.gpgsign=false",
    ];
    run(&[&who[..], &["commit", "--quiet", "--message", "A release"]].concat());
    run(&[&who[..], &["tag", "--no-sign", "v0.2.0"]].concat());

    assert_eq!(lost_since_the_release(folder), Some(Vec::new()));
    list("letta-api-ext", "pub fn added()\npub fn kept()\n");
    let lost = vec!["v0.2.0 had in letta-api-ext: pub fn removed()".to_owned()];
    assert_eq!(lost_since_the_release(folder), Some(lost.clone()));
    version("0.2.1");
    assert_eq!(lost_since_the_release(folder), Some(lost));
    version("0.3.0");
    assert_eq!(lost_since_the_release(folder), Some(Vec::new()));
}
