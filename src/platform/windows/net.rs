//! Unix sockets.

use std::io;
use std::path::Path;

use tokio::net::TcpStream;

/// Fails: tokio has no Unix sockets on Windows.
#[expect(clippy::unused_async, reason = "connects on Unix")]
pub(crate) async fn connect_unix_socket(_: &Path) -> io::Result<TcpStream> {
    Err(io::Error::new(io::ErrorKind::Unsupported, "Unix sockets are not supported on Windows"))
}
