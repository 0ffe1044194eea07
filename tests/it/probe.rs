//! The probes against the embedded acceptor and broken servers, over real sockets.

use std::time::Duration;

use consul_peering::acceptor::Follower;
use consul_peering::net::peerstream::{Alpn, Step};
use consul_peering::net::probe::{Asked, Outcome, ProbeTarget, Probed, probe};
use consul_peering::token::{Remote, Token};
use serde_json::Value;
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;

use crate::served::{Served, ask_about, token};

/// Code and message of an answer, or why there is none.
fn said(asked: &Asked) -> (&str, &str) {
    match asked {
        Asked::Answered(answer) => (&answer.code, &answer.message),
        Asked::Unanswered => ("unanswered", ""),
        Asked::NotAsked(reason) => ("not asked", reason),
    }
}

fn both(seen: &Probed) -> [(&str, &str); 2] {
    [said(&seen.peering_exists), said(&seen.unused_secret)]
}

/// The step that failed at the first address, and why.
fn failure(seen: &Probed) -> (Step, &str, bool) {
    match &seen.attempts[0].outcome {
        Outcome::Failed(error) => (error.step, &error.reason, error.timed_out),
        Outcome::Answered(answer) => panic!("{answer:?}"),
    }
}

const EXISTS: (&str, &str) = ("PermissionDenied", "invalid peering stream secret");
const UNUSED: (&str, &str) = ("PermissionDenied", "invalid peering establishment secret");
const SPENT: (&str, &str) = (
    "Internal",
    "failed to persist peering secret: failed to write peering secret: \
     invalid establishment secret: peering was already established",
);
const NOT_SAID: (&str, &str) = ("not asked", "the acceptor did not say that the peering exists");
const NOBODY: (&str, &str) = ("not asked", "no address of the token answered");

#[tokio::test]
async fn after_any_number_of_probes_the_token_still_establishes() {
    let (west, east) = (Served::start(|_| {}).await, Served::start(|_| {}).await);
    let text = west.generate("east").await;
    for _ in 0..20 {
        assert_eq!(both(&ask_about(&token(&text)).await), [EXISTS, UNUSED]);
    }
    assert_eq!(west.read("east").await["State"], "PENDING");
    assert_eq!(east.establish("west", &text).await, (200, "{}".to_owned()));
    west.wait_for("east", "ACTIVE").await;
    for _ in 0..3 {
        assert_eq!(both(&ask_about(&token(&text)).await), [EXISTS, SPENT]);
    }
    assert_eq!(west.read("east").await["State"], "ACTIVE");
    let newer = west.generate("east").await;
    assert_eq!(both(&ask_about(&token(&newer)).await), [EXISTS, UNUSED]);
    assert_eq!(east.establish("west", &newer).await.0, 200);
}

#[tokio::test]
async fn a_peering_that_was_deleted_or_never_was_is_unknown() {
    let west = Served::start(|_| {}).await;
    let text = west.generate("east").await;
    west.ask("DELETE", "/v1/peering/east", &Value::Null).await;
    let mut gone = token(&text);
    let seen = ask_about(&gone).await;
    let message = format!("initial subscription for unknown PeerID: {}", gone.peer_id);
    assert_eq!(both(&seen), [("InvalidArgument", message.as_str()), NOT_SAID]);
    assert_eq!(seen.attempts.len(), 1);
    assert_eq!(seen.attempts[0].alpn, Some(Alpn::H2));
    assert_eq!(seen.attempts[0].remote, Some(west.address));
    gone.peer_id = "11111111-2222-3333-4444-555555555555".into();
    assert_eq!(said(&ask_about(&gone).await.peering_exists).0, "InvalidArgument");
    gone.peer_id = String::new();
    let seen = ask_about(&gone).await;
    assert_eq!(both(&seen), [("not asked", "the token has no peer ID"); 2]);
    assert!(seen.attempts.is_empty());
}

#[tokio::test]
async fn the_tokens_of_a_peering_that_the_dialer_deleted_are_stillborn() {
    let (west, east) = (Served::start(|_| {}).await, Served::start(|_| {}).await);
    let text = west.generate("east").await;
    assert_eq!(east.establish("west", &text).await.0, 200);
    west.wait_for("east", "ACTIVE").await;
    east.ask("DELETE", "/v1/peering/west", &Value::Null).await;
    west.wait_for("east", "TERMINATED").await;
    let stillborn = west.generate("east").await;
    let id = token(&stillborn).peer_id;
    let message = format!("peering is marked as deleted: {id}");
    for text in [&text, &stillborn] {
        assert_eq!(both(&ask_about(&token(text)).await), [("Aborted", message.as_str()), NOT_SAID]);
    }
    let refused = "a new peering token must be generated: invalid peering establishment secret";
    assert_eq!(east.establish("west", &stillborn).await, (403, refused.to_owned()));
    assert_eq!(west.read("east").await["State"], "TERMINATED");
}

#[tokio::test]
async fn a_token_of_consul_1_13_is_never_asked_about_its_secret() {
    let west = Served::start(|_| {}).await;
    let old = Token { remote: None, ..token(&west.generate("east").await) };
    let seen = ask_about(&old).await;
    assert_eq!(said(&seen.peering_exists), EXISTS);
    assert!(said(&seen.unused_secret).1.contains("Consul 1.13"), "{seen:?}");
    assert_eq!(seen.attempts.len(), 1);
    let new = Token { remote: Some(Remote::default()), ..old };
    assert_eq!(said(&ask_about(&new).await.unused_secret), UNUSED);
}

#[tokio::test]
async fn a_follower_sends_probe_a_on_to_the_next_address() {
    let leader = Served::start(|_| {}).await;
    let follower = leader
        .beside(|settings| settings.follower = Some(Follower { leader: Some("10.0.0.1:8502".into()) }))
        .await;
    let mut asked = token(&leader.generate("east").await);
    asked.server_addresses = Some(vec![follower.address.to_string(), leader.address.to_string()]);
    let seen = ask_about(&asked).await;
    assert_eq!(both(&seen), [EXISTS, UNUSED]);
    let Outcome::Answered(first) = &seen.attempts[0].outcome else { panic!("{seen:?}") };
    assert_eq!(
        (first.code.as_str(), first.message.as_str(), first.leader.as_deref()),
        ("FailedPrecondition", "cannot establish a peering stream on a follower node", Some("10.0.0.1:8502"))
    );
    assert_eq!(seen.attempts.len(), 3);
    // Followers alone leave the question open.
    asked.server_addresses = Some(vec![follower.address.to_string()]);
    let seen = ask_about(&asked).await;
    assert_eq!(said(&seen.peering_exists).0, "FailedPrecondition");
    assert_eq!(said(&seen.unused_secret), NOT_SAID);
}

#[tokio::test]
async fn a_server_with_another_ca_or_another_name_is_not_spoken_to() {
    let (west, other) = (Served::start(|_| {}).await, Served::start(|_| {}).await);
    let mut asked = token(&west.generate("east").await);
    asked.server_addresses = Some(vec![other.address.to_string()]);
    let seen = ask_about(&asked).await;
    assert_eq!(both(&seen), [("unanswered", ""), NOBODY]);
    // Go looks at the name before it looks for the CA.
    assert_eq!(failure(&seen).0, Step::Tls);
    assert!(failure(&seen).1.contains("x509: certificate is valid for server.dc1."), "{seen:?}");
    asked.server_name = token(&other.generate("east").await).server_name;
    let seen = ask_about(&asked).await;
    let unknown = "tls: failed to verify certificate: x509: certificate signed by unknown authority";
    assert!(failure(&seen).1.starts_with(unknown), "{seen:?}");
    asked.server_addresses = Some(vec![west.address.to_string()]);
    asked.server_name = "server.dc9.peering.elsewhere.consul".into();
    let seen = ask_about(&asked).await;
    let wrong = ", not server.dc9.peering.elsewhere.consul";
    assert!(failure(&seen).1.ends_with(wrong), "{seen:?}");
}

#[tokio::test]
async fn plaintext_is_spoken_where_the_token_has_no_ca_and_nowhere_else() {
    let west = Served::start(|_| {}).await;
    let plain = west.beside(|settings| settings.grpc_tls = false).await;
    let mut asked = token(&west.generate("east").await);
    asked.server_addresses = Some(vec![plain.address.to_string()]);
    let seen = ask_about(&asked).await;
    assert_eq!(failure(&seen).0, Step::Tls);
    asked.ca = None;
    let seen = ask_about(&asked).await;
    assert_eq!(both(&seen), [EXISTS, UNUSED]);
    assert_eq!(seen.attempts[0].alpn, Some(Alpn::Plaintext));
    asked.server_addresses = Some(vec![west.address.to_string()]);
    let seen = ask_about(&asked).await;
    assert_eq!((said(&seen.peering_exists).0, failure(&seen).0), ("unanswered", Step::Grpc));
}

#[tokio::test]
async fn a_server_that_selects_no_protocol_answers_all_the_same() {
    let west = Served::start(|settings| settings.grpc_alpn = false).await;
    let seen = ask_about(&token(&west.generate("east").await)).await;
    assert_eq!(both(&seen), [EXISTS, UNUSED]);
    assert_eq!(seen.attempts[0].alpn, Some(Alpn::None));
}

#[tokio::test]
async fn a_silent_server_is_waited_for_no_longer_than_a_step_may_take() {
    let west = Served::start(|_| {}).await;
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut asked = token(&west.generate("east").await);
    asked.server_addresses = Some(vec![silent.local_addr().unwrap().to_string(), west.address.to_string()]);
    let target = ProbeTarget::from(&asked);
    let random = ring::rand::SystemRandom::new();
    let patience = Duration::from_millis(300);
    let seen = probe(&target, patience, &random).await;
    assert_eq!(failure(&seen), (Step::Tls, "no answer within 300ms", true));
    assert!(seen.attempts[0].elapsed < patience * 3, "{seen:?}");
    assert_eq!(said(&seen.peering_exists), EXISTS);
    // In plaintext it is the call that is not answered.
    asked.ca = None;
    let seen = probe(&ProbeTarget::from(&asked), patience, &random).await;
    assert_eq!(failure(&seen), (Step::Grpc, "no answer within 300ms", true));
}

#[tokio::test]
async fn what_cannot_be_reached_is_told_address_by_address() {
    let west = Served::start(|_| {}).await;
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let mut asked = token(&west.generate("east").await);
    asked.server_addresses = Some(vec!["no-port".into(), closed.to_string(), "nosuch.invalid:8503".into()]);
    let seen = ask_about(&asked).await;
    let steps: Vec<Step> = seen
        .attempts
        .iter()
        .map(|attempt| match &attempt.outcome {
            Outcome::Failed(error) => error.step,
            Outcome::Answered(answer) => panic!("{answer:?}"),
        })
        .collect();
    assert_eq!(steps, [Step::Address, Step::Tcp, Step::Dns]);
    assert_eq!(both(&seen), [("unanswered", ""), NOBODY]);
    asked.server_addresses = Some(Vec::new());
    assert_eq!(both(&ask_about(&asked).await), [("unanswered", ""), NOBODY]);
}

#[tokio::test]
async fn nothing_that_is_sent_holds_the_tokens_secret() {
    let west = Served::start(|_| {}).await;
    let eavesdropper = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut asked = token(&west.generate("east").await);
    asked.ca = None;
    asked.server_addresses = Some(vec![eavesdropper.local_addr().unwrap().to_string()]);
    let heard = tokio::spawn(async move {
        let (mut stream, _) = eavesdropper.accept().await.unwrap();
        let mut heard = Vec::new();
        let _ = stream.read_to_end(&mut heard).await;
        heard
    });
    let target = ProbeTarget::from(&asked);
    probe(&target, Duration::from_millis(300), &ring::rand::SystemRandom::new()).await;
    let heard = String::from_utf8_lossy(&heard.await.unwrap()).into_owned();
    assert!(heard.contains(&asked.peer_id));
    assert!(!heard.contains(asked.establishment_secret.expose()));
    assert!(!format!("{target:?}").contains(asked.establishment_secret.expose()));
}
