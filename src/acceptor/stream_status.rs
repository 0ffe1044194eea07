//! The streams of this process: which are up, and when they last spoke.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use tokio::sync::watch;

use crate::net::peerstream::{Payload, StreamMessage};

/// What is known of one peering's stream since this process started.
#[derive(Debug, Clone, Default)]
pub(super) struct StreamState {
    /// Whether it is up.
    pub(super) connected: bool,
    /// The last heartbeat from the other side.
    pub(super) last_heartbeat: Option<Timestamp>,
    /// The last message of any kind from there.
    pub(super) last_receive: Option<Timestamp>,
    /// The last message to there.
    pub(super) last_send: Option<Timestamp>,
}

/// All of them, by this side's ID of the peering.
#[derive(Debug)]
pub(super) struct Streams {
    states: Mutex<HashMap<String, StreamState>>,
    changes: watch::Sender<u64>,
}

impl Default for Streams {
    fn default() -> Self {
        Self { states: Mutex::default(), changes: watch::Sender::new(0) }
    }
}

impl Streams {
    /// Says that peerings may have changed.
    pub(super) fn wake(&self) {
        self.changes.send_modify(|count| *count = count.wrapping_add(1));
    }

    /// Tells when peerings may have changed.
    pub(super) fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// What is known of a stream; `None` if there was none.
    pub(super) fn of(&self, id: &str) -> Option<StreamState> {
        self.states.lock().unwrap_or_else(PoisonError::into_inner).get(id).cloned()
    }

    /// Notes a message from the other side.
    pub(super) fn received(&self, id: &str, message: &StreamMessage, at: Timestamp) {
        let heartbeat = matches!(message.payload, Some(Payload::Heartbeat(_)));
        self.note(id, |state| {
            state.last_receive = Some(at);
            if heartbeat {
                state.last_heartbeat = Some(at);
            }
        });
    }

    /// Notes something of a stream.
    pub(super) fn note(&self, id: &str, change: impl FnOnce(&mut StreamState)) {
        let mut states = self.states.lock().unwrap_or_else(PoisonError::into_inner);
        change(states.entry(id.to_owned()).or_default());
    }
}
