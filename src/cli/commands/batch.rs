//! `peering validate -batch`: a stream of tokens on many threads, with a progress bar and a clean end on Ctrl-C.

pub(crate) mod interrupt;
pub(crate) mod progress;

use std::fs::File;
use std::io::{self, Read};
use std::num::NonZero;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use jiff::{SignedDuration, Timestamp};

use crate::cli::args::output_format::ReportFormat;
use crate::cli::env::{eprint_line, print, stderr_is_a_terminal, unprinted};
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::lint::batch::{End, LineResult, Outcome, Settings, Streams, Summary, run as judge};
use crate::lint::report::RuleSet;
use crate::lint::rule::Severity;
use crate::render::{jsonl, pretty};
use interrupt::Interruptible;
use progress::Progress;

/// What `-batch` was asked for.
#[derive(Debug)]
pub struct Batch {
    /// A file's path, or `-` for standard input.
    pub source: String,
    /// How to show the results.
    pub format: ReportFormat,
    /// How many workers; `None`: as many as this process may use processors.
    pub jobs: Option<NonZero<usize>>,
    /// Which checks run.
    pub selection: RuleSet,
    /// What makes the exit code 1.
    pub fail_on: Severity,
    /// The time at which every token is judged.
    pub now: Timestamp,
    /// How long before its expiry a certificate is worth a warning.
    pub warn_before: SignedDuration,
}

/// Judges the batch.
///
/// `pretty` writes a line for each token that fails, and the summary; `jsonl` an object for each token, and the summary
/// to standard error when that is a terminal or when the batch was cut short. The other formats are one document, which
/// would have to be held until the end.
///
/// 0: nothing is as bad as `fail_on`; 1: something is; 2: the input could not be read to its end or the results could
/// not be written, or the batch was interrupted: nobody should take a part for the whole.
pub fn run(batch: &Batch) -> Result<Exit, CliError> {
    let render: &(dyn Fn(&LineResult<'_>, &mut Vec<u8>) + Sync) = match batch.format {
        ReportFormat::Pretty => &pretty::batch_line,
        ReportFormat::Jsonl => &jsonl::render,
        ReportFormat::Json | ReportFormat::Sarif | ReportFormat::Junit => {
            return Err(CliError::new("-batch writes one line per token: -format pretty or jsonl only")
                .with_remedy("use -format jsonl"));
        }
    };
    let interrupt = interrupt::flag();
    let (source, size) = open(&batch.source)
        .map_err(|error| CliError::of_io(format_args!("cannot read {}", shown(&batch.source)), &error))?;
    let input = Interruptible::new(source, Arc::clone(&interrupt));
    let progress = Progress::new(size);
    let outcome = judge_all(batch, input, io::stdout(), render, &interrupt, &progress);
    progress.finish();
    conclude(batch, outcome)
}

fn judge_all(
    batch: &Batch,
    input: impl Read + Send,
    output: io::Stdout,
    render: &(dyn Fn(&LineResult<'_>, &mut Vec<u8>) + Sync),
    interrupt: &AtomicBool,
    progress: &Progress,
) -> Outcome {
    let processors = std::thread::available_parallelism().unwrap_or(NonZero::<usize>::MIN);
    let settings = Settings {
        jobs: batch.jobs.unwrap_or(processors),
        selection: batch.selection.clone(),
        fail_on: batch.fail_on,
        now: batch.now,
        warn_before: batch.warn_before,
    };
    let told = |summary: &Summary| progress.set(summary);
    judge(Streams { input, output, interrupt, render, progress: &told }, &settings)
}

fn conclude(batch: &Batch, outcome: Outcome) -> Result<Exit, CliError> {
    let Outcome { summary, end } = outcome;
    let judged = if summary.failing > 0 { Exit::Findings } else { Exit::Done };
    let exit = match end {
        End::Finished => judged,
        // It was told enough; there is nobody to tell more.
        End::ReaderGone => return Ok(judged),
        End::Interrupted => {
            eprint_line("Interrupted: these are not all the tokens.");
            Exit::Failed
        }
        End::Input(error) => {
            CliError::new(format_args!("cannot read {} to its end: {error}", shown(&batch.source))).print();
            Exit::Failed
        }
        End::Output(error) => return Err(unprinted(&error)),
    };
    let text = pretty::batch_summary(&summary);
    if batch.format == ReportFormat::Pretty {
        print(&text)?;
    } else if exit == Exit::Failed || stderr_is_a_terminal() {
        eprint_line(text.trim_end());
    }
    Ok(exit)
}

/// Where lines come from.
enum Source {
    File(File),
    Stdin(io::Stdin),
}

/// Opens a source, and tells its size if it has one.
fn open(source: &str) -> io::Result<(Source, Option<u64>)> {
    if source == "-" {
        return Ok((Source::Stdin(io::stdin()), None));
    }
    let file = File::open(source)?;
    let metadata = file.metadata()?;
    if metadata.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    Ok((Source::File(file), metadata.is_file().then_some(metadata.len())))
}

impl Read for Source {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::File(file) => file.read(buffer),
            Self::Stdin(stdin) => stdin.read(buffer),
        }
    }
}

impl AsFd for Source {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::File(file) => file.as_fd(),
            Self::Stdin(stdin) => stdin.as_fd(),
        }
    }
}

fn shown(source: &str) -> String {
    if source == "-" { "standard input".to_owned() } else { pretty::printable(source) }
}
