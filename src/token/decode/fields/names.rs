//! The fields of Consul's `structs.PeeringToken`, and how Go names them when a value is of another type.

use std::fmt;

/// A field that Consul knows.
#[derive(Debug, PartialEq, Eq)]
pub(in super::super) struct Field {
    pub(super) which: Which,
    /// The key as Consul writes it.
    pub(super) key: &'static str,
    /// The Go type that it is a field of.
    go_struct: &'static str,
    /// The key with the keys of the objects around it.
    pub(in super::super) path: &'static str,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Which {
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
    of_token(Which::Ca, "CA"),
    of_token(Which::ManualServerAddresses, "ManualServerAddresses"),
    of_token(Which::ServerAddresses, "ServerAddresses"),
    of_token(Which::ServerName, "ServerName"),
    of_token(Which::PeerId, "PeerID"),
    of_token(Which::EstablishmentSecret, "EstablishmentSecret"),
    of_token(Which::Remote, "Remote"),
];

pub(super) static REMOTE: [Field; 3] = [
    of_remote(Which::Partition, "Partition", "Remote.Partition"),
    of_remote(Which::Datacenter, "Datacenter", "Remote.Datacenter"),
    of_remote(Which::Locality, "Locality", "Remote.Locality"),
];

pub(super) static LOCALITY: [Field; 2] = [
    of_locality(Which::Region, "Region", "Remote.Locality.Region"),
    of_locality(Which::Zone, "Zone", "Remote.Locality.Zone"),
];

const fn of_token(which: Which, key: &'static str) -> Field {
    Field { which, key, go_struct: "PeeringToken", path: key }
}

const fn of_remote(which: Which, key: &'static str, path: &'static str) -> Field {
    Field { which, key, go_struct: "PeeringTokenRemote", path }
}

const fn of_locality(which: Which, key: &'static str, path: &'static str) -> Field {
    Field { which, key, go_struct: "Locality", path }
}

/// A value of another type than its field's (Go's `json.UnmarshalTypeError`).
#[derive(Debug)]
pub(in super::super) struct TypeError {
    /// Where the value begins.
    pub(in super::super) offset: usize,
    /// What the value is.
    pub(super) value: &'static str,
    /// `None`: the whole text is that value.
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
