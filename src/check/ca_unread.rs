//! Consul takes a CA that this tool cannot read: nothing else is said of it.

use super::{Area, Check, Found, Severity, Subject};
use crate::facts::Facts;

/// `ca-unread`.
pub static CA_UNREAD: Check = Check {
    name: "ca-unread",
    severity: Severity::Info,
    area: Area::Certificates,
    subject: Subject::Certificates,
    summary: "Consul takes a CA that this tool cannot read: nothing else is said of it.",
    why: "Its certificate is unusual. The other checks of certificates pass over it, which is not the same as passing.",
    remedy: "Look at it with `openssl x509 -noout -text`, and please report it.",
    source: "this tool",
    run,
};

fn run(facts: &Facts<'_>, found: &mut Found) {
    for (index, authority) in facts.authorities.iter().enumerate() {
        if let (Ok(()), Err(error)) = (&authority.word, &authority.certificate) {
            let reason = error.to_string();
            let message = format!("{reason}; its dates, key and usage were not checked");
            found.fault(format!("CA[{index}]"), message, [("reason", reason.into())]);
        }
    }
}
