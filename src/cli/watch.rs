//! What `-watch` does: asks again and again, and prints what changed.

use std::io::ErrorKind;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::exit::Exit;
use super::http_options::wait_for;
use super::surroundings::{complain, print, somebody_reads};

/// How long to wait at least between two questions that are answered at once.
const BREATH: Duration = Duration::from_secs(1);

/// How long to wait at most after an error.
const LONGEST: Duration = Duration::from_mins(1);

/// Prints what `ask` gives for an index, and again whenever it differs, until nobody reads any more. The first error ends it;
/// after a later one it is told and asked again, after one second, then two, four, and so on.
pub fn watch(mut ask: impl AsyncFnMut(u64) -> Result<(String, u64), String>) -> Exit {
    wait_for(async {
        let (mut index, mut shown, mut pause) = (0, None, BREATH);
        loop {
            let asked = Instant::now();
            let answer = tokio::select! {
                answer = ask(index) => answer,
                () = until_nobody_reads() => return Exit::Done,
            };
            match answer {
                Ok((text, next)) => {
                    (index, pause) = (next, BREATH);
                    if shown.as_ref() != Some(&text) {
                        match print(&format!("{text}\n")) {
                            Ok(()) => {}
                            Err(error) if error.kind() == ErrorKind::BrokenPipe => return Exit::Done,
                            Err(error) => {
                                complain(&format!("Error writing to standard output: {error}"));
                                return Exit::Wrong;
                            }
                        }
                        shown = Some(text);
                    }
                    sleep(BREATH.saturating_sub(asked.elapsed())).await;
                    if !somebody_reads() {
                        return Exit::Done;
                    }
                }
                Err(message) if shown.is_none() => {
                    complain(&message);
                    return Exit::Wrong;
                }
                Err(message) => {
                    complain(&format!("{message}; asking again in {} s", pause.as_secs()));
                    sleep(pause).await;
                    (index, pause) = (0, LONGEST.min(pause * 2));
                }
            }
        }
    })
}

/// Ends when the other side of a pipe is gone, such as `grep -m 1` that has found what it was to find.
async fn until_nobody_reads() {
    while somebody_reads() {
        sleep(BREATH).await;
    }
}
