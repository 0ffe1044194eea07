//! Decides whether a server is trusted where CAs are named: the TLS library's verdict, corrected by Go's.

use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, DigitallySignedStruct, SignatureScheme};

use super::peer_chain::Chain;

/// Trusts a server if both the TLS library and Go do, or if its certificate is itself a trusted root and Go accepts it.
/// See the table in [`super`].
#[derive(Debug)]
pub(crate) struct GoCompatVerifier {
    /// The TLS library's verifier.
    pub(crate) inner: Arc<dyn ServerCertVerifier>,
    /// The name to expect in the certificate instead of the host that was dialed.
    pub(crate) server_name: Option<ServerName<'static>>,
    /// The trusted roots (DER). If empty, the verdict of `inner` is final.
    pub(crate) roots: Vec<Vec<u8>>,
}

impl ServerCertVerifier for GoCompatVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let server_name = self.server_name.as_ref().unwrap_or(server_name);
        let verdict =
            self.inner.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now);
        if self.roots.is_empty() {
            return verdict;
        }
        let go_trusts = || {
            let chain = Chain::new(end_entity, intermediates, now);
            matches!(chain.verify(&self.roots, &server_name.to_str()), Some(Ok(_)))
        };
        let is_a_root = || self.roots.iter().any(|root| root == end_entity.as_ref());
        match verdict {
            Ok(_) if !go_trusts() => Err(CertificateError::UnknownIssuer.into()),
            Err(_) if is_a_root() && go_trusts() => Ok(ServerCertVerified::assertion()),
            verdict => verdict,
        }
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};

    use super::*;
    use crate::net::tls::no_verifier::NoVerifier;

    /// Rejects every certificate, as webpki rejects a root.
    #[derive(Debug)]
    struct RejectAll;

    impl ServerCertVerifier for RejectAll {
        fn verify_server_cert(
            &self,
            _: &CertificateDer<'_>,
            _: &[CertificateDer<'_>],
            _: &ServerName<'_>,
            _: &[u8],
            _: UnixTime,
        ) -> Result<ServerCertVerified, rustls::Error> {
            Err(CertificateError::BadEncoding.into())
        }

        fn verify_tls12_signature(
            &self,
            _: &[u8],
            _: &CertificateDer<'_>,
            _: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, rustls::Error> {
            unreachable!("no handshake takes place")
        }

        fn verify_tls13_signature(
            &self,
            _: &[u8],
            _: &CertificateDer<'_>,
            _: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, rustls::Error> {
            unreachable!("no handshake takes place")
        }

        fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
            Vec::new()
        }
    }

    /// Returns whether a verifier trusts `certificate` for `localhost` in 2026.
    fn trusts(
        inner: Arc<dyn ServerCertVerifier>,
        roots: &[&CertificateDer<'_>],
        certificate: &CertificateDer<'_>,
        server_name: Option<&'static str>,
    ) -> bool {
        let roots = roots.iter().map(|root| root.to_vec()).collect();
        let server_name = server_name.map(|name| ServerName::try_from(name).unwrap());
        let now = UnixTime::since_unix_epoch(Duration::from_hours(500_000));
        let dialed = ServerName::try_from("localhost").unwrap();
        GoCompatVerifier { inner, server_name, roots }
            .verify_server_cert(certificate, &[], &dialed, &[], now)
            .is_ok()
    }

    #[test]
    fn only_a_trusted_root_is_accepted_against_the_tls_library() {
        let parameters = |is_ca| {
            let mut parameters = CertificateParams::new(["localhost".to_owned()]).unwrap();
            parameters.is_ca = is_ca;
            parameters
        };
        let root = parameters(IsCa::Ca(BasicConstraints::Unconstrained));
        let root = CertifiedIssuer::self_signed(root, KeyPair::generate().unwrap()).unwrap();
        let leaf = parameters(IsCa::NoCa).signed_by(&KeyPair::generate().unwrap(), &root).unwrap();
        let reject = || Arc::new(RejectAll);
        let accept = || Arc::new(NoVerifier::new(&rustls::crypto::ring::default_provider()));

        assert!(trusts(reject(), &[root.der()], root.der(), None));
        assert!(!trusts(reject(), &[root.der()], root.der(), Some("other.example")));
        assert!(!trusts(reject(), &[root.der()], leaf.der(), None));
        assert!(!trusts(reject(), &[leaf.der()], root.der(), None));
        assert!(!trusts(reject(), &[], root.der(), None));

        assert!(trusts(accept(), &[root.der()], leaf.der(), None));
        assert!(!trusts(accept(), &[root.der()], leaf.der(), Some("other.example")));
        let other = CertifiedIssuer::self_signed(
            parameters(IsCa::Ca(BasicConstraints::Unconstrained)),
            KeyPair::generate().unwrap(),
        );
        assert!(!trusts(accept(), &[other.unwrap().der()], leaf.der(), None));
    }
}
