//! Encoding of the token and of API requests.

use crate::explain::{Area, Entry, Pattern};

pub(super) static ENTRIES: &[&Entry] = &[
    &TOKEN_NOT_BASE64,
    &TOKEN_TRUNCATED,
    &TOKEN_ENCODED_TWICE,
    &TOKEN_NOT_JSON,
    &TOKEN_TRAILING_TEXT,
    &TOKEN_JSON_DAMAGED,
    &TOKEN_WRONG_TYPE,
    &REQUEST_UNKNOWN_FIELD,
    &REQUEST_NOT_JSON,
    &REQUEST_TOO_LARGE,
    &REQUEST_WITHOUT_TOKEN,
    &REQUEST_WITHOUT_NAME,
];

pub static TOKEN_NOT_BASE64: Entry = Entry {
    name: "token-not-base64",
    area: Area::Text,
    summary: "The text is not valid base64; Consul stopped at the byte in the message.",
    causes: &[
        "Copying added a character: a space, a quote, a byte order mark or a literal `\\n`.",
        "The end is missing: the text was cut off, or the padding (`=`) was removed.",
        "The text is not a peering token. The example in Consul's documentation is a JWT and fails at byte 20.",
        "The text was encoded again with the URL-safe alphabet (`-` and `_`).",
    ],
    remedy: "Copy the token again into a file and pass it as @FILE. Line breaks are harmless; any other extra character is not. `peering inspect` shows what it had to repair to read the text.",
    next: "peering inspect @token",
    source: "Recorded from Consul 1.23.0-dev and 1.13 to 1.20",
    patterns: &[
        Pattern::part("illegal base64 data at input byte {byte}"),
        Pattern::part("failed to decode token: {detail}"),
    ],
};

pub static TOKEN_TRUNCATED: Entry = Entry {
    name: "token-cut-short",
    area: Area::Text,
    summary: "The token is cut off: the base64 decodes, but the JSON inside is incomplete.",
    causes: &[
        "The text was cut at a multiple of four characters, for example by a terminal, a form field or a database column.",
        "The file contains only a line break instead of a token.",
    ],
    remedy: "Copy the token again into a file. The dialer did not contact the acceptor, so the complete token still works.",
    next: "peering inspect @token",
    source: "Recorded from Consul 1.23.0-dev",
    patterns: &[Pattern::part("unexpected end of JSON input")],
};

pub static TOKEN_ENCODED_TWICE: Entry = Entry {
    name: "token-encoded-twice",
    area: Area::Text,
    summary: "The text is base64 of a token, not the token itself.",
    causes: &[
        "The text comes from the `data` of a Kubernetes Secret, which Kubernetes encodes as base64 again.",
        "A script encoded the token for transport and nothing decoded it.",
    ],
    remedy: "Decode the text once. For a Kubernetes Secret, run kubectl get secret SECRET -o jsonpath='{.data.KEY}' | base64 -d, where KEY is `spec.peer.secret.key`. `peering inspect` decodes both layers and reports it.",
    next: "peering inspect @token",
    source: "Consul source code; Kubernetes documentation of Secrets",
    patterns: &[Pattern::part("invalid character 'e' looking for beginning of value")],
};

pub static TOKEN_NOT_JSON: Entry = Entry {
    name: "token-not-json",
    area: Area::Text,
    summary: "The text is base64, but it does not contain JSON, so it is not a peering token.",
    causes: &[
        "The text is a different secret: an ACL token, a gossip key, a certificate, or a word that happens to be valid base64.",
        "Something was encoded in front of the JSON, such as a byte order mark.",
        "The start of the text is missing.",
    ],
    remedy: "Check where the text came from. A peering token starts with `eyJDQSI6`.",
    next: "peering inspect @token",
    source: "Recorded from Consul 1.23.0-dev",
    patterns: &[Pattern::part("invalid character {character} looking for beginning of value")],
};

pub static TOKEN_TRAILING_TEXT: Entry = Entry {
    name: "token-followed-by-text",
    area: Area::Text,
    summary: "The token is complete, but the base64 contains more text after it.",
    causes: &[
        "Two tokens, or a token and other text, were joined before or after encoding.",
        "A script appended a character to the JSON before encoding it.",
    ],
    remedy: "Pass exactly one token, as Consul generated it.",
    next: "peering inspect @token",
    source: "Recorded from Consul 1.23.0-dev",
    patterns: &[Pattern::part("invalid character {character} after top-level value")],
};

pub static TOKEN_JSON_DAMAGED: Entry = Entry {
    name: "token-json-damaged",
    area: Area::Text,
    summary: "The JSON inside the token is invalid; Consul stopped at the character in the message.",
    causes: &[
        "Someone decoded and edited the token, and a comma, a quote or an escape is now wrong.",
        "Characters in the middle of the text were lost or changed in transit.",
        "A tool that does not write valid JSON produced it, for example with single quotes or line breaks inside strings.",
    ],
    remedy: "Use the token as Consul generated it. To change its addresses, generate a token with -server-external-addresses; Consul keeps those addresses and replaces edited ones.",
    next: "peering inspect @token",
    source: "Recorded from Consul 1.23.0-dev",
    patterns: &[
        Pattern::part("invalid character {character} looking for beginning of object key string"),
        Pattern::part("invalid character {character} after object key"),
        Pattern::part("invalid character {character} after array element"),
        Pattern::part("invalid character {character} in string literal"),
        Pattern::part("invalid character {character} in string escape code"),
        Pattern::part("invalid character {character} in literal {literal}"),
        Pattern::part("invalid character {character} in numeric literal"),
        Pattern::part("invalid character {character} in exponent of numeric literal"),
        Pattern::part("invalid character {character} after decimal point in numeric literal"),
        Pattern::part("invalid character {character} in \\u hexadecimal character escape"),
        Pattern::part("invalid character {character} exceeded max depth"),
        Pattern::part("exceeded max depth"),
    ],
};

pub static TOKEN_WRONG_TYPE: Entry = Entry {
    name: "token-wrong-type",
    area: Area::Text,
    summary: "A field of the token has a different JSON type than Consul expects.",
    causes: &[
        "Someone wrote or edited the token by hand, for example a list instead of a string or a number without quotes.",
        "The text is other JSON, such as a list of tokens or a whole API response.",
    ],
    remedy: "Use a token that Consul generated. If you have the API response, use the value of its `PeeringToken` key.",
    next: "peering inspect @token",
    source: "Recorded from Consul 1.23.0-dev",
    patterns: &[
        Pattern::part("json: cannot unmarshal {found} into Go struct field {field} of type {expected}"),
        Pattern::part("json: cannot unmarshal {found} into Go value of type {expected}"),
    ],
};

pub static REQUEST_UNKNOWN_FIELD: Entry = Entry {
    name: "request-unknown-field",
    area: Area::Text,
    summary: "The HTTP request contains a key that the peering API does not accept.",
    causes: &[
        "The request uses `Peer`, as one page of the documentation showed. The key is `PeerName`.",
        "The request was written for a different version of Consul.",
    ],
    remedy: "Use the keys PeerName and, to establish, PeeringToken.",
    next: "peering generate-token -name NAME -if-unused=keep",
    source: "Recorded from Consul 1.23.0-dev and 1.13 to 1.20",
    patterns: &[Pattern::outer("Body decoding failed: json: unknown field \"{field}\"")],
};

pub static REQUEST_NOT_JSON: Entry = Entry {
    name: "request-not-json",
    area: Area::Text,
    summary: "Consul could not decode the body of the HTTP request.",
    causes: &[
        "Shell quoting damaged the JSON.",
        "A value has the wrong type, such as a number for the name.",
        "The body is empty.",
    ],
    remedy: "Write the body to a file and send it with curl -d @body.json, or use a command that builds the request.",
    next: "peering generate-token -name NAME",
    source: "Recorded from Consul 1.23.0-dev",
    patterns: &[
        Pattern::outer("Body decoding failed: {detail}"),
        Pattern::outer("Request decode failed: {detail}"),
    ],
};

pub static REQUEST_TOO_LARGE: Entry = Entry {
    name: "request-too-large",
    area: Area::Text,
    summary: "The body of the HTTP request is larger than the agent or a proxy allows.",
    causes: &[
        "The request contains a whole file instead of a token.",
        "A proxy limits requests to a few kilobytes. A token takes 1 to 8 KB.",
    ],
    remedy: "Check what the request contains, then raise the proxy's limit if the token is the right size.",
    next: "peering inspect @token",
    source: "Consul source code",
    patterns: &[
        Pattern::part("Request body too large, max size: {limit} bytes"),
        Pattern::part("Request body too large"),
        Pattern::part("request body too large"),
        Pattern::part("Request Entity Too Large"),
    ],
};

pub static REQUEST_WITHOUT_TOKEN: Entry = Entry {
    name: "request-without-token",
    area: Area::Text,
    summary: "The establish request contains no token.",
    causes: &[
        "The variable or file that should contain the token is empty.",
        "The key is misspelled. It is `PeeringToken`.",
    ],
    remedy: "Check that the variable or file contains the token, then establish again.",
    next: "peering inspect @token",
    source: "Recorded from Consul 1.23.0-dev",
    patterns: &[Pattern::part("PeeringToken is required in the payload when establishing a peering")],
};

pub static REQUEST_WITHOUT_NAME: Entry = Entry {
    name: "request-without-name",
    area: Area::Text,
    summary: "The request contains no name for the peering.",
    causes: &[
        "The name is empty, for example because a variable is unset.",
        "The key is misspelled. It is `PeerName`.",
    ],
    remedy: "Set the local name. Each cluster chooses its own name for its peer.",
    next: "peering generate-token -name NAME",
    source: "Recorded from Consul 1.23.0-dev and 1.13 to 1.20",
    patterns: &[Pattern::part("PeerName is required in the payload when {action}")],
};
