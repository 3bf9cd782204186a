//! Which files may be uploaded: by their media type or, if it says nothing, by the end of their name.

use axum::http::StatusCode;

use crate::http::refusal::Refusal;

/// By the end of a name, in lower case.
const TYPES: [(&str, &str); 48] = [
    ("pdf", "application/pdf"),
    ("txt", "text/plain"),
    ("md", "text/x-markdown"),
    ("markdown", "text/markdown"),
    ("json", "application/json"),
    ("jsonl", "application/x-jsonlines"),
    ("csv", "text/csv"),
    ("py", "text/x-python"),
    ("js", "text/javascript"),
    ("ts", "text/x-typescript"),
    ("java", "text/x-java-source"),
    ("cpp", "text/x-c++"),
    ("cxx", "text/x-c++"),
    ("c", "text/x-c"),
    ("h", "text/x-c"),
    ("cs", "text/x-csharp"),
    ("php", "text/x-php"),
    ("rb", "text/x-ruby"),
    ("go", "text/x-go"),
    ("rs", "text/x-rust"),
    ("swift", "text/x-swift"),
    ("kt", "text/x-kotlin"),
    ("scala", "text/x-scala"),
    ("r", "text/x-r"),
    ("m", "text/x-objective-c"),
    ("html", "text/html"),
    ("htm", "text/html"),
    ("css", "text/css"),
    ("scss", "text/x-scss"),
    ("sass", "text/x-sass"),
    ("less", "text/x-less"),
    ("vue", "text/x-vue"),
    ("jsx", "text/x-jsx"),
    ("tsx", "text/x-tsx"),
    ("xml", "text/xml"),
    ("yaml", "text/x-yaml"),
    ("yml", "text/x-yaml"),
    ("toml", "application/toml"),
    ("ini", "text/x-ini"),
    ("cfg", "text/x-conf"),
    ("conf", "text/x-conf"),
    ("sh", "text/x-shellscript"),
    ("bash", "text/x-shellscript"),
    ("ps1", "text/x-powershell"),
    ("bat", "text/x-batch"),
    ("cmd", "text/x-batch"),
    ("dockerfile", "text/x-dockerfile"),
    ("sql", "text/x-sql"),
];

/// Other names of those.
const OTHER_NAMES: [&str; 2] = ["application/jsonl", "application/xml"];

/// The media type that goes by a name.
pub(crate) fn of_name(name: &str) -> Option<&'static str> {
    let (_, extension) = name.rsplit_once('.')?;
    let extension = extension.to_lowercase();
    let found = TYPES.iter().find(|(it, _)| *it == extension);
    found.map(|(_, media_type)| *media_type)
}

/// The media type of a file, or a 415.
pub(crate) fn accepted(declared: Option<&str>, name: &str) -> Result<String, Refusal> {
    let declared = declared.unwrap_or_default().split(';').next();
    let declared = declared.unwrap_or_default().trim().to_lowercase();
    let is_known = |media_type: &str| {
        TYPES.iter().any(|(_, known)| *known == media_type) || OTHER_NAMES.contains(&media_type)
    };
    if is_known(&declared) {
        return Ok(declared);
    }
    of_name(name).map(str::to_owned).ok_or_else(|| {
        Refusal::detail(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "files of this type are not taken; take a PDF, a text, JSON, or code",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_taken_by_its_media_type_or_its_name() {
        for (declared, name, expected) in [
            (
                Some("text/plain; charset=utf-8"),
                "x.bin",
                Some("text/plain"),
            ),
            (Some("Application/XML"), "x", Some("application/xml")),
            (
                Some("application/octet-stream"),
                "a.MD",
                Some("text/x-markdown"),
            ),
            (None, "a.rs", Some("text/x-rust")),
            (Some("application/octet-stream"), "x.bin", None),
            (Some("image/png"), "x.png", None),
            (None, "", None),
            (None, "txt", None),
        ] {
            let found = accepted(declared, name).ok();
            assert_eq!(found.as_deref(), expected, "{declared:?} {name}");
        }
    }
}
