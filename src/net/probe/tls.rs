//! The TLS step: a handshake that trusts the token's CAs alone, and remembers what was shown when it does not.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::ServerName;
use rustls::{InvalidMessage, ProtocolVersion};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::sniff::{FirstBytes, SniffingStream};
use crate::certificate::Certificate;
use crate::connectivity::{Distrust, Shown, Step, TlsFault, Whose};
use crate::gostd::chain::VerifyErrorKind;
use crate::gostd::os_error::os_error_text;
use crate::net::tls::client_config::{ders, peer_config};
use crate::net::tls::error_text::{alert_text, certificate_text, rustls_error};
use crate::net::tls::peer_chain::PeerChain;

/// What TLS is spoken over, and what speaks TLS.
pub(super) type Encrypted = TlsStream<SniffingStream<TcpStream>>;

/// Shakes hands. Over a connection that is not trusted nothing is sent, and it is closed.
pub(super) async fn shake_hands(
    stream: TcpStream,
    cas: &[String],
    server_name: &str,
    patience: Duration,
) -> (Step<Shown, TlsFault>, Option<Encrypted>) {
    let begun = Instant::now();
    let shown = PeerChain::default();
    let made = match prepare(cas, server_name, &shown) {
        Err(says) => Err(TlsFault::Token { says }),
        Ok((connector, name)) => {
            let (stream, first) = SniffingStream::new(stream);
            match timeout(patience, connector.connect(name, stream)).await {
                Err(_) => Err(TlsFault::TimedOut),
                Ok(Err(error)) => Err(fault(&error, &first, &shown, server_name)),
                Ok(Ok(stream)) => Ok(stream),
            }
        }
    };
    let elapsed = begun.elapsed();
    // What was shown is judged as the dialer would, which is written in Go, whatever our own library says of it.
    let judged = shown.verify(&ders(cas), server_name);
    match (made, judged) {
        (_, Some(Err(refusal))) => {
            let fault = TlsFault::Untrusted {
                why: distrust(refusal.kind),
                go_says: refusal.message,
                shown: Box::new(what_was_shown(&shown, server_name)),
            };
            (Step::Failed { fault, elapsed }, None)
        }
        (Err(TlsFault::Untrusted { go_says: ours, .. }), Some(Ok(trusted))) => {
            let mut seen = Shown { not_checked: trusted.unverified, ..what_was_shown(&shown, server_name) };
            seen.not_checked
                .push(format!("our TLS library does not take this chain ({ours}); Go does, by its rules"));
            (Step::Passed { seen, elapsed }, None)
        }
        (Err(fault), _) => (Step::Failed { fault, elapsed }, None),
        (Ok(stream), judged) => {
            let connection = stream.get_ref().1;
            let protocol = match connection.protocol_version() {
                Some(ProtocolVersion::TLSv1_3) => "TLS 1.3".to_owned(),
                Some(ProtocolVersion::TLSv1_2) => "TLS 1.2".to_owned(),
                other => format!("{other:?}"),
            };
            let alpn = connection.alpn_protocol().map(|it| String::from_utf8_lossy(it).into_owned());
            let not_checked = judged.and_then(Result::ok).map(|trusted| trusted.unverified);
            let not_checked = not_checked.unwrap_or_default();
            (
                Step::Passed {
                    seen: Shown { protocol, alpn, not_checked, ..what_was_shown(&shown, server_name) },
                    elapsed,
                },
                Some(stream),
            )
        }
    }
}

fn prepare(
    cas: &[String],
    server_name: &str,
    shown: &PeerChain,
) -> Result<(TlsConnector, ServerName<'static>), String> {
    let config = peer_config(cas, shown)?;
    let name = ServerName::try_from(server_name.to_owned())
        .map_err(|_| format!("{server_name:?} is not a valid certificate name"))?;
    Ok((TlsConnector::from(Arc::new(config)), name))
}

fn fault(error: &io::Error, first: &FirstBytes, shown: &PeerChain, server_name: &str) -> TlsFault {
    match rustls_error(error) {
        Some(rustls::Error::InvalidCertificate(error)) => TlsFault::Untrusted {
            why: Distrust::Unusable,
            go_says: certificate_text(error, server_name),
            shown: Box::new(what_was_shown(shown, server_name)),
        },
        Some(rustls::Error::AlertReceived(alert)) => {
            TlsFault::Alert { alert: alert_text(*alert), shown: None }
        }
        Some(rustls::Error::InvalidMessage(InvalidMessage::InvalidContentType)) => {
            TlsFault::NotTls { speaks: first.speak() }
        }
        _ if first.speak().is_some() => TlsFault::NotTls { speaks: first.speak() },
        Some(other) => TlsFault::Other { says: other.to_string() },
        None => match error.kind() {
            io::ErrorKind::UnexpectedEof => TlsFault::CutOff,
            io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe => TlsFault::Reset,
            _ => TlsFault::Other { says: os_error_text(error) },
        },
    }
}

fn what_was_shown(shown: &PeerChain, server_name: &str) -> Shown {
    let chain = shown.certificates();
    Shown { whose: whose(chain.first(), server_name), chain, ..Shown::default() }
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

/// Whose certificate it is, by its names: `server.<datacenter>.peering.<trust-domain>`, or an agent's.
fn whose(leaf: Option<&Certificate>, server_name: &str) -> Whose {
    let Some(leaf) = leaf else { return Whose::Unknown };
    let names = &leaf.names.dns;
    if names.iter().any(|name| name == server_name) {
        return Whose::Expected;
    }
    let peering = names.iter().find_map(|name| name.strip_prefix("server.")?.split_once(".peering."));
    if let Some((datacenter, trust_domain)) = peering {
        return Whose::AnotherConsul {
            trust_domain: Some(trust_domain.to_owned()),
            datacenter: Some(datacenter.to_owned()),
        };
    }
    let agent = |name: &String| {
        (name.starts_with("server.") || name.starts_with("client.")) && name.ends_with(".consul")
    };
    if names.iter().any(agent) { Whose::ConsulAgent } else { Whose::SomebodyElse }
}
