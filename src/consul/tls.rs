//! TLS towards a Consul agent: whose certificates are believed, and which one is shown.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use reqwest::{Certificate, ClientBuilder, Identity};

use super::config::{Address, Config, Tls};
use super::error::{RequestError, system_words};
use super::file::read;

/// Gives a client builder what `config` says of TLS.
///
/// For an address without TLS that is an empty configuration: loading the system's roots would cost more than all the
/// rest of a request. Errors read as Consul's.
pub(super) fn configure(builder: ClientBuilder, config: &Config) -> Result<ClientBuilder, RequestError> {
    let tls = &config.tls;
    // Consul loads the files whether they are needed or not, so a wrong path is an error for `http://` too.
    let roots = roots(tls)?;
    let identity = tls.client.as_ref().map(|(certificate, key)| identity(certificate, key)).transpose()?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    if !matches!(config.address, Address::Http { tls: true, .. }) && config.proxy.is_none() {
        let empty = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| RequestError::Setup(error.to_string()))?
            .with_root_certificates(rustls::RootCertStore::empty())
            .with_no_client_auth();
        return Ok(builder.tls_backend_preconfigured(empty));
    }
    // A provider that somebody else installed first does as well.
    let _ = rustls::crypto::CryptoProvider::install_default(Arc::unwrap_or_clone(provider));
    let mut builder = builder.tls_danger_accept_invalid_certs(tls.skip_verification);
    if let Some(roots) = roots {
        builder = builder.tls_certs_only(roots);
    }
    if let Some(identity) = identity {
        builder = builder.identity(identity);
    }
    Ok(builder)
}

fn roots(tls: &Tls) -> Result<Option<Vec<Certificate>>, RequestError> {
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

fn certificates(pem: &[u8], file: &Path, what: &str) -> Result<Vec<Certificate>, RequestError> {
    match Certificate::from_pem_bundle(pem) {
        Ok(found) if !found.is_empty() => Ok(found),
        _ => Err(RequestError::Setup(format!("{what}: Couldn't parse PEM in: {}", file.display()))),
    }
}

/// All files below a directory, sorted, as Go's `filepath.Walk` finds them.
fn files_below(directory: &Path) -> Result<Vec<PathBuf>, RequestError> {
    let broken = |error: std::io::Error, verb: &str| {
        RequestError::Setup(format!("{verb} {}: {}", directory.display(), system_words(&error)))
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

fn identity(certificate: &Path, key: &Path) -> Result<Identity, RequestError> {
    let mut pem = zeroize::Zeroizing::new(read(certificate).map_err(RequestError::Setup)?);
    pem.push(b'\n');
    pem.extend(read(key).map(zeroize::Zeroizing::new).map_err(RequestError::Setup)?.iter());
    Identity::from_pem(&pem).map_err(|_| {
        RequestError::Setup(format!(
            "tls: failed to find a certificate in {} or its private key in {}",
            certificate.display(),
            key.display()
        ))
    })
}
