//! Which options may get their values from elsewhere than the command line.

use super::go_flags::Style;

/// Options that have no default: what a command is about, what is for once, and what would be dangerous always.
const FOR_ONCE: [&str; 17] = [
    "acl-token",
    "batch",
    "config",
    "error",
    "fault",
    "field",
    "force",
    "help",
    "list",
    "name",
    "now",
    "out",
    "pem",
    "show-secret",
    "snapshot",
    "version",
    "watch",
];

/// The flags of Consul's own commands, which behave as Consul's do.
const OF_CONSUL: [&str; 5] = ["name", "meta", "server-external-addresses", "peering-token", "format"];

/// The options of the HTTP API that a file may set, and the variables of Consul that come before it.
const OF_HTTP_API: [(&str, &str); 7] = [
    ("http-addr", "CONSUL_HTTP_ADDR"),
    ("ca-file", "CONSUL_CACERT"),
    ("ca-path", "CONSUL_CAPATH"),
    ("client-cert", "CONSUL_CLIENT_CERT"),
    ("client-key", "CONSUL_CLIENT_KEY"),
    ("tls-server-name", "CONSUL_TLS_SERVER_NAME"),
    ("partition", "CONSUL_PARTITION"),
];

/// What an option may get its value from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origins {
    /// From the command line only.
    Flag,
    /// From the file, unless this variable is set, which the command reads itself.
    FileAfter(&'static str),
    /// From its own variable, then the file.
    VariableAndFile,
}

/// Where an option of a command may get its value from.
pub fn origins(style: Style, option: &str) -> Origins {
    if let Some((_, variable)) = OF_HTTP_API.into_iter().find(|(name, _)| *name == option) {
        return Origins::FileAfter(variable);
    }
    let of_consul = style == Style::Consul && OF_CONSUL.contains(&option);
    if of_consul || FOR_ONCE.contains(&option) || ["token", "token-file"].contains(&option) {
        return Origins::Flag;
    }
    Origins::VariableAndFile
}

/// The variable of an option: `-fail-on` is `PEERING_FAIL_ON`.
pub fn variable_of(option: &str) -> String {
    format!("PEERING_{}", option.to_uppercase().replace('-', "_"))
}
