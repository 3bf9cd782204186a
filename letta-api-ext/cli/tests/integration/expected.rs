//! What is expected, in files. `UPDATE_EXPECT=1 cargo test -p letta-cli` writes them anew.

use std::path::Path;

/// Fails if the text is not that of the file in `snapshots`.
#[track_caller]
pub(crate) fn expect(name: &str, text: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/integration/snapshots");
    if let Some(difference) = difference(&folder.join(name), text) {
        panic!(
            "{difference}\nIf this is meant, write it anew: UPDATE_EXPECT=1 cargo test -p letta-cli"
        );
    }
}

/// How the text differs from the file. With `UPDATE_EXPECT`, writes the file anew in place.
pub(crate) fn difference(path: &Path, text: &str) -> Option<String> {
    if std::env::var_os("UPDATE_EXPECT").is_some() {
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

/// What differs from run to run: `x` is a hexadecimal digit, `0` a digit.
const IDS: [&str; 3] = [
    "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx",
    "call_xxxxxxxxxxxxxxxxxxxxxxxx",
    "req-00000000",
];
const TIMES: [&str; 2] = ["0000-00-00T00:00:00", "0000-00-00 00:00:00"];

/// The text with what differs from run to run in a form that does not: random IDs have numbers, points in time are the same one, and
/// so are ports. Each ID is as long as it was, so that tables keep their columns.
pub(crate) fn plain(text: &str) -> String {
    let mut seen: Vec<&str> = Vec::new();
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let is_begin = !plain.ends_with(|it: char| it.is_ascii_alphanumeric());
        let id = IDS.iter().filter(|_| is_begin);
        if let Some(id) = id.filter_map(|shape| shaped(rest, shape)).next() {
            let place = seen.iter().position(|it| *it == id).unwrap_or_else(|| {
                seen.push(id);
                seen.len() - 1
            });
            plain.push_str(&numbered(id, place + 1));
            rest = &rest[id.len()..];
        } else if let Some(time) = TIMES.iter().find_map(|shape| shaped(rest, shape)) {
            plain.push_str("2026-01-01");
            plain.push_str(&time[10..11]);
            plain.push_str("00:00:00");
            rest =
                rest[time.len()..].trim_start_matches(|it: char| it == '.' || it.is_ascii_digit());
        } else if let Some(port) = rest.strip_prefix("127.0.0.1:") {
            plain.push_str("127.0.0.1:12345");
            rest = port.trim_start_matches(|it: char| it.is_ascii_digit());
        } else {
            plain.push(first);
            rest = &rest[first.len_utf8()..];
        }
    }
    plain
}

/// The ID with a number in place of its digits.
fn numbered(id: &str, number: usize) -> String {
    let begin = id.find(['-', '_']).map_or(0, |at| at + 1);
    let (kind, digits) = match id.len() {
        36 => ("", id),
        _ => id.split_at(begin),
    };
    let mut text: String = digits
        .chars()
        .map(|it| if it == '-' { '-' } else { '0' })
        .collect();
    let number = number.to_string();
    text.truncate(text.len() - number.len());
    format!("{kind}{text}{number}")
}

/// The beginning of the text, if it has this shape.
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
fn what_differs_is_the_same_and_as_long_as_it_was() {
    let id = "0f9e8d7c-0000-4000-8000-00000000000a";
    let text = format!("a-{id} 2026-02-03T04:05:06.789Z b-{id} req-00000777 127.0.0.1:80/");
    assert_eq!(
        plain(&text),
        "a-00000000-0000-0000-0000-000000000001 2026-01-01T00:00:00Z \
         b-00000000-0000-0000-0000-000000000001 req-00000002 127.0.0.1:12345/"
    );
}
