//! Finds every occurrence of many literals in one pass over a text.
//!
//! An Aho-Corasick automaton of the 700 literals takes longer to build than a short text takes to explain, so this is a hash
//! table with three bytes of each literal. The time is linear in the text: few literals share their three bytes.

use std::ops::Range;

/// The number of bytes of a literal that the table contains. Shorter literals are not found here.
pub(super) const GRAM: usize = 3;

/// The maximum number of literals.
const MAX_LITERALS: usize = 1024;

/// The number of slots of the table.
const SLOTS: usize = 1 << 13;

/// Folds upper-case and lower-case letters of a gram, and a few other bytes.
const FOLD: u32 = 0x0020_2020;

/// The number of a literal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct LiteralId(u16);

impl LiteralId {
    const NONE: Self = Self(u16::MAX);

    /// Returns the number of the literal at an index of the set.
    pub(super) fn at(index: usize) -> Self {
        Self(u16::try_from(index).expect("there are fewer than 65,535 literals"))
    }

    pub(super) fn index(self) -> usize {
        usize::from(self.0)
    }
}

/// A set of literals.
pub(super) struct Literals {
    all: Vec<Literal>,
    /// The first literal whose gram has this hash.
    slots: Vec<LiteralId>,
}

struct Literal {
    text: &'static str,
    any_case: bool,
    /// Three of its bytes, folded, and their offset.
    gram: u32,
    gram_at: usize,
    /// The next literal in the same slot.
    next: LiteralId,
}

impl Literals {
    /// Returns a set. Each literal has [`GRAM`] bytes or more, and may match upper-case and lower-case letters alike.
    pub(super) fn new(literals: impl Iterator<Item = (&'static str, bool)>) -> Self {
        let mut all: Vec<_> = literals
            .map(|(text, any_case)| Literal { text, any_case, gram: 0, gram_at: 0, next: LiteralId::NONE })
            .collect();
        assert!(all.len() <= MAX_LITERALS, "{} literals", all.len());
        let mut uses = vec![0_u32; SLOTS];
        for literal in &all {
            grams(literal.text).for_each(|gram| uses[slot(gram)] += 1);
        }
        let mut slots = vec![LiteralId::NONE; SLOTS];
        for (index, literal) in all.iter_mut().enumerate() {
            // The gram that the fewest literals contain makes the fewest comparisons.
            let rarest = grams(literal.text).enumerate().min_by_key(|(_, gram)| uses[slot(*gram)]);
            (literal.gram_at, literal.gram) = rarest.expect("literals are not shorter than a gram");
            let id = LiteralId::at(index);
            literal.next = std::mem::replace(&mut slots[slot(literal.gram)], id);
        }
        Self { all, slots }
    }

    /// Finds all occurrences in a text of less than 4 GiB. They may overlap.
    pub(super) fn find_all(&self, text: &str) -> Hits {
        let mut hits = Hits::default();
        for (at, gram) in grams(text).enumerate() {
            let mut id = self.slots[slot(gram)];
            while id != LiteralId::NONE {
                let literal = &self.all[id.index()];
                if literal.gram == gram
                    && let Some(start) = at.checked_sub(literal.gram_at)
                    && literal.is_at(text, start)
                {
                    hits.push(at, start, id);
                }
                id = literal.next;
            }
        }
        hits.by_literal.sort_unstable();
        hits
    }

    /// Returns the length of a literal, in bytes.
    pub(super) fn len_of(&self, id: LiteralId) -> usize {
        self.all[id.index()].text.len()
    }
}

impl Literal {
    fn is_at(&self, text: &str, start: usize) -> bool {
        text.as_bytes().get(start..start + self.text.len()).is_some_and(|found| {
            found == self.text.as_bytes()
                || (self.any_case && found.eq_ignore_ascii_case(self.text.as_bytes()))
        })
    }
}

/// Returns the folded grams of a text, one for each offset.
fn grams(text: &str) -> impl Iterator<Item = u32> {
    let windows = text.as_bytes().windows(GRAM);
    windows.map(|it| u32::from_le_bytes([it[0], it[1], it[2], 0]) | FOLD)
}

fn slot(gram: u32) -> usize {
    // The high bits of a product depend on all bits of its factors.
    (gram.wrapping_mul(0x9e37_79b1) >> (32 - SLOTS.ilog2())) as usize
}

/// Where a text contains the literals of a set.
#[derive(Debug, Clone, Default)]
pub(super) struct Hits {
    in_order: Vec<Hit>,
    /// The literals and their starts, sorted.
    by_literal: Vec<(LiteralId, u32)>,
    /// One bit for each literal that occurs.
    present: [u64; MAX_LITERALS / 64],
}

#[derive(Debug, Clone, Copy)]
struct Hit {
    gram_at: u32,
    start: u32,
    id: LiteralId,
}

impl Hits {
    fn push(&mut self, gram_at: usize, start: usize, id: LiteralId) {
        let [gram_at, start] =
            [gram_at, start].map(|at| u32::try_from(at).expect("texts have less than 4 GiB"));
        self.in_order.push(Hit { gram_at, start, id });
        self.by_literal.push((id, start));
        self.present[id.index() / 64] |= 1 << (id.index() % 64);
    }

    /// Returns the index of the first hit at or after an offset. No hit before the index `from` is.
    pub(super) fn first(&self, from: usize, offset: usize) -> usize {
        let is_before = |hit: &Hit| (hit.gram_at as usize) < offset;
        let rest = &self.in_order[from..];
        // In most cases, it is one of the next hits.
        let mut bound = 1;
        while rest.get(bound - 1).is_some_and(is_before) {
            bound *= 2;
        }
        let skipped = bound / 2;
        from + skipped + rest[skipped..rest.len().min(bound)].partition_point(is_before)
    }

    /// Returns the literals that a range contains whole, with their starts. See [`Self::first`] for `first`.
    pub(super) fn within<'h>(
        &'h self,
        literals: &'h Literals,
        first: usize,
        range: Range<usize>,
    ) -> impl Iterator<Item = (LiteralId, usize)> + 'h {
        self.in_order[self.first(first, range.start)..]
            .iter()
            .take_while(move |hit| (hit.gram_at as usize) < range.end)
            .map(|hit| (hit.id, hit.start as usize))
            .filter(move |(id, start)| *start >= range.start && start + literals.len_of(*id) <= range.end)
    }

    /// Whether a literal occurs.
    pub(super) fn contains(&self, id: LiteralId) -> bool {
        self.present[id.index() / 64] & (1 << (id.index() % 64)) != 0
    }

    /// Returns the first start of a literal at or after an offset.
    pub(super) fn next(&self, id: LiteralId, from: usize) -> Option<usize> {
        if !self.contains(id) {
            return None;
        }
        let first = (id, u32::try_from(from).ok()?);
        let found = self.by_literal.get(self.by_literal.partition_point(|it| *it < first))?;
        (found.0 == id).then_some(found.1 as usize)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TEXTS: [(&str, bool); 6] = [
        ("rpc error", false),
        ("error", false),
        ("peering", true),
        (" peer", true),
        ("peer", false),
        ("Error: rpc", false),
    ];

    proptest! {
        #[test]
        fn every_occurrence_is_found(words in prop::collection::vec(prop::sample::select(vec![
            "rpc", " ", "error", "Error: ", "PEER", "peer", "ing", "é", "err", "rpc error",
        ]), 0..24)) {
            let text = words.concat();
            let literals = Literals::new(TEXTS.into_iter());
            let hits = literals.find_all(&text);
            for (index, (literal, any_case)) in TEXTS.into_iter().enumerate() {
                let id = LiteralId::at(index);
                let searched = if any_case { text.to_ascii_lowercase() } else { text.clone() };
                let bytes = searched.as_bytes();
                let expected: Vec<usize> =
                    (0..text.len()).filter(|at| bytes[*at..].starts_with(literal.as_bytes())).collect();
                let found = hits.within(&literals, 0, 0..text.len()).filter(|it| it.0 == id).map(|it| it.1);
                prop_assert_eq!(found.collect::<Vec<_>>(), expected.clone());
                for from in 0..=text.len() {
                    let next = expected.iter().copied().find(|start| *start >= from);
                    prop_assert_eq!(hits.next(id, from), next);
                    let inside = hits.within(&literals, hits.first(0, from), from..text.len()).filter(|it| it.0 == id).count();
                    prop_assert_eq!(inside, expected.iter().filter(|start| **start >= from).count());
                }
            }
        }
    }
}
