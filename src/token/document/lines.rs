//! Secrets in text that is not YAML as a whole, such as a manifest with a prompt before it.

use super::Extracted;
use super::kubernetes::Secret;
use super::likeness::starts_like_token;
use crate::token::repair::Repair;

/// Returns the tokens among the values of the lines `key: value`, including block values (`key: |`).
pub(super) fn find(text: &[u8]) -> Vec<Extracted> {
    let text = std::str::from_utf8(text).unwrap_or_default();
    if !text.lines().any(|line| line.trim() == "kind: Secret") {
        return Vec::new();
    }
    let lines: Vec<&str> = text.lines().collect();
    let mut section = "";
    let mut found = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let Some((key, value)) = line.split_once(':') else { continue };
        let key = key.trim();
        if matches!(key, "data" | "stringData") && value.trim().is_empty() {
            section = key;
        }
        let value = value.trim().trim_matches(['"', '\'']);
        let block;
        let value = if value.is_empty() || value.starts_with(['|', '>']) {
            let depth = indentation(line);
            // base64 has no colon, so the block ends at the next key. Each line is read once, however deep the keys nest.
            block = lines[at + 1..]
                .iter()
                .take_while(|line| !line.contains(':'))
                .take_while(|line| line.trim().is_empty() || indentation(line) > depth)
                .map(|line| line.trim())
                .collect::<String>();
            block.as_str()
        } else {
            value
        };
        let map = if section == "stringData" { "stringData" } else { "data" };
        let secret = serde_json::json!({ "kind": "Secret", map: { key: value } });
        let texts = Secret::of(&secret).into_iter().flat_map(|secret| secret.values);
        for (_, text) in texts.filter(|(_, text)| starts_like_token(text)) {
            found.push(Extracted { text, document: Repair::SecretManifest, place: None });
        }
    }
    found.dedup();
    found
}

fn indentation(line: &str) -> usize {
    line.len() - line.trim_start().len()
}
