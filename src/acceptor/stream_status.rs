//! The streams of this process: which are connected, and the times of their last messages.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use tokio::sync::watch;

use crate::net::peerstream::{Payload, StreamMessage};

/// The status of one peering's stream since this process started.
#[derive(Debug, Clone, Default)]
pub(super) struct StreamStatus {
    /// Whether the stream is connected.
    pub(super) connected: bool,
    /// The time of the last heartbeat from the peer.
    pub(super) last_heartbeat: Option<Timestamp>,
    /// The time of the last message from the peer.
    pub(super) last_receive: Option<Timestamp>,
    /// The time of the last message to the peer.
    pub(super) last_send: Option<Timestamp>,
}

/// The streams, by this side's ID of the peering.
#[derive(Debug)]
pub(super) struct Streams {
    states: Mutex<HashMap<String, StreamStatus>>,
    changes: watch::Sender<u64>,
}

impl Default for Streams {
    fn default() -> Self {
        Self { states: Mutex::default(), changes: watch::Sender::new(0) }
    }
}

impl Streams {
    /// Notifies the streams that peerings may have changed.
    pub(super) fn notify(&self) {
        self.changes.send_modify(|count| *count = count.wrapping_add(1));
    }

    /// Returns a receiver of these notifications.
    pub(super) fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// Returns the status of a stream, or `None` if there was none.
    pub(super) fn of(&self, id: &str) -> Option<StreamStatus> {
        self.states.lock().unwrap_or_else(PoisonError::into_inner).get(id).cloned()
    }

    /// Records a message from the peer.
    pub(super) fn received(&self, id: &str, message: &StreamMessage, at: Timestamp) {
        let heartbeat = matches!(message.payload, Some(Payload::Heartbeat(_)));
        self.update(id, |state| {
            state.last_receive = Some(at);
            if heartbeat {
                state.last_heartbeat = Some(at);
            }
        });
    }

    /// Updates the status of a stream.
    pub(super) fn update(&self, id: &str, change: impl FnOnce(&mut StreamStatus)) {
        let mut states = self.states.lock().unwrap_or_else(PoisonError::into_inner);
        change(states.entry(id.to_owned()).or_default());
    }
}
