//! Finds private keys in a token. Each text is searched once, because a batch does this for each token.

use std::borrow::Cow;
use std::sync::Arc;

use super::CaEntry;
use crate::token::Token;
use crate::token::shown::contains_private_key;

/// A text that contains a private key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyPlace {
    /// The field as Consul names it.
    field: &'static str,
    /// Its index in a list.
    index: Option<usize>,
}

impl KeyPlace {
    /// Returns its path in the token, such as `CA[0]`.
    pub fn path(self) -> Cow<'static, str> {
        match self.index {
            Some(index) => format!("{}[{index}]", self.field).into(),
            None => self.field.into(),
        }
    }
}

/// Finds the texts with a private key, in any field but the secret. `examined` are the first entries of `CA`, which were
/// already searched.
pub(super) fn private_keys(token: &Token, examined: &[Arc<CaEntry>]) -> Vec<KeyPlace> {
    let mut found = Vec::new();
    let mut add_if = |contains: bool, field, index| {
        if contains {
            found.push(KeyPlace { field, index });
        }
    };
    let examined_cas = examined.iter().map(|entry| entry.contains_private_key);
    let other_cas = token.ca.iter().flatten().skip(examined.len()).map(|entry| contains_private_key(entry));
    for (index, contains) in examined_cas.chain(other_cas).enumerate() {
        add_if(contains, "CA", Some(index));
    }
    for (field, list) in [
        ("ManualServerAddresses", &token.manual_server_addresses),
        ("ServerAddresses", &token.server_addresses),
    ] {
        for (index, text) in list.iter().flatten().enumerate() {
            add_if(contains_private_key(text), field, Some(index));
        }
    }
    let mut search = |field, text: &str| add_if(contains_private_key(text), field, None);
    search("ServerName", &token.server_name);
    search("PeerID", &token.peer_id);
    if let Some(remote) = &token.remote {
        search("Remote.Partition", &remote.partition);
        search("Remote.Datacenter", &remote.datacenter);
        if let Some(locality) = &remote.locality {
            search("Remote.Locality.Region", &locality.region);
            search("Remote.Locality.Zone", &locality.zone);
        }
    }
    found
}
