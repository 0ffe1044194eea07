//! Checks of the CA certificates.

use jiff::Timestamp;
use serde_json::Value;

use super::duplicates::repeated;
use super::format::{at_least, count, day, days_between, moment};
use crate::certificate::{Certificate, KeyAlgorithm, SelfSignature};
use crate::lint::{Area, Check, Context, Findings, Severity, Subject};

/// `ca-missing`.
pub static CA_MISSING: Check = Check {
    name: "ca-missing",
    severity: Severity::Warning,
    area: Area::Certificates,
    subject: Subject::Fields,
    summary: "The token has no CA: the dialer uses no TLS.",
    reason: "The acceptor runs without gRPC TLS, which Consul 1.13 allowed, or the token was edited. The establishment secret and everything after it cross the network in the clear; and if the port expects TLS, establishing fails with `error reading server preface: EOF`.",
    remedy: "Give the acceptor's servers gRPC TLS (`ports.grpc_tls`, Consul 1.14 and newer) and generate the token again.",
    source: "Consul 1.23.0-dev and 1.13, recorded",
    run: ca_missing,
};

fn ca_missing(context: &Context<'_>, findings: &mut Findings) {
    if context.ca_entries.is_empty() && context.token().is_some() {
        findings.add("CA", "CA is empty: everything is sent in the clear", []);
    }
}

/// `ca-unparsable`.
pub static CA_UNPARSABLE: Check = Check {
    name: "ca-unparsable",
    severity: Severity::Error,
    area: Area::Certificates,
    subject: Subject::Certificates,
    summary: "Consul cannot read a CA.",
    reason: "The first PEM block must be a certificate that Go's X.509 parser takes. The token was edited or damaged: line breaks were lost, a key was put there instead.",
    remedy: "Generate a token anew on the accepting cluster.",
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
    summary: "Consul takes a CA that this tool cannot read: nothing else is said of it.",
    reason: "Its certificate is unusual. The other checks of certificates pass over it, which is not the same as passing.",
    remedy: "Look at it with `openssl x509 -noout -text`, and please report it.",
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

/// When, and how long ago.
fn expired_message(certificate: &Certificate, now: Timestamp) -> String {
    let days = days_between(certificate.not_after, now);
    format!("expired on {}, {} ago", day(certificate.not_after), at_least(days))
}

/// The same for programs.
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
    summary: "A CA has expired, and the token has none that is valid.",
    reason: "Go checks the dates of the whole chain, the root's too: every handshake fails with `certificate has expired or is not yet valid`. Consul does not look at the dates when it reads the token.",
    remedy: "Rotate the acceptor's CA if it is still in use there, then generate the token again.",
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
    summary: "A CA has expired; another one in the token is valid.",
    reason: "The token was generated during a rotation, or the acceptor still lists an old root. The handshake succeeds as long as the acceptor's certificate chains to the other.",
    remedy: "Generate the token again, now that the rotation is over.",
    source: "Go's `crypto/x509`; Consul 1.23.0-dev accepts it, recorded",
    run: ca_partly_expired,
};

fn ca_partly_expired(context: &Context<'_>, findings: &mut Findings) {
    for (index, certificate) in context.certificates() {
        if certificate.not_after < context.now && context.may_have_valid_ca() {
            let message = format!(
                "{}; another CA of the token may still be good",
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
    summary: "A CA is not valid yet, and the token has none that is.",
    reason: "The clocks of the two clusters differ, or the CA was made for later. Every handshake fails with `certificate has expired or is not yet valid` until then.",
    remedy: "Compare the clocks of the acceptor, of the dialer and of this machine; else wait until that day.",
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
            let message = format!("valid from {} on, in {}", moment(certificate.not_before), at_least(days));
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
    reason: "Once it has expired, no establishing and no reconnecting succeeds with this token's CA. How soon is soon is told by `-warn-before`.",
    remedy: "Rotate the acceptor's CA, then generate the token again. A token that is established before then gets the new CA by itself.",
    source: "Go's `crypto/x509`",
    run: ca_expires_soon,
};

fn ca_expires_soon(context: &Context<'_>, findings: &mut Findings) {
    for (index, certificate) in context.certificates() {
        let left = certificate.not_after.duration_since(context.now);
        if certificate.is_valid_at(context.now) && left <= context.warn_before {
            let days = days_between(context.now, certificate.not_after);
            let message = format!("expires on {}, in {}", day(certificate.not_after), at_least(days));
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
    summary: "A CA's certificate may not sign others.",
    reason: "Its basic constraints do not say that it is a CA; a server's own certificate was put there. Go refuses every chain to it: `x509: invalid signature: parent certificate cannot sign this kind of certificate`. A certificate of X.509 version 1 has no such constraints, and Go takes it.",
    remedy: "Generate a token anew on the accepting cluster. If Consul wrote this, look at the root that its CA provider is configured with.",
    source: "RFC 5280, section 4.2.1.9; Go's `crypto/x509`",
    run: ca_not_a_ca,
};

fn ca_not_a_ca(context: &Context<'_>, findings: &mut Findings) {
    for (index, certificate) in context.certificates() {
        let message = match certificate.is_ca {
            Some(true) => continue,
            Some(false) => "its basic constraints say that it is no CA",
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
    summary: "A CA's key may not sign certificates.",
    reason: "Its key usage leaves out `keyCertSign`, so that Go refuses every chain to it: `x509: invalid signature: parent certificate cannot sign this kind of certificate`. No key usage at all allows everything.",
    remedy: "Look at the root that the acceptor's CA provider is configured with; then generate the token again.",
    source: "RFC 5280, section 4.2.1.3; Go's `crypto/x509`",
    run: ca_key_usage,
};

fn ca_key_usage(context: &Context<'_>, findings: &mut Findings) {
    for (index, certificate) in context.certificates() {
        let Some(usages) = certificate.key_usage.as_deref() else { continue };
        // Go takes a usage without any bit for none at all.
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
    summary: "Go cannot verify signatures by a CA's key.",
    reason: "Go 1.24 and newer refuse RSA keys under 1024 bits, and know neither DSA nor any algorithm besides RSA, the NIST curves and Ed25519. Every handshake fails.",
    remedy: "Give the acceptor a CA with an EC P-256 key, Consul's default; then generate the token again.",
    source: "Go's `crypto/x509`, and `crypto/rsa` since Go 1.24",
    run: ca_key_unusable,
};

fn ca_key_unusable(context: &Context<'_>, findings: &mut Findings) {
    for (index, certificate) in context.certificates() {
        let key = &certificate.key;
        let unusable = match key.algorithm {
            KeyAlgorithm::Rsa => key.bits < SMALLEST_RSA,
            KeyAlgorithm::Dsa | KeyAlgorithm::Other(_) => true,
            _ => false,
        };
        if unusable && context.ca_entries[index].acceptance.is_ok() {
            let message = match key.bits {
                0 => format!("its key is {}", key.algorithm),
                bits => format!("its key is {} of {bits} bits", key.algorithm),
            };
            let values = [("algorithm", key.algorithm.to_string().into()), ("bits", key.bits.into())];
            findings.add(format!("CA[{index}]"), message, values);
        }
    }
}

/// In bits; `GODEBUG=rsa1024min=0` lifts it.
const SMALLEST_RSA: u32 = 1024;

/// `ca-key-weak`.
pub static CA_KEY_WEAK: Check = Check {
    name: "ca-key-weak",
    severity: Severity::Warning,
    area: Area::Certificates,
    subject: Subject::Certificates,
    summary: "A CA's RSA key is smaller than 2048 bits.",
    reason: "Such keys are within reach of an attacker with means, who could then pose as the acceptor. Consul itself makes none.",
    remedy: "Give the acceptor a CA with an EC P-256 key, Consul's default, or RSA of 2048 bits and more; then generate the token again.",
    source: "NIST SP 800-131A",
    run: ca_key_weak,
};

fn ca_key_weak(context: &Context<'_>, findings: &mut Findings) {
    for (index, certificate) in context.certificates() {
        let bits = certificate.key.bits;
        if certificate.key.algorithm == KeyAlgorithm::Rsa && (1024..2048).contains(&bits) {
            findings.add(
                format!("CA[{index}]"),
                format!("its key is RSA of {bits} bits"),
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
    reason: "Go does not verify the signature of a root that it trusts anyway. But who still signs so may sign the servers' certificates so as well, and those Go refuses.",
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
    summary: "A CA names itself as its issuer, but its own key did not sign it.",
    reason: "The certificate was damaged or changed after it was signed. Go trusts a root for being in the token, and does not verify this signature.",
    remedy: "Compare its SHA-256 with the acceptor's CA (`/v1/connect/ca/roots`), and generate a token anew.",
    source: "RFC 5280, section 6.1; Go's `crypto/x509`",
    run: ca_signature_invalid,
};

fn ca_signature_invalid(context: &Context<'_>, findings: &mut Findings) {
    for (index, certificate) in context.certificates() {
        if certificate.self_signature == SelfSignature::Failed {
            let subject = certificate.subject.as_str();
            let message = format!("{subject} is its own issuer, but not by its own key");
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
    reason: "Go trusts it as it is, and asks for no issuer above it. A company's intermediate CA is such a one.",
    remedy: "Nothing, if that was meant.",
    source: "Go's `crypto/x509`: whatever is in the pool is a trust anchor",
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
    summary: "A CA does not carry the SPIFFE ID of a trust domain.",
    reason: "Consul's own CA carries `spiffe://<trust-domain>`; a company's own root may not. It cannot be told from the token whether such a CA and the server name belong together.",
    remedy: "Nothing, if the acceptor's CA provider uses a root of your own.",
    source: "SPIFFE X509-SVID, section 2: exactly one URI",
    run: ca_no_spiffe_id,
};

fn ca_no_spiffe_id(context: &Context<'_>, findings: &mut Findings) {
    for (index, certificate) in context.certificates() {
        if certificate.trust_domain().is_none() {
            let ids = certificate.names.spiffe_ids().count();
            let message = match ids {
                0 => "it carries no SPIFFE ID".to_owned(),
                1 => "its SPIFFE ID names no trust domain".to_owned(),
                _ => format!("it carries {ids} SPIFFE IDs, where one is allowed"),
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
    summary: "A CA stands twice in the token.",
    reason: "The list was put together by hand, or twice. It does no harm.",
    remedy: "Nothing; leave one of them if you make such tokens.",
    source: "this tool",
    run: ca_duplicate,
};

fn ca_duplicate(context: &Context<'_>, findings: &mut Findings) {
    let certificates =
        || context.certificates().map(|(index, certificate)| (index, certificate.sha256.as_str()));
    for (second, first) in repeated(certificates, context.ca_entries.len()) {
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
    summary: "The token has several CAs.",
    reason: "The acceptor's CA is being rotated, or its old root is still listed. The dialer trusts each of them.",
    remedy: "Nothing. Once the rotation is over, a new token has one.",
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
    summary: "There is more in an entry of `CA` than one certificate.",
    reason: "Consul looks at the first PEM block only, when it reads the token: whatever follows goes unchecked, other programs see more or less, and facts and findings here are about the first. Consul writes one certificate into each entry.",
    remedy: "Put each certificate into an entry of its own, and leave away any text around them.",
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
        let values =
            [("more_blocks", entry.extra_blocks.into()), ("text_around", entry.surrounding_text.into())];
        findings.add(format!("CA[{index}]"), message, values);
    }
}

/// `private-key-inside`.
pub static PRIVATE_KEY_INSIDE: Check = Check {
    name: "private-key-inside",
    severity: Severity::Error,
    area: Area::Certificates,
    subject: Subject::Certificates,
    summary: "There is a private key in the token.",
    reason: "A file with a certificate and its key was taken for the CA. Whoever sees the token can then pose as the acceptor, or sign for its CA: that is an error even where Consul accepts the token.",
    remedy: "Treat the key as lost: rotate the CA that it belongs to. Then generate a token anew.",
    source: "common sense; Consul 1.23.0-dev accepts a key after the certificate",
    run: private_key_inside,
};

fn private_key_inside(context: &Context<'_>, findings: &mut Findings) {
    for (index, entry) in context.ca_entries.iter().enumerate() {
        if entry.private_key {
            findings.add(format!("CA[{index}]"), "a PEM block of a private key is in it", []);
        }
    }
}
