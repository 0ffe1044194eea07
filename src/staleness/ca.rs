//! Whether a dialer with a token trusts the acceptor's servers.

use super::Verdict;
use super::claim::{Claim, Observation, SourceName};
use crate::certificate::signature::{SignatureCheck, check_signature};
use crate::gostd::pem;
use crate::token::Token;

/// Returns whether the token's CA certificates lead to the certificates that the acceptor uses now. `None` if the token or
/// the acceptor has no certificates.
///
/// After a rotation with cross-signing, the servers present an intermediate that the old root signed, so old tokens keep
/// working.
pub(super) fn is_trusted(token: &Token, active_ca: &[String]) -> Option<bool> {
    let active: Vec<_> = active_ca.iter().filter_map(|text| pem::decode(text.as_bytes())).collect();
    let in_token: Vec<_> =
        token.ca.iter().flatten().filter_map(|text| pem::decode(text.as_bytes())).collect();
    if active.is_empty() || in_token.is_empty() {
        return None;
    }
    let leads_to =
        |ca: &[u8], used: &[u8]| ca == used || check_signature(used, ca) == SignatureCheck::Verified;
    Some(in_token.iter().any(|ca| active.iter().any(|used| leads_to(&ca.bytes, &used.bytes))))
}

/// Returns the claim that dialers with the token do not trust the acceptor's servers.
pub(super) fn not_trusted(source: SourceName) -> Claim {
    let message = "the acceptor rotated its CA without cross-signing, so a dialer with this token does not trust its servers";
    Claim::new(source, Observation::CaNotTrusted, message).proves(Verdict::Superseded)
}
