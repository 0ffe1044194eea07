//! The HTTP server of the embedded acceptor.

use std::sync::Arc;

use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use tokio::net::TcpListener;
use tokio::time::timeout;

use super::fault::{Body, answer, whole};
use super::response::plain;
use super::{Acceptor, AcceptorError};
use crate::net::http_server::{self, READ_TIMEOUT, browser};

/// The maximum length of a request body, in bytes: Consul's limit for most endpoints.
const MAX_BODY_LEN: usize = 512 * 1024;

/// Serves the HTTP API until `stop` is ready, then lets the open requests finish, for two seconds at most.
///
/// Answers only requests to a loopback name or address, and only web pages from there.
pub async fn serve(
    listener: TcpListener,
    acceptor: Arc<Acceptor>,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<(), AcceptorError> {
    http_server::serve(listener, move |request| respond(Arc::clone(&acceptor), request), stop).await;
    Ok(())
}

/// Answers a request. An error closes the connection without a response.
async fn respond(acceptor: Arc<Acceptor>, request: Request<Incoming>) -> std::io::Result<Response<Body>> {
    if let Err(text) = browser::check(&request) {
        return Ok(whole(plain(StatusCode::FORBIDDEN, text)));
    }
    let (parts, body) = request.into_parts();
    let body = match timeout(READ_TIMEOUT, Limited::new(body, MAX_BODY_LEN).collect()).await {
        Ok(Ok(body)) => body.to_bytes(),
        Ok(Err(_)) => {
            return Ok(whole(plain(StatusCode::PAYLOAD_TOO_LARGE, "Request body too large".to_owned())));
        }
        Err(_) => return Ok(whole(plain(StatusCode::REQUEST_TIMEOUT, "Request Timeout".to_owned()))),
    };
    let request = Request::from_parts(parts, body);
    // SQLite waits for other processes, which must not block the runtime.
    let (fault, path) = (acceptor.settings.fault, request.uri().path().to_owned());
    let answered = tokio::task::spawn_blocking(move || acceptor.answer(&request)).await;
    let response =
        answered.unwrap_or_else(|_| plain(StatusCode::INTERNAL_SERVER_ERROR, "Internal error".to_owned()));
    answer(fault, &path, response)
}
