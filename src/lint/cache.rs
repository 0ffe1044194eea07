//! Reuses work between tokens: certificates, and the texts up to the end of `CA`.
//!
//! Parsing one certificate takes twenty times as long as everything else in a token, and thousands of tokens share it.

mod clusters;
mod prefixes;
mod two_generation;

use std::sync::Arc;

use crate::ZeroizeBuf;
use crate::lint::results::Results;
use crate::lint::{CaEntry, Context, Options, Reference};
use crate::token::{CaPrefix, DecodeError, Decoded, decode, decode_into};
use clusters::Clusters;
use prefixes::Prefixes;
use two_generation::TwoGenerationCache;

/// Does the steps of checking a token that can reuse work, with or without a memory of earlier tokens.
pub(super) trait Cache {
    /// Decodes a token's text as Consul does.
    fn decode(&mut self, text: &[u8]) -> Result<Decoded, DecodeError>;

    /// Parses one entry of `CA`.
    fn ca_entry(&mut self, pem: &str, reference: Reference) -> Arc<CaEntry>;

    /// Returns the results of all checks but those of addresses for an [ordinary](Context::is_ordinary) token. `run` runs
    /// them.
    fn cluster_results(&mut self, context: &Context<'_>, run: impl FnOnce() -> Results) -> Results;
}

/// Reuses nothing.
pub(super) struct NoCache;

/// Checks tokens with the same options, and reuses work between them.
pub struct TokenCache {
    pub(super) options: Options,
    pub(super) memory: Memory,
}

/// Certificates, texts and results of recent tokens, in bounded memory.
#[derive(Default)]
pub(super) struct Memory {
    /// The decoded base64 of one token after the other.
    json: ZeroizeBuf,
    prefixes: Prefixes,
    ca_entries: TwoGenerationCache<Arc<CaEntry>>,
    clusters: Clusters,
}

impl TokenCache {
    /// Creates a cache for tokens that are checked with these options.
    pub fn new(options: Options) -> Self {
        Self { options, memory: Memory::default() }
    }
}

impl Cache for NoCache {
    fn decode(&mut self, text: &[u8]) -> Result<Decoded, DecodeError> {
        decode(text)
    }

    fn ca_entry(&mut self, pem: &str, reference: Reference) -> Arc<CaEntry> {
        Arc::new(CaEntry::parse(pem, reference))
    }

    fn cluster_results(&mut self, _: &Context<'_>, run: impl FnOnce() -> Results) -> Results {
        run()
    }
}

impl Cache for Memory {
    fn decode(&mut self, text: &[u8]) -> Result<Decoded, DecodeError> {
        if let Some(prefix) = self.prefixes.find(text)
            && let Some(decoded) = prefix.decode(text, &mut self.json)
        {
            return Ok(decoded);
        }
        let decoded = decode_into(text, &mut self.json)?;
        if let Some(prefix) = CaPrefix::of(text, &self.json, &decoded) {
            self.prefixes.insert(prefix);
        }
        Ok(decoded)
    }

    fn ca_entry(&mut self, pem: &str, reference: Reference) -> Arc<CaEntry> {
        self.ca_entries.find(pem.as_bytes()).unwrap_or_else(|| {
            let entry = Arc::new(CaEntry::parse(pem, reference));
            // The cache is not wiped after each token.
            if !entry.contains_private_key {
                self.ca_entries.insert(pem.as_bytes(), Arc::clone(&entry), 0);
            }
            entry
        })
    }

    fn cluster_results(&mut self, context: &Context<'_>, run: impl FnOnce() -> Results) -> Results {
        self.clusters.results(context, run)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::gostd::base64::encode;
    use crate::lint::{Options, check, check_with_cache};
    use crate::token::{Remote, Token};

    /// Decodes each JSON text with one cache, and without.
    fn assert_cache_changes_nothing(texts: &[&[u8]]) {
        let mut cache = Memory::default();
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

    /// An entry of `CA` that is long enough for a prefix to be found.
    fn long_entry() -> String {
        format!("\"{}\"", "a".repeat(400))
    }

    #[test]
    fn a_token_that_is_cut_at_any_byte_decodes_as_without_a_cache() {
        for json in [
            r#"{"CA":["x"],"ServerAddresses":["h:1"],"PeerID":"p"}"#,
            r#"{"CA":["a\nb","a\"b","\\",""],"ca":["\u0041",null,"x"],"PeerID":"p"}"#,
            "{\"CA\":[\"a\u{e9}\u{1f389}\",\"\\ud83c\",\"a\"]}",
        ] {
            let json = json.replacen('[', &format!("[{},", long_entry()), 1);
            let json = json.as_bytes();
            for end in 400..json.len() {
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
            format!("{{\"CA\":[{}],{}}}", long_entry(), fields.join(",")).into_bytes()
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
            let mut cache = TokenCache::new(options.clone());
            for json in [&whole, &other, &whole] {
                let text = encode(json);
                let with_cache = check_with_cache(text.as_bytes(), &mut cache);
                prop_assert_eq!(format!("{with_cache:?}"), format!("{:?}", check(text.as_bytes(), &options)));
            }
        }
    }

    /// A token with the fields of other tokens, in any combination.
    fn token() -> impl Strategy<Value = Token> {
        let [one, two] = ["one-server", "two-roots"].map(|name| {
            let text = std::fs::read_to_string(format!("fixtures/tokens/{name}.txt")).unwrap();
            decode(text.trim().as_bytes()).unwrap().token
        });
        let texts =
            |texts: &[&str]| prop::sample::select(texts.iter().map(ToString::to_string).collect::<Vec<_>>());
        let ids = |own: &str| texts(&[own, "11111111-2222-3333-4444-555555555555", "x", ""]);
        let addresses = prop::collection::vec(
            texts(&["10.0.0.1:8503", "10.0.0.2:8503", "h", "-----BEGIN PRIVATE KEY-----"]),
            0..3,
        );
        let cas: Vec<String> = one.ca.iter().chain(&two.ca).flatten().cloned().collect();
        let remote = prop::sample::select(vec![None, one.remote.clone(), Some(Remote::default())]);
        (
            prop::collection::vec(prop::sample::select(cas), 0..3),
            addresses,
            texts(&[&one.server_name, &two.server_name, "x", ""]),
            ids(&one.peer_id),
            ids(&two.peer_id),
            remote,
        )
            .prop_map(|(ca, addresses, server_name, peer_id, secret, remote)| Token {
                ca: Some(ca),
                manual_server_addresses: None,
                server_addresses: Some(addresses),
                server_name,
                peer_id,
                establishment_secret: secret.into(),
                remote,
            })
    }

    proptest! {
        #[test]
        fn no_token_gets_another_report_after_another(tokens in prop::collection::vec(token(), 2..5)) {
            let options = Options::new("2026-12-01T00:00:00Z".parse().unwrap());
            let mut cache = TokenCache::new(options.clone());
            for token in tokens.iter().chain(&tokens) {
                let text = crate::token::encode(token);
                let with_cache = check_with_cache(text.as_bytes(), &mut cache);
                prop_assert_eq!(format!("{with_cache:?}"), format!("{:?}", check(text.as_bytes(), &options)));
            }
        }
    }

    #[test]
    fn a_private_key_is_not_kept() {
        let pem = format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", "TUlH".repeat(200));
        let json = format!("{{\"CA\":[{pem:?}]}}");
        let mut cache = TokenCache::new(Options::new(jiff::Timestamp::MIN));
        check_with_cache(encode(json.as_bytes()).as_bytes(), &mut cache);
        let mut cache = cache.memory;
        assert!(cache.prefixes.find(encode(json.as_bytes()).as_bytes()).is_none());
        assert!(cache.ca_entries.find(pem.as_bytes()).is_none());
    }
}
