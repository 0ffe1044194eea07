//! `peering explain`: what a check or a message of Consul means, why, and what to do.

use clap::Args;
use serde::Serialize;

use crate::cli::args::output_format::OutputFormat;
use crate::cli::args::suggest;
use crate::cli::args::token::read_text;
use crate::cli::env::{print, width};
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::explain;
use crate::explain::{Entry, Explanation};
use crate::lint::Check;
use crate::lint::rules;
use crate::render::pretty;

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
    format: OutputFormat,
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
pub fn run(arguments: &Arguments) -> Result<Exit, CliError> {
    if arguments.list {
        let list = || pretty::list_of_all(rules::ALL, explain::entries(), width());
        print(&arguments.format.render(&List::of_all(), list))?;
        return Ok(Exit::Done);
    }
    let text = match &arguments.words[..] {
        [one] => read_text(one)?,
        words => words.join(" "),
    };
    let text = text.trim();
    if text.is_empty() {
        return Err(CliError::new("the text to explain is empty"));
    }
    let known = Known::find(text);
    let exit = if known.is_nothing() { Exit::Findings } else { Exit::Done };
    if known.is_nothing() {
        unknown(text).print();
    }
    let pretty = known.pretty();
    print(&arguments.format.render(&Document::of(known), || pretty))?;
    Ok(exit)
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

fn unknown(text: &str) -> CliError {
    let names = rules::ALL.iter().map(|check| check.name);
    let names = names.chain(explain::entries().iter().map(|entry| entry.name));
    match suggest::nearest(text, names) {
        Some(name) => CliError::new("no check or message has this name")
            .with_remedy(format_args!("did you mean {name}? peering explain -list shows all names")),
        None => CliError::new("no known message matches this text")
            .with_remedy("pipe all lines that Consul printed into \"peering explain -\""),
    }
}
