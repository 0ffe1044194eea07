//! The tokens in a text that someone gave, and the error for one that cannot be decoded.

use std::fmt;

use zeroize::Zeroizing;

use super::document::extract;
use super::not_a_token::NotAToken;
use super::recover::Repair;
use super::resemblance::Resemblance;
use super::{DecodeError, MAX_TOKEN_LEN, Stage, decode};

/// A token's text and where it was.
#[derive(Debug)]
pub struct Given {
    /// The source of the text; with the place in the document if the text contains several tokens.
    pub source: String,
    /// The text, unchanged.
    pub text: Zeroizing<Vec<u8>>,
    /// The document that contained it.
    pub extracted_from: Option<Repair>,
    /// Its place in the document, such as `consul/peering-token`.
    pub place: Option<String>,
}

/// The error for a text that is too long for a token and not a document with one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooLong;

impl TooLong {
    /// What to do, without a final period.
    pub const REMEDY: &'static str = "check that this is the right file";

    /// Returns the message, without a final period.
    pub fn message(self, source: &str) -> String {
        format!("{source} is longer than {MAX_TOKEN_LEN} bytes: it is not a peering token")
    }
}

/// Returns the tokens in a text, in order: those in a document if `unwrap` is set, otherwise the text itself.
pub fn tokens_in(source: &str, text: Zeroizing<Vec<u8>>, unwrap: bool) -> Result<Vec<Given>, TooLong> {
    let found = if unwrap { extract(&text) } else { Vec::new() };
    if found.is_empty() {
        if text.len() > MAX_TOKEN_LEN {
            return Err(TooLong);
        }
        return Ok(vec![Given { source: source.to_owned(), text, extracted_from: None, place: None }]);
    }
    let several = found.len() > 1;
    let tokens = found.into_iter().map(|extracted| {
        let source = match &extracted.place {
            Some(place) if several && source == "-" => place.clone(),
            Some(place) if several => format!("{source}: {place}"),
            _ => source.to_owned(),
        };
        Given {
            source,
            text: extracted.text,
            extracted_from: Some(extracted.document),
            place: extracted.place,
        }
    });
    Ok(tokens.collect())
}

/// The error for a text that cannot be decoded as a token. It shows nothing of the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undecodable {
    /// What failed and why. Lower case, without a final period.
    pub message: String,
    /// The evidence, one line each.
    pub details: Vec<String>,
    /// What to do, without a final period.
    pub remedy: String,
}

impl Undecodable {
    /// Describes a text. `place` names its source: `the argument`. `innermost` is the error after the repairs.
    pub fn new(text: &[u8], place: &str, innermost: &DecodeError, repairs: &[Repair]) -> Self {
        if let Some(NotAToken { cause, remedy }) = NotAToken::identify(text) {
            return Self { message: format!("no token in {place}: {cause}"), details: Vec::new(), remedy };
        }
        let error = &decode(text).err().unwrap_or_else(|| innermost.clone());
        let resemblance = Self::resemblance(text, innermost, repairs);
        let remedy = resemblance.remedy().to_owned();
        if matches!(resemblance, Resemblance::Empty | Resemblance::Jwt | Resemblance::Uuid | Resemblance::Pem)
        {
            let message = format!("no token in {place}: {}", resemblance.cause());
            return Self { message, details: Vec::new(), remedy };
        }
        let message = format!("cannot decode the token from {place}: {}", stage_and_offset(text, error));
        let mut details =
            vec![format!("Consul's error: {error}"), format!("Likely cause: {}", resemblance.cause())];
        details.extend(repairs.iter().map(|repair| format!("Repair tried: {repair}")));
        if !repairs.is_empty() {
            details.push(format!("Consul's error after the repair: {innermost}"));
        }
        Self { message, details, remedy }
    }

    /// Returns what the text resembles.
    pub fn resemblance(text: &[u8], innermost: &DecodeError, repairs: &[Repair]) -> Resemblance {
        match decode(text) {
            Err(error) if repairs.is_empty() => Resemblance::of(text, &error),
            _ => Resemblance::of(text, innermost),
        }
    }
}

impl fmt::Display for Undecodable {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

fn stage_and_offset(text: &[u8], error: &DecodeError) -> String {
    let offset = error.offset;
    match (error.stage, &error.field) {
        (Stage::Base64, _) => format!("not base64 at byte {offset} of {}", text.len()),
        (Stage::Utf8, _) => format!("the decoded base64 is not UTF-8 at byte {offset}"),
        (Stage::Json, _) => format!("the decoded base64 is not JSON at byte {offset}"),
        (Stage::Field, Some(field)) => {
            format!("the JSON field {field} does not match a token's, at byte {offset} of the JSON")
        }
        (Stage::Field, None) => format!("the JSON does not match a token's, at byte {offset}"),
    }
}
