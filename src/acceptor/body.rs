//! The bodies of `POST /v1/peering/token` and `POST /v1/peering/establish`, parsed like Go's `json.Decoder` with
//! unknown fields disallowed.

use std::collections::BTreeMap;
use std::fmt;

use zeroize::Zeroizing;

use crate::gostd::json::{RawString, Reader, SyntaxError, ValueKind, key_matches};

/// The fields that a body may have.
pub(super) struct Shape {
    /// The name of the struct in Go's messages.
    name: &'static str,
    /// The fields.
    fields: &'static [&'static str],
}

/// The path that generates a token.
pub(super) const GENERATE: &str = "/v1/peering/token";

/// The body of `POST /v1/peering/token`.
pub(super) const TOKEN: Shape = Shape {
    name: "PeeringGenerateTokenRequest",
    fields: &["PeerName", "Partition", "Meta", "ServerExternalAddresses"],
};

/// The body of `POST /v1/peering/establish`.
pub(super) const ESTABLISH: Shape =
    Shape { name: "PeeringEstablishRequest", fields: &["PeerName", "PeeringToken", "Partition", "Meta"] };

/// A parsed body of either shape.
#[derive(Default, PartialEq, Eq)]
pub(super) struct PeeringRequest {
    /// The local name of the peer.
    pub(super) peer_name: String,
    /// The partition of the peer.
    pub(super) partition: String,
    /// Metadata for the peering.
    pub(super) meta: BTreeMap<String, String>,
    /// The token to establish with.
    pub(super) peering_token: Zeroizing<String>,
    /// The addresses to put into the token.
    pub(super) server_external_addresses: Vec<String>,
}

/// Shows no token.
impl fmt::Debug for PeeringRequest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("PeeringRequest").field("peer_name", &self.peer_name).finish_non_exhaustive()
    }
}

impl PeeringRequest {
    /// Parses a body; ignores what follows the first value. The error is Go's.
    pub(super) fn read(body: &[u8], shape: &'static Shape) -> Result<Self, String> {
        if body.trim_ascii().is_empty() {
            return Err("EOF".to_owned());
        }
        let mut reading =
            Reading { reader: Reader::new(body), shape, request: Self::default(), field_error: None };
        match reading.whole() {
            // Go's decoder reads a stream, and reports its end.
            Err(error) if error.to_string() == "unexpected end of JSON input" => {
                Err("unexpected EOF".to_owned())
            }
            Err(error) => Err(error.to_string()),
            Ok(()) => reading.field_error.map_or(Ok(reading.request), Err),
        }
    }
}

struct Reading<'a> {
    reader: Reader<'a>,
    shape: &'static Shape,
    request: PeeringRequest,
    /// The first error of a field. Go continues, and a later syntax error replaces it.
    field_error: Option<String>,
}

impl Reading<'_> {
    fn whole(&mut self) -> Result<(), SyntaxError> {
        if self.reader.kind()? != ValueKind::Object {
            return self.type_error(&format!("value of type api.{}", self.shape.name));
        }
        let mut items = self.reader.enter()?;
        while let Some(key) = self.reader.next_key(&mut items)? {
            let key = text(key);
            match self.shape.fields.iter().copied().find(|field| key_matches(&key, field)) {
                Some("PeerName") => self.string("PeerName", |request| &mut request.peer_name)?,
                Some("Partition") => self.string("Partition", |request| &mut request.partition)?,
                Some("PeeringToken") => self.string("PeeringToken", |request| &mut request.peering_token)?,
                Some("Meta") => self.meta()?,
                Some(_) => self.addresses()?,
                None => {
                    self.field_error.get_or_insert_with(|| format!("json: unknown field {key:?}"));
                    self.reader.skip()?;
                }
            }
        }
        Ok(())
    }

    fn string(
        &mut self,
        field: &str,
        place: impl Fn(&mut PeeringRequest) -> &mut String,
    ) -> Result<(), SyntaxError> {
        if self.reader.kind()? != ValueKind::String {
            return self.type_error(&format!("struct field {}.{field} of type string", self.shape.name));
        }
        *place(&mut self.request) = text(self.reader.string()?);
        Ok(())
    }

    fn meta(&mut self) -> Result<(), SyntaxError> {
        if self.reader.kind()? != ValueKind::Object {
            return self
                .type_error(&format!("struct field {}.Meta of type map[string]string", self.shape.name));
        }
        let mut items = self.reader.enter()?;
        while let Some(key) = self.reader.next_key(&mut items)? {
            let value =
                self.string_or_error(&format!("struct field {}.Meta of type string", self.shape.name))?;
            self.request.meta.insert(text(key), value);
        }
        Ok(())
    }

    fn addresses(&mut self) -> Result<(), SyntaxError> {
        let field = format!("struct field {}.ServerExternalAddresses of type", self.shape.name);
        if self.reader.kind()? != ValueKind::List {
            return self.type_error(&format!("{field} []string"));
        }
        let mut items = self.reader.enter()?;
        self.request.server_external_addresses.clear();
        while let Some(()) = self.reader.next_element(&mut items)? {
            let address = self.string_or_error(&format!("{field} string"))?;
            self.request.server_external_addresses.push(address);
        }
        Ok(())
    }

    /// Reads a string. Another value is an error and reads as an empty string, as in Go.
    fn string_or_error(&mut self, target: &str) -> Result<String, SyntaxError> {
        if self.reader.kind()? == ValueKind::String {
            return Ok(text(self.reader.string()?));
        }
        self.type_error(target)?;
        Ok(String::new())
    }

    /// Skips a value of the wrong type and keeps Go's error, unless it is `null`.
    fn type_error(&mut self, target: &str) -> Result<(), SyntaxError> {
        let value = match self.reader.kind()? {
            ValueKind::Null => return self.reader.skip(),
            ValueKind::Object => "object",
            ValueKind::List => "array",
            ValueKind::String => "string",
            ValueKind::Number => "number",
            ValueKind::Bool => "bool",
        };
        self.field_error.get_or_insert_with(|| format!("json: cannot unmarshal {value} into Go {target}"));
        self.reader.skip()
    }
}

fn text(raw: RawString<'_>) -> String {
    raw.unescape().text.into_owned()
}

#[cfg(test)]
mod tests {
    use super::{PeeringRequest, TOKEN};

    #[test]
    fn errors_are_those_of_a_real_consul() {
        for (body, error) in [
            ("", "EOF"),
            ("  \n", "EOF"),
            ("{", "unexpected EOF"),
            ("{nope", "invalid character 'n' looking for beginning of object key string"),
            ("[]", "json: cannot unmarshal array into Go value of type api.PeeringGenerateTokenRequest"),
            (
                r#"{"PeerName":5}"#,
                "json: cannot unmarshal number into Go struct field PeeringGenerateTokenRequest.PeerName of type string",
            ),
            (
                r#"{"Meta":{"a":1}}"#,
                "json: cannot unmarshal number into Go struct field PeeringGenerateTokenRequest.Meta of type string",
            ),
            (
                r#"{"ServerExternalAddresses":"x"}"#,
                "json: cannot unmarshal string into Go struct field \
                 PeeringGenerateTokenRequest.ServerExternalAddresses of type []string",
            ),
            (r#"{"Peer":"x","PeerName":5}"#, r#"json: unknown field "Peer""#),
        ] {
            assert_eq!(PeeringRequest::read(body.as_bytes(), &TOKEN).unwrap_err(), error, "{body}");
        }
    }

    #[test]
    fn keys_match_in_any_case_and_trailing_data_is_ignored() {
        let request =
            PeeringRequest::read(br#"{"peername":"zz","META":{"a":"b"},"Partition":null} x"#, &TOKEN)
                .unwrap();
        assert_eq!(request.peer_name, "zz");
        assert_eq!(request.meta["a"], "b");
        assert_eq!(PeeringRequest::read(b"null", &TOKEN).unwrap(), PeeringRequest::default());
    }
}
