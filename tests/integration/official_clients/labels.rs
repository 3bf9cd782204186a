//! Names for what is secret, and for what differs from run to run.

/// What a client-side token begins with. The rest of it is base64.
const TOKEN: &str = "ck-let-";

/// The signs of base64 that are neither letters nor digits, and how clients write them in a path. Not all clients escape
/// all of them, which makes no difference to what a path names.
const SIGNS: [(&str, char); 6] = [
    ("+", '+'),
    ("/", '/'),
    ("=", '='),
    ("%2B", '+'),
    ("%2F", '/'),
    ("%3D", '='),
];

/// The groups of a UUID, in digits.
const UUID: [usize; 5] = [8, 4, 4, 4, 12];

/// Calls tokens and UUIDs by the order in which they were first seen: `<token 0>`, `<uuid 0>`.
///
/// With one of these for all that a client sends and understands, two runs can be compared, and shown.
#[derive(Default)]
pub(crate) struct Labels {
    tokens: Vec<String>,
    uuids: Vec<String>,
    keys: Vec<(String, String)>,
}

impl Labels {
    /// Puts `name` in the place of `secret` from now on.
    pub(crate) fn hide(&mut self, secret: &str, name: &str) {
        self.keys.push((secret.to_owned(), format!("<key {name}>")));
    }

    /// The text with the names in it.
    pub(crate) fn of(&mut self, text: &str) -> String {
        let mut labelled = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(letter) = rest.chars().next() {
            let length = if let Some(after) = rest.strip_prefix(TOKEN) {
                let (token, length) = base64(after);
                labelled += &name("token", &mut self.tokens, &token);
                TOKEN.len() + length
            } else if let Some(length) = uuid(rest) {
                labelled += &name("uuid", &mut self.uuids, &rest[..length]);
                length
            } else {
                labelled.push(letter);
                letter.len_utf8()
            };
            rest = &rest[length..];
        }
        for (key, name) in &self.keys {
            labelled = labelled.replace(key, name);
        }
        labelled
    }
}

fn name(kind: &str, known: &mut Vec<String>, what: &str) -> String {
    let number = known.iter().position(|known| known == what);
    let number = number.unwrap_or_else(|| {
        known.push(what.to_owned());
        known.len() - 1
    });
    format!("<{kind} {number}>")
}

/// The base64 that the text begins with, unescaped, and how long it is in the text.
fn base64(text: &str) -> (String, usize) {
    let mut token = String::new();
    let mut rest = text;
    while let Some(letter) = rest.chars().next() {
        let sign = SIGNS.iter().find(|(written, _)| rest.starts_with(written));
        let (letter, length) = match sign {
            Some((written, sign)) => (*sign, written.len()),
            None if letter.is_ascii_alphanumeric() => (letter, 1),
            None => break,
        };
        token.push(letter);
        rest = &rest[length..];
    }
    (token, text.len() - rest.len())
}

/// How many hexadecimal digits the text begins with.
fn hexadecimal(text: &str) -> usize {
    text.bytes().take_while(u8::is_ascii_hexdigit).count()
}

/// The length of the UUID that the text begins with.
fn uuid(text: &str) -> Option<usize> {
    let mut rest = text;
    for (number, digits) in UUID.into_iter().enumerate() {
        if number > 0 {
            rest = rest.strip_prefix('-')?;
        }
        if hexadecimal(rest) < digits {
            return None;
        }
        rest = &rest[digits..];
    }
    Some(text.len() - rest.len())
}
