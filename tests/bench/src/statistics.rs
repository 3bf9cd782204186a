//! What many rounds come to.

use serde::{Deserialize, Serialize};

/// The median of some measurements, and the quartiles below and above it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Spread {
    /// In the middle.
    pub median: f64,
    /// A quarter of them is below.
    pub low: f64,
    /// A quarter of them is above.
    pub high: f64,
}

impl Spread {
    /// Of at least one measurement.
    ///
    /// # Panics
    ///
    /// Where there is none.
    #[must_use]
    pub fn of(values: impl IntoIterator<Item = f64>) -> Self {
        let mut values: Vec<f64> = values.into_iter().collect();
        assert!(!values.is_empty(), "nothing was measured");
        values.sort_by(f64::total_cmp);
        // Between the two nearest, as most programs do (type 7 of Hyndman and Fan).
        let quantile = |share: f64| {
            let place = share * (values.len() - 1) as f64;
            let (below, above) = (
                values[place.floor() as usize],
                values[place.ceil() as usize],
            );
            below + (above - below) * place.fract()
        };
        Self {
            median: quantile(0.5),
            low: quantile(0.25),
            high: quantile(0.75),
        }
    }

    /// How many times as much as another was measured, round by round: what slows a whole round slows both.
    ///
    /// # Panics
    ///
    /// Where there were no rounds, or one of them has more.
    #[must_use]
    pub fn of_ratios(values: &[f64], others: &[f64]) -> Self {
        assert_eq!(values.len(), others.len(), "a round has both");
        Self::of(
            values
                .iter()
                .zip(others)
                .map(|(value, other)| value / other),
        )
    }

    /// As a cell of a table: the median, and the quartiles in brackets.
    #[must_use]
    pub fn show(&self, digits: usize) -> String {
        let Self { median, low, high } = self;
        if format!("{low:.digits$}") == format!("{high:.digits$}") {
            return format!("{median:.digits$}");
        }
        format!("{median:.digits$} ({low:.digits$}–{high:.digits$})")
    }
}

/// A number with about three digits, and a thin space between thousands.
#[must_use]
pub fn number(value: f64) -> String {
    let digits = match value.abs() {
        value if value >= 99.95 => 0,
        value if value >= 9.995 => 1,
        _ => 2,
    };
    let text = format!("{value:.digits$}");
    let (whole, fraction) = text.split_at(text.find('.').unwrap_or(text.len()));
    let mut grouped = String::new();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && digit.is_ascii_digit() && (whole.len() - index) % 3 == 0 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped + fraction
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_spread_of_rounds_is_their_quartiles() {
        let spread = Spread::of([4.0, 1.0, 3.0, 2.0, 5.0]);
        assert_eq!((spread.low, spread.median, spread.high), (2.0, 3.0, 4.0));
        let spread = Spread::of([1.0, 2.0]);
        assert_eq!((spread.low, spread.median, spread.high), (1.25, 1.5, 1.75));
        assert_eq!(Spread::of([7.0]).show(1), "7.0");
        assert_eq!(Spread::of([1.0, 2.0]).show(2), "1.50 (1.25–1.75)");
    }

    #[test]
    fn a_ratio_is_of_what_was_measured_in_one_round() {
        let spread = Spread::of_ratios(&[10.0, 200.0], &[5.0, 100.0]);
        assert_eq!((spread.low, spread.median, spread.high), (2.0, 2.0, 2.0));
    }

    #[test]
    fn numbers_are_short() {
        for (value, text) in [
            (0.0, "0.00"),
            (1.234, "1.23"),
            (12.34, "12.3"),
            (999.6, "1,000"),
            (1_234_567.8, "1,234,568"),
            (-1_234.0, "-1,234"),
        ] {
            assert_eq!(number(value), text);
        }
    }
}
