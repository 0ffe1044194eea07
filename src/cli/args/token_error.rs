//! What to say of a text that is no token: the stage, the place, Consul's words, the likely cause, what to do.

use super::token::TokenText;
use crate::token::recover::Repair;
use crate::token::resemblance::Resemblance;
use crate::token::{DecodeError, Stage, decode};

/// A few lines for standard error. Shows nothing of the text itself. `innermost` is the error of what is left of the text
/// once `undone` was undone.
pub fn describe(given: &TokenText, innermost: &DecodeError, undone: &[Repair]) -> String {
    let text = &given.text;
    let error = &decode(text).err().unwrap_or_else(|| innermost.clone());
    let mut lines = vec![
        format!("Error: no token {}: {}", given.place(), stage_and_place(text, error)),
        format!("  Consul says: {error}"),
    ];
    let resemblance = Resemblance::of(text, if undone.is_empty() { error } else { innermost });
    lines.push(format!("  Likely cause: {}.", resemblance.cause()));
    lines.push(format!("  What to do: {}.", resemblance.remedy()));
    if let Some(file) = given.file_of_that_name() {
        lines.push(format!("  There is a file of that name: @{file} reads it."));
    }
    lines.extend(undone.iter().map(|step| format!("  Already tried: {step}")));
    if !undone.is_empty() {
        lines.push(format!("  Consul says of what is left: {innermost}"));
    }
    lines.join("\n")
}

fn stage_and_place(text: &[u8], error: &DecodeError) -> String {
    if text.is_empty() {
        return "it is empty".to_owned();
    }
    match (error.stage, &error.field) {
        (Stage::Base64, _) => format!("it is not base64, at byte {} of {}", error.offset, text.len()),
        (Stage::Utf8, _) => {
            format!("its base64 holds bytes that are no text, at byte {} of them", error.offset)
        }
        (Stage::Json, _) => format!("its base64 holds no JSON, at byte {} of what it encodes", error.offset),
        (Stage::Field, Some(field)) => {
            format!(
                "its JSON is not that of a token, in the field {field}, at byte {} of the JSON",
                error.offset
            )
        }
        (Stage::Field, None) => {
            format!("its JSON is not that of a token, at byte {} of the JSON", error.offset)
        }
    }
}
