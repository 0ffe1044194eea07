//! Unix sockets.

use std::io;
use std::path::Path;

use tokio::net::UnixStream;

/// Connects to a Unix socket.
pub(crate) async fn connect_unix_socket(path: &Path) -> io::Result<UnixStream> {
    UnixStream::connect(path).await
}
