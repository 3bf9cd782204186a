//! YAML 1.2, with the merge key `<<` of YAML 1.1, which many descriptions use.
//!
//! This puts the parser's events together. The parser's own loader is not used: it calls itself for each level of
//! nesting before a limit could be checked, and it does not know merge keys.
//!
//! ```yaml
//! base: &base {type: object}
//! agent: {<<: *base, title: Agent}   # becomes {title: Agent, type: object}
//! ```
//!
//! Values are first read into a [`Tree`], in which an alias shares the value of its anchor. Only then are nodes made, with a copy for
//! each alias, and by then the number of copies is known. A file of a few lines can ask for billions.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;
use std::sync::Arc;

use indexmap::IndexMap;
use saphyr::Scalar;
use saphyr_parser::{Event, Parser, ScalarStyle, ScanError, Span as Mark, StrInput, Tag};

use super::too_deep;
use crate::diagnostic::{Diagnostic, Failure};
use crate::openapi::limits::{COPIES, NESTING};
use crate::openapi::{Entry, Node, Source, Span, Value};

/// The key whose value is merged into the mapping that it stands in.
const MERGE: &str = "<<";

pub(super) fn parse(source: &Arc<Source>) -> Result<Node, Failure> {
    let mut reader = Reader {
        source,
        offsets: Offsets::new(&source.text),
        parser: Parser::new_from_str(&source.text),
        anchors: HashMap::new(),
        copies: 0,
    };
    let Some(tree) = reader.document()? else {
        return Ok(Node {
            value: Value::Null,
            span: Span::whole(source),
        });
    };
    reader.node(&tree)
}

/// A value in the form in which it was written. One that aliases use several times exists once.
struct Tree {
    start: usize,
    end: usize,
    data: Data,
    /// How deep the values within are nested.
    height: usize,
    /// How many values these are, with itself.
    size: usize,
}

/// The data of a value, whose parts may be shared.
enum Data {
    Plain(Value),
    Sequence(Vec<Rc<Tree>>),
    Mapping(Vec<(Key, Rc<Tree>)>),
}

/// A key of a mapping.
struct Key {
    start: usize,
    end: usize,
    name: String,
    /// Whether it is `<<` without quotes.
    is_merge: bool,
}

/// Reads events, and keeps what anchors name.
struct Reader<'a> {
    source: &'a Arc<Source>,
    offsets: Offsets,
    parser: Parser<'a, StrInput<'a>>,
    anchors: HashMap<usize, Rc<Tree>>,
    copies: usize,
}

impl<'a> Reader<'a> {
    /// A stretch of the text.
    fn span(&self, start: usize, end: usize) -> Span {
        Span {
            source: self.source.clone(),
            start,
            end,
        }
    }

    /// A mark of the parser in bytes. It counts characters.
    fn place(&self, mark: Mark) -> (usize, usize) {
        let start = self.offsets.byte(mark.start.index());
        let end = self.offsets.byte(mark.end.index());
        (start, end)
    }

    /// Something that is wrong at a place.
    fn error(&self, (start, end): (usize, usize), message: String, help: &str) -> Failure {
        Diagnostic::in_source(self.source, start..end, "malformed", message, help).into()
    }

    fn too_deep(&self, (start, end): (usize, usize)) -> Failure {
        too_deep(&self.span(start, end)).into()
    }

    /// The error of the scanner, at its place.
    fn scan_error(&self, error: &ScanError) -> Failure {
        let start = self.offsets.byte(error.marker().index());
        // The scanner reads ahead, and may find that the file is nested too deep before this reader does.
        if error.info() == "recursion limit exceeded" {
            return self.too_deep((start, start));
        }
        let message = format!("the file is not YAML: {}", error.info());
        self.error((start, start), message, "correct the file")
    }

    /// The next event, and where it stands.
    fn next(&mut self) -> Result<(Event<'a>, (usize, usize)), Failure> {
        match self.parser.next_event() {
            Some(Ok((event, mark))) => {
                let place = self.place(mark);
                Ok((event, place))
            }
            Some(Err(error)) => Err(self.scan_error(&error)),
            None => Ok((Event::StreamEnd, self.place(Mark::default()))),
        }
    }

    /// The only document. `None` if the file is empty.
    fn document(&mut self) -> Result<Option<Rc<Tree>>, Failure> {
        let mut found = None;
        loop {
            let (event, place) = self.next()?;
            match event {
                Event::StreamEnd => return Ok(found),
                Event::DocumentStart(_) if found.is_some() => {
                    let message = "the file holds more than one document".to_owned();
                    return Err(self.error(place, message, "keep one"));
                }
                Event::StreamStart
                | Event::DocumentStart(_)
                | Event::DocumentEnd
                | Event::Nothing => {}
                event => found = Some(self.tree(event, place, 0)?),
            }
        }
    }

    /// The value that begins with this event. `depth` is how many values it is in.
    fn tree(
        &mut self,
        event: Event<'a>,
        (start, mut end): (usize, usize),
        depth: usize,
    ) -> Result<Rc<Tree>, Failure> {
        if depth > NESTING {
            return Err(self.too_deep((start, end)));
        }
        let anchor;
        let (mut height, mut size) = (0, 1);
        let data = match event {
            Event::Alias(id) => return self.alias(id, (start, end), depth),
            Event::Scalar(text, style, id, tag) => {
                anchor = id;
                Data::Plain(self.scalar(&text, style, tag.as_deref(), (start, end))?)
            }
            Event::SequenceStart(id, tag) => {
                anchor = id;
                self.container_tag(tag.as_deref(), (start, end))?;
                let mut items = Vec::new();
                loop {
                    let (event, place) = self.next()?;
                    if event == Event::SequenceEnd {
                        end = place.0;
                        break;
                    }
                    let item = self.tree(event, place, depth + 1)?;
                    height = height.max(item.height + 1);
                    size += item.size;
                    items.push(item);
                }
                Data::Sequence(items)
            }
            Event::MappingStart(id, tag) => {
                anchor = id;
                self.container_tag(tag.as_deref(), (start, end))?;
                let mut members = Vec::new();
                loop {
                    let (event, place) = self.next()?;
                    if event == Event::MappingEnd {
                        end = place.0;
                        break;
                    }
                    let key = self.key(event, place)?;
                    let (event, place) = self.next()?;
                    let value = self.tree(event, place, depth + 1)?;
                    height = height.max(value.height + 1);
                    size += value.size;
                    members.push((key, value));
                }
                Data::Mapping(members)
            }
            _ => {
                let message = "the file is not YAML: a value is missing here".to_owned();
                return Err(self.error((start, end), message, "correct the file"));
            }
        };
        let tree = Rc::new(Tree {
            start,
            end,
            data,
            height,
            size,
        });
        if anchor != 0 {
            self.anchors.insert(anchor, tree.clone());
        }
        Ok(tree)
    }

    /// The value that an anchor names. It is shared here, and copied when the nodes are made.
    fn alias(
        &mut self,
        anchor: usize,
        place: (usize, usize),
        depth: usize,
    ) -> Result<Rc<Tree>, Failure> {
        let Some(tree) = self.anchors.get(&anchor).cloned() else {
            let message = "an alias of a value that contains it".to_owned();
            return Err(self.error(place, message, "write the value out"));
        };
        if depth + tree.height > NESTING {
            return Err(self.too_deep(place));
        }
        self.copies = self.copies.saturating_add(tree.size);
        self.bounded(place)?;
        Ok(tree)
    }

    /// Whether aliases and merge keys have added too much.
    fn bounded(&self, place: (usize, usize)) -> Result<(), Failure> {
        if self.copies <= COPIES {
            return Ok(());
        }
        let message = format!("aliases and merge keys add more than {COPIES} values to the file");
        Err(self.error(
            place,
            message,
            "write parts of them out, or refer to components with `$ref`",
        ))
    }

    /// A tag of a list or a mapping must be one of the core schema.
    fn container_tag(&self, tag: Option<&Tag>, place: (usize, usize)) -> Result<(), Failure> {
        match tag {
            Some(tag) if !tag.is_yaml_core_schema() => Err(self.foreign_tag(place)),
            _ => Ok(()),
        }
    }

    /// A tag that means something to other programs.
    fn foreign_tag(&self, place: (usize, usize)) -> Failure {
        let message = "a tag that JSON has no counterpart for".to_owned();
        self.error(place, message, "write the value without the tag")
    }

    /// A text, number, boolean or null, by the rules of YAML 1.2's core schema.
    fn scalar(
        &self,
        text: &str,
        style: ScalarStyle,
        tag: Option<&Tag>,
        place: (usize, usize),
    ) -> Result<Value, Failure> {
        if tag.is_some_and(|tag| !tag.is_yaml_core_schema()) {
            return Err(self.foreign_tag(place));
        }
        let tag = tag.map(std::borrow::Cow::Borrowed);
        let scalar = Scalar::parse_from_cow_and_metadata(text.into(), style, tag.as_ref());
        let is_text = style != ScalarStyle::Plain || tag.is_some_and(|tag| tag.suffix == "str");
        match scalar {
            None => Err(self.foreign_tag(place)),
            Some(Scalar::Null) => Ok(Value::Null),
            Some(Scalar::Boolean(value)) => Ok(Value::Bool(value)),
            Some(Scalar::String(text)) if is_text => Ok(Value::String(text.into_owned())),
            // Whole numbers beyond i64 come as text.
            Some(Scalar::String(text)) => Ok(match text.parse::<u64>() {
                Ok(number) => Value::Number(number.into()),
                Err(_) => Value::String(text.into_owned()),
            }),
            Some(scalar) => self.number(text, &scalar, place),
        }
    }

    /// Numbers are read from the text again, as JSON would, so that none loses digits.
    fn number(
        &self,
        text: &str,
        scalar: &Scalar<'_>,
        place: (usize, usize),
    ) -> Result<Value, Failure> {
        let number = serde_json::from_str::<serde_json::Number>(text)
            .ok()
            .or_else(|| match scalar {
                Scalar::Integer(number) => Some((*number).into()),
                Scalar::FloatingPoint(number) => serde_json::Number::from_f64(number.into_inner()),
                _ => None,
            });
        number.map(Value::Number).ok_or_else(|| {
            self.error(
                place,
                format!("`{text}` is not a number in JSON"),
                "quote it if it is meant as text",
            )
        })
    }

    /// A key as text. Status codes are often written without quotes.
    fn key(&self, event: Event<'a>, place: (usize, usize)) -> Result<Key, Failure> {
        let key = |name: &str, is_merge| Key {
            start: place.0,
            end: place.1,
            name: name.to_owned(),
            is_merge,
        };
        if let Event::Scalar(text, style, _, tag) = &event {
            let is_merge_tag = |tag: &Tag| tag.is_yaml_core_schema() && tag.suffix == "merge";
            let is_merge = match tag.as_deref() {
                None => *style == ScalarStyle::Plain && text == MERGE,
                Some(tag) => is_merge_tag(tag),
            };
            if is_merge {
                return Ok(key(text, true));
            }
            let scalar = Scalar::parse_from_cow_and_metadata(text.clone(), *style, tag.as_ref());
            match scalar {
                Some(Scalar::String(_)) => return Ok(key(text, false)),
                Some(Scalar::Integer(number)) => return Ok(key(&number.to_string(), false)),
                _ => {}
            }
        }
        Err(self.error(place, "a key that is not a string".to_owned(), "quote it"))
    }

    /// Makes nodes of a tree. Shared values are copied here.
    fn node(&self, tree: &Tree) -> Result<Node, Failure> {
        let value = match &tree.data {
            Data::Plain(value) => value.clone(),
            Data::Sequence(items) => Value::Array(
                items
                    .iter()
                    .map(|item| self.node(item))
                    .collect::<Result<_, _>>()?,
            ),
            Data::Mapping(members) => Value::Object(self.members(members)?),
        };
        Ok(Node {
            value,
            span: self.span(tree.start, tree.end),
        })
    }

    /// The members of a mapping, with those that merge keys add.
    fn members(&self, written: &[(Key, Rc<Tree>)]) -> Result<IndexMap<String, Entry>, Failure> {
        // Keys of the mapping itself take precedence over merged ones, and earlier merged ones over later.
        let own = written.iter().filter(|(key, _)| !key.is_merge);
        let own: HashSet<&str> = own.map(|(key, _)| key.name.as_str()).collect();
        let mut members: IndexMap<String, Entry> = IndexMap::with_capacity(written.len());
        for (key, value) in written {
            if key.is_merge {
                for (name, entry) in self.merged(key, value)? {
                    if !own.contains(name.as_str()) {
                        members.entry(name).or_insert(entry);
                    }
                }
                continue;
            }
            let span = self.span(key.start, key.end);
            if let Some(first) = members.get(&key.name) {
                return Err(super::twice(&key.name, &first.key, &span).into());
            }
            let node = self.node(value)?;
            members.insert(key.name.clone(), Entry { key: span, node });
        }
        Ok(members)
    }

    /// What a merge key adds, in order.
    fn merged(&self, key: &Key, value: &Rc<Tree>) -> Result<Vec<(String, Entry)>, Failure> {
        let sources = match &value.data {
            Data::Mapping(_) => std::slice::from_ref(value),
            Data::Sequence(items) => items.as_slice(),
            Data::Plain(_) => &[],
        };
        let is_mapping = |tree: &Rc<Tree>| matches!(tree.data, Data::Mapping(_));
        if matches!(value.data, Data::Plain(_)) || !sources.iter().all(is_mapping) {
            return Err(self.error(
                (key.start, key.end),
                "the merge key `<<` takes a mapping, or a list of mappings".to_owned(),
                "give it an alias of one, as `<<: *name`; quote the key if it is meant as text",
            ));
        }
        let mut merged = Vec::new();
        for source in sources {
            if let Value::Object(members) = self.node(source)?.value {
                merged.extend(members);
            }
        }
        Ok(merged)
    }
}

/// Turns the parser's character counts into bytes.
enum Offsets {
    Ascii(usize),
    Chars(Vec<usize>),
}

impl Offsets {
    /// The tables for a text.
    fn new(text: &str) -> Self {
        if text.is_ascii() {
            Self::Ascii(text.len())
        } else {
            let ends = std::iter::once(text.len());
            Self::Chars(
                text.char_indices()
                    .map(|(byte, _)| byte)
                    .chain(ends)
                    .collect(),
            )
        }
    }

    /// The byte at which a character begins.
    fn byte(&self, index: usize) -> usize {
        match self {
            Self::Ascii(length) => index.min(*length),
            Self::Chars(bytes) => bytes[index.min(bytes.len() - 1)],
        }
    }
}
