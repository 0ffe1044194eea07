//! Failed requests, in the words of Consul's own command line.
//!
//! Consul's client is Go's `net/http`, which reports a failed connection as `Post "URL": dial tcp HOST: connect:
//! connection refused`. People search for these texts, so the same causes have the same texts here.

use std::io;

use http::Method;
use thiserror::Error;

use crate::gostd::os_error::os_error_text;
use crate::net::tls::error_text::{causes, innermost, rustls_error, tls_error_text};

/// Why a request brought no usable response.
#[derive(Debug, Error)]
pub enum RequestError {
    /// Consul refused the request. The text is the one that Consul's command line prints.
    #[error("Unexpected response code: {status} ({body})")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// The body, trimmed.
        body: String,
    },
    /// There was no response.
    #[error("{method} \"{url}\": {cause}")]
    Transport {
        /// The method as Go writes it, such as `Post`.
        method: &'static str,
        /// The requested URL, without credentials.
        url: String,
        /// The cause, in Go's words if they are known.
        cause: String,
        /// Whether Consul may have received the request.
        is_sent: bool,
    },
    /// There was no response within the timeout.
    #[error("{address} did not respond within {seconds} s")]
    TimedOut {
        /// The address of the agent.
        address: String,
        /// The timeout.
        seconds: f64,
        /// Whether Consul may have received the request.
        is_sent: bool,
    },
    /// The response is not one that this endpoint sends.
    #[error("{0}")]
    Unreadable(String),
    /// The TLS files, the proxy or the URL cannot be used.
    #[error("{0}")]
    Setup(String),
}

impl RequestError {
    /// Returns the error of a request that was not sent.
    pub(super) fn not_sent(method: &Method, url: String, cause: String) -> Self {
        Self::transport(method, url, cause, false)
    }

    pub(super) fn transport(method: &Method, url: String, cause: String, is_sent: bool) -> Self {
        let method = match method.as_str() {
            "POST" => "Post",
            "PUT" => "Put",
            "DELETE" => "Delete",
            _ => "Get",
        };
        Self::Transport { method, url, cause, is_sent }
    }
}

/// Returns the cause of a failed request in Go's words. `dialed` is the address as Go names it, such as
/// `tcp 127.0.0.1:8500`.
pub(super) fn cause(error: &reqwest::Error, dialed: &str, server_name: &str) -> String {
    let chain = || causes(error);
    if let Some(tls) = chain().find_map(rustls_error) {
        return tls_error_text(tls, server_name);
    }
    let system = chain().find_map(|error| error.downcast_ref::<io::Error>());
    if error.is_connect() {
        if chain().any(|error| error.to_string().contains("dns error")) {
            let host = dialed.split_once(' ').map_or(dialed, |(_, address)| address);
            let host = host.rsplit_once(':').map_or(host, |(host, _)| host);
            return format!("dial tcp: lookup {host}: no such host");
        }
        return match system {
            Some(system) if system.kind() == io::ErrorKind::TimedOut => format!("dial {dialed}: i/o timeout"),
            Some(system) => format!("dial {dialed}: connect: {}", os_error_text(system)),
            None if error.is_timeout() => format!("dial {dialed}: i/o timeout"),
            None => format!("dial {dialed}: {}", innermost(error)),
        };
    }
    match system {
        Some(system) if system.kind() == io::ErrorKind::UnexpectedEof => "EOF".to_owned(),
        Some(system) => format!("read {dialed}: read: {}", os_error_text(system)),
        None if innermost(error).contains("connection closed before message completed") => "EOF".to_owned(),
        None if innermost(error).contains("end of file before message length reached") => {
            "unexpected EOF".to_owned()
        }
        None => innermost(error),
    }
}
