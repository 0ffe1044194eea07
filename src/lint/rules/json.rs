//! Checks of the JSON inside a token.

use crate::lint::{Area, Check, Context, Findings, Severity, Subject, TokenCheck};
use crate::token::recover::Repair;
use crate::token::resemblance::Resemblance;
use crate::token::{Observation, ObservationKind, Stage};

/// `not-encoded`.
pub static NOT_ENCODED: TokenCheck = TokenCheck {
    check: Check {
        name: "not-encoded",
        severity: Severity::Error,
        area: Area::Text,
        subject: Subject::Text,
        summary: "This is the token's JSON without base64 encoding.",
        why: "The token was decoded to read or edit it, and the result was used instead of the token. If it is in a Kubernetes Secret, the token was written to `data` without encoding: Kubernetes decodes `data` once, so the dialing cluster's controller passes Consul this JSON.",
        remedy: "Encode it again: `base64 -w 0 FILE`. In a Secret, write the token to `stringData` instead of `data`. Instead of editing a token, generate one with `-server-external-addresses`.",
        source: "Consul 1.23.0-dev, recorded: rejected at byte 0",
    },
    run: not_encoded,
};

fn not_encoded(context: &Context<'_>, findings: &mut Findings) {
    if context.needs(Repair::BareJson) {
        let length = context.text.len();
        findings.add(
            "text",
            format!("these {length} bytes are a token's JSON without base64"),
            [("bytes", length.into())],
        );
    }
}

/// `not-json`.
pub static NOT_JSON: TokenCheck = TokenCheck {
    check: Check {
        name: "not-json",
        severity: Severity::Error,
        area: Area::Text,
        subject: Subject::Text,
        summary: "The decoded base64 is not JSON.",
        why: "The text is base64 of something else, or of an incomplete or damaged token.",
        remedy: "Check what the text is. A token starts with `eyJDQSI6`. Copy the whole token again.",
        source: "Consul 1.23.0-dev, recorded: Go's `encoding/json` reports the error and its position",
    },
    run: not_json,
};

fn not_json(context: &Context<'_>, findings: &mut Findings) {
    let Err(error) = context.decoded else { return };
    if matches!(error.stage, Stage::Json | Stage::Utf8) && !context.resembles(Resemblance::Empty) {
        let offset = error.offset;
        let message = match error.stage {
            Stage::Utf8 => format!("byte {offset} of the decoded base64 is not UTF-8"),
            _ => format!("at byte {offset} of the decoded base64: {error}"),
        };
        findings.add("text", message, [("offset", offset.into())]);
    }
}

/// `field-type`.
pub static FIELD_TYPE: TokenCheck = TokenCheck {
    check: Check {
        name: "field-type",
        severity: Severity::Error,
        area: Area::Text,
        subject: Subject::Text,
        summary: "A field of the token has a value of the wrong type.",
        why: "The JSON was written or edited by hand. For example, a list became a string.",
        remedy: "Compare the token with the one that the accepting cluster printed. `CA` and the addresses are lists of strings. Everything else except `Remote` is a string.",
        source: "Consul 1.23.0-dev, recorded: Go's `encoding/json` reports the field",
    },
    run: field_type,
};

fn field_type(context: &Context<'_>, findings: &mut Findings) {
    let Err(error) = context.decoded else { return };
    if error.stage == Stage::Field {
        let offset = error.offset;
        let path = error.field.clone().unwrap_or_else(|| "text".to_owned());
        let message = format!("at byte {offset} of the JSON: {}", error.message.trim_start_matches("json: "));
        findings.add(path, message, [("offset", offset.into())]);
    }
}

/// `invalid-utf8`.
pub static INVALID_UTF8: TokenCheck = TokenCheck {
    check: Check {
        name: "invalid-utf8",
        severity: Severity::Warning,
        area: Area::Text,
        subject: Subject::Fields,
        summary: "A field contains bytes that are not UTF-8.",
        why: "The token was damaged, or edited in another encoding. Consul replaces such bytes with U+FFFD without an error, and uses the result.",
        remedy: "Compare the token with the one that the accepting cluster printed. If they differ, generate another one.",
        source: "Go's `encoding/json`; Consul 1.23.0-dev, recorded",
    },
    run: invalid_utf8,
};

fn invalid_utf8(context: &Context<'_>, findings: &mut Findings) {
    for observation in context.observations() {
        if let Observation::ReplacedText { path, offset } = observation {
            let message = format!(
                "{path} contains bytes that are not UTF-8, from byte {offset} of the JSON; Consul replaces them with U+FFFD"
            );
            findings.add(path.clone(), message, [("offset", (*offset).into())]);
        }
    }
    findings.add_unlisted(context.unlisted(ObservationKind::ReplacedText));
}

/// `unknown-field`.
pub static UNKNOWN_FIELD: TokenCheck = TokenCheck {
    check: Check {
        name: "unknown-field",
        severity: Severity::Warning,
        area: Area::Text,
        subject: Subject::Fields,
        summary: "The token has a field that Consul does not know.",
        why: "The name of a field was misspelled when the token was edited, or the token is newer than this tool. Consul ignores the field without an error.",
        remedy: "Correct or remove the field. Instead of editing a token, generate another one.",
        source: "Go's `encoding/json`; Consul 1.23.0-dev, recorded",
    },
    run: unknown_field,
};

fn unknown_field(context: &Context<'_>, findings: &mut Findings) {
    for observation in context.observations() {
        if let Observation::UnknownField { path, offset } = observation {
            let message = format!("Consul ignores the unknown field {path} at byte {offset} of the JSON");
            findings.add(
                path.clone(),
                message,
                [("field", path.as_str().into()), ("offset", (*offset).into())],
            );
        }
    }
    findings.add_unlisted(context.unlisted(ObservationKind::UnknownField));
}

/// `duplicate-field`.
pub static DUPLICATE_FIELD: TokenCheck = TokenCheck {
    check: Check {
        name: "duplicate-field",
        severity: Severity::Warning,
        area: Area::Text,
        subject: Subject::Fields,
        summary: "The token contains a field twice.",
        why: "The token was written by hand or by a script. Consul uses the last value, and other programs may use the first.",
        remedy: "Remove one of them.",
        source: "Go's `encoding/json`; Consul 1.23.0-dev, recorded",
    },
    run: duplicate_field,
};

fn duplicate_field(context: &Context<'_>, findings: &mut Findings) {
    for observation in context.observations() {
        if let Observation::DuplicateField { path, offset } = observation {
            let message =
                format!("duplicate {path} at byte {offset} of the JSON; Consul uses the last value");
            findings.add(
                path.clone(),
                message,
                [("field", path.as_str().into()), ("offset", (*offset).into())],
            );
        }
    }
    findings.add_unlisted(context.unlisted(ObservationKind::DuplicateField));
}

/// `field-case`.
pub static FIELD_CASE: TokenCheck = TokenCheck {
    check: Check {
        name: "field-case",
        severity: Severity::Info,
        area: Area::Text,
        subject: Subject::Fields,
        summary: "The name of a field has different upper and lower case than Consul's.",
        why: "The token was written by hand or by another program. Consul accepts the name. `jq` and most other programs do not.",
        remedy: "Write the field as Consul does.",
        source: "Go's `encoding/json`; Consul 1.23.0-dev, recorded",
    },
    run: field_case,
};

fn field_case(context: &Context<'_>, findings: &mut Findings) {
    for observation in context.observations() {
        if let Observation::FieldCase { path, expected, offset } = observation {
            let message = format!("Consul writes {expected} instead of {path}, at byte {offset} of the JSON");
            let values = [
                ("field", path.as_str().into()),
                ("expected", (*expected).into()),
                ("offset", (*offset).into()),
            ];
            findings.add(path.clone(), message, values);
        }
    }
    findings.add_unlisted(context.unlisted(ObservationKind::FieldCase));
}
