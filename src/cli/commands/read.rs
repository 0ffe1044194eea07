//! `peering read`: what `consul peering read` does, and a word when a peering is active only by name.

use clap::Args;
use jiff::{SignedDuration, Timestamp};

use super::consul_compat;
use super::consul_compat::Format;
use super::watch::{Seen, watch};
use crate::cli::args::http_options::HttpOptions;
use crate::cli::env::{eprint_line, now, stderr_is_a_terminal};
use crate::cli::exit::Exit;
use crate::net::consul::{Client, Peering};
use crate::render::consul as render;

/// The oldest heartbeat that is not worth a word. Peers send one every 15 seconds.
const OLDEST_HEARTBEAT: SignedDuration = SignedDuration::from_mins(2);

/// Read a peering
///
/// Prints, as `consul peering read` does, what Consul knows of the peering of a name. Where Consul runs several server
/// addresses of the peer together, each has a line here; metadata is sorted.
///
/// ACTIVE does not mean healthy: if standard error is a terminal, a peering that is ACTIVE without a heartbeat, or with
/// none for two minutes, gets a note there.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  Is it active?
    peering read -name west -format json | jq -r .State
  Until it is:
    peering read -name west -format json -watch | grep -m 1 '\"State\":\"ACTIVE\"'")]
pub struct Arguments {
    /// The local name of the peer (required)
    #[arg(long, value_name = "NAME", default_value = "", hide_default_value = true)]
    name: String,
    /// pretty (a field a line) or json (one line)
    #[arg(long, value_name = "FORMAT", default_value = "pretty")]
    format: String,
    /// Print again whenever something but the times of the stream changes, until interrupted
    #[arg(long)]
    watch: bool,
    #[command(flatten)]
    http: HttpOptions,
}

/// Runs the command.
pub fn run(arguments: &Arguments) -> Exit {
    let prepared = consul_compat::named(&arguments.name).and_then(|()| {
        let format = Format::named(&arguments.format)?;
        let client = arguments.http.client();
        Ok((format, client.map_err(|error| format!("Error connect to Consul agent: {error}"))?))
    });
    let (format, client) = match prepared {
        Ok(prepared) => prepared,
        Err(message) => return consul_compat::end(Err(message)),
    };
    let name = &arguments.name;
    if arguments.watch {
        let mut was_there = false;
        return watch(async |index| {
            let read = client.read_peering_after(name, index).await;
            let (found, index) = read.map_err(|error| format!("Error reading peering: {error}"))?;
            let Some(peering) = found else {
                // It may come back.
                let text = if format == Format::Json { "null".to_owned() } else { missing(name) };
                let seen = Seen { told: (text.clone(), false), text, note: None, index };
                return if was_there { Ok(seen) } else { Err(missing(name)) };
            };
            was_there = true;
            let (text, note) = (shown(&peering, format)?, note(&peering));
            let told = (shown(&peering.without_times(), format)?, note.is_some());
            Ok(Seen { told, text, note, index })
        });
    }
    consul_compat::run(async {
        let peering = find(&client, name).await?;
        if let Some(note) = note(&peering) {
            eprint_line(&note);
        }
        shown(&peering, format)
    })
}

fn shown(peering: &Peering, format: Format) -> Result<String, String> {
    match format {
        Format::Json => render::json(peering).map_err(|error| format!("Error marshalling JSON: {error}")),
        Format::Pretty => Ok(render::one(peering)),
    }
}

/// A word to a person, for a script sees what Consul prints.
fn note(peering: &Peering) -> Option<String> {
    stderr_is_a_terminal().then(|| heartbeat_note(peering, now())).flatten()
}

fn missing(name: &str) -> String {
    format!("No peering with name {name} found.")
}

/// The peering of a name. The error is Consul's, also when there is none.
pub async fn find(client: &Client, name: &str) -> Result<Peering, String> {
    let found = client.read_peering(name).await.map_err(|error| format!("Error reading peering: {error}"))?;
    found.ok_or_else(|| missing(name))
}

/// What to say of an ACTIVE peering whose other side was not heard lately.
fn heartbeat_note(peering: &Peering, now: Timestamp) -> Option<String> {
    if peering.state != "ACTIVE" {
        return None;
    }
    let name = &peering.name;
    let stream = &peering.stream;
    // A new stream carries something else first.
    let age = now.duration_since(stream.last_heartbeat.or(stream.last_receive).unwrap_or(Timestamp::MIN));
    if age <= OLDEST_HEARTBEAT {
        return None;
    }
    let heard = match stream.last_heartbeat {
        None => "no heartbeat of the other side ever came".to_owned(),
        Some(_) => format!("the last heartbeat came {} minutes ago", age.as_mins()),
    };
    Some(format!("Note: {name} is ACTIVE, but {heard}. Is the stream up? Look at the other side, too."))
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
    fn an_active_peering_that_is_not_heard_gets_a_note() {
        assert_eq!(
            note("ACTIVE", None).unwrap(),
            "Note: west is ACTIVE, but no heartbeat of the other side ever came. Is the stream up? Look at the other \
             side, too."
        );
        assert_eq!(
            note("ACTIVE", Some("2026-11-24T11:55:00Z")).unwrap(),
            "Note: west is ACTIVE, but the last heartbeat came 5 minutes ago. Is the stream up? Look at the other \
             side, too."
        );
    }

    #[test]
    fn one_that_is_heard_or_says_itself_that_it_is_not_active_gets_none() {
        assert_eq!(note("ACTIVE", Some("2026-11-24T11:58:00Z")), None);
        assert_eq!(note("ACTIVE", Some("2026-11-24T12:00:05Z")), None, "clocks differ");
        let mut new = Peering { state: "ACTIVE".to_owned(), ..Peering::default() };
        new.stream.last_receive = Some("2026-11-24T11:59:55Z".parse().unwrap());
        assert_eq!(heartbeat_note(&new, "2026-11-24T12:00:00Z".parse().unwrap()), None);
        assert_eq!(note("PENDING", None), None);
        assert_eq!(note("FAILING", Some("2026-11-23T12:00:00Z")), None);
    }
}
