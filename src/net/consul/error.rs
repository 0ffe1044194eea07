//! Why a request to Consul failed, in the words of Consul's own command line.
//!
//! Consul's client is Go's `net/http`, so a failed connection reads `Post "URL": dial tcp HOST: connect: connection
//! refused`. People search for those words; ours are the same where the cause is.

use std::error::Error as StdError;
use std::io;

use rustls::pki_types::ServerName;
use rustls::{AlertDescription, CertificateError, InvalidMessage};
use thiserror::Error;

use crate::gostd::os_error::os_error_text;

/// Why there is no answer to use.
#[derive(Debug, Error)]
pub enum RequestError {
    /// Consul answered, and refused. The text is what Consul's command line prints.
    #[error("Unexpected response code: {status} ({body})")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// The body, trimmed.
        body: String,
    },
    /// No answer came.
    #[error("{method} \"{url}\": {cause}")]
    Transport {
        /// The method, capitalised as Go does.
        method: &'static str,
        /// The URL asked for, without credentials.
        url: String,
        /// What went wrong, in Go's words where they are known.
        cause: String,
    },
    /// A connection may have been made, but no answer came in the time that was given.
    #[error("{address} did not answer within {seconds} s")]
    Silent {
        /// Where it was asked.
        address: String,
        /// How long it was waited.
        seconds: f64,
    },
    /// An answer came that is not what this endpoint answers.
    #[error("{0}")]
    Unreadable(String),
    /// The TLS files or the URL cannot be used.
    #[error("{0}")]
    Setup(String),
}

/// The cause of a failed request in Go's words. `dialed` is what Go would name, such as `tcp 127.0.0.1:8500`.
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

/// Whether a request failed because the server's certificate was not trusted.
pub(super) fn is_distrust(error: &reqwest::Error) -> bool {
    matches!(causes(error).find_map(rustls_error), Some(rustls::Error::InvalidCertificate(_)))
}

/// What an error has beneath it, the nearest first.
fn causes(error: &reqwest::Error) -> impl Iterator<Item = &(dyn StdError + 'static)> {
    std::iter::successors(error.source(), |error| (*error).source())
}

fn innermost(error: &reqwest::Error) -> String {
    let mut innermost: &dyn StdError = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}

/// The TLS error in a link of the chain. `io::Error`s wrap each other, and show the source of what they hold instead
/// of what they hold.
pub(crate) fn rustls_error<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a rustls::Error> {
    let mut error = error;
    loop {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        error = error.downcast_ref::<io::Error>()?.get_ref()?;
    }
}

fn tls_error_text(error: &rustls::Error, server_name: &str) -> String {
    match error {
        rustls::Error::InvalidMessage(InvalidMessage::InvalidContentType) => {
            "http: server gave HTTP response to HTTPS client".to_owned()
        }
        rustls::Error::InvalidCertificate(error) => {
            format!("tls: failed to verify certificate: x509: {}", certificate_text(error, server_name))
        }
        rustls::Error::AlertReceived(alert) => format!("remote error: tls: {}", alert_text(*alert)),
        other => format!("tls: {other}"),
    }
}

/// What Go's TLS library says of a certificate that was not trusted, after `x509: `.
pub(crate) fn certificate_text(error: &CertificateError, server_name: &str) -> String {
    match error {
        CertificateError::UnknownIssuer => "certificate signed by unknown authority".to_owned(),
        CertificateError::Expired
        | CertificateError::ExpiredContext { .. }
        | CertificateError::NotValidYet
        | CertificateError::NotValidYetContext { .. } => {
            "certificate has expired or is not yet valid".to_owned()
        }
        CertificateError::NotValidForNameContext { expected: ServerName::IpAddress(_), presented }
            if presented.is_empty() =>
        {
            format!("cannot validate certificate for {server_name} because it doesn't contain any IP SANs")
        }
        CertificateError::NotValidForNameContext { presented, .. } => {
            let names = presented.iter().map(|name| plain_name(name)).collect::<Vec<_>>().join(", ");
            if names.is_empty() {
                format!("certificate is not valid for any names, but wanted to match {server_name}")
            } else {
                format!("certificate is valid for {names}, not {server_name}")
            }
        }
        CertificateError::NotValidForName => format!("certificate is not valid for {server_name}"),
        other => other.to_string(),
    }
}

/// rustls lists names as `DnsName("a")`; Go lists them bare.
fn plain_name(name: &str) -> &str {
    name.split('"').nth(1).unwrap_or(name)
}

/// A TLS alert as Go names it.
pub(crate) fn alert_text(alert: AlertDescription) -> String {
    let words = match alert {
        AlertDescription::CertificateRequired => "certificate required",
        AlertDescription::BadCertificate => "bad certificate",
        AlertDescription::UnknownCA => "unknown certificate authority",
        AlertDescription::CertificateExpired => "expired certificate",
        AlertDescription::CertificateUnknown => "unknown certificate",
        AlertDescription::HandshakeFailure => "handshake failure",
        AlertDescription::ProtocolVersion => "protocol version not supported",
        AlertDescription::UnrecognisedName => "unrecognized name",
        AlertDescription::NoApplicationProtocol => "no application protocol",
        AlertDescription::InternalError => "internal error",
        AlertDescription::AccessDenied => "access denied",
        other => return format!("{other:?}"),
    };
    words.to_owned()
}
