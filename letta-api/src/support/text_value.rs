//! Values that go as text: into a path, or into a header.

use crate::Secret;

/// A value that can be written as text.
pub trait TextValue {
    /// Whether the text must not be printed.
    const IS_SECRET: bool = false;

    fn with_text<R>(&self, f: impl FnOnce(&str) -> R) -> R;
}

impl<T: std::fmt::Display + ?Sized> TextValue for T {
    fn with_text<R>(&self, f: impl FnOnce(&str) -> R) -> R {
        f(&self.to_string())
    }
}

impl TextValue for Secret {
    const IS_SECRET: bool = true;

    fn with_text<R>(&self, f: impl FnOnce(&str) -> R) -> R {
        f(self.expose_secret())
    }
}

impl TextValue for &Secret {
    const IS_SECRET: bool = true;

    fn with_text<R>(&self, f: impl FnOnce(&str) -> R) -> R {
        f(self.expose_secret())
    }
}
