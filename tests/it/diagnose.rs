//! `diagnose` against embedded acceptors and broken servers, over real sockets.

use std::net::SocketAddr;
use std::time::Duration;

use consul_peering::acceptor::Follower;
use consul_peering::connectivity::Reach;
use consul_peering::diagnosis::{Diagnosis, Known, diagnose};
use consul_peering::lint::Severity;
use consul_peering::net::probe::{Ladder, climb};
use consul_peering::observed::Observed;
use consul_peering::staleness::assess;
use consul_peering::staleness::evidence::Evidence;
use consul_peering::token::Token;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::own_server::OwnServer;
use crate::peering::{Dev, Peering, fixture, token_json};
use crate::served::{PATIENCE, Served, token};

/// The whole ladder, and what follows.
pub async fn of(token: &Token, patience: Duration) -> Diagnosis {
    let reach = climb(&Ladder::from(token), patience, &ring::rand::SystemRandom::new()).await;
    let (peering_exists, unused_secret) = reach.answers(token, None);
    let staleness =
        assess("token", token, &Evidence { peering_exists, unused_secret, ..Evidence::default() });
    diagnose(Known {
        now: jiff::Timestamp::UNIX_EPOCH,
        name: Some("west"),
        given_as: None,
        http_addr: None,
        token: Some(token),
        taken_out_of: None,
        report: None,
        reach: Observed::Value(Reach { seen_from: "here".to_owned(), ..reach }),
        staleness: Some(staleness),
        dialer: Observed::default(),
        error: None,
    })
}

pub fn first(diagnosis: &Diagnosis) -> Option<(&'static str, bool)> {
    Some((diagnosis.causes.first()?.name, diagnosis.fails(Severity::Error)))
}

pub fn at(mut token: Token, addresses: &[SocketAddr]) -> Token {
    token.server_addresses = Some(addresses.iter().map(ToString::to_string).collect());
    token
}

/// An address that nothing listens at.
pub async fn nobody() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap()
}

/// A server that reads what comes and says one thing, or nothing.
async fn says(answer: Option<&'static [u8]>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut read = [0; 4096];
                let _ = stream.read(&mut read).await;
                if let Some(answer) = answer {
                    let _ = stream.write_all(answer).await;
                    return;
                }
                while stream.read(&mut read).await.is_ok_and(|count| count > 0) {}
            });
        }
    });
    address
}

/// Long enough for loopback, and soon over where a server is silent on purpose.
const SHORT: Duration = Duration::from_millis(1500);

#[tokio::test]
async fn a_good_token_has_no_cause_and_works_after_any_number_of_looks() {
    let (west, east) = (Served::start(|_| {}).await, Served::start(|_| {}).await);
    let text = west.generate("east").await;
    for _ in 0..10 {
        let seen = of(&token(&text), PATIENCE).await;
        assert_eq!(seen.causes, [], "{}", seen.conclusion);
        assert_eq!(
            seen.conclusion,
            "Nothing was found from here that keeps this token from working. The dialing servers may see otherwise: run \
             this on one of them."
        );
    }
    assert_eq!(west.read("east").await["State"], "PENDING");
    assert_eq!(east.establish("west", &text).await, (200, "{}".to_owned()));
    west.wait_for("east", "ACTIVE").await;
    assert_eq!(first(&of(&token(&text), PATIENCE).await), Some(("token-spent", true)));
}

#[tokio::test]
async fn every_broken_server_is_its_own_cause() {
    let west = Served::start(|_| {}).await;
    let good = token(&west.generate("east").await);
    let other = Served::start(|_| {}).await;
    let plaintext = Served::start(|settings| settings.grpc_tls = false).await;
    let no_alpn = west.beside(|settings| settings.grpc_alpn = false).await;
    let follower = west.beside(|settings| settings.follower = Some(Follower::default())).await;
    let without_ca = Token { ca: None, ..good.clone() };
    let http =
        says(Some(b"HTTP/1.1 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n"))
            .await;
    let table: Vec<(&str, Token, Vec<SocketAddr>)> = vec![
        // Nobody else than this very machine is at a loopback address.
        ("address-loopback", good.clone(), vec![nobody().await]),
        ("not-a-tls-port", good.clone(), vec![http]),
        ("not-a-tls-port", good.clone(), vec![plaintext.address]),
        ("handshake-closed", good.clone(), vec![says(Some(b"")).await]),
        ("server-unresponsive", good.clone(), vec![says(None).await]),
        ("certificate-from-another-cluster", good.clone(), vec![other.address]),
        ("alpn-missing", good.clone(), vec![no_alpn.address]),
        ("plaintext-to-tls-port", without_ca, vec![west.address]),
        ("server-is-follower", good.clone(), vec![follower.address]),
        ("unresponsive-address-first", good.clone(), vec![says(None).await, west.address]),
    ];
    for (expected, token, addresses) in table {
        let seen = of(&at(token, &addresses), SHORT).await;
        assert_eq!(first(&seen), Some((expected, true)), "{}", seen.conclusion);
    }
    let fine = [[west.address, nobody().await], [follower.address, west.address]];
    for addresses in fine {
        let seen = of(&at(good.clone(), &addresses), SHORT).await;
        assert!(!seen.fails(Severity::Error), "{:?}", seen.causes);
    }
}

#[tokio::test]
async fn an_alert_that_comes_after_the_handshake_is_read() {
    let token = token(&Served::start(|_| {}).await.generate("east").await);
    let token = OwnServer::new(50).serve(true, token).await;
    let seen = of(&token, SHORT).await;
    assert_eq!(first(&seen), Some(("client-certificate-required", true)), "{}", seen.conclusion);
}

#[tokio::test]
async fn a_root_that_expired_is_refused_as_go_does_though_our_own_library_does_not_mind() {
    let token = token(&Served::start(|_| {}).await.generate("east").await);
    let seen = of(&OwnServer::new(50).serve(false, token.clone()).await, SHORT).await;
    assert!(seen.reach.unwrap().ways[0].tls.passed().is_some());
    let seen = of(&OwnServer::new(-1).serve(false, token).await, SHORT).await;
    assert_eq!(first(&seen), Some(("certificate-expired", true)), "{}", seen.conclusion);
}

#[tokio::test]
async fn manual_addresses_decide_and_the_others_are_not_dialed() {
    let west = Served::start(|_| {}).await;
    let mut token = token(&west.generate("east").await);
    token.manual_server_addresses = Some(vec![nobody().await.to_string()]);
    let seen = of(&token, PATIENCE).await;
    assert_eq!(first(&seen), Some(("address-loopback", true)));
    assert_eq!(seen.causes[1].name, "dial-refused");
    let ways = &seen.reach.unwrap().ways;
    assert_eq!(ways.iter().map(|way| way.dialed).collect::<Vec<_>>(), [true, false]);
    assert_eq!(ways[1].address, west.address.to_string());
}

#[tokio::test]
async fn superseded_and_deleted_tokens_are_told_as_far_as_probes_can() {
    let west = Served::start(|_| {}).await;
    let text = west.generate("east").await;
    assert_eq!(west.ask("DELETE", "/v1/peering/east", &Value::Null).await.0, 200);
    west.wait_for("east", 404).await;
    assert_eq!(first(&of(&token(&text), PATIENCE).await), Some(("token-orphaned", true)));
}

#[test]
fn an_error_alone_is_explained() {
    let said = "Error establishing peering for west: Unexpected response code: 403 (a new peering token must be generated: \
                invalid peering establishment secret)";
    let run = Peering::new(["diagnose", "-offline", "-error", said]).run().status(1);
    insta::assert_snapshot!("an_error_alone", run.stdout);
}

#[test]
fn a_damaged_token_is_told_with_consuls_word() {
    let run = Peering::new(["diagnose", "bm90IGEgdG9rZW4=", "-offline", "-short"]).run().status(1);
    insta::assert_snapshot!("a_damaged_token", run.stdout);
}

#[test]
fn the_token_and_the_error_cannot_both_come_from_standard_input() {
    let run = Peering::new(["diagnose", "-", "-error", "-"]).run().status(2);
    assert_eq!(
        run.stderr,
        "Error: the token and -error cannot both be read from standard input\n  Fix: give one of them as @FILE\n"
    );
}

#[test]
fn a_person_sees_how_far_it_is_and_a_script_does_not() {
    let home = tempfile::tempdir().unwrap();
    let dev = Dev::start(home.path(), &["-fault", "silent"]);
    let generate = Peering::new(["generate-token", "-name", "east", "-http-addr", &dev.url]);
    let token = generate.shows_secrets().run().status(0).stdout;
    crate::peering::guard(&token);
    let diagnose = || {
        Peering::new(["diagnose", "-", "-timeout", "600ms", "-ledger=off"])
            .stdin(token.clone())
            .env("TERM", "xterm")
    };
    let seen = diagnose().on_a_terminal().run().status(1);
    assert!(seen.stderr.contains("TLS …"), "{:?}", seen.stderr);
    let alone = diagnose().run().status(1);
    assert_eq!(alone.stderr, "");
    assert_eq!(alone.stdout.lines().last(), seen.stdout.lines().last());
}

#[test]
fn what_an_untrusted_server_showed_is_told() {
    let home = tempfile::tempdir().unwrap();
    let dev = Dev::start(home.path(), &["-fault", "load-balancer"]);
    let generate = Peering::new(["generate-token", "-name", "east", "-http-addr", &dev.url]);
    let token = generate.shows_secrets().run().status(0).stdout;
    crate::peering::guard(&token);
    let seen = Peering::new(["diagnose", "-", "-ledger=off"]).stdin(token).run().status(1);
    let (from, to) = (seen.stdout.find("✗ TLS").unwrap(), seen.stdout.find("– ALPN").unwrap());
    let mut settings = insta::Settings::clone_current();
    for (pattern, written) in [
        ("[0-9a-f]{64}", "[SHA-256]"),
        ("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "[CLUSTER]"),
        (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "[TIME]"),
        (r"\s+\(\d+ ms\)", ""),
        ("ca\\.[a-z0-9]+", "ca.[CLUSTER]"),
    ] {
        settings.add_filter(pattern, written);
    }
    settings.bind(|| insta::assert_snapshot!("a_certificate_of_a_load_balancer", &seen.stdout[from..to]));
}

#[test]
fn addresses_are_redacted_and_nothing_is_asked_offline() {
    let west = std::fs::read_to_string(fixture("tokens/three-servers.txt")).unwrap();
    let run = Peering::new(["diagnose", "-", "-offline", "-redact-addresses", "-format", "json"])
        .stdin(west.as_bytes())
        .run()
        .status(0);
    let diagnosis: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(diagnosis["reach"], Value::Null);
    assert_eq!(diagnosis["not_known"][0]["because"], "-offline was given");
    let given = token_json(&west);
    for address in given["ServerAddresses"].as_array().unwrap() {
        let (host, _) = address.as_str().unwrap().rsplit_once(':').unwrap();
        assert!(!run.stdout.contains(host), "{host}: {}", run.stdout);
    }
    assert!(run.stdout.contains("ADDRESS-1"), "{}", run.stdout);
}
