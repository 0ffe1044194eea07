//! The bodies of `POST /v1/peering/token` and `POST /v1/peering/establish`, read as Go's `json.Decoder` reads it with unknown fields disallowed.

use std::collections::BTreeMap;
use std::fmt;

use zeroize::Zeroizing;

use crate::gostd::json::{RawString, Reader, SyntaxError, ValueKind, key_matches};

/// What a body is to be read as.
pub(super) struct Shape {
    /// The struct that Go's messages name.
    name: &'static str,
    /// Its fields.
    fields: &'static [&'static str],
}

/// To generate a token.
pub(super) const TOKEN: Shape = Shape {
    name: "PeeringGenerateTokenRequest",
    fields: &["PeerName", "Partition", "Meta", "ServerExternalAddresses"],
};

/// To establish a peering with one.
pub(super) const ESTABLISH: Shape =
    Shape { name: "PeeringEstablishRequest", fields: &["PeerName", "PeeringToken", "Partition", "Meta"] };

/// What either of the two is asked with.
#[derive(Default, PartialEq, Eq)]
pub(super) struct PeeringRequest {
    /// The local name of the peer.
    pub(super) peer_name: String,
    /// Its partition.
    pub(super) partition: String,
    /// Metadata to keep.
    pub(super) meta: BTreeMap<String, String>,
    /// The token to establish with.
    pub(super) peering_token: Zeroizing<String>,
    /// Addresses to put into the token.
    pub(super) server_external_addresses: Vec<String>,
}

/// Without the token.
impl fmt::Debug for PeeringRequest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("PeeringRequest").field("peer_name", &self.peer_name).finish_non_exhaustive()
    }
}

impl PeeringRequest {
    /// Reads a body; what follows the first value is not looked at. The error is Go's.
    pub(super) fn read(body: &[u8], shape: &'static Shape) -> Result<Self, String> {
        if body.trim_ascii().is_empty() {
            return Err("EOF".to_owned());
        }
        let mut reading = Reading { reader: Reader::new(body), shape, request: Self::default(), fault: None };
        match reading.whole() {
            // A decoder of a stream cannot know that nothing will follow.
            Err(error) if error.to_string() == "unexpected end of JSON input" => {
                Err("unexpected EOF".to_owned())
            }
            Err(error) => Err(error.to_string()),
            Ok(()) => reading.fault.map_or(Ok(reading.request), Err),
        }
    }
}

struct Reading<'a> {
    reader: Reader<'a>,
    shape: &'static Shape,
    request: PeeringRequest,
    /// The first fault that is none of syntax; Go reads on, for one of syntax outranks it.
    fault: Option<String>,
}

impl Reading<'_> {
    fn whole(&mut self) -> Result<(), SyntaxError> {
        if self.reader.kind()? != ValueKind::Object {
            return self.refuse(&format!("value of type api.{}", self.shape.name));
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
                    self.fault.get_or_insert_with(|| format!("json: unknown field {key:?}"));
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
            return self.refuse(&format!("struct field {}.{field} of type string", self.shape.name));
        }
        *place(&mut self.request) = text(self.reader.string()?);
        Ok(())
    }

    fn meta(&mut self) -> Result<(), SyntaxError> {
        if self.reader.kind()? != ValueKind::Object {
            return self.refuse(&format!("struct field {}.Meta of type map[string]string", self.shape.name));
        }
        let mut items = self.reader.enter()?;
        while let Some(key) = self.reader.next_key(&mut items)? {
            let value =
                self.string_or_refusal(&format!("struct field {}.Meta of type string", self.shape.name))?;
            self.request.meta.insert(text(key), value);
        }
        Ok(())
    }

    fn addresses(&mut self) -> Result<(), SyntaxError> {
        let field = format!("struct field {}.ServerExternalAddresses of type", self.shape.name);
        if self.reader.kind()? != ValueKind::List {
            return self.refuse(&format!("{field} []string"));
        }
        let mut items = self.reader.enter()?;
        self.request.server_external_addresses.clear();
        while let Some(()) = self.reader.next_element(&mut items)? {
            let address = self.string_or_refusal(&format!("{field} string"))?;
            self.request.server_external_addresses.push(address);
        }
        Ok(())
    }

    /// Takes a string; anything else is refused and becomes an empty one, as in Go.
    fn string_or_refusal(&mut self, target: &str) -> Result<String, SyntaxError> {
        if self.reader.kind()? == ValueKind::String {
            return Ok(text(self.reader.string()?));
        }
        self.refuse(target)?;
        Ok(String::new())
    }

    /// Takes a value of another type than Go has there; `null` is of every type.
    fn refuse(&mut self, target: &str) -> Result<(), SyntaxError> {
        let value = match self.reader.kind()? {
            ValueKind::Null => return self.reader.skip(),
            ValueKind::Object => "object",
            ValueKind::List => "array",
            ValueKind::String => "string",
            ValueKind::Number => "number",
            ValueKind::Bool => "bool",
        };
        self.fault.get_or_insert_with(|| format!("json: cannot unmarshal {value} into Go {target}"));
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
    fn a_body_is_read_as_a_real_consul_read_it() {
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
    fn keys_match_in_any_case_and_what_follows_is_not_looked_at() {
        let request =
            PeeringRequest::read(br#"{"peername":"zz","META":{"a":"b"},"Partition":null} x"#, &TOKEN)
                .unwrap();
        assert_eq!(request.peer_name, "zz");
        assert_eq!(request.meta["a"], "b");
        assert_eq!(PeeringRequest::read(b"null", &TOKEN).unwrap(), PeeringRequest::default());
    }
}
