//! YAML 1.2 as a document.
//!
//! The parser's events are put together here. An alias shares the value of its anchor, and counts as often as it is used.
//! Merge keys (`<<`) and tags are refused.

use std::collections::HashMap;
use std::rc::Rc;

use saphyr_parser::{Event, Parser, ScalarStyle, ScanError, Span, StrInput, Tag};
use serde_json::Number;

use crate::script::file::document::{Data, Key, Node, Place, check_length, check_twice, too_deep};
use crate::script::file::problem::Problem;
use crate::script::limits;

pub(crate) fn parse(text: &str) -> Result<Node, Problem> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    check_length(text)?;
    let mut reader = Reader {
        parser: Parser::new_from_str(text),
        anchors: HashMap::new(),
    };
    reader.document()
}

struct Reader<'a> {
    parser: Parser<'a, StrInput<'a>>,
    anchors: HashMap<usize, Rc<Node>>,
}

impl<'a> Reader<'a> {
    fn next(&mut self) -> Result<(Event<'a>, Place), Problem> {
        match self.parser.next_event() {
            Some(Ok((event, span))) => Ok((event, place(&span))),
            Some(Err(error)) => Err(scan_error(&error)),
            None => Ok((Event::StreamEnd, Place::START)),
        }
    }

    /// The only document.
    fn document(&mut self) -> Result<Node, Problem> {
        let mut found = None;
        loop {
            let (event, place) = self.next()?;
            match event {
                Event::StreamEnd => break,
                Event::DocumentStart(_) if found.is_some() => {
                    let message = "the file has more than one document: keep one, and remove the others and `---`";
                    return Err(Problem::of_text(place, message));
                }
                Event::StreamStart
                | Event::DocumentStart(_)
                | Event::DocumentEnd
                | Event::Nothing => {}
                event => found = Some(self.node(event, place, 0)?),
            }
        }
        match found.map(Rc::try_unwrap) {
            Some(Ok(node)) => Ok(node),
            // The whole document has an anchor, which nothing can refer to.
            Some(Err(_)) => Err(Problem::of_text(
                Place::START,
                "the whole document has an anchor: remove it",
            )),
            None => Node::new(Place::START, Data::Null),
        }
    }

    /// The value that begins with this event, in so many others.
    fn node(&mut self, event: Event<'a>, place: Place, depth: usize) -> Result<Rc<Node>, Problem> {
        if depth > limits::DOCUMENT_NESTING {
            return Err(too_deep(place));
        }
        let (anchor, data) = match event {
            Event::Alias(anchor) => {
                let Some(node) = self.anchors.get(&anchor) else {
                    let message =
                        "an alias is in the value that it stands for: write the value out";
                    return Err(Problem::of_text(place, message));
                };
                return Ok(Rc::clone(node));
            }
            Event::Scalar(text, style, anchor, tag) => {
                (anchor, scalar(&text, style, tag.as_deref(), place)?)
            }
            Event::SequenceStart(anchor, tag) => {
                check_tag(tag.as_deref(), place)?;
                let mut items = Vec::new();
                let mut size = Size::default();
                loop {
                    let (event, place) = self.next()?;
                    if event == Event::SequenceEnd {
                        break;
                    }
                    let item = self.node(event, place, depth + 1)?;
                    size.add(&item, place)?;
                    items.push(item);
                }
                (anchor, Data::List(items))
            }
            Event::MappingStart(anchor, tag) => {
                check_tag(tag.as_deref(), place)?;
                let mut members = Vec::new();
                let mut size = Size::default();
                loop {
                    let (event, place) = self.next()?;
                    if event == Event::MappingEnd {
                        break;
                    }
                    let key = key(&event, place)?;
                    let (event, place) = self.next()?;
                    let value = self.node(event, place, depth + 1)?;
                    size.add(&value, place)?;
                    members.push((key, value));
                }
                check_twice(&members)?;
                (anchor, Data::Map(members))
            }
            _ => {
                let message = "the file is not YAML: a value is missing here";
                return Err(Problem::of_text(place, message));
            }
        };
        let node = Rc::new(Node::new(place, data)?);
        if anchor != 0 {
            self.anchors.insert(anchor, Rc::clone(&node));
        }
        Ok(node)
    }
}

/// How large a list or a mapping has become, so that it is refused before it is read to the end.
#[derive(Default)]
struct Size(usize);

impl Size {
    fn add(&mut self, node: &Node, place: Place) -> Result<(), Problem> {
        self.0 = self.0.saturating_add(node.values);
        if self.0 > limits::VALUES {
            let most = limits::VALUES;
            let message = format!(
                "the file has more than {most} values, those of aliases counted each time: write less, or split it"
            );
            return Err(Problem::of_text(place, message));
        }
        Ok(())
    }
}

/// The parser counts columns from 0.
fn place(span: &Span) -> Place {
    Place {
        line: span.start.line().max(1),
        column: span.start.col() + 1,
    }
}

fn scan_error(error: &ScanError) -> Problem {
    let marker = error.marker();
    let place = Place {
        line: marker.line().max(1),
        column: marker.col() + 1,
    };
    // The scanner reads ahead.
    if error.info() == "recursion limit exceeded" {
        return too_deep(place);
    }
    let message = format!("the file is not YAML: {}", error.info());
    Problem::of_text(place, message)
}

fn check_tag(tag: Option<&Tag>, place: Place) -> Result<(), Problem> {
    match tag {
        Some(tag) if !tag.is_yaml_core_schema() => Err(foreign_tag(place)),
        _ => Ok(()),
    }
}

fn foreign_tag(place: Place) -> Problem {
    Problem::of_text(
        place,
        "a tag is not read: remove the word that begins with `!`",
    )
}

fn key(event: &Event<'_>, place: Place) -> Result<Key, Problem> {
    let Event::Scalar(text, style, _, tag) = event else {
        return Err(Problem::of_text(place, "a key is not a text: write a text"));
    };
    if *style == ScalarStyle::Plain && text == "<<" {
        let message = "a merge key `<<` is not read: write its values out";
        return Err(Problem::of_text(place, message));
    }
    match scalar(text, *style, tag.as_deref(), place)? {
        Data::Text(name) => Ok(Key { place, name }),
        _ => Err(Problem::of_text(
            place,
            "a key is not a text: put it in quotes",
        )),
    }
}

/// By the rules of YAML 1.2's core schema.
fn scalar(
    text: &str,
    style: ScalarStyle,
    tag: Option<&Tag>,
    place: Place,
) -> Result<Data, Problem> {
    let is_text = match tag {
        Some(tag) if tag.is_yaml_core_schema() && tag.suffix == "str" => true,
        Some(_) => return Err(foreign_tag(place)),
        None => style != ScalarStyle::Plain,
    };
    if is_text {
        return Ok(Data::Text(text.to_owned()));
    }
    Ok(match text {
        "" | "~" | "null" | "Null" | "NULL" => Data::Null,
        "true" | "True" | "TRUE" => Data::Bool(true),
        "false" | "False" | "FALSE" => Data::Bool(false),
        _ => match number(text) {
            Some(number) => Data::Number(number),
            None => Data::Text(text.to_owned()),
        },
    })
}

/// A number of the core schema, if JSON has it.
fn number(text: &str) -> Option<Number> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let based = |prefix, radix| {
        let digits = text.strip_prefix(prefix)?;
        let is_digit = |digit: char| digit.is_digit(radix);
        let is_number = !digits.is_empty() && digits.chars().all(is_digit);
        is_number.then(|| u64::from_str_radix(digits, radix).ok())?
    };
    if let Some(number) = based("0x", 16).or_else(|| based("0o", 8)) {
        return Some(number.into());
    }
    let begins = |character: char| character.is_ascii_digit();
    let is_number = digits
        .strip_prefix('.')
        .unwrap_or(digits)
        .starts_with(begins)
        && digits
            .bytes()
            .all(|byte| b"0123456789.eE+-".contains(&byte));
    if !is_number {
        return None;
    }
    // As JSON reads it, so that no digit is lost.
    serde_json::from_str(text)
        .ok()
        .or_else(|| text.parse::<i64>().ok().map(Number::from))
        .or_else(|| Number::from_f64(text.parse().ok()?))
}
