//! What the token says.

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
    summary: "The token names no server to dial.",
    why: &[
        "The JSON is not a token (`{}` and `null` read as one without addresses), or `ServerAddresses` is misspelt.",
        "The token was edited and the list was emptied.",
    ],
    remedy: "Generate the token again on the acceptor. Add -server-external-addresses HOST:PORT if the dialer must use other addresses.",
    next: "peering validate @token",
    source: "recorded from Consul 1.23.0-dev",
    patterns: &[Pattern::part("peering token server addresses value is empty")],
};

pub static ADDRESS_INVALID: Entry = Entry {
    name: "address-invalid",
    area: Area::Token,
    summary: "An address in the token is not `host:port` with a port from 1 to 65535.",
    why: &[
        "-server-external-addresses was given without a port, with a scheme, or with a list in one value: generating does not check it, establishing does.",
        "An IPv6 address stands without brackets; it must be [::1]:8503.",
        "The port is 0, over 65535, or a name such as `grpc`.",
    ],
    remedy: "Generate a new token on the acceptor with the address as host:port. The old token stops working by that; it could not be used anyway.",
    next: "peering generate-token -name ACCEPTOR_NAME -server-external-addresses HOST:8503",
    source: "recorded from Consul 1.23.0-dev",
    patterns: &[
        Pattern::part("{address}is not a valid peering server address"),
        Pattern::part("is not a valid peering server address"),
    ],
};

pub static ADDRESS_NOT_DIALABLE: Entry = Entry {
    name: "address-not-dialable",
    area: Area::Token,
    summary: "An address passed Consul's check but cannot be dialed as it is written.",
    why: &[
        "The port is written in a way that only the check accepts, or the host holds characters that no resolver takes.",
        "An IPv6 address stands without brackets.",
    ],
    remedy: "Generate a new token with addresses written as host:port.",
    next: "peering validate @token",
    source: "Go's net package",
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
    summary: "The token has a CA but no server name, so the dialer would not know whose certificate to expect.",
    why: &["The token was edited, or `ServerName` is misspelt."],
    remedy: "Generate the token again on the acceptor.",
    next: "peering validate @token",
    source: "recorded from Consul 1.23.0-dev",
    patterns: &[Pattern::part("peering token server name value is empty")],
};

pub static TOKEN_WITHOUT_PEER_ID: Entry = Entry {
    name: "token-without-peer-id",
    area: Area::Token,
    summary: "The token does not say which peering of the acceptor it belongs to.",
    why: &["The token was edited, or `PeerID` is misspelt."],
    remedy: "Generate the token again on the acceptor.",
    next: "peering validate @token",
    source: "recorded from Consul 1.23.0-dev",
    patterns: &[Pattern::part("peering token peer ID value is empty")],
};
