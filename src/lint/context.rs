//! The values that checks read: the token, its certificates and addresses, and the time.

use std::borrow::Cow;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use zeroize::Zeroize;

use super::acceptance::{Acceptance, Refusal, check_ca};
use super::private_keys::{KeyPlace, private_keys};
use super::rules::format::path;
use super::{Cache, Options, Reference};
use crate::certificate::{Certificate, CertificateError};
use crate::gostd::pem;
use crate::token::recover::{Repair, recover};
use crate::token::resemblance::{Resemblance, is_uuid};
use crate::token::shown::{MAX_SHOWN, contains_private_key};
use crate::token::{AddressError, DecodeError, Decoded, Observation, ObservationKind, ServerAddress, Token};

/// Everything that checks read about one token.
#[derive(Debug)]
pub struct Context<'a> {
    /// The current time.
    pub now: Timestamp,
    /// How long before its expiry a certificate is reported.
    pub warn_before: SignedDuration,
    /// The token's text.
    pub text: &'a [u8],
    /// What Consul decodes from the text.
    pub decoded: Result<&'a Decoded, &'a DecodeError>,
    /// What the text probably is, if Consul cannot decode it.
    pub misread: Option<Misread>,
    /// One for each of the first [`MAX_EXAMINED_CAS`] entries of `CA`, in order.
    pub ca_entries: Vec<Arc<CaEntry>>,
    /// The entries of `CA` after those.
    pub unexamined: UnexaminedCas,
    /// `ManualServerAddresses`, then `ServerAddresses`.
    pub addresses: Vec<AddressEntry<'a>>,
    /// Where the token contains a private key.
    pub private_keys: Vec<KeyPlace>,
}

/// The maximum number of entries of `CA` whose certificates are examined. Tokens that Consul generates have a few.
pub const MAX_EXAMINED_CAS: usize = MAX_SHOWN;

/// The entries of `CA` whose certificates are not examined, because there are too many.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct UnexaminedCas {
    /// Their number.
    pub count: usize,
    /// The index of the first one that Consul rejects, and its reason.
    pub refusal: Option<(usize, Refusal)>,
}

/// What a text probably is, if Consul cannot decode it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misread {
    /// The repairs that lead to a token, or that were tried.
    pub repairs: Vec<Repair>,
    /// What the text resembles, if no repair leads to a token.
    pub resembles: Option<Resemblance>,
}

/// One address of a token.
#[derive(Debug)]
pub struct AddressEntry<'a> {
    /// `ManualServerAddresses` or `ServerAddresses`.
    pub field: &'static str,
    /// Its index in that list.
    pub index: usize,
    /// Its text in the token.
    pub text: &'a str,
    /// What Consul parses from the text.
    pub parsed: Result<ServerAddress, AddressError>,
    /// Whether Consul dials it. Consul dials manual addresses instead of server addresses.
    pub dialed: bool,
}

/// One entry of `CA`. Parsing it is most of the work for a token, so tokens can share it.
#[derive(Debug)]
pub struct CaEntry {
    /// Consul's verdict on it.
    pub acceptance: Result<(), Refusal>,
    /// Its certificate. Consul and this tool use different parsers, so one can succeed where the other fails.
    pub certificate: Result<Certificate, CaError>,
    /// The number of PEM blocks after the first. Consul ignores them.
    pub extra_blocks: usize,
    /// Whether there is text other than whitespace around the PEM blocks.
    pub surrounding_text: bool,
    /// Whether a private key is anywhere in the entry.
    pub contains_private_key: bool,
}

impl UnexaminedCas {
    /// Asks only whether Consul accepts the entries of a list after the first [`MAX_EXAMINED_CAS`].
    fn of(entries: &[String], reference: Reference) -> Self {
        let rest = entries.get(MAX_EXAMINED_CAS..).unwrap_or_default();
        let refusal = (MAX_EXAMINED_CAS..)
            .zip(rest)
            .find_map(|(index, entry)| Some((index, check_ca(entry, reference).err()?)));
        Self { count: rest.len(), refusal }
    }
}

/// The reason why an entry of `CA` has no certificate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CaError {
    /// There is no well-formed PEM block.
    #[error("it contains no PEM block")]
    NoPem,
    /// The first block is not a certificate.
    #[error("the first PEM block is a {0}, not a CERTIFICATE")]
    OtherBlock(String),
    /// The first block is not a certificate that this tool can parse.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
}

impl CaEntry {
    /// Parses one entry of `CA`.
    pub fn parse(text: &str, reference: Reference) -> Self {
        let mut blocks = Vec::new();
        let mut rest = text.as_bytes();
        let mut surrounding_text = false;
        while let Some(block) = pem::decode(rest) {
            let consumed = rest.len() - block.rest.len();
            surrounding_text |= !rest[..consumed].trim_ascii_start().starts_with(b"-----BEGIN ");
            rest = block.rest;
            blocks.push(block);
        }
        surrounding_text |= !blocks.is_empty() && !rest.trim_ascii().is_empty();
        let certificate = match blocks.first() {
            None => Err(CaError::NoPem),
            Some(block) if block.label != b"CERTIFICATE" => {
                Err(CaError::OtherBlock(String::from_utf8_lossy(block.label).into_owned()))
            }
            Some(block) => Certificate::from_der(&block.bytes).map_err(CaError::from),
        };
        Self {
            acceptance: check_ca(text, reference),
            certificate,
            extra_blocks: blocks.len().saturating_sub(1),
            surrounding_text,
            contains_private_key: contains_private_key(text),
        }
    }
}

impl Misread {
    fn new(text: &[u8], error: &DecodeError) -> Self {
        match recover(text) {
            Ok(mut recovered) => {
                recovered.decoded.token.wipe_private_keys();
                Self { repairs: recovered.repairs, resembles: None }
            }
            Err((_, repairs)) => Self { repairs, resembles: Some(Resemblance::of(text, error)) },
        }
    }
}

impl AddressEntry<'_> {
    /// Returns its path in the token, such as `ServerAddresses[1]`.
    pub fn path(&self) -> Cow<'static, str> {
        path(self.field, self.index)
    }
}

impl<'a> Context<'a> {
    /// Parses the certificates and addresses of a token.
    pub(super) fn new(
        text: &'a [u8],
        decoded: Result<&'a Decoded, &'a DecodeError>,
        options: &Options,
        cache: &mut impl Cache,
    ) -> Self {
        let token = decoded.ok().map(|decoded| &decoded.token);
        let cas = token.and_then(|token| token.ca.as_deref()).unwrap_or_default();
        let examined = cas.iter().take(MAX_EXAMINED_CAS);
        let ca_entries: Vec<_> = examined.map(|entry| cache.ca_entry(entry, options.reference)).collect();
        Self {
            now: options.now,
            warn_before: options.warn_before,
            text,
            decoded,
            misread: decoded.err().map(|error| Misread::new(text, error)),
            unexamined: UnexaminedCas::of(cas, options.reference),
            addresses: token.map(addresses).unwrap_or_default(),
            private_keys: token.map(|token| private_keys(token, &ca_entries)).unwrap_or_default(),
            ca_entries,
        }
    }

    /// Returns Consul's verdict on the token.
    pub(super) fn acceptance(&self, reference: Reference) -> Acceptance {
        let cas = self.ca_entries.iter().map(|entry| entry.acceptance.clone());
        let unexamined = self.unexamined.refusal.iter().map(|(_, refusal)| Err(refusal.clone()));
        let addresses = self.addresses.iter().map(|address| (address.text, address.parsed.is_ok()));
        let token = self.decoded.map(|decoded| &decoded.token);
        Acceptance::with_parts(token, reference, cas.chain(unexamined), addresses)
    }

    /// Returns the token, if Consul can decode the text.
    pub fn token(&self) -> Option<&'a Token> {
        self.decoded.ok().map(|decoded| &decoded.token)
    }

    /// Returns what Consul ignores in the text, if it can decode the text.
    pub fn observations(&self) -> &'a [Observation] {
        self.decoded.map_or(&[], |decoded| &decoded.observations)
    }

    /// Returns whether all checks but those of addresses depend only on the CA, `ServerName` and `Remote`: the other values
    /// are as Consul writes them.
    pub(super) fn is_ordinary(&self) -> bool {
        let Ok(Decoded { token, observations }) = self.decoded else { return false };
        observations.is_empty()
            && self.private_keys.is_empty()
            && self.unexamined.count == 0
            && !self.addresses.is_empty()
            && is_uuid(token.peer_id.as_bytes())
            && is_uuid(token.establishment_secret.expose().as_bytes())
    }

    /// Returns the number of observations of a kind that are not listed.
    pub fn unlisted(&self, kind: ObservationKind) -> usize {
        let counts = self.observations().iter().filter_map(|observation| match observation {
            Observation::Truncated { kind: of, count } if *of == kind => Some(*count),
            _ => None,
        });
        counts.sum()
    }

    /// Returns whether the text needs this repair.
    pub fn needs(&self, repair: Repair) -> bool {
        self.misread.as_ref().is_some_and(|misread| misread.repairs.contains(&repair))
    }

    /// Returns whether the text is not a token and resembles this instead.
    pub fn resembles(&self, other: Resemblance) -> bool {
        self.misread.as_ref().is_some_and(|misread| misread.resembles == Some(other))
    }

    /// Returns whether it is known why Consul cannot decode the text: repairs lead to a token, or the text is something
    /// else, or a part of a token.
    pub fn is_explained(&self) -> bool {
        let Some(misread) = &self.misread else { return false };
        match misread.resembles {
            None => !misread.repairs.is_empty(),
            Some(other) => other.is_specific(),
        }
    }

    /// Returns the acceptor's datacenter, if the token contains it.
    pub fn datacenter(&self) -> Option<&'a str> {
        let remote = self.token()?.remote.as_ref()?;
        (!remote.datacenter.is_empty()).then_some(remote.datacenter.as_str())
    }

    /// Returns whether a CA is valid at the current time, or may be: one that cannot be parsed, that has extra PEM
    /// blocks, or that was not examined.
    pub fn may_have_valid_ca(&self) -> bool {
        self.unexamined.count > 0
            || self.ca_entries.iter().any(|entry| {
                let is_valid = entry
                    .certificate
                    .as_ref()
                    .map_or(entry.acceptance.is_ok(), |it| it.is_valid_at(self.now));
                is_valid || entry.extra_blocks > 0
            })
    }

    /// Returns the certificates that could be parsed, each with its index in `CA`.
    pub fn certificates(&self) -> impl Iterator<Item = (usize, &Certificate)> {
        let entries = self.ca_entries.iter().enumerate();
        entries.filter_map(|(index, entry)| entry.certificate.as_ref().ok().map(|it| (index, it)))
    }

    /// Returns the number of entries of `CA`.
    pub fn ca_count(&self) -> usize {
        self.ca_entries.len() + self.unexamined.count
    }

    /// Wipes the copies of addresses that contain a private key.
    pub(super) fn wipe_private_keys(&mut self) {
        if self.private_keys.is_empty() {
            return;
        }
        for address in &mut self.addresses {
            let copy = match &mut address.parsed {
                Ok(parsed) => &mut parsed.host,
                Err(error) => &mut error.address,
            };
            if contains_private_key(copy) {
                copy.zeroize();
            }
        }
    }

    /// Returns the addresses that Consul can parse and dials.
    pub fn dialed(&self) -> impl Iterator<Item = (&AddressEntry<'a>, &ServerAddress)> {
        self.addresses
            .iter()
            .filter(|address| address.dialed)
            .filter_map(|address| address.parsed.as_ref().ok().map(|parsed| (address, parsed)))
    }
}

fn addresses(token: &Token) -> Vec<AddressEntry<'_>> {
    let manual = token.manual_server_addresses.as_deref().unwrap_or_default();
    let servers = token.server_addresses.as_deref().unwrap_or_default();
    [("ManualServerAddresses", manual, true), ("ServerAddresses", servers, manual.is_empty())]
        .into_iter()
        .flat_map(|(field, list, dialed)| {
            list.iter().enumerate().map(move |(index, text)| AddressEntry {
                field,
                index,
                text,
                parsed: ServerAddress::parse(text),
                dialed,
            })
        })
        .collect()
}
