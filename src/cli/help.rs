//! Help texts, from the one definition that the parser reads too.

use clap::Command;

use super::arguments::with_one_dash;

/// The help of the whole tool.
pub fn of(definition: &Command) -> String {
    with_one_dash(&definition.clone().render_help().to_string())
}

/// The help of one command, which these words call.
pub fn of_command(command: &Command, full_name: &str) -> String {
    with_one_dash(&command.clone().bin_name(full_name).render_long_help().to_string())
}
