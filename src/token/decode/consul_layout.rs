//! Reads JSON that Consul wrote: every key once, in Consul's order, without spaces and escapes.
//!
//! Nearly every token has this layout, and reading it takes a quarter of the work of [`super::fields`], which reads any.

use crate::bytes::all;
use crate::token::{Locality, Remote, Token};

/// Reads the JSON of a token after its `CA`. Returns `None` if it has another layout.
#[expect(clippy::needless_bitwise_bool, reason = "without branches, the loop becomes vector instructions")]
pub(super) fn read_after_ca(json: &[u8]) -> Option<Token> {
    if !all(json, |byte| matches!(byte, b' '..=b'~') & (byte != b'\\')) {
        return None;
    }
    let mut json = Rest(std::str::from_utf8(json).ok()?);
    let manual_server_addresses = json.after(",\"ManualServerAddresses\":")?.list()?;
    let server_addresses = json.after(",\"ServerAddresses\":")?.list()?;
    let server_name = json.after(",\"ServerName\":")?.string()?.to_owned();
    let peer_id = json.after(",\"PeerID\":")?.string()?.to_owned();
    let establishment_secret = json.after(",\"EstablishmentSecret\":")?.string()?.into();
    let remote = if json.after(",\"Remote\":").is_some() { Some(json.remote()?) } else { None };
    (json.0 == "}").then_some(Token {
        ca: None,
        manual_server_addresses,
        server_addresses,
        server_name,
        peer_id,
        establishment_secret,
        remote,
    })
}

/// The text that is not read yet.
struct Rest<'a>(&'a str);

impl<'a> Rest<'a> {
    /// Skips a text.
    fn after(&mut self, text: &str) -> Option<&mut Self> {
        self.0 = self.0.strip_prefix(text)?;
        Some(self)
    }

    fn string(&mut self) -> Option<&'a str> {
        self.after("\"")?;
        let (text, rest) = self.0.split_at_checked(memchr::memchr(b'"', self.0.as_bytes())?)?;
        self.0 = rest;
        self.after("\"")?;
        Some(text)
    }

    /// Reads a list of strings, or `null`.
    #[allow(clippy::option_option)] // `None`: another layout; `Some(None)`: `null`
    fn list(&mut self) -> Option<Option<Vec<String>>> {
        if self.after("null").is_some() {
            return Some(None);
        }
        let mut elements = Vec::new();
        self.after("[")?;
        while self.after("]").is_none() {
            if !elements.is_empty() {
                self.after(",")?;
            }
            elements.push(self.string()?.to_owned());
        }
        Some(Some(elements))
    }

    fn remote(&mut self) -> Option<Remote> {
        let partition = self.after("{\"Partition\":")?.string()?.to_owned();
        let datacenter = self.after(",\"Datacenter\":")?.string()?.to_owned();
        self.after(",\"Locality\":")?;
        let locality = if self.after("null").is_some() { None } else { Some(self.locality()?) };
        self.after("}")?;
        Some(Remote { partition, datacenter, locality })
    }

    fn locality(&mut self) -> Option<Locality> {
        let region = self.after("{\"Region\":")?.string()?.to_owned();
        let zone = self.after(",\"Zone\":")?.string()?.to_owned();
        self.after("}")?;
        Some(Locality { region, zone })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::token::decode::fields::read;
    use crate::token::encode::tests::tokens;
    use crate::token::to_json;

    const CA: &str = "{\"CA\":null";

    fn text() -> impl Strategy<Value = String> {
        prop_oneof![6 => "[a-z0-9:.-]{0,12}", 1 => "[\"\\\\é\u{1}<]{0,3}"]
    }

    proptest! {
        #[test]
        fn what_is_read_is_what_any_layout_is_read_as(
            token in tokens(text),
            edit in prop::option::of((any::<prop::sample::Index>(), 0..3_usize, "[\"a,{}\\[\\] :]{0,2}")),
        ) {
            let token = Token { ca: None, ..token };
            let mut json = to_json(&token).as_bytes().to_vec();
            let is_plain = !json.iter().any(|byte| *byte == b'\\' || !byte.is_ascii());
            if let Some((at, removed, inserted)) = &edit {
                let start = CA.len() + at.index(json.len() - CA.len());
                json.splice(start..(start + removed).min(json.len()), inserted.bytes());
            }
            match read_after_ca(&json[CA.len()..]) {
                None => prop_assert!(edit.is_some() || !is_plain, "the layout is Consul's"),
                Some(read_here) => {
                    let Ok((expected, observations)) = read(&json) else { panic!("an error") };
                    prop_assert_eq!(read_here, expected);
                    prop_assert!(observations.is_empty());
                }
            }
        }
    }

    #[test]
    fn a_token_of_consul_1_13_has_no_remote() {
        let json = br#","ManualServerAddresses":null,"ServerAddresses":[],"ServerName":"","PeerID":"","EstablishmentSecret":""}"#;
        let expected = Token { server_addresses: Some(Vec::new()), ..Token::default() };
        assert_eq!(read_after_ca(json), Some(expected));
    }
}
