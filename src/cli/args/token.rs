//! The TOKEN argument of every command: the text itself, files, or `-` for standard input.
//!
//! A document is not what Consul is given. Every command reads the tokens in it, and says so.

use std::io;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::paths::{self, Named, unreadable};
use crate::cli::error::CliError;
use crate::cli::output::eprint_redacted;
use crate::cli::redaction;
use crate::diagnosis::GivenToken;
use crate::net::file;
use crate::token::document::MAX_DOCUMENT_LEN;
use crate::token::given::{self, Given, TooLong, Undecodable};
use crate::token::recover::{Recovered, Repair, recover};
use crate::token::resemblance::Resemblance;
use crate::token::{DecodeError, MAX_TOKEN_LEN, Token};

/// The length of the buffer for standard input, in bytes. Most tokens are shorter.
const EXPECTED_LEN: usize = 8192;

/// A token's text and where it came from.
pub struct TokenText {
    /// `argument`, the file, `-`, or the place in a document: safe to show.
    pub source: String,
    /// The file that contains it.
    pub file: Option<PathBuf>,
    /// The text, unchanged.
    pub text: Zeroizing<Vec<u8>>,
    /// The document that contained it.
    pub extracted_from: Option<Repair>,
    /// Its place in the document, such as `consul/peering-token`.
    pub place: Option<String>,
    /// What the argument names, without the place in a document.
    origin: String,
}

/// A file or standard input that could not be read.
pub struct Unread {
    /// How it was given.
    pub source: String,
    /// The reason.
    pub error: CliError,
}

/// Whether the tokens in documents are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Documents {
    /// Read them.
    Unwrap,
    /// Take the document itself for the token, as Consul does.
    Refuse,
}

impl TokenText {
    /// Reads the one token of an argument.
    pub fn read(argument: &str) -> Result<Self, CliError> {
        let all = read_argument(argument, Documents::Unwrap);
        let mut all: Vec<Self> = all.into_iter().collect::<Result<_, _>>().map_err(|unread| unread.error)?;
        let count = all.len();
        all.pop().filter(|_| count == 1).ok_or_else(|| {
            CliError::new(format_args!("{argument} contains {count} tokens, and one is needed"))
                .with_remedy("pass one of them; peering inspect shows where each one is")
        })
    }

    /// Decodes the token, after repairing what copying and pasting usually damages. The error shows nothing of the text.
    pub fn recover(&self) -> Result<Recovered, CliError> {
        match recover(&self.text) {
            Ok(mut recovered) => {
                recovered.repairs.splice(0..0, self.extracted_from);
                Ok(recovered)
            }
            Err((innermost, repairs)) => Err(self.undecodable(&innermost, &repairs)),
        }
    }

    /// Decodes the token. Returns where it came from and the token.
    pub fn decoded(self) -> Result<(String, Token), CliError> {
        let token = self.recover()?.decoded.token;
        Ok((self.source, token))
    }

    /// Returns the file, as it was given, if the token is all that it contains.
    pub fn given_as(&self) -> Option<String> {
        self.file.as_ref().filter(|_| self.source == self.origin).map(|_| self.origin.clone())
    }

    /// Returns the token to diagnose.
    pub fn into_given(self) -> GivenToken {
        GivenToken::extracted(self.text, self.extracted_from)
    }

    /// `innermost` is the error of the text after the repairs.
    fn undecodable(&self, innermost: &DecodeError, repairs: &[Repair]) -> CliError {
        let place = match self.source.as_str() {
            "argument" => "the argument",
            "-" => "standard input",
            file => file,
        };
        let resemblance = Undecodable::resemblance(&self.text, innermost, repairs);
        if matches!(resemblance, Resemblance::Unknown | Resemblance::Binary | Resemblance::OtherText)
            && let Some(word) = self.word()
        {
            return CliError::new(format_args!("{word} is neither a file nor a peering token"))
                .with_detail("Likely cause: the name is misspelled, or relative to a different directory")
                .with_remedy("check the path with ls, or pass the token itself, which starts with eyJ");
        }
        let Undecodable { message, details, remedy } =
            Undecodable::new(&self.text, place, innermost, repairs);
        details.into_iter().fold(CliError::new(message), CliError::with_detail).with_remedy(remedy)
    }

    /// Returns an argument that may be the name of a file that does not exist.
    fn word(&self) -> Option<&str> {
        let text = std::str::from_utf8(&self.text).ok().filter(|_| self.source == "argument")?;
        let is_name = |character: char| character.is_ascii_alphanumeric() || "._-/".contains(character);
        (text.len() <= MAX_WORD_LEN && !text.starts_with("eyJ") && text.chars().all(is_name)).then_some(text)
    }
}

/// The longest word that is taken for a name, in bytes.
const MAX_WORD_LEN: usize = 64;

/// Reads the tokens of all arguments, in order.
pub fn read_each(arguments: &[String], documents: Documents) -> Vec<Result<TokenText, Unread>> {
    let mut all = Vec::new();
    let mut stdin_was_read = false;
    for argument in arguments {
        if argument == "-" && std::mem::replace(&mut stdin_was_read, true) {
            let error = CliError::new("standard input is given twice, and it can be read once")
                .with_remedy("give one of the tokens as a file");
            all.push(Err(Unread { source: argument.clone(), error }));
        } else {
            all.extend(read_argument(argument, documents));
        }
    }
    all
}

/// Prints which tokens were inside documents, on standard error.
pub fn print_extractions<'a>(tokens: impl IntoIterator<Item = &'a TokenText>) {
    let mut extracted: Vec<(&TokenText, Repair, usize)> = Vec::new();
    for token in tokens {
        let Some(document) = token.extracted_from else { continue };
        match extracted.last_mut() {
            Some((first, _, count)) if first.origin == token.origin => *count += 1,
            _ => extracted.push((token, document, 1)),
        }
    }
    for (token, document, count) in extracted {
        let origin = match token.origin.as_str() {
            "-" => "standard input",
            "argument" => "the argument",
            file => file,
        };
        let name = document.document_name();
        eprint_redacted(&match (count, &token.place) {
            (1, Some(place)) => format!("Note: read the token in {name} ({place}) from {origin}"),
            (1, None) => format!("Note: read the token in {name} from {origin}"),
            _ if document == Repair::SecretManifest => {
                format!("Note: read {count} tokens in Kubernetes Secrets from {origin}")
            }
            _ => format!("Note: read {count} tokens in {name} from {origin}"),
        });
    }
}

fn read_argument(argument: &str, documents: Documents) -> Vec<Result<TokenText, Unread>> {
    let unread = |source: &str, error| vec![Err(Unread { source: source.to_owned(), error })];
    match paths::find(argument) {
        Err(error) => unread(argument, error),
        Ok(Named::Text) => {
            tokens_in("argument", None, Zeroizing::new(argument.as_bytes().to_vec()), documents)
        }
        Ok(Named::Stdin) => match read_stdin() {
            Ok(text) => tokens_in("-", None, text, documents),
            Err(error) => unread("-", unreadable("standard input", &error)),
        },
        Ok(Named::Files(files)) => files
            .into_iter()
            .flat_map(|file| match file::read(&file.path, MAX_DOCUMENT_LEN) {
                Ok(text) => tokens_in(&file.source, Some(&file.path), text, documents),
                Err(error) => unread(&file.source, unreadable(&file.source, &error)),
            })
            .collect(),
    }
}

/// Returns the tokens in a text.
fn tokens_in(
    source: &str,
    file: Option<&Path>,
    text: Zeroizing<Vec<u8>>,
    documents: Documents,
) -> Vec<Result<TokenText, Unread>> {
    let origin = source.to_owned();
    redaction::learn_token(&text);
    let given = match given::tokens_in(source, text, documents == Documents::Unwrap) {
        Ok(given) => given,
        Err(too_long) => {
            let error = CliError::new(too_long.message(source)).with_remedy(TooLong::REMEDY);
            return vec![Err(Unread { source: origin, error })];
        }
    };
    for found in given.iter().filter(|it| it.extracted_from.is_some()) {
        redaction::learn_token(&found.text);
        found.place.iter().for_each(|place| redaction::learn_place(place));
    }
    let tokens = given.into_iter().map(|Given { source, text, extracted_from, place }| {
        let (file, origin) = (file.map(Path::to_path_buf), origin.clone());
        Ok(TokenText { source, file, text, extracted_from, place, origin })
    });
    tokens.collect()
}

/// Reads a text that may be given as a file or `-`; anything else is the text itself.
pub fn read_text(argument: &str) -> Result<String, CliError> {
    let text = read_plain_text(argument)?;
    redaction::learn_text(&text);
    Ok(text)
}

fn read_plain_text(argument: &str) -> Result<String, CliError> {
    let bytes = match paths::find(argument)? {
        Named::Text => return Ok(argument.to_owned()),
        Named::Stdin => read_stdin().map_err(|error| unreadable("standard input", &error))?,
        Named::Files(files) => {
            let mut all = Zeroizing::new(Vec::new());
            for file in files {
                let text = file::read(&file.path, MAX_DOCUMENT_LEN);
                all.extend_from_slice(&text.map_err(|error| unreadable(&file.source, &error))?);
            }
            all
        }
    };
    if bytes.len() > MAX_TOKEN_LEN {
        return Err(CliError::new(format_args!("the text is longer than {MAX_TOKEN_LEN} bytes"))
            .with_remedy("for a server log of any size, use peering explain -log FILE"));
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn read_stdin() -> io::Result<Zeroizing<Vec<u8>>> {
    file::read_to_end(io::stdin().lock(), EXPECTED_LEN, MAX_DOCUMENT_LEN)
}
