//! How a request gets to Consul's HTTP API and its response comes back.

use std::pin::Pin;

use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode};

use super::error::RequestError;

/// The maximum length of a response body, in bytes. Only [`Transport::stream`] has no limit.
pub(super) const MAX_BODY_LEN: usize = 16 * 1024 * 1024;

/// Sends requests to Consul's HTTP API: over the network, or to a server in this process.
pub trait Transport: Send + Sync {
    /// Sends a request and returns the response, whatever its status. Fails with [`RequestError::Transport`] if there is
    /// no response, and with [`RequestError::Setup`] if the request cannot be sent.
    fn send(&self, request: ApiRequest) -> Sending<'_>;

    /// Sends a request and passes the body of a 200 response to `take` in chunks, until `take` returns `false`. The
    /// returned response then has an empty body. A response of another status is returned whole.
    ///
    /// The default implementation passes the body in one chunk.
    fn stream<'a>(&'a self, request: ApiRequest, take: &'a mut TakeChunk<'_>) -> Sending<'a> {
        Box::pin(async move {
            let mut response = self.send(request).await?;
            if response.status == StatusCode::OK {
                take(std::mem::take(&mut response.body));
            }
            Ok(response)
        })
    }
}

/// The future of a response.
pub type Sending<'a> = Pin<Box<dyn Future<Output = Result<ApiResponse, RequestError>> + Send + 'a>>;

/// Receives a chunk of a body and returns whether it wants more.
pub type TakeChunk<'a> = dyn FnMut(Bytes) -> bool + Send + 'a;

/// A request to Consul's HTTP API.
#[derive(Clone)]
pub struct ApiRequest {
    /// The method.
    pub method: Method,
    /// The path and the query, starting with `/v1/`.
    pub path: String,
    /// The headers; they contain the ACL token and the password.
    pub headers: HeaderMap,
    /// The body, JSON or the value of a key.
    pub body: Option<Bytes>,
}

/// A response of any status.
pub struct ApiResponse {
    /// The HTTP status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body. It may contain secrets.
    pub body: Bytes,
}

impl ApiResponse {
    /// Returns the index for the next blocking query after one with `index`. As Consul's documentation asks, starts again
    /// from 0 if the index went backwards, for example because a snapshot was restored.
    pub(super) fn next_index(&self, index: u64) -> u64 {
        let next = self.headers.get("X-Consul-Index").and_then(|index| index.to_str().ok()?.parse().ok());
        match next {
            Some(next) if next >= index => u64::max(next, 1),
            _ => 0,
        }
    }

    /// Returns the response if its status is 200, the only one that Consul's client accepts.
    pub(super) fn ok(self) -> Result<Self, RequestError> {
        if self.status == StatusCode::OK {
            return Ok(self);
        }
        let body = String::from_utf8_lossy(&self.body).trim().to_owned();
        Err(RequestError::Refused { status: self.status.as_u16(), body })
    }
}
