//! What checks read: plain values that were gathered before, and the time.
//!
//! Nothing here looks anything up. A fact that could not be gathered is an `Err` or `None` here, and the checks that
//! need it say that they did not apply.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::acceptance::{CaRefusal, judge_ca};
use crate::certificate::{Certificate, CertificateError};
use crate::gostd::pem;
use crate::token::recover::{Repair, recover};
use crate::token::resemblance::Resemblance;
use crate::token::{AddressError, DecodeError, Decoded, Observation, ObservationKind, ServerAddress, Token};

/// How long before its expiry a certificate is worth a warning, unless the user says otherwise: 30 days.
pub const WARN_BEFORE: SignedDuration = SignedDuration::from_hours(30 * 24);

/// Everything that is known of one token.
#[derive(Debug)]
pub struct Context<'a> {
    /// The time at which the token is judged.
    pub now: Timestamp,
    /// How long before its expiry a certificate is worth a warning.
    pub warn_before: SignedDuration,
    /// The token's text as it was given.
    pub text: &'a [u8],
    /// What Consul reads in it.
    pub decoded: Result<&'a Decoded, &'a DecodeError>,
    /// What a text probably is that Consul cannot read.
    pub misread: Option<Misread>,
    /// One for each entry of `CA`, in order.
    pub ca_entries: Vec<Arc<CaEntry>>,
    /// `ManualServerAddresses`, then `ServerAddresses`.
    pub addresses: Vec<Address<'a>>,
}

/// What a text probably is that Consul cannot read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misread {
    /// What has to be undone before there is a token, or before it is clear that there is none.
    pub undone: Vec<Repair>,
    /// What it resembles, if undoing that led to no token.
    pub resembles: Option<Resemblance>,
}

/// One address of a token, parsed.
#[derive(Debug)]
pub struct Address<'a> {
    /// `ManualServerAddresses` or `ServerAddresses`.
    pub field: &'static str,
    /// Its place in that list.
    pub index: usize,
    /// As it stands there.
    pub text: &'a str,
    /// What Consul reads in it.
    pub parsed: Result<ServerAddress, AddressError>,
    /// Whether Consul dials it: manual addresses are dialed instead of the servers'.
    pub dialed: bool,
}

/// One entry of `CA`. Gathering it is most of a token's work, so it can be shared between tokens.
#[derive(Debug)]
pub struct CaEntry {
    /// What Consul says of it.
    pub word: Result<(), CaRefusal>,
    /// The facts of its certificate, or why they could not be read: Consul and this tool may differ in that.
    pub certificate: Result<Certificate, AuthorityError>,
    /// How many more PEM blocks follow the first; Consul passes over them.
    pub more_blocks: usize,
    /// Whether there is text around the PEM blocks that is neither blank nor part of one.
    pub text_around: bool,
    /// Whether there is a private key in it.
    pub private_key: bool,
}

/// Why an entry of `CA` shows no certificate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AuthorityError {
    /// There is no PEM block that could be decoded.
    #[error("no PEM block in it")]
    NoPem,
    /// The first block is something else.
    #[error("the first PEM block is a {0}, not a CERTIFICATE")]
    OtherBlock(String),
    /// It is no certificate, or none that this tool understands.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
}

impl CaEntry {
    /// Gathers the facts of one entry of `CA`.
    pub fn read(entry: &str) -> Self {
        let mut blocks = Vec::new();
        let mut rest = entry.as_bytes();
        let mut around = 0;
        while let Some(block) = pem::decode(rest) {
            let taken = rest.len() - block.rest.len();
            around += usize::from(!rest[..taken].trim_ascii_start().starts_with(b"-----BEGIN "));
            rest = block.rest;
            blocks.push(block);
        }
        around += usize::from(!blocks.is_empty() && !rest.trim_ascii().is_empty());
        let certificate = match blocks.first() {
            None => Err(AuthorityError::NoPem),
            Some(block) if block.label != b"CERTIFICATE" => {
                Err(AuthorityError::OtherBlock(String::from_utf8_lossy(block.label).into_owned()))
            }
            Some(block) => Certificate::from_der(&block.bytes).map_err(AuthorityError::from),
        };
        Self {
            word: judge_ca(entry),
            certificate,
            more_blocks: blocks.len().saturating_sub(1),
            text_around: around > 0,
            // Also in a block that is damaged: a key that can be mended is a key.
            private_key: entry.contains("PRIVATE KEY-----"),
        }
    }
}

impl Misread {
    fn of(text: &[u8], error: &DecodeError) -> Self {
        match recover(text) {
            Ok(recovered) => Self { undone: recovered.repairs, resembles: None },
            Err((_, undone)) => Self { undone, resembles: Some(Resemblance::of(text, error)) },
        }
    }
}

impl Address<'_> {
    /// Where it stands, such as `ServerAddresses[1]`.
    pub fn path(&self) -> String {
        format!("{}[{}]", self.field, self.index)
    }
}

impl<'a> Context<'a> {
    /// Gathers the facts of a token. `authority` reads one entry of `CA`, and may remember it.
    pub fn gather(
        text: &'a [u8],
        decoded: Result<&'a Decoded, &'a DecodeError>,
        now: Timestamp,
        warn_before: SignedDuration,
        mut authority: impl FnMut(&str) -> Arc<CaEntry>,
    ) -> Self {
        let token = decoded.ok().map(|decoded| &decoded.token);
        let ca_entries = token.and_then(|token| token.ca.as_deref()).unwrap_or_default();
        Self {
            now,
            warn_before,
            text,
            decoded,
            misread: decoded.err().map(|error| Misread::of(text, error)),
            ca_entries: ca_entries.iter().map(|entry| authority(entry)).collect(),
            addresses: token.map(addresses).unwrap_or_default(),
        }
    }

    /// The token, if the text could be decoded.
    pub fn token(&self) -> Option<&'a Token> {
        self.decoded.ok().map(|decoded| &decoded.token)
    }

    /// What was remarkable about a text that could be decoded.
    pub fn observations(&self) -> &'a [Observation] {
        self.decoded.map_or(&[], |decoded| &decoded.observations)
    }

    /// How many more of a kind there are than the observations list.
    pub fn unlisted(&self, kind: ObservationKind) -> usize {
        let counts = self.observations().iter().filter_map(|observation| match observation {
            Observation::Truncated { kind: of, count } if *of == kind => Some(*count),
            _ => None,
        });
        counts.sum()
    }

    /// Whether something must be undone before the text is a token.
    pub fn needs(&self, step: Repair) -> bool {
        self.misread.as_ref().is_some_and(|misread| misread.undone.contains(&step))
    }

    /// Whether the text is no token, and this instead.
    pub fn resembles(&self, other: Resemblance) -> bool {
        self.misread.as_ref().is_some_and(|misread| misread.resembles == Some(other))
    }

    /// The acceptor's datacenter, if the token tells it.
    pub fn datacenter(&self) -> Option<&'a str> {
        let remote = self.token()?.remote.as_ref()?;
        (!remote.datacenter.is_empty()).then_some(remote.datacenter.as_str())
    }

    /// Whether a CA is within its dates, or may be: one that could not be read, or that further PEM blocks follow.
    pub fn may_trust_some(&self) -> bool {
        self.ca_entries.iter().any(|authority| {
            let valid =
                authority.certificate.as_ref().map_or(authority.word.is_ok(), |it| it.is_valid_at(self.now));
            valid || authority.more_blocks > 0
        })
    }

    /// The certificates that could be read, each with its place in `CA`.
    pub fn certificates(&self) -> impl Iterator<Item = (usize, &Certificate)> {
        let read = |authority: &'_ Arc<CaEntry>| authority.certificate.is_ok();
        self.ca_entries.iter().enumerate().filter(move |(_, authority)| read(authority)).filter_map(
            |(at, authority)| authority.certificate.as_ref().ok().map(|certificate| (at, certificate)),
        )
    }

    /// The addresses that Consul could read and would dial.
    pub fn dialed(&self) -> impl Iterator<Item = (&Address<'a>, &ServerAddress)> {
        self.addresses
            .iter()
            .filter(|address| address.dialed)
            .filter_map(|address| address.parsed.as_ref().ok().map(|parsed| (address, parsed)))
    }
}

fn addresses(token: &Token) -> Vec<Address<'_>> {
    let manual = token.manual_server_addresses.as_deref().unwrap_or_default();
    let servers = token.server_addresses.as_deref().unwrap_or_default();
    [("ManualServerAddresses", manual, true), ("ServerAddresses", servers, manual.is_empty())]
        .into_iter()
        .flat_map(|(field, list, dialed)| {
            list.iter().enumerate().map(move |(index, text)| Address {
                field,
                index,
                text,
                parsed: ServerAddress::parse(text),
                dialed,
            })
        })
        .collect()
}
