//! The list of all names that users of the crate write: methods and types, a line each. It is checked in, so that a name that changes is seen
//! in review as such, however large the diff of the code is.
//!
//! ```text
//! create_agent: POST /v1/agents/ (agents)
//! AgentState: struct (shared)
//! ```

use syn::{Fields, Item, ItemEnum};

use crate::model::{self, Model};
use crate::naming::UNTAGGED;

/// A method: what it sends, and the tags of its operation.
pub(super) fn of_method(method: &str, operation: &model::Operation) -> String {
    let tags = match operation.tags.as_slice() {
        [] => UNTAGGED.to_owned(),
        tags => tags.join(", "),
    };
    let stream = operation.event_stream.as_ref();
    let gives = if stream.is_some_and(|it| it.method == method || it.only) {
        ", events"
    } else if operation.pages_method().is_some_and(|it| it == method) {
        ", pages"
    } else {
        ""
    };
    format!(
        "{method}: {} {} ({tags}){gives}",
        operation.method, operation.path
    )
}

/// A type: what it is, and the module of its file. `None` for a module of helpers.
pub(super) fn of_type(name: &str, items: &[Item], module: &str, model: &Model) -> Option<String> {
    let schema = model.schemas.get(name);
    let what = match items.first()? {
        Item::Struct(item) if matches!(item.fields, Fields::Unnamed(_)) => "newtype",
        Item::Struct(_) if schema.is_none() => "parameters",
        Item::Struct(_) => "struct",
        Item::Type(_) => "alias",
        Item::Enum(item) => what(item),
        _ => return None,
    };
    Some(format!("{name}: {what} ({module})"))
}

/// Whether an enum has values or branches, and whether it keeps what the description does not know.
fn what(item: &ItemEnum) -> &'static str {
    let is_open = item
        .variants
        .iter()
        .any(|it| it.ident == "Unknown" && !matches!(it.fields, Fields::Unit));
    let mut own = item.variants.iter().filter(|it| it.ident != "Unknown");
    let has_values = own.all(|it| matches!(it.fields, Fields::Unit));
    match (has_values, is_open) {
        (true, true) => "open enum",
        (true, false) => "closed enum",
        (false, true) => "open union",
        (false, false) => "closed union",
    }
}
