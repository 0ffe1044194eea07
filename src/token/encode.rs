//! Encodes a [`Token`] as text, the way current Consul does.

use zeroize::Zeroizing;

use super::{Remote, Token};
use crate::gostd::base64;
use crate::gostd::json::quote;

/// Returns the text of a token: standard base64 with padding of its compact JSON.
pub fn encode(token: &Token) -> Zeroizing<String> {
    Zeroizing::new(base64::encode(to_json(token).as_bytes()))
}

/// Returns the compact JSON of a token, with its keys in Consul's order.
///
/// A token without [`Remote`] gets an empty one, as in current Consul.
pub fn to_json(token: &Token) -> Zeroizing<String> {
    // Growing the string would leave copies of the secret in freed memory.
    let mut json = Zeroizing::new(String::with_capacity(max_len(token)));
    json.push_str("{\"CA\":");
    list(token.ca.as_deref(), &mut json);
    json.push_str(",\"ManualServerAddresses\":");
    list(token.manual_server_addresses.as_deref(), &mut json);
    json.push_str(",\"ServerAddresses\":");
    list(token.server_addresses.as_deref(), &mut json);
    json.push_str(",\"ServerName\":");
    quote(&token.server_name, &mut json);
    json.push_str(",\"PeerID\":");
    quote(&token.peer_id, &mut json);
    json.push_str(",\"EstablishmentSecret\":");
    quote(token.establishment_secret.expose(), &mut json);
    json.push_str(",\"Remote\":");
    remote(token.remote.as_ref().unwrap_or(&Remote::default()), &mut json);
    json.push('}');
    json
}

fn list(elements: Option<&[String]>, json: &mut String) {
    let Some(elements) = elements else { return json.push_str("null") };
    json.push('[');
    for (index, element) in elements.iter().enumerate() {
        if index > 0 {
            json.push(',');
        }
        quote(element, json);
    }
    json.push(']');
}

fn remote(remote: &Remote, json: &mut String) {
    json.push_str("{\"Partition\":");
    quote(&remote.partition, json);
    json.push_str(",\"Datacenter\":");
    quote(&remote.datacenter, json);
    json.push_str(",\"Locality\":");
    if let Some(locality) = &remote.locality {
        json.push_str("{\"Region\":");
        quote(&locality.region, json);
        json.push_str(",\"Zone\":");
        quote(&locality.zone, json);
        json.push('}');
    } else {
        json.push_str("null");
    }
    json.push('}');
}

/// Returns the maximum length of a token's JSON, in bytes. Escaping turns one byte into at most six.
fn max_len(token: &Token) -> usize {
    const KEYS_AND_BRACKETS: usize = 256;
    let lists = [&token.ca, &token.manual_server_addresses, &token.server_addresses];
    let elements = lists.into_iter().flatten().flatten().map(|element| 6 * element.len() + 3);
    let remote = token.remote.as_ref().map_or(0, |remote| {
        let locality =
            remote.locality.as_ref().map_or(0, |locality| locality.region.len() + locality.zone.len());
        remote.partition.len() + remote.datacenter.len() + locality
    });
    let texts =
        token.server_name.len() + token.peer_id.len() + token.establishment_secret.expose().len() + remote;
    KEYS_AND_BRACKETS + elements.sum::<usize>() + 6 * texts
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::token::{Locality, decode};

    #[test]
    fn an_empty_token_is_encoded_as_in_current_consul() {
        assert_eq!(
            *to_json(&Token::default()),
            "{\"CA\":null,\"ManualServerAddresses\":null,\"ServerAddresses\":null,\"ServerName\":\"\",\"PeerID\":\"\",\
             \"EstablishmentSecret\":\"\",\"Remote\":{\"Partition\":\"\",\"Datacenter\":\"\",\"Locality\":null}}"
        );
    }

    /// Returns tokens with these texts.
    pub(crate) fn tokens<S: Strategy<Value = String> + 'static>(
        text: impl Fn() -> S,
    ) -> impl Strategy<Value = Token> {
        let list = || proptest::option::of(proptest::collection::vec(text(), 0..3));
        let locality = (text(), text()).prop_map(|(region, zone)| Locality { region, zone });
        let remote = (text(), text(), proptest::option::of(locality))
            .prop_map(|(partition, datacenter, locality)| Remote { partition, datacenter, locality });
        (list(), list(), list(), [text(), text(), text()], remote).prop_map(
            |(ca, manual_server_addresses, server_addresses, [server_name, peer_id, secret], remote)| Token {
                ca,
                manual_server_addresses,
                server_addresses,
                server_name,
                peer_id,
                establishment_secret: secret.into(),
                remote: Some(remote),
            },
        )
    }

    proptest! {
        #[test]
        fn encoding_and_decoding_any_token_round_trips(token in tokens(any::<String>)) {
            let json = to_json(&token);
            prop_assert!(json.len() <= max_len(&token));
            prop_assert!(serde_json::from_str::<serde_json::Value>(&json).is_ok());
            let decoded = decode(encode(&token).as_bytes()).unwrap();
            prop_assert_eq!(decoded.token, token);
            prop_assert_eq!(decoded.observations, []);
        }
    }
}
