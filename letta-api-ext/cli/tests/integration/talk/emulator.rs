//! `letta emulator`.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use crate::support::program::{code_of, interrupt, program, run};

#[tokio::test(flavor = "multi_thread")]
async fn two_lines_are_all_that_one_needs_to_talk() {
    let home = tempfile::tempdir().unwrap();
    let mut command = Command::new(program());
    command.args(["emulator", "--listen", "127.0.0.1:0", "--word-delay", "0s"]);
    command.stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    let out = BufReader::new(child.stdout.take().unwrap());
    let lines: Vec<String> = out.lines().take(2).map(Result::unwrap).collect();
    let mut talk = Command::new(program());
    talk.env_clear().env("LETTA_CONFIG_DIR", home.path());
    let variables = lines[0].strip_prefix("export ").unwrap().split(' ');
    talk.envs(variables.map(|variable| variable.split_once('=').unwrap()));
    let chat = lines[1].strip_prefix("letta ").unwrap();
    talk.args(chat.split(' '));
    let ran = run(talk, "How is the weather?\n").await;
    assert_eq!(
        ran.out, "It rains in Oslo, and it has 4 degrees. Take a coat.\n",
        "{ran:?}"
    );
    interrupt(&child);
    assert_eq!(code_of(child).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_served_is_a_clear_error() {
    for (args, expected) in [
        (&["emulator", "--listen", "0.0.0.0:0"] as &[&str], 2),
        (&["emulator", "--script", "no-such-file.yaml"], 2),
    ] {
        let mut command = Command::new(program());
        command.args(args);
        let ran = run(command, "").await;
        assert_eq!(ran.code, expected, "{ran:?}");
        assert!(ran.err.contains("error: "), "{ran:?}");
    }
}
