//! A CA stands twice in the token.

use super::repeated::repeated;
use super::{Area, Check, Found, Severity, Subject};
use crate::facts::Facts;

/// `ca-duplicate`.
pub static CA_DUPLICATE: Check = Check {
    name: "ca-duplicate",
    severity: Severity::Info,
    area: Area::Certificates,
    subject: Subject::Certificates,
    summary: "A CA stands twice in the token.",
    why: "The list was put together by hand, or twice. It does no harm.",
    remedy: "Nothing; leave one of them if you make such tokens.",
    source: "this tool",
    run,
};

fn run(facts: &Facts<'_>, found: &mut Found) {
    let certificates =
        || facts.certificates().map(|(index, certificate)| (index, certificate.sha256.as_str()));
    for (second, first) in repeated(certificates, facts.authorities.len()) {
        let message = format!("the same certificate as CA[{first}]");
        let sha256 =
            facts.authorities[second].certificate.as_ref().map_or("", |certificate| &certificate.sha256);
        let values = [("first", format!("CA[{first}]").into()), ("sha256", sha256.into())];
        found.fault(format!("CA[{second}]"), message, values);
    }
}
