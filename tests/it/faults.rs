//! Every fault that the embedded acceptor can play, what `diagnose` makes of it, and what a dialer says of it, over real
//! sockets.

use std::time::Duration;

use consul_peering::acceptor::Fault;
use consul_peering::lint::Severity;
use consul_peering::token::Token;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::diagnose::{at, first, nobody, of};
use crate::peering::{Dev, Peering};
use crate::served::{PATIENCE, Served, token};

/// A fault of the way to the only address.
struct OfTheWay {
    fault: &'static str,
    /// What ranks first for `diagnose`; nothing where the way is fine, and the secret, which it never sends, is what would
    /// be refused.
    cause: Option<&'static str>,
    /// `diagnose`'s exit code.
    status: i32,
    /// What a dialer prints that goes this way, as a real one does (`fixtures/consul/faults.json`).
    establish: &'static str,
}

const fn row(
    fault: &'static str,
    cause: Option<&'static str>,
    status: i32,
    establish: &'static str,
) -> OfTheWay {
    OfTheWay { fault, cause, status, establish }
}

const ESTABLISHED: &str = "Successfully established peering connection with west\n";
const NAME_WRONG: &str = "x509: certificate is valid for lb.example.com, not server.dc1.peering.";
const NO_TLS: &str = "authentication handshake failed: tls: first record does not look like a TLS handshake";

const OF_THE_WAY: [OfTheWay; 19] = [
    row("plaintext-port", Some("not-a-tls-port"), 1, NO_TLS),
    row("http-port", Some("not-a-tls-port"), 1, NO_TLS),
    row(
        "other-ca",
        Some("certificate-unknown-authority"),
        1,
        "x509: certificate signed by unknown authority",
    ),
    row(
        "expired-leaf",
        Some("certificate-expired"),
        1,
        "x509: certificate has expired or is not yet valid: ",
    ),
    row(
        "future-leaf",
        Some("certificate-not-yet-valid"),
        1,
        "x509: certificate has expired or is not yet valid: ",
    ),
    row("other-server-name", Some("certificate-name-mismatch"), 1, NAME_WRONG),
    // Go looks at the name before it looks for the CA.
    row("load-balancer", Some("certificate-name-mismatch"), 1, NAME_WRONG),
    row("tls-proxy", Some("http1-response"), 1, "missing selected ALPN property"),
    row("no-alpn", Some("alpn-missing"), 1, "missing selected ALPN property"),
    row("black-hole", Some("dial-timeout"), 1, "transport: Error while dialing: dial tcp "),
    row(
        "silent",
        Some("server-unresponsive"),
        1,
        "authentication handshake failed: context deadline exceeded",
    ),
    row("slow", Some("slow-response"), 0, ESTABLISHED),
    row("resets", Some("connection-reset"), 1, "connection reset by peer"),
    row("not-consul", Some("not-consul-grpc"), 1, "code = Unimplemented desc = unknown service "),
    // A follower refuses streams, and passes the secret on to its leader.
    row("follower", Some("server-is-follower"), 1, ESTABLISHED),
    row(
        "permission-denied",
        None,
        0,
        "response code: 403 (a new peering token must be generated: invalid peering establishment secret)",
    ),
    row(
        "internal",
        Some("no-leader"),
        1,
        "failed to persist peering secret: rpc error making call: leadership lost",
    ),
    row("rate-limited", Some("rate-limited"), 1, "code = ResourceExhausted desc = rate limit exceeded"),
    row("unavailable", Some("no-healthy-upstream"), 1, "code = Unavailable desc = no healthy upstream"),
];

/// The same when the way is fine, and the HTTP API of the Consul at hand has the fault.
const OF_THE_HTTP_API: [(&str, &str); 4] = [
    ("acl-denied", "permission-denied"),
    ("http-500", "no-leader"),
    ("html-page", "proxy-response"),
    ("cut-body", "agent-connection-closed"),
];

/// Long enough for loopback and for what is slow on purpose; soon over where nothing ever comes.
fn patience(fault: &str) -> (&'static str, Duration) {
    if fault == "slow" { ("10s", PATIENCE) } else { ("3s", Duration::from_secs(3)) }
}

#[test]
fn every_fault_is_in_one_of_the_tables() {
    let mut tried: Vec<_> = OF_THE_WAY.iter().map(|row| row.fault).collect();
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

/// What a dialer prints that establishes with a token.
fn established(token: &str) -> String {
    let run = Peering::new(["establish", "-name", "west", "-peering-token", "-", "-http-addr=embedded"]);
    let run = run.stdin(token).run();
    assert_eq!(run.status == 0, run.stderr.is_empty(), "{}", run.stderr);
    run.stdout + &run.stderr
}

#[test]
fn every_fault_of_the_way_is_found_by_the_command_and_said_by_a_dialer() {
    std::thread::scope(|scope| {
        for OfTheWay { fault, cause, status, establish } in OF_THE_WAY {
            scope.spawn(move || {
                let home = tempfile::tempdir().unwrap();
                let dev = Dev::start(home.path(), &["-fault", fault]);
                let token = generated(&dev);
                // Nobody is at hand as a dialer.
                let found = diagnosed(&["-timeout", patience(fault).0], &token);
                assert_eq!(found, (cause.map(str::to_owned), status), "{fault}");
                let said = established(&token);
                assert!(said.contains(establish), "{fault}: {said}");
            });
        }
    });
}

/// A dialer says the same of both ports that speak no TLS.
#[tokio::test]
async fn a_port_without_tls_speaks_what_its_fault_says() {
    let west = Served::start(|_| {}).await;
    for (fault, begins) in [
        ("http-port", &b"HTTP/1.1 400 Bad Request\r\n"[..]),
        // A frame of settings, as a server of HTTP/2 begins.
        ("plaintext-port", &[0, 0]),
    ] {
        let bad = west.beside(|settings| settings.fault = Fault::named(fault)).await;
        let mut stream = TcpStream::connect(bad.address).await.unwrap();
        stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").await.unwrap();
        let mut spoken = [0; 26];
        stream.read_exact(&mut spoken).await.unwrap();
        assert!(spoken.starts_with(begins), "{fault}: {spoken:?}");
        assert_eq!(spoken[3] == 4, fault == "plaintext-port", "{fault}: {spoken:?}");
    }
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
    for OfTheWay { fault, cause, .. } in OF_THE_WAY {
        for faulty_first in [false, true] {
            trying.spawn(async move {
                (fault, cause, faulty_first, beside_a_good_one(fault, faulty_first).await)
            });
        }
    }
    while let Some(tried) = trying.join_next().await {
        let (fault, cause, faulty_first, found) = tried.unwrap();
        let expected = match fault {
            "black-hole" | "silent" if faulty_first => (Some("unresponsive-address-first"), true),
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
        (vec![silent.address, expired.address], "server-unresponsive"),
        (vec![nobody().await, expired.address], "dial-refused"),
        (vec![follower.address, expired.address], "server-is-follower"),
        (vec![silent.address, follower.address], "unresponsive-address-first"),
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
    assert!(run.stderr.contains("did you mean silent?"), "{}", run.stderr);
}
