//! What is said of a method, beyond what progenitor writes.

use syn::ImplItemFn;

use super::docs;
use crate::model::Operation;

/// Says more of a method, before the line that names its request.
pub(super) fn insert(method: &mut ImplItemFn, paragraph: &str) {
    let text = docs::take(&mut method.attrs);
    let at = match text.starts_with("Sends a `") {
        true => Some(0),
        false => text.rfind("\nSends a `").map(|at| at + 1),
    };
    let text = match at {
        Some(at) => {
            let (before, after) = (text[..at].trim_end(), &text[at..]);
            format!("{before}\n\n{paragraph}\n\n{after}")
        }
        None => format!("{text}\n\n{paragraph}"),
    };
    docs::tidy(&mut method.attrs, || text);
}

/// Writes the list of arguments anew, for those that the method has now. Those in `more` come last.
pub(super) fn list_arguments(
    method: &mut ImplItemFn,
    operation: &Operation,
    more: &[(&str, &str)],
) {
    let mut text = docs::take(&mut method.attrs);
    // It stands at the end, where it is.
    if let Some(at) = text.rfind("\nArguments:\n") {
        text.truncate(at);
    }
    let lines: Vec<String> = method
        .sig
        .inputs
        .iter()
        .filter_map(|input| match input {
            syn::FnArg::Typed(argument) => match &*argument.pat {
                syn::Pat::Ident(pat) => Some(pat.ident.to_string()),
                _ => None,
            },
            syn::FnArg::Receiver(_) => None,
        })
        .filter_map(|argument| {
            let parameter = operation
                .parameters
                .iter()
                .find(|it| it.argument == argument);
            let said = parameter.and_then(|it| it.description.as_deref());
            let made = more.iter().find(|(name, _)| *name == argument);
            let said = said.or(made.map(|(_, said)| *said))?;
            Some(format!("- `{argument}`: {said}"))
        })
        .collect();
    if !lines.is_empty() {
        text = format!("{}\n\nArguments:\n{}", text.trim_end(), lines.join("\n"));
    }
    docs::tidy(&mut method.attrs, || text);
}
