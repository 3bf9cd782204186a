//! Completions and man pages.

use crate::lab::Lab;

#[test]
fn each_shell_has_completions() {
    let lab = Lab::new();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let ran = lab.run(&["completions", shell]);
        assert_eq!(ran.code, Some(0), "{ran:?}");
        assert!(
            ran.stdout.contains("show-secrets"),
            "{shell}: {}",
            ran.stdout.len()
        );
    }
}

#[test]
fn each_command_has_a_man_page() {
    let lab = Lab::new();
    let ran = lab.run(&["man", "--dir", "man1"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    for page in [
        "letta.1",
        "letta-token.1",
        "letta-token-create.1",
        "letta-api.1",
    ] {
        let text = std::fs::read_to_string(lab.folder().join("man1").join(page)).unwrap();
        assert!(
            text.starts_with(".ie ") || text.contains(".TH "),
            "{page}: {text}"
        );
    }
    let page = lab.run(&["man"]).stdout;
    assert!(page.contains("Exit codes"), "{page}");
}
