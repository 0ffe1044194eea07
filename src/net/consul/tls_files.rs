//! The TLS configuration of the HTTP API client: trusted roots and client certificate, from files.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{ClientConfig, RootCertStore};

use super::client_certificate;
use super::config::{Config, Tls};
use super::error::RequestError;
use super::file::read;
use crate::gostd::os_error::os_error_text;
use crate::gostd::pem;
use crate::net::tls::go_compat_verifier::GoCompatVerifier;
use crate::net::tls::no_verifier::NoVerifier;
use crate::net::tls::peer_chain::{PeerChain, RecordingVerifier};
use crate::net::tls::peer_config::roots_verifier;

/// The contents of the TLS files that flags and variables name.
pub(crate) struct TlsFiles {
    /// The roots to trust instead of the system's, DER.
    pub(crate) roots: Option<Vec<Vec<u8>>>,
    client_certificate: Option<Arc<CertifiedKey>>,
    provider: Arc<CryptoProvider>,
}

impl TlsFiles {
    /// Reads the files. Like Consul's client, reads them for `http://` too, so that a wrong path is always an error. The
    /// errors are Consul's.
    pub(crate) fn read(tls: &Tls) -> Result<Self, RequestError> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let roots = roots(tls)?;
        let load = |(certificate, key): &(PathBuf, PathBuf)| {
            client_certificate::load(certificate, key, &provider).map_err(RequestError::Setup)
        };
        let client_certificate = tls.client.as_ref().map(load).transpose()?;
        Ok(Self { roots, client_certificate, provider })
    }

    /// Returns a configuration that trusts no server, for plain HTTP. Loading the system's roots takes longer than the
    /// rest of a request.
    pub(crate) fn without_trust(&self) -> Result<ClientConfig, RequestError> {
        Ok(ClientConfig::builder_with_provider(Arc::clone(&self.provider))
            .with_safe_default_protocol_versions()
            .map_err(setup)?
            .with_root_certificates(RootCertStore::empty())
            .with_no_client_auth())
    }

    /// Returns a configuration for HTTPS. `peer_chain` receives the chains that servers present.
    pub(crate) fn with_trust(
        &self,
        config: &Config,
        peer_chain: &PeerChain,
    ) -> Result<ClientConfig, RequestError> {
        let inner: Arc<dyn ServerCertVerifier> = match &self.roots {
            _ if config.tls.skip_verification => Arc::new(NoVerifier::new(&self.provider)),
            Some(roots) => roots_verifier(root_store(roots), &self.provider).map_err(setup)?,
            None => {
                Arc::new(rustls_platform_verifier::Verifier::new(Arc::clone(&self.provider)).map_err(setup)?)
            }
        };
        let server_name = config.tls.server_name.as_ref().map(|name| {
            let invalid = |_| RequestError::Setup(format!("{name:?} is not a valid certificate name"));
            ServerName::try_from(name.clone()).map_err(invalid)
        });
        let verifier = GoCompatVerifier {
            inner,
            server_name: server_name.transpose()?,
            roots: self.roots.clone().filter(|_| !config.tls.skip_verification).unwrap_or_default(),
        };
        let builder = ClientConfig::builder_with_provider(Arc::clone(&self.provider))
            .with_safe_default_protocol_versions()
            .map_err(setup)?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(RecordingVerifier {
                inner: Arc::new(verifier),
                peer_chain: peer_chain.clone(),
            }));
        Ok(match &self.client_certificate {
            Some(pair) => {
                builder.with_client_cert_resolver(Arc::new(SingleCertAndKey::from(Arc::clone(pair))))
            }
            None => builder.with_no_client_auth(),
        })
    }
}

fn root_store(roots: &[Vec<u8>]) -> RootCertStore {
    let mut store = RootCertStore::empty();
    store.add_parsable_certificates(roots.iter().map(|root| CertificateDer::from(root.as_slice())));
    store
}

fn setup(error: impl std::fmt::Display) -> RequestError {
    RequestError::Setup(error.to_string())
}

fn roots(tls: &Tls) -> Result<Option<Vec<Vec<u8>>>, RequestError> {
    if let Some(file) = &tls.ca_file {
        let pem = read(file).map_err(|reason| format!("Error loading CA File: {reason}"));
        let pem = pem.map_err(RequestError::Setup)?;
        return certificates(&pem, file, "Error loading CA File").map(Some);
    }
    let Some(directory) = &tls.ca_path else { return Ok(None) };
    let mut roots = Vec::new();
    for file in files_below(directory)? {
        let pem = read(&file).map_err(|reason| format!("Error loading file from CAPath: {reason}"));
        roots.extend(certificates(&pem.map_err(RequestError::Setup)?, &file, "Error loading CA Path")?);
    }
    Ok(Some(roots))
}

/// Returns the certificates of a PEM file as DER. Like Go, ignores everything else in it, and fails if there is none.
fn certificates(mut text: &[u8], file: &Path, prefix: &str) -> Result<Vec<Vec<u8>>, RequestError> {
    let is_root = |der: &[u8]| RootCertStore::empty().add(CertificateDer::from(der)).is_ok();
    let mut found = Vec::new();
    while let Some(block) = pem::decode(text) {
        if block.label == b"CERTIFICATE" && is_root(&block.bytes) {
            found.push(block.bytes.to_vec());
        }
        text = block.rest;
    }
    if found.is_empty() {
        return Err(RequestError::Setup(format!("{prefix}: Couldn't parse PEM in: {}", file.display())));
    }
    Ok(found)
}

/// Returns all files in a directory and its subdirectories, in the order of Go's `filepath.Walk`.
fn files_below(directory: &Path) -> Result<Vec<PathBuf>, RequestError> {
    let failed = |error: std::io::Error, call: &str| {
        RequestError::Setup(format!("{call} {}: {}", directory.display(), os_error_text(&error)))
    };
    let mut entries = fs::read_dir(directory)
        .map_err(|error| failed(error, "lstat"))?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| failed(error, "readdirent"))?;
    entries.sort();
    let mut files = Vec::new();
    for entry in entries {
        if entry.is_dir() && !entry.is_symlink() {
            files.extend(files_below(&entry)?);
        } else {
            files.push(entry);
        }
    }
    Ok(files)
}
