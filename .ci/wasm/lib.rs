//! Builds the core for `wasm32-unknown-unknown`.
//!
//! The core never draws random numbers, so the custom source of randomness that ring requires here always fails.

pub use consul_peering::{certificate, diagnosis, explain, inspect, lint, staleness, token};

getrandom::register_custom_getrandom!(no_randomness);

fn no_randomness(_: &mut [u8]) -> Result<(), getrandom::Error> {
    Err(getrandom::Error::UNSUPPORTED)
}
