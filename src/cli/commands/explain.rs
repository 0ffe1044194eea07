//! `peering explain`: what a check or a message of Consul means, why, and what to do.

use clap::{Args, ValueEnum};
use serde::Serialize;

use crate::cli::args::suggest;
use crate::cli::args::token;
use crate::cli::env::{eprint_line, print, width};
use crate::cli::exit::Exit;
use crate::explain;
use crate::explain::{Entry, Explanation};
use crate::lint::Check;
use crate::lint::rules;
use crate::render::{json, pretty, yaml};

/// Explain a check, or anything that Consul printed about a peering
///
/// Takes the name of a check of validate, the name of a message, or the text itself, as the command line, the HTTP API
/// or a log printed it, with all the wrapping around it. Says what it means, why it happens, what to do, and which
/// command to run next.
///
/// Exit codes: 0 it is known, 1 it is not, 2 it could not be read.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  peering explain ca-expires-soon
  peering explain 'a new peering token must be generated: invalid peering establishment secret'
  consul peering establish -name west -peering-token \"$TOKEN\" 2>&1 | peering explain -
  peering explain -list")]
pub struct Arguments {
    /// A name, a text, @FILE, or - for standard input; several words are one text
    #[arg(value_name = "CHECK|TEXT", required_unless_present = "list")]
    words: Vec<String>,
    /// List all checks and messages that are known
    #[arg(long)]
    list: bool,
    /// How to show it
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "pretty")]
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Pretty,
    Json,
    Yaml,
}

/// What `-format json` prints.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(crate) struct Document<'a> {
    /// [`SCHEMA_VERSION`].
    version: u32,
    /// The check that was named.
    checks: Vec<&'a Check>,
    /// The message that was named.
    named: Vec<&'a Entry>,
    /// What was found in a text.
    messages: Vec<Explanation>,
}

/// What `-list -format json` prints.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(crate) struct List<'a> {
    /// [`SCHEMA_VERSION`].
    version: u32,
    checks: &'a [&'a Check],
    messages: &'a [&'a Entry],
}

/// The longest text that may be a name, in bytes.
const MAX_NAME_LEN: usize = 64;

/// The version of both JSON forms.
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
    let text = match text(&arguments.words) {
        Ok(text) => text,
        Err(message) => {
            eprint_line(&format!("Error: {message}"));
            return Exit::Failed;
        }
    };
    if text.trim().is_empty() {
        eprint_line("Error: there is nothing to explain: the text is empty");
        return Exit::Failed;
    }
    let known = Known::find(text.trim());
    if known.is_nothing() {
        eprint_line(&unknown(text.trim()));
    }
    let exit = if known.is_nothing() { Exit::Findings } else { Exit::Done };
    let text = match arguments.format {
        Format::Pretty => known.pretty(),
        Format::Json => json::render(&Document::of(known)),
        Format::Yaml => yaml::render(&Document::of(known)),
    };
    exit.unless_unprinted(print(&text))
}

impl List<'_> {
    fn of_all() -> Self {
        List { version: SCHEMA_VERSION, checks: rules::ALL, messages: explain::entries() }
    }
}

impl Document<'_> {
    fn of(known: Known) -> Self {
        Document {
            version: SCHEMA_VERSION,
            checks: known.check.into_iter().collect(),
            named: known.named.into_iter().collect(),
            messages: known.messages,
        }
    }
}

/// What is known of a text.
struct Known {
    check: Option<&'static Check>,
    /// An entry that was named, which no text was matched with.
    named: Option<&'static Entry>,
    messages: Vec<Explanation>,
}

impl Known {
    fn find(text: &str) -> Self {
        // A name may be written as words.
        let name =
            if text.len() <= MAX_NAME_LEN { text.to_lowercase().replace(' ', "-") } else { String::new() };
        let (check, named) = (rules::find(&name), explain::entry(&name));
        let messages = if check.is_some() || named.is_some() { Vec::new() } else { explain::explain(text) };
        Self { check, named, messages }
    }

    fn is_nothing(&self) -> bool {
        self.check.is_none() && self.named.is_none() && self.messages.is_empty()
    }

    fn pretty(&self) -> String {
        let check = self.check.map(|check| pretty::check(check, width()));
        let named = self.named.map(|entry| pretty::entry(entry, width()));
        let messages = self.messages.iter().map(|explanation| pretty::explanation(explanation, width()));
        check.into_iter().chain(named).chain(messages).collect::<Vec<_>>().join("\n")
    }
}

fn text(words: &[String]) -> Result<String, String> {
    match words {
        [one] if one == "-" || one.starts_with('@') => {
            let given = token::read(one).map_err(|error| error.to_string())?;
            Ok(String::from_utf8_lossy(&given.text).into_owned())
        }
        words => Ok(words.join(" ")),
    }
}

fn unknown(text: &str) -> String {
    let names = rules::ALL.iter().map(|check| check.name);
    let names = names.chain(explain::entries().iter().map(|entry| entry.name));
    match suggest::nearest(text, names) {
        Some(name) => format!("Nothing of this name is known; is it {name}?"),
        None => "This text is not known. If Consul printed it about a peering, the whole of it helps: pipe all lines \
                 into \"peering explain -\". All that is known: peering explain -list"
            .to_owned(),
    }
}
