//! What is said of a method: the description's own words, and ours. What the generator writes is not used, for it puts
//! the description's text among its own as it is.

use syn::ImplItemFn;

use super::docs;
use crate::markdown;
use crate::model::Operation;

/// The documentation of a method, until all is known that is to be said.
#[derive(Clone, Default)]
pub(super) struct MethodDocs {
    /// Paragraphs of ours, before the one that names the request.
    pub(super) paragraphs: Vec<String>,
    /// Arguments that are not parameters of the operation, and what is said of each.
    pub(super) more_arguments: Vec<(String, String)>,
}

impl MethodDocs {
    /// Writes it on the method, for the arguments that it has now. Those in `more_arguments` come last.
    pub(super) fn write(&self, method: &mut ImplItemFn, operation: &Operation) {
        let mut blocks = Vec::new();
        let summary = operation.summary.as_deref().map(markdown::docs);
        // A title ends without a full stop.
        let summary = summary.map(|it| it.trim_end_matches(['.', ',']).to_owned());
        blocks.extend(summary);
        blocks.extend(operation.description.as_deref().map(markdown::docs));
        blocks.extend(self.paragraphs.iter().cloned());
        let (verb, path) = (&operation.method, markdown::code(&operation.path));
        blocks.push(format!("Sends a `{verb}` request to {path}"));
        blocks.extend(self.arguments(method, operation));
        blocks.retain(|block| !block.is_empty());
        method.attrs.retain(|attr| !attr.path().is_ident("doc"));
        docs::set(&mut method.attrs, &blocks.join("\n\n"));
    }

    fn arguments(&self, method: &ImplItemFn, operation: &Operation) -> Option<String> {
        let names = method.sig.inputs.iter().filter_map(|input| match input {
            syn::FnArg::Typed(argument) => match &*argument.pat {
                syn::Pat::Ident(pat) => Some(pat.ident.to_string()),
                _ => None,
            },
            syn::FnArg::Receiver(_) => None,
        });
        let lines: Vec<String> = names
            .filter_map(|argument| {
                let head = markdown::code(&argument);
                let parameter = operation
                    .parameters
                    .iter()
                    .find(|it| it.argument == argument);
                if let Some(said) = parameter.and_then(|it| it.said()) {
                    return Some(markdown::item(&head, &said));
                }
                let made = &self.more_arguments;
                let (_, said) = made.iter().find(|(name, _)| *name == argument)?;
                Some(format!("- {head}: {said}"))
            })
            .collect();
        (!lines.is_empty()).then(|| format!("Arguments:\n{}", lines.join("\n")))
    }
}
