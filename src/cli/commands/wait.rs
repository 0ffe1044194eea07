//! `-wait`: waits until a peering has a state, with Consul's blocking queries.

use std::time::Duration;

use tokio::time::{Instant, sleep_until, timeout_at};

use crate::cli::args::time;
use crate::cli::error::CliError;
use crate::net::consul::{Client, Peering, RequestError};

/// The shortest time between two queries.
const MIN_INTERVAL: Duration = Duration::from_secs(1);

/// How waiting ended.
pub enum Waited {
    /// The peering is as expected.
    Done,
    /// The time is over. This is the peering then.
    TooLate(Option<Box<Peering>>),
}

/// Waits until the peering of a name is as expected, at most for `limit`; `None` is a peering that does not exist.
pub async fn wait_until(
    client: &Client,
    name: &str,
    limit: Duration,
    is_expected: impl Fn(Option<&Peering>) -> bool,
) -> Result<Waited, RequestError> {
    let deadline = Instant::now() + limit;
    let mut index = 0;
    loop {
        let started = Instant::now();
        let Ok(answer) = timeout_at(deadline, client.read_peering_after(name, index)).await else { break };
        let (found, next) = answer?;
        if is_expected(found.as_ref()) {
            return Ok(Waited::Done);
        }
        index = next;
        sleep_until(deadline.min(started + MIN_INTERVAL)).await;
        if Instant::now() >= deadline {
            break;
        }
    }
    // A blocking query does not end when a message arrives, so its last answer may be old.
    let found = client.read_peering(name).await?;
    Ok(if is_expected(found.as_ref()) { Waited::Done } else { Waited::TooLate(found.map(Box::new)) })
}

/// Describes what a peering is instead of what was expected.
pub fn too_late(name: &str, found: Option<&Peering>, limit: Duration, expected: &str) -> String {
    let state = found.map_or_else(|| "does not exist".to_owned(), |peering| format!("is {}", peering.state));
    format!("the peering {name:?} {state} after {} s, not {expected}", limit.as_secs())
}

/// Parses how long to wait.
pub fn limit(text: &str) -> Result<Duration, CliError> {
    let duration = time::duration(text)?;
    Duration::try_from(duration)
        .ok()
        .filter(|duration| !duration.is_zero())
        .ok_or_else(|| CliError::new("the time to wait must be longer than 0s"))
}
