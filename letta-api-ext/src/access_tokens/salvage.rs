//! Reads tokens from answers that are not valid. The token exists and works, so it must not be lost because of an
//! invalid date next to it.
//!
//! In goes the body of an answer. Out comes a token, or a page of tokens, with empty fields for whatever cannot be
//! read. The body must begin with an object whose member `token` is a text. Everything else may be anything: of
//! another type, repeated, a number without end, nested without end, not UTF-8, not even JSON. A token is lost only
//! if
//!
//! - the body does not begin with an object, or was cut short: the object is not closed, and the body does not end
//!   with a closing bracket;
//! - the member `token` is damaged, is not a text, or is empty;
//! - a quote or a bracket before it is damaged, so that it is read as a part of another text or object.

use letta_api::Secret;
use letta_api::types::{
    AccessPolicy, AccessPolicyEntry, ClientSideAccessToken, ClientSideAccessTokenPage,
};
use serde::de::DeserializeOwned;
use serde_json::Value;

use scan::{Members, elements};

/// Stands for policy entries that cannot be read: an entry of an unknown kind.
const UNREADABLE: &[u8] = br#"{"type":"unreadable"}"#;

/// The token in the body of an answer.
pub(super) fn token(body: &[u8]) -> Option<ClientSideAccessToken> {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    token_in(body)
}

/// The page, if each entry on it has a readable token. Leaving an entry out would hide a live token, and shift those
/// that follow.
pub(super) fn page(body: &[u8]) -> Option<ClientSideAccessTokenPage> {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    let members = Members::of(body)?;
    let has_next_page = same(members.named(body, "hasNextPage").filter_map(read))?;
    let mut lists = members.named(body, "tokens");
    let (Some(tokens), None) = (lists.next(), lists.next()) else {
        return None;
    };
    let tokens: Option<Vec<_>> = elements(tokens)?
        .into_iter()
        .map(|range| token_in(&tokens[range]))
        .collect();
    Some(ClientSideAccessTokenPage::new(tokens?, has_next_page))
}

fn token_in(object: &[u8]) -> Option<ClientSideAccessToken> {
    let members = Members::of(object)?;
    // The first readable one: damage is likely to affect what comes later.
    let token = members
        .named(object, "token")
        .filter_map(read::<Secret>)
        .find(|secret| !secret.expose_secret().is_empty())?;
    let text_of = |name| members.named(object, name).find_map(text);
    let mut entries = Vec::new();
    let mut version = None;
    let mut is_whole = true;
    for policy in members.named(object, "policy") {
        // If the policy is repeated, the token may do what either says.
        match Members::of(policy) {
            Some(members) => {
                version = version.or_else(|| members.named(policy, "version").find_map(text));
                for data in members.named(policy, "data") {
                    is_whole &= read_entries(data, &mut entries);
                }
            }
            // The form of requests, if it is that: nothing else is a policy.
            None => {
                let before = entries.len();
                let is_read = read_entries(policy, &mut entries);
                is_whole &= is_read || entries.len() == before;
            }
        }
    }
    if !is_whole {
        // The token may do more than what can be read. One entry stands for all unreadable ones, since there may be
        // millions.
        entries.extend(read(UNREADABLE));
    }
    Some(ClientSideAccessToken::new(
        token,
        text_of("hostname").unwrap_or_default(),
        // If two values differ, either may be true.
        same(members.named(object, "expiresAt").filter_map(text)).unwrap_or_default(),
        AccessPolicy::new(version.unwrap_or_default().into(), entries),
    ))
}

/// Adds the entries of an array that can be read. Returns whether that was all of them.
fn read_entries(array: &[u8], entries: &mut Vec<AccessPolicyEntry>) -> bool {
    let mut is_whole = true;
    for range in elements(array).unwrap_or_default() {
        match read(&array[range]) {
            Some(entry) => entries.push(entry),
            None => is_whole = false,
        }
    }
    is_whole
}

/// The value, if it is JSON of this type.
fn read<T: DeserializeOwned>(json: &[u8]) -> Option<T> {
    letta_api::read_json(json).ok()
}

/// The text of a JSON string, or other JSON as its own text. `None` for `null` and for invalid JSON.
fn text(json: &[u8]) -> Option<String> {
    match json.first()? {
        b'"' => read(json),
        _ if json == b"null" => None,
        _ => match read::<Value>(json) {
            Some(value) => Some(value.to_string()),
            // A number that is too large for any type is still shown.
            None => {
                read::<serde::de::IgnoredAny>(json)?;
                Some(std::str::from_utf8(json).ok()?.to_owned())
            }
        },
    }
}

/// The value of all items, if they are equal.
fn same<T: PartialEq>(mut values: impl Iterator<Item = T>) -> Option<T> {
    let first = values.next()?;
    values.all(|value| value == first).then_some(first)
}

/// Finds where values begin and end in text that may not be valid JSON. Nothing here is recursive, so no nesting is
/// too deep. Each byte is looked at once for each object whose members are read.
mod scan {
    use std::ops::Range;

    use super::read;

    /// Only the members that are needed are kept: there may be millions of others.
    const NAMES: [&str; 8] = [
        "token",
        "hostname",
        "expiresAt",
        "policy",
        "version",
        "data",
        "tokens",
        "hasNextPage",
    ];

    /// The members of an object with known names, in their order.
    pub(super) struct Members(Vec<(&'static str, Range<usize>)>);

    impl Members {
        /// `None` if this is not an object, or was cut short.
        pub(super) fn of(json: &[u8]) -> Option<Self> {
            let mut scanner = Scanner::inside(json, b'{')?;
            let mut members = Vec::new();
            loop {
                match scanner.next()? {
                    Token::End => return Some(Self(members)),
                    Token::Value(name) if scanner.skip(b':') => match scanner.next()? {
                        Token::Value(value) => {
                            members.extend(known(&json[name]).map(|name| (name, value)));
                        }
                        Token::End => return Some(Self(members)),
                        Token::Other => {}
                    },
                    Token::Value(_) | Token::Other => {}
                }
                scanner.skip(b',');
            }
        }

        /// The values of the member with this name.
        pub(super) fn named<'a>(
            &'a self,
            json: &'a [u8],
            name: &'static str,
        ) -> impl Iterator<Item = &'a [u8]> {
            let members = self.0.iter();
            let members = members.filter(move |(given, _)| *given == name);
            members.map(|(_, value)| &json[value.clone()])
        }
    }

    fn known(name: &[u8]) -> Option<&'static str> {
        // A name may be escaped, letter by letter, so its length is bounded first.
        let longest = 6 * "hasNextPage".len() + 2;
        let name = (name.len() <= longest).then(|| read::<String>(name))??;
        NAMES.into_iter().find(|known| *known == name)
    }

    /// The elements of an array. `None` if this is not an array, or was cut short.
    pub(super) fn elements(json: &[u8]) -> Option<Vec<Range<usize>>> {
        let mut scanner = Scanner::inside(json, b'[')?;
        let mut elements = Vec::new();
        loop {
            match scanner.next()? {
                Token::End => return Some(elements),
                Token::Value(range) => elements.push(range),
                Token::Other => {}
            }
            scanner.skip(b',');
        }
    }

    enum Token {
        /// A text, an object, an array, or a run of anything else.
        Value(Range<usize>),
        /// A separator where a value should be.
        Other,
        /// The bracket that closes the whole.
        End,
    }

    struct Scanner<'a> {
        json: &'a [u8],
        at: usize,
    }

    impl<'a> Scanner<'a> {
        fn inside(json: &'a [u8], open: u8) -> Option<Self> {
            let at = json.iter().position(|byte| !byte.is_ascii_whitespace())?;
            (json[at] == open).then_some(Self { json, at: at + 1 })
        }

        fn blanks(&mut self) {
            while self.peek().is_some_and(|byte| byte.is_ascii_whitespace()) {
                self.at += 1;
            }
        }

        fn peek(&self) -> Option<u8> {
            self.json.get(self.at).copied()
        }

        fn skip(&mut self, sign: u8) -> bool {
            self.blanks();
            let is_there = self.peek() == Some(sign);
            self.at += usize::from(is_there);
            is_there
        }

        /// `None` if the rest was cut off.
        fn next(&mut self) -> Option<Token> {
            self.blanks();
            let start = self.at;
            let Some(first) = self.peek() else {
                return self.end();
            };
            match first {
                b'"' => self.text()?,
                b'{' | b'[' => self.nested()?,
                b'}' | b']' => {
                    self.at += 1;
                    self.blanks();
                    // More text follows, so this was not the end but a superfluous bracket.
                    let goes_on = self.peek() == Some(b',');
                    return Some(if goes_on { Token::Other } else { Token::End });
                }
                b',' | b':' => {
                    self.at += 1;
                    return Some(Token::Other);
                }
                _ => self.word(),
            }
            Some(Token::Value(start..self.at))
        }

        /// The end of the text. If it ends with a bracket, another bracket is missing, and nothing else was cut off.
        fn end(&self) -> Option<Token> {
            let last = self.json.iter().rfind(|byte| !byte.is_ascii_whitespace());
            matches!(last, Some(b'}' | b']')).then_some(Token::End)
        }

        /// Skips a number, a name, or anything else up to the end of a value.
        fn word(&mut self) {
            while let Some(byte) = self.peek()
                && !byte.is_ascii_whitespace()
                && !b",:{}[]\"".contains(&byte)
            {
                self.at += 1;
            }
        }

        /// Skips a text with its quotes. `None` if it has no end.
        fn text(&mut self) -> Option<()> {
            self.at += 1;
            loop {
                match self.peek() {
                    Some(b'"') => {
                        self.at += 1;
                        return Some(());
                    }
                    Some(b'\\') => self.at += 2,
                    Some(_) => self.at += 1,
                    None => {
                        self.at = self.json.len();
                        return self.end().map(|_| ());
                    }
                }
            }
        }

        /// Skips an object or an array with its content. A bracket of the other kind closes everything that is open
        /// inside it.
        fn nested(&mut self) -> Option<()> {
            let mut open = Vec::new();
            loop {
                self.blanks();
                match self.peek() {
                    Some(b'"') => self.text()?,
                    Some(byte @ (b'{' | b'[')) => {
                        open.push(byte);
                        self.at += 1;
                    }
                    Some(byte @ (b'}' | b']')) => {
                        let opener = if byte == b'}' { b'{' } else { b'[' };
                        let matching = open.iter().rposition(|it| *it == opener);
                        // A bracket that closes nothing in here may close the value around it.
                        let Some(matching) = matching else {
                            return Some(());
                        };
                        open.truncate(matching);
                        self.at += 1;
                        if open.is_empty() {
                            return Some(());
                        }
                    }
                    Some(b',' | b':') => self.at += 1,
                    Some(_) => self.word(),
                    None => return self.end().map(|_| ()),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::ops::Range;

    use super::*;
    use crate::AccessToken;

    #[test]
    fn a_token_with_odd_company_is_not_lost() {
        let deep = "[".repeat(100_000);
        let closed = "]".repeat(100_000);
        let date = "9".repeat(1_000);
        for (json, hostname, expiry, version, grants) in [
            (r#"{"token":"ck-let-a+b/c=="}"#, "", "", "", ""),
            (
                r#"{"token":"ck-let-a+b/c==","hostname":null,"expiresAt":1772366400,"policy":null}"#,
                "",
                "1772366400",
                "",
                "",
            ),
            (
                r#"{"token":"ck-let-a+b/c==","hostname":"https://a.b","expiresAt":"soon","policy":{"version":1,"data":[{"type":"agent","id":"agent-1","access":["read_agent"]}]}}"#,
                "https://a.b",
                "soon",
                "1",
                "agent-1:read_agent",
            ),
            // An unreadable part may be any right.
            (
                r#"{"token":"ck-let-a+b/c==","policy":{"data":[7,{"type":"agent","id":"agent-1","access":["read_agent"]},[1e999999]]}}"#,
                "",
                "",
                "",
                "agent-1:read_agent;?%7B%22type%22%3A%22unreadable%22%7D",
            ),
            (
                r#"{"token":"ck-let-a+b/c==","policy":[{"type":"agent","id":"agent-1","access":["read_agent"]}]}"#,
                "",
                "",
                "",
                "agent-1:read_agent",
            ),
            // Repeated: equal values, and policies that are merged.
            (
                r#"{"token":"ck-let-a+b/c==","policy":{"version":"1","data":[{"type":"agent","id":"agent-1","access":["read_agent"]}]},"policy":{"version":"1","data":[{"type":"agent","id":"agent-1","access":["read_agent"]}]}}"#,
                "",
                "",
                "1",
                "agent-1:read_agent",
            ),
            (
                r#"{"policy":{"data":[{"type":"agent","id":"agent-1","access":["read_agent"]}]},"policy":{"data":[{"type":"agent","id":"agent-2","access":["read_agent"]}]},"token":"ck-let-a+b/c=="}"#,
                "",
                "",
                "",
                "agent-1:read_agent;agent-2:read_agent",
            ),
            (
                r#"{"token":null,"token":7,"token":"","token":"ck-let-a+b/c==","token":"ck-let-a+b/c=="}"#,
                "",
                "",
                "",
                "",
            ),
            (
                r#"{"token":"ck-let-a+b/c==","hostname":"https://a.b","hostname":"https://c.d"}"#,
                "https://a.b",
                "",
                "",
                "",
            ),
            (
                r#"{"token":"ck-let-a+b/c==","expiresAt":"soon","expiresAt":"soon"}"#,
                "",
                "soon",
                "",
                "",
            ),
            (
                r#"{"token":"ck-let-a+b/c==","expiresAt":"2126-03-01T12:00:00Z","expiresAt":"2126-03-01T12:05:00Z"}"#,
                "",
                "",
                "",
                "",
            ),
            (
                r#"{"x":1e999999,"token":"ck-let-a+b/c==","expiresAt":1e999999}"#,
                "",
                "1e999999",
                "",
                "",
            ),
            (
                &format!(r#"{{"token":"ck-let-a+b/c==","expiresAt":"{date}"}}"#),
                "",
                &date,
                "",
                "",
            ),
            (
                r#"{"token":"ck-let-a+b/c==","expiresAt":"+262143-12-31T23:59:59.999999999Z"}"#,
                "",
                "+262143-12-31T23:59:59.999999999Z",
                "",
                "",
            ),
            (
                &format!(r#"{{"x":{deep}{closed},"token":"ck-let-a+b/c=="}}"#),
                "",
                "",
                "",
                "",
            ),
            // Brackets that do not match.
            (r#"{"x":[{]},"token":"ck-let-a+b/c=="}"#, "", "", "", ""),
            (r#"{"x":[},"token":"ck-let-a+b/c=="}"#, "", "", "", ""),
            (r#"{"x":{"y":[}},"token":"ck-let-a+b/c=="}"#, "", "", "", ""),
            (
                r#"{"token":"ck-let-a+b/c==","policy":{"data":[}"#,
                "",
                "",
                "",
                "",
            ),
            // Not JSON.
            (
                r#"{,"hostname":,"expiresAt" "soon",'a':NaN,"token":"ck-let-a+b/c==",,}"#,
                "",
                "",
                "",
                "",
            ),
            (
                "\u{feff} {\"hostname\":\"https://a.b\nx\",\"token\":\"ck-let-a+b/c==\"}",
                "",
                "",
                "",
                "",
            ),
            (
                r#"{"token":"ck-let-a+b/c==","hostname":"https://a.b}"#,
                "",
                "",
                "",
                "",
            ),
            (r#"{"token":"ck-let-a+b/c==","x":"\"}"#, "", "", "", ""),
            // Text after the object.
            (
                r#"{"token":"ck-let-a+b/c=="}{"token":"ck-let-2"}"#,
                "",
                "",
                "",
                "",
            ),
            (
                "{\"token\":\"ck-let-a+b/c==\"}\n<!-- proxy -->",
                "",
                "",
                "",
                "",
            ),
            (
                r#"{"\u0074oken":"ck\u002dlet-a\u002Bb\/c\u003d="}"#,
                "",
                "",
                "",
                "",
            ),
        ] {
            let shown: String = json.chars().take(200).collect();
            let token = token(json.as_bytes()).expect(&shown);
            let token = AccessToken::from_wire(token, None);
            assert_eq!(token.expose_secret(), "ck-let-a+b/c==", "{shown}");
            assert_eq!(token.hostname(), hostname, "{shown}");
            assert_eq!(token.expires_at_text(), expiry, "{shown}");
            assert!(token.is_expired() && token.expires_at().is_none());
            assert_eq!(token.policy_version(), version, "{shown}");
            assert_eq!(token.policy().to_string(), grants, "{shown}");
        }
    }

    #[test]
    fn an_answer_without_a_token_or_cut_short_gives_none() {
        for json in [
            "",
            "[]",
            "{}",
            "null",
            r#"{"token":""}"#,
            r#"{"token":7}"#,
            r#"{"token":["ck-let-a+b/c=="]}"#,
            r#"{"policy":{"token":"ck-let-a+b/c=="}}"#,
            r#"{"note":"\"token\":\"ck-let-a+b/c==\""}"#,
            r#"[{"token":"ck-let-a+b/c=="}]"#,
            r#"{"x":[,"token":"ck-let-a+b/c=="}"#,
            r#"{"x":","token":"ck-let-a+b/c=="}"#,
            r#"<script>{"token":"ck-let-a+b/c=="}</script>"#,
            r#""token":"ck-let-a+b/c==""#,
            "{\"token\":\"ck-let-\u{0}1\"}",
            r#"{"token":"ck-let-\ud800"}"#,
            r#"{"token":"ck-let-a+b/c=="#,
            r#"{"token":"ck-let-a+b/c==","#,
            r#"{"token":"ck-let-a+b/c==","hostname":"https://a.b""#,
            r#"{"token":"ck-let-a+b/c==","expiresAt":12"#,
        ] {
            assert!(token(json.as_bytes()).is_none(), "{json}");
        }
        assert!(token(b"{\"token\":\"ck-let-\xff1\"}").is_none());
    }

    #[test]
    fn a_page_is_one_of_tokens_alone() {
        for json in [
            r#"{"tokens":[{"token":"ck-let-a+b/c=="}],"hasNextPage":true}"#,
            r#"{"x":1e999999,"tokens":[{"token":"ck-let-a+b/c==","policy":7,"policy":8}],"hasNextPage":true,"hasNextPage":true}"#,
            r#"{"tokens":[{"token":"ck-let-a+b/c==","expiresAt":1e999999},],"hasNextPage":true,}"#,
        ] {
            let page = page(json.as_bytes()).expect(json);
            assert_eq!(page.tokens[0].token.expose_secret(), "ck-let-a+b/c==");
            assert_eq!((page.tokens.len(), page.has_next_page), (1, true));
        }
        for json in [
            r#"{"tokens":[{"token":"ck-let-a+b/c=="}]}"#,
            r#"{"tokens":[{"token":"ck-let-a+b/c=="},{}],"hasNextPage":true}"#,
            r#"{"tokens":["ck-let-a+b/c=="],"hasNextPage":true}"#,
            r#"{"tokens":"ck-let-a+b/c==","hasNextPage":true}"#,
            r#"{"tokens":[],"tokens":[{"token":"ck-let-a+b/c=="}],"hasNextPage":true}"#,
            r#"{"tokens":[],"hasNextPage":true,"hasNextPage":false}"#,
            r#"{"tokens":[],"hasNextPage":"no"}"#,
            r#"{"hasNextPage":true}"#,
        ] {
            assert!(page(json.as_bytes()).is_none(), "{json}");
        }
    }

    const BESIDE: [&str; 4] = [
        r#""hostname":"https://a.b""#,
        r#""expiresAt":"2126-03-01T12:00:00Z""#,
        r#""policy":{"version":"1","data":[{"type":"agent","id":"agent-1","access":["read_agent"]}]}"#,
        r#""n":[-1.5e3,true,null,{"a":"\"\\"}]"#,
    ];

    /// Other members, and after how many of them the token comes.
    fn body(before: usize) -> (Vec<u8>, Range<usize>) {
        let member = r#""token":"ck-let-a+b/c==""#;
        let mut members = BESIDE.to_vec();
        members.insert(before, member);
        let body = format!("{{{}}}", members.join(","));
        let start = body.find(member).unwrap();
        (body.into_bytes(), start..start + member.len())
    }

    fn secret(body: &[u8]) -> Option<String> {
        Some(token(body)?.token.expose_secret().to_owned())
    }

    #[test]
    fn whatever_is_damaged_after_the_token_does_not_lose_it() {
        let mut random = fastrand::Rng::with_seed(16);
        for _ in 0..20_000 {
            let (mut body, token) = body(random.usize(..=BESIDE.len()));
            let last = body.len() - 1;
            if token.end == last {
                continue;
            }
            for _ in 0..random.usize(1..20) {
                body[random.usize(token.end..last)] = random.u8(..);
            }
            // Pieces are removed, and others are inserted.
            let cut = random.usize(token.end..last)..last;
            let end = random.usize(cut.clone());
            match random.u8(..3) {
                0 => drop(body.drain(cut.start..end.max(cut.start))),
                1 => drop(body.splice(cut.start..cut.start, [random.u8(..), random.u8(..)])),
                _ => {}
            }
            let shown = String::from_utf8_lossy(&body).into_owned();
            assert_eq!(secret(&body).as_deref(), Some("ck-let-a+b/c=="), "{shown}");
        }
    }

    #[test]
    fn what_is_damaged_before_the_token_loses_it_only_if_it_is_a_quote_or_a_bracket() {
        let is_structure = |byte: u8| b"\"\\{}[]".contains(&byte);
        let mut random = fastrand::Rng::with_seed(17);
        for _ in 0..20_000 {
            let (mut body, token) = body(random.usize(..=BESIDE.len()));
            for _ in 0..random.usize(1..20) {
                let (place, byte) = (random.usize(1..body.len() - 1), random.u8(..));
                // A separator before the token decides whether it is a name or a value.
                let is_near = (token.start - 1..token.end).contains(&place);
                if !is_near && !is_structure(body[place]) && !is_structure(byte) {
                    body[place] = byte;
                }
            }
            let shown = String::from_utf8_lossy(&body).into_owned();
            assert_eq!(secret(&body).as_deref(), Some("ck-let-a+b/c=="), "{shown}");
        }
    }

    #[test]
    fn a_body_that_is_all_brackets_or_quotes_is_read_in_one_pass() {
        // With quadratic work, these would take hours.
        let million = 1_000_000;
        for body in [
            "{".repeat(million),
            "{[".repeat(million),
            format!("{{\"x\":{}{}", "[".repeat(million), "}".repeat(million)),
            format!("{{\"x\":{}", "{[}".repeat(million)),
            "{\"".repeat(million),
            format!("{{{}}}", "\"policy\":[7,".repeat(million)),
            format!(
                "{{\"token\":\"ck-let-a+b/c==\",\"policy\":[{}",
                "1,".repeat(million)
            ),
            format!("{{{}}}", ":".repeat(million)),
        ] {
            let _ = token(body.as_bytes());
            let _ = page(body.as_bytes());
        }
    }
}
