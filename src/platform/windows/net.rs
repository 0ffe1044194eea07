//! Unix sockets.

use std::io;
use std::path::Path;

use reqwest::ClientBuilder;

/// Fails: the HTTP client has no Unix sockets on Windows.
pub(crate) fn through_unix_socket(_: ClientBuilder, path: &Path) -> io::Result<ClientBuilder> {
    let message = format!("unix://{}: Unix sockets are not supported on Windows", path.display());
    Err(io::Error::new(io::ErrorKind::Unsupported, message))
}
