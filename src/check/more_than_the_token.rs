//! The token is there, with something around it.

use super::{Area, Check, Found, Severity, Subject};
use crate::facts::Facts;
use crate::token::recover::Undone;

/// `more-than-the-token`.
pub static MORE_THAN_THE_TOKEN: Check = Check {
    name: "more-than-the-token",
    severity: Severity::Error,
    area: Area::Text,
    subject: Subject::Text,
    summary: "The token is there, with something around it.",
    why: "What was passed on is not the token alone: the whole answer of the API, a Kubernetes Secret's manifest, a line of an environment file, or more of a terminal than was meant.",
    remedy: "Take the token out: `jq -r .PeeringToken` for an answer, `kubectl get secret SECRET -o jsonpath='{.data.KEY}' | base64 -d` for a Secret, what follows the first `=` for a variable, the one long word that starts with eyJ otherwise.",
    source: "Consul 1.23.0-dev, recorded: refused at the first byte that is not base64",
    run,
};

fn run(facts: &Facts<'_>, found: &mut Found) {
    for (step, what) in AROUND {
        if facts.needs(step) {
            found.fault("text", what, []);
        }
    }
}

const AROUND: [(Undone, &str); 4] = [
    (Undone::JsonAnswer, "this is the API's answer in JSON, with the token under PeeringToken"),
    (Undone::SecretManifest, "this is the manifest of a Kubernetes Secret that holds the token"),
    (Undone::Assignment, "a variable's name and = stand before the token"),
    (Undone::SurroundingText, "other words stand before or after the token"),
];
