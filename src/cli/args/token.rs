//! The TOKEN argument of every command: the text itself, `@FILE`, or `-` for standard input.

use std::io;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use crate::cli::error::CliError;
use crate::gostd::os_error::os_error_text;
use crate::net::file;
use crate::token::recover::{Recovered, Repair, recover};
use crate::token::redact::redact;
use crate::token::resemblance::Resemblance;
use crate::token::{DecodeError, MAX_TOKEN_LEN, Stage, decode};

/// The longest argument that may be a path, in bytes: Linux's limit.
const MAX_PATH_LEN: usize = 4096;

/// The length of the buffer for standard input, in bytes. Most tokens are shorter.
const EXPECTED_LEN: usize = 8192;

/// The text of a TOKEN argument and where it came from.
pub struct TokenText {
    /// `argument`, `@FILE` or `-`: safe to show.
    pub source: String,
    /// The text, unchanged.
    pub text: Zeroizing<Vec<u8>>,
}

impl TokenText {
    /// Reads a TOKEN argument.
    pub fn read(argument: &str) -> Result<Self, CliError> {
        let (source, text) = match argument.strip_prefix('@') {
            Some(path) => (
                argument,
                file::read(&expand_home(path), MAX_TOKEN_LEN)
                    .map_err(|error| unreadable(argument, &error))?,
            ),
            None if argument == "-" => (
                argument,
                file::read_to_end(io::stdin().lock(), EXPECTED_LEN, MAX_TOKEN_LEN)
                    .map_err(|error| unreadable("standard input", &error))?,
            ),
            None => ("argument", Zeroizing::new(argument.as_bytes().to_vec())),
        };
        if text.len() > MAX_TOKEN_LEN {
            return Err(too_long(source));
        }
        Ok(Self { source: source.to_owned(), text })
    }

    /// Decodes the token, after repairing what copying and pasting usually damages. The error shows nothing of the text.
    pub fn recover(&self) -> Result<Recovered, CliError> {
        recover(&self.text).map_err(|(innermost, repairs)| self.undecodable(&innermost, &repairs))
    }

    /// The path, if the argument is the name of an existing file: the `@` before it is missing.
    pub fn existing_file(&self) -> Option<&str> {
        let name = std::str::from_utf8(&self.text).ok().filter(|_| self.source == "argument")?;
        existing_file(name)
    }

    /// `innermost` is the error of the text after the repairs.
    fn undecodable(&self, innermost: &DecodeError, repairs: &[Repair]) -> CliError {
        let error = &decode(&self.text).err().unwrap_or_else(|| innermost.clone());
        let resemblance = Resemblance::of(&self.text, if repairs.is_empty() { error } else { innermost });
        let place = match self.source.as_str() {
            "argument" => "the argument",
            "-" => "standard input",
            file => file,
        };
        let mut described = CliError::new(format_args!(
            "cannot decode the token from {place}: {}",
            stage_and_offset(&self.text, error)
        ))
        .with_detail(format_args!("Consul's error: {error}"))
        .with_detail(format_args!("Likely cause: {}", resemblance.cause()));
        for repair in repairs {
            described = described.with_detail(format_args!("Repair tried: {repair}"));
        }
        if !repairs.is_empty() {
            described = described.with_detail(format_args!("Consul's error after the repair: {innermost}"));
        }
        match self.existing_file() {
            Some(file) => described.with_remedy(format_args!("a file of this name exists: use @{file}")),
            None => described.with_remedy(resemblance.remedy()),
        }
    }
}

/// Reads a TOKEN argument and decodes it. Returns where it came from and the token.
pub fn read_token(argument: &str) -> Result<(String, Recovered), CliError> {
    let given = TokenText::read(argument)?;
    let recovered = given.recover()?;
    Ok((given.source, recovered))
}

/// Reads a text that may be given as `@FILE` or `-`; anything else is the text itself.
pub fn read_text(argument: &str) -> Result<String, CliError> {
    if argument == "-" || argument.starts_with('@') {
        return Ok(String::from_utf8_lossy(&TokenText::read(argument)?.text).into_owned());
    }
    Ok(argument.to_owned())
}

/// The text itself, if it is the path of an existing file.
pub fn existing_file(text: &str) -> Option<&str> {
    (text.len() <= MAX_PATH_LEN && Path::new(text).is_file()).then_some(text)
}

fn too_long(source: &str) -> CliError {
    CliError::new(format_args!("{source} is longer than {MAX_TOKEN_LEN} bytes: it is not a peering token"))
        .with_remedy("check that this is the right file")
}

fn unreadable(source: &str, error: &io::Error) -> CliError {
    if file::is_too_long(error) {
        return too_long(if source == "standard input" { "-" } else { source });
    }
    let failed = CliError::new(format_args!("cannot read {}: {}", redact(source), os_error_text(error)));
    if source.starts_with("@eyJ") { failed.with_remedy("remove the @ if this is a token") } else { failed }
}

fn stage_and_offset(text: &[u8], error: &DecodeError) -> String {
    let offset = error.offset;
    if text.is_empty() {
        return "it is empty".to_owned();
    }
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

/// Expands `~/`, which no shell does after an `@`.
fn expand_home(path: &str) -> PathBuf {
    match (path.strip_prefix("~/"), std::env::home_dir()) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => path.into(),
    }
}
