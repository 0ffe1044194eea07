//! Traces the addresses of a token without using the token.
//!
//! Each trace leads from name resolution over TCP, TLS and gRPC to two questions that Consul's own error message does
//! not answer: does the peering exist, and does it have an unused secret? Neither question sends the token's secret
//! ([`ProbeTarget`] has none), and neither changes the peering. [`crate::connectivity`] describes the results.

mod budget;
mod question;
mod sniff;
mod tcp;
mod tls;
pub(crate) mod trace;

use crate::connectivity::probe_answer::may_ask_unused_secret;
use crate::net::peerstream::Trust;
use crate::token::Token;
pub use budget::ConnectionBudget;
pub use trace::{Progress, trace_all, trace_until_answered};

/// Why *unused secret?* is asked at one address only.
pub const ASKED_ONCE: &str = "asked only once, at the first server that reports that the peering exists";

/// How many addresses of a token are traced. A cluster has a few servers.
const MAX_ADDRESSES: usize = 64;

/// What a probe needs from a token: everything except its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProbeTarget {
    /// The addresses that Consul dials, in its order, as `host:port`.
    pub addresses: Vec<String>,
    /// The token's field with these addresses: `ManualServerAddresses` or `ServerAddresses`.
    pub field: &'static str,
    /// The server addresses that Consul does not dial because the token has manual addresses.
    pub not_dialed: Vec<String>,
    /// How the connections verify the server.
    pub trust: Trust,
    /// The acceptor's ID of the peering.
    pub peer_id: String,
    /// Why *unused secret?* is not asked; `None` if it may be asked.
    pub secret_not_asked: Option<&'static str>,
}

impl From<&Token> for ProbeTarget {
    fn from(token: &Token) -> Self {
        let manual = token.manual_server_addresses.as_ref().is_some_and(|manual| !manual.is_empty());
        let servers = token.server_addresses.clone().unwrap_or_default();
        Self {
            addresses: token.dialed_addresses().to_vec(),
            field: if manual { "ManualServerAddresses" } else { "ServerAddresses" },
            not_dialed: if manual { servers } else { Vec::new() },
            trust: Trust::new(token.ca.as_deref().unwrap_or_default(), &token.server_name),
            peer_id: token.peer_id.clone(),
            secret_not_asked: may_ask_unused_secret(token).err(),
        }
    }
}
