//! A stream that keeps the first bytes it receives: they identify a server that is not the expected one.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::net::tls::error_text::{alert_text, rustls_error};

/// How many bytes are kept.
const MAX_LEN: usize = 32;

/// The first bytes that a [`SniffingStream`] received, and the TLS alert that ended it.
#[derive(Debug, Clone, Default)]
pub(super) struct Sniffer(Arc<Mutex<Received>>);

#[derive(Debug, Default)]
struct Received {
    bytes: Vec<u8>,
    alert: Option<String>,
}

impl Sniffer {
    /// Returns the protocol that the bytes belong to, if they show it.
    pub(super) fn protocol(&self) -> Option<String> {
        let bytes = &self.received().bytes;
        if bytes.starts_with(b"HTTP/1") {
            return Some("HTTP/1".to_owned());
        }
        // A frame of type 4 (SETTINGS) on stream 0: RFC 9113, §3.4.
        let settings = bytes.len() >= 9 && bytes[3] == 4 && bytes[5..9] == [0; 4];
        settings.then(|| "HTTP/2 without TLS".to_owned())
    }

    /// Returns Go's text for the alert that ended the stream.
    pub(super) fn alert(&self) -> Option<String> {
        self.received().alert.clone()
    }

    fn received(&self) -> MutexGuard<'_, Received> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, bytes: &[u8]) {
        let kept = &mut self.received().bytes;
        let room = MAX_LEN.saturating_sub(kept.len());
        kept.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }
}

/// A stream with a [`Sniffer`].
#[derive(Debug)]
pub(super) struct SniffingStream<S> {
    stream: S,
    sniffer: Sniffer,
}

impl<S> SniffingStream<S> {
    pub(super) fn new(stream: S) -> (Self, Sniffer) {
        let sniffer = Sniffer::default();
        (Self { stream, sniffer: sniffer.clone() }, sniffer)
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
        self.sniffer.push(&buffer.filled()[before..]);
        if let Poll::Ready(Err(error)) = &read
            && let Some(rustls::Error::AlertReceived(alert)) = rustls_error(error)
        {
            self.sniffer.received().alert = Some(alert_text(*alert));
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
