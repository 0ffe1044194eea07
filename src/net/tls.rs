//! TLS towards Consul: the configuration of peering streams, the verifiers of server certificates, and Go's texts for failures.
//!
//! # When a server is trusted
//!
//! | configuration | a server is trusted if |
//! |---|---|
//! | CAs of a token; `-ca-file`, `-ca-path` | the TLS library (rustls with webpki) **and** Go's algorithm ([`crate::certificate::chain`]) both accept its chain |
//! | the same, and the server's own certificate is one of those CAs, byte for byte | Go's algorithm accepts it |
//! | no CAs named | the system's verifier accepts its chain |
//! | `CONSUL_HTTP_SSL_VERIFY=false` | always |
//!
//! Only the second and the last row grant trust against the TLS library's verdict. Second row: webpki never accepts a root
//! as a server certificate, and Go does if its dates and names fit (`openssl req -x509` makes such certificates). First
//! row: Go's algorithm only takes trust away, because webpki ignores the dates of a root. In every row but the last the
//! TLS library verifies the signature of the handshake. `SECURITY.md` has the same list.
//!
//! Two types keep these apart: [`peer_chain::RecordingVerifier`] records what a server presented and decides nothing;
//! [`go_compat_verifier::GoCompatVerifier`] decides and records nothing.

pub(crate) mod error_text;
pub(crate) mod go_compat_verifier;
pub(crate) mod no_verifier;
pub(crate) mod peer_chain;
pub(crate) mod peer_config;
