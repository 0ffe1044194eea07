//! What was read before: certificates, and the JSON strings that hold them.
//!
//! Reading one certificate takes twenty times as long as all else of a token, and thousands of tokens share it.

use std::collections::HashMap;
use std::sync::Arc;

use foldhash::fast::RandomState;

use crate::lint::context::CaEntry;
use crate::token::CaCache;

/// How many entries one generation remembers.
const MAX_ENTRIES: usize = 1024;

/// How many bytes of keys one generation remembers.
const MAX_BYTES: usize = 2 * 1024 * 1024;

/// The longest key that is remembered, in bytes; a certificate takes one or two thousand.
const MAX_KEY_LEN: usize = 64 * 1024;

/// Remembers what was made lately of some bytes: two generations, of which the older is forgotten when the younger is
/// full.
///
/// The hash is seeded at random. It is not a cryptographic one: who finds collisions nevertheless makes a look-up
/// compare with all entries, of which there are few.
struct TwoGenerationCache<T> {
    young: Generation<T>,
    old: Generation<T>,
}

struct Generation<T> {
    entries: HashMap<Box<[u8]>, T, RandomState>,
    /// How long all keys are.
    bytes: usize,
}

impl<T: Clone> TwoGenerationCache<T> {
    fn get(&mut self, key: &[u8]) -> Option<T> {
        if let Some(value) = self.young.entries.get(key) {
            return Some(value.clone());
        }
        let value = self.old.entries.get(key)?.clone();
        self.insert(key, value.clone());
        Some(value)
    }

    fn insert(&mut self, key: &[u8], value: T) {
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

/// Certificates by their text in `CA`.
#[derive(Default)]
pub(super) struct CaEntries(TwoGenerationCache<Arc<CaEntry>>);

impl CaEntries {
    /// The facts of one entry of `CA`.
    pub(super) fn read(&mut self, entry: &str) -> Arc<CaEntry> {
        self.0.get(entry.as_bytes()).unwrap_or_else(|| {
            let authority = Arc::new(CaEntry::read(entry));
            self.0.insert(entry.as_bytes(), Arc::clone(&authority));
            authority
        })
    }
}

/// Texts of `CA` by how they are written in JSON.
#[derive(Default)]
pub(super) struct Strings(TwoGenerationCache<Arc<str>>);

impl CaCache for Strings {
    fn get(&mut self, written: &[u8]) -> Option<String> {
        self.0.get(written).map(|text| text.as_ref().to_owned())
    }

    fn insert(&mut self, written: &[u8], text: &str) {
        self.0.insert(written, text.into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::token::{decode, decode_with_cache};

    #[test]
    fn what_was_read_lately_is_not_read_again() {
        let mut ca_entries = CaEntries::default();
        let first = ca_entries.read("a");
        for other in 0..MAX_ENTRIES {
            ca_entries.read(&other.to_string());
        }
        assert!(Arc::ptr_eq(&first, &ca_entries.read("a")), "from the older generation");
        for other in 0..2 * MAX_ENTRIES {
            ca_entries.read(&format!("{other} again"));
        }
        assert!(!Arc::ptr_eq(&first, &ca_entries.read("a")));
    }

    #[test]
    fn long_texts_do_not_fill_the_memory() {
        let mut memory = TwoGenerationCache::default();
        for length in (0..200).map(|number| number * 350) {
            memory.insert(&vec![b'x'; length], ());
        }
        assert!(!memory.old.entries.is_empty());
        for generation in [memory.young, memory.old] {
            assert!(generation.bytes <= MAX_BYTES);
            assert!(generation.entries.keys().all(|key| key.len() <= MAX_KEY_LEN));
        }
    }

    #[test]
    fn a_token_reads_the_same_with_and_without_memory() {
        let mut strings = Strings::default();
        let mut buffer = crate::ZeroizeBuf::default();
        for ca in [
            r"a\nb",
            r"a\nb",
            r#"a\nb\"c"#,
            r#"a\nb\"c"#,
            "a\\nb\n",
            r"a\ud800",
            r"a\ud800",
            "a",
            "a\\",
            "",
            "",
        ] {
            let json = format!("{{\"CA\":[\"{ca}\"],\"ca\":[null,\"{ca}\"],\"PeerID\":\"{ca}\"}}");
            let text = crate::gostd::base64::encode(json.as_bytes());
            for _ in 0..2 {
                assert_eq!(
                    decode_with_cache(text.as_bytes(), &mut buffer, &mut strings),
                    decode(text.as_bytes()),
                    "{ca}"
                );
            }
        }
    }
}
