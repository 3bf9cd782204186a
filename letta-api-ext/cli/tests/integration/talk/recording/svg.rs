//! What a terminal showed, as a moving picture in SVG, without scripts and without fonts of its own.
//!
//! Each row is drawn once for each text that it had, and is seen as long as it had it. Without motion, the last screen is seen.

use std::fmt::Write as _;

use crate::support::terminal::{COLUMNS, ROWS, screen};

/// Sizes, in pixels.
const LETTER: f64 = 8.4;
const LINE: f64 = 19.0;
const MARGIN: f64 = 14.0;

/// How long parts are seen, in milliseconds.
const TYPED: u32 = 55;
const WORD: u32 = 70;
const LINE_END: u32 = 260;
const LAST: u32 = 4_000;

/// A run of letters that look alike.
#[derive(Clone, Debug, PartialEq)]
struct Span {
    column: u16,
    text: String,
    class: &'static str,
}

/// What a row had from a point in time on.
struct Version {
    spans: Vec<Span>,
    from: u32,
    until: Option<u32>,
}

/// The picture of what was written, after this command was typed.
pub(super) fn picture(command: &str, written: &str) -> String {
    let mut screen = screen();
    let mut rows: Vec<Vec<Version>> = (0..ROWS).map(|_| Vec::new()).collect();
    let mut now = 0;
    screen.process(b"$ ");
    let mut show = |screen: &vt100::Parser, now: u32| {
        for (row, versions) in (0..ROWS).zip(&mut rows) {
            let spans = spans(screen.screen(), row);
            let last = versions.last_mut().filter(|last| last.until.is_none());
            match last {
                Some(last) if last.spans == spans => continue,
                // What is seen for no time at all is not seen.
                Some(last) if last.from == now => last.spans = spans,
                Some(last) => {
                    last.until = Some(now);
                    versions.push(Version {
                        spans,
                        from: now,
                        until: None,
                    });
                }
                None => versions.push(Version {
                    spans,
                    from: now,
                    until: None,
                }),
            }
        }
    };
    for letter in command.chars() {
        screen.process(letter.to_string().as_bytes());
        show(&screen, now);
        now += TYPED;
    }
    screen.process(b"\r\n");
    for part in parts(written) {
        screen.process(part.as_bytes());
        show(&screen, now);
        now += match part.chars().next_back() {
            Some('\n') => LINE_END,
            Some(' ') => WORD,
            _ => TYPED,
        };
    }
    write(&rows, now + LAST)
}

/// What was written, in parts that are seen one after the other: words, lines, and what the editor draws for a letter.
fn parts(written: &str) -> impl Iterator<Item = &str> {
    // The editor draws the row anew for each letter, from its beginning.
    written.split_inclusive([' ', '\n']).flat_map(|part| {
        let mut cuts: Vec<usize> = part.match_indices("\r\x1b[K").map(|(at, _)| at).collect();
        cuts.push(part.len());
        let mut from = 0;
        let pieces: Vec<&str> = cuts
            .into_iter()
            .map(|to| &part[std::mem::replace(&mut from, to)..to])
            .filter(|piece| !piece.is_empty())
            .collect();
        pieces
    })
}

fn spans(screen: &vt100::Screen, row: u16) -> Vec<Span> {
    let mut spans: Vec<Span> = Vec::new();
    for column in 0..COLUMNS {
        let Some(cell) = screen.cell(row, column).filter(|cell| cell.has_contents()) else {
            continue;
        };
        let class = match cell.fgcolor() {
            _ if cell.dim() => "d",
            vt100::Color::Idx(1) => "r",
            vt100::Color::Idx(3) => "y",
            _ if cell.bold() => "b",
            _ => "n",
        };
        match spans.last_mut() {
            Some(last) if last.class == class && last.end() == column => {
                last.text.push_str(cell.contents());
            }
            _ => spans.push(Span {
                column,
                text: cell.contents().to_owned(),
                class,
            }),
        }
    }
    for span in &mut spans {
        span.text.truncate(span.text.trim_end().len());
    }
    spans.retain(|span| !span.text.is_empty());
    spans
}

impl Span {
    fn end(&self) -> u16 {
        self.column + u16::try_from(self.text.chars().count()).unwrap()
    }
}

fn write(rows: &[Vec<Version>], total: u32) -> String {
    let is_used = |row: &Vec<Version>| row.iter().any(|version| !version.spans.is_empty());
    let count = rows.iter().rposition(is_used).map_or(1, |last| last + 1);
    let widest = rows.iter().flatten().flat_map(|version| &version.spans);
    let columns = widest.map(Span::end).max().unwrap_or(1);
    let width = 2.0 * MARGIN + LETTER * f64::from(columns);
    let height = 2.0 * MARGIN + LINE * count as f64;
    let mut styles = String::new();
    let mut texts = String::new();
    let mut names = 0;
    for (row, versions) in rows.iter().enumerate().take(count) {
        let y = MARGIN + LINE * (row as f64 + 0.75);
        for version in versions.iter().filter(|version| !version.spans.is_empty()) {
            // What is there at the end is there without motion, too.
            let class = match version.until {
                Some(_) => "h ",
                None => "",
            };
            let from = percent(version.from, total);
            let until = version.until.map_or(100.0, |until| percent(until, total));
            let name = names;
            names += 1;
            let _ = writeln!(
                styles,
                "@keyframes k{name}{{0%{{visibility:hidden}}{from:.3}%{{visibility:visible}}{until:.3}%,100%{{visibility:{}}}}}",
                if version.until.is_some() {
                    "hidden"
                } else {
                    "visible"
                }
            );
            let _ = write!(
                texts,
                r#"<text class="{class}a" y="{y:.1}" style="animation-name:k{name}">"#
            );
            for span in &version.spans {
                let x = MARGIN + LETTER * f64::from(span.column);
                let length = LETTER * f64::from(span.end() - span.column);
                let _ = write!(
                    texts,
                    r#"<tspan x="{x:.1}" textLength="{length:.1}" class="{}">{}</tspan>"#,
                    span.class,
                    escaped(&span.text)
                );
            }
            texts.push_str("</text>\n");
        }
    }
    let seconds = f64::from(total) / 1000.0;
    format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0}" height="{height:.0}" viewBox="0 0 {width:.0} {height:.0}" role="img">
<title>letta chat --demo: an agent looks the weather up, is not allowed to delete a file, and is stopped in the middle of a story</title>
<style>
text{{font:14px ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;white-space:pre}}
.n{{fill:#e6edf3}}.b{{fill:#e6edf3;font-weight:bold}}.d{{fill:#8b949e}}.r{{fill:#ff7b72}}.y{{fill:#e3b341}}
.a{{animation:{seconds:.2}s step-end infinite}}.h{{visibility:hidden}}
@media (prefers-reduced-motion:reduce){{.a{{animation:none}}}}
{styles}</style>
<rect width="100%" height="100%" rx="8" fill="#0d1117"/>
{texts}</svg>
"##
    )
}

fn percent(at: u32, total: u32) -> f64 {
    f64::from(at) * 100.0 / f64::from(total)
}

fn escaped(text: &str) -> String {
    // Spaces in a row would be one.
    let text = text
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;");
    text.replace(' ', "\u{a0}")
}
