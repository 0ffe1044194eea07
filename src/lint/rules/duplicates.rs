//! Finds duplicates in a list.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::Hash;

/// Up to this length, comparing each pair is faster than hashing.
const MAX_PAIRWISE_LEN: usize = 8;

/// Returns each element whose key occurred before, with the first element of that key. `max_len` is at least the list's
/// length.
pub(super) fn duplicates<T: Copy, K: Eq + Hash, I: Iterator<Item = (T, K)>>(
    list: impl Fn() -> I,
    max_len: usize,
) -> Vec<(T, T)> {
    if max_len <= MAX_PAIRWISE_LEN && !has_duplicate(&list) {
        return Vec::new();
    }
    let mut first_of_key = HashMap::new();
    list()
        .filter_map(|(element, key)| match first_of_key.entry(key) {
            Entry::Occupied(first) => Some((element, *first.get())),
            Entry::Vacant(vacant) => {
                vacant.insert(element);
                None
            }
        })
        .collect()
}

fn has_duplicate<T, K: Eq, I: Iterator<Item = (T, K)>>(list: &impl Fn() -> I) -> bool {
    list().enumerate().any(|(index, (_, key))| list().take(index).any(|(_, earlier)| earlier == key))
}
