//! The fields of Consul's `structs.PeeringToken`, and Go's error for a value of a wrong type.

use std::fmt;

/// A field of a token.
#[derive(Debug, PartialEq, Eq)]
pub(in super::super) struct Field {
    pub(super) name: FieldName,
    /// The key as Consul writes it.
    pub(super) key: &'static str,
    /// The Go type that contains the field.
    go_struct: &'static str,
    /// The key, prefixed with the keys of the enclosing objects.
    pub(in super::super) path: &'static str,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FieldName {
    Ca,
    ManualServerAddresses,
    ServerAddresses,
    ServerName,
    PeerId,
    EstablishmentSecret,
    Remote,
    Partition,
    Datacenter,
    Locality,
    Region,
    Zone,
}

pub(super) static TOKEN: [Field; 7] = [
    of_token(FieldName::Ca, "CA"),
    of_token(FieldName::ManualServerAddresses, "ManualServerAddresses"),
    of_token(FieldName::ServerAddresses, "ServerAddresses"),
    of_token(FieldName::ServerName, "ServerName"),
    of_token(FieldName::PeerId, "PeerID"),
    of_token(FieldName::EstablishmentSecret, "EstablishmentSecret"),
    of_token(FieldName::Remote, "Remote"),
];

pub(super) static REMOTE: [Field; 3] = [
    of_remote(FieldName::Partition, "Partition", "Remote.Partition"),
    of_remote(FieldName::Datacenter, "Datacenter", "Remote.Datacenter"),
    of_remote(FieldName::Locality, "Locality", "Remote.Locality"),
];

pub(super) static LOCALITY: [Field; 2] = [
    of_locality(FieldName::Region, "Region", "Remote.Locality.Region"),
    of_locality(FieldName::Zone, "Zone", "Remote.Locality.Zone"),
];

const fn of_token(name: FieldName, key: &'static str) -> Field {
    Field { name, key, go_struct: "PeeringToken", path: key }
}

const fn of_remote(name: FieldName, key: &'static str, path: &'static str) -> Field {
    Field { name, key, go_struct: "PeeringTokenRemote", path }
}

const fn of_locality(name: FieldName, key: &'static str, path: &'static str) -> Field {
    Field { name, key, go_struct: "Locality", path }
}

/// The error for a value that does not have the type of its field (Go's `json.UnmarshalTypeError`).
#[derive(Debug)]
pub(in super::super) struct TypeError {
    /// The byte offset of the value.
    pub(in super::super) offset: usize,
    /// The JSON type of the value.
    pub(super) value: &'static str,
    /// The field; `None` if the value is the whole text.
    pub(in super::super) field: Option<&'static Field>,
    /// The Go type that was expected.
    pub(super) expected: &'static str,
}

impl fmt::Display for TypeError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "json: cannot unmarshal {} into Go ", self.value)?;
        match self.field {
            Some(field) => write!(formatter, "struct field {}.{}", field.go_struct, field.path)?,
            None => formatter.write_str("value")?,
        }
        write!(formatter, " of type {}", self.expected)
    }
}
