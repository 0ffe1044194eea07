//! Tokens that real Consuls wrote.

use std::fs;

use consul_peering::token::{decode, encode};

#[test]
fn a_token_of_todays_consul_is_written_as_it_was_read() {
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
