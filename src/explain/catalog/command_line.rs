//! How the command was written.

use crate::explain::{Area, Entry, Pattern};

const RECORDED: &str = "recorded from Consul 1.23.0-dev";

pub(super) static ENTRIES: &[&Entry] = &[
    &FLAG_MISSING,
    &FORMAT_UNKNOWN,
    &FLAG_UNKNOWN,
    &FLAG_VALUE_MISSING,
    &FLAG_VALUE_INVALID,
    &SCHEME_UNKNOWN,
    &CLIENT_CERTIFICATE_INCOMPLETE,
    &FILE_UNREADABLE,
];

pub static FLAG_MISSING: Entry = Entry {
    name: "flag-missing",
    area: Area::CommandLine,
    summary: "The command needs a flag that was not given, or that it did not see.",
    why: &[
        "The flag was forgotten, or its value was an empty variable.",
        "The flag stands after a word without a dash: Consul's own commands stop reading flags there.",
    ],
    remedy: "Give the flag that the message names, before any other word.",
    next: "peering establish -name NAME -peering-token @token",
    source: RECORDED,
    patterns: &[Pattern::part("Missing the required {flag} flag"), Pattern::part("Missing the required")],
};

pub static FORMAT_UNKNOWN: Entry = Entry {
    name: "format-unknown",
    area: Area::CommandLine,
    summary: "The command does not write that output format.",
    why: &["Consul's peering commands know `pretty` and `json` only."],
    remedy: "Use -format=json for programs, -format=pretty for people.",
    next: "peering read -name NAME -format=json",
    source: RECORDED,
    patterns: &[
        Pattern::part("Invalid format, valid formats are {formats}"),
        Pattern::part("Invalid format, valid formats are"),
    ],
};

pub static FLAG_UNKNOWN: Entry = Entry {
    name: "flag-unknown",
    area: Area::CommandLine,
    summary: "The command has no such flag.",
    why: &[
        "It is misspelt, or belongs to another command.",
        "-datacenter does not exist here: peering commands speak for the datacenter of the agent they ask.",
    ],
    remedy: "Look at the command's own list of flags.",
    next: "peering help",
    source: RECORDED,
    patterns: &[
        Pattern::part("flag provided but not defined: {flag}"),
        Pattern::part("bad flag syntax: {flag}"),
    ],
};

pub static FLAG_VALUE_MISSING: Entry = Entry {
    name: "flag-value-missing",
    area: Area::CommandLine,
    summary: "A flag stands at the end without its value.",
    why: &["The value was an empty variable without quotes, so that the word disappeared."],
    remedy: "Give the value, and put variables into quotes.",
    next: "peering generate-token -name NAME",
    source: RECORDED,
    patterns: &[Pattern::part("flag needs an argument: {flag}")],
};

pub static FLAG_VALUE_INVALID: Entry = Entry {
    name: "flag-value-invalid",
    area: Area::CommandLine,
    summary: "A flag's value has the wrong form.",
    why: &[
        "-meta takes KEY=VALUE; the equals sign is missing.",
        "A boolean flag takes -flag or -flag=true; a value after a space is not its value.",
    ],
    remedy: "Correct the value that the message names.",
    next: "peering generate-token -name NAME -meta KEY=VALUE",
    source: RECORDED,
    patterns: &[
        Pattern::part("invalid value \"{value}\" for flag {flag}: {detail}"),
        Pattern::part("invalid boolean value \"{value}\" for {flag}: {detail}"),
        Pattern::part("Missing \"=\" value in argument"),
    ],
};

pub static SCHEME_UNKNOWN: Entry = Entry {
    name: "scheme-unknown",
    area: Area::CommandLine,
    summary: "The HTTP address starts with a scheme that Consul does not speak.",
    why: &["CONSUL_HTTP_ADDR or -http-addr is misspelt, or meant for another program."],
    remedy: "Use http://HOST:8500, https://HOST:8501 or unix:///PATH.",
    next: "peering list -http-addr http://127.0.0.1:8500",
    source: RECORDED,
    patterns: &[
        Pattern::part("Unknown protocol scheme: {scheme}"),
        Pattern::part("unsupported protocol scheme"),
    ],
};

pub static CLIENT_CERTIFICATE_INCOMPLETE: Entry = Entry {
    name: "client-certificate-incomplete",
    area: Area::CommandLine,
    summary: "A client certificate was given without its key, or a key without its certificate.",
    why: &["Only one of -client-cert and -client-key (CONSUL_CLIENT_CERT, CONSUL_CLIENT_KEY) is set."],
    remedy: "Give both or none.",
    next: "peering list -client-cert CERT.pem -client-key KEY.pem",
    source: RECORDED,
    patterns: &[Pattern::part("both client cert and client key must be provided")],
};

pub static FILE_UNREADABLE: Entry = Entry {
    name: "file-unreadable",
    area: Area::CommandLine,
    summary: "A file that was named cannot be read, or does not hold what it should.",
    why: &[
        "The path is wrong, or relative to another directory.",
        "The user may not read it (tokens and keys are often 0600).",
    ],
    remedy: "Check the paths in -ca-file, -client-cert, -client-key and -token-file and in their variables.",
    next: "ls -l FILE",
    source: "failures of the same kind; the words are Go's",
    patterns: &[
        Pattern::part("open {file}: no such file or directory"),
        Pattern::part("open {file}: permission denied"),
        Pattern::part("no such file or directory"),
        Pattern::part("Error loading CA File: {detail}"),
        Pattern::part("Error loading Token File: {detail}"),
        Pattern::part("Error loading TLS"),
        Pattern::part("tls: private key does not match public key"),
        Pattern::part("tls: failed to find any PEM data in {what} input"),
    ],
};
