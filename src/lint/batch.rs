//! Many tokens: a stream of lines is judged line by line, in constant memory, on as many threads as asked for.
//!
//! A line is a token, or a JSON object whose `token` key holds one; the other keys of such an object are handed
//! through. Lines that hold no token are results too. Blank lines are skipped; a line's index is its number in the
//! stream, from 1, blank lines counted. Line ends are `\n` or `\r\n`, and the last line needs none.
//!
//! Every worker takes a chunk of lines in turn, judges and renders it, and hands it in; what is handed in before its
//! turn waits, and so does a worker when too much waits. So the output is in the order of the input, whatever the
//! number of workers, and there is never more in memory than a few chunks for each of them.

pub(crate) mod cache;
pub(crate) mod chunk;
pub(crate) mod input;
pub(crate) mod input_line;
pub(crate) mod ordered_writer;
pub(crate) mod summary;
pub(crate) mod worker;

use std::io::{self, Read, Write};
use std::num::NonZero;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};

use super::report::RuleSet;
use super::rule::Severity;

pub use input_line::LineFault;
pub use summary::Summary;
pub use worker::{LineResult, Verdict};

use chunk::Chunk;
use input::Input;
use ordered_writer::OrderedWriter;
use worker::Worker;

/// How a batch is judged.
#[derive(Debug, Clone)]
pub struct Settings {
    /// How many workers there are. One works on the caller's thread.
    pub jobs: NonZero<usize>,
    /// Which checks run.
    pub selection: RuleSet,
    /// A token with a finding at least as bad as this counts as failing.
    pub fail_on: Severity,
    /// The time at which every token is judged.
    pub now: Timestamp,
    /// How long before its expiry a certificate is worth a warning.
    pub warn_before: SignedDuration,
}

/// What came of a batch.
#[derive(Debug)]
pub struct Outcome {
    /// What was judged and written.
    pub summary: Summary,
    /// Why it ended.
    pub end: End,
}

/// Why a batch ended.
#[derive(Debug)]
pub enum End {
    /// Every line was judged.
    Finished,
    /// The interrupt flag was raised. What was being judged then was still written.
    Interrupted,
    /// The reader of the output went away: it has seen enough.
    ReaderGone,
    /// The input could not be read further. The lines before were still written.
    Input(io::Error),
    /// The output could not be written.
    Output(io::Error),
}

/// What a batch needs from its caller.
pub struct Streams<'a, I, O> {
    /// Lines.
    pub input: I,
    /// Where results go, whole chunks at a time; it needs no buffer.
    pub output: O,
    /// Raised by somebody else to end the batch early. A read that blocks is not ended by it.
    pub interrupt: &'a AtomicBool,
    /// Writes one result into a buffer.
    pub render: &'a (dyn Fn(&LineResult<'_>, &mut Vec<u8>) + Sync),
    /// Told what was written so far, after every chunk.
    pub progress: &'a (dyn Fn(&Summary) + Sync),
}

/// Judges all lines.
pub fn run<I: Read + Send, O: Write + Send>(streams: Streams<'_, I, O>, settings: &Settings) -> Outcome {
    let Streams { input, output, interrupt, render, progress } = streams;
    let office = WorkerPool {
        input: Mutex::new(Input::new(input)),
        desk: OrderedWriter::new(output, progress),
        interrupt,
        render,
        settings,
    };
    match settings.jobs.get() {
        1 => office.work(),
        jobs => std::thread::scope(|scope| {
            for _ in 0..jobs {
                scope.spawn(|| office.work());
            }
        }),
    }
    office.desk.close()
}

/// Where the workers meet.
struct WorkerPool<'a, I, O> {
    input: Mutex<Input<I>>,
    desk: OrderedWriter<'a, O>,
    interrupt: &'a AtomicBool,
    render: &'a (dyn Fn(&LineResult<'_>, &mut Vec<u8>) + Sync),
    settings: &'a Settings,
}

impl<I: Read, O: Write> WorkerPool<'_, I, O> {
    /// One worker's day.
    fn work(&self) {
        let mut judge = Worker::new(self.settings);
        let mut chunk = Chunk::default();
        let mut rendered = Vec::new();
        while self.take(&mut chunk) {
            let summary = judge.judge(&chunk, self.render, &mut rendered);
            if !self.desk.submit(chunk.number, &mut rendered, summary) {
                return;
            }
        }
    }

    /// Takes the next chunk, if there is one and nothing speaks against it.
    fn take(&self, chunk: &mut Chunk) -> bool {
        let mut input = self.input.lock().unwrap_or_else(PoisonError::into_inner);
        if self.interrupt.load(Ordering::Relaxed) {
            self.desk.end(End::Interrupted);
            return false;
        }
        match input.fill(chunk) {
            Ok(more) => more,
            Err(_) if self.interrupt.load(Ordering::Relaxed) => {
                self.desk.end(End::Interrupted);
                false
            }
            Err(error) => {
                self.desk.end(End::Input(error));
                false
            }
        }
    }
}
