//! The responses of the HTTP API.

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};

pub(super) fn response(
    status: StatusCode,
    content_type: &'static str,
    body: impl Into<Bytes>,
) -> Response<Bytes> {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

/// Returns a plain text response.
pub(super) fn plain(status: StatusCode, text: String) -> Response<Bytes> {
    response(status, "text/plain; charset=utf-8", text)
}

pub(super) fn empty() -> Response<Bytes> {
    response(StatusCode::OK, "application/json; charset=utf-8", Bytes::new())
}
