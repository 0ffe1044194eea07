//! Consul's verdict: whether Consul accepts a token, and the message with which it rejects one.
//!
//! The checks are those of `POST /v1/peering/establish`, in Consul's order: the text can be decoded, every CA is a
//! certificate, there is an address, every address has a port, a token with a CA has a server name, and there is a
//! peer ID. Consul checks neither the expiry of certificates nor the secret.

use serde::Serialize;
use thiserror::Error;

use super::Reference;
use crate::gostd::{pem, x509};
use crate::token::shown::{MAX_SHOWN_LEN, contains_private_key, shown};
use crate::token::{DecodeError, ServerAddress, Token, decode};

/// Consul's verdict on a token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Acceptance {
    /// Whether Consul decodes and validates the token without an error. Dialing can still fail.
    pub accepted: bool,
    /// The message with which Consul rejects the token, exactly; `null` if it accepts the token.
    pub message: Option<String>,
    /// `false`: the message may differ from Consul's. The text after `peering token invalid CA: ` is not exact, or a value in
    /// it was shortened to 4 KiB, or contained a private key.
    pub exact: bool,
    /// The Consul whose verdict it is.
    pub reference: Reference,
}

/// The reason why Consul rejects a token or a CA.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{message}")]
pub struct Refusal {
    /// Consul's message; for a CA, the text after `peering token invalid CA: `.
    pub message: String,
    /// Whether it is Consul's text, byte for byte.
    pub exact: bool,
}

impl Acceptance {
    /// Returns Consul's verdict on a text.
    pub fn of_text(text: &[u8], reference: Reference) -> Self {
        Self::of_decoded(decode(text).as_ref().map(|decoded| &decoded.token), reference)
    }

    /// Returns Consul's verdict on a decoded text.
    pub fn of_decoded(decoded: Result<&Token, &DecodeError>, reference: Reference) -> Self {
        let cas = decoded.ok().and_then(|token| token.ca.as_deref()).unwrap_or_default();
        let cas = cas.iter().map(|ca| check_ca(ca, reference));
        Self::with_parts(decoded, reference, cas, decoded.into_iter().flat_map(addresses_of))
    }

    /// Returns Consul's verdict on a decoded text, given its verdict on each entry of `CA`, and each address with whether it
    /// is valid, in Consul's order.
    pub(super) fn with_parts<'t>(
        decoded: Result<&Token, &DecodeError>,
        reference: Reference,
        cas: impl Iterator<Item = Result<(), Refusal>>,
        addresses: impl Iterator<Item = (&'t str, bool)>,
    ) -> Self {
        let refusal = match decoded {
            Ok(token) => refusal(token, cas, addresses),
            Err(error) => Some(Refusal::exactly(error.message.clone())),
        };
        let Some(Refusal { message, exact }) = refusal else {
            return Self { accepted: true, message: None, exact: true, reference };
        };
        let is_shown_whole = message.len() <= MAX_SHOWN_LEN && !contains_private_key(&message);
        Self { accepted: false, message: Some(shown(message)), exact: exact && is_shown_whole, reference }
    }
}

/// Returns each address, and whether Consul can parse it.
fn addresses_of(token: &Token) -> impl Iterator<Item = (&str, bool)> {
    let manual = token.manual_server_addresses.iter().flatten();
    let addresses = manual.chain(token.server_addresses.iter().flatten());
    addresses.map(|text| (text.as_str(), ServerAddress::is_valid(text)))
}

/// Returns why Consul rejects a token.
fn refusal<'t>(
    token: &Token,
    mut cas: impl Iterator<Item = Result<(), Refusal>>,
    addresses: impl Iterator<Item = (&'t str, bool)>,
) -> Option<Refusal> {
    if let Some(refusal) = cas.find_map(Result::err) {
        let message = format!("peering token invalid CA: {}", refusal.message);
        return Some(Refusal { message, ..refusal });
    }
    let rejected = |message: &str| Some(Refusal::exactly(message));
    let mut addresses = addresses.peekable();
    if addresses.peek().is_none() {
        return rejected("peering token server addresses value is empty");
    }
    if let Some((address, _)) = addresses.find(|(_, is_valid)| !is_valid) {
        return Some(Refusal::exactly(format!("{address} is not a valid peering server address")));
    }
    if token.ca.as_ref().is_some_and(|cas| !cas.is_empty()) && token.server_name.is_empty() {
        return rejected("peering token server name value is empty");
    }
    if token.peer_id.is_empty() {
        return rejected("peering token peer ID value is empty");
    }
    None
}

impl Refusal {
    fn exactly(message: impl Into<String>) -> Self {
        Self { message: message.into(), exact: true }
    }
}

/// Returns Consul's verdict on one CA: its first well-formed PEM block must be a certificate.
pub(super) fn check_ca(pem: &str, reference: Reference) -> Result<(), Refusal> {
    let block = pem::decode(pem.as_bytes()).ok_or_else(|| Refusal::exactly("no PEM-encoded data found"))?;
    if block.label != b"CERTIFICATE" {
        return Err(Refusal::exactly("first PEM-block should be CERTIFICATE type"));
    }
    x509::parse_certificate(&block.bytes, reference.go_debug()).map_err(|refusal| {
        let message = refusal.to_string();
        // How Go quotes what is not ASCII depends on its Unicode tables.
        let exact = message.is_ascii();
        Refusal { message, exact }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token() -> Token {
        Token {
            server_addresses: Some(vec!["h:1".into()]),
            server_name: "n".into(),
            peer_id: "p".into(),
            ..Token::default()
        }
    }

    fn message(token: &Token) -> Option<String> {
        Acceptance::of_decoded(Ok(token), Reference::default()).message
    }

    #[test]
    fn the_message_is_about_the_first_error_in_consuls_order() {
        let mut token = Token { ca: Some(vec![String::new()]), ..Token::default() };
        assert_eq!(message(&token).unwrap(), "peering token invalid CA: no PEM-encoded data found");
        let with_valid_ca = |token: &Token| {
            let accepted = [Ok(())].into_iter();
            Acceptance::with_parts(Ok(token), Reference::default(), accepted, addresses_of(token))
                .message
                .unwrap()
        };
        assert_eq!(with_valid_ca(&token), "peering token server addresses value is empty");
        token.server_addresses = Some(vec!["b".into()]);
        token.manual_server_addresses = Some(vec!["c:1".into(), "a".into()]);
        assert_eq!(with_valid_ca(&token), "a is not a valid peering server address");
        token.manual_server_addresses = None;
        assert_eq!(with_valid_ca(&token), "b is not a valid peering server address");
        token.server_addresses = Some(vec!["b:1".into()]);
        assert_eq!(with_valid_ca(&token), "peering token server name value is empty");
        token.ca = None;
        assert_eq!(with_valid_ca(&token), "peering token peer ID value is empty");
    }

    #[test]
    fn a_token_without_a_ca_needs_no_server_name() {
        assert_eq!(message(&Token { server_name: String::new(), ..token() }), None);
        assert_eq!(message(&Token { server_name: String::new(), ca: Some(Vec::new()), ..token() }), None);
    }

    #[test]
    fn a_ca_must_be_a_certificate() {
        let key = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
        assert_eq!(
            check_ca(key, Reference::default()).unwrap_err().message,
            "first PEM-block should be CERTIFICATE type"
        );
    }
}
