//! The token is written in the URL alphabet of base64, with `-` and `_`.

use super::wording::count;
use super::{Area, Check, Found, Severity, Subject};
use crate::facts::Facts;
use crate::token::recover::Undone;

/// `base64-url-alphabet`.
pub static BASE64_URL_ALPHABET: Check = Check {
    name: "base64-url-alphabet",
    severity: Severity::Error,
    area: Area::Text,
    subject: Subject::Text,
    summary: "The token is written in the URL alphabet of base64, with `-` and `_`.",
    why: "A program read the token and wrote it again with its language's URL-safe base64. Consul reads the standard alphabet only, so that such a token passes when it happens to hold neither sign.",
    remedy: "Replace `-` by `+` and `_` by `/`: `tr -- '-_' '+/' <FILE`. Then mend the program: it need not touch the token.",
    source: "Consul 1.23.0-dev, recorded; RFC 4648, section 5",
    run,
};

fn run(facts: &Facts<'_>, found: &mut Found) {
    if facts.needs(Undone::UrlAlphabet) {
        let mut signs = facts.text.iter().enumerate().filter(|(_, byte)| matches!(byte, b'-' | b'_'));
        if let Some((offset, sign)) = signs.next() {
            let number = signs.count() + 1;
            let message = format!(
                "{} of the URL alphabet, the first a {} at byte {offset}",
                count(number, "sign"),
                char::from(*sign)
            );
            found.fault("text", message, [("offset", offset.into()), ("count", number.into())]);
        }
    }
}
