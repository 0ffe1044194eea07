//! A CA does not carry the SPIFFE ID of a trust domain.

use super::{Area, Check, Found, Severity, Subject};
use crate::facts::Facts;

/// `ca-no-spiffe-id`.
pub static CA_NO_SPIFFE_ID: Check = Check {
    name: "ca-no-spiffe-id",
    severity: Severity::Info,
    area: Area::Certificates,
    subject: Subject::Certificates,
    summary: "A CA does not carry the SPIFFE ID of a trust domain.",
    why: "Consul's own CA carries `spiffe://<trust-domain>`; a company's own root may not. It cannot be told from the token whether such a CA and the server name belong together.",
    remedy: "Nothing, if the acceptor's CA provider uses a root of your own.",
    source: "SPIFFE X509-SVID, section 2: exactly one URI",
    run,
};

fn run(facts: &Facts<'_>, found: &mut Found) {
    for (index, certificate) in facts.certificates() {
        if certificate.trust_domain().is_none() {
            let ids = certificate.names.spiffe_ids().count();
            let message = match ids {
                0 => "it carries no SPIFFE ID".to_owned(),
                1 => "its SPIFFE ID names no trust domain".to_owned(),
                _ => format!("it carries {ids} SPIFFE IDs, where one is allowed"),
            };
            found.fault(format!("CA[{index}]"), message, [("spiffe_ids", ids.into())]);
        }
    }
}
