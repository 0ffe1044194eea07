//! Terraform states: the addresses of resources.

use serde_json::Value;

/// Returns whether a value is a state, or the output of `terraform show -json`.
pub(super) fn is_state(document: &Value) -> bool {
    document.get("terraform_version").is_some()
}

/// Returns the address of a resource, such as `consul_peering_token.east`.
pub(super) fn address(value: &Value) -> Option<String> {
    let text = |key: &str| value.get(key).and_then(Value::as_str);
    if let (Some(address), Some(_)) = (text("address"), value.get("values")) {
        return Some(address.to_owned());
    }
    let (Some(kind), Some(name), Some(_)) = (text("type"), text("name"), value.get("instances")) else {
        return None;
    };
    let module = text("module").map_or_else(String::new, |module| format!("{module}."));
    Some(format!("{module}{kind}.{name}"))
}
