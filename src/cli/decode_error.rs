//! What to say of a text that is no token: the stage, the place, Consul's words, the likely cause, what to do.

use crate::token::recover::Undone;
use crate::token::resemblance::Resemblance;
use crate::token::{DecodeError, Stage};

/// A few lines for standard error. Shows nothing of the text itself.
pub fn describe(source: &str, text: &[u8], error: &DecodeError, undone: &[Undone]) -> String {
    let stage = match error.stage {
        Stage::Base64 => "it is not base64",
        Stage::Utf8 => "its base64 holds bytes that are no text",
        Stage::Json => "its base64 holds no JSON",
        Stage::Field => "its JSON is not that of a token",
    };
    let place = match (error.stage, &error.field) {
        (Stage::Base64, _) => format!("at byte {} of {}", error.offset, text.len()),
        _ if text.is_empty() => "for it is empty".to_owned(),
        (_, Some(field)) => format!("in the field {field}, at byte {} of the JSON", error.offset),
        (_, None) => format!("at byte {} of what it encodes", error.offset),
    };
    let mut lines =
        vec![format!("Error: no token in {source}: {stage}, {place}"), format!("  Consul says: {error}")];
    let resemblance = Resemblance::of(text, error);
    lines.push(format!("  Likely cause: {}.", resemblance.cause()));
    lines.push(format!("  What to do: {}.", resemblance.remedy()));
    lines.extend(undone.iter().map(|step| format!("  Already tried: {step}")));
    lines.join("\n")
}
