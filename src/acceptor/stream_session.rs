//! One stream between two peers, the same on either side once it is open.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{MissedTickBehavior, interval, timeout};
use tonic::{Status, Streaming};

use super::Acceptor;
use crate::net::peerstream::{Payload, StreamMessage, Unread};

/// How often a side says that it is alive, as Consul.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// How long a silent side is thought alive, as Consul.
const SILENCE: Duration = Duration::from_mins(2);

/// How often a peering is looked at that another process may have deleted.
const LOOK: Duration = Duration::from_secs(1);

/// How long the other side gets to read that the peering is over.
const FAREWELL: Duration = Duration::from_secs(1);

/// Why a stream ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// The other side is gone or says nothing.
    Lost,
    /// One of the two sides deleted the peering.
    Terminated,
}

/// Keeps a stream until it ends, beginning with a heartbeat. `id` is this side's ID of the peering.
pub(super) async fn attend(
    acceptor: &Arc<Acceptor>,
    id: &str,
    mut incoming: Streaming<StreamMessage>,
    outgoing: mpsc::Sender<StreamMessage>,
) -> End {
    let now = || (acceptor.settings.clock)();
    acceptor.streams.note(id, |state| state.connected = true);
    let mut changes = acceptor.streams.changes();
    let mut heartbeats = interval(HEARTBEAT);
    let mut looks = interval(LOOK);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let end = loop {
        tokio::select! {
            message = timeout(SILENCE, incoming.message()) => match message {
                Ok(Ok(Some(message))) => {
                    acceptor.streams.received(id, &message, now());
                    if matches!(message.payload, Some(Payload::Terminated(_))) {
                        acceptor.terminate(id).await;
                        break End::Terminated;
                    }
                }
                _ => break End::Lost,
            },
            _ = heartbeats.tick() => {
                if outgoing.send(Payload::Heartbeat(Unread {}).into()).await.is_err() {
                    break End::Lost;
                }
                acceptor.streams.note(id, |state| state.last_send = Some(now()));
            }
            () = wait_for_change(&mut changes, &mut looks) => {
                if acceptor.is_gone(id).await {
                    let _ = outgoing.send(Payload::Terminated(Unread {}).into()).await;
                    drop(outgoing);
                    let _ = timeout(FAREWELL, async { while let Ok(Some(_)) = incoming.message().await {} }).await;
                    break End::Terminated;
                }
            }
        }
    };
    acceptor.streams.note(id, |state| state.connected = false);
    end
}

async fn wait_for_change(changes: &mut tokio::sync::watch::Receiver<u64>, looks: &mut tokio::time::Interval) {
    tokio::select! {
        _ = changes.changed() => {}
        _ = looks.tick() => {}
    }
}

/// What a stream is told when the state cannot be read.
pub(super) fn broken(reason: &str) -> Status {
    Status::internal(format!("the embedded acceptor's state cannot be used: {reason}"))
}
