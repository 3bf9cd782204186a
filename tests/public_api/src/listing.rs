//! A line for each item of a library, from rustdoc's JSON.

use std::path::Path;

/// What everyone knows by its last name. Lines are shorter, and none becomes ambiguous: all other names keep their paths.
const WELL_KNOWN: [(&str, &str); 16] = [
    ("alloc::borrow::Cow", "Cow"),
    ("alloc::boxed::Box", "Box"),
    ("alloc::string::String", "String"),
    ("alloc::sync::Arc", "Arc"),
    ("alloc::vec::Vec", "Vec"),
    ("core::clone::Clone", "Clone"),
    ("core::cmp::Eq", "Eq"),
    ("core::cmp::Ord", "Ord"),
    ("core::cmp::PartialEq", "PartialEq"),
    ("core::cmp::PartialOrd", "PartialOrd"),
    ("core::convert::From", "From"),
    ("core::convert::Into", "Into"),
    ("core::fmt::Debug", "Debug"),
    ("core::fmt::Display", "Display"),
    ("core::option::Option", "Option"),
    ("core::result::Result", "Result"),
];

/// The list of a library, from the file that rustdoc made of it.
///
/// # Errors
///
/// The file cannot be read, or has a form that is not known here.
pub fn of(json: &Path, library: &str) -> Result<String, String> {
    let api = public_api::Builder::from_rustdoc_json(json)
        .omit_blanket_impls(true)
        .omit_auto_trait_impls(true)
        .build();
    let api = api.map_err(|error| {
        format!(
            "{}: {error}. If its form is new, see whether there is a newer version of the crate public-api",
            json.display()
        )
    })?;
    Ok(condense(api.items().map(ToString::to_string), library))
}

/// Leaves out what follows from other lines, and shortens names.
///
/// A trait says which methods an implementation has, so only the types that it chooses are kept. The library's own name is left out
/// before the names of its modules.
pub fn condense(lines: impl Iterator<Item = String>, library: &str) -> String {
    let own = format!("{library}::");
    let mut list = String::new();
    let mut is_in_trait = false;
    for line in lines {
        match kind(&line) {
            Kind::Implementation => is_in_trait = true,
            // After the types of a module come its functions and constants.
            Kind::Method if is_in_trait && !is_free(&line, &own) => continue,
            Kind::Method | Kind::Type => (),
            Kind::Other => is_in_trait = false,
        }
        // What a derived `PartialEq` brings along, for patterns.
        if line.contains(" core::marker::StructuralPartialEq ") {
            continue;
        }
        let line = WELL_KNOWN
            .iter()
            .fold(line, |line, (path, name)| replace(&line, path, name));
        list += &replace(&line, &own, "");
        list.push('\n');
    }
    list
}

enum Kind {
    /// Of a trait, for a type.
    Implementation,
    /// Or a function, or a constant.
    Method,
    /// An associated type, or an alias.
    Type,
    Other,
}

fn kind(line: &str) -> Kind {
    let words = line.split(' ').take_while(|word| !word.contains("::"));
    let words: Vec<&str> = words.collect();
    if line.starts_with("impl") || line.starts_with("unsafe impl") {
        return match line.contains(" for ") {
            true => Kind::Implementation,
            false => Kind::Other,
        };
    }
    match words.last() {
        Some(&("fn" | "const")) => Kind::Method,
        Some(&"type") => Kind::Type,
        _ => Kind::Other,
    }
}

/// Whether a function or a constant of the library stands in a module, and not in a type.
fn is_free(line: &str, own: &str) -> bool {
    let Some(word) = line.split(' ').position(|word| word.contains("::")) else {
        return false;
    };
    let path = line.splitn(word + 1, ' ').last().unwrap_or_default();
    // The path without its parameters, of the type or of the function.
    let (mut plain, mut depth) = (String::new(), 0_usize);
    for (place, sign) in path.char_indices() {
        match sign {
            '<' => depth += 1,
            '>' => depth = depth.saturating_sub(1),
            '(' | ' ' if depth == 0 => break,
            ':' if depth == 0 && path[place..].starts_with(": ") => break,
            _ if depth == 0 => plain.push(sign),
            _ => (),
        }
    }
    let within = plain.rsplit("::").nth(1).unwrap_or_default();
    plain.starts_with(own) && within.starts_with(|it: char| it.is_lowercase())
}

/// Replaces a path where it is not a part of a longer one.
fn replace(line: &str, path: &str, name: &str) -> String {
    let is_part = |it: char| it.is_alphanumeric() || it == '_' || it == ':';
    let (mut done, mut end) = (String::new(), 0);
    for (place, _) in line.match_indices(path) {
        let (before, after) = (&line[..place], &line[place + path.len()..]);
        let begins = !before.ends_with(is_part);
        let ends = path.ends_with("::") || !after.starts_with(is_part);
        done += &line[end..place];
        done += if begins && ends { name } else { path };
        end = place + path.len();
    }
    done + &line[end..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_method_is_listed_unless_a_trait_says_that_it_is_there() {
        let lines = [
            "pub struct lib::types::Agent",
            "pub lib::types::Agent::id: alloc::string::String",
            "impl lib::types::Agent",
            "pub const fn lib::types::Agent::new(&str) -> Self",
            "impl core::clone::Clone for lib::types::Agent",
            "pub fn lib::types::Agent::clone(&self) -> lib::types::Agent",
            "impl core::marker::StructuralPartialEq for lib::types::Agent",
            "impl core::str::traits::FromStr for lib::types::Agent",
            "pub type lib::types::Agent::Err = core::convert::Infallible",
            "pub fn lib::types::Agent::from_str(&str) -> core::result::Result<Self, Self::Err>",
            "pub const lib::types::Agent::LENGTH: usize",
            "impl<T, E> core::clone::Clone for lib::types::Items<T, E>",
            "pub fn lib::types::Items<T, E>::clone(&self) -> lib::types::Items<T, E>",
            "impl core::convert::From<lib::types::Agent> for u32",
            "pub fn u32::from(lib::types::Agent) -> Self",
            "pub const lib::types::LIMIT: usize",
            "pub fn lib::types::read<T: core::convert::Into<alloc::string::String>>(T) -> lib::types::Agent",
            "pub trait lib::Transport: core::fmt::Debug",
            "pub fn lib::Transport::call(&self) -> other_lib::Call",
        ];
        let listed = "pub struct types::Agent\n\
            pub types::Agent::id: String\n\
            impl types::Agent\n\
            pub const fn types::Agent::new(&str) -> Self\n\
            impl Clone for types::Agent\n\
            impl core::str::traits::FromStr for types::Agent\n\
            pub type types::Agent::Err = core::convert::Infallible\n\
            impl<T, E> Clone for types::Items<T, E>\n\
            impl From<types::Agent> for u32\n\
            pub const types::LIMIT: usize\n\
            pub fn types::read<T: Into<String>>(T) -> types::Agent\n\
            pub trait Transport: Debug\n\
            pub fn Transport::call(&self) -> other_lib::Call\n";
        assert_eq!(
            condense(lines.iter().map(ToString::to_string), "lib"),
            listed
        );
    }

    #[test]
    fn a_part_of_a_longer_name_is_kept() {
        assert_eq!(
            replace(
                "a::core::cmp::Eq, core::cmp::EqX, core::cmp::Eq",
                "core::cmp::Eq",
                "Eq"
            ),
            "a::core::cmp::Eq, core::cmp::EqX, Eq"
        );
        assert_eq!(replace("my_lib::A, lib::A", "lib::", ""), "my_lib::A, A");
    }
}
