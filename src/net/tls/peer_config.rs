//! TLS as a dialer speaks it: it trusts the token's CAs alone, and offers HTTP/2.

use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};

use crate::net::consul::{PeerChain, RecordingVerifier};

/// How connections are made that trust the CAs of a token. `shown` gets what a server shows. The error says why there can be
/// none.
pub(crate) fn client_config(cas: &[String], shown: &PeerChain) -> Result<ClientConfig, String> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let inner = WebPkiServerVerifier::builder_with_provider(Arc::new(roots(cas)?), Arc::clone(&provider))
        .build()
        .map_err(|error| error.to_string())?;
    let verifier = Arc::new(RecordingVerifier { inner, name: None, roots: ders(cas), shown: shown.clone() });
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec()];
    Ok(config)
}

/// The certificates of CAs, DER.
pub(crate) fn ders(cas: &[String]) -> Vec<Vec<u8>> {
    cas.iter()
        .flat_map(|ca| CertificateDer::pem_slice_iter(ca.as_bytes()))
        .filter_map(|root| Some(root.ok()?.to_vec()))
        .collect()
}

/// The token's CAs as roots. The error says why there is none.
fn roots(cas: &[String]) -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    let mut fault = "the token's CAs hold no certificate".to_owned();
    for certificate in cas.iter().flat_map(|ca| CertificateDer::pem_slice_iter(ca.as_bytes())) {
        let added = certificate
            .map_err(|error| error.to_string())
            .and_then(|certificate| roots.add(certificate).map_err(|error| error.to_string()));
        if let Err(error) = added {
            fault = format!("a CA of the token cannot be used: {error}");
        }
    }
    if roots.is_empty() { Err(fault) } else { Ok(roots) }
}
