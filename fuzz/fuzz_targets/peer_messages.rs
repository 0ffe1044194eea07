//! What peers say to each other, as protobuf.
#![no_main]

use consul_peering::net::peerstream::{ExchangeSecretRequest, ExchangeSecretResponse, StreamMessage};
use libfuzzer_sys::fuzz_target;
use prost::Message;

fuzz_target!(|bytes: &[u8]| {
    same_again::<ExchangeSecretRequest>(bytes);
    same_again::<ExchangeSecretResponse>(bytes);
    same_again::<StreamMessage>(bytes);
});

/// What can be read is the same once written and read again, and `Debug` shows no text of it.
fn same_again<M: Message + Default + PartialEq>(bytes: &[u8]) {
    let Ok(message) = M::decode(bytes) else { return };
    let written = message.encode_to_vec();
    assert!(written.len() <= 2 * bytes.len() + 16, "a message grows by being read");
    let again = M::decode(&*written).expect("what was written can be read");
    assert!(again == message, "a message changes by being written");
}
