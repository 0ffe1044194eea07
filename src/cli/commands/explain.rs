//! `peering explain`: what a check or a message means, its causes and its remedy.

use clap::{Args, ValueEnum};
use serde::Serialize;

use crate::cli::args::suggest;
use crate::cli::args::token;
use crate::cli::env::{eprint_line, print, width};
use crate::cli::exit::Exit;
use crate::explain;
use crate::explain::{Entry, Explanation};
use crate::lint::rule::Check;
use crate::lint::rules;
use crate::render::{json, pretty, yaml};

/// Explain a check or a message from Consul
///
/// Shows what a check or a message means, its causes, what to do, and the next command to run. Pass the name of a check
/// or of a message, or the text that Consul's command line, HTTP API or log printed. You can paste whole lines: other
/// text around the message is ignored.
///
/// Exit codes: 0 explained, 1 unknown text or name, 2 the text could not be read.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  peering explain ca-expires-soon
  peering explain 'a new peering token must be generated: invalid peering establishment secret'
  consul peering establish -name west -peering-token \"$TOKEN\" 2>&1 | peering explain -
  peering explain -list")]
pub struct Arguments {
    /// Name or text, @FILE, or - for standard input (several arguments are joined)
    #[arg(value_name = "CHECK|TEXT", required_unless_present = "list")]
    text: Vec<String>,
    /// List all checks and messages
    #[arg(long)]
    list: bool,
    /// Output format
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "pretty")]
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Pretty,
    Json,
    Yaml,
}

/// The output of `-format json`.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(crate) struct Document<'a> {
    /// [`SCHEMA_VERSION`].
    version: u32,
    /// The check with the given name.
    checks: Vec<&'a Check>,
    /// The entry with the given name.
    entries: Vec<&'a Entry>,
    /// The messages that were found in the given text.
    messages: Vec<Explanation>,
}

/// The output of `-list -format json`.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(crate) struct List<'a> {
    /// [`SCHEMA_VERSION`].
    version: u32,
    /// All checks.
    checks: &'a [&'a Check],
    /// All entries.
    entries: &'a [&'a Entry],
}

/// Maximum length of a text that may be a name, in bytes.
const MAX_NAME_LEN: usize = 64;

/// The version of both JSON documents.
const SCHEMA_VERSION: u32 = 1;

/// Runs the command.
pub fn run(arguments: &Arguments) -> Exit {
    if arguments.list {
        let text = match arguments.format {
            Format::Pretty => pretty::list_of_all(rules::ALL, explain::entries(), width()),
            Format::Json => json::render(&List::of_all()),
            Format::Yaml => yaml::render(&List::of_all()),
        };
        return Exit::of_printing(print(&text));
    }
    let text = match joined_text(&arguments.text) {
        Ok(text) => text,
        Err(message) => {
            eprint_line(&format!("Error: {message}"));
            return Exit::Failed;
        }
    };
    if text.trim().is_empty() {
        eprint_line("Error: the text is empty");
        return Exit::Failed;
    }
    let matches = Matches::find(text.trim());
    if matches.is_empty() {
        eprint_line(&unknown(text.trim()));
    }
    let exit = if matches.is_empty() { Exit::Findings } else { Exit::Done };
    let text = match arguments.format {
        Format::Pretty => matches.pretty(),
        Format::Json => json::render(&Document::of(matches)),
        Format::Yaml => yaml::render(&Document::of(matches)),
    };
    exit.unless_unprinted(print(&text))
}

impl List<'_> {
    fn of_all() -> Self {
        List { version: SCHEMA_VERSION, checks: rules::ALL, entries: explain::entries() }
    }
}

impl Document<'_> {
    fn of(matches: Matches) -> Self {
        Document {
            version: SCHEMA_VERSION,
            checks: matches.check.into_iter().collect(),
            entries: matches.entry.into_iter().collect(),
            messages: matches.messages,
        }
    }
}

/// The check, entry or messages that match a text.
struct Matches {
    check: Option<&'static Check>,
    entry: Option<&'static Entry>,
    messages: Vec<Explanation>,
}

impl Matches {
    fn find(text: &str) -> Self {
        // A name may contain spaces instead of dashes.
        let name =
            if text.len() <= MAX_NAME_LEN { text.to_lowercase().replace(' ', "-") } else { String::new() };
        let (check, entry) = (rules::find(&name), explain::entry(&name));
        let messages = if check.is_some() || entry.is_some() { Vec::new() } else { explain::explain(text) };
        Self { check, entry, messages }
    }

    fn is_empty(&self) -> bool {
        self.check.is_none() && self.entry.is_none() && self.messages.is_empty()
    }

    fn pretty(&self) -> String {
        let check = self.check.map(|check| pretty::check(check, width()));
        let entry = self.entry.map(|entry| pretty::entry(entry, width()));
        let messages = self.messages.iter().map(|explanation| pretty::explanation(explanation, width()));
        check.into_iter().chain(entry).chain(messages).collect::<Vec<_>>().join("\n")
    }
}

fn joined_text(arguments: &[String]) -> Result<String, String> {
    match arguments {
        [one] if one == "-" || one.starts_with('@') => {
            let given = token::read(one).map_err(|error| error.to_string())?;
            Ok(String::from_utf8_lossy(&given.text).into_owned())
        }
        parts => Ok(parts.join(" ")),
    }
}

fn unknown(text: &str) -> String {
    let names = rules::ALL.iter().map(|check| check.name);
    let names = names.chain(explain::entries().iter().map(|entry| entry.name));
    match suggest::nearest(text, names) {
        Some(name) => format!("Error: no check or message is named {text:?}\nDid you mean {name:?}?"),
        None => "Error: the text contains no known message\nPass the complete output of Consul \
                 (consul … 2>&1 | peering explain -), or list all messages: peering explain -list"
            .to_owned(),
    }
}
