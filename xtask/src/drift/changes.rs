//! What may differ, by name, and whether it breaks users of the SDK.

pub use crate::openapi::Uses;

/// When a change breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Breaks {
    /// Not at all.
    Never,
    /// If the schema is sent, whether or not it is received as well.
    Requests,
    /// Wherever it is.
    Always,
}

/// A kind of difference: what changes for users if ours were made to say what OTHER says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    /// Its name, as in `breaking[field-removed]`. Names are stable.
    pub name: &'static str,
    /// When it breaks.
    pub breaks: Breaks,
    /// What it is, and why it breaks or does not.
    pub means: &'static str,
}

impl Change {
    /// Whether it breaks a schema with these uses.
    pub fn is_breaking(self, uses: Uses) -> bool {
        match self.breaks {
            Breaks::Never => false,
            Breaks::Requests => uses.request,
            Breaks::Always => true,
        }
    }
}

macro_rules! changes {
    ($($constant:ident = $name:literal, $breaks:ident: $means:literal;)*) => {
        $(pub(super) const $constant: Change =
            Change { name: $name, breaks: Breaks::$breaks, means: $means };)*

        /// All kinds of differences.
        pub const CHANGES: &[Change] = &[$($constant),*];
    };
}

changes! {
    OPERATION_ADDED = "operation-added", Never: "an operation that ours lacks";
    OPERATION_REMOVED = "operation-removed", Always: "an operation that OTHER lacks; its method is removed";
    PATH_SPELLING = "path-spelling", Never: "the path ends in a slash in one of the two; the method stays the same";
    OPERATION_ID = "operation-id", Always: "another operationId, and so another name of the method";
    DEPRECATED = "deprecated", Never: "the mark `deprecated` comes or goes";
    SECURITY = "security", Always: "other credentials are asked for";

    PARAMETER_ADDED = "parameter-added", Never: "an optional parameter that ours lacks";
    REQUIRED_PARAMETER_ADDED = "required-parameter-added", Always: "a required parameter that ours lacks: calls without it are refused";
    PARAMETER_REMOVED = "parameter-removed", Always: "a parameter that OTHER lacks";
    PARAMETER_REQUIRED = "parameter-required", Always: "an optional parameter becomes required";
    PARAMETER_OPTIONAL = "parameter-optional", Always: "a required parameter becomes optional: its type gains `Option`";
    PARAMETER_STYLE = "parameter-style", Never: "a parameter is written in another way; the method stays the same";

    BODY_ADDED = "body-added", Never: "an optional request body that ours lacks";
    REQUIRED_BODY_ADDED = "required-body-added", Always: "a required request body that ours lacks";
    BODY_REMOVED = "body-removed", Always: "a request body that OTHER lacks";
    BODY_REQUIRED = "body-required", Always: "an optional request body becomes required";
    BODY_OPTIONAL = "body-optional", Never: "a required request body becomes optional; the client still sends it";

    RESPONSE_ADDED = "response-added", Never: "a status that ours lacks, whose answer does not decide the method's type";
    FIRST_RESPONSE_ADDED = "first-response-added", Always: "a status that ours lacks, with the first body of all successes or of all errors: the method's type changes";
    RESPONSE_REMOVED = "response-removed", Always: "a success that OTHER lacks, or the only error with a body";
    ERROR_RESPONSE_REMOVED = "error-response-removed", Never: "an error that OTHER lacks; the method's type stays";
    ANSWER_BODY_ADDED = "answer-body-added", Always: "an answer has a body that ours lacks: the method's type changes";
    ANSWER_BODY_REMOVED = "answer-body-removed", Always: "an answer lacks the body that ours has";
    HEADER_ADDED = "header-added", Never: "a header of an answer that ours lacks";
    HEADER_REMOVED = "header-removed", Always: "a header of an answer that OTHER lacks";
    HEADER_REQUIRED = "header-required", Never: "a header of an answer becomes required, or optional; headers have no types here";
    MEDIA_TYPE_ADDED = "media-type-added", Never: "another media type in addition to ours";
    MEDIA_TYPE_REMOVED = "media-type-removed", Always: "a media type that OTHER lacks";

    FIELD_ADDED = "field-added", Never: "an optional field that ours lacks; structs are `#[non_exhaustive]`";
    REQUIRED_FIELD_ADDED = "required-field-added", Requests: "a required field that ours lacks: requests without it are refused, and `new` asks for it";
    FIELD_REMOVED = "field-removed", Always: "a field that OTHER lacks";
    FIELD_REQUIRED = "field-required", Always: "an optional field becomes required: requests without it are refused, and its type loses `Option`";
    FIELD_OPTIONAL = "field-optional", Always: "a required field becomes optional: its type gains `Option`, and `new` no longer asks for it";
    NULL = "null", Always: "null becomes or stops being valid: the type gains or loses `Option`";
    NULL_OF_OPTIONAL = "null-of-optional", Never: "null becomes or stops being valid for an optional field, which is an `Option` in any case";
    DEFAULT = "default", Never: "another default; the type stays";
    FIELD_DEFAULT = "field-default", Always: "an optional field gains a default, or loses it: its type loses or gains `Option`";
    DIRECTION = "direction", Never: "`readOnly` or `writeOnly` comes or goes";

    TYPE = "type", Always: "another type";
    VALUES_ADDED = "values-listed", Always: "the values are listed in OTHER only: a text becomes an enum";
    VALUES_REMOVED = "values-not-listed", Always: "the values are listed in ours only: an enum becomes a text";
    VALUE_ADDED = "value-added", Never: "a value of an enum that ours lacks; enums are open";
    VALUE_REMOVED = "value-removed", Always: "a value of an enum that OTHER lacks: requests with it are refused, and its variant is removed";
    NUMBER_FORMAT = "number-format", Always: "another format of a number, and so another width or sign";
    FORMAT = "format", Requests: "another format of a text, which requests then have to be in; it stays a `String`";
    FORMAT_REMOVED = "format-removed", Never: "a format of a text that only ours has";
    TIGHTER = "tighter", Requests: "a bound, a pattern or the like is stricter: requests that were valid are refused";
    LOOSER = "looser", Never: "a bound, a pattern or the like is less strict";
    INTEGER_SIGN = "integer-sign", Always: "a bound that makes an integer without format unsigned comes or goes";
    ADDITIONAL = "additional-properties", Always: "members that are not declared are of another kind: a map comes or goes";
    CLOSED = "closed", Never: "an object with fields is closed to other members, or no longer; its type has the same fields";
    BRANCH_ADDED = "branch-added", Never: "a branch of a union that ours lacks; unions are open";
    BRANCH_REMOVED = "branch-removed", Always: "a branch of a union that OTHER lacks";
    UNION_FORM = "union-form", Always: "`oneOf` in one and `anyOf` in the other, of branches that do not exclude each other";
    DISCRIMINATOR = "discriminator", Always: "another discriminator, or one that comes or goes";
    KEYWORD = "keyword", Always: "a keyword differs whose meaning is not known here; it counts as breaking";
}
