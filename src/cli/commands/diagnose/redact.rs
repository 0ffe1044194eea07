//! Redacts the addresses of a token or peering, so that a diagnosis can be shown to strangers.

use std::cmp::Reverse;

/// Replaces each address with `ADDRESS-1`, `ADDRESS-2`, ….
pub(super) fn redact_addresses(text: &str, addresses: &[&str]) -> String {
    let mut numbered: Vec<(&str, usize)> = addresses.iter().copied().zip(1..).collect();
    // A longer address may begin with a shorter one.
    numbered.sort_by_key(|(address, _)| Reverse(address.len()));
    let mut text = text.to_owned();
    for (address, number) in numbered {
        let placeholder = format!("ADDRESS-{number}");
        text = text.replace(address, &placeholder);
        if let Some((host, _)) = address.rsplit_once(':').filter(|(host, _)| !host.is_empty()) {
            text = text.replace(host.trim_matches(['[', ']']), &format!("{placeholder}-HOST"));
        }
    }
    text
}
