//! What was rewritten, for the maintainer to read.

use std::fmt::Write as _;

use super::rules::REWRITINGS;
use super::{Lowered, Rewrite};
use crate::told::count;
use crate::visible::visible;

impl Lowered {
    /// One line, if anything was rewritten.
    pub fn summary(&self) -> Option<String> {
        match self.rewrites.len() {
            0 => None,
            1 => Some("lowered from OpenAPI 3.1: 1 rewrite (--explain lists it)".to_owned()),
            count => Some(format!(
                "lowered from OpenAPI 3.1: {count} rewrites (--explain lists them)"
            )),
        }
    }

    /// How often each rule was followed, what it does and what becomes of the meaning; and each place.
    pub fn explain(&self) -> String {
        if self.rewrites.is_empty() {
            return "nothing was lowered: the description is not in OpenAPI 3.1".to_owned();
        }
        let of = |name: &str| -> Vec<&Rewrite> {
            let all = self.rewrites.iter();
            all.filter(|rewrite| rewrite.rule.name == name).collect()
        };
        let mut text = format!(
            "lowered from OpenAPI 3.1: {}\n",
            count(self.rewrites.len(), "rewrite")
        );
        let mut places = String::new();
        for rule in REWRITINGS {
            let found = of(rule.name);
            if found.is_empty() {
                continue;
            }
            // Writing to a string cannot fail.
            let _ = writeln!(
                text,
                "{:>7}  {}: {} ({})",
                found.len(),
                rule.name,
                rule.does,
                rule.effect
            );
            let _ = writeln!(places, "\n{}:", rule.name);
            for rewrite in found {
                let place = rewrite.span.place();
                let _ = writeln!(places, "  {place} {}", rewrite.pointer);
            }
        }
        text.push_str(places.trim_end());
        // A pointer holds names of the description's.
        visible(&text).into_owned()
    }
}
