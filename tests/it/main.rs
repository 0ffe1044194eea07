//! The integration tests: one binary, so that it links once.
// Tests may print, read the clock and allocate freely.
#![allow(
    clippy::disallowed_macros,
    clippy::disallowed_methods,
    clippy::format_push_string,
    clippy::needless_for_each,
    clippy::assigning_clones,
    clippy::naive_bytecount,
    clippy::similar_names
)]

mod acceptor;
mod audit;
mod audit_collect;
mod audit_connections;
mod audit_fleet;
mod audit_hub;
mod audit_killed;
mod audit_listen;
mod audit_measured;
mod audit_prometheus;
mod audit_secrets;
mod batch;
mod bounded_output;
mod bundle;
mod checks;
mod cli_recordings;
mod completion;
mod configuration;
mod connect;
mod connect_trace;
mod contexts;
mod contrib;
mod dev;
mod diagnose;
mod diagnose_errors;
mod diff;
mod dist;
mod documents;
mod establish;
mod examples;
mod explain;
mod explain_command;
mod faults;
mod find;
mod full_disk;
mod generate_token;
mod help;
mod html;
mod html_browser;
mod http_faults;
mod input;
mod inspect;
mod kv;
mod language;
mod layers;
mod ledger;
mod live;
mod misplaced_secrets;
mod out_file;
mod page;
mod pasted_texts;
mod peerstream;
mod pipelines;
mod probe;
mod readme;
mod real_consul;
mod redact;
mod revoke;
mod schemas;
mod screens;
mod secrecy;
mod security;
mod stale;
mod staleness_live;
mod support;
mod tls_trust;
mod transport;
mod ui;
mod unlucky_files;
mod untrusted_input;
mod validate;
mod verdicts;
mod wait;
mod wrong_use;

use support::{browser, own_server, peering, served};
