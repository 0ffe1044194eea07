//! The certificates inside the token.

use crate::explain::{Area, Entry, Pattern};

const SOURCE: &str = "recorded from Consul 1.23.0-dev, built with Go 1.26";

pub(super) static ENTRIES: &[&Entry] =
    &[&CA_NOT_PEM, &CA_NOT_A_CERTIFICATE, &CA_KEY_UNUSABLE, &CA_EXTENSION_INVALID, &CA_DAMAGED];

pub static CA_NOT_PEM: Entry = Entry {
    name: "ca-not-pem",
    area: Area::Token,
    summary: "A CA in the token is not a PEM certificate.",
    why: &[
        "The line breaks inside the PEM text were lost or became spaces when the token was edited.",
        "An empty or damaged text stands in the `CA` list.",
    ],
    remedy: "Generate the token again; do not edit the certificates in it.",
    next: "peering inspect @token -pem",
    source: SOURCE,
    patterns: &[Pattern::part("no PEM-encoded data found")],
};

pub static CA_NOT_A_CERTIFICATE: Entry = Entry {
    name: "ca-not-a-certificate",
    area: Area::Token,
    summary: "The first PEM block of a CA in the token is something else than a certificate.",
    why: &[
        "A key or a certificate request was put where the CA belongs. If it was a private key, treat that key as known to others.",
        "A certificate with another label (TRUSTED CERTIFICATE) was exported by OpenSSL.",
    ],
    remedy: "Generate the token again. If you supply Connect's root yourself, check the file that you gave Consul.",
    next: "peering inspect @token -pem",
    source: SOURCE,
    patterns: &[
        Pattern::part("first PEM-block should be CERTIFICATE type"),
        Pattern::part("PEM-block should contain a certificate"),
    ],
};

pub static CA_KEY_UNUSABLE: Entry = Entry {
    name: "ca-key-unusable",
    area: Area::Token,
    summary: "The public key of a CA in the token cannot be used.",
    why: &[
        "The certificate's bytes were damaged: the point is not on its curve, the modulus is not a number.",
        "The company's root uses a curve or a key type that Go does not know.",
    ],
    remedy: "If the token was copied by hand, generate it again. If your own root has such a key, Connect needs one with P-256 or RSA.",
    next: "peering inspect @token",
    source: SOURCE,
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
    summary: "An extension of a CA in the token breaks the rules that Go holds certificates to.",
    why: &[
        "The company's root was made by a tool that marks extensions critical which must not be, or writes one twice.",
        "A name in the certificate is not a valid URI, address or mail name.",
        "The certificate's bytes were damaged on the way.",
    ],
    remedy: "Look at the certificate. If it is your own root, issue it again without the fault; if Consul made it, generate the token again.",
    next: "peering inspect @token",
    source: SOURCE,
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
    why: &[
        "Characters inside the PEM text were changed or lost when the token was copied or edited.",
        "A root of your own that was made by an unusual tool: Go is stricter than OpenSSL (negative serial numbers, odd names and times).",
    ],
    remedy: "Generate the token again. If the same message comes back, the acceptor's root itself is at fault: see `consul connect ca get-config`.",
    next: "peering inspect @token",
    source: SOURCE,
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
