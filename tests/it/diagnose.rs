//! `diagnose` against embedded acceptors and broken servers, over real sockets.

use std::net::SocketAddr;
use std::time::Duration;

use consul_peering::acceptor::Follower;
use consul_peering::connectivity::{AddressTrace, Connectivity, StepResult};
use consul_peering::diagnosis::{CauseSource, Diagnosis, DiagnosisStatus, GivenToken, Inputs, diagnose};
use consul_peering::lint::{Reference, Severity};
use consul_peering::net::consul::{Client, Config, Options};
use consul_peering::net::gather::diagnosis::{Request, Sources, gather};
use consul_peering::net::probe::{ConnectionBudget, ProbeTarget, Progress, trace_all};
use consul_peering::observed::Observed;
use consul_peering::staleness::evidence::Evidence;
use consul_peering::staleness::{Verdict, assess};
use consul_peering::token::Token;
use jiff::Timestamp;
use ring::rand::SystemRandom;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::own_server::OwnServer;
use crate::peering::{Dev, Peering, fixture, token_json};
use crate::probe::timed_out;
use crate::served::{Served, TIMEOUT, token};

/// Diagnoses a token of which every server answers.
pub async fn of(token: &Token) -> Diagnosis {
    of_traced(token, without_durations(trace(token, TIMEOUT).await))
}

/// Diagnoses a token with servers that never answer. The timeout doubles until every other server has answered, so a busy
/// machine changes nothing.
pub async fn of_silent(token: &Token, silent: &[SocketAddr]) -> Diagnosis {
    let is_silent = |trace: &AddressTrace| silent.iter().any(|it| it.to_string() == trace.address);
    let mut timeout = Duration::from_millis(500);
    loop {
        let connectivity = trace(token, timeout).await;
        if connectivity.addresses.iter().all(|trace| is_silent(trace) || !timed_out(trace)) {
            return of_traced(token, without_durations(connectivity));
        }
        timeout *= 2;
    }
}

pub async fn trace(token: &Token, timeout: Duration) -> Connectivity {
    let random = SystemRandom::new();
    let traced = trace_all(
        &ProbeTarget::from(token),
        timeout,
        &random,
        &ConnectionBudget::default(),
        &Progress::none(),
    )
    .await;
    Connectivity { observed_from: "this-host".to_owned(), ..traced }
}

pub fn of_traced(token: &Token, connectivity: Connectivity) -> Diagnosis {
    let (peering_exists, unused_secret) = connectivity.answers(None);
    let staleness =
        assess("token", token, &Evidence { peering_exists, unused_secret, ..Evidence::default() });
    diagnose(Inputs {
        name: Some("west"),
        token: Some(token),
        connectivity: Observed::Value(connectivity),
        staleness: Some(staleness),
        ..Inputs::new(Timestamp::UNIX_EPOCH, None, Reference::default())
    })
}

/// Sets the duration of each step to zero: on a busy machine, it would be a cause of its own.
fn without_durations(mut connectivity: Connectivity) -> Connectivity {
    fn reset<T, F>(step: &mut StepResult<T, F>) {
        if let StepResult::Ok { elapsed, .. } | StepResult::Failed { elapsed, .. } = step {
            *elapsed = Duration::ZERO;
        }
    }
    for trace in &mut connectivity.addresses {
        reset(&mut trace.tls);
        reset(&mut trace.grpc);
        reset(&mut trace.peering_exists);
    }
    connectivity
}

/// Returns the name of the first cause, and whether the peering is blocked.
pub fn first(diagnosis: &Diagnosis) -> Option<(&'static str, bool)> {
    Some((diagnosis.causes.first()?.name, diagnosis.status == DiagnosisStatus::Blocked))
}

pub fn at(mut token: Token, addresses: &[SocketAddr]) -> Token {
    token.server_addresses = Some(addresses.iter().map(ToString::to_string).collect());
    token
}

/// Returns an address at which nothing listens.
pub async fn closed() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap()
}

/// Starts a server that reads once and sends these bytes, or nothing.
async fn server(answer: Option<&'static [u8]>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut buffer = [0; 4096];
                let _ = stream.read(&mut buffer).await;
                if let Some(answer) = answer {
                    let _ = stream.write_all(answer).await;
                    return;
                }
                while stream.read(&mut buffer).await.is_ok_and(|count| count > 0) {}
            });
        }
    });
    address
}

#[tokio::test]
async fn a_good_token_has_no_cause_and_can_be_used_after_any_number_of_diagnoses() {
    let (west, east) = (Served::start(|_| {}).await, Served::start(|_| {}).await);
    let text = west.generate("east").await;
    for _ in 0..10 {
        let diagnosis = of(&token(&text)).await;
        assert_eq!((diagnosis.status, &diagnosis.causes), (DiagnosisStatus::Ok, &Vec::new()));
        assert_eq!(
            diagnosis.conclusion,
            "Found nothing from this-host that prevents this token from working. The dialing servers may get other \
             results: run this command on one of them."
        );
    }
    assert_eq!(west.read("east").await["State"], "PENDING");
    assert_eq!(east.establish("west", &text).await, (200, "{}".to_owned()));
    west.wait_for("east", "ACTIVE").await;
    assert_eq!(first(&of(&token(&text)).await), Some(("token-spent", true)));
}

#[tokio::test]
async fn each_broken_server_is_its_own_cause() {
    let west = Served::start(|_| {}).await;
    let good = token(&west.generate("east").await);
    let other = Served::start(|_| {}).await;
    let plaintext = Served::start(|settings| settings.grpc_tls = false).await;
    let no_alpn = west.beside(|settings| settings.grpc_alpn = false).await;
    let follower = west.beside(|settings| settings.follower = Some(Follower::default())).await;
    let without_ca = Token { ca: None, ..good.clone() };
    let bad_request = b"HTTP/1.1 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n";
    let http = server(Some(bad_request)).await;
    let silent = server(None).await;
    let table: Vec<(&str, Token, Vec<SocketAddr>)> = vec![
        // A loopback address leads to the dialing host itself.
        ("address-loopback", good.clone(), vec![closed().await]),
        ("not-a-tls-port", good.clone(), vec![http]),
        ("not-a-tls-port", good.clone(), vec![plaintext.address]),
        ("handshake-cut-off", good.clone(), vec![server(Some(b"")).await]),
        ("server-silent", good.clone(), vec![silent]),
        ("certificate-of-another-cluster", good.clone(), vec![other.address]),
        ("alpn-missing", good.clone(), vec![no_alpn.address]),
        ("tls-port-dialed-in-plain", without_ca, vec![west.address]),
        ("peer-is-follower", good.clone(), vec![follower.address]),
        ("unresponsive-address-first", good.clone(), vec![silent, west.address]),
    ];
    for (expected, token, addresses) in table {
        let diagnosis = of_silent(&at(token, &addresses), &[silent]).await;
        assert_eq!(first(&diagnosis), Some((expected, true)), "{}", diagnosis.conclusion);
    }
    for addresses in [[west.address, closed().await], [follower.address, west.address]] {
        let diagnosis = of(&at(good.clone(), &addresses)).await;
        assert!(!diagnosis.fails(Severity::Error), "{:?}", diagnosis.causes);
    }
}

#[tokio::test]
async fn an_alert_after_the_handshake_is_a_fault_of_the_handshake() {
    let token = token(&Served::start(|_| {}).await.generate("east").await);
    let token = OwnServer::new(50).serve(true, token).await;
    let diagnosis = of(&token).await;
    assert_eq!(first(&diagnosis), Some(("client-certificate-demanded", true)), "{}", diagnosis.conclusion);
}

#[tokio::test]
async fn an_expired_root_is_not_trusted_because_go_does_not_trust_it() {
    let token = token(&Served::start(|_| {}).await.generate("east").await);
    let diagnosis = of(&OwnServer::new(50).serve(false, token.clone()).await).await;
    assert!(diagnosis.connectivity.unwrap().addresses[0].tls.value().is_some());
    let diagnosis = of(&OwnServer::new(-1).serve(false, token).await).await;
    assert_eq!(first(&diagnosis), Some(("certificate-expired", true)), "{}", diagnosis.conclusion);
}

#[tokio::test]
async fn server_addresses_are_not_dialed_if_there_are_manual_addresses() {
    let west = Served::start(|_| {}).await;
    let mut token = token(&west.generate("east").await);
    token.manual_server_addresses = Some(vec![closed().await.to_string()]);
    let diagnosis = of(&token).await;
    assert_eq!(first(&diagnosis), Some(("address-loopback", true)));
    assert_eq!(diagnosis.causes[1].name, "dial-refused");
    let addresses = &diagnosis.connectivity.unwrap().addresses;
    assert_eq!(addresses.iter().map(|trace| trace.dialed).collect::<Vec<_>>(), [true, false]);
    assert_eq!(addresses[1].address, west.address.to_string());
}

#[tokio::test]
async fn a_token_of_a_deleted_peering_is_orphaned() {
    let west = Served::start(|_| {}).await;
    let text = west.generate("east").await;
    assert_eq!(west.ask("DELETE", "/v1/peering/east", &Value::Null).await.0, 200);
    west.wait_for("east", 404).await;
    assert_eq!(first(&of(&token(&text)).await), Some(("token-orphaned", true)));
}

#[test]
fn an_error_alone_is_explained() {
    let message = "Error establishing peering for west: Unexpected response code: 403 (a new peering token must be generated: \
                invalid peering establishment secret)";
    let run = Peering::new().args(["diagnose", "-offline", "-error", message]).run().status(1);
    insta::assert_snapshot!("an_error_alone", run.stdout);
}

#[test]
fn a_damaged_token_is_explained_with_consuls_error() {
    let run = Peering::new().args(["diagnose", "bm90IGEgdG9rZW4=", "-offline", "-short"]).run().status(1);
    insta::assert_snapshot!("a_damaged_token", run.stdout);
}

#[test]
fn the_token_and_the_error_cannot_both_come_from_standard_input() {
    let run = Peering::new().args(["diagnose", "-", "-error", "-"]).run().status(2);
    assert_eq!(
        run.stderr,
        "Error: the token and -error cannot both be read from standard input\n  Fix: give one of them as a file\n"
    );
}

#[test]
fn progress_is_shown_only_on_a_terminal() {
    let home = tempfile::tempdir().unwrap();
    let dev = Dev::start(home.path(), &["-fault", "silent"]);
    let generate = Peering::new().args(["generate-token", "-name", "east", "-http-addr", &dev.url]);
    let token = generate.shows_secrets().run().status(0).stdout;
    crate::peering::guard(&token);
    let diagnose = || {
        Peering::new()
            .args(["diagnose", "-", "-timeout", "600ms", "-ledger=off"])
            .stdin(token.clone())
            .env("TERM", "xterm")
    };
    let on_terminal = diagnose().on_terminal().run().status(1);
    assert!(on_terminal.stderr.contains("TLS …"), "{:?}", on_terminal.stderr);
    let piped = diagnose().run().status(1);
    assert_eq!(piped.stderr, "");
    assert_eq!(piped.stdout.lines().last(), on_terminal.stdout.lines().last());
}

#[test]
fn the_certificate_of_an_untrusted_server_is_shown() {
    let home = tempfile::tempdir().unwrap();
    let dev = Dev::start(home.path(), &["-fault", "load-balancer"]);
    let generate = Peering::new().args(["generate-token", "-name", "east", "-http-addr", &dev.url]);
    let token = generate.shows_secrets().run().status(0).stdout;
    crate::peering::guard(&token);
    let run = Peering::new().args(["diagnose", "-", "-ledger=off", "-long"]).stdin(token).run().status(1);
    let (from, to) = (run.stdout.find("✗ TLS").unwrap(), run.stdout.find("– ALPN").unwrap());
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
    settings.bind(|| insta::assert_snapshot!("a_certificate_of_a_load_balancer", &run.stdout[from..to]));
}

#[test]
fn addresses_are_redacted_and_nothing_is_connected_offline() {
    let west = std::fs::read_to_string(fixture("tokens/three-servers.txt")).unwrap();
    let run = Peering::new()
        .args(["diagnose", "-", "-offline", "-redact-addresses", "-format", "json"])
        .stdin(west.as_bytes())
        .run()
        .status(0);
    let diagnosis: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(diagnosis["connectivity"], Value::Null);
    assert_eq!(diagnosis["not_checked"][0]["source"], "connectivity");
    assert_eq!(diagnosis["not_checked"][0]["reason"], "-offline was given");
    assert_eq!(diagnosis["status"], "warning");
    let given = token_json(&west);
    for address in given["ServerAddresses"].as_array().unwrap() {
        let (host, _) = address.as_str().unwrap().rsplit_once(':').unwrap();
        assert!(!run.stdout.contains(host), "{host}: {}", run.stdout);
    }
    assert!(run.stdout.contains("ADDRESS-1"), "{}", run.stdout);
}

#[tokio::test]
async fn the_library_gathers_the_inputs_of_a_diagnosis() {
    let west = Served::start(|_| {}).await;
    let given = GivenToken::new(west.generate("east").await.into_bytes().into());
    let nothing_listens = closed().await;
    let variables = |name: &str| (name == "CONSUL_HTTP_ADDR").then(|| nothing_listens.to_string());
    let config = Config::resolve(&Options::default(), variables).unwrap();
    let client = Client::over_network(config).unwrap();
    let sources =
        Sources { timeout: TIMEOUT, ..Sources::new(Some(&client), || Timestamp::UNIX_EPOCH, "this-host") };
    let inputs = gather(&sources, Request { token: Some(&given), ..Request::default() }).await;
    let connectivity = inputs.connectivity.value().unwrap();
    assert_eq!(connectivity.observed_from, "this-host");
    assert_eq!(connectivity.observed_at, Some(Timestamp::UNIX_EPOCH));
    assert!(connectivity.addresses[0].reports_peering());
    let diagnosis = diagnose(inputs);
    assert!(diagnosis.consul.unwrap().accepted);
    assert_eq!(diagnosis.staleness.unwrap().verdict, Verdict::Undetermined);
    assert_eq!(diagnosis.not_checked[0].source, CauseSource::Dialer);
}
