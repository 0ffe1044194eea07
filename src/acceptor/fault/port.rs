//! Faults of the gRPC port.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;

use super::Fault;

/// The delay of a slow server in each step.
pub(in crate::acceptor) const SLOW: Duration = Duration::from_secs(2);

/// How many connections may wait to be accepted.
const BACKLOG: u32 = 1024;

/// The response of Go's HTTP server to an invalid request.
const BAD_REQUEST: &[u8] = b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\n\
                             Connection: close\r\n\r\n400 Bad Request";

/// Listens for dialers. For [`Fault::BlackHole`], the queue of waiting connections has a length of one and is full.
pub async fn listen(address: SocketAddr, fault: Option<Fault>) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    if fault != Some(Fault::BlackHole) {
        return socket.listen(BACKLOG);
    }
    let listener = socket.listen(1)?;
    let to = listener.local_addr()?;
    // These connections are never accepted, and remain in the queue until the process ends.
    while let Ok(Ok(waiting)) = timeout(Duration::from_millis(200), TcpStream::connect(to)).await {
        std::mem::forget(waiting);
    }
    Ok(listener)
}

/// What remains to be done with a connection.
pub(in crate::acceptor) enum Remaining {
    /// The TLS handshake, then gRPC.
    Tls(TcpStream),
    /// gRPC without TLS.
    Plaintext(TcpStream),
    /// Nothing.
    Nothing,
}

/// Simulates a fault of the port on a connection.
pub(in crate::acceptor) async fn simulate(
    fault: Option<Fault>,
    stream: TcpStream,
    tls: Option<&TlsAcceptor>,
) -> Remaining {
    match fault {
        Some(Fault::PlaintextPort) => return Remaining::Plaintext(stream),
        Some(Fault::HttpPort) => answer_in_http1(stream).await,
        Some(Fault::TlsProxy) => {
            let Some(tls) = tls else { return Remaining::Nothing };
            if let Ok(stream) = tls.accept(stream).await {
                answer_in_http1(stream).await;
            }
        }
        Some(Fault::Silent) => swallow(stream).await,
        Some(Fault::Resets) => {
            // Closing a socket with a linger time of zero resets the connection.
            let _ = stream.set_zero_linger();
        }
        Some(Fault::Slow) => {
            sleep(SLOW).await;
            return Remaining::Tls(stream);
        }
        _ => return Remaining::Tls(stream),
    }
    Remaining::Nothing
}

async fn answer_in_http1(mut stream: impl AsyncRead + AsyncWrite + Unpin) {
    let mut read = [0; 4096];
    // The client may be gone.
    let _ = stream.read(&mut read).await;
    let _ = stream.write_all(BAD_REQUEST).await;
    let _ = stream.shutdown().await;
    // Closing a socket with unread bytes resets the connection, and the client may not get the response.
    while stream.read(&mut read).await.is_ok_and(|count| count > 0) {}
}

/// Reads until the client gives up.
async fn swallow(mut stream: TcpStream) {
    let mut read = [0; 4096];
    while stream.read(&mut read).await.is_ok_and(|count| count > 0) {}
}
