//! The HTTP server of the embedded acceptor.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::fault::{Body, answer, whole};
use super::response::plain;
use super::{Acceptor, AcceptorError, browser};

/// The maximum length of a request body, in bytes: Consul's limit for most endpoints.
const MAX_BODY_LEN: usize = 512 * 1024;

/// The timeout of a request's head, and of its body.
const READ_TIMEOUT: Duration = Duration::from_secs(10);

/// The time that open requests get to finish.
const GRACE: Duration = Duration::from_secs(2);

/// The pause after a failed accept, for example because of too many open files.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Serves the HTTP API until `stop` is ready, then lets the open requests finish, for two seconds at most.
///
/// Answers only requests to a loopback name or address, and only web pages from there.
pub async fn serve(
    listener: TcpListener,
    acceptor: Arc<Acceptor>,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<(), AcceptorError> {
    let mut connections = JoinSet::new();
    let (stopping, stopped) = watch::channel(());
    let mut stop = pin!(stop);
    loop {
        tokio::select! {
            () = &mut stop => break,
            Some(_) = connections.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(connection(stream, Arc::clone(&acceptor), stopped.clone()));
                }
                Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
            },
        }
    }
    drop((listener, stopping));
    // What does not finish in time is aborted when the set is dropped.
    let _ = timeout(GRACE, async { while connections.join_next().await.is_some() {} }).await;
    Ok(())
}

/// Serves a connection. Dropping the sender of `stopped` ends it after the open request.
async fn connection(stream: TcpStream, acceptor: Arc<Acceptor>, mut stopped: watch::Receiver<()>) {
    let service = service_fn(move |request| respond(Arc::clone(&acceptor), request));
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(READ_TIMEOUT)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = pin!(connection);
    tokio::select! {
        // A broken connection affects only its client.
        _ = connection.as_mut() => return,
        _ = stopped.changed() => connection.as_mut().graceful_shutdown(),
    }
    let _ = connection.await;
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
