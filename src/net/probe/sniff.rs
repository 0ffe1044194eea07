//! A stream that remembers the first bytes that came over it: they tell what answers when it is not what was expected.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::net::tls::error_text::{alert_text, rustls_error};

/// How many bytes are remembered.
const FIRST: usize = 32;

/// The first bytes that came over a stream, and the TLS alert that ended it.
#[derive(Debug, Clone, Default)]
pub(super) struct FirstBytes(Arc<Mutex<Came>>);

#[derive(Debug, Default)]
struct Came {
    bytes: Vec<u8>,
    alert: Option<String>,
}

impl FirstBytes {
    /// What speaks so, if that can be told.
    pub(super) fn speak(&self) -> Option<String> {
        let bytes = &self.came().bytes;
        if bytes.starts_with(b"HTTP/1") {
            return Some("HTTP/1".to_owned());
        }
        // A frame of type 4 (SETTINGS) on stream 0: RFC 9113, §3.4.
        let settings = bytes.len() >= 9 && bytes[3] == 4 && bytes[5..9] == [0; 4];
        settings.then(|| "HTTP/2 without TLS".to_owned())
    }

    /// The alert that came in place of more, in Go's words.
    pub(super) fn alert(&self) -> Option<String> {
        self.came().alert.clone()
    }

    fn came(&self) -> MutexGuard<'_, Came> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self, bytes: &[u8]) {
        let first = &mut self.came().bytes;
        let room = FIRST.saturating_sub(first.len());
        first.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }
}

/// A stream whose first bytes are remembered.
#[derive(Debug)]
pub(super) struct SniffingStream<S> {
    stream: S,
    first: FirstBytes,
}

impl<S> SniffingStream<S> {
    pub(super) fn new(stream: S) -> (Self, FirstBytes) {
        let first = FirstBytes::default();
        (Self { stream, first: first.clone() }, first)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for SniffingStream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        self.first.take(&buffer.filled()[before..]);
        if let Poll::Ready(Err(error)) = &read
            && let Some(rustls::Error::AlertReceived(alert)) = rustls_error(error)
        {
            self.first.came().alert = Some(alert_text(*alert));
        }
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for SniffingStream<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
