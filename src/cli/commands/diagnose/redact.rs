//! Redacts the token's addresses, so that a diagnosis can be shown to strangers.

use std::cmp::Reverse;

use crate::token::Token;

/// Replaces each address of the token with `ADDRESS-1`, `ADDRESS-2`, ….
pub(super) fn redact_addresses(text: &str, token: Option<&Token>) -> String {
    let Some(token) = token else { return text.to_owned() };
    let lists = [&token.manual_server_addresses, &token.server_addresses];
    let mut numbered: Vec<(&String, usize)> = lists.into_iter().flatten().flatten().zip(1..).collect();
    // A longer address may begin with a shorter one.
    numbered.sort_by_key(|(address, _)| Reverse(address.len()));
    let mut text = text.to_owned();
    for (address, number) in numbered {
        let placeholder = format!("ADDRESS-{number}");
        text = text.replace(address.as_str(), &placeholder);
        if let Some((host, _)) = address.rsplit_once(':').filter(|(host, _)| !host.is_empty()) {
            text = text.replace(host.trim_matches(['[', ']']), &format!("{placeholder}-HOST"));
        }
    }
    text
}
