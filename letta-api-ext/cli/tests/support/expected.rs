//! What is expected, in files. `UPDATE_EXPECT=1 cargo test -p letta-cli` writes them anew.

use std::path::Path;

/// Fails if the text is not that of the file, which lies in the folder `snapshots` of these tests.
#[track_caller]
pub(crate) fn expect(folder: &str, name: &str, text: &str) {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    if let Some(difference) = difference(&tests.join(folder).join("snapshots").join(name), text) {
        panic!(
            "{difference}\nIf this is meant, write it anew: UPDATE_EXPECT=1 cargo test -p letta-cli"
        );
    }
}

/// How the text differs from the file. With `UPDATE_EXPECT`, writes the file anew in place.
pub(crate) fn difference(path: &Path, text: &str) -> Option<String> {
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
        return None;
    }
    let there = std::fs::read_to_string(path).unwrap_or_default();
    let there = there.replace("\r\n", "\n");
    (there != text).then(|| {
        let diff = similar::TextDiff::from_lines(&there, text);
        format!("{}:\n{}", path.display(), diff.unified_diff())
    })
}

/// The text with what changes from run to run left out: the parts of IDs by chance are numbered, and points in time and ports are gone.
pub(crate) fn plain(text: &str) -> String {
    let mut seen: Vec<String> = Vec::new();
    let mut plain = String::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        const SHAPES: [&str; 3] = [
            "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx",
            "call_xxxxxxxxxxxxxxxxxxxxxxxx",
            "req-00000000",
        ];
        let is_begin = !plain.ends_with(|it: char| it.is_ascii_alphanumeric());
        if let (true, Some(id)) = (
            is_begin,
            SHAPES.iter().find_map(|shape| shaped(rest, shape)),
        ) {
            let place = seen.iter().position(|it| it == id).unwrap_or_else(|| {
                seen.push(id.to_owned());
                seen.len() - 1
            });
            plain.push_str(&format!("<{}>", place + 1));
            rest = &rest[id.len()..];
        } else if let Some(time) =
            shaped(rest, "0000-00-00T00:00:00").or_else(|| shaped(rest, "0000-00-00 00:00:00"))
        {
            plain.push_str("<time>");
            let fraction =
                |it: char| it == '.' || it == 'Z' || it == '+' || it == ':' || it.is_ascii_digit();
            rest = rest[time.len()..].trim_start_matches(fraction);
        } else if let Some(port) = rest.strip_prefix("127.0.0.1:") {
            plain.push_str("127.0.0.1:<port>");
            rest = port.trim_start_matches(|it: char| it.is_ascii_digit());
        } else {
            plain.push(first);
            rest = &rest[first.len_utf8()..];
        }
    }
    plain
}

/// The beginning of the text, if it has this shape: `x` is a hexadecimal digit, `0` a digit.
fn shaped<'a>(text: &'a str, shape: &str) -> Option<&'a str> {
    let begin = text.get(..shape.len())?;
    let fits = begin
        .bytes()
        .zip(shape.bytes())
        .all(|(byte, shape)| match shape {
            b'x' => byte.is_ascii_hexdigit(),
            b'0' => byte.is_ascii_digit(),
            shape => byte == shape,
        });
    fits.then_some(begin)
}

#[test]
fn what_changes_is_left_out_and_what_is_the_same_keeps_its_number() {
    let text = "a-0f9e8d7c-0000-4000-8000-000000000001 2026-01-02T03:04:05.678Z b-0f9e8d7c-0000-4000-8000-000000000001 127.0.0.1:80/";
    assert_eq!(plain(text), "a-<1> <time> b-<1> 127.0.0.1:<port>/");
}
