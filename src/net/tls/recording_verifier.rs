//! What a server showed in a TLS handshake, remembered: our own library says too little of a chain that it does not trust.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, DigitallySignedStruct, SignatureScheme};

use crate::certificate::Certificate;
use crate::gostd::chain::{Trusted, VerifyError, verify};

/// The chain that a server showed last, DER, its own certificate first. Clones share it.
#[derive(Debug, Clone, Default)]
pub(crate) struct PeerChain(Arc<Mutex<Chain>>);

#[derive(Debug, Default)]
struct Chain {
    certificates: Vec<Vec<u8>>,
    judged_at: Option<Timestamp>,
}

impl Chain {
    /// What Go says of it, by the roots that are trusted (DER); nothing when there is none.
    fn judge(&self, roots: &[Vec<u8>], server_name: &str) -> Option<Result<Trusted, VerifyError>> {
        Some(verify(&self.certificates, roots, server_name, self.judged_at?))
    }
}

impl PeerChain {
    /// What Go says of it, by the roots that are trusted (DER); nothing when none was shown.
    pub(crate) fn judge(&self, roots: &[Vec<u8>], server_name: &str) -> Option<Result<Trusted, VerifyError>> {
        self.chain().judge(roots, server_name)
    }

    /// Its certificates, as far as they can be read.
    pub(crate) fn certificates(&self) -> Vec<Certificate> {
        self.chain().certificates.iter().filter_map(|der| Certificate::from_der(der).ok()).collect()
    }

    fn chain(&self) -> MutexGuard<'_, Chain> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Lets another verifier judge, remembers what was judged, and does not believe what Go would not.
///
/// Our own library never looks at the dates of a root; Go does. And it takes no certificate that is itself among the roots,
/// such as one that signed itself (`openssl req -x509`); Go does, by its dates and names.
#[derive(Debug)]
pub(crate) struct RecordingVerifier {
    /// Who judges.
    pub(crate) inner: Arc<dyn ServerCertVerifier>,
    /// The name to find in the certificate, if it is not the one that was dialed.
    pub(crate) name: Option<ServerName<'static>>,
    /// The roots that were named, DER; none if the system's are believed, or anybody.
    pub(crate) roots: Vec<Vec<u8>>,
    /// What was shown.
    pub(crate) shown: PeerChain,
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
        let certificates = std::iter::once(end_entity).chain(intermediates).map(|it| it.to_vec()).collect();
        let judged_at = i64::try_from(now.as_secs()).ok().and_then(|at| Timestamp::from_second(at).ok());
        let chain = Chain { certificates, judged_at };
        let server_name = self.name.as_ref().unwrap_or(server_name);
        let verdict =
            self.inner.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now);
        // What was shown on this connection, whatever else is shown meanwhile.
        let go_trusts = || matches!(chain.judge(&self.roots, &server_name.to_str()), Some(Ok(_)));
        let is_a_root = || self.roots.iter().any(|root| root == end_entity.as_ref());
        let verdict = match verdict {
            verdict if self.roots.is_empty() => verdict,
            Ok(_) if !go_trusts() => Err(CertificateError::UnknownIssuer.into()),
            Err(_) if is_a_root() && go_trusts() => Ok(ServerCertVerified::assertion()),
            verdict => verdict,
        };
        *self.shown.chain() = chain;
        verdict
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
