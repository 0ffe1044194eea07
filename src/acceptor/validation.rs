//! Consul's validation of peer names and metadata, with its errors.

use std::collections::BTreeMap;

/// The maximum length of a name: a DNS label (RFC 1035 §2.3.4).
const MAX_NAME_LEN: usize = 63;

/// Consul's limits of metadata.
const MAX_PAIRS: usize = 64;
const MAX_KEY_LEN: usize = 128;
const MAX_VALUE_LEN: usize = 512;

/// Rejects a name that is not a lower case DNS label.
pub(super) fn check_name(name: &str) -> Result<(), String> {
    let alphanumeric = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let bytes = name.as_bytes();
    let is_valid = (1..=MAX_NAME_LEN).contains(&bytes.len())
        && bytes.iter().all(|byte| alphanumeric(byte) || *byte == b'-')
        && bytes.first().is_some_and(alphanumeric)
        && bytes.last().is_some_and(alphanumeric);
    if is_valid {
        return Ok(());
    }
    Err(format!(
        "{name} is not a valid peer name: a valid peering name must consist of lower case alphanumeric characters or \
         '-', and must start and end with an alphanumeric character"
    ))
}

/// Rejects metadata outside of Consul's limits. Reports the error of the first key; Consul reports any of them.
pub(super) fn check_meta(meta: &BTreeMap<String, String>) -> Result<(), String> {
    if meta.len() > MAX_PAIRS {
        return Err(format!(
            "meta tags failed validation: Node metadata cannot contain more than {MAX_PAIRS} key/value pairs"
        ));
    }
    meta.iter().try_for_each(|(key, value)| {
        pair_error(key, value).map_or(Ok(()), |error| {
            Err(format!(
                "meta tags failed validation: Couldn't load metadata pair ('{key}', '{value}'): {error}"
            ))
        })
    })
}

fn pair_error(key: &str, value: &str) -> Option<String> {
    if key.is_empty() {
        return Some("Key cannot be blank".to_owned());
    }
    if !key.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')) {
        return Some("Key contains invalid characters".to_owned());
    }
    if key.len() > MAX_KEY_LEN {
        return Some(format!("Key is too long (limit: {MAX_KEY_LEN} characters)"));
    }
    if key.starts_with("consul-") {
        return Some("Key prefix 'consul-' is reserved for internal use".to_owned());
    }
    (value.len() > MAX_VALUE_LEN).then(|| format!("Value is too long (limit: {MAX_VALUE_LEN} characters)"))
}
