//! The checks: each a value that holds its name, texts and a pure function of [`Facts`].
//!
//! `explain`, `docs/checks.md`, JSON, SARIF and JUnit all come from these values. To add one, write its file, its line
//! in [`ALL`], and a firing and a quiet fixture (see CONTRIBUTING.md).

mod address_duplicate;
mod address_host_malformed;
mod address_internal_name;
mod address_invalid;
mod address_link_local;
mod address_loopback;
mod address_not_grpc_port;
mod address_private;
mod address_unspecified;
mod addresses_missing;
mod addresses_overridden;
mod base64_no_padding;
mod base64_trailing_bits;
mod base64_url_alphabet;
mod base64_wrapped;
mod blanks_in_text;
mod byte_order_mark;
mod ca_duplicate;
mod ca_expired;
mod ca_expires_soon;
mod ca_key_unusable;
mod ca_key_usage;
mod ca_key_weak;
mod ca_missing;
mod ca_no_spiffe_id;
mod ca_not_a_ca;
mod ca_not_self_signed;
mod ca_not_yet_valid;
mod ca_partly_expired;
mod ca_several_roots;
mod ca_signature_invalid;
mod ca_signature_weak;
mod ca_trailing_data;
mod ca_unparsable;
mod ca_unread;
mod datacenter_mismatch;
mod document;
mod duplicate_field;
mod empty;
mod encoded_twice;
mod escaped_line_breaks;
mod expiry;
mod field_case;
mod field_type;
mod invalid_utf8;
mod is_a_jwt;
mod is_an_acl_token;
mod is_pem;
mod more_than_the_token;
mod not_base64;
mod not_encoded;
mod not_json;
mod one_server_only;
mod peer_id_missing;
mod peer_id_not_uuid;
mod private_key_inside;
mod quoted;
mod repeated;
mod secret_missing;
mod secret_not_uuid;
mod server_name_malformed;
mod server_name_missing;
mod truncated;
mod trust_domain_mismatch;
mod unknown_field;
mod wording;

use std::borrow::Cow;
use std::fmt;

use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::facts::Facts;
use crate::token::MOST_OBSERVATIONS;

pub use document::markdown;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// It works today and will hurt.
    Warning,
    /// Consul refuses it, or it cannot work.
    Error,
}

/// What a check looks at. A check runs when that is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Subject {
    /// The token's text: always there.
    Text,
    /// The token's fields: there when the text could be decoded.
    Fields,
    /// The acceptor's datacenter beside its server name: there when `Remote` tells it, since Consul 1.14.
    Datacenter,
    /// Its addresses: there when it has some.
    Addresses,
    /// Its certificates: there when `CA` has entries.
    Certificates,
}

/// The part of a token that a check is about: the chapter that it stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Area {
    /// The token's text, and the JSON in it.
    Text,
    /// Where to dial.
    Addresses,
    /// Who is meant: server name, datacenter, peer ID, secret.
    Identity,
    /// Whom to trust.
    Certificates,
}

/// One check.
#[derive(Debug, Clone, Copy, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Check {
    /// Stable kebab-case name that states the fault.
    pub name: &'static str,
    /// How bad its findings are, unless the user says otherwise.
    pub severity: Severity,
    /// What it is about.
    pub area: Area,
    /// What it looks at.
    pub subject: Subject,
    /// What is wrong, in one sentence.
    pub summary: &'static str,
    /// Why that is a fault, and how it comes about.
    pub why: &'static str,
    /// What to do.
    pub remedy: &'static str,
    /// Where that is known from: Consul's behaviour, an RFC, an issue.
    pub source: &'static str,
    /// Reports every place where the fault is.
    #[serde(skip)]
    pub run: fn(&Facts<'_>, &mut Found),
}

/// Where a check puts what it finds. It keeps the first faults, and counts the others.
#[derive(Debug, Default)]
pub struct Found {
    faults: Vec<Fault>,
    left_out: usize,
}

/// How many faults of a check are listed for one token: a token of some megabytes can hold a million.
const MOST_FAULTS: usize = 100;
const _: () = assert!(MOST_FAULTS <= MOST_OBSERVATIONS, "faults left out would be miscounted");

/// One fault, in one place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Where: a field as Consul names it, such as `CA[0]` or `ServerAddresses[1]`; `text` for the text as a whole.
    pub path: Cow<'static, str>,
    /// What, with the values that decide it, as a sentence.
    pub message: String,
    /// The values by name, for programs.
    pub values: Values,
}

/// Values by name, in the order in which the check tells them.
///
/// A list and no map: there are three of them at most, and a batch makes millions.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Values(Vec<(&'static str, Value)>);

impl Values {
    /// Every name with its value.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &Value)> {
        self.0.iter().map(|(name, value)| (*name, value))
    }
}

impl Serialize for Values {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

impl Found {
    /// Reports a fault.
    pub fn fault(
        &mut self,
        path: impl Into<Cow<'static, str>>,
        message: impl Into<String>,
        values: impl IntoIterator<Item = (&'static str, Value)>,
    ) {
        if self.faults.len() == MOST_FAULTS {
            self.left_out += 1;
            return;
        }
        let values = Values(values.into_iter().collect());
        self.faults.push(Fault { path: path.into(), message: message.into(), values });
    }

    /// Reports so many more faults that nobody listed.
    pub fn leave_out(&mut self, count: usize) {
        self.left_out += count;
    }

    /// Whether nothing was reported so far.
    pub fn is_empty(&self) -> bool {
        self.faults.is_empty()
    }

    /// Takes what was reported so far, in the order of reporting; a last one tells how many are not listed.
    pub fn take(&mut self) -> Vec<Fault> {
        let mut faults = std::mem::take(&mut self.faults);
        let left_out = std::mem::take(&mut self.left_out);
        if left_out > 0 {
            let path = faults.last().map_or(Cow::Borrowed("text"), |last| last.path.clone());
            let values = Values(vec![("left_out", left_out.into())]);
            faults.push(Fault {
                path,
                message: format!("and {left_out} more, which are not listed"),
                values,
            });
        }
        faults
    }
}

/// Every check, in the order of its subject and then of reading.
pub static ALL: &[&Check] = &[
    &empty::EMPTY,
    &not_base64::NOT_BASE64,
    &byte_order_mark::BYTE_ORDER_MARK,
    &blanks_in_text::BLANKS_IN_TEXT,
    &escaped_line_breaks::ESCAPED_LINE_BREAKS,
    &quoted::QUOTED,
    &base64_url_alphabet::BASE64_URL_ALPHABET,
    &base64_no_padding::BASE64_NO_PADDING,
    &base64_wrapped::BASE64_WRAPPED,
    &base64_trailing_bits::BASE64_TRAILING_BITS,
    &encoded_twice::ENCODED_TWICE,
    &more_than_the_token::MORE_THAN_THE_TOKEN,
    &not_encoded::NOT_ENCODED,
    &not_json::NOT_JSON,
    &field_type::FIELD_TYPE,
    &truncated::TRUNCATED,
    &is_a_jwt::IS_A_JWT,
    &is_an_acl_token::IS_AN_ACL_TOKEN,
    &is_pem::IS_PEM,
    &invalid_utf8::INVALID_UTF8,
    &unknown_field::UNKNOWN_FIELD,
    &duplicate_field::DUPLICATE_FIELD,
    &field_case::FIELD_CASE,
    &addresses_missing::ADDRESSES_MISSING,
    &address_invalid::ADDRESS_INVALID,
    &address_host_malformed::ADDRESS_HOST_MALFORMED,
    &address_unspecified::ADDRESS_UNSPECIFIED,
    &address_loopback::ADDRESS_LOOPBACK,
    &address_link_local::ADDRESS_LINK_LOCAL,
    &address_private::ADDRESS_PRIVATE,
    &address_internal_name::ADDRESS_INTERNAL_NAME,
    &address_not_grpc_port::ADDRESS_NOT_GRPC_PORT,
    &address_duplicate::ADDRESS_DUPLICATE,
    &addresses_overridden::ADDRESSES_OVERRIDDEN,
    &one_server_only::ONE_SERVER_ONLY,
    &server_name_missing::SERVER_NAME_MISSING,
    &server_name_malformed::SERVER_NAME_MALFORMED,
    &datacenter_mismatch::DATACENTER_MISMATCH,
    &trust_domain_mismatch::TRUST_DOMAIN_MISMATCH,
    &peer_id_missing::PEER_ID_MISSING,
    &peer_id_not_uuid::PEER_ID_NOT_UUID,
    &secret_missing::SECRET_MISSING,
    &secret_not_uuid::SECRET_NOT_UUID,
    &ca_missing::CA_MISSING,
    &ca_unparsable::CA_UNPARSABLE,
    &ca_unread::CA_UNREAD,
    &ca_expired::CA_EXPIRED,
    &ca_partly_expired::CA_PARTLY_EXPIRED,
    &ca_not_yet_valid::CA_NOT_YET_VALID,
    &ca_expires_soon::CA_EXPIRES_SOON,
    &ca_not_a_ca::CA_NOT_A_CA,
    &ca_key_usage::CA_KEY_USAGE,
    &ca_key_unusable::CA_KEY_UNUSABLE,
    &ca_key_weak::CA_KEY_WEAK,
    &ca_signature_weak::CA_SIGNATURE_WEAK,
    &ca_signature_invalid::CA_SIGNATURE_INVALID,
    &ca_not_self_signed::CA_NOT_SELF_SIGNED,
    &ca_no_spiffe_id::CA_NO_SPIFFE_ID,
    &ca_duplicate::CA_DUPLICATE,
    &ca_several_roots::CA_SEVERAL_ROOTS,
    &ca_trailing_data::CA_TRAILING_DATA,
    &private_key_inside::PRIVATE_KEY_INSIDE,
];

/// The check of a name.
pub fn find(name: &str) -> Option<&'static Check> {
    ALL.iter().copied().find(|check| check.name == name)
}

impl Subject {
    /// Every subject, in the order of declaration.
    pub const ALL: [Self; 5] =
        [Self::Text, Self::Fields, Self::Datacenter, Self::Addresses, Self::Certificates];

    /// When a check of this subject runs; `None`: always.
    pub fn condition(self) -> Option<&'static str> {
        match self {
            Self::Text => None,
            Self::Fields => Some("the token can be decoded"),
            Self::Datacenter => Some("the token tells its datacenter, as it does since Consul 1.14"),
            Self::Addresses => Some("the token has addresses"),
            Self::Certificates => Some("the token has a CA"),
        }
    }

    /// Why a check of this subject cannot run on these facts, if it cannot.
    pub fn missing(self, facts: &Facts<'_>) -> Option<&'static str> {
        match self {
            Self::Text => None,
            _ if facts.token().is_none() => Some("the token could not be decoded"),
            Self::Datacenter if facts.datacenter().is_none() => {
                Some("the token does not tell its datacenter; Consul 1.13 wrote none")
            }
            Self::Addresses if facts.addresses.is_empty() => Some("the token has no addresses"),
            Self::Certificates if facts.authorities.is_empty() => Some("the token has no CA"),
            Self::Fields | Self::Datacenter | Self::Addresses | Self::Certificates => None,
        }
    }
}

impl Area {
    /// The heading over its checks.
    pub fn title(self) -> &'static str {
        match self {
            Self::Text => "The text",
            Self::Addresses => "Addresses",
            Self::Identity => "Who is meant",
            Self::Certificates => "Certificates",
        }
    }
}

impl Severity {
    /// Its name, also in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}
