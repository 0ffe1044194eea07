//! The server name and the CA belong to different trust domains.

use super::{Area, Check, Found, Severity, Subject};
use crate::facts::Facts;
use crate::token::Token;

/// `trust-domain-mismatch`.
pub static TRUST_DOMAIN_MISMATCH: Check = Check {
    name: "trust-domain-mismatch",
    severity: Severity::Warning,
    area: Area::Identity,
    subject: Subject::Certificates,
    summary: "The server name and the CA belong to different trust domains.",
    why: "The CA is another cluster's, so that the TLS handshake will fail, if the token was edited or put together from two. It is a warning because clusters that share a root of Vault or of the company may rightly differ.",
    remedy: "If you did not expect a shared root, generate a token anew on the accepting cluster.",
    source: "SPIFFE X509-SVID, and the URI in the certificates of Consul's CA",
    run,
};

fn run(facts: &Facts<'_>, found: &mut Found) {
    let Some(expected) = facts.token().and_then(Token::trust_domain) else { return };
    for (index, certificate) in facts.certificates() {
        if let Some(actual) =
            certificate.trust_domain().filter(|actual| !actual.eq_ignore_ascii_case(expected))
        {
            let message = format!("the CA is of the trust domain {actual}, ServerName of {expected}");
            let values = [("ca", actual.into()), ("server_name", expected.into())];
            found.fault(format!("CA[{index}]"), message, values);
        }
    }
}
