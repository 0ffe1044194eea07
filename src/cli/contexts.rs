//! The contexts of the configuration file, for all commands of this process.

use std::path::PathBuf;
use std::sync::OnceLock;

use super::args::config_file::{self, ConfigFile, Value};
use super::args::suggest::nearest;
use super::env::variable;
use super::error::CliError;
use super::redaction;
use crate::net::consul::{Config, Options};
use crate::net::context::Context;
use crate::shell::quoted;

/// The contexts of this process.
static CONTEXTS: OnceLock<Contexts> = OnceLock::new();

/// The contexts of a configuration file.
#[derive(Debug, Default)]
struct Contexts {
    /// The file, if there is one.
    path: Option<PathBuf>,
    all: Vec<Context>,
    /// The name that commands use without `-context`.
    selected: Option<String>,
}

/// Remembers the contexts of the configuration file. A process has one.
pub fn remember(file: Option<&ConfigFile>) {
    let contexts = file.map_or_else(Contexts::default, |file| Contexts {
        path: Some(file.path().to_owned()),
        all: file.contexts().to_vec(),
        selected: file.value("defaults", "context").and_then(|(value, _)| match value {
            Value::One(name) => Some(name),
            Value::Several(_) => None,
        }),
    });
    let _ = CONTEXTS.set(contexts);
    redaction::learn_contexts(all());
}

/// Returns all contexts, in the order of their names.
pub fn all() -> &'static [Context] {
    CONTEXTS.get().map_or(&[], |contexts| &contexts.all)
}

/// Returns the name of the context that commands use without `-context`.
pub fn selected() -> Option<String> {
    let from_variable = variable("PEERING_CONTEXT").filter(|name| !name.is_empty());
    from_variable.or_else(|| CONTEXTS.get()?.selected.clone())
}

/// Returns the configuration file: the one that was read, or else the one that would be read.
pub fn file() -> Option<PathBuf> {
    CONTEXTS.get().and_then(|contexts| contexts.path.clone()).or_else(config_file::default_path)
}

/// Returns the context of a name.
pub fn find(name: &str) -> Result<&'static Context, CliError> {
    all().iter().find(|context| context.name == name).ok_or_else(|| unknown(name))
}

fn unknown(name: &str) -> CliError {
    let names = all().iter().map(|context| context.name.as_str());
    let remedy = match (nearest(name, names), all()) {
        (Some(near), _) => format!("did you mean {}? peering context list shows all contexts", quoted(near)),
        (None, []) => format!("add a section [contexts.NAME] to {}", described_file()),
        (None, _) => "peering context list shows all contexts".to_owned(),
    };
    CliError::new(format_args!("unknown context {name:?}")).with_remedy(remedy)
}

/// Returns the configuration file for a message.
pub fn described_file() -> String {
    file().map_or_else(|| "the configuration file".to_owned(), |path| path.display().to_string())
}

/// Resolves a context and reads its ACL token.
pub fn config(context: &Context, flags: &Options) -> Result<Config, CliError> {
    context.config(flags, variable).map_err(|error| {
        let described = CliError::new(format_args!("context {:?}: {error}", context.name));
        match error.remedy() {
            Some(remedy) => described.with_remedy(remedy),
            None => described,
        }
    })
}
