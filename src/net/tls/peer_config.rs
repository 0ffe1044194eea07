//! The TLS configuration of peering streams: the token's CAs are the only roots.

use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};

use super::go_compat_verifier::GoCompatVerifier;
use super::peer_chain::{PeerChain, RecordingVerifier};

/// Returns the configuration of a peering stream: it trusts only the token's CAs (PEM) and offers HTTP/2. `peer_chain`
/// receives the chain that the server presents. The error describes why the CAs cannot be used.
pub(crate) fn peer_config(cas: &[String], peer_chain: &PeerChain) -> Result<ClientConfig, String> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let inner = roots_verifier(token_roots(cas)?, &provider).map_err(|error| error.to_string())?;
    let verifier = GoCompatVerifier { inner, server_name: None, roots: ders(cas) };
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(RecordingVerifier {
            inner: Arc::new(verifier),
            peer_chain: peer_chain.clone(),
        }))
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec()];
    Ok(config)
}

/// Returns the certificates in PEM texts as DER, without those that cannot be parsed.
pub(crate) fn ders(cas: &[String]) -> Vec<Vec<u8>> {
    cas.iter()
        .flat_map(|ca| CertificateDer::pem_slice_iter(ca.as_bytes()))
        .filter_map(|root| Some(root.ok()?.to_vec()))
        .collect()
}

fn token_roots(cas: &[String]) -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    let mut reason = "the token's CAs contain no certificate".to_owned();
    for certificate in cas.iter().flat_map(|ca| CertificateDer::pem_slice_iter(ca.as_bytes())) {
        let added = certificate
            .map_err(|error| error.to_string())
            .and_then(|certificate| roots.add(certificate).map_err(|error| error.to_string()));
        if let Err(error) = added {
            reason = format!("a CA of the token cannot be used: {error}");
        }
    }
    if roots.is_empty() { Err(reason) } else { Ok(roots) }
}

/// Returns a verifier that accepts the chains that lead to the roots, as the TLS library decides.
pub(crate) fn roots_verifier(
    roots: RootCertStore,
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<WebPkiServerVerifier>, rustls::client::VerifierBuilderError> {
    WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider)).build()
}
