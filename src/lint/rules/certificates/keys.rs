//! Checks of what CA certificates and their keys are allowed and able to sign.

use crate::certificate::{KeyAlgorithm, SelfSignature};
use crate::lint::rules::format::path;
use crate::lint::{Area, Check, Context, Findings, Severity, Subject, TokenCheck};

/// `ca-not-a-ca`.
pub static CA_NOT_A_CA: TokenCheck = TokenCheck {
    check: Check {
        name: "ca-not-a-ca",
        severity: Severity::Error,
        area: Area::Certificates,
        subject: Subject::Certificates,
        summary: "The certificate of a CA is not allowed to sign other certificates.",
        why: "Its basic constraints do not mark it as a CA. For example, it is a server's certificate. Go rejects every chain to it: `x509: invalid signature: parent certificate cannot sign this kind of certificate`. A certificate of X.509 version 1 has no basic constraints, and Go accepts it.",
        remedy: "Generate another token on the accepting cluster. If Consul generated this token, check the root in the configuration of its CA provider.",
        source: "RFC 5280, section 4.2.1.9; Go's `crypto/x509`",
    },
    run: ca_not_a_ca,
};

fn ca_not_a_ca(context: &Context<'_>, findings: &mut Findings) {
    for (index, certificate) in context.certificates() {
        let message = match certificate.is_ca {
            Some(true) => continue,
            Some(false) => "its basic constraints do not mark it as a CA",
            None if certificate.version < 3 => continue,
            None => "it has no basic constraints",
        };
        let values = [("subject", certificate.subject.as_str().into())];
        findings.add(path("CA", index), format!("{}: {message}", certificate.subject), values);
    }
}

/// `ca-key-usage`.
pub static CA_KEY_USAGE: TokenCheck = TokenCheck {
    check: Check {
        name: "ca-key-usage",
        severity: Severity::Error,
        area: Area::Certificates,
        subject: Subject::Certificates,
        summary: "The key of a CA is not allowed to sign certificates.",
        why: "Its key usage does not include `keyCertSign`, so Go rejects every chain to it: `x509: invalid signature: parent certificate cannot sign this kind of certificate`. A certificate without a key usage allows everything.",
        remedy: "Check the root in the configuration of the acceptor's CA provider. Then generate the token again.",
        source: "RFC 5280, section 4.2.1.3; Go's `crypto/x509`",
    },
    run: ca_key_usage,
};

fn ca_key_usage(context: &Context<'_>, findings: &mut Findings) {
    for (index, certificate) in context.certificates() {
        let Some(usages) = certificate.key_usage.as_deref() else { continue };
        // Go treats a key usage without any bit like a missing one.
        if !usages.is_empty() && !usages.contains(&"keyCertSign") {
            let message = format!("its key usage is {}, without keyCertSign", usages.join(", "));
            findings.add(path("CA", index), message, [("key_usage", usages.into())]);
        }
    }
}

/// `ca-key-unusable`.
pub static CA_KEY_UNUSABLE: TokenCheck = TokenCheck {
    check: Check {
        name: "ca-key-unusable",
        severity: Severity::Error,
        area: Area::Certificates,
        subject: Subject::Certificates,
        summary: "Go cannot verify signatures with the key of a CA.",
        why: "Go 1.24 and later reject RSA keys of less than 1024 bits. Go supports RSA, the NIST curves and Ed25519, but not DSA or other algorithms. Every handshake fails.",
        remedy: "Configure a CA with an EC P-256 key, Consul's default, on the acceptor. Then generate the token again.",
        source: "Go's `crypto/x509`, and `crypto/rsa` since Go 1.24",
    },
    run: ca_key_unusable,
};

fn ca_key_unusable(context: &Context<'_>, findings: &mut Findings) {
    for (index, certificate) in context.certificates() {
        let key = &certificate.key;
        let unusable = match key.algorithm {
            KeyAlgorithm::Rsa => key.bits < MIN_RSA_BITS,
            KeyAlgorithm::Dsa | KeyAlgorithm::Other(_) => true,
            _ => false,
        };
        if unusable && context.ca_entries[index].acceptance.is_ok() {
            let message = match key.bits {
                0 => format!("its key is {}", key.algorithm),
                bits => format!("its key is {} with {bits} bits", key.algorithm),
            };
            let values = [("algorithm", key.algorithm.to_string().into()), ("bits", key.bits.into())];
            findings.add(path("CA", index), message, values);
        }
    }
}

/// The minimum length of RSA keys that Go accepts, in bits, unless `GODEBUG=rsa1024min=0` is set.
const MIN_RSA_BITS: u32 = 1024;

/// `ca-key-weak`.
pub static CA_KEY_WEAK: TokenCheck = TokenCheck {
    check: Check {
        name: "ca-key-weak",
        severity: Severity::Warning,
        area: Area::Certificates,
        subject: Subject::Certificates,
        summary: "The RSA key of a CA has less than 2048 bits.",
        why: "An attacker with enough resources can break such a key and impersonate the acceptor. Consul does not generate such keys.",
        remedy: "Configure a CA with an EC P-256 key, Consul's default, or with RSA of at least 2048 bits. Then generate the token again.",
        source: "NIST SP 800-131A",
    },
    run: ca_key_weak,
};

fn ca_key_weak(context: &Context<'_>, findings: &mut Findings) {
    for (index, certificate) in context.certificates() {
        let bits = certificate.key.bits;
        if certificate.key.algorithm == KeyAlgorithm::Rsa && (MIN_RSA_BITS..2048).contains(&bits) {
            findings.add(
                path("CA", index),
                format!("its key is RSA with {bits} bits"),
                [("bits", bits.into())],
            );
        }
    }
}

/// `ca-signature-weak`.
pub static CA_SIGNATURE_WEAK: TokenCheck = TokenCheck {
    check: Check {
        name: "ca-signature-weak",
        severity: Severity::Warning,
        area: Area::Certificates,
        subject: Subject::Certificates,
        summary: "A CA is signed with SHA-1 or MD5.",
        why: "Go does not verify the signature of a trusted root. But if the CA also signs the servers' certificates with SHA-1 or MD5, Go rejects those.",
        remedy: "Rotate the acceptor's CA to one that is signed with SHA-256.",
        source: "Go 1.18's release notes; RFC 6151 and RFC 9155",
    },
    run: ca_signature_weak,
};

fn ca_signature_weak(context: &Context<'_>, findings: &mut Findings) {
    for (index, certificate) in context.certificates() {
        let algorithm = certificate.signature_algorithm.as_str();
        if algorithm.starts_with("MD5-") || algorithm.starts_with("SHA1-") || algorithm.ends_with("-SHA1") {
            findings.add(
                path("CA", index),
                format!("signed with {algorithm}"),
                [("algorithm", algorithm.into())],
            );
        }
    }
}

/// `ca-signature-invalid`.
pub static CA_SIGNATURE_INVALID: TokenCheck = TokenCheck {
    check: Check {
        name: "ca-signature-invalid",
        severity: Severity::Warning,
        area: Area::Certificates,
        subject: Subject::Certificates,
        summary: "A CA is its own issuer, but is not signed with its own key.",
        why: "The certificate was damaged or changed after it was signed. Go trusts a root because it is in the token, and does not verify this signature.",
        remedy: "Compare its SHA-256 with that of the acceptor's CA (`/v1/connect/ca/roots`), and generate another token.",
        source: "RFC 5280, section 6.1; Go's `crypto/x509`",
    },
    run: ca_signature_invalid,
};

fn ca_signature_invalid(context: &Context<'_>, findings: &mut Findings) {
    for (index, certificate) in context.certificates() {
        if certificate.self_signature == SelfSignature::Failed {
            let subject = certificate.subject.as_str();
            let message = format!("{subject} is its own issuer, but is not signed with its own key");
            let values = [("subject", subject.into()), ("sha256", certificate.sha256.as_str().into())];
            findings.add(path("CA", index), message, values);
        }
    }
}
