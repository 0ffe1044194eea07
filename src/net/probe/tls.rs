//! The TLS handshake: trusts only the token's CAs, and keeps what the server presented.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::ServerName;
use rustls::{InvalidMessage, ProtocolVersion};
use tokio::net::TcpStream;
use tokio::time::{self, Instant};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::sniff::{Sniffer, SniffingStream};
use crate::certificate::Certificate;
use crate::certificate::chain::VerifyErrorKind;
use crate::connectivity::{CertificateOwner, Distrust, Presented, StepResult, TlsFault};
use crate::gostd::os_error::os_error_text;
use crate::net::tls::error_text::{alert_text, certificate_text, rustls_error};
use crate::net::tls::peer_chain::PeerChain;
use crate::net::tls::peer_config::{ders, peer_config};

/// TLS over a sniffed connection.
pub(super) type Encrypted = TlsStream<SniffingStream<TcpStream>>;

/// Performs the handshake. A connection that is not trusted is closed before anything is sent over it.
pub(super) async fn handshake(
    stream: TcpStream,
    cas: &[String],
    server_name: &str,
    timeout: Duration,
) -> (StepResult<Presented, TlsFault>, Option<Encrypted>) {
    let started = Instant::now();
    let chain = PeerChain::default();
    let connected = match connector(cas, server_name, &chain) {
        Err(message) => Err(TlsFault::Token { message }),
        Ok((connector, name)) => {
            let (stream, sniffer) = SniffingStream::new(stream);
            match time::timeout(timeout, connector.connect(name, stream)).await {
                Err(_) => Err(TlsFault::TimedOut),
                Ok(Err(error)) => Err(fault(&error, &sniffer, &chain, server_name)),
                Ok(Ok(stream)) => Ok(stream),
            }
        }
    };
    let elapsed = started.elapsed();
    // Dialers are written in Go, so Go's verdict on the chain counts, not that of this tool's TLS library.
    let verdict = chain.verify(&ders(cas), server_name);
    match (connected, verdict) {
        (_, Some(Err(refusal))) => {
            let fault = TlsFault::Untrusted {
                reason: distrust(refusal.kind),
                go_message: refusal.message,
                presented: Box::new(presented(&chain, server_name)),
            };
            (StepResult::Failed { fault, elapsed }, None)
        }
        (Err(TlsFault::Untrusted { go_message: ours, .. }), Some(Ok(trusted))) => {
            let mut value = Presented { unverified: trusted.unverified, ..presented(&chain, server_name) };
            value
                .unverified
                .push(format!("this tool's TLS library rejects this chain ({ours}); Go accepts it"));
            (StepResult::Ok { value, elapsed }, None)
        }
        (Err(fault), _) => (StepResult::Failed { fault, elapsed }, None),
        (Ok(stream), verdict) => {
            let connection = stream.get_ref().1;
            let protocol = match connection.protocol_version() {
                Some(ProtocolVersion::TLSv1_3) => "TLS 1.3".to_owned(),
                Some(ProtocolVersion::TLSv1_2) => "TLS 1.2".to_owned(),
                other => format!("{other:?}"),
            };
            let alpn = connection.alpn_protocol().map(|it| String::from_utf8_lossy(it).into_owned());
            let unverified = verdict.and_then(Result::ok).map(|trusted| trusted.unverified);
            let value = Presented {
                protocol,
                alpn,
                unverified: unverified.unwrap_or_default(),
                ..presented(&chain, server_name)
            };
            (StepResult::Ok { value, elapsed }, Some(stream))
        }
    }
}

fn connector(
    cas: &[String],
    server_name: &str,
    chain: &PeerChain,
) -> Result<(TlsConnector, ServerName<'static>), String> {
    let config = peer_config(cas, chain)?;
    let name = ServerName::try_from(server_name.to_owned())
        .map_err(|_| format!("{server_name:?} is not a valid certificate name"))?;
    Ok((TlsConnector::from(Arc::new(config)), name))
}

fn fault(error: &io::Error, sniffer: &Sniffer, chain: &PeerChain, server_name: &str) -> TlsFault {
    match rustls_error(error) {
        Some(rustls::Error::InvalidCertificate(error)) => TlsFault::Untrusted {
            reason: Distrust::Unusable,
            go_message: certificate_text(error, server_name),
            presented: Box::new(presented(chain, server_name)),
        },
        Some(rustls::Error::AlertReceived(alert)) => {
            TlsFault::Alert { alert: alert_text(*alert), presented: None }
        }
        Some(rustls::Error::InvalidMessage(InvalidMessage::InvalidContentType)) => {
            TlsFault::NotTls { protocol: sniffer.protocol() }
        }
        _ if sniffer.protocol().is_some() => TlsFault::NotTls { protocol: sniffer.protocol() },
        Some(other) => TlsFault::Other { message: other.to_string() },
        None => match error.kind() {
            io::ErrorKind::UnexpectedEof => TlsFault::ConnectionClosed,
            io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe => TlsFault::Reset,
            _ => TlsFault::Other { message: os_error_text(error) },
        },
    }
}

fn presented(chain: &PeerChain, server_name: &str) -> Presented {
    let chain = chain.certificates();
    Presented { owner: owner(chain.first(), server_name), chain, ..Presented::default() }
}

fn distrust(kind: VerifyErrorKind) -> Distrust {
    match kind {
        VerifyErrorKind::UnknownAuthority => Distrust::UnknownAuthority,
        VerifyErrorKind::WrongName => Distrust::WrongName,
        VerifyErrorKind::Expired => Distrust::Expired,
        VerifyErrorKind::NotYetValid => Distrust::NotYetValid,
        VerifyErrorKind::Unreadable | VerifyErrorKind::Unusable => Distrust::Unusable,
    }
}

/// Returns the owner of a certificate by its names: `server.<datacenter>.peering.<trust-domain>`, or an agent's.
fn owner(leaf: Option<&Certificate>, server_name: &str) -> CertificateOwner {
    let Some(leaf) = leaf else { return CertificateOwner::Unknown };
    let names = &leaf.names.dns;
    if names.iter().any(|name| name == server_name) {
        return CertificateOwner::Expected;
    }
    let peering = names.iter().find_map(|name| name.strip_prefix("server.")?.split_once(".peering."));
    if let Some((datacenter, trust_domain)) = peering {
        return CertificateOwner::AnotherConsul {
            trust_domain: Some(trust_domain.to_owned()),
            datacenter: Some(datacenter.to_owned()),
        };
    }
    let is_agent = |name: &String| {
        (name.starts_with("server.") || name.starts_with("client.")) && name.ends_with(".consul")
    };
    if names.iter().any(is_agent) { CertificateOwner::ConsulAgent } else { CertificateOwner::NotConsul }
}
