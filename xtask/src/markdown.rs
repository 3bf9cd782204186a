//! Text of a description as documentation of Rust code.
//!
//! rustdoc reads documentation as CommonMark, and more: a code block without a language is a test, brackets are
//! links to items, HTML goes into the page. The text of a description was not written for that, and it is data. So it is
//! read here as rustdoc would read it. Text that rustdoc does not act on stays unchanged. Anything else is
//! written anew, with everything that rustdoc would act on as plain text. If that does not work either, the text is shown in a
//! block of plain text.
//!
//! | text of a description | documentation |
//! |---|---|
//! | `Lists *all* agents.` | unchanged |
//! | `See [agents] or <b>here</b>.` | `See \[agents\] or \<b>here\</b>.` |
//! | `See https://docs.letta.com` | `See <https://docs.letta.com>` |
//! | a code block without a language | the same block with the language `text` |

use std::borrow::Cow;
use std::fmt::Write as _;

use pulldown_cmark::{
    Alignment, BrokenLink, CodeBlockKind, CowStr, Event, HeadingLevel, LinkType, Options, Parser,
    Tag, TextMergeStream,
};

use crate::visible::{is_hidden, visible};

/// The options with which rustdoc reads, except for quotation marks and dashes, which change no structure.
const OPTIONS: Options = Options::ENABLE_TABLES
    .union(Options::ENABLE_FOOTNOTES)
    .union(Options::ENABLE_STRIKETHROUGH)
    .union(Options::ENABLE_TASKLISTS);

/// Languages of code blocks that are kept. Many other words make a block a test of rustdoc's.
const LANGUAGES: [&str; 31] = [
    "bash",
    "c",
    "cpp",
    "csharp",
    "css",
    "csv",
    "curl",
    "diff",
    "go",
    "graphql",
    "html",
    "http",
    "ini",
    "java",
    "javascript",
    "js",
    "json",
    "jsx",
    "kotlin",
    "php",
    "python",
    "ruby",
    "sh",
    "shell",
    "sql",
    "swift",
    "text",
    "toml",
    "ts",
    "typescript",
    "xml",
];
/// The language that all other code blocks get.
const PLAIN: &str = "text";

/// The schemes of links that are kept. For any other link, rustdoc looks for an item.
const SCHEMES: [&str; 3] = ["https://", "http://", "mailto:"];

/// How deep blocks may be nested. Each level adds to the beginning of every line.
const DEPTH: usize = 16;

/// A paragraph that comes after a text, to see whether it is one then.
const AFTER: &str = "What comes after.";

/// The text as documentation: Markdown that compiles, documents without warnings and holds no test.
/// Empty if the text has nothing to show.
pub fn docs(text: &str) -> String {
    let text = normal(text);
    if text.is_empty() || is_safe(&text) {
        return text;
    }
    let anew = anew(&text).filter(|anew| !anew.is_empty() && is_safe(anew));
    anew.unwrap_or_else(|| verbatim(&text))
}

/// The text as documentation, with some words of ours after it: in its last paragraph, if it ends in one.
pub fn docs_with(text: &str, words: &str) -> String {
    let text = docs(text);
    if text.is_empty() {
        return words.to_owned();
    }
    // Many notes end without a full stop.
    let is_open = text.ends_with(|c: char| c.is_alphanumeric() || matches!(c, ')' | '\'' | '"'));
    let stop = if is_open { "." } else { "" };
    let together = format!("{text}{stop} {words}");
    let ends_in_paragraph = matches!(read(&text).as_deref(), Some([.., Block::Paragraph(_)]));
    match ends_in_paragraph && is_safe(&together) {
        true => together,
        false => format!("{text}\n\n{words}"),
    }
}

/// An item of a list: `head`, and the text as documentation after it.
pub fn item(head: &str, text: &str) -> String {
    let text = docs(text);
    let begins_with_paragraph = matches!(read(&text).as_deref(), Some([Block::Paragraph(_), ..]));
    let text = match begins_with_paragraph {
        true => format!("{head}: {text}"),
        false if text.is_empty() => head.to_owned(),
        false => format!("{head}:\n\n{text}"),
    };
    prefixed(&text, "- ", "  ")
}

/// A name, or another short text, as code within a line.
pub fn code(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        match is_hidden(c) {
            true => shown.extend(c.escape_default()),
            false => shown.push(c),
        }
    }
    code_span(&shown)
}

/// The text with long lines broken at spaces. If that would change how the text is read, it is returned unchanged.
pub fn wrapped(text: &str, width: usize) -> String {
    let is_long = |line: &str| line.chars().count() > width;
    if !text.lines().any(is_long) {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len() + text.len() / 32);
    let mut fence = None;
    for line in text.lines() {
        let content = line.trim_start();
        let mark = content
            .chars()
            .next()
            .filter(|it| matches!(it, '`' | '~'))
            .filter(|it| content.chars().take_while(|c| c == it).count() >= 3);
        let is_fence = mark.is_some() && (fence.is_none() || fence == mark);
        if is_fence {
            fence = match fence {
                None => mark,
                Some(_) => None,
            };
        }
        let is_prose = fence.is_none() && !is_fence && !content.starts_with(['#', '|']);
        if is_prose && is_long(line) {
            break_line(line, width, &mut out);
        } else {
            out.push_str(line);
        }
        out.push('\n');
    }
    out.truncate(out.trim_end_matches('\n').len());
    match flowing(text) == flowing(&out) {
        true => out,
        false => text.to_owned(),
    }
}

/// Breaks a line. The lines that follow are indented as the text of the list item or quote, if the line begins one.
fn break_line(line: &str, width: usize, out: &mut String) {
    let indent = line.len() - line.trim_start().len();
    let content = &line[indent..];
    let marker = match content.split_once(' ') {
        Some((marker @ ("-" | "*" | "+"), _)) => marker.len() + 1,
        Some((marker, _))
            if marker.ends_with(['.', ')'])
                && marker.len() > 1
                && marker[..marker.len() - 1]
                    .bytes()
                    .all(|it| it.is_ascii_digit()) =>
        {
            marker.len() + 1
        }
        _ => 0,
    };
    let deeper = match content.starts_with("> ") {
        true => format!("{}> ", &line[..indent]),
        false => " ".repeat(indent + marker),
    };
    let head = indent + marker.max(if content.starts_with("> ") { 2 } else { 0 });
    out.push_str(&line[..head]);
    let mut column = line[..head].chars().count();
    let mut is_first = true;
    for word in line[head..].split(' ') {
        let length = word.chars().count();
        if !is_first {
            // A word that would begin a block, such as `-` or `1.`, must not come first in a line.
            let may_begin = word
                .starts_with(|c: char| c.is_alphabetic() || matches!(c, '`' | '[' | '(' | '"'))
                && !word.starts_with("```");
            if may_begin && column + 1 + length > width {
                out.push('\n');
                out.push_str(&deeper);
                column = deeper.chars().count();
            } else {
                out.push(' ');
                column += 1;
            }
        }
        out.push_str(word);
        column += length;
        is_first = false;
    }
}

/// The events that a text is read as, whatever the ends of its lines.
fn flowing(text: &str) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    let mut words = String::new();
    for event in events(text) {
        match event {
            Event::Text(text) => words.push_str(&text),
            Event::SoftBreak => words.push(' '),
            other => {
                all.push(std::mem::take(&mut words));
                all.push(format!("{other:?}"));
            }
        }
    }
    all.push(words);
    all
}

/// The words of a text in one line, without any markup.
pub fn plain(text: &str) -> String {
    let text = normal(text);
    let mut words = String::new();
    for event in events(&text) {
        match event {
            Event::Text(text) | Event::Code(text) | Event::Html(text) | Event::InlineHtml(text) => {
                words.push_str(&text);
            }
            Event::End(tag) if is_inline(&tag) => {}
            Event::Start(Tag::Emphasis | Tag::Strong | Tag::Strikethrough | Tag::Link { .. }) => {}
            _ => words.push(' '),
        }
    }
    let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
    visible(&words).into_owned()
}

/// Whether the end of this is within a line. Ends of all others separate words.
fn is_inline(tag: &pulldown_cmark::TagEnd) -> bool {
    use pulldown_cmark::TagEnd;
    matches!(
        tag,
        TagEnd::Emphasis | TagEnd::Strong | TagEnd::Strikethrough | TagEnd::Link
    )
}

/// The text with the ends of lines that Rust has, no tabs, and nothing that cannot be seen; no empty lines around it.
fn normal(text: &str) -> String {
    let mut lines: Vec<String> = vec![String::new()];
    let mut column = 0;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let line = lines.last_mut().expect("there is one line at least");
        match c {
            '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}' => {
                if c == '\r' {
                    chars.next_if_eq(&'\n');
                }
                lines.push(String::new());
                column = 0;
            }
            '\t' => {
                let width = 4 - column % 4;
                line.extend(std::iter::repeat_n(' ', width));
                column += width;
            }
            c if is_hidden(c) => line.extend(c.escape_default()),
            c => {
                line.push(c);
                column += 1;
            }
        }
    }
    let lines: Vec<&str> = lines.iter().map(|line| line.trim_end()).collect();
    let is_empty = |line: &&&str| line.is_empty();
    let before = lines.iter().take_while(is_empty).count();
    let after = lines.iter().rev().take_while(is_empty).count();
    match lines.len().checked_sub(after) {
        Some(end) if end > before => lines[before..end].join("\n"),
        _ => String::new(),
    }
}

/// Reads a text as rustdoc does.
fn parser(text: &str) -> Parser<'_, impl pulldown_cmark::BrokenLinkCallback<'_>> {
    // rustdoc looks for an item for anything in brackets.
    let broken = |link: BrokenLink<'_>| {
        let label: CowStr<'_> = link.reference.to_string().into();
        Some((label, CowStr::from("")))
    };
    Parser::new_with_broken_link_callback(text, OPTIONS, Some(broken))
}

/// The events of a text, with neighbouring texts joined.
fn events(text: &str) -> impl Iterator<Item = Event<'_>> {
    TextMergeStream::new(parser(text))
}

/// Whether rustdoc shows a normal text and does nothing more with it, and whether what comes after it is still read
/// as if it were not there.
fn is_safe(text: &str) -> bool {
    // Definitions of links are not shown, and would apply to all of the documentation that this text becomes a part of.
    let defines = Parser::new_ext(text, OPTIONS)
        .reference_definitions()
        .iter()
        .next()
        .is_some();
    let with_after = format!("{text}\n\n{AFTER}");
    !text.starts_with(' ')
        && !defines
        && last_paragraph(text).is_some()
        && last_paragraph(&with_after).is_some_and(|last| last == AFTER)
}

/// The last paragraph of a text in which there is nothing but what is to be shown, if it ends in one that has nothing
/// around it; nothing of a text that holds more.
fn last_paragraph(text: &str) -> Option<String> {
    let mut last = String::new();
    let (mut in_link, mut in_code) = (false, false);
    let mut depth = 0;
    let mut line = String::new();
    for (event, range) in parser(text).into_offset_iter() {
        match &event {
            Event::Start(tag) => {
                depth += 1;
                if depth > DEPTH {
                    return None;
                }
                if depth == 1 {
                    last.clear();
                }
                match tag {
                    Tag::CodeBlock(CodeBlockKind::Fenced(info)) => {
                        in_code = LANGUAGES.contains(&info.as_ref()).then_some(true)?;
                    }
                    Tag::Link {
                        link_type,
                        dest_url,
                        ..
                    } => {
                        let is_written = matches!(link_type, LinkType::Inline | LinkType::Autolink);
                        let is_fine =
                            is_written && leads_out(dest_url) || *link_type == LinkType::Email;
                        in_link = is_fine.then_some(true)?;
                    }
                    Tag::CodeBlock(CodeBlockKind::Indented)
                    | Tag::Image { .. }
                    | Tag::HtmlBlock
                    | Tag::FootnoteDefinition(_)
                    | Tag::MetadataBlock(_) => return None,
                    _ => {}
                }
            }
            Event::End(tag) => {
                depth -= 1;
                match tag {
                    pulldown_cmark::TagEnd::CodeBlock => in_code = false,
                    pulldown_cmark::TagEnd::Link => in_link = false,
                    _ => {}
                }
            }
            Event::Html(_) | Event::InlineHtml(_) | Event::FootnoteReference(_) => return None,
            Event::Text(text_of_it) => {
                if !in_code && text_of_it.contains('`') && !is_escaped(text, range.start) {
                    return None;
                }
                if depth == 1 {
                    last.push_str(text_of_it);
                }
            }
            _ => {}
        }
        // pulldown-cmark gives a text in pieces, and a URL may be in several.
        match event {
            Event::Text(piece) if !in_code && !in_link => line.push_str(&piece),
            _ => {
                if find_url(&line).is_some() {
                    return None;
                }
                line.clear();
            }
        }
    }
    Some(last)
}

/// Whether an odd number of backslashes stands before a place.
fn is_escaped(text: &str, at: usize) -> bool {
    let before = text.as_bytes()[..at].iter().rev();
    before.take_while(|byte| **byte == b'\\').count() % 2 == 1
}

/// Whether a link leads to a URL, and not to an item.
fn leads_out(target: &str) -> bool {
    SCHEMES.iter().any(|scheme| {
        let start = target.get(..scheme.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(scheme))
    })
}

/// Where a URL begins and ends that stands in a text by itself.
fn find_url(text: &str) -> Option<(usize, usize)> {
    let begin = |(at, _): (usize, &str)| {
        ["http", "https"].into_iter().find_map(|scheme| {
            let start = at.checked_sub(scheme.len())?;
            let found = text.get(start..at)?;
            found.eq_ignore_ascii_case(scheme).then_some(start)
        })
    };
    let start = text.match_indices("://").find_map(begin)?;
    let may_be_part = |c: char| c.is_ascii_alphanumeric() || "-._~:/?#@!$&'()*+,;=%{}".contains(c);
    let length = text[start..]
        .find(|c| !may_be_part(c))
        .unwrap_or(text.len() - start);
    let url = &text[start..start + length];
    let url = url.trim_end_matches(|c: char| ".,;:!?'\"*_~()".contains(c));
    Some((start, start + url.len()))
}

/// The text in a block of plain text, unchanged.
fn verbatim(text: &str) -> String {
    let fence = fence_for(text);
    format!("{fence}{PLAIN}\n{text}\n{fence}")
}

/// A row of backticks that is longer than any in the text.
fn fence_for(text: &str) -> String {
    "`".repeat((longest_row(text) + 1).max(3))
}

/// The length of the longest row of backticks. Code needs a longer one around it.
fn longest_row(text: &str) -> usize {
    let rows = text.split(|c| c != '`').map(str::len);
    rows.max().unwrap_or(0)
}

/// A text as code within a line. A space is added next to a backtick, and CommonMark removes one on each side.
fn code_span(text: &str) -> String {
    if text.trim().is_empty() {
        return format!("{text:?}");
    }
    let fence = "`".repeat(longest_row(text) + 1);
    let needs_space = text.starts_with('`')
        || text.ends_with('`')
        || (text.starts_with(' ') && text.ends_with(' '));
    match needs_space {
        true => format!("{fence} {text} {fence}"),
        false => format!("{fence}{text}{fence}"),
    }
}

/// A part of a text, what is within lines written already.
enum Block {
    Paragraph(String),
    Heading(HeadingLevel, String),
    Quote(Vec<Block>),
    Code(String, String),
    List {
        start: Option<u64>,
        is_tight: bool,
        items: Vec<Vec<Block>>,
    },
    Table(Vec<Alignment>, Vec<Vec<String>>),
    Rule,
}

/// The text written anew. `None` if it has something that is not known here.
fn anew(text: &str) -> Option<String> {
    let written = written(&read(text)?, false);
    Some(prefixed(&written, "", ""))
}

/// The blocks of a text. `None` if it holds something that is not known here.
fn read(text: &str) -> Option<Vec<Block>> {
    let mut events: Vec<Event<'_>> = events(text).collect();
    events.reverse();
    Reader { events }.blocks(0).map(|(blocks, _)| blocks)
}

/// Reads events, the next of which is the last.
struct Reader<'t> {
    events: Vec<Event<'t>>,
}

impl<'t> Reader<'t> {
    /// The blocks up to the end of what holds them, and whether one of them stands there without being a paragraph of
    /// its own, as in the items of a list whose items stand close to each other.
    fn blocks(&mut self, depth: usize) -> Option<(Vec<Block>, bool)> {
        if depth > DEPTH {
            return None;
        }
        let mut blocks = Vec::new();
        let mut is_tight = false;
        while let Some(event) = self.events.pop() {
            let block = match event {
                Event::End(_) => break,
                Event::Start(Tag::Paragraph) => Block::Paragraph(self.line(true)),
                Event::Start(Tag::Heading { level, .. }) => {
                    Block::Heading(level, self.line(true).replace('\n', " "))
                }
                Event::Start(Tag::BlockQuote(_)) => Block::Quote(self.blocks(depth + 1)?.0),
                Event::Start(Tag::CodeBlock(kind)) => self.code_block(&kind),
                Event::Start(Tag::HtmlBlock) => match self.html_block() {
                    Some(block) => block,
                    None => continue,
                },
                Event::Start(Tag::List(start)) => self.list(start, depth)?,
                Event::Start(Tag::FootnoteDefinition(label)) => {
                    let label = format!("\\[^{}\\]:", escaped(&label, false));
                    let mut inner = self.blocks(depth + 1)?.0;
                    match inner.first_mut() {
                        Some(Block::Paragraph(text)) => *text = format!("{label} {text}"),
                        _ => inner.insert(0, Block::Paragraph(label)),
                    }
                    blocks.extend(inner);
                    continue;
                }
                Event::Start(Tag::Table(alignments)) => self.table(alignments),
                Event::Rule => Block::Rule,
                // Of all others, texts for instance, a paragraph that is not marked as one.
                event => {
                    is_tight = true;
                    self.events.push(event);
                    let left = self.events.len();
                    let text = self.line(false);
                    if self.events.len() == left {
                        // Nothing that is known; this goes on in any case.
                        self.events.pop();
                    }
                    Block::Paragraph(text)
                }
            };
            if !matches!(&block, Block::Paragraph(text) if text.is_empty()) {
                blocks.push(block);
            }
        }
        Some((blocks, is_tight))
    }

    /// A block of code, with a language that rustdoc does not test.
    fn code_block(&mut self, kind: &CodeBlockKind<'_>) -> Block {
        let mut text = String::new();
        while let Some(event) = self.events.pop() {
            match event {
                Event::End(_) => break,
                Event::Text(more) => text.push_str(&more),
                _ => {}
            }
        }
        let language = match kind {
            CodeBlockKind::Fenced(info) => info
                .split(|c: char| !c.is_ascii_alphanumeric())
                .next()
                .unwrap_or_default()
                .to_ascii_lowercase(),
            CodeBlockKind::Indented => String::new(),
        };
        let language = match LANGUAGES.contains(&language.as_str()) {
            true => language,
            false => PLAIN.to_owned(),
        };
        Block::Code(language, text.trim_end_matches('\n').to_owned())
    }

    /// Its lines as text.
    fn html_block(&mut self) -> Option<Block> {
        let mut text = String::new();
        while let Some(event) = self.events.pop() {
            match event {
                Event::End(_) => break,
                Event::Html(more) | Event::Text(more) => text.push_str(&more),
                _ => {}
            }
        }
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        let lines: Vec<String> = lines.map(|line| escaped(line, true).into_owned()).collect();
        (!lines.is_empty()).then(|| Block::Paragraph(lines.join("\n")))
    }

    /// The items of a list, up to its end.
    fn list(&mut self, start: Option<u64>, depth: usize) -> Option<Block> {
        let mut items = Vec::new();
        let mut all_tight = false;
        while let Some(event) = self.events.pop() {
            match event {
                Event::Start(Tag::Item) => {
                    let (blocks, is_tight) = self.blocks(depth + 1)?;
                    all_tight |= is_tight;
                    items.push(blocks);
                }
                _ => break,
            }
        }
        Some(Block::List {
            start,
            is_tight: all_tight,
            items,
        })
    }

    /// The rows of a table, up to its end.
    fn table(&mut self, alignments: Vec<Alignment>) -> Block {
        let mut rows: Vec<Vec<String>> = Vec::new();
        while let Some(event) = self.events.pop() {
            match event {
                Event::Start(Tag::TableHead | Tag::TableRow) => rows.push(Vec::new()),
                Event::Start(Tag::TableCell) => {
                    let cell = self.line(true).replace("\\\n", " ").replace('\n', " ");
                    // Those of text are escaped already, and those of code are not.
                    let cell = cell.replace("\\|", "|").replace('|', "\\|");
                    if let Some(row) = rows.last_mut() {
                        row.push(cell);
                    }
                }
                Event::End(pulldown_cmark::TagEnd::Table) => break,
                _ => {}
            }
        }
        Block::Table(alignments, rows)
    }

    /// What stands in lines: up to the end of what holds them, which goes, or else up to the next block.
    fn line(&mut self, has_end: bool) -> String {
        let mut out = String::new();
        let mut depth = 0;
        // Of each link that is open: what comes after its text.
        let mut links: Vec<String> = Vec::new();
        while let Some(event) = self.events.pop() {
            match event {
                Event::End(_) if depth == 0 => {
                    if !has_end {
                        self.events.push(event);
                    }
                    break;
                }
                Event::Text(text) => {
                    let starts_line = out.is_empty() || out.ends_with('\n');
                    match links.is_empty() {
                        true => text_with_urls(&text, starts_line, &mut out),
                        false => out.push_str(&escaped(&text, starts_line)),
                    }
                }
                Event::Code(text) => out.push_str(&code_span(&text)),
                Event::Html(text) | Event::InlineHtml(text) => {
                    let starts_line = out.is_empty() || out.ends_with('\n');
                    out.push_str(&escaped(&text, starts_line));
                }
                Event::SoftBreak => out.push('\n'),
                Event::HardBreak => out.push_str("\\\n"),
                Event::FootnoteReference(label) => {
                    let _ = write!(out, "\\[^{}\\]", escaped(&label, false));
                }
                Event::TaskListMarker(is_done) => {
                    out.push_str(if is_done { "[x] " } else { "[ ] " });
                }
                Event::Start(Tag::Emphasis) => {
                    depth += 1;
                    out.push('*');
                }
                Event::End(pulldown_cmark::TagEnd::Emphasis) => {
                    depth -= 1;
                    out.push('*');
                }
                Event::Start(Tag::Strong) => {
                    depth += 1;
                    out.push_str("**");
                }
                Event::End(pulldown_cmark::TagEnd::Strong) => {
                    depth -= 1;
                    out.push_str("**");
                }
                Event::Start(Tag::Strikethrough) => {
                    depth += 1;
                    out.push_str("~~");
                }
                Event::End(pulldown_cmark::TagEnd::Strikethrough) => {
                    depth -= 1;
                    out.push_str("~~");
                }
                Event::Start(
                    Tag::Link {
                        link_type,
                        dest_url,
                        id,
                        ..
                    }
                    | Tag::Image {
                        link_type,
                        dest_url,
                        id,
                        ..
                    },
                ) => {
                    depth += 1;
                    let (before, after) = around(link_type, &dest_url, &id, links.len());
                    out.push_str(before);
                    links.push(after);
                }
                Event::End(pulldown_cmark::TagEnd::Link | pulldown_cmark::TagEnd::Image) => {
                    depth -= 1;
                    out.push_str(&links.pop().unwrap_or_default());
                }
                // A block.
                event => {
                    self.events.push(event);
                    break;
                }
            }
        }
        out.trim_matches(|c: char| c == ' ' || c == '\n').to_owned()
    }
}

/// What is written before the text of a link, and after it. A link within another link is written as text.
fn around(kind: LinkType, target: &str, label: &str, depth: usize) -> (&'static str, String) {
    match kind {
        LinkType::ShortcutUnknown => return ("\\[", "\\]".to_owned()),
        LinkType::CollapsedUnknown => return ("\\[", "\\]\\[\\]".to_owned()),
        LinkType::ReferenceUnknown => {
            return ("\\[", format!("\\]\\[{}\\]", escaped(label, false)));
        }
        _ => {}
    }
    let is_mail = kind == LinkType::Email;
    if depth == 0 && (leads_out(target) || is_mail) {
        let scheme = if is_mail { "mailto:" } else { "" };
        let mut address = String::new();
        for c in target.chars() {
            match c {
                ' ' => address.push_str("%20"),
                '<' => address.push_str("%3C"),
                '>' => address.push_str("%3E"),
                '\\' => address.push_str("%5C"),
                c => address.push(c),
            }
        }
        return ("[", format!("](<{scheme}{address}>)"));
    }
    match target.is_empty() {
        true => ("", String::new()),
        false => ("", format!(" ({})", escaped(target, false))),
    }
}

/// Text, with the URLs in it made links.
fn text_with_urls(text: &str, starts_line: bool, out: &mut String) {
    let (mut text, mut starts_line) = (text, starts_line);
    while let Some((start, end)) = find_url(text) {
        out.push_str(&escaped(&text[..start], starts_line && start > 0));
        let url = &text[start..end];
        let has_host = url.split("://").nth(1).is_some_and(|rest| !rest.is_empty());
        match has_host {
            true => {
                let _ = write!(out, "<{url}>");
            }
            // No link, and nothing that rustdoc takes for one.
            false => out.push_str(&url.replace("://", ":\\/\\/")),
        }
        text = &text[end..];
        starts_line = false;
    }
    out.push_str(&escaped(text, starts_line));
}

/// Escapes a text so that it is read as text only.
fn escaped(text: &str, starts_line: bool) -> Cow<'_, str> {
    let marks = |c: char| "\\`*_[]<&~|".contains(c);
    let is_start = |c: char| "#+-=>:0123456789".contains(c);
    let needs_any = text.contains(marks) || (starts_line && text.starts_with(is_start));
    if !needs_any {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 8);
    let mut before = None;
    let mut chars = text.char_indices().peekable();
    let mut in_number = starts_line;
    while let Some((at, c)) = chars.next() {
        let next = chars.peek().map(|(_, next)| *next);
        let is_word = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
        let needs = match c {
            '\\' => next.is_none_or(|next| next.is_ascii_punctuation() || next == '\n'),
            '`' | '*' | '[' | ']' | '<' | '|' => true,
            '_' => !(is_word(before) && is_word(next)),
            '&' => next.is_none_or(|next| next.is_ascii_alphabetic() || next == '#'),
            '~' => !(before.is_none_or(char::is_whitespace) && is_word(next)),
            '#' | '+' | '-' | '=' | '>' | ':' => starts_line && at == 0,
            // The number of an item.
            '.' | ')' => in_number && at > 0 && next.is_none_or(char::is_whitespace),
            _ => false,
        };
        in_number &= c.is_ascii_digit();
        if needs {
            out.push('\\');
        }
        out.push(c);
        before = Some(c);
    }
    Cow::Owned(out)
}

/// Blocks as Markdown.
fn written(blocks: &[Block], is_tight: bool) -> String {
    let mut texts: Vec<String> = Vec::new();
    let mut was_list = false;
    for block in blocks {
        let text = match block {
            Block::Paragraph(text) => text.clone(),
            Block::Heading(level, text) => format!("{} {text}", "#".repeat(*level as usize)),
            Block::Quote(blocks) => {
                let inner = written(blocks, false);
                match inner.is_empty() {
                    true => continue,
                    false => prefixed(&inner, "> ", "> "),
                }
            }
            Block::Code(language, text) => {
                let fence = fence_for(text);
                format!("{fence}{language}\n{text}\n{fence}")
            }
            Block::List {
                start,
                is_tight,
                items,
            } => {
                // Two lists, one after the other, would be read as one.
                let bullet = if was_list { "+ " } else { "- " };
                list(*start, *is_tight, items, bullet)
            }
            Block::Table(alignments, rows) => table(alignments, rows),
            Block::Rule => "***".to_owned(),
        };
        was_list = matches!(block, Block::List { .. });
        if !text.is_empty() {
            texts.push(text);
        }
    }
    texts.join(if is_tight { "\n" } else { "\n\n" })
}

/// A list as Markdown.
fn list(start: Option<u64>, is_tight: bool, items: &[Vec<Block>], bullet: &str) -> String {
    let mut texts = Vec::new();
    for (index, item) in items.iter().enumerate() {
        let marker = match start {
            Some(start) => format!("{}. ", start.saturating_add(index as u64)),
            None => bullet.to_owned(),
        };
        let inner = written(item, is_tight);
        let indent = " ".repeat(marker.len());
        texts.push(prefixed(&inner, &marker, &indent));
    }
    texts.join(if is_tight { "\n" } else { "\n\n" })
}

/// A table as Markdown.
fn table(alignments: &[Alignment], rows: &[Vec<String>]) -> String {
    let row = |cells: &[String]| format!("| {} |", cells.join(" | "));
    let marks: Vec<String> = alignments
        .iter()
        .map(|alignment| {
            let mark = match alignment {
                Alignment::None => "---",
                Alignment::Left => ":--",
                Alignment::Center => ":-:",
                Alignment::Right => "--:",
            };
            mark.to_owned()
        })
        .collect();
    let mut lines: Vec<String> = rows.iter().map(|cells| row(cells)).collect();
    lines.insert(lines.len().min(1), row(&marks));
    lines.join("\n")
}

/// Lines, with something before the first and something before each of the others.
fn prefixed(text: &str, first: &str, others: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    for (index, line) in text.split('\n').enumerate() {
        if index > 0 {
            out.push('\n');
        }
        let prefix = if index == 0 { first } else { others };
        let line = format!("{prefix}{line}");
        out.push_str(line.trim_end());
    }
    out
}
