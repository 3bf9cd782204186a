//! What lower rewrites, and what it refuses, by name.
//!
//! `--explain` prints the names of rewrites, and diagnostics have those of refusals. Each has a fixture in
//! `tests/fixtures/lower/`, and a test compares the two lists. For rewrites, another test checks the effect: it tries values on
//! a schema before and after.

/// What a rewrite does to the meaning of a schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// The same values are valid.
    Keeps,
    /// The same values are valid; something that was said to readers or tools is left out.
    Forgets,
    /// What was valid still is, and more is.
    Loosens,
    /// Less is valid: what can never be sent or received is left out.
    Narrows,
}

impl std::fmt::Display for Effect {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Keeps => "keeps the meaning",
            Self::Forgets => "keeps what is valid, forgets a note",
            Self::Loosens => "LOOSENS: more is valid",
            Self::Narrows => "NARROWS: what cannot be sent is left out",
        })
    }
}

/// A rewrite from OpenAPI 3.1 to 3.0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rewriting {
    /// Its name.
    pub name: &'static str,
    /// What it does.
    pub does: &'static str,
    /// What becomes of the meaning.
    pub effect: Effect,
}

/// A construct of OpenAPI 3.1 that 3.0 cannot say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Its name, as in `error[conditional]`.
    pub name: &'static str,
    /// What it refuses.
    pub refuses: &'static str,
}

macro_rules! rewritings {
    ($($constant:ident = $name:literal, $effect:ident: $does:literal;)*) => {
        $(pub(super) const $constant: Rewriting =
            Rewriting { name: $name, does: $does, effect: Effect::$effect };)*

        /// All rewrites.
        pub const REWRITINGS: &[Rewriting] = &[$($constant),*];
    };
}

macro_rules! refusals {
    ($($constant:ident = $name:literal: $refuses:literal;)*) => {
        $(pub(super) const $constant: Refusal = Refusal { name: $name, refuses: $refuses };)*

        /// All refusals.
        pub const REFUSALS: &[Refusal] = &[$($constant),*];
    };
}

rewritings! {
    VERSION = "version", Keeps: "the version becomes 3.0.3";
    NULL_BRANCH = "null-branch", Keeps: "a null branch becomes `nullable`, or is removed if the rest refuses null";
    NULL_TYPE = "null-type", Keeps: "null among the types or values becomes `nullable`, or is removed if the rest refuses null";
    ONLY_NULL = "only-null", Keeps: "`type: null` becomes an enum of null";
    TYPE_LIST = "type-list", Keeps: "a list of types becomes one type, or a `oneOf` of types";
    CONST = "const", Keeps: "`const` becomes an enum of one value";
    EXCLUSIVE_BOUND = "exclusive-bound", Keeps: "a numeric exclusive bound becomes a bound and a flag, or is removed if there is a stricter one";
    TUPLE = "tuple", Keeps: "`prefixItems` of one schema, or `items: false`, becomes `items` and `maxItems`";
    BOOLEAN_SCHEMA = "boolean-schema", Keeps: "a boolean in place of a schema becomes `{}` or `{not: {}}`";
    REF_SIBLINGS = "ref-siblings", Keeps: "a $ref with keywords next to it goes into an `allOf`";
    UNEVALUATED = "unevaluated", Keeps: "`unevaluatedProperties` becomes `additionalProperties` if nothing is combined";
    NO_EFFECT = "no-effect", Keeps: "a keyword that has no effect is removed";
    TITLE = "title", Forgets: "the title of an inline schema, which would name its type, is removed";
    EXAMPLES = "examples", Forgets: "the first of a schema's examples stays";
    COMMENT = "comment", Forgets: "a comment or an anchor is removed";
    CONTENT = "content", Forgets: "what is said of the content of a text is removed, which no validator looks at; a file that is sent gets `format: binary`";
    DEFINITIONS = "definitions", Forgets: "`$defs` are removed; a $ref to one is an error of the lint stage";
    OUTER_NOTE = "outer-note", Forgets: "of two notes, on a schema and on its only branch, the outer stays";
    DEFAULT = "default", Forgets: "a default that does not fit its schema is removed";
    REF_NOTE = "ref-note", Forgets: "a summary or description next to a $ref is removed";
    DOCUMENT_NOTE = "document-note", Forgets: "the summary of the description, the license's identifier and the usual dialect are removed";
    NULLABLE = "nullable", Loosens: "`nullable`, which 3.1 does not have, is taken as meant: true allows null, false is removed";
    PARAMETER_NULL = "parameter-null", Narrows: "a header or path parameter may not be null, which cannot be written there";
}

refusals! {
    SCHEMA_FORM = "schema-form": "an invalid schema or list of schemas";
    TYPE_NAMES = "type-names": "an invalid list of types";
    NULL_EXCLUDED = "null-excluded": "a null branch that leaves unclear whether null is valid, or that makes it invalid";
    BOUND_FORM = "bound-form": "an exclusive bound that is not a number";
    CONST_CONFLICT = "const-conflict": "a `const` that is not in its enum";
    TUPLE_ITEMS = "tuple-items": "`prefixItems` that differ";
    NEGATED = "negated": "what would be loosened within `not`";
    CONDITIONAL = "conditional": "`if`, `then`, `else`";
    PATTERN_PROPERTIES = "pattern-properties": "`patternProperties` and `propertyNames`";
    DEPENDENT = "dependent": "`dependentSchemas` and `dependentRequired`";
    CONTAINS = "contains": "`contains`";
    UNEVALUATED_KEYWORDS = "unevaluated-keywords": "`unevaluatedProperties` and `unevaluatedItems` together with what combines";
    DYNAMIC_REF = "dynamic-ref": "`$dynamicRef` and its kin, and `$id`";
    DIALECT = "dialect": "another dialect of JSON Schema";
    WEBHOOKS = "webhooks": "`webhooks`";
    PATH_ITEMS = "path-items": "path items among the components";
    NESTING = "nesting": "schemas in schemas, too deep";
}
