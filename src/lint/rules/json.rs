//! Checks of the JSON inside a token.

use crate::lint::context::Context;
use crate::lint::rule::{Area, Check, Found, Severity, Subject};
use crate::token::recover::Repair;
use crate::token::resemblance::Resemblance;
use crate::token::{Observation, ObservationKind, Stage};

/// `not-encoded`.
pub static NOT_ENCODED: Check = Check {
    name: "not-encoded",
    severity: Severity::Error,
    area: Area::Text,
    subject: Subject::Text,
    summary: "This is the token's JSON without the base64 around it.",
    why: "Somebody decoded the token, to read or to edit it, and passed on the result.",
    remedy: "Encode it again: `base64 -w 0 FILE`. An edited token is better generated anew, with `-server-external-addresses`.",
    source: "Consul 1.23.0-dev, recorded: refused at byte 0",
    run: not_encoded,
};

fn not_encoded(facts: &Context<'_>, found: &mut Found) {
    if facts.needs(Repair::BareJson) {
        let length = facts.text.len();
        found.fault(
            "text",
            format!("these {length} bytes are a token's JSON, not base64 of it"),
            [("bytes", length.into())],
        );
    }
}

/// `not-json`.
pub static NOT_JSON: Check = Check {
    name: "not-json",
    severity: Severity::Error,
    area: Area::Text,
    subject: Subject::Text,
    summary: "What the base64 holds is not JSON.",
    why: "The text is base64 of something else, or of a token that was cut or damaged.",
    remedy: "Look at what it is: a token starts with `eyJDQSI6`. Copy it again, whole.",
    source: "Consul 1.23.0-dev, recorded: Go's `encoding/json` says what and where",
    run: not_json,
};

fn not_json(facts: &Context<'_>, found: &mut Found) {
    let Err(error) = facts.decoded else { return };
    if matches!(error.stage, Stage::Json | Stage::Utf8) && !facts.resembles(Resemblance::Empty) {
        let offset = error.offset;
        let message = match error.stage {
            Stage::Utf8 => format!("byte {offset} of what the base64 holds is not even text"),
            _ => format!("at byte {offset} of what the base64 holds: {error}"),
        };
        found.fault("text", message, [("offset", offset.into())]);
    }
}

/// `field-type`.
pub static FIELD_TYPE: Check = Check {
    name: "field-type",
    severity: Severity::Error,
    area: Area::Text,
    subject: Subject::Text,
    summary: "A field of the token has a value of another type than Consul expects.",
    why: "The JSON was written or edited by hand: a list became a string, a number lost its quotation marks.",
    remedy: "Compare it with what the accepting cluster printed: `CA` and the addresses are lists of strings, everything else but `Remote` is a string.",
    source: "Consul 1.23.0-dev, recorded: Go's `encoding/json` says which",
    run: field_type,
};

fn field_type(facts: &Context<'_>, found: &mut Found) {
    let Err(error) = facts.decoded else { return };
    if error.stage == Stage::Field {
        let offset = error.offset;
        let path = error.field.clone().unwrap_or_else(|| "text".to_owned());
        let message = format!("at byte {offset} of the JSON: {}", error.message.trim_start_matches("json: "));
        found.fault(path, message, [("offset", offset.into())]);
    }
}

/// `invalid-utf8`.
pub static INVALID_UTF8: Check = Check {
    name: "invalid-utf8",
    severity: Severity::Warning,
    area: Area::Text,
    subject: Subject::Fields,
    summary: "A field holds bytes that are not UTF-8.",
    why: "The token was damaged or edited in another encoding. Consul replaces such bytes by U+FFFD without a word, and uses what results.",
    remedy: "Compare it with what the accepting cluster printed; generate another one if in doubt.",
    source: "Go's `encoding/json`; Consul 1.23.0-dev, recorded",
    run: invalid_utf8,
};

fn invalid_utf8(facts: &Context<'_>, found: &mut Found) {
    for observation in facts.observations() {
        if let Observation::ReplacedText { path, offset } = observation {
            let message = format!(
                "not all of {path} is UTF-8, from byte {offset} of the JSON on; Consul reads U+FFFD there"
            );
            found.fault(path.clone(), message, [("offset", (*offset).into())]);
        }
    }
    found.leave_out(facts.unlisted(ObservationKind::ReplacedText));
}

/// `unknown-field`.
pub static UNKNOWN_FIELD: Check = Check {
    name: "unknown-field",
    severity: Severity::Warning,
    area: Area::Text,
    subject: Subject::Fields,
    summary: "The token has a field that Consul does not know.",
    why: "A name was misspelt in a token that was edited by hand, or the token is newer than this tool. Consul passes over the field without a word.",
    remedy: "Mend the name, or leave the field away. A token is better generated anew than edited.",
    source: "Go's `encoding/json`; Consul 1.23.0-dev, recorded",
    run: unknown_field,
};

fn unknown_field(facts: &Context<'_>, found: &mut Found) {
    for observation in facts.observations() {
        if let Observation::UnknownField { path, offset } = observation {
            let message =
                format!("Consul knows no field {path}, at byte {offset} of the JSON, and passes over it");
            found.fault(
                path.clone(),
                message,
                [("field", path.as_str().into()), ("offset", (*offset).into())],
            );
        }
    }
    found.leave_out(facts.unlisted(ObservationKind::UnknownField));
}

/// `duplicate-field`.
pub static DUPLICATE_FIELD: Check = Check {
    name: "duplicate-field",
    severity: Severity::Warning,
    area: Area::Text,
    subject: Subject::Fields,
    summary: "A field stands twice in the token.",
    why: "The token was put together by hand or by a script. Consul takes the last one; other programs may take the first.",
    remedy: "Leave one of them.",
    source: "Go's `encoding/json`; Consul 1.23.0-dev, recorded",
    run: duplicate_field,
};

fn duplicate_field(facts: &Context<'_>, found: &mut Found) {
    for observation in facts.observations() {
        if let Observation::DuplicateField { path, offset } = observation {
            let message =
                format!("{path} stands there again, at byte {offset} of the JSON; Consul takes the last one");
            found.fault(
                path.clone(),
                message,
                [("field", path.as_str().into()), ("offset", (*offset).into())],
            );
        }
    }
    found.leave_out(facts.unlisted(ObservationKind::DuplicateField));
}

/// `field-case`.
pub static FIELD_CASE: Check = Check {
    name: "field-case",
    severity: Severity::Info,
    area: Area::Text,
    subject: Subject::Fields,
    summary: "A field is written in another case than Consul writes it.",
    why: "The token was written by hand or by another program. Consul does not mind; `jq` and most other readers do.",
    remedy: "Write the field as Consul does.",
    source: "Go's `encoding/json`; Consul 1.23.0-dev, recorded",
    run: field_case,
};

fn field_case(facts: &Context<'_>, found: &mut Found) {
    for observation in facts.observations() {
        if let Observation::FieldCase { path, expected, offset } = observation {
            let message = format!("Consul writes {expected} for {path}, at byte {offset} of the JSON");
            let values = [
                ("field", path.as_str().into()),
                ("expected", (*expected).into()),
                ("offset", (*offset).into()),
            ];
            found.fault(path.clone(), message, values);
        }
    }
    found.leave_out(facts.unlisted(ObservationKind::FieldCase));
}
