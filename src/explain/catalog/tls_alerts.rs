//! Refusals within TLS: alerts of the other side, and other faults of certificates.

use crate::explain::{Area, Entry, Pattern};

const SOURCE: &str = "TLS alerts as Go's crypto/tls words them; failures of the same kind";

pub(super) static ENTRIES: &[&Entry] = &[
    &CLIENT_CERTIFICATE_REQUIRED,
    &CERTIFICATE_REJECTED,
    &TLS_VERSION_MISMATCH,
    &SERVER_NAME_UNRECOGNIZED,
    &TLS_INTERNAL_ERROR,
    &CERTIFICATE_UNUSABLE,
    &HANDSHAKE_FAILED,
];

pub static CLIENT_CERTIFICATE_REQUIRED: Entry = Entry {
    name: "client-certificate-required",
    area: Area::Tls,
    summary: "The other side demands a client certificate, or does not take the one it got.",
    why: &[
        "The call did not reach Consul under the token's server name, by which peering is exempt from `verify_incoming`: a proxy changed or removed the name (SNI).",
        "The address is a proxy or another port that demands client certificates.",
    ],
    remedy: "Let the name in the TLS handshake (SNI) through unchanged. Check that the address is the gRPC TLS port of a server.",
    next: "peering diagnose @token",
    source: SOURCE,
    patterns: &[
        Pattern::part("tls: certificate required"),
        Pattern::part("tls: bad certificate"),
        Pattern::part("tls: client didn't provide a certificate"),
        Pattern::part("tls: unsupported certificate"),
        Pattern::part("tls: revoked certificate"),
    ],
};

pub static CERTIFICATE_REJECTED: Entry = Entry {
    name: "certificate-rejected",
    area: Area::Tls,
    summary: "The other side says that it does not trust the certificate it was shown.",
    why: &[
        "A client certificate of another CA was sent.",
        "In the acceptor's log: the dialer refused the acceptor's certificate, because its token carries another CA.",
    ],
    remedy: "In the acceptor's log, look at the dialer's error for the reason. Otherwise see which CA the address's clients must have.",
    next: "peering diagnose @token",
    source: SOURCE,
    patterns: &[
        Pattern::part("tls: unknown certificate authority"),
        Pattern::part("tls: unknown certificate"),
        Pattern::part("tls: error decrypting message"),
        Pattern::part("tls: bad record MAC"),
    ],
};

pub static TLS_VERSION_MISMATCH: Entry = Entry {
    name: "tls-version-mismatch",
    area: Area::Tls,
    summary: "The two sides found no TLS version or cipher that both allow.",
    why: &[
        "`tls_min_version` or the cipher suites of one side exclude the other.",
        "A proxy or an old device between speaks only old TLS.",
    ],
    remedy: "Compare tls.grpc.tls_min_version and tls_cipher_suites of both clusters.",
    next: "openssl s_client -connect ADDRESS -alpn h2",
    source: SOURCE,
    patterns: &[
        Pattern::part("tls: handshake failure"),
        Pattern::part("tls: protocol version not supported"),
        Pattern::part("tls: protocol version"),
        Pattern::part("tls: insufficient security level"),
        Pattern::part("tls: server selected unsupported protocol version"),
        Pattern::part("tls: client offered only unsupported versions"),
        Pattern::part("tls: no supported versions satisfy MinVersion and MaxVersion"),
        Pattern::part("tls: no cipher suite supported by both client and server"),
        Pattern::part("tls: server chose an unconfigured cipher suite"),
        Pattern::part("tls: no mutual cipher suite"),
        Pattern::part("tls: illegal parameter"),
    ],
};

pub static SERVER_NAME_UNRECOGNIZED: Entry = Entry {
    name: "server-name-unrecognized",
    area: Area::Tls,
    summary: "The other side knows no server of the name that the dialer asked for.",
    why: &[
        "A proxy or gateway chooses its servers by the TLS name (SNI) and has no rule for the token's server name.",
        "The address leads to a mesh gateway of another cluster.",
    ],
    remedy: "Add a rule for the token's server name that passes TLS through, or use an address that leads to the servers without such a proxy.",
    next: "peering inspect @token -field ServerName",
    source: SOURCE,
    patterns: &[
        Pattern::part("tls: unrecognized name"),
        Pattern::part("tls: access denied"),
        Pattern::part("tls: unsupported extension"),
    ],
};

pub static TLS_INTERNAL_ERROR: Entry = Entry {
    name: "tls-internal-error",
    area: Area::Tls,
    summary: "The other side broke TLS off because of trouble of its own.",
    why: &[
        "It has no usable certificate yet: the acceptor's CA is not ready, or its leader changes.",
        "A proxy's TLS settings are broken.",
    ],
    remedy: "Look at the log of the server that answers on the address.",
    next: "consul monitor -log-level=debug",
    source: SOURCE,
    patterns: &[
        Pattern::part("tls: internal error"),
        Pattern::part("tls: user canceled"),
        Pattern::part("tls: no certificates configured"),
        Pattern::vague("remote error: tls: {alert}"),
    ],
};

pub static CERTIFICATE_UNUSABLE: Entry = Entry {
    name: "certificate-unusable",
    area: Area::Tls,
    summary: "The chain of certificates that was shown breaks a rule other than its dates, name or issuer.",
    why: &[
        "The CA in the token is not a CA, or is not allowed to issue certificates for this use or name.",
        "A signature uses an algorithm that is refused by now, such as SHA-1.",
        "An intermediate certificate is missing or one too many.",
    ],
    remedy: "Look at the token's CA and at the certificates that are shown. A root of your own must be allowed to sign certificates, for server authentication and for the names of Consul's servers.",
    next: "peering validate @token",
    source: "Go's crypto/x509",
    patterns: &[
        Pattern::part("x509: certificate specifies an incompatible key usage"),
        Pattern::part("x509: issuer name does not match subject from issuing certificate"),
        Pattern::part("is not authorized to sign other certificates"),
        Pattern::part("is not authorized to sign for this name"),
        Pattern::part("x509: too many intermediates for path length constraint"),
        Pattern::part("x509: invalid signature: parent certificate cannot sign this kind of certificate"),
        Pattern::part("x509: cannot verify signature: {detail}"),
        Pattern::part("x509: unhandled critical extension"),
        Pattern::part("x509: unhandled"),
        Pattern::part("x509: issuer has name constraints but leaf doesn't have a SAN extension"),
        Pattern::part("x509: name constraint"),
        Pattern::part("signature check attempts limit reached"),
        Pattern::part("tls: invalid signature by the server certificate"),
        Pattern::part("tls: failed to parse certificate from server"),
        Pattern::vague("tls: failed to verify certificate: {detail}"),
    ],
};

pub static HANDSHAKE_FAILED: Entry = Entry {
    name: "handshake-failed",
    area: Area::Tls,
    summary: "TLS could not be set up with what answers at the address.",
    why: &[
        "The port is not Consul's gRPC TLS port.",
        "Something between the two sides changes or cuts the connection.",
    ],
    remedy: "Find out what answers on the port and which certificate it shows.",
    next: "openssl s_client -connect ADDRESS -alpn h2",
    source: "gRPC's messages",
    patterns: &[
        Pattern::vague("authentication handshake failed: {detail}"),
        Pattern::vague("credentials: {detail}"),
    ],
};
