//! TLS alerts and other errors of the handshake.

use crate::explain::{Area, Entry, Pattern};

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
    name: "client-certificate-demanded",
    area: Area::Tls,
    summary: "The server requires a client certificate or rejects the one it received.",
    causes: &[
        "A proxy changed or removed the TLS server name (SNI). Consul skips `verify_incoming` for peering only under the token's server name.",
        "The address is a proxy or a different port that requires client certificates.",
    ],
    remedy: "Make the proxy pass the server name (SNI) through unchanged. Check that the address is the gRPC TLS port of a server.",
    next: "peering diagnose @token",
    source: "Go crypto/tls package (TLS alerts)",
    patterns: &[
        Pattern::part("tls: certificate required"),
        Pattern::part("tls: bad certificate"),
        Pattern::part("tls: client didn't provide a certificate"),
        Pattern::part("tls: unsupported certificate"),
        Pattern::part("tls: revoked certificate"),
        Pattern::accepted("client didn't provide a certificate"),
        Pattern::accepted("failed to verify certificate: {detail}"),
        Pattern::accepted("failed to verify client certificate: {detail}"),
    ],
};

pub static CERTIFICATE_REJECTED: Entry = Entry {
    name: "certificate-refused-by-peer",
    area: Area::Tls,
    summary: "The other side refused the certificate it received, because it does not trust it.",
    causes: &[
        "A client certificate from a different CA was sent.",
        "In a server's log: the client rejected the server's certificate. For a dialer, its token contains a different CA, or a CA that was rotated.",
    ],
    remedy: "If this is the acceptor's log, check the dialer's error for the reason. Otherwise check which CA the address requires for clients.",
    next: "peering diagnose @token",
    source: "Go crypto/tls package (TLS alerts)",
    patterns: &[
        Pattern::part("tls: unknown certificate authority"),
        Pattern::accepted("remote error: tls: bad certificate"),
        Pattern::accepted("remote error: tls: unknown certificate authority"),
        Pattern::accepted("remote error: tls: unknown certificate"),
        Pattern::accepted("remote error: tls: expired certificate"),
        Pattern::accepted("remote error: tls: revoked certificate"),
        Pattern::accepted("remote error: tls: unsupported certificate"),
        Pattern::outer("SSLV3_ALERT_CERTIFICATE_UNKNOWN"),
        Pattern::outer("SSLV3_ALERT_BAD_CERTIFICATE"),
        Pattern::outer("TLSV1_ALERT_UNKNOWN_CA"),
        Pattern::part("tls: unknown certificate"),
        Pattern::part("tls: error decrypting message"),
        Pattern::part("tls: bad record MAC"),
    ],
};

pub static TLS_VERSION_MISMATCH: Entry = Entry {
    name: "tls-versions-differ",
    area: Area::Tls,
    summary: "The dialer and the server have no TLS version or cipher suite in common.",
    causes: &[
        "`tls_min_version` or the cipher suites of one cluster exclude the other.",
        "A proxy or an old device on the path supports only old TLS versions.",
    ],
    remedy: "Compare tls.grpc.tls_min_version and tls_cipher_suites of both clusters.",
    next: "openssl s_client -connect ADDRESS -alpn h2",
    source: "Go crypto/tls package (TLS alerts)",
    patterns: &[
        Pattern::part("tls: handshake failure"),
        Pattern::part("tls: protocol version not supported"),
        Pattern::part("tls: protocol version"),
        Pattern::part("tls: insufficient security level"),
        Pattern::part("tls: server selected unsupported protocol version"),
        Pattern::part("tls: client offered only unsupported versions"),
        Pattern::accepted("client offered only unsupported versions"),
        Pattern::accepted("no cipher suite supported by both client and server"),
        Pattern::accepted("protocol version not supported"),
        Pattern::accepted("remote error: tls: handshake failure"),
        Pattern::part("tls: no supported versions satisfy MinVersion and MaxVersion"),
        Pattern::part("tls: no cipher suite supported by both client and server"),
        Pattern::part("tls: server chose an unconfigured cipher suite"),
        Pattern::part("tls: no mutual cipher suite"),
        Pattern::part("tls: illegal parameter"),
    ],
};

pub static SERVER_NAME_UNRECOGNIZED: Entry = Entry {
    name: "server-name-refused",
    area: Area::Tls,
    summary: "The server does not recognize the TLS server name (SNI) that the dialer requested.",
    causes: &[
        "A proxy or gateway routes by SNI and has no rule for the token's server name.",
        "The address leads to a mesh gateway of a different cluster.",
        "Peering is disabled on the Consul server, or the server started less than 3 seconds ago.",
    ],
    remedy: "If a Consul server answers, check peering.enabled there, and try again if it started just now. If a proxy or gateway answers, add a rule for the token's server name that passes TLS through.",
    next: "peering inspect @token -field ServerName",
    source: "Go crypto/tls package (TLS alerts)",
    patterns: &[
        Pattern::part("tls: unrecognized name"),
        Pattern::part("tls: access denied"),
        Pattern::part("tls: unsupported extension"),
    ],
};

pub static TLS_INTERNAL_ERROR: Entry = Entry {
    name: "tls-trouble-at-peer",
    area: Area::Tls,
    summary: "The server ended the TLS handshake because of an internal error.",
    causes: &[
        "The server has no certificate yet: the acceptor's CA is not ready, or the leader is changing.",
        "The TLS configuration of a proxy is invalid.",
    ],
    remedy: "Check the log of the server that answers at the address.",
    next: "consul monitor -log-level=debug",
    source: "Go crypto/tls package (TLS alerts)",
    patterns: &[
        Pattern::part("tls: internal error"),
        Pattern::part("tls: user canceled"),
        Pattern::part("tls: no certificates configured"),
        Pattern::accepted("no certificates configured"),
        Pattern::vague("remote error: tls: {alert}"),
    ],
};

pub static CERTIFICATE_UNUSABLE: Entry = Entry {
    name: "certificate-unusable",
    area: Area::Tls,
    summary: "The server's certificate chain is invalid for a reason other than dates, name or issuer.",
    causes: &[
        "The token's CA is not a CA, or may not issue certificates for this use or name.",
        "A signature uses an algorithm that Go rejects, such as SHA-1.",
        "An intermediate certificate is missing, or there is one too many.",
    ],
    remedy: "Check the token's CA and the certificates that the server presents. Your own root must allow signing, server authentication, and the names of Consul's servers.",
    next: "peering validate @token",
    source: "Go crypto/x509 package",
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
    summary: "The TLS handshake failed.",
    causes: &[
        "The port is not Consul's gRPC TLS port.",
        "A device on the path changes or closes the connection.",
    ],
    remedy: "Find out what answers on the port and which certificate it presents.",
    next: "openssl s_client -connect ADDRESS -alpn h2",
    source: "gRPC error messages",
    patterns: &[
        Pattern::vague("authentication handshake failed: {detail}"),
        Pattern::vague("credentials: {detail}"),
    ],
};
