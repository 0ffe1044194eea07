//! Records the certificate chain that a server presents, because the TLS library's error says too little about it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{DigitallySignedStruct, SignatureScheme};

use crate::certificate::Certificate;
use crate::certificate::chain::{Trusted, VerifyError, verify};

/// The chain that a server presented last. Clones share it.
#[derive(Debug, Clone, Default)]
pub(crate) struct PeerChain(Arc<Mutex<Chain>>);

/// A chain as presented in a handshake.
#[derive(Debug, Default)]
pub(super) struct Chain {
    /// DER, the server's own certificate first.
    certificates: Vec<Vec<u8>>,
    /// The time of the handshake; `None` before the first one.
    presented_at: Option<Timestamp>,
}

impl Chain {
    pub(super) fn new(
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Self {
        let presented_at = i64::try_from(now.as_secs()).ok().and_then(|at| Timestamp::from_second(at).ok());
        let certificates = std::iter::once(end_entity).chain(intermediates).map(|it| it.to_vec()).collect();
        Self { certificates, presented_at }
    }

    /// Returns Go's verdict on the chain, as of the handshake. See [`PeerChain::verify`].
    pub(super) fn verify(
        &self,
        roots: &[Vec<u8>],
        server_name: &str,
    ) -> Option<Result<Trusted, VerifyError>> {
        Some(verify(&self.certificates, roots, server_name, self.presented_at?))
    }
}

impl PeerChain {
    /// Returns Go's verdict on the chain for trusted roots (DER) and a server name, or `None` if the server presented no
    /// chain.
    pub(crate) fn verify(
        &self,
        roots: &[Vec<u8>],
        server_name: &str,
    ) -> Option<Result<Trusted, VerifyError>> {
        self.lock().verify(roots, server_name)
    }

    /// Returns the certificates of the chain that can be parsed, the server's own first.
    pub(crate) fn certificates(&self) -> Vec<Certificate> {
        self.lock().certificates.iter().filter_map(|der| Certificate::from_der(der).ok()).collect()
    }

    fn lock(&self) -> MutexGuard<'_, Chain> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Records every chain that a server presents and returns the verdict of another verifier.
#[derive(Debug)]
pub(crate) struct RecordingVerifier {
    /// Decides whether the server is trusted.
    pub(crate) inner: Arc<dyn ServerCertVerifier>,
    /// Receives the chain, trusted or not.
    pub(crate) peer_chain: PeerChain,
}

impl ServerCertVerifier for RecordingVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        *self.peer_chain.lock() = Chain::new(end_entity, intermediates, now);
        self.inner.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.inner.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.inner.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }
}
