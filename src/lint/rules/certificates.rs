//! Checks of the CA certificates.

use jiff::Timestamp;
use serde_json::Value;

use super::duplicates::duplicates;
use super::format::{count, date_time, day, days_between, whole_days};
use crate::certificate::{Certificate, KeyAlgorithm, SelfSignature};
use crate::lint::{Area, Check, Context, Findings, Severity, Subject};

/// `ca-missing`.
pub static CA_MISSING: Check = Check {
    name: "ca-missing",
    severity: Severity::Warning,
    area: Area::Certificates,
    subject: Subject::Fields,
    summary: "The token has no CA, so the dialer does not use TLS.",
    reason: "The acceptor runs without gRPC TLS, which Consul 1.13 allowed, or the token was edited. The establishment secret and all later data cross the network unencrypted. If the port expects TLS, establishing fails with `error reading server preface: EOF`.",
    remedy: "Enable gRPC TLS on the acceptor's servers (`ports.grpc_tls`, Consul 1.14 and later) and generate the token again.",
    source: "Consul 1.23.0-dev and 1.13, recorded",
    run: ca_missing,
};

fn ca_missing(context: &Context<'_>, findings: &mut Findings) {
    if context.ca_entries.is_empty() && context.token().is_some() {
        findings.add("CA", "CA is empty: the dialer sends everything unencrypted", []);
    }
}

/// `ca-unparsable`.
pub static CA_UNPARSABLE: Check = Check {
    name: "ca-unparsable",
    severity: Severity::Error,
    area: Area::Certificates,
    subject: Subject::Certificates,
    summary: "Consul cannot parse a CA.",
    reason: "The first PEM block must be a certificate that Go's X.509 parser accepts. The token was edited or damaged. For example, line breaks are missing, or the block is a key.",
    remedy: "Generate another token on the accepting cluster.",
    source: "Consul 1.23.0-dev, recorded: `peering token invalid CA: …`",
    run: ca_unparsable,
};

fn ca_unparsable(context: &Context<'_>, findings: &mut Findings) {
    for (index, entry) in context.ca_entries.iter().enumerate() {
        if let Err(refusal) = &entry.acceptance {
            findings.add(
                format!("CA[{index}]"),
                refusal.to_string(),
                [("reason", refusal.message.as_str().into())],
            );
        }
    }
}

/// `ca-unread`.
pub static CA_UNREAD: Check = Check {
    name: "ca-unread",
    severity: Severity::Info,
    area: Area::Certificates,
    subject: Subject::Certificates,
    summary: "Consul accepts a CA that this tool cannot parse.",
    reason: "The certificate is unusual. The other certificate checks ignore it, so they did not check its dates, key or usage.",
    remedy: "Show it with `openssl x509 -noout -text`, and please report it.",
    source: "this tool",
    run: ca_unread,
};

fn ca_unread(context: &Context<'_>, findings: &mut Findings) {
    for (index, entry) in context.ca_entries.iter().enumerate() {
        if let (Ok(()), Err(error)) = (&entry.acceptance, &entry.certificate) {
            let reason = error.to_string();
            let message = format!("{reason}; its dates, key and usage were not checked");
            findings.add(format!("CA[{index}]"), message, [("reason", reason.into())]);
        }
    }
}

/// Returns when a certificate expired, and how long ago.
fn expired_message(certificate: &Certificate, now: Timestamp) -> String {
    let days = days_between(certificate.not_after, now);
    format!("expired on {}, {} ago", day(certificate.not_after), whole_days(days))
}

/// Returns the values of [`expired_message`].
fn expired_values(certificate: &Certificate, now: Timestamp) -> [(&'static str, Value); 2] {
    let days = days_between(certificate.not_after, now);
    [("not_after", certificate.not_after.to_string().into()), ("days", days.into())]
}

/// `ca-expired`.
pub static CA_EXPIRED: Check = Check {
    name: "ca-expired",
    severity: Severity::Error,
    area: Area::Certificates,
    subject: Subject::Certificates,
    summary: "A CA has expired, and the token contains no valid CA.",
    reason: "Go checks the dates of the whole chain, including the root. Every handshake fails with `certificate has expired or is not yet valid`. Consul does not check the dates when it decodes the token.",
    remedy: "If the acceptor still uses this CA, rotate it. Then generate the token again.",
    source: "Go's `crypto/x509`; Consul 1.23.0-dev accepts it, recorded",
    run: ca_expired,
};

fn ca_expired(context: &Context<'_>, findings: &mut Findings) {
    if context.may_have_valid_ca() {
        return;
    }
    for (index, certificate) in context.certificates() {
        if certificate.not_after < context.now {
            findings.add(
                format!("CA[{index}]"),
                expired_message(certificate, context.now),
                expired_values(certificate, context.now),
            );
        }
    }
}

/// `ca-partly-expired`.
pub static CA_PARTLY_EXPIRED: Check = Check {
    name: "ca-partly-expired",
    severity: Severity::Warning,
    area: Area::Certificates,
    subject: Subject::Certificates,
    summary: "A CA has expired, but the token contains another CA that is valid.",
    reason: "The token was generated during a rotation, or the acceptor still lists an old root. The handshake succeeds as long as the acceptor's certificate chains to the valid CA.",
    remedy: "After the rotation, generate the token again.",
    source: "Go's `crypto/x509`; Consul 1.23.0-dev accepts it, recorded",
    run: ca_partly_expired,
};

fn ca_partly_expired(context: &Context<'_>, findings: &mut Findings) {
    for (index, certificate) in context.certificates() {
        if certificate.not_after < context.now && context.may_have_valid_ca() {
            let message = format!(
                "{}; another CA of the token may still be valid",
                expired_message(certificate, context.now)
            );
            findings.add(format!("CA[{index}]"), message, expired_values(certificate, context.now));
        }
    }
}

/// `ca-not-yet-valid`.
pub static CA_NOT_YET_VALID: Check = Check {
    name: "ca-not-yet-valid",
    severity: Severity::Error,
    area: Area::Certificates,
    subject: Subject::Certificates,
    summary: "A CA is not yet valid, and the token contains no valid CA.",
    reason: "The clocks of the two clusters differ, or the CA was created for later use. Until then, every handshake fails with `certificate has expired or is not yet valid`.",
    remedy: "Compare the clocks of the acceptor, the dialer and this host. If they are correct, wait until the CA is valid.",
    source: "Go's `crypto/x509`; Consul 1.23.0-dev accepts it, recorded",
    run: ca_not_yet_valid,
};

fn ca_not_yet_valid(context: &Context<'_>, findings: &mut Findings) {
    if context.may_have_valid_ca() {
        return;
    }
    for (index, certificate) in context.certificates() {
        if context.now < certificate.not_before {
            let days = days_between(context.now, certificate.not_before);
            let message =
                format!("valid from {}, in {}", date_time(certificate.not_before), whole_days(days));
            let values = [("not_before", certificate.not_before.to_string().into()), ("days", days.into())];
            findings.add(format!("CA[{index}]"), message, values);
        }
    }
}

/// `ca-expires-soon`.
pub static CA_EXPIRES_SOON: Check = Check {
    name: "ca-expires-soon",
    severity: Severity::Warning,
    area: Area::Certificates,
    subject: Subject::Certificates,
    summary: "A CA expires soon.",
    reason: "After it expires, the dialer can neither establish the peering nor reconnect with this CA. `-warn-before` sets how soon is reported.",
    remedy: "Rotate the acceptor's CA, then generate the token again. If you establish the peering before the CA expires, the acceptor sends the new CA to the dialer.",
    source: "Go's `crypto/x509`",
    run: ca_expires_soon,
};

fn ca_expires_soon(context: &Context<'_>, findings: &mut Findings) {
    for (index, certificate) in context.certificates() {
        let left = certificate.not_after.duration_since(context.now);
        if certificate.is_valid_at(context.now) && left <= context.warn_before {
            let days = days_between(context.now, certificate.not_after);
            let message = format!("expires on {}, in {}", day(certificate.not_after), whole_days(days));
            let values = [("not_after", certificate.not_after.to_string().into()), ("days", days.into())];
            findings.add(format!("CA[{index}]"), message, values);
        }
    }
}

/// `ca-not-a-ca`.
pub static CA_NOT_A_CA: Check = Check {
    name: "ca-not-a-ca",
    severity: Severity::Error,
    area: Area::Certificates,
    subject: Subject::Certificates,
    summary: "The certificate of a CA is not allowed to sign other certificates.",
    reason: "Its basic constraints do not mark it as a CA. For example, it is a server's certificate. Go rejects every chain to it: `x509: invalid signature: parent certificate cannot sign this kind of certificate`. A certificate of X.509 version 1 has no basic constraints, and Go accepts it.",
    remedy: "Generate another token on the accepting cluster. If Consul generated this token, check the root in the configuration of its CA provider.",
    source: "RFC 5280, section 4.2.1.9; Go's `crypto/x509`",
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
        findings.add(format!("CA[{index}]"), format!("{}: {message}", certificate.subject), values);
    }
}

/// `ca-key-usage`.
pub static CA_KEY_USAGE: Check = Check {
    name: "ca-key-usage",
    severity: Severity::Error,
    area: Area::Certificates,
    subject: Subject::Certificates,
    summary: "The key of a CA is not allowed to sign certificates.",
    reason: "Its key usage does not include `keyCertSign`, so Go rejects every chain to it: `x509: invalid signature: parent certificate cannot sign this kind of certificate`. A certificate without a key usage allows everything.",
    remedy: "Check the root in the configuration of the acceptor's CA provider. Then generate the token again.",
    source: "RFC 5280, section 4.2.1.3; Go's `crypto/x509`",
    run: ca_key_usage,
};

fn ca_key_usage(context: &Context<'_>, findings: &mut Findings) {
    for (index, certificate) in context.certificates() {
        let Some(usages) = certificate.key_usage.as_deref() else { continue };
        // Go treats a key usage without any bit like a missing one.
        if !usages.is_empty() && !usages.contains(&"keyCertSign") {
            let message = format!("its key usage is {}, without keyCertSign", usages.join(", "));
            findings.add(format!("CA[{index}]"), message, [("key_usage", usages.into())]);
        }
    }
}

/// `ca-key-unusable`.
pub static CA_KEY_UNUSABLE: Check = Check {
    name: "ca-key-unusable",
    severity: Severity::Error,
    area: Area::Certificates,
    subject: Subject::Certificates,
    summary: "Go cannot verify signatures with the key of a CA.",
    reason: "Go 1.24 and later reject RSA keys of less than 1024 bits. Go supports RSA, the NIST curves and Ed25519, but not DSA or other algorithms. Every handshake fails.",
    remedy: "Configure a CA with an EC P-256 key, Consul's default, on the acceptor. Then generate the token again.",
    source: "Go's `crypto/x509`, and `crypto/rsa` since Go 1.24",
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
            findings.add(format!("CA[{index}]"), message, values);
        }
    }
}

/// The minimum length of RSA keys that Go accepts, in bits, unless `GODEBUG=rsa1024min=0` is set.
const MIN_RSA_BITS: u32 = 1024;

/// `ca-key-weak`.
pub static CA_KEY_WEAK: Check = Check {
    name: "ca-key-weak",
    severity: Severity::Warning,
    area: Area::Certificates,
    subject: Subject::Certificates,
    summary: "The RSA key of a CA has less than 2048 bits.",
    reason: "An attacker with enough resources can break such a key and impersonate the acceptor. Consul does not generate such keys.",
    remedy: "Configure a CA with an EC P-256 key, Consul's default, or with RSA of at least 2048 bits. Then generate the token again.",
    source: "NIST SP 800-131A",
    run: ca_key_weak,
};

fn ca_key_weak(context: &Context<'_>, findings: &mut Findings) {
    for (index, certificate) in context.certificates() {
        let bits = certificate.key.bits;
        if certificate.key.algorithm == KeyAlgorithm::Rsa && (MIN_RSA_BITS..2048).contains(&bits) {
            findings.add(
                format!("CA[{index}]"),
                format!("its key is RSA with {bits} bits"),
                [("bits", bits.into())],
            );
        }
    }
}

/// `ca-signature-weak`.
pub static CA_SIGNATURE_WEAK: Check = Check {
    name: "ca-signature-weak",
    severity: Severity::Warning,
    area: Area::Certificates,
    subject: Subject::Certificates,
    summary: "A CA is signed with SHA-1 or MD5.",
    reason: "Go does not verify the signature of a trusted root. But if the CA also signs the servers' certificates with SHA-1 or MD5, Go rejects those.",
    remedy: "Rotate the acceptor's CA to one that is signed with SHA-256.",
    source: "Go 1.18's release notes; RFC 6151 and RFC 9155",
    run: ca_signature_weak,
};

fn ca_signature_weak(context: &Context<'_>, findings: &mut Findings) {
    for (index, certificate) in context.certificates() {
        let algorithm = certificate.signature_algorithm.as_str();
        if algorithm.starts_with("MD5-") || algorithm.starts_with("SHA1-") || algorithm.ends_with("-SHA1") {
            findings.add(
                format!("CA[{index}]"),
                format!("signed with {algorithm}"),
                [("algorithm", algorithm.into())],
            );
        }
    }
}

/// `ca-signature-invalid`.
pub static CA_SIGNATURE_INVALID: Check = Check {
    name: "ca-signature-invalid",
    severity: Severity::Warning,
    area: Area::Certificates,
    subject: Subject::Certificates,
    summary: "A CA is its own issuer, but is not signed with its own key.",
    reason: "The certificate was damaged or changed after it was signed. Go trusts a root because it is in the token, and does not verify this signature.",
    remedy: "Compare its SHA-256 with that of the acceptor's CA (`/v1/connect/ca/roots`), and generate another token.",
    source: "RFC 5280, section 6.1; Go's `crypto/x509`",
    run: ca_signature_invalid,
};

fn ca_signature_invalid(context: &Context<'_>, findings: &mut Findings) {
    for (index, certificate) in context.certificates() {
        if certificate.self_signature == SelfSignature::Failed {
            let subject = certificate.subject.as_str();
            let message = format!("{subject} is its own issuer, but is not signed with its own key");
            let values = [("subject", subject.into()), ("sha256", certificate.sha256.as_str().into())];
            findings.add(format!("CA[{index}]"), message, values);
        }
    }
}

/// `ca-not-self-signed`.
pub static CA_NOT_SELF_SIGNED: Check = Check {
    name: "ca-not-self-signed",
    severity: Severity::Info,
    area: Area::Certificates,
    subject: Subject::Certificates,
    summary: "A CA is not a root: another CA issued it.",
    reason: "Go trusts every CA in the token and does not need the issuer. A company's intermediate CA is an example.",
    remedy: "Nothing, if this is intended.",
    source: "Go's `crypto/x509`: every certificate in the pool is a trust anchor",
    run: ca_not_self_signed,
};

fn ca_not_self_signed(context: &Context<'_>, findings: &mut Findings) {
    for (index, certificate) in context.certificates() {
        if certificate.self_signature == SelfSignature::OtherIssuer {
            let (subject, issuer) = (certificate.subject.as_str(), certificate.issuer.as_str());
            let values = [("subject", subject.into()), ("issuer", issuer.into())];
            findings.add(format!("CA[{index}]"), format!("{subject} was issued by {issuer}"), values);
        }
    }
}

/// `ca-no-spiffe-id`.
pub static CA_NO_SPIFFE_ID: Check = Check {
    name: "ca-no-spiffe-id",
    severity: Severity::Info,
    area: Area::Certificates,
    subject: Subject::Certificates,
    summary: "A CA does not contain the SPIFFE ID of a trust domain.",
    reason: "Consul's own CA contains `spiffe://<trust-domain>`. A company's root may not. Without it, the token does not show whether the CA and the server name belong together.",
    remedy: "Nothing, if the acceptor's CA provider uses your own root.",
    source: "SPIFFE X509-SVID, section 2: exactly one URI",
    run: ca_no_spiffe_id,
};

fn ca_no_spiffe_id(context: &Context<'_>, findings: &mut Findings) {
    for (index, certificate) in context.certificates() {
        if certificate.trust_domain().is_none() {
            let ids = certificate.names.spiffe_ids().count();
            let message = match ids {
                0 => "it contains no SPIFFE ID".to_owned(),
                1 => "its SPIFFE ID contains no trust domain".to_owned(),
                _ => format!("it contains {ids} SPIFFE IDs, but only one is allowed"),
            };
            findings.add(format!("CA[{index}]"), message, [("spiffe_ids", ids.into())]);
        }
    }
}

/// `ca-duplicate`.
pub static CA_DUPLICATE: Check = Check {
    name: "ca-duplicate",
    severity: Severity::Info,
    area: Area::Certificates,
    subject: Subject::Certificates,
    summary: "The token contains a CA twice.",
    reason: "The list was written by hand, or built twice. It causes no problems.",
    remedy: "Nothing. If you build such tokens, remove the duplicate.",
    source: "this tool",
    run: ca_duplicate,
};

fn ca_duplicate(context: &Context<'_>, findings: &mut Findings) {
    let certificates =
        || context.certificates().map(|(index, certificate)| (index, certificate.sha256.as_str()));
    for (second, first) in duplicates(certificates, context.ca_entries.len()) {
        let message = format!("the same certificate as CA[{first}]");
        let sha256 =
            context.ca_entries[second].certificate.as_ref().map_or("", |certificate| &certificate.sha256);
        let values = [("first", format!("CA[{first}]").into()), ("sha256", sha256.into())];
        findings.add(format!("CA[{second}]"), message, values);
    }
}

/// `ca-several-roots`.
pub static CA_SEVERAL_ROOTS: Check = Check {
    name: "ca-several-roots",
    severity: Severity::Info,
    area: Area::Certificates,
    subject: Subject::Certificates,
    summary: "The token contains several CAs.",
    reason: "The acceptor's CA is being rotated, or its old root is still listed. The dialer trusts all of them.",
    remedy: "Nothing. After the rotation, a new token contains one CA.",
    source: "Consul 1.23.0-dev, recorded: `two-roots`",
    run: ca_several_roots,
};

fn ca_several_roots(context: &Context<'_>, findings: &mut Findings) {
    let number = context.ca_entries.len();
    if number < 2 {
        return;
    }
    let list: Vec<String> = context
        .certificates()
        .map(|(_, certificate)| {
            format!(
                "{} ({} to {})",
                certificate.subject,
                day(certificate.not_before),
                day(certificate.not_after)
            )
        })
        .take(MAX_SHOWN)
        .collect();
    let more = if number > list.len() { ", …" } else { "" };
    let message = format!("{number} CAs: {}{more}", list.join(", "));
    findings.add("CA", message, [("count", number.into())]);
}

const MAX_SHOWN: usize = 4;

/// `ca-trailing-data`.
pub static CA_TRAILING_DATA: Check = Check {
    name: "ca-trailing-data",
    severity: Severity::Warning,
    area: Area::Certificates,
    subject: Subject::Certificates,
    summary: "An entry of `CA` contains more than one certificate.",
    reason: "Consul checks only the first PEM block when it decodes the token. It does not check what follows, other programs may use more or less, and our findings are about the first certificate. Consul writes one certificate per entry.",
    remedy: "Put each certificate into its own entry, and remove other text.",
    source: "Consul 1.23.0-dev, recorded: accepted",
    run: ca_trailing_data,
};

fn ca_trailing_data(context: &Context<'_>, findings: &mut Findings) {
    for (index, entry) in context.ca_entries.iter().enumerate() {
        let message = match (entry.extra_blocks, entry.surrounding_text) {
            (0, false) => continue,
            (0, true) => "there is other text around the certificate".to_owned(),
            (more, false) => format!("{} after the first", count(more, "more PEM block")),
            (more, true) => format!("{} after the first, and other text", count(more, "more PEM block")),
        };
        let values = [
            ("extra_blocks", entry.extra_blocks.into()),
            ("surrounding_text", entry.surrounding_text.into()),
        ];
        findings.add(format!("CA[{index}]"), message, values);
    }
}

/// `private-key-inside`.
pub static PRIVATE_KEY_INSIDE: Check = Check {
    name: "private-key-inside",
    severity: Severity::Error,
    area: Area::Certificates,
    subject: Subject::Certificates,
    summary: "The token contains a private key.",
    reason: "A file with a certificate and its key was used as the CA. Everyone who has the token can impersonate the acceptor or sign certificates for its CA. This is an error although Consul accepts the token.",
    remedy: "Treat the key as compromised: rotate the CA that it belongs to. Then generate another token.",
    source: "the purpose of private keys; Consul 1.23.0-dev accepts a key after the certificate",
    run: private_key_inside,
};

fn private_key_inside(context: &Context<'_>, findings: &mut Findings) {
    for (index, entry) in context.ca_entries.iter().enumerate() {
        if entry.private_key {
            findings.add(format!("CA[{index}]"), "it contains the PEM block of a private key", []);
        }
    }
}
