//! An HTTP API that answers wrongly.

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use http::{HeaderValue, StatusCode, header};
use tokio_stream::StreamExt;

use super::Fault;

/// A proxy's page; nothing in it is Consul's.
const PAGE: &str = "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n\
                    <center><h1>502 Bad Gateway</h1></center>\r\n</body>\r\n</html>\r\n";

/// The answer in place of the true one.
pub(in crate::acceptor) fn answer(fault: Option<Fault>, answer: http::Response<Bytes>) -> Response {
    let said = |status: StatusCode, content_type: &'static str, text: &'static str| {
        let mut response = Response::new(Body::from(text));
        *response.status_mut() = status;
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
        response
    };
    let plain = "text/plain; charset=utf-8";
    match fault {
        Some(Fault::Http500) => said(StatusCode::INTERNAL_SERVER_ERROR, plain, "No cluster leader"),
        Some(Fault::HtmlPage) => said(StatusCode::BAD_GATEWAY, "text/html", PAGE),
        Some(Fault::CutBody) => cut(answer),
        _ => answer.map(Body::from),
    }
}

/// Announces the whole length, and ends the connection in the middle.
fn cut(answer: http::Response<Bytes>) -> Response {
    let (mut parts, body) = answer.into_parts();
    parts.headers.insert(header::CONTENT_LENGTH, HeaderValue::from(body.len().max(2)));
    let half = body.slice(..body.len() / 2);
    let broken = std::io::Error::other("cut on purpose");
    let stream = tokio_stream::iter([Ok(half)]).chain(tokio_stream::iter([Err(broken)]));
    Response::from_parts(parts, Body::from_stream(stream))
}
