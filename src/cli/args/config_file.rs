//! The configuration file: defaults for options, and severities of checks.
//!
//! ```toml
//! [defaults]                      # of every command that has the option
//! ledger = "consul"
//!
//! [validate]                      # of one command; comes before [defaults]
//! fail-on = "warning"
//! skip = ["one-server-only"]
//!
//! [severity]                      # of checks
//! ca-expires-soon = "error"
//! ```

use std::path::PathBuf;

use clap::Command;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::go_flags::Style;
use super::option_sources::{Origins, origins};
use super::suggest::nearest;
use crate::cli::env::{config_directory, variable};
use crate::gostd::os_error::os_error_text;
use crate::lint::rules;

/// The longest file that is read, in bytes.
const LONGEST: u64 = 1024 * 1024;

/// A value as it stands in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// A text, a number, or a truth value.
    One(String),
    /// A list of them.
    Several(Vec<String>),
}

/// What a file says, once it was found to make sense.
#[derive(Debug)]
pub struct ConfigFile {
    path: PathBuf,
    settings: Vec<Setting>,
}

#[derive(Debug)]
struct Setting {
    section: String,
    option: String,
    value: Value,
}

impl ConfigFile {
    /// Reads the file that is named, by `-config` or `PEERING_CONFIG`, or the user's own if there is one. `definition` tells
    /// which commands and options there are. The error says what is wrong, where, and what to do.
    pub fn read(named: Option<&str>, definition: &Command) -> Result<Option<Self>, String> {
        let named =
            named.map(str::to_owned).or_else(|| variable("PEERING_CONFIG")).filter(|path| !path.is_empty());
        let Some(path) =
            named.as_ref().map(PathBuf::from).or_else(|| Some(config_directory()?.join("config.toml")))
        else {
            return Ok(None);
        };
        let unreadable = |why: &str| format!("Error: the configuration file {} {why}", path.display());
        match std::fs::metadata(&path) {
            Ok(data) if data.len() > LONGEST => return Err(unreadable("is longer than 1 MiB")),
            Err(error) if named.is_none() && error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            _ => {}
        }
        let text = std::fs::read_to_string(&path)
            .map_err(|error| unreadable(&format!("cannot be read: {}", os_error_text(&error))))?;
        let settings = settings(&text, definition).map_err(|(place, what)| {
            let place = place.map_or_else(String::new, |line| format!(", line {line}"));
            format!("Error: {}{place}: {what}", path.display())
        })?;
        Ok(Some(Self { path, settings }))
    }

    /// Where it is.
    pub fn path(&self) -> &std::path::Path {
        &self.path
    }

    /// The value of an option of a command, and where it came from.
    pub fn value(&self, command: &str, option: &str) -> Option<(Value, String)> {
        let of = |section: &str| {
            self.settings.iter().find(|setting| setting.section == section && setting.option == option)
        };
        let severities = || {
            let named = self.settings.iter().filter(|setting| setting.section == "severity");
            let all: Vec<String> =
                named.map(|setting| format!("{}={}", setting.option, text_of(&setting.value))).collect();
            (!all.is_empty()).then_some((Value::Several(all), "severity".to_owned()))
        };
        let found = match option {
            "severity" if command == "validate" => severities(),
            _ => of(command).or_else(|| of("defaults")).map(|it| (it.value.clone(), it.section.clone())),
        };
        found.map(|(value, section)| (value, format!("[{section}] in {}", self.path.display())))
    }
}

fn text_of(value: &Value) -> &str {
    match value {
        Value::One(text) => text,
        Value::Several(_) => "a list",
    }
}

/// What is wrong, and in which line.
type Wrong = (Option<usize>, String);

fn settings(text: &str, definition: &Command) -> Result<Vec<Setting>, Wrong> {
    let line = |at: usize| Some(text[..at.min(text.len())].matches('\n').count() + 1);
    let table = DeTable::parse(text)
        .map_err(|error| (error.span().and_then(|span| line(span.start)), error.message().to_owned()))?;
    let mut settings = Vec::new();
    for (section, value) in table.get_ref() {
        let at = line(section.span().start);
        let name = section.get_ref().as_ref();
        let Some(entries) = value.get_ref().as_table() else {
            let what = format!("{name:?} stands in no section; defaults of all commands go below [defaults]");
            return Err((at, what));
        };
        let known = known_keys(name, definition).map_err(|what| (at, what))?;
        for (key, value) in entries {
            let at = line(key.span().start);
            let key = key.get_ref().as_ref();
            allowed(name, key, &known).map_err(|what| (at, what))?;
            let value = read_value(value).ok_or_else(|| {
                (at, format!("{key:?} must be a text, a whole number, true or false, or a list of texts"))
            })?;
            settings.push(Setting { section: name.to_owned(), option: key.to_owned(), value });
        }
    }
    Ok(settings)
}

/// What may stand in a section.
fn known_keys(section: &str, definition: &Command) -> Result<Vec<String>, String> {
    let of = |command: &Command| -> Vec<String> {
        let style = Style::of(command.get_name());
        let all = std::iter::once(command).chain(command.get_subcommands());
        let options = all.flat_map(Command::get_arguments).filter_map(clap::Arg::get_long);
        options.filter(|option| origins(style, option) != Origins::Flag).map(str::to_owned).collect()
    };
    match section {
        "severity" => Ok(rules::ALL.iter().map(|check| check.name.to_owned()).collect()),
        "defaults" => Ok(definition.get_subcommands().flat_map(of).collect()),
        name => definition.find_subcommand(name).map(of).ok_or_else(|| {
            let known = definition.get_subcommands().map(Command::get_name).chain(["defaults", "severity"]);
            let hint = nearest(name, known).map(|near| format!(" Is it [{near}]?"));
            format!("there is no section [{name}].{}", hint.unwrap_or_default())
        }),
    }
}

fn allowed(section: &str, key: &str, known: &[String]) -> Result<(), String> {
    if known.iter().any(|known| known == key) {
        return Ok(());
    }
    if ["token", "token-file", "acl-token", "peering-token"].contains(&key) {
        return Err(format!(
            "{key:?} is for a secret, which does not belong in this file: set CONSUL_HTTP_TOKEN or CONSUL_HTTP_TOKEN_FILE"
        ));
    }
    let hint = nearest(key, known.iter().map(String::as_str)).map(|near| format!(" Is it {near:?}?"));
    let hint = hint.unwrap_or_default();
    Err(if section == "severity" {
        format!("there is no check {key:?}.{hint} (peering explain -list shows all)")
    } else {
        format!("there is no option {key:?} with a default here.{hint}")
    })
}

fn read_value(value: &Spanned<DeValue<'_>>) -> Option<Value> {
    let one = |value: &DeValue<'_>| match value {
        DeValue::String(text) => Some(text.to_string()),
        DeValue::Integer(number) => Some(number.to_string()),
        DeValue::Boolean(truth) => Some(truth.to_string()),
        _ => None,
    };
    match value.get_ref() {
        DeValue::Array(all) => {
            all.iter().map(|value| one(value.get_ref())).collect::<Option<_>>().map(Value::Several)
        }
        value => one(value).map(Value::One),
    }
}
