//! What a person sees while the ways to the servers are gone: a line an address, which goes away with the result.

use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use crate::net::probe::{Ladder, Tell};
use crate::render::pretty::printable;

/// How many lines there are at most; the others go their way unseen.
const MAX_LINES: usize = 16;

/// Lines on standard error, as long as this is kept.
pub(super) struct Live {
    all: MultiProgress,
    lines: Vec<ProgressBar>,
}

impl Live {
    /// A line for each address.
    pub(super) fn of(ladder: &Ladder) -> Self {
        let all = MultiProgress::new();
        let style = ProgressStyle::with_template("{spinner} {prefix} {msg}")
            .unwrap_or_else(|_| ProgressStyle::default_spinner());
        let lines = ladder.target.addresses.iter().take(MAX_LINES).map(|address| {
            let line = all.add(ProgressBar::new_spinner().with_style(style.clone()));
            line.set_prefix(printable(address));
            line.enable_steady_tick(Duration::from_millis(100));
            line
        });
        Self { lines: lines.collect(), all }
    }

    /// Moves the lines on.
    pub(super) fn tell(&self) -> Tell {
        let lines = self.lines.clone();
        Tell::to(move |place, step| {
            let Some(line) = lines.get(place) else { return };
            match step {
                Some(step) => line.set_message(format!("{step} …")),
                None => line.finish_with_message("done"),
            }
        })
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        // Where it cannot be cleared, a few lines stay.
        let _ = self.all.clear();
    }
}
