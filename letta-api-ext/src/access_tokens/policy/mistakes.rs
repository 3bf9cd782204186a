//! Errors for mistakes in policies that people write, with suggestions.

use letta_api::types::AccessRight;

use super::preset::Preset;
use crate::error::Error;

/// Longest word that is compared with others, in bytes. All names are much shorter.
const LONGEST: usize = 40;

/// The candidate that is most like the word. `None` if none is like it.
pub(super) fn nearest(
    word: &str,
    known: impl IntoIterator<Item = &'static str>,
) -> Option<&'static str> {
    if word.len() > LONGEST {
        return None;
    }
    let word = word.trim().to_lowercase().replace(['-', ' ', '.'], "_");
    let distances = known
        .into_iter()
        .map(|known| (strsim::osa_distance(&word, known), known));
    let (distance, known) = distances.min_by_key(|(distance, _)| *distance)?;
    (distance <= (known.len() / 3).max(1)).then_some(known)
}

/// The error for an unknown right in a list of rights.
pub(super) fn unknown_right(right: &str) -> Error {
    let error = not_among_rights(right);
    if let Some(preset) = Preset::named(right) {
        let rights = preset.rights().iter().map(AccessRight::as_str);
        let rights: Vec<_> = rights.collect();
        return error.with_hint(&format!(
            "`{preset}` is a preset of the text form; a list of rights has {}",
            rights.join(", ")
        ));
    }
    with_suggestion(error, nearest(right, rights()))
}

/// The error for an unknown right in the text form.
pub(super) fn unknown_right_in_text(right: &str) -> Error {
    let presets = Preset::ALL.iter().map(|preset| preset.as_str());
    let suggestion = nearest(right, rights().chain(presets.clone()));
    let presets: Vec<_> = presets.collect();
    let error = not_among_rights(right).with_hint(&format!("presets are {}", presets.join(", ")));
    with_suggestion(error, suggestion)
}

pub(super) fn with_suggestion(error: Error, suggestion: Option<&str>) -> Error {
    match suggestion {
        Some(suggestion) => error.with_hint(&format!("did you mean `{suggestion}`?")),
        None => error,
    }
}

fn rights() -> impl Iterator<Item = &'static str> + Clone {
    AccessRight::KNOWN.iter().map(AccessRight::as_str)
}

fn not_among_rights(right: &str) -> Error {
    let rule = format!("must be among {}", rights().collect::<Vec<_>>().join(", "));
    Error::invalid_input("access", rule, Some(right))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistake_is_near_the_intended_word_and_other_words_are_near_nothing() {
        for (word, meant) in [
            ("read_mesages", Some("read_messages")),
            ("read_message", Some("read_messages")),
            ("read-messages", Some("read_messages")),
            ("READ_MESSAGES", Some("read_messages")),
            ("readMessages", Some("read_messages")),
            ("write_massages", Some("write_messages")),
            ("wirte_agent", Some("write_agent")),
            ("read_agents", Some("read_agent")),
            ("dream", None),
            ("", None),
            ("x", None),
            ("delete_everything", None),
        ] {
            assert_eq!(nearest(word, rights()), meant, "{word}");
        }
        assert_eq!(nearest(&"read_agent".repeat(1_000_000), rights()), None);
    }
}
