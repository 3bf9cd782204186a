//! Where the generated features are in letta-api's `Cargo.toml`: between two lines, which are comments. The rest of the manifest is
//! written by hand, and no command changes it.

/// The line before the features of the description.
pub const BEGIN: &str = "# The features from here on are written by `cargo xtask codegen`, from the description's tags.";
/// The line after them.
pub const END: &str = "# The features that `cargo xtask codegen` writes end here.";

/// The manifest without what is between the two lines.
pub(crate) fn without_features(text: &str) -> String {
    let mut is_ours = false;
    let kept = text.lines().filter(|line| {
        match line.trim_end() {
            BEGIN => is_ours = true,
            END => is_ours = false,
            _ => return !is_ours,
        }
        false
    });
    kept.collect::<Vec<_>>().join("\n")
}
