//! Each simulated fault of the embedded acceptor: the cause that `diagnose` finds and what a dialer prints, over real sockets.

use std::time::Duration;

use consul_peering::acceptor::Fault;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::diagnose::{at, closed, first, of, of_silent, of_traced, trace};
use crate::peering::{Dev, Finished, Peering};
use crate::served::{Served, TIMEOUT, token};

/// A fault at the only address.
struct AddressFault {
    fault: &'static str,
    /// The first cause; `None` if only the secret would be rejected, which `diagnose` never sends.
    cause: Option<&'static str>,
    /// `diagnose`'s exit code.
    status: i32,
    /// What a dialer prints, as a real one does (`fixtures/consul/faults.json`).
    establish: &'static str,
}

const fn row(
    fault: &'static str,
    cause: Option<&'static str>,
    status: i32,
    establish: &'static str,
) -> AddressFault {
    AddressFault { fault, cause, status, establish }
}

const ESTABLISHED: &str = "Successfully established peering connection with west\n";
const NAME_WRONG: &str = "x509: certificate is valid for lb.example.com, not server.dc1.peering.";
const NO_TLS: &str = "authentication handshake failed: tls: first record does not look like a TLS handshake";

const ADDRESS_FAULTS: [AddressFault; 23] = [
    row("plaintext-port", Some("not-a-tls-port"), 1, NO_TLS),
    row("http-port", Some("not-a-tls-port"), 1, NO_TLS),
    row(
        "other-ca",
        Some("certificate-authority-unknown"),
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
    row("other-server-name", Some("certificate-name-wrong"), 1, NAME_WRONG),
    // Go checks the name before the CA.
    row("load-balancer", Some("certificate-name-wrong"), 1, NAME_WRONG),
    row("tls-proxy", Some("http1-answered"), 1, "missing selected ALPN property"),
    row("no-alpn", Some("alpn-missing"), 1, "missing selected ALPN property"),
    row("black-hole", Some("dial-timeout"), 1, "transport: Error while dialing: dial tcp "),
    row("silent", Some("server-silent"), 1, "authentication handshake failed: context deadline exceeded"),
    row("slow", Some("slow-response"), 0, ESTABLISHED),
    row("resets", Some("connection-reset"), 1, "connection reset by peer"),
    row("not-consul", Some("not-consul-grpc"), 1, "code = Unimplemented desc = unknown service "),
    // A follower rejects streams, and forwards the secret to its leader.
    row("follower", Some("peer-is-follower"), 1, ESTABLISHED),
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
    row(
        "rate-limited",
        Some("rate-limited"),
        1,
        "code = Unavailable desc = rate limit exceeded for operation that can only be performed by the leader",
    ),
    row("unavailable", Some("no-healthy-upstream"), 1, "code = Unavailable desc = no healthy upstream"),
    row("several-servers", None, 0, ESTABLISHED),
    row("no-quorum", Some("no-leader"), 1, "rpc error: code = Unknown desc = No cluster leader"),
    row(
        "rotated-ca",
        Some("certificate-authority-unknown"),
        1,
        "x509: certificate signed by unknown authority",
    ),
    row(
        "rebuilt",
        Some("certificate-of-another-cluster"),
        1,
        "x509: certificate is valid for server.dc1.peering.",
    ),
];

/// A fault of generating, and the error. The last token before it is superseded, which no question about it reveals.
const GENERATE_FAULTS: [(&str, &str); 2] = [
    (
        "generate-no-gateway",
        "Unexpected response code: 500 (servers are configured to PeerThroughMeshGateways, but no mesh gateway instances \
         are registered)",
    ),
    ("generate-cut", "EOF"),
];

/// A fault of the dialer's HTTP API, and the first cause.
const HTTP_API_FAULTS: [(&str, &str); 4] = [
    ("acl-denied", "permission-denied"),
    ("http-500", "no-leader"),
    ("html-page", "proxy-answered"),
    ("cut-body", "agent-cut-off"),
];

/// Whether a server with this fault never answers, so that a step runs into the timeout.
fn is_silent(fault: &str) -> bool {
    ["black-hole", "silent"].contains(&fault)
}

#[test]
fn every_fault_is_in_one_of_the_tables() {
    let mut names: Vec<_> = ADDRESS_FAULTS.iter().map(|row| row.fault).collect();
    names.extend(HTTP_API_FAULTS.iter().chain(&GENERATE_FAULTS).map(|(name, _)| *name));
    assert_eq!(names, Fault::ALL.map(|(_, name, _)| name));
}

/// Returns the name of the first cause, and the exit code.
fn diagnosed(fault: &str, arguments: &[&str], token: &str) -> (Option<String>, i32) {
    let run = Peering::new().args(["diagnose", "-", "-format", "json"]).args(arguments).stdin(token).run();
    first_cause(fault, &run)
}

/// Leaves out `address-loopback`, which is true of every address here, the dialer's state, and `slow-response` where the
/// fault is another: a busy machine responds slowly.
fn first_cause(fault: &str, run: &Finished) -> (Option<String>, i32) {
    const STATES: [&str; 2] = ["left-by-failed-establish", "state-establishing"];
    let diagnosis: Value = serde_json::from_str(&run.stdout).unwrap_or_else(|_| panic!("{}", run.stderr));
    let mut names =
        diagnosis["causes"].as_array().unwrap().iter().map(|cause| cause["name"].as_str().unwrap());
    let first = names.find(|name| {
        *name != "address-loopback" && !STATES.contains(name) && (*name != "slow-response" || fault == "slow")
    });
    (first.map(str::to_owned), run.status)
}

fn generated(dev: &Dev) -> String {
    let run = Peering::new().args(["generate-token", "-name", "east", "-ledger=off", "-http-addr", &dev.url]);
    let token = run.shows_secrets().run().status(0).stdout;
    crate::peering::guard(&token);
    token
}

/// Returns what a dialer prints that establishes with a token.
fn established(token: &str) -> String {
    let run = establish_with(token);
    run.stdout + &run.stderr
}

/// Establishes with a token in the embedded acceptor. A dialer that fails keeps what it knows about the acceptor.
fn establish_with(token: &str) -> Finished {
    let run =
        Peering::new().args(["establish", "-name", "west", "-peering-token", "-", "-http-addr=embedded"]);
    let run = run.stdin(token).run();
    assert_eq!(run.status == 0, run.stderr.is_empty(), "{}", run.stderr);
    run
}

#[test]
fn each_fault_of_an_address_is_diagnosed_and_printed_by_a_dialer() {
    std::thread::scope(|scope| {
        for AddressFault { fault, cause, status, establish } in ADDRESS_FAULTS {
            scope.spawn(move || {
                let home = tempfile::tempdir().unwrap();
                let dev = Dev::start(home.path(), &["-fault", fault]);
                let token = generated(&dev);
                let timeout = if is_silent(fault) { "3s" } else { "2m" };
                let found = diagnosed(fault, &["-timeout", timeout], &token);
                assert_eq!(found, (cause.map(str::to_owned), status), "{fault}");
                let dialer = establish_with(&token);
                let printed = format!("{}{}", dialer.stdout, dialer.stderr);
                assert!(printed.contains(establish), "{fault}: {printed}");
                // The dialer's peering has what the token had, except for the secret.
                let by_name = ["diagnose", "-name", "west", "-http-addr=embedded", "-format", "json"];
                let run = Peering::new().after(dialer).args(by_name).args(["-timeout", timeout]).run();
                assert_eq!(first_cause(fault, &run), (cause.map(str::to_owned), 1), "{fault}, by name");
            });
        }
    });
}

/// A dialer prints the same error for both ports without TLS.
#[tokio::test]
async fn a_port_without_tls_sends_the_protocol_of_its_fault() {
    let west = Served::start(|_| {}).await;
    for (fault, prefix) in [
        ("http-port", &b"HTTP/1.1 400 Bad Request\r\n"[..]),
        // An HTTP/2 server starts with a SETTINGS frame.
        ("plaintext-port", &[0, 0]),
    ] {
        let bad = west.beside(|settings| settings.fault = Fault::named(fault)).await;
        let mut stream = TcpStream::connect(bad.address).await.unwrap();
        stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").await.unwrap();
        let mut received = [0; 26];
        stream.read_exact(&mut received).await.unwrap();
        assert!(received.starts_with(prefix), "{fault}: {received:?}");
        assert_eq!(received[3] == 4, fault == "plaintext-port", "{fault}: {received:?}");
    }
}

#[test]
fn each_fault_of_the_http_api_is_diagnosed() {
    let home = tempfile::tempdir().unwrap();
    let good = Dev::start(home.path(), &[]);
    let token = generated(&good);
    for (fault, cause) in HTTP_API_FAULTS {
        let home = tempfile::tempdir().unwrap();
        let dialer = Dev::start(home.path(), &["-fault", fault]);
        let found = diagnosed(fault, &["-http-addr", &dialer.url, "-token", "an-acl-token"], &token);
        assert_eq!(found, (Some(cause.to_owned()), 1), "{fault}");
        let by_name = ["diagnose", "-name", "west", "-http-addr", &dialer.url, "-token", "an-acl-token"];
        let run = Peering::new().args(by_name).args(["-format", "json"]).run();
        // Without the peering, nothing else can be checked.
        assert_eq!(first_cause(fault, &run), (Some(cause.to_owned()), 2), "{fault}, by name");
    }
}

#[test]
fn each_fault_of_generating_leaves_the_last_token_superseded() {
    for (fault, error) in GENERATE_FAULTS {
        let home = tempfile::tempdir().unwrap();
        let good = Dev::start(home.path(), &[]);
        let token = generated(&good);
        assert_eq!(diagnosed(fault, &[], &token), (None, 0), "{fault}");
        let faulty = Dev::start(home.path(), &["-fault", fault]);
        let run = Peering::new()
            .args(["generate-token", "-name", "east", "-ledger=off", "-http-addr", &faulty.url])
            .run();
        assert_eq!((run.status, run.stdout.as_str()), (1, ""), "{fault}: {}", run.stderr);
        assert!(run.stderr.contains(error), "{fault}: {}", run.stderr);
        let printed = established(&token);
        assert!(
            printed.contains("a new peering token must be generated: invalid peering establishment secret"),
            "{fault}: {printed}"
        );
    }
}

/// Diagnoses a token with a good server and one with a fault, in one order or the other.
async fn beside_good(fault: &'static str, faulty_first: bool) -> Option<(&'static str, bool)> {
    let good = Served::start(|_| {}).await;
    let bad = good.beside(|settings| settings.fault = Fault::named(fault)).await;
    let mut addresses = [good.address, bad.address];
    if faulty_first {
        addresses.reverse();
    }
    let token = at(token(&good.generate("east").await), &addresses);
    first(&match fault {
        "slow" => of_traced(&token, trace(&token, TIMEOUT).await),
        fault if is_silent(fault) => of_silent(&token, &[bad.address]).await,
        _ => of(&token).await,
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_good_address_prevents_a_blocked_peering_unless_a_silent_one_comes_first() {
    let mut runs = JoinSet::new();
    for AddressFault { fault, cause, .. } in ADDRESS_FAULTS {
        for faulty_first in [false, true] {
            runs.spawn(async move { (fault, cause, faulty_first, beside_good(fault, faulty_first).await) });
        }
    }
    while let Some(run) = runs.join_next().await {
        let (fault, cause, faulty_first, found) = run.unwrap();
        let expected = match fault {
            "black-hole" | "silent" if faulty_first => Some(("unresponsive-address-first", true)),
            // A follower reports that it is one, and the next address is asked.
            "follower" | "several-servers" | "no-quorum" => None,
            _ => cause.map(|cause| (cause, false)),
        };
        assert_eq!(found, expected, "{fault}, first: {faulty_first}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_several_faults_that_of_the_first_address_ranks_first() {
    let west = Served::start(|_| {}).await;
    let token = token(&west.generate("east").await);
    let beside = async |fault| west.beside(|settings| settings.fault = Fault::named(fault)).await;
    let (expired, silent, follower) =
        (beside("expired-leaf").await, beside("silent").await, beside("follower").await);
    for (addresses, expected) in [
        (vec![expired.address, silent.address], "certificate-expired"),
        (vec![silent.address, expired.address], "server-silent"),
        (vec![closed().await, expired.address], "dial-refused"),
        (vec![follower.address, expired.address], "peer-is-follower"),
        (vec![silent.address, follower.address], "unresponsive-address-first"),
    ] {
        let diagnosis = of_silent(&at(token.clone(), &addresses), &[silent.address]).await;
        assert_eq!(first(&diagnosis), Some((expected, true)), "{:?}", diagnosis.causes);
    }
}

#[tokio::test]
async fn all_traces_together_take_as_long_as_the_slowest() {
    let west = Served::start(|_| {}).await;
    let token = token(&west.generate("east").await);
    let mut servers = Vec::new();
    for _ in 0..20 {
        servers.push(west.beside(|settings| settings.fault = Some(Fault::Silent)).await);
    }
    let addresses: Vec<_> = servers.iter().map(|served| served.address).collect();
    let token = at(token, &addresses);
    let timeout = Duration::from_mins(5);
    // From here on, time passes only if nothing else can happen.
    tokio::time::pause();
    let started = Instant::now();
    let connectivity = trace(&token, timeout).await;
    let elapsed = started.elapsed();
    assert!((timeout..timeout + Duration::from_secs(1)).contains(&elapsed), "{elapsed:?}");
    assert_eq!(connectivity.addresses.len(), 20);
    for trace in &connectivity.addresses {
        let slowest = trace.tcp.elapsed().max(trace.tls.elapsed()).unwrap();
        assert!(elapsed < slowest + Duration::from_secs(1), "{elapsed:?} {slowest:?}");
        assert!(trace.peering_exists.value().is_none());
    }
    assert!(first(&of_traced(&token, connectivity)).unwrap().1);
}

#[test]
fn faults_are_listed_and_a_misspelled_one_is_corrected() {
    let run = Peering::new().args(["dev", "-fault", "list"]).run().status(0);
    insta::assert_snapshot!("faults", run.stdout);
    let run = Peering::new().args(["dev", "-fault", "slient"]).run().status(2);
    assert!(run.stderr.contains("did you mean silent?"), "{}", run.stderr);
}
