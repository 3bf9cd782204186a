//! Searching by words, in the place of searching by meaning.

use std::collections::HashSet;

/// What is searched for.
pub(crate) struct Words(HashSet<String>);

impl Words {
    /// The words of a text, whatever their case.
    pub(crate) fn of(text: &str) -> Self {
        Self(words(text).collect())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// How many of them a text has.
    pub(crate) fn count_in(&self, text: &str) -> usize {
        let of_text: HashSet<String> = words(text).filter(|word| self.0.contains(word)).collect();
        of_text.len()
    }

    /// Those that have at least one of the words, those with most of them first, and of equals the newest. `items` come
    /// oldest first.
    pub(crate) fn best<T>(
        &self,
        items: impl IntoIterator<Item = T>,
        text: impl Fn(&T) -> String,
        limit: usize,
    ) -> Vec<(T, usize)> {
        let counted = items.into_iter().map(|item| {
            let count = self.count_in(&text(&item));
            (item, count)
        });
        let mut found: Vec<_> = counted.filter(|(_, count)| *count > 0).collect();
        found.reverse();
        // Equals stay as they are.
        found.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        found.truncate(limit);
        found
    }
}

fn words(text: &str) -> impl Iterator<Item = String> {
    text.split(|letter: char| !letter.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_most_of_the_words_comes_first_and_then_the_newest() {
        let items = ["red fish", "blue fish", "a red, red FISH!", "bird", "fish"];
        let words = Words::of("Red fish");
        let found = words.best(items, |item| (*item).to_owned(), 9);
        let expected = [
            ("a red, red FISH!", 2),
            ("red fish", 2),
            ("fish", 1),
            ("blue fish", 1),
        ];
        assert_eq!(found, expected);
        let one = words.best(items, |item| (*item).to_owned(), 1);
        assert_eq!(one, &expected[..1]);
        assert!(Words::of(" ,. ").is_empty());
        assert_eq!(Words::of("Größe größe").len(), 1);
    }
}
