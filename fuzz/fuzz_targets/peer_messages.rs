//! Decodes the protobuf messages between peers.
#![no_main]

use consul_peering::net::peerstream::{ExchangeSecretRequest, ExchangeSecretResponse, StreamMessage};
use libfuzzer_sys::fuzz_target;
use prost::Message;

fuzz_target!(|bytes: &[u8]| {
    round_trip::<ExchangeSecretRequest>(bytes);
    round_trip::<ExchangeSecretResponse>(bytes);
    round_trip::<StreamMessage>(bytes);
});

/// Checks that decoding, encoding and decoding again returns the same message.
fn round_trip<M: Message + Default + PartialEq>(bytes: &[u8]) {
    let Ok(message) = M::decode(bytes) else { return };
    let written = message.encode_to_vec();
    assert!(written.len() <= 2 * bytes.len() + 16, "a message grows when it is encoded again");
    let again = M::decode(&*written).expect("an encoded message can be decoded");
    assert!(again == message, "a message changes when it is encoded again");
}
