//! The extensions (`x-…`) of a description that mean something here: all of them, and no other file spells one out.
//!
//! Three kinds. *Markers* (`x-codegen-…`) come from the overlay and say what is wanted of the generator. *Notes*
//! (`x-made-…`) are written by the arrange stage for the stages after it. *Foreign* ones belong to other tools.
//!
//! Maintainers write the names of markers. So a new one needs a line here, a lint that says where it may be
//! (`lint/markers.rs`), and a line in `DESIGN.md`.

/// Vendor extensions that begin so are ours. No others may begin so.
pub const MARKER_PREFIX: &str = "x-codegen-";
/// On an enum or a union: keep values that the description does not know.
pub const OPEN: &str = "x-codegen-open";
/// On a component schema: the hand-written Rust type to use in its place.
pub const REPLACE: &str = "x-codegen-replace";
/// On any schema: keywords that the generator should not see. On the description itself: the same for all schemas.
pub const IGNORE: &str = "x-codegen-ignore";
/// On a property, or on a parameter that may be left out: `Debug` does not show it.
pub const SENSITIVE: &str = "x-codegen-sensitive";
/// On an enum: names of its variants, in order. The name is one that many generators know.
pub const VARIANT_NAMES: &str = "x-enum-varnames";
/// On a schema, with a name or without: the name of its type.
pub const NAME: &str = "x-codegen-name";
/// On a property, or on a parameter that is not in the path: the name of its field, or of its argument. What goes over the wire stays.
pub const FIELD: &str = "x-codegen-field";
/// On an operation: whether a call whose outcome is unknown may be sent again without harm.
pub const SAFE_TO_REPEAT: &str = "x-codegen-safe-to-repeat";
/// On an operation that answers with JSON or server-sent events: what the method for the events is called.
pub const EVENT_METHOD: &str = "x-codegen-event-method";
/// On an operation with a method for events: the member of the request body by which the service is asked for events. Each method sets it, and the caller does not.
pub const EVENT_PIN: &str = "x-codegen-event-pin";
/// On the same: there is no method for JSON. The one for events has the operation's name.
pub const EVENT_ONLY: &str = "x-codegen-event-only";
/// On the description: the data of the event that ends a stream.
pub const EVENT_END: &str = "x-codegen-event-end";
/// On the description: all operations have letta-api's `ServiceError` as the body of an error of any status.
pub const ONE_ERROR: &str = "x-codegen-one-error";
/// On a property that is not required: what answers do about it, although the description does not say so. See [`EXPECTED`] and
/// [`REQUIRED`].
pub const IN_ANSWERS: &str = "x-codegen-in-answers";
/// A value of [`IN_ANSWERS`]: answers have the property. One that lacks it is read nevertheless, with the type's default.
pub const EXPECTED: &str = "expected";
/// A value of [`IN_ANSWERS`]: an answer without the property is refused.
pub const REQUIRED: &str = "required";
/// On an operation: what its method gives for a success. See [`NOTHING`].
pub const ANSWER: &str = "x-codegen-answer";
/// On an operation: the names that JSON has in its successes, if not `application/json`.
pub const ACCEPTS: &str = "x-made-accepts";
/// On an operation: the name that its JSON body is sent under, if not `application/json`.
pub const CONTENT_TYPE: &str = "x-made-content-type";
/// On an operation that lists something in pages: how they follow each other. Its forms are in `openapi/pages.rs`.
pub const PAGES: &str = "x-codegen-pages";
/// The value of [`ANSWER`]: nothing, whatever the service sends.
pub const NOTHING: &str = "nothing";
/// On the description: which operations have code. Its form is in `select.rs`.
pub const OPERATIONS: &str = "x-codegen-operations";

/// On an action of an overlay, and in `include` or `exclude` of [`OPERATIONS`]: it is no error if the target, or a pattern, matches nothing.
pub const MAY_MATCH_NOTHING: &str = "x-codegen-may-match-nothing";

/// Extensions that begin so say why something is deprecated, or what takes its place. Many descriptions have one.
pub const DEPRECATION: &str = "x-deprecat";
/// Extensions that progenitor and typify act on by themselves, in ways that the other stages do not know.
pub const FOREIGN: [&str; 3] = [
    "x-rust-type",
    "x-dropshot-pagination",
    "x-dropshot-websocket",
];

/// Extensions that begin so are notes of the arrange stage for those after it. In a description that comes from outside
/// they mean nothing, and the stage takes them out.
pub const MADE: &str = "x-made-";
/// On an operation that answers with JSON or a stream of events: the `method` for the stream, and perhaps the
/// component schema of an `event`, the `switch` by which the request body asks for it, and the member that each method `pins`.
/// `only`: there is no method for JSON.
pub const EVENT_STREAM: &str = "x-made-event-stream";
/// On an operation: its request body may be left out.
pub const OPTIONAL_BODY: &str = "x-made-optional-body";
/// On an operation and on the schema of its request body: the body is sent as `multipart/form-data`.
pub const UPLOAD: &str = "x-made-upload";
/// On a parameter: how it is written, if that is not the default of its place. `deep`, `comma`, `pipe`, `space` or `json` in a
/// query, or `reserved`; `comma`, `pairs` or `json` in a header, or `cookie`; `comma` or `pairs` in a path.
pub const STYLE: &str = "x-made-style";
/// On an operation that lists something in pages: what the service takes for the parameter that says the order, if it is left out.
pub const DEFAULT_ORDER: &str = "x-made-default-order";
/// On a schema that has been moved: the JSON pointer to its original place, for actions of the overlay.
pub const FROM: &str = "x-made-from";
/// On a component with [`FROM`]: the JSON pointers to the other places that said the same.
pub const ALSO_FROM: &str = "x-made-also-from";
/// On a component that has another name than the description gives it: that one.
pub const RENAMED: &str = "x-made-renamed";
/// On a component that was a schema without a name: why it has its name. See [`GIVEN`], [`PLACE`] and [`NUMBER`].
pub const NAMED: &str = "x-made-named";
/// A value of [`NAMED`]: the overlay says so.
pub const GIVEN: &str = "given";
/// A value of [`NAMED`]: it is made of the first place that has the schema.
pub const PLACE: &str = "place";
/// A value of [`NAMED`]: the same, and a number, since that name was taken.
pub const NUMBER: &str = "number";
/// On an object: its properties that are not sent.
pub const NOT_SENT: &str = "x-made-not-sent";
/// On an object that is sent and received: its properties that requests must have, and answers do not have.
pub const REQUIRED_TO_SEND: &str = "x-made-required-to-send";
/// On an object that is sent and received: its properties that every answer has, and requests do not have.
pub const REQUIRED_IN_ANSWERS: &str = "x-made-required-in-answers";
/// On a component: it is a union, and how its branches differ.
///
/// - `open`: whether it keeps what it does not know.
/// - `tag`: the property that distinguishes objects, if there is one.
/// - `branches`, of each:
///   - `field`: the field of [`branches_of`] the component that has its type;
///   - `variant`: the name of its variant, and `boxed`: whether that is boxed;
///   - `kinds`: the kinds of JSON that it may be;
///   - `tags`: the values of the tag that lead to it;
///   - `texts`: its values, if it is an enum;
///   - `required`: its required properties, and `in_answers`: those that are required in answers only.
pub const UNION: &str = "x-made-union";
/// On a component whose fields have the types of a union's branches: the original places of those.
pub const BRANCHES_FROM: &str = "x-made-branches-from";
/// On a property: a text, a number or a truth value that is this, or something that the description does not know.
pub const CONSTANT: &str = "x-made-constant";
/// On a number or a truth value: the few values that it may have, or something that the description does not know.
pub const VALUES: &str = "x-made-values";
/// On a property with [`CONSTANT`]: the description does not require it.
pub const OPTIONAL_CONSTANT: &str = "x-made-optional-constant";
/// On a component: the name of a field for members that the description does not know.
pub const KEEPS_UNKNOWN: &str = "x-made-keeps-unknown";

/// The component whose fields have the types of the branches of this union.
pub fn branches_of(union: &str) -> String {
    format!("branches-of-{union}")
}

/// The union that has this component for its branches, as [`branches_of`] names it.
pub fn union_of(component: &str) -> Option<&str> {
    component.strip_prefix("branches-of-")
}

/// Whether a member of any object is an extension. OpenAPI lets anyone add those, and gives them no meaning.
pub fn is_extension(key: &str) -> bool {
    key.starts_with("x-")
}
