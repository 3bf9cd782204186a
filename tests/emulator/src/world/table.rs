//! Things of one kind: by the order of their making, and by ID.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// What has an ID that never changes.
pub(crate) trait Entity {
    fn id(&self) -> &str;
}

/// Things of one kind, in the order in which they were made.
#[derive(Clone, Debug)]
pub(crate) struct Table<T> {
    items: BTreeMap<u64, T>,
    numbers: HashMap<String, u64>,
    next: u64,
}

/// There is one of this ID already.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Taken;

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self {
            items: BTreeMap::new(),
            numbers: HashMap::new(),
            next: 0,
        }
    }
}

impl<T: Entity> Table<T> {
    /// Adds one, as the newest.
    pub(crate) fn insert(&mut self, item: T) -> Result<&mut T, Taken> {
        if self.numbers.contains_key(item.id()) {
            return Err(Taken);
        }
        let number = self.next;
        self.next += 1;
        self.numbers.insert(item.id().to_owned(), number);
        Ok(self.items.entry(number).or_insert(item))
    }

    pub(crate) fn get(&self, id: &str) -> Option<&T> {
        self.items.get(self.numbers.get(id)?)
    }

    pub(crate) fn get_mut(&mut self, id: &str) -> Option<&mut T> {
        self.items.get_mut(self.numbers.get(id)?)
    }

    pub(crate) fn remove(&mut self, id: &str) -> Option<T> {
        self.items.remove(&self.numbers.remove(id)?)
    }

    /// Removes all that `keep` is false for.
    pub(crate) fn retain(&mut self, mut keep: impl FnMut(&T) -> bool) {
        let numbers = &mut self.numbers;
        self.items.retain(|_, item| {
            let kept = keep(item);
            if !kept {
                numbers.remove(item.id());
            }
            kept
        });
    }

    pub(crate) fn contains(&self, id: &str) -> bool {
        self.numbers.contains_key(id)
    }

    pub(crate) fn len(&self) -> usize {
        self.items.len()
    }

    /// All of them, oldest first.
    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = &T> + Clone {
        self.items.values()
    }

    pub(crate) fn iter_mut(&mut self) -> impl DoubleEndedIterator<Item = &mut T> {
        self.items.values_mut()
    }
}

impl<T: Entity> FromIterator<T> for Table<T> {
    /// Of two with one ID, the first is kept.
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        let mut table = Self::default();
        for item in items {
            let _ = table.insert(item);
        }
        table
    }
}

impl<T: Entity + Serialize> Serialize for Table<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

impl<'de, T: Entity + Deserialize<'de>> Deserialize<'de> for Table<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let items = Vec::<T>::deserialize(deserializer)?;
        let count = items.len();
        let table: Self = items.into_iter().collect();
        if table.len() != count {
            return Err(serde::de::Error::custom("two things have the same ID"));
        }
        Ok(table)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Entity for String {
        fn id(&self) -> &str {
            self
        }
    }

    fn table(ids: &[&str]) -> Table<String> {
        ids.iter().map(|id| (*id).to_owned()).collect()
    }

    fn ids(table: &Table<String>) -> Vec<&str> {
        table.iter().map(String::as_str).collect()
    }

    #[test]
    fn things_are_in_the_order_of_their_making_whatever_was_removed() {
        let mut table = table(&["b", "a", "c"]);
        assert_eq!(ids(&table), ["b", "a", "c"]);
        assert_eq!(table.remove("a").as_deref(), Some("a"));
        assert!(table.remove("a").is_none() && !table.contains("a"));
        assert!(table.insert("b".to_owned()).is_err());
        table.insert("a".to_owned()).unwrap();
        assert_eq!(ids(&table), ["b", "c", "a"]);
        table.retain(|id| id != "c");
        assert_eq!(ids(&table), ["b", "a"]);
        assert!(table.get("c").is_none() && table.get("a").is_some());
        assert_eq!(table.len(), 2);
    }

    #[test]
    fn a_table_is_written_as_a_list_and_read_back() {
        let text = serde_json::to_string(&table(&["b", "a"])).unwrap();
        assert_eq!(text, r#"["b","a"]"#);
        assert_eq!(ids(&serde_json::from_str(&text).unwrap()), ["b", "a"]);
        assert!(serde_json::from_str::<Table<String>>(r#"["a","a"]"#).is_err());
    }
}
