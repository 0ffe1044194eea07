//! Errors for mistakes on the command line.

use clap::Command;
use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::args::defaults::Filled;
use super::args::go_flags::{FlagError, Style, nearest_flag};
use super::args::suggest::nearest;
use super::error::CliError;
use super::help::help_topics;

/// The error for a command that does not exist. `words` are the words before its name.
pub fn unknown_command(group: &Command, words: &str, name: &str) -> CliError {
    let is_help = words == "peering help";
    let all = if is_help { "peering help".to_owned() } else { format!("{words} -h") };
    let topics = help_topics::NAMES.into_iter().filter(|_| is_help);
    let names = group.get_subcommands().map(Command::get_name).chain(topics);
    let remedy = match nearest(name, names) {
        _ if name.starts_with('-') => {
            "put flags after the command, for example: peering list -config FILE".to_owned()
        }
        Some(near) => format!("did you mean {near}? {all} lists all commands"),
        None => format!("{all} lists all commands"),
    };
    CliError::new(format_args!("unknown command {name:?}")).with_remedy(remedy)
}

/// The error for flags that cannot be read. For Consul's commands the message is Go's.
pub fn bad_flag(command: &Command, words: &str, style: Style, error: &FlagError) -> CliError {
    let described = match style {
        Style::Consul => CliError::of_consul(error),
        Style::Ours => CliError::new(error.described()),
    };
    let near = match error {
        FlagError::Undefined(name) => {
            familiar(command, name).or_else(|| nearest_flag(command, name).map(|near| format!("-{near}")))
        }
        _ => None,
    };
    described.with_remedy(match near {
        Some(near) => format!("did you mean {near}? {}", usage_of(words)),
        None => usage_of(words),
    })
}

/// How every usage error ends.
fn usage_of(words: &str) -> String {
    format!("{words} -h shows the usage")
}

/// Returns what a flag of other programs is called here.
fn familiar(command: &Command, name: &str) -> Option<String> {
    let has = |flag: &str| command.get_arguments().any(|argument| argument.get_long() == Some(flag));
    let (flag, value) = match name {
        "o" | "output" | "output-format" | "out-format" => ("format", ""),
        "json" | "yaml" | "sarif" | "junit" | "jsonl" => ("format", name),
        "v" | "vv" | "verbose" | "debug" => ("log-level", "debug"),
        "addr" | "address" | "consul-addr" | "server" | "host" => ("http-addr", ""),
        "n" | "peer" | "peer-name" => ("name", ""),
        "acl-token" => ("token", ""),
        "ca" | "cacert" | "ca-cert" => ("ca-file", ""),
        "cert" => ("client-cert", ""),
        "key" => ("client-key", ""),
        "warn-before" => ("expires-within", ""),
        "f" | "file" => return has("format").then(|| "the file as TOKEN, without a flag".to_owned()),
        "version" => return Some("peering -version".to_owned()),
        _ => return None,
    };
    let separator = if value.is_empty() { "" } else { " " };
    has(flag).then(|| format!("-{flag}{separator}{value}"))
}

/// Describes clap's error in our words. `filled` are the values that came from a variable or the configuration file.
pub fn of_clap(error: &clap::Error, words: &str, filled: &[Filled]) -> CliError {
    let texts = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => vec![text.clone()],
        Some(ContextValue::Strings(texts)) => texts.clone(),
        _ => Vec::new(),
    };
    let names = |kind| texts(kind).iter().map(|text| argument_name(text)).collect::<Vec<_>>().join(" and ");
    let value = texts(ContextKind::InvalidValue).pop().unwrap_or_default();
    let mut argument = names(ContextKind::InvalidArg);
    let origin = filled.iter().find(|filled| argument.strip_prefix('-') == Some(filled.option()));
    if let Some(filled) = origin {
        argument = format!("{argument} (set by {})", filled.origin());
    }
    let help = usage_of(words);
    match error.kind() {
        ErrorKind::InvalidValue => {
            let valid = texts(ContextKind::ValidValue).join(", ");
            let near = texts(ContextKind::SuggestedValue).pop();
            let near = near.map_or_else(String::new, |near| format!("did you mean {near}? "));
            CliError::new(format_args!("invalid value {value:?} for {argument}"))
                .with_remedy(format_args!("{near}valid values: {valid}"))
        }
        ErrorKind::ValueValidation => {
            let cause = std::error::Error::source(error);
            let reason = match cause.and_then(|cause| cause.downcast_ref::<CliError>()) {
                Some(ours) => {
                    return ours.clone().in_context(format_args!("invalid value {value:?} for {argument}"));
                }
                None => cause.map(ToString::to_string).unwrap_or_default(),
            };
            CliError::new(format_args!("invalid value {value:?} for {argument}: {reason}"))
        }
        ErrorKind::MissingRequiredArgument => {
            CliError::new(format_args!("{argument} is missing")).with_remedy(help)
        }
        ErrorKind::ArgumentConflict => {
            let other = names(ContextKind::PriorArg);
            CliError::new(format_args!("{argument} cannot be used with {other}")).with_remedy(help)
        }
        ErrorKind::UnknownArgument => {
            CliError::new(format_args!("unexpected argument {argument:?}")).with_remedy(help)
        }
        ErrorKind::TooManyValues if origin.is_some() => {
            CliError::new(format_args!("invalid value {value:?} for {argument}"))
                .with_remedy("use true or false")
        }
        _ => {
            let text = error.to_string();
            let line = text.lines().next().unwrap_or_default();
            CliError::new(line.trim_start_matches("error: ")).with_remedy(help)
        }
    }
}

/// The name of an argument in clap's notation: `--format <FORMAT>` is `-format`, and `<TOKEN>...` is `TOKEN`.
fn argument_name(notation: &str) -> String {
    let name = notation.split(' ').next().unwrap_or_default();
    match name.strip_prefix("--") {
        Some(flag) => format!("-{flag}"),
        None => name.trim_end_matches("...").trim_matches(['<', '>', '[', ']']).to_owned(),
    }
}
