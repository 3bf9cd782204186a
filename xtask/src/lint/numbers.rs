//! Numbers: what width and sign their Rust types have.

use super::context::Context;
use super::describe::{self, Words};
use super::rules;
use super::schema::Schema;
use crate::document::{Node, Value};

pub(super) fn check(context: &mut Context<'_>, schema: &Schema<'_>) {
    let what = describe::schema(context.document, &schema.at);
    for (keyword, bound) in [
        ("exclusiveMinimum", "minimum"),
        ("exclusiveMaximum", "maximum"),
    ] {
        let Some(node) = schema.get(keyword) else {
            continue;
        };
        let at = schema.at.join(keyword);
        match &node.value {
            Value::Number(number) => context.report(
                rules::EXCLUSIVE_BOUND,
                &at,
                format!("`{keyword}` of {what} is a number, which is OpenAPI 3.1"),
                format!("write `{bound}: {number}` and `{keyword}: true`"),
            ),
            Value::Bool(true) if schema.get(bound).is_none() => context.report(
                rules::EXCLUSIVE_BOUND,
                &at,
                format!("`{keyword}` of {what} has no `{bound}` to exclude; progenitor drops it or panics"),
                format!("leave it out with {}", context.update(&schema.at, &format!("x-codegen-ignore: [{keyword}]"))),
            ),
            _ => {}
        }
    }
    let format = schema.get("format").and_then(Node::as_str);
    match schema.kind() {
        Some("number") if !matches!(format, Some("float" | "double")) => context.report(
            rules::NUMBER_FORMAT,
            &schema.at,
            format!("{what} is a number without `format: double`; if it is meant as a whole one, 10 would be sent as 10.0"),
            format!(
                "say which, with {} or {}",
                context.update(&schema.at, "format: double"),
                context.update(&schema.at, "type: integer, format: uint32")
            ),
        ),
        Some("integer") if schema.get("enum").is_none() => integer(context, schema, format, what),
        _ => {}
    }
}

fn integer(context: &mut Context<'_>, schema: &Schema<'_>, format: Option<&str>, what: Words<'_>) {
    let bounds = Bounds::of(schema);
    let expected = match format.and_then(width) {
        Some(width) => width.rust.to_owned(),
        None if bounds.low == Some(0.0) && bounds.high.is_none() => "u64".to_owned(),
        None => "i64".to_owned(),
    };
    if let Some(format) = format.filter(|format| width(format).is_none()) {
        context.report(
            rules::INTEGER_BOUNDS,
            &schema.at.join("format"),
            format!(
                "{what} has the format `{format}`, which no integer has; it would be passed over"
            ),
            format!(
                "write one of {}",
                WIDTHS.map(|width| width.format).join(", ")
            ),
        );
        return;
    }
    let got = rust_type(format, &bounds);
    if got != expected {
        let keywords: Vec<&str> = [
            "minimum",
            "maximum",
            "exclusiveMinimum",
            "exclusiveMaximum",
            "multipleOf",
        ]
        .into_iter()
        .filter(|keyword| schema.get(keyword).is_some())
        .collect();
        let ignore = format!("x-codegen-ignore: [{}]", keywords.join(", "));
        let update = match format {
            Some(_) => ignore,
            None => format!(
                "format: {}, {ignore}",
                if bounds.low.is_some_and(|low| low >= 0.0) {
                    "uint32"
                } else {
                    "int64"
                }
            ),
        };
        context.report(
            rules::INTEGER_BOUNDS,
            &schema.at,
            format!("the bounds of {what} would make it `{got}` instead of `{expected}`"),
            format!(
                "leave them out with {}",
                context.update(&schema.at, &update)
            ),
        );
    }
}

struct Bounds {
    low: Option<f64>,
    high: Option<f64>,
    multiple: bool,
}

impl Bounds {
    fn of(schema: &Schema<'_>) -> Self {
        let number = |keyword: &str| match schema.get(keyword).map(|node| &node.value) {
            Some(Value::Number(number)) => number.as_f64(),
            _ => None,
        };
        let inward = |keyword: &str| if schema.flag(keyword) { 1.0 } else { 0.0 };
        Self {
            low: number("minimum").map(|low| low + inward("exclusiveMinimum")),
            high: number("maximum").map(|high| high - inward("exclusiveMaximum")),
            multiple: schema.get("multipleOf").is_some(),
        }
    }
}

#[derive(Clone, Copy)]
struct Width {
    format: &'static str,
    rust: &'static str,
    not_zero: &'static str,
    low: f64,
    high: f64,
}

const fn width_of(
    format: &'static str,
    rust: &'static str,
    not_zero: &'static str,
    low: f64,
    high: f64,
) -> Width {
    Width {
        format,
        rust,
        not_zero,
        low,
        high,
    }
}

/// As typify has them, in its order.
const WIDTHS: [Width; 10] = [
    width_of("int8", "i8", "NonZeroU8", i8::MIN as f64, i8::MAX as f64),
    width_of("uint8", "u8", "NonZeroU8", u8::MIN as f64, u8::MAX as f64),
    width_of(
        "int16",
        "i16",
        "NonZeroU16",
        i16::MIN as f64,
        i16::MAX as f64,
    ),
    width_of(
        "uint16",
        "u16",
        "NonZeroU16",
        u16::MIN as f64,
        u16::MAX as f64,
    ),
    width_of("int", "i32", "NonZeroU32", i32::MIN as f64, i32::MAX as f64),
    width_of(
        "int32",
        "i32",
        "NonZeroU32",
        i32::MIN as f64,
        i32::MAX as f64,
    ),
    width_of(
        "uint",
        "u32",
        "NonZeroU32",
        u32::MIN as f64,
        u32::MAX as f64,
    ),
    width_of(
        "uint32",
        "u32",
        "NonZeroU32",
        u32::MIN as f64,
        u32::MAX as f64,
    ),
    width_of(
        "int64",
        "i64",
        "NonZeroU64",
        i64::MIN as f64,
        i64::MAX as f64,
    ),
    width_of(
        "uint64",
        "u64",
        "NonZeroU64",
        u64::MIN as f64,
        u64::MAX as f64,
    ),
];

fn width(format: &str) -> Option<Width> {
    WIDTHS.into_iter().find(|width| width.format == format)
}

/// The range of the type that an integer of this format has in Rust, without bounds.
pub(super) fn range(format: Option<&str>) -> (f64, f64) {
    let width = format.and_then(width).unwrap_or(WIDTHS[8]);
    (width.low, width.high)
}

/// What typify makes of an integer.
fn rust_type(format: Option<&str>, bounds: &Bounds) -> &'static str {
    let (mut low, mut high) = (bounds.low, bounds.high);
    if let Some(width) = format.and_then(width) {
        let fits =
            low.is_none_or(|low| low >= width.low) && high.is_none_or(|high| high <= width.high);
        if fits && !bounds.multiple {
            return if low == Some(1.0) {
                width.not_zero
            } else {
                width.rust
            };
        }
        low = low.or(Some(width.low));
        high = high.or(Some(width.high));
    }
    let near = |a: f64, b: f64| (a - b).abs() <= f64::EPSILON;
    let found = WIDTHS
        .into_iter()
        .rev()
        .find_map(|width| match (low, high) {
            (Some(1.0), _) => Some(width.not_zero),
            (Some(low), Some(high)) if near(width.low, low) && near(width.high, high) => {
                Some(width.rust)
            }
            (Some(low), None) if near(width.low, low) => Some(width.rust),
            (None, Some(high)) if near(width.high, high) => Some(width.rust),
            _ => None,
        });
    found.unwrap_or("i64")
}
