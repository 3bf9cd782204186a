//! Every command if nobody reads what it prints, as `cargo xtask lint … | head` closes the pipe.

use std::io::pipe;
use std::path::Path;
use std::process::{Command, Stdio};

use tempfile::TempDir;

/// A pipe that its reader has closed.
fn closed() -> Stdio {
    let (reader, writer) = pipe().unwrap();
    drop(reader);
    Stdio::from(writer)
}

/// A folder with a description that has findings, and one that has none.
fn folder() -> TempDir {
    let folder = TempDir::new().unwrap();
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    for (from, to) in [
        ("standalone/pet-shop.yaml", "wrong.yaml"),
        ("tokens/letta.yaml", "right.yaml"),
        ("tokens/overlay.yaml", "overlay.yaml"),
    ] {
        std::fs::copy(fixtures.join(from), folder.path().join(to)).unwrap();
    }
    folder
}

/// Each with what it exits with, which says the same as if somebody had read all.
const COMMANDS: [(&[&str], i32); 13] = [
    (&["--help"], 0),
    (&["codegen", "--help"], 0),
    (&["lint", "wrong.yaml"], 1),
    (&["lint", "wrong.yaml", "--format", "json"], 1),
    (&["lint", "right.yaml", "--overlay", "overlay.yaml"], 0),
    (&["lint", "none.yaml"], 2),
    (&["bundle", "--description", "right.yaml"], 0),
    (&["bundle", "--description", "none.yaml"], 1),
    (&["drift", "wrong.yaml", "--description", "right.yaml"], 1),
    (&["init", "wrong.yaml", "--out", "new.yaml"], 0),
    (&["codegen", "wrong.yaml", "--out", "wrong-api"], 1),
    (
        &[
            "codegen",
            "right.yaml",
            "--overlay",
            "overlay.yaml",
            "--out",
            "right-api",
            "--explain",
            "--report",
            "report.txt",
        ],
        0,
    ),
    (
        &[
            "codegen",
            "wrong.yaml",
            "--overlay",
            "new.yaml",
            "--out",
            "right-api",
            "--check",
        ],
        1,
    ),
];

#[test]
fn a_reader_that_has_seen_enough_ends_no_command_in_a_panic() {
    let read = folder();
    let unread = folder();
    for (arguments, code) in COMMANDS {
        let command = |folder: &TempDir| {
            let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
            command.current_dir(folder.path()).args(arguments);
            command
        };
        let whole = command(&read).output().unwrap();
        let told = String::from_utf8_lossy(&whole.stderr).into_owned();
        assert_eq!(whole.status.code(), Some(code), "{arguments:?}\n{told}");

        let output = command(&unread).stdout(closed()).output().unwrap();
        let unread_out = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(
            output.status.code(),
            Some(code),
            "{arguments:?}\n{unread_out}"
        );
        assert!(unread_out == told, "{arguments:?}\n{unread_out}\n{told}");
        // `init` does not write over what is there.
        if arguments[0] == "init" {
            std::fs::remove_file(unread.path().join("new.yaml")).unwrap();
        }
        let both = command(&unread).stdout(closed()).stderr(closed()).output();
        assert_eq!(both.unwrap().status.code(), Some(code), "{arguments:?}");
    }
    // What comes after the print is done all the same.
    assert!(unread.path().join("report.txt").exists());
}

/// A disk that is full is something to know of.
#[cfg(target_os = "linux")]
#[test]
fn an_output_that_cannot_be_written_is_an_error() {
    let folder = folder();
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full");
    let output = Command::new(env!("CARGO_BIN_EXE_xtask"))
        .current_dir(folder.path())
        .args(["lint", "wrong.yaml"])
        .stdout(full.unwrap())
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{told}");
    assert!(
        told.starts_with("error: the output cannot be written: "),
        "{told}"
    );
}
