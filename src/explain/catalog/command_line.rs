//! Flags and environment variables of commands.

use crate::explain::{Area, Entry, Pattern};

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
    summary: "The command did not receive a required flag.",
    causes: &[
        "The flag is missing, or its value is an empty variable.",
        "The flag comes after an argument without a dash, where Consul's commands stop reading flags.",
    ],
    remedy: "Set the flag in the message, before any other argument.",
    next: "peering establish -name NAME -peering-token @token",
    source: "Recorded from Consul 1.23.0-dev",
    patterns: &[Pattern::part("Missing the required {flag} flag"), Pattern::part("Missing the required")],
};

pub static FORMAT_UNKNOWN: Entry = Entry {
    name: "format-unknown",
    area: Area::CommandLine,
    summary: "The command does not support that output format.",
    causes: &["Consul's peering commands support only `pretty` and `json`."],
    remedy: "Use -format=json for scripts and -format=pretty for people.",
    next: "peering read -name NAME -format=json",
    source: "Recorded from Consul 1.23.0-dev",
    patterns: &[
        Pattern::part("Invalid format, valid formats are {formats}"),
        Pattern::part("Invalid format, valid formats are"),
    ],
};

pub static FLAG_UNKNOWN: Entry = Entry {
    name: "flag-unknown",
    area: Area::CommandLine,
    summary: "The command has no such flag.",
    causes: &[
        "The flag is misspelled or belongs to a different command.",
        "Peering commands have no -datacenter: they use the datacenter of the agent that answers.",
    ],
    remedy: "Check the flags of the command with -h.",
    next: "peering help",
    source: "Recorded from Consul 1.23.0-dev",
    patterns: &[
        Pattern::part("flag provided but not defined: {flag}"),
        Pattern::part("bad flag syntax: {flag}"),
    ],
};

pub static FLAG_VALUE_MISSING: Entry = Entry {
    name: "flag-value-missing",
    area: Area::CommandLine,
    summary: "The last flag has no value.",
    causes: &["The value is an empty variable without quotes, so the shell removed it."],
    remedy: "Set the value, and put variables in quotes.",
    next: "peering generate-token -name NAME",
    source: "Recorded from Consul 1.23.0-dev",
    patterns: &[Pattern::part("flag needs an argument: {flag}")],
};

pub static FLAG_VALUE_INVALID: Entry = Entry {
    name: "flag-value-invalid",
    area: Area::CommandLine,
    summary: "The value of a flag has the wrong form.",
    causes: &[
        "The value of -meta is not KEY=VALUE: the equals sign is missing.",
        "A boolean flag is written with a space before its value. Use -flag or -flag=true.",
    ],
    remedy: "Correct the value in the message.",
    next: "peering generate-token -name NAME -meta KEY=VALUE",
    source: "Recorded from Consul 1.23.0-dev",
    patterns: &[
        Pattern::part("invalid value \"{value}\" for flag {flag}: {detail}"),
        Pattern::part("invalid boolean value \"{value}\" for {flag}: {detail}"),
        Pattern::part("Missing \"=\" value in argument"),
    ],
};

pub static SCHEME_UNKNOWN: Entry = Entry {
    name: "scheme-unknown",
    area: Area::CommandLine,
    summary: "The HTTP address has a scheme that Consul does not support.",
    causes: &["CONSUL_HTTP_ADDR or -http-addr is misspelled, or is meant for a different program."],
    remedy: "Use http://HOST:8500, https://HOST:8501 or unix:///PATH.",
    next: "peering list -http-addr http://127.0.0.1:8500",
    source: "Recorded from Consul 1.23.0-dev",
    patterns: &[
        Pattern::part("Unknown protocol scheme: {scheme}"),
        Pattern::part("unsupported protocol scheme"),
    ],
};

pub static CLIENT_CERTIFICATE_INCOMPLETE: Entry = Entry {
    name: "client-certificate-incomplete",
    area: Area::CommandLine,
    summary: "The client certificate or its key is missing.",
    causes: &["Only one of -client-cert and -client-key (CONSUL_CLIENT_CERT, CONSUL_CLIENT_KEY) is set."],
    remedy: "Set both or neither.",
    next: "peering list -client-cert CERT.pem -client-key KEY.pem",
    source: "Recorded from Consul 1.23.0-dev",
    patterns: &[Pattern::part("both client cert and client key must be provided")],
};

pub static FILE_UNREADABLE: Entry = Entry {
    name: "file-unreadable",
    area: Area::CommandLine,
    summary: "The command can't read a file, or its contents are invalid.",
    causes: &[
        "The path is wrong, or relative to a different directory.",
        "The user has no permission to read it. Tokens and keys often have mode 0600.",
    ],
    remedy: "Check the paths in -ca-file, -client-cert, -client-key and -token-file, and in the matching environment variables.",
    next: "ls -l FILE",
    source: "Go os and crypto/tls packages",
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
