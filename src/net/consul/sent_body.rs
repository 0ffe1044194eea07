//! Whether a request was sent: a body that notes when the connection starts to write it.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};

/// Whether the server may have received a request.
///
/// The HTTP client takes the body only when it is connected, including TLS, and has written the headers. Until then, the
/// request had no effect.
#[derive(Debug, Clone)]
pub(super) struct Sent(Arc<AtomicBool>);

impl Sent {
    /// Starts with a request that is not sent yet. For a request without a body, that cannot be observed, so it counts as
    /// sent.
    pub(super) fn new(body: Option<&Bytes>) -> Self {
        Self(Arc::new(AtomicBool::new(body.is_none())))
    }

    /// Returns whether the server may have received the request.
    pub(super) fn is_sent(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }

    /// Notes that the server redirected the request instead of processing it.
    pub(super) fn redirected(&self) {
        self.0.store(false, Ordering::Release);
    }

    /// Returns the body, which notes that it is sent.
    pub(super) fn body(&self, bytes: Bytes) -> SentBody {
        SentBody { bytes: Some(bytes), sent: self.clone() }
    }
}

/// A body that notes that it is sent.
#[derive(Debug)]
pub(super) struct SentBody {
    bytes: Option<Bytes>,
    sent: Sent,
}

impl Body for SentBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.sent.0.store(true, Ordering::Release);
        Poll::Ready(self.bytes.take().map(|bytes| Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.bytes.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.bytes.as_ref().map_or(0, |bytes| bytes.len() as u64))
    }
}
