//! `-watch`: queries repeatedly and prints what changed.

use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};

use crate::cli::args::http_options::wait_for;
use crate::cli::env::stdout_is_open;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::output::{eprint_line, print};

/// The shortest time between two queries.
const MIN_INTERVAL: Duration = Duration::from_secs(1);

/// The longest pause after an error.
const MAX_PAUSE: Duration = Duration::from_mins(1);

/// How long one query may take. A blocking query waits 10 seconds, and Consul denies some queries only after 12.
const TIMEOUT: Duration = Duration::from_secs(30);

/// The answer to one query.
pub struct Answer<T> {
    /// The part that is compared with the previous answer.
    pub state: T,
    /// What is printed.
    pub text: String,
    /// What is printed on standard error.
    pub note: Option<String>,
    /// The index of the next query.
    pub index: u64,
}

/// Prints the answer of `query`, which gets an index, and again each time its state changes, until the reader closes
/// standard output. An error of the first query ends it. After a later one it queries again in one second, then two,
/// four, and so on.
pub fn watch<T: PartialEq>(
    mut query: impl AsyncFnMut(u64) -> Result<Answer<T>, CliError>,
) -> Result<Exit, CliError> {
    wait_for(async {
        let (mut index, mut previous, mut pause) = (0, None, MIN_INTERVAL);
        loop {
            let start = Instant::now();
            let answer = tokio::select! {
                answer = timeout(TIMEOUT, query(index)) => answer.unwrap_or_else(|_| {
                    Err(CliError::new(format_args!("no answer within {} s", TIMEOUT.as_secs())))
                }),
                () = stdout_closes() => return Ok(Exit::Done),
            };
            match answer {
                Ok(answer) => {
                    (index, pause) = (answer.index, MIN_INTERVAL);
                    if previous.as_ref() != Some(&answer.state) {
                        if let Some(note) = &answer.note {
                            eprint_line(note);
                        }
                        print(&format!("{}\n", answer.text))?;
                        previous = Some(answer.state);
                    }
                    sleep(MIN_INTERVAL.saturating_sub(start.elapsed())).await;
                    if !stdout_is_open() {
                        return Ok(Exit::Done);
                    }
                }
                Err(error) if previous.is_none() => return Err(error),
                Err(error) => {
                    eprint_line(&format!("{}; retrying in {} s", error.message(), pause.as_secs()));
                    sleep(pause).await;
                    (index, pause) = (0, MAX_PAUSE.min(pause * 2));
                }
            }
        }
    })
}

/// Waits until the reader of a pipe has exited, such as `grep -m 1` after its first match.
async fn stdout_closes() {
    while stdout_is_open() {
        sleep(MIN_INTERVAL).await;
    }
}
