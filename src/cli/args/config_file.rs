//! The configuration file: defaults of options, severities of checks, and contexts.
//!
//! ```toml
//! [defaults]                      # every command that has the option
//! ledger = "consul"
//!
//! [validate]                      # one command; takes precedence over [defaults]
//! fail-on = "warning"
//! skip = ["one-server-only"]
//!
//! [severity]                      # checks
//! ca-expires-soon = "error"
//!
//! [contexts.east]                 # a cluster, for -context east
//! http_addr = "https://consul.east.example.com:8501"
//! token_env = "EAST_TOKEN"
//! ```

mod contexts;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use clap::{Arg, Command};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::checks::Kind;
use super::option_sources::{Sources, is_secret};
use super::suggest::nearest;
use crate::checks;
use crate::cli::env::{config_directory, home_directory, variable};
use crate::cli::error::CliError;
use crate::net::context::Context;
use crate::net::file;

/// The largest file that is read, in bytes.
const MAX_LEN: usize = 1024 * 1024;

/// The section that contains the contexts.
const CONTEXTS: &str = "contexts";

/// A value of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// A string, a number or a boolean.
    One(String),
    /// A list of these.
    Several(Vec<String>),
}

/// A valid configuration file.
#[derive(Debug)]
pub struct ConfigFile {
    path: PathBuf,
    settings: Vec<Setting>,
    contexts: Vec<Context>,
}

/// Returns the path of the user's own file. It may not exist.
pub fn default_path() -> Option<PathBuf> {
    Some(config_directory()?.join("config.toml"))
}

/// Reads the contexts in the text of an inventory: JSON lines, or a TOML document with sections `[contexts.NAME]` only.
/// `source` is its name in messages, and `path` is its path.
pub fn inventory_in(text: &str, source: &str, path: &Path) -> Result<Vec<Context>, CliError> {
    if !text.trim_start().starts_with('{') {
        return contexts_in(text, source, path);
    }
    let lines = text.lines().zip(1..).filter(|(line, _)| !line.trim().is_empty());
    let contexts = lines.map(|(line, number)| {
        serde_json::from_str(line).map_err(|error| {
            let message = error.to_string();
            let end = message.rfind(" at line ").unwrap_or(message.len());
            CliError::new(format_args!("{source}, line {number}: {}", &message[..end]))
        })
    });
    Ok(at_file(contexts.collect::<Result<_, _>>()?, path))
}

fn contexts_in(text: &str, source: &str, path: &Path) -> Result<Vec<Context>, CliError> {
    let read = || {
        let table = parse(text)?;
        if let Some((section, _)) = table.get_ref().iter().find(|(name, _)| name.get_ref() != CONTEXTS) {
            let remedy = "put the keys of a context below [contexts.NAME]".to_owned();
            let mistake = Mistake::new(
                format!("{:?} is not in a section [contexts.NAME]", section.get_ref()),
                Some(remedy),
            );
            return Err(mistake.at(line_at(text, section.span().start)));
        }
        table.get_ref().get(CONTEXTS).map_or(Ok(Vec::new()), |contexts| contexts::contexts(text, contexts))
    };
    Ok(at_file(read().map_err(|mistake: Mistake| mistake.in_file(Path::new(source)))?, path))
}

/// Makes the paths in contexts relative to the directory of their file.
fn at_file(contexts: Vec<Context>, path: &Path) -> Vec<Context> {
    let (directory, home) = (path.parent().unwrap_or(Path::new("")), home_directory());
    contexts.into_iter().map(|context| context.relative_to(directory, home.as_deref())).collect()
}

#[derive(Debug)]
struct Setting {
    section: String,
    option: String,
    value: Value,
}

impl ConfigFile {
    /// Reads the file of `-config` (`named`) or `PEERING_CONFIG`, or else the user's own file if it exists. `whole`
    /// defines the valid commands and options.
    pub fn read(named: Option<&str>, whole: &LazyLock<Command>) -> Result<Option<Self>, CliError> {
        let named =
            named.map(str::to_owned).or_else(|| variable("PEERING_CONFIG")).filter(|path| !path.is_empty());
        let Some(path) = named.as_ref().map(PathBuf::from).or_else(default_path) else {
            return Ok(None);
        };
        let described = || format!("the configuration file {}", path.display());
        let bytes = match file::read(&path, MAX_LEN) {
            Ok(bytes) => bytes,
            Err(error) if named.is_none() && error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) if file::is_too_long(&error) => {
                return Err(CliError::new(format_args!("{} is longer than 1 MiB", described())));
            }
            Err(error) => return Err(CliError::of_io(format_args!("cannot read {}", described()), &error)),
        };
        let text = std::str::from_utf8(&bytes)
            .map_err(|_| CliError::new(format_args!("cannot read {}: it is not valid UTF-8", described())))?;
        let (settings, contexts) = sections(text, whole).map_err(|mistake| mistake.in_file(&path))?;
        let contexts = at_file(contexts, &path);
        Ok(Some(Self { path, settings, contexts }))
    }

    /// The path of the file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The contexts, in the order of their names.
    pub fn contexts(&self) -> &[Context] {
        &self.contexts
    }

    /// Returns the value of an option of a command, and its place in the file.
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
            "severity" if Kind::of_command(command).is_some() => severities(),
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

/// A mistake in a file.
struct Mistake {
    line: Option<usize>,
    message: String,
    remedy: Option<String>,
}

impl Mistake {
    fn new(message: impl Into<String>, remedy: Option<String>) -> Self {
        Self { line: None, message: message.into(), remedy }
    }

    fn at(self, line: usize) -> Self {
        Self { line: Some(line), ..self }
    }

    fn in_file(self, path: &Path) -> CliError {
        let line = self.line.map_or_else(String::new, |line| format!(", line {line}"));
        let error = CliError::new(format_args!("{}{line}: {}", path.display(), self.message));
        match self.remedy {
            Some(remedy) => error.with_remedy(remedy),
            None => error,
        }
    }
}

/// Returns the number of the line at an offset.
fn line_at(text: &str, at: usize) -> usize {
    text[..at.min(text.len())].matches('\n').count() + 1
}

fn parse(text: &str) -> Result<Spanned<DeTable<'_>>, Mistake> {
    DeTable::parse(text).map_err(|error| {
        let mistake = Mistake::new(error.message(), None);
        match error.span() {
            Some(span) => mistake.at(line_at(text, span.start)),
            None => mistake,
        }
    })
}

fn sections(text: &str, definition: &Command) -> Result<(Vec<Setting>, Vec<Context>), Mistake> {
    let line = |at: usize| line_at(text, at);
    let table = parse(text)?;
    let (mut settings, mut contexts) = (Vec::new(), Vec::new());
    for (section, value) in table.get_ref() {
        if section.get_ref() == CONTEXTS {
            contexts = contexts::contexts(text, value)?;
            continue;
        }
        let at = line(section.span().start);
        let name = section.get_ref().as_ref();
        if let Some(mistake) = misspelled_context(name, value.get_ref()) {
            return Err(mistake.at(at));
        }
        let Some(entries) = value.get_ref().as_table() else {
            let remedy = Some("put defaults of all commands below [defaults]".to_owned());
            return Err(Mistake::new(format!("{name:?} is not in a section"), remedy).at(at));
        };
        let keys = allowed_keys(name, definition).map_err(|mistake| mistake.at(at))?;
        for (key, value) in entries {
            let at = line(key.span().start);
            let key = key.get_ref().as_ref();
            check_key(name, key, &keys, definition).map_err(|mistake| mistake.at(at))?;
            let value = read_value(value).ok_or_else(|| {
                let remedy = "use a string, a whole number, true, false, or a list of strings".to_owned();
                Mistake::new(format!("{key:?} has an unsupported type"), Some(remedy)).at(at)
            })?;
            settings.push(Setting { section: name.to_owned(), option: key.to_owned(), value });
        }
    }
    Ok((settings, contexts))
}

/// Returns the mistake of a section such as `[context.east]`: only contexts are below another section.
fn misspelled_context(section: &str, value: &DeValue<'_>) -> Option<Mistake> {
    let (name, _) = value.as_table()?.iter().find(|(_, value)| value.get_ref().is_table())?;
    let name = name.get_ref();
    nearest(section, [CONTEXTS]).map(|_| {
        let remedy = format!("did you mean [{CONTEXTS}.{name}]?");
        Mistake::new(format!("unknown section [{section}.{name}]"), Some(remedy))
    })
}

/// Returns the keys that a section may contain.
fn allowed_keys(section: &str, definition: &Command) -> Result<Vec<String>, Mistake> {
    let of = |command: &Command| -> Vec<String> {
        let options = options(command).filter(|option| Sources::of(option) != Sources::CommandLineOnly);
        options.filter_map(|option| option.get_long().map(str::to_owned)).collect()
    };
    match section {
        "severity" => Ok(checks::all().map(|check| check.name.to_owned()).collect()),
        "defaults" => Ok(definition.get_subcommands().flat_map(of).collect()),
        name => definition.find_subcommand(name).map(of).ok_or_else(|| {
            let sections =
                definition.get_subcommands().map(Command::get_name).chain(["defaults", "severity", CONTEXTS]);
            let remedy = nearest(name, sections).map(|near| format!("did you mean [{near}]?"));
            Mistake::new(format!("unknown section [{name}]"), remedy)
        }),
    }
}

/// The options of a command and of its subcommands.
fn options(command: &Command) -> impl Iterator<Item = &Arg> {
    std::iter::once(command).chain(command.get_subcommands()).flat_map(Command::get_arguments)
}

fn check_key(section: &str, key: &str, allowed: &[String], definition: &Command) -> Result<(), Mistake> {
    if allowed.iter().any(|allowed| allowed == key) {
        return Ok(());
    }
    let mut all = definition.get_subcommands().flat_map(options);
    if all.any(|option| option.get_long() == Some(key) && is_secret(option)) {
        let remedy = "set CONSUL_HTTP_TOKEN or CONSUL_HTTP_TOKEN_FILE".to_owned();
        return Err(Mistake::new(
            format!("{key:?} is a secret, which this file must not contain"),
            Some(remedy),
        ));
    }
    let near = nearest(key, allowed.iter().map(String::as_str)).map(|near| format!("did you mean {near:?}?"));
    Err(if section == "severity" {
        let remedy =
            near.map_or_else(String::new, |near| near + " ") + "peering explain -list shows all checks";
        Mistake::new(format!("unknown check {key:?}"), Some(remedy))
    } else {
        Mistake::new(format!("{key:?} is not an option that [{section}] can set"), near)
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
