//! The progress bar of a batch, on standard error.

use std::io::{self, IsTerminal};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use indicatif::{ProgressBar, ProgressState, ProgressStyle};

use crate::cli::env::stderr_is_a_terminal;
use crate::lint::batch::Summary;
use crate::render::pretty::grouped;

/// A progress bar. It is hidden unless standard error is a terminal and standard output is not.
pub(super) struct Progress {
    bar: ProgressBar,
    results: Arc<AtomicU64>,
}

impl Progress {
    /// Creates a bar for an input of this size in bytes. Without a size, it shows no remaining time.
    pub(super) fn new(size: Option<u64>) -> Self {
        let results = Arc::new(AtomicU64::new(0));
        if !stderr_is_a_terminal() || io::stdout().is_terminal() {
            return Self { bar: ProgressBar::hidden(), results };
        }
        let (bar, template) = match size {
            Some(size) => {
                (ProgressBar::new(size), "{wide_bar} {percent:>3}%  {tokens} tokens, {rate}/s, {eta} left")
            }
            None => (ProgressBar::no_length(), "{spinner} {tokens} tokens, {rate}/s, {bytes} in {elapsed}"),
        };
        let tokens = Arc::clone(&results);
        let for_rate = Arc::clone(&results);
        let style = ProgressStyle::with_template(template)
            .expect("a template of known keys")
            .with_key("tokens", move |_: &ProgressState, text: &mut dyn std::fmt::Write| {
                let _ = text.write_str(&count(tokens.load(Ordering::Relaxed)));
            })
            .with_key("rate", move |state: &ProgressState, text: &mut dyn std::fmt::Write| {
                let tokens = u128::from(for_rate.load(Ordering::Relaxed));
                let rate = tokens * 1000 / state.elapsed().as_millis().max(1);
                let _ = text.write_str(&count(u64::try_from(rate).unwrap_or(u64::MAX)));
            });
        bar.set_style(style);
        Self { bar, results }
    }

    /// Updates the bar.
    pub(super) fn set(&self, summary: &Summary) {
        if !self.bar.is_hidden() {
            self.results.store(summary.results(), Ordering::Relaxed);
            self.bar.set_position(summary.bytes);
        }
    }

    /// Removes the bar.
    pub(super) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

fn count(number: u64) -> String {
    grouped(i64::try_from(number).unwrap_or(i64::MAX))
}
