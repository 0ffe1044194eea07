//! One answer of the HTTP API, before anybody reads what it says.

use bytes::Bytes;
use http::{HeaderMap, StatusCode, header};

use super::error::RequestError;

/// The longest answer that is read, in bytes.
const MAX_ANSWER_LEN: usize = 16 * 1024 * 1024;

/// An answer of any status.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

impl Answer {
    /// Reads the body, and stops one chunk after the limit: [`Answer::within_limit`] then says so.
    pub(super) async fn read(mut response: reqwest::Response) -> Result<Self, reqwest::Error> {
        let (status, headers) = (response.status(), response.headers().clone());
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await? {
            body.extend_from_slice(&chunk);
            if body.len() > MAX_ANSWER_LEN {
                break;
            }
        }
        Ok(Self { status, headers, body: body.into() })
    }

    /// The index to ask about next. One that went back, as after a restored snapshot, begins anew, as Consul's documents say.
    pub(super) fn next_index(&self, asked: u64) -> u64 {
        let told = self.headers.get("X-Consul-Index").and_then(|index| index.to_str().ok()?.parse().ok());
        match told {
            Some(index) if index >= asked => u64::max(index, 1),
            _ => 0,
        }
    }

    pub(super) fn within_limit(self) -> Result<Self, RequestError> {
        if self.body.len() <= MAX_ANSWER_LEN {
            return Ok(self);
        }
        Err(RequestError::Unreadable(format!("the answer is longer than {MAX_ANSWER_LEN} bytes")))
    }

    /// Where a redirect points, if this is one.
    pub(super) fn redirect(&self, from: &reqwest::Url) -> Option<reqwest::Url> {
        let moved = matches!(self.status.as_u16(), 301 | 302 | 303 | 307 | 308);
        let location = moved.then(|| self.headers.get(header::LOCATION)).flatten()?;
        from.join(location.to_str().ok()?).ok().filter(|url| matches!(url.scheme(), "http" | "https"))
    }

    /// The answer if its status is 200, the only one that Consul's client takes.
    pub(super) fn ok(self) -> Result<Self, RequestError> {
        if self.status == StatusCode::OK {
            return Ok(self);
        }
        let body = String::from_utf8_lossy(&self.body).trim().to_owned();
        Err(RequestError::Refused { status: self.status.as_u16(), body })
    }
}
