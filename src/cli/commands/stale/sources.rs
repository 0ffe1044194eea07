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
use crate::connectivity::probe_answer::Answer;
use crate::net::consul::Client;
use crate::net::gather::staleness::{consul_view, ledger_records};
use crate::net::probe::{ProbeTarget, trace_until_answered};
use crate::net::snapshot;
use crate::net::snapshot::Snapshot;
use crate::observed::Observed;
use crate::render::pretty::printable;
use crate::staleness::evidence::{Evidence, LedgerRecord};
use crate::token::Token;

/// How long each step of a probe may take.
const TIMEOUT: Duration = Duration::from_secs(5);

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
            Ok(client) => consul_view(client, arguments.name.as_deref(), token, now).await,
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

async fn read_ledger(
    options: &LedgerOptions,
    kind: Kind,
    client: Result<&Client, &String>,
) -> Result<Vec<LedgerRecord>, String> {
    if let (Kind::Consul, Err(reason)) = (kind, client) {
        return Err(reason.clone());
    }
    ledger_records(&options.open(kind, client.ok())?).await
}

/// The answers to *peering exists?* and *unused secret?*.
async fn probes(arguments: &Arguments, token: &Token) -> (Observed<Answer>, Observed<Answer>) {
    let reason = match (arguments.probe, arguments.offline) {
        (_, true) => "-offline was given",
        (false, _) => "-probe was not given",
        (true, false) => {
            let random = SystemRandom::new();
            let connectivity = trace_until_answered(&ProbeTarget::from(token), TIMEOUT, &random).await;
            return connectivity.answers(Some(now()));
        }
    };
    (Observed::NotChecked(reason.to_owned()), Observed::NotChecked(reason.to_owned()))
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
