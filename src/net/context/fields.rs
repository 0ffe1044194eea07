//! The fields of a context, as a TOML table or a JSON object has them. Secrets are refused, and no error repeats one.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use thiserror::Error;

use super::{AuthSource, Context, TokenSource};
use crate::net::consul::{Address, ConfigError, HostPortError};
use crate::token::redact::redact;
use crate::token::resemblance::is_uuid;

/// The names of all fields but `name`, which only an inventory has.
pub const KEYS: [&str; 13] = [
    "http_addr",
    "ca_file",
    "ca_path",
    "client_cert",
    "client_key",
    "tls_server_name",
    "partition",
    "labels",
    "token_file",
    "token_env",
    "token_command",
    "http_auth_file",
    "http_auth_env",
];

/// The ends of the names of secrets, in lower case and without separators.
const SECRET_NAMES: [&str; 12] = [
    "token",
    "secret",
    "secretid",
    "password",
    "passwd",
    "passphrase",
    "auth",
    "authorization",
    "bearer",
    "apikey",
    "credentials",
    "privatekey",
];

/// The longest name of a context, in bytes.
const MAX_NAME_LEN: usize = 253;

/// The value of a field.
#[derive(Clone, PartialEq, Eq)]
pub enum FieldValue {
    /// A string.
    Text(String),
    /// A list of strings.
    List(Vec<String>),
    /// A table of strings.
    Table(Vec<(String, String)>),
    /// Anything else.
    Other,
}

/// What is wrong with a field. It never contains the value of a secret.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum FieldError {
    /// A field that contexts do not have.
    #[error("{0:?} is not a key of a context")]
    UnknownKey(String),
    /// A field for a secret.
    #[error("{0:?} is a secret, which this file must not contain")]
    SecretKey(String),
    /// A field for a user and a password.
    #[error("{0:?} is a secret, which this file must not contain")]
    AuthKey(String),
    /// A secret in the value of a field.
    #[error("{0:?} contains a secret, which this file must not contain")]
    SecretValue(String),
    /// A user or password in the address.
    #[error("\"http_addr\" contains a user or a password, which this file must not contain")]
    Credentials,
    /// The text of a certificate or key instead of a path.
    #[error("{0:?} contains PEM text instead of the path of a file")]
    Pem(String),
    /// A value of the wrong type.
    #[error("{key:?} is not {expected}")]
    WrongType {
        /// The field.
        key: String,
        /// The valid types.
        expected: &'static str,
    },
    /// An empty value.
    #[error("{0:?} is empty")]
    Empty(String),
    /// An address that cannot be parsed.
    #[error("\"http_addr\" is invalid: {0}")]
    Address(ConfigError),
    /// A query or a fragment in the address.
    #[error("\"http_addr\" contains a query or a fragment")]
    Query,
    /// A value of `token_env` or `http_auth_env` that cannot be the name of a variable. It is not shown, because it may be the
    /// secret.
    #[error("{0:?} is not the name of a variable")]
    NotAVariable(&'static str),
    /// More than one source of the ACL token, or of the password.
    #[error("{0:?} and {1:?} cannot be used together")]
    SeveralTokens(&'static str, &'static str),
    /// No address.
    #[error("\"http_addr\" is missing")]
    NoAddress,
    /// A certificate without its key, or a key without its certificate.
    #[error("{0:?} is missing: a client certificate needs its key")]
    HalfClientCertificate(&'static str),
    /// A name that cannot be the value of an option.
    #[error(
        "the name of a context must have 1 to {MAX_NAME_LEN} characters, without spaces, and must not start with a dash"
    )]
    Name,
}

impl FieldError {
    /// Returns what to do.
    pub fn remedy(&self) -> String {
        match self {
            Self::UnknownKey(_) => format!("the keys of a context are {}", KEYS.join(", ")),
            Self::SecretKey(_) | Self::SecretValue(_) => {
                "give the ACL token by reference: token_file = \"PATH\", token_env = \"VARIABLE\" or token_command = [\"PROGRAM\", \"ARGUMENT\"]"
                    .to_owned()
            }
            Self::AuthKey(_) => {
                "give user:password by reference: http_auth_file = \"PATH\" or http_auth_env = \"VARIABLE\"".to_owned()
            }
            Self::Credentials => {
                "remove them; for a proxy with a password, give user:password by reference: http_auth_file or http_auth_env".to_owned()
            }
            Self::Pem(_) => "write it to a file, and give the path".to_owned(),
            Self::WrongType { .. } => "see docs/many-clusters.md for an example".to_owned(),
            Self::Empty(_) => "remove the key, or give it a value".to_owned(),
            Self::Address(_) | Self::NoAddress | Self::Query => {
                "use http_addr = \"https://HOST:8501\" or \"http://HOST:8500\"".to_owned()
            }
            Self::NotAVariable("http_auth_env") => {
                "give the name of the variable that contains user:password, such as EAST_AUTH".to_owned()
            }
            Self::NotAVariable(_) => {
                "give the name of the variable that contains the ACL token, such as EAST_TOKEN".to_owned()
            }
            Self::SeveralTokens(..) => "keep one of them".to_owned(),
            Self::HalfClientCertificate(_) => "set both client_cert and client_key, or neither".to_owned(),
            Self::Name => "use a short name, such as east or prod-eu-1".to_owned(),
        }
    }
}

/// Collects the fields of a context.
#[derive(Default)]
pub struct ContextBuilder {
    texts: BTreeMap<&'static str, String>,
    command: Option<Vec<String>>,
    labels: BTreeMap<String, String>,
}

impl ContextBuilder {
    /// Sets a field.
    pub fn set(&mut self, key: &str, value: FieldValue) -> Result<(), FieldError> {
        let Some(key) = KEYS.into_iter().find(|known| *known == key) else {
            return Err(if names_password(key) {
                FieldError::AuthKey(key.to_owned())
            } else if names_secret(key) {
                FieldError::SecretKey(key.to_owned())
            } else {
                FieldError::UnknownKey(key.to_owned())
            });
        };
        let wrong_type = |expected| FieldError::WrongType { key: key.to_owned(), expected };
        match (key, value) {
            ("labels", FieldValue::Table(labels)) => self.set_labels(labels),
            ("labels", _) => Err(wrong_type("a table of strings")),
            ("token_command", FieldValue::List(words)) => self.set_command(words),
            ("token_command", _) => Err(wrong_type("a list of strings: the program and its arguments")),
            (_, FieldValue::Text(text)) => {
                check_text(key, &text)?;
                self.texts.insert(key, text);
                Ok(())
            }
            _ => Err(wrong_type("a string")),
        }
    }

    fn set_labels(&mut self, labels: Vec<(String, String)>) -> Result<(), FieldError> {
        for (label, value) in &labels {
            let key = || format!("labels.{label}");
            if names_secret(label) {
                return Err(FieldError::SecretKey(key()));
            }
            if *redact(value) != **value {
                return Err(FieldError::SecretValue(key()));
            }
        }
        self.labels = labels.into_iter().collect();
        Ok(())
    }

    fn set_command(&mut self, words: Vec<String>) -> Result<(), FieldError> {
        if words.first().is_none_or(String::is_empty) {
            return Err(FieldError::Empty("token_command".to_owned()));
        }
        if contains_secret(&words) {
            return Err(FieldError::SecretValue("token_command".to_owned()));
        }
        self.command = Some(words);
        Ok(())
    }

    /// Returns the context of this name.
    pub fn build(mut self, name: &str) -> Result<Context, FieldError> {
        let is_valid = |name: &str| {
            let is_visible = |c: char| !c.is_whitespace() && !c.is_control();
            (1..=MAX_NAME_LEN).contains(&name.len()) && !name.starts_with('-') && name.chars().all(is_visible)
        };
        if !is_valid(name) {
            return Err(FieldError::Name);
        }
        let (token, auth) = (self.token()?, self.auth()?);
        let mut take = |key| self.texts.remove(key);
        let http_addr = take("http_addr").ok_or(FieldError::NoAddress)?;
        let (client_cert, client_key) = (take("client_cert"), take("client_key"));
        match (&client_cert, &client_key) {
            (Some(_), None) => return Err(FieldError::HalfClientCertificate("client_key")),
            (None, Some(_)) => return Err(FieldError::HalfClientCertificate("client_cert")),
            _ => {}
        }
        Ok(Context {
            name: name.to_owned(),
            http_addr,
            ca_file: take("ca_file").map(PathBuf::from),
            ca_path: take("ca_path").map(PathBuf::from),
            client_cert: client_cert.map(PathBuf::from),
            client_key: client_key.map(PathBuf::from),
            tls_server_name: take("tls_server_name"),
            partition: take("partition"),
            labels: self.labels,
            token,
            auth,
        })
    }

    fn auth(&mut self) -> Result<AuthSource, FieldError> {
        match (self.texts.remove("http_auth_file"), self.texts.remove("http_auth_env")) {
            (Some(_), Some(_)) => Err(FieldError::SeveralTokens("http_auth_file", "http_auth_env")),
            (Some(path), None) => Ok(AuthSource::File(PathBuf::from(path))),
            (None, Some(name)) => Ok(AuthSource::Variable(name)),
            (None, None) => Ok(AuthSource::None),
        }
    }

    fn token(&mut self) -> Result<TokenSource, FieldError> {
        let file = self.texts.remove("token_file").map(|path| TokenSource::File(PathBuf::from(path)));
        let variable = self.texts.remove("token_env").map(TokenSource::Variable);
        let command = self.command.take().map(TokenSource::Command);
        let mut given = [("token_file", file), ("token_env", variable), ("token_command", command)]
            .into_iter()
            .filter_map(|(key, source)| Some((key, source?)));
        match (given.next(), given.next()) {
            (Some((one, _)), Some((other, _))) => Err(FieldError::SeveralTokens(one, other)),
            (Some((_, source)), None) => Ok(source),
            (None, _) => Ok(TokenSource::None),
        }
    }
}

/// Whether a key is the name of a secret: `token`, `http-token`, `SecretID`.
fn names_secret(key: &str) -> bool {
    let plain: String = key.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    SECRET_NAMES.iter().any(|name| plain.ends_with(name))
}

/// Whether a key is the name of a user and password, or of a password: `http_auth`, `password`.
fn names_password(key: &str) -> bool {
    let key = key.to_lowercase();
    ["auth", "password", "passwd"].iter().any(|end| key.ends_with(end))
}

fn check_text(key: &'static str, text: &str) -> Result<(), FieldError> {
    if text.trim().is_empty() {
        return Err(FieldError::Empty(key.to_owned()));
    }
    if text.contains("-----BEGIN") {
        return Err(FieldError::Pem(key.to_owned()));
    }
    if key == "http_addr" {
        return check_address(text);
    }
    if is_uuid(text.trim().as_bytes()) || *redact(text) != *text {
        return Err(FieldError::SecretValue(key.to_owned()));
    }
    let is_name = |text: &str| {
        let is_valid = |c: char| c.is_ascii_alphanumeric() || c == '_';
        !text.starts_with(|c: char| c.is_ascii_digit()) && text.chars().all(is_valid)
    };
    if key.ends_with("_env") && !is_name(text) {
        return Err(FieldError::NotAVariable(key));
    }
    Ok(())
}

fn check_address(text: &str) -> Result<(), FieldError> {
    // The path of a socket may contain anything.
    if text.starts_with("unix://") {
        return Ok(());
    }
    if text.contains('@') {
        return Err(FieldError::Credentials);
    }
    if text.contains(['?', '#']) {
        return Err(FieldError::Query);
    }
    match Address::parse(text, false) {
        Ok(_) => Ok(()),
        Err(ConfigError::HostPort(HostPortError::Credentials)) => Err(FieldError::Credentials),
        Err(error) => Err(FieldError::Address(error)),
    }
}

/// Whether the words of a command contain a secret: a labeled one, or a UUID. A UUID after the name of an ID is allowed:
/// `-accessor-id UUID`.
fn contains_secret(words: &[String]) -> bool {
    let line = words.join(" ");
    if *redact(&line) != *line {
        return true;
    }
    let is_separator = |c: char| !c.is_ascii_alphanumeric() && c != '-';
    let mut before = "";
    for part in words.iter().flat_map(|word| word.split(is_separator)).filter(|part| !part.is_empty()) {
        let is_id = || before.to_ascii_lowercase().ends_with("id") && !names_secret(before);
        if is_uuid(part.as_bytes()) && !is_id() {
            return true;
        }
        before = part;
    }
    false
}

/// Reads a context from the fields of [`KEYS`] and `name`.
impl<'de> Deserialize<'de> for Context {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ContextVisitor)
    }
}

struct ContextVisitor;

impl<'de> Visitor<'de> for ContextVisitor {
    type Value = Context;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object with the fields of a context")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Context, A::Error> {
        let described = |error: FieldError| A::Error::custom(format!("{error} ({})", error.remedy()));
        let (mut name, mut builder) = (None, ContextBuilder::default());
        let mut seen = Vec::new();
        while let Some(key) = map.next_key::<String>()? {
            let value: FieldValue = map.next_value()?;
            if seen.contains(&key) {
                return Err(A::Error::custom(format!("{key:?} is there twice")));
            }
            match (key.as_str(), value) {
                ("name", FieldValue::Text(text)) => name = Some(text),
                ("name", _) => return Err(A::Error::custom("\"name\" is not a string")),
                (key, value) => builder.set(key, value).map_err(described)?,
            }
            seen.push(key);
        }
        let name = name.ok_or_else(|| A::Error::custom("\"name\" is missing"))?;
        builder.build(&name).map_err(described)
    }
}

/// Reads a value of any type, so that an error about it can come from [`ContextBuilder`], which shows no secrets.
impl<'de> Deserialize<'de> for FieldValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(FieldVisitor)
    }
}

struct FieldVisitor;

impl<'de> Visitor<'de> for FieldVisitor {
    type Value = FieldValue;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a value")
    }

    fn visit_str<E>(self, text: &str) -> Result<FieldValue, E> {
        Ok(FieldValue::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<FieldValue, A::Error> {
        let mut texts = Some(Vec::new());
        while let Some(value) = list.next_element::<FieldValue>()? {
            match (value, &mut texts) {
                (FieldValue::Text(text), Some(texts)) => texts.push(text),
                _ => texts = None,
            }
        }
        Ok(texts.map_or(FieldValue::Other, FieldValue::List))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<FieldValue, A::Error> {
        let mut entries = Some(Vec::new());
        while let Some((key, value)) = map.next_entry::<String, FieldValue>()? {
            match (value, &mut entries) {
                (FieldValue::Text(text), Some(entries)) => entries.push((key, text)),
                _ => entries = None,
            }
        }
        Ok(entries.map_or(FieldValue::Other, FieldValue::Table))
    }

    fn visit_bool<E>(self, _: bool) -> Result<FieldValue, E> {
        Ok(FieldValue::Other)
    }

    fn visit_i64<E>(self, _: i64) -> Result<FieldValue, E> {
        Ok(FieldValue::Other)
    }

    fn visit_u64<E>(self, _: u64) -> Result<FieldValue, E> {
        Ok(FieldValue::Other)
    }

    fn visit_f64<E>(self, _: f64) -> Result<FieldValue, E> {
        Ok(FieldValue::Other)
    }

    fn visit_unit<E>(self) -> Result<FieldValue, E> {
        Ok(FieldValue::Other)
    }
}
