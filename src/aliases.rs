//! Stable aliases for addresses and names, so that output can be shown to strangers.
//!
//! [`Aliases`] learns the values of a run from structured data: tokens, certificates, Consul's answers, records, arguments.
//! It then replaces them in text and in JSON. The same value has the same alias, such as `ADDRESS-1`, within one run.

mod fields;
mod json;
mod known;
mod ordinary;
mod quoted;
#[cfg(test)]
mod tests;
mod text;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::certificate::{AlternativeNames, Certificate};
use crate::dns_name::strip_prefix_ignoring_case;
use crate::gostd::{base64, pem};
use crate::token::Token;
use fields::Field;
use known::Known;

/// What an alias stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// An IP address.
    Address,
    /// A host name or another DNS name.
    Host,
    /// A trust domain. The cluster's UUID, which starts it, has the same alias.
    TrustDomain,
    /// A peering, partition, datacenter, node, region, service, user, or a name in a certificate.
    Name,
}

/// What is replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Addresses and names.
    All,
    /// Addresses only. The host names in them count as addresses.
    Addresses,
}

/// The aliases of a run.
#[derive(Debug)]
pub struct Aliases {
    scope: Scope,
    known: Mutex<Known>,
    /// Answers that are read before the next replacement, in the order of their sources. Answers arrive in any order, and
    /// the numbers of the aliases must not depend on it.
    pending: Mutex<BTreeMap<String, String>>,
}

impl Aliases {
    /// Creates aliases without values.
    pub fn new(scope: Scope) -> Self {
        Self { scope, known: Mutex::default(), pending: Mutex::default() }
    }

    /// Replaces all known values in a text, and addresses and trust domains that are not known yet.
    pub fn in_text<'t>(&self, text: &'t str) -> Cow<'t, str> {
        self.read_pending();
        text::replace(&mut self.known(), self.scope, text)
    }

    /// Replaces the values in a JSON text. Keys and states, such as `ACTIVE`, stay as they are, and so does the layout.
    pub fn in_json(&self, json: &str) -> String {
        self.read_pending();
        let mut known = self.known();
        json::map_strings(json, |parent, key, value| {
            let alias = match Field::of(parent, key) {
                Field::State => return None,
                Field::DistinguishedName if !value.contains('=') => return None,
                Field::Host | Field::TrustDomain | Field::Name => known.alias_of(value).map(str::to_owned),
                _ => None,
            };
            let replaced = alias.unwrap_or_else(|| text::replace(&mut known, self.scope, value).into_owned());
            (replaced != value).then_some(replaced)
        })
    }

    /// Returns the alias of a name that stands alone. It may be an ordinary word, which [`Aliases::in_text`] keeps in most
    /// places.
    pub fn of_name<'t>(&self, name: &'t str) -> Cow<'t, str> {
        self.read_pending();
        match self.known().alias_of(name) {
            Some(alias) => Cow::Owned(alias.to_owned()),
            None => Cow::Borrowed(name),
        }
    }

    /// Learns the values of an answer, which is JSON. `source` identifies it: the path of the request.
    pub fn learn_answer(&self, source: &str, answer: &[u8]) {
        let answer = String::from_utf8_lossy(answer).into_owned();
        let mut pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        pending.insert(source.to_owned(), answer);
    }

    /// Learns the values of a JSON text by their keys: a token, an answer, a record, or a result. The text may be damaged.
    pub fn learn_json(&self, json: &str) {
        json::for_each_string(json, |parent, key, value| self.learn_field(Field::of(parent, key), value));
    }

    /// Learns what a token contains.
    pub fn learn_token(&self, token: &Token) {
        let lists = [&token.manual_server_addresses, &token.server_addresses];
        lists.into_iter().flatten().flatten().for_each(|address| self.learn_address(address));
        let Token { ca, server_name, remote, .. } = token;
        self.learn_field(Field::ServerName, server_name);
        ca.iter().flatten().for_each(|pem| self.learn_field(Field::Certificates, pem));
        if let Some(remote) = remote {
            let locality = remote.locality.iter().flat_map(|it| [&it.region, &it.zone]);
            let names = [&remote.partition, &remote.datacenter].into_iter().chain(locality);
            names.for_each(|name| self.learn_name(name));
        }
    }

    /// Learns the values of an error message or a log.
    pub fn learn_text(&self, text: &str) {
        self.learn_json(text);
        for (field, value) in quoted::values(text) {
            self.learn_field(field, value);
        }
    }

    /// Learns a name: of a peering, partition, datacenter, node or user.
    pub fn learn_name(&self, name: &str) {
        self.learn(Kind::Name, name);
    }

    /// Learns the host of an address: `host:port`, a URL, or the host alone.
    pub fn learn_address(&self, address: &str) {
        let authority = match address.split_once("://") {
            Some(("unix", _)) => return,
            Some((_, rest)) => rest.split(['/', '?', '#']).next().unwrap_or_default(),
            None => address,
        };
        let authority = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
        let host = match (authority.strip_prefix('['), authority.split_once(':')) {
            (Some(rest), _) => rest.split(']').next().unwrap_or_default(),
            (None, Some((host, port))) if !port.contains(':') => host,
            _ => authority,
        };
        self.learn(Kind::Host, host);
    }

    /// Learns a host name or an IP address.
    pub fn learn_host(&self, host: &str) {
        if self.scope == Scope::All {
            self.learn(Kind::Host, host);
        }
    }

    /// Learns `server.<datacenter>.peering.<trust-domain>`. Its parts have aliases, so that its form stays visible.
    fn learn_server_name(&self, name: &str) {
        let parts = strip_prefix_ignoring_case(name, "server.").and_then(|rest| {
            let (datacenter, rest) = rest.split_once('.')?;
            Some((datacenter, strip_prefix_ignoring_case(rest, "peering.")?))
        });
        match parts {
            Some((datacenter, trust_domain)) => {
                self.learn_name(datacenter);
                self.learn_trust_domain(trust_domain);
            }
            None => self.learn_host(name),
        }
    }

    fn learn_trust_domain(&self, trust_domain: &str) {
        self.learn(Kind::TrustDomain, trust_domain);
    }

    /// Learns the parts of a URI: `spiffe://<trust-domain>/ap/<partition>/ns/<namespace>/dc/<datacenter>/…`.
    fn learn_uri(&self, uri: &str) {
        let Some(rest) = strip_prefix_ignoring_case(uri, "spiffe://") else { return self.learn_address(uri) };
        let mut segments = rest.split('/');
        self.learn_trust_domain(segments.next().unwrap_or_default());
        while let Some(label) = segments.next() {
            if ["ap", "ns", "dc", "svc", "id"].contains(&label) {
                self.learn_name(segments.next().unwrap_or_default());
            }
        }
    }

    /// Learns the values of a distinguished name, such as `O=Example, CN=pri-1.consul.ca.3c5ece39.consul`.
    fn learn_distinguished_name(&self, name: &str) {
        let mut values: Vec<String> = Vec::new();
        for piece in name.split(", ") {
            let attribute = piece.split_once('=').filter(|(attribute, _)| {
                attribute.len() <= 32 && attribute.chars().all(|it| it.is_ascii_alphanumeric() || it == '.')
            });
            match (attribute, values.last_mut()) {
                (Some((_, value)), _) => values.push(value.to_owned()),
                // The value before contains ", ".
                (None, Some(last)) => *last = format!("{last}, {piece}"),
                (None, None) => {}
            }
        }
        for value in values {
            self.learn_name(&value);
        }
    }

    /// Learns the names in all certificates of a PEM text.
    fn learn_certificates(&self, text: &str) {
        let mut rest = text.as_bytes();
        while let Some(block) = pem::decode(rest) {
            if let Ok(certificate) = Certificate::from_der(&block.bytes) {
                self.learn_certificate(&certificate);
            }
            rest = block.rest;
        }
    }

    fn learn_certificate(&self, certificate: &Certificate) {
        self.learn_distinguished_name(&certificate.subject);
        self.learn_distinguished_name(&certificate.issuer);
        let AlternativeNames { uris, dns, ips, others } = &certificate.names;
        let uris = uris.iter().map(|it| (Field::Uri, it));
        let dns = dns.iter().map(|it| (Field::ServerName, it));
        let ips = ips.iter().map(|it| (Field::Host, it));
        let others = others.iter().map(|it| (Field::Name, it));
        for (field, name) in uris.chain(dns).chain(ips).chain(others) {
            self.learn_field(field, name);
        }
    }

    fn learn_field(&self, field: Field, value: &str) {
        match field {
            Field::Address => self.learn_address(value),
            _ if self.scope == Scope::Addresses => {}
            Field::ServerName => self.learn_server_name(value),
            Field::TrustDomain => self.learn_trust_domain(value),
            Field::Host => self.learn_host(value),
            Field::Name => self.learn_name(value),
            Field::Certificates => self.learn_certificates(value),
            Field::DistinguishedName => self.learn_distinguished_name(value),
            Field::Uri => self.learn_uri(value),
            Field::Encoded => {
                let json = base64::decode(value.as_bytes()).unwrap_or_default();
                self.learn_json(&format!("{{\"records\":{}}}", String::from_utf8_lossy(&json)));
            }
            Field::State | Field::Text => {}
        }
    }

    fn learn(&self, kind: Kind, value: &str) {
        self.known().learn(self.scope, kind, value);
    }

    fn read_pending(&self) {
        let mut pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        let answers = std::mem::take(&mut *pending);
        drop(pending);
        for answer in answers.values() {
            self.learn_json(answer);
        }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
