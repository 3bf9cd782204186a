//! Words of what commands print: a number with its noun, and an argument of a command that is to be pasted.

use std::path::Path;

/// A number with its noun: `1 action`, `2 actions`.
pub fn count(number: usize, noun: &str) -> String {
    match number {
        1 => format!("1 {noun}"),
        _ => format!("{number} {noun}s"),
    }
}

/// A text as a word of a command that is to be pasted into a shell: in quotes if it has a space or a character that means something there.
pub fn word(text: &str) -> String {
    // Only a null is refused, which no command line has.
    shlex::try_quote(text).map_or_else(|_| text.to_owned(), |quoted| quoted.into_owned())
}

/// A path as such a word. One that begins with `-` is no option.
pub fn argument(path: &Path) -> String {
    let text = path.display().to_string();
    match text.starts_with('-') {
        true => word(&format!("./{text}")),
        false => word(&text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_noun_is_plural_unless_there_is_one() {
        assert_eq!(count(0, "file"), "0 files");
        assert_eq!(count(1, "file"), "1 file");
        assert_eq!(count(2, "file"), "2 files");
    }

    /// What a shell makes of it is the path, and one word.
    #[cfg(unix)]
    #[test]
    fn a_shell_reads_the_path_that_was_meant() {
        for path in [
            "../pet-shop.yaml",
            "Pet Shop v2.yaml",
            "it's.yaml",
            "\"quoted\".yaml",
            "$HOME/`id`/$(id).yaml",
            "a;b&c|d<e>f.yaml",
            "*.yaml",
            "~/x.yaml",
            "a\\b.yaml",
            "äö.yaml",
            "#x!^.yaml",
            "",
        ] {
            let printed = argument(Path::new(path));
            let shell = std::process::Command::new("sh")
                .args(["-c", &format!("printf '%s.' {printed}")])
                .output()
                .unwrap();
            let read = String::from_utf8(shell.stdout).unwrap();
            assert_eq!(read, format!("{path}."), "{printed}");
        }
        assert_eq!(argument(Path::new("../pet-shop.yaml")), "../pet-shop.yaml");
        assert_eq!(argument(Path::new("Pet Shop.yaml")), "'Pet Shop.yaml'");
        assert_eq!(argument(Path::new("--out")), "./--out");
    }
}
