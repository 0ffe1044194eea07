//! Consul's word: would it take a token, and if not, what would it say?
//!
//! The checks are those of `POST /v1/peering/establish`, in Consul's order: the text is read, every CA is a
//! certificate, there is some address, every address has a port, a token with a CA has a server name, and there is a
//! peer ID. Neither dates nor the secret are looked at.

use serde::Serialize;
use thiserror::Error;

use crate::gostd::{pem, x509};
use crate::token::{DecodeError, ServerAddress, Token, decode};

/// Whose word it is.
pub const REFERENCE: &str = "Consul 1.23.0-dev, Go 1.26";

/// What Consul says of a token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Acceptance {
    /// Whether the token passes reading and validation. What dialing brings is another matter.
    pub accepted: bool,
    /// The very message of the refusal.
    pub message: Option<String>,
    /// `false`: what follows `peering token invalid CA: ` may differ from Consul's.
    pub exact: bool,
}

/// Why Consul does not take a CA.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{message}")]
pub struct CaRefusal {
    /// The reason, as it stands after `peering token invalid CA: `.
    pub message: String,
    /// Whether it is Consul's to the byte.
    pub exact: bool,
}

impl Acceptance {
    /// Judges a text.
    pub fn of_text(text: &[u8]) -> Self {
        let decoded = decode(text);
        Self::of_decoded(decoded.as_ref().map(|decoded| &decoded.token), &mut judge_ca)
    }

    /// Judges a text that was read. The certificates are left to `judge`, which may remember those it saw before:
    /// [`judge_ca`] is the plain one.
    pub fn of_decoded(
        decoded: Result<&Token, &DecodeError>,
        judge: &mut impl FnMut(&str) -> Result<(), CaRefusal>,
    ) -> Self {
        match decoded {
            Ok(token) => Self::of_token(token, judge),
            Err(error) => Self::refused(error.message.clone()),
        }
    }

    fn of_token(token: &Token, judge: &mut impl FnMut(&str) -> Result<(), CaRefusal>) -> Self {
        let cas = token.ca.as_deref().unwrap_or_default();
        if let Err(refusal) = cas.iter().try_for_each(|ca| judge(ca)) {
            let message = format!("peering token invalid CA: {}", refusal.message);
            return Self { accepted: false, message: Some(message), exact: refusal.exact };
        }
        let manual = token.manual_server_addresses.iter().flatten();
        let mut addresses = manual.chain(token.server_addresses.iter().flatten()).peekable();
        if addresses.peek().is_none() {
            return Self::refused("peering token server addresses value is empty");
        }
        if let Some(address) = addresses.find(|address| !ServerAddress::is_valid(address)) {
            return Self::refused(format!("{address} is not a valid peering server address"));
        }
        if !cas.is_empty() && token.server_name.is_empty() {
            return Self::refused("peering token server name value is empty");
        }
        if token.peer_id.is_empty() {
            return Self::refused("peering token peer ID value is empty");
        }
        Self { accepted: true, message: None, exact: true }
    }

    fn refused(message: impl Into<String>) -> Self {
        Self { accepted: false, message: Some(message.into()), exact: true }
    }
}

/// Judges one CA: its first well-formed PEM block must be a certificate.
pub fn judge_ca(pem: &str) -> Result<(), CaRefusal> {
    let exactly = |message: &str| CaRefusal { message: message.to_owned(), exact: true };
    let block = pem::decode(pem.as_bytes()).ok_or_else(|| exactly("no PEM-encoded data found"))?;
    if block.label != b"CERTIFICATE" {
        return Err(exactly("first PEM-block should be CERTIFICATE type"));
    }
    x509::parse_certificate(&block.bytes).map_err(|refusal| {
        let message = refusal.to_string();
        // How Go quotes what is not ASCII depends on its Unicode tables.
        let exact = message.is_ascii();
        CaRefusal { message, exact }
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

    fn word(token: &Token) -> Option<String> {
        Acceptance::of_decoded(Ok(token), &mut judge_ca).message
    }

    #[test]
    fn the_first_fault_in_consuls_order_is_told() {
        let mut faulty = Token { ca: Some(vec![String::new()]), ..Token::default() };
        assert_eq!(word(&faulty).unwrap(), "peering token invalid CA: no PEM-encoded data found");
        let ask = |token: &Token| Acceptance::of_decoded(Ok(token), &mut |_| Ok(())).message.unwrap();
        assert_eq!(ask(&faulty), "peering token server addresses value is empty");
        faulty.server_addresses = Some(vec!["b".into()]);
        faulty.manual_server_addresses = Some(vec!["c:1".into(), "a".into()]);
        assert_eq!(ask(&faulty), "a is not a valid peering server address");
        faulty.manual_server_addresses = None;
        assert_eq!(ask(&faulty), "b is not a valid peering server address");
        faulty.server_addresses = Some(vec!["b:1".into()]);
        assert_eq!(ask(&faulty), "peering token server name value is empty");
        faulty.ca = None;
        assert_eq!(ask(&faulty), "peering token peer ID value is empty");
    }

    #[test]
    fn without_a_ca_there_need_be_no_server_name() {
        assert_eq!(word(&Token { server_name: String::new(), ..token() }), None);
        assert_eq!(word(&Token { server_name: String::new(), ca: Some(Vec::new()), ..token() }), None);
    }

    #[test]
    fn a_block_that_is_no_certificate_is_told() {
        let key = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
        assert_eq!(judge_ca(key).unwrap_err().message, "first PEM-block should be CERTIFICATE type");
    }
}
