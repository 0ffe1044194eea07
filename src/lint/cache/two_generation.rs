//! A cache of two generations.

use std::collections::HashMap;

use foldhash::fast::RandomState;

/// The maximum number of entries of one generation.
const MAX_ENTRIES: usize = 1024;

/// The maximum size of all entries of one generation, in bytes.
const MAX_BYTES: usize = 2 * 1024 * 1024;

/// The maximum size of an entry, in bytes. A certificate takes one or two thousand.
const MAX_ENTRY_BYTES: usize = 64 * 1024;

/// Values by recently used keys. When the young generation is full, it replaces the old one.
///
/// The hash is seeded at random, but it is not cryptographic. If an attacker finds collisions, a lookup compares the key
/// with all entries, of which there are at most a few thousand.
pub(super) struct TwoGenerationCache<T> {
    young: Generation<T>,
    old: Generation<T>,
}

struct Generation<T> {
    entries: HashMap<Box<[u8]>, Entry<T>, RandomState>,
    /// The size of all entries.
    bytes: usize,
}

#[derive(Clone)]
struct Entry<T> {
    value: T,
    /// Its size and that of its key.
    bytes: usize,
}

impl<T: Clone> TwoGenerationCache<T> {
    pub(super) fn find(&mut self, key: &[u8]) -> Option<T> {
        if let Some(entry) = self.young.entries.get(key) {
            return Some(entry.value.clone());
        }
        let entry = self.old.entries.get(key)?.clone();
        self.young(key, entry.clone());
        Some(entry.value)
    }

    /// Stores a value that takes this number of bytes, which is 0 if it is proportional to its key.
    pub(super) fn insert(&mut self, key: &[u8], value: T, value_bytes: usize) {
        self.young(key, Entry { value, bytes: key.len() + value_bytes });
    }

    fn young(&mut self, key: &[u8], entry: Entry<T>) {
        if entry.bytes > MAX_ENTRY_BYTES {
            return;
        }
        if self.young.entries.len() == MAX_ENTRIES || self.young.bytes + entry.bytes > MAX_BYTES {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.bytes += entry.bytes;
        if let Some(replaced) = self.young.entries.insert(key.into(), entry) {
            self.young.bytes -= replaced.bytes;
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
        cache.insert(b"a", 1, 0);
        for number in 0..MAX_ENTRIES {
            cache.insert(number.to_string().as_bytes(), 2, 0);
        }
        assert_eq!(cache.find(b"a"), Some(1), "from the old generation");
        for number in 0..2 * MAX_ENTRIES {
            cache.insert(format!("{number} again").as_bytes(), 3, 0);
        }
        assert_eq!(cache.find(b"a"), None);
    }

    #[test]
    fn memory_is_bounded_for_long_keys_and_large_values() {
        for (key_bytes, value_bytes) in [(350, 0), (1, 350), (100, 200)] {
            let mut cache = TwoGenerationCache::default();
            for number in 0..200 {
                let key = vec![b'x'; number * key_bytes];
                cache.insert(&key, (), number * value_bytes);
                cache.insert(&key, (), number * value_bytes);
            }
            assert!(!cache.old.entries.is_empty());
            for generation in [cache.young, cache.old] {
                assert!(generation.bytes <= MAX_BYTES);
                let sum: usize = generation.entries.values().map(|entry| entry.bytes).sum();
                assert_eq!(generation.bytes, sum);
                assert!(generation.entries.values().all(|entry| entry.bytes <= MAX_ENTRY_BYTES));
            }
        }
    }
}
