//! A port that does not do what the token promises.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;

use super::Fault;

/// How long a slow server takes for each step.
pub(in crate::acceptor) const SLOW: Duration = Duration::from_secs(2);

/// How many connections wait to be accepted, as usual.
const BACKLOG: u32 = 1024;

/// Go's HTTP server to what is no request.
const BAD_REQUEST: &[u8] = b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\n\
                             Connection: close\r\n\r\n400 Bad Request";

/// Listens for dialers. Where packets are to be dropped, the queue of connections is one long, and full.
pub async fn listen(address: SocketAddr, fault: Option<Fault>) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    if fault != Some(Fault::BlackHole) {
        return socket.listen(BACKLOG);
    }
    let listener = socket.listen(1)?;
    let to = listener.local_addr()?;
    // What waits in the queue is never accepted; it is there for as long as the process is.
    while let Ok(Ok(waiting)) = timeout(Duration::from_millis(200), TcpStream::connect(to)).await {
        std::mem::forget(waiting);
    }
    Ok(listener)
}

/// What is left to do with a connection.
pub(in crate::acceptor) enum Left {
    /// TLS, and then to speak.
    All(TcpStream),
    /// To speak, in the clear.
    Speaking(TcpStream),
    /// Nothing.
    Nothing,
}

/// Plays a fault of the port on a connection, as far as it goes.
pub(in crate::acceptor) async fn play(
    fault: Option<Fault>,
    stream: TcpStream,
    tls: Option<&TlsAcceptor>,
) -> Left {
    match fault {
        Some(Fault::PlaintextPort) => return Left::Speaking(stream),
        Some(Fault::HttpPort) => answer_in_http1(stream).await,
        Some(Fault::TlsProxy) => {
            let Some(tls) = tls else { return Left::Nothing };
            if let Ok(stream) = tls.accept(stream).await {
                answer_in_http1(stream).await;
            }
        }
        Some(Fault::Silent) => swallow(stream).await,
        Some(Fault::Resets) => {
            // With no time to linger in, closing is resetting.
            let _ = stream.set_zero_linger();
        }
        Some(Fault::Slow) => {
            sleep(SLOW).await;
            return Left::All(stream);
        }
        _ => return Left::All(stream),
    }
    Left::Nothing
}

async fn answer_in_http1(mut stream: impl AsyncRead + AsyncWrite + Unpin) {
    let mut read = [0; 4096];
    // The client may be gone: then nobody minds.
    let _ = stream.read(&mut read).await;
    let _ = stream.write_all(BAD_REQUEST).await;
    let _ = stream.shutdown().await;
    // What is closed with bytes unread is reset, and then the client may never see the answer.
    while stream.read(&mut read).await.is_ok_and(|count| count > 0) {}
}

/// Reads until the client gives up.
async fn swallow(mut stream: TcpStream) {
    let mut read = [0; 4096];
    while stream.read(&mut read).await.is_ok_and(|count| count > 0) {}
}
