//! The check for a private key in any field.

use std::borrow::Cow;

use crate::lint::{Area, Check, Context, Findings, Severity, Subject};
use crate::token::Token;
use crate::token::shown::contains_private_key;

/// `private-key-inside`.
pub static PRIVATE_KEY_INSIDE: Check = Check {
    name: "private-key-inside",
    severity: Severity::Error,
    area: Area::Certificates,
    subject: Subject::Fields,
    summary: "The token contains a private key.",
    why: "A file with a certificate and its key was used as the CA, or the key was put into another field. Everyone who has the token can impersonate the acceptor or sign certificates for its CA. This is an error although Consul accepts the token.",
    remedy: "Treat the key as compromised: rotate the CA that it belongs to. Then generate another token.",
    source: "the purpose of private keys; Consul 1.23.0-dev accepts a key after the certificate",
    run: private_key_inside,
};

fn private_key_inside(context: &Context<'_>, findings: &mut Findings) {
    let Some(token) = context.token() else { return };
    for (field, index, text) in texts(token) {
        if contains_private_key(text) {
            let path = index.map_or(Cow::Borrowed(field), |index| format!("{field}[{index}]").into());
            findings.add(path, "it contains the PEM block of a private key", []);
        }
    }
}

/// Returns every text of a token except the secret: its field, its index in a list, and the text.
fn texts(token: &Token) -> impl Iterator<Item = (&'static str, Option<usize>, &str)> {
    let lists = [
        ("CA", &token.ca),
        ("ManualServerAddresses", &token.manual_server_addresses),
        ("ServerAddresses", &token.server_addresses),
    ];
    let lists = lists.into_iter().flat_map(|(field, list)| {
        let list = list.iter().flatten().enumerate();
        list.map(move |(index, text)| (field, Some(index), text.as_str()))
    });
    let remote = token.remote.iter().flat_map(|remote| {
        let locality = remote.locality.iter().flat_map(|locality| {
            [("Remote.Locality.Region", &locality.region), ("Remote.Locality.Zone", &locality.zone)]
        });
        [("Remote.Partition", &remote.partition), ("Remote.Datacenter", &remote.datacenter)]
            .into_iter()
            .chain(locality)
    });
    let single = [("ServerName", &token.server_name), ("PeerID", &token.peer_id)].into_iter().chain(remote);
    lists.chain(single.map(|(field, text)| (field, None, text.as_str())))
}
