//! Setters of a request for what the API takes.

/// The setters of a request for the fields of its `body`, or of its `params`: one line for each field.
///
/// The request must have the field `body` or `params`, of the type that is named. What a line says after the colon decides
/// what its setter takes:
///
/// | line | the setter takes |
/// |---|---|
/// | `name: String` | what converts into it |
/// | `tags: [String]` | a list of what converts into it |
/// | `metadata: {json}` | pairs of a name and what converts into JSON |
/// | `secrets: {text}` | pairs of texts |
///
/// The types of letta-api have each field as itself, as an `Option` or as a `Nullable`. All convert from its value, so a
/// line does not say which.
macro_rules! fields {
    (body: $of:ty; $($lines:tt)*) => {
        /// Changes the body as letta-api has it: for null, and for what has no setter here. What `change` gives is sent.
        pub fn with_body(mut self, change: impl FnOnce($of) -> $of) -> Self {
            self.body = change(self.body);
            self
        }

        $crate::client::fields::fields!(@each body $($lines)*);
    };
    (params: $of:ty; $($lines:tt)*) => {
        /// Changes the parameters as letta-api has them: for what has no setter here. What `change` gives is sent.
        pub fn with_params(mut self, change: impl FnOnce($of) -> $of) -> Self {
            self.params = change(self.params);
            self
        }

        $crate::client::fields::fields!(@each params $($lines)*);
    };
    (@each $place:ident) => {};
    (@each $place:ident $(#[$doc:meta])* $field:ident: [$item:ty], $($rest:tt)*) => {
        $(#[$doc])*
        pub fn $field(mut self, $field: impl IntoIterator<Item: Into<$item>>) -> Self {
            let list: Vec<$item> = $field.into_iter().map(Into::into).collect();
            self.$place.$field = list.into();
            self
        }

        $crate::client::fields::fields!(@each $place $($rest)*);
    };
    (@each $place:ident $(#[$doc:meta])* $field:ident: {json}, $($rest:tt)*) => {
        $(#[$doc])*
        pub fn $field<K, V>(mut self, $field: impl IntoIterator<Item = (K, V)>) -> Self
        where
            K: Into<String>,
            V: Into<serde_json::Value>,
        {
            let pairs = $field.into_iter().map(|(key, value)| (key.into(), value.into()));
            let map: serde_json::Map<String, serde_json::Value> = pairs.collect();
            self.$place.$field = map.into();
            self
        }

        $crate::client::fields::fields!(@each $place $($rest)*);
    };
    (@each $place:ident $(#[$doc:meta])* $field:ident: {text}, $($rest:tt)*) => {
        $(#[$doc])*
        pub fn $field<K, V>(mut self, $field: impl IntoIterator<Item = (K, V)>) -> Self
        where
            K: Into<String>,
            V: Into<String>,
        {
            let pairs = $field.into_iter().map(|(key, value)| (key.into(), value.into()));
            let map: std::collections::HashMap<String, String> = pairs.collect();
            self.$place.$field = map.into();
            self
        }

        $crate::client::fields::fields!(@each $place $($rest)*);
    };
    (@each $place:ident $(#[$doc:meta])* $field:ident: $type:ty, $($rest:tt)*) => {
        $(#[$doc])*
        pub fn $field(mut self, $field: impl Into<$type>) -> Self {
            let value: $type = $field.into();
            self.$place.$field = value.into();
            self
        }

        $crate::client::fields::fields!(@each $place $($rest)*);
    };
}
pub(crate) use fields;
