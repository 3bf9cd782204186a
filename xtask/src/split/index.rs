//! The index of the types: for each tag, what its methods take and give. Without it, the page of the types would be one long list in
//! alphabetical order.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::visit::Visit;
use syn::{FnArg, ImplItemFn, Path, ReturnType, Type};

use super::features::{self, Feature};
use crate::markdown;
use crate::naming::{TYPES, UNTAGGED};

/// The methods of each feature, in the order in which they are added.
#[derive(Default)]
pub(super) struct Index {
    tags: BTreeMap<String, Vec<Row>>,
}

/// What is said of a method.
struct Row {
    features: BTreeSet<String>,
    /// What else the method needs.
    condition: Option<TokenStream>,
    text: String,
}

impl Index {
    /// Adds a method to the file of a tag.
    pub(super) fn add(&mut self, file: &str, features: &BTreeSet<String>, method: &ImplItemFn) {
        let mut takes = Names::default();
        let signature = &method.sig;
        for argument in &signature.inputs {
            if let FnArg::Typed(argument) = argument {
                takes.visit_type(&argument.ty);
            }
        }
        let mut gives = Names::default();
        let mut form = "";
        if let ReturnType::Type(_, output) = &signature.output {
            gives.visit_type(output);
            form = form_of(output);
        }
        let gives = gives.links();
        let form = if gives.is_empty() { "" } else { form };
        let name = &signature.ident;
        let text = format!(
            " | [`{name}`](crate::Client::{name}) | {} | {form}{gives} |",
            takes.links()
        );
        let condition = method.attrs.iter().find(|it| it.path().is_ident("cfg"));
        let condition = condition.and_then(|it| it.meta.require_list().ok());
        let rows = self.tags.entry(file.to_owned()).or_default();
        rows.push(Row {
            features: features.clone(),
            condition: condition.map(|it| it.tokens.clone()),
            text,
        });
    }

    /// The documentation, as attributes of the module of the types. A line is there if its operation is, so that no link is broken.
    pub(super) fn attributes(&self, all: &[Feature]) -> TokenStream {
        let mut lines = TokenStream::new();
        for (file, rows) in &self.tags {
            let any: BTreeSet<String> = rows.iter().flat_map(|it| it.features.clone()).collect();
            let title = match file.as_str() {
                UNTAGGED => " # Without a tag".to_owned(),
                file => format!(" # `{file}`"),
            };
            let about = all.iter().find(|it| it.name == *file);
            let about = about.map_or_else(String::new, |it| markdown::docs(&it.doc));
            let about: Vec<String> = about.lines().map(|it| format!(" {it}")).collect();
            let mut head = vec!["", title.as_str(), ""];
            head.extend(about.iter().map(String::as_str));
            head.extend(["", " | method | takes | gives |", " |---|---|---|"]);
            for line in head {
                lines.extend(features::documented(&any, None, line));
            }
            for row in rows {
                let condition = row.condition.as_ref();
                lines.extend(features::documented(&row.features, condition, &row.text));
            }
        }
        lines
    }
}

/// In what form a method gives what it does, for the reader.
fn form_of(output: &Type) -> &'static str {
    let text = output.to_token_stream().to_string();
    // As generated code writes them.
    if text.starts_with("Pages <") {
        "pages of "
    } else if text.contains("ResponseValue < EventStream <") {
        "events: "
    } else if text.contains("ResponseValue < :: std :: vec :: Vec <") {
        "a list of "
    } else {
        ""
    }
}

/// The names of generated types, each once.
#[derive(Default)]
struct Names(Vec<String>);

impl Names {
    fn links(&self) -> String {
        let links = self.0.iter();
        let links: Vec<String> = links
            .map(|name| format!("[`{name}`](crate::{TYPES}::{name})"))
            .collect();
        links.join(", ")
    }
}

impl Visit<'_> for Names {
    fn visit_path(&mut self, path: &Path) {
        let segments: Vec<String> = path
            .segments
            .iter()
            .map(|it| it.ident.to_string())
            .collect();
        if let [.., module, name] = segments.as_slice()
            && module == TYPES
            && !self.0.contains(name)
        {
            self.0.push(name.clone());
        }
        syn::visit::visit_path(self, path);
    }
}
