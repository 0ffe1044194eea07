//! `peering explain`: what a check or a message means, its causes and its remedy.

use std::io::{self, BufRead, BufReader, Read};

use clap::Args;
use serde::Serialize;

use crate::checks;
use crate::cli::args::output_format::OutputFormat;
use crate::cli::args::paths::{self, Named, NamedFile};
use crate::cli::args::suggest;
use crate::cli::args::token::read_text;
use crate::cli::env::now;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::output::screen;
use crate::cli::redaction;
use crate::explain;
use crate::explain::log::{LogReader, LogReport, MAX_RECORD_LEN};
use crate::explain::{Entry, Explanation};
use crate::lint::Check;
use crate::net::file::open as open_file;
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
  peering explain -list certificate")]
pub struct Arguments {
    /// Name, HTTP status or text, a file, or - for standard input (several arguments are joined)
    #[arg(value_name = "CHECK|TEXT", required_unless_present_any = ["list", "log"])]
    text: Vec<String>,
    /// Explain what a server log contains about each peering: a file, or - for standard input
    #[arg(long, value_name = "FILE", conflicts_with_all = ["text", "list"])]
    log: Option<String>,
    /// List all checks and messages, or those whose name or summary contains TEXT
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
    /// The checks with the given name, or with the given word in their names.
    checks: Vec<&'a Check>,
    /// The entries with the given name, word or HTTP status.
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
    /// All checks, or those that contain the given text.
    checks: Vec<&'a Check>,
    /// All entries, or those that contain the given text.
    entries: Vec<&'a Entry>,
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

/// Minimum length of a word that names are searched for, in bytes.
const MIN_WORD_LEN: usize = 3;

/// The version of both JSON documents.
const SCHEMA_VERSION: u32 = 1;

/// Runs the command.
pub fn run(arguments: &Arguments) -> Result<Exit, CliError> {
    if arguments.list {
        let list = List::containing(&arguments.text.join(" "));
        arguments.format.print(&list, || list.pretty())?;
        return Ok(if list.is_empty() { Exit::Findings } else { Exit::Done });
    }
    if let Some(log) = &arguments.log {
        return explain_log(log, arguments.format);
    }
    let text = match &arguments.text[..] {
        // The name of a check may also be the name of a file.
        [one] if Matches::is_name(one) => one.clone(),
        [one] => read_text(one)?,
        parts => parts.join(" "),
    };
    redaction::learn_text(&text);
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
    arguments.format.print(&Document::of(matches), || pretty)?;
    Ok(exit)
}

fn normal_screen() -> Screen {
    screen(Detail::Normal, now())
}

/// Reads a log line by line. Several files, such as rotated logs, are read in the order of their names.
fn explain_log(argument: &str, format: OutputFormat) -> Result<Exit, CliError> {
    let mut reader = LogReader::default();
    let files = match paths::find(argument)? {
        Named::Stdin => {
            let read = read_log(buffered(io::stdin().lock()), &mut reader);
            read.map_err(|error| paths::unreadable("standard input", &error))?;
            Vec::new()
        }
        Named::Files(files) => files,
        Named::Text => vec![NamedFile { source: argument.to_owned(), path: argument.into() }],
    };
    for file in files {
        let read = open_file(&file.path).and_then(|log| read_log(buffered(log), &mut reader));
        read.map_err(|error| paths::unreadable(&file.source, &error))?;
    }
    let report = reader.finish();
    let exit = if report.peerings.is_empty() { Exit::Findings } else { Exit::Done };
    let document = LogDocument { version: SCHEMA_VERSION, report };
    format.print(&document, || pretty::log_report(&document.report, &normal_screen()))?;
    Ok(exit)
}

/// The length of the part of a log that is read at once, in bytes. It fits into the processor's cache.
const BUFFER_LEN: usize = 128 * 1024;

/// The maximum length of a line of a log, in bytes. `/dev/zero` is one line without an end.
const MAX_LINE_LEN: usize = 64 * 1024 * 1024;

fn buffered<R: Read>(log: R) -> BufReader<R> {
    BufReader::with_capacity(BUFFER_LEN, log)
}

/// Reads lines of bounded length. The rest of a longer line is skipped.
fn read_log(mut input: impl BufRead, reader: &mut LogReader) -> io::Result<()> {
    let mut line = Vec::new();
    let mut line_len = 0;
    loop {
        let buffer = input.fill_buf()?;
        if buffer.is_empty() {
            break;
        }
        // What -redact replaces may be in any line.
        let lines_end = memchr::memrchr(b'\n', buffer).filter(|_| line_len == 0 && !redaction::is_learning());
        if let Some(end) = lines_end {
            reader.push_lines(&buffer[..=end]);
            input.consume(end + 1);
            continue;
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
            let text = String::from_utf8_lossy(&line);
            redaction::learn_text(&text);
            reader.push(text.trim_end_matches('\r'));
            line.clear();
            line_len = 0;
        }
    }
    if !line.is_empty() {
        let text = String::from_utf8_lossy(&line);
        redaction::learn_text(&text);
        reader.push(&text);
    }
    Ok(())
}

impl List<'_> {
    /// Returns the checks and entries whose name or summary contains a text; all for an empty text.
    fn containing(text: &str) -> Self {
        let text = text.to_lowercase();
        let contains = |name: &str, summary: &str| {
            name.contains(&text.replace(' ', "-")) || summary.to_lowercase().contains(&text)
        };
        let checks = checks::all().filter(|check| contains(check.name, check.summary));
        let entries = explain::entries().iter().copied();
        let entries = entries.filter(|entry| contains(entry.name, entry.summary)).collect();
        List { version: SCHEMA_VERSION, checks: checks.collect(), entries }
    }

    fn is_empty(&self) -> bool {
        self.checks.is_empty() && self.entries.is_empty()
    }

    fn pretty(&self) -> String {
        if self.is_empty() {
            return "No check or message contains this text. All: peering explain -list\n".to_owned();
        }
        pretty::list_of_all(&self.checks, &self.entries, &normal_screen())
    }
}

impl Document<'_> {
    fn of(matches: Matches) -> Self {
        let Matches { checks, entries, messages } = matches;
        Document { version: SCHEMA_VERSION, checks, entries, messages }
    }
}

/// The checks, entries or messages that match a text.
#[derive(Default)]
struct Matches {
    checks: Vec<&'static Check>,
    entries: Vec<&'static Entry>,
    messages: Vec<Explanation>,
}

impl Matches {
    /// Finds a name, an HTTP status, a message, or the names that contain a word, in this order.
    fn find(text: &str) -> Self {
        // A name may contain spaces instead of dashes.
        let name =
            if text.len() <= MAX_NAME_LEN { text.to_lowercase().replace(' ', "-") } else { String::new() };
        let named = Self {
            checks: checks::find(&name).into_iter().collect(),
            entries: explain::entry(&name).into_iter().collect(),
            messages: Vec::new(),
        };
        if !named.is_empty() {
            return named;
        }
        let entries = explain::with_status(&name);
        if !entries.is_empty() {
            return Self { entries, ..Self::default() };
        }
        let found = Self { messages: explain::explain(text), ..Self::default() };
        if found.is_empty() { Self::with_word(&name) } else { found }
    }

    /// Returns whether a text is the name of a check or entry, or an HTTP status.
    fn is_name(text: &str) -> bool {
        let has_status = !explain::with_status(text).is_empty();
        has_status || checks::find(text).is_some() || explain::entry(text).is_some()
    }

    /// Finds the checks and entries whose names contain a word, such as `address`.
    fn with_word(word: &str) -> Self {
        if word.len() < MIN_WORD_LEN {
            return Self::default();
        }
        let contains = |name: &str| name == word || name.split('-').any(|part| part.starts_with(word));
        let checks = checks::all().filter(|check| contains(check.name)).collect();
        let entries = explain::entries().iter().copied().filter(|entry| contains(entry.name)).collect();
        Self { checks, entries, messages: Vec::new() }
    }

    fn is_empty(&self) -> bool {
        self.checks.is_empty() && self.entries.is_empty() && self.messages.is_empty()
    }

    fn pretty(&self) -> String {
        let screen = normal_screen();
        if self.checks.len() > 1 || self.entries.len() > 1 {
            let list = pretty::list_of_all(&self.checks, &self.entries, &screen);
            return format!("{list}\nExplain one: peering explain NAME\n");
        }
        let checks = self.checks.iter().map(|check| pretty::check(check, &screen));
        let entries = self.entries.iter().map(|entry| pretty::entry(entry, &screen));
        let messages = self.messages.iter().map(|explanation| pretty::explanation(explanation, &screen));
        checks.chain(entries).chain(messages).collect::<Vec<_>>().join("\n")
    }
}

fn unknown(text: &str) -> CliError {
    let names = checks::all().map(|check| check.name);
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
