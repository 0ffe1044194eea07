//! Command lines in the style of Go's `flag` package, rewritten for clap.
//!
//! Every flag works as `-flag value`, `-flag=value`, `--flag value` and `--flag=value`. A value flag takes the next
//! word even if it starts with a dash; a boolean is `-flag` or `-flag=true|false`; a single `-` is an argument. clap does
//! not support long flags with one dash, so the words are normalized first, with clap's definition of the command.
//!
//! Consul's commands read flags as Go does: flags end at the first argument, and the rest is ignored. Our commands
//! accept flags anywhere.

use std::ffi::{OsStr, OsString};

use clap::{Arg, ArgAction, Command};
use thiserror::Error;

use super::suggest::nearest;
use crate::token::resemblance::is_uuid;

/// How a command reads its words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// Like Go's `flag` package: flags end at the first argument, and the rest is ignored.
    Consul,
    /// Flags and arguments in any order.
    Ours,
}

impl Style {
    /// Returns the style of a command.
    pub fn of(command: &str) -> Self {
        match command {
            "generate-token" | "establish" | "list" | "read" | "delete" | "exported-services" => Self::Consul,
            _ => Self::Ours,
        }
    }
}

/// What is wrong with the flags of a command line. The texts are those of Go's `flag` package.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum FlagError {
    /// `-h`, `-help` or `--help`. Not a mistake.
    #[error("help requested")]
    Help,
    /// A flag that the command does not have.
    #[error("flag provided but not defined: -{0}")]
    Undefined(String),
    /// A value flag at the very end.
    #[error("flag needs an argument: -{0}")]
    MissingValue(String),
    /// Three dashes, or no name before the equals sign.
    #[error("bad flag syntax: {0}")]
    BadSyntax(String),
    /// A boolean flag with a value that is not a boolean.
    #[error("invalid boolean value \"{value}\" for -{name}: parse error")]
    NotBoolean {
        /// The flag.
        name: String,
        /// The value.
        value: String,
    },
}

impl FlagError {
    /// The same in our words.
    pub fn described(&self) -> String {
        match self {
            Self::Help => self.to_string(),
            Self::Undefined(name) => format!("unknown flag -{name}"),
            Self::MissingValue(name) => format!("-{name} needs a value"),
            Self::BadSyntax(word) => format!("invalid flag {word:?}"),
            Self::NotBoolean { name, value } => {
                format!("invalid value {value:?} for -{name}: use true or false")
            }
        }
    }
}

/// The words after a command's name, for clap.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Normalized {
    /// `--flag=value` words, followed by `--` and the arguments.
    pub words: Vec<OsString>,
    /// The words that Go's `flag` package ignores: the first argument and everything after it.
    pub ignored: Vec<OsString>,
}

/// Rewrites the words after a command's name.
pub fn normalize(command: &Command, style: Style, words: &[OsString]) -> Result<Normalized, FlagError> {
    let mut flags = Vec::new();
    let mut ignored = Vec::new();
    let mut positionals = Vec::new();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let Some(flag) = Flag::split(word)? else {
            if word != "--" {
                positionals.push(word.clone());
            }
            if style == Style::Consul {
                ignored = positionals.drain(..).chain(words.by_ref().cloned()).collect();
                break;
            }
            if word == "--" {
                positionals.extend(words.by_ref().cloned());
            }
            continue;
        };
        match find(command, &flag.name) {
            _ if matches!(flag.name.as_str(), "h" | "help") => return Err(FlagError::Help),
            Some(argument) if takes_value(argument) => {
                let value = flag.value.or_else(|| words.next().cloned());
                let value = value.ok_or_else(|| FlagError::MissingValue(flag.name.clone()))?;
                flags.push(with_value(&flag.name, &value));
            }
            Some(_) if flag.is_on()? => flags.push(format!("--{}", flag.name).into()),
            Some(_) => {}
            None => return Err(FlagError::Undefined(flag.name)),
        }
    }
    if !positionals.is_empty() {
        flags.push("--".into());
        flags.append(&mut positionals);
    }
    Ok(Normalized { words: flags, ignored })
}

/// Describes ignored words without the values of flags, which may be secrets.
pub fn describe_ignored(ignored: &[OsString]) -> String {
    let words = ignored.iter().map(|word| word.to_string_lossy());
    let mut flags: Vec<String> = Vec::new();
    let mut first = None;
    for word in words {
        match word.strip_prefix('-').filter(|name| !name.is_empty()) {
            Some(name) => {
                let name = name.trim_start_matches('-').split('=').next().unwrap_or_default();
                flags.push(format!("-{name}"));
            }
            None if first.is_none() && flags.is_empty() => first = Some(word.into_owned()),
            None => {}
        }
    }
    let first = match first {
        Some(word) if word.len() <= MAX_SHOWN_WORD_LEN && !is_uuid(word.as_bytes()) => format!("{word:?}"),
        Some(_) => "a word".to_owned(),
        None => String::new(),
    };
    // What follows a comma after -token would be redacted as its value.
    let flags = flags.join("; ");
    match (first.is_empty(), flags.is_empty()) {
        (false, false) => format!("{first} and the flags after it ({flags})"),
        (false, true) => first,
        _ => format!("the flags after -- ({flags})"),
    }
}

/// The longest ignored word that is shown, in bytes. A longer one may be a token.
const MAX_SHOWN_WORD_LEN: usize = 32;

/// `-name`, `--name`, `-name=value`, `--name=value`.
struct Flag {
    name: String,
    value: Option<OsString>,
}

impl Flag {
    /// Returns `None` if the word is not a flag: it does not start with a dash, or is `-` or `--`.
    fn split(word: &OsStr) -> Result<Option<Self>, FlagError> {
        // A value may contain bytes that are not UTF-8.
        let bytes = word.as_encoded_bytes();
        let Some(rest) = bytes.strip_prefix(b"-").filter(|rest| !rest.is_empty()) else { return Ok(None) };
        let rest = rest.strip_prefix(b"-").unwrap_or(rest);
        if rest.is_empty() {
            return Ok(None);
        }
        if matches!(rest[0], b'-' | b'=') {
            return Err(FlagError::BadSyntax(word.to_string_lossy().into_owned()));
        }
        let text = word.to_string_lossy();
        let text = text.trim_start_matches('-');
        Ok(Some(match text.split_once('=') {
            Some((name, value)) => Self { name: name.to_owned(), value: Some(value.into()) },
            None => Self { name: text.to_owned(), value: None },
        }))
    }

    fn is_on(&self) -> Result<bool, FlagError> {
        let Some(value) = &self.value else { return Ok(true) };
        let value = value.to_string_lossy();
        parse_bool(&value)
            .ok_or_else(|| FlagError::NotBoolean { name: self.name.clone(), value: value.into_owned() })
    }
}

/// Parses a boolean as Go's `strconv.ParseBool` does.
pub fn parse_bool(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Some(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Some(false),
        _ => None,
    }
}

/// Returns the flag with a name or alias.
pub fn find<'a>(command: &'a Command, name: &str) -> Option<&'a Arg> {
    let has_name =
        |argument: &&Arg| argument.get_long_and_visible_aliases().is_some_and(|names| names.contains(&name));
    command.get_arguments().find(has_name)
}

/// Whether a flag takes a value. The others are switches.
pub fn takes_value(argument: &Arg) -> bool {
    matches!(argument.get_action(), ArgAction::Set | ArgAction::Append)
}

fn with_value(name: &str, value: &OsStr) -> OsString {
    let mut word = OsString::from(format!("--{name}="));
    word.push(value);
    word
}

/// Returns the value of an option in normalized words.
pub fn value_of(words: &[OsString], option: &str) -> Option<String> {
    let options = words.iter().take_while(|word| *word != "--").filter_map(|word| word.to_str());
    options
        .filter_map(|word| word.strip_prefix("--")?.strip_prefix(option)?.strip_prefix('='))
        .last()
        .map(str::to_owned)
}

/// Returns the flag that a mistyped one probably means.
pub fn nearest_flag<'a>(command: &'a Command, mistyped: &str) -> Option<&'a str> {
    nearest(mistyped, command.get_arguments().filter_map(Arg::get_long))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command() -> Command {
        Command::new("test")
            .arg(Arg::new("name").long("name"))
            .arg(Arg::new("meta").long("meta").action(ArgAction::Append))
            .arg(Arg::new("force").long("force").action(ArgAction::SetTrue))
            .arg(Arg::new("token").num_args(0..))
    }

    fn read(style: Style, words: &[&str]) -> Result<Vec<String>, FlagError> {
        let words: Vec<OsString> = words.iter().map(OsString::from).collect();
        let normalized = normalize(&command(), style, &words)?.words;
        Ok(normalized.into_iter().map(|word| word.into_string().unwrap()).collect())
    }

    #[test]
    fn every_spelling_of_a_flag_is_the_same_flag() {
        for words in [&["-name", "x"][..], &["--name", "x"], &["-name=x"], &["--name=x"]] {
            assert_eq!(read(Style::Consul, words).unwrap(), ["--name=x"], "{words:?}");
        }
    }

    #[test]
    fn a_value_may_start_with_a_dash_or_be_empty() {
        assert_eq!(read(Style::Consul, &["-name", "-meta"]).unwrap(), ["--name=-meta"]);
        assert_eq!(read(Style::Consul, &["-name="]).unwrap(), ["--name="]);
        assert_eq!(read(Style::Consul, &["-meta", "a=b=c"]).unwrap(), ["--meta=a=b=c"]);
    }

    #[test]
    fn a_boolean_does_not_take_the_next_word() {
        assert_eq!(read(Style::Ours, &["-force", "x"]).unwrap(), ["--force", "--", "x"]);
        assert_eq!(read(Style::Ours, &["-force=false"]).unwrap(), Vec::<String>::new());
        assert_eq!(
            read(Style::Ours, &["-force=maybe"]).unwrap_err().to_string(),
            "invalid boolean value \"maybe\" for -force: parse error"
        );
    }

    #[test]
    fn consuls_commands_stop_at_the_first_argument_and_ours_do_not() {
        assert_eq!(read(Style::Consul, &["extra", "-name", "x"]).unwrap(), Vec::<String>::new());
        assert_eq!(read(Style::Ours, &["extra", "-name", "x"]).unwrap(), ["--name=x", "--", "extra"]);
    }

    #[test]
    fn a_single_dash_is_an_argument_and_two_end_the_flags() {
        assert_eq!(read(Style::Ours, &["-"]).unwrap(), ["--", "-"]);
        assert_eq!(read(Style::Ours, &["--", "-name"]).unwrap(), ["--", "-name"]);
    }

    #[test]
    fn words_that_go_ignores_are_described_without_values() {
        let describe = |words: &[&str]| {
            let words: Vec<OsString> = words.iter().map(OsString::from).collect();
            describe_ignored(&normalize(&command(), Style::Consul, &words).unwrap().ignored)
        };
        assert_eq!(describe(&["-name", "west"]), "the flags after -- ()");
        assert_eq!(describe(&["extra"]), "\"extra\"");
        assert_eq!(
            describe(&["west", "-token", "secret", "--name=x"]),
            "\"west\" and the flags after it (-token; -name)"
        );
        assert_eq!(describe(&["11111111-2222-3333-4444-555555555555"]), "a word");
        assert_eq!(describe(&["--", "-name", "x"]), "the flags after -- (-name)");
    }

    #[test]
    fn errors_have_the_text_of_go() {
        for (words, message) in [
            (&["-nope"][..], "flag provided but not defined: -nope"),
            (&["-name"], "flag needs an argument: -name"),
            (&["---name", "x"], "bad flag syntax: ---name"),
            (&["-=x"], "bad flag syntax: -=x"),
        ] {
            assert_eq!(read(Style::Consul, words).unwrap_err().to_string(), message);
        }
    }

    #[test]
    fn a_mistyped_flag_gets_a_suggestion() {
        assert_eq!(nearest_flag(&command(), "nmae"), Some("name"));
        assert_eq!(nearest_flag(&command(), "forced"), Some("force"));
        assert_eq!(nearest_flag(&command(), "datacenter"), None);
    }
}
