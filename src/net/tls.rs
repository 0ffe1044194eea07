//! TLS toward Consul servers: client configurations, verifiers and the chain that a server presents.
pub mod client_certificate;
pub mod client_config;
pub mod no_verifier;
pub mod peer_config;
pub mod recording_verifier;
