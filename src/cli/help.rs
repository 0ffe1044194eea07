//! Help texts, from the one definition that the parser reads too.

use clap::Command;

use super::arguments::{Style, with_one_dash};
use super::origins::{Origins, origins, variable_of};

/// What clap says of a flag that has a longer help; here that is asked for otherwise.
const MORE: &str = " (see more with '--help')";

/// The help of the whole tool.
pub fn of(definition: &Command) -> String {
    let more = "\
See also:
  peering COMMAND -h         a command's options, shortly
  peering help COMMAND       all of it, with examples
  peering help exit-codes    what the exit codes mean
  peering help environment   the variables that are read";
    let help = definition.clone().after_help(more).render_help().to_string();
    with_one_dash(&help.replace(MORE, ""))
}

/// The short help of one command, which these words call.
pub fn short(command: &Command, full_name: &str) -> String {
    let help = command.clone().bin_name(full_name).render_help().to_string();
    let help = with_one_dash(&help.replace(MORE, ""));
    format!("{help}\nMore, with examples: peering help {}\n", topic(full_name))
}

/// The long help of one command, which these words call.
pub fn of_command(command: &Command, full_name: &str) -> String {
    with_one_dash(&described(command, topic(full_name)).bin_name(full_name).render_long_help().to_string())
}

fn topic(full_name: &str) -> &str {
    full_name.strip_prefix("peering ").unwrap_or(full_name)
}

/// A command whose options say which variable gives them a value. `path` is its name, after those that it is within.
pub fn described(command: &Command, path: &str) -> Command {
    let style = Style::of(path.split(' ').next().unwrap_or(path));
    command.clone().mut_args(|argument| {
        let Some(option) = argument.get_long() else { return argument };
        let help =
            argument.get_long_help().or(argument.get_help()).map(ToString::to_string).unwrap_or_default();
        if origins(style, option) != Origins::VariableAndFile || help.contains("PEERING_") {
            return argument;
        }
        let variable = variable_of(option);
        argument.long_help(format!("{help} ({variable})"))
    })
}
