//! Checks of the CA certificates.

pub(super) mod keys;
pub(crate) mod validity;

use super::duplicates::duplicates;
use super::format::{count, path};
use crate::certificate::SelfSignature;
use crate::lint::{Area, Check, Context, Findings, MAX_EXAMINED_CAS, Severity, Subject, TokenCheck};
use crate::utc::day;

/// `ca-missing`.
pub static CA_MISSING: TokenCheck = TokenCheck {
    check: Check {
        name: "ca-missing",
        severity: Severity::Warning,
        area: Area::Certificates,
        subject: Subject::Fields,
        summary: "The token has no CA, so the dialer does not use TLS.",
        why: "The acceptor runs without gRPC TLS, which Consul 1.13 allowed, or the token was edited. The establishment secret and all later data cross the network unencrypted. If the port expects TLS, establishing fails with `error reading server preface: EOF`.",
        remedy: "Enable gRPC TLS on the acceptor's servers (`ports.grpc_tls`, Consul 1.14 and later) and generate the token again.",
        source: "Consul 1.23.0-dev and 1.13, recorded",
    },
    run: ca_missing,
};

fn ca_missing(context: &Context<'_>, findings: &mut Findings) {
    if context.ca_entries.is_empty() && context.token().is_some() {
        findings.add("CA", "CA is empty: the dialer sends everything unencrypted", []);
    }
}

/// `ca-unparsable`.
pub static CA_UNPARSABLE: TokenCheck = TokenCheck {
    check: Check {
        name: "ca-unparsable",
        severity: Severity::Error,
        area: Area::Certificates,
        subject: Subject::Certificates,
        summary: "Consul cannot parse a CA.",
        why: "The first PEM block must be a certificate that Go's X.509 parser accepts. The token was edited or damaged. For example, line breaks are missing, or the block is a key.",
        remedy: "Generate another token on the accepting cluster.",
        source: "Consul 1.23.0-dev, recorded: `peering token invalid CA: …`",
    },
    run: ca_unparsable,
};

fn ca_unparsable(context: &Context<'_>, findings: &mut Findings) {
    let entries = context.ca_entries.iter().enumerate();
    let refused = entries.filter_map(|(index, entry)| Some((index, entry.acceptance.as_ref().err()?)));
    let unexamined = context.unexamined.refusal.iter().map(|(index, refusal)| (*index, refusal));
    for (index, refusal) in refused.chain(unexamined) {
        findings.add(path("CA", index), refusal.to_string(), [("reason", refusal.message.as_str().into())]);
    }
}

/// `ca-unread`.
pub static CA_UNREAD: TokenCheck = TokenCheck {
    check: Check {
        name: "ca-unread",
        severity: Severity::Info,
        area: Area::Certificates,
        subject: Subject::Certificates,
        summary: "Consul accepts a CA that this tool did not examine.",
        why: "The certificate is unusual and this tool cannot parse it, or the token has more than 100 CAs. The other certificate checks ignore it, so they did not check its dates, key or usage.",
        remedy: "Show it with `openssl x509 -noout -text`, and please report it.",
        source: "this tool",
    },
    run: ca_unread,
};

fn ca_unread(context: &Context<'_>, findings: &mut Findings) {
    for (index, entry) in context.ca_entries.iter().enumerate() {
        if let (Ok(()), Err(error)) = (&entry.acceptance, &entry.certificate) {
            let reason = error.to_string();
            let message = format!("{reason}; its dates, key and usage were not checked");
            findings.add(path("CA", index), message, [("reason", reason.into())]);
        }
    }
    let unexamined = context.unexamined.count;
    if unexamined > 0 && context.unexamined.refusal.is_none() {
        let message = format!(
            "the token has {}; this tool examines the first {MAX_EXAMINED_CAS}",
            count(context.ca_count(), "CA")
        );
        findings.add("CA", message, [("unexamined", unexamined.into())]);
    }
}

/// `ca-not-self-signed`.
pub static CA_NOT_SELF_SIGNED: TokenCheck = TokenCheck {
    check: Check {
        name: "ca-not-self-signed",
        severity: Severity::Info,
        area: Area::Certificates,
        subject: Subject::Certificates,
        summary: "A CA is not a root: another CA issued it.",
        why: "Go trusts every CA in the token and does not need the issuer. A company's intermediate CA is an example.",
        remedy: "Nothing, if this is intended.",
        source: "Go's `crypto/x509`: every certificate in the pool is a trust anchor",
    },
    run: ca_not_self_signed,
};

fn ca_not_self_signed(context: &Context<'_>, findings: &mut Findings) {
    for (index, certificate) in context.certificates() {
        if certificate.self_signature == SelfSignature::OtherIssuer {
            let (subject, issuer) = (certificate.subject.as_str(), certificate.issuer.as_str());
            let values = [("subject", subject.into()), ("issuer", issuer.into())];
            findings.add(path("CA", index), format!("{subject} was issued by {issuer}"), values);
        }
    }
}

/// `ca-no-spiffe-id`.
pub static CA_NO_SPIFFE_ID: TokenCheck = TokenCheck {
    check: Check {
        name: "ca-no-spiffe-id",
        severity: Severity::Info,
        area: Area::Certificates,
        subject: Subject::Certificates,
        summary: "A CA does not contain the SPIFFE ID of a trust domain.",
        why: "Consul's own CA contains `spiffe://<trust-domain>`. A company's root may not. Without it, the token does not show whether the CA and the server name belong together.",
        remedy: "Nothing, if the acceptor's CA provider uses your own root.",
        source: "SPIFFE X509-SVID, section 2: exactly one URI",
    },
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
            findings.add(path("CA", index), message, [("spiffe_ids", ids.into())]);
        }
    }
}

/// `ca-duplicate`.
pub static CA_DUPLICATE: TokenCheck = TokenCheck {
    check: Check {
        name: "ca-duplicate",
        severity: Severity::Info,
        area: Area::Certificates,
        subject: Subject::Certificates,
        summary: "The token contains a CA twice.",
        why: "The list was written by hand, or built twice. It causes no problems.",
        remedy: "Nothing. If you build such tokens, remove the duplicate.",
        source: "this tool",
    },
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
pub static CA_SEVERAL_ROOTS: TokenCheck = TokenCheck {
    check: Check {
        name: "ca-several-roots",
        severity: Severity::Info,
        area: Area::Certificates,
        subject: Subject::Certificates,
        summary: "The token contains several CAs.",
        why: "The acceptor's CA is being rotated, or its old root is still listed. The dialer trusts all of them.",
        remedy: "Nothing. After the rotation, a new token contains one CA.",
        source: "Consul 1.23.0-dev, recorded: `two-roots`",
    },
    run: ca_several_roots,
};

fn ca_several_roots(context: &Context<'_>, findings: &mut Findings) {
    let number = context.ca_count();
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
        .take(MAX_LISTED)
        .collect();
    let more = if number > list.len() { ", …" } else { "" };
    let message = format!("{number} CAs: {}{more}", list.join(", "));
    findings.add("CA", message, [("count", number.into())]);
}

const MAX_LISTED: usize = 4;

/// `ca-trailing-data`.
pub static CA_TRAILING_DATA: TokenCheck = TokenCheck {
    check: Check {
        name: "ca-trailing-data",
        severity: Severity::Warning,
        area: Area::Certificates,
        subject: Subject::Certificates,
        summary: "An entry of `CA` contains more than one certificate.",
        why: "Consul checks only the first PEM block when it decodes the token. It does not check what follows, other programs may use more or less, and our findings are about the first certificate. Consul writes one certificate per entry.",
        remedy: "Put each certificate into its own entry, and remove other text.",
        source: "Consul 1.23.0-dev, recorded: accepted",
    },
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
        findings.add(path("CA", index), message, values);
    }
}
