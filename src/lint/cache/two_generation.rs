//! A cache of two generations.

use std::collections::HashMap;

use foldhash::fast::RandomState;

/// The maximum number of entries of one generation.
const MAX_ENTRIES: usize = 1024;

/// The maximum length of all keys of one generation, in bytes.
const MAX_BYTES: usize = 2 * 1024 * 1024;

/// The maximum length of a key, in bytes. A certificate takes one or two thousand.
const MAX_KEY_LEN: usize = 64 * 1024;

/// Values by recently used keys. When the young generation is full, it replaces the old one.
///
/// The hash is seeded at random, but it is not cryptographic. If an attacker finds collisions, a lookup compares the key
/// with all entries, of which there are at most a few thousand.
pub(super) struct TwoGenerationCache<T> {
    young: Generation<T>,
    old: Generation<T>,
}

struct Generation<T> {
    entries: HashMap<Box<[u8]>, T, RandomState>,
    /// The length of all keys.
    bytes: usize,
}

impl<T: Clone> TwoGenerationCache<T> {
    pub(super) fn find(&mut self, key: &[u8]) -> Option<T> {
        if let Some(value) = self.young.entries.get(key) {
            return Some(value.clone());
        }
        let value = self.old.entries.get(key)?.clone();
        self.insert(key, value.clone());
        Some(value)
    }

    pub(super) fn insert(&mut self, key: &[u8], value: T) {
        if key.len() > MAX_KEY_LEN {
            return;
        }
        if self.young.entries.len() == MAX_ENTRIES || self.young.bytes + key.len() > MAX_BYTES {
            self.old = std::mem::take(&mut self.young);
        }
        if self.young.entries.insert(key.into(), value).is_none() {
            self.young.bytes += key.len();
        }
    }
}

impl<T> Default for TwoGenerationCache<T> {
    fn default() -> Self {
        Self { young: Generation::default(), old: Generation::default() }
    }
}

impl<T> Default for Generation<T> {
    fn default() -> Self {
        Self { entries: HashMap::default(), bytes: 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recently_used_values_stay() {
        let mut cache = TwoGenerationCache::default();
        cache.insert(b"a", 1);
        for number in 0..MAX_ENTRIES {
            cache.insert(number.to_string().as_bytes(), 2);
        }
        assert_eq!(cache.find(b"a"), Some(1), "from the old generation");
        for number in 0..2 * MAX_ENTRIES {
            cache.insert(format!("{number} again").as_bytes(), 3);
        }
        assert_eq!(cache.find(b"a"), None);
    }

    #[test]
    fn memory_is_bounded_for_long_keys() {
        let mut cache = TwoGenerationCache::default();
        for length in (0..200).map(|number| number * 350) {
            cache.insert(&vec![b'x'; length], ());
        }
        assert!(!cache.old.entries.is_empty());
        for generation in [cache.young, cache.old] {
            assert!(generation.bytes <= MAX_BYTES);
            assert!(generation.entries.keys().all(|key| key.len() <= MAX_KEY_LEN));
        }
    }
}
