//! Names for what is secret, and for what differs from run to run.

/// What a client-side token begins with. The rest of it is hexadecimal.
const TOKEN: &str = "ck-let-";

/// Calls tokens by the order in which they were first seen: `<token 0>`, `<token 1>`.
///
/// With one of these for all that a client sends and understands, two runs can be compared, and shown.
#[derive(Default)]
pub(crate) struct Labels {
    tokens: Vec<String>,
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
        while let Some(start) = rest.find(TOKEN) {
            labelled += &rest[..start];
            rest = &rest[start..];
            let digits = rest[TOKEN.len()..]
                .find(|letter: char| !letter.is_ascii_hexdigit())
                .unwrap_or(rest.len() - TOKEN.len());
            let (token, after) = rest.split_at(TOKEN.len() + digits);
            labelled += &self.name(token);
            rest = after;
        }
        labelled += rest;
        for (key, name) in &self.keys {
            labelled = labelled.replace(key, name);
        }
        labelled
    }

    fn name(&mut self, token: &str) -> String {
        let known = self.tokens.iter().position(|known| known == token);
        let number = known.unwrap_or_else(|| {
            self.tokens.push(token.to_owned());
            self.tokens.len() - 1
        });
        format!("<token {number}>")
    }
}
