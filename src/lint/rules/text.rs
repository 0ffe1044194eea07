//! Checks whether the text is a token.

use super::format::count;
use crate::lint::{Area, Check, Context, Findings, Severity, Subject, TokenCheck};
use crate::token::not_a_token::NotAToken;
use crate::token::recover::Repair;
use crate::token::resemblance::Resemblance;

/// `empty`.
pub static EMPTY: TokenCheck = TokenCheck {
    check: Check {
        name: "empty",
        severity: Severity::Error,
        area: Area::Text,
        subject: Subject::Text,
        summary: "The text is empty or contains only whitespace.",
        why: "A file is empty, a variable is not set, or the command before a pipe failed.",
        remedy: "Check the file, the variable or the command that should provide the token.",
        source: "Consul 1.23.0-dev, recorded: it rejects an empty token before decoding it",
    },
    run: empty,
};

fn empty(context: &Context<'_>, findings: &mut Findings) {
    if context.resembles(Resemblance::Empty) {
        let length = context.text.len();
        let message = match length {
            0 => "the text is empty".to_owned(),
            _ => format!("the text is {} of whitespace", count(length, "byte")),
        };
        findings.add("text", message, [("bytes", length.into())]);
    }
}

/// `is-a-jwt`.
pub static IS_A_JWT: TokenCheck = TokenCheck {
    check: Check {
        name: "is-a-jwt",
        severity: Severity::Error,
        area: Area::Text,
        subject: Subject::Text,
        summary: "This is a JSON Web Token, not a peering token.",
        why: "The example token on Consul's page \"Establish cluster peering connections\" is a JSON Web Token. ACL logins use them too.",
        remedy: "Use the token that the accepting cluster printed. `peering generate-token -name NAME` prints one.",
        source: "Consul 1.23.0-dev, recorded: rejected at the first dot, byte 20 of the page's example; RFC 7519",
    },
    run: is_a_jwt,
};

fn is_a_jwt(context: &Context<'_>, findings: &mut Findings) {
    if context.resembles(Resemblance::Jwt) {
        let length = context.text.trim_ascii().len();
        findings.add(
            "text",
            format!(
                "these {length} bytes are three parts separated by dots, and the first is the header of a JSON Web Token"
            ),
            [("bytes", length.into())],
        );
    }
}

/// `is-an-acl-token`.
pub static IS_AN_ACL_TOKEN: TokenCheck = TokenCheck {
    check: Check {
        name: "is-an-acl-token",
        severity: Severity::Error,
        area: Area::Text,
        subject: Subject::Text,
        summary: "This is a UUID, such as the secret of an ACL token, not a peering token.",
        why: "`-token` and `CONSUL_HTTP_TOKEN` take an ACL token. A peering token is much longer. Peer IDs and establishment secrets are UUIDs too.",
        remedy: "Use the token that the accepting cluster printed. If this UUID is a secret, it may have been exposed: replace it.",
        source: "the form of Consul's ACL tokens; Consul rejects it at byte 8",
    },
    run: is_an_acl_token,
};

fn is_an_acl_token(context: &Context<'_>, findings: &mut Findings) {
    if context.resembles(Resemblance::Uuid) {
        let length = context.text.trim_ascii().len();
        findings.add(
            "text",
            format!(
                "these {length} characters are a UUID; a peering token has more than 200 and starts with eyJ"
            ),
            [("bytes", length.into())],
        );
    }
}

/// `is-pem`.
pub static IS_PEM: TokenCheck = TokenCheck {
    check: Check {
        name: "is-pem",
        severity: Severity::Error,
        area: Area::Text,
        subject: Subject::Text,
        summary: "This is a PEM file, not a peering token.",
        why: "The CA certificate was used instead of the token. A token contains certificates, but it is not one.",
        remedy: "Use the token that the accepting cluster printed. If this is a private key, it may have been exposed: replace it.",
        source: "RFC 7468; Consul rejects it at byte 0",
    },
    run: is_pem,
};

fn is_pem(context: &Context<'_>, findings: &mut Findings) {
    if context.resembles(Resemblance::Pem) {
        let length = context.text.trim_ascii().len();
        findings.add(
            "text",
            format!("these {length} bytes start with a PEM header"),
            [("bytes", length.into())],
        );
    }
}

/// `not-a-token`.
pub static NOT_A_TOKEN: TokenCheck = TokenCheck {
    check: Check {
        name: "not-a-token",
        severity: Severity::Error,
        area: Area::Text,
        subject: Subject::Text,
        summary: "This is something else, not a peering token.",
        why: "A variable or placeholder was not replaced, a file is encrypted, a Kubernetes resource names the Secret with the token but does not contain it, or the command that should print the token failed.",
        remedy: "Follow the command in the message. `peering generate-token -name NAME` on the accepting cluster prints a new token, which invalidates the previous one.",
        source: "Kubernetes, hashicorp/consul-k8s and common shells; Consul rejects the first byte that is not base64",
    },
    run: not_a_token,
};

fn not_a_token(context: &Context<'_>, findings: &mut Findings) {
    if context.resembles(Resemblance::NotAToken)
        && let Some(NotAToken { cause, remedy }) = NotAToken::identify(context.text)
    {
        findings.add("text", format!("{cause}; {remedy}"), []);
    }
}

/// `more-than-the-token`.
pub static MORE_THAN_THE_TOKEN: TokenCheck = TokenCheck {
    check: Check {
        name: "more-than-the-token",
        severity: Severity::Error,
        area: Area::Text,
        subject: Subject::Text,
        summary: "There is other text around the token.",
        why: "The text is an API response, the manifest of a Kubernetes Secret, a line of an environment file, or more of a terminal's output than the token.",
        remedy: "Extract the token. From an API response: `jq -r .PeeringToken`. From a Secret: `kubectl get secret SECRET -o jsonpath='{.data.KEY}' | base64 -d`. From an environment file: the text after the first `=`. Otherwise copy the long word that starts with eyJ.",
        source: "Consul 1.23.0-dev, recorded: rejected at the first byte that is not base64",
    },
    run: more_than_the_token,
};

fn more_than_the_token(context: &Context<'_>, findings: &mut Findings) {
    for (repair, message) in SURROUNDINGS {
        if context.needs(repair) {
            findings.add("text", message, []);
        }
    }
}

const SURROUNDINGS: [(Repair, &str); 7] = [
    (Repair::JsonResponse, "this is an API response with the token in PeeringToken"),
    (Repair::SecretManifest, "this is the manifest of a Kubernetes Secret that contains the token"),
    (Repair::SecretData, "this is the data of a Kubernetes Secret that contains the token"),
    (Repair::TerraformState, "this is a Terraform state that contains the token"),
    (Repair::JsonDocument, "this is a JSON or YAML document that contains the token"),
    (Repair::Assignment, "there is a variable name and = before the token"),
    (Repair::SurroundingText, "there is other text before or after the token"),
];

/// `truncated`.
pub static TRUNCATED: TokenCheck = TokenCheck {
    check: Check {
        name: "truncated",
        severity: Severity::Error,
        area: Area::Text,
        subject: Subject::Text,
        summary: "The token is incomplete: its end is missing, or an ellipsis replaces its middle.",
        why: "A terminal, a form field, a database column, a log or a ticket shortened it.",
        remedy: "Copy the whole token again, preferably as a file. If you no longer have it, generate another one, which invalidates the incomplete one.",
        source: "Consul 1.23.0-dev, recorded: `unexpected end of JSON input`, or illegal base64 at the end",
    },
    run: truncated,
};

fn truncated(context: &Context<'_>, findings: &mut Findings) {
    let length = context.text.trim_ascii().len();
    let message = if context.resembles(Resemblance::MissingEnd) {
        format!("the text ends after {length} bytes, in the middle of the token")
    } else if context.resembles(Resemblance::Shortened) {
        format!("an ellipsis replaces a part of the token in these {length} bytes")
    } else {
        return;
    };
    findings.add("text", message, [("bytes", length.into())]);
}
