//! Recognizes what people pass in place of a token: other Kubernetes resources, unset variables, encrypted files, errors.

mod kubernetes;

/// Something else than a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotAToken {
    /// What it is, as a clause that starts with "this is" or similar, without a final period.
    pub cause: String,
    /// How to get the token, as an imperative clause or a command, without a final period.
    pub remedy: String,
}

/// The longest placeholder, in bytes.
const MAX_PLACEHOLDER_LEN: usize = 200;

/// The remedy where nothing more is known.
const GENERATE: &str = "get the token from the accepting cluster: peering generate-token -name NAME";

impl NotAToken {
    fn new(cause: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { cause: cause.into(), remedy: remedy.into() }
    }

    /// Identifies a text that contains no token.
    pub fn identify(text: &[u8]) -> Option<Self> {
        let converted = super::document::from_utf16(text);
        let bytes = converted.as_ref().map_or(text, |text| text.as_slice());
        if let Some(found) = binary(bytes) {
            return Some(found);
        }
        let text = std::str::from_utf8(bytes).ok()?;
        let text = text.trim_start_matches('\u{feff}').trim();
        if text.is_empty() || text.starts_with("eyJ") {
            return None;
        }
        let short = (text.len() <= MAX_PLACEHOLDER_LEN).then_some(text);
        short
            .and_then(placeholder)
            .or_else(|| encrypted(text))
            .or_else(|| kubernetes::identify(text))
            .or_else(|| output(text))
    }
}

/// Files that are recognized by their first bytes.
fn binary(bytes: &[u8]) -> Option<NotAToken> {
    match bytes {
        [0x1F, 0x8B, ..] => Some(NotAToken::new(
            "this is a gzip file, such as a snapshot of Consul",
            "pass a snapshot with -snapshot FILE, and the token as TOKEN",
        )),
        [b'P', b'K', 3, 4, ..] => {
            Some(NotAToken::new("this is a zip file", "extract the file that contains the token"))
        }
        [0x7F, b'E', b'L', b'F', ..] => {
            Some(NotAToken::new("this is a program", "pass the file that contains the token"))
        }
        _ => None,
    }
}

/// Placeholders and references that something should have replaced by the token.
fn placeholder(text: &str) -> Option<NotAToken> {
    let unquoted = text.trim_matches(['"', '\'', '`']);
    if let Some(name) = variable(unquoted) {
        return Some(NotAToken::new(
            format!("this is the name of the variable {name}, not its value: nothing replaced it"),
            format!("put it in double quotes, not in single quotes: \"${name}\""),
        ));
    }
    if let Some(command) = unquoted.strip_prefix("$(").and_then(|rest| rest.strip_suffix(')')) {
        return Some(NotAToken::new(
            format!("this is the command {command:?}, not its output: nothing ran it"),
            format!("put it in double quotes, not in single quotes: \"$({command})\""),
        ));
    }
    if unquoted.starts_with("${{") || unquoted.starts_with("{{") || unquoted.starts_with("((") {
        return Some(NotAToken::new(
            format!("this is the template expression {unquoted}, not its value: nothing replaced it"),
            "check the tool that should replace it, and that it knows the name",
        ));
    }
    let scheme = ["op://", "vault:", "arn:aws:", "secretref+", "ref+", "gcp:", "akv:"];
    if scheme.iter().any(|scheme| unquoted.starts_with(scheme)) {
        return Some(NotAToken::new(
            "this is a reference to a secret store, not the secret in it",
            "read the secret first, and pass its value with - or @FILE",
        ));
    }
    if unquoted.starts_with("http://") || unquoted.starts_with("https://") {
        return Some(NotAToken::new(
            "this is a URL, not a token",
            "download the token first, or set -http-addr if this is the address of Consul",
        ));
    }
    let lower = unquoted.to_lowercase();
    match lower.as_str() {
        "null" | "none" | "nil" | "<nil>" | "undefined" | "<none>" | "<no value>" | "{}" | "[]" | "map[]" => {
            Some(NotAToken::new(
                format!("{unquoted:?} is what programs print for a value that does not exist"),
                "check the key or path in the command before: PeeringToken in an API response, .data.KEY in a Secret",
            ))
        }
        "<sensitive>" | "(sensitive value)" | "(sensitive)" | "***" | "[redacted]" | "<redacted>"
        | "redacted" | "hidden" | "[masked]" | "********" => Some(NotAToken::new(
            format!("{unquoted:?} replaces a secret that a program did not print"),
            "print the value itself, for example: terraform output -raw NAME",
        )),
        _ => is_named_placeholder(&lower).then(|| {
            NotAToken::new(
                format!("{unquoted:?} is a placeholder from documentation or a template"),
                GENERATE,
            )
        }),
    }
}

/// Returns whether a text is a placeholder, such as `<token>` or `YOUR_TOKEN`.
fn is_named_placeholder(lower: &str) -> bool {
    let in_brackets = lower.strip_prefix('<').and_then(|rest| rest.strip_suffix('>'));
    if in_brackets.is_some_and(|name| !name.is_empty() && !name.contains(['<', '>', '='])) {
        return true;
    }
    let name = lower.replace(['-', ' '], "_");
    let is_token_word =
        ["token", "peering_token", "consul_peering_token", "token_here"].contains(&name.as_str());
    is_token_word
        || ["your_", "my_", "replace_", "insert_", "changeme", "change_me", "paste_", "todo", "xxx"]
            .iter()
            .any(|start| name.starts_with(start) && name.len() < 50)
}

/// Returns the name in `$NAME`, `${NAME}`, `%NAME%` or `$env:NAME`.
fn variable(text: &str) -> Option<&str> {
    let braced = |text: &'_ str| -> Option<(usize, usize)> {
        let inner = text.strip_prefix("${")?.strip_suffix('}')?;
        let end = inner.find([':', '-', '}']).unwrap_or(inner.len());
        Some((2, 2 + end))
    };
    let name = if let Some((start, end)) = braced(text) {
        &text[start..end]
    } else if let Some(rest) = text.strip_prefix("$env:").or_else(|| text.strip_prefix("$Env:")) {
        rest
    } else if let Some(rest) = text.strip_prefix('%').and_then(|rest| rest.strip_suffix('%')) {
        rest
    } else {
        text.strip_prefix('$')?
    };
    let is_name = name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && name.chars().all(|character| character.is_ascii_alphanumeric() || character == '_');
    is_name.then_some(name)
}

/// Files that must be decrypted first.
fn encrypted(text: &str) -> Option<NotAToken> {
    let (what, remedy) = if text.starts_with("$ANSIBLE_VAULT;") {
        ("with Ansible Vault", "decrypt it first: ansible-vault view FILE | peering inspect -")
    } else if text.starts_with("-----BEGIN PGP MESSAGE-----") {
        ("with PGP", "decrypt it first: gpg -d FILE | peering inspect -")
    } else if text.starts_with("age-encryption.org/")
        || text.starts_with("-----BEGIN AGE ENCRYPTED FILE-----")
    {
        ("with age", "decrypt it first: age -d -i KEY FILE | peering inspect -")
    } else if text.contains("ENC[AES256_GCM,") {
        ("with SOPS", "decrypt it first: sops -d FILE | peering inspect -")
    } else {
        return None;
    };
    Some(NotAToken::new(format!("this file is encrypted {what}"), remedy))
}

/// The output of programs: errors, web pages, Consul's own commands.
fn output(text: &str) -> Option<NotAToken> {
    let lower: String = text.chars().take(300).collect::<String>().to_lowercase();
    if lower.starts_with("<!doctype html") || lower.starts_with("<html") {
        return Some(NotAToken::new(
            "this is a web page, such as a login page or the error page of a proxy",
            "open the address in a browser, or check the proxy and the credentials",
        ));
    }
    if let Ok(value) = serde_json::from_str::<serde_json::Value>(text)
        && value.get("State").is_some()
        && value.get("Name").is_some()
    {
        return Some(NotAToken::new(
            "this describes a peering, as consul peering read prints it; it does not contain the token",
            GENERATE,
        ));
    }
    let is_error =
        ["error", "unexpected response code", "rpc error", "failed to", "permission denied", "usage:"]
            .iter()
            .any(|start| lower.starts_with(start));
    is_error.then(|| {
        NotAToken::new(
            "this is an error message, not a token: the command before failed",
            "fix that error first; for a message from Consul, run: peering explain -",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_is_named() {
        for text in ["$TOKEN", "${TOKEN}", "${TOKEN:-}", "%TOKEN%", "$env:TOKEN", "'$TOKEN'"] {
            assert!(NotAToken::identify(text.as_bytes()).unwrap().cause.contains("variable TOKEN"), "{text}");
        }
        for text in ["$", "${}", "$1", "50%", "$(", "eyJDQSI6", "west"] {
            assert_eq!(NotAToken::identify(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn a_placeholder_is_not_a_token() {
        for text in [
            "<token>",
            "<YOUR TOKEN>",
            "YOUR_TOKEN",
            "${{ secrets.TOKEN }}",
            "{{ .Values.token }}",
            "null",
            "***",
        ] {
            assert!(NotAToken::identify(text.as_bytes()).is_some(), "{text}");
        }
    }
}
