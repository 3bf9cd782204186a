//! Setters of requests, for values that may be missing.

/// Calls the setters of a request for which there is a value. Requests have the same setters, and no type in common.
macro_rules! set_given {
    ($request:ident { $($setter:ident: $value:expr),+ $(,)? }) => {
        $(if let Some(value) = $value {
            $request = $request.$setter(value);
        })+
    };
}

pub(crate) use set_given;
