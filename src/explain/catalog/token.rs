//! Fields of the token.

use crate::explain::{Area, Entry, Pattern};

pub(super) static ENTRIES: &[&Entry] = &[
    &TOKEN_WITHOUT_ADDRESSES,
    &ADDRESS_INVALID,
    &ADDRESS_NOT_DIALABLE,
    &TOKEN_WITHOUT_SERVER_NAME,
    &TOKEN_WITHOUT_PEER_ID,
];

pub static TOKEN_WITHOUT_ADDRESSES: Entry = Entry {
    name: "token-without-addresses",
    area: Area::Token,
    summary: "The token contains no server addresses to dial.",
    causes: &[
        "The JSON is not a token: `{}` and `null` decode as a token without addresses.",
        "Someone edited the token and emptied or misspelled `ServerAddresses`.",
    ],
    remedy: "Generate a token on the acceptor. If dialers need different addresses, add -server-external-addresses HOST:PORT.",
    next: "peering validate @token",
    source: "Recorded from Consul 1.23.0-dev",
    patterns: &[Pattern::part("peering token server addresses value is empty")],
};

pub static ADDRESS_INVALID: Entry = Entry {
    name: "address-invalid",
    area: Area::Token,
    summary: "An address in the token is not `host:port` with a port from 1 to 65535.",
    causes: &[
        "A value of -server-external-addresses has no port, has a scheme, or contains several addresses. Consul checks it only when you establish.",
        "An IPv6 address has no brackets. Write [::1]:8503.",
        "The port is 0, greater than 65535, or a service name such as `grpc`.",
    ],
    remedy: "Generate a token on the acceptor with each address as host:port. This invalidates the current token, which no dialer can use.",
    next: "peering generate-token -name ACCEPTOR_NAME -server-external-addresses HOST:8503",
    source: "Recorded from Consul 1.23.0-dev",
    patterns: &[
        Pattern::part("{address} is not a valid peering server address"),
        Pattern::part("is not a valid peering server address"),
    ],
};

pub static ADDRESS_NOT_DIALABLE: Entry = Entry {
    name: "address-not-dialable",
    area: Area::Token,
    summary: "An address passed Consul's check, but Go's network library cannot dial it.",
    causes: &[
        "Consul's check accepts this spelling of the port, or of the host, but no resolver does.",
        "An IPv6 address has no brackets.",
    ],
    remedy: "Generate a token with each address as host:port.",
    next: "peering validate @token",
    source: "Go net package",
    patterns: &[
        Pattern::part("missing port in address"),
        Pattern::part("too many colons in address"),
        Pattern::part("unexpected '[' in address"),
        Pattern::part("unexpected ']' in address"),
        Pattern::part("missing ']' in address"),
        Pattern::part("unknown port"),
        Pattern::part("invalid port"),
        Pattern::part("too many colons in addr"),
    ],
};

pub static TOKEN_WITHOUT_SERVER_NAME: Entry = Entry {
    name: "token-without-server-name",
    area: Area::Token,
    summary: "The token contains a CA but no server name to verify the certificate against.",
    causes: &["Someone edited the token and removed or misspelled `ServerName`."],
    remedy: "Generate a token on the acceptor.",
    next: "peering validate @token",
    source: "Recorded from Consul 1.23.0-dev",
    patterns: &[Pattern::part("peering token server name value is empty")],
};

pub static TOKEN_WITHOUT_PEER_ID: Entry = Entry {
    name: "token-without-peer-id",
    area: Area::Token,
    summary: "The token does not contain the ID of the acceptor's peering.",
    causes: &["Someone edited the token and removed or misspelled `PeerID`."],
    remedy: "Generate a token on the acceptor.",
    next: "peering validate @token",
    source: "Recorded from Consul 1.23.0-dev",
    patterns: &[Pattern::part("peering token peer ID value is empty")],
};
