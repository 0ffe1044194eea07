//! Reuses work between tokens: certificates, and the JSON strings that contain them.
//!
//! Parsing one certificate takes twenty times as long as everything else in a token, and thousands of tokens share it.

mod two_generation;

use std::sync::Arc;

use crate::ZeroizeBuf;
use crate::lint::CaEntry;
use crate::token::{CaCache, DecodeError, Decoded, decode, decode_with_cache};
use two_generation::TwoGenerationCache;

/// Decodes tokens and parses the entries of their `CA`, with or without a memory of earlier tokens.
pub trait Cache {
    /// Decodes a token's text as Consul does.
    fn decode(&mut self, text: &[u8]) -> Result<Decoded, DecodeError>;

    /// Parses one entry of `CA`.
    fn ca_entry(&mut self, pem: &str) -> Arc<CaEntry>;
}

/// Reuses nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoCache;

/// Reuses certificates and strings of recent tokens, in bounded memory.
#[derive(Default)]
pub struct TokenCache {
    /// The decoded base64 of one token after the other.
    json: ZeroizeBuf,
    strings: JsonStrings,
    ca_entries: TwoGenerationCache<Arc<CaEntry>>,
}

/// Entries of `CA` by their spelling in JSON.
#[derive(Default)]
struct JsonStrings(TwoGenerationCache<Arc<str>>);

impl Cache for NoCache {
    fn decode(&mut self, text: &[u8]) -> Result<Decoded, DecodeError> {
        decode(text)
    }

    fn ca_entry(&mut self, pem: &str) -> Arc<CaEntry> {
        Arc::new(CaEntry::parse(pem))
    }
}

impl Cache for TokenCache {
    fn decode(&mut self, text: &[u8]) -> Result<Decoded, DecodeError> {
        decode_with_cache(text, &mut self.json, &mut self.strings)
    }

    fn ca_entry(&mut self, pem: &str) -> Arc<CaEntry> {
        self.ca_entries.find(pem.as_bytes()).unwrap_or_else(|| {
            let entry = Arc::new(CaEntry::parse(pem));
            self.ca_entries.insert(pem.as_bytes(), Arc::clone(&entry));
            entry
        })
    }
}

impl CaCache for JsonStrings {
    fn get(&mut self, written: &[u8]) -> Option<String> {
        self.0.find(written).map(|text| text.as_ref().to_owned())
    }

    fn insert(&mut self, written: &[u8], text: &str) {
        self.0.insert(written, text.into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cached_string_decodes_to_the_same_token() {
        let mut cache = TokenCache::default();
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
                assert_eq!(cache.decode(text.as_bytes()), decode(text.as_bytes()), "{ca}");
            }
        }
    }
}
