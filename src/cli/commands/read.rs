//! `peering read`: the same as `consul peering read`, `-watch`, `-wait`, `-require`, and a note on an ACTIVE peering without heartbeats.

use std::time::Duration;

use clap::Args;
use jiff::Timestamp;

use super::consul_compat;
use super::consul_compat::Format;
use super::health;
use super::wait::{self, Waited, too_late, wait_until};
use super::watch::{Answer, watch};
use crate::cli::args::http_options::{HttpOptions, wait_for};
use crate::cli::env::{now, stderr_is_a_terminal};
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::output::{eprint_line, print};
use crate::cli::redaction;
use crate::diagnosis::OLD_HEARTBEAT;
use crate::net::consul::{Client, Peering, RequestError};
use crate::render::consul;

/// The states that a peering can have.
const STATES: [&str; 6] = ["PENDING", "ESTABLISHING", "ACTIVE", "FAILING", "TERMINATED", "DELETING"];

/// Show one peering
///
/// Works like `consul peering read`. Each server address of the peer has its own line, and metadata is sorted.
///
/// An ACTIVE peering is not always healthy. If it has received no heartbeat for two minutes, a note on standard error
/// reports it. The note appears on a terminal only.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  Show the state:
    peering read -name west -format json | jq -r .State
  Wait until it is active:
    peering read -name west -wait ACTIVE
  Check it in a script:
    peering read -name west -require healthy > /dev/null")]
pub struct Arguments {
    /// Local name of the peer (required)
    #[arg(long, value_name = "NAME", default_value = "", hide_default_value = true)]
    name: String,
    /// Output format: pretty (one field per line) or json
    #[arg(long, value_name = "FORMAT", default_value = "pretty")]
    format: String,
    /// Print again on each change (heartbeat times excepted), until interrupted
    #[arg(long)]
    watch: bool,
    /// Wait until the peering has this state, such as ACTIVE, for at most -timeout
    #[arg(long, value_name = "STATE", ignore_case = true, conflicts_with = "watch", value_parser = STATES)]
    wait: Option<String>,
    /// How long -wait waits, such as 60s
    #[arg(long, value_name = "DURATION", default_value = "60s", value_parser = wait::limit)]
    timeout: Duration,
    /// Exit with status 1 unless the peering is healthy: ACTIVE, with data received within the last two minutes
    #[arg(long, value_name = "CONDITION", conflicts_with = "watch", value_parser = ["healthy"])]
    require: Option<String>,
    #[command(flatten)]
    http: HttpOptions,
}

/// Runs the command.
pub fn run(arguments: &Arguments) -> Result<Exit, CliError> {
    let name = &arguments.name;
    consul_compat::require_name(name)?;
    let format = Format::from_name(&arguments.format)?;
    let client = consul_compat::client(&arguments.http, "Error connect to Consul agent")?;
    if !arguments.watch {
        return wait_for(async {
            let peering = find_in_state(&client, arguments).await?;
            if let Some(note) = note(&peering) {
                eprint_line(&note);
            }
            let is_healthy = health::is_healthy(&peering, now());
            if stderr_is_a_terminal() && !is_healthy && !health::waits_for_dialer(&peering) {
                let next = health::next_command(name, &arguments.http);
                eprint_line(&format!("To find out why: {next}"));
            }
            print(&(render(&peering, format)? + "\n"))?;
            Ok(if arguments.require.is_some() && !is_healthy { Exit::Findings } else { Exit::Done })
        });
    }
    let mut was_found = false;
    watch(async |index| {
        let (found, index) = client.read_peering_after(name, index).await.map_err(failed)?;
        let Some(peering) = found else {
            let text = if format == Format::Json { "null".to_owned() } else { not_found(name) };
            let answer = Answer { state: (text.clone(), false), text, note: None, index };
            // A peering that was deleted may be created again.
            return if was_found { Ok(answer) } else { Err(CliError::of_consul(not_found(name))) };
        };
        was_found = true;
        let (text, note) = (render(&peering, format)?, note(&peering));
        let state = (render(&peering.without_times(), format)?, note.is_some());
        Ok(Answer { state, text, note, index })
    })
}

/// Reads the peering, with `-wait` once it has the state.
async fn find_in_state(client: &Client, arguments: &Arguments) -> Result<Peering, CliError> {
    let (name, limit) = (&arguments.name, arguments.timeout);
    if let Some(state) = &arguments.wait {
        let is_expected =
            |found: Option<&Peering>| found.is_some_and(|peering| peering.state.eq_ignore_ascii_case(state));
        if let Waited::TooLate(found) = wait_until(client, name, limit, is_expected).await.map_err(failed)? {
            let message = too_late(name, found.as_deref(), limit, &state.to_uppercase());
            return Err(CliError::new(message).with_remedy(health::next_command(name, &arguments.http)));
        }
    }
    find(client, name).await
}

fn render(peering: &Peering, format: Format) -> Result<String, CliError> {
    let peering = &redaction::in_value(peering.clone());
    match format {
        Format::Json => consul_compat::json(peering),
        Format::Pretty => Ok(consul::one(peering)),
    }
}

/// Returns a note for people. Scripts get Consul's output only.
fn note(peering: &Peering) -> Option<String> {
    stderr_is_a_terminal().then(|| heartbeat_note(peering, now())).flatten()
}

fn not_found(name: &str) -> String {
    format!("No peering with name {name} found.")
}

#[allow(clippy::needless_pass_by_value)] // for map_err
fn failed(error: RequestError) -> CliError {
    CliError::of_consul(format_args!("Error reading peering: {error}"))
}

/// Reads the peering of a name. The error is Consul's, also if the peering does not exist.
pub async fn find(client: &Client, name: &str) -> Result<Peering, CliError> {
    let found = client.read_peering(name).await.map_err(failed)?;
    found.ok_or_else(|| CliError::of_consul(not_found(name)))
}

/// Returns a note about a peering that is ACTIVE but without a recent heartbeat.
fn heartbeat_note(peering: &Peering, now: Timestamp) -> Option<String> {
    if peering.state != "ACTIVE" {
        return None;
    }
    let name = &peering.name;
    let stream = &peering.stream;
    // A new stream carries other messages before its first heartbeat.
    let age = now.duration_since(stream.last_heartbeat.or(stream.last_receive).unwrap_or(Timestamp::MIN));
    if age <= OLD_HEARTBEAT {
        return None;
    }
    let heartbeat = match stream.last_heartbeat {
        None => "has never received a heartbeat".to_owned(),
        Some(_) => format!("received its last heartbeat {} minutes ago", age.as_mins()),
    };
    Some(format!("Note: {name} is ACTIVE but {heartbeat}. Check the stream, also on the other cluster."))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn note(state: &str, last_heartbeat: Option<&str>) -> Option<String> {
        let mut peering = Peering { name: "west".to_owned(), state: state.to_owned(), ..Peering::default() };
        peering.stream.last_heartbeat = last_heartbeat.map(|at| at.parse().unwrap());
        heartbeat_note(&peering, "2026-11-24T12:00:00Z".parse().unwrap())
    }

    #[test]
    fn an_active_peering_without_heartbeats_gets_a_note() {
        assert_eq!(
            note("ACTIVE", None).unwrap(),
            "Note: west is ACTIVE but has never received a heartbeat. Check the stream, also on the other cluster."
        );
        assert_eq!(
            note("ACTIVE", Some("2026-11-24T11:55:00Z")).unwrap(),
            "Note: west is ACTIVE but received its last heartbeat 5 minutes ago. Check the stream, also on the other \
             cluster."
        );
    }

    #[test]
    fn a_peering_with_heartbeats_or_another_state_gets_no_note() {
        assert_eq!(note("ACTIVE", Some("2026-11-24T11:58:00Z")), None);
        assert_eq!(note("ACTIVE", Some("2026-11-24T12:00:05Z")), None, "clocks differ");
        let mut new = Peering { state: "ACTIVE".to_owned(), ..Peering::default() };
        new.stream.last_receive = Some("2026-11-24T11:59:55Z".parse().unwrap());
        assert_eq!(heartbeat_note(&new, "2026-11-24T12:00:00Z".parse().unwrap()), None);
        assert_eq!(note("PENDING", None), None);
        assert_eq!(note("FAILING", Some("2026-11-23T12:00:00Z")), None);
    }
}
