//! Help texts, from the one definition that the parser reads too.

pub(crate) mod complete;
pub(crate) mod help_topics;

use clap::Command;

use super::args::go_flags::{Style, with_one_dash};
use super::args::option_sources::{Origins, origins, variable_of};
use super::env::width;

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
    let examples = command.get_after_long_help().map(ToString::to_string).unwrap_or_default();
    // clap would break a command's line like any other, and a shell would take the half of it.
    let mut command = described(command, topic(full_name)).after_long_help("").bin_name(full_name);
    let help = with_one_dash(command.render_long_help().to_string().trim_end());
    let examples: Vec<String> = examples.lines().flat_map(|line| folded(line, width())).collect();
    if examples.is_empty() { help + "\n" } else { format!("{help}\n\n{}\n", examples.join("\n")) }
}

/// A line of the examples in lines of `width`: a command goes on after a backslash, as in a shell.
fn folded(line: &str, width: usize) -> Vec<String> {
    let indent = line.len() - line.trim_start().len();
    if line.len() <= width || line.ends_with(':') {
        let indent = &line[..indent];
        let options = textwrap::Options::new(width).initial_indent(indent).subsequent_indent(indent);
        return textwrap::wrap(line.trim_start(), options).into_iter().map(Into::into).collect();
    }
    let mut lines = vec![" ".repeat(indent)];
    for word in shell_words(line.trim_start()) {
        let last = lines.last_mut().map_or(0, |last| last.len());
        if last + word.len() + " \\".len() >= width
            && let Some(last) = lines.last_mut()
        {
            last.push_str(" \\");
            lines.push(" ".repeat(indent + 2));
        }
        if let Some(last) = lines.last_mut() {
            if !last.trim().is_empty() {
                last.push(' ');
            }
            last.push_str(word);
        }
    }
    lines
}

/// The words of a command, each as it is written. A blank in quotes ends none.
fn shell_words(command: &str) -> Vec<&str> {
    let mut quote = None;
    let ends_word = |letter: char| {
        match (quote, letter) {
            (None, '\'' | '"') => quote = Some(letter),
            (Some(open), _) if open == letter => quote = None,
            _ => {}
        }
        quote.is_none() && letter == ' '
    };
    command.split(ends_word).filter(|word| !word.is_empty()).collect()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_goes_on_as_in_a_shell() {
        let line = "    peering generate-token -name west -server-external-addresses lb.example.com:8503,10.0.0.1:8503";
        let lines = folded(line, 60);
        assert_eq!(
            lines,
            [
                "    peering generate-token -name west \\",
                "      -server-external-addresses \\",
                "      lb.example.com:8503,10.0.0.1:8503"
            ]
        );
        let whole = lines.join("\n").replace("\\\n", "");
        assert_eq!(shlex::split(&whole), shlex::split(line));
    }

    #[test]
    fn what_stands_in_quotes_stays_whole() {
        let line = "  peering diagnose -error 'a new peering token must be generated'";
        assert_eq!(
            folded(line, 40),
            ["  peering diagnose -error \\", "    'a new peering token must be generated'"]
        );
        assert_eq!(folded("  From another command:", 15), ["  From another", "  command:"]);
    }
}
