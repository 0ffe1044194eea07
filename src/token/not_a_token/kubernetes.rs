//! Kubernetes resources without a token, and what kubectl prints for people.

use serde_json::Value;

use super::NotAToken;
use crate::token::document::{KubernetesSecret, name_of, parse};

/// Lists the Secrets with tokens that the acceptor's controller wrote.
const ALL_SECRETS: &str = "kubectl get secret -l consul.hashicorp.com/peering-token=true -A -o json";

/// The key that people use in examples.
const USUAL_KEY: &str = "data";

/// Identifies a manifest, or a table or description by kubectl.
pub(super) fn identify(text: &str) -> Option<NotAToken> {
    let documents = parse(text.as_bytes());
    let Some(documents) = documents else { return description(text).or_else(|| table(text)) };
    let resources: Vec<&Value> = documents.iter().flat_map(flattened).collect();
    if resources.is_empty() && documents.iter().any(|it| it.get("items").is_some()) {
        return Some(NotAToken::new(
            "this Kubernetes List is empty: no resource matches",
            format!("check the namespace and the label, and list all Secrets with tokens: {ALL_SECRETS}"),
        ));
    }
    // The most helpful one: a Secret, then a resource that names one.
    let order =
        ["Secret", "SealedSecret", "ExternalSecret", "VaultStaticSecret", "PeeringAcceptor", "PeeringDialer"];
    let first = order.iter().find_map(|kind| resources.iter().find(|resource| kind_of(resource) == *kind));
    let resource = first.or_else(|| resources.iter().find(|resource| !kind_of(resource).is_empty()))?;
    Some(resource_without_token(resource, resources.len()))
}

fn resource_without_token(resource: &Value, count: usize) -> NotAToken {
    let kind = kind_of(resource);
    let name = name_of(resource);
    let text = |path: &str| resource.pointer(path).and_then(Value::as_str);
    let namespace = text("/metadata/namespace");
    let own_name = text("/metadata/name");
    let secret = |name: Option<&str>, key: Option<&str>| read_secret(name, namespace, key);
    match kind {
        "Secret" if count > 1 => NotAToken::new(
            format!("none of these {count} Kubernetes resources contains a peering token"),
            format!("list the Secrets with tokens: {ALL_SECRETS}"),
        ),
        "Secret" => {
            let secret = KubernetesSecret::of(resource);
            let keys = secret.map(|secret| secret.values).unwrap_or_default();
            let keys: Vec<&str> = keys.iter().map(|(key, _)| key.as_str()).collect();
            let contents = match &keys[..] {
                [] => "it has no data".to_owned(),
                keys => format!("its keys are {}", keys.join(", ")),
            };
            NotAToken::new(
                format!("the Kubernetes Secret {name} contains no token: {contents}"),
                "check that the acceptor's controller wrote it: kubectl describe peeringacceptors -A",
            )
        }
        "PeeringAcceptor" => NotAToken::new(
            format!(
                "this is the PeeringAcceptor {name}, not its token: the controller writes the token to a Secret"
            ),
            secret(text("/spec/peer/secret/name"), text("/spec/peer/secret/key")),
        ),
        "PeeringDialer" => NotAToken::new(
            format!(
                "this is the PeeringDialer {name}, not its token: it names the Secret that contains the token"
            ),
            secret(text("/spec/peer/secret/name"), text("/spec/peer/secret/key")),
        ),
        "SealedSecret" => NotAToken::new(
            format!(
                "the SealedSecret {name} is encrypted: only its controller can decrypt it, into a Secret"
            ),
            secret(
                text("/spec/template/metadata/name").or(own_name),
                first_key(resource, "/spec/encryptedData"),
            ),
        ),
        "ExternalSecret" => NotAToken::new(
            format!(
                "the ExternalSecret {name} only names a secret in a secret store: its operator copies it to a Secret"
            ),
            secret(text("/spec/target/name").or(own_name), text("/spec/data/0/secretKey")),
        ),
        "VaultStaticSecret" => NotAToken::new(
            format!(
                "the VaultStaticSecret {name} only names a secret in Vault: its operator copies it to a Secret"
            ),
            secret(text("/spec/destination/name").or(own_name), None),
        ),
        _ => NotAToken::new(
            format!("this is the Kubernetes {kind} {name}, not a Secret with a token"),
            format!("list the Secrets with tokens: {ALL_SECRETS}"),
        ),
    }
}

/// Returns the resources of a List, or the resource itself.
fn flattened(document: &Value) -> Vec<&Value> {
    match document.get("items").and_then(Value::as_array) {
        Some(items) => items.iter().collect(),
        None => vec![document],
    }
}

fn kind_of(resource: &Value) -> &str {
    let has_version = resource.get("apiVersion").is_some();
    resource.get("kind").and_then(Value::as_str).filter(|_| has_version).unwrap_or_default()
}

fn first_key<'a>(resource: &'a Value, path: &str) -> Option<&'a str> {
    resource.pointer(path)?.as_object()?.keys().next().map(String::as_str)
}

/// Returns the command that reads the token in a Secret.
fn read_secret(name: Option<&str>, namespace: Option<&str>, key: Option<&str>) -> String {
    let name = name.filter(|it| is_name(it)).unwrap_or("SECRET");
    let key = key.filter(|it| is_name(it)).unwrap_or(USUAL_KEY).replace('.', "\\.");
    let namespace = namespace.filter(|it| is_name(it)).map_or_else(String::new, |it| format!(" -n {it}"));
    format!(
        "read the token from the Secret: kubectl get secret {name}{namespace} -o jsonpath='{{.data.{key}}}' | base64 -d"
    )
}

/// Returns whether a text is a name in Kubernetes, which is safe in a command.
fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 253
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte))
}

/// Identifies the output of `kubectl describe secret`.
fn description(text: &str) -> Option<NotAToken> {
    let field = |name: &str| {
        text.lines()
            .find_map(|line| line.trim().strip_prefix(name))
            .map(str::trim)
            .filter(|value| is_name(value))
    };
    let data = text.lines().position(|line| line.trim() == "====")?;
    let key = text.lines().skip(data + 1).find_map(|line| {
        let (key, size) = line.split_once(':')?;
        size.trim().ends_with("bytes").then_some(key.trim())
    });
    Some(NotAToken::new(
        "this is the output of kubectl describe, which shows the size of the token and not the token",
        read_secret(Some(field("Name:")?), field("Namespace:"), key),
    ))
}

/// Identifies the table of `kubectl get`.
fn table(text: &str) -> Option<NotAToken> {
    let mut lines = text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    let header = lines.next().filter(|words| words.contains(&"NAME") && words.last() == Some(&"AGE"))?;
    let row = lines.next().unwrap_or_default();
    let value = |column: &str| {
        let at = header.iter().position(|name| *name == column)?;
        row.get(at).copied()
    };
    Some(NotAToken::new(
        "this is the table of kubectl get, which does not contain the token",
        read_secret(value("NAME").filter(|_| header.contains(&"TYPE")), value("NAMESPACE"), None),
    ))
}
