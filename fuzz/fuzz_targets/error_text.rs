//! Explains error messages that contain a token.
#![no_main]

use consul_peering::explain::explain;
use consul_peering::render::pretty::{Detail, Screen};
use consul_peering::render::{json, pretty};
use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;

const TOKEN: &str = include_str!("../../fixtures/tokens/one-server.txt");

fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    explain_and_render(&text);
    // With a token inside, as in a pasted command line.
    let offset =
        text.floor_char_boundary(bytes.first().map_or(0, |first| usize::from(*first) * text.len() / 256));
    let (before, after) = text.split_at(offset);
    let token = TOKEN.trim();
    let shown = explain_and_render(&format!("{before} {token} {after}"));
    let middle = &token[token.len() / 2..token.len() / 2 + 24];
    assert!(!shown.contains(middle), "the output contains a token");
    // With a wrapped token.
    let width = 24 + usize::from(bytes.last().copied().unwrap_or(0)) % 64;
    let lines: Vec<&str> =
        token.as_bytes().chunks(width).map(|line| std::str::from_utf8(line).expect("base64")).collect();
    let shown = explain_and_render(&format!("{before}\n{}\n{after}", lines.join("\n")));
    assert!(!shown.contains(lines[lines.len() / 2]), "the output contains a line of a token");
});

/// Explains a text and returns all output.
fn explain_and_render(text: &str) -> String {
    let found = explain(text);
    let now = Timestamp::UNIX_EPOCH;
    let screen = Screen { width: 80, ascii: false, detail: Detail::Long, hints: true, now, aliases: None };
    let mut shown = json::render(&found);
    for explanation in &found {
        assert!(text.get(explanation.range.clone()).is_some(), "an explanation without a range of the text");
        assert!(explanation.count > 0);
        shown += &pretty::explanation(explanation, &screen);
    }
    assert!(shown.len() <= 1024 * 1024 + 64 * text.len(), "{} bytes for {}", shown.len(), text.len());
    shown
}
