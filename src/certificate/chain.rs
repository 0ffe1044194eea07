//! Go's `crypto/x509.Certificate.Verify`: whether a TLS client built with Go trusts a server's certificate chain.
//!
//! The first error found is reported, in Go's order: the validity period of the server's own certificate, its names,
//! then the path to a root (signatures, validity periods, CA flags, path lengths), then extended key usages. Unlike
//! many TLS libraries, Go also checks the validity period of roots. Name constraints and unsupported critical
//! extensions are not checked here.

#[cfg(test)]
mod tests;

use std::net::IpAddr;

use jiff::Timestamp;

use super::{Certificate, SignatureCheck, check_signature};
use crate::gostd::GoDebug;
use crate::gostd::quote::quote;
use crate::gostd::x509::parse_certificate;

/// The number of signatures that Go checks before it gives up.
const MAX_SIGNATURES: usize = 100;

/// The kind of a [`VerifyError`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VerifyErrorKind {
    /// A certificate of the chain cannot be parsed.
    Unreadable,
    /// No trusted root issued the certificate.
    UnknownAuthority,
    /// The certificate is for a different name.
    WrongName,
    /// The certificate, or one above it, has expired.
    Expired,
    /// The certificate, or one above it, is not valid yet.
    NotYetValid,
    /// The chain violates another rule: CA flag, path length or key usage.
    Unusable,
}

/// Why a client does not trust a chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifyError {
    /// The rule that the chain violates.
    pub kind: VerifyErrorKind,
    /// Go's error text, starting at `x509: `.
    pub message: String,
}

/// A chain that a client trusts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Trusted {
    /// Signatures that this crate cannot verify, although Go can; each as a noun phrase.
    pub unverified: Vec<String>,
}

/// Verifies a server's certificate chain at a point in time, as a TLS client built with Go does.
///
/// `chain` starts with the server's own certificate; `roots` are the certificates that the client trusts. All are DER.
/// `name` is the DNS name or IP address that the client expects.
pub fn verify(
    chain: &[Vec<u8>],
    roots: &[Vec<u8>],
    name: &str,
    now: Timestamp,
) -> Result<Trusted, VerifyError> {
    let read = |der: &Vec<u8>| -> Result<Link, VerifyError> {
        let unreadable = |message: String| error(VerifyErrorKind::Unreadable, &message);
        parse_certificate(der, GoDebug::default()).map_err(|error| unreadable(error.to_string()))?;
        let certificate = Certificate::from_der(der).map_err(|error| unreadable(format!("x509: {error}")))?;
        Ok(Link { der: der.clone(), certificate })
    };
    let chain = chain.iter().map(read).collect::<Result<Vec<_>, _>>()?;
    // Go ignores roots that it cannot parse.
    let roots: Vec<Link> = roots.iter().filter_map(|der| read(der).ok()).collect();
    let Some((leaf, intermediates)) = chain.split_first() else {
        return Err(error(VerifyErrorKind::Unreadable, "tls: received empty certificates message"));
    };
    check_validity(&leaf.certificate, now)?;
    check_name(&leaf.certificate, name)?;
    let mut search = Search {
        roots: &roots,
        intermediates,
        now,
        signatures: 0,
        chains: Vec::new(),
        unverified: Vec::new(),
    };
    if roots.iter().any(|root| root.der == leaf.der) {
        search.chains.push(vec![leaf]);
    } else {
        search.extend(&[leaf])?;
    }
    let allows_servers = |link: &&Link| link.certificate.allows_server_auth != Some(false);
    if search.chains.iter().any(|chain| chain.iter().all(allows_servers)) {
        return Ok(Trusted { unverified: search.unverified });
    }
    Err(error(VerifyErrorKind::Unusable, "x509: certificate specifies an incompatible key usage"))
}

/// A certificate in a chain.
struct Link {
    der: Vec<u8>,
    certificate: Certificate,
}

/// A search for all paths to a root.
struct Search<'a> {
    roots: &'a [Link],
    intermediates: &'a [Link],
    now: Timestamp,
    signatures: usize,
    chains: Vec<Vec<&'a Link>>,
    unverified: Vec<String>,
}

impl<'a> Search<'a> {
    /// Collects every path from the end of a chain to a root.
    ///
    /// If there is none, the last error found on the way up is returned, as in Go. A signature that does not verify is
    /// only a hint in the text of the error.
    fn extend(&mut self, chain: &[&'a Link]) -> Result<(), VerifyError> {
        let Some(end) = chain.last() else { return Ok(()) };
        let before = self.chains.len();
        let (mut hint, mut last_error) = (None, None);
        for (candidates, is_root) in [(self.roots, true), (self.intermediates, false)] {
            for candidate in potential_parents(end, candidates) {
                self.signatures += 1;
                if self.signatures > MAX_SIGNATURES {
                    let message =
                        "x509: signature check attempts limit reached while verifying certificate chain";
                    return Err(error(VerifyErrorKind::Unusable, message));
                }
                if chain.iter().any(|link| link.der == candidate.der) {
                    continue;
                }
                let signature = check_signature(&end.der, &candidate.der);
                if let Err(message) = self.check_signature_from(signature, end, candidate) {
                    hint.get_or_insert((message, candidate));
                    continue;
                }
                let mut longer = chain.to_vec();
                longer.push(candidate);
                last_error = self.check_parent(candidate, is_root, chain).err();
                if let Some(error) = &last_error {
                    hint.get_or_insert((error.message.clone(), candidate));
                } else if is_root {
                    self.chains.push(longer);
                } else {
                    last_error = self.extend(&longer).err();
                }
            }
        }
        if self.chains.len() > before {
            return Ok(());
        }
        Err(last_error.unwrap_or_else(|| unknown_authority(hint)))
    }

    /// Go's `CheckSignatureFrom`. The error is Go's text.
    fn check_signature_from(
        &mut self,
        signature: SignatureCheck,
        child: &Link,
        parent: &Link,
    ) -> Result<(), String> {
        let issuer = &parent.certificate;
        let may_sign = issuer.key_usage.as_ref().is_none_or(|usage| usage.contains(&"keyCertSign"));
        // Certificates of X.509 version 1 have no CA flag.
        if (issuer.version == 3 && issuer.is_ca.is_none()) || issuer.is_ca == Some(false) || !may_sign {
            return Err(
                "x509: invalid signature: parent certificate cannot sign this kind of certificate".to_owned()
            );
        }
        match signature {
            SignatureCheck::Verified => Ok(()),
            SignatureCheck::Failed(message) => Err(message.to_owned()),
            SignatureCheck::Insecure(algorithm) => {
                Err(format!("x509: cannot verify signature: insecure algorithm {algorithm}"))
            }
            SignatureCheck::Unsupported => {
                let subject = match child.certificate.subject.as_str() {
                    "" => "the server's certificate",
                    subject => subject,
                };
                let what = format!("the signature of {subject} by {}", issuer.subject);
                if !self.unverified.contains(&what) {
                    self.unverified.push(what);
                }
                Ok(())
            }
            SignatureCheck::OtherIssuer => {
                Err("x509: issuer name does not match subject from issuing certificate".to_owned())
            }
        }
    }

    /// Go's `isValid` for a candidate directly above a chain.
    fn check_parent(&self, candidate: &Link, is_root: bool, chain: &[&Link]) -> Result<(), VerifyError> {
        let parent = &candidate.certificate;
        check_validity(parent, self.now)?;
        if !is_root && parent.is_ca != Some(true) {
            let message = "x509: certificate is not authorized to sign other certificates";
            return Err(error(VerifyErrorKind::Unusable, message));
        }
        if parent.path_length.is_some_and(|max| chain.len() - 1 > max as usize) {
            let message = "x509: too many intermediates for path length constraint";
            return Err(error(VerifyErrorKind::Unusable, message));
        }
        Ok(())
    }
}

/// Returns the candidates whose subject is the child's issuer, those with a matching key identifier first.
fn potential_parents<'a>(child: &Link, candidates: &'a [Link]) -> Vec<&'a Link> {
    let child = &child.certificate;
    let mut parents: Vec<_> =
        candidates.iter().filter(|candidate| candidate.certificate.subject == child.issuer).collect();
    parents.sort_by_key(|parent| match (&parent.certificate.subject_key_id, &child.authority_key_id) {
        (own, expected) if own == expected => 0,
        (Some(_), Some(_)) => 2,
        _ => 1,
    });
    parents
}

fn error(kind: VerifyErrorKind, message: &str) -> VerifyError {
    VerifyError { kind, message: message.to_owned() }
}

fn check_validity(certificate: &Certificate, now: Timestamp) -> Result<(), VerifyError> {
    let (kind, side, limit) = if now < certificate.not_before {
        (VerifyErrorKind::NotYetValid, "before", certificate.not_before)
    } else if now > certificate.not_after {
        (VerifyErrorKind::Expired, "after", certificate.not_after)
    } else {
        return Ok(());
    };
    let message =
        format!("x509: certificate has expired or is not yet valid: current time {now} is {side} {limit}");
    Err(error(kind, &message))
}

/// Go's `VerifyHostname`.
fn check_name(certificate: &Certificate, expected: &str) -> Result<(), VerifyError> {
    let address = expected.strip_prefix('[').and_then(|inside| inside.strip_suffix(']')).unwrap_or(expected);
    let expected_ip = address.parse::<IpAddr>().ok();
    let (names, kind) = match expected_ip {
        Some(_) => (&certificate.names.ips, "IP SANs"),
        None => (&certificate.names.dns, "names"),
    };
    let matches = |name: &String| match expected_ip {
        Some(ip) => name.parse() == Ok(ip),
        None => matches_host_name(name, expected),
    };
    if names.iter().any(matches) {
        return Ok(());
    }
    let has_common_name =
        || common_name(&certificate.subject).is_some_and(|name| matches_host_name(name, expected));
    let message = if certificate.names.is_empty() && has_common_name() {
        "x509: certificate relies on legacy Common Name field, use SANs instead".to_owned()
    } else if names.len() >= 100 {
        format!("x509: certificate is valid for {} {kind}, but none matched {expected}", names.len())
    } else if !names.is_empty() {
        format!("x509: certificate is valid for {}, not {expected}", names.join(", "))
    } else if expected_ip.is_some() {
        format!("x509: cannot validate certificate for {address} because it doesn't contain any IP SANs")
    } else {
        format!("x509: certificate is not valid for any names, but wanted to match {expected}")
    };
    Err(error(VerifyErrorKind::WrongName, &message))
}

/// Returns whether a certificate's DNS name matches a host name. A first label of `*` matches any one label.
fn matches_host_name(name: &str, host: &str) -> bool {
    let host = host.strip_suffix('.').unwrap_or(host);
    match (name.strip_prefix("*."), host.split_once('.')) {
        _ if name.is_empty() || host.is_empty() => false,
        (Some(parent), Some((_, host_parent))) => parent.eq_ignore_ascii_case(host_parent),
        _ => name.eq_ignore_ascii_case(host),
    }
}

fn common_name(subject: &str) -> Option<&str> {
    subject.split(", ").find_map(|part| part.strip_prefix("CN="))
}

fn unknown_authority(hint: Option<(String, &Link)>) -> VerifyError {
    let mut message = "x509: certificate signed by unknown authority".to_owned();
    if let Some((cause, candidate)) = hint {
        let subject = &candidate.certificate.subject;
        let organization = || subject.split(", ").find_map(|part| part.strip_prefix("O="));
        let serial = || format!("serial:{}", decimal(&candidate.certificate.serial));
        let name = common_name(subject).or_else(organization).map_or_else(serial, str::to_owned);
        message = format!(
            "{message} (possibly because of {} while trying to verify candidate authority certificate {})",
            quote(cause.as_bytes()),
            quote(name.as_bytes())
        );
    }
    error(VerifyErrorKind::UnknownAuthority, &message)
}

/// The longest serial number that is converted, in hexadecimal digits. RFC 5280 allows 40.
const MAX_SERIAL_LEN: usize = 1024;

/// Returns a hexadecimal serial number in decimal, as Go prints it.
fn decimal(hexadecimal: &str) -> String {
    if hexadecimal.len() > MAX_SERIAL_LEN {
        return format!("0x{hexadecimal}");
    }
    // The least significant first.
    let mut digits = vec![0];
    for nibble in hexadecimal.chars().filter_map(|char| char.to_digit(16)) {
        let mut carry = nibble;
        for digit in &mut digits {
            let sum = *digit * 16 + carry;
            (*digit, carry) = (sum % 10, sum / 10);
        }
        while carry > 0 {
            digits.push(carry % 10);
            carry /= 10;
        }
    }
    digits.iter().rev().filter_map(|digit| char::from_digit(*digit, 10)).collect()
}
