//! Generate, inspect and troubleshoot Consul cluster peering tokens.
//!
//! # Tour
//!
//! The core needs no network, files or terminal (`default-features = false`). [`decode`] reads a token the way Consul does:
//!
//! ```
//! let text = std::fs::read("fixtures/tokens/one-server.txt")?;
//! let token = consul_peering::decode(&text).unwrap().token;
//! assert_eq!(token.dialed_addresses(), ["127.0.0.11:8503"]);
//! assert!(token.server_name.starts_with("server.dc1.peering."));
//! // The debug output does not contain the secret.
//! assert!(!format!("{token:?}").contains(token.establishment_secret.expose()));
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! [`check`] returns Consul's verdict on a token, and the problems that Consul does not detect. The time is an argument:
//!
//! ```
//! use consul_peering::check;
//! use consul_peering::lint::Options;
//!
//! let options = Options::new("2036-11-01T00:00:00Z".parse().unwrap());
//! let report = check(b"eyJQZWVySUQiOiIifQ==", &options);
//! assert_eq!(report.consul.message.as_deref(), Some("peering token server addresses value is empty"));
//!
//! let report = check(&std::fs::read("fixtures/tokens/one-server.txt")?, &options);
//! assert!(report.consul.accepted);
//! assert!(report.findings.iter().any(|finding| finding.check == "ca-expires-soon"));
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! [`explain`](fn@explain) explains an error message of Consul:
//!
//! ```
//! let explanations = consul_peering::explain("dial tcp 10.0.0.7:8503: i/o timeout");
//! assert_eq!(explanations[0].entry.name, "dial-timeout");
//! assert_eq!(explanations[0].addresses, ["10.0.0.7:8503"]);
//! ```
//!
//! [`assess`] turns evidence about a token into a staleness verdict. Without evidence the verdict is undetermined:
//!
//! ```
//! use consul_peering::staleness::evidence::Evidence;
//! use consul_peering::{Verdict, assess, decode};
//!
//! let token = decode(&std::fs::read("fixtures/tokens/one-server.txt")?).unwrap().token;
//! assert_eq!(assess("west.token", &token, &Evidence::default()).verdict, Verdict::Undetermined);
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! [`diagnose`] ranks the causes why a peering cannot be established.
//!
//! [`audit::judge`] compares both ends of every peering of many clusters:
//!
//! ```
//! use consul_peering::audit::{Facts, Options, judge};
//!
//! let mut facts = Facts::default();
//! facts.read_lines("broken.jsonl", &*std::fs::read("fixtures/audit/broken.jsonl")?)?;
//! let report = judge(&facts, &[], &Options::new("2026-11-27T17:57:21Z".parse()?));
//! assert_eq!(report.findings[0].check, "exports-not-imported");
//! assert_eq!(report.findings[0].message, "dc33 does not import web");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The feature `net` adds what needs a network or files. [`net::gather`] queries the sources of evidence,
//! [`net::consul`] is a client of Consul's HTTP API, [`net::probe`] checks the path to an acceptor without using the token,
//! [`net::ledger`] records generated tokens, and [`acceptor`] is an acceptor for tests.
#![cfg_attr(not(feature = "net"), allow(rustdoc::broken_intra_doc_links))]
#![forbid(unsafe_code)]

#[cfg(feature = "net")]
pub mod acceptor;
#[doc(hidden)]
pub mod aliases;
pub mod audit;
pub mod certificate;
pub mod checks;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod cli;
pub mod connectivity;
mod counted;
pub mod diagnosis;
mod dns_name;
pub mod explain;
pub mod find;
#[doc(hidden)]
pub mod gostd;
mod hex;
pub mod inspect;
pub mod lint;
#[cfg(feature = "net")]
pub mod net;
pub mod observed;
pub mod page;
#[cfg(feature = "net")]
mod platform;
#[doc(hidden)]
pub mod render;
mod shell;
pub mod staleness;
pub mod token;
mod utc;
mod zeroize_buf;

pub use diagnosis::{Diagnosis, diagnose};
pub use explain::{Explanation, explain};
pub use lint::{Report, check};
pub use staleness::{Assessment, Verdict, assess};
pub use token::{DecodeError, Token, decode, encode};
pub use zeroize_buf::ZeroizeBuf;

/// The programs in `docs/library.md` are doc tests.
#[cfg(doctest)]
#[doc = include_str!("../docs/library.md")]
mod library_page {}
