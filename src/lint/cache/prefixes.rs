//! Prefixes of tokens by the start of their text.

use std::sync::Arc;

use super::two_generation::TwoGenerationCache;
use crate::token::CaPrefix;

/// The length of the text by which a prefix is found. The CA's key starts within it.
const KEY_LEN: usize = 512;

/// Prefixes of recent tokens: one for each start of a text.
#[derive(Default)]
pub(super) struct Prefixes(TwoGenerationCache<Arc<CaPrefix>>);

impl Prefixes {
    /// Returns the prefix of the last token whose text starts like this one.
    pub(super) fn find(&mut self, text: &[u8]) -> Option<Arc<CaPrefix>> {
        self.0.find(text.get(..KEY_LEN)?)
    }

    pub(super) fn insert(&mut self, prefix: CaPrefix) {
        let Some(key) = prefix.text().get(..KEY_LEN) else { return };
        let key = key.to_owned();
        // The text, and the entries that it encodes.
        let bytes = 2 * prefix.text().len();
        self.0.insert(&key, Arc::new(prefix), bytes);
    }
}
