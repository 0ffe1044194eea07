//! Progress on a terminal: one line per address while the addresses are traced. The lines disappear with the result.

use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use crate::net::probe::{ProbeTarget, Progress};
use crate::render::pretty::printable;

/// How many addresses are shown.
const MAX_LINES: usize = 16;

/// Lines on standard error. Dropping them removes them.
pub(super) struct ProgressLines {
    all: MultiProgress,
    lines: Vec<ProgressBar>,
}

impl ProgressLines {
    /// Shows one line per address.
    pub(super) fn new(target: &ProbeTarget) -> Self {
        let all = MultiProgress::new();
        let style = ProgressStyle::with_template("{spinner} {prefix} {msg}")
            .unwrap_or_else(|_| ProgressStyle::default_spinner());
        let lines = target.addresses.iter().take(MAX_LINES).map(|address| {
            let line = all.add(ProgressBar::new_spinner().with_style(style.clone()));
            line.set_prefix(printable(address));
            line.enable_steady_tick(Duration::from_millis(100));
            line
        });
        Self { lines: lines.collect(), all }
    }

    /// Returns the progress that updates the lines.
    pub(super) fn progress(&self) -> Progress {
        let lines = self.lines.clone();
        Progress::new(move |index, step| {
            let Some(line) = lines.get(index) else { return };
            match step {
                Some(step) => line.set_message(format!("{step} …")),
                None => line.finish_with_message("done"),
            }
        })
    }
}

impl Drop for ProgressLines {
    fn drop(&mut self) {
        // If the terminal cannot remove the lines, they stay.
        let _ = self.all.clear();
    }
}
