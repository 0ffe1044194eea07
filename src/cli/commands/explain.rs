//! `peering explain`: what a check or a message means, its causes and its remedy.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;

use crate::cli::args::output_format::OutputFormat;
use crate::cli::args::suggest;
use crate::cli::args::token::read_text;
use crate::cli::env::{now, print, screen};
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::explain;
use crate::explain::log::{LogReader, LogReport, MAX_RECORD_LEN};
use crate::explain::{Entry, Explanation};
use crate::lint::Check;
use crate::lint::rules;
use crate::render::pretty::{self, Detail, Screen};

/// Explain a check or a message from Consul
///
/// Shows what a check or a message means, its causes, what to do, and the next command to run. Pass the name of a check
/// or of a message, or the text that Consul's command line, HTTP API or log printed. You can paste whole lines: other
/// text around the message is ignored. With -log, reads a server log of any size and shows what it contains about each
/// peering.
///
/// Exit codes: 0 explained, 1 unknown text or name, 2 the text could not be read.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  peering explain ca-expires-soon
  peering explain 'a new peering token must be generated: invalid peering establishment secret'
  consul peering establish -name west -peering-token \"$TOKEN\" 2>&1 | peering explain -
  peering explain -log consul.log
  peering explain -list")]
pub struct Arguments {
    /// Name or text, @FILE, or - for standard input (several arguments are joined)
    #[arg(value_name = "CHECK|TEXT", required_unless_present_any = ["list", "log"])]
    text: Vec<String>,
    /// Explain what a server log contains about each peering: a file, or - for standard input
    #[arg(long, value_name = "FILE", conflicts_with_all = ["text", "list"])]
    log: Option<PathBuf>,
    /// List all checks and messages
    #[arg(long)]
    list: bool,
    /// Output format
    #[arg(long, env = "PEERING_FORMAT", value_enum, value_name = "FORMAT", default_value = "pretty")]
    format: OutputFormat,
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

/// The output of `-log FILE -format json`.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(crate) struct LogDocument {
    /// [`SCHEMA_VERSION`].
    version: u32,
    #[serde(flatten)]
    report: LogReport,
}

/// Maximum length of a text that may be a name, in bytes.
const MAX_NAME_LEN: usize = 64;

/// The version of both JSON documents.
const SCHEMA_VERSION: u32 = 1;

/// Runs the command.
pub fn run(arguments: &Arguments) -> Result<Exit, CliError> {
    if arguments.list {
        let list = || pretty::list_of_all(rules::ALL, explain::entries(), &normal_screen());
        print(&arguments.format.render(&List::of_all(), list))?;
        return Ok(Exit::Done);
    }
    if let Some(log) = &arguments.log {
        return explain_log(log, arguments.format);
    }
    let text = match &arguments.text[..] {
        [one] => read_text(one)?,
        parts => parts.join(" "),
    };
    let text = text.trim();
    if text.is_empty() {
        return Err(CliError::new("the text to explain is empty"));
    }
    let matches = Matches::find(text);
    let exit = if matches.is_empty() { Exit::Findings } else { Exit::Done };
    if matches.is_empty() {
        unknown(text).print();
    }
    let pretty = matches.pretty();
    print(&arguments.format.render(&Document::of(matches), || pretty))?;
    Ok(exit)
}

fn normal_screen() -> Screen {
    screen(Detail::Normal, now())
}

/// Reads a log line by line.
fn explain_log(path: &Path, format: OutputFormat) -> Result<Exit, CliError> {
    let unreadable = |error: &io::Error| CliError::of_io("could not read the log", error);
    let report = if path == Path::new("-") {
        read_log(io::stdin().lock())
    } else {
        let file = File::open(path).map_err(|error| unreadable(&error))?;
        read_log(BufReader::new(file))
    };
    let report = report.map_err(|error| unreadable(&error))?;
    let exit = if report.peerings.is_empty() { Exit::Findings } else { Exit::Done };
    let document = LogDocument { version: SCHEMA_VERSION, report };
    print(&format.render(&document, || pretty::log_report(&document.report, &normal_screen())))?;
    Ok(exit)
}

/// The maximum length of a line of a log, in bytes. `/dev/zero` is one line without an end.
const MAX_LINE_LEN: usize = 64 * 1024 * 1024;

/// Reads lines of bounded length. The rest of a longer line is skipped.
fn read_log(mut input: impl BufRead) -> io::Result<LogReport> {
    let mut reader = LogReader::default();
    let mut line = Vec::new();
    let mut line_len = 0;
    loop {
        let buffer = input.fill_buf()?;
        if buffer.is_empty() {
            break;
        }
        let end = memchr::memchr(b'\n', buffer);
        let part = &buffer[..end.unwrap_or(buffer.len())];
        line.extend_from_slice(&part[..part.len().min(MAX_RECORD_LEN - line.len())]);
        line_len += part.len();
        if line_len > MAX_LINE_LEN {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "it is not a log: a line is longer than 64 MiB",
            ));
        }
        let read = end.map_or(buffer.len(), |end| end + 1);
        input.consume(read);
        if end.is_some() {
            reader.push(String::from_utf8_lossy(&line).trim_end_matches('\r'));
            line.clear();
            line_len = 0;
        }
    }
    if !line.is_empty() {
        reader.push(&String::from_utf8_lossy(&line));
    }
    Ok(reader.finish())
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
        let screen = normal_screen();
        let check = self.check.map(|check| pretty::check(check, &screen));
        let entry = self.entry.map(|entry| pretty::entry(entry, &screen));
        let messages = self.messages.iter().map(|explanation| pretty::explanation(explanation, &screen));
        check.into_iter().chain(entry).chain(messages).collect::<Vec<_>>().join("\n")
    }
}

fn unknown(text: &str) -> CliError {
    let names = rules::ALL.iter().map(|check| check.name);
    let names = names.chain(explain::entries().iter().map(|entry| entry.name));
    match suggest::nearest(text, names) {
        Some(name) => CliError::new(format_args!("no check or message is named {text:?}"))
            .with_remedy(format_args!("did you mean {name}? peering explain -list shows all names")),
        None => unknown_message(text),
    }
}

/// The error that a text contains no known message. It names the most similar one.
pub fn unknown_message(text: &str) -> CliError {
    let error = CliError::new("the text contains no known message");
    match explain::nearest(text) {
        Some((entry, message)) => error
            .with_detail(format_args!("the most similar known message is {message:?}"))
            .with_remedy(format_args!("if that is the message, run: peering explain {}", entry.name)),
        None => error.with_remedy("pipe the complete output of Consul into \"peering explain -\""),
    }
}
