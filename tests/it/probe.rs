//! The two questions to an acceptor, against embedded acceptors and broken servers, over real sockets.

use std::time::Duration;

use consul_peering::acceptor::Follower;
use consul_peering::connectivity::probe_answer::{Answer, Code};
use consul_peering::connectivity::{AddressTrace, Connectivity, GrpcFault, TcpFailure, TlsFault};
use consul_peering::net::probe::ProbeTarget;
use consul_peering::observed::Observed;
use consul_peering::token::{Remote, Token};
use serde_json::Value;
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;
use tokio::time::Instant;

use crate::served::{Served, ask_about, ask_within, token};

/// Returns the code and message of an answer, or why there is none.
fn text(answer: Observed<Answer>) -> (String, String) {
    match answer {
        Observed::Value(answer) => (answer.code.name(), answer.message),
        Observed::Failed(reason) => ("failed".to_owned(), reason),
        Observed::NotChecked(reason) => ("not checked".to_owned(), reason),
    }
}

fn both(connectivity: &Connectivity) -> [(String, String); 2] {
    let (peering_exists, unused_secret) = connectivity.answers(None);
    [text(peering_exists), text(unused_secret)]
}

fn is(connectivity: &Connectivity, expected: [(&str, &str); 2]) {
    let expected = expected.map(|(code, message)| (code.to_owned(), message.to_owned()));
    assert_eq!(both(connectivity), expected, "{connectivity:?}");
}

fn tls_fault(connectivity: &Connectivity) -> &TlsFault {
    connectivity.addresses[0].tls.fault().unwrap_or_else(|| panic!("{connectivity:?}"))
}

fn go_message(connectivity: &Connectivity) -> &str {
    match tls_fault(connectivity) {
        TlsFault::Untrusted { go_message, .. } => go_message,
        other => panic!("{other:?}"),
    }
}

/// Whether a step at an address ran into the timeout.
pub fn timed_out(trace: &AddressTrace) -> bool {
    let tcp = trace.tcp.fault().is_some_and(|fault| *fault.reason() == TcpFailure::TimedOut);
    let grpc = |fault: Option<&GrpcFault>| matches!(fault, Some(GrpcFault::TimedOut));
    tcp || matches!(trace.tls.fault(), Some(TlsFault::TimedOut))
        || grpc(trace.grpc.fault())
        || grpc(trace.unused_secret.fault())
}

const EXISTS: (&str, &str) = ("PermissionDenied", "invalid peering stream secret");
const UNUSED: (&str, &str) = ("PermissionDenied", "invalid peering establishment secret");
const SPENT: (&str, &str) = (
    "Internal",
    "failed to persist peering secret: failed to write peering secret: \
     invalid establishment secret: peering was already established",
);
const NOT_REPORTED: (&str, &str) = ("not checked", "no server reported that the peering exists");

#[tokio::test]
async fn a_token_can_be_used_after_any_number_of_probes() {
    let (west, east) = (Served::start(|_| {}).await, Served::start(|_| {}).await);
    let text = west.generate("east").await;
    for _ in 0..20 {
        is(&ask_about(&token(&text)).await, [EXISTS, UNUSED]);
    }
    assert_eq!(west.read("east").await["State"], "PENDING");
    assert_eq!(east.establish("west", &text).await, (200, "{}".to_owned()));
    west.wait_for("east", "ACTIVE").await;
    for _ in 0..3 {
        is(&ask_about(&token(&text)).await, [EXISTS, SPENT]);
    }
    assert_eq!(west.read("east").await["State"], "ACTIVE");
    let newer = west.generate("east").await;
    is(&ask_about(&token(&newer)).await, [EXISTS, UNUSED]);
    assert_eq!(east.establish("west", &newer).await.0, 200);
}

#[tokio::test]
async fn a_deleted_peering_and_an_invented_one_are_unknown() {
    let west = Served::start(|_| {}).await;
    let text = west.generate("east").await;
    west.ask("DELETE", "/v1/peering/east", &Value::Null).await;
    let mut deleted = token(&text);
    let connectivity = ask_about(&deleted).await;
    let message = format!("initial subscription for unknown PeerID: {}", deleted.peer_id);
    is(&connectivity, [("InvalidArgument", &message), NOT_REPORTED]);
    let [trace] = &connectivity.addresses[..] else { panic!("{connectivity:?}") };
    assert_eq!(trace.alpn.value().unwrap(), "h2");
    assert_eq!(trace.tcp.value().unwrap().remote_address, west.address);
    deleted.peer_id = "11111111-2222-3333-4444-555555555555".into();
    assert_eq!(both(&ask_about(&deleted).await)[0].0, "InvalidArgument");
}

#[tokio::test]
async fn a_token_without_a_peer_id_is_not_asked_about() {
    let west = Served::start(|_| {}).await;
    let token = Token { peer_id: String::new(), ..token(&west.generate("east").await) };
    let connectivity = ask_about(&token).await;
    is(&connectivity, [("not checked", "the token has no peer ID"), NOT_REPORTED]);
    assert_eq!(connectivity.addresses[0].dns.elapsed(), None);
}

#[tokio::test]
async fn tokens_of_a_peering_that_the_dialer_deleted_can_never_be_used() {
    let (west, east) = (Served::start(|_| {}).await, Served::start(|_| {}).await);
    let text = west.generate("east").await;
    assert_eq!(east.establish("west", &text).await.0, 200);
    west.wait_for("east", "ACTIVE").await;
    east.ask("DELETE", "/v1/peering/west", &Value::Null).await;
    west.wait_for("east", "TERMINATED").await;
    let unusable = west.generate("east").await;
    let id = token(&unusable).peer_id;
    let message = format!("peering is marked as deleted: {id}");
    for text in [&text, &unusable] {
        is(&ask_about(&token(text)).await, [("Aborted", &message), NOT_REPORTED]);
    }
    let refused = "a new peering token must be generated: invalid peering establishment secret";
    assert_eq!(east.establish("west", &unusable).await, (403, refused.to_owned()));
    assert_eq!(west.read("east").await["State"], "TERMINATED");
}

#[tokio::test]
async fn unused_secret_is_never_asked_about_a_token_of_consul_1_13() {
    let west = Served::start(|_| {}).await;
    let old = Token { remote: None, ..token(&west.generate("east").await) };
    let connectivity = ask_about(&old).await;
    let [peering_exists, unused_secret] = both(&connectivity);
    assert_eq!(peering_exists.1, EXISTS.1);
    assert!(unused_secret.0 == "not checked" && unused_secret.1.contains("Consul 1.13"), "{unused_secret:?}");
    assert_eq!(connectivity.addresses[0].unused_secret.elapsed(), None);
    let new = Token { remote: Some(Remote::default()), ..old };
    is(&ask_about(&new).await, [EXISTS, UNUSED]);
}

#[tokio::test]
async fn after_a_follower_the_next_address_is_asked() {
    let leader = Served::start(|_| {}).await;
    let follower = leader
        .beside(|settings| settings.follower = Some(Follower { leader: Some("10.0.0.1:8502".into()) }))
        .await;
    let mut token = token(&leader.generate("east").await);
    token.server_addresses = Some(vec![follower.address.to_string(), leader.address.to_string()]);
    let connectivity = ask_about(&token).await;
    is(&connectivity, [EXISTS, UNUSED]);
    let status = connectivity.addresses[0].peering_exists.value().unwrap();
    assert_eq!(
        (status.code.as_str(), status.message.as_str(), status.leader.as_deref()),
        ("FailedPrecondition", "cannot establish a peering stream on a follower node", Some("10.0.0.1:8502"))
    );
    // Followers alone leave the question open.
    token.server_addresses = Some(vec![follower.address.to_string()]);
    let connectivity = ask_about(&token).await;
    let (peering_exists, _) = connectivity.answers(None);
    assert_eq!(peering_exists.value().unwrap().code, Code::FailedPrecondition);
    assert_eq!(both(&connectivity)[1].1, NOT_REPORTED.1);
}

#[tokio::test]
async fn nothing_is_asked_at_a_server_with_another_ca_or_another_name() {
    let (west, other) = (Served::start(|_| {}).await, Served::start(|_| {}).await);
    let mut token = token(&west.generate("east").await);
    token.server_addresses = Some(vec![other.address.to_string()]);
    let connectivity = ask_about(&token).await;
    let [peering_exists, unused_secret] = both(&connectivity);
    assert_eq!((peering_exists.0.as_str(), unused_secret.1.as_str()), ("failed", NOT_REPORTED.1));
    // Go checks the name before the CA.
    assert!(go_message(&connectivity).contains("x509: certificate is valid for server.dc1."));
    token.server_name = crate::served::token(&other.generate("east").await).server_name;
    let connectivity = ask_about(&token).await;
    assert!(go_message(&connectivity).starts_with("x509: certificate signed by unknown authority"));
    token.server_addresses = Some(vec![west.address.to_string()]);
    token.server_name = "server.dc9.peering.elsewhere.consul".into();
    let connectivity = ask_about(&token).await;
    assert!(go_message(&connectivity).ends_with(", not server.dc9.peering.elsewhere.consul"));
}

#[tokio::test]
async fn plaintext_is_used_only_for_tokens_without_a_ca() {
    let west = Served::start(|_| {}).await;
    let plain = west.beside(|settings| settings.grpc_tls = false).await;
    let mut token = token(&west.generate("east").await);
    token.server_addresses = Some(vec![plain.address.to_string()]);
    assert!(matches!(tls_fault(&ask_about(&token).await), TlsFault::NotTls { .. }));
    token.ca = None;
    let connectivity = ask_about(&token).await;
    is(&connectivity, [EXISTS, UNUSED]);
    assert_eq!(connectivity.addresses[0].tls.elapsed(), None);
    token.server_addresses = Some(vec![west.address.to_string()]);
    let connectivity = ask_about(&token).await;
    assert!(connectivity.addresses[0].grpc.fault().is_some(), "{connectivity:?}");
}

#[tokio::test]
async fn a_server_without_alpn_is_asked_too() {
    let west = Served::start(|settings| settings.grpc_alpn = false).await;
    let connectivity = ask_about(&token(&west.generate("east").await)).await;
    is(&connectivity, [EXISTS, UNUSED]);
    assert_eq!(connectivity.addresses[0].alpn.fault().unwrap().selected, None);
}

#[tokio::test]
async fn a_step_takes_at_most_the_timeout() {
    let west = Served::start(|_| {}).await;
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut token = token(&west.generate("east").await);
    token.server_addresses = Some(vec![silent.local_addr().unwrap().to_string()]);
    let timeout = Duration::from_mins(5);
    // From here on, time passes only if nothing else can happen.
    tokio::time::pause();
    for ca in [token.ca.clone(), None] {
        token.ca = ca;
        let started = Instant::now();
        let connectivity = ask_within(&token, timeout).await;
        assert!(timed_out(&connectivity.addresses[0]), "{connectivity:?}");
        let elapsed = started.elapsed();
        assert!((timeout..timeout + Duration::from_secs(1)).contains(&elapsed), "{elapsed:?}");
    }
}

#[tokio::test]
async fn after_a_silent_server_the_next_address_is_asked() {
    let west = Served::start(|_| {}).await;
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut token = token(&west.generate("east").await);
    token.server_addresses = Some(vec![silent.local_addr().unwrap().to_string(), west.address.to_string()]);
    let mut timeout = Duration::from_millis(300);
    // On a busy machine, the good server needs longer.
    let connectivity = loop {
        let traced = ask_within(&token, timeout).await;
        if !timed_out(&traced.addresses[1]) {
            break traced;
        }
        timeout *= 2;
    };
    assert_eq!(*tls_fault(&connectivity), TlsFault::TimedOut);
    is(&connectivity, [EXISTS, UNUSED]);
}

#[tokio::test]
async fn the_reason_names_each_unreachable_address() {
    let west = Served::start(|_| {}).await;
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let mut token = token(&west.generate("east").await);
    token.server_addresses = Some(vec!["no-port".into(), closed.to_string()]);
    let reason =
        format!("no-port: no-port is not a valid peering server address; {closed}: connection refused");
    is(&ask_about(&token).await, [("failed", &reason), NOT_REPORTED]);
    token.server_addresses = Some(Vec::new());
    is(&ask_about(&token).await, [("failed", "the token has no address"), NOT_REPORTED]);
}

#[tokio::test]
async fn probes_never_send_the_tokens_secret() {
    let west = Served::start(|_| {}).await;
    let eavesdropper = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut token = token(&west.generate("east").await);
    token.ca = None;
    token.server_addresses = Some(vec![eavesdropper.local_addr().unwrap().to_string()]);
    let peer_id = token.peer_id.clone();
    let received = tokio::spawn(async move {
        let (mut stream, _) = eavesdropper.accept().await.unwrap();
        let mut received = Vec::new();
        while !String::from_utf8_lossy(&received).contains(&peer_id) {
            assert_ne!(stream.read_buf(&mut received).await.unwrap(), 0);
        }
        received
    });
    let target = ProbeTarget::from(&token);
    ask_about(&token).await;
    let received = String::from_utf8_lossy(&received.await.unwrap()).into_owned();
    let secret = token.establishment_secret.expose();
    assert!(!received.contains(secret) && !format!("{target:?}").contains(secret));
}
