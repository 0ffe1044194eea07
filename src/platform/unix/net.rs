//! Unix sockets.

use std::io;
use std::path::Path;

use reqwest::ClientBuilder;

/// Makes a client connect to a Unix socket.
#[expect(clippy::unnecessary_wraps, reason = "fails on Windows")]
pub(crate) fn through_unix_socket(builder: ClientBuilder, path: &Path) -> io::Result<ClientBuilder> {
    Ok(builder.unix_socket(path.to_owned()))
}
