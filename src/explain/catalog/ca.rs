//! CA certificates in the token.

use crate::explain::{Area, Entry, Pattern};

pub(super) static ENTRIES: &[&Entry] =
    &[&CA_NOT_PEM, &CA_NOT_A_CERTIFICATE, &CA_KEY_UNUSABLE, &CA_EXTENSION_INVALID, &CA_DAMAGED];

pub static CA_NOT_PEM: Entry = Entry {
    name: "ca-not-pem",
    area: Area::Token,
    summary: "A CA in the token is not a PEM certificate.",
    causes: &[
        "Editing the token removed the line breaks inside the PEM text or replaced them with spaces.",
        "The `CA` list contains an empty or damaged string.",
    ],
    remedy: "Generate a token on the acceptor, and do not edit the certificates in it.",
    next: "peering inspect @token -pem",
    source: "Recorded from Consul 1.23.0-dev, built with Go 1.26",
    patterns: &[Pattern::part("no PEM-encoded data found")],
};

pub static CA_NOT_A_CERTIFICATE: Entry = Entry {
    name: "ca-not-a-certificate",
    area: Area::Token,
    summary: "The first PEM block of a CA in the token is not a certificate.",
    causes: &[
        "The block is a key or a certificate request. If it is a private key, treat the key as compromised.",
        "OpenSSL exported the certificate with a different label, such as TRUSTED CERTIFICATE.",
    ],
    remedy: "Generate a token on the acceptor. If you supply the Connect root yourself, check the file that you configured in Consul.",
    next: "peering inspect @token -pem",
    source: "Recorded from Consul 1.23.0-dev, built with Go 1.26",
    patterns: &[
        Pattern::part("first PEM-block should be CERTIFICATE type"),
        Pattern::part("PEM-block should contain a certificate"),
    ],
};

pub static CA_KEY_UNUSABLE: Entry = Entry {
    name: "ca-key-unusable",
    area: Area::Token,
    summary: "The public key of a CA in the token is invalid or unsupported.",
    causes: &[
        "The certificate is damaged: the key is not a point on its curve, or its modulus is not a number.",
        "Your root uses a curve or a key type that Go does not support.",
    ],
    remedy: "If someone copied or edited the token by hand, generate a new one. If your own root has such a key, replace it with one that uses P-256 or RSA.",
    next: "peering inspect @token",
    source: "Recorded from Consul 1.23.0-dev, built with Go 1.26",
    patterns: &[
        Pattern::part("point not on curve"),
        Pattern::part("point encoding"),
        Pattern::part("element encoding"),
        Pattern::part("ecdsa: invalid uncompressed public key"),
        Pattern::part("x509: unsupported elliptic curve"),
        Pattern::part("x509: RSA key missing NULL parameters"),
        Pattern::part("x509: invalid RSA {part}"),
        Pattern::part("x509: invalid DSA {part}"),
        Pattern::part("x509: invalid ECDSA parameters"),
        Pattern::part("x509: zero or negative DSA parameter"),
        Pattern::part("x509: RSA modulus is not a positive number"),
        Pattern::part("x509: RSA public exponent is not a positive number"),
        Pattern::part("x509: wrong Ed25519 public key size"),
        Pattern::part("x509: wrong X25519 public key size"),
        Pattern::part("x509: unknown public key algorithm"),
    ],
};

pub static CA_EXTENSION_INVALID: Entry = Entry {
    name: "ca-extension-invalid",
    area: Area::Token,
    summary: "An extension of a CA in the token breaks the rules that Go enforces.",
    causes: &[
        "The tool that created your root marked an extension as critical that must not be, or wrote an extension twice.",
        "A name in the certificate is not a valid URI, IP address or email address.",
        "The certificate was damaged in transit.",
    ],
    remedy: "Inspect the certificate. If it is your own root, issue it again without the invalid extension. If Consul created it, generate a token on the acceptor.",
    next: "peering inspect @token",
    source: "Recorded from Consul 1.23.0-dev, built with Go 1.26",
    patterns: &[
        Pattern::part("incorrectly marked critical"),
        Pattern::part("x509: certificate contains duplicate extension with OID \"{oid}\""),
        Pattern::part("x509: invalid basic constraints"),
        Pattern::part("x509: invalid key usage"),
        Pattern::part("x509: invalid extended key usages"),
        Pattern::part("x509: invalid subject key identifier"),
        Pattern::part("x509: invalid authority key identifier"),
        Pattern::part("x509: invalid authority info access"),
        Pattern::part("x509: invalid certificate policies"),
        Pattern::part("x509: invalid policy {part}"),
        Pattern::part("x509: invalid inhibit any policy extension"),
        Pattern::part("x509: invalid CRL distribution point"),
        Pattern::part("x509: invalid subject alternative name"),
        Pattern::part("x509: invalid NameConstraints extension"),
        Pattern::part("x509: SAN {part} is malformed"),
        Pattern::part("x509: cannot parse IP address of length {length}"),
        Pattern::part("x509: cannot parse dnsName"),
        Pattern::part("x509: cannot parse URI"),
        Pattern::part("x509: cannot parse rfc822Name"),
    ],
};

pub static CA_DAMAGED: Entry = Entry {
    name: "ca-damaged",
    area: Area::Token,
    summary: "A CA in the token is PEM, but the certificate inside does not parse.",
    causes: &[
        "Copying or editing the token changed or removed characters inside the PEM text.",
        "An unusual tool created your root. Go is stricter than OpenSSL, for example about negative serial numbers, names and times.",
    ],
    remedy: "Generate a token on the acceptor. If the message stays the same, the acceptor's root is invalid: run `consul connect ca get-config` there.",
    next: "peering inspect @token",
    source: "Recorded from Consul 1.23.0-dev, built with Go 1.26",
    patterns: &[
        Pattern::vague("peering token invalid CA: {detail}"),
        Pattern::part("x509: malformed {part}"),
        Pattern::part("x509: trailing data"),
        Pattern::part("x509: negative serial number"),
        Pattern::part("x509: inner and outer signature algorithm identifiers don't match"),
        Pattern::part("x509: invalid RDNSequence"),
        Pattern::part("x509: invalid version"),
        Pattern::part("x509: unsupported time format"),
        Pattern::part("x509: invalid {part}"),
    ],
};
