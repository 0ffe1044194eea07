//! `peering validate -batch`: checks a stream of tokens on several threads, with a progress bar, until Ctrl-C.

mod interrupt;
mod progress;
mod source;

use std::io::{self, Read};
use std::num::NonZero;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use crate::cli::args::output_format::ReportFormat;
use crate::cli::env::stderr_is_a_terminal;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::output::{eprint_line, print, unprinted};
use crate::cli::redaction;
use crate::lint::batch::{self, End, LineResult, Outcome, Settings, Streams, Summary};
use crate::lint::{Options, Severity};
use crate::render::{jsonl, pretty};
use interrupt::Interruptible;
use progress::Progress;

/// The arguments of a batch.
#[derive(Debug)]
pub struct Batch {
    /// Files, or `-` for standard input.
    pub source: String,
    /// The output format.
    pub format: ReportFormat,
    /// The number of workers; `None`: one per available core.
    pub jobs: Option<NonZero<usize>>,
    /// How to check each token.
    pub options: Options,
    /// A finding of at least this severity leads to exit code 1.
    pub fail_on: Severity,
}

/// Checks the batch.
///
/// `pretty` writes a line for each token that fails, and the summary. `jsonl` writes an object for each token, and the
/// summary to standard error if that is a terminal or if the batch ended early. The other formats are one document,
/// which would have to be held in memory until the end.
///
/// Exit codes: 0 no token fails, 1 a token fails, 2 not all tokens were checked or written, or the batch was
/// interrupted. A panic costs the line that it happened in, and leads to exit code 2.
pub fn run(arguments: &Batch) -> Result<Exit, CliError> {
    let render: &(dyn Fn(&LineResult<'_>, &mut Vec<u8>) + Sync) = match arguments.format {
        ReportFormat::Pretty => &pretty::batch_line,
        ReportFormat::Jsonl => &jsonl::render,
        _ => {
            return Err(CliError::new("-batch writes one line per token: -format pretty or jsonl only")
                .with_remedy("use -format jsonl"));
        }
    };
    let redacted = |line: &LineResult<'_>, lines: &mut Vec<u8>| redaction::write_line(line, render, lines);
    let render = if redaction::aliases().is_some() { &redacted } else { render };
    let interrupt = interrupt::flag();
    let (source, size) = source::open(&arguments.source)?;
    let input = Interruptible::new(source, Arc::clone(&interrupt));
    let progress = Progress::new(size);
    let outcome = check_all(arguments, input, io::stdout(), render, &interrupt, &progress);
    progress.finish();
    conclude(arguments, outcome)
}

fn check_all(
    arguments: &Batch,
    input: impl Read + Send,
    output: io::Stdout,
    render: &(dyn Fn(&LineResult<'_>, &mut Vec<u8>) + Sync),
    interrupt: &AtomicBool,
    progress: &Progress,
) -> Outcome {
    let cores = std::thread::available_parallelism().unwrap_or(NonZero::<usize>::MIN);
    let settings = Settings {
        // The numbers of aliases depend on the order of the lines.
        jobs: if redaction::aliases().is_some() {
            NonZero::<usize>::MIN
        } else {
            arguments.jobs.unwrap_or(cores)
        },
        options: arguments.options.clone(),
        fail_on: arguments.fail_on,
    };
    let progress = |summary: &Summary| progress.set(summary);
    batch::run(Streams { input, output, interrupt, render, progress: &progress }, &settings)
}

fn conclude(arguments: &Batch, outcome: Outcome) -> Result<Exit, CliError> {
    let Outcome { summary, end } = outcome;
    let result = match summary {
        Summary { internal_errors: 1.., .. } => Exit::Failed,
        Summary { failing: 1.., .. } => Exit::Findings,
        _ => Exit::Done,
    };
    let exit = match end {
        End::Finished => result,
        // The reader closed the output, so a summary would go nowhere.
        End::ReaderGone => return Ok(result),
        End::Interrupted => {
            eprint_line("Interrupted: not all tokens were checked.");
            Exit::Failed
        }
        End::Input(error) => {
            CliError::new(format_args!("cannot read {} to its end: {error}", shown(&arguments.source)))
                .print();
            Exit::Failed
        }
        End::Output(error) => return Err(unprinted(&error)),
    };
    let text = pretty::batch_summary(&summary);
    if arguments.format == ReportFormat::Pretty {
        print(&text)?;
    } else if exit == Exit::Failed || stderr_is_a_terminal() {
        eprint_line(text.trim_end());
    }
    Ok(exit)
}

fn shown(source: &str) -> String {
    if source == "-" { "standard input".to_owned() } else { pretty::printable(source) }
}
