//! An HTTP/1.1 connection that exists exactly as long as its value: dropping it closes the socket at once.
//!
//! A client with a pool closes connections later, in a task of its own, and may open another one before the last is back in the
//! pool. Here the owner of a connection does its work, so the number of values is the number of sockets.

use std::future::poll_fn;
use std::pin::{Pin, pin};

use bytes::Bytes;
use http::{Request, response};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use url::{Origin, Url};

use super::connector::Connector;
use super::error::ExchangeError;
use super::sent_body::SentBody;

/// An open connection without a request.
pub(super) struct Connection {
    origin: Origin,
    sender: SendRequest<SentBody>,
    work: Work,
}

/// Reading and writing of a connection; `None` when it has ended.
struct Work(Option<Pin<Box<dyn Future<Output = ()> + Send>>>);

impl Work {
    /// Reads and writes until `wanted` is ready.
    async fn until<T>(&mut self, wanted: impl Future<Output = T>) -> T {
        let mut wanted = pin!(wanted);
        poll_fn(|context| {
            if let Some(work) = &mut self.0
                && work.as_mut().poll(context).is_ready()
            {
                self.0 = None;
            }
            wanted.as_mut().poll(context)
        })
        .await
    }
}

impl Connection {
    pub(super) async fn open(connector: &Connector, url: &Url) -> Result<Self, ExchangeError> {
        let stream = connector.connect(url).await?;
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        // The one who waits for the response gets its error.
        let work = Box::pin(async { drop(connection.await) });
        Ok(Self { origin: url.origin(), sender, work: Work(Some(work)) })
    }

    /// Returns whether a request for a URL can be sent over this connection: it leads there, and is still open.
    pub(super) async fn can_send_to(&mut self, url: &Url) -> bool {
        self.origin == url.origin() && self.work.until(self.sender.ready()).await.is_ok()
    }

    /// Sends a request and waits for the head of the response. Fails with the request if the connection ended before.
    pub(super) async fn send(mut self, request: Request<SentBody>) -> Result<Exchange, Unsent> {
        let response = self.work.until(self.sender.try_send_request(request)).await;
        match response {
            Ok(response) => {
                let (head, body) = response.into_parts();
                Ok(Exchange { head, body, connection: self })
            }
            Err(mut error) => {
                let request = error.take_message();
                Err(Unsent { request, error: error.into_error().into() })
            }
        }
    }
}

/// A request that got no response.
pub(super) struct Unsent {
    /// The request, if no byte of it was sent.
    pub(super) request: Option<Request<SentBody>>,
    pub(super) error: ExchangeError,
}

/// A response of which the head has arrived.
pub(super) struct Exchange {
    pub(super) head: response::Parts,
    body: Incoming,
    connection: Connection,
}

impl Exchange {
    /// Returns the next part of the body, `None` after the last.
    pub(super) async fn chunk(&mut self) -> Result<Option<Bytes>, ExchangeError> {
        loop {
            let Some(frame) = self.connection.work.until(self.body.frame()).await else { return Ok(None) };
            // Other frames are trailers.
            if let Ok(data) = frame?.into_data() {
                return Ok(Some(data));
            }
        }
    }

    /// Returns the connection, for the next request after a whole body.
    pub(super) fn into_connection(self) -> Connection {
        self.connection
    }
}
