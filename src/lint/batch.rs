//! Checks a stream of tokens, one per line, on several threads and in constant memory.
//!
//! A line is a token, or a JSON object whose `token` key contains one. The other keys of such an object are copied to
//! its result. A line without a token has a result too. Lines that contain only whitespace are skipped. A line's index
//! is its number in the stream, from 1, and skipped lines count. Lines end with `\n` or `\r\n`; the last one needs no
//! line end.
//!
//! Each worker takes the next chunk of lines, checks and renders it, and submits the result. The writer holds results
//! back until it is their turn, and workers wait when it holds too many. So the output has the order of the input for
//! any number of workers, and memory is limited to a few chunks per worker.

mod chunk;
mod input;
mod input_line;
mod ordered_writer;
mod summary;
mod worker;

use std::io::{self, Read, Write};
use std::num::NonZero;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use super::{Options, Severity};

pub use input_line::LineError;
pub use summary::Summary;
pub use worker::LineResult;

use chunk::Chunk;
use input::Input;
use ordered_writer::OrderedWriter;
use worker::Worker;

/// How to check a batch.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The number of workers. With one, all work is done on the calling thread.
    pub jobs: NonZero<usize>,
    /// How to check each token.
    pub options: Options,
    /// A token with a finding of at least this severity fails the batch.
    pub fail_on: Severity,
}

/// The outcome of a batch.
#[derive(Debug)]
pub struct Outcome {
    /// The counts of what was checked and written.
    pub summary: Summary,
    /// The reason why it ended.
    pub end: End,
}

/// The reason why a batch ended.
#[derive(Debug)]
pub enum End {
    /// Every line was checked.
    Finished,
    /// The interrupt flag was set. Chunks that were being checked were still written.
    Interrupted,
    /// The reader of the output closed the pipe.
    ReaderGone,
    /// Reading the input failed. The lines before were still written.
    Input(io::Error),
    /// Writing the output failed.
    Output(io::Error),
}

/// The input and output of a batch.
pub struct Streams<'a, I, O> {
    /// The lines.
    pub input: I,
    /// Receives the results in whole chunks, so it needs no buffer.
    pub output: O,
    /// Set by another thread to end the batch early. It does not end a read that blocks.
    pub interrupt: &'a AtomicBool,
    /// Appends one result to a buffer.
    pub render: &'a (dyn Fn(&LineResult<'_>, &mut Vec<u8>) + Sync),
    /// Called after every written chunk with the counts so far.
    pub progress: &'a (dyn Fn(&Summary) + Sync),
}

/// Checks all lines.
pub fn run<I: Read + Send, O: Write + Send>(streams: Streams<'_, I, O>, settings: &Settings) -> Outcome {
    let Streams { input, output, interrupt, render, progress } = streams;
    let pool = WorkerPool {
        input: Mutex::new(Input::new(input)),
        writer: OrderedWriter::new(output, progress),
        interrupt,
        render,
        settings,
    };
    match settings.jobs.get() {
        1 => pool.run_worker(),
        jobs => std::thread::scope(|scope| {
            for _ in 0..jobs {
                scope.spawn(|| pool.run_worker());
            }
        }),
    }
    pool.writer.close()
}

/// What the workers share.
struct WorkerPool<'a, I, O> {
    input: Mutex<Input<I>>,
    writer: OrderedWriter<'a, O>,
    interrupt: &'a AtomicBool,
    render: &'a (dyn Fn(&LineResult<'_>, &mut Vec<u8>) + Sync),
    settings: &'a Settings,
}

impl<I: Read, O: Write> WorkerPool<'_, I, O> {
    fn run_worker(&self) {
        let mut worker = Worker::new(self.settings);
        let mut chunk = Chunk::default();
        let mut rendered = Vec::new();
        while self.next_chunk(&mut chunk) {
            let summary = worker.check(&chunk, self.render, &mut rendered);
            if !self.writer.submit(chunk.number, &mut rendered, summary) {
                return;
            }
        }
    }

    /// Reads the next chunk. Returns `false` if there is none, or if the batch ends.
    fn next_chunk(&self, chunk: &mut Chunk) -> bool {
        let mut input = self.input.lock().unwrap_or_else(PoisonError::into_inner);
        if self.interrupt.load(Ordering::Relaxed) {
            self.writer.end(End::Interrupted);
            return false;
        }
        match input.fill(chunk) {
            Ok(has_lines) => has_lines,
            Err(_) if self.interrupt.load(Ordering::Relaxed) => {
                self.writer.end(End::Interrupted);
                false
            }
            Err(error) => {
                self.writer.end(End::Input(error));
                false
            }
        }
    }
}
