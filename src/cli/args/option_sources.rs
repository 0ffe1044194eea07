//! Where an option gets its value when the command line has none. The option's own definition declares it.

use clap::builder::Resettable;
use clap::{Arg, Command};

/// The sources of an option's value after the command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sources {
    /// None.
    CommandLineOnly,
    /// The configuration file, unless this variable of Consul is set. The HTTP API client reads the variable.
    FileUnless(String),
    /// This variable, then the configuration file.
    VariableThenFile(String),
}

impl Sources {
    /// Returns the sources that an option declares: `env` names its variable, and `hide_env_values` marks a secret,
    /// which the file must not contain.
    pub fn of(argument: &Arg) -> Self {
        match argument.get_env().map(|name| name.to_string_lossy().into_owned()) {
            Some(name) if name.starts_with("PEERING_") => Self::VariableThenFile(name),
            Some(name) if !is_secret(argument) => Self::FileUnless(name),
            _ => Self::CommandLineOnly,
        }
    }
}

/// Whether an option's value is a secret.
pub fn is_secret(argument: &Arg) -> bool {
    argument.is_hide_env_values_set()
}

/// Returns the command without the variables of its options. They were read before, and clap must not read them again.
pub fn without_variables(command: Command) -> Command {
    command.mut_args(|argument| argument.env(Resettable::Reset)).mut_subcommands(without_variables)
}
