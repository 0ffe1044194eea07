//! Reuses work between tokens: certificates, and the JSON strings that contain them.
//!
//! Parsing one certificate takes twenty times as long as everything else in a token, and thousands of tokens share it.

mod two_generation;

use std::sync::Arc;

use crate::ZeroizeBuf;
use crate::lint::{CaEntry, Reference};
use crate::token::{CaCache, DecodeError, Decoded, decode, decode_with_cache};
use two_generation::TwoGenerationCache;

/// Decodes tokens and parses the entries of their `CA`, with or without a memory of earlier tokens.
pub trait Cache {
    /// Decodes a token's text as Consul does.
    fn decode(&mut self, text: &[u8]) -> Result<Decoded, DecodeError>;

    /// Parses one entry of `CA`.
    fn ca_entry(&mut self, pem: &str, reference: Reference) -> Arc<CaEntry>;
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
    /// The Consul whose verdicts are in `ca_entries`.
    reference: Reference,
}

/// Entries of `CA` by their spelling in JSON.
#[derive(Default)]
struct JsonStrings(TwoGenerationCache<Arc<str>>);

impl Cache for NoCache {
    fn decode(&mut self, text: &[u8]) -> Result<Decoded, DecodeError> {
        decode(text)
    }

    fn ca_entry(&mut self, pem: &str, reference: Reference) -> Arc<CaEntry> {
        Arc::new(CaEntry::parse(pem, reference))
    }
}

impl Cache for TokenCache {
    fn decode(&mut self, text: &[u8]) -> Result<Decoded, DecodeError> {
        decode_with_cache(text, &mut self.json, &mut self.strings)
    }

    fn ca_entry(&mut self, pem: &str, reference: Reference) -> Arc<CaEntry> {
        if self.reference != reference {
            self.reference = reference;
            self.ca_entries = TwoGenerationCache::default();
        }
        self.ca_entries.find(pem.as_bytes()).unwrap_or_else(|| {
            let entry = Arc::new(CaEntry::parse(pem, reference));
            // The cache is not wiped after each token.
            if !entry.contains_private_key {
                self.ca_entries.insert(pem.as_bytes(), Arc::clone(&entry));
            }
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
    use proptest::prelude::*;

    use super::*;
    use crate::gostd::base64::encode;
    use crate::lint::{Options, check, check_with_cache};

    /// Decodes each JSON text with one cache, and without.
    fn assert_cache_changes_nothing(texts: &[&[u8]]) {
        let mut cache = TokenCache::default();
        for json in texts {
            let text = encode(json);
            assert_eq!(
                cache.decode(text.as_bytes()),
                decode(text.as_bytes()),
                "{:?} in {:?}",
                String::from_utf8_lossy(json),
                texts.iter().map(|json| String::from_utf8_lossy(json)).collect::<Vec<_>>()
            );
        }
    }

    #[test]
    fn a_token_that_is_cut_at_any_byte_decodes_as_without_a_cache() {
        for json in [
            r#"{"CA":["x"],"ServerAddresses":["h:1"],"PeerID":"p"}"#,
            r#"{"CA":["a\nb","a\"b","\\",""],"ca":["\u0041",null,"x"],"PeerID":"p"}"#,
            "{\"CA\":[\"a\u{e9}\u{1f389}\",\"\\ud83c\",\"a\"]}",
        ] {
            let json = json.as_bytes();
            for end in 0..json.len() {
                assert_cache_changes_nothing(&[json, &json[..end]]);
                assert_cache_changes_nothing(&[&json[..end], json]);
                for with in [&b"\""[..], b"\\", b"]}", b"\"]}", b"x\"]}", b"\\\"]}", b"\n", b"\xFF\"]"] {
                    assert_cache_changes_nothing(&[json, &[&json[..end], with].concat()]);
                }
            }
        }
    }

    /// A token's JSON, with a CA that other tokens share, changed anywhere.
    fn json() -> impl Strategy<Value = Vec<u8>> {
        let piece = prop_oneof![
            Just("x"),
            Just(r"\n"),
            Just(r#"\""#),
            Just(r"\\"),
            Just(r"\u00e9"),
            Just(r"\ud83c"),
            Just("\u{e9}"),
            Just("\n"),
            Just("PRIVATE KEY-"),
        ];
        let text = prop::collection::vec(piece, 0..4).prop_map(|pieces| pieces.concat());
        let list = prop::collection::vec(
            prop_oneof![4 => text.prop_map(|text| format!("\"{text}\"")), 1 => Just("null".to_owned())],
            0..3,
        );
        let key =
            prop_oneof![4 => Just("CA"), 1 => Just("ca"), 1 => Just("ServerAddresses"), 1 => Just("PeerID")];
        let fields = prop::collection::vec((key, list), 1..4).prop_map(|fields| {
            let fields: Vec<_> =
                fields.into_iter().map(|(key, list)| format!("\"{key}\":[{}]", list.join(","))).collect();
            format!("{{{}}}", fields.join(",")).into_bytes()
        });
        let edit = (any::<prop::sample::Index>(), 0..3_usize, prop::collection::vec(any::<u8>(), 0..2));
        (fields, prop::option::of(any::<prop::sample::Index>()), prop::option::of(edit)).prop_map(
            |(mut json, cut, edit)| {
                if let Some((at, removed, inserted)) = edit {
                    let start = at.index(json.len());
                    json.splice(start..(start + removed).min(json.len()), inserted);
                }
                if let Some(cut) = cut {
                    json.truncate(cut.index(json.len() + 1));
                }
                json
            },
        )
    }

    proptest! {
        #[test]
        fn no_text_decodes_differently_after_another(one in json(), other in json()) {
            assert_cache_changes_nothing(&[&one, &other, &one, &other]);
        }

        #[test]
        fn no_token_gets_another_report_after_a_cut_or_a_change(
            (seed, cut) in (prop::sample::select(vec!["one-server", "two-roots"]), any::<prop::sample::Index>()),
            edit in prop::option::of((any::<prop::sample::Index>(), any::<u8>())),
        ) {
            let path = format!("fixtures/tokens/{seed}.txt");
            let whole = crate::gostd::base64::decode(std::fs::read_to_string(path).unwrap().trim().as_bytes());
            let whole = whole.unwrap();
            let mut other = whole.clone();
            if let Some((at, byte)) = edit {
                other[at.index(whole.len())] = byte;
            }
            other.truncate(cut.index(whole.len() + 1));
            let options = Options::new("2026-12-01T00:00:00Z".parse().unwrap());
            let mut cache = TokenCache::default();
            for json in [&whole, &other, &whole] {
                let text = encode(json);
                let with_cache = check_with_cache(text.as_bytes(), &options, &mut cache);
                prop_assert_eq!(format!("{with_cache:?}"), format!("{:?}", check(text.as_bytes(), &options)));
            }
        }
    }

    #[test]
    fn a_private_key_is_not_kept() {
        let pem = "-----BEGIN PRIVATE KEY-----\nTUlH\n-----END PRIVATE KEY-----\n";
        let json = format!("{{\"CA\":[{pem:?}]}}");
        let mut cache = TokenCache::default();
        check_with_cache(encode(json.as_bytes()).as_bytes(), &Options::new(jiff::Timestamp::MIN), &mut cache);
        assert!(cache.strings.0.find(pem.replace('\n', "\\n").as_bytes()).is_none());
        assert!(cache.ca_entries.find(pem.as_bytes()).is_none());
    }
}
