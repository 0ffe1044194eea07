//! Reads a snapshot from a file, or streams one from a Consul.

use std::collections::BTreeSet;
use std::io::{self, Read};
use std::path::Path;
use std::sync::mpsc::{Receiver, sync_channel};

use bytes::Bytes;

use super::{Snapshot, SnapshotError, read};
use crate::net::consul::Client;
use crate::net::file;

/// How many chunks of a live snapshot may wait for their reader.
const MAX_WAITING_CHUNKS: usize = 16;

/// Reads a snapshot from a file. See [`read`].
pub fn read_file(path: &Path, peer_ids: &BTreeSet<String>) -> Result<Snapshot, SnapshotError> {
    read(file::open(path).map_err(SnapshotError::Unreadable)?, peer_ids)
}

/// Streams a snapshot of a cluster, and reads it. It is not stored anywhere. See [`read`].
pub async fn read_live(client: &Client, peer_ids: &BTreeSet<String>) -> Result<Snapshot, SnapshotError> {
    let (sender, receiver) = sync_channel(MAX_WAITING_CHUNKS);
    let peer_ids = peer_ids.clone();
    let reader = std::thread::spawn(move || read(Chunks { receiver, rest: Bytes::new() }, &peer_ids));
    let streamed = client.snapshot(|chunk| sender.send(chunk).is_ok()).await;
    drop(sender);
    let snapshot = reader.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
    streamed.map_err(SnapshotError::Consul)?;
    snapshot
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
        let chunk = self.rest.split_to(buffer.len().min(self.rest.len()));
        buffer[..chunk.len()].copy_from_slice(&chunk);
        Ok(chunk.len())
    }
}
