//! The text of the token, before anything in it is read.

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
    summary: "The text is not base64: Consul stopped at the byte that it names.",
    why: &[
        "Something came along when the token was copied: a space, a quote, a byte order mark, a literal `\\n`.",
        "The end is missing: the padding (`=`) was lost, or the text was cut.",
        "It is not a token: the documentation's example is a JWT, which fails at byte 20.",
        "It was re-encoded with the URL-safe alphabet (`-` and `_`).",
    ],
    remedy: "Take the token again from where it was generated, as a file, and give it to the command as @FILE. Line breaks do no harm; anything else does. If only the wrapping is damaged, `peering inspect` says what it had to undo.",
    next: "peering inspect @token",
    source: "recorded from Consul 1.23.0-dev and 1.13 to 1.20",
    patterns: &[
        Pattern::part("illegal base64 data at input byte {byte}"),
        Pattern::part("failed to decode token: {detail}"),
    ],
};

pub static TOKEN_TRUNCATED: Entry = Entry {
    name: "token-truncated",
    area: Area::Text,
    summary: "The token ends in the middle: what arrived decodes, but the JSON inside is not complete.",
    why: &[
        "The text was cut, at a multiple of four characters: a terminal's line limit, a form field, a column of a database.",
        "A file with nothing but a line break was given where a token was meant.",
    ],
    remedy: "Copy the token again, as a file. Nothing was sent to the acceptor: the token, if you find the rest, still works.",
    next: "peering inspect @token",
    source: "recorded from Consul 1.23.0-dev",
    patterns: &[Pattern::part("unexpected end of JSON input")],
};

pub static TOKEN_ENCODED_TWICE: Entry = Entry {
    name: "token-encoded-twice",
    area: Area::Text,
    summary: "The text is base64 of a token, not the token.",
    why: &[
        "It was taken from the `data` of a Kubernetes Secret, which is base64 once more.",
        "A script encoded it for the way and nobody decoded it.",
    ],
    remedy: "Decode it once. From a Kubernetes Secret: kubectl get secret SECRET -o jsonpath='{.data.KEY}' | base64 -d, where KEY is `spec.peer.secret.key`. `peering inspect` undoes it and says so.",
    next: "peering inspect @token",
    source: "Consul's decoder, and how Kubernetes stores Secrets",
    patterns: &[Pattern::part("invalid character 'e' looking for beginning of value")],
};

pub static TOKEN_NOT_JSON: Entry = Entry {
    name: "token-not-json",
    area: Area::Text,
    summary: "The text is base64, but what is inside is not JSON: this is not a peering token.",
    why: &[
        "Another secret was pasted: an ACL token, a gossip key, a certificate, a word that happens to be base64.",
        "Something stands in front of the JSON, such as a byte order mark that was encoded with it.",
        "The text lost its beginning.",
    ],
    remedy: "Look at what it is. A peering token starts with `eyJDQSI6`.",
    next: "peering inspect @token",
    source: "recorded from Consul 1.23.0-dev",
    patterns: &[Pattern::part("invalid character {character} looking for beginning of value")],
};

pub static TOKEN_TRAILING_TEXT: Entry = Entry {
    name: "token-trailing-text",
    area: Area::Text,
    summary: "The token is complete, but something follows it inside the base64.",
    why: &[
        "Two tokens, or a token and something else, were joined before or after encoding.",
        "A script appended a character to the JSON before it encoded it.",
    ],
    remedy: "Take one token only, as it was generated.",
    next: "peering inspect @token",
    source: "recorded from Consul 1.23.0-dev",
    patterns: &[Pattern::part("invalid character {character} after top-level value")],
};

pub static TOKEN_JSON_DAMAGED: Entry = Entry {
    name: "token-json-damaged",
    area: Area::Text,
    summary: "The JSON inside the token is damaged: Consul stopped at the character that it names.",
    why: &[
        "The token was decoded, edited by hand and encoded again, and a comma, a quote or an escape went wrong.",
        "Characters in the middle of the text were lost or changed on the way.",
        "It was written by a tool that does not write JSON (line breaks inside strings, single quotes).",
    ],
    remedy: "Do not edit tokens by hand. For other addresses, generate a new token with -server-external-addresses: they survive, edits do not.",
    next: "peering inspect @token",
    source: "recorded from Consul 1.23.0-dev",
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
    summary: "A field of the token holds another kind of value than Consul expects.",
    why: &[
        "The token was written or edited by hand: a list where a string belongs, a number without quotes.",
        "The text is some other JSON: a list of tokens, a whole API answer.",
    ],
    remedy: "Generate the token with Consul. If you have the API's whole answer, take the value of its `PeeringToken` key.",
    next: "peering inspect @token",
    source: "recorded from Consul 1.23.0-dev",
    patterns: &[
        Pattern::part("json: cannot unmarshal {found} into Go struct field {field} of type {expected}"),
        Pattern::part("json: cannot unmarshal {found} into Go value of type {expected}"),
    ],
};

pub static REQUEST_UNKNOWN_FIELD: Entry = Entry {
    name: "request-unknown-field",
    area: Area::Text,
    summary: "The HTTP request has a key that the peering API does not know.",
    why: &[
        "The request says `Peer`, as a page of the documentation showed; the key is `PeerName`.",
        "The request was written for another version of Consul.",
    ],
    remedy: "Use the keys PeerName and, to establish, PeeringToken.",
    next: "peering generate-token -name NAME -if-unused=keep",
    source: "recorded from Consul 1.23.0-dev and 1.13 to 1.20",
    patterns: &[Pattern::outer("Body decoding failed: json: unknown field \"{field}\"")],
};

pub static REQUEST_NOT_JSON: Entry = Entry {
    name: "request-not-json",
    area: Area::Text,
    summary: "The body of the HTTP request could not be read.",
    why: &[
        "The JSON is damaged by the shell's quoting.",
        "A value has another type than the API expects, such as a number for the name.",
        "The body is empty.",
    ],
    remedy: "Write the body into a file and send that (curl -d @body.json), or use a command that writes it for you.",
    next: "peering generate-token -name NAME",
    source: "recorded from Consul 1.23.0-dev",
    patterns: &[
        Pattern::outer("Body decoding failed: {detail}"),
        Pattern::outer("Request decode failed: {detail}"),
    ],
};

pub static REQUEST_TOO_LARGE: Entry = Entry {
    name: "request-too-large",
    area: Area::Text,
    summary: "The body of the HTTP request is larger than the agent takes.",
    why: &[
        "A whole file was sent where a token was meant.",
        "A proxy allows very small requests only; a token takes 1 to 8 kilobytes.",
    ],
    remedy: "Look at what is sent.",
    next: "peering inspect @token",
    source: "Consul's source; failures of the same kind",
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
    summary: "The request to establish carries no token.",
    why: &[
        "The variable or file that should have held the token was empty.",
        "The key is misspelt; it is `PeeringToken`.",
    ],
    remedy: "Look at what the token's variable or file holds before you call again.",
    next: "peering inspect @token",
    source: "recorded from Consul 1.23.0-dev",
    patterns: &[Pattern::part("PeeringToken is required in the payload when establishing a peering")],
};

pub static REQUEST_WITHOUT_NAME: Entry = Entry {
    name: "request-without-name",
    area: Area::Text,
    summary: "The request carries no name for the peering.",
    why: &["The name was empty: an unset variable.", "The key is misspelt; it is `PeerName`."],
    remedy: "Give the local name. Each side chooses its own name for the other.",
    next: "peering generate-token -name NAME",
    source: "recorded from Consul 1.23.0-dev and 1.13 to 1.20",
    patterns: &[Pattern::part("PeerName is required in the payload when {action}")],
};
