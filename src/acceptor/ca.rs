//! The acceptor's own CA: one EC P-256 root like that of Consul's built-in CA.

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, IsCa, KeyIdMethod, KeyPair,
    KeyUsagePurpose, PublicKeyData, SanType,
};
use time::OffsetDateTime;
use zeroize::Zeroizing;

use super::{AcceptorError, Settings};

/// The lifetime of a root: Consul's `RootCertTTL` of 87600 hours.
const ROOT_SECONDS: i64 = 87_600 * 60 * 60;

/// A root and its key, both PEM.
pub(super) struct Root {
    /// The certificate, as in tokens.
    pub(super) certificate: String,
    /// Its key (PKCS #8).
    pub(super) key: Zeroizing<String>,
}

impl Root {
    /// Generates a root for a trust domain (`<cluster-uuid>.consul`), valid from now. `label` is the part of its name that
    /// differs between the roots of one cluster.
    pub(super) fn generate(
        trust_domain: &str,
        label: &str,
        settings: &Settings,
    ) -> Result<Self, AcceptorError> {
        let failed = |error: rcgen::Error| AcceptorError::Ca(error.to_string());
        let key = KeyPair::generate().map_err(failed)?;
        let now = (settings.clock)().as_second();
        let date = |seconds: i64| {
            OffsetDateTime::from_unix_timestamp(seconds).map_err(|error| AcceptorError::Ca(error.to_string()))
        };
        let mut parameters = CertificateParams::default();
        parameters.not_before = date(now)?;
        parameters.not_after = date(now + ROOT_SECONDS)?;
        parameters.serial_number = Some(7_u64.into());
        parameters.distinguished_name = DistinguishedName::new();
        let cluster = trust_domain.split('-').next().unwrap_or(trust_domain);
        let name = format!("pri-{label}.consul.ca.{cluster}.consul");
        parameters.distinguished_name.push(DnType::CommonName, name);
        let spiffe_id = format!("spiffe://{trust_domain}");
        parameters.subject_alt_names = vec![SanType::URI(spiffe_id.try_into().map_err(failed)?)];
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        parameters.key_usages =
            vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        parameters.use_authority_key_identifier_extension = true;
        let key_id = ring::digest::digest(&ring::digest::SHA256, &key.subject_public_key_info());
        parameters.key_identifier_method = KeyIdMethod::PreSpecified(key_id.as_ref().to_vec());
        let certificate = parameters.self_signed(&key).map_err(failed)?;
        // rcgen ends lines with CR LF, Consul with LF.
        let certificate = certificate.pem().replace("\r\n", "\n");
        Ok(Self { certificate, key: Zeroizing::new(key.serialize_pem()) })
    }
}
