//! Counts the connections that clients have open at a server.

use std::net::{Shutdown, TcpStream};
use std::sync::{Arc, Mutex, Weak};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

/// The connections of a server. A client that closes one before it opens the next is never counted twice: a connection counts if
/// it was open when the newest one was accepted.
#[derive(Default)]
pub struct Sockets {
    open: Mutex<Open>,
}

#[derive(Default)]
struct Open {
    connections: Vec<Weak<Connection>>,
    most: usize,
}

/// The server's hold of a connection. Dropping it ends the connection.
pub struct Connection(TcpStream);

impl Drop for Connection {
    fn drop(&mut self) {
        // Fails if the client was first.
        let _ = self.0.shutdown(Shutdown::Both);
    }
}

impl Sockets {
    /// Counts a connection that was accepted.
    pub fn add(&self, stream: &TcpStream) -> Arc<Connection> {
        let connection = Arc::new(Connection(stream.try_clone().expect("a file descriptor")));
        let mut open = self.open.lock().expect("not poisoned");
        open.connections.retain(|connection| connection.upgrade().is_some_and(|it| is_open(&it.0)));
        open.connections.push(Arc::downgrade(&connection));
        open.most = open.most.max(open.connections.len());
        connection
    }

    /// The largest number of connections that were open at a time, since the last call.
    pub fn take_most(&self) -> usize {
        std::mem::take(&mut self.open.lock().expect("not poisoned").most)
    }
}

/// Whether the client has not closed a connection. The kernel knows it at once, whenever the task that serves it runs.
fn is_open(stream: &TcpStream) -> bool {
    let mut polled = [PollFd::new(stream, CLOSED)];
    poll(&mut polled, Some(&Timespec { tv_sec: 0, tv_nsec: 0 })).expect("poll works") == 0
}

/// On Linux, a closed connection is known even if there is something left to read.
#[cfg(target_os = "linux")]
const CLOSED: PollFlags = PollFlags::RDHUP;
#[cfg(not(target_os = "linux"))]
const CLOSED: PollFlags = PollFlags::HUP;
