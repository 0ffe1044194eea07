//! What `-watch` does: asks again and again, and prints what changed.

use std::io::ErrorKind;
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};

use crate::cli::args::http_options::wait_for;
use crate::cli::env::{eprint_line, print, stdout_is_open};
use crate::cli::exit::Exit;

/// How long to wait at least between two questions that are answered at once.
const BREATH: Duration = Duration::from_secs(1);

/// How long to wait at most after an error.
const LONGEST: Duration = Duration::from_mins(1);

/// How long one answer may take. A blocking query waits 10 seconds, and Consul refuses some questions only after 12.
const PATIENCE: Duration = Duration::from_secs(30);

/// One answer.
pub struct Seen<T> {
    /// What makes it another answer than the one before.
    pub told: T,
    /// What is printed of it.
    pub text: String,
    /// What is said on standard error besides.
    pub note: Option<String>,
    /// The index to ask about next.
    pub index: u64,
}

/// Prints what `ask` gives for an index, and again whenever something else is told, until nobody reads any more. The first
/// error ends it; after a later one it is told and asked again, after one second, then two, four, and so on.
pub fn watch<T: PartialEq>(mut ask: impl AsyncFnMut(u64) -> Result<Seen<T>, String>) -> Exit {
    wait_for(async {
        let (mut index, mut before, mut pause) = (0, None, BREATH);
        loop {
            let asked = Instant::now();
            let answer = tokio::select! {
                answer = timeout(PATIENCE, ask(index)) => answer.unwrap_or_else(|_| {
                    Err(format!("No answer within {} s", PATIENCE.as_secs()))
                }),
                () = until_nobody_reads() => return Exit::Done,
            };
            match answer {
                Ok(seen) => {
                    (index, pause) = (seen.index, BREATH);
                    if before.as_ref() != Some(&seen.told) {
                        if let Some(note) = &seen.note {
                            eprint_line(note);
                        }
                        match print(&format!("{}\n", seen.text)) {
                            Ok(()) => {}
                            Err(error) if error.kind() == ErrorKind::BrokenPipe => return Exit::Done,
                            Err(error) => {
                                eprint_line(&format!("Error writing to standard output: {error}"));
                                return Exit::Findings;
                            }
                        }
                        before = Some(seen.told);
                    }
                    sleep(BREATH.saturating_sub(asked.elapsed())).await;
                    if !stdout_is_open() {
                        return Exit::Done;
                    }
                }
                Err(message) if before.is_none() => {
                    eprint_line(&message);
                    return Exit::Findings;
                }
                Err(message) => {
                    eprint_line(&format!("{message}; asking again in {} s", pause.as_secs()));
                    sleep(pause).await;
                    (index, pause) = (0, LONGEST.min(pause * 2));
                }
            }
        }
    })
}

/// Ends when the other side of a pipe is gone, such as `grep -m 1` that has found what it was to find.
async fn until_nobody_reads() {
    while stdout_is_open() {
        sleep(BREATH).await;
    }
}
