//! The media type of a file, by the end of its name.

/// The types that the service reads, as its source of 0.16.8 has them.
const TYPES: [(&str, &[&str]); 40] = [
    ("application/pdf", &["pdf"]),
    ("text/plain", &["txt", "log", "text"]),
    ("text/markdown", &["md", "markdown"]),
    ("application/json", &["json"]),
    ("application/x-jsonlines", &["jsonl"]),
    ("text/csv", &["csv"]),
    ("text/x-python", &["py"]),
    ("text/javascript", &["js"]),
    ("text/x-typescript", &["ts"]),
    ("text/x-java-source", &["java"]),
    ("text/x-c++", &["cpp", "cxx"]),
    ("text/x-c", &["c", "h"]),
    ("text/x-csharp", &["cs"]),
    ("text/x-php", &["php"]),
    ("text/x-ruby", &["rb"]),
    ("text/x-go", &["go"]),
    ("text/x-rust", &["rs"]),
    ("text/x-swift", &["swift"]),
    ("text/x-kotlin", &["kt"]),
    ("text/x-scala", &["scala"]),
    ("text/x-r", &["r"]),
    ("text/x-objective-c", &["m"]),
    ("text/html", &["html", "htm"]),
    ("text/css", &["css"]),
    ("text/x-scss", &["scss"]),
    ("text/x-sass", &["sass"]),
    ("text/x-less", &["less"]),
    ("text/x-vue", &["vue"]),
    ("text/x-jsx", &["jsx"]),
    ("text/x-tsx", &["tsx"]),
    ("text/xml", &["xml"]),
    ("text/x-yaml", &["yaml", "yml"]),
    ("application/toml", &["toml"]),
    ("text/x-ini", &["ini"]),
    ("text/x-conf", &["cfg", "conf"]),
    ("text/x-shellscript", &["sh", "bash"]),
    ("text/x-powershell", &["ps1"]),
    ("text/x-batch", &["bat", "cmd"]),
    ("text/x-dockerfile", &["dockerfile"]),
    ("text/x-sql", &["sql"]),
];

/// The media type that goes by a file's name. `None` if its end is not known.
pub(super) fn of_name(name: &str) -> Option<&'static str> {
    let (_, end) = name.rsplit_once('.')?;
    let is_end = |known: &&str| known.eq_ignore_ascii_case(end);
    let found = TYPES.iter().find(|(_, ends)| ends.iter().any(&is_end));
    found.map(|(media_type, _)| *media_type)
}

#[cfg(test)]
mod tests {
    use super::of_name;

    #[test]
    fn the_end_of_a_name_says_the_media_type() {
        for (name, expected) in [
            ("notes.txt", Some("text/plain")),
            ("Notes.MD", Some("text/markdown")),
            ("a.b.pdf", Some("application/pdf")),
            ("x.tar", None),
            ("txt", None),
            ("", None),
            ("ends.", None),
        ] {
            assert_eq!(of_name(name), expected, "{name}");
        }
    }
}
