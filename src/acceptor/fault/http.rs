//! Faults of the HTTP API.

use std::io;

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::Frame;

use super::super::body::GENERATE;
use super::super::response::response;
use super::{Fault, NO_LEADER};

/// The body of a response. An error closes the connection.
pub(in crate::acceptor) type Body = BoxBody<Bytes, io::Error>;

/// The error page of a proxy.
const PAGE: &str = "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n\
                    <center><h1>502 Bad Gateway</h1></center>\r\n</body>\r\n</html>\r\n";

/// Returns the response of a fault, or `answer` if the fault does not affect the request. An error closes the connection
/// without a response.
pub(in crate::acceptor) fn answer(
    fault: Option<Fault>,
    path: &str,
    answer: Response<Bytes>,
) -> io::Result<Response<Body>> {
    let plain = "text/plain; charset=utf-8";
    Ok(match fault {
        Some(Fault::Http500) => whole(response(StatusCode::INTERNAL_SERVER_ERROR, plain, NO_LEADER)),
        Some(Fault::HtmlPage) => whole(response(StatusCode::BAD_GATEWAY, "text/html", PAGE)),
        Some(Fault::CutBody) => truncated(answer),
        Some(Fault::GenerateCut) if path == GENERATE => return Err(simulated()),
        _ => whole(answer),
    })
}

/// Returns a response that is sent whole.
pub(in crate::acceptor) fn whole(answer: Response<Bytes>) -> Response<Body> {
    answer.map(|body| Full::new(body).map_err(|never| match never {}).boxed())
}

/// Announces the whole length, and closes the connection after half of the body.
fn truncated(answer: Response<Bytes>) -> Response<Body> {
    let (mut parts, body) = answer.into_parts();
    parts.headers.insert(header::CONTENT_LENGTH, HeaderValue::from(body.len().max(2)));
    let half = body.slice(..body.len() / 2);
    let frames = tokio_stream::iter([Ok(Frame::data(half)), Err(simulated())]);
    Response::from_parts(parts, StreamBody::new(frames).boxed())
}

fn simulated() -> io::Error {
    io::Error::other("a simulated fault")
}
