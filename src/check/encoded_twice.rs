//! The text is base64 of a token.

use super::{Area, Check, Found, Severity, Subject};
use crate::facts::Facts;
use crate::token::recover::Undone;

/// `encoded-twice`.
pub static ENCODED_TWICE: Check = Check {
    name: "encoded-twice",
    severity: Severity::Error,
    area: Area::Text,
    subject: Subject::Text,
    summary: "The text is base64 of a token.",
    why: "It was taken from the `data` of a Kubernetes Secret, which is base64 once more, or a script encoded it for the way.",
    remedy: "Decode it once: `base64 -d FILE`. From a Secret: `kubectl get secret SECRET -o jsonpath='{.data.KEY}' | base64 -d`.",
    source: "Consul 1.23.0-dev: `invalid character 'e' looking for beginning of value`; how Kubernetes stores Secrets",
    run,
};

fn run(facts: &Facts<'_>, found: &mut Found) {
    if facts.needs(Undone::EncodedTwice) {
        let length = facts.text.len();
        let message =
            format!("under the base64 of these {length} bytes there is base64 again, and then a token");
        found.fault("text", message, [("bytes", length.into())]);
    }
}
