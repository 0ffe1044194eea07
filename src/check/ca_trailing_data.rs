//! There is more in an entry of `CA` than one certificate.

use super::wording::count;
use super::{Area, Check, Found, Severity, Subject};
use crate::facts::Facts;

/// `ca-trailing-data`.
pub static CA_TRAILING_DATA: Check = Check {
    name: "ca-trailing-data",
    severity: Severity::Warning,
    area: Area::Certificates,
    subject: Subject::Certificates,
    summary: "There is more in an entry of `CA` than one certificate.",
    why: "Consul looks at the first PEM block only, when it reads the token: whatever follows goes unchecked, other programs see more or less, and facts and findings here are about the first. Consul writes one certificate into each entry.",
    remedy: "Put each certificate into an entry of its own, and leave away any text around them.",
    source: "Consul 1.23.0-dev, recorded: accepted",
    run,
};

fn run(facts: &Facts<'_>, found: &mut Found) {
    for (index, authority) in facts.authorities.iter().enumerate() {
        let message = match (authority.more_blocks, authority.text_around) {
            (0, false) => continue,
            (0, true) => "there is other text around the certificate".to_owned(),
            (more, false) => format!("{} after the first", count(more, "more PEM block")),
            (more, true) => format!("{} after the first, and other text", count(more, "more PEM block")),
        };
        let values =
            [("more_blocks", authority.more_blocks.into()), ("text_around", authority.text_around.into())];
        found.fault(format!("CA[{index}]"), message, values);
    }
}
