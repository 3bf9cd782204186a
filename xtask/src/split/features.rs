//! Features: an application compiles the operations whose tags it names.
//!
//! The tag `clientSideAccessTokens` is the feature `client-side-access-tokens`. Its description becomes the comment in the manifest.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Attribute, Meta};

use crate::markdown;
use crate::model::{self, Model};
use crate::naming::{FULL, UNTAGGED, feature_name};
use crate::template::template;

/// A feature of the generated crate.
#[derive(Debug, PartialEq, Eq)]
pub struct Feature {
    /// Its name.
    pub name: String,
    /// What it is for, in a line.
    pub doc: String,
}

/// The features of an operation, that of its first tag first. Two tags may have the same feature, which is listed once.
pub(super) fn of_operation(operation: &model::Operation) -> Vec<String> {
    if operation.tags.is_empty() {
        return vec![UNTAGGED.to_owned()];
    }
    let mut features = Vec::new();
    for tag in &operation.tags {
        let feature = feature_name(tag);
        if !features.contains(&feature) {
            features.push(feature);
        }
    }
    features
}

/// All features of a description, by name. A tag that no operation has becomes none: the feature would turn nothing on.
pub(super) fn all(model: &Model) -> Vec<Feature> {
    let mut features: BTreeMap<String, String> = BTreeMap::new();
    for operation in model.operations.values() {
        for tag in &operation.tags {
            let described = model.tag_descriptions.get(tag);
            let doc = described.and_then(|text| first_sentence(text));
            features.entry(feature_name(tag)).or_insert_with(|| {
                doc.unwrap_or_else(|| format!("The operations tagged {}.", markdown::code(tag)))
            });
        }
        if operation.tags.is_empty() {
            features
                .entry(UNTAGGED.to_owned())
                .or_insert_with(|| "The operations without a tag.".to_owned());
        }
    }
    let feature = |(name, doc)| Feature { name, doc };
    features.into_iter().map(feature).collect()
}

/// The first sentence of a text, in one line: it becomes a comment in a manifest.
fn first_sentence(text: &str) -> Option<String> {
    let text = markdown::plain(text);
    let end = [". ", "! ", "? "]
        .iter()
        .filter_map(|end| text.find(end))
        .min();
    let sentence = end.map_or(text.as_str(), |end| &text[..=end]);
    (!sentence.is_empty()).then(|| sentence.to_owned())
}

/// A line of an item's inner documentation that is there if any of these features is on, and if another condition holds.
pub(super) fn documented(
    features: &BTreeSet<String>,
    condition: Option<&TokenStream>,
    line: &str,
) -> TokenStream {
    match (gate(features).meta, condition) {
        (Meta::List(gate), None) => {
            let gate = gate.tokens;
            quote!(#![cfg_attr(#gate, doc = #line)])
        }
        (Meta::List(gate), Some(condition)) => {
            let gate = gate.tokens;
            quote!(#![cfg_attr(all(#gate, #condition), doc = #line)])
        }
        _ => quote!(#![doc = #line]),
    }
}

/// The attribute for code that any of these features turns on. If there are none, only `full` does.
pub(super) fn gate(features: &BTreeSet<String>) -> Attribute {
    let names: Vec<&String> = features.iter().collect();
    let mut attr = template!(Attribute: { #[cfg()] });
    if let Meta::List(list) = &mut attr.meta {
        list.tokens = match names.as_slice() {
            [] => quote!(feature = #FULL),
            [one] => quote!(feature = #one),
            several => quote!(any(#(feature = #several),*)),
        };
    }
    attr
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_feature_is_documented_by_one_sentence_in_one_line() {
        for (text, sentence) in [
            ("Things.\nAnd more.", Some("Things.")),
            (
                "Things of v1.2 and\n  others",
                Some("Things of v1.2 and others"),
            ),
            ("Is it? Yes.", Some("Is it?")),
            (" \n", None),
        ] {
            assert_eq!(first_sentence(text).as_deref(), sentence, "{text:?}");
        }
    }
}
