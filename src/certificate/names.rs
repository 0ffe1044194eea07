//! The subject alternative names of a certificate.

use std::net::{Ipv4Addr, Ipv6Addr};

use serde::Serialize;
use x509_parser::extensions::{GeneralName, SubjectAlternativeName};

use crate::dns_name::strip_prefix_ignoring_case;
use crate::hex::hex;

/// Subject alternative names by kind, in the order of the certificate.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AlternativeNames {
    /// URIs. A Consul CA certificate has one: `spiffe://<trust-domain>`.
    pub uris: Vec<String>,
    /// DNS names.
    pub dns: Vec<String>,
    /// IP addresses.
    pub ips: Vec<String>,
    /// Names of other kinds, as `kind:value`.
    pub others: Vec<String>,
}

impl AlternativeNames {
    pub(super) fn new(extension: &SubjectAlternativeName<'_>) -> Self {
        let mut names = Self::default();
        for name in &extension.general_names {
            match name {
                GeneralName::URI(uri) => names.uris.push((*uri).to_owned()),
                GeneralName::DNSName(name) => names.dns.push((*name).to_owned()),
                GeneralName::IPAddress(bytes) => names.ips.push(ip(bytes)),
                GeneralName::RFC822Name(mail) => names.others.push(format!("email:{mail}")),
                GeneralName::DirectoryName(name) => names.others.push(format!("directory:{name}")),
                other => names.others.push(format!("{other:?}")),
            }
        }
        names
    }

    /// Returns the URIs that are SPIFFE IDs (SPIFFE-ID §2).
    pub fn spiffe_ids(&self) -> impl Iterator<Item = &str> {
        self.uris.iter().map(String::as_str).filter(|uri| after_scheme(uri).is_some())
    }

    /// Returns the trust domain of the SPIFFE ID, if there is exactly one, as SPIFFE requires. Compare it without regard to
    /// case.
    pub fn trust_domain(&self) -> Option<&str> {
        let mut ids = self.spiffe_ids();
        let (first, None) = (ids.next()?, ids.next()) else { return None };
        after_scheme(first)?.split('/').next().filter(|domain| !domain.is_empty())
    }

    /// Returns whether there are no names of any kind.
    pub fn is_empty(&self) -> bool {
        self.uris.is_empty() && self.dns.is_empty() && self.ips.is_empty() && self.others.is_empty()
    }
}

/// Returns the text after `spiffe://`. Case does not matter (RFC 3986 §3.1).
fn after_scheme(uri: &str) -> Option<&str> {
    strip_prefix_ignoring_case(uri, "spiffe://")
}

fn ip(bytes: &[u8]) -> String {
    if let Ok(octets) = <[u8; 4]>::try_from(bytes) {
        Ipv4Addr::from(octets).to_string()
    } else if let Ok(octets) = <[u8; 16]>::try_from(bytes) {
        Ipv6Addr::from(octets).to_string()
    } else {
        hex(bytes)
    }
}
