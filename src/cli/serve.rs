//! Commands that serve HTTP until Ctrl-C.

use std::io;
use std::net::SocketAddr;

use http::{Request, Response};
use hyper::body::{Body, Incoming};
use tokio::net::TcpListener;

use super::args::http_options::wait_for;
use super::error::CliError;
use super::exit::Exit;
use crate::net::http_server;
use crate::platform;

/// Listens on an address, and answers requests until Ctrl-C. `start` gets the address with its port, tells people where it
/// is, and returns what answers.
pub fn until_interrupt<R, F, B>(
    address: SocketAddr,
    start: impl FnOnce(SocketAddr) -> Result<R, CliError>,
) -> Result<Exit, CliError>
where
    R: Fn(Request<Incoming>) -> F + Send + Sync + 'static,
    F: Future<Output = io::Result<Response<B>>> + Send + 'static,
    B: Body<Error: std::error::Error + Send + Sync> + Send + 'static,
    B::Data: Send,
{
    wait_for(async move {
        let failed = |error: &io::Error| CliError::of_io(format_args!("cannot listen on {address}"), error);
        let listener = TcpListener::bind(address).await.map_err(|error| failed(&error))?;
        let bound = listener.local_addr().map_err(|error| failed(&error))?;
        // Before the first output, because a script that reads it may interrupt.
        let mut interrupts = platform::interrupts()
            .map_err(|error| CliError::new(format_args!("cannot handle Ctrl-C: {error}")))?;
        let respond = start(bound)?;
        let interrupted = async move {
            interrupts.recv().await;
        };
        http_server::serve(listener, respond, interrupted).await;
        Ok(Exit::Done)
    })
}
