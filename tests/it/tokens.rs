//! Tokens that real Consuls generated.

use std::fs;

use consul_peering::token::{decode, encode};

#[test]
fn decoding_and_encoding_a_current_token_returns_the_same_text() {
    let mut count = 0;
    for entry in fs::read_dir("fixtures/tokens").unwrap() {
        let path = entry.unwrap().path();
        let text = fs::read(&path).unwrap();
        let decoded = decode(text.trim_ascii_end()).unwrap();
        assert_eq!(encode(&decoded.token).as_bytes(), text.trim_ascii_end(), "{}", path.display());
        assert_eq!(decoded.observations, [], "{}", path.display());
        count += 1;
    }
    assert!(count >= 7, "{count} tokens");
}
