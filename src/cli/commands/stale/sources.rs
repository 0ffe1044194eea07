//! Where `stale` gets its evidence: a function a source, which answers or says why it was not asked.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::Duration;

use bytes::Bytes;
use ring::rand::SystemRandom;

use super::Arguments;
use crate::cli::args::ledger_options::{Kind, LedgerOptions};
use crate::cli::env::now;
use crate::cli::error::CliError;
use crate::connectivity::probe_answer::{Answer, probe_b_may_be_asked_of};
use crate::net::consul::{Client, Peering};
use crate::net::ledger;
use crate::net::probe::{Asked, Attempt, Outcome, ProbeTarget, Probed, probe};
use crate::net::snapshot;
use crate::net::snapshot::Snapshot;
use crate::observed::Observed;
use crate::render::pretty::printable;
use crate::staleness::evidence::{
    ConsulView, Entry, Evidence, LEDGER_OFF, LedgerRecord, Named, PeeringState,
};
use crate::token::Token;

/// How long each step of a probe may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// How many addresses without an answer are told of; a cluster has fewer servers.
const MAX_FAILURES: usize = 8;

/// How many chunks of a live snapshot may wait for their reader.
const WAITING_CHUNKS: usize = 16;

/// What is asked once for all tokens.
pub(super) struct Shared {
    /// The client of the Consul at `-http-addr`, or why there is none.
    pub(super) client: Result<Client, String>,
    /// The ledger's records, in the order in which they were written, or why they were not read.
    pub(super) ledger: Result<Vec<LedgerRecord>, String>,
    /// The snapshot that was named.
    pub(super) snapshot: Option<Snapshot>,
}

impl Shared {
    /// Opens what the flags name. The error is of what was named and cannot be had.
    pub(super) async fn open(arguments: &Arguments, peer_ids: &BTreeSet<String>) -> Result<Self, CliError> {
        let kind = arguments.ledger.kind()?;
        let client = if arguments.offline {
            Err("-offline was given".to_owned())
        } else {
            Ok(arguments.http.client()?)
        };
        let ledger = read_ledger(&arguments.ledger, kind, client.as_ref()).await;
        let snapshot = match &arguments.snapshot {
            Some(file) if file.as_os_str() == "live" => {
                let client = client
                    .as_ref()
                    .map_err(|reason| CliError::new(format_args!("cannot take a live snapshot: {reason}")))?;
                Some(live_snapshot(client, peer_ids.clone()).await?)
            }
            Some(file) => Some(snapshot(file, peer_ids)?),
            None => None,
        };
        Ok(Self { client, ledger, snapshot })
    }
}

/// Everything that can be known of one token.
pub(super) async fn gather(arguments: &Arguments, token: &Token, shared: &Shared) -> Evidence {
    let (peering_exists, unused_secret) = probes(arguments, token).await;
    Evidence {
        name: arguments.name.clone(),
        ledger: match &shared.ledger {
            Ok(records) => Observed::Value(records.clone()),
            Err(because) => Observed::NotChecked(because.clone()),
        },
        consul: match &shared.client {
            Ok(client) => consul(client, arguments.name.as_deref(), token).await,
            Err(because) => Observed::NotChecked(because.clone()),
        },
        peering_exists,
        unused_secret,
        snapshot: shared.snapshot.as_ref().map_or_else(
            || Observed::NotChecked("no -snapshot was given".to_owned()),
            |snapshot| Observed::Value(snapshot.of(&token.peer_id)),
        ),
    }
}

pub(in crate::cli) async fn read_ledger(
    options: &LedgerOptions,
    kind: Kind,
    client: Result<&Client, &String>,
) -> Result<Vec<LedgerRecord>, String> {
    if kind == Kind::Off {
        return Err(LEDGER_OFF.to_owned());
    }
    if let (Kind::Consul, Err(reason)) = (kind, client) {
        return Err(reason.clone());
    }
    let ledger = options.open(kind, client.ok())?;
    let entries = ledger.records(None).await.map_err(|error| error.to_string())?;
    Ok(entries.into_iter().filter_map(|entry| remembered(entry.record)).collect())
}

fn remembered(record: ledger::Record) -> Option<LedgerRecord> {
    Some(LedgerRecord {
        name: record.name,
        partition: record.partition,
        server_name: record.server_name,
        peer_id: record.peer_id,
        secret_sha256: record.secret_sha256?,
        at: record.time,
        imported: record.source == ledger::Origin::Imported,
    })
}

/// What the Consul at `-http-addr` says: first whose it is, then of the name, and of the list where a name alone could
/// mislead.
pub(in crate::cli) async fn consul(
    client: &Client,
    name: Option<&str>,
    token: &Token,
) -> Observed<ConsulView> {
    let roots = match client.ca_roots().await {
        Ok(roots) => roots,
        Err(error) => return Observed::Failed(error.to_string()),
    };
    let mut view = ConsulView {
        at: Some(now()),
        trust_domain: Some(roots.trust_domain).filter(|domain| !domain.is_empty()),
        roots: roots.roots.into_iter().map(|root| root.certificate).collect(),
        named: None,
        listed: None,
    };
    if let Some(name) = name {
        view.named = match client.read_peering(name).await {
            Ok(Some(peering)) => Some(Named::Found(entry(peering))),
            Ok(None) => Some(Named::NotFound),
            Err(error) => return Observed::Failed(error.to_string()),
        };
    }
    let settled = matches!(&view.named, Some(Named::Found(entry)) if entry.id == token.peer_id);
    if !settled {
        match client.list_peerings().await {
            Ok(peerings) => view.listed = Some(peerings.into_iter().map(entry).collect()),
            Err(error) if view.named.is_none() => return Observed::Failed(error.to_string()),
            Err(_) => {}
        }
    }
    Observed::Value(view)
}

pub(in crate::cli) fn entry(peering: Peering) -> Entry {
    Entry {
        id: peering.id,
        name: peering.name,
        state: PeeringState::from_name(&peering.state),
        peer_id: Some(peering.peer_id).filter(|id| !id.is_empty()),
        last_heartbeat: peering.stream.last_heartbeat,
    }
}

/// The answers to probes A and B. The probes get the peer ID, the addresses, the CAs and the server name, never the secret.
async fn probes(arguments: &Arguments, token: &Token) -> (Observed<Answer>, Observed<Answer>) {
    let because = match (arguments.probe, arguments.offline) {
        (_, true) => "-offline was given",
        (false, _) => "-probe was not given",
        (true, false) => {
            let probed = probe(&ProbeTarget::from(token), PATIENCE, &SystemRandom::new()).await;
            let b = match probe_b_may_be_asked_of(token) {
                Ok(()) => source(&probed.unused_secret, &probed),
                Err(because) => Observed::NotChecked(because.to_owned()),
            };
            return (source(&probed.peering_exists, &probed), b);
        }
    };
    (Observed::NotChecked(because.to_owned()), Observed::NotChecked(because.to_owned()))
}

fn source(asked: &Asked, probed: &Probed) -> Observed<Answer> {
    match asked {
        Asked::Answered(answer) => Observed::Value(Answer { at: Some(now()), ..Answer::from(answer) }),
        Asked::NotAsked(because) => Observed::NotChecked(because.clone()),
        Asked::Unanswered => {
            let mut failures: Vec<String> = probed.attempts.iter().filter_map(failure).collect();
            if failures.is_empty() {
                failures.push("the token has no address".to_owned());
            }
            let more = failures.len().saturating_sub(MAX_FAILURES);
            failures.truncate(MAX_FAILURES);
            if more > 0 {
                failures.push(format!("and {more} more addresses"));
            }
            Observed::Failed(failures.join("; "))
        }
    }
}

fn failure(attempt: &Attempt) -> Option<String> {
    match &attempt.outcome {
        Outcome::Failed(error) => Some(format!("{}: {error}", attempt.address)),
        Outcome::Answered(_) => None,
    }
}

/// A snapshot of the cluster that is asked, streamed: it is never written anywhere.
async fn live_snapshot(client: &Client, peer_ids: BTreeSet<String>) -> Result<Snapshot, CliError> {
    let (sender, receiver) = sync_channel(WAITING_CHUNKS);
    let reader =
        std::thread::spawn(move || snapshot::read(Chunks { receiver, rest: Bytes::new() }, &peer_ids));
    let streamed = client.snapshot(|chunk| sender.send(chunk).is_ok()).await;
    drop(sender);
    let read = reader.join().map_err(|_| CliError::new("cannot read the live snapshot"))?;
    streamed.map_err(|error| CliError::new(format_args!("cannot take a live snapshot: {error}")))?;
    read.map_err(|error| unreadable("the live snapshot", &error))
}

/// Chunks from another thread, as one stream.
struct Chunks {
    receiver: Receiver<Bytes>,
    rest: Bytes,
}

impl Read for Chunks {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.rest.is_empty() {
            match self.receiver.recv() {
                Ok(chunk) => self.rest = chunk,
                Err(_) => return Ok(0),
            }
        }
        let taken = self.rest.split_to(buffer.len().min(self.rest.len()));
        buffer[..taken.len()].copy_from_slice(&taken);
        Ok(taken.len())
    }
}

/// Reads a snapshot file's records of the peerings.
pub(super) fn snapshot(file: &Path, peer_ids: &BTreeSet<String>) -> Result<Snapshot, CliError> {
    let name = format!("the snapshot {}", printable(&file.display().to_string()));
    let opened =
        File::open(file).map_err(|error| CliError::of_io(format_args!("cannot read {name}"), &error))?;
    snapshot::read(opened, peer_ids).map_err(|error| unreadable(&name, &error))
}

fn unreadable(name: &str, error: &snapshot::SnapshotError) -> CliError {
    CliError::new(format_args!("cannot read {name}: {}", printable(&error.to_string())))
        .with_remedy(error.remedy())
}
