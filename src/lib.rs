//! Consul's cluster peering tokens: generate, read, validate, and find out why an establish failed.
//!
//! # A tour
//!
//! The core needs no network, no file and no terminal (`default-features = false`). A token's text is decoded as Go decodes
//! it, for Consul is written in Go:
//!
//! ```
//! use consul_peering::token::decode;
//!
//! let text = std::fs::read("fixtures/tokens/one-server.txt")?;
//! let token = decode(&text).expect("Consul would read it").token;
//! assert_eq!(token.dialed_addresses(), ["127.0.0.11:8503"]);
//! assert!(token.server_name.starts_with("server.dc1.peering."));
//! // A secret shows itself only when it is asked to.
//! assert!(!format!("{token:?}").contains(token.establishment_secret.expose()));
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! What Consul would say of a text, accepted or refused with this very message:
//!
//! ```
//! use consul_peering::lint::Acceptance;
//!
//! let consul = Acceptance::of_text(b"eyJQZWVySUQiOiIifQ==");
//! assert!(!consul.accepted);
//! assert_eq!(consul.message.as_deref(), Some("peering token server addresses value is empty"));
//! ```
//!
//! Checks find what Consul does not check. The current time is an argument:
//!
//! ```
//! use consul_peering::lint::{Options, check};
//!
//! let text = std::fs::read("fixtures/tokens/one-server.txt")?;
//! let report = check(&text, &Options::new("2036-11-01T00:00:00Z".parse().unwrap()));
//! assert!(report.findings.iter().any(|finding| finding.check == "ca-expires-soon"));
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! Anything that Consul printed is explained, and what is known of a token's staleness becomes a verdict:
//!
//! ```
//! use consul_peering::explain::explain;
//! use consul_peering::staleness::{Verdict, assess};
//! use consul_peering::staleness::evidence::Evidence;
//! use consul_peering::token::decode;
//!
//! let said = explain("dial tcp 10.0.0.7:8503: i/o timeout");
//! assert_eq!((said[0].entry.name, said[0].addresses[0].as_str()), ("dial-timeout", "10.0.0.7:8503"));
//!
//! let token = decode(&std::fs::read("fixtures/tokens/one-server.txt")?).unwrap().token;
//! // Nothing was asked, so nothing is known.
//! assert_eq!(assess("a token", &token, &Evidence::default()).verdict, Verdict::Undetermined);
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! With `net`, [`consul`] asks a Consul, [`probe`] asks an acceptor about a token without spending it, [`ledger`] remembers what
//! was generated, and [`acceptor`] is an acceptor for tests. [`diagnose`] puts everything together: facts in, causes out.
#![forbid(unsafe_code)]

#[cfg(feature = "net")]
pub mod acceptor;
pub mod certificate;
#[cfg(feature = "cli")]
pub mod cli;
pub mod connectivity;
pub mod diagnosis;
pub mod explain;
pub mod gostd;
mod hex;
pub mod inspect;
pub mod lint;
#[cfg(feature = "net")]
pub mod net;
pub mod observed;
pub mod render;
pub mod staleness;
pub mod token;
mod zeroize_buf;

pub use crate::zeroize_buf::ZeroizeBuf;

/// The page of the library, whose programs are tests of the documentation too.
#[cfg(doctest)]
#[doc = include_str!("../docs/library.md")]
mod page {}
