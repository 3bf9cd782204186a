//! What generated code calls.

pub(crate) mod body;
#[cfg(feature = "multipart")]
#[cfg_attr(
    not(test),
    allow(
        dead_code,
        reason = "whether there are uploads is up to the description"
    )
)]
pub(crate) mod file_part;
pub(crate) mod path;
pub(crate) mod tagged;
pub(crate) mod text_enum;
pub(crate) mod union;
