//! What a release must not lose.

use std::collections::BTreeSet;

/// Lines of the list at the last release that are no longer there. Each is an item that was removed, or whose signature changed.
#[must_use]
pub fn lost<'a>(released: &'a str, now: &str) -> Vec<&'a str> {
    let now: BTreeSet<&str> = now.lines().collect();
    let lost = released.lines().filter(|line| !now.contains(line));
    lost.collect()
}

/// Whether a version may break users of the released one, by SemVer as cargo has it: before 1.0, a new minor version may.
///
/// # Errors
///
/// A version has not three numbers.
pub fn may_break(released: &str, next: &str) -> Result<bool, String> {
    Ok(breaking_part(released)? != breaking_part(next)?)
}

/// What of a version changes if a release breaks users.
fn breaking_part(version: &str) -> Result<Vec<u64>, String> {
    let whole = version.split(['-', '+']).next().unwrap_or_default();
    let numbers: Result<Vec<u64>, _> = whole.split('.').map(str::parse).collect();
    match numbers.as_deref() {
        Ok(numbers @ [0, 0, _]) => Ok(numbers.to_vec()),
        Ok([0, minor, _]) => Ok(vec![0, *minor]),
        Ok([major, _, _]) => Ok(vec![*major]),
        _ => Err(format!("{version:?} is not a version, such as 0.2.0")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_gone_or_changed_is_lost_and_what_is_new_is_not() {
        let released = "pub fn a()\npub fn b(u8)\npub fn c()\n";
        let now = "pub fn a()\npub fn b(u16)\npub fn d()\n";
        assert_eq!(lost(released, now), ["pub fn b(u8)", "pub fn c()"]);
        assert!(lost(released, released).is_empty());
    }

    #[test]
    fn a_version_may_break_as_cargo_has_it() {
        for (released, next, may) in [
            ("0.2.0", "0.2.1", false),
            ("0.2.0", "0.3.0", true),
            ("0.2.9", "0.2.9", false),
            ("0.0.1", "0.0.2", true),
            ("1.2.3", "1.3.0", false),
            ("1.2.3", "2.0.0", true),
            ("0.9.0", "1.0.0", true),
            ("0.2.0-rc.1", "0.2.0", false),
        ] {
            assert_eq!(may_break(released, next), Ok(may), "{released} → {next}");
        }
        assert!(may_break("0.2", "0.2.0").is_err());
        assert!(may_break("0.2.0", "0.x.0").is_err());
    }
}
