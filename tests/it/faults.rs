//! Every fault that the embedded acceptor can play, and what `diagnose` makes of it, over real sockets.

use std::time::Duration;

use consul_peering::acceptor::Fault;
use consul_peering::check::Severity;
use consul_peering::token::Token;
use serde_json::Value;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::diagnose::{at, first, nobody, of};
use crate::peering::{Dev, Peering};
use crate::served::{PATIENCE, Served, token};

/// What ranks first, and `diagnose`'s exit code, when the only address has the fault. Nothing ranks first where the way is
/// fine, and the secret, which is never sent, is what would be refused.
const OF_THE_WAY: [(&str, Option<&str>, i32); 19] = [
    ("plaintext-port", Some("not-a-tls-port"), 1),
    ("http-port", Some("not-a-tls-port"), 1),
    ("other-ca", Some("certificate-authority-unknown"), 1),
    ("expired-leaf", Some("certificate-expired"), 1),
    ("future-leaf", Some("certificate-not-yet-valid"), 1),
    ("other-server-name", Some("certificate-name-wrong"), 1),
    ("load-balancer", Some("certificate-name-wrong"), 1),
    ("tls-proxy", Some("http1-answered"), 1),
    ("no-alpn", Some("alpn-missing"), 1),
    ("black-hole", Some("dial-timeout"), 1),
    ("silent", Some("server-silent"), 1),
    ("slow", Some("answers-slowly"), 0),
    ("resets", Some("connection-reset"), 1),
    ("not-consul", Some("not-consul-grpc"), 1),
    ("follower", Some("peer-is-follower"), 1),
    ("permission-denied", None, 0),
    ("internal", Some("no-leader"), 1),
    ("rate-limited", Some("rate-limited"), 1),
    ("unavailable", Some("no-healthy-upstream"), 1),
];

/// The same when the way is fine, and the HTTP API of the Consul at hand has the fault.
const OF_THE_HTTP_API: [(&str, &str); 4] = [
    ("acl-denied", "permission-denied"),
    ("http-500", "no-leader"),
    ("html-page", "proxy-answered"),
    ("cut-body", "agent-cut-off"),
];

/// Long enough for loopback and for what is slow on purpose; soon over where nothing ever comes.
fn patience(fault: &str) -> (&'static str, Duration) {
    if fault == "slow" { ("10s", PATIENCE) } else { ("3s", Duration::from_secs(3)) }
}

#[test]
fn every_fault_is_in_one_of_the_tables() {
    let mut tried: Vec<_> = OF_THE_WAY.iter().map(|(name, ..)| *name).collect();
    tried.extend(OF_THE_HTTP_API.iter().map(|(name, _)| *name));
    assert_eq!(tried, Fault::ALL.map(|(_, name, _)| name));
}

/// The first cause's name and the exit code of a run. That the address is loopback is true of all that is here.
fn diagnosed(arguments: &[&str], token: &str) -> (Option<String>, i32) {
    let run = Peering::new(["diagnose", "-", "-format", "json"]).more(arguments).stdin(token).run();
    let diagnosis: Value = serde_json::from_str(&run.stdout).unwrap_or_else(|_| panic!("{}", run.stderr));
    let names = diagnosis["causes"].as_array().unwrap().iter().map(|cause| cause["name"].as_str().unwrap());
    let first = names.into_iter().find(|name| *name != "address-loopback");
    (first.map(str::to_owned), run.status)
}

fn generated(dev: &Dev) -> String {
    let run = Peering::new(["generate-token", "-name", "east", "-ledger=off", "-http-addr", &dev.url]);
    let token = run.shows_secrets().run().status(0).stdout;
    crate::peering::guard(&token);
    token
}

#[test]
fn every_fault_of_the_way_is_found_by_the_command() {
    std::thread::scope(|scope| {
        for (fault, cause, status) in OF_THE_WAY {
            scope.spawn(move || {
                let home = tempfile::tempdir().unwrap();
                let dev = Dev::start(home.path(), &["-fault", fault]);
                let token = generated(&dev);
                // Nobody is at hand as a dialer.
                let arguments = ["-timeout", patience(fault).0, "-http-addr", "http://127.0.0.1:1"];
                let found = diagnosed(&arguments, &token);
                assert_eq!(found, (cause.map(str::to_owned), status), "{fault}");
            });
        }
    });
}

#[test]
fn every_fault_of_the_http_api_is_found_by_the_command() {
    let home = tempfile::tempdir().unwrap();
    let good = Dev::start(home.path(), &[]);
    let token = generated(&good);
    for (fault, cause) in OF_THE_HTTP_API {
        let home = tempfile::tempdir().unwrap();
        let dialer = Dev::start(home.path(), &["-fault", fault]);
        let found = diagnosed(&["-http-addr", &dialer.url, "-token", "an-acl-token"], &token);
        assert_eq!(found, (Some(cause.to_owned()), 1), "{fault}");
    }
}

/// The way to a good server and to one with a fault, in one order or the other.
async fn beside_a_good_one(fault: &'static str, faulty_first: bool) -> (Option<&'static str>, bool) {
    let good = Served::start(|_| {}).await;
    let bad = good.beside(|settings| settings.fault = Fault::named(fault)).await;
    let token: Token = token(&good.generate("east").await);
    let mut addresses = [good.address, bad.address];
    if faulty_first {
        addresses.reverse();
    }
    let seen = of(&at(token, &addresses), patience(fault).1).await;
    (seen.causes.first().map(|cause| cause.name), seen.fails(Severity::Error))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_good_address_saves_the_establish_unless_a_silent_one_comes_first() {
    let mut trying = JoinSet::new();
    for (fault, cause, _) in OF_THE_WAY {
        for faulty_first in [false, true] {
            trying.spawn(async move {
                (fault, cause, faulty_first, beside_a_good_one(fault, faulty_first).await)
            });
        }
    }
    while let Some(tried) = trying.join_next().await {
        let (fault, cause, faulty_first, found) = tried.unwrap();
        let expected = match fault {
            "black-hole" | "silent" if faulty_first => (Some("silent-address-first"), true),
            // A follower says so, and the next address is asked.
            "follower" => (None, false),
            _ => (cause, false),
        };
        assert_eq!(found, expected, "{fault}, first: {faulty_first}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_several_faults_the_first_dialed_leads() {
    let west = Served::start(|_| {}).await;
    let token = token(&west.generate("east").await);
    let beside = async |fault| west.beside(|settings| settings.fault = Fault::named(fault)).await;
    let (expired, silent, follower) =
        (beside("expired-leaf").await, beside("silent").await, beside("follower").await);
    for (addresses, expected) in [
        (vec![expired.address, silent.address], "certificate-expired"),
        (vec![silent.address, expired.address], "server-silent"),
        (vec![nobody().await, expired.address], "dial-refused"),
        (vec![follower.address, expired.address], "peer-is-follower"),
        (vec![silent.address, follower.address], "silent-address-first"),
    ] {
        let seen = of(&at(token.clone(), &addresses), patience("silent").1).await;
        assert_eq!(first(&seen), Some((expected, true)), "{:?}", seen.causes);
    }
}

#[tokio::test]
async fn the_whole_takes_no_longer_than_its_slowest_step() {
    let west = Served::start(|_| {}).await;
    let token = token(&west.generate("east").await);
    let mut servers = Vec::new();
    for _ in 0..20 {
        servers.push(west.beside(|settings| settings.fault = Some(Fault::Silent)).await);
    }
    let addresses: Vec<_> = servers.iter().map(|served| served.address).collect();
    let patience = Duration::from_mins(5);
    // From here on time passes only when nothing else can happen.
    tokio::time::pause();
    let begun = Instant::now();
    let seen = of(&at(token, &addresses), patience).await;
    let elapsed = begun.elapsed();
    assert!((patience..patience + Duration::from_secs(1)).contains(&elapsed), "{elapsed:?}");
    let ways = &seen.reach.as_ref().unwrap().ways;
    assert_eq!(ways.len(), 20);
    for way in ways {
        let slowest = way.tcp.elapsed().max(way.tls.elapsed()).unwrap();
        assert!(elapsed < slowest + Duration::from_secs(1), "{elapsed:?} {slowest:?}");
        assert!(way.peering_exists.passed().is_none());
    }
    assert!(seen.fails(Severity::Error));
}

#[test]
fn the_faults_are_listed_and_a_mistyped_one_finds_its_neighbour() {
    let run = Peering::new(["dev", "-fault", "list"]).run().status(0);
    insta::assert_snapshot!("faults", run.stdout);
    let run = Peering::new(["dev", "-fault", "slient"]).run().status(2);
    assert!(run.stderr.contains("did you mean \"silent\"?"), "{}", run.stderr);
}
