//! `peering find`: tokens in files, directories and histories.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use crate::cli::args::detail::DetailOptions;
use crate::cli::args::http_options::{HttpOptions, wait_for};
use crate::cli::args::ledger_options::{Kind, LedgerOptions};
use crate::cli::args::paths::{self, Named, unreadable};
use crate::cli::env::now;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::out_file::draft_beside;
use crate::cli::output::{note, print, screen};
use crate::cli::redaction;
use crate::find::Found;
use crate::find::baseline::Baseline;
use crate::find::report::{Report, Status, Unreadable};
use crate::find::token_found::{TokenFound, without_tokens};
use crate::gostd::os_error::os_error_text;
use crate::net::file;
use crate::net::find_files::{Outcome, Selection, search, search_pipe};
use crate::net::gather::staleness::{PROBE_TIMEOUT, Sources};
use crate::observed::Observed;
use crate::platform::{self, is_device_name, shared_draft};
use crate::render::{found, json, pretty};
use crate::staleness::{Assessment, assess};
use crate::token::encode;

/// The longest baseline, in bytes.
const MAX_BASELINE_LEN: usize = 64 * 1024 * 1024;

/// Find peering tokens in files, directories and git history
///
/// Shows where each token is, its peer ID, server name and fingerprint, and never the token. It finds tokens that are encoded
/// once or twice, wrapped, quoted or escaped, in any format: .env, YAML, HCL, JSON, notebooks, Terraform states, UTF-16,
/// uncompressed archives and databases. Text is reported only if it decodes into a token. Compressed files are not
/// unpacked.
///
/// In directories, it skips what .gitignore and .ignore exclude, hidden files except .env*, and symbolic links. Files that you
/// name are always searched. On standard input it reads any text, and the output of "git log -p", for which it shows the
/// commit, the file and the line.
///
/// Exit codes, the same in every format: 0 no token was found, or only those in -baseline, 1 a token was found, 2 a file or
/// directory could not be read.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  peering find .
  peering find -hidden -no-ignore ~/src
  git log -p --all | peering find -
  terraform state pull | peering find -
  peering find . -write-baseline .peering-baseline
  peering find . -baseline .peering-baseline -format sarif > peering.sarif
  peering find . -stale -probe")]
#[allow(clippy::struct_excessive_bools)] // independent switches
pub struct Arguments {
    /// A file, a directory, or - for standard input
    #[arg(value_name = "PATH", required = true)]
    paths: Vec<String>,
    /// Search hidden files and directories too
    #[arg(long, env = "PEERING_HIDDEN")]
    hidden: bool,
    /// Search files that .gitignore and .ignore exclude too, and the directory .git with -hidden
    #[arg(long, env = "PEERING_NO_IGNORE")]
    no_ignore: bool,
    /// Do not report the tokens whose fingerprints are in this file
    #[arg(long, env = "PEERING_BASELINE", value_name = "FILE")]
    baseline: Option<String>,
    /// Write the fingerprints of all tokens that are found to this file, for -baseline
    #[arg(long, value_name = "FILE")]
    write_baseline: Option<PathBuf>,
    /// Show whether each token still works, according to the ledger. This does not change the exit code
    #[arg(long, env = "PEERING_STALE")]
    stale: bool,
    /// With -stale, ask the servers that each token names too. This does not use the token, but connects to addresses in it
    #[arg(long, requires = "stale")]
    probe: bool,
    /// Output format
    #[arg(long, env = "PEERING_FORMAT", value_enum, value_name = "FORMAT", default_value = "pretty")]
    format: Format,
    #[command(flatten)]
    detail: DetailOptions,
    #[command(flatten)]
    ledger: LedgerOptions,
    #[command(flatten)]
    http: HttpOptions,
}

/// The formats of `find`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Text for people
    Pretty,
    /// One JSON document
    Json,
    /// One JSON object per token
    Jsonl,
    /// SARIF 2.1.0, for code scanning
    Sarif,
    /// Workflow annotations of GitHub Actions
    Github,
}

/// Runs the command.
pub fn run(arguments: &Arguments) -> Result<Exit, CliError> {
    let baseline = arguments.baseline.as_deref().map_or_else(|| Ok(Baseline::default()), read_baseline)?;
    let Outcome { found, mut unreadable, searched } = search_all(arguments);
    for found in &found {
        redaction::learn_token(encode(&found.token).as_bytes());
    }
    let errors = errors_of(&mut unreadable);
    let mut tokens: Vec<TokenFound> = found.iter().map(TokenFound::from).collect();
    if arguments.stale {
        wait_for(add_staleness(arguments, &found, &mut tokens))?;
    }
    if let Some(path) = &arguments.write_baseline {
        write_baseline(path, &tokens)?;
    }
    for error in errors {
        error.print();
    }
    let report = Report::new(tokens, &baseline, unreadable, searched);
    let screen = screen(arguments.detail.detail(), now());
    print(&match arguments.format {
        Format::Pretty => pretty::found(&report, &screen),
        Format::Json => json::render(&report),
        Format::Jsonl => found::jsonl(&report),
        Format::Sarif => found::sarif(&report),
        Format::Github => found::github(&report),
    })?;
    Ok(match report.status {
        Status::None => Exit::Done,
        // The baseline contains them now.
        Status::Found if arguments.write_baseline.is_some() => Exit::Done,
        Status::Found => Exit::Findings,
        Status::Unreadable => Exit::Failed,
    })
}

/// Searches everything that the arguments name.
fn search_all(arguments: &Arguments) -> Outcome {
    let selection = Selection { hidden: arguments.hidden, ignored: arguments.no_ignore };
    let mut outcome = Outcome::default();
    let mut files = Vec::new();
    let mut stdin_was_read = false;
    for argument in &arguments.paths {
        if argument == "-" {
            if !std::mem::replace(&mut stdin_was_read, true) {
                outcome.add(search_pipe("-", io::stdin().lock()));
            }
            continue;
        }
        match named(argument) {
            Ok(named) => files.extend(named),
            Err(error) => {
                outcome.unreadable.push(Unreadable { path: argument.clone(), reason: os_error_text(&error) });
            }
        }
    }
    outcome.add(search(&files, selection));
    outcome
}

/// Returns the files and directories that an argument names: itself, or what a pattern matches.
fn named(argument: &str) -> io::Result<Vec<PathBuf>> {
    let path = paths::expand_home(argument);
    if is_device_name(&path) {
        return Err(io::Error::other("a device has no end"));
    }
    match std::fs::symlink_metadata(&path) {
        Ok(_) => Ok(vec![path]),
        Err(error) => match paths::find(argument) {
            Ok(Named::Files(files)) => Ok(files.into_iter().map(|file| file.path).collect()),
            _ => Err(error),
        },
    }
}

/// Returns the error for each path that could not be read, and removes tokens from the paths.
fn errors_of(unread: &mut [Unreadable]) -> Vec<CliError> {
    let errors = unread.iter_mut().map(|unread| {
        let error = if let Err(error) = platform::metadata(&paths::expand_home(&unread.path)) {
            // The same advice as for every file.
            unreadable(&unread.path, &error)
        } else {
            let path = if unread.path == "-" { "standard input" } else { &unread.path };
            CliError::new(format_args!("cannot read {path}: {}", unread.reason))
        };
        unread.path = without_tokens(&unread.path);
        error
    });
    errors.collect()
}

fn read_baseline(argument: &str) -> Result<Baseline, CliError> {
    let path = paths::expand_home(argument);
    let text = file::read(&path, MAX_BASELINE_LEN).map_err(|error| unreadable(argument, &error))?;
    Baseline::parse(&String::from_utf8_lossy(&text)).map_err(|error| {
        CliError::new(format_args!("cannot read the baseline {argument}: {error}"))
            .with_remedy("write it with -write-baseline; start comments with #")
    })
}

/// Writes a baseline in one step, so that no reader sees a part of it.
fn write_baseline(path: &Path, tokens: &[TokenFound]) -> Result<(), CliError> {
    use std::io::Write as _;
    let write = || -> io::Result<()> {
        // A device or a pipe must not be replaced by a file.
        match platform::metadata(path) {
            Ok(metadata) if !metadata.is_file() => return Err(io::Error::other("not a regular file")),
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Ok(_) | Err(_) => {}
        }
        // A baseline is committed and read by others: it contains no secrets.
        let (path, mut file) = draft_beside(path, shared_draft())?;
        file.write_all(Baseline::write(tokens).as_bytes())?;
        file.persist(&path)?;
        Ok(())
    };
    write().map_err(|error| CliError::of_io(format_args!("cannot write {}", path.display()), &error))?;
    note(&format!("The baseline was written to {}", path.display()));
    Ok(())
}

/// Asks the ledger, and with `-probe` the acceptors, once about each token.
async fn add_staleness(
    arguments: &Arguments,
    found: &[Found],
    tokens: &mut [TokenFound],
) -> Result<(), CliError> {
    const NOT_ASKED: &str = "find does not ask a Consul: use peering stale";
    let kind = arguments.ledger.kind()?;
    let client = if kind == Kind::Consul { Some(arguments.http.client()?) } else { None };
    let mut sources = Sources::new(now);
    sources.ledger = arguments.ledger.read(kind, client.as_ref().ok_or(NOT_ASKED)).await;
    sources.consul = Observed::NotChecked(NOT_ASKED.to_owned());
    sources.snapshot = Observed::NotChecked("find reads no snapshot: use peering stale".to_owned());
    sources.probes = if arguments.probe {
        Observed::Value(PROBE_TIMEOUT)
    } else {
        Observed::NotChecked("-probe was not given".to_owned())
    };
    let mut known: HashMap<&str, Assessment> = HashMap::new();
    for (found, shown) in found.iter().zip(tokens) {
        let assessment = match known.get(found.fingerprint.as_str()) {
            Some(assessment) => assessment.clone(),
            None => assess(&shown.path, &found.token, &sources.query(&found.token).await),
        };
        known.entry(&found.fingerprint).or_insert_with(|| assessment.clone());
        shown.staleness = Some(Assessment { source: shown.path.clone(), ..assessment });
    }
    Ok(())
}
