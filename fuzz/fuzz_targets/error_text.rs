//! Texts that Consul printed, with a token in them.
#![no_main]

use consul_peering::explain::explain;
use consul_peering::render::{json, pretty};
use libfuzzer_sys::fuzz_target;

const TOKEN: &str = include_str!("../../fixtures/tokens/one-server.txt");

fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    look_at(&text);
    // The same with a token somewhere inside, as people paste whole command lines.
    let place =
        text.floor_char_boundary(bytes.first().map_or(0, |first| usize::from(*first) * text.len() / 256));
    let (before, after) = text.split_at(place);
    let token = TOKEN.trim();
    let shown = look_at(&format!("{before} {token} {after}"));
    let middle = &token[token.len() / 2..token.len() / 2 + 24];
    assert!(!shown.contains(middle), "a token is shown again");
    // And as a terminal or a mail program wraps it.
    let width = 24 + usize::from(bytes.last().copied().unwrap_or(0)) % 64;
    let lines: Vec<&str> =
        token.as_bytes().chunks(width).map(|line| std::str::from_utf8(line).expect("base64")).collect();
    let shown = look_at(&format!("{before}\n{}\n{after}", lines.join("\n")));
    assert!(!shown.contains(lines[lines.len() / 2]), "a line of a token is shown again");
});

/// Explains a text; gives everything that would be shown.
fn look_at(text: &str) -> String {
    let found = explain(text);
    let mut shown = json::render(&found);
    for explanation in &found {
        assert!(text.get(explanation.range.clone()).is_some(), "an explanation of nothing");
        assert!(explanation.count > 0);
        shown += &pretty::explanation(explanation, 80);
    }
    assert!(shown.len() <= 1024 * 1024 + 64 * text.len(), "{} bytes for {}", shown.len(), text.len());
    shown
}
