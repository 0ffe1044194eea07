//! The checks, one file per area, and the list of them.

pub(crate) mod addresses;
pub(crate) mod certificates;
mod duplicates;
mod encoding;
pub(crate) mod format;
mod identity;
mod json;
mod private_key;
mod text;

use super::rule::{Check, TokenCheck};

/// Every check of tokens, by area, in the order in which Consul processes a token.
pub static ALL: &[&TokenCheck] = &[
    &text::EMPTY,
    &encoding::NOT_BASE64,
    &encoding::BYTE_ORDER_MARK,
    &encoding::UTF_16,
    &encoding::WHITESPACE_IN_TEXT,
    &encoding::ESCAPED_LINE_BREAKS,
    &encoding::QUOTED,
    &encoding::BASE64_URL_ALPHABET,
    &encoding::BASE64_NO_PADDING,
    &encoding::BASE64_WRAPPED,
    &encoding::BASE64_TRAILING_BITS,
    &encoding::ENCODED_TWICE,
    &text::MORE_THAN_THE_TOKEN,
    &json::NOT_ENCODED,
    &json::NOT_JSON,
    &json::FIELD_TYPE,
    &text::TRUNCATED,
    &text::IS_A_JWT,
    &text::IS_AN_ACL_TOKEN,
    &text::IS_PEM,
    &text::NOT_A_TOKEN,
    &json::INVALID_UTF8,
    &json::UNKNOWN_FIELD,
    &json::DUPLICATE_FIELD,
    &json::FIELD_CASE,
    &addresses::ADDRESSES_MISSING,
    &addresses::ADDRESS_INVALID,
    &addresses::ADDRESS_HOST_MALFORMED,
    &addresses::scope::ADDRESS_UNSPECIFIED,
    &addresses::scope::ADDRESS_LOOPBACK,
    &addresses::scope::ADDRESS_LINK_LOCAL,
    &addresses::scope::ADDRESS_PRIVATE,
    &addresses::scope::ADDRESS_INTERNAL_NAME,
    &addresses::ADDRESS_NOT_GRPC_PORT,
    &addresses::ADDRESS_DUPLICATE,
    &addresses::ADDRESSES_OVERRIDDEN,
    &addresses::ONE_SERVER_ONLY,
    &identity::SERVER_NAME_MISSING,
    &identity::SERVER_NAME_MALFORMED,
    &identity::DATACENTER_MISMATCH,
    &identity::TRUST_DOMAIN_MISMATCH,
    &identity::PEER_ID_MISSING,
    &identity::PEER_ID_NOT_UUID,
    &identity::SECRET_MISSING,
    &identity::SECRET_NOT_UUID,
    &certificates::CA_MISSING,
    &certificates::CA_UNPARSABLE,
    &certificates::CA_UNREAD,
    &certificates::validity::CA_EXPIRED,
    &certificates::validity::CA_PARTLY_EXPIRED,
    &certificates::validity::CA_NOT_YET_VALID,
    &certificates::validity::CA_EXPIRES_SOON,
    &certificates::keys::CA_NOT_A_CA,
    &certificates::keys::CA_KEY_USAGE,
    &certificates::keys::CA_KEY_UNUSABLE,
    &certificates::keys::CA_KEY_WEAK,
    &certificates::keys::CA_SIGNATURE_WEAK,
    &certificates::keys::CA_SIGNATURE_INVALID,
    &certificates::CA_NOT_SELF_SIGNED,
    &certificates::CA_NO_SPIFFE_ID,
    &certificates::CA_DUPLICATE,
    &certificates::CA_SEVERAL_ROOTS,
    &certificates::CA_TRAILING_DATA,
    &private_key::PRIVATE_KEY_INSIDE,
];

/// The checks that only report where decoding fails. A check that shows what the text is replaces them.
pub(super) static GENERIC: &[&TokenCheck] = &[&encoding::NOT_BASE64, &json::NOT_JSON];

/// Returns the check of tokens with this name.
pub fn find(name: &str) -> Option<&'static Check> {
    checks().find(|check| check.name == name)
}

/// Returns the descriptions of [`ALL`].
pub fn checks() -> impl ExactSizeIterator<Item = &'static Check> {
    ALL.iter().map(|rule| &rule.check)
}
