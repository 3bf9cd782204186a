//! Exclusive bounds: numbers in 3.1, a flag next to the bound in 3.0.
//!
//! `exclusiveMinimum: 5` becomes `minimum: 5` and `exclusiveMinimum: true`. With `minimum: 7` next to it, the
//! exclusive bound is removed, since 7 is stricter. With `minimum: 3`, the 5 takes its place.

use std::cmp::Ordering;

use serde_json::Number;

use super::Lowering;
use super::draft::Draft;
use super::rules;
use crate::openapi::{Entry, Node, Value};

/// Of two bounds the stricter one stays: a value must pass both. Of two that are equal, the exclusive one is stricter.
pub(super) fn lower(lowering: &mut Lowering<'_>, draft: &mut Draft) {
    for (exclusive, plain, stricter) in [
        ("exclusiveMinimum", "minimum", Ordering::Greater),
        ("exclusiveMaximum", "maximum", Ordering::Less),
    ] {
        let bound = match draft.get(exclusive).map(|it| &it.value) {
            None | Some(Value::Null) => continue,
            Some(Value::Number(bound)) => bound.clone(),
            Some(other) => {
                let message = format!("`{exclusive}` is a number in OpenAPI 3.1");
                // `true` is how OpenAPI 3.0 says that the bound is excluded.
                let update = match (other, draft.get(plain).map(|it| &it.value)) {
                    (Value::Bool(true), Some(Value::Number(bound))) => {
                        format!("{exclusive}: {bound}")
                    }
                    _ => format!("x-codegen-ignore: [{exclusive}]"),
                };
                let help = format!(
                    "write the bound, or leave it out, with {}",
                    lowering.update(&draft.at, &update)
                );
                let at = draft.at.join(exclusive);
                lowering.refuse(rules::BOUND_FORM, &at, message, help);
                continue;
            }
        };
        let other = match draft.get(plain).map(|it| &it.value) {
            Some(Value::Number(other)) => Some(other.clone()),
            _ => None,
        };
        let Some(Entry { key, node }) = draft.take(exclusive) else {
            continue;
        };
        lowering.count(rules::EXCLUSIVE_BOUND, &draft.at.join(exclusive));
        if other.is_some_and(|other| compare(&other, &bound) == stricter) {
            continue;
        }
        draft.put(plain, Value::Number(bound), &node.span);
        let flag = Node {
            value: Value::Bool(true),
            span: node.span,
        };
        let flag = Entry { key, node: flag };
        draft.members.insert(exclusive.to_owned(), flag);
    }
}

/// Numbers are compared exactly. Rounded, two bounds that differ by one near 2^63 would be equal.
fn compare(left: &Number, right: &Number) -> Ordering {
    let whole = |number: &Number| {
        number
            .as_i64()
            .map(i128::from)
            .or_else(|| number.as_u64().map(i128::from))
    };
    let real = |number: &Number| number.as_f64().unwrap_or(f64::NAN);
    match (whole(left), whole(right)) {
        (Some(left), Some(right)) => left.cmp(&right),
        (Some(left), None) => against(left, real(right)),
        (None, Some(right)) => against(right, real(left)).reverse(),
        (None, None) => real(left).total_cmp(&real(right)),
    }
}

/// Compares a whole number with a fraction, without rounding the whole number.
fn against(whole: i128, real: f64) -> Ordering {
    // A float beyond the range of `i128` becomes its largest or smallest value. Both are far beyond the 64 bits of `whole`.
    // If the floor is equal, the fraction is what is left to compare.
    whole
        .cmp(&(real.floor() as i128))
        .then(if real.fract() == 0.0 {
            Ordering::Equal
        } else {
            Ordering::Less
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_compared_without_rounding() {
        let numbers = [
            "-1e300",
            "-9223372036854775808",
            "-1.5",
            "-1",
            "-0.5",
            "0",
            "0.5",
            "1",
            "1.5",
            "2",
            "9007199254740992.0",
            "9007199254740993",
            "18446744073709551615",
            "1e300",
        ];
        let numbers: Vec<Number> = numbers
            .iter()
            .map(|text| serde_json::from_str(text).unwrap())
            .collect();
        for (i, left) in numbers.iter().enumerate() {
            for (j, right) in numbers.iter().enumerate() {
                assert_eq!(compare(left, right), i.cmp(&j), "{left} and {right}");
            }
        }
        let one = |text: &str| serde_json::from_str::<Number>(text).unwrap();
        assert_eq!(compare(&one("1"), &one("1.0")), Ordering::Equal);
    }
}
