//! The certificate and the TLS configuration of the acceptor's gRPC server.

use std::sync::Arc;

use rcgen::{
    CertificateParams, DistinguishedName, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyIdMethod, KeyPair,
    KeyUsagePurpose, PublicKeyData, SanType,
};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use time::OffsetDateTime;

use super::{AcceptorError, Settings};

/// The start of the validity, in seconds before the certificate is generated, because clocks differ.
const SECONDS_BEFORE: i64 = 60;

/// The lifetime, in seconds. Consul renews its certificate after three days; this one is generated at each start and not
/// renewed.
const SECONDS_AFTER: i64 = 365 * 24 * 60 * 60;

/// The issuer of the certificate.
pub(super) struct Signer<'a> {
    /// The root, PEM.
    pub(super) certificate: &'a str,
    /// Its key, PEM.
    pub(super) key: &'a str,
}

/// The contents of the certificate, and an option of TLS.
pub(super) struct ServerCert {
    /// The name that dialers expect.
    pub(super) name: String,
    /// The server's SPIFFE ID.
    pub(super) spiffe_id: Option<String>,
    /// The start of the validity, in seconds since 1970.
    pub(super) not_before: i64,
    /// The end of the validity, in seconds since 1970.
    pub(super) not_after: i64,
    /// Whether TLS selects `h2` if the client offers it.
    pub(super) selects_h2: bool,
}

impl ServerCert {
    /// Returns a certificate like that of a real Consul: the server's name and its SPIFFE ID, valid from now.
    pub(super) fn new(trust_domain: &str, settings: &Settings) -> Self {
        let (datacenter, now) = (&settings.datacenter, (settings.clock)().as_second());
        Self {
            name: format!("server.{datacenter}.peering.{trust_domain}"),
            spiffe_id: Some(format!("spiffe://{trust_domain}/agent/server/dc/{datacenter}")),
            not_before: now - SECONDS_BEFORE,
            not_after: now + SECONDS_AFTER,
            selects_h2: settings.grpc_alpn,
        }
    }

    /// Returns a TLS configuration with this certificate, for a new key and signed by the root.
    pub(super) fn server_config(&self, signer: &Signer<'_>) -> Result<ServerConfig, AcceptorError> {
        let failed = |error: rcgen::Error| AcceptorError::Ca(error.to_string());
        let issuer = KeyPair::from_pem(signer.key)
            .and_then(|key| Issuer::from_ca_cert_pem(signer.certificate, key))
            .map_err(failed)?;
        let key = KeyPair::generate().map_err(failed)?;
        let certificate = self.parameters(&key)?.signed_by(&key, &issuer).map_err(failed)?;
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let tls = |error: rustls::Error| AcceptorError::Serve(error.to_string());
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(tls)?
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)
            .map_err(tls)?;
        if self.selects_h2 {
            config.alpn_protocols = vec![b"h2".to_vec()];
        }
        Ok(config)
    }

    /// Returns the parameters of the certificate. Like Consul's, it has no subject, only alternative names.
    fn parameters(&self, key: &KeyPair) -> Result<CertificateParams, AcceptorError> {
        let failed = |error: rcgen::Error| AcceptorError::Ca(error.to_string());
        let date = |seconds: i64| {
            OffsetDateTime::from_unix_timestamp(seconds).map_err(|error| AcceptorError::Ca(error.to_string()))
        };
        let mut parameters = CertificateParams::default();
        parameters.not_before = date(self.not_before)?;
        parameters.not_after = date(self.not_after)?;
        parameters.distinguished_name = DistinguishedName::new();
        parameters.subject_alt_names = vec![SanType::DnsName(self.name.as_str().try_into().map_err(failed)?)];
        if let Some(id) = &self.spiffe_id {
            parameters.subject_alt_names.push(SanType::URI(id.as_str().try_into().map_err(failed)?));
        }
        parameters.is_ca = IsCa::ExplicitNoCa;
        parameters.key_usages = vec![
            KeyUsagePurpose::DigitalSignature,
            KeyUsagePurpose::KeyEncipherment,
            KeyUsagePurpose::DataEncipherment,
            KeyUsagePurpose::KeyAgreement,
        ];
        parameters.extended_key_usages =
            vec![ExtendedKeyUsagePurpose::ClientAuth, ExtendedKeyUsagePurpose::ServerAuth];
        parameters.use_authority_key_identifier_extension = true;
        let key_id = ring::digest::digest(&ring::digest::SHA256, &key.subject_public_key_info());
        parameters.key_identifier_method = KeyIdMethod::PreSpecified(key_id.as_ref().to_vec());
        Ok(parameters)
    }
}
