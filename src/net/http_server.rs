//! An HTTP/1.1 server: of the embedded acceptor, of the metrics of an audit, and of the pages of `peering ui`.

pub(crate) mod browser;

use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use http::{Request, Response};
use hyper::body::{Body, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;

/// The timeout of a request's head.
pub(crate) const READ_TIMEOUT: Duration = Duration::from_secs(10);

/// The time that open requests get to finish.
const GRACE: Duration = Duration::from_secs(2);

/// The pause after a failed accept, for example because of too many open files.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Serves until `stop` is ready, then lets the open requests finish, for two seconds at most. An error of `respond` closes the
/// connection without a response.
pub(crate) async fn serve<R, F, B>(listener: TcpListener, respond: R, stop: impl Future<Output = ()>)
where
    R: Fn(Request<Incoming>) -> F + Send + Sync + 'static,
    F: Future<Output = io::Result<Response<B>>> + Send + 'static,
    B: Body<Error: std::error::Error + Send + Sync> + Send + 'static,
    B::Data: Send,
{
    let respond = Arc::new(respond);
    let mut connections = JoinSet::new();
    let (stopping, stopped) = watch::channel(());
    let mut stop = pin!(stop);
    loop {
        tokio::select! {
            () = &mut stop => break,
            Some(_) = connections.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(connection(stream, Arc::clone(&respond), stopped.clone()));
                }
                Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
            },
        }
    }
    drop((listener, stopping));
    // What does not finish in time is aborted when the set is dropped.
    let _ = timeout(GRACE, async { while connections.join_next().await.is_some() {} }).await;
}

/// Serves a connection. Dropping the sender of `stopped` ends it after the open request.
async fn connection<R, F, B>(stream: TcpStream, respond: Arc<R>, mut stopped: watch::Receiver<()>)
where
    R: Fn(Request<Incoming>) -> F,
    F: Future<Output = io::Result<Response<B>>>,
    B: Body<Error: std::error::Error + Send + Sync> + 'static,
{
    let service = service_fn(move |request| respond(request));
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
