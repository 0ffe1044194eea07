//! Live progress on a terminal: one line for each address. Each finished step stays, and the running one shows its time.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressState, ProgressStyle};

use super::env::now;
use super::output::{stderr_colored, stderr_screen};
use super::redaction;
use crate::connectivity::AddressTrace;
use crate::net::probe::Progress;
use crate::render::pretty::{Detail, Screen, printable, progress_line};

/// How many addresses are shown.
const MAX_LINES: usize = 12;

/// Lines on standard error. Dropping them stops the clocks, and the lines stay.
pub(super) struct ProgressLines(Arc<Lines>);

struct Lines {
    all: MultiProgress,
    /// The lines by the index of the address.
    by_address: Mutex<BTreeMap<usize, ProgressBar>>,
    screen: Screen,
    timeout: Duration,
}

impl ProgressLines {
    /// Creates lines for steps that may each take `timeout`. An address gets its line when its first step starts.
    pub(super) fn new(timeout: Duration) -> Self {
        let screen = stderr_screen(Detail::Normal, now());
        Self(Arc::new(Lines { all: MultiProgress::new(), by_address: Mutex::default(), screen, timeout }))
    }

    /// Returns the progress that updates the lines.
    pub(super) fn progress(&self) -> Progress {
        let lines = Arc::clone(&self.0);
        Progress::new(move |index, trace, step| lines.update(index, trace, step))
    }

    /// Whether there is a line.
    pub(super) fn is_shown(&self) -> bool {
        !self.0.locked().is_empty()
    }
}

impl Drop for ProgressLines {
    fn drop(&mut self) {
        for line in self.0.locked().values() {
            line.finish();
        }
    }
}

impl Lines {
    fn locked(&self) -> std::sync::MutexGuard<'_, BTreeMap<usize, ProgressBar>> {
        self.by_address.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn update(&self, index: usize, trace: &AddressTrace, step: Option<&'static str>) {
        let mut lines = self.locked();
        if !lines.contains_key(&index) && lines.len() == MAX_LINES {
            return;
        }
        let line = lines.entry(index).or_insert_with(|| {
            let line = ProgressBar::no_length()
                .with_style(self.running())
                .with_prefix(redaction::in_text(&printable(&trace.address)).into_owned());
            let line = self.all.add(line);
            line.enable_steady_tick(Duration::from_millis(100));
            line
        });
        line.set_prefix(stderr_colored(&redaction::in_text(&progress_line(trace, &self.screen))));
        match step {
            Some(step) => {
                line.set_style(self.running());
                line.set_message(step);
                line.reset_elapsed();
            }
            None => line.set_style(style("{prefix}")),
        }
    }

    /// `… ⠒ TLS … 3 s of 5 s`
    fn running(&self) -> ProgressStyle {
        let limit = self.timeout.as_secs_f32().ceil();
        let took = move |state: &ProgressState, text: &mut dyn std::fmt::Write| {
            let _ = write!(text, "{} s of {limit} s", state.elapsed().as_secs());
        };
        let ticks = if self.screen.ascii { "-\\|/ " } else { "⠒⠢⠔⠤⠔⠢ " };
        let dots = if self.screen.ascii { "..." } else { "…" };
        style(&format!("{{prefix}}  {{spinner}} {{msg}} {dots} {{took}}"))
            .with_key("took", took)
            .tick_chars(ticks)
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_spinner())
}
