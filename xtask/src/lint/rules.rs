//! The rules by name.

/// Something that a description must not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Its name, as in `error[any-of]`.
    pub name: &'static str,
    /// What it refuses.
    pub refuses: &'static str,
}

macro_rules! rules {
    ($(#[$doc:meta])* $list:ident; $($constant:ident = $name:literal: $refuses:literal;)*) => {
        $(
            pub(super) const $constant: Rule = Rule { name: $name, refuses: $refuses };
        )*

        $(#[$doc])*
        pub const $list: &[Rule] = &[$($constant),*];
    };
}

rules! {
    /// All rules.
    RULES;

    OPENAPI_VERSION = "openapi-version": "any version but 3.0";
    UNKNOWN_FIELD = "unknown-field": "a field that OpenAPI 3.0 does not have, outside of schemas";
    NULL_VALUE = "null-value": "null where OpenAPI 3.0 requires a value";

    REF_TARGET = "ref-target": "a $ref that is not a text, or leads to another file, to nothing, or to a thing of another kind";
    REF_SIBLINGS = "ref-siblings": "keywords next to a $ref";
    REF_CYCLE = "ref-cycle": "a chain of $refs that comes back to itself, or of more than 1,000";

    PATH_ITEM_REF = "path-item-ref": "a $ref in place of a path item";
    PATH_TEMPLATE = "path-template": "an invalid path template";
    PATH_PARAMETER = "path-parameter": "path parameters that do not agree with the template";
    OPERATION_ID = "operation-id": "an operation without a name, or two with the same name in Rust";
    METHOD = "method": "an HTTP method that reqwest has no call for";
    REPEAT_SAFETY = "repeat-safety": "an operation that does not say whether it is safe to repeat";
    TAG_NAME = "tag-name": "a tag that cannot be a feature, or is the feature of another tag or of something else";
    SERVERS = "servers": "servers of a path or an operation";

    PARAMETER_LOCATION = "parameter-location": "a list or an object in a cookie, or a parameter in no known place";
    PARAMETER_STYLE = "parameter-style": "a parameter that is not written in the default style";
    PARAMETER_SCHEMA = "parameter-schema": "a parameter whose type cannot stand in its place";
    PARAMETER_NULLABLE = "parameter-nullable": "a path or header parameter that may be null";
    PARAMETER_NAME = "parameter-name": "parameters with the same name in Rust, and headers with an invalid name";

    BODY_OPTIONAL = "body-optional": "a request body that may be left out and is not JSON";
    BODY_MEDIA_TYPE = "body-media-type": "a request body without a media type, with several, or with an unsupported one";
    BODY_SCHEMA = "body-schema": "a request body whose schema does not fit its media type";
    BODY_ENCODING = "body-encoding": "`encoding` of a body";

    RESPONSE_STATUS = "response-status": "a response for an invalid status, or for one that generated code ignores";
    RESPONSE_RANGE = "response-range": "a response for a range of statuses that HTTP does not have";
    RESPONSE_SUCCESS = "response-success": "an operation that documents no success";
    RESPONSE_MEDIA_TYPE = "response-media-type": "JSON next to another media type than events, or under another name";
    RESPONSE_SCHEMA = "response-schema": "a JSON response without a schema";
    SUCCESS_SHAPES = "success-shapes": "successes of which some are JSON and others are not";
    ERROR_SHAPES = "error-shapes": "errors of which some are JSON and others are not";

    UNKNOWN_KEYWORD = "unknown-keyword": "a schema keyword that OpenAPI 3.0 does not have";
    KEYWORD_VALUE = "keyword-value": "a keyword that holds another kind of JSON than it should";
    MISPLACED_KEYWORD = "misplaced-keyword": "a keyword that says nothing about the schema's type";
    SCHEMA_TYPE = "schema-type": "a `type` that is missing, a list, `null` or unknown";
    CONST = "const": "`const`";
    ANY_OF = "any-of": "`anyOf`";
    MERGES = "merges": "more components that are merged one into the other by `allOf` than the generator takes";
    ALL_OF = "all-of": "`allOf` of anything but one schema, or objects";
    NOT = "not": "`not`";
    DISCRIMINATOR = "discriminator": "a discriminator without `oneOf`, or with a mapping";
    ONE_OF_REF = "one-of-ref": "a branch of `oneOf` that is a $ref";
    ONE_OF_TAG = "one-of-tag": "branches of `oneOf` that no tag tells apart";
    ENUM_VALUES = "enum-values": "an enum of anything but distinct texts";
    NUMBER_FORMAT = "number-format": "a `number` that does not say that it is a fraction";
    INTEGER_BOUNDS = "integer-bounds": "bounds that an integer's type does not hold, or that make another type of it";
    EXCLUSIVE_BOUND = "exclusive-bound": "exclusive bounds that are numbers, or without a bound";
    STRING_FORMAT = "string-format": "text formats that are parsed strictly, or need a crate";
    STRING_BOUNDS = "string-bounds": "lengths and patterns of texts";
    ARRAY_ITEMS = "array-items": "an array without `items`";
    ARRAY_LENGTH = "array-length": "an array of fixed length";
    ADDITIONAL_PROPERTIES = "additional-properties": "`additionalProperties: false`";
    REQUIRED = "required": "a required property that is not declared";
    NULLABLE_COMPONENT = "nullable-component": "a component schema that may be null";
    DEFAULT = "default": "a default that does not fit, or has no effect";

    TYPE_NAME = "type-name": "two schemas that would become one type, or one that would hide a type of Rust's";
    PROPERTY_NAME = "property-name": "two properties that would become one field";
    VARIANT_NAME = "variant-name": "two values that would become one variant";

    MARKER = "marker": "a codegen marker that is unknown, misplaced or malformed";
    FOREIGN_EXTENSION = "foreign-extension": "an extension that progenitor acts on by itself";
}

rules! {
    /// The rules that only warn: code comes of the description nevertheless, and somebody may not like it.
    WARNINGS;

    MODULE_PATH = "module-path": "a type that is named by the path of a module";
    NUMBERED_NAME = "numbered-name": "a type whose name is a number or a position that nobody chose";
    FIRST_COME_NAME = "first-come-name": "a type that several use, and that is named for one of them";
    LONG_NAME = "long-name": "a type or a method with a name of more than 40 letters";
    SPELLED_NAME = "spelled-name": "a name of the overlay that is spelled otherwise in Rust";
    ACRONYM = "acronym": "a type with one word for several acronyms";
    METHOD_NAME = "method-name": "a method that is not called by a verb and what it is about";
    SECRET = "secret": "a field or parameter that sounds secret and would be printed";
}
