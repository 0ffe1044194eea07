//! Faults of the HTTP API.

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use http::{HeaderValue, StatusCode, header};
use tokio_stream::StreamExt;

use super::super::api::GENERATE;
use super::{Fault, NO_LEADER};

/// The error page of a proxy.
const PAGE: &str = "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n\
                    <center><h1>502 Bad Gateway</h1></center>\r\n</body>\r\n</html>\r\n";

/// Returns the response of a fault, or `answer` if the fault does not affect the HTTP API.
pub(in crate::acceptor) fn answer(
    fault: Option<Fault>,
    path: &str,
    answer: http::Response<Bytes>,
) -> Response {
    let respond = |status: StatusCode, content_type: &'static str, text: &'static str| {
        let mut response = Response::new(Body::from(text));
        *response.status_mut() = status;
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
        response
    };
    let plain = "text/plain; charset=utf-8";
    match fault {
        Some(Fault::Http500) => respond(StatusCode::INTERNAL_SERVER_ERROR, plain, NO_LEADER),
        Some(Fault::HtmlPage) => respond(StatusCode::BAD_GATEWAY, "text/html", PAGE),
        Some(Fault::CutBody) => truncated(answer),
        Some(Fault::GenerateCut) if path == GENERATE => truncated(answer),
        _ => answer.map(Body::from),
    }
}

/// Announces the whole length, and closes the connection after half of the body.
fn truncated(answer: http::Response<Bytes>) -> Response {
    let (mut parts, body) = answer.into_parts();
    parts.headers.insert(header::CONTENT_LENGTH, HeaderValue::from(body.len().max(2)));
    let half = body.slice(..body.len() / 2);
    let error = std::io::Error::other("truncated on purpose");
    let stream = tokio_stream::iter([Ok(half)]).chain(tokio_stream::iter([Err(error)]));
    Response::from_parts(parts, Body::from_stream(stream))
}
