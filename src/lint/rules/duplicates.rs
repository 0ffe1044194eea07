//! Which elements of a list stand there before.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::Hash;

/// Up to here, comparing each with each is cheaper than hashing.
const FEW: usize = 8;

/// Every element whose key stood there before, with the first one that had it. `most` is at least the list's length.
pub(crate) fn repeated<T: Copy, K: Eq + Hash, I: Iterator<Item = (T, K)>>(
    list: impl Fn() -> I,
    most: usize,
) -> Vec<(T, T)> {
    if most <= FEW && !has_repetition(&list) {
        return Vec::new();
    }
    let mut firsts = HashMap::new();
    list()
        .filter_map(|(element, key)| match firsts.entry(key) {
            Entry::Occupied(first) => Some((element, *first.get())),
            Entry::Vacant(place) => {
                place.insert(element);
                None
            }
        })
        .collect()
}

fn has_repetition<T, K: Eq, I: Iterator<Item = (T, K)>>(list: &impl Fn() -> I) -> bool {
    list().enumerate().any(|(at, (_, key))| list().take(at).any(|(_, earlier)| earlier == key))
}
