//! How a text falls into pieces, which are what a model says one after the other in token mode.

/// The pieces of a text. Together they are the text. No piece is empty.
pub(crate) fn pieces(text: String) -> impl Iterator<Item = String> {
    let mut start = 0;
    std::iter::from_fn(move || {
        let piece = first_word(&text[start..]);
        start += piece.len();
        (!piece.is_empty()).then(|| piece.to_owned())
    })
}

/// The first word of a text, with the white space that comes after it; or the white space that comes
/// before it, if there is any.
pub(crate) fn first_word(text: &str) -> &str {
    let rest = text.trim_start_matches(|character: char| !character.is_whitespace());
    &text[..text.len() - rest.trim_start().len()]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_text_falls_into_its_words_and_they_make_the_text_again() {
        for (text, expected) in [
            ("", &[] as &[&str]),
            ("one", &["one"]),
            ("one two", &["one ", "two"]),
            ("one  two \n three ", &["one  ", "two \n ", "three "]),
            (" one", &[" ", "one"]),
            ("é\u{2003}ü", &["é\u{2003}", "ü"]),
        ] {
            assert_eq!(pieces(text.to_owned()).collect::<Vec<_>>(), expected);
        }
    }

    proptest! {
        #[test]
        fn the_pieces_of_any_text_are_the_text(text in "(\\PC|\\s){0,40}") {
            let found: Vec<String> = pieces(text.clone()).collect();
            prop_assert_eq!(found.concat(), text.clone());
            for (place, piece) in found.iter().enumerate() {
                prop_assert!(!piece.is_empty());
                // Only the first piece may be white space alone.
                prop_assert!(place == 0 || !piece.trim().is_empty());
            }
        }
    }
}
