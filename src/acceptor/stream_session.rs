//! An open stream between two peers. Both sides behave the same.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{MissedTickBehavior, interval, timeout};
use tonic::Streaming;

use super::Acceptor;
use crate::net::peerstream::{Payload, StreamMessage, Unread};

/// The interval of heartbeats, as in Consul.
const HEARTBEAT_INTERVAL: Duration = Duration::from_secs(15);

/// The time without a message after which the stream is lost, as in Consul.
const SILENCE_TIMEOUT: Duration = Duration::from_mins(2);

/// How often to check whether another process deleted the peering.
const CHECK_INTERVAL: Duration = Duration::from_secs(1);

/// How long to wait for the peer to read that the peering is deleted.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);

/// Why a stream ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum StreamEnd {
    /// The peer closed the connection or sends nothing.
    Lost,
    /// One of the two sides deleted the peering.
    Terminated,
}

/// Runs a stream until it ends, starting with a heartbeat. `id` is this side's ID of the peering.
pub(super) async fn run(
    acceptor: &Arc<Acceptor>,
    id: &str,
    mut incoming: Streaming<StreamMessage>,
    outgoing: mpsc::Sender<StreamMessage>,
) -> StreamEnd {
    let now = || (acceptor.settings.clock)();
    acceptor.streams.update(id, |state| state.connected = true);
    let mut changes = acceptor.streams.changes();
    let mut heartbeats = interval(HEARTBEAT_INTERVAL);
    let mut checks = interval(CHECK_INTERVAL);
    checks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let end = loop {
        tokio::select! {
            message = timeout(SILENCE_TIMEOUT, incoming.message()) => match message {
                Ok(Ok(Some(message))) => {
                    acceptor.streams.received(id, &message, now());
                    if matches!(message.payload, Some(Payload::Terminated(_))) {
                        acceptor.terminate(id).await;
                        break StreamEnd::Terminated;
                    }
                }
                _ => break StreamEnd::Lost,
            },
            _ = heartbeats.tick() => {
                if outgoing.send(Payload::Heartbeat(Unread {}).into()).await.is_err() {
                    break StreamEnd::Lost;
                }
                acceptor.streams.update(id, |state| state.last_send = Some(now()));
            }
            () = wait_for_change(&mut changes, &mut checks) => {
                if acceptor.is_gone(id).await {
                    let _ = outgoing.send(Payload::Terminated(Unread {}).into()).await;
                    drop(outgoing);
                    let _ = timeout(CLOSE_TIMEOUT, async { while let Ok(Some(_)) = incoming.message().await {} }).await;
                    break StreamEnd::Terminated;
                }
            }
        }
    };
    acceptor.streams.update(id, |state| state.connected = false);
    end
}

async fn wait_for_change(
    changes: &mut tokio::sync::watch::Receiver<u64>,
    checks: &mut tokio::time::Interval,
) {
    tokio::select! {
        _ = changes.changed() => {}
        _ = checks.tick() => {}
    }
}
