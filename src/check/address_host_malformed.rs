//! The host of an address can be no host: it is neither an IP address nor a name that can be looked up.

use super::{Area, Check, Found, Severity, Subject};
use crate::facts::Facts;
use crate::token::HostKind;

/// `address-host-malformed`.
pub static ADDRESS_HOST_MALFORMED: Check = Check {
    name: "address-host-malformed",
    severity: Severity::Error,
    area: Area::Addresses,
    subject: Subject::Addresses,
    summary: "The host of an address can be no host: it is neither an IP address nor a name that can be looked up.",
    why: "A space after a comma in `-server-external-addresses`, a URL instead of `host:port`, a number too large in an IP address. Consul checks the port only, so that the fault shows when it dials: `no such host`.",
    remedy: "Generate the token again with `-server-external-addresses HOST:PORT,…`, without blanks, schemes or paths.",
    source: "Go's resolver, which looks up no such name; RFC 1035, section 2.3.1",
    run,
};

fn run(facts: &Facts<'_>, found: &mut Found) {
    for (address, parsed) in facts.dialed() {
        if parsed.kind == HostKind::Name && !can_be_looked_up(&parsed.host) {
            let message = format!("{}: the host is neither an IP address nor a name", address.text);
            found.fault(
                address.path(),
                message,
                [("address", address.text.into()), ("host", parsed.host.as_str().into())],
            );
        }
    }
}

/// What Go's resolver would ask about: labels of 1 to 63 letters, digits, `-` and `_`, and not digits alone.
fn can_be_looked_up(name: &str) -> bool {
    let bytes = name.strip_suffix('.').unwrap_or(name).as_bytes();
    let digits_and_dots = bytes.iter().filter(|byte| byte.is_ascii_digit() || **byte == b'.').count();
    bytes.len() <= 253 && digits_and_dots < bytes.len() && bytes.split(|byte| *byte == b'.').all(is_label)
}

fn is_label(label: &[u8]) -> bool {
    let is_sign = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    let (Some(first), Some(last)) = (label.first(), label.last()) else { return false };
    label.len() <= 63
        && *first != b'-'
        && *last != b'-'
        && label.iter().filter(|byte| is_sign(byte)).count() == label.len()
}
