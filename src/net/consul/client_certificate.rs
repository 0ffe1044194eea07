//! The client certificate and its key, parsed like Go's `tls.X509KeyPair`, with Go's errors.

use std::path::Path;
use std::sync::Arc;

use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use rustls::{InconsistentKeys, SignatureAlgorithm};

use super::file::read;
use crate::ZeroizeBuf;
use crate::certificate::{Certificate, KeyAlgorithm};
use crate::gostd::{GoDebug, pem, x509};

/// Go also supports shorter RSA keys and P-521.
const UNSUPPORTED_KEY: &str = "tls: unsupported private key: use RSA with at least 2048 bits, ECDSA P-256 or P-384, or \
     Ed25519";

/// Reads a certificate chain and its key from PEM files. The errors are Go's.
pub(crate) fn load(
    certificate: &Path,
    key: &Path,
    provider: &CryptoProvider,
) -> Result<Arc<CertifiedKey>, String> {
    let (chain, key) = (read(certificate)?, read(key)?);
    pair(&chain, &key, provider).map(Arc::new)
}

fn pair(chain: &[u8], key: &[u8], provider: &CryptoProvider) -> Result<CertifiedKey, String> {
    let is_certificate = |label: &str| label == "CERTIFICATE";
    let is_key = |label: &str| label == "PRIVATE KEY" || label.ends_with(" PRIVATE KEY");
    let (chain, others) = blocks(chain, is_certificate);
    let Some(leaf) = chain.first() else {
        return Err(match &others[..] {
            [] => "tls: failed to find any PEM data in certificate input".to_owned(),
            [only] if only.ends_with("PRIVATE KEY") => {
                "tls: failed to find certificate PEM data in certificate \
                 input, but did find a private key; PEM inputs may have been switched"
                    .to_owned()
            }
            others => format!(
                "tls: failed to find \"CERTIFICATE\" PEM block in certificate input after skipping PEM blocks of \
                 the following types: [{}]",
                others.join(" ")
            ),
        });
    };
    let (keys, others) = blocks(key, is_key);
    let Some(key) = keys.first() else {
        return Err(match &others[..] {
            [] => "tls: failed to find any PEM data in key input".to_owned(),
            [only] if is_certificate(only) => {
                "tls: found a certificate rather than a key in the PEM for the private key".to_owned()
            }
            others => format!(
                "tls: failed to find PEM block with type ending in \"PRIVATE KEY\" in key input after skipping PEM \
                 blocks of the following types: [{}]",
                others.join(" ")
            ),
        });
    };
    x509::parse_certificate(leaf, GoDebug::default()).map_err(|error| error.to_string())?;
    let key =
        PrivateKeyDer::try_from(key.to_vec()).map_err(|_| "tls: failed to parse private key".to_owned())?;
    let key = provider.key_provider.load_private_key(key).map_err(|_| UNSUPPORTED_KEY.to_owned())?;
    let has_same_algorithm = is_key_for(leaf, key.algorithm());
    let chain = chain.iter().map(|der| CertificateDer::from(der.to_vec())).collect();
    let pair = CertifiedKey::new(chain, key);
    match pair.keys_match() {
        Ok(()) | Err(rustls::Error::InconsistentKeys(InconsistentKeys::Unknown)) => Ok(pair),
        Err(rustls::Error::InconsistentKeys(_)) if has_same_algorithm => {
            Err("tls: private key does not match public key".to_owned())
        }
        Err(rustls::Error::InconsistentKeys(_)) => {
            Err("tls: private key type does not match public key type".to_owned())
        }
        Err(other) => Err(format!("tls: the TLS library rejects the certificate: {other}")),
    }
}

/// Returns whether a certificate's key has this algorithm.
fn is_key_for(certificate: &[u8], algorithm: SignatureAlgorithm) -> bool {
    Certificate::from_der(certificate).is_ok_and(|certificate| match certificate.key.algorithm {
        KeyAlgorithm::Rsa => algorithm == SignatureAlgorithm::RSA,
        KeyAlgorithm::Ed25519 => algorithm == SignatureAlgorithm::ED25519,
        KeyAlgorithm::P224 | KeyAlgorithm::P256 | KeyAlgorithm::P384 | KeyAlgorithm::P521 => {
            algorithm == SignatureAlgorithm::ECDSA
        }
        KeyAlgorithm::Dsa | KeyAlgorithm::Other(_) => false,
    })
}

/// Returns the PEM blocks with a wanted label, and the labels of the others.
fn blocks(text: &[u8], wanted: impl Fn(&str) -> bool) -> (Vec<ZeroizeBuf>, Vec<String>) {
    let (mut found, mut others, mut rest) = (Vec::new(), Vec::new(), text);
    while let Some(block) = pem::decode(rest) {
        let label = String::from_utf8_lossy(block.label).into_owned();
        if wanted(&label) {
            found.push(block.bytes);
        } else {
            others.push(label);
        }
        rest = block.rest;
    }
    (found, others)
}
