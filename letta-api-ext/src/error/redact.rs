//! Redacts secrets in text that was not written here.
//!
//! In goes a text, or a value to print, and the secrets that the caller knows. Out comes one line of limited length
//! that is safe to print, or `None` if a secret seems to be in it in a form that cannot be cut out.
//!
//! The order matters. The text is cut to a limited length first, because a server decides how long it is, and the
//! rest takes time in proportion. A cut may leave the beginning of a secret at the end, so such beginnings are
//! dropped. Then the known secrets are replaced, first in other encodings and then in their plain forms. Then
//! anything is replaced that begins like a key or a token. In the end, the text is unescaped and searched once more:
//! if a secret is still in it, the whole text is dropped.

use std::fmt::{self, Write as _};

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use url::Url;
use zeroize::Zeroizing;

use crate::error::secrets_in_url;
use crate::error::token_form;
use crate::error::wiped_url::WipedUrl;
use crate::platform;

/// Replaces a secret.
const REDACTED: &str = "[redacted]";

/// The prefixes of the service's keys and tokens.
const PREFIXES: [&str; 2] = [token_form::KEY_PREFIX, token_form::TOKEN_PREFIX];

/// A secret shorter than this may be a part of any word. A text that has it is dropped whole, since cutting it out
/// would only show where it was. A run of letters and digits of this length gives a secret away, whatever surrounds
/// it.
const SHORT: usize = 8;

/// The longest text that is returned, in characters.
const LIMIT: usize = 1_000;

/// The most of a text that is looked at, in characters: the longest result, and room for a secret that begins in it.
const LOOK: usize = 4 * LIMIT;

/// Makes a text of the service safe to print: without the `secrets`, without anything that looks like a key or a
/// token of the service, on one line, and of limited length. `None` if it seems to contain a secret in a form that
/// cannot be cut out.
///
/// The text is kept in memory that is wiped.
pub(crate) fn text(text: &str, secrets: &[&str]) -> Option<String> {
    // A character has at most four bytes.
    clean(text, text.len().min(4 * LOOK), secrets)
}

/// Like [`text`], for a value that can be displayed. Formatting stops at the length that is looked at.
pub(crate) fn display(value: impl fmt::Display, secrets: &[&str]) -> Option<String> {
    clean(value, LOOK, secrets)
}

/// `capacity` is the number of bytes to reserve: the most, or the usual number.
fn clean(value: impl fmt::Display, capacity: usize, secrets: &[&str]) -> Option<String> {
    let mut beginning = Beginning {
        text: Zeroizing::new(String::with_capacity(capacity)),
        count: 0,
        is_whole: true,
    };
    let _ = write!(beginning, "{value}");
    let Beginning {
        mut text, is_whole, ..
    } = beginning;
    let secrets: Vec<&str> = secrets
        .iter()
        .copied()
        .filter(|it| !it.is_empty())
        .collect();
    if !is_whole {
        drop_cut_secrets(&mut text, &secrets);
    }
    text = without_encoded(&text, &secrets, is_whole);
    for secret in &secrets {
        if head(secret, text.len()).len() < secret.len() {
            continue;
        }
        for form in forms(secret) {
            if !text.contains(&**form) {
                continue;
            }
            if form.len() < SHORT {
                return None;
            }
            text = without(&text, &form);
        }
    }
    let text = Zeroizing::new(patterns(&text));
    if is_disguised(&text, &secrets) {
        return None;
    }
    let text: String = text
        .chars()
        .take(LIMIT)
        .map(|character| {
            if character.is_control() {
                ' '
            } else {
                character
            }
        })
        .collect();
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// The part of a text that is looked at. Writing more fails.
struct Beginning {
    text: Zeroizing<String>,
    /// The number of characters.
    count: usize,
    is_whole: bool,
}

impl fmt::Write for Beginning {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let left = LOOK - self.count;
        match text.char_indices().nth(left) {
            Some((end, _)) => {
                self.text.push_str(&text[..end]);
                self.count = LOOK;
                self.is_whole = false;
                Err(fmt::Error)
            }
            None => {
                self.text.push_str(text);
                self.count += text.chars().count();
                Ok(())
            }
        }
    }
}

/// The text, with each occurrence of the secret replaced by [`REDACTED`].
fn without(text: &str, secret: &str) -> Zeroizing<String> {
    let count = text.matches(secret).count();
    // Reserves room for everything: a text that grows leaves copies behind.
    let mut out = Zeroizing::new(String::with_capacity(text.len() + count * REDACTED.len()));
    let mut parts = text.split(secret);
    out.extend(parts.next());
    for part in parts {
        out.push_str(REDACTED);
        out.push_str(part);
    }
    out
}

/// The beginning of a secret, long enough that each of its [forms](forms) has more than `length` bytes, and that
/// these bytes are the same as in the form of the whole secret. The whole secret if it is shorter.
///
/// Decoding turns three bytes into at least one, and URLs drop tabs and line breaks.
fn head(secret: &str, length: usize) -> &str {
    /// An escape that is cut would decode to something else.
    const MARGIN: usize = 16;

    let is_kept = |character: &char| !matches!(character, '\t' | '\n' | '\r');
    let mut kept = secret.char_indices().filter(|(_, it)| is_kept(it));
    let end = kept.nth(3 * length + MARGIN);
    end.map_or(secret, |(end, _)| &secret[..end])
}

/// Drops the beginnings of secrets at the end of a text that was cut.
fn drop_cut_secrets(text: &mut String, secrets: &[&str]) {
    let forms = secrets
        .iter()
        .flat_map(|secret| forms(head(secret, text.len())));
    let beginnings: Vec<Vec<u32>> = forms
        .map(|form| beginnings(form.as_bytes(), text.as_bytes()))
        .collect();
    let mut length = text.len();
    loop {
        let longest = beginnings.iter().map(|lengths| lengths[length]).max();
        match longest {
            None | Some(0) => break,
            Some(longest) => length -= longest as usize,
        }
    }
    text.truncate(length);
}

/// For each position in the text: the length of the longest proper beginning of the form that ends there.
fn beginnings(form: &[u8], text: &[u8]) -> Vec<u32> {
    beginnings_and_ends(form, text).0
}

/// The [`beginnings`] of a form in a text, and the positions where the whole form ends. The algorithm of Knuth,
/// Morris and Pratt.
fn beginnings_and_ends(form: &[u8], text: &[u8]) -> (Vec<u32>, Vec<usize>) {
    // A longer beginning does not fit into the text.
    let form = &form[..form.len().min(text.len() + 1)];
    // For each beginning of the form, the longest shorter beginning that it ends with.
    let mut borders = vec![0_u32; form.len()];
    let next = |borders: &[u32], mut length: usize, byte: u8| {
        while length > 0 && form[length] != byte {
            length = borders[length - 1] as usize;
        }
        length + usize::from(form[length] == byte)
    };
    for end in 1..form.len() {
        borders[end] = next(&borders, borders[end - 1] as usize, form[end]) as u32;
    }
    let mut lengths = Vec::with_capacity(text.len() + 1);
    lengths.push(0);
    let mut ends = Vec::new();
    let mut length = 0;
    for (place, byte) in text.iter().enumerate() {
        length = next(&borders, length, *byte);
        if length == form.len() {
            ends.push(place + 1);
            length = borders[length - 1] as usize;
        }
        lengths.push(length as u32);
    }
    (lengths, ends)
}

/// A text that is prepared for a search in any encoding. Percent-encoding is undone, letters are lower case, and
/// characters that encodings exchange are made equal: `-`, `+` and a space; `_` and `/`.
struct Folded {
    bytes: Zeroizing<Vec<u8>>,
    /// For each byte its position in the original text, and at the end the original length.
    places: Vec<u32>,
}

impl Folded {
    /// How often percent-encoding is undone.
    const ROUNDS: usize = 3;

    fn of(text: &str) -> Self {
        let mut bytes = Zeroizing::new(text.as_bytes().to_vec());
        let mut places: Vec<u32> = (0..).take(bytes.len() + 1).collect();
        for _ in 0..Self::ROUNDS {
            let (mut from, mut to) = (0, 0);
            while from < bytes.len() {
                let (byte, length) = escaped_byte(&bytes[from..]);
                bytes[to] = byte;
                places[to] = places[from];
                from += length;
                to += 1;
            }
            if to == bytes.len() {
                break;
            }
            places[to] = places[from];
            bytes.truncate(to);
            places.truncate(to + 1);
        }
        bytes.iter_mut().for_each(|byte| *byte = fold(*byte));
        Self { bytes, places }
    }

    /// The positions of the needles in the text, in order, each with the `=` that follow.
    fn places_of(&self, needles: &[Zeroizing<Vec<u8>>]) -> Vec<(usize, usize)> {
        let mut found: Vec<_> = needles
            .iter()
            .filter(|needle| needle.len() <= self.bytes.len())
            .flat_map(|needle| {
                let ends = beginnings_and_ends(needle, &self.bytes).1;
                ends.into_iter().map(|end| (end - needle.len(), end))
            })
            .collect();
        platform::sort(&mut found);
        let mut places: Vec<(usize, usize)> = Vec::with_capacity(found.len());
        let mut padded_to = 0;
        for (begin, end) in found {
            if end > padded_to {
                let signs = self.bytes[end..].iter().take_while(|byte| **byte == b'=');
                padded_to = end + signs.count();
            }
            let begin = self.places[begin] as usize;
            let end = self.places[padded_to] as usize;
            match places.last_mut() {
                Some(last) if begin < last.1 => last.1 = last.1.max(end),
                _ => places.push((begin, end)),
            }
        }
        places
    }

    /// The position of the beginning of a needle with which a cut text ends.
    fn cut_needles(&self, needles: &[Zeroizing<Vec<u8>>]) -> Option<usize> {
        let mut length = self.bytes.len();
        // The cut may be in an escape.
        match self.bytes[..] {
            [.., b'%'] => length -= 1,
            [.., b'%', digit] if digit.is_ascii_hexdigit() => length -= 2,
            _ => {}
        }
        let tables = needles.iter().map(|it| beginnings(it, &self.bytes));
        let tables: Vec<Vec<u32>> = tables.collect();
        while let Some(longest) = tables.iter().map(|lengths| lengths[length]).max()
            && longest > 0
        {
            length -= longest as usize;
        }
        self.places.get(length).map(|begin| *begin as usize)
    }
}

fn boundary_before(text: &str, mut place: usize) -> usize {
    while !text.is_char_boundary(place) {
        place -= 1;
    }
    place
}

fn boundary_after(text: &str, mut place: usize) -> usize {
    while !text.is_char_boundary(place) {
        place += 1;
    }
    place
}

/// The first byte of the text, decoded, and its length there.
fn escaped_byte(bytes: &[u8]) -> (u8, usize) {
    let digit = |index: usize| char::from(*bytes.get(index)?).to_digit(16);
    match (bytes[0], digit(1), digit(2)) {
        (b'%', Some(high), Some(low)) => ((high << 4 | low) as u8, 3),
        (byte, ..) => (byte, 1),
    }
}

fn fold(byte: u8) -> u8 {
    match byte {
        b' ' | b'-' => b'+',
        b'_' => b'/',
        other => other.to_ascii_lowercase(),
    }
}

/// What to search for in a [folded](Folded) text of this length to find a secret: the secret itself, and the secret
/// without `ck-let-`. If it is base64, also the decoded text, and the UUID in it. Padding is left out, since it may
/// be missing in the text.
///
/// The organization's ID, which is a part of a token, is not secret.
fn needles(secret: &str, length: usize) -> Vec<Zeroizing<Vec<u8>>> {
    let mut needles = Vec::new();
    let mut add = |text: &str| {
        let text = text.trim_end_matches('=').as_bytes();
        // A needle longer than the text cannot be in it.
        let kept = &text[..text.len().min(length + 1)];
        if kept.len() >= SHORT {
            let folded = kept.iter().map(|byte| fold(*byte));
            needles.push(Zeroizing::new(folded.collect::<Vec<u8>>()));
        }
    };
    add(secret);
    let beginning = head(secret, length);
    if beginning.contains('%') {
        add(secrets_in_url::decoded(beginning).expose_secret());
    }
    let base64 = token_form::without_prefix(secret);
    if base64.len() < secret.len() {
        add(base64);
    }
    if let Some(decoded) = token_form::decode(base64) {
        add(&decoded);
        if let Some((_, uuid)) = token_form::parts(&decoded) {
            add(uuid);
            add(&without_dashes(uuid));
        }
    }
    needles
}

fn without_dashes(uuid: &str) -> Zeroizing<String> {
    let mut text = Zeroizing::new(uuid.to_owned());
    text.retain(|character| character != '-');
    text
}

/// The text, with secrets in other encodings replaced by [`REDACTED`]: percent-encoded, in the other alphabet of
/// base64, without padding or prefix, or decoded.
fn without_encoded(text: &str, secrets: &[&str], is_whole: bool) -> Zeroizing<String> {
    let folded = Folded::of(text);
    let length = folded.bytes.len();
    let needles: Vec<_> = secrets.iter().flat_map(|it| needles(it, length)).collect();
    let places = folded.places_of(&needles);
    let end = match is_whole {
        true => None,
        false => folded.cut_needles(&needles),
    };
    let end = end.unwrap_or(text.len());
    let mut out = Zeroizing::new(String::with_capacity(
        text.len() + places.len() * REDACTED.len(),
    ));
    let mut done = 0;
    for (begin, after) in places {
        let (begin, after) = (boundary_before(text, begin), boundary_after(text, after));
        if begin >= end {
            break;
        }
        out.push_str(&text[done..begin]);
        out.push_str(REDACTED);
        done = after;
    }
    if done < end {
        out.push_str(&text[done..boundary_before(text, end)]);
    }
    out
}

/// Whether a text still contains a secret after the plain ones were cut out: escaped, encoded, in capitals, or broken
/// up.
fn is_disguised(text: &str, secrets: &[&str]) -> bool {
    let lower = Zeroizing::new(text.to_lowercase());
    let plain = unescape(&lower);
    let mut runs = None;
    let known = secrets.iter().any(|secret| {
        // Encoders do not change letters and digits.
        let runs = runs.get_or_insert_with(|| Runs::of([&lower, &plain]));
        holds_unescaped(&plain, secret)
            || runs.are_shared_with(secret)
            || holds_decoded(runs, secret)
    }) || holds_needles(&plain, secrets);
    let unknown = PREFIXES.iter().any(|prefix| {
        plain
            .split(prefix)
            .skip(1)
            .any(|rest| !rest.starts_with(REDACTED))
    });
    known || unknown
}

/// Whether the text shares runs with the decoded secret. Those of the organization's ID do not count.
fn holds_decoded(runs: &Runs, secret: &str) -> bool {
    let Some(decoded) = token_form::decode(token_form::without_prefix(secret)) else {
        return false;
    };
    match token_form::parts(&decoded) {
        Some((organization, uuid)) => {
            let public = Runs::of([organization, &without_dashes(organization)]);
            let is_shared = |run| runs.have(run) && !public.have(run);
            Runs::any_in(&without_dashes(uuid), is_shared)
        }
        None => runs.are_shared_with(&decoded),
    }
}

/// Whether an [unescaped](unescape) text holds a secret in another encoding.
fn holds_needles(plain: &str, secrets: &[&str]) -> bool {
    let needles = secrets.iter().flat_map(|it| needles(it, plain.len()));
    let needles: Vec<_> = needles.filter(|it| it.len() <= plain.len()).collect();
    !needles.is_empty() && !Folded::of(plain).places_of(&needles).is_empty()
}

/// Whether an [unescaped](unescape) text holds the unescaped secret.
fn holds_unescaped(plain: &str, secret: &str) -> bool {
    let is_escape = |character: char| matches!(character, '%' | '&' | '\\');
    let too_long = secret
        .chars()
        .take_while(|character| !is_escape(*character))
        .filter(|character| !is_dropped(*character))
        .nth(plain.len());
    if too_long.is_some() {
        return false;
    }
    let whole = unescape(&Zeroizing::new(secret.to_lowercase()));
    !whole.is_empty() && plain.contains(&**whole)
}

/// All runs of [`SHORT`] letters and digits in some texts, in lower case.
struct Runs {
    /// The bytes of each run, sorted.
    sorted: Vec<u64>,
    /// A Bloom filter with one hash. It avoids most searches for the runs of a long secret.
    filter: Vec<u64>,
}

impl Runs {
    const FILTER_BITS: u32 = 16;

    fn of(texts: [&str; 2]) -> Self {
        let mut sorted = Vec::new();
        for text in texts {
            Self::any_in(text, |run| {
                sorted.push(run);
                false
            });
        }
        platform::sort(&mut sorted);
        sorted.dedup();
        let mut filter = vec![0; 1 << (Self::FILTER_BITS - 6)];
        for run in &sorted {
            let (word, bit) = Self::place(*run);
            filter[word] |= bit;
        }
        Self { sorted, filter }
    }

    fn are_shared_with(&self, secret: &str) -> bool {
        !self.sorted.is_empty() && Self::any_in(secret, |run| self.have(run))
    }

    fn have(&self, run: u64) -> bool {
        let (word, bit) = Self::place(run);
        self.filter[word] & bit != 0 && self.sorted.binary_search(&run).is_ok()
    }

    /// Whether `is_such` is true for one of a text's runs.
    fn any_in(text: &str, mut is_such: impl FnMut(u64) -> bool) -> bool {
        let (mut run, mut length) = (0, 0);
        let mut add = |byte: u8| {
            if !byte.is_ascii_alphanumeric() {
                length = 0;
                return false;
            }
            run = run << 8 | u64::from(byte.to_ascii_lowercase());
            length += 1;
            length >= SHORT && is_such(run)
        };
        // Most secrets are ASCII, for which this is much faster.
        if text.is_ascii() {
            return text.as_bytes().iter().any(|byte| add(*byte));
        }
        // Some characters beyond ASCII have a lower case in ASCII, such as the Kelvin sign.
        let mut lower = text.chars().flat_map(char::to_lowercase);
        lower.any(|character| add(u8::try_from(character).unwrap_or_default()))
    }

    /// The position of a run in the filter: the word, and the bit in it.
    fn place(run: u64) -> (usize, u64) {
        // The upper bits of the product depend on the whole run.
        let hash = run.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (u64::BITS - Self::FILTER_BITS);
        ((hash >> 6) as usize, 1 << (hash & 63))
    }
}

/// The text without the changes that servers make when they echo a text: percent-encoding, HTML entities, JavaScript
/// escapes, one in the other, line breaks and invisible characters.
fn unescape(text: &str) -> Zeroizing<String> {
    let mut text = Zeroizing::new(text.to_owned());
    for _ in 0..3 {
        let decoded = secrets_in_url::decoded(&text);
        // A capital may have been encoded, so lower the case again.
        let lower = Zeroizing::new(decoded.expose_secret().to_lowercase());
        text = Zeroizing::new(decode_escapes(&lower));
    }
    text.retain(|character| !is_dropped(character));
    text
}

fn is_dropped(character: char) -> bool {
    character.is_control() || character.is_whitespace() || is_invisible(character)
}

/// Whether Unicode says that a character is not shown (Default_Ignorable_Code_Point).
fn is_invisible(character: char) -> bool {
    matches!(
        character,
        '\u{ad}'
            | '\u{34f}'
            | '\u{61c}'
            | '\u{115f}'..='\u{1160}'
            | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{fff0}'..='\u{fff8}'
            | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

/// Undoes `&#45;`, `&#x2d;`, `&amp;` and the like, `\u002d`, `\x2d`, and drops other backslashes.
fn decode_escapes(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(['&', '\\']) {
        out.push_str(&rest[..start]);
        rest = &rest[start..];
        let (character, length) = escape(rest).unwrap_or_else(|| match rest.as_bytes()[0] {
            b'&' => (Some('&'), 1),
            _ => (None, 1),
        });
        out.extend(character);
        rest = &rest[length..];
    }
    out.push_str(rest);
    out
}

/// The character of an escape at the beginning of `text`, and the length of the escape.
fn escape(text: &str) -> Option<(Option<char>, usize)> {
    for (entity, character) in [
        ("&lt;", '<'),
        ("&gt;", '>'),
        ("&amp;", '&'),
        ("&quot;", '"'),
        ("&apos;", '\''),
        ("&hyphen;", '-'),
        ("&dash;", '-'),
        ("&plus;", '+'),
        ("&sol;", '/'),
        ("&equals;", '='),
        ("&colon;", ':'),
        ("&lowbar;", '_'),
        ("&percnt;", '%'),
    ] {
        if text.starts_with(entity) {
            return Some((Some(character), entity.len()));
        }
    }
    let zeros = |begin: usize| {
        let zeros = text[begin..].bytes().take_while(|byte| *byte == b'0');
        begin + zeros.count()
    };
    let (begin, radix, most) = if text.starts_with("&#x") {
        (zeros(3), 16, 6)
    } else if text.starts_with("&#") {
        (zeros(2), 10, 7)
    } else if text.starts_with("\\u{") {
        (3, 16, 6)
    } else if text.starts_with("\\u") {
        (2, 16, 4)
    } else if text.starts_with("\\x") {
        (2, 16, 2)
    } else if text.starts_with('\\') {
        (1, 8, 3)
    } else {
        return None;
    };
    let digits = text[begin..].bytes().take(most);
    let count = digits
        .take_while(|byte| char::from(*byte).is_digit(radix))
        .count();
    let end = begin + count;
    let character = char::from_u32(u32::from_str_radix(&text[begin..end], radix).ok()?)?;
    // The `;` at the end of some entities may be missing.
    let sign = usize::from(text[end..].starts_with([';', '}']));
    Some((Some(character.to_ascii_lowercase()), end + sign))
}

/// The plain forms of a secret in a text: itself, and percent-encoded in two ways.
fn forms(secret: &str) -> Vec<Zeroizing<String>> {
    let encoded = || utf8_percent_encode(secret, NON_ALPHANUMERIC);
    let mut all = String::with_capacity(encoded().map(str::len).sum());
    all.extend(encoded());
    let decoded = secrets_in_url::decoded(secret);
    let mut forms = vec![
        Zeroizing::new(secret.to_owned()),
        Zeroizing::new(all),
        Zeroizing::new(decoded.expose_secret().to_owned()),
    ];
    // The encoding of URL paths, which leaves more characters than the one above. Room is reserved, so that the URL
    // does not grow.
    let roomy = format!("https://x/{}", "x".repeat(forms[1].len()));
    if let Ok(url) = Url::parse(&roomy) {
        let mut url = WipedUrl::new(url);
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.clear().push(secret);
        }
        let form = url.path().trim_start_matches('/');
        forms.push(Zeroizing::new(form.to_owned()));
    }
    forms.retain(|form| !form.is_empty());
    forms.dedup();
    // Longest first, so that no form leaves a part of another behind. They are four at most, and a sort is much code in a page.
    let mut longest_first = Vec::with_capacity(forms.len());
    while let Some(longest) = (0..forms.len())
        .rev()
        .max_by_key(|place| forms[*place].len())
    {
        longest_first.push(forms.remove(longest));
    }
    longest_first
}

/// Replaces anything that begins like a key or a token, known or not, in any case, up to white space or a quote. Its
/// `+`, `/` and `=` are replaced with it, plain or escaped.
pub(crate) fn patterns(text: &str) -> String {
    // Lower case in ASCII keeps the positions of all bytes.
    let lower = Zeroizing::new(text.to_ascii_lowercase());
    let mut out = String::with_capacity(text.len());
    let mut done = 0;
    let first = |from: usize| {
        let found = PREFIXES
            .iter()
            .filter_map(|prefix| lower[from..].find(prefix));
        found.min().map(|start| from + start)
    };
    while let Some(start) = first(done) {
        let word = start + PREFIXES[0].len();
        let mut end = word;
        while let Some(character) = lower[end..].chars().next() {
            // The `;` of an entity does not end the secret, unless the entity's character does.
            match escape(&lower[end..]) {
                Some((Some(inner), length)) if character == '&' => {
                    if ends_word(inner) {
                        break;
                    }
                    end += length;
                }
                _ if ends_word(character) => break,
                _ => end += character.len_utf8(),
            }
        }
        out.push_str(&text[done..word]);
        // If nothing follows the prefix, the secret was broken right there. Its rest is not looked for here, so do
        // not claim that it was redacted.
        if end > word {
            out.push_str(REDACTED);
        }
        done = end;
    }
    out.push_str(&text[done..]);
    out
}

/// Whether a key or a token ends before this character.
fn ends_word(character: char) -> bool {
    character.is_whitespace() || character.is_control() || "\"'`,;<>(){}[]".contains(character)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_taken_out_in_every_form() {
        for (given, secrets, left) in [
            (
                "no token t0ken-abc here",
                &["t0ken-abc"][..],
                Some("no token [redacted] here"),
            ),
            (
                "at /v1/x/a%2Fb%20c%23defg",
                &["a/b c#defg"],
                Some("at /v1/x/[redacted]"),
            ),
            (
                "at /v1/x/a%2Fb-cdefgh",
                &["a/b-cdefgh"],
                Some("at /v1/x/[redacted]"),
            ),
            ("got a/b-cdefgh", &["a%2Fb-cdefgh"], Some("got [redacted]")),
            ("key abc is bad", &["abc"], None),
            ("key is bad", &["abc"], Some("key is bad")),
            (
                "key sk-let-AbC.1_2 bad",
                &[],
                Some("key sk-let-[redacted] bad"),
            ),
            (
                "key SK-LET-abc:def!1 bad",
                &[],
                Some("key SK-LET-[redacted] bad"),
            ),
            (
                "\"ck-let-1\",\"sk-let-2\"",
                &[],
                Some("\"ck-let-[redacted]\",\"sk-let-[redacted]\""),
            ),
            ("HUNTER2/KEY+99", &["hunter2/Key+99"], Some("[redacted]")),
            (
                "hunter2%2fkey%2b99",
                &["hunter2/Key+99"],
                Some("[redacted]"),
            ),
            ("hunter2\\/Key+99", &["hunter2/Key+99"], None),
            ("hunter2&amp;Key&lt;99", &["hunter2&Key<99"], None),
            ("hunter2K\ney9999", &["hunter2Key9999"], None),
            ("hunter2\u{200b}Key9999", &["hunter2Key9999"], None),
            ("two\nlines\u{1b}[31m", &[], Some("two lines [31m")),
            ("  ", &[], None),
            ("nothing", &[""], Some("nothing")),
            ("ck\\u002Dlet\\u002Dabc", &[], None),
            ("ck\\x2dlet\\x2dabc", &[], None),
            ("ck&#x2D;let&#45;abc", &[], None),
            ("ck%252Dlet%2Dabc", &[], None),
            (
                "abcdefgh1234&#x3D;&#x3D;",
                &["abcdefgh1234=="],
                Some("[redacted]&#x3D;&#x3D;"),
            ),
            ("hunter2\u{2063}Key9999", &["hunter2Key9999"], None),
            ("hunter2\u{e0001}Key9999", &["hunter2Key9999"], None),
            ("hunter\\u{32}Key9", &["hunter2Key9"], None),
            ("hunter\\62Key9", &["hunter2Key9"], None),
            ("hunter&#50Key9", &["hunter2Key9"], None),
            (
                "bad %61%42%33%64%45%36%67%48%39",
                &["aB3dE6gH9"],
                Some("bad [redacted]"),
            ),
            ("bad %43%4B%2D%4C%45%54%2Dabc", &[], None),
            ("ck&#0000000045;let&#x000000002d;abc", &[], None),
            ("ck&hyphen;let&dash;abc", &[], None),
            ("bad ck-let-\n0123456789abcdef", &[], None),
            ("bad ck-let-[abc] and sk-let-{abc}", &[], None),
            (
                "a & b \\ c &#xffffffff; &# \\u12",
                &[],
                Some("a & b \\ c &#xffffffff; &# \\u12"),
            ),
        ] {
            assert_eq!(text(given, secrets).as_deref(), left, "{given}");
        }
    }

    /// Made from parts, so that this file does not look like a leak.
    fn tokens() -> Vec<String> {
        // The last ones have `+` and `/`, and no run of eight letters and digits.
        let organizations = ["org-0d1c", "org-1", "org-12", "a?b~", ">>>???~~~"];
        let uuid = "7c9e6679-7425-40de-944b-e07fc1f90ae7";
        let token =
            |organization| token_form::encode(&format!("{organization}:{uuid}")).to_string();
        let mut tokens: Vec<String> = organizations.into_iter().map(token).collect();
        tokens.push("ck-let-a+b/c+d/e+f/g+h/i+j/==".to_owned());
        tokens
    }

    /// The forms that servers, proxies and decoders give a token.
    fn disguises(token: &str) -> Vec<String> {
        let percent = |text: &str, only: &str| -> String {
            let encoded = text.chars().map(|it| match only.contains(it) {
                true => format!("%{:02X}", u32::from(it)),
                false => it.to_string(),
            });
            encoded.collect()
        };
        let base64 = &token[7..];
        let url_safe = token.replace('+', "-").replace('/', "_");
        let mut plain = vec![
            token.to_owned(),
            token.trim_end_matches('=').to_owned(),
            token.split('=').next().unwrap().to_owned(),
            url_safe.trim_end_matches('=').to_owned(),
            url_safe,
            base64.to_owned(),
            base64.trim_end_matches('=').to_owned(),
            token.replace('+', " "),
            token.replace('+', "%20"),
        ];
        if let Some(decoded) = token_form::decode(base64)
            && let Some((_, uuid)) = token_form::parts(&decoded)
        {
            plain.extend([
                decoded.to_string(),
                uuid.to_owned(),
                uuid.to_uppercase(),
                uuid.replace('-', ""),
                uuid.replace('-', "").to_uppercase(),
            ]);
        }
        let mut all = plain.clone();
        for text in plain {
            for only in ["+/=:", "+/=:%-? ", "/", "="] {
                let once = percent(&text, only);
                let twice = once.replace('%', "%25");
                all.extend([once.to_lowercase(), twice.to_lowercase(), once, twice]);
            }
        }
        all
    }

    #[test]
    fn a_token_is_cut_out_however_it_is_encoded_and_the_rest_stays() {
        for token in tokens() {
            for disguise in disguises(&token) {
                // In lower case, base64 is a different text, and it is redacted anyway.
                for around in [
                    "no token # here",
                    "no token \"#\" here",
                    "at /v1/x/#/y here",
                    "at ?a=#&b=1 here",
                ] {
                    let left = text(&around.replace('#', &disguise), &[&token]);
                    let expected = around.replace('#', REDACTED);
                    assert_eq!(left.as_deref(), Some(&*expected), "{disguise}");
                }
            }
        }
    }

    #[test]
    fn a_key_that_is_base64_is_cut_out_decoded() {
        // `printf 'k3yk3yk3y:hunter2secret' | base64`, and the same after `sk-let-`.
        for key in [
            "azN5azN5azN5Omh1bnRlcjJzZWNyZXQ=",
            "sk-let-azN5azN5azN5Omh1bnRlcjJzZWNyZXQ=",
        ] {
            for echo in [
                "k3yk3yk3y:hunter2secret",
                "k3yk3yk3y%3Ahunter2secret",
                "K3YK3YK3Y:HUNTER2SECRET",
            ] {
                let left = text(&format!("no {echo} here"), &[key]);
                assert_eq!(left.as_deref(), Some("no [redacted] here"));
            }
            assert_eq!(text("user k3yk3yk3y is bad", &[key]), None);
        }
    }

    #[test]
    fn an_organization_alone_is_no_secret() {
        // A UUID that shares a part with the organization's.
        let organization = "org-7c9e6679-0000-4000-8000-000000000001";
        for uuid in [
            "7c9e6679-7425-40de-944b-e07fc1f90ae7",
            "00000000-0000-4000-8000-000000000002",
        ] {
            let token = token_form::encode(&format!("{organization}:{uuid}"));
            for readable in [
                format!("{organization} has no such agent"),
                format!(
                    "organization {}: {}",
                    organization.to_uppercase(),
                    &uuid[..7]
                ),
            ] {
                assert_eq!(text(&readable, &[&token]).as_deref(), Some(&*readable));
            }
            assert_eq!(
                text(&format!("{organization}:{uuid} {organization}"), &[&token]).as_deref(),
                Some(&*format!("[redacted] {organization}"))
            );
        }
        let token = &tokens()[0];
        // Eight digits of a UUID in a row are too many, and so is one that is escaped.
        for part in [
            "7c9e6679",
            "c1f90ae7",
            "79742540DE",
            "7c9e6679&#45;7425&#45;40de&#45;944b&#45;e07fc1f90ae7",
        ] {
            assert_eq!(text(&format!("no {part}"), &[token]), None, "{part}");
        }
    }

    #[test]
    fn a_token_that_nobody_knows_is_cut_out_to_its_end() {
        for (token, after) in [
            ("ck-let-a+b/c==", " is"),
            ("ck-let-a%2Bb%2Fc%3D%3d", " is"),
            ("ck-let-a%252Bb%252fc%253D", "\" is"),
            ("ck-let-a&#x2B;b&#47;c&#x3d;&#61;", " is"),
            ("ck-let-a&plus;b/c", "&quot; is"),
            ("ck-let-a+b/c=", "&#34;,x"),
            ("ck-let-a+b/c=", "&lt;/b&gt;"),
            ("ck-let-a\\u002bb\\/c=", " is"),
            ("ck-let-a+b/c=", ", x"),
            ("ck-let-a+b/c=", "; x"),
        ] {
            let left = text(&format!("no {token}{after}"), &[]);
            let expected = format!("no ck-let-[redacted]{after}");
            assert_eq!(left.as_deref(), Some(&*expected), "{token}");
        }
    }

    /// The text is cut at every possible position.
    #[test]
    fn an_encoded_token_at_the_edge_of_what_is_looked_at_is_taken_out() {
        for token in tokens() {
            let all = disguises(&token);
            for (index, disguise) in all.iter().enumerate() {
                let kept_before = LOOK - (index * 7 + 3) % disguise.len();
                let echoed = format!("{}{disguise}", "~".repeat(kept_before));
                let mut beginning: String = echoed.chars().take(LOOK).collect();
                let secrets = [&*token];
                drop_cut_secrets(&mut beginning, &secrets);
                let left = without_encoded(&beginning, &secrets, false);
                let rest = left.get(kept_before..).unwrap_or_default();
                // The whole secret and a part of its padding may be there.
                let rest = rest.strip_prefix(REDACTED).unwrap_or(rest);
                assert!(
                    rest.trim_matches(['=', '%', '2', '5', '3', 'd', 'D'])
                        .is_empty(),
                    "{disguise}: {rest}"
                );
            }
        }
    }

    #[test]
    fn text_without_end_is_cut_before_it_takes_time() {
        assert_eq!(text(&"x".repeat(10_000), &[]).unwrap().len(), LIMIT);
        // Without the limit, these would take minutes.
        for word in ["sk-let- ", "&#45;", "%25", "\\u002d", "&amp;"] {
            let kept = text(&word.repeat(1_000_000), &["ck-let-0123456789"]);
            assert!(kept.is_none_or(|kept| kept.chars().count() <= LIMIT));
        }
    }

    #[test]
    fn a_secret_at_the_edge_of_what_is_looked_at_is_taken_out() {
        for secret in [
            "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
            // No run of it is long enough to be searched for alone.
            "9f86-d081-884c-7d65-9a2f-eaa0-c55a-d015-a3bf-4f1b-2b0b-822c-d15d",
        ] {
            for padding in 0..secret.len() {
                let echoed = format!("{}{}", "x".repeat(padding), secret.repeat(70));
                // The rest of the text is kept.
                let kept = text(&echoed, &[secret]).unwrap();
                assert!(!kept.contains(&secret[..8]), "{padding}: {kept}");
            }
        }
    }

    #[test]
    fn a_secret_at_the_edge_of_what_is_kept_is_taken_out() {
        let secret = "plain0123456789plain";
        for before in LIMIT - 30..LIMIT + 5 {
            let echoed = format!("{}{secret}", "x ".repeat(before / 2));
            let kept = text(&echoed, &[secret]).unwrap_or_default();
            assert!(!kept.contains("plain"), "{before}");
        }
    }

    /// The simple algorithm, which is slow. It must cut the same.
    mod plain {
        use super::super::*;

        pub(super) fn text(text: &str, secrets: &[&str]) -> Option<String> {
            let is_whole = text.chars().nth(LOOK).is_none();
            let mut text: String = text.chars().take(LOOK).collect();
            if !is_whole {
                drop_cut_secrets(&mut text, secrets);
            }
            let mut text = without_encoded(&text, secrets, is_whole).to_string();
            for secret in secrets.iter().filter(|secret| !secret.is_empty()) {
                for form in forms(secret) {
                    if !text.contains(&**form) {
                        continue;
                    }
                    if form.len() < SHORT {
                        return None;
                    }
                    text = text.replace(&**form, REDACTED);
                }
            }
            let text = patterns(&text);
            if is_disguised(&text, secrets) {
                return None;
            }
            let text: String = text.chars().take(LIMIT).collect();
            let text = text.replace(char::is_control, " ");
            let text = text.trim();
            (!text.is_empty()).then(|| text.to_owned())
        }

        fn drop_cut_secrets(text: &mut String, secrets: &[&str]) {
            let forms: Vec<_> = secrets.iter().flat_map(|secret| forms(secret)).collect();
            let cut = |text: &str| {
                let beginnings = forms
                    .iter()
                    .flat_map(|form| form.char_indices().skip(1).map(|(end, _)| &form[..end]));
                beginnings
                    .filter(|beginning| text.ends_with(beginning))
                    .map(str::len)
                    .max()
            };
            while let Some(length) = cut(text) {
                text.truncate(text.len() - length);
            }
        }

        fn is_disguised(text: &str, secrets: &[&str]) -> bool {
            let lower = text.to_lowercase();
            let plain = unescape(&lower);
            let known = secrets.iter().any(|secret| {
                let secret = secret.to_lowercase();
                let whole = unescape(&secret);
                let mut runs = secret
                    .split(|c: char| !c.is_ascii_alphanumeric())
                    .flat_map(|run| (SHORT..=run.len()).map(move |end| &run[end - SHORT..end]));
                (!whole.is_empty() && plain.contains(&**whole))
                    || runs.any(|run| lower.contains(run) || plain.contains(run))
            });
            let unknown = PREFIXES.iter().any(|prefix| {
                plain
                    .split(prefix)
                    .skip(1)
                    .any(|rest| !rest.starts_with(REDACTED))
            });
            known || unknown
        }
    }

    /// A secret with parts that are hard to search for.
    fn secret(random: &mut fastrand::Rng) -> String {
        const PARTS: [&str; 20] = [
            "a",
            "ab",
            "aba",
            "Zz9",
            "0123456789",
            "deadBEEF",
            "%",
            "%2F",
            "%61",
            "&",
            "&#45;",
            "&amp;",
            "\\x2d",
            "-",
            "/",
            "é",
            "\n",
            " ",
            "\u{200b}",
            "ck-let-",
        ];
        let count = random.usize(1..=12);
        (0..count)
            .map(|_| PARTS[random.usize(..PARTS.len())])
            .collect()
    }

    /// A text that may have parts of secrets in it, changed or not.
    fn echo(random: &mut fastrand::Rng, secrets: &[String]) -> String {
        let mut text = String::new();
        for _ in 0..random.usize(..6) {
            let secret = &secrets[random.usize(..secrets.len())];
            let characters: Vec<char> = secret.chars().collect();
            let from = match random.bool() {
                true => 0,
                false => random.usize(..characters.len()),
            };
            let to = match random.bool() {
                true => characters.len(),
                false => random.usize(from..=characters.len()),
            };
            let part: String = characters[from..to].iter().collect();
            text += &match random.u8(..8) {
                0 => part.to_uppercase(),
                1 => forms(secret)[random.usize(..forms(secret).len())].to_string(),
                2 => part.replace('-', "&#45;"),
                3 => part
                    .chars()
                    .map(|it| format!("\\u{{{:x}}}", u32::from(it)))
                    .collect(),
                4 => part
                    .chars()
                    .map(|it| format!("%{:02X}", u32::from(it) & 0x7f))
                    .collect(),
                5 => self::secret(random),
                _ => part,
            };
            text += [" ", "", "x", "no such token: "][random.usize(..4)];
        }
        match random.u8(..4) {
            // Longer than the part that is looked at.
            0 => {
                let padding = "z".repeat(random.usize(..40));
                let one = if text.is_empty() { "y" } else { &text };
                let count = LOOK / one.chars().count() + 2;
                padding + &one.repeat(count)
            }
            _ => text,
        }
    }

    #[test]
    fn what_was_cut_when_it_was_slow_is_cut() {
        let mut random = fastrand::Rng::with_seed(4712);
        let mut cut = 0;
        for _ in 0..1_500 {
            let count = random.usize(1..=3);
            let secrets: Vec<String> = (0..count).map(|_| secret(&mut random)).collect();
            let echoed = echo(&mut random, &secrets);
            let secrets: Vec<&str> = secrets.iter().map(String::as_str).collect();
            let left = text(&echoed, &secrets);
            assert_eq!(
                left,
                plain::text(&echoed, &secrets),
                "{echoed:?} {secrets:?}"
            );
            cut += usize::from(left.is_some_and(|left| left.contains(REDACTED)));
        }
        assert!(cut > 50, "{cut}");
    }

    #[test]
    fn what_is_cut_of_a_long_secret_is_what_was_cut() {
        let mut random = fastrand::Rng::with_seed(4713);
        for _ in 0..15 {
            // Longer than any text that is looked at, or than most of them.
            let count = [20, 300, 1_500][random.usize(..3)];
            let long: String = (0..count).map(|_| secret(&mut random)).collect();
            let short = secret(&mut random);
            let starts: Vec<usize> = long.char_indices().map(|(start, _)| start).collect();
            let first = random.usize(..starts.len());
            let last = (first + random.usize(..200)).min(starts.len() - 1);
            let part = &long[starts[first]..starts[last]];
            let filler = "no such token: ".repeat([0, 1, 300][random.usize(..3)]);
            for echoed in [
                format!("{filler}{part}"),
                format!("{filler}{long}"),
                format!("{filler}{}", long.to_uppercase()),
                format!("{filler}{short}"),
                echo(&mut random, std::slice::from_ref(&short)),
            ] {
                let secrets = [&long[..], &short];
                let left = text(&echoed, &secrets);
                assert_eq!(
                    left,
                    plain::text(&echoed, &secrets),
                    "{echoed:?} {secrets:?}"
                );
            }
        }
    }
}
