//! TLS failures in the words of Go's `crypto/tls` and `crypto/x509`.

use std::error::Error as StdError;
use std::io;

use rustls::pki_types::ServerName;
use rustls::{AlertDescription, CertificateError, InvalidMessage};

/// Returns whether a request failed because the server's certificate is not trusted.
pub(crate) fn is_untrusted_certificate(error: &(dyn StdError + 'static)) -> bool {
    matches!(causes(error).find_map(rustls_error), Some(rustls::Error::InvalidCertificate(_)))
}

/// Returns the sources of an error, the nearest first.
pub(crate) fn causes<'a>(
    error: &'a (dyn StdError + 'static),
) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(error.source(), |error| (*error).source())
}

/// Returns the text of the last source of an error, or of the error itself.
pub(crate) fn innermost(error: &(dyn StdError + 'static)) -> String {
    causes(error).last().unwrap_or(error).to_string()
}

/// Returns the TLS error that `error` is or wraps. An `io::Error` returns the source of the error that it wraps, not the
/// error itself, so following [`StdError::source`] would skip it.
pub(crate) fn rustls_error<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a rustls::Error> {
    let mut error = error;
    loop {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        error = error.downcast_ref::<io::Error>()?.get_ref()?;
    }
}

/// Returns what Go's HTTP client reports for a TLS error.
pub(crate) fn tls_error_text(error: &rustls::Error, server_name: &str) -> String {
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

/// Returns what Go reports for an untrusted certificate, after `x509: `.
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

/// Returns the name in `DnsName("a")`: rustls lists names so, Go without the wrapper.
fn plain_name(name: &str) -> &str {
    name.split('"').nth(1).unwrap_or(name)
}

/// Returns Go's name of a TLS alert.
pub(crate) fn alert_text(alert: AlertDescription) -> String {
    let text = match alert {
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
    text.to_owned()
}
