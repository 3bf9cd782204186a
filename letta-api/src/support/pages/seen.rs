//! What came before in a list, by hashes, in bounded memory.

use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;

/// The hashes of what came before, each with the number of its page.
///
/// All are kept as long as they are few. Beyond [`Seen::MANY`], only those of the first page, of the last [`Seen::RECENT`] pages, and of every
/// page whose number is a multiple of `stride`, which doubles when those become too many. So whatever way a service goes in circles, it comes
/// to a page that is kept: a circle of `n` pages passes a multiple of `stride` within `n + stride` pages.
pub(super) struct Seen {
    pages: HashMap<u64, u32>,
    hasher: RandomState,
    /// The number of the last page that was added.
    page: u32,
    stride: u32,
}

/// What is remembered: an ID, or a token for a page.
#[derive(Clone, Copy, Hash)]
pub(super) enum Kind {
    Id,
    Token,
}

impl Seen {
    /// How many hashes are kept before any is forgotten: about 300 KB with their table.
    pub(super) const MANY: usize = 10_000;
    /// How many of the last pages are kept whole.
    pub(super) const RECENT: u32 = 8;

    pub(super) fn new() -> Self {
        Self {
            pages: HashMap::new(),
            hasher: RandomState::new(),
            page: 0,
            stride: 1,
        }
    }

    /// The hash of an ID or a token. It may be secret: it is not kept.
    pub(super) fn hash(&self, kind: Kind, text: &str) -> u64 {
        self.hasher.hash_one((kind, text))
    }

    /// Whether this came before, and is kept.
    pub(super) fn has(&self, hash: u64) -> bool {
        self.pages.contains_key(&hash)
    }

    /// Remembers what the list begins after.
    pub(super) fn add_start(&mut self, hash: u64) {
        self.pages.insert(hash, 1);
    }

    /// Remembers what a page has.
    pub(super) fn add_page(&mut self, hashes: impl IntoIterator<Item = u64>) {
        self.page = self.page.saturating_add(1);
        for hash in hashes {
            // What comes again keeps its first page.
            self.pages.entry(hash).or_insert(self.page);
        }
        while self.pages.len() > Self::MANY {
            self.forget();
            if self.pages.len() <= Self::MANY || self.stride > self.page {
                break;
            }
            self.stride = self.stride.saturating_mul(2);
        }
    }

    fn forget(&mut self) {
        let (stride, recent) = (self.stride, self.page.saturating_sub(Self::RECENT));
        self.pages
            .retain(|_, page| *page == 1 || *page > recent || page.is_multiple_of(stride));
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.pages.len()
    }
}
