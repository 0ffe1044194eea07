//! Checks of the text as a whole: is it a token at all?

use super::format::count;
use crate::lint::context::Context;
use crate::lint::rule::{Area, Check, Found, Severity, Subject};
use crate::token::recover::Repair;
use crate::token::resemblance::Resemblance;

/// `empty`.
pub static EMPTY: Check = Check {
    name: "empty",
    severity: Severity::Error,
    area: Area::Text,
    subject: Subject::Text,
    summary: "There is no token: nothing, or nothing but blanks.",
    why: "A file is empty, a variable is not set, or the command before a pipe failed.",
    remedy: "Look at the file, the variable or the command that should have given the token.",
    source: "Consul 1.23.0-dev, recorded: an empty token is refused before it is read",
    run: empty,
};

fn empty(facts: &Context<'_>, found: &mut Found) {
    if facts.resembles(Resemblance::Empty) {
        let length = facts.text.len();
        let message = match length {
            0 => "the text is empty".to_owned(),
            _ => format!("the text is {} of blanks and nothing else", count(length, "byte")),
        };
        found.fault("text", message, [("bytes", length.into())]);
    }
}

/// `is-a-jwt`.
pub static IS_A_JWT: Check = Check {
    name: "is-a-jwt",
    severity: Severity::Error,
    area: Area::Text,
    subject: Subject::Text,
    summary: "This is a JSON Web Token, not a peering token.",
    why: "The example on Consul's page \"Establish cluster peering connections\" is one. ACL logins use them as well.",
    remedy: "Give the token that the accepting cluster printed: `peering generate-token -name NAME` prints one.",
    source: "Consul 1.23.0-dev, recorded: refused at the first dot, byte 20 in the page's example; RFC 7519",
    run: is_a_jwt,
};

fn is_a_jwt(facts: &Context<'_>, found: &mut Found) {
    if facts.resembles(Resemblance::Jwt) {
        let length = facts.text.trim_ascii().len();
        found.fault(
            "text",
            format!(
                "these {length} bytes are three parts with dots between, the first a JSON Web Token's header"
            ),
            [("bytes", length.into())],
        );
    }
}

/// `is-an-acl-token`.
pub static IS_AN_ACL_TOKEN: Check = Check {
    name: "is-an-acl-token",
    severity: Severity::Error,
    area: Area::Text,
    subject: Subject::Text,
    summary: "This is a UUID, as the secret of an ACL token is, not a peering token.",
    why: "`-token` and `CONSUL_HTTP_TOKEN` take an ACL token; a peering token is another thing, far longer. A peer ID or an establishment secret looks the same.",
    remedy: "Give the token that the accepting cluster printed. If this was a secret, it has now been where it should not be: replace it.",
    source: "the form of Consul's ACL tokens; Consul refuses it at byte 8",
    run: is_an_acl_token,
};

fn is_an_acl_token(facts: &Context<'_>, found: &mut Found) {
    if facts.resembles(Resemblance::Uuid) {
        let length = facts.text.trim_ascii().len();
        found.fault(
            "text",
            format!(
                "these {length} characters are a UUID; a peering token has more than 200 and starts with eyJ"
            ),
            [("bytes", length.into())],
        );
    }
}

/// `is-pem`.
pub static IS_PEM: Check = Check {
    name: "is-pem",
    severity: Severity::Error,
    area: Area::Text,
    subject: Subject::Text,
    summary: "This is a PEM file, not a peering token.",
    why: "The CA certificate and the token were mixed up. A token holds certificates, but is not one.",
    remedy: "Give the token that the accepting cluster printed. If this was a private key, it has now been where it should not be: replace it.",
    source: "RFC 7468; Consul refuses it at byte 0",
    run: is_pem,
};

fn is_pem(facts: &Context<'_>, found: &mut Found) {
    if facts.resembles(Resemblance::Pem) {
        let length = facts.text.trim_ascii().len();
        found.fault(
            "text",
            format!("these {length} bytes begin with a PEM header"),
            [("bytes", length.into())],
        );
    }
}

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
    run: more_than_the_token,
};

fn more_than_the_token(facts: &Context<'_>, found: &mut Found) {
    for (step, what) in AROUND {
        if facts.needs(step) {
            found.fault("text", what, []);
        }
    }
}

const AROUND: [(Repair, &str); 4] = [
    (Repair::JsonResponse, "this is the API's answer in JSON, with the token under PeeringToken"),
    (Repair::SecretManifest, "this is the manifest of a Kubernetes Secret that holds the token"),
    (Repair::Assignment, "a variable's name and = stand before the token"),
    (Repair::SurroundingText, "other words stand before or after the token"),
];

/// `truncated`.
pub static TRUNCATED: Check = Check {
    name: "truncated",
    severity: Severity::Error,
    area: Area::Text,
    subject: Subject::Text,
    summary: "The token was cut: its end is missing, or an ellipsis stands for its middle.",
    why: "A terminal's line limit, a form field, a column of a database, a log or a ticket that shortens long words.",
    remedy: "Copy it again, whole, best as a file. If the original is gone, generate another token: that makes the lost one worthless.",
    source: "Consul 1.23.0-dev, recorded: `unexpected end of JSON input`, or illegal base64 at the end",
    run: truncated,
};

fn truncated(facts: &Context<'_>, found: &mut Found) {
    let length = facts.text.trim_ascii().len();
    let message = if facts.resembles(Resemblance::MissingEnd) {
        format!("the text ends after {length} bytes, in the middle of the token")
    } else if facts.resembles(Resemblance::Shortened) {
        format!("an ellipsis stands in these {length} bytes, in place of a part of the token")
    } else {
        return;
    };
    found.fault("text", message, [("bytes", length.into())]);
}
