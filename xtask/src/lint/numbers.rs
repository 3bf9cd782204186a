//! Numbers: the width and sign of their Rust types. A value that does not fit would lose a whole answer.

use serde_json::Number;

use super::context::Context;
use super::describe::{self, Words};
use super::rules;
use super::schema::Schema;
use crate::openapi::keywords::{Says, of_3_0};
use crate::openapi::{Node, Value};

/// A fraction must say `format: double`, and an integer gets the type of its format. Without a format, typify decides by the bounds:
/// a minimum of 1 becomes `NonZeroU64`, and an answer with a 0 is lost.
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
            Value::Number(number) => {
                // Both bounds apply, so the stricter one counts.
                let is_stricter = |other: i128, own: i128| {
                    (bound == "minimum" && other > own) || (bound == "maximum" && other < own)
                };
                let other = schema.get(bound).and_then(whole_of);
                let update = match other.zip(whole_of(node)) {
                    Some((other, own)) if is_stricter(other, own) => {
                        format!("x-codegen-ignore: [{keyword}]")
                    }
                    _ => format!("{bound}: {number}, {keyword}: true"),
                };
                context.report(
                    rules::EXCLUSIVE_BOUND,
                    &at,
                    format!("`{keyword}` of {what} is a number, which only OpenAPI 3.1 allows"),
                    format!(
                        "say it as OpenAPI 3.0 does, with {}",
                        context.update(&schema.at, &update)
                    ),
                );
            }
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
        Some("number") if !matches!(format, Some("float" | "double")) => {
            // Many descriptions say `type: number` with an integer's format.
            let whole = format!("type: integer, {}", whole(schema));
            let fraction = "format: double";
            let (first, second) = match format.and_then(width) {
                Some(_) => (whole.as_str(), fraction),
                None => (fraction, whole.as_str()),
            };
            context.report(
                rules::NUMBER_FORMAT,
                &schema.at,
                format!("{what} is a number without `format: double`; if a whole number is meant, 10 would be sent as 10.0"),
                format!(
                    "say which, with {} or {}",
                    context.update(&schema.at, first),
                    context.update(&schema.at, second)
                ),
            );
        }
        Some("integer") if schema.get("enum").is_none() => integer(context, schema, format, what),
        _ => {}
    }
}

/// The keywords for an integer whose Rust type holds all values that the schema allows: a format, and no bounds, since
/// bounds would make it another type.
pub(super) fn whole(schema: &Schema<'_>) -> String {
    let limits = Limits::of(schema);
    let format = schema.get("format").and_then(Node::as_str).and_then(width);
    let format = format
        .filter(|width| limits.fit(width))
        .map_or_else(|| limits.format(), |width| width.format);
    let mut ignored = bounds_of(schema);
    if schema.get("enum").is_some() {
        ignored.push("enum");
    }
    let mut update = format!("format: {format}");
    if !ignored.is_empty() {
        update += &format!(", x-codegen-ignore: [{}]", ignored.join(", "));
    }
    update
}

/// Whether the values of an enum of integers are within the type that is made of the schema without the enum.
pub(super) fn holds_values(schema: &Schema<'_>) -> bool {
    Limits::of(schema).fit(&resulting(schema))
}

/// The format of a type that holds this number, and others like it.
pub(super) fn format_of(whole: i128) -> &'static str {
    if whole > INT64.greatest {
        "uint64"
    } else {
        "int64"
    }
}

/// Whether a bound is a fraction.
pub(super) fn has_fraction(schema: &Schema<'_>) -> bool {
    Limits::of_bounds(schema).fraction.is_some()
}

/// The keywords of a schema that bound a number.
fn bounds_of(schema: &Schema<'_>) -> Vec<&'static str> {
    of_3_0(Says::Numbers)
        .filter(|keyword| schema.get(keyword).is_some() && !is_made(schema, keyword))
        .collect()
}

/// Whether the lower stage has made this bound of an exclusive one, so that the description has none to leave out.
fn is_made(schema: &Schema<'_>, keyword: &str) -> bool {
    let exclusive = match keyword {
        "minimum" => "exclusiveMinimum",
        "maximum" => "exclusiveMaximum",
        _ => return false,
    };
    let spans = schema.get(keyword).zip(schema.get(exclusive));
    spans.is_some_and(|(bound, exclusive)| {
        let (bound, exclusive) = (&bound.span, &exclusive.span);
        std::sync::Arc::ptr_eq(&bound.source, &exclusive.source) && bound.start == exclusive.start
    })
}

/// Whether the type that typify makes is the one that is expected, and holds all values.
fn integer(context: &mut Context<'_>, schema: &Schema<'_>, format: Option<&str>, what: Words<'_>) {
    let limits = Limits::of(schema);
    if let Some(format) = format.filter(|format| width(format).is_none()) {
        context.report(
            rules::INTEGER_BOUNDS,
            &schema.at.join("format"),
            format!("{what} has the format `{format}`, which no integer has; it would be ignored"),
            format!(
                "write one of {}, as with {}",
                WIDTHS.map(|width| width.format).join(", "),
                context.update(&schema.at, &whole(schema))
            ),
        );
        return;
    }
    let leave_out = |context: &Context<'_>| {
        format!(
            "leave them out with {}",
            context.update(&schema.at, &whole(schema))
        )
    };
    if let Some((keyword, bound)) = &limits.fraction {
        let fraction = context.update(&schema.at, "type: number, format: double");
        let help = format!(
            "{}; if fractions are meant, say so with {fraction}",
            leave_out(context)
        );
        let message = format!("`{keyword}` of {what} is {bound}, and no integer equals that");
        context.report(rules::INTEGER_BOUNDS, &schema.at, message, help);
        return;
    }
    if let (Some(low), Some(high)) = (limits.low, limits.high)
        && low > high
    {
        let message =
            format!("the bounds of {what} exclude each other: no integer is from {low} to {high}");
        let help = leave_out(context);
        context.report(rules::INTEGER_BOUNDS, &schema.at, message, help);
        return;
    }
    let expected = resulting(schema);
    if let Some(bound) = limits.beyond(&expected) {
        let message = format!(
            "{what} would become `{}`, which does not hold {bound}, a value that the bounds allow",
            expected.rust
        );
        let help = if WIDTHS.iter().any(|width| limits.fit(width)) {
            format!(
                "use a type that does, with {}",
                context.update(&schema.at, &whole(schema))
            )
        } else {
            format!(
                "no integer type does; if the service stays within 64 bits, say so with {}",
                context.update(&schema.at, &whole(schema))
            )
        };
        context.report(rules::INTEGER_BOUNDS, &schema.at, message, help);
        return;
    }
    let got = rust_type(format, &Bounds::of(schema));
    if got != expected.rust {
        let help = leave_out(context);
        context.report(
            rules::INTEGER_BOUNDS,
            &schema.at,
            format!(
                "the bounds of {what} would make it `{got}` instead of `{}`",
                expected.rust
            ),
            help,
        );
    }
}

/// The type that an integer is to have: of its format, or 64 bits wide.
pub(super) fn resulting(schema: &Schema<'_>) -> Width {
    let format = schema.get("format").and_then(Node::as_str);
    let limits = Limits::of_bounds(schema);
    match format.and_then(width) {
        Some(width) => width,
        None if limits.low == Some(0) && limits.high.is_none() => UINT64,
        None => INT64,
    }
}

/// The least and the greatest value that a schema allows, without rounding.
#[derive(Default)]
struct Limits {
    low: Option<i128>,
    high: Option<i128>,
    /// A bound that is no whole number.
    fraction: Option<(&'static str, Number)>,
}

impl Limits {
    /// With the values of an enum.
    fn of(schema: &Schema<'_>) -> Self {
        let mut limits = Self::of_bounds(schema);
        // An enum allows its values, and no other.
        let values = schema.items("enum").iter().filter_map(whole_of);
        for value in values {
            limits.low = Some(limits.low.map_or(value, |low| low.min(value)));
            limits.high = Some(limits.high.map_or(value, |high| high.max(value)));
        }
        limits
    }

    /// Of the bounds alone.
    fn of_bounds(schema: &Schema<'_>) -> Self {
        let mut limits = Self::default();
        for (keyword, exclusive, inward) in [
            ("minimum", "exclusiveMinimum", 1),
            ("maximum", "exclusiveMaximum", -1),
        ] {
            let Some(node) = schema.get(keyword) else {
                continue;
            };
            let Value::Number(number) = &node.value else {
                continue;
            };
            let value = match whole_of(node) {
                Some(value) if schema.flag(exclusive) => value.saturating_add(inward),
                Some(value) => value,
                None => {
                    limits.fraction = Some((keyword, number.clone()));
                    continue;
                }
            };
            if inward > 0 {
                limits.low = Some(value);
            } else {
                limits.high = Some(value);
            }
        }
        limits
    }

    /// Whether a type holds all values.
    fn fit(&self, width: &Width) -> bool {
        self.beyond(width).is_none()
    }

    /// A bound that a type does not hold.
    fn beyond(&self, width: &Width) -> Option<i128> {
        let outside = |value: &i128| *value < width.least || *value > width.greatest;
        self.low
            .filter(outside)
            .or_else(|| self.high.filter(outside))
    }

    /// The format of a type that holds all values. Whole numbers may grow, so that one without an upper bound is as
    /// wide as there is. If no type holds them all, the one that holds most.
    fn format(&self) -> &'static str {
        let is_unsigned = match (self.low, self.high) {
            (Some(low), _) => low >= 0,
            (None, Some(high)) => high > INT64.greatest,
            (None, None) => false,
        };
        match self.high {
            _ if !is_unsigned => "int64",
            Some(high) if high <= i128::from(u32::MAX) => "uint32",
            _ => "uint64",
        }
    }
}

/// A number that is whole. One beyond 64 bits is read from the text again, since it was rounded when it was read.
pub(super) fn whole_of(node: &Node) -> Option<i128> {
    let Value::Number(number) = &node.value else {
        return None;
    };
    if let Some(whole) = number.as_i64() {
        return Some(whole.into());
    }
    if let Some(whole) = number.as_u64() {
        return Some(whole.into());
    }
    let span = &node.span;
    let text = span.source.text.get(span.start..span.end);
    if let Some(Ok(whole)) = text.map(str::parse::<i128>) {
        return Some(whole);
    }
    // A conversion of a float saturates, far beyond the range of all types.
    let number = number.as_f64()?;
    (number.fract() == 0.0).then_some(number as i128)
}

/// The keywords by which typify chooses a type, as it reads them: rounded to `f64`.
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

/// A type of integer.
#[derive(Clone, Copy)]
pub(super) struct Width {
    format: &'static str,
    rust: &'static str,
    not_zero: &'static str,
    /// The least value, as typify has it.
    low: f64,
    high: f64,
    pub(super) least: i128,
    pub(super) greatest: i128,
}

macro_rules! width_of {
    ($format:literal, $rust:ident, $not_zero:literal) => {
        Width {
            format: $format,
            rust: stringify!($rust),
            not_zero: $not_zero,
            low: $rust::MIN as f64,
            high: $rust::MAX as f64,
            least: $rust::MIN as i128,
            greatest: $rust::MAX as i128,
        }
    };
}

const INT64: Width = width_of!("int64", i64, "NonZeroU64");
const UINT64: Width = width_of!("uint64", u64, "NonZeroU64");

/// As typify has them, in its order.
const WIDTHS: [Width; 10] = [
    width_of!("int8", i8, "NonZeroU8"),
    width_of!("uint8", u8, "NonZeroU8"),
    width_of!("int16", i16, "NonZeroU16"),
    width_of!("uint16", u16, "NonZeroU16"),
    width_of!("int", i32, "NonZeroU32"),
    width_of!("int32", i32, "NonZeroU32"),
    width_of!("uint", u32, "NonZeroU32"),
    width_of!("uint32", u32, "NonZeroU32"),
    INT64,
    UINT64,
];

/// The type of a format.
fn width(format: &str) -> Option<Width> {
    WIDTHS.into_iter().find(|width| width.format == format)
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
