//! Everything that is searched for in a text, and which patterns its literals select.

use std::cmp::Reverse;
use std::sync::LazyLock;

use super::layer_forms::{FORMS, Form};
use super::literals::{GRAM, LiteralId, Literals};
use super::message::{Around, Layer};
use super::pattern::{Matched, Part, Pattern, Subject, parts};
use super::{Entry, entries, relevance, signs};

/// What this version knows.
pub(super) static KNOWN: LazyLock<Known> = LazyLock::new(Known::new);

/// All literals, and the patterns by rank.
pub(super) struct Known {
    pub(super) literals: Literals,
    /// The number of literals before those of the layers.
    first_form: usize,
    /// The most specific first.
    ranked: Vec<Ranked>,
    /// The ranks of the patterns to which each literal leads. Each pattern has one such literal.
    by_literal: Vec<Vec<u16>>,
    /// The ranks of patterns that only need layers, by layer.
    by_layer: Vec<(Layer, u16)>,
}

/// A pattern, split at its placeholders.
pub(super) struct Ranked {
    pub(super) pattern: &'static Pattern,
    pub(super) entry: &'static Entry,
    /// The position of the entry among all entries.
    pub(super) entry_index: usize,
    pub(super) specificity: usize,
    parts: Vec<Part>,
}

impl Known {
    fn new() -> Self {
        let mut ranked: Vec<_> = entries()
            .iter()
            .enumerate()
            .flat_map(|(index, entry)| entry.patterns.iter().map(move |it| (it, *entry, index)))
            .map(|(pattern, entry, entry_index)| {
                let specificity = pattern.specificity();
                Ranked { pattern, entry, entry_index, specificity, parts: Vec::new() }
            })
            .collect();
        ranked.sort_by_cached_key(|it| Reverse(it.pattern.rank()));

        let of_origin = signs::literals().map(|literal| (literal, true));
        let of_layers = FORMS.iter().map(|literal| (*literal, false));
        let fixed: Vec<_> = of_origin.chain(of_layers).collect();
        let of_patterns = ranked.iter().filter(|it| it.pattern.has_text()).flat_map(|it| parts(it.pattern));
        let mut of_patterns: Vec<_> =
            of_patterns.map(|part| part.literal).filter(|literal| literal.len() >= GRAM).collect();
        of_patterns.sort_unstable();
        of_patterns.dedup();
        let first = fixed.len();
        let id = |literal: &str| of_patterns.binary_search(&literal).ok().map(|at| LiteralId::at(first + at));

        let mut by_literal = vec![Vec::new(); first + of_patterns.len()];
        let mut by_layer = Vec::new();
        for (rank, it) in (0_u16..).zip(&mut ranked) {
            it.parts = parts(it.pattern).map(|part| Part { id: id(part.literal), ..part }).collect();
            // The longest literal is the least likely to be in a text that does not match.
            let longest =
                it.parts.iter().filter(|part| part.id.is_some()).max_by_key(|part| part.literal.len());
            match longest.and_then(|part| part.id).filter(|_| it.pattern.has_text()) {
                Some(id) => by_literal[id.index()].push(rank),
                None => by_layer.push((it.pattern.layer(), rank)),
            }
        }
        let literals = fixed.into_iter().chain(of_patterns.iter().map(|literal| (*literal, false)));
        Self {
            literals: Literals::new(literals),
            first_form: signs::literals().count(),
            ranked,
            by_literal,
            by_layer,
        }
    }

    /// Whether a literal is that of a layer.
    pub(super) fn is_form(&self, id: LiteralId) -> bool {
        (self.first_form..self.first_form + FORMS.len()).contains(&id.index())
    }

    /// Returns the number of a literal of a layer.
    pub(super) fn form(&self, form: Form) -> LiteralId {
        LiteralId::at(self.first_form + form.index)
    }

    /// Returns whether any pattern may match a message with these literals and layers.
    pub(super) fn may_match(
        &self,
        mut literals: impl Iterator<Item = LiteralId>,
        around: &Around<'_>,
    ) -> bool {
        self.of_layers(around).next().is_some() || literals.any(|id| !self.by_literal[id.index()].is_empty())
    }

    /// Returns the most specific pattern that matches.
    pub(super) fn find<'t>(&self, subject: &Subject<'t>) -> Option<(&Ranked, Matched<'t>)> {
        let mut ranks: Vec<u16> = self.of_layers(&subject.around).collect();
        let mut previous = None;
        for (id, _) in subject.text.literals() {
            if previous.replace(id) != Some(id) {
                ranks.extend_from_slice(&self.by_literal[id.index()]);
            }
        }
        ranks.sort_unstable();
        ranks.dedup();
        ranks
            .into_iter()
            .map(|rank| &self.ranked[usize::from(rank)])
            .filter(|it| relevance::may_explain(it.entry, subject.around.origin))
            .find_map(|it| Some((it, it.pattern.find(&it.parts, subject)?)))
    }

    /// Returns the ranks of the patterns without a literal that these layers select.
    fn of_layers(&self, around: &Around<'_>) -> impl Iterator<Item = u16> {
        let all = if around.is_plain() { &[][..] } else { &self.by_layer };
        let present = all.iter().filter(|(layer, _)| around.contains(*layer));
        present
            .map(|(_, rank)| *rank)
            .filter(|rank| self.ranked[usize::from(*rank)].pattern.is_selected_by(around))
    }
}

#[cfg(test)]
#[path = "known_tests.rs"]
mod tests;
