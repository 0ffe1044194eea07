//! TLS towards a Consul agent: whose certificates are believed, and which one is shown.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{ClientConfig, RootCertStore};

use super::client_certificate;
use super::no_verifier::Unverified;
use super::recording_verifier::{PeerChain, RecordingVerifier};
use crate::gostd::os_error::os_error_text;
use crate::gostd::pem;
use crate::net::consul::config::{Config, Tls};
use crate::net::consul::error::RequestError;
use crate::net::consul::file::read;

/// What the files say that flags and variables name.
pub(crate) struct Files {
    /// Whom to believe, DER, instead of the system's roots.
    pub(crate) roots: Option<Vec<Vec<u8>>>,
    pair: Option<Arc<CertifiedKey>>,
    provider: Arc<CryptoProvider>,
}

impl Files {
    /// Reads them. Consul's client does so whether they are needed or not, so that a wrong path is an error for `http://`
    /// too. Errors read as Consul's.
    pub(crate) fn read(tls: &Tls) -> Result<Self, RequestError> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let roots = roots(tls)?;
        let load = |(certificate, key): &(PathBuf, PathBuf)| {
            client_certificate::load(certificate, key, &provider).map_err(RequestError::Setup)
        };
        let pair = tls.client.as_ref().map(load).transpose()?;
        Ok(Self { roots, pair, provider })
    }

    /// How connections are made that believe nobody: loading the system's roots costs more than all the rest of a
    /// request, and one over plain HTTP has no use for them.
    pub(crate) fn without_trust(&self) -> Result<ClientConfig, RequestError> {
        Ok(ClientConfig::builder_with_provider(Arc::clone(&self.provider))
            .with_safe_default_protocol_versions()
            .map_err(|error| RequestError::Setup(error.to_string()))?
            .with_root_certificates(RootCertStore::empty())
            .with_no_client_auth())
    }

    /// How connections are made. `shown` gets what servers show.
    pub(crate) fn with_trust(
        &self,
        config: &Config,
        shown: &PeerChain,
    ) -> Result<ClientConfig, RequestError> {
        let inner: Arc<dyn ServerCertVerifier> = match &self.roots {
            _ if config.tls.skip_verification => Arc::new(Unverified::new(&self.provider)),
            Some(roots) => by_roots(roots, &self.provider)?,
            None => by_the_system(&self.provider)?,
        };
        let name = config.tls.server_name.as_ref().map(|name| {
            let unusable = || format!("{name:?} is no name that a certificate can have");
            ServerName::try_from(name.clone()).map_err(|_| RequestError::Setup(unusable()))
        });
        let name = name.transpose()?;
        let builder = ClientConfig::builder_with_provider(Arc::clone(&self.provider))
            .with_safe_default_protocol_versions()
            .map_err(|error| RequestError::Setup(error.to_string()))?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(RecordingVerifier {
                inner,
                name,
                roots: self.roots.clone().filter(|_| !config.tls.skip_verification).unwrap_or_default(),
                shown: shown.clone(),
            }));
        Ok(match &self.pair {
            Some(pair) => {
                builder.with_client_cert_resolver(Arc::new(SingleCertAndKey::from(Arc::clone(pair))))
            }
            None => builder.with_no_client_auth(),
        })
    }
}

fn by_roots(
    roots: &[Vec<u8>],
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<WebPkiServerVerifier>, RequestError> {
    let mut store = RootCertStore::empty();
    store.add_parsable_certificates(roots.iter().map(|root| CertificateDer::from(root.as_slice())));
    WebPkiServerVerifier::builder_with_provider(Arc::new(store), Arc::clone(provider))
        .build()
        .map_err(|error| RequestError::Setup(error.to_string()))
}

fn by_the_system(
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<rustls_platform_verifier::Verifier>, RequestError> {
    rustls_platform_verifier::Verifier::new(Arc::clone(provider))
        .map(Arc::new)
        .map_err(|error| RequestError::Setup(error.to_string()))
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

/// The certificates of a file, DER. As in Go, what else is in it is passed over; one there must be.
fn certificates(mut text: &[u8], file: &Path, what: &str) -> Result<Vec<Vec<u8>>, RequestError> {
    let is_root = |der: &[u8]| RootCertStore::empty().add(CertificateDer::from(der)).is_ok();
    let mut found = Vec::new();
    while let Some(block) = pem::decode(text) {
        if block.label == b"CERTIFICATE" && is_root(&block.bytes) {
            found.push(block.bytes.to_vec());
        }
        text = block.rest;
    }
    if found.is_empty() {
        return Err(RequestError::Setup(format!("{what}: Couldn't parse PEM in: {}", file.display())));
    }
    Ok(found)
}

/// All files below a directory, sorted, as Go's `filepath.Walk` finds them.
fn files_below(directory: &Path) -> Result<Vec<PathBuf>, RequestError> {
    let broken = |error: std::io::Error, verb: &str| {
        RequestError::Setup(format!("{verb} {}: {}", directory.display(), os_error_text(&error)))
    };
    let mut entries = fs::read_dir(directory)
        .map_err(|error| broken(error, "lstat"))?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| broken(error, "readdirent"))?;
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
